"""Frames: source lines with marked spans and the words beside them.

In: the labels of a finding and the lines of the files. Out: lines for a terminal, in the manner of compilers:

      --> src/rank.py:41:12
       |
    41 |     return client.chat.completions.create(model=settings.model, messages=msgs)
       |            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^       -------------- model comes from here
      ::: src/settings.py:9:20
       |
     9 |     model: str = env("RANK_MODEL", "gpt-4o")
       |                                    -------- default value

Neighbour: `text.py`. Source lines are untrusted: every character goes through `format.safe_character`, and long lines
are cut around the marked spans.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from guard.model import Label, Span
from guard.report.format import columns, cut, place, safe, safe_character
from guard.report.style import Meaning, paint

Sources = Callable[[str], "list[str] | None"]
"""Lines of a file of the tree (in a notebook, of its joined code cells); None where it cannot be read."""

CUT = "..."
MARGIN = 12
"""Columns of context that stay before and behind the spans of a line that has to be cut."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A label on one source line: columns of the terminal from 0, `end` behind the last one."""

    start: int
    end: int
    text: str
    primary: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """A source line as it is shown, with its marks."""

    number: int
    text: str
    marks: tuple[Mark, ...]


def frame(labels: Sequence[Label], sources: Sources, *, width: int, color: bool, meaning: Meaning) -> list[str]:
    """Lines for `labels`, the first of which is the primary one and gives the place in the head line.

    `meaning` is the color of the primary marks. Spans in one file (or notebook cell) stand in one frame by line number,
    every further file gets its own below `:::`.
    """
    files: dict[tuple[str, int | None], list[tuple[Label, bool]]] = {}
    for index, label in enumerate(labels):
        files.setdefault((label.span.path, label.span.cell), []).append((label, index == 0))
    gutter = max((len(str(_number(label.span))) for label in labels), default=1)
    room = max(width - gutter - 3, 24)
    lines: list[str] = []
    for (path, _cell), group in files.items():
        head = group[0][0].span
        arrow = "-->" if group[0][1] else ":::"
        lines.append(" " * gutter + paint(arrow, "link", color) + " " + place(head))
        text = sources(path)
        if text is None:
            lines += _without_source([label for label, _ in group], head, gutter, color)
        else:
            lines += _file(group, text, gutter, room, color, meaning)
    return lines


def _number(span: Span) -> int:
    """The line number that people see: within the cell in a notebook."""
    return span.line if span.cell_line is None else span.cell_line


def _bar(gutter: int, color: bool, number: str = "") -> str:
    return paint(f"{number:>{gutter}} |", "link", color)


def _without_source(labels: Iterable[Label], head: Span, gutter: int, color: bool) -> list[str]:
    """What can be said where the file is gone or unreadable: the words, with their place if it is not in the head."""
    words = [
        safe(label.text) if label.span == head else f"{place(label.span)}: {safe(label.text)}"
        for label in labels
        if label.text
    ]
    return [f"{_bar(gutter, color)} {text}" for text in words]


def _file(
    group: list[tuple[Label, bool]], source: list[str], gutter: int, room: int, color: bool, meaning: Meaning
) -> list[str]:
    lines = [_bar(gutter, color)]
    lost = [label for label, _ in group if not 1 <= label.span.line <= len(source)]
    by_line: dict[int, list[tuple[Label, bool]]] = {}
    for label, primary in group:
        if label not in lost:
            by_line.setdefault(label.span.line, []).append((label, primary))
    last: int | None = None
    for line, marked in sorted(by_line.items()):
        if last is not None and line > last + 1:
            # One line between two marked ones is shown: it costs no more than the dots.
            between = [Shown(_between(marked[0][0].span), _fit(source[line - 2], room), ())] if line == last + 2 else []
            lines += [_text(item, gutter, color) for item in between] or [paint(CUT, "link", color)]
        for shown in _windows(marked, source[line - 1], room):
            lines.append(_text(shown, gutter, color))
            lines += [f"{_bar(gutter, color)} {row}" for row in _rows(shown.marks, room, color, meaning)]
        last = line
    return lines + _without_source(lost, group[0][0].span, gutter, color)


def _between(span: Span) -> int:
    return _number(span) - 1


def _fit(line: str, room: int) -> str:
    return cut("".join(map(safe_character, line.rstrip())), room)


def _text(shown: Shown, gutter: int, color: bool) -> str:
    return f"{_bar(gutter, color, str(shown.number))} {shown.text}".rstrip()


