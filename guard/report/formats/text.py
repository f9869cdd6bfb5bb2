"""Text for people: tables, frames with marked source lines, sums, a next step. In: a `View`. Out: text.

Neighbour: `guard.report.text`, which writes it.
"""

from __future__ import annotations

from guard.report.text import render_check, render_cost
from guard.report.view import View


def render(view: View) -> str:
    """The report of `guard cost` or `guard check` for a terminal."""
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
