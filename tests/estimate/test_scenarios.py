"""Use as it may become: what a scenario does to each figure, and that estimating anew changes nothing by itself."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from estimate_samples import (
    PLACE,
    TABLE,
    config,
    hole,
    prompt,
    reach,
    request,
    row,
    rule,
    span,
    static,
    variant,
)  # fmt: skip
from estimate_samples import rate as usd

from guard.config.types import Assume, Scenario
from guard.estimate import again, scenarios
from guard.estimate.cost import estimate_all
from guard.estimate.price_rows import Rates
from guard.model import Choice, Count, Layer, Segment, Step, Value

ROUTE = reach("src/app.py::ask", aliases=("POST /ask",), kind="route")
HOLES = prompt(static("hello world"), hole("docs", 1000), hole("state.history"))


def scenario(**says) -> Scenario:
    return Scenario("launch", PLACE, **{k: Decimal(v) if isinstance(v, str) else v for k, v in says.items()})


def both(asked, settings, table=TABLE, **says):
    """The request as it is used and under a scenario."""
    was = estimate_all((asked,), table, settings)
    now = again.under(was, table, settings, scenario(**says))
    return was[0].estimate, now[0].estimate


def test_runs_multiply_a_month_and_nothing_else():
    settings = config(rule(entry="POST /ask", runs_per_month=Decimal(1000)))
    was, now = both(request(reached_from=(ROUTE,)), settings, runs_per_month="10")
    assert now.usd_per_month.typical == 10 * was.usd_per_month.typical
    assert now.usd == was.usd
    assert now.runs_source == "usage.rules[0], x10 by scenario launch"


def test_runs_that_nobody_declared_stay_unknown():
    was, now = both(request(reached_from=(ROUTE,)), config(), runs_per_month="10")
    assert was.usd_per_month is None and now.usd_per_month is None


def test_input_multiplies_the_whole_input():
    was, now = both(request(prompt=HOLES), config(), input="1.5")
    assert was.input_tokens.typical == 2 + 250 + 400
    assert now.input_tokens.typical == 1.5 * 652
    # 978 tokens at 2 USD and 50 tokens at 10 USD a million
    assert now.usd.typical == Decimal("0.001956") + Decimal("0.0005")
    assert "input x1.5 by scenario launch" in now.assumptions


def test_input_never_exceeds_the_window():
    _, now = both(request(prompt=HOLES), config(), input="1000")
    assert now.input_tokens.typical == now.input_tokens.high == 10_000


def test_a_static_prompt_that_grows_takes_its_bounds_along():
    was, now = both(request(), config(), input="2")
    assert (was.input_tokens.low, was.input_tokens.typical, was.input_tokens.high) == (2, 2, 2)
    assert (now.input_tokens.low, now.input_tokens.typical, now.input_tokens.high) == (2, 4, 4)


def test_less_input_lowers_the_low_side():
    _, now = both(request(), config(), input="0.5")
    assert (now.input_tokens.low, now.input_tokens.typical, now.input_tokens.high) == (1, 1, 2)


def test_a_hole_by_name_stays_within_the_slice():
    _, now = both(request(prompt=HOLES), config(), holes={"docs": Decimal(40), "history": Decimal(3)})
    docs, history = now.holes
    assert (docs.tokens.typical, docs.tokens.high) == (4000, 4000)
    assert docs.source == "slice [:1000], x40 by scenario launch"
    assert history.tokens.typical == 1200


def test_retrieval_multiplies_what_a_retriever_fills_and_no_other_hole():
    looked_up = Segment(None, "context", tokens=(0, 1000, None), why="4 passages of 250 tokens")
    wording = Segment(None, "instructions", tokens=(50, 60, 70))
    _, now = both(request(prompt=prompt(looked_up, wording, hole("question"))), config(), retrieval="2")
    assert [one.tokens.typical for one in now.holes] == [2000, 60, 400]


def test_output_stays_within_the_limit():
    was, now = both(request(limit=100), config(), output="1.2")
    assert (was.output_tokens.typical, now.output_tokens.typical) == (50, 60)
    assert both(request(limit=100), config(), output="9")[1].output_tokens.typical == 100


def test_turns_stay_within_their_bound_and_one_turn_stays_one():
    agent = request(turns=Count(1, 3, 4, ("max_turns",)))
    was, now = both(agent, config(), turns="2")
    assert now.usd.typical > was.usd.typical
    assert now.usd.high == was.usd.high
    was, now = both(request(), config(), turns="2")
    assert now.usd == was.usd


def test_rates_take_the_place_of_declared_ones():
    cached = row("gpt-4o", rates=Rates(usd("2"), usd("10"), cache_read=usd("1")))
    table = type(TABLE)(cached)
    long = request(prompt=prompt(static("word " * 2000)))
    settings = config(rule(cache_hit_rate=Decimal("1")))
    was, now = both(long, settings, table, cache_hit_rate="0")
    assert now.usd.typical > was.usd.typical
    assert now.usd.typical == estimate_all((long,), table, config())[0].estimate.usd.typical


def test_a_budget_of_a_slice_is_no_bound_for_text_that_stands_there():
    """Low, typical and high stay in order whatever is multiplied."""
    for factor in ("0.01", "0.5", "3", "500"):
        for asked in (request(), request(prompt=HOLES), request(prompt=prompt(hole("docs", 4)))):
            _, now = both(asked, config(), input=factor, output=factor, holes={"docs": Decimal(factor)})
            assert now.usd.low <= now.usd.typical <= now.usd.high
            assert now.input_tokens.low <= now.input_tokens.typical <= now.input_tokens.high


SEVERAL = (
    request(),
    request(
        id="open", model=Value((), True, "not resolved"), variants=(variant("gpt-4o", 100),),
        inline={"model": "gpt-4", "max_output": "70", "docs": "12"}, prompt=HOLES,
    ),
    request(  # no default: the dearest stands in
        id="arms", variants=(variant("gpt-4o-mini", default=True), variant("gpt-4", default=False)),
        model=Value((Choice("gpt-4o-mini"), Choice("gpt-4")), False),
    ),
    request(  # the stand-in has a default's trail, which must not make it one the second time
        id="trail", model=Value((Choice("gpt-4o-mini"), Choice("gpt-4")), False),
        variants=(
            replace(variant("gpt-4o-mini"), model=Choice("gpt-4o-mini", (Step(span(), "literal"),))),
            replace(variant("gpt-4"), model=Choice("gpt-4", (Step(span(), "env_default"),)), default=False),
        ),
    ),
    request(id="unknown", model=Value((), True, "computed"), variants=()),
)  # fmt: skip


@pytest.mark.parametrize("settings", [
    config(),
    config(rule(holes={"docs": 3}, runs_per_month=Decimal(7))),
    config(assume=(Assume("assume[0]", PLACE, model="gpt-4.1", repeats=3),)),
])  # fmt: skip
def test_estimating_anew_changes_nothing_by_itself(settings):
    first = estimate_all(SEVERAL, TABLE, settings)
    assert again.again(first, TABLE, settings) == first
    assert again.under(again.under(first, TABLE, settings, None), TABLE, settings, None) == first


def test_a_changed_request_is_estimated_as_changed():
    (item,) = estimate_all((request(),), TABLE, config())
    model = Value((Choice("gpt-4"),), False)
    dear = replace(item, request=replace(item.request, variants=(variant("gpt-4"),), model=model))
    (found,) = again.again([dear], TABLE, config())
    assert found.estimate == estimate_all((request("gpt-4"),), TABLE, config())[0].estimate


REASK = Layer("instructor", 3, "yes")


def fallback(share: str | None, chain: int = 1, **changes):
    """The last of a chain of requests that run after one another, by a rule for all of them."""
    settings = config(*([rule(error_rate=Decimal(share))] if share else []))
    after = (request(id=f"r{n + 1}", after=f"r{n}", attempts=Count(0, 0, 1)) for n in range(chain))
    every = [request(id="r0", **changes), *after]
    return [item.estimate for item in estimate_all(tuple(every), TABLE, settings)]


def test_a_fallback_costs_the_share_of_calls_that_fail():
    primary, after = fallback("0.02")
    assert after.usd.typical == Decimal("0.02") * primary.usd.typical
    assert after.usd.low == 0
    assert after.usd.high == primary.usd.high
    assert "runs in the 2 % of calls that fail (usage.rules[0])" in after.assumptions


def test_a_fallback_of_a_fallback_costs_the_product():
    primary, _, last = fallback("0.1", chain=2)
    assert last.usd.typical == Decimal("0.01") * primary.usd.typical


def test_without_an_error_rate_a_fallback_typically_costs_nothing():
    assert fallback(None)[1].usd.typical == 0


def test_the_rate_is_that_of_what_fails():
    settings = config(rule(0, request="r0", error_rate=Decimal("0.5")), rule(1, request="r1", error_rate=Decimal(1)))
    every = (request(id="r0"), request(id="r1", after="r0", attempts=Count(0, 0, 1)))
    first, second = (item.estimate.usd.typical for item in estimate_all(every, TABLE, settings))
    assert second == first / 2


def test_an_answer_that_is_asked_for_again_is_paid_again():
    plain, _ = fallback(None)
    paid, _ = fallback("0.1", layers=(REASK,), attempts=Count(1, 1, 3))
    assert paid.usd.typical == plain.usd.typical * Decimal("1.11")  # 1 + 0.1 + 0.01
    free, _ = fallback("0.1", layers=(replace(REASK, billed="no"),), attempts=Count(1, 1, 3))
    assert free.usd.typical == plain.usd.typical


def test_without_end_every_failure_is_paid_again():
    paid, _ = fallback("0.5", layers=(replace(REASK, attempts=None),), attempts=Count(1, 1, None))
    assert paid.usd.typical == 2 * fallback(None)[0].usd.typical
    assert paid.usd.high is None


@pytest.mark.parametrize(("kind", "runs"), [("route", 11_000), ("cli", 30), ("notebook", 0)])
def test_a_profile_assumes_runs_by_kind_of_entry_point(kind, runs):
    settings = config()
    settings = replace(settings, usage=replace(settings.usage, profile="small"))
    (item,) = estimate_all((request(reached_from=(replace(ROUTE, kind=kind),)),), TABLE, settings)
    assert item.estimate.runs_per_month == runs
    if runs:
        assert item.estimate.assumed_share_month == 1
        assert any("assumed by profile small" in text for text in item.estimate.assumptions)


def test_declared_runs_go_before_a_profile():
    settings = config(rule(entry="POST /ask", runs_per_month=Decimal(5)))
    settings = replace(settings, usage=replace(settings.usage, profile="large"))
    (item,) = estimate_all((request(reached_from=(ROUTE,)),), TABLE, settings)
    assert (item.estimate.runs_per_month, item.estimate.runs_source) == (5, "usage.rules[0]")


def test_scenarios_are_found_by_name():
    settings = replace(config(), scenarios=(scenario(input="2"),))
    assert scenarios.named(settings, "launch") is settings.scenarios[0]
    assert scenarios.named(settings, "lunch") is None
