"""What of a sum can be compared between two sides, so that a figure that appears or goes is no rise and no fall.

In: what each request costs on either side, by requests that bear the same ids where they are the same. Out: `Growth`:
the sums of what is known on both sides or is on one side only, and the requests that cannot be compared. Read by
`increase.py`, and by `guard.use.diff.findings` to tell which findings of budgets are new.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from guard.config.types import Compare
from guard.estimate.totals import sum_of
from guard.model import Money, Priced
from guard.policy.selection import runs_expected
from guard.policy.verdict import figure

Amounts = Mapping[str, Money | None]
"""By the id of a request what it costs. None: not known. One that has no entry costs nothing: it is not run."""
Side = tuple[Sequence[Priced], Amounts]


@dataclass(frozen=True, slots=True)
class Growth:
    """Requests are those of the head, each in the order in which they were given."""

    old: Decimal
    """US dollars of what can be compared in the base: its figure is known on both sides, or the request is gone."""
    new: Decimal
    """US dollars of what can be compared in the head: its figure is known on both sides, or the request is new."""
    compared: tuple[Priced, ...]
    lost: tuple[Priced, ...]
    """Their figure is known in the base only."""
    gained: tuple[Priced, ...]
    """Their figure is known in the head only, though they were in the base."""
    endless: tuple[Priced, ...]
    """They have no bound, and had one or were not there."""
    bounded: tuple[Priced, ...]
    """They have a bound now, and had none."""
    still_endless: tuple[Priced, ...]
    """They have no bound on either side."""
    silent: tuple[Priced, ...]
    """Their figure is not known in the head, nor was it in the base, if they were there."""

    @property
    def grew(self) -> bool:
        """Whether the sum rose, or holds what it did not hold before."""
        return self.new > self.old or bool(self.endless or self.gained)


def months(items: Sequence[Priced]) -> Side:
    """Requests and what a month of each costs."""
    run = [item for item in items if item.estimate.usd_per_month is not None or runs_expected(item)]
    return items, {item.request.id: item.estimate.usd_per_month for item in run}


def growth(before: Side, after: Side, how: Compare) -> Growth:
    """Compares two sides, each its requests and what they cost."""
    old, new = before[1], after[1]
    sorts: dict[str, list[Priced]] = {}
    for item in after[0]:
        sort = _sort(item.request.id, old, new, how)
        sorts.setdefault(sort, []).append(item)
    taken = {item.request.id for item in sorts.get("compared", ())}
    gone = [item for item in before[0] if item.request.id not in new and item.request.id in old]
    kept = [item for item in before[0] if item.request.id in taken and item.request.id in old]
    kept += [item for item in gone if (money := old[item.request.id]) and figure(money, how) is not None]
    parts = {sort: tuple(sorts.get(sort, ())) for sort in _SORTS}
    return Growth(_sum(kept, old, how), _sum(parts["compared"], new, how), **parts)


_SORTS = ("compared", "lost", "gained", "endless", "bounded", "still_endless", "silent")


def _sort(name: str, old: Amounts, new: Amounts, how: Compare) -> str:
    """Which part of a `Growth` a request of the head belongs to; other words: to none."""
    if name not in new:
        return "not run"
    known = name in old
    was, now = old.get(name), new[name]
    if now is None:
        return "lost" if was is not None else "silent"
    if known and was is None:
        return "gained"
    has_bound = figure(now, how) is not None
    had_bound = was is None or figure(was, how) is not None
    if has_bound:
        return "compared" if had_bound else "bounded"
    return "endless" if had_bound else "still_endless"


def _sum(items: Sequence[Priced], amounts: Amounts, how: Compare) -> Decimal:
    money = sum_of(items, lambda item: amounts[item.request.id])
    amount = None if money is None else figure(money, how)
    return Decimal(0) if amount is None else amount
