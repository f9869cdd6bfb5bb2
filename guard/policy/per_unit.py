"""Holds a feature's cost for each unit or customer, or its margin, against a budget.

In: a `Budget` with `per_unit`, `per_customer` or `min_margin`, and the `UnitCost` of its selection. Out: `Verdict`s for
`budgets.py`. What is not known makes the verdict undecided, unless the known part alone breaks the budget.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from guard.bill import UnitCost
from guard.config.types import Budget, Config
from guard.estimate.economics import unit_cost
from guard.model import Extent, Label, Money, Priced
from guard.policy import places, words
from guard.policy.selection import leading
from guard.policy.verdict import (
    FIGURE,
    NEAR,
    SHOWN,
    Verdict,
    assumed_share,
    assumed_words,
    budget_label,
    figure,
    in_usd,
    undecided_enforce,
    warns,
    why_no_bound,
)

UNITS = "units"


def of_units(budget: Budget) -> bool:
    """Whether a budget is about units, customers or a margin."""
    return any(one is not None for one in (budget.per_unit, budget.per_customer, budget.min_margin))


def per_unit(budget: Budget, items: Sequence[Priced], config: Config) -> Iterator[Verdict]:
    """Verdicts of a budget over the requests of its selection."""
    feature = next((one for one in config.features if one.name == budget.feature), None)
    if feature is None:  # a configuration is valid only with it
        return
    found = unit_cost(feature, items, config)
    if budget.min_margin is not None:
        yield from _margin(budget, budget.min_margin, found, items)
    if budget.per_unit is not None:
        yield from _cost(budget, budget.per_unit, f"one {found.unit}", found.usd_per_unit, found, items)
    if budget.per_customer is not None:
        yield from _cost(budget, budget.per_customer, "one customer", found.usd_per_customer, found, items)


def _cost(
    budget: Budget, limit: Decimal, what: str, usd: Money | None, found: UnitCost, items: Sequence[Priced]
) -> Iterator[Verdict]:
    amount = None if usd is None else figure(usd, budget.compare)
    if usd is not None and amount is None:
        yield Verdict(
            f"no bound on the cost of {what}, which may be {words.exact(limit)} at worst",
            (budget_label(budget),), _notes(found), "bound retries, turns and loops, or compare `typical`", value=UNITS,
        )  # fmt: skip
    elif amount is not None and amount > limit:
        share, assumed = assumed_words(assumed_share(leading(items, budget.compare)), budget.compare)
        yield Verdict(
            f"{what} costs {words.beside(amount, limit)} {FIGURE[budget.compare]}, more than "
            f"{words.exact(limit)}{share}",
            (budget_label(budget), *_dearest(items)), _notes(found),
            "choose cheaper models, fewer repeats or lower limits where most of it arises",
            assumed=assumed, value=UNITS, extent=in_usd(amount),
        )  # fmt: skip
    else:
        if amount is not None and warns(budget, limit, amount):
            yield Verdict(
                f"{what} costs {words.money(amount)} {FIGURE[budget.compare]}, {words.percent(amount / limit)} of "
                f"{words.exact(limit)}",
                (budget_label(budget),), _notes(found), enforce="warn", severity="low", value=NEAR,
                extent=in_usd(amount),
            )  # fmt: skip
        yield from _undecided(budget, f"whether {what} costs more than {words.exact(limit)}", found, items, usd is None)


def _margin(budget: Budget, floor: Decimal, found: UnitCost, items: Sequence[Priced]) -> Iterator[Verdict]:
    """The margin is what the cost leaves, so its low end is that of the highest cost."""
    margin = found.margin
    least = f"a margin of at least {words.percent(floor)}"
    if margin is not None:
        share = {"low": margin.high, "typical": margin.typical, "high": margin.low}[budget.compare]
        if share is None:
            yield Verdict(
                f"no bound on the cost of `{found.feature}`, of which {least} shall be left",
                (budget_label(budget),), _notes(found), "bound retries, turns and loops, or compare `typical`",
                value=UNITS,
            )  # fmt: skip
            return
        if share < floor:
            said, assumed = assumed_words(assumed_share(leading(items, budget.compare)), budget.compare)
            yield Verdict(
                f"the margin of `{found.feature}` is {_percent(share)} {FIGURE[budget.compare]} cost, less than "
                f"{words.percent(floor)}{said}",
                (budget_label(budget), *_dearest(items)), _notes(found),
                "make the feature cheaper where most of its cost arises, or ask more for it",
                assumed=assumed, value=UNITS,
                extent=_unit(found, budget),
            )  # fmt: skip
            return
        if floor < 1 and warns(budget, 1 - floor, 1 - share):
            # What of the revenue may go into cost is the amount that `warn_at` is a share of.
            yield Verdict(
                f"the margin of `{found.feature}` is {_percent(share)} {FIGURE[budget.compare]} cost: cost takes "
                f"{words.percent((1 - share) / (1 - floor))} of what {least} leaves to it",
                (budget_label(budget),), _notes(found), enforce="warn", severity="low", value=NEAR,
                extent=_unit(found, budget),
            )  # fmt: skip
    yield from _undecided(budget, f"whether `{found.feature}` has {least}", found, items, margin is None)


def _unit(found: UnitCost, budget: Budget) -> Extent | None:
    """The cost of a unit, by which a margin that gets worse can be told from one that was so before."""
    amount = None if found.usd_per_unit is None else figure(found.usd_per_unit, budget.compare)
    return None if amount is None else in_usd(amount)


def _undecided(budget: Budget, what: str, found: UnitCost, items: Sequence[Priced], nothing: bool) -> Iterator[Verdict]:
    """The verdict where cost or units are not known in full; `nothing`: there is no figure at all."""
    why = list(found.gaps) if nothing or budget.min_coverage is None else []
    if budget.compare == "high":
        why += list(dict.fromkeys(filter(None, map(why_no_bound, items))))
    if nothing and not why:
        why = ["there is no monthly figure"]
    if not why or budget.on_unknown == "pass":
        return
    yield Verdict(
        f"{what} is not known: {words.listing(why)}",
        (budget_label(budget),),
        _notes(found),
        "declare how often the code runs (`usage` in guard.yaml) and make models known",
        verdict="undecided",
        enforce=undecided_enforce(budget.on_unknown),
        value="units unknown",
    )


def _dearest(items: Sequence[Priced]) -> list[Label]:
    months = [(item, month.typical) for item in items if (month := item.estimate.usd_per_month) is not None]
    ranked = sorted(months, key=lambda pair: -pair[1])[:SHOWN]
    return [places.outermost(item.request, f"{words.money(usd)} a month") for item, usd in ranked]


def _notes(found: UnitCost) -> tuple[str, ...]:
    """The arithmetic."""
    said = []
    if found.usd_per_month is not None:
        said.append(f"a month: {words.money(found.usd_per_month.typical)} typical")
    if found.units is not None:
        said.append(f"{words.count(float(found.units))} x {found.unit} ({found.units_source})")
    if found.revenue is not None:
        said.append(f"revenue {words.money(found.revenue)}")
    if found.customers is not None:
        said.append(f"{words.count(float(found.customers))} customers")
    return (", ".join(said), *found.assumptions) if said else found.assumptions


def _percent(share: Decimal) -> str:
    return f"{share * 100:.0f}%" if share < 0 else words.percent(share)
