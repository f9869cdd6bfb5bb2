"""A plain table: names to the left, cut where there is no room, and figures to the right.

In: titles and rows. Out: lines for a terminal. Columns that are empty in every row are left out, and on a narrow
terminal those that a caller can spare. Neighbour: `bill_text.py`; the table of requests (`table.py`) has rules of its
own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from guard.report.format import columns, cut, cut_path, left, right
from guard.report.style import Meaning, paint

GAP = "  "
LEAST_NAME = 16
"""Columns below which the first column is not cut (a narrower terminal wraps)."""
READABLE = 34
"""Columns that names get before columns of figures are spared."""


@dataclass(frozen=True, slots=True)
class GridRow:
    """A row: its name, its figures, and how it shall look."""

    name: str
    cells: tuple[str, ...]
    depth: int = 0
    """Steps that the name is indented."""
    meaning: Meaning | None = None
    is_path: bool = False
    """Whether the end of the name says more than its beginning."""


def grid(
    titles: Sequence[str], rows: Sequence[GridRow], *, width: int, color: bool, spare: Sequence[int] = ()
) -> list[str]:
    """The rows below their titles; `titles[0]` is that of the names.

    `spare`: numbers of columns of figures that are left out one after the other until names can be read.
    """
    used = [at for at in range(len(titles) - 1) if any(row.cells[at] for row in rows)]
    wanted = max(columns(titles[0]), *(columns(row.name) + len(GAP) * row.depth for row in rows))
    for at in spare:
        if _room(titles, rows, used, width) >= min(wanted, READABLE):
            break
        used = [other for other in used if other != at]
    heads = [titles[at + 1] for at in used]
    cells = [[row.cells[at] for at in used] for row in rows]
    sizes = [max(columns(head), *(columns(row[at]) for row in cells)) for at, head in enumerate(heads)]
    name = min(wanted, max(_room(titles, rows, used, width), LEAST_NAME))
    lines = [paint(_line(left(titles[0], name), heads, sizes), "faint", color)]
    for row, figures in zip(rows, cells, strict=True):
        indent = GAP * row.depth
        shorten = cut_path if row.is_path else cut
        shown = left(indent + shorten(row.name, name - len(indent)), name)
        lines.append(paint(_line(shown, figures, sizes), row.meaning, color))
    return lines


def _room(titles: Sequence[str], rows: Sequence[GridRow], used: Sequence[int], width: int) -> int:
    """Columns that the used figures leave for names."""
    sizes = (max(columns(titles[at + 1]), *(columns(row.cells[at]) for row in rows)) for at in used)
    return width - len(GAP) - sum(size + len(GAP) for size in sizes)


def _line(name: str, cells: Sequence[str], sizes: Sequence[int]) -> str:
    figures = [right(cell, size) for cell, size in zip(cells, sizes, strict=True)]
    return (GAP + GAP.join([name, *figures])).rstrip()
