"""What a feature costs for each unit and customer, and what is left of its revenue. In: a `Feature`, its requests, the
configuration. Out: `UnitCost`.

Units of a month are declared, or follow from the runs of the entry points that reach the feature. A part of the cost
that is not known makes no figure wrong in silence: `gaps` says what is missing, and what is shown is then at least.
Neighbours: `totals` adds up, `usage` knows runs, `guard.policy.per_unit` judges budgets on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from guard.bill import Margin, UnitCost
from guard.config.types import Config, Feature
from guard.estimate import usage
from guard.estimate.totals import sum_of
from guard.model import Money, Priced


@dataclass(frozen=True, slots=True)
class _Units:
    number: Decimal | None
    source: str
    assumptions: tuple[str, ...] = ()
    gap: str = ""


def unit_costs(items: Sequence[Priced], config: Config) -> tuple[UnitCost, ...]:
    """One for each feature that declares a unit, a revenue or customers, in the order of guard.yaml."""
    return tuple(
        unit_cost(feature, [item for item in items if item.feature == feature.name and item.in_totals], config)
        for feature in config.features
        if feature.has_economics
    )


def unit_cost(feature: Feature, items: Sequence[Priced], config: Config) -> UnitCost:
    """The economics of a feature over some of its requests."""
    month = sum_of(items, lambda item: item.estimate.usd_per_month)
    units = _units(feature, items, config)
    revenue = None
    if feature.revenue_per_unit is not None and units.number is not None:
        revenue = feature.revenue_per_unit * units.number
    return UnitCost(
        feature=feature.name,
        unit=feature.unit or "unit",
        owner=feature.owner,
        requests=len(items),
        monthly=sum(item.estimate.usd_per_month is not None for item in items),
        units=units.number,
        units_source=units.source,
        customers=feature.customers,
        revenue=revenue,
        usd_per_month=month,
        usd_per_unit=_divided(month, units.number),
        usd_per_customer=_divided(month, feature.customers),
        margin=_margin(month, revenue),
        gaps=(*_gaps(items, config), *([units.gap] if units.gap else [])),
        assumptions=(*units.assumptions, *(["the cost rests on assumptions"] if _is_assumed(items) else [])),
        partial=any(item.estimate.usd is None or item.estimate.known_only for item in items),
    )


def _divided(money: Money | None, by: Decimal | None) -> Money | None:
    if money is None or not by:
        return None
    return Money(money.low / by, money.typical / by, None if money.high is None else money.high / by)


def _margin(cost: Money | None, revenue: Decimal | None) -> Margin | None:
    if cost is None or not revenue:
        return None
    low = None if cost.high is None else 1 - cost.high / revenue
    return Margin(low, 1 - cost.typical / revenue, 1 - cost.low / revenue)


def _is_assumed(items: Sequence[Priced]) -> bool:
    return any(item.estimate.usd_per_month is not None and item.estimate.assumed_share for item in items)


def _gaps(items: Sequence[Priced], config: Config) -> list[str]:
    """What the month of a feature lacks."""
    if not items:
        return ["no request belongs to it"]
    unpriced = sum(item.estimate.usd is None for item in items)
    silent = sum(item.estimate.usd is not None and item.estimate.usd_per_month is None for item in items)
    partly = sum(
        item.estimate.usd_per_month is not None
        and any(usage.runs_of(reach, item.request, config) is None for reach in item.request.reached_from)
        for item in items
    )
    said = []
    for number, one, several in (
        (unpriced, "has no price", "have no price"),
        (silent, "has no declared runs", "have no declared runs"),
        (partly, "has entry points without declared runs", "have entry points without declared runs"),
    ):
        if number:
            said.append(f"{number:,} of {len(items):,} requests {one if number == 1 else several}")
    return said


def _units(feature: Feature, items: Sequence[Priced], config: Config) -> _Units:
    """Units of a month: as declared, else by the runs of all entry points that reach the feature, each once."""
    scenario = config.usage.scenario
    more = scenario.runs_per_month if scenario is not None else None
    where = f"features.{feature.name}"
    if feature.units_per_month is not None:
        if more is None or scenario is None:
            return _Units(feature.units_per_month, f"{where}.units_per_month")
        return _Units(feature.units_per_month * more, f"{where}.units_per_month, by scenario {scenario.name}")
    runs: dict[str, usage.Runs | None] = {}
    for item in items:
        for reach in item.request.reached_from:
            runs[reach.entry] = usage.runs_of(reach, item.request, config)
        if not item.request.reached_from and item.request.sites:
            site = item.request.sites[0]
            runs[f"{site.span.path}::{site.qualname}"] = usage.runs_of_request(item.request, config)
    known = {entry: one for entry, one in runs.items() if one is not None and one.per_month}
    if not known:
        return _Units(None, "", gap=f"how many units a month has is not known: declare `units_per_month` of {where}")
    missing = sum(one is None for one in runs.values())
    if missing:
        gap = (
            f"runs are not declared for {missing:,} of {len(runs):,} entry points: declare `units_per_month` of {where}"
        )
        return _Units(None, "", gap=gap)
    each = feature.units_per_run
    notes = []
    if each is None:
        notes.append(f"one run counts as one {feature.unit or 'unit'} (no `units_per_run` or `units_per_month`)")
    if len(known) > 1:
        notes.append(f"the runs of {len(known)} entry points are added")
    if any(one.assumed for one in known.values()):
        notes.append("runs are those of a traffic profile")
    number = sum((one.per_month for one in known.values()), Decimal(0)) * (each or Decimal(1))
    return _Units(number, ", ".join(dict.fromkeys(one.source for one in known.values())), tuple(notes))
