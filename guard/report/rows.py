"""The rows of the table of requests, and how many requests share one.

In: the requests with their cells. Out: `Row`s, place by place. Requests that begin at one call stand together, dearest
first: those that go through the same call to the same model are one row with their number and the figures of the
dearest, and of a place with many such ways only the first are shown. Neighbour: `table.py`, which lays them out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from guard.model import Priced, Request, Span
from guard.report.format import plural, safe

INDENT = "  "
WAYS = 3
"""Ways of a place that have a row of their own, before the rest is counted."""
ROWS = 60
"""Rows beyond which a place has one row only, that of its dearest way."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table: a request, several of which the dearest is shown, or the head of those that begin at one
    call."""

    path: str
    line: str
    name: str
    model: str
    figures: tuple[str, ...]
    """Parallel to the titles of the table; empty in a head."""
    note: str
    unknown: bool
    ways: int = 1
    """Requests that the row stands for."""


@dataclass(frozen=True, slots=True)
class Item:
    """A request with its row."""

    priced: Priced
    row: Row


def grouped(items: Sequence[Item], *, everything: bool) -> list[Row]:
    """The rows of `items`, which stand file by file; `everything` folds only what reads the same."""
    at: dict[tuple[str, str, str], list[Item]] = {}
    for item in items:
        at.setdefault((item.row.path, item.row.line, item.row.name), []).append(item)
    places = [(group, _ways(group, everything)) for group in at.values()]
    if everything:
        return [row for group, ways in places for row in _place(group, ways, len(ways))]
    rows = [row for group, ways in places for row in _place(group, ways, WAYS)]
    if len(rows) <= ROWS:
        return rows
    return [_first(group, ways) for group, ways in places]


def _place(group: Sequence[Item], ways: Sequence[Row], most: int) -> list[Row]:
    """The rows of one place: one, or a head with the dearest ways below it."""
    head = group[0].row
    if len(ways) == 1:
        return [replace(ways[0], line=head.line, name=head.name)]
    # One way more costs no more lines than saying that there is one.
    shown = ways if len(ways) <= most + 1 else ways[:most]
    rows = [Row(head.path, head.line, head.name, plural(len(group), "request"), (), "", False), *shown]
    if len(shown) < len(ways):
        more = len(ways) - len(shown)
        rows.append(Row(head.path, "", f"{INDENT}and {more} more ways", "", (), "", False))
    return rows


def _first(group: Sequence[Item], ways: Sequence[Row]) -> Row:
    """The dearest way of a place as its only row."""
    head = group[0].row
    return replace(ways[0], line=head.line, name=head.name, ways=len(group))


def _ways(group: Sequence[Item], everything: bool) -> list[Row]:
    """The rows of requests that begin at one call, dearest first, each named by the call through which it goes."""
    passing = Counter(span for item in group for span in {site.span for site in item.priced.request.sites})
    alike = len({item.row for item in group}) == 1
    kept: dict[tuple[str, Row | str], list[Item]] = {}
    for item in sorted(group, key=_dearness, reverse=True):
        through = _through(item.priced.request, passing, len(group))
        # Rows that read the same need no name for what sets them apart.
        told = item.row if alike or everything else item.row.model
        kept.setdefault(("" if alike else through, told), []).append(item)
    made = []
    for (through, _), items in kept.items():
        notes = {item.row.note for item in items}
        note = items[0].row.note if len(notes) == 1 else ""
        made.append(replace(items[0].row, line="", name=f"{INDENT}{through}", ways=len(items), note=note))
    return made


def _dearness(item: Item) -> tuple[bool, Decimal, bool, Decimal]:
    """Priced before not priced, then by the typical price, then by the worst, no bound being the highest."""
    usd = item.priced.estimate.usd
    if usd is None:
        return False, Decimal(0), False, Decimal(0)
    return True, usd.typical, usd.high is None, usd.high or Decimal(0)


def _through(request: Request, passing: Counter[Span], everyone: int) -> str:
    """The call on the way down that tells a request best from the others that begin at its place."""
    own: Iterable[Span] = (site.span for site in request.sites[1:])
    best = min((span for span in own if passing[span] < everyone), key=lambda span: passing[span], default=None)
    if best is None:
        return "directly" if len(request.sites) == 1 else _short(request.sites[-1].span, request)
    return _short(best, request)


def _short(span: Span, request: Request) -> str:
    """`rank.py:41`, `eda.ipynb:cell3:5`: a place without its folders; of the same notebook `cell3:5`."""
    if span.cell is None:
        return f"{safe(span.path.rsplit('/', 1)[-1])}:{span.line}"
    at = f"cell{span.cell}:{span.cell_line}"
    return at if span.path == request.sites[0].span.path else f"{safe(span.path.rsplit('/', 1)[-1])}:{at}"
