"""What is wrong with a configuration, and where. In: positions and words. Out: `ConfigIssue`, `ConfigError`.

Raised by every module of this room; the command prints `str(error)` and exits with 2. All text that comes from a
scanned repository is escaped here, so that a hostile file cannot send control sequences to a terminal.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

MAX_ISSUES = 100
"""Mistakes that are collected from one file; whoever has more begins with these."""
_EXCERPT = 100
"""Characters of a source line that are shown around the caret."""


@dataclass(frozen=True, slots=True)
class ConfigIssue:
    """One mistake in a configuration file. `line` and `column` are 1-based; `source` is the text of that line."""

    path: str
    line: int
    column: int
    message: str
    hint: str = ""
    source: str = ""

    def __str__(self) -> str:
        """`guard.yaml:12:5: message; hint`, then the source line with a caret where it is known."""
        head = f"{printable(self.path)}:{self.line}:{self.column}: {printable(self.message)}"
        if self.hint:
            head += f"; {printable(self.hint)}"
        if not self.source.strip():
            return head
        text, caret = _excerpt(self.source, self.column)
        number = str(self.line)
        return f"{head}\n  {number} | {text}\n  {' ' * len(number)} | {' ' * caret}^"


class ConfigError(Exception):
    """The configuration cannot be used. `errors` holds every mistake that was found, in the order of the files."""

    def __init__(self, errors: Iterable[ConfigIssue]) -> None:
        self.errors: tuple[ConfigIssue, ...] = tuple(errors)
        super().__init__(self.errors)

    def __str__(self) -> str:
        return "\n".join(str(issue) for issue in self.errors)


def printable(text: str) -> str:
    """`text` with every character that could steer a terminal (or reorder a line) written as an escape."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def show(value: object) -> str:
    """A value of a configuration file as it reads in a message: short, quoted where it is text, escaped."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case str():
            return f"'{printable(value if len(value) <= 60 else value[:57] + '...')}'"
        case dict():
            return "a mapping"
        case list():
            return "a list"
    return str(value)


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that `word` was probably meant to be, or None. Case, `-` and `_` make no difference."""
    from difflib import get_close_matches  # only needed once something is wrong

    folded = {_fold(k): k for k in known}
    found = get_close_matches(_fold(word[:80]), folded, n=1, cutoff=0.7)
    return folded[found[0]] if found else None


def listed(words: Iterable[str], last: str = "and") -> str:
    """`a, b and c`."""
    *head, tail = list(words) or [""]
    return f"{', '.join(head)} {last} {tail}" if head else tail


def _fold(word: str) -> str:
    return word.casefold().replace("-", "_")


def _excerpt(source: str, column: int) -> tuple[str, int]:
    """The part of a line that is worth showing and the offset of the caret within it."""
    start = 0 if len(source) <= _EXCERPT else max(0, column - 1 - _EXCERPT // 2)
    before = printable(source[start : column - 1].replace("\t", "    "))
    after = printable(source[max(start, column - 1) : start + _EXCERPT].replace("\t", "    "))
    lead = "..." if start else ""
    tail = "..." if start + _EXCERPT < len(source) else ""
    return f"{lead}{before}{after}{tail}".rstrip(), len(lead) + len(before)
