"""The table of requests that `guard cost` shows, file by file.

In: the counted requests of a report. Out: lines for a terminal, with a legend of the words that need one. Columns that
would say the same in every row (one way, one repeat, one try, one turn, no month) are left out. Neighbours: `rows.py`,
which says which requests share a row; `text.py`, which adds sums, assumptions and reasons.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from guard.model import Choice, Count, Priced, Value
from guard.report.format import UNKNOWN, columns, count, cut, cut_path, left, money, right, safe, wrap
from guard.report.rows import INDENT, Item, Row, grouped
from guard.report.style import Meaning, paint

GAP = "  "
LEAST = ((14, 22), (8, 12))
"""Columns below which the names of functions and of models are not cut while a wide terminal has room for the rest of
the table, and on a narrow one (a still narrower one wraps)."""
LEAST_NOTE = 11
LONGEST_NOTE = 24
"""Columns to which a note is cut only where names need the room, and those that it may take."""
NOTE = "note"
SHORT = {"development": "dev", "evaluation": "eval", "not counted": "uncounted"}
"""Words of a note as a narrow terminal has them, where names need the room."""


def table(requests: Sequence[Priced], *, width: int, color: bool, everything: bool = False) -> list[str]:
    """Lines of the table, `requests` in the given order; they should stand file by file.

    Requests that begin at one call share rows, the figures being those of the dearest; `everything` joins only those
    that read the same.
    """
    titles, figures = _figures(requests)
    stages = _stages(requests)
    notes = _notes(requests, stages)
    items = [Item(p, _row(p, cells, note)) for p, cells, note in zip(requests, figures, notes)]
    rows = grouped(items, everything=everything)
    if any(row.ways > 1 for row in rows):
        titles = ["ways", *titles]
        rows = [
            replace(row, figures=(f"{row.ways:,}" if row.ways > 1 else "", *row.figures)) if row.figures else row
            for row in rows
        ]
    return _laid_out(rows, titles, stages, width, color) + _legend(rows, width, color)


def _laid_out(
    rows: Sequence[Row], titles: Sequence[str], stages: Mapping[str, str], width: int, color: bool
) -> list[str]:
    """The rows in columns, below their titles and the names of their files."""
    line = max(columns("line"), *(columns(row.line) for row in rows))
    sizes = [
        max(columns(title), *(columns(row.figures[index]) for row in rows if row.figures))
        for index, title in enumerate(titles)
    ]
    note = _note(rows)
    rest = width - len(GAP) - line - sum(size + len(GAP) for size in sizes) - (3 if note else 2) * len(GAP)
    name, model = max(columns(row.name) for row in rows), max(columns(row.model) for row in rows)
    if rest - min(note, LEAST_NOTE) < min(name + model, sum(LEAST[0])):
        rows = [replace(row, note=_shortened(row.note)) for row in rows]
        note = _note(rows)
    note = max(min(note, LEAST_NOTE), min(note, rest - name - model))
    name, model = _shares(rest - note, name, model)

    def cells(at: str, where: str, what: str, numbers: Sequence[str], said: str) -> list[str]:
        where = _cut_name(where, name) if at else _cut_way(where, name)
        fixed = [right(at, line), left(where, name), left(cut(what, model), model)]
        return fixed + [right(text, size) for text, size in zip(numbers, sizes)] + [cut(said, note)]

    titled = cells("line", "in", "model", titles, NOTE if note else "")
    lines = [paint((GAP + GAP.join(titled)).rstrip(), "faint", color)]
    path = None
    for row in rows:
        if row.path != path:
            path = row.path
            stage = stages.get(path, "production")
            lines.append(paint(path, "strong", color) + ("" if stage == "production" else f" ({stage})"))
        if not row.figures and not row.model:  # says how many rows are left out
            lines.append(paint(f"{GAP}{' ' * line}{GAP}{row.name}", "faint", color))
            continue
        shown = cells(row.line, row.name, row.model, row.figures, row.note)
        meaning: Meaning | None = "undecided" if row.unknown else None if row.figures else "faint"
        lines.append(_joined(GAP + GAP.join(shown[:2]), (GAP + GAP.join(shown[2:])).rstrip(), meaning, color))
    return lines


def _note(rows: Sequence[Row]) -> int:
    """Columns that the notes want; 0 where there are none."""
    widest = min(max(columns(row.note) for row in rows), LONGEST_NOTE)
    return max(widest, len(NOTE)) if widest else 0


def _shortened(note: str) -> str:
    for word, short in SHORT.items():
        note = note.replace(word, short)
    return note


def _joined(front: str, back: str, meaning: Meaning | None, color: bool) -> str:
    return front + paint(back, meaning, color) if back else front.rstrip()


def _cut_name(where: str, width: int) -> str:
    """A qualified name; where it is too long, without what it stands in, then by its beginning."""
    return where if columns(where) <= width else cut(where.rpartition(".")[2], width)


def _cut_way(where: str, width: int) -> str:
    """A call on the way down: its end tells the place."""
    return where if columns(where) <= width else INDENT + cut_path(where.strip(), width - len(INDENT))


def _legend(rows: Sequence[Row], width: int, color: bool) -> list[str]:
    """What the words of the table mean, where they stand in it."""
    said = []
    if any(row.ways > 1 for row in rows):
        said.append("ways: requests that begin at this call; the figures are those of the dearest.")
    if any("one of " in row.note for row in rows):
        said.append("one of N: of these N requests only one runs.")
    lines = wrap(" ".join(said), width) if said else []
    return ["", *(paint(line, "faint", color) for line in lines)] if lines else []


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
            f"one of {arms[request.exclusive]}" if request.exclusive and arms[request.exclusive] > 1 else "",
            "" if known else request.stage,
            "" if request.counted else "not counted",
        ]
        notes.append(", ".join(filter(None, special)))
    return notes


def _shares(rest: int, name: int, model: int) -> tuple[int, int]:
    """Columns for the names of functions and models: as wanted where it fits, else the longer gives way first."""
    for most_name, most_model in LEAST:
        least_name, least_model = min(name, most_name), min(model, most_model)
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
    partly = any(priced.estimate.known_only for priced in requests)
    made = [_all_figures(priced, partly) for priced in requests]
    said = [title for title in made[0] if any(cells[title][1] for cells in made)]
    return said, [tuple(cells[title][0] for title in said) for cells in made]


def _all_figures(priced: Priced, partly: bool) -> dict[str, tuple[str, bool]]:
    """Every figure of a request by title, with True where it says something (a column needs one such row).

    `partly`: whether a row of the table has a worst case that covers only what is known.
    """
    request, estimate = priced.request, priced.estimate
    usd, month = estimate.usd, estimate.usd_per_month
    # The place of a mark is kept free in rows without one, so that the figures stand below each other.
    star = "*" if estimate.assumptions or estimate.assumed_share else " "
    plus = ("+" if estimate.known_only and usd is not None and usd.high is not None else " ") if partly else ""
    return {
        "typical": (UNKNOWN + " " if usd is None else money(usd.typical) + star, True),
        "worst": ((UNKNOWN if usd is None else money(usd.high)) + plus, True),
        "repeats": _multiplier(request.repeats),
        "turns": _multiplier(request.turns),
        "tries": _multiplier(request.attempts),
        "a month": ("" if month is None else money(month.typical), month is not None),
    }


def _multiplier(amount: Count) -> tuple[str, bool]:
    text = count(amount).replace(" to ", "-")
    return ("" if text == "1" else text), text != "1"