def _windows(marked: list[tuple[Label, bool]], line: str, room: int) -> list[Shown]:
    """The line as often as it takes to show all marks: once, unless marks stand further apart than `room`."""
    cells = [safe_character(character) for character in line.rstrip("\r\n")]
    offsets = [0]
    for cell in cells:
        offsets.append(offsets[-1] + columns(cell))
    number = _number(marked[0][0].span)
    marks = sorted((_mark(label, primary, offsets) for label, primary in marked), key=lambda mark: mark.start)
    if offsets[-1] <= room:
        return [Shown(number, "".join(cells), tuple(marks))]
    windows: list[Shown] = []
    while marks:
        start = max(marks[0].start - MARGIN, 0)
        here = [mark for mark in marks if mark.start < start + room - MARGIN] or marks[:1]
        windows.append(_window(number, cells, offsets, here, start, room))
        marks = [mark for mark in marks if mark not in here]
    return windows


def _mark(label: Label, primary: bool, offsets: list[int]) -> Mark:
    """Columns of a span on its first line; a span that goes on below is marked to the line's end."""
    span, length = label.span, len(offsets) - 1
    first = min(max(span.column - 1, 0), length)
    last = min(span.end_column - 1, length) if span.end_line == span.line else length
    start = offsets[first]
    return Mark(start, max(offsets[max(last, first)], start + 1), safe(label.text), primary)


def _window(number: int, cells: list[str], offsets: list[int], marks: list[Mark], start: int, room: int) -> Shown:
    """Cut `cells` to `room` columns from column `start` on, and move the marks along."""
    length = len(cells)
    # A line whose end fits is shown from as far left as it allows.
    start = max(min(start, offsets[-1] - room + len(CUT)), 0)
    first = next(index for index in range(length + 1) if offsets[index] >= start)
    front = CUT if first else ""
    limit = offsets[first] + room - len(front)
    last = max(index for index in range(first, length + 1) if offsets[index] <= limit)
    back = ""
    if last < length:
        back = CUT
        last = max(index for index in range(first, length + 1) if offsets[index] <= limit - len(CUT))
    shift, end = len(front) - offsets[first], offsets[last]
    moved = tuple(
        Mark(mark.start + shift, max(min(mark.end, end) + shift, mark.start + shift + 1), mark.text, mark.primary)
        for mark in marks
    )
    return Shown(number, front + "".join(cells[first:last]) + back, moved)


def _rows(marks: Sequence[Mark], room: int, color: bool, meaning: Meaning) -> list[str]:
    """The row of underlines, then a row for each label that does not fit behind it."""
    if not marks:
        return []
    size = max(mark.end for mark in marks)
    kinds: list[Meaning | None] = [None] * size
    signs = [" "] * size
    # Short marks are drawn over long ones, so that a marked argument stays visible in a marked call.
    for mark in sorted(marks, key=lambda mark: mark.start - mark.end):
        for column in range(mark.start, mark.end):
            signs[column] = "^" if mark.primary else "-"
            kinds[column] = meaning if mark.primary else "secondary"
    line = _painted(signs, kinds, color)
    waiting = sorted((mark for mark in marks if mark.text), key=lambda mark: mark.start)
    if waiting and waiting[-1].end == size and waiting[-1].end + 1 + columns(waiting[-1].text) <= room:
        last = waiting.pop()
        line += " " + paint(last.text, _meaning(last, meaning), color)
    rows = [line]
    while waiting:
        mark = waiting.pop()
        rows.append(_connectors(waiting, mark, room, color, meaning))
    return rows


def _connectors(left: Sequence[Mark], mark: Mark, room: int, color: bool, meaning: Meaning) -> str:
    """The words of `mark` below its start, with a bar below every label that is still to come."""
    row, column = "", 0
    for other in left:
        if column <= other.start < mark.start:
            row += " " * (other.start - column) + paint("|", _meaning(other, meaning), color)
            column = other.start + 1
    # Words that would run over the edge start further left, but never over a bar.
    start = max(column, min(mark.start, room - columns(mark.text)))
    return row + " " * (start - column) + paint(mark.text, _meaning(mark, meaning), color)


def _meaning(mark: Mark, meaning: Meaning) -> Meaning:
    return meaning if mark.primary else "secondary"


def _painted(signs: list[str], kinds: list[Meaning | None], color: bool) -> str:
    """`signs` as text, painted in runs of equal meaning."""
    out, start = "", 0
    for index in range(1, len(signs) + 1):
        if index == len(signs) or kinds[index] != kinds[start]:
            out += paint("".join(signs[start:index]), kinds[start], color)
            start = index
    return out
