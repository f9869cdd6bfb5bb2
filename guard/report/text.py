"""The reports for a terminal: `guard cost` and `guard check`.

In: a `Report`, the terminal's width, whether to color, and the source lines. Out: text. Nothing is printed here.
Neighbours: `table.py` (the requests), `reasons.py` (what is assumed and missing), `frame.py` (marked source lines),
`format.py` (figures, escaping).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from shlex import quote

from guard.model import Finding, Money, Priced, Problem, Report, Severity, Totals
from guard.report.format import UNBOUNDED, UNKNOWN, columns, cut, money, percent, place, plural, safe, wrap
from guard.report.frame import Sources, frame
from guard.report.reasons import assumptions, order, reasons, why_outside, why_partial, why_unbounded, why_unpriced
from guard.report.style import Meaning, paint
from guard.report.table import table

SHOWN = 6
"""Entries of a list of reasons before it is cut short with a count; `guard explain` and JSON have all."""
OF_REQUEST = "`guard explain PATH:LINE` has those of a request"
SHORT = 16
"""Columns of an entry's beginning up to which its reason stands beside it, on all its lines."""
FRAMES = 2
"""Frames for findings that say the same, before the rest is named by place."""
NAMED = 12
"""Places that are named then."""
FRAMED = 4
"""Findings of one policy with words of their own that have frames; the others have a line each."""

_SEVERITY: dict[Severity, int] = {"high": 0, "medium": 1, "low": 2}
_WAYS = {"exception": "by exception", "inline": "inline"}

Blocks = Callable[[Finding], bool]


def enforced(finding: Finding) -> bool:
    """True for a finding that blocks by its policy."""
    return finding.forgiven is None and finding.enforce == "block"


# --- guard cost -------------------------------------------------------------------------------------------------


def render_cost(
    report: Report,
    *,
    color: bool,
    width: int,
    sources: Sources,
    known: Sequence[str] = (),
    everything: bool = False,
    again: str = "",
) -> str:
    """What the requests of `report` cost: the table, what it rests on, what is missing, sums, and a next step.

    Requests that no sum is about (in tests, not counted) are one line; `everything` shows them, too. `known` names the
    SDKs that guard knows; they are said where nothing was found. `again` is what a further command on the same folder
    needs behind it (`src --config rules.yaml`). `sources` is not asked: the frames are those of `render_check`.
    """
    ordered = sorted(report.requests, key=order)
    shown = ordered if everything else [p for p in ordered if p.in_totals]
    lines: list[str] = []
    if shown:
        title = f"Requests to models in {safe(report.root)}, US dollars per call, prices of {safe(report.prices.as_of)}"
        lines += [paint(title, "strong", color), "", *table(shown, width=width, color=color, everything=everything)]
        for heading, items in (
            ("Assumed (*)", assumptions(shown)),
            ("Not priced (?)", reasons(shown, why_unpriced)),
            ("Worst of what is known and priced only (+)", reasons(shown, why_partial)),
            ("No bound on the worst case", reasons(shown, why_unbounded)),
            ("Not counted", reasons(shown, why_outside)),
        ):
            lines += _section(heading, items, width, color, OF_REQUEST)
    lines += problems(report, width, color)
    lines += [] if not lines else [""]
    if len(shown) < len(ordered):
        lines += wrap(_hidden([p for p in ordered if not p.in_totals]), width, "    ", "")
    lines += closing(report, width, color, known, again=again)
    return "\n".join(lines) + "\n"


def _hidden(requests: Sequence[Priced]) -> str:
    """One line for the requests that the table leaves out."""
    outside = sum(not p.request.counted for p in requests)
    said = []
    if outside < len(requests):
        said.append(f"{plural(len(requests) - outside, 'request')} in tests")
    if outside:
        amount = f"{outside:,}" if said else plural(outside, "request")
        said.append(f"{amount} not counted (never used, or in a branch that is not taken)")
    return f"{' and '.join(said)}; `--all` shows {'it' if len(requests) == 1 else 'them'}."


def _section(title: str, items: list[tuple[str, str]], width: int, color: bool, rest: str) -> list[str]:
    """A list of (what, why) below a title; nothing where there are no items. `rest` says where those are that a long
    list leaves out."""
    if not items:
        return []
    lines = ["", paint(title, "strong", color)]
    for what, why in items[:SHOWN]:
        if columns(what) + columns(why) + 4 <= width:
            lines.append(f"  {what}  {why}")
        elif columns(what) <= SHORT:
            lines += wrap(why, width, " " * (columns(what) + 4), f"  {what}  ")
        else:
            lines += [*wrap(what, width, "  "), *wrap(why, width, "      ")]
    if len(items) > SHOWN:
        lines.append(paint(f"  and {len(items) - SHOWN} more; {rest}", "faint", color))
    return lines


# --- guard check ------------------------------------------------------------------------------------------------


