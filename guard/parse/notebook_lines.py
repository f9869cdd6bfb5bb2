"""On which line of a notebook's file a line of a cell stands. In: the text of an `.ipynb`. Out: lines by cell.

Readers of machine formats (code scanning, annotations) know a notebook only as the JSON file that it is. Neighbour:
`notebook`, which counts cells the same way. Of several worksheets (nbformat 3) only the first one is read.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field

_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\],\n]', re.DOTALL)
_SOURCES = frozenset({"source", "input"})


@dataclass(slots=True)
class _Inside:
    """An object or a list around the token at hand."""

    is_list: bool
    name: str | int
    """The key whose value is read, or the number of the element."""
    awaits_key: bool = True


@dataclass(slots=True)
class _Cell:
    """A cell as far as it was read."""

    lines: list[int] = field(default_factory=list)
    """For each line that began, the line of the file."""
    ended: bool = True
    """The last line has ended: what follows is a new one."""

    def add(self, text: str, line: int) -> None:
        """Go on with `text`, whose string stands on `line` of the file."""
        pieces = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        # What follows the last line end is a line only if there is something.
        begun = len(pieces) - (pieces[-1] == "")
        self.lines += [line] * (begun if self.ended else begun - 1)
        if text:
            self.ended = pieces[-1] == ""


def cell_lines(text: str) -> dict[int, list[int]]:
    """For each cell, the line of the file (from 1) of each of its lines. What is no notebook has no cells.

    Only tokens are read: text that is no JSON gives a wrong answer at worst, and never an error.
    """
    cells: dict[int, _Cell] = {}
    stack: list[_Inside] = []
    line = 1
    for match in _TOKEN.finditer(text):
        token = match[0]
        if token == "\n":
            line += 1
        elif token in "{[":
            stack.append(_Inside(token == "[", 0 if token == "[" else ""))
        elif not stack:
            continue
        elif token in "}]":
            stack.pop()
        elif token == ",":
            _next(stack[-1])
        elif not stack[-1].is_list and stack[-1].awaits_key:
            stack[-1].name, stack[-1].awaits_key = _string(token), False
        elif (number := _cell_of([inside.name for inside in stack])) is not None:
            cells.setdefault(number, _Cell()).add(_string(token), line)
    return {number: cell.lines for number, cell in cells.items()}


def _next(inside: _Inside) -> None:
    """After a comma comes the next key or element."""
    if isinstance(inside.name, int):
        inside.name += 1
    else:
        inside.awaits_key = True


def _cell_of(path: list[str | int]) -> int | None:
    """The cell whose source a string at `path` is, or a piece of; None for all other strings."""
    if path[:3:2] == ["worksheets", "cells"] and path[1] == 0:
        path = path[2:]
    if len(path) in (3, 4) and path[0] == "cells" and isinstance(path[1], int) and path[2] in _SOURCES:
        return path[1]
    return None


def _string(token: str) -> str:
    """The text of a JSON string; nothing where it is none."""
    try:
        text = json.loads(token)
    except ValueError:
        return ""
    return text if isinstance(text, str) else ""
