import tomllib
from pathlib import Path

import litellm

with open(Path(__file__).parent / "config.toml", "rb") as file:
    CONFIG = tomllib.load(file)


def complete(role: str, messages: list[dict]) -> str:
    response = litellm.completion(
        model=CONFIG["models"][role],
        messages=messages,
        max_tokens=CONFIG["limits"][role],
        num_retries=CONFIG["limits"]["retries"],
    )
    return response.choices[0].message.content


def embed(text: str) -> list[float]:
    response = litellm.embedding(model=CONFIG["models"]["embed"], input=[text])
    return response.data[0]["embedding"]
