"""Where each character of a text stands in its file, so that a caret can point into a condition.

In: a `Document` and the way to a text in it. Out: `Written`; `issue` makes a located mistake of an offset into it.
A reader drops quotes, escapes and line breaks of folded text, but never changes the order of what remains: the text is
found again by walking along both. Neighbours: `build` (the caller), `guard.policy.load` (asks for issues).
"""

from __future__ import annotations

from collections.abc import Iterator

from guard.config.document import Document, Path, line_text
from guard.config.issues import ConfigIssue
from guard.config.types import Stretch, Written

_SKIPPED = frozenset(" \t\\'\"")
"""What may stand in the file and not in the text."""


def aligned(document: Document, where: Path, text: str) -> Written:
    """A text of a document with its places. Where it cannot be found again, all of it stands where it begins."""
    start = document.value_place(where)
    stretches: list[Stretch] = []
    for offset, line, column in _positions(document.lines, start.line, start.column, text):
        last = stretches[-1] if stretches else None
        if last is None or last.line != line or last.column + offset - last.offset != column:
            stretches.append(Stretch(offset, line, column, line_text(document.lines, line)))
    if not stretches or stretches[0].offset:
        stretches.insert(0, Stretch(0, start.line, start.column, line_text(document.lines, start.line)))
    return Written(text, document.path, tuple(stretches))


def issue(written: Written, offset: int, message: str, hint: str = "") -> ConfigIssue:
    """A mistake at an offset of the text, shown with the line of the file."""
    found = written.stretches[0]
    for stretch in written.stretches:
        if stretch.offset <= offset:
            found = stretch
    return ConfigIssue(written.path, found.line, found.column + offset - found.offset, message, hint, found.source)


def _positions(lines: tuple[str, ...], line: int, column: int, text: str) -> Iterator[tuple[int, int, int]]:
    """Offset, line and column of each character that is no space; ends where the file says something else."""
    at = column - 1
    current = line_text(lines, line)
    if current[at : at + 1] in ("|", ">"):
        # The text of a block begins on the next line.
        line, at = line + 1, 0
        current = line_text(lines, line)
    for offset, character in enumerate(text):
        if character.isspace():
            continue
        while current[at : at + 1] != character:
            if at >= len(current):
                if line >= len(lines):
                    return
                line, at = line + 1, 0
                current = line_text(lines, line)
            elif current[at] in _SKIPPED:
                at += 1
            else:
                return
        yield offset, line, at + 1
        at += 1
