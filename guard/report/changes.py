"""What several formats say of a difference: words for kinds and causes, and which cause stands behind a finding.

In: `Difference` values. Out: plain, not yet escaped text, and lookups that are made once for a report.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from guard.difference import Cause, CauseKind, Change, ChangeKind, Difference
from guard.model import Finding, Money, Priced, Span

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


def monthly(change: Change) -> bool:
    """Whether a side has a monthly figure, so that the change of a month can be said."""
    return any(side is not None and side.estimate.usd_per_month is not None for side in (change.before, change.after))


def typical(priced: Priced | None, *, month: bool = False) -> Decimal | None:
    """The typical price of a call or a month; None where there is no request or no price."""
    if priced is None:
        return None
    usd: Money | None = priced.estimate.usd_per_month if month else priced.estimate.usd
    return None if usd is None else usd.typical


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
