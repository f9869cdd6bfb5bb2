"""The reports for a terminal: `guard cost` and `guard check`.

In: a `Report`, the terminal's width, whether to color, and the source lines. Out: text. Nothing is printed here.
Neighbours: `table.py` (the requests), `reasons.py` (what is assumed and missing), `findings.py` (frames and lines of
findings), `format.py` (figures, escaping).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from shlex import quote

from guard.bill import Bill
from guard.model import Finding, Money, Priced, Problem, Report, Totals
from guard.report.bill_text import bill_lines, units_lines
from guard.report.deployment_text import deployment_lines
from guard.report.findings import Blocks, Paper, paragraphs, summary
from guard.report.format import UNBOUNDED, UNKNOWN, columns, money, months_known, percent, place, plural, safe, wrap
from guard.report.frame import Sources
from guard.report.moves_text import sensitivity_lines, what_if_lines
from guard.report.reasons import assumptions, order, reasons, why_outside, why_partial, why_unbounded, why_unpriced
from guard.report.style import paint
from guard.report.table import table

SHOWN = 6
"""Entries of a list of reasons before it is cut short with a count; `guard explain` and JSON have all."""
OF_REQUEST = "`guard explain PATH:LINE` has those of a request"
SHORT = 16
"""Columns of an entry's beginning up to which its reason stands beside it, on all its lines."""


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
    bill: Bill | None = None,
) -> str:
    """What the requests of `report` cost: the table, what it rests on, what is missing, sums, and a next step.

    Requests that no sum is about (in tests, not counted) are one line; `everything` shows them, too. `known` names the
    SDKs that guard knows; they are said where nothing was found. `again` is what a further command on the same folder
    needs behind it (`src --config rules.yaml`). `sources` is not asked: the frames are those of `render_check`. `bill`:
    what was asked for; groups, moves and what-ifs take the place of the table.
    """
    ordered = sorted(report.requests, key=order)
    shown = ordered if everything else [p for p in ordered if p.in_totals]
    lines: list[str] = []
    if shown:
        asked = [] if bill is None else _asked(bill, report, width, color, everything)
        lines += asked or _requests(report, shown, width, color, everything)
        for section, items in (
            ("Assumed (*)", assumptions(shown)),
            ("Not priced (?)", reasons(shown, why_unpriced)),
            ("Worst of what is known and priced only (+)", reasons(shown, why_partial)),
            ("No bound on the worst case", reasons(shown, why_unbounded)),
            ("Not counted", reasons(shown, why_outside)),
        ):
            lines += _section(section, items, width, color, OF_REQUEST)
    if bill is not None:
        lines += units_lines(bill, width=width, color=color)
    lines += deployment_lines(report.deployments, width=width, color=color)
    lines += problems(report, width, color)
    lines += [] if not lines else [""]
    if len(shown) < len(ordered):
        lines += wrap(_hidden([p for p in ordered if not p.in_totals]), width, "    ", "")
    lines += closing(report, width, color, known, again=again)
    return "\n".join(lines) + "\n"


def _asked(bill: Bill, report: Report, width: int, color: bool, everything: bool) -> list[str]:
    """Groups, what moves the bill, a bill that is otherwise: what stands in the place of the table; nothing where none
    of it was asked for."""
    lines = bill_lines(bill, report, width=width, color=color, everything=everything)
    lines += sensitivity_lines(bill.sensitivity, width=width, color=color, everything=everything)
    lines += what_if_lines(bill.what_if, width=width, color=color, everything=everything)
    return lines[1:] if lines and not lines[0] else lines


def _requests(report: Report, shown: Sequence[Priced], width: int, color: bool, everything: bool) -> list[str]:
    """The table of requests below its title."""
    title = f"Requests to models in {safe(report.root)}, US dollars per call, prices of {safe(report.prices.as_of)}"
    heading = [paint(line, "strong", color) for line in wrap(title, width, "    ", "")]
    return [*heading, "", *table(shown, width=width, color=color, everything=everything)]


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

    `blocks` says which findings make the command fail (`--fail-on` widens it). Forgiven findings are counted only. Only
    the first few of a policy have frames, the others a line or their places, unless `everything` is asked for. `again`:
    see `render_cost`.
    """
    active = [finding for finding in report.findings if finding.forgiven is None]
    lines = []
    for paragraph in paragraphs(report, active, blocks, everything, Paper(sources, width, color)):
        lines += [*paragraph, ""]
    troubles = problems(report, width, color)
    if troubles:
        lines += [*troubles[1:], ""]
    lines += wrap(summary(report, active, blocks), width)
    lines += closing(report, width, color, known, hint=not active, again=again)
    return "\n".join(lines) + "\n"


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
    share = (
        "" if not totals.assumed_share_month else f"{percent(totals.assumed_share_month)} of typical is assumption; "
    )
    return f"A month: {amount}; {share}{months_known(totals)}."


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
