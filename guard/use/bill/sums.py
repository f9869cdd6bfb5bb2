"""The sums of a group of requests. In: requests, and which of several that exclude one another is typical. Out: `Sums`.

Typical figures of groups add up to the typical figure of the whole: of the arms of one decision only the leading one
(`leaders`) has a typical figure, in whichever group it is. Bounds are bounds of the group alone: at most the dearest of
its arms, at least the cheapest where all arms are in the group, else nothing, since another group's arm may run.
Neighbours: `views`, which makes groups; `guard.estimate.totals`, whose rules these are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from guard.bill import Sums
from guard.estimate.money import plus
from guard.model import Money, Priced

Amount = Callable[[Priced], Money | None]
NOTHING = Money(Decimal(0), Decimal(0), Decimal(0))


@dataclass(frozen=True, slots=True)
class Arms:
    """Of one amount (a call, a run, a month): which arms of decisions lead, and how many arms each decision has."""

    leading: frozenset[str]
    """Ids of the requests whose typical figure counts."""
    sizes: dict[str, int]
    """By exclusive group, how many requests have the amount."""


def arms(items: Iterable[Priced], amount: Amount) -> Arms:
    """Which arms lead over all `items`: the default one, else the dearest, as in `guard.estimate.totals`."""
    groups: dict[str, list[tuple[Priced, Money]]] = {}
    for item in items:
        money = amount(item)
        if item.request.exclusive is not None and money is not None:
            groups.setdefault(item.request.exclusive, []).append((item, money))
    leading = set()
    for group in groups.values():
        defaults = [one for one in group if one[0].request.exclusive_default]
        leading.add(max(defaults or group, key=lambda one: one[1].typical)[0].request.id)
    return Arms(frozenset(leading), {name: len(group) for name, group in groups.items()})


def added(items: Sequence[Priced], amount: Amount, known: Arms) -> Money | None:
    """The sum of an amount over a group; None where no request of it has the amount."""
    total, found = NOTHING, False
    groups: dict[str, list[tuple[Priced, Money]]] = {}
    for item in items:
        money = amount(item)
        if money is None:
            continue
        found = True
        if item.request.exclusive is None:
            total = plus(total, money)
        else:
            groups.setdefault(item.request.exclusive, []).append((item, money))
    for name, group in groups.items():
        whole = len(group) == known.sizes[name]
        typical = sum((money.typical for item, money in group if item.request.id in known.leading), Decimal(0))
        highs = [money.high for _, money in group]
        high = None if None in highs else max(one for one in highs if one is not None)
        total = plus(total, Money(min(money.low for _, money in group) if whole else Decimal(0), typical, high))
    return total if found else None


@dataclass(frozen=True, slots=True)
class Whole:
    """All requests that groups are made of, with the arms that lead for each amount."""

    items: tuple[Priced, ...]
    call: Arms
    run: Arms
    month: Arms


def of_call(item: Priced) -> Money | None:
    """What one call costs."""
    return item.estimate.usd


def of_run(item: Priced) -> Money | None:
    """What one run of the function costs that the request stands in."""
    return item.estimate.usd_per_run


def of_month(item: Priced) -> Money | None:
    """What a month costs, where runs are declared."""
    return item.estimate.usd_per_month


def whole(items: Iterable[Priced]) -> Whole:
    """The requests that are in sums, of all `items`."""
    counted = tuple(item for item in items if item.in_totals)
    return Whole(counted, arms(counted, of_call), arms(counted, of_run), arms(counted, of_month))


def sums(items: Sequence[Priced], known: Whole) -> Sums:
    """What the requests of a group cost together."""
    return Sums(
        requests=len(items),
        priced=sum(item.estimate.usd is not None for item in items),
        monthly=sum(item.estimate.usd_per_month is not None for item in items),
        usd=added(items, of_call, known.call),
        usd_per_run=added(items, of_run, known.run),
        usd_per_month=added(items, of_month, known.month),
        partial=is_partial(items),
        assumed=is_assumed(items),
    )


def is_partial(items: Iterable[Priced]) -> bool:
    """Whether the bounds of some cover only what is known, or some have no price at all."""
    return any(item.estimate.usd is None or item.estimate.known_only for item in items)


def is_assumed(items: Iterable[Priced]) -> bool:
    """Whether some figure rests on an assumption."""
    return any(
        item.estimate.usd is not None and (item.estimate.assumptions or item.estimate.assumed_share) for item in items
    )


def share(part: Money | None, of: Money | None) -> float | None:
    """The typical figure of a part as a share of that of the whole."""
    if part is None or of is None or not of.typical:
        return None
    return float(part.typical / of.typical)
