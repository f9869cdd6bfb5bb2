"""Money by hand: PLAIN costs 2 USD in and 10 USD out per million tokens, `hello world` has 2 tokens."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from estimate_samples import (
    CHEAP,
    DEAR,
    PLACE,
    PLAIN,
    TABLE,
    Table,
    config,
    hole,
    prompt,
    rate,
    reach,
    request,
    row,
    rule,
    span,
    static,
    unit,
    variant,
)  # fmt: skip
from hypothesis import given
from hypothesis import strategies as st

from guard.config.types import Config, Feature, PriceRule, Usage
from guard.estimate.cost import estimate, estimate_all, totals
from guard.estimate.price_rows import Rates
from guard.model import Choice, Count, Layer, Message, Money, Prompt, Step, Tokens, Value


def usd(text: str) -> Decimal:
    return Decimal(text)


def of(made, settings=None, table=TABLE):
    return estimate(made, table, settings or Config())


def amounts(money: Money):
    return money.low, money.typical, money.high


# --- input and output ----------------------------------------------------------------------------------------------


def test_static_prompt_with_a_limit():
    found = of(request())
    assert found.priced and found.why == ()
    assert found.input_tokens == Tokens(2, 2, 2)
    assert found.output_tokens == Tokens(1, 50, 100)
    # low: 2 in and 1 out; typical: half of the limit of 100; high: the limit
    assert amounts(found.usd) == (usd("0.000014"), usd("0.000504"), usd("0.001004"))
    assert found.usd_per_run == found.usd
    assert found.usd_per_month is None and found.runs_per_month is None
    assert found.static_tokens == 2 and found.segment_tokens == ((2,),)
    assert found.approximate is None
    assert any(line.startswith("output: 50 tokens, 50 % of the limit") for line in found.assumptions)


def test_parts_are_the_arithmetic():
    found = of(request())
    assert [(part.name, part.quantity, part.usd_per_million) for part in found.parts] == [
        ("input", Tokens(2, 2, 2), 2), ("output", Tokens(1, 50, 100), 10),
    ]  # fmt: skip
    assert sum(part.usd.typical for part in found.parts) == found.usd.typical


def test_hole_of_unknown_size_takes_the_stated_default_and_at_most_the_window():
    found = of(request(prompt=prompt(static("hello world"), hole("docs"))))
    assert found.holes[0].tokens == Tokens(0, 400, 9_998)
    assert found.holes[0].source == "default"
    assert found.input_tokens == Tokens(2, 402, 10_000)
    assert found.usd.high == usd("0.02") + usd("0.001")
    assert any("no bound on docs" in line and "9998" in line for line in found.assumptions)


def test_two_holes_share_the_window():
    found = of(request(prompt=prompt(hole("a"), hole("b"))))
    assert found.input_tokens == Tokens(0, 800, 10_000)


def test_declared_hole_is_a_mean_and_no_bound():
    found = of(request(prompt=prompt(static("hello world"), hole("docs"))), config(rule(holes={"docs": 1_000})))
    assert found.holes[0].tokens == Tokens(0, 1_000, 9_998)
    assert found.input_tokens == Tokens(2, 1_002, 10_000)
    assert "no bound on docs: at most the rest of the model's window, 9998 tokens" in found.assumptions
    assert not any(line.startswith("docs:") for line in found.assumptions)


def test_comment_beside_the_code_declares_hole_and_output():
    found = of(request(prompt=prompt(hole("docs")), inline={"docs": "1200", "output": "30"}))
    assert found.input_tokens == Tokens(0, 1_200, 10_000)
    assert found.output_tokens == Tokens(1, 30, 100)
    assert found.assumed_share == 0


def test_slice_in_the_code_bounds_a_hole():
    found = of(request(prompt=prompt(hole("docs", max_chars=200))))
    # at most four bytes, so four tokens, a character; typically a token for four characters
    assert found.holes[0].tokens == Tokens(0, 50, 800)
    assert found.holes[0].source == "slice [:200]"


def test_model_without_a_known_window_leaves_the_hole_unbounded():
    blind = row("gpt-4o", context_window=None, max_input=None)
    found = of(request(prompt=prompt(hole("docs"))), table=Table(blind))
    assert found.usd.high is None and found.input_tokens.high is None
    assert found.why == ("no bound on docs, and the price table has no window for gpt-4o",)


def test_further_messages_count_like_a_hole():
    found = of(request(prompt=replace(prompt(static("hello world")), open=True, why="history")))
    assert found.input_tokens == Tokens(2, 402, 10_000)
    assert found.holes[0].name == "messages"


def test_without_a_limit_high_is_the_models_maximum():
    found = of(request(limit=None))
    assert found.output_tokens == Tokens(1, 500, 4_000)
    assert any("answer without a limit" in line for line in found.assumptions)


def test_limit_above_the_models_maximum_counts_as_the_maximum():
    assert of(request(limit=99_999)).output_tokens == Tokens(1, 2_000, 4_000)


def test_no_limit_and_no_maximum_leave_the_window_or_no_bound():
    unlimited = row("gpt-4o", max_output=None)
    assert of(request(limit=None), table=Table(unlimited)).output_tokens.high == 10_000
    blind = row("gpt-4o", max_output=None, max_input=None, context_window=None)
    found = of(request(limit=None), table=Table(blind))
    assert found.usd.high is None
    assert found.why == ("no output limit is sent, and the price table has no maximum for gpt-4o",)


def test_reasoning_counts_as_output():
    plain = of(request(limit=None)).output_tokens.typical
    effort = of(request(limit=None, variants=(variant("gpt-4o", None, reasoning="high"),)))
    budget = of(request(limit=None, variants=(variant("gpt-4o", None, reasoning=2_000),)))
    assert (plain, effort.output_tokens.typical, budget.output_tokens.typical) == (500, 3_000, 1_500)
    assert any("effort high" in line for line in effort.assumptions)
    assert effort.output_tokens.high == 4_000


def test_several_answers_are_all_paid():
    found = of(request(outputs=3))
    assert found.output_tokens == Tokens(3, 150, 300)
    assert of(request(outputs=None)).usd.high is None


def test_embeddings_have_no_output():
    found = of(request(operation="embedding"), table=Table(row("gpt-4o", rates=Rates(rate("2")))))
    assert amounts(found.usd) == (usd("0.000004"),) * 3


def test_adjacent_static_segments_are_counted_as_one_text():
    found = of(request(prompt=prompt(static("hel"), static("lo world"), hole("x"), static("hello"))))
    assert found.static_tokens == 3
    assert sum(found.segment_tokens[0]) == 3 and found.segment_tokens[0][2] == 0


def test_tools_that_are_not_known_are_an_assumption_with_an_open_high_side():
    found = of(request(prompt=replace(prompt(static("hello world")), tools_open=True)))
    assert found.input_tokens == Tokens(2, 402, 10_000)
    assert any("tools may be sent that are not known here: 400 tokens" in line for line in found.assumptions)
    declared = of(
        request(prompt=replace(prompt(static("hello world")), tools_open=True)), config(rule(holes={"tools": 50}))
    )
    assert declared.input_tokens == Tokens(2, 52, 10_000), "a declared size is a mean, the high side the window"


def test_claude_says_that_its_tokens_are_approximate():
    claude = Table(row("claude-opus-5", provider="anthropic"))
    found = of(request("claude-opus-5", variants=(variant("claude-opus-5"),)), table=claude)
    assert found.approximate == "o200k_base x 1.5 +/- 20 % (prose)"
    assert found.input_tokens.low < found.input_tokens.typical < found.input_tokens.high


# --- multipliers ---------------------------------------------------------------------------------------------------


def test_only_billed_attempts_make_the_high_side_dearer():
    layers = (Layer("openai SDK", 3, "maybe"), Layer("tenacity", 4, "yes"), Layer("rate limit wait", 10, "no"))
    found = of(request(attempts=Count(1, 1, 120), layers=layers))
    once = of(request())
    assert found.usd.high == once.usd.high * 12
    assert (found.usd.low, found.usd.typical) == (once.usd.low, once.usd.typical)


def test_endless_billed_retries_have_no_high_side():
    found = of(request(attempts=Count(1, 1, None), layers=(Layer("while True", None, "yes"),)))
    assert found.usd.high is None and found.usd_per_run.high is None
    assert found.why == ("no bound on the attempts of while True",)


def test_endless_retries_that_cost_nothing_leave_the_high_side():
    layers = (Layer("429 wait", None, "no"), Layer("SDK", 3, "maybe"))
    assert of(request(attempts=Count(1, 1, None), layers=layers)).usd.high == of(request()).usd.high * 3


def test_unbounded_attempts_without_a_layer_say_why():
    found = of(request(attempts=Count(1, 1, None, ("retries come from the environment",))))
    assert found.usd.high is None and found.why == ("retries come from the environment",)


def test_a_conditional_call_may_cost_nothing():
    found = of(request(conditional=True))
    assert found.usd.low == 0 and found.usd_per_run.low == 0 and found.usd.typical > 0


def test_a_fallback_typically_costs_nothing_but_may():
    found = of(request(after="r0"))
    assert found.usd.low == found.usd.typical == 0 and found.usd.high == of(request()).usd.high


def test_repeats_are_in_the_run_and_not_in_the_call():
    found = of(request(repeats=Count(2, 3, 5)))
    once = of(request())
    assert found.usd == once.usd
    assert amounts(found.usd_per_run) == (once.usd.low * 2, once.usd.typical * 3, once.usd.high * 5)


def test_unbounded_repeats_leave_the_run_open_and_the_call_bounded():
    found = of(request(repeats=Count(0, 3, None, ("for over rows",))))
    assert found.usd.high is not None and found.usd_per_run.high is None
    assert found.why == ("for over rows",)


def test_turns_send_the_history_again():
    """Declared output of 10 tokens: turns have 2, 12 and 22 tokens of input."""
    found = of(request(turns=Count(3, 3, 3)), config(rule(output_tokens=10)))
    assert found.usd.typical == (2 + 12 + 22) * usd("0.000002") + 30 * usd("0.00001")
    assert found.usd.high == (2 + 102 + 202) * usd("0.000002") + 300 * usd("0.00001")
    assert found.input_tokens == Tokens(2, 2, 2), "input_tokens is of the first turn"
    assert sum(part.usd.typical for part in found.parts) * 3 == found.usd.typical


def test_history_stops_at_the_window():
    found = of(request(turns=Count(1, 1, 1_000), limit=4_000))
    assert found.usd.high == (2 + 4_002 + 8_002 + 997 * 10_000) * usd("0.000002") + 1_000 * 4_000 * usd("0.00001")


def test_agents_with_tools_get_a_result_each_turn():
    tools = replace(prompt(static("hello world")), tools=1, tools_json="[]")
    made = request(turns=Count(1, 2, 2), prompt=tools)
    declared = of(made, config(rule(output_tokens=10, holes={"tools": 0, "tool_result": 100})))
    assert declared.usd.typical == (2 + 112) * usd("0.000002") + 20 * usd("0.00001")
    assumed = of(made, config(rule(output_tokens=10, holes={"tools": 0})))
    assert assumed.usd.typical == (2 + 412) * usd("0.000002") + 20 * usd("0.00001")
    assert any(line.startswith("tool_result:") for line in assumed.assumptions)


def test_unbounded_turns_say_why():
    found = of(request(turns=Count(1, 4, None, ("max_turns comes from outside",))))
    assert found.usd.high is None and found.why == ("max_turns comes from outside",)


# --- tiers, services, cache ----------------------------------------------------------------------------------------


def test_dearer_tier_holds_for_the_whole_request():
    """gpt-4.1 here: 2 and 10 USD, above 1,000 tokens of input 4 and 20 USD."""

    def cost(size):
        made = request("gpt-4.1", variants=(variant("gpt-4.1"),), prompt=prompt(hole("docs")))
        return of(made, config(rule(output_tokens=10, holes={"docs": size})))

    assert cost(1_000).usd.typical == 1_000 * usd("0.000002") + 10 * usd("0.00001")
    assert cost(1_001).usd.typical == 1_001 * usd("0.000004") + 10 * usd("0.00002")
    dear = next(part for part in cost(1_001).parts if part.name == "input (requests above 1,000 tokens)")
    assert dear.quantity.typical == 1_001


def test_high_uses_the_dearer_tier_where_it_may_be_reached():
    found = of(request("gpt-4.1", variants=(variant("gpt-4.1"),), prompt=prompt(hole("docs"))))
    assert found.usd.typical == 400 * usd("0.000002") + 50 * usd("0.00001")
    assert found.usd.high == 10_000 * usd("0.000004") + 100 * usd("0.00002")


def test_batch_rate():
    priced = row("gpt-4o", services={"batch": Rates(rate("1"), rate("5"))})
    batch = request(variants=(variant("gpt-4o", tier="batch"),))
    assert of(batch, table=Table(priced)).usd.typical == of(request()).usd.typical / 2
    remarked = of(batch)
    assert remarked.usd == of(request()).usd
    assert any("no batch rate" in line for line in remarked.assumptions)


def test_priority_without_a_published_rate_has_no_price():
    found = of(request(variants=(variant("gpt-4o", tier="priority"),)))
    assert not found.priced and found.why == ("no priority rate is published for gpt-4o",)


CACHED = Table(replace(row("gpt-4o", rates=Rates(rate("2"), rate("10"), rate("0.5"), rate("3"))), min_cacheable=1))


def test_cache_hit_rate_reads_that_share_of_the_static_prompt():
    made = request(prompt=prompt(static("hello world"), hole("docs")))
    found = of(made, config(rule(cache_hit_rate=Decimal("0.5"), output_tokens=1, holes={"docs": 10})), CACHED)
    # of 2 static tokens one is read at 0.5 and one written at 3; the hole is plain input
    out = usd("0.00001")
    assert found.usd.typical == usd("0.0000005") + usd("0.000003") + 10 * usd("0.000002") + out
    assert found.usd.low == 2 * usd("0.0000005") + out
    assert found.usd.high == 2 * usd("0.000003") + 9_998 * usd("0.000002") + 100 * out


def test_prompt_below_the_cacheable_minimum_is_not_cached():
    strict = Table(replace(CACHED.rows["gpt-4o"], min_cacheable=1_024))
    rules = config(rule(cache_hit_rate=Decimal("0.9")))
    found = of(request(), rules, strict)
    assert found.usd == of(request()).usd
    assert any("below the 1024" in line for line in found.assumptions)
    listed_by_nobody = Table(replace(CACHED.rows["gpt-4o"], min_cacheable=None))  # OpenAI's limit is in its guide
    assert of(request(), rules, listed_by_nobody).usd == found.usd


def test_model_without_a_cache_rate_says_that_the_hit_rate_is_not_applied():
    found = of(request(), config(rule(cache_hit_rate=Decimal("0.9"))))
    assert found.usd == of(request()).usd
    assert any("no cache rate" in line for line in found.assumptions)


# --- variants ------------------------------------------------------------------------------------------------------

CHOICE = (variant("gpt-4o-mini", default=False), variant("gpt-4", default=False))


def either(*variants):
    return request(variants=variants, model=Value(tuple(v.model for v in variants), False))


def test_low_and_high_over_variants_and_the_default_as_typical():
    cheap, dear = of(either(variant("gpt-4o-mini"))), of(either(variant("gpt-4")))
    found = of(either(replace(CHOICE[0], default=True), CHOICE[1]))
    assert (found.usd.low, found.usd.typical, found.usd.high) == (cheap.usd.low, cheap.usd.typical, dear.usd.high)
    assert {part.variant for part in found.parts} == {0, 1}, "the default's lines and the dearest one's"


def test_without_a_default_the_dearest_is_typical_and_all_of_it_is_assumed():
    found = of(either(*CHOICE))
    assert found.usd.typical == of(either(variant("gpt-4"))).usd.typical
    assert found.assumed_share == 1
    assert "typical is the dearest choice, gpt-4: no default is known" in found.assumptions


def test_choices_that_belong_together_stay_together():
    """The dear model with the small limit and the cheap one with the large limit: never the dear one with the large."""
    found = of(either(variant("gpt-4o-mini", 1_000), variant("gpt-4", 10, default=False)))
    assert found.usd.high == max(
        2 * usd("0.000001") + 1_000 * usd("0.000004"), 2 * usd("0.00003") + 10 * usd("0.00006")
    )


def test_model_that_is_not_listed_is_not_priced():
    found = of(request("foo-1", variants=(variant("foo-1"),)))
    assert (found.priced, found.usd, found.usd_per_run, found.usd_per_month) == (False, None, None, None)
    assert found.why == ("`foo-1` is not in the price table",)


def test_an_unlisted_choice_beside_the_default_leaves_it_priced_and_says_what_is_missing():
    found = of(either(variant("gpt-4o"), variant("foo-1", default=False)))
    assert found.usd == of(request()).usd and found.assumed_share < 1
    assert found.known_only == ("`foo-1` is not in the price table",), "low and high are no bounds"


def test_an_unlisted_default_leaves_the_request_without_a_price():
    found = of(either(variant("foo-1"), variant("gpt-4o", default=False)))
    assert (found.usd, found.why) == (None, ("`foo-1` is not in the price table",))


def test_where_no_default_is_known_the_dearest_with_a_price_is_an_assumption():
    """Also where there is one price only: the choice without one may cost more."""
    found = of(either(variant("gpt-4o", default=False), variant("foo-1", default=False)))
    assert found.assumed_share == 1 and found.known_only
    assert "typical is the dearest choice that has a price, gpt-4o: no default is known" in found.assumptions


def test_arms_without_a_price_are_stood_for_by_one_that_has_one():
    sold = replace(request(), id="a", exclusive="g")
    own = replace(request("foo-1", variants=(variant("foo-1"),)), id="b", exclusive="g")
    alone = replace(request("foo-1", variants=(variant("foo-1"),)), id="c", exclusive="h")
    result = summed(sold, own, alone)
    assert (result.priced, result.stood_for, result.known_only) == (1, 1, 1)
    assert result.usd == of(sold).usd and result.assumed_share == 1, "which arm runs is not known"
    default = summed(replace(sold, exclusive_default=True), own, alone)
    assert default.assumed_share == pytest.approx(of(sold).assumed_share)


def test_model_that_is_not_known_is_not_priced():
    unknown = Value((), True, "the model is read from the database")
    found = of(request(model=unknown, variants=(replace(variant("x"), model=None),)))
    assert not found.priced and found.why == ("the model is read from the database",)


def test_open_model_with_a_known_choice_is_priced_and_says_so():
    open_model = Value((Choice("gpt-4o"),), True, "MODEL in the environment may override")
    found = of(request(model=open_model))
    assert found.priced
    assert found.known_only == ("another model may be used (MODEL in the environment may override)",)


def test_requests_without_variants_are_priced_over_models_and_limits():
    made = request(variants=(), model=Value((Choice("gpt-4o"), Choice("gpt-4")), False))
    found = of(made)
    assert found.usd.typical == of(request()).usd.typical, "the first choice is the default"
    assert found.usd.high == of(either(variant("gpt-4"))).usd.high


def test_alias_of_the_configuration_prices_a_deployment():
    made = request("prod-chat-eu", variants=(variant("prod-chat-eu"),))
    found = of(made, Config(aliases={"prod-chat-eu": "azure/gpt-4o"}))
    assert found.usd == of(request()).usd


# --- other units ---------------------------------------------------------------------------------------------------


def other(operation, **changes):
    units = changes.pop("units", {})
    table = Table(row("m", units=units, rates=changes.pop("rates", Rates())))
    return of(request("m", operation=operation, variants=(variant("m"),), **changes), table=table)


def test_images_speech_audio_and_pages():
    images = other("image", units={"image": unit("0.04", "image")}, outputs=2)
    assert images.usd.typical == usd("0.08") and images.input_tokens is None
    spoken = other("audio_tts", units={"million_characters": unit("15", "million characters")})
    assert amounts(spoken.usd) == (11 * usd("0.000015"),) * 3
    hour = {"audio_hour": unit("0.36", "hour of audio")}
    assert other("audio_stt", units=hour, inline={"minutes": "5"}).usd.typical == usd("0.03")
    assert other("ocr", units={"page": unit("0.001", "page")}, inline={"pages": "12"}).usd.typical == usd("0.012")


@pytest.mark.parametrize(
    ("operation", "units", "why"),
    [
        ("audio_stt", {"audio_hour": unit("0.36", "hour of audio")}, "length of the audio"),
        ("ocr", {"page": unit("0.001", "page")}, "number of pages"),
        ("video", {"video_second": unit("0.1", "second of video")}, "number of seconds"),
        ("realtime", {}, "length of its audio"),
        ("image", {}, "no price per image"),
        ("chat", {}, "no input rate"),
    ],
)
def test_quantities_that_nobody_knows_are_not_made_up(operation, units, why):
    found = other(operation, units=units)
    assert not found.priced and found.usd is None and why in found.why[0]


def test_request_fee_comes_on_top():
    fee = Table(row("gpt-4o", units={"request": unit("0.005", "request")}))
    assert of(request(), table=fee).usd.low == of(request()).usd.low + usd("0.005")


# --- a month -------------------------------------------------------------------------------------------------------


def test_month_is_runs_times_repeats_times_a_call_over_the_entry_points():
    made = request(reached_from=(reach("a.py::x", Count(1, 2, 4)), reach("b.py::y")))
    rules = config(
        rule(0, entry="a.py::x", runs_per_month=Decimal(100)), rule(1, entry="b.py::y", runs_per_month=Decimal(7))
    )
    found = of(made, rules)
    call = of(request()).usd
    assert found.usd_per_month.typical == call.typical * 207
    assert found.usd_per_month.low == call.low * 107 and found.usd_per_month.high == call.high * 407
    assert found.runs_per_month == 107 and found.runs_source == "usage.rules[0], usage.rules[1]"


def test_entry_points_without_declared_runs_are_named():
    made = request(reached_from=(reach("a.py::x"), reach("b.py::y")))
    found = of(made, config(rule(entry="a.py::x", runs_per_month=Decimal(10))))
    assert found.usd_per_month.typical == of(request()).usd.typical * 10
    assert "no runs_per_month is declared for b.py::y: not in the monthly figure" in found.assumptions


def test_default_hole_and_share_of_the_user():
    settings = Config(usage=Usage(hole_tokens=50, output_share=Decimal("0.2")))
    found = of(request(prompt=prompt(hole("docs"))), settings)
    assert (found.input_tokens.typical, found.output_tokens.typical) == (50, 20)


def test_who_declares_the_size_of_holes_has_not_declared_the_share_of_output():
    settings = Config(usage=Usage(hole_tokens=50, hole_tokens_source="usage.default"))
    found = of(request(prompt=prompt(hole("docs"))), settings)
    assert "docs: 50 tokens (usage.default)" in found.assumptions
    assert "output: 50 tokens, 50 % of the limit (default)" in found.assumptions


def test_share_of_the_money_that_is_assumption():
    """10 declared input tokens (0.00002 USD) beside an assumed output of 50 (0.0005 USD)."""
    found = of(request(prompt=prompt(hole("docs"))), config(rule(holes={"docs": 10})))
    assert found.assumed_share == pytest.approx(500 / 520)


LITERAL = (Step(span(), "literal"),)
FROM_ENVIRONMENT = (Step(span(), "literal"), Step(span(), "env_default"))


@pytest.mark.parametrize(
    ("first", "second", "typical"),
    [
        # if os.getenv("LIMIT"): kwargs["max_tokens"] = 50
        (Choice(50, LITERAL), Choice(None, (Step(span(), "not_sent"),)), 500),
        # max_tokens = 100 if short else 800
        (Choice(100, LITERAL), Choice(800, LITERAL), 400),
        # max_tokens = int(os.getenv("LIMIT", "100")), or 800 where a flag is set
        (Choice(100, FROM_ENVIRONMENT), Choice(800, LITERAL), 50),
    ],
    ids=["an optional limit", "arms of a condition", "a default that may be overridden"],
)
def test_typical_is_a_default_and_never_an_arm_of_a_condition(first, second, typical):
    arms = (variant("gpt-4o", max_output=first), variant("gpt-4o", max_output=second, default=False))
    made = request(variants=arms, max_output=Value((first, second), False))
    (found,) = estimate_all((made,), TABLE, Config())
    assert found.estimate.output_tokens.typical == typical
    assumed = any("no default is known" in line for line in found.estimate.assumptions)
    assert assumed == (first.trail == LITERAL)
    (marked,) = (one for one in found.request.variants if one.default)
    assert marked.max_output == (second if assumed else first)


# --- many requests -------------------------------------------------------------------------------------------------


def test_feature_and_owner_come_from_the_most_specific_pattern():
    features = (Feature("all", PLACE, ("src/**",), "@all"), Feature("search", PLACE, ("src/search/**",), "@search"))
    requests = (request(path="src/search/a.py"), request(path="src/x.py"), request(path="lib/x.py"))
    priced = estimate_all(requests, TABLE, Config(features=features))
    assert [(one.feature, one.owner) for one in priced] == [("search", "@search"), ("all", "@all"), (None, None)]


def test_requests_come_back_with_price_ids():
    renamed = Table(replace(PLAIN, price_id="azure/gpt-4o"))
    (priced,) = estimate_all((request(),), renamed, Config())
    assert priced.request.model.choices[0].price_id == "azure/gpt-4o"
    assert priced.request.variants[0].model.price_id == "azure/gpt-4o"
    (unknown,) = estimate_all((request("foo", variants=(variant("foo"),)),), renamed, Config())
    assert unknown.request.model.choices[0].price_id is None


def summed(*requests, settings=None):
    return totals(estimate_all(requests, TABLE, settings or Config()))


def test_totals_cover_counted_requests_and_name_what_has_no_price():
    unused = replace(request("gpt-4", variants=(variant("gpt-4"),)), counted=False, why_not="nothing uses it")
    foo = request("foo-1", variants=(variant("foo-1"),))
    result = summed(request(), unused, foo, foo)
    assert (result.requests, result.counted, result.priced, result.monthly_requests) == (4, 3, 1, 0)
    assert result.usd == of(request()).usd
    assert result.unpriced == (("`foo-1` is not in the price table", 2),)
    assert result.usd_per_month is None


def test_exclusive_arms_count_once():
    cheap = replace(either(variant("gpt-4o-mini")), exclusive="g", exclusive_default=True)
    dear = replace(either(variant("gpt-4")), exclusive="g")
    result = summed(cheap, dear, request())
    one = of(request()).usd
    assert result.usd.low == of(cheap).usd.low + one.low
    assert result.usd.typical == of(cheap).usd.typical + one.typical
    assert result.usd.high == of(dear).usd.high + one.high
    undecided = summed(replace(cheap, exclusive_default=False), dear)
    assert undecided.usd.typical == of(dear).usd.typical
    assert undecided.assumed_share == 1


def test_nothing_priced_is_no_sum_and_not_zero():
    result = summed(request("foo-1", variants=(variant("foo-1"),)))
    assert result.usd is None and result.usd_per_month is None and result.assumed_share is None


def test_one_unbounded_request_leaves_the_sum_without_a_bound():
    assert summed(request(), request(outputs=None)).usd.high is None


# --- properties ----------------------------------------------------------------------------------------------------

COUNTS = st.builds(
    lambda low, more, most, endless: Count(low, low + more, None if endless else low + more + most),
    st.integers(0, 3), st.integers(0, 5), st.integers(0, 5), st.booleans(),
)  # fmt: skip
SEGMENTS = st.lists(
    st.one_of(
        st.text(max_size=40).map(static), st.builds(hole, st.sampled_from("abc"), st.none() | st.integers(0, 9_999))
    ),
    max_size=4,
)
REQUESTS = st.builds(
    lambda segments, role, limit, model, turns, attempts, repeats, conditional, outputs, tools: request(
        prompt=Prompt((Message(role, tuple(segments)),), tools_open=tools), turns=turns, attempts=attempts,
        repeats=repeats, conditional=conditional, outputs=outputs,
        variants=(variant(model, limit), variant("gpt-4o", limit, default=False)),
    ),
    SEGMENTS, st.sampled_from(["text", "user", "system"]), st.none() | st.integers(-1, 9_999),
    st.sampled_from(["gpt-4o", "gpt-4o-mini", "gpt-4", "gpt-4.1"]), COUNTS, COUNTS, COUNTS, st.booleans(),
    st.none() | st.integers(1, 4), st.booleans(),
)  # fmt: skip
RULES = st.builds(
    lambda rate, output, docs: config(rule(cache_hit_rate=rate, output_tokens=output, holes={"a": docs})),
    st.none() | st.decimals(0, 1, places=2), st.none() | st.integers(0, 5_000), st.integers(0, 20_000),
)  # fmt: skip


@given(REQUESTS, RULES)
def test_low_typical_and_high_are_in_order(made, rules):
    found = of(made, rules, Table(CHEAP, CACHED.rows["gpt-4o"], DEAR, TABLE.rows["gpt-4.1"]))
    for money in (found.usd, found.usd_per_run):
        assert 0 <= money.low <= money.typical
        assert money.high is None or money.typical <= money.high
    for tokens in (found.input_tokens, found.output_tokens):
        assert 0 <= tokens.low <= tokens.typical
        assert tokens.high is None or tokens.typical <= tokens.high
    assert found.usd_per_run.high is not None or found.why, "no bound without a reason"
    assert found.assumed_share is None or 0 <= found.assumed_share <= 1


@given(REQUESTS, st.integers(1, 9))
def test_more_attempts_are_never_cheaper(made, more):
    if made.attempts.high is None:
        return
    dearer = replace(made.attempts, high=made.attempts.high + more)
    assert of(replace(made, attempts=dearer)).usd.high is None or (
        of(replace(made, attempts=dearer)).usd.high >= of(made).usd.high
    )


@given(REQUESTS, st.integers(1, 50))
def test_a_run_is_linear_in_its_repeats(made, number):
    once = of(replace(made, repeats=Count(1, 1, 1)))
    many = of(replace(made, repeats=Count(number, number, number)))
    assert many.usd == once.usd
    assert many.usd_per_run.low == once.usd.low * number
    assert many.usd_per_run.typical == once.usd.typical * number
    assert many.usd_per_run.high == (None if once.usd.high is None else once.usd.high * number)


@given(REQUESTS, st.text(min_size=1, max_size=40))
def test_a_longer_prompt_is_never_cheaper_at_its_bound(made, text):
    longer = replace(
        made, prompt=replace(made.prompt, messages=(*made.prompt.messages, Message("user", (static(text),))))
    )
    before, after = of(made).usd, of(longer).usd
    assert after.low >= before.low
    assert before.high is None or after.high is None or after.high >= before.high


def test_shipped_prices_give_the_published_cost_of_a_call():
    """gpt-4o: 2.50 and 10.00 USD per million tokens (openai.com/api/pricing); 1,000 in and 500 out are 0.0075 USD."""
    from guard.estimate.prices import load

    rules = config(rule(holes={"docs": 1_000}, output_tokens=500))
    made = request(limit=500, prompt=prompt(hole("docs")))
    assert estimate(made, load(), rules).usd.typical == usd("0.0075")
    declared = load().with_rules((PriceRule("prices[0]", PLACE, "openai/gpt-4o", discount=Decimal("0.2")),))
    assert estimate(made, declared, rules).usd.typical == usd("0.006")


# --- several prompts, server tools, cache_control -----------------------------------------------------------------

LONG = static("hello world " * 50)


def test_several_texts_give_the_shortest_and_the_longest():
    made = request(prompt=replace(prompt(static("hello world")), others=(prompt(LONG).messages, prompt().messages)))
    longest = of(request(prompt=prompt(LONG))).input_tokens.high
    found = of(made)
    assert found.input_tokens == Tokens(0, 2, longest) and longest > 50
    assert any(line.startswith("one of 3 prompts is sent, of 0 to") for line in found.assumptions)


def test_text_that_may_be_replaced_is_no_bound():
    made = request(prompt=replace(prompt(static("hello world")), unsure="PROMPT in the environment may override"))
    found = of(made)
    assert found.input_tokens == Tokens(0, 2, 10_000)
    assert any("PROMPT in the environment may override" in line for line in found.assumptions)


def test_a_tool_that_the_provider_runs_leaves_no_bound():
    tools = '[{"type": "web_search"}, {"type": "function", "name": "f"}]'
    found = of(request(prompt=replace(prompt(static("hello world")), tools_json=tools, tools=2)))
    assert found.usd.high is None and found.usd.typical > 0
    assert found.why == ("fees and results of the server tool web_search are not counted",)


def test_a_function_is_no_server_tool():
    tools = '[{"type": "function", "name": "f"}, {"name": "g", "input_schema": {}}]'
    assert of(request(prompt=replace(prompt(static("hello world")), tools_json=tools, tools=2))).usd.high is not None


def test_cache_control_makes_the_worst_case_a_write():
    found = of(request(prompt=replace(prompt(static("hello world")), caches=True)), table=CACHED)
    out = usd("0.00001")
    assert found.usd.high == 2 * usd("0.000003") + 100 * out
    assert found.usd.low == 2 * usd("0.0000005") + out
    assert found.usd.typical == 2 * usd("0.000002") + 50 * out


def test_a_cache_for_an_hour_is_written_at_its_own_rate():
    cached = replace(prompt(static("hello world")), caches=True, caches_hour=True)
    dearer = replace(CACHED.rows["gpt-4o"].rates, cache_write_1h=rate("4"))
    found = of(request(prompt=cached), table=Table(replace(CACHED.rows["gpt-4o"], rates=dearer)))
    assert found.usd.high == 2 * usd("0.000004") + 100 * usd("0.00001")
    # No rate for an hour is published: the usual one is taken.
    assert of(request(prompt=cached), table=CACHED).usd.high == 2 * usd("0.000003") + 100 * usd("0.00001")


REGIONAL = Table(row("gpt-4o", regional={"us": Decimal("1.1")}))


def _pinned(*regions, open_=False):
    choices = tuple(Choice(name) for name in regions)
    return request(prompt=prompt(static("hello world")), region=Value(choices, open_))


def test_a_region_multiplies_every_rate():
    plain, pinned = of(_pinned(), table=REGIONAL), of(_pinned("us"), table=REGIONAL)
    for side in ("low", "typical", "high"):
        assert getattr(pinned.usd, side) == getattr(plain.usd, side) * Decimal("1.1")
    assert "1.1 x the rates: it is to run in us" in pinned.assumptions
    assert of(_pinned("global"), table=REGIONAL).usd == plain.usd
    assert of(_pinned("us"), table=TABLE).usd == plain.usd


@pytest.mark.parametrize("made", [_pinned(open_=True), _pinned("us", None)])
def test_a_region_that_is_not_known_counts_at_worst(made):
    plain, found = of(_pinned(), table=REGIONAL), of(made, table=REGIONAL)
    assert (found.usd.low, found.usd.typical) == (plain.usd.low, plain.usd.typical)
    assert found.usd.high == plain.usd.high * Decimal("1.1")


def test_a_history_that_is_cut_has_that_many_tokens_at_most():
    cut = replace(hole("history"), max_tokens=150)
    found = of(request(prompt=prompt(static("hello world"), cut)))
    assert (found.input_tokens.low, found.input_tokens.typical, found.input_tokens.high) == (2, 152, 152)
    assert of(request(prompt=prompt(replace(cut, max_chars=10)))).input_tokens.high == 40
    declared = of(request(prompt=prompt(cut)), config(rule(holes={"history": 90})))
    assert declared.input_tokens.typical == 90
