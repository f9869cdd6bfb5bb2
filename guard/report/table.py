"""The table of requests that `guard cost` shows, file by file.

In: the counted requests of a report. Out: lines for a terminal. Columns that would say the same in every row (one
repeat, one try, one turn, no month) are left out. Neighbour: `text.py`, which adds sums, assumptions and reasons.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from guard.model import Choice, Count, Priced, Request, Span, Value
from guard.report.format import UNKNOWN, columns, count, cut, cut_path, left, money, right, safe
from guard.report.style import Meaning, paint

GAP = "  "
LEAST_NAME = 18
LEAST_MODEL = 16
LONGEST_NOTE = 20
"""Columns below which the names of functions and models are not cut further (a narrower terminal wraps), and those that
a note may take."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table: a request, several that read the same, or the head of those that begin at one call."""

    path: str
    line: str
    name: str
    model: str
    figures: tuple[str, ...]
    """Parallel to the titles that `_figures` returns; empty in a head."""
    note: str
    unknown: bool


def table(requests: Sequence[Priced], *, width: int, color: bool) -> list[str]:
    """Lines of the table, `requests` in the given order; they should stand file by file."""
    titles, figures = _figures(requests)
    stages = _stages(requests)
    notes = _notes(requests, stages)
    rows = _grouped(requests, [_row(p, cells, note) for p, cells, note in zip(requests, figures, notes)])
    line = max(columns("line"), *(columns(row.line) for row in rows))
    sizes = [
        max(columns(title), *(columns(row.figures[index]) for row in rows if row.figures))
        for index, title in enumerate(titles)
    ]
    note = min(max(columns(row.note) for row in rows), LONGEST_NOTE)
    rest = width - len(GAP) - line - sum(size + len(GAP) for size in sizes) - 2 * len(GAP)
    rest -= note + len(GAP) if note else 0
    name, model = _shares(rest, max(columns(row.name) for row in rows), max(columns(row.model) for row in rows))

    def cells(at: str, where: str, what: str, numbers: Sequence[str], said: str) -> list[str]:
        # Of a call on the way down the end tells the place, of a function the beginning tells the name.
        where = cut(where, name) if at else cut_path(where, name)
        fixed = [right(at, line), left(where, name), left(cut(what, model), model)]
        return fixed + [right(text, size) for text, size in zip(numbers, sizes)] + [cut(said, note)]

    lines = [paint((GAP + GAP.join(cells("line", "in", "model", titles, ""))).rstrip(), "faint", color)]
    path = None
    for row in rows:
        if row.path != path:
            path = row.path
            stage = stages.get(path, "production")
            lines.append(paint(path, "strong", color) + ("" if stage == "production" else f" ({stage})"))
        shown = cells(row.line, row.name, row.model, row.figures, row.note)
        meaning: Meaning | None = "undecided" if row.unknown else None if row.figures else "faint"
        lines.append(GAP + GAP.join(shown[:2]) + paint((GAP + GAP.join(shown[2:])).rstrip(), meaning, color))
    return lines


def _stages(requests: Sequence[Priced]) -> dict[str, str]:
    """The stage of each file all of whose requests have the same; it stands beside the file's name."""
    found: dict[str, set[str]] = {}
    for priced in requests:
        found.setdefault(safe(priced.request.sites[0].span.path), set()).add(priced.request.stage)
    return {path: next(iter(stages)) for path, stages in found.items() if len(stages) == 1}


def _notes(requests: Sequence[Priced], stages: Mapping[str, str]) -> list[str]:
    """What is special about each request, in a few words."""
    arms = Counter(p.request.exclusive for p in requests)
    notes = []
    for priced in requests:
        request = priced.request
        known = request.stage == "production" or safe(request.sites[0].span.path) in stages
        special = [
            "fallback" if request.after else "",
            f"1 of {max(arms[request.exclusive], 2)} runs" if request.exclusive else "",
            "" if known else request.stage,
            "" if request.counted else "not counted",
        ]
        notes.append(", ".join(filter(None, special)))
    return notes


