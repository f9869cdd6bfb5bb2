"""The findings of a report in words: frames for the first, a line or a place for the others, and the count of all.

In: findings. Out: lines for a terminal. Neighbours: `text.py`, which puts the report of `guard check` together;
`frame.py`, which draws the marked source lines.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from guard.model import Finding, Report, Severity
from guard.report.format import cut, place, plural, safe, wrap
from guard.report.frame import Sources, frame
from guard.report.style import Meaning, paint

FRAMES = 1
"""Frames for findings that say the same, before the rest is named by place."""
NAMED, NAMED_BLOCKING = 12, 40
"""Places that are named then, and lines for those that have words of their own: of what warns, and of what blocks."""
FRAMED, FRAMED_BLOCKING = 3, 5
"""Findings of one policy with words of their own that have frames; the others have a line each."""
LINES = 2
"""Lines of such a finding, whose words may be longer."""

_SEVERITY: dict[Severity, int] = {"high": 0, "medium": 1, "low": 2}
_WAYS = {"baseline": "in the baseline", "exception": "by exception", "inline": "inline"}

Blocks = Callable[[Finding], bool]


@dataclass(frozen=True, slots=True)
class Paper:
    """What is written on: the lines of files for frames, the columns, whether to color."""

    sources: Sources
    width: int
    color: bool


def paragraphs(
    report: Report, active: Sequence[Finding], blocks: Blocks, everything: bool, paper: Paper
) -> Iterator[list[str]]:
    """The lines of each finding of `active`, worst first: first all that blocks, then the others.

    Only the dearest few of a policy have frames, more of those that block, unless `everything` is asked for; what has
    none is named behind them.
    """
    groups = _alike(sorted(active, key=lambda finding: _worst_first(finding, blocks)), blocks)
    prices = _prices(report)
    full, brief = (groups, []) if everything else _framed(groups, blocks, prices)
    for blocking in (True, False):
        for group in full:
            if blocks(group[0]) == blocking:
                yield from _group(group, blocking, everything, prices, paper)
        for others in brief:
            if blocks(others[0][0]) == blocking:
                yield _brief(others, blocking, paper.width, paper.color)


def _group(
    group: list[Finding], blocking: bool, everything: bool, prices: Mapping[str, Decimal], paper: Paper
) -> Iterator[list[str]]:
    """Findings that say the same: the dearest as a frame, the places of the others."""
    drawn, named = group, group[:0]
    if not everything and len(group) > FRAMES + 1:
        drawn = sorted(group, key=lambda one: -prices.get(one.request or "", Decimal(0)))[:FRAMES]
        named = [one for one in group if one not in drawn]
    for finding in drawn:
        yield _finding(finding, blocking, paper.sources, paper.width, paper.color)
    if named:
        yield _same(named, blocking, paper.width, paper.color)


def _alike(findings: Sequence[Finding], blocks: Blocks) -> list[list[Finding]]:
    """Findings of one policy with the same words, each group where its first one stands."""
    groups: dict[tuple[bool, str, str, str], list[Finding]] = {}
    for finding in findings:
        key = (blocks(finding), finding.policy, finding.verdict, finding.message)
        groups.setdefault(key, []).append(finding)
    return list(groups.values())


def _framed(
    groups: list[list[Finding]], blocks: Blocks, prices: Mapping[str, Decimal]
) -> tuple[list[list[Finding]], list[list[list[Finding]]]]:
    """The groups that are shown in full, the dearest of each policy, and the others by policy."""
    by_policy: dict[tuple[bool, str, str], list[list[Finding]]] = {}
    for group in groups:
        by_policy.setdefault((blocks(group[0]), group[0].policy, group[0].verdict), []).append(group)
    brief = []
    for (blocking, _, _), seen in by_policy.items():
        most = FRAMED_BLOCKING if blocking else FRAMED
        if len(seen) > most + 1:  # one group more costs no more lines than saying that there is one
            dear = sorted(seen, key=lambda group: -max(prices.get(one.request or "", Decimal(0)) for one in group))
            shown = {id(group) for group in dear[:most]}
            brief.append([group for group in seen if id(group) not in shown])
    left_out = {id(group) for others in brief for group in others}
    return [group for group in groups if id(group) not in left_out], brief


def _prices(report: Report) -> dict[str, Decimal]:
    """The typical price of one call of each request that has one."""
    return {one.request.id: one.estimate.usd.typical for one in report.requests if one.estimate.usd is not None}


def _meaning(finding: Finding, blocks: bool) -> Meaning:
    return "error" if blocks else "warning" if finding.verdict == "violated" else "undecided"


def _brief(groups: list[list[Finding]], blocks: bool, width: int, color: bool) -> list[str]:
    """Further findings of one policy, a line for each that has words of its own."""
    first, most = groups[0][0], NAMED_BLOCKING if blocks else NAMED
    meaning = _meaning(first, blocks)
    head = f"{meaning}[{safe(first.policy)}]"
    rest = f": {sum(map(len, groups)):,} more; `--all` shows them"
    lines = [paint(head, meaning, color) + paint(rest, "strong", color)]
    for group in groups[:most]:
        at = place(group[0].labels[0].span, column=False) if group[0].labels else ""
        also = f" and {plural(len(group) - 1, 'more place')}" if len(group) > 1 else ""
        said = wrap(f"{at}{also}: {safe(group[0].message)}", width, " " * 8, " " * 4)
        lines += said if len(said) <= LINES else [*said[: LINES - 1], cut(f"{said[LINES - 1]} ...", width)]
    if len(groups) > most:
        lines.append(f"    and {sum(map(len, groups[most:])):,} more")
    return lines


def _same(findings: Sequence[Finding], blocks: bool, width: int, color: bool) -> list[str]:
    """The places of findings that say the same as those before them."""
    most = NAMED_BLOCKING if blocks else NAMED
    meaning = _meaning(findings[0], blocks)
    head = f"{meaning}[{safe(findings[0].policy)}]"
    rest = f": the same at {plural(len(findings), 'more place')}; `--all` shows them"
    places = list(dict.fromkeys(place(f.labels[0].span, column=False) for f in findings if f.labels))
    more = f" and {len(places) - most:,} more" if len(places) > most else ""
    return [
        paint(head, meaning, color) + paint(rest, "strong", color),
        *wrap(", ".join(places[:most]) + more, width, "    "),
    ]


def _worst_first(finding: Finding, blocks: Blocks) -> tuple[bool, bool, int, str, int, int, str, str]:
    span = finding.labels[0].span if finding.labels else None
    at = ("", 0, 0) if span is None else (span.path, span.line, span.column)
    decided = finding.verdict == "violated"
    return not blocks(finding), not decided, _SEVERITY[finding.severity], *at, finding.policy, finding.id


def _finding(finding: Finding, blocks: bool, sources: Sources, width: int, color: bool) -> list[str]:
    meaning = _meaning(finding, blocks)
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


def summary(report: Report, active: Sequence[Finding], blocks: Blocks) -> str:
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