def render_check(
    report: Report,
    *,
    color: bool,
    width: int,
    sources: Sources,
    known: Sequence[str] = (),
    blocks: Blocks = enforced,
    everything: bool = False,
    again: str = "",
) -> str:
    """The findings of `report` as frames, worst first, then one line that counts them and the cost.

    `blocks` says which findings make the command fail (`--fail-on` widens it). Forgiven findings are counted only. Of
    those that do not block, only the first few of a policy have frames, the others a line or their places, unless
    `everything` is asked for. `again`: see `render_cost`.
    """
    active = [finding for finding in report.findings if finding.forgiven is None]
    lines: list[str] = []
    groups = _alike(sorted(active, key=lambda finding: _worst_first(finding, blocks)), blocks)
    full, brief = (groups, []) if everything else _framed(groups, blocks)
    for group in full:
        framed = group if everything or len(group) <= FRAMES + 1 or blocks(group[0]) else group[:FRAMES]
        for finding in framed:
            lines += [*_finding(finding, blocks(finding), sources, width, color), ""]
        if len(framed) < len(group):
            lines += [*_same(group[len(framed) :], width, color), ""]
    for others in brief:
        lines += [*_brief(others, width, color), ""]
    troubles = problems(report, width, color)
    if troubles:
        lines += [*troubles[1:], ""]
    lines += wrap(_summary(report, active, blocks), width)
    lines += closing(report, width, color, known, hint=not active, again=again)
    return "\n".join(lines) + "\n"


def _alike(findings: Sequence[Finding], blocks: Blocks) -> list[list[Finding]]:
    """Findings of one policy with the same words, each group where its first one stands."""
    groups: dict[tuple[bool, str, str, str], list[Finding]] = {}
    for finding in findings:
        key = (blocks(finding), finding.policy, finding.verdict, finding.message)
        groups.setdefault(key, []).append(finding)
    return list(groups.values())


def _framed(groups: list[list[Finding]], blocks: Blocks) -> tuple[list[list[Finding]], list[list[list[Finding]]]]:
    """The groups that are shown in full: all that block and the first of each policy; the others, by policy."""
    by_policy: dict[tuple[str, str], list[list[Finding]]] = {}
    full = []
    for group in groups:
        seen = by_policy.setdefault((group[0].policy, group[0].verdict), [])
        if blocks(group[0]):
            full.append(group)
        else:
            seen.append(group)
    # One group more costs no more lines than saying that there is one.
    kept = {id(group) for seen in by_policy.values() for group in (seen if len(seen) <= FRAMED + 1 else seen[:FRAMED])}
    brief = [seen[FRAMED:] for seen in by_policy.values() if len(seen) > FRAMED + 1]
    return [group for group in groups if id(group) in kept or blocks(group[0])], brief


def _brief(groups: list[list[Finding]], width: int, color: bool) -> list[str]:
    """Further findings of one policy, a line for each that has words of its own."""
    first = groups[0][0]
    meaning: Meaning = "warning" if first.verdict == "violated" else "undecided"
    head = f"{meaning}[{safe(first.policy)}]"
    rest = f": {sum(map(len, groups)):,} more; `--all` shows them"
    lines = [paint(head, meaning, color) + paint(rest, "strong", color)]
    for group in groups[:NAMED]:
        at = place(group[0].labels[0].span, column=False) if group[0].labels else ""
        also = f" and {len(group) - 1} more places" if len(group) > 1 else ""
        lines.append(cut(f"    {at}{also}: {safe(group[0].message)}", width))
    if len(groups) > NAMED:
        lines.append(f"    and {sum(map(len, groups[NAMED:])):,} more")
    return lines


def _same(findings: Sequence[Finding], width: int, color: bool) -> list[str]:
    """The places of findings that say the same as those before them."""
    meaning: Meaning = "warning" if findings[0].verdict == "violated" else "undecided"
    head = f"{meaning}[{safe(findings[0].policy)}]"
    rest = f": the same at {plural(len(findings), 'more place')}; `--all` shows them"
    places = list(dict.fromkeys(place(f.labels[0].span, column=False) for f in findings if f.labels))
    more = f" and {len(places) - NAMED:,} more" if len(places) > NAMED else ""
    return [
        paint(head, meaning, color) + paint(rest, "strong", color),
        *wrap(", ".join(places[:NAMED]) + more, width, "    "),
    ]


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
    """Files that could not be read and declared calls that were not found, below titles; nothing without them."""
    missing = [problem for problem in report.problems if problem.kind == "call-not-found"]
    unread = [problem for problem in report.problems if problem.kind != "call-not-found"]
    files = len({problem.path for problem in unread})
    return [
        *_problems(unread, f"{plural(files, 'file')} could not be read in full", width, color),
        *_problems(missing, f"{plural(len(missing), 'declared call')} not found", width, color),
    ]


