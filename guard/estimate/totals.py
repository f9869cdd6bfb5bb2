"""Sums over requests, and where a request belongs in the business. In: `Priced`s, `Config`. Out: `Totals`, feature.

Requests of the same `exclusive` group are arms of one decision: together they cost the lowest low, the default arm's
typical (else the dearest's) and the highest high. Requests that are not counted appear in no sum, nor do tests for
which no runs are declared (`Priced.in_totals`). Neighbour: `cost`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from decimal import Decimal

from guard.config.types import Config
from guard.estimate import usage
from guard.estimate.money import plus
from guard.model import Money, Priced, Request, Totals

NOTHING = Money(Decimal(0), Decimal(0), Decimal(0))


def place(request: Request, config: Config) -> tuple[str | None, str | None]:
    """Feature and owner of a request by the file of its outermost site: the feature with the most literal pattern
    that matches, the first of equals."""
    feature = usage.feature_of(request, config)
    return (None, None) if feature is None else (feature.name, feature.owner)


def _arms(priced: Iterable[Priced]) -> list[list[Priced]]:
    """Requests grouped by exclusive group; those without one stand alone."""
    groups: dict[str, list[Priced]] = {}
    for position, item in enumerate(priced):
        group = item.request.exclusive
        groups.setdefault(f"={position}" if group is None else f"group {group}", []).append(item)
    return list(groups.values())


def _leading(arms: list[Priced], money: Callable[[Priced], Money]) -> Priced:
    """The arm whose typical counts."""
    defaults = [arm for arm in arms if arm.request.exclusive_default]
    return max(defaults or arms, key=lambda arm: money(arm).typical)


def _together(arms: list[Priced], money: Callable[[Priced], Money]) -> Money:
    every = [money(arm) for arm in arms]
    highs = [one.high for one in every]
    high = None if any(one is None for one in highs) else max(one for one in highs if one is not None)
    return Money(min(one.low for one in every), money(_leading(arms, money)).typical, high)


def sum_of(priced: Iterable[Priced], money: Callable[[Priced], Money | None]) -> Money | None:
    """Sum of an amount over requests, exclusive groups once; None when no request has the amount."""
    having = [item for item in priced if money(item) is not None]
    if not having:
        return None

    def known(item: Priced) -> Money:
        amount = money(item)
        assert amount is not None
        return amount

    result = Money(Decimal(0), Decimal(0), Decimal(0))
    for arms in _arms(having):
        result = plus(result, _together(arms, known))
    return result


def totals(priced: Iterable[Priced]) -> Totals:
    """Sums over the counted requests outside tests, how many of them have a price, and how much is assumption."""
    every = list(priced)
    counted = [item for item in every if item.in_totals]
    with_price = [item for item in counted if item.estimate.usd is not None]
    groups = _arms(counted)
    usd = sum_of(with_price, _call)
    reasons = Counter(
        item.estimate.why[0] if item.estimate.why else "no price" for item in counted if item.estimate.usd is None
    )
    return Totals(
        requests=len(every),
        counted=len(counted),
        priced=len(with_price),
        usd=usd,
        usd_per_month=sum_of(counted, lambda item: item.estimate.usd_per_month),
        monthly_requests=sum(item.estimate.usd_per_month is not None for item in counted),
        assumed_share=_assumed(groups, usd) if usd is not None and usd.typical else None,
        assumed_share_month=_assumed_month(groups),
        unpriced=tuple(sorted(reasons.items(), key=lambda pair: (-pair[1], pair[0]))),
        tests=sum(item.request.counted and not item.in_totals for item in every),
        known_only=sum(_covers_part(item, arms) for arms in groups for item in arms),
        assumed_runs=sum(item.estimate.runs_assumed for item in counted if item.estimate.usd_per_month is not None),
        stood_for=sum(_lacking(arms) for arms in groups if _lacking(arms) < len(arms)),
    )


def _call(item: Priced) -> Money | None:
    return item.estimate.usd


def _lacking(arms: list[Priced]) -> int:
    """How many arms of a decision have no price."""
    return sum(arm.estimate.usd is None for arm in arms)


def _covers_part(item: Priced, arms: list[Priced]) -> bool:
    """Whether a request has a price that is not about all that may run in its place."""
    return item.estimate.usd is not None and bool(item.estimate.known_only or _lacking(arms))


def _assumed(groups: list[list[Priced]], usd: Money) -> float:
    """The share of a typical sum, which is not 0, that rests on assumptions.

    Where no arm of a decision is the default, or the default has no price, the arm that counts is an assumption.
    """

    def amount(item: Priced) -> Money:
        assert item.estimate.usd is not None
        return item.estimate.usd

    assumed = Decimal(0)
    for arms in groups:
        known = [arm for arm in arms if arm.estimate.usd is not None]
        if not known:
            continue
        arm = _leading(known, amount)
        share = arm.estimate.assumed_share if len(arms) == 1 or arm.request.exclusive_default else 1.0
        assumed += amount(arm).typical * Decimal(str(share or 0.0))
    return float(assumed / usd.typical)


def _assumed_month(groups: list[list[Priced]]) -> float | None:
    """The share of a typical month that rests on assumptions; None where there is no month or some shares are unknown.

    As in `_assumed`, an arm that counts because none of a decision is the default is an assumption.
    """
    whole = assumed = Decimal(0)
    for arms in groups:
        known = [arm for arm in arms if arm.estimate.usd_per_month is not None]
        if not known:
            continue
        arm = _leading(known, lambda one: one.estimate.usd_per_month or NOTHING)
        month, share = arm.estimate.usd_per_month or NOTHING, arm.estimate.assumed_share_month
        if len(arms) > 1 and not arm.request.exclusive_default:
            share = 1.0
        if share is None and month.typical:
            return None
        whole += month.typical
        assumed += month.typical * Decimal(str(share or 0.0))
    return float(assumed / whole) if whole else None
