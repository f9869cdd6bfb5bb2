"""A wrapper that two routes call: each entry point is sized by its own usage rules, in whatever order they stand.

The model costs 2 USD in and 10 USD out per million tokens; the prompt is a hole `text` alone, without framing.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from itertools import permutations

import pytest
from estimate_samples import TABLE, config, hole, prompt, reach, request, rule

from guard.estimate.cost import estimate, estimate_all
from guard.model import Count
from guard.policy import workflows

A = reach("a.py::a", kind="route", aliases=("POST /a",))
B = reach("b.py::b", kind="route", aliases=("POST /b",))
RULE_A = rule(0, entry="POST /a", runs_per_month=Decimal(1_000_000), output_tokens=1000, holes={"text": 5000})
RULE_B = rule(1, entry="POST /b", runs_per_month=Decimal(1_000), output_tokens=10, holes={"text": 10})
CALL_A = Decimal("0.02")  # 5000 x 2 + 1000 x 10 per million
CALL_B = Decimal("0.00012")  # 10 x 2 + 10 x 10 per million


def asked(**changes):
    return request(limit=2000, prompt=prompt(hole("text")), **{"reached_from": (A, B), **changes})


def found(*rules, **changes):
    return estimate(asked(**changes), TABLE, config(*rules))


@pytest.mark.parametrize("rules", list(permutations((RULE_A, RULE_B))))
def test_a_month_is_the_sum_of_what_each_route_declares_whatever_the_order(rules):
    one = found(*rules)
    assert one.usd_per_month.typical == 1_000_000 * CALL_A + 1_000 * CALL_B
    assert one.runs_per_month == 1_001_000
    assert abs(one.usd.typical - (1_000_000 * CALL_A + 1_000 * CALL_B) / 1_001_000) < Decimal("1e-12")
    assert [(cost.entry, cost.usd.typical, cost.rules) for cost in one.by_entry] == [
        ("a.py::a", CALL_A, ("usage.rules[0]",)),
        ("b.py::b", CALL_B, ("usage.rules[1]",)),
    ]


def test_the_arithmetic_adds_up_to_the_mean_of_a_call():
    one = found(RULE_A, RULE_B)
    assert abs(sum(part.usd.typical for part in one.parts) - one.usd.typical) < Decimal("1e-9")
    assert one.holes[0].source == "usage.rules[0], usage.rules[1]"


def test_repeats_weigh_too():
    twice = replace(B, repeats=Count(3000, 3000, 3000))
    one = found(RULE_A, RULE_B, reached_from=(A, twice))
    assert one.usd_per_month.typical == 1_000_000 * CALL_A + 3_000_000 * CALL_B
    assert abs(one.usd.typical - (CALL_A + 3 * CALL_B) / 4) < Decimal("1e-12")


def test_without_all_runs_a_call_is_that_of_the_dearest_entry_point_and_says_so():
    one = found(RULE_A, replace(RULE_B, runs_per_month=None))
    assert one.usd.typical == CALL_A and one.assumed_share == 1.0
    assert "typical is that from the dearest entry point, a.py::a (sized by usage.rules[0])" in one.assumptions[0]
    assert one.usd_per_month.typical == 1_000_000 * CALL_A


def test_a_rule_for_one_route_says_nothing_about_the_other():
    one = found(RULE_A, rule(1, entry="POST /b", runs_per_month=Decimal(1_000)))
    # 400 tokens for a hole of unknown size, half of the limit of 2000 as output
    assert {cost.entry: cost.usd.typical for cost in one.by_entry}["b.py::b"] == Decimal("0.0108")
    assert one.usd_per_month.typical == 1_000_000 * CALL_A + 1_000 * Decimal("0.0108")


def test_a_test_that_calls_the_wrapper_changes_nothing():
    test = reach("tests/test_a.py::test_a", kind="test")
    alone, tested = (found(RULE_A, reached_from=reached) for reached in ((A,), (A, test)))
    assert tested.usd == alone.usd and tested.usd_per_month == alone.usd_per_month
    assert tested.assumed_share == alone.assumed_share


def test_rules_that_tell_runs_alone_apart_make_one_size():
    one = found(rule(0, holes={"text": 10}, output_tokens=10), rule(1, entry="POST /a", runs_per_month=Decimal(5)))
    assert one.by_entry == () and one.usd.typical == CALL_B


def test_a_run_of_each_route_costs_what_its_own_rules_say():
    items = estimate_all((asked(),), TABLE, config(RULE_B, RULE_A))
    runs = {flow.name: workflows.usd_per_run(flow).typical for flow in workflows.workflows(items)}
    assert runs == {"a.py::a": CALL_A, "b.py::b": CALL_B}


def test_one_round_of_a_loop_of_unknown_length_is_an_assumption():
    unknown = Count(0, 1, None, ("for over docs",), guessed=("for over docs",))
    through = replace(A, repeats=unknown)
    (item,) = items = estimate_all((asked(reached_from=(through, B), repeats=unknown),), TABLE, config(RULE_A, RULE_B))
    assert "one round of a loop of unknown length: for over docs; declare `repeats`" in item.estimate.assumptions
    assert item.estimate.assumed_share == 0, "one call does not depend on it"
    whole = 1_000_000 * CALL_A + 1_000 * CALL_B
    assert item.estimate.assumed_share_month == pytest.approx(float(1_000_000 * CALL_A / whole))
    shares = {flow.name: workflows.assumed_share(flow) for flow in workflows.workflows(items)}
    assert shares == {"a.py::a": 1.0, "b.py::b": 0.0}


def test_declared_repeats_are_no_assumption():
    unknown = Count(0, 1, None, ("for over docs",), guessed=("for over docs",))
    one = found(RULE_A, reached_from=(replace(A, repeats=unknown),), repeats=unknown, inline={"repeats": "7"})
    assert one.assumed_share_month == 0 and one.usd_per_month.typical == 7_000_000 * CALL_A
    assert not [text for text in one.assumptions if "unknown length" in text]