def _grouped(requests: Sequence[Priced], rows: Sequence[Row]) -> list[Row]:
    """Rows that read the same as one with their number; those that begin at one call and differ stand below a head,
    each with the call through which it goes."""
    alike: dict[Row, list[Request]] = {}
    for priced, row in zip(requests, rows):
        alike.setdefault(row, []).append(priced.request)
    at: dict[tuple[str, str, str], list[Row]] = {}
    for row in alike:
        at.setdefault((row.path, row.line, row.name), []).append(row)
    made: list[Row] = []
    for (path, line, name), group in at.items():
        if len(group) == 1:
            number = len(alike[group[0]])
            made.append(_counted(group[0], number))
            continue
        everyone = [request for row in group for request in alike[row]]
        made.append(Row(path, line, name, f"{len(everyone)} requests", (), "", False))
        below = [(_through(alike[row], everyone), row) for row in group]
        for (_, text), row in sorted(below, key=lambda pair: pair[0]):
            made.append(_counted(replace(row, line="", name=GAP + text), len(alike[row])))
    return made


def _counted(row: Row, number: int) -> Row:
    """The row with the number of requests that it stands for, where they are several."""
    if number == 1:
        return row
    return replace(row, note=", ".join(filter(None, (f"{number} alike", row.note))))


def _through(requests: Sequence[Request], everyone: Sequence[Request]) -> tuple[tuple[str, int], str]:
    """A key to sort by, and the call on the way down that tells `requests` best from others that begin at their
    place."""
    best: tuple[int, Span] | None = None
    for site in requests[0].sites[1:]:
        through = [any(other.span == site.span for other in request.sites) for request in everyone]
        mine = sum(any(other.span == site.span for other in request.sites) for request in requests)
        if mine == len(requests) and not all(through) and (best is None or sum(through) < best[0]):
            best = (sum(through), site.span)
    if best is None:
        return ("", 0), "another way"
    span = best[1]
    name = safe(span.path.rsplit("/", 1)[-1])
    at = str(span.line) if span.cell is None else f"cell{span.cell}:{span.cell_line}"
    return (span.path, span.line), f"{name}:{at}"


def _shares(rest: int, name: int, model: int) -> tuple[int, int]:
    """Columns for the names of functions and models: as wanted where it fits, else the longer gives way first."""
    least_name, least_model = min(name, LEAST_NAME), min(model, LEAST_MODEL)
    while name + model > rest and (name > least_name or model > least_model):
        if name > least_name and (name - least_name >= model - least_model):
            name -= 1
        else:
            model -= 1
    return max(name, len("in")), max(model, len("model"))


def _row(priced: Priced, figures: tuple[str, ...], note: str) -> Row:
    request = priced.request
    span = request.sites[0].span
    line = str(span.line) if span.cell is None else f"cell{span.cell}:{span.cell_line}"
    name = safe(request.sites[0].qualname)
    return Row(safe(span.path), line, name, model_text(request.model), figures, note, not priced.estimate.priced)


def model_text(model: Value) -> str:
    """`gpt-4o`, `gpt-4o or gpt-4o-mini`, `gpt-4o or ?` where others may arrive, `?` where nothing is known."""
    names = list(dict.fromkeys(_model_name(choice) for choice in model.choices))
    if len(names) > 3:
        names = [*names[:2], f"{len(names) - 2} more"]
    return " or ".join([*names, UNKNOWN] if model.open or not names else names)


def _model_name(choice: Choice) -> str:
    return UNKNOWN if choice.value is None else safe(str(choice.value))


def _figures(requests: Sequence[Priced]) -> tuple[list[str], list[tuple[str, ...]]]:
    """Titles of the columns of figures, and their cells for each request."""
    made = [_all_figures(priced) for priced in requests]
    said = [title for title in made[0] if any(cells[title][1] for cells in made)]
    return said, [tuple(cells[title][0] for title in said) for cells in made]


def _all_figures(priced: Priced) -> dict[str, tuple[str, bool]]:
    """Every figure of a request by title, with True where it says something (a column needs one such row)."""
    request, estimate = priced.request, priced.estimate
    usd, month = estimate.usd, estimate.usd_per_month
    # The place of the star is kept free in rows without one, so that the figures stand below each other.
    star = "*" if estimate.assumptions or estimate.assumed_share else " "
    return {
        "typical": (UNKNOWN + " " if usd is None else money(usd.typical) + star, True),
        "worst": (UNKNOWN if usd is None else money(usd.high), True),
        "repeats": _multiplier(request.repeats),
        "turns": _multiplier(request.turns),
        "tries": _multiplier(request.attempts),
        "a month": ("" if month is None else money(month.typical), month is not None),
    }


def _multiplier(amount: Count) -> tuple[str, bool]:
    text = count(amount).replace(" to ", "-")
    return ("" if text == "1" else text), text != "1"
