"""The table of requests that `guard cost` shows, file by file.

In: the counted requests of a report. Out: lines for a terminal. Columns that would say the same in every row (one
repeat, one try, one turn, no month) are left out. Neighbour: `text.py`, which adds sums, assumptions and reasons.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from guard.model import Choice, Count, Priced, Request, Value
from guard.report.format import UNKNOWN, columns, count, cut, left, money, right, safe
from guard.report.style import Meaning, paint

GAP = "  "
LEAST_NAME = 12
LEAST_MODEL = 14
"""Columns below which the names of functions and models are not cut further; a narrower terminal wraps."""


@dataclass(frozen=True, slots=True)
class Row:
    """One request. `figures` are parallel to the titles that `_figures` returns."""

    path: str
    line: str
    name: str
    model: str
    figures: tuple[str, ...]
    unknown: bool


def table(requests: Sequence[Priced], *, width: int, color: bool) -> list[str]:
    """Lines of the table, `requests` in the given order; they should stand file by file."""
    titles, figures = _figures(requests)
    rows = [_row(priced, cells) for priced, cells in zip(requests, figures)]
    line = max(columns("line"), *(columns(row.line) for row in rows))
    sizes = [max(columns(cell) for cell in column) for column in zip(titles, *(row.figures for row in rows))]
    rest = width - len(GAP) - line - sum(size + len(GAP) for size in sizes) - 2 * len(GAP)
    name, model = _shares(rest, max(columns(row.name) for row in rows), max(columns(row.model) for row in rows))

    def cells(at: str, where: str, what: str, numbers: Sequence[str]) -> list[str]:
        fixed = [right(at, line), left(cut(where, name), name), left(cut(what, model), model)]
        return fixed + [right(text, size) for text, size in zip(numbers, sizes)]

    lines = [paint((GAP + GAP.join(cells("line", "in", "model", titles))).rstrip(), "faint", color)]
    path = None
    for row in rows:
        if row.path != path:
            path = row.path
            lines.append(paint(path, "strong", color))
        shown = cells(row.line, row.name, row.model, row.figures)
        meaning: Meaning | None = "undecided" if row.unknown else None
        lines.append(GAP + GAP.join(shown[:2]) + paint((GAP + GAP.join(shown[2:])).rstrip(), meaning, color))
    return lines


def _shares(rest: int, name: int, model: int) -> tuple[int, int]:
    """Columns for the names of functions and models: as wanted where it fits, else the longer gives way first."""
    least_name, least_model = min(name, LEAST_NAME), min(model, LEAST_MODEL)
    while name + model > rest and (name > least_name or model > least_model):
        if name > least_name and (name - least_name >= model - least_model):
            name -= 1
        else:
            model -= 1
    return max(name, len("in")), max(model, len("model"))


def _row(priced: Priced, figures: tuple[str, ...]) -> Row:
    request = priced.request
    span = request.sites[0].span
    line = str(span.line) if span.cell is None else f"cell{span.cell}:{span.cell_line}"
    unknown = not priced.estimate.priced
    return Row(safe(span.path), line, _name(request), model_text(request.model), figures, unknown)


def _name(request: Request) -> str:
    """The function that the request stands in, and what is special about it."""
    special = [
        "fallback" if request.after else "",
        "one of several" if request.exclusive else "",
        "" if request.stage == "production" else request.stage,
    ]
    words = ", ".join(filter(None, special))
    return safe(request.sites[0].qualname) + (f" ({words})" if words else "")


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
    text = count(amount)
    return ("" if text == "1" else text), text != "1"
