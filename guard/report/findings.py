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
from guard.report.format import place, plural, safe, wrap
from guard.report.frame import Sources, frame
from guard.report.style import Meaning, paint

FRAMES = 1
"""Frames for findings that say the same, before the rest is named by place."""
NAMED = 12
"""Places that are named then."""
FRAMED = 3
"""Findings of one policy with words of their own that have frames; the others have a line each."""

_SEVERITY: dict[Severity, int] = {"high": 0, "medium": 1, "low": 2}
_WAYS = {"exception": "by exception", "inline": "inline"}

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
    """The lines of each finding of `active`, worst first, then those of what is only named.

    Of findings that do not block, only the dearest few of a policy have frames, unless `everything` is asked for.
    """
    width, color = paper.width, paper.color
    groups = _alike(sorted(active, key=lambda finding: _worst_first(finding, blocks)), blocks)
    prices = _prices(report)
    full, brief = (groups, []) if everything else _framed(groups, blocks, prices)
    for group in full:
        drawn, named = group, group[:0]
        if not everything and len(group) > FRAMES + 1 and not blocks(group[0]):
            drawn = sorted(group, key=lambda one: -prices.get(one.request or "", Decimal(0)))[:FRAMES]
            named = [one for one in group if one not in drawn]
        for finding in drawn:
            yield _finding(finding, blocks(finding), paper.sources, width, color)
        if named:
            yield _same(named, width, color)
    for others in brief:
        yield _brief(others, width, color)


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
    """The groups that are shown in full, all that block and the dearest of each policy, and the others by policy."""
    by_policy: dict[tuple[str, str], list[list[Finding]]] = {}
    for group in groups:
        if not blocks(group[0]):
            by_policy.setdefault((group[0].policy, group[0].verdict), []).append(group)
    brief = []
    for seen in by_policy.values():
        if len(seen) > FRAMED + 1:  # one group more costs no more lines than saying that there is one
            dear = sorted(seen, key=lambda group: -max(prices.get(one.request or "", Decimal(0)) for one in group))
            shown = {id(group) for group in dear[:FRAMED]}
            brief.append([group for group in seen if id(group) not in shown])
    left_out = {id(group) for others in brief for group in others}
    return [group for group in groups if id(group) not in left_out], brief


def _prices(report: Report) -> dict[str, Decimal]:
    """The typical price of one call of each request that has one."""
    return {one.request.id: one.estimate.usd.typical for one in report.requests if one.estimate.usd is not None}


def _brief(groups: list[list[Finding]], width: int, color: bool) -> list[str]:
    """Further findings of one policy, a line for each that has words of its own."""
    first = groups[0][0]
    meaning: Meaning = "warning" if first.verdict == "violated" else "undecided"
    head = f"{meaning}[{safe(first.policy)}]"
    rest = f": {sum(map(len, groups)):,} more; `--all` shows them"
    lines = [paint(head, meaning, color) + paint(rest, "strong", color)]
    for group in groups[:NAMED]:
        at = place(group[0].labels[0].span, column=False) if group[0].labels else ""
        also = f" and {plural(len(group) - 1, 'more place')}" if len(group) > 1 else ""
        lines += wrap(f"{at}{also}: {safe(group[0].message)}", width, " " * 8, " " * 4)
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
