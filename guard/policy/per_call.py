"""Holds each request of a budget against what one call may cost.

In: a `Budget` with `per_call` and its selection. Out: `Verdict`s for `budgets.py`, one for each call that is too dear,
and one for all that have no price.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from math import prod

from guard.config.types import Budget, Compare
from guard.model import Choice, Label, Part, Priced
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
    not_priced,
    reason_counts,
    undecided_enforce,
    warns,
    why_no_bound,
    without_figure,
)


def per_call(budget: Budget, limit: Decimal, items: Sequence[Priced]) -> Iterator[Verdict]:
    """Verdicts of a budget for one call; `limit` in US dollars."""
    unpriced: list[Priced] = []
    unbound: list[tuple[Priced, str]] = []
    for item in items:
        if item.estimate.usd is None:
            unpriced.append(item)
            continue
        amount = figure(item.estimate.usd, budget.compare)
        why = why_no_bound(item) if budget.compare == "high" and budget.on_unknown != "pass" else None
        if amount is None:
            yield _unbounded_call(budget, limit, item)
        elif amount > limit:
            yield _dear_call(budget, limit, item, amount)
        elif why is not None:
            unbound.append((item, why))
        elif warns(budget, limit, amount):
            yield _near_call(budget, limit, item, amount)
    if unbound:
        yield _known_values_only(budget, limit, unbound, len(items))
    if unpriced and budget.on_unknown != "pass":
        yield _unpriced_calls(budget, limit, unpriced, len(items))


def _unbounded_call(budget: Budget, limit: Decimal, item: Priced) -> Verdict:
    request = item.request
    endless = [Label(layer.span, "no bound") for layer in request.layers if layer.attempts is None and layer.span]
    why = words.reasons(item.estimate.why or (*request.attempts.why, *request.turns.why))
    return Verdict(
        f"no bound on the cost of one call, which may be {words.exact(limit)} at worst: {why}",
        places.join(places.way(request), endless),
        _call_notes(item),
        "bound what has no bound: retries, turns, the output limit",
        request=request,
        value="unbounded",
    )


def _dear_call(budget: Budget, limit: Decimal, item: Priced, amount: Decimal) -> Verdict:
    share, assumed = assumed_words(item.estimate.assumed_share, budget.compare)
    return Verdict(
        f"one call costs {words.beside(amount, limit)} {FIGURE[budget.compare]}, more than {words.exact(limit)}{share}",
        _call_labels(item, budget.compare),
        (*_arithmetic(item, budget.compare), *_call_notes(item)),
        _call_help(item, budget.compare),
        request=item.request,
        assumed=assumed,
        extent=in_usd(amount),
    )


def _near_call(budget: Budget, limit: Decimal, item: Priced, amount: Decimal) -> Verdict:
    share, assumed = assumed_words(item.estimate.assumed_share, budget.compare)
    return Verdict(
        f"one call costs {words.money(amount)} {FIGURE[budget.compare]}, "
        f"{words.percent(amount / limit)} of {words.exact(limit)}{share}",
        _call_labels(item, budget.compare),
        (*_arithmetic(item, budget.compare), *_call_notes(item)),
        enforce="warn",
        severity="low",
        request=item.request,
        assumed=assumed,
        value=NEAR,
        extent=in_usd(amount),
    )


def _known_values_only(budget: Budget, limit: Decimal, unbound: Sequence[tuple[Priced, str]], of: int) -> Verdict:
    reasons = tuple(dict.fromkeys(why for _, why in unbound))
    return Verdict(
        f"whether {len(unbound):,} of {words.plural(of, 'request')} stay within {words.exact(limit)} per call is not "
        f"known, since worst covers the known values only: {words.listing(reasons)}",
        (budget_label(budget), *(places.outermost(item.request, why) for item, why in unbound[:SHOWN])),
        (),
        "fix or declare the value (`assume` in guard.yaml), compare `typical`, or `on_unknown: pass` for this budget",
        verdict="undecided",
        enforce=undecided_enforce(budget.on_unknown),
        value="known values only",
        extent=without_figure(len(unbound)),
    )


def _unpriced_calls(budget: Budget, limit: Decimal, unpriced: Sequence[Priced], of: int) -> Verdict:
    return Verdict(
        f"{len(unpriced):,} of {words.plural(of, 'request')} cannot be held against {words.exact(limit)} per call: "
        "no price",
        (budget_label(budget), *(places.outermost(item.request, not_priced(item)) for item in unpriced[:SHOWN])),
        reason_counts(unpriced),
        "make the model known (`guard explain model-known`), or `on_unknown: pass` for this budget",
        verdict="undecided",
        enforce=undecided_enforce(budget.on_unknown),
        value="unpriced",
        extent=without_figure(len(unpriced)),
    )


def _call_notes(item: Priced) -> tuple[str, ...]:
    cost = words.cost(item.estimate)
    return (f"cost: {cost}",) if cost else ()


def _call_labels(item: Priced, compare: Compare) -> tuple[Label, ...]:
    """The outermost call, the one that sends, where model and limit of the deciding variant were written, retries."""
    request = item.request
    index = _variant(item, compare)
    groups: list[Sequence[Label]] = [places.way(request)]
    if index < len(request.variants):
        variant = request.variants[index]
        groups += [places.origin(choice, what) for choice, what in _choices(variant.model, variant.max_output)]
    if compare == "high":
        groups.append(
            [
                Label(layer.span, f"{layer.name}: {words.plural(layer.attempts, 'try', 'tries')}")
                for layer in request.layers
                if layer.span is not None and layer.attempts is not None and layer.attempts > 1
            ]
        )
    return places.join(*groups)


def _choices(model: Choice | None, limit: Choice | None) -> list[tuple[Choice, str]]:
    return [(choice, what) for choice, what in ((model, "model"), (limit, "output limit")) if choice is not None]


def _variant(item: Priced, compare: Compare) -> int:
    """Index of the variant whose arithmetic is shown: the default one for `typical`, else the one that decides."""
    sums: dict[int, Decimal] = {}
    for part in item.estimate.parts:
        sums[part.variant] = sums.get(part.variant, Decimal(0)) + (figure(part.usd, compare) or Decimal(0))
    default = next((i for i, variant in enumerate(item.request.variants) if variant.default), None)
    if not sums:
        return default or 0
    if compare == "typical" and default in sums:
        return default
    decides = min if compare == "low" else max
    return decides(sums, key=lambda index: sums[index])


def _arithmetic(item: Priced, compare: Compare) -> tuple[str, ...]:
    """Quantity x rate for each part of one attempt of one turn, then what multiplies it."""
    index = _variant(item, compare)
    lines = [_part_line(part, compare) for part in item.estimate.parts if part.variant == index]
    request = item.request
    turns = {"low": request.turns.low, "typical": request.turns.typical, "high": request.turns.high}[compare]
    if turns is not None and turns != 1:
        lines.append(f"x {words.count(turns)} turns (the lines above are the mean of a turn)")
    billed = [layer for layer in request.layers if layer.billed != "no" and layer.attempts not in (None, 1)]
    if compare == "high" and billed:
        tries = prod(layer.attempts or 1 for layer in billed)
        names = " x ".join(f"{layer.name} {layer.attempts}" for layer in reversed(billed))
        lines.append(f"x {tries:,} attempts that may be billed ({names})")
    return tuple(lines)


def _part_line(part: Part, compare: Compare) -> str:
    quantity = {"low": part.quantity.low, "typical": part.quantity.typical, "high": part.quantity.high}[compare]
    usd = figure(part.usd, compare)
    amount = "no bound" if usd is None else words.money(usd)
    number = "no bound" if quantity is None else words.count(quantity)
    return f"{part.name}: {number} x {words.exact(part.usd_per_million)} per million = {amount}"


def _call_help(item: Priced, compare: Compare) -> str:
    """Names the part that weighs most."""
    index = _variant(item, compare)
    parts = [part for part in item.estimate.parts if part.variant == index]
    if not parts:
        return "choose a cheaper model, a lower output limit, fewer retries or less input"
    dearest = max(parts, key=lambda part: figure(part.usd, compare) or Decimal(0))
    advice = "lower the output limit" if "output" in dearest.name else "send less input"
    return f"most of it is {dearest.name}: {advice}, or choose a cheaper model"
