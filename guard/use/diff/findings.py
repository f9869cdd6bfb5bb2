"""Which findings are new. In: the findings of both sides under one set of rules. Out: ids, and what was mended.

A finding is known if the base has it for the same request and the same offending value, whatever line it stands on. A
finding of a budget is new where its figure grew, whether or not the base was within it: a budget that is exceeded
already is no reason to let it grow. The figure is that which the finding is about: a call, one run of an entry point, a
month of the selection, or the share of it that has a figure. Neighbour: `build`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from functools import cache

from guard.config.types import Budget, Config
from guard.model import Finding, Money, Priced
from guard.policy import coverage
from guard.policy.decide import grouped
from guard.policy.growth import Side, growth, months
from guard.policy.per_month import MONTHS
from guard.policy.per_run import values_of_run
from guard.policy.per_unit import of_units
from guard.policy.selection import incomplete, select
from guard.policy.verdict import figure, finding_id, is_near
from guard.policy.workflows import Workflow, usd_of, workflows

Sides = tuple[Sequence[Priced], Sequence[Priced]]
"""The requests of the base and of the head."""
_BUDGET = "budget:"
_ENDLESS = Decimal("Infinity")


def new_ids(
    before: Sequence[Finding],
    after: Sequence[Finding],
    items: Sides,
    rules: Config,
    under: Callable[[str], Sides] | None = None,
) -> frozenset[str]:
    """Ids of the head's findings that the base lacks. Both sides unmerged, the base's requests with the head's ids.

    `items`: the requests of both sides, for the figures of budgets; `under`: the same under a scenario. Without it (a
    side was saved), a budget with a scenario grew where use as it is did. Of findings that a report shows as one, the
    one that is shown is new if any of them is.
    """
    known = {(one.id, one.verdict) for one in before if one.forgiven is None}
    sizes = {one.id: one.extent.quantity for one in before if one.extent is not None}
    before_all = {(one.id, one.verdict) for one in before}
    budgets = {f"{_BUDGET}{budget.name}": budget for budget in rules.budgets}

    @cache
    def sides(name: str | None) -> Sides:
        return items if name is None or under is None else under(name)

    @cache
    def of_ids(name: str | None) -> list[dict[str, Priced]]:
        return [{item.request.id: item for item in side} for side in sides(name)]

    grown: dict[str, Mapping[str, bool]] = {}

    def is_new(one: Finding) -> bool:
        if one.forgiven is not None:
            return (one.id, one.verdict) not in before_all
        budget = budgets.get(one.policy)
        if budget is None or one.verdict != "violated" or is_near(one):
            return (one.id, one.verdict) not in known
        if one.extent is not None and (one.extent.unit == "tokens" or of_units(budget)):
            return (one.id, one.verdict) not in known or one.extent.quantity > sizes.get(one.id, one.extent.quantity)
        if one.request is not None:
            return _call_grew(budget, *(named.get(one.request) for named in of_ids(budget.scenario)))
        if one.policy not in grown:
            grown[one.policy] = _grown(budget, *sides(budget.scenario), rules)
        return grown[one.policy].get(one.id, (one.id, one.verdict) not in known)

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


def _grown(budget: Budget, before: Sequence[Priced], after: Sequence[Priced], rules: Config) -> Mapping[str, bool]:
    """By the id of a violation that is about several requests, whether what it is about grew."""
    old, new = (select(budget, items, rules.prefix) for items in (before, after))
    policy = f"{_BUDGET}{budget.name}"
    found = {finding_id(policy, None, coverage.TOO_FEW): _covers_less(budget, old, new, rules)}
    month = growth(months(old), months(new), budget.compare)
    for value in MONTHS:
        found[finding_id(policy, None, value)] = month.grew
    if budget.per_run is not None:
        for name, grew in _runs_grew(budget, old, new).items():
            found |= {finding_id(policy, None, value): grew for value in values_of_run(name)}
    return found


def _runs_grew(budget: Budget, before: Sequence[Priced], after: Sequence[Priced]) -> dict[str, bool]:
    """By entry point of the head, whether one run of it grew; one that the base lacks did.

    An entry point that bears another name now is known by the requests that it reaches.
    """
    old = {flow.name: flow for flow in workflows(before)}
    new = {flow.name: flow for flow in workflows(after)}
    renamed = {_reached(flow): flow for name, flow in old.items() if name not in new}
    found: dict[str, bool] = {}
    for name, flow in new.items():
        was = old.get(name) or renamed.get(_reached(flow))
        found[name] = was is None or growth(_run(was), _run(flow), budget.compare).grew
    return found


def _reached(flow: Workflow) -> frozenset[str]:
    return frozenset(item.request.id for item in flow.items)


def _run(flow: Workflow) -> Side:
    return flow.items, {item.request.id: usd_of(item, reach) for item, reach in flow.calls}


def _covers_less(budget: Budget, before: Sequence[Priced], after: Sequence[Priced], rules: Config) -> bool:
    """Whether a smaller share of the selection has a figure than before. A selection of nothing had all."""
    old, new = (coverage.share(budget, items, incomplete(items, rules)) for items in (before, after))
    return new < old


def _figure(money: Money, budget: Budget) -> Decimal:
    amount = figure(money, budget.compare)
    return _ENDLESS if amount is None else amount
