"""Requests as they would be, estimated anew without a scan. In: `Priced`s, a `Change`. Out: `Priced`s.

A change says of each request what is sent instead, or a scenario that holds for it alone. Only what changes is
estimated, with the requests whose failures lead to it. Neighbours: `wishes` and `moves` make changes, `guard.estimate.
again` estimates.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from guard.bill import Shift
from guard.config.types import Config, Place, Scenario
from guard.estimate import scenarios
from guard.estimate.again import again
from guard.estimate.prices import Prices
from guard.estimate.totals import sum_of
from guard.model import Money, Priced, Request

NOWHERE = Place("", 1, 1)
LONGEST_CHAIN = 16
"""Requests after one another that run when the one before fails."""
NOTHING = Money(Decimal(0), Decimal(0), Decimal(0))
Amount = Callable[[Priced], Money | None]


@dataclass(frozen=True, slots=True)
class Change:
    """What is otherwise, by the ids of requests. A request that is in neither stays as it is."""

    requests: Mapping[str, Request] = field(default_factory=dict)
    """Those that are sent otherwise."""
    scenarios: Mapping[str, Scenario] = field(default_factory=dict)
    """What holds for a request instead of use as it is."""
    named: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """The names of the scenarios of guard.yaml that are part of that, so that none holds twice."""

    @property
    def ids(self) -> frozenset[str]:
        """The requests that it is about."""
        return frozenset((*self.requests, *self.scenarios))


@dataclass(frozen=True, slots=True)
class Known:
    """What estimates anew need: the price table with the rules of guard.yaml, and the configuration of the scan."""

    prices: Prices
    config: Config


def scenario(name: str = "what-if", **figures: Decimal | int | Mapping[str, Decimal]) -> Scenario:
    """A scenario that no guard.yaml has."""
    return Scenario(name, NOWHERE, **figures)  # type: ignore[arg-type]


def anew(items: Sequence[Priced], change: Change, known: Known, under: Scenario | None = None) -> tuple[Priced, ...]:
    """All items in their order, those that change estimated anew; `under`: a scenario that holds for all besides."""
    groups: dict[str, tuple[Scenario | None, list[Priced]]] = {}
    for item in items:
        name = item.request.id
        if under is not None or name in change.requests or name in change.scenarios:
            own = change.scenarios.get(name)
            twice = under is not None and under.name in change.named.get(name, ())
            holds = own if twice else scenarios.both(under, own)
            groups.setdefault(repr(holds), (holds, []))[1].append(item)
    found: dict[str, Priced] = {}
    by_id = {item.request.id: item for item in items}
    for holds, chosen in groups.values():
        wanted = {item.request.id for item in chosen}
        asked = [
            replace(item, request=change.requests.get(item.request.id, item.request))
            for item in _with_those_before(chosen, by_id)
        ]
        for item in again(asked, known.prices, scenarios.under(known.config, holds)):
            if item.request.id in wanted:
                found[item.request.id] = item
    return tuple(found.get(item.request.id, item) for item in items)


def _with_those_before(chosen: Iterable[Priced], by_id: Mapping[str, Priced]) -> list[Priced]:
    """The requests with those whose failures lead to them, which say how often they run."""
    found: dict[str, Priced] = {}
    for item in chosen:
        found[item.request.id] = item
        before = by_id.get(item.request.after or "")
        for _ in range(LONGEST_CHAIN):
            if before is None or before.request.id in found:
                break
            found[before.request.id] = before
            before = by_id.get(before.request.after or "")
    return list(found.values())


def shift(before: Sequence[Priced], after: Sequence[Priced], amount: Amount) -> Shift:
    """How far the sum of an amount moves; `before` and `after` are the same requests in the same order.

    The worst case is that of requests that have a bound on both sides. What has a figure on one side only is in
    neither sum.
    """
    pairs: list[tuple[Priced, Money, Money]] = []
    bounded = unbounded = 0
    for old, new in zip(before, after, strict=True):
        was, now = amount(old), amount(new)
        if was is None or now is None:
            continue
        if was.high is None or now.high is None:
            bounded += (now.high is not None) - (was.high is not None)
            unbounded += was != now
            was, now = replace(was, high=Decimal(0)), replace(now, high=Decimal(0))
        pairs.append((old, was, now))
    first = _sum([(item, money) for item, money, _ in pairs])
    second = _sum([(item, money) for item, _, money in pairs])
    moved = any(was.high != now.high for _, was, now in pairs)
    worst = (second.high or Decimal(0)) - (first.high or Decimal(0))
    return Shift(second.typical - first.typical, None if unbounded and not moved else worst, bounded, unbounded)


def _sum(pairs: Sequence[tuple[Priced, Money]]) -> Money:
    amounts = {item.request.id: money for item, money in pairs}
    return sum_of((item for item, _ in pairs), lambda item: amounts[item.request.id]) or NOTHING
