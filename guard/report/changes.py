"""What several formats say of a difference: words for kinds and causes, and which cause stands behind a finding.

In: `Difference` values. Out: plain, not yet escaped text, and lookups that are made once for a report.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from guard.difference import Cause, CauseKind, Change, ChangeKind, Difference, Gaps
from guard.model import Finding, Money, Priced, Span, Totals
from guard.report.format import UNBOUNDED, UNKNOWN, money, money_exact, plural

KINDS: dict[ChangeKind, str] = {
    "new": "new",
    "removed": "removed",
    "moved": "moved",
    "dearer": "dearer",
    "cheaper": "cheaper",
    "changed": "changed",
    "unpriced": "no price any more",
    "priced": "has a price now",
}
WHAT: dict[CauseKind, str] = {
    "model": "model",
    "max_output": "output limit",
    "prompt": "prompt",
    "repeats": "repeats",
    "attempts": "tries",
    "turns": "turns",
    "tools": "tools",
    "outputs": "answers",
    "reasoning": "reasoning",
    "tier": "tier",
    "provider": "provider",
    "usage": "declared usage",
    "reach": "who calls it",
    "size": "size",
    "quality": "quality",
    "call": "the call",
}
Figure = Literal["usd", "usd_per_run", "usd_per_month"]
FIGURES: tuple[tuple[str, Figure], ...] = (
    ("one call", "usd"),
    ("a run", "usd_per_run"),
    ("a month", "usd_per_month"),
)
"""Figures of an estimate with their names, from the narrowest to the widest."""
COSTLY: frozenset[ChangeKind] = frozenset({"new", "dearer", "unpriced"})
"""Kinds after which more may be paid than before."""


def cause_words(cause: Cause) -> str:
    """`repeats 20 -> 2,000: constant ROUNDS`; what is gone or new is said so."""
    text = WHAT[cause.what]
    if cause.before is not None and cause.after is not None:
        text += f" {cause.before} -> {cause.after}"
    elif cause.after is not None:
        text += f" {cause.after} (new)"
    elif cause.before is not None:
        text += f" {cause.before} (gone)"
    return f"{text}: {cause.note}" if cause.note else text


def says_more(cause: Cause | None) -> bool:
    """Whether a cause says more than that the call is new or gone, which its place says already."""
    return cause is not None and cause.what != "call"


def priced_now(change: Change) -> Priced:
    """The request as it is, or as it was where it is gone."""
    found = change.after or change.before
    if found is None:
        raise ValueError("a change has neither a request before nor one after")
    return found


def figure(side: Priced | None, pick: Figure) -> Money | None:
    """One of the figures of a request; None where there is no request or no price."""
    found: Money | None = None if side is None else getattr(side.estimate, pick)
    return found


def tells(change: Change, pick: Figure) -> bool:
    """Whether a figure says something: one call always; a run or a month where it is known and not the same."""
    if pick == "usd":
        return True
    sides = (change.before, change.after)
    if all(figure(side, pick) is None for side in sides):
        return False
    return pick == "usd_per_month" or any(figure(side, pick) != figure(side, "usd") for side in sides)


def widest(change: Change) -> tuple[str, Figure]:
    """The figure that a change is about, in words and by name: a month, else a run, else one call, whichever moved."""
    moved = [named for named in FIGURES if figure(change.before, named[1]) != figure(change.after, named[1])]
    telling = [named for named in moved if tells(change, named[1])]
    return telling[-1] if telling else FIGURES[0]


def both_typical(old: Money, new: Money) -> tuple[str, str]:
    """Two typical figures in words, with more digits where they would read the same and are not."""
    sides = money(old.typical), money(new.typical)
    if sides[0] == sides[1] and old.typical != new.typical:
        return money_exact(old.typical), money_exact(new.typical)
    return sides


def moved(change: Change, pick: Figure, arrow: str = " -> ") -> str:
    """How a typical figure moved; where it did not and the worst did, that. One amount where only one side has any."""
    if change.before is None or change.after is None:
        only = figure(change.after or change.before, pick)
        return UNKNOWN if only is None else money(only.typical)
    old, new = figure(change.before, pick), figure(change.after, pick)
    if old is None or new is None:
        sides = [UNKNOWN if one is None else money(one.typical) for one in (old, new)]
        return arrow.join(dict.fromkeys(sides))
    typical, worst = both_typical(old, new), (money(old.high), money(new.high))
    endless = old.high is not None and new.high is None
    if endless or (typical[0] == typical[1] and worst[0] != worst[1]):
        return f"{arrow.join(dict.fromkeys(typical))}, worst {arrow.join(worst)}"
    return arrow.join(dict.fromkeys(typical))


def gap_words(gaps: Gaps) -> str:
    """`1 request lost its figure`: why two sums are not about the same; empty where they are."""
    said = []
    if gaps.lost:
        said.append(f"{plural(gaps.lost, 'request')} lost {'its' if gaps.lost == 1 else 'their'} figure")
    if gaps.fresh:
        said.append(f"{plural(gaps.fresh, 'new request')} {'has' if gaps.fresh == 1 else 'have'} no price")
    if gaps.gained:
        said.append(f"{plural(gaps.gained, 'request')} had no figure before")
    if gaps.unread:
        said.append("a file could not be read")
    return ", ".join(said)


def least(usd: Money | None, partial: bool) -> str:
    """The typical figure of a sum, `at least` where it is `partial`."""
    return UNKNOWN if usd is None else f"{'at least ' if partial else ''}{money(usd.typical)}"


def worst_of(totals: Totals, usd: Money | None, partial: bool) -> str:
    """The worst case of a sum; `at least` where some of it is not known or not priced."""
    if usd is None:
        return UNKNOWN
    if usd.high is None:
        return UNBOUNDED
    return f"{'at least ' if totals.known_only or partial else ''}{money(usd.high)}"


@dataclass(slots=True)
class Causes:
    """Which line made a finding appear. Made once for a report, so that asking costs no search."""

    new: frozenset[str] = frozenset()
    """Ids of findings that the base lacks."""
    compared: bool = False
    by_request: dict[str, tuple[Cause, ...]] = field(default_factory=dict)
    """Causes with a place in the head, by id of the request in the head."""
    dearest: Cause | None = None
    """The cause of the largest rise, for findings about sums."""

    @classmethod
    def of(cls, difference: Difference | None) -> Causes:
        """The causes of a difference; nothing at all without one."""
        if difference is None:
            return cls()
        found: dict[str, tuple[Cause, ...]] = {}
        dearest = None
        for change in difference.changes:
            placed = tuple(cause for cause in change.causes if cause.span is not None)
            if change.after is not None and placed:
                found.setdefault(change.after.request.id, placed)
            if dearest is None and placed and change.kind in COSTLY:
                dearest = placed[0]
        return cls(difference.new_findings, True, found, dearest)

    def behind(self, finding: Finding) -> Cause | None:
        """The changed line that a new finding comes from; None for an old one or where none is known.

        Of several causes of one request that is preferred which stands at a place that the finding itself names.
        """
        if finding.id not in self.new:
            return None
        if finding.request is None:
            return self.dearest
        causes = self.by_request.get(finding.request, ())
        named = {_line(label.span) for label in finding.labels}
        return next((cause for cause in causes if cause.span and _line(cause.span) in named), next(iter(causes), None))


def _line(span: Span) -> tuple[str, int]:
    return span.path, span.line


def largest_first(changes: Iterable[Change]) -> list[Change]:
    """Changes as `Difference.changes` has them, but those that may cost more before the others."""
    return sorted(changes, key=lambda change: change.kind not in COSTLY)
