from pydantic import BaseModel, Field


class Recipe(BaseModel):
    title: str
    minutes: int = Field(description="Time in the kitchen, in minutes")
    steps: list[str]
