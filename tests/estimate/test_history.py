"""A conversation that grows in a loop: what a run costs, by hand and against adding up round by round."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from estimate_samples import TABLE, config, reach, request, rule, span, static
from hypothesis import given
from hypothesis import strategies as st

from guard.config.types import Config
from guard.estimate.cost import estimate
from guard.model import ONCE, Count, Message, Prompt, Request, Segment, Site

WHY = "it grows in the loop around the call"
HISTORY = Segment(None, "messages", None, None, WHY)


def chat(rounds: int, **changes: object) -> Request:
    """`hello world` (2 tokens), then a history, sent in a loop; 50 tokens of output are typical."""
    times = Count(rounds, rounds, rounds)
    prompt = Prompt((Message("text", (static("hello world"),)), Message("text", (HISTORY,))), open=True, why=WHY)
    return request(
        prompt=prompt, repeats=times, sites=(Site(span(), "send", times, "ask", "client.create"),), **changes
    )


def typical(made: Request, settings: Config | None = None) -> Decimal:
    found = estimate(made, TABLE, settings or Config())
    assert found.usd_per_run is not None
    return found.usd_per_run.typical


def by_rounds(rounds: int, added: int = 400, window: int = 10_000) -> Decimal:
    """2 USD in and 10 USD out per million: round k sends 2 + (k - 1) x (50 + added) tokens."""
    sent = sum(min(2 + k * (50 + added), window) for k in range(rounds))
    return (Decimal(2) * sent + Decimal(10) * 50 * rounds) / 1_000_000


@given(st.integers(2, 60))
def test_a_run_is_the_sum_over_the_rounds(rounds: int) -> None:
    assert typical(chat(rounds)) == pytest.approx(by_rounds(rounds))


def test_one_call_keeps_the_size_that_is_taken_for_the_history_and_bounds_stay() -> None:
    found = estimate(chat(10), TABLE, Config())
    assert found.usd is not None and found.usd_per_run is not None and found.input_tokens is not None
    assert found.input_tokens.typical == 402
    assert (found.usd_per_run.low, found.usd_per_run.high) == (found.usd.low * 10, found.usd.high * 10)
    assert (
        "messages: each of 10 rounds adds the answer and 400 tokens (default) to what the next one sends"
        in found.assumptions
    )


def test_a_declared_history_is_the_mean_of_all_rounds() -> None:
    found = estimate(chat(10), TABLE, config(rule(holes={"messages": 900})))
    assert found.usd is not None and found.usd_per_run is not None
    assert found.usd_per_run.typical == found.usd.typical * 10


def test_what_a_round_adds_can_be_declared() -> None:
    assert typical(chat(5), config(rule(hole_tokens=100))) == pytest.approx(by_rounds(5, 100))


def test_the_history_begins_anew_for_each_call_of_the_function() -> None:
    outer = Site(span("src/jobs.py", 9), "wrapper", Count(3, 3, 3), "nightly", "ask")
    made = chat(4)
    thrice = replace(made, sites=(outer, *made.sites), repeats=Count(12, 12, 12))
    assert typical(thrice) == pytest.approx(by_rounds(4) * 3)


@pytest.mark.parametrize(
    "made",
    [chat(1), chat(10, turns=Count(1, 3, 5)), replace(chat(10), prompt=Prompt((Message("text", (static("x"),)),)))],
    ids=["one round", "turns grow by their own rule", "nothing grows"],
)
def test_elsewhere_a_run_is_repeats_times_a_call(made: Request) -> None:
    found = estimate(made, TABLE, Config())
    assert found.usd is not None
    assert typical(made) == found.usd.typical * int(made.repeats.typical)


def test_a_month_takes_the_price_of_a_round_of_the_run() -> None:
    made = chat(4, reached_from=(reach("src/app.py::ask", Count(4, 4, 4)),))
    month = estimate(made, TABLE, config(rule(runs_per_month=Decimal(100)))).usd_per_month
    assert month is not None and month.typical == pytest.approx(by_rounds(4) * 100)


def test_a_history_that_the_list_names_is_not_counted_twice() -> None:
    once = replace(chat(1), repeats=ONCE)
    found = estimate(once, TABLE, Config())
    assert [hole.name for hole in found.holes] == ["messages"]
    unlisted = replace(once, prompt=replace(once.prompt, messages=once.prompt.messages[:1]))
    assert [hole.name for hole in estimate(unlisted, TABLE, Config()).holes] == ["messages"]
