"""One line each: `path:line:column: error policy: message`, as editors and `grep` take it. In: a `View`. Out: lines.

`guard check` has a line for each finding that is not forgiven, worst first, and none where there is nothing to say;
`guard cost` one for each request that is in the sums; with a base, what changed comes before the findings. Paths are
seen from the current folder.
"""

from __future__ import annotations

from collections.abc import Iterator

from guard.difference import Change
from guard.model import Finding, Label, Priced, Span
from guard.report.changes import KINDS, cause_words, moved, priced_now, says_more, widest
from guard.report.format import UNKNOWN, money, place, safe, without_commands
from guard.report.reasons import order
from guard.report.table import model_text
from guard.report.view import View, joined


def render(view: View) -> str:
    """The lines of the report."""
    lines: list[str] = []
    if view.difference is not None:
        lines += [f"{_at(view, rule.span)}loosened: {safe(rule.message)}" for rule in view.difference.loosened]
        lines += [line for change in view.difference.changes for line in _change(view, change)]
    elif view.command == "cost":
        shown = [priced for priced in sorted(view.report.requests, key=order) if view.everything or priced.in_totals]
        lines += [_cost(view, priced) for priced in shown]
    if view.command != "cost":
        lines += [_finding(view, finding) for finding in view.active()]
    return without_commands("".join(f"{line}\n" for line in lines))


def _finding(view: View, finding: Finding) -> str:
    label: Label | None = next(iter(finding.labels), None)
    at = _at(view, None if label is None else label.span)
    return f"{at}{view.level(finding)} {safe(finding.policy)}: {safe(finding.message)}"


def _cost(view: View, priced: Priced) -> str:
    """What one call costs."""
    usd = priced.estimate.usd
    figures = UNKNOWN
    if usd is not None:
        least = "at least " if priced.estimate.known_only and usd.high is not None else ""
        figures = f"{money(usd.typical)} typical, {least}{money(usd.high)} worst"
    at = _at(view, priced.request.sites[0].span)
    return f"{at}cost {model_text(priced.request.model)}: {figures}"


def _change(view: View, change: Change) -> Iterator[str]:
    """What changed in a request: before, now, and why."""
    shown = priced_now(change)
    title, pick = widest(change)
    said = moved(change, pick) if pick == "usd" else f"{title} {moved(change, pick)}"
    why = f" ({safe(cause_words(change.causes[0]))})" if says_more(next(iter(change.causes), None)) else ""
    at = _at(view, shown.request.sites[0].span)
    yield f"{at}{KINDS[change.kind]} {model_text(shown.request.model)}: {said}{why}"


def _at(view: View, span: Span | None) -> str:
    """Where something stands, as seen from the current folder; nothing for what stands nowhere."""
    if span is None:
        return ""
    shown = place(span)
    return f"{safe(joined(view.here, span.path))}{shown.removeprefix(safe(span.path))}: "
