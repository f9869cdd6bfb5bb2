"""Markdown for a comment on a pull request or a step's summary: the verdict first. In: a `View`. Out: Markdown.

The text stays below GitHub's limit for a comment: tables are cut, with the number of rows that are left out. All that
comes from the scanned repository goes through `guard.report.markdown`, so that none of it is markup. Neighbour:
`guard.report.markdown_tables`, which makes the tables.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from guard.difference import Difference
from guard.model import Finding, Money, Report, Totals
from guard.report.bill_markdown import bill_blocks
from guard.report.changes import Causes, gap_words, least, says_more, worst_of
from guard.report.format import UNBOUNDED, UNKNOWN, money, months_known, percent, place, plural
from guard.report.markdown import code, text
from guard.report.markdown_tables import cause_text, changes, more, requests
from guard.report.reasons import assumptions, reasons, why_partial, why_unbounded, why_unpriced
from guard.report.view import View

LIMIT = 60_000
"""Bytes of UTF-8 at most: GitHub takes 65,536 characters, and whoever posts the text may add some."""
ROWS = (50, 25, 12, 6, 3)
"""Rows of each list: the first of these with which the text is short enough."""

IN_FULL = 8
"""Blocking findings that stand in full; the others are below a fold."""

_GOOD = "\N{WHITE HEAVY CHECK MARK}"
_MARKS = {
    "error": "\N{CROSS MARK}",
    "warning": "\N{WARNING SIGN}",
    "undecided": "\N{WHITE QUESTION MARK ORNAMENT}",
}


def render(view: View) -> str:
    """The whole text."""
    made = ""
    for rows in ROWS:
        made = _text(view, rows)
        if len(made.encode("utf-8", "backslashreplace")) <= LIMIT:
            return made
    return made


def _text(view: View, rows: int) -> str:
    difference = view.difference
    causes = Causes.of(difference)
    active = view.active()
    fresh = [one for one in active if not causes.compared or one.id in causes.new]
    old = [one for one in active if causes.compared and one.id not in causes.new]
    blocks = ["### guard: costs" if view.command == "cost" else _verdict(view, fresh, old)]
    if difference is not None:
        blocks += [_lost(difference, rows), _loosened(difference, rows), *map(text, difference.remarks)]
        blocks += [_compared(difference), changes(difference, rows)]
    elif view.report.requests:
        blocks.append(_sums(view.report.totals))
    if view.bill is not None:
        blocks += bill_blocks(view.bill, rows, everything=view.everything)
    if view.command != "cost":
        blocks.append(_findings(view, fresh, rows, causes))
    if difference is not None:
        gone = [text(message) for message in difference.fixed_findings]
        blocks.append(_details("Findings that are gone", gone, rows))
        blocks.append(_details("Findings that the base has, too", [_finding(view, one, None) for one in old], rows))
    if difference is None or view.everything:
        blocks.append(requests(view, rows))
    blocks += _reasons(view, rows)
    blocks.append(_foot(view.report))
    return "\n\n".join(block for block in blocks if block) + "\n"


def _verdict(view: View, fresh: Sequence[Finding], old: Sequence[Finding]) -> str:
    """The heading: whether anything blocks, and how much else there is."""
    levels = [view.level(finding) for finding in fresh]
    blocking, warnings, undecided = (levels.count(level) for level in ("error", "warning", "undecided"))
    which = "new " if view.difference is not None else ""
    lost = bool(view.difference and view.difference.lost)
    if blocking:
        head = f"{_MARKS['error']} guard: {blocking} {which}{'finding blocks' if blocking == 1 else 'findings block'}"
    elif lost and view.lost_blocks:
        head = f"{_MARKS['error']} guard: not all could be read, and that blocks"
    elif lost:
        head = f"{_MARKS['warning']} guard: not all could be read; nothing blocks in the rest"
    elif warnings or undecided:
        head = f"{_MARKS['warning']} guard: nothing blocks"
    else:
        head = f"{_GOOD} guard: nothing blocks"
    said = [plural(warnings, f"{which}warning")] if warnings else []
    said += [f"{undecided:,} undecided"] if undecided else []
    forgiven = len(view.report.findings) - len(fresh) - len(old)
    said += [f"{forgiven:,} forgiven"] if forgiven else []
    said += [f"{len(old):,} that the base has, too"] if old else []
    where = f" in {code(view.folder)}" if view.folder else ""
    return f"### {head}{where}" + (f"\n\n{', '.join(said)}." if said else "")


def _lost(difference: Difference, rows: int) -> str:
    """Files that the head lost: first, since what they ask for is in no figure and no finding below."""
    if not difference.lost:
        return ""
    lines = ["**Not read**: what these files ask for looks gone here, and is not", ""]
    for problem in difference.lost[:rows]:
        at = problem.path + (f":{problem.line}" if problem.line is not None else "")
        lines.append(f"- {code(at)}: {text(problem.message)}")
    return "\n".join([*lines, *more(len(difference.lost), rows, "- ")])


def _loosened(difference: Difference, rows: int) -> str:
    """Rules that let more pass: before all else, since they decide what the rest is worth."""
    if not difference.loosened:
        return ""
    lines = ["**Rules were loosened**", ""]
    for rule in difference.loosened[:rows]:
        at = "" if rule.span is None else f" ({code(place(rule.span, column=False))})"
        lines.append(f"- {text(rule.message)}{at}")
    return "\n".join([*lines, *more(len(difference.loosened), rows, "- ")])


def _compared(difference: Difference) -> str:
    """The sums of the base and the head."""
    base = code(difference.base.label)
    before, after = difference.before, difference.after
    none = f"No request to a model changed against {base}; {plural(difference.unchanged, 'request')} as before."
    if not difference.changes and (before.usd, before.usd_per_month) == (after.usd, after.usd_per_month):
        return none
    one, month = difference.call_gaps, difference.month_gaps
    intro = f"Against {base}, typical (worst):" if difference.changes else f"{none} The sums changed, typical (worst):"
    lines = [intro, "", "| | before | now |", "|---|---:|---:|"]
    sides = _pair(before, False, one.least_before), _pair(after, False, one.least_after)
    lines.append(f"| one call of each request | {sides[0]} | {sides[1]} |")
    if before.usd_per_month is not None or after.usd_per_month is not None:
        sides = _pair(before, True, month.least_before), _pair(after, True, month.least_after)
        lines.append(f"| a month, where usage is declared | {sides[0]} | {sides[1]} |")
    lines.append(f"| priced requests | {_covered(before)} | {_covered(after)} |")
    wider = month if before.usd_per_month is not None or after.usd_per_month is not None else one
    gaps = next((gaps for gaps in (wider, one) if not gaps.comparable), None)
    lines += [] if gaps is None else ["", f"The sums cannot be compared: {gap_words(gaps)}."]
    return "\n".join(lines)


def _pair(totals: Totals, month: bool, partial: bool) -> str:
    """Typical, and the worst case in brackets. `partial`: requests of that side have no figure that have one on the
    other."""
    usd = totals.usd_per_month if month else totals.usd
    return UNKNOWN if usd is None else f"{least(usd, partial)} ({worst_of(totals, usd, partial)})"


def _sum(totals: Totals, usd: Money | None) -> str:
    """As the text report says it."""
    if usd is None:
        return UNKNOWN
    worst = f"{UNBOUNDED} on the worst case" if usd.high is None else f"{worst_of(totals, usd, False)} worst"
    return f"**{money(usd.typical)}** typical, {worst}"


def _covered(totals: Totals) -> str:
    return f"{totals.priced:,} of {totals.counted:,}"


def _sums(totals: Totals) -> str:
    """What one call of each request costs, and a month."""
    if not totals.counted:
        return "No request to a model is counted."
    share = "" if not totals.assumed_share else f"; {percent(totals.assumed_share)} of typical is assumption"
    lines = [f"One call of each request: {_sum(totals, totals.usd)}; {_covered(totals)} priced{share}."]
    if totals.usd_per_month is not None:
        lines.append(f"A month: {_sum(totals, totals.usd_per_month)}; {months_known(totals)}.")
    return "  \n".join(lines)


def _findings(view: View, findings: Sequence[Finding], rows: int, causes: Causes) -> str:
    """What blocks as a list, the first few in full; what only warns below a fold."""
    blocking = [one for one in findings if view.level(one) == "error"]
    others = [one for one in findings if view.level(one) != "error"]
    shown = "\n".join(_finding(view, one, causes, full=True) for one in blocking[:IN_FULL])
    rest = blocking[IN_FULL:]
    title = f"{len(rest):,} more that {'blocks' if len(rest) == 1 else 'block'}"
    left = _details(title, [_finding(view, one, causes) for one in rest[:rows]], rows, len(rest))
    title = f"{plural(len(others), 'finding')} that {'does' if len(others) == 1 else 'do'} not block"
    folded = _details(title, [_finding(view, one, causes) for one in others[:rows]], rows, len(others))
    return "\n\n".join(part for part in (shown, left, folded) if part)


def _finding(view: View, finding: Finding, causes: Causes | None, *, full: bool = False) -> str:
    """A finding as an entry of a list, with the changed line that it comes from; `full`: with what to do."""
    at = f" {code(place(finding.labels[0].span, column=False))}" if finding.labels else ""
    mark = _MARKS[view.level(finding)]
    lines = [f"- {mark} **{code(finding.policy)}**{at}: {text(finding.message)}"]
    cause = None if causes is None else causes.behind(finding)
    if cause is not None and says_more(cause):
        lines.append(f"  Changed: {cause_text(cause)}")
    if full:
        lines += [f"  {text(note)}" for note in finding.notes[:2]]
        lines += [f"  Help: {text(finding.help)}"] if finding.help else []
    return "  \n".join(lines)


def _details(title: str, entries: Sequence[str], rows: int, amount: int | None = None) -> str:
    """A list below a fold; `amount`: how many entries there are where not all are given."""
    if not entries:
        return ""
    listed = [entry if entry.startswith("- ") else f"- {entry}" for entry in entries[:rows]]
    count = len(entries) if amount is None else amount
    body = "\n".join([*listed, *more(count, rows, "- ")])
    return f"<details><summary>{title}</summary>\n\n{body}\n\n</details>"


def _reasons(view: View, rows: int) -> list[str]:
    """What the figures rest on and what they lack, each below a fold."""
    counted = [priced for priced in view.report.requests if priced.in_totals]
    lost = () if view.difference is None else view.difference.problems
    lists = (
        ("Assumed", assumptions(counted)),
        ("Not priced", reasons(counted, why_unpriced)),
        ("Worst of what is known and priced only", reasons(counted, why_partial)),
        ("No bound on the worst case", reasons(counted, why_unbounded)),
        ("Not read in full", [(problem.path, problem.message) for problem in view.report.problems]),
        ("Not read in the base", [(problem.path, problem.message) for problem in lost]),
    )
    return [_details(title, [f"{_subject(what)}: {text(why)}" for what, why in items], rows) for title, items in lists]


def _subject(what: str) -> str:
    """A place as code; a number of requests as words."""
    return what.strip() if re.fullmatch(r" *[\d,]+ requests?", what) else code(what)


def _foot(report: Report) -> str:
    looked = report.looked
    return (
        f"<sub>{plural(len(report.requests), 'request')} to models in {plural(looked.files, 'file')}; "
        f"US dollars, prices of {text(report.prices.as_of)}. All figures with their way: "
        "<code>guard explain PATH:LINE</code>.</sub>"
    )
