"""What was asked of a bill, as Markdown. In: a `Bill`. Out: blocks of Markdown. Neighbour: `formats/markdown.py`."""

from __future__ import annotations

from collections.abc import Sequence

from guard.bill import Bill, Breakdown, UnitCost
from guard.report import moves_markdown, units_rows
from guard.report.bill_rows import NOBODY, OF_WHAT, TITLES, BillRow, rows
from guard.report.markdown import code, text
from guard.report.markdown_tables import LONGEST_NAME, more


def bill_blocks(bill: Bill, most: int, *, everything: bool) -> list[str]:
    """A block for each thing that was asked for; tables of at most `most` rows."""
    groups = [] if bill.breakdown is None else [_breakdown(bill.breakdown, most, everything)]
    moves = [] if bill.sensitivity is None else moves_markdown.sensitivity_blocks(bill.sensitivity, most, everything)
    other = [] if bill.what_if is None else moves_markdown.what_if_blocks(bill.what_if, most)
    return groups + ([_units(bill.units, most)] if bill.units else []) + moves + other


def _units(found: Sequence[UnitCost], most: int) -> str:
    """What features cost for each unit and customer."""
    made = [(one, units_rows.cells(one)) for one in found[:most]]
    used = [at for at in range(len(units_rows.TITLES)) if any(cells[at] for _, cells in made)]
    lines = ["**Unit economics** (a month)", "", _row(["feature", *(units_rows.TITLES[at] for at in used)])]
    lines.append(_row(["---", *("---:" for _ in used)]))
    lines += [_row([code(one.feature, LONGEST_NAME), *(text(cells[at]) for at in used)]) for one, cells in made]
    said = [f"- {code(what)}: {text(why)}" for what, why in units_rows.remarks(found[:most])]
    return "\n".join([*lines, *more(len(found), most), *([""] if said else []), *said])


def _breakdown(found: Breakdown, most: int, everything: bool) -> str:
    """A table of groups of at most `most` rows."""
    made = rows(found, requests=everything)
    if not made:
        return ""
    used = [at for at in range(len(TITLES)) if any(row.cells[at] for row in made)]
    lines = [_row([found.by, *(TITLES[at] for at in used)]), _row(["---", *("---:" for _ in used)])]
    lines += [_row([_name(found, row), *(row.cells[at].strip() for at in used)]) for row in made[:most]]
    said = f"Shares are {OF_WHAT[found.share_of]}, typical."
    return "\n".join([*lines, "", *more(len(made), most), said])


def _name(found: Breakdown, row: BillRow) -> str:
    plain = row.line is found.rest or (row.line.name is None and row.name == NOBODY.get(found.by))
    indent = "&nbsp;&nbsp;" * row.depth
    return row.name if plain else indent + code(row.name, LONGEST_NAME)


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
