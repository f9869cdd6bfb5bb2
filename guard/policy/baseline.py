"""Holds findings against the baseline: what was there before is forgiven, what is mended is said to be.

In: findings before they are merged, the `Baseline` of the configuration. Out: the same findings, some forgiven, and one
finding for each entry that forgives nothing any more. Neighbours: `forgive.py` (comments and exceptions, which go
first), `judge.py` (the caller), `guard.use.baseline` (writes the file, with `matched` and `eligible` from here).
"""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from guard.config.types import Baseline, BaselineEntry
from guard.model import Extent, Finding, Forgiven, Label, Span
from guard.policy import forgive, stale, words
from guard.policy.verdict import finding_id

STALE = "stale-baseline"

DOCS = {
    STALE: """An entry of the baseline forgives nothing.

## What it does

Reports entries of the file that `guard baseline` writes (`.guard-baseline.json`) whose finding is not there any more:
it is mended, or its policy is off. Entries for files that could not be read are not reported.

## Why

A baseline only shrinks. An entry that stays would forgive the same finding when it comes back.

## Fix

Run `guard baseline`, which takes such entries out and adds none.
""",
}
"""Documentation of the findings that are made here, for `guard explain` and docs/checks.md."""

LONGEST_MESSAGE = 300
"""Characters of a message that are kept."""
_OWN = frozenset((*forgive.DOCS, *stale.DOCS, STALE))
_MONEY = re.compile(r"<?\$[0-9][0-9,]*(?:\.[0-9]+)?")
_SHARE = re.compile(r"<?(?<![\w.])[0-9][0-9,]*(?:\.[0-9]+)?%")


@dataclass(frozen=True, slots=True)
class Matched:
    """Which entry of a baseline is about which finding."""

    pairs: tuple[tuple[BaselineEntry, Finding], ...]
    gone: tuple[BaselineEntry, ...]
    """Entries without a finding."""
    others: tuple[Finding, ...]
    """Findings without an entry."""


def eligible(finding: Finding) -> bool:
    """Whether a baseline can forgive it: what a policy or a budget says, not what guard says of the rules."""
    return finding.policy not in _OWN


def path_of(finding: Finding, prefix: str) -> str:
    """The file of the first place, relative to the folder of the configuration."""
    return posixpath.normpath(prefix + finding.labels[0].span.path) if finding.labels else ""


def plain(message: str) -> str:
    """A message without amounts and shares, which change with prices and declared usage."""
    return _SHARE.sub("N%", _MONEY.sub("$N", message))[:LONGEST_MESSAGE]


def grew(entry: BaselineEntry, finding: Finding) -> bool:
    """Whether a budget's figure is beyond what it was forgiven up to."""
    if entry.extent is None or finding.extent is None:
        return False
    return finding.extent.quantity > entry.extent.quantity


def matched(entries: Sequence[BaselineEntry], findings: Iterable[Finding], prefix: str) -> Matched:
    """Entries and findings, one to one, surest first.

    The same id in the same file; the same words of the same policy in the same file (a function was renamed, or
    another one with its name came before it, so that its requests have other ids); the same id in another file (it was
    moved). An entry without an amount is never about a finding with one, nor the other way round. Linear in both.
    """
    # Of equal ones the largest amounts go together, so that the same findings always match without a rise.
    left = sorted(findings, key=lambda one: (one.forgiven is not None, -_quantity(one.extent)))
    open_entries = sorted(entries, key=lambda one: -_quantity(one.extent))
    pairs: list[tuple[BaselineEntry, Finding]] = []
    ways: tuple[tuple[Callable[[BaselineEntry], Hashable], Callable[[Finding], Hashable]], ...] = (
        (lambda e: (_id(e), e.path), lambda f: (_id(f), path_of(f, prefix))),
        (lambda e: (_said(e), e.path, e.message), lambda f: (_said(f), path_of(f, prefix), plain(f.message))),
        (_id, _id),
    )
    for of_entry, of_finding in ways:
        waiting: defaultdict[Hashable, list[BaselineEntry]] = defaultdict(list)
        for entry in reversed(open_entries):
            waiting[of_entry(entry)].append(entry)
        rest: list[Finding] = []
        taken: set[int] = set()
        for finding in left:
            same = waiting.get(of_finding(finding))
            if same:
                entry = same.pop()
                taken.add(id(entry))
                pairs.append((entry, finding))
            else:
                rest.append(finding)
        left = rest
        open_entries = [entry for entry in open_entries if id(entry) not in taken]
    return Matched(tuple(pairs), tuple(open_entries), tuple(left))


def _id(one: BaselineEntry | Finding) -> Hashable:
    return one.id, one.verdict, _unit(one.extent)


def _said(one: BaselineEntry | Finding) -> Hashable:
    return one.policy, one.verdict, _unit(one.extent)


def _quantity(extent: Extent | None) -> Decimal:
    return Decimal(0) if extent is None else extent.quantity


def _unit(extent: Extent | None) -> str | None:
    return None if extent is None else extent.unit


def hold(
    findings: Sequence[Finding], baseline: Baseline | None, prefix: str, unread: Collection[str]
) -> tuple[Finding, ...]:
    """The findings with those forgiven that the baseline knows, then one for each entry that knows none.

    What is excused by a comment or an exception stays so. A budget whose figure grew is not forgiven, and its message
    says from where. `prefix`: that of the configuration; entries for files that are not below it are of no concern.
    `unread`: files that could not be read, whose findings may be missing only therefore.
    """
    if baseline is None or not baseline.entries:
        return tuple(findings)
    found = matched(baseline.entries, filter(eligible, findings), prefix)
    known = {id(finding): entry for entry, finding in found.pairs}
    marked = tuple(_marked(finding, known.get(id(finding)), baseline) for finding in findings)
    return (*marked, *(_stale(entry, baseline) for entry in concerned(found.gone, prefix, unread)))


def concerned(entries: Iterable[BaselineEntry], prefix: str, unread: Collection[str]) -> list[BaselineEntry]:
    """The entries for files that were scanned and could be read."""
    return [one for one in entries if one.path.startswith(prefix) and one.path.removeprefix(prefix) not in unread]


def _marked(finding: Finding, entry: BaselineEntry | None, baseline: Baseline) -> Finding:
    if entry is None or finding.forgiven is not None:
        return finding
    if entry.extent is not None and grew(entry, finding):
        return replace(finding, message=f"{finding.message}; it grew from {amount(entry.extent)} in the baseline")
    # Without a place of its own, so that findings which are merged into one stay so.
    return replace(finding, forgiven=Forgiven("baseline", f"known from {baseline.path}"))


def amount(extent: Extent) -> str:
    """`$4,120`, or `3 without a figure`."""
    if extent.unit == "tokens":
        return f"{extent.quantity:,f} tokens"
    return words.money(extent.quantity) if extent.unit == "usd" else f"{extent.quantity:,f} without a figure"


def _stale(entry: BaselineEntry, baseline: Baseline) -> Finding:
    span = Span(baseline.path, entry.line, 5, entry.line, 5)
    where = f" in {words.name(entry.path)}" if entry.path else ""
    return Finding(
        id=finding_id(STALE, None, f"{entry.id} {entry.verdict} {entry.path}"),
        policy=STALE,
        verdict="violated",
        severity="low",
        enforce="warn",
        message=f"no finding of `{words.name(entry.policy)}`{where} as this entry knows it: it forgives nothing",
        labels=(Label(span),),
        notes=(f"known as: {words.name(entry.message)}",),
        help="run `guard baseline`, which takes it out",
    )
