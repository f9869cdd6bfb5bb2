"""What changed, for a terminal: `guard diff`, and what `guard check` says of a base before and after its findings.

In: a `View` with a `Difference`. Out: text. Each change has its place, what it costs before and after, and the changed
lines that are behind it. Neighbours: `text.py`, for findings and sums; `changes.py`, for the words.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal

from guard.difference import Cause, Change, ChangeKind, Difference, Gaps
from guard.model import Finding, Money, Priced, Problem, Totals
from guard.report.changes import (
    FIGURES,
    Figure,
    both_typical,
    cause_words,
    figure,
    gap_words,
    least,
    priced_now,
    tells,
    worst_of,
)  # fmt: skip
from guard.report.findings import Paper, paragraphs, summary
from guard.report.format import UNBOUNDED, UNKNOWN, money, money_exact, percent, place, plural, safe, wrap
from guard.report.style import Meaning, paint
from guard.report.table import model_text
from guard.report.text import problems
from guard.report.view import View

SHOWN = 20
"""Changes of a kind that are shown in full; `--all` shows the others, too."""
SECTIONS: tuple[tuple[str, Meaning, tuple[ChangeKind, ...]], ...] = (
    ("No price any more", "error", ("unpriced",)),
    ("Dearer", "error", ("dearer",)),
    ("New", "warning", ("new",)),
    ("Changed", "undecided", ("changed", "priced")),
    ("Cheaper", "good", ("cheaper",)),
    ("Gone", "good", ("removed",)),
    ("Moved, at the same price", "faint", ("moved",)),
)


def render_diff(view: View) -> str:
    """Everything that changed, then the sums of both sides."""
    difference = view.difference
    if difference is None:
        raise ValueError("a difference is needed")
    lines = [paint(line, "strong", view.color) for line in wrap(_title(difference, view), view.width, "    ", "")]
    lines += [*notes(view), *loosened(view)]
    for title, meaning, kinds in SECTIONS:
        chosen = [change for change in difference.changes if change.kind in kinds]
        if chosen:
            lines += ["", paint(f"{title} ({len(chosen):,})", meaning, view.color)]
            groups = [[change] for change in chosen] if view.everything else _alike(chosen)
            for group in groups if view.everything else groups[:SHOWN]:
                lines += _change(group[0], len(group) - 1, view.width)
            if len(groups) > SHOWN and not view.everything:
                rest = sum(len(group) for group in groups[SHOWN:])
                lines.append(f"  and {rest:,} more; `--all` shows them")
    lines += _findings(view)
    return "\n".join([*lines, "", *sums(view)]) + "\n"


def render_check_against(view: View) -> str:
    """The findings that the base lacks, as frames, after the rules that let more pass; then the sums of both sides."""
    difference = view.difference
    if difference is None:
        raise ValueError("a difference is needed")
    new = difference.new_findings
    active = [one for one in view.report.findings if one.id in new and one.forgiven is None]
    lines = [*notes(view), *loosened(view)]
    lines += [""] if lines else []
    paper = Paper(view.sources, view.width, view.color)
    for paragraph in paragraphs(view.report, active, view.blocks, view.everything, paper):
        lines += [*paragraph, ""]
    troubles = problems(view.report, view.width, view.color)
    lines += [*troubles[1:], ""] if troubles else []
    forgiven = [one for one in view.report.findings if one.forgiven is not None]
    counted = replace(view.report, findings=(*active, *forgiven))  # what is forgiven is counted, be it new or old
    lines += wrap(summary(counted, active, view.blocks), view.width)
    old = sum(1 for one in view.report.findings if one.forgiven is None) - len(active)
    label = safe(difference.base.label)
    said = f"New since {label}"
    if old:
        said += f"; {plural(old, 'finding')} that {'was' if old == 1 else 'were'} there before cannot block"
    lines += wrap(f"{said}.", view.width)
    lines += mended(difference.fixed_findings, view.width) if difference.fixed_findings else []
    return "\n".join([*lines, *sums(view)]) + "\n"


def nothing(label: str) -> str:
    """The one line for a diff that touches nothing."""
    return f"Nothing differs from {safe(label)}.\n"


def _title(difference: Difference, view: View) -> str:
    report = view.report
    differ = ""
    if difference.base.commit is not None:
        differ = f": {plural(difference.files, 'file')} {'differs' if difference.files == 1 else 'differ'}"
    at = f"prices of {safe(report.prices.as_of)}"
    return f"{safe(report.root)} compared with {safe(difference.base.label)}{differ}, {at}"


def notes(view: View) -> list[str]:
    """What a reader should know of the comparison itself, and which files of the base could not be read."""
    difference = view.difference
    if difference is None:
        return []
    lines = []
    for problem in difference.lost:
        text = f"{_read(problem)}: what it asks for looks gone here, and is not"
        text += "; that blocks" if view.lost_blocks else ""
        lines += [paint(line, "error", view.color) for line in wrap(text, view.width, "    ", "not read: ")]
    lines += [line for remark in difference.remarks for line in wrap(safe(remark), view.width, "    ", "note: ")]
    for problem in difference.problems:
        lines += wrap(f"{_read(problem)} in the base: what it asks for looks new", view.width, "    ", "note: ")
    return lines


def _read(problem: Problem) -> str:
    at = safe(problem.path) + (f":{problem.line}" if problem.line is not None else "")
    return f"{at} ({safe(problem.message)})"


def loosened(view: View) -> list[str]:
    """Rules that let more pass than in the base, before everything else."""
    difference = view.difference
    if difference is None or not difference.loosened:
        return []
    lines = ["", paint(f"Rules that let more pass ({len(difference.loosened):,})", "warning", view.color)]
    for rule in difference.loosened:
        at = "" if rule.span is None else f"  {place(rule.span)}"
        lines += wrap(f"{safe(rule.message)}{at}", view.width, "      ", "  ")
    return lines


def _alike(changes: Sequence[Change]) -> list[list[Change]]:
    """Changes of one call to one model for the same reasons: the first of them, the largest, stands for all."""
    groups: dict[object, list[Change]] = {}
    for change in changes:
        site, shown = priced_now(change).request.sites[0].span, priced_now(change)
        groups.setdefault((site, model_text(shown.request.model), change.causes), []).append(change)
    return list(groups.values())


def _change(change: Change, others: int, width: int) -> list[str]:
    """`others`: how many like it are not shown."""
    shown = priced_now(change)
    more = f"  (and {plural(others, 'more way')})" if others else ""
    lines = wrap(_heading(change, shown) + more, width, "      ", "  ")
    if change.kind == "moved":
        return lines
    for title, pick in FIGURES:
        lines += wrap(_figure(title, pick, change), width, "        ", "    ") if tells(change, pick) else []
    for cause in change.causes:
        lines += wrap(_because(cause), width, "        ", "    ")
    if not change.causes and change.kind in ("dearer", "cheaper", "changed"):
        lines.append("    no changed line was found behind it")
    return lines


def _heading(change: Change, shown: Priced) -> str:
    sites = shown.request.sites
    way = f"{safe(sites[0].qualname)}: {safe(sites[-1].callee)}"
    at = place(sites[0].span)
    was = change.before
    if change.kind == "moved" and was is not None:
        pairs = list(zip(was.request.sites, sites))
        old, new = next(
            (p for p in pairs if (p[0].span.path, p[0].qualname) != (p[1].span.path, p[1].qualname)), pairs[0]
        )
        return f"{place(old.span)} {safe(old.qualname)} -> {place(new.span)} {safe(new.qualname)}"
    outside = "" if shown.request.counted else "  (not counted)"
    return f"{at}  {way}  {model_text(shown.request.model)}{outside}"


def _figure(title: str, pick: Figure, change: Change) -> str:
    """`one call  $0.01 -> $0.02 (+100%), worst $0.05 -> $0.10`; one figure where there is nothing beside it."""
    old, new = figure(change.before, pick), figure(change.after, pick)
    if change.before is None or change.after is None:
        only = new if change.after is not None else old
        side = change.after or change.before
        return f"{title:<9} {_typical(only, side)}, {_worst(only, side)} worst"
    if old == new:
        return f"{title:<9} {_typical(new, change.after)}, as before"
    text = f"{title:<9} {_both(old, new, change)}{_share(old, new)}"
    worst = _worst(old, change.before), _worst(new, change.after)
    return f"{text}, worst {worst[0]}" + ("" if worst[0] == worst[1] else f" -> {worst[1]}")


def _both(old: Money | None, new: Money | None, change: Change) -> str:
    """Both typical figures; with more digits where they would read the same."""
    if old is not None and new is not None:
        sides = both_typical(old, new)
    else:
        sides = _typical(old, change.before), _typical(new, change.after)
    return sides[0] if sides[0] == sides[1] else f"{sides[0]} -> {sides[1]}"


def _typical(amount: Money | None, side: Priced | None) -> str:
    if amount is not None:
        return money(amount.typical)
    why = side.estimate.why if side is not None and not side.estimate.priced else ()
    return f"{UNKNOWN} ({safe(why[0])})" if why else UNKNOWN


def _worst(amount: Money | None, side: Priced | None) -> str:
    if amount is None:
        return UNKNOWN
    if amount.high is None:
        return UNBOUNDED
    return ("at least " if side is not None and side.estimate.known_only else "") + money(amount.high)


def _share(old: Money | None, new: Money | None) -> str:
    if old is None or new is None or old.typical == new.typical:
        return ""
    return f" ({change_words(old.typical, new.typical)})"


def change_words(old: Decimal, new: Decimal) -> str:
    """`+50%`, `-12%`, `14 times`, `more than 99% less`; of nothing the amount."""
    if old == 0:
        return f"+{money(new)}"
    ratio = new / old
    if ratio >= 3:
        return f"{ratio:,.0f} times" if ratio >= 10 else f"{ratio:.1f} times"
    share = percent(float(abs(ratio - 1)))
    if share[0] in "<>":  # a sign before it would read as an arrow
        return f"{'more' if share[0] == '>' else 'less'} than {share[1:]} {'more' if ratio > 1 else 'less'}"
    return ("+" if ratio > 1 else "-") + share


def _because(cause: Cause) -> str:
    """The line, where it stands or stood, and what it changed."""
    note = "" if cause.span is not None and cause.note == cause.span.path else cause.note
    words = safe(cause_words(replace(cause, note=note)))
    if cause.span is None:
        if cause.base_span is None:
            return f"by {words}; no changed line is on its way"
        return f"by {place(cause.base_span)} of the base  {words}"
    moved = cause.base_span is not None and cause.base_span.path != cause.span.path
    was = f" (was {place(cause.base_span)})" if moved and cause.base_span is not None else ""
    return f"by {place(cause.span)}{was}  {words}"


def _findings(view: View) -> Iterator[str]:
    """New findings, a line each, and how many are mended."""
    difference = view.difference
    assert difference is not None
    new = [finding for finding in view.active() if finding.id in difference.new_findings]
    if new:
        yield ""
        yield paint(
            f"New findings ({len(new):,}); `guard check` with `--base` shows them in full", "strong", view.color
        )
        for finding in new if view.everything else new[:SHOWN]:
            yield from wrap(_line(finding), view.width, "      ", "  ")
        if len(new) > SHOWN and not view.everything:
            yield f"  and {len(new) - SHOWN:,} more; `--all` shows them"
    if difference.fixed_findings:
        yield from mended(difference.fixed_findings, view.width)


def mended(messages: Sequence[str], width: int) -> list[str]:
    """Findings that the head has no more."""
    lines = ["", f"Findings that are gone ({len(messages):,})"]
    for message in messages[:SHOWN]:
        lines += wrap(safe(message), width, "      ", "  ")
    return [*lines, *([f"  and {len(messages) - SHOWN:,} more"] if len(messages) > SHOWN else [])]


def _line(finding: Finding) -> str:
    at = f"{place(finding.labels[0].span)}  " if finding.labels else ""
    return f"{at}{safe(finding.policy)}: {safe(finding.message)}"


def sums(view: View) -> list[str]:
    """Both sides together: one call of each request, and a month where usage is declared."""
    difference = view.difference
    if difference is None:
        return []
    before, after = difference.before, difference.after
    lines = wrap(f"{plural(difference.unchanged, 'request')} as before.", view.width)
    covered = f"{after.priced:,} of {after.counted:,} priced, before {before.priced:,} of {before.counted:,}"
    one = _sum((before, before.usd), (after, after.usd), difference.call_gaps)
    lines += wrap(f"One call of each request: {one}; {covered}.", view.width, "    ", "")
    if before.usd_per_month is not None or after.usd_per_month is not None:
        month = _sum((before, before.usd_per_month), (after, after.usd_per_month), difference.month_gaps)
        lines += wrap(f"A month: {month}.", view.width, "    ", "")
    return [paint(line, "strong", view.color) for line in lines]


_Side = tuple[Totals, Money | None]


def _sum(before: _Side, after: _Side, gaps: Gaps) -> str:
    """Both sums, typical and worst; a share only where they are about the same requests."""
    old, new = before[1], after[1]
    worst = worst_of(*before, gaps.least_before), worst_of(*after, gaps.least_after)
    endless = old is not None and new is not None and worst == (UNBOUNDED, UNBOUNDED)
    if gaps.comparable and old == new and worst[0] == worst[1]:
        return f"{least(new, False)} typical, as before" + (f"; worst {UNBOUNDED}, before and now" if endless else "")
    same = old is not None and new is not None and old.typical == new.typical
    sides = least(old, gaps.least_before), least(new, gaps.least_after)
    if not same and sides[0] == sides[1] and old is not None and new is not None:
        sides = money_exact(old.typical), money_exact(new.typical)
    typical = f"{sides[0]} -> {sides[1]} typical"
    if gaps.comparable:
        typical = f"{sides[0]} typical as before" if same else f"{typical}{_share(old, new)}"
    if endless:
        text = f"{typical}, worst: {UNBOUNDED}, before and now"
    elif worst[0] == worst[1]:
        text = f"{typical}, worst as before"
    else:
        text = f"{typical}, worst {worst[0]} -> {worst[1]}"
    return text if gaps.comparable else f"{text}; {gap_words(gaps)}"
