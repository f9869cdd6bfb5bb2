"""What was asked of a bill, for a terminal: groups of requests. In: a `Bill` and its `Report`. Out: lines.

Neighbours: `bill_rows.py` has the words, `grid.py` lays them out; `text.py` has the sums and reasons below.
"""

from __future__ import annotations

from guard.bill import Bill, Breakdown
from guard.model import Report
from guard.report import units_rows
from guard.report.bill_rows import OF_WHAT, SPARE, SPARE_OF_WORKFLOWS, TITLES, rows
from guard.report.format import safe, wrap
from guard.report.grid import GridRow, grid
from guard.report.style import paint

EACH = {"workflow": "entry point", "file": "file"}
"""What a group is called where it is not the word of `--group-by`."""


def bill_lines(bill: Bill, report: Report, *, width: int, color: bool, everything: bool) -> list[str]:
    """All that was asked for; nothing where that leaves the table of requests in its place."""
    if bill.breakdown is None:
        return []
    return _breakdown(bill.breakdown, report, width, color, everything)


def units_lines(bill: Bill, *, width: int, color: bool) -> list[str]:
    """What features cost for each unit and customer; nothing where none declares any."""
    if not bill.units:
        return []
    shown = [GridRow(safe(one.feature), units_rows.cells(one)) for one in bill.units]
    title = "Unit economics (a month, US dollars; +: at least, a part is not known)"
    lines = ["", paint(title, "strong", color)]
    lines += grid(("feature", *units_rows.TITLES), shown, width=width, color=color, spare=(5, 3))
    for what, why in units_rows.remarks(bill.units):
        lines += wrap(why, width, "      ", f"  {what}: ")
    return lines


def _breakdown(found: Breakdown, report: Report, width: int, color: bool, everything: bool) -> list[str]:
    """The table of groups with its title and the meaning of its words; `everything`: with the requests of each."""
    each = EACH.get(found.by, found.by)
    title = f"Requests to models in {safe(report.root)} by {each}, US dollars, prices of {safe(report.prices.as_of)}"
    lines = [paint(line, "strong", color) for line in wrap(title, width, "    ", "")]
    made = rows(found, requests=everything)
    if not made:
        return lines
    shown = [
        GridRow(
            row.name,
            row.cells,
            row.depth,
            "faint" if row.depth else None,
            row.depth == 0 and found.by in ("file", "workflow"),
        )
        for row in made
    ]
    spare = SPARE_OF_WORKFLOWS if found.by == "workflow" else SPARE
    lines += ["", *grid((each, *TITLES), shown, width=width, color=color, spare=spare), ""]
    return [*lines, *(paint(line, "faint", color) for line in wrap(" ".join(_legend(found)), width))]


def _legend(found: Breakdown) -> list[str]:
    if found.by == "workflow":
        said = ["a call: one call of each request; a run: of the entry point with all that it reaches."]
    else:
        said = ["a call: one call of each request; a run: of the function that it stands in."]
    if found.by == "model":
        said.append("A request that may use several models stands with the one that is typical.")
    if found.share_of == "month":
        said.append("a month: of the requests whose runs are declared.")
    said.append(f"share: {OF_WHAT[found.share_of]}, typical.")
    return said