def _problems(found: Sequence[Problem], title: str, width: int, color: bool) -> list[str]:
    items = []
    for problem in sorted(found, key=lambda item: (item.path, item.line or 0, item.column or 0, item.kind)):
        at = ":".join(str(part) for part in (safe(problem.path), problem.line, problem.column) if part is not None)
        hint = f" ({safe(problem.hint)})" if problem.hint else ""
        items.append((at, safe(problem.message) + hint))
    return _section(title, items, width, color, "the JSON report has all")


def closing(
    report: Report, width: int, color: bool, known: Sequence[str], *, hint: bool = True, again: str = ""
) -> list[str]:
    """The sums, or what was looked at where there is nothing to sum, and a next step."""
    if not report.requests:
        return wrap(_nothing(report, known), width)
    totals = report.totals
    lines = wrap(_one_call(totals), width, "    ", "")
    if totals.usd_per_month is not None:
        lines += wrap(_month(totals), width, "    ", "")
    lines = [paint(line, "strong", color) for line in lines]
    command, words = next_step(report, again) if hint else ("", "")
    if not words:
        return lines
    # A command is kept on one line, so that it can be copied.
    first = f"Next: `{command}` " if command else "Next: "
    return [*lines, *(paint(line, "faint", color) for line in wrap(words, width, "    ", first))]


def _nothing(report: Report, known: Sequence[str]) -> str:
    looked = report.looked
    text = f"Looked at {plural(looked.files, 'file')}, parsed {looked.parsed:,}; no requests to a model were found."
    if looked.skipped:
        text += f" {plural(looked.skipped, 'file')} left out."
    if known:
        text += f" guard knows: {', '.join(map(safe, known))}."
    return text


def _one_call(totals: Totals) -> str:
    """The sum over one call of each request. Says what it covers, and that tests are not in it where there are some."""
    tests = f"; without {totals.tests:,} in tests" if totals.tests else ""
    if not totals.counted:
        return f"No request to a model is counted{tests}."
    covered = f"{totals.priced:,} of {totals.counted:,} priced"
    if totals.stood_for:
        covered += f", {totals.stood_for:,} others run instead of one that is"
    if totals.usd is None:
        return f"One call of each request: {UNKNOWN}; {covered}{tests}."
    if totals.assumed_share is None:
        share = "how much is assumption is not known"
    elif totals.assumed_share == 0:
        share = "nothing of it assumed"
    else:
        share = f"{percent(totals.assumed_share)} of typical is assumption"
    return f"One call of each request: {_sum(totals.usd, totals.known_only > 0)}; {covered}; {share}{tests}."


def _month(totals: Totals) -> str:
    amount = UNKNOWN if totals.usd_per_month is None else _sum(totals.usd_per_month, totals.known_only > 0)
    return f"A month: {amount}; usage is declared for {totals.monthly_requests:,} of {totals.counted:,}."


def _sum(usd: Money, partly: bool) -> str:
    """A sum in words; `partly`: its worst case covers only what is known and priced."""
    least = "at least " if partly else ""
    worst = f"{UNBOUNDED} on the worst case" if usd.high is None else f"{least}{money(usd.high)} worst"
    return f"{money(usd.typical)} typical, {worst}"


def next_step(report: Report, again: str = "") -> tuple[str, str]:
    """A command and what it shows, from what the report lacks most, or what to do; `again` as in `render_cost`."""
    counted = sorted((p for p in report.requests if p.in_totals), key=order)
    if not counted:
        return "", ""
    unpriced = [p for p in counted if not p.estimate.priced]
    if unpriced:
        frequent = Counter(why_unpriced(p) for p in unpriced)
        first = max(unpriced, key=lambda p: frequent[why_unpriced(p)])
        return _explain(first, again), f"says what is not known there{_declare(first)}."
    for priced in counted:
        if priced.estimate.usd is not None and priced.estimate.usd.high is None:
            return _explain(priced, again), "shows why its worst case has no bound."
    if report.totals.monthly_requests == 0:
        return "", "declare `runs_per_month` below `usage: rules:` in guard.yaml to see what a month costs."
    dearest = max(counted, key=lambda p: p.estimate.usd.typical if p.estimate.usd else 0)
    return _explain(dearest, again), "shows every figure of the dearest call and where it comes from."


def _explain(priced: Priced, again: str) -> str:
    """The command that explains a request, as a shell takes it."""
    at = quote(place(priced.request.sites[0].span, column=False))
    return f"guard explain {at} {again}".rstrip()


def _declare(priced: Priced) -> str:
    """What can declare what is missing; nothing where the reason itself says it or no declaration helps."""
    reason = "; ".join(why_unpriced(priced))
    if "declare" in reason:
        return ""
    if not priced.request.model.choices:
        return "; `assume:` in guard.yaml can declare it"
    return "; `prices:` or `aliases:` in guard.yaml can declare it" if "price" in reason else ""
