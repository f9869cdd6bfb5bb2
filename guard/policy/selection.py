"""Which requests a budget is about, and what is known of their months.

In: a `Budget` and priced requests. Out: the requests of its selection, and which of them lack a monthly figure or have
an incomplete one. Read by `budgets.py` and `per_month.py`; sums are made by `guard.estimate.totals`.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from fnmatch import fnmatchcase

from guard.config.types import Budget, Compare, Config
from guard.estimate import usage
from guard.estimate.owners import is_of
from guard.model import Priced, Request
from guard.policy import places


def select(budget: Budget, items: Iterable[Priced], prefix: str = "") -> tuple[Priced, ...]:
    """The requests of the budget's feature, owner, model, stage and paths, of those that count in totals.

    Tests are left out as they are there, unless the budget names that stage. `prefix`: `Config.prefix`.
    """
    return tuple(item for item in items if _counts(budget, item) and _selected(budget, item, prefix))


def _counts(budget: Budget, item: Priced) -> bool:
    return item.in_totals or (item.request.counted and budget.stage == "test")


def _selected(budget: Budget, item: Priced, prefix: str) -> bool:
    return (
        (budget.feature is None or item.feature == budget.feature)
        and (budget.owner is None or is_of(item.owner, budget.owner))
        and (budget.stage is None or item.request.stage == budget.stage)
        and (budget.model is None or _model_matches(budget.model, item.request))
        and places.within(item.request, budget.paths, prefix)
    )


def _model_matches(glob: str, request: Request) -> bool:
    """Whether one of the request's models matches. A request whose model is not known might, so it is taken in."""
    if not request.model.choices:
        return True
    wanted = glob.lower()
    for choice in request.model.choices:
        provider = places.provider_of(request, choice)
        plain = [name.lower() for name in (choice.price_id, choice.value) if isinstance(name, str)]
        if any(fnmatchcase(name, wanted) or fnmatchcase(f"{provider}/{name}", wanted) for name in plain):
            return True
    return False


def runs_expected(item: Priced) -> bool:
    """Whether a monthly figure is missed when there is none: tests, notebooks and examples run 0 times a month."""
    request = item.request
    if request.stage == "test":
        return False
    return not request.reached_from or any(reach.kind not in usage.NO_RUNS for reach in request.reached_from)


def incomplete(items: Iterable[Priced], config: Config) -> frozenset[str]:
    """Ids of the requests whose monthly figure leaves out entry points for which no runs are declared."""
    return frozenset(
        item.request.id
        for item in items
        if item.estimate.usd_per_month is not None
        and any(usage.runs_of(reach, item.request, config) is None for reach in item.request.reached_from)
    )


def leading(items: Iterable[Priced], compare: Compare = "typical") -> tuple[Priced, ...]:
    """The requests whose month counts in a sum, one of each exclusive group.

    In the typical sum that is the default arm, else the dearest; at least it is the cheapest, at worst the dearest.
    """
    groups: dict[str, list[Priced]] = {}
    for position, item in enumerate(items):
        if item.estimate.usd_per_month is not None:
            group = item.request.exclusive
            groups.setdefault(f"={position}" if group is None else f"group {group}", []).append(item)
    ranks = {"low": _cheapest, "typical": _leads, "high": _dearest}
    return tuple(max(group, key=ranks[compare]) for group in groups.values())


def _leads(item: Priced) -> tuple[bool, Decimal]:
    month = item.estimate.usd_per_month
    assert month is not None
    return (item.request.exclusive_default, month.typical)


def _cheapest(item: Priced) -> tuple[bool, Decimal]:
    month = item.estimate.usd_per_month
    assert month is not None
    return (True, -month.low)


def _dearest(item: Priced) -> tuple[bool, Decimal]:
    month = item.estimate.usd_per_month
    assert month is not None
    return (month.high is None, month.high or Decimal(0))
