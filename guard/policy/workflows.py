"""Entry points with all that they reach, and what one run of each costs.

In: priced requests. Out: `Workflow`s for conditions (`objects.sums`) and for budgets per run. A run's price is the sum
of its requests' prices times how often the entry point calls each, exclusive ones once (`guard.estimate.totals`).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from guard.estimate.money import factor_of, times
from guard.estimate.totals import sum_of
from guard.model import EntryCost, Money, Priced, Reach


@dataclass(frozen=True, slots=True)
class Workflow:
    """An entry point and the counted requests that it reaches, each with the way there."""

    reach: Reach
    """The entry point, as one of the requests is reached from it."""
    calls: tuple[tuple[Priced, Reach], ...]

    @property
    def name(self) -> str:
        """`path::function`."""
        return self.reach.entry

    @property
    def items(self) -> tuple[Priced, ...]:
        """The requests."""
        return tuple(item for item, _ in self.calls)


def workflows(items: Iterable[Priced]) -> tuple[Workflow, ...]:
    """The workflows of these requests, in the order of their names."""
    found: dict[str, list[tuple[Priced, Reach]]] = {}
    for item in items:
        for reach in item.request.reached_from:
            found.setdefault(reach.entry, []).append((item, reach))
    return tuple(Workflow(calls[0][1], tuple(calls)) for _, calls in sorted(found.items()))


def usd_per_run(workflow: Workflow) -> Money | None:
    """What one run of the entry point costs: the sum over the requests that have a price; None: none of them has."""
    amounts = {item.request.id: usd_of(item, reach) for item, reach in workflow.calls}
    return sum_of(workflow.items, lambda item: amounts[item.request.id])


def assumed_share(workflow: Workflow) -> float | None:
    """The share of a run's typical price that rests on assumptions; None when there is no price."""
    whole = assumed = Decimal(0)
    for item, reach in workflow.calls:
        money = usd_of(item, reach)
        if money is not None:
            whole += money.typical
            own = _own_cost(item, reach)
            share = item.estimate.assumed_share if own is None else own.assumed_share
            assumed += money.typical * (Decimal(1) if reach.repeats.guessed else Decimal(str(share or 0)))
    return float(assumed / whole) if whole else None


def usd_of(item: Priced, reach: Reach) -> Money | None:
    """What one request costs in a run of an entry point that reaches it; None: it has no price."""
    usd, per_run = item.estimate.usd, item.estimate.usd_per_run
    if usd is None:
        return None
    own = _own_cost(item, reach)
    if own is not None:
        return times(own.usd, factor_of(reach.repeats))
    repeats = item.request.repeats
    if per_run is not None and repeats.typical:
        # In a loop that makes its own prompt longer a call costs more on average than one call does.
        usd = replace(usd, typical=per_run.typical / Decimal(str(repeats.typical)))
    return times(usd, factor_of(reach.repeats))


def _own_cost(item: Priced, reach: Reach) -> EntryCost | None:
    """What a call costs from this entry point where usage rules tell entry points apart; None: as from all others."""
    costs = item.estimate.by_entry
    at = bisect_left(costs, reach.entry, key=lambda cost: cost.entry)
    return costs[at] if at < len(costs) and costs[at].entry == reach.entry else None
