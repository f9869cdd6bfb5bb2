"""`guard baseline`: what stands in the file of known findings, and what would if it were written now.

In: the `Baseline` that holds, today's findings before they are merged. Out: a `Plan`, and the text of the file. An
entry has a line of its own, in a fixed order and without lines, columns or prices, so that two branches that mend
different things merge. Neighbours: `guard.config.baselines` reads the file, `guard.policy.baseline` matches.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, Decimal

from guard.config.baselines import FORMAT, VERSION
from guard.config.types import Baseline, BaselineEntry
from guard.model import Extent, Finding
from guard.policy.baseline import concerned, eligible, grew, matched, path_of, plain

DIGITS = 4
"""Digits that count of an amount, which is rounded up: a rise by less is none."""
ABOUT = "Findings that `guard check` forgives. `guard baseline` writes this file; it only shrinks."


@dataclass(frozen=True, slots=True)
class Plan:
    """What `guard baseline` would do. Each list in the order of the file."""

    kept: tuple[BaselineEntry, ...]
    """Entries that stay, as they would be written now: with today's id, and an amount that never rises."""
    stale: tuple[BaselineEntry, ...]
    """Entries without a finding."""
    lowered: tuple[tuple[BaselineEntry, BaselineEntry], ...]
    """Of the kept ones, those whose amount fell: as it was, as it is."""
    grown: tuple[tuple[BaselineEntry, BaselineEntry], ...]
    """Of the kept ones, those whose figure is beyond the amount: as it stays, as it would be."""
    new: tuple[BaselineEntry, ...]
    """Findings that the file lacks."""

    @property
    def shrinks(self) -> bool:
        """Whether the file says more than is there."""
        return bool(self.stale or self.lowered)

    @property
    def unknown(self) -> tuple[BaselineEntry, ...]:
        """What only `--add` takes in."""
        return (*self.new, *(now for _, now in self.grown))


def plan(baseline: Baseline, findings: Iterable[Finding], unread: Collection[str] = ()) -> Plan:
    """`findings`: all of today under the configuration without its baseline, unmerged. `unread`: files that could not
    be read, whose entries stay."""
    found = matched(baseline.entries, filter(eligible, findings), "")
    stale = concerned(found.gone, "", unread)
    unseen = {id(one) for one in stale}
    kept = [one for one in found.gone if id(one) not in unseen]
    lowered: list[tuple[BaselineEntry, BaselineEntry]] = []
    grown: list[tuple[BaselineEntry, BaselineEntry]] = []
    for entry, finding in found.pairs:
        now = entry_of(finding)
        if grew(entry, finding):
            risen, now = now, replace(now, extent=entry.extent)
            grown.append((now, risen))
        elif entry.extent is not None and now.extent is not None and now.extent.quantity < entry.extent.quantity:
            lowered.append((entry, now))
        kept.append(now)
    new = [entry_of(one) for one in found.others if one.forgiven is None]
    return Plan(
        tuple(sorted(kept, key=_order)),
        tuple(sorted(stale, key=_order)),
        tuple(sorted(lowered, key=lambda pair: _order(pair[0]))),
        tuple(sorted(grown, key=lambda pair: _order(pair[0]))),
        tuple(sorted(new, key=_order)),
    )


def entries(made: Plan, *, add: bool) -> tuple[BaselineEntry, ...]:
    """What the file shall hold; `add`: with what is new or grew."""
    if not add:
        return made.kept
    risen = {_order(was): now for was, now in made.grown}
    raised = [replace(one, extent=risen[_order(one)].extent) if _order(one) in risen else one for one in made.kept]
    return tuple(sorted((*raised, *made.new), key=_order))


def entry_of(finding: Finding) -> BaselineEntry:
    """A finding as the file keeps it."""
    extent = finding.extent
    if extent is not None and extent.unit == "usd":
        extent = Extent(_rounded(extent.quantity), "usd")
    return BaselineEntry(
        finding.id, finding.policy, finding.verdict, path_of(finding, ""), plain(finding.message), extent
    )


def text(held: Sequence[BaselineEntry]) -> str:
    """The file: JSON with one entry a line. ASCII, so that no name can reorder or hide what a reviewer sees."""
    head = f'{{\n  "format": {json.dumps(FORMAT)},\n  "version": {VERSION},\n  "about": {json.dumps(ABOUT)},\n'
    lines = [f"    {json.dumps(_data(one))}" for one in held]
    body = "[\n" + ",\n".join(lines) + "\n  ]" if lines else "[]"
    return f'{head}  "findings": {body}\n}}\n'


def _data(one: BaselineEntry) -> dict[str, str | int]:
    data: dict[str, str | int] = {"path": one.path, "policy": one.policy}
    if one.verdict != "violated":
        data["verdict"] = one.verdict
    if one.extent is not None:
        whole = one.extent.unit != "usd"
        data[one.extent.unit] = int(one.extent.quantity) if whole else f"{one.extent.quantity.normalize():f}"
    return data | {"message": one.message, "id": one.id}


def _order(one: BaselineEntry) -> tuple[str, str, str, str, str]:
    return one.path, one.policy, one.message, one.id, one.verdict


def _rounded(amount: Decimal) -> Decimal:
    """Up to `DIGITS` digits that count, twelve behind the point at most."""
    if not amount:
        return amount
    place = max(Decimal(1).scaleb(amount.adjusted() - DIGITS + 1), Decimal("1e-12"))
    return amount.quantize(place, rounding=ROUND_CEILING)
