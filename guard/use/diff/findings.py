"""Which findings are new. In: the findings of both sides under one set of rules. Out: ids, and what was mended.

A finding is known if the base has it for the same request and the same offending value, whatever line it stands on. A
finding of a budget is new where its figure grew, whether or not the base was within it: a budget that is exceeded
already is no reason to let it grow. Neighbour: `build`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from guard.config.types import Budget, Config
from guard.estimate.totals import sum_of
from guard.model import Finding, Money, Priced
from guard.policy.decide import grouped
from guard.policy.selection import select
from guard.policy.verdict import figure, is_near

_BUDGET = "budget:"
_ENDLESS = Decimal("Infinity")


def new_ids(
    before: Sequence[Finding], after: Sequence[Finding], items: tuple[Sequence[Priced], Sequence[Priced]], rules: Config
) -> frozenset[str]:
    """Ids of the head's findings that the base lacks. Both sides unmerged, the base's requests with the head's ids.

    `items`: the requests of both sides, for the figures of budgets. Of findings that a report shows as one, the one
    that is shown is new if any of them is.
    """
    known = {(one.id, one.verdict) for one in before if one.forgiven is None}
    before_all = {(one.id, one.verdict) for one in before}
    budgets = {f"{_BUDGET}{budget.name}": budget for budget in rules.budgets}
    requests = [{item.request.id: item for item in side} for side in items]
    grew: dict[str, bool] = {}

    def is_new(one: Finding) -> bool:
        if one.forgiven is not None:
            return (one.id, one.verdict) not in before_all
        budget = budgets.get(one.policy)
        if budget is None or one.verdict != "violated" or is_near(one):
            return (one.id, one.verdict) not in known
        if one.request is not None:
            return _call_grew(budget, requests[0].get(one.request), requests[1].get(one.request))
        if one.policy not in grew:
            grew[one.policy] = _sum_grew(budget, *items, rules.prefix)
        return grew[one.policy]

    return frozenset(group[0].id for group in grouped(after) if any(is_new(one) for one in group))


def fixed(before: Iterable[Finding], after: Iterable[Finding]) -> tuple[str, ...]:
    """Messages of the base's findings that the head has no more, each once."""
    still = {one.id for one in after}
    gone = [one for one in before if one.id not in still and one.forgiven is None]
    return tuple(dict.fromkeys(f"{one.policy}: {one.message}" for one in gone))


def is_budget(one: Finding) -> bool:
    """Whether a budget made a finding; its message then holds figures."""
    return one.policy.startswith(_BUDGET)


def _call_grew(budget: Budget, before: Priced | None, after: Priced | None) -> bool:
    if before is None or after is None or before.estimate.usd is None or after.estimate.usd is None:
        return True
    return _figure(after.estimate.usd, budget) > _figure(before.estimate.usd, budget)


def _sum_grew(budget: Budget, before: Sequence[Priced], after: Sequence[Priced], prefix: str) -> bool:
    sums = [
        sum_of(
            [item for item in select(budget, items, prefix) if item.estimate.usd_per_month is not None],
            lambda item: item.estimate.usd_per_month,
        )
        for items in (before, after)
    ]
    if sums[0] is None or sums[1] is None:
        return sums[1] is not None
    return _figure(sums[1], budget) > _figure(sums[0], budget)


def _figure(money: Money, budget: Budget) -> Decimal:
    amount = figure(money, budget.compare)
    return _ENDLESS if amount is None else amount
