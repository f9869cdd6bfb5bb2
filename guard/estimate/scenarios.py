"""Use as it may become. In: a `Scenario` of the configuration. Out: what it does to sizes, turns, runs and rates.

A scenario is a part of `Config.usage`: whatever is estimated with `under(config, scenario)` is estimated under it.
Multipliers move what is typical. A bound that the code sets (a slice, an output limit, the window) holds as before; a
low or high that rests on text as it stands moves along where typical would leave it. Neighbours: `usage` asks for runs
and rates, `inputs`, `outputs` and `variant` for sizes, `cost` for turns; `again` estimates anew.
"""

from __future__ import annotations

import math
from dataclasses import replace
from decimal import Decimal

from guard.config.types import Config, Scenario
from guard.model import Request, Tokens


def under(config: Config, scenario: Scenario | None) -> Config:
    """The configuration with use as a scenario has it; None: as it is."""
    return replace(config, usage=replace(config.usage, scenario=scenario))


def named(config: Config, name: str) -> Scenario | None:
    """The scenario of that name; None: there is none."""
    return next((one for one in config.scenarios if one.name == name), None)


def both(one: Scenario | None, other: Scenario | None) -> Scenario | None:
    """One scenario on top of the other: multipliers multiply, of shares and limits those of `other` hold."""
    if one is None or other is None:
        return one or other
    holes = {
        name: one.holes.get(name, Decimal(1)) * other.holes.get(name, Decimal(1))
        for name in {**one.holes, **other.holes}
    }
    return Scenario(
        name=f"{one.name} with {other.name}",
        place=one.place,
        runs_per_month=_product(one.runs_per_month, other.runs_per_month),
        input=_product(one.input, other.input),
        output=_product(one.output, other.output),
        retrieval=_product(one.retrieval, other.retrieval),
        turns=_product(one.turns, other.turns),
        holes=holes,
        cache_hit_rate=one.cache_hit_rate if other.cache_hit_rate is None else other.cache_hit_rate,
        error_rate=one.error_rate if other.error_rate is None else other.error_rate,
        max_output=one.max_output if other.max_output is None else other.max_output,
    )


def _product(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    if one is None or other is None:
        return one if other is None else other
    return one * other


def with_turns(request: Request, scenario: Scenario | None) -> Request:
    """The request with as many typical turns as the scenario has, at most their bound; one turn stays one."""
    count = request.turns
    if scenario is None or scenario.turns is None or count.high == 1:
        return request
    typical = max(1.0, count.typical * float(scenario.turns))
    typical = typical if count.high is None else min(typical, count.high)
    low = min(count.low, math.floor(typical))
    why = (*count.why, f"scenario {scenario.name}: turns {said(scenario.turns)}")
    return replace(request, turns=replace(count, low=low, typical=typical, why=why))


def of_hole(scenario: Scenario | None, name: str, retrieved: bool) -> tuple[Decimal, str]:
    """What multiplies the typical size of a hole, and the words for its source; `retrieved`: a retriever fills it."""
    if scenario is None:
        return Decimal(1), ""
    factor = Decimal(1)
    for key in (name, name.rsplit(".", 1)[-1]):
        if key in scenario.holes:
            factor *= scenario.holes[key]
            break
    if retrieved and scenario.retrieval is not None:
        factor *= scenario.retrieval
    return factor, "" if factor == 1 else f", {said(factor)} by scenario {scenario.name}"


def scaled(size: Tokens, factor: Decimal, most: int | None) -> Tokens:
    """A size times a factor, at most `most` tokens (None: no bound is known); bounds move where they would not hold."""
    typical = size.typical * float(factor)
    high = size.high
    if high is not None:
        high = max(high, math.ceil(typical))
        high = high if most is None else max(min(high, most), min(size.high or 0, high))
        typical = min(typical, high)
    return Tokens(min(size.low, math.floor(typical)), typical, high)


def said(factor: Decimal) -> str:
    """A multiplier in words: `x2`, `x1.3`."""
    return f"x{factor.normalize():f}"
