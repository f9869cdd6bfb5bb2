"""One request from several entry points. In: the cost of a call by each set of usage rules. Out: one cost, a month.

A wrapper that two routes call is sized by each route's own rules. A call of it costs at least the least and at most the
most of them; its typical is their mean by the calls that each entry point makes a month. Where these are not declared,
the dearest stands in for it and the estimate says so. Neighbours: `usage` finds the rules, `cost` prices a call.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TypeVar

from guard.config.types import Config
from guard.estimate import usage
from guard.estimate.money import Factor, factor_of, plus, times
from guard.estimate.usage import NO_RUNS, Sizing
from guard.model import Count, EntryCost, Estimate, Hole, Money, Part, Reach, Request, Tokens

Number = TypeVar("Number", int, Decimal)
NOTHING = Money(Decimal(0), Decimal(0), Decimal(0))


@dataclass(frozen=True, slots=True)
class Call:
    """What one call costs; `estimate` is without run and month."""

    estimate: Estimate
    in_loop: Money
    """The mean over the rounds of a loop in which the prompt grows; else that of `estimate`. Nothing: no price."""


@dataclass(frozen=True, slots=True)
class Month:
    """What a request costs a month; None where no runs are declared."""

    usd: Money | None
    runs: Decimal | None
    source: str | None
    notes: tuple[str, ...] = ()
    assumed_share: float | None = None
    """Share of typical `usd` that rests on assumptions."""
    runs_assumed: bool = False
    """Whether a traffic profile says some of the runs."""


def guesses(request: Request) -> tuple[str, ...]:
    """Assumptions about loops of unknown length around a request, here and on the way from its entry points."""
    loops = [*request.repeats.guessed, *(loop for reach in request.reached_from for loop in reach.repeats.guessed)]
    return tuple(f"one round of a loop of unknown length: {loop}; declare `repeats`" for loop in dict.fromkeys(loops))


def _assumed(usd: Money, repeats: Count, share: float | None, runs: usage.Runs) -> Decimal:
    """How much of a month is assumption: all of it where a loop of unknown length or a traffic profile multiplies."""
    return usd.typical * (Decimal(1) if repeats.guessed or runs.assumed else Decimal(str(share or 0)))


def _share(assumed: Decimal, usd: Money) -> float | None:
    return float(assumed / usd.typical) if usd.typical else None


Sized = tuple[Sizing, Call]
"""A set of rules with what a call costs by it."""


def _idle(request: Request, config: Config, sizing: Sizing) -> bool:
    """Whether all that is sized by it are tests, notebooks and examples for which no runs are declared."""
    return bool(sizing.reaches) and all(
        reach.kind in NO_RUNS and ((runs := usage.runs_of(reach, request, config)) is None or not runs.per_month)
        for reach in sizing.reaches
    )


def together(request: Request, config: Config, calls: Sequence[Sized]) -> Call:
    """One cost of a call for all sets of rules.

    What only tests, notebooks and examples are sized by decides only where nothing else reaches the request. A set by
    which there is no price (no length of a recording is declared) leaves the request without one.
    """
    if len(calls) == 1:
        return calls[0][1]
    live = [(sizing, call) for sizing, call in calls if not _idle(request, config, sizing)] or list(calls)
    unpriced = [call for _, call in live if call.estimate.usd is None]
    if unpriced:
        return unpriced[0]
    found = _one_of(request, config, live)
    if len({(call.estimate.usd, call.in_loop) for _, call in calls}) == 1:
        return found
    costs = tuple(
        EntryCost(reach.entry, call.in_loop, _sources(sizing), call.estimate.assumed_share)
        for sizing, call in calls
        for reach in sizing.reaches
        if call.estimate.usd is not None
    )
    ordered = tuple(sorted(costs, key=lambda cost: cost.entry))
    return replace(found, estimate=replace(found.estimate, by_entry=ordered))


def _one_of(request: Request, config: Config, live: Sequence[Sized]) -> Call:
    """The cost of a call from whatever entry point, all of which have a price."""
    calls = [call for _, call in live]
    if len({(call.estimate.usd, call.in_loop) for call in calls}) == 1:
        return calls[0]
    weights = _calls_per_month(request, config, live)
    if weights is not None:
        return _blend(calls, weights)
    dearest = max(live, key=lambda one: one[1].in_loop.typical)
    entry, by = dearest[0].reaches[0].entry, ", ".join(_sources(dearest[0])) or "no rule"
    blended = _blend(calls, [Decimal(one is dearest) for one in live])
    note = f"typical is that from the dearest entry point, {entry} (sized by {by}): not all runs are declared"
    found = replace(
        blended.estimate,
        assumptions=(note, *blended.estimate.assumptions),
        assumed_share=None if blended.estimate.assumed_share is None else 1.0,
    )
    return replace(blended, estimate=found)


def _sources(sizing: Sizing) -> tuple[str, ...]:
    return tuple(rule.source for rule in sizing.rules)


def _calls_per_month(request: Request, config: Config, live: Sequence[Sized]) -> list[Decimal] | None:
    """Typical calls of the request a month by each set of rules; None where runs are not all declared, or none is."""
    weights = []
    for sizing, _ in live:
        weight = Decimal(0)
        for reach in sizing.reaches:
            runs = usage.runs_of(reach, request, config)
            if runs is None and reach.kind not in NO_RUNS:
                return None
            if runs is not None:
                weight += runs.per_month * Decimal(str(reach.repeats.typical))
        weights.append(weight)
    return weights if any(weights) else None


def _blend(calls: Sequence[Call], weights: Sequence[Decimal]) -> Call:
    """The bounds of all and the weighted mean of what is typical. Words of the heaviest come first."""
    order = sorted(range(len(calls)), key=lambda index: -weights[index])
    calls, weights = [calls[index] for index in order], [weights[index] for index in order]
    every = [call.estimate for call in calls]
    usd = _mean_money([one.usd or NOTHING for one in every], weights)
    assumed = sum(
        (w * one.usd.typical * Decimal(str(one.assumed_share or 0)) for w, one in zip(weights, every, strict=True)
         if one.usd is not None),
        Decimal(0),
    )  # fmt: skip
    whole = usd.typical * sum(weights)
    found = replace(
        every[0],
        why=tuple(dict.fromkeys(why for one in every for why in one.why)),
        input_tokens=_mean_tokens([one.input_tokens for one in every], weights),
        output_tokens=_mean_tokens([one.output_tokens for one in every], weights),
        usd=usd,
        holes=_holes(every, weights),
        parts=_parts(every, weights),
        assumptions=tuple(dict.fromkeys(text for one in every for text in one.assumptions)),
        assumed_share=float(assumed / whole) if whole else None,
        known_only=tuple(dict.fromkeys(why for one in every for why in one.known_only)),
    )
    return Call(found, _mean_money([call.in_loop for call in calls], weights))


def _mean_money(amounts: Sequence[Money], weights: Sequence[Decimal]) -> Money:
    typical = sum((w * one.typical for w, one in zip(weights, amounts, strict=True)), Decimal(0)) / sum(weights)
    return Money(min(one.low for one in amounts), typical, _most([one.high for one in amounts]))


def _most(highs: Iterable[Number | None]) -> Number | None:
    most: Number | None = None
    for high in highs:
        if high is None:
            return None
        most = high if most is None or high > most else most
    return most


def _mean_tokens(sizes: Sequence[Tokens | None], weights: Sequence[Decimal]) -> Tokens | None:
    """None where one is not known, since whether tokens are billed does not depend on rules."""
    known = [size for size in sizes if size is not None]
    if len(known) < len(sizes):
        return None
    typical = float(
        sum((w * Decimal(str(one.typical)) for w, one in zip(weights, known, strict=True)), Decimal(0)) / sum(weights)
    )
    number = int(typical) if typical.is_integer() else typical
    return Tokens(min(one.low for one in known), number, _most(one.high for one in known))


def _holes(every: Sequence[Estimate], weights: Sequence[Decimal]) -> tuple[Hole, ...]:
    """The holes, which are the same by all rules but for their sizes."""
    if len({tuple(hole.name for hole in one.holes) for one in every}) > 1:
        return every[0].holes
    found = []
    for holes in zip(*(one.holes for one in every), strict=True):
        size = _mean_tokens([hole.tokens for hole in holes], weights)
        source = ", ".join(dict.fromkeys(hole.source for hole in holes))
        found.append(holes[0] if size is None else Hole(holes[0].name, size, source))
    return tuple(found)


def _parts(every: Sequence[Estimate], weights: Sequence[Decimal]) -> tuple[Part, ...]:
    """The lines of the arithmetic; a line that a set of rules does not have is none of it."""
    nothing = Tokens(0, 0, 0)
    tables = [{(part.variant, part.name, part.usd_per_million): part for part in one.parts} for one in every]
    found = []
    for key in dict.fromkeys(key for table in tables for key in table):
        mine = [table.get(key) for table in tables]
        quantity = _mean_tokens([nothing if part is None else part.quantity for part in mine], weights)
        usd = _mean_money([NOTHING if part is None else part.usd for part in mine], weights)
        found.append(Part(key[1], quantity or nothing, key[2], usd, key[0]))
    return tuple(found)


def per_month(request: Request, call: Call, config: Config) -> Month:
    """Sum over the entry points of runs per month x repeats x cost of a call; None where no runs are declared."""
    if not request.reached_from:
        own = usage.runs_of_request(request, config)
        if own is None:
            return Month(None, None, None)
        money = times(times(call.in_loop, factor_of(request.repeats)), Factor.exactly(own.per_month))
        assumed = _assumed(money, request.repeats, call.estimate.assumed_share, own)
        return Month(money, own.per_month, own.source, assumed_share=_share(assumed, money))
    found = [(reach, usage.runs_of(reach, request, config)) for reach in request.reached_from]
    known = [(reach, runs) for reach, runs in found if runs is not None]
    if not known:
        return Month(None, None, None)
    own_costs = {cost.entry: (cost.usd, cost.assumed_share) for cost in call.estimate.by_entry}
    money, assumed = NOTHING, Decimal(0)
    for reach, runs in known:
        usd, share = own_costs.get(reach.entry, (call.in_loop, call.estimate.assumed_share))
        one = times(times(usd, factor_of(reach.repeats)), Factor.exactly(runs.per_month))
        money, assumed = plus(money, one), assumed + _assumed(one, reach.repeats, share, runs)
    notes: tuple[str, ...] = ()
    if len(known) < len(found):
        notes = (_silent([reach for reach, runs in found if runs is None]),)
    notes += tuple(
        dict.fromkeys(f"{runs.per_month:g} runs a month of a {reach.kind}: {runs.source}"
                      for reach, runs in known if runs.assumed)
    )  # fmt: skip
    source = ", ".join(dict.fromkeys(runs.source for _, runs in known))
    whole = sum((runs.per_month for _, runs in known), Decimal(0))
    return Month(money, whole, source, notes, _share(assumed, money), any(runs.assumed for _, runs in known))


def _silent(reaches: Sequence[Reach]) -> str:
    shown = ", ".join(reach.entry for reach in reaches[:3]) + (" and others" if len(reaches) > 3 else "")
    return f"no runs_per_month is declared for {shown}: not in the monthly figure"
