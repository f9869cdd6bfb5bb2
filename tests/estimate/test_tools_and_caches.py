"""Fees of tools that the provider runs, tools that cannot be read, and when a prompt cache pays."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal

from estimate_samples import TABLE, Table, config, prompt, rate, request, row, rule, static, unit

from guard.estimate.cost import estimate
from guard.estimate.price_rows import Rates
from guard.model import Count

SEARCH = json.dumps([{"type": "web_search_preview"}])
SEARCHING = Table(row("gpt-4o", units={"web_search": unit("0.01", "web search")}))
CACHED = row("gpt-4o", rates=Rates(rate("2"), rate("10"), rate("0.5"), rate("2.5")), min_cacheable=1_024)


def of(asked, settings=None, table=TABLE):
    return estimate(asked, table, settings or config())


def searching():
    return request(prompt=replace(prompt(static("hello world")), tools_json=SEARCH, tools=1))


def test_declared_searches_are_paid_for_in_typical():
    plain = of(searching(), table=SEARCHING)
    found = of(searching(), config(rule(holes={"web_search": 3})), SEARCHING)
    assert found.usd.typical == plain.usd.typical + Decimal("0.03")
    assert found.usd.low == plain.usd.low
    assert found.usd.high is None
    assert "web_search: 3 a call (usage.rules[0])" in found.assumptions


def test_a_search_that_nobody_declared_says_what_one_costs():
    found = of(searching(), table=SEARCHING)
    assert any("each web_search costs 0.01 USD and none is counted" in line for line in found.assumptions)


def test_a_fee_that_nobody_publishes_is_said_and_not_made_up():
    found = of(searching(), config(rule(holes={"web_search": 3})))
    assert any("no fee of web_search is published for gpt-4o" in line for line in found.assumptions)
    assert found.usd.typical == of(searching()).usd.typical


def test_each_turn_pays_its_searches():
    asked = replace(searching(), turns=Count(2, 2, 2))
    plain = of(asked, table=SEARCHING)
    found = of(asked, config(rule(holes={"web_search": 1})), SEARCHING)
    assert found.usd.typical == plain.usd.typical + Decimal("0.02")


def test_a_tool_that_cannot_be_read_brings_what_any_tool_brings():
    found = of(request(prompt=replace(prompt(static("hello world")), tools=2)))
    # Two tokens of text, 16 once for OpenAI's having tools, and 100 for each of two tools
    assert found.input_tokens.typical == 2 + 16 + 200
    assert any("2 tool definitions are not readable: 100 tokens each are taken, and 16" in a for a in found.assumptions)


def test_a_cache_says_from_which_share_of_reads_it_saves():
    settings = config(rule(cache_hit_rate=Decimal("0.2")))
    long = request(prompt=prompt(static("hello world " * 1_000)))
    found = of(long, settings, Table(CACHED))
    # 0.5 h + 2.5 (1 - h) = 2 at h = 0.25
    assert "the cache saves money once 25 % of its tokens are reads" in found.assumptions


def test_a_prompt_too_short_for_the_cache_is_priced_without_it():
    short = request(prompt=replace(prompt(static("hello world")), caches=True))
    found = of(short, table=Table(CACHED))
    assert found.usd == of(request(), table=Table(CACHED)).usd
    assert any("gpt-4o caches no fewer than 1024" in line for line in found.assumptions)


def test_a_conversation_may_outgrow_the_least_that_a_cache_takes():
    asked = request(prompt=replace(prompt(static("hello world")), caches=True), turns=Count(1, 2, 30))
    found = of(asked, table=Table(CACHED))
    assert not any("caches no fewer" in line for line in found.assumptions)
