"""Holds one run of each entry point that reaches a budget's selection against what it may cost.

In: a `Budget` with `per_run` and its selection. Out: `Verdict`s for `budgets.py`: one for each entry point that is too
dear, and one for all that cannot be held against the amount. `workflows.py` says what a run costs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from guard.config.types import Budget
from guard.model import Label, Money
from guard.policy import places, words
from guard.policy.verdict import (
    FIGURE,
    NEAR,
    SHOWN,
    Verdict,
    assumed_words,
    budget_label,
    figure,
    in_usd,
    reason_counts,
    undecided_enforce,
    warns,
    why_no_bound,
    without_figure,
)
from guard.policy.workflows import Workflow, assumed_share, usd_of, usd_per_run


def values_of_run(name: str) -> tuple[str, str]:
    """Values of the violations that are about one run of an entry point: too dear, without a bound."""
    return name, f"unbounded {name}"


def per_run(budget: Budget, limit: Decimal, flows: Sequence[Workflow]) -> Iterator[Verdict]:
    """Verdicts of a budget for one run; `limit` in US dollars."""
    unpriced: list[Workflow] = []
    unbound: list[tuple[Workflow, str]] = []
    near: list[tuple[Workflow, Decimal]] = []
    for flow in flows:
        money = usd_per_run(flow)
        amount = None if money is None else figure(money, budget.compare)
        why = next(filter(None, map(why_no_bound, flow.items)), None) if budget.compare == "high" else None
        if money is not None and amount is None:
            yield _unbounded(limit, flow)
        elif money is not None and amount is not None and amount > limit:
            yield _dear(budget, limit, flow, money, amount)
        else:
            if amount is not None and warns(budget, limit, amount):
                near.append((flow, amount))
            if any(item.estimate.usd is None for item in flow.items):
                unpriced.append(flow)
            elif why is not None:
                unbound.append((flow, why))
    if near:
        yield _near(budget, limit, sorted(near, key=lambda pair: -pair[1]))
    if budget.on_unknown == "pass":
        return
    if unpriced:
        yield _unpriced(budget, limit, unpriced, len(flows))
    if unbound:
        yield _known_values_only(budget, limit, unbound, len(flows))


def _named(flow: Workflow) -> str:
    return f"`{words.name(flow.name)}`"


def _labels(flow: Workflow) -> tuple[Label, ...]:
    """The way into the workflow, then its dearest requests with their share of a run."""
    entry = [Label(flow.reach.chain[0], "reached from here")] if flow.reach.chain else []
    amounts = [(item, money.typical) for item, reach in flow.calls if (money := usd_of(item, reach)) is not None]
    dearest = sorted(amounts, key=lambda pair: -pair[1])[:SHOWN]
    return places.join(
        (places.outermost(item.request, f"{words.money(usd)} of a run") for item, usd in dearest), entry
    ) or places.join(entry)


def _dear(budget: Budget, limit: Decimal, flow: Workflow, money: Money, amount: Decimal) -> Verdict:
    share, assumed = assumed_words(assumed_share(flow), budget.compare)
    return Verdict(
        f"one run of {_named(flow)} costs {words.beside(amount, limit)} {FIGURE[budget.compare]}, more than "
        f"{words.exact(limit)}{share}",
        places.join(_labels(flow), [budget_label(budget)]),
        _notes(flow, money),
        "choose cheaper models, fewer repeats or lower limits where most of it arises",
        assumed=assumed,
        value=values_of_run(flow.name)[0],
        extent=in_usd(amount),
    )


def _near(budget: Budget, limit: Decimal, flows: Sequence[tuple[Workflow, Decimal]]) -> Verdict:
    """One verdict for all that are near the amount: the dearest, and how many more."""
    flow, amount = flows[0]
    more = f"; {words.plural(len(flows) - 1, 'more entry point')} near it" if len(flows) > 1 else ""
    return Verdict(
        f"one run of {_named(flow)} costs {words.money(amount)} {FIGURE[budget.compare]}, "
        f"{words.percent(amount / limit)} of {words.exact(limit)}{more}",
        places.join(_labels(flow), [budget_label(budget)]),
        enforce="warn",
        severity="low",
        value=NEAR,
        extent=in_usd(amount),
    )


def _notes(flow: Workflow, money: Money) -> tuple[str, ...]:
    high = "no bound at worst" if money.high is None else f"{words.money(money.high)} at worst"
    return (f"one run: {words.money(money.typical)} typical, {high}; {words.plural(len(flow.items), 'request')}",)


def _unbounded(limit: Decimal, flow: Workflow) -> Verdict:
    whys: list[str] = []
    for item, reach in flow.calls:
        money = usd_of(item, reach)
        if money is not None and money.high is None:
            whys += [*item.estimate.why, *(reach.repeats.why if reach.repeats.high is None else ())]
    return Verdict(
        f"no bound on the cost of one run of {_named(flow)}, which may be {words.exact(limit)} at worst: "
        f"{words.reasons(whys[:SHOWN])}",
        _labels(flow),
        help="bound retries, turns and loops, or compare `typical`",
        value=values_of_run(flow.name)[1],
    )


def _unpriced(budget: Budget, limit: Decimal, flows: Sequence[Workflow], of: int) -> Verdict:
    items = [item for flow in flows for item in flow.items if item.estimate.usd is None]
    items = list({item.request.id: item for item in items}.values())
    return Verdict(
        f"whether one run stays within {words.exact(limit)} is not known for {len(flows):,} of "
        f"{words.plural(of, 'entry point')}: no price for {words.plural(len(items), 'request')}",
        (budget_label(budget), *(places.outermost(item.request, "no price") for item in items[:SHOWN])),
        reason_counts(items),
        "make the model known (`guard explain model-known`), or `on_unknown: pass` for this budget",
        verdict="undecided",
        enforce=undecided_enforce(budget.on_unknown),
        value="unpriced",
        extent=without_figure(len(flows)),
    )


def _known_values_only(budget: Budget, limit: Decimal, unbound: Sequence[tuple[Workflow, str]], of: int) -> Verdict:
    reasons = tuple(dict.fromkeys(why for _, why in unbound))
    return Verdict(
        f"whether one run of {len(unbound):,} of {words.plural(of, 'entry point')} stays within {words.exact(limit)} "
        f"is not known, since worst covers the known values only: {words.listing(reasons)}",
        (budget_label(budget), *(label for flow, _ in unbound[:SHOWN] for label in _labels(flow)[:1])),
        help="fix or declare the value (`assume` in guard.yaml), compare `typical`, or `on_unknown: pass`",
        verdict="undecided",
        enforce=undecided_enforce(budget.on_unknown),
        value="known values only",
        extent=without_figure(len(unbound)),
    )
