from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    text_model: str = "gpt-4o-mini"
    merge_model: str = "gpt-4o"
    max_tokens: int = 120
    parallel: int = 2


settings = Settings()
