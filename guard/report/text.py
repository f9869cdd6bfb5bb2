"""The reports for a terminal: `guard cost` and `guard check`.

In: a `Report`, the terminal's width, whether to color, and the source lines. Out: text. Nothing is printed here.
Neighbours: `table.py` (the requests), `frame.py` (marked source lines), `format.py` (figures, escaping).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from guard.model import Finding, Money, Priced, Report, Severity, Totals
from guard.report.format import UNBOUNDED, UNKNOWN, columns, money, percent, place, plural, safe, wrap
from guard.report.frame import Sources, frame
from guard.report.style import Meaning, paint
from guard.report.table import table

SHOWN = 6
"""Lines of a list of reasons before it is cut short with a count; `guard explain` and JSON have all."""
PLACES = 3
"""Places that are named for a shared reason before the rest is counted."""

_SEVERITY: dict[Severity, int] = {"high": 0, "medium": 1, "low": 2}
_WAYS = {"exception": "by exception", "inline": "inline"}

Blocks = Callable[[Finding], bool]


def enforced(finding: Finding) -> bool:
    """True for a finding that blocks by its policy."""
    return finding.forgiven is None and finding.enforce == "block"


# --- guard cost -------------------------------------------------------------------------------------------------


def render_cost(report: Report, *, color: bool, width: int, sources: Sources, known: Sequence[str] = ()) -> str:
    """What the requests of `report` cost: the table, what it rests on, what is missing, sums, and a next step.

    `known` names the SDKs that guard knows; they are said where nothing was found. `sources` is not asked today: the
    table shows figures, the frames are those of `render_check`.
    """
    counted = sorted((p for p in report.requests if p.request.counted), key=_order)
    lines: list[str] = []
    if counted:
        title = f"Requests to models in {safe(report.root)}, US dollars per call, prices of {safe(report.prices.as_of)}"
        lines += [paint(title, "strong", color), "", *table(counted, width=width, color=color)]
        lines += _section("Assumed (*)", _assumptions(counted), width, color)
        lines += _section("Not priced (?)", _reasons(counted, _why_unpriced), width, color)
        lines += _section("No bound on the worst case", _reasons(counted, _why_unbounded), width, color)
    outside = [p for p in report.requests if not p.request.counted]
    lines += _section("Not counted", _reasons(outside, _why_outside), width, color)
    lines += problems(report, width, color)
    lines += [] if not lines else [""]
    lines += closing(report, width, color, known)
    return "\n".join(lines) + "\n"


def _order(priced: Priced) -> tuple[str, int, int, str]:
    span = priced.request.sites[0].span
    return span.path, span.line, span.column, priced.request.id


def _section(title: str, items: list[tuple[str, str]], width: int, color: bool) -> list[str]:
    """A list of (what, why) below a title; nothing where there are no items."""
    if not items:
        return []
    lines = ["", paint(title, "strong", color)]
    for what, why in items[:SHOWN]:
        if columns(what) + columns(why) + 4 <= width:
            lines.append(f"  {what}  {why}")
        else:
            lines += [f"  {what}", *wrap(why, width, "      ")]
    if len(items) > SHOWN:
        more = f"  and {len(items) - SHOWN} more; `guard explain PATH:LINE` has those of a request"
        lines.append(paint(more, "faint", color))
    return lines


def _assumptions(requests: Sequence[Priced]) -> list[tuple[str, str]]:
    """Assumptions with the number of requests that rest on each, the most common first."""
    counts = Counter(text for p in requests for text in dict.fromkeys(p.request.assumed + p.estimate.assumptions))
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    size = max((len(plural(amount, "request")) for _, amount in ranked), default=0)
    return [(f"{plural(amount, 'request'):>{size}}", safe(text)) for text, amount in ranked]


def _why_unpriced(priced: Priced) -> tuple[str, ...]:
    if priced.estimate.priced:
        return ()
    return priced.estimate.why or tuple(item.why for item in priced.request.unknown) or ("no reason was given",)


def _why_unbounded(priced: Priced) -> tuple[str, ...]:
    usd = priced.estimate.usd
    if usd is None or usd.high is not None:
        return ()
    return priced.estimate.why or ("no reason was given",)


def _why_outside(priced: Priced) -> tuple[str, ...]:
    return (priced.request.why_not or "no reason was given",)


def _reasons(requests: Iterable[Priced], why: Callable[[Priced], tuple[str, ...]]) -> list[tuple[str, str]]:
    """(places, reason) for each reason, in the order of the first place."""
    groups: dict[str, list[str]] = {}
    for priced in sorted(requests, key=_order):
        reason = "; ".join(why(priced))
        if reason:
            groups.setdefault(reason, []).append(place(priced.request.sites[0].span, column=False))
    return [(_places(places), safe(reason)) for reason, places in groups.items()]


def _places(places: list[str]) -> str:
    unique = list(dict.fromkeys(places))
    more = f" and {len(unique) - PLACES} more" if len(unique) > PLACES else ""
    return ", ".join(unique[:PLACES]) + more


# --- guard check ------------------------------------------------------------------------------------------------


def render_check(
    report: Report,
    *,
    color: bool,
    width: int,
    sources: Sources,
    known: Sequence[str] = (),
    blocks: Blocks = enforced,
) -> str:
    """The findings of `report` as frames, worst first, then one line that counts them and the cost.

    `blocks` says which findings make the command fail (`--fail-on` widens it). Forgiven findings are counted only.
    """
    active = [finding for finding in report.findings if finding.forgiven is None]
    lines: list[str] = []
    for finding in sorted(active, key=lambda finding: _worst_first(finding, blocks)):
        lines += [*_finding(finding, blocks(finding), sources, width, color), ""]
    troubles = problems(report, width, color)
    if troubles:
        lines += [*troubles[1:], ""]
    lines += wrap(_summary(report, active, blocks), width)
    lines += closing(report, width, color, known, hint=not active)
    return "\n".join(lines) + "\n"


def _worst_first(finding: Finding, blocks: Blocks) -> tuple[bool, bool, int, str, int, int, str, str]:
    span = finding.labels[0].span if finding.labels else None
    at = ("", 0, 0) if span is None else (span.path, span.line, span.column)
    decided = finding.verdict == "violated"
    return not blocks(finding), not decided, _SEVERITY[finding.severity], *at, finding.policy, finding.id


def _finding(finding: Finding, blocks: bool, sources: Sources, width: int, color: bool) -> list[str]:
    meaning: Meaning = "error" if blocks else "warning" if finding.verdict == "violated" else "undecided"
    message = safe(finding.message)
    if blocks and finding.verdict == "undecided":
        message = f"undecided: {message}"
    head = f"{meaning}[{safe(finding.policy)}]"
    first, *rest = wrap(f"{head}: {message}", width, "    ", "")
    lines = [paint(first[: len(head)], meaning, color) + paint(first[len(head) :], "strong", color)]
    lines += [paint(line, "strong", color) for line in rest]
    notes = [safe(note) for note in finding.notes]
    if finding.confidence != "certain" and not any(note.startswith("confidence") for note in notes):
        notes.append(f"confidence: {finding.confidence}")
    if finding.help:
        notes.append(f"help: {safe(finding.help)}")
    indent = "  "
    if finding.labels:
        lines += frame(finding.labels, sources, width=width, color=color, meaning=meaning)
        gutter = max(len(str(label.span.cell_line or label.span.line)) for label in finding.labels)
        lines += [" " * gutter + paint(" |", "link", color)] if notes else []
        indent = " " * (gutter + 1)
    for note in notes:
        begin, *more = wrap(note, width - len(indent) - 2, "")
        lines.append(indent + paint("= ", "link", color) + begin)
        lines += [indent + "  " + line for line in more]
    return lines


def _summary(report: Report, active: Sequence[Finding], blocks: Blocks) -> str:
    """`2 findings block, 3 warnings, 1 undecided, 4 forgiven.`: all four, so that nothing is hidden."""
    blocking = sum(map(blocks, active))
    undecided = sum(not blocks(finding) and finding.verdict == "undecided" for finding in active)
    warnings = len(active) - blocking - undecided
    forgiven = len(report.findings) - len(active)
    kinds = Counter(finding.forgiven.by for finding in report.findings if finding.forgiven is not None)
    ways = ", ".join(f"{amount} {_WAYS.get(by, safe(by))}" for by, amount in sorted(kinds.items()))
    return (
        f"{blocking} blocking, {plural(warnings, 'warning')}, {undecided} undecided, {forgiven} forgiven"
        + (f" ({ways})" if ways else "")
        + "."
    )


# --- shared -----------------------------------------------------------------------------------------------------


def problems(report: Report, width: int, color: bool) -> list[str]:
    """Files that could not be read, below a title; nothing where there are none."""
    if not report.problems:
        return []
    items = []
    for problem in sorted(report.problems, key=lambda item: (item.path, item.line or 0, item.column or 0, item.kind)):
        at = ":".join(str(part) for part in (safe(problem.path), problem.line, problem.column) if part is not None)
        hint = f" ({safe(problem.hint)})" if problem.hint else ""
        items.append((at, safe(problem.message) + hint))
    files = len({problem.path for problem in report.problems})
    return _section(f"{plural(files, 'file')} could not be read in full", items, width, color)


def closing(report: Report, width: int, color: bool, known: Sequence[str], *, hint: bool = True) -> list[str]:
    """The sums, or what was looked at where there is nothing to sum, and a next step."""
    if not report.requests:
        return wrap(_nothing(report, known), width)
    totals = report.totals
    lines = wrap(_one_call(totals), width, "    ", "")
    if totals.usd_per_month is not None:
        lines += wrap(_month(totals), width, "    ", "")
    lines = [paint(line, "strong", color) for line in lines]
    step = next_step(report) if hint else ""
    return [*lines, *(paint(line, "faint", color) for line in wrap(step, width, "    ", "") if step)]


def _nothing(report: Report, known: Sequence[str]) -> str:
    looked = report.looked
    text = f"Looked at {plural(looked.files, 'file')}, parsed {looked.parsed:,}; no requests to a model were found."
    if looked.skipped:
        text += f" {plural(looked.skipped, 'file')} left out."
    if known:
        text += f" guard knows: {', '.join(map(safe, known))}."
    return text


def _one_call(totals: Totals) -> str:
    covered = f"{totals.priced:,} of {totals.counted:,} priced"
    if totals.usd is None:
        return f"One call of each request: {UNKNOWN}; {covered}."
    if totals.assumed_share is None:
        share = "how much is assumption is not known"
    elif totals.assumed_share == 0:
        share = "nothing of it assumed"
    else:
        share = f"{percent(totals.assumed_share)} of typical is assumption"
    return f"One call of each request: {_sum(totals.usd)}; {covered}; {share}."


def _month(totals: Totals) -> str:
    amount = UNKNOWN if totals.usd_per_month is None else _sum(totals.usd_per_month)
    return f"A month: {amount}; usage is declared for {totals.monthly_requests:,} of {totals.counted:,}."


def _sum(usd: Money) -> str:
    worst = f"{UNBOUNDED} on the worst case" if usd.high is None else f"{money(usd.high)} worst"
    return f"{money(usd.typical)} typical, {worst}"


def next_step(report: Report) -> str:
    """One thing to do next, from what the report lacks most."""
    counted = sorted((p for p in report.requests if p.request.counted), key=_order)
    for priced in counted:
        if not priced.estimate.priced:
            at = place(priced.request.sites[0].span, column=False)
            key = "prices" if priced.request.model.choices else "assume"
            return f"Next: `guard explain {at}` says what is not known there; `{key}:` in guard.yaml can declare it."
    for priced in counted:
        if priced.estimate.usd is not None and priced.estimate.usd.high is None:
            at = place(priced.request.sites[0].span, column=False)
            return f"Next: `guard explain {at}` shows why its worst case has no bound."
    if not counted:
        return ""
    if report.totals.monthly_requests == 0:
        return "Next: declare `runs_per_month` below `usage: rules:` in guard.yaml to see what a month costs."
    dearest = max(counted, key=lambda p: p.estimate.usd.typical if p.estimate.usd else 0)
    at = place(dearest.request.sites[0].span, column=False)
    return f"Next: `guard explain {at}` shows every figure of the dearest call and where it comes from."
