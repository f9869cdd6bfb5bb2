import json
from pathlib import Path

from anthropic import Anthropic

PROFILES = json.loads((Path(__file__).parent / "profiles.json").read_text())
client = Anthropic(max_retries=1)


def think(question: str) -> str:
    profile = PROFILES["deep"]
    with client.messages.stream(
        model=profile["model"],
        max_tokens=profile["max_tokens"],
        thinking={"type": "enabled", "budget_tokens": profile["thinking"]},
        messages=[{"role": "user", "content": question}],
    ) as stream:
        return stream.get_final_text()


def short(question: str) -> str:
    profile = PROFILES["short"]
    message = client.messages.create(
        model=profile["model"], max_tokens=profile["max_tokens"], messages=[{"role": "user", "content": question}]
    )
    return message.content[0].text
