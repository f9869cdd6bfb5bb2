"""Colors of the terminal output, in one place.

In: text and the name of its meaning. Out: the text, between ANSI codes where color is on. Measure and cut text before
it is painted.
"""

from __future__ import annotations

from typing import Literal

Meaning = Literal["error", "warning", "undecided", "good", "strong", "faint", "link", "secondary"]

_CODES: dict[Meaning, str] = {
    "error": "1;31",
    "warning": "1;33",
    "undecided": "1;35",
    "good": "32",
    "strong": "1",
    "faint": "2",
    "link": "34",
    "secondary": "36",
}


def paint(text: str, meaning: Meaning | None, color: bool) -> str:
    """`text` in the color of `meaning`, unchanged where `color` is off or nothing is to be said."""
    if not color or meaning is None or not text:
        return text
    return f"\x1b[{_CODES[meaning]}m{text}\x1b[0m"
