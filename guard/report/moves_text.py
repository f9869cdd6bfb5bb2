"""What moves a bill, and a bill that is otherwise, for a terminal. In: `Sensitivity`, `WhatIf`. Out: lines.

Neighbours: `moves_rows.py` has the words, `grid.py` lays them out, `text.py` puts the lines below its table.
"""

from __future__ import annotations

from guard.bill import Sensitivity, WhatIf
from guard.report import moves_rows as words
from guard.report.format import plural, safe, wrap
from guard.report.grid import GridRow, grid
from guard.report.style import paint

CAVEAT = "Prices, windows and policies were compared. Nothing says that another model is as good."


def sensitivity_lines(found: Sensitivity | None, *, width: int, color: bool, everything: bool) -> list[str]:
    """What moves the bill, and each feature with economics; nothing where it was not asked."""
    if found is None:
        return []
    title = f"What moves the bill ({words.PER[found.per]}, US dollars; each alone, all else as it is)"
    lines = ["", *(paint(line, "strong", color) for line in wrap(title, width, "    ", ""))]
    if not found.moves:
        return [*lines, *wrap("Nothing that is known: no request has a figure that could move.", width, "  ")]
    shown = words.shown_moves(found, everything)
    rows = [GridRow(words.move_name(move), words.move_cells(move, found)) for move in shown]
    lines += grid(("move", *words.MOVE_TITLES), rows, width=width, color=color, spare=(0, 2))
    if len(shown) < len(found.moves):
        lines.append(paint(f"  and {len(found.moves) - len(shown)} smaller ones; `--all` shows them", "faint", color))
    if found.known < found.counted:
        left = f"{plural(found.counted - found.known, 'request')} of {found.counted:,} without that figure: in no move."
        lines += wrap(left, width, "    ", "  ")
    if any(move.assumed for move in shown):
        lines += wrap("*: its size is an assumption; `usage` in guard.yaml can declare it.", width, "    ", "  ")
    for feature, pairs in words.of_features(found):
        lines += ["", paint(f"What moves {safe(feature)} (a month)", "strong", color)]
        cut = pairs if everything else pairs[: words.OF_FEATURE]
        inner = [GridRow(words.move_name(move), words.feature_cells(one)) for move, one in cut]
        titles = ("a month", "worst", f"a {safe(pairs[0][1].unit)}", "margin")
        lines += grid(("move", *titles), inner, width=width, color=color, spare=(1,))
    return lines


def what_if_lines(found: WhatIf | None, *, width: int, color: bool, everything: bool) -> list[str]:
    """The bill before and after; nothing where it was not asked."""
    if found is None:
        return []
    title = f"If {', '.join(map(safe, found.asked))} (typical, US dollars)"
    lines = ["", *(paint(line, "strong", color) for line in wrap(title, width, "    ", ""))]
    ways = [[line] for line in found.lines] if everything else words.ways(found.lines)
    shown = ways if everything else ways[: words.SHOWN]
    if shown:
        rows = [GridRow(words.tried_name(way[0], len(way)), words.tried_cells(way[0])) for way in shown]
        lines += grid(("request", *words.TRIED_TITLES), rows, width=width, color=color, spare=(0, 1))
    if len(shown) < len(ways):
        left = sum(map(len, ways[len(shown) :]))
        lines.append(paint(f"  and {plural(left, 'more request')}; `--all` shows them", "faint", color))
    for way in shown:
        for remark in way[0].remarks:
            lines += wrap(safe(remark), width, "      ", f"  {words.tried_name(way[0])}: ")
    for text in words.sum_lines(found):
        lines += [paint(line, "strong", color) for line in wrap(text, width, "    ", "  ")]
    if any(line.model != line.new_model for line in found.lines):
        lines += wrap(CAVEAT, width, "    ", "  ")
    for heading, items in (
        ("Cannot take it", [(safe(one.asked), words.refusal(one)) for one in found.refused]),
        ("Budgets", list(words.budget_lines(found))),
        ("Policies that it would break", [("", safe(text)) for text in found.broken]),
        ("Features", list(words.unit_lines(found))),
    ):
        if items:
            lines += ["", paint(heading, "strong", color)]
            for what, why in items:
                lines += wrap(why, width, "      ", f"  {what}  " if what else "  ")
    return lines
