"""Tables of the Markdown report: what changed, and what each request costs.

In: a `View` or a `Difference`, and how many rows may stand. Out: Markdown. Neighbour: `formats/markdown.py`.
"""

from __future__ import annotations

from decimal import Decimal

from guard.difference import Cause, Change, Difference
from guard.model import Priced
from guard.report.changes import COSTLY, FIGURES, KINDS, WHAT, Figure, figure, largest_first, moved, priced_now, tells
from guard.report.format import UNKNOWN, money, place
from guard.report.markdown import code, text
from guard.report.table import model_text
from guard.report.view import View

CAUSES = 3
"""Causes of a change that are named."""
LONGEST_NAME = 80
"""Characters of a function or model in a table."""


def more(amount: int, rows: int, before: str = "") -> list[str]:
    """A line that counts what a cut list leaves out; nothing where it is whole."""
    return [f"{before}and {amount - rows:,} more; the JSON report has all"] if amount > rows else []


def changes(difference: Difference, rows: int) -> str:
    """What may cost more, as a table; what does not below a fold."""
    ordered = largest_first(difference.changes)
    costly = [change for change in ordered if change.kind in COSTLY]
    others = [change for change in ordered if change.kind not in COSTLY]
    shown = _changes(costly, rows)
    if not others:
        return shown
    title = f"{len(others):,} other {'change' if len(others) == 1 else 'changes'}"
    folded = f"<details><summary>{title}</summary>\n\n{_changes(others, rows)}\n\n</details>"
    return f"{shown}\n\n{folded}" if shown else folded


def _changes(listed: list[Change], rows: int) -> str:
    if not listed:
        return ""
    shown = [named for named in FIGURES if any(tells(change, named[1]) for change in listed)]
    titles = ["what", "request", *(title for title, _ in shown), "because of"]
    lines = [_row(titles), _row(["---", "---", *("---:" for _ in shown), "---"])]
    lines += [_row(_cells(change, [pick for _, pick in shown])) for change in listed[:rows]]
    return "\n".join([*lines, *([""] if len(listed) > rows else []), *more(len(listed), rows)])


def _cells(change: Change, picks: list[Figure]) -> list[str]:
    request = priced_now(change).request
    at = code(place(request.sites[0].span, column=False))
    name = f"{code(request.sites[0].qualname, LONGEST_NAME)} {at}<br>{_models(change)}"
    causes = [cause_text(cause) for cause in change.causes[:CAUSES]]
    left = len(change.causes) - CAUSES
    causes += [f"and {left:,} more"] if left > 0 else []
    figures = [_figure(change, pick) for pick in picks]
    return [f"**{KINDS[change.kind]}**", name, *figures, "<br>".join(causes)]


def _models(change: Change) -> str:
    """The models before and now; once where they are the same."""
    sides = [model_text(side.request.model) for side in (change.before, change.after) if side is not None]
    return " \N{RIGHTWARDS ARROW} ".join(code(names, LONGEST_NAME) for names in dict.fromkeys(sides))


def cause_text(cause: Cause) -> str:
    """What changed, what stands there, and where."""
    words = WHAT[cause.what]
    if cause.before is not None:
        words += f" {code(cause.before, LONGEST_NAME)}"
        words += " (gone)" if cause.after is None else " \N{RIGHTWARDS ARROW}"
    if cause.after is not None:
        words += f" {code(cause.after, LONGEST_NAME)}"
        words += " (new)" if cause.before is None else ""
    words += f", {text(cause.note)}" if cause.note else ""
    span = cause.span or cause.base_span
    return words if span is None else f"{words} ({code(place(span, column=False))})"


def _figure(change: Change, pick: Figure) -> str:
    """Before, now, and by how much; empty for a run or a month that no side has."""
    old, new = figure(change.before, pick), figure(change.after, pick)
    if pick != "usd" and old is None and new is None:
        return ""
    said = moved(change, pick, " \N{RIGHTWARDS ARROW} ")
    rise = (
        "" if old is None or new is None or old.typical == new.typical else f"<br>{_signed(new.typical - old.typical)}"
    )
    return said + rise


def _signed(usd: Decimal) -> str:
    return money(usd) if usd < 0 else f"+{money(usd)}"


def requests(view: View, rows: int) -> str:
    """What each request that is in the sums costs, dearest first, below a fold."""
    counted = sorted((one for one in view.report.requests if one.in_totals), key=_dearest_first)
    if not counted:
        return ""
    month = any(one.estimate.usd_per_month is not None for one in counted)
    lines = [_row(["request", "model", "typical", "worst", *(["a month"] if month else [])])]
    lines.append(_row(["---", "---", "---:", "---:", *(["---:"] if month else [])]))
    lines += [_row(_request(one, month)) for one in counted[:rows]]
    body = "\n".join([*lines, *([""] if len(counted) > rows else []), *more(len(counted), rows)])
    return f"<details><summary>What one call costs</summary>\n\n{body}\n\n</details>"


def _request(priced: Priced, month: bool) -> list[str]:
    usd = priced.estimate.usd
    site = priced.request.sites[0]
    worst = UNKNOWN if usd is None else money(usd.high)
    if priced.estimate.known_only and usd is not None and usd.high is not None:
        worst = f"at least {worst}"
    cells = [
        f"{code(site.qualname, LONGEST_NAME)} {code(place(site.span, column=False))}",
        code(model_text(priced.request.model), LONGEST_NAME),
        UNKNOWN if usd is None else money(usd.typical),
        worst,
    ]
    usd_per_month = priced.estimate.usd_per_month
    return [*cells, "" if usd_per_month is None else money(usd_per_month.typical)] if month else cells


def _dearest_first(priced: Priced) -> tuple[bool, Decimal, str, int, int, str]:
    """Those without a price first: nobody knows what they cost."""
    usd = priced.estimate.usd
    span = priced.request.sites[0].span
    return usd is not None, -(usd.typical if usd else Decimal(0)), span.path, span.line, span.column, priced.request.id


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
