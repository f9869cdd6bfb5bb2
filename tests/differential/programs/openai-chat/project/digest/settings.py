"""Settings of the digest: the file in config/, and the environment for what differs between deployments."""

import os
from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Settings:
    model: str
    max_tokens: int
    sdk_retries: int
    topics: list[str]


def load() -> Settings:
    with open(ROOT / "config" / "digest.yaml") as file:
        data = yaml.safe_load(file)
    llm = data["llm"]
    return Settings(
        model=os.environ.get("DIGEST_MODEL", llm["default_model"]),
        max_tokens=llm["max_tokens"],
        sdk_retries=llm["sdk_retries"],
        topics=data["topics"],
    )
