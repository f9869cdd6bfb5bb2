"""What moves a bill, and a bill that is otherwise, as Markdown. In: `Sensitivity`, `WhatIf`. Out: blocks.

Neighbours: `moves_rows.py` has the words, `bill_markdown.py` puts the blocks in their place.
"""

from __future__ import annotations

from collections.abc import Sequence

from guard.bill import Sensitivity, WhatIf
from guard.report import moves_rows as words
from guard.report.format import plural
from guard.report.markdown import code, text
from guard.report.markdown_tables import LONGEST_NAME, more

CAVEAT = "Prices, windows and policies were compared. Nothing says that another model is as good."
LONGEST = 2 * LONGEST_NAME
"""Characters of a place with its models."""


def sensitivity_blocks(found: Sensitivity, most: int, everything: bool) -> list[str]:
    """What moves the bill, then each feature with economics; tables of at most `most` rows."""
    moves = words.shown_moves(found, everything)
    rows = [(words.move_name(move), words.move_cells(move, found)) for move in moves[:most]]
    lines = [f"**What moves the bill** ({words.PER[found.per]}; each alone, all else as it is)", ""]
    lines += _table(("move", *words.MOVE_TITLES), rows) if rows else ["Nothing that is known."]
    lines += more(len(moves), most)
    if found.known < found.counted:
        lines += ["", f"{plural(found.counted - found.known, 'request')} without that figure: in no move."]
    if any(move.assumed for move in moves[:most]):
        lines += ["", text("*: its size is an assumption; `usage` in guard.yaml can declare it.")]
    blocks = ["\n".join(lines)]
    for feature, pairs in words.of_features(found):
        titles = ("move", "a month", "worst", f"a {pairs[0][1].unit}", "margin")
        cut = pairs[: min(most, len(pairs) if everything else words.OF_FEATURE)]
        inner = [(words.move_name(move), words.feature_cells(one)) for move, one in cut]
        head = f"**What moves {code(feature, LONGEST_NAME)}** (a month)"
        blocks.append("\n".join([head, "", *_table(titles, inner), *more(len(pairs), len(cut))]))
    return blocks


def what_if_blocks(found: WhatIf, most: int) -> list[str]:
    """The bill before and after, in a table of at most `most` rows, with what it does to budgets and features."""
    ways = words.ways(found.lines)
    lines = [f"**If {', '.join(code(one, LONGEST) for one in found.asked)}** (typical)", ""]
    rows = [(words.tried_name(way[0], len(way)), words.tried_cells(way[0])) for way in ways[:most]]
    if rows:
        lines += [*_table(("request", *words.TRIED_TITLES), rows), *more(len(ways), most), ""]
    lines += [f"- {text(said)}" for said in words.sum_lines(found)]
    lines += [f"- {text(remark)}" for way in ways[:most] for remark in way[0].remarks]
    lines += [f"- {code(one.asked, LONGEST)}: {text(words.refusal(one))}" for one in found.refused]
    lines += [f"- budget {code(name, LONGEST_NAME)}: {text(said)}" for name, said in words.budget_lines(found)]
    lines += [f"- would break {text(said)}" for said in found.broken]
    lines += [f"- {code(name, LONGEST_NAME)}: {text(said)}" for name, said in words.unit_lines(found)]
    if any(line.model != line.new_model for line in found.lines):
        lines += ["", CAVEAT]
    return ["\n".join(lines)]


def _table(titles: Sequence[str], rows: Sequence[tuple[str, tuple[str, ...]]]) -> list[str]:
    """A table without the columns that are empty in every row."""
    used = [at for at in range(len(titles) - 1) if any(cells[at] for _, cells in rows)]
    lines = [_row([titles[0], *(text(titles[at + 1]) for at in used)]), _row(["---", *("---:" for _ in used)])]
    return lines + [_row([text(name), *(text(cells[at]) for at in used)]) for name, cells in rows]


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
