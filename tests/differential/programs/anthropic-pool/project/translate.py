"""Translates the texts of the museum."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import anthropic

MODEL = os.environ.get("TRANSLATE_MODEL", "claude-3-5-haiku-latest")
FOLDER = Path(__file__).parent / "texts"
client = anthropic.Anthropic()


def translate_file(path: Path) -> str:
    message = client.messages.create(
        model=MODEL,
        max_tokens=2000,
        system="Translate the text of a sign in a museum into Dutch. Give the translation alone.",
        messages=[{"role": "user", "content": path.read_text()}],
    )
    return message.content[0].text


def main():
    with ThreadPoolExecutor(max_workers=4) as pool:
        for text in pool.map(translate_file, sorted(FOLDER.glob("*.txt"))):
            print(text)


if __name__ == "__main__":
    main()
