"""The rows of a breakdown as words, for tables of every format. In: `Breakdown`. Out: titles and cells.

Neighbours: `bill_text.py` (terminal), `bill_markdown.py`, which lay them out; `guard.use.bill.views` makes breakdowns.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from guard.bill import Breakdown, Line, Sums
from guard.model import Money
from guard.report.format import UNKNOWN, count, money, percent, place, plural, safe

TITLES = ("requests", "priced", "calls", "a call", "worst", "a run", "worst", "a month", "worst", "share")
"""Titles of the cells; of the first two one is empty."""
SPARE = (6, 5, 8)
SPARE_OF_WORKFLOWS = (4, 3, 8)
"""Columns without which a narrow terminal can do."""
SHOWN = 5
"""Requests of an entry point that have rows of their own."""
NOBODY = {
    "model": "(model not known)", "provider": "(provider not known)", "feature": "(no feature)", "owner": "(no owner)",
    "workflow": "(no entry point)", "file": "(no file)",
}  # fmt: skip
"""What those are called that belong to no group."""
OF_WHAT = {"month": "of a month", "run": "of one run of each", "call": "of one call of each request"}


@dataclass(frozen=True, slots=True)
class BillRow:
    """A row of the table: a group, or a request in it."""

    line: Line
    name: str
    cells: tuple[str, ...]
    """Parallel to `TITLES`; empty where there is nothing to say."""
    depth: int


def rows(found: Breakdown, *, requests: bool) -> list[BillRow]:
    """The rows in order; `requests`: with those of each group below it. A workflow always has its dearest ones, those
    at one place to one model as one row."""
    inner = requests or found.by == "workflow"
    marks = _Marks.of(found, inner)
    made = []
    for line in found.lines:
        made.append(BillRow(line, group_name(found, line), _cells(line, marks, 0), 0))
        if inner:
            made += _below(line, marks, requests)
    if found.rest is not None:
        more = plural(found.groups - len(found.lines), "more group")
        made.append(BillRow(found.rest, more, _cells(found.rest, marks, 0), 0))
    return made


def group_name(found: Breakdown, line: Line) -> str:
    """The name of a group for people; an entry point by the name under which it is called from outside."""
    if line.name is None:
        return NOBODY[found.by]
    if found.by != "workflow":
        return safe(line.name)
    route = next((alias for alias in line.aliases if " " in alias), None)
    return safe(line.name) + (f" ({safe(route)})" if route else f" ({line.kind})" if line.kind else "")


def _below(group: Line, marks: _Marks, everything: bool) -> list[BillRow]:
    """The requests of a group, dearest first; not all of many unless `everything` is asked for."""
    if everything:
        return [BillRow(one, _request_name(one, group, 1), _cells(one, marks, 1), 1) for one in group.lines]
    alike: dict[tuple[object, ...], list[Line]] = {}
    for one in group.lines:
        alike.setdefault((one.at, one.model), []).append(one)
    ways = list(alike.values())
    shown = ways if len(ways) <= SHOWN + 1 else ways[:SHOWN]
    made = [BillRow(way[0], _request_name(way[0], group, len(way)), _cells(way[0], marks, 1), 1) for way in shown]
    left = sum(map(len, ways[len(shown) :]))
    if left:
        name = f"and {plural(left, 'more request')}"
        made.append(BillRow(group, name, ("",) * len(TITLES), 1))
    return made


def _request_name(line: Line, group: Line, ways: int) -> str:
    """Function, place and model of a request; of its file the name alone, and nothing where it is that of the group."""
    at = "" if line.at is None else place(line.at, column=False)
    own = safe((group.name or "").split("::")[0])
    at = at.removeprefix(own) if own and at.startswith(f"{own}:") else f" {at.rpartition('/')[2]}"
    several = f" (dearest of {ways})" if ways > 1 else ""
    return f"{safe(line.name or '')}{at} {line.model}{several}"


@dataclass(frozen=True, slots=True)
class _Marks:
    """Which columns say something, and whether a mark keeps its place in rows that lack it."""

    priced: bool
    runs: bool
    months: bool
    assumed: bool
    partial: bool

    @classmethod
    def of(cls, found: Breakdown, inner: bool) -> _Marks:
        every = [line.sums for line in _all(found, inner)]
        return cls(
            any(one.priced < one.requests for one in every),
            any(one.usd_per_run is not None and one.usd_per_run != one.usd for one in every),
            any(one.usd_per_month is not None for one in every),
            any(one.assumed for one in every),
            any((one.partial and one.usd is not None) or _lacks_months(one) for one in every),
        )


def _all(found: Breakdown, inner: bool) -> Iterator[Line]:
    for line in (*found.lines, *([found.rest] if found.rest else [])):
        yield line
        if inner:
            yield from line.lines


def _lacks_months(found: Sums) -> bool:
    """Whether a monthly figure is not about all requests."""
    return 0 < found.monthly < found.requests


def _cells(line: Line, marks: _Marks, depth: int) -> tuple[str, ...]:
    one = line.sums
    return (
        f"{one.requests:,}" if depth == 0 and not marks.priced else "",
        f"{one.priced:,} of {one.requests:,}" if depth == 0 and marks.priced else "",
        "" if line.calls is None or (line.calls.low, line.calls.high) == (1, 1) else count(line.calls),
        *_pair(one.usd, one.partial, one.assumed, marks),
        *(_pair(one.usd_per_run, one.partial, one.assumed, marks) if marks.runs else ("", "")),
        *(_month(one, marks) if marks.months else ("", "")),
        "" if line.share is None else percent(line.share),
    )


def _month(found: Sums, marks: _Marks) -> tuple[str, str]:
    return _pair(found.usd_per_month, found.partial or _lacks_months(found), found.assumed, marks)


def _pair(usd: Money | None, partial: bool, assumed: bool, marks: _Marks) -> tuple[str, str]:
    """Typical and worst, with their marks; the place of a mark is kept free in rows without one."""
    star = ("*" if assumed else " ") if marks.assumed else ""
    plus = ("+" if partial and usd is not None and usd.high is not None else " ") if marks.partial else ""
    if usd is None:
        return UNKNOWN + " " * len(star), UNKNOWN + " " * len(plus)
    return money(usd.typical) + star, money(usd.high) + plus
