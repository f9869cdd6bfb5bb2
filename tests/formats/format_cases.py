"""The cases of this folder's Markdown files: their titles and blocks (README.md)."""

from __future__ import annotations

import re
from pathlib import Path

HERE = Path(__file__).parent
SECTION = re.compile(r"^## (?P<title>.+)$", re.MULTILINE)
BLOCK = re.compile(r"^(?P<fence>```+)(?P<info>[^\n]*)\n(?P<body>.*?)^(?P=fence)$\n?", re.MULTILINE | re.DOTALL)


def cases() -> list[tuple[Path, str]]:
    found = []
    for path in sorted(HERE.glob("*.md")):
        if path.name != "README.md":
            found += [(path, match["title"]) for match in SECTION.finditer(path.read_text("utf-8"))]
    return found


def section(path: Path, title: str) -> str:
    text = path.read_text("utf-8")
    start = text.index(f"## {title}\n")
    following = SECTION.search(text, start + 3)
    return text[start : following.start() if following else len(text)]
