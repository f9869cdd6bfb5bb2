"""Text for people: tables, frames with marked source lines, sums, a next step. In: a `View`. Out: text.

Neighbour: `guard.report.text`, which writes it.
"""

from __future__ import annotations

from guard.report.format import without_commands
from guard.report.text import render_check, render_cost
from guard.report.text_diff import render_check_against, render_diff
from guard.report.view import View


def render(view: View) -> str:
    """The report of `guard cost`, `guard check` or `guard diff` for a terminal or a log."""
    return without_commands(_text(view))


def _text(view: View) -> str:
    if view.command == "diff":
        return render_diff(view)
    if view.difference is not None:
        return render_check_against(view)
    known = view.known()
    if view.command == "cost":
        return render_cost(
            view.report,
            color=view.color,
            width=view.width,
            sources=view.sources,
            known=known,
            everything=view.everything,
            again=view.again,
            bill=view.bill,
        )
    return render_check(
        view.report,
        color=view.color,
        width=view.width,
        sources=view.sources,
        known=known,
        blocks=view.blocks,
        everything=view.everything,
        again=view.again,
    )
