"""Budgets for one run of an entry point, and `min_coverage`: when too little is known to keep a budget."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from guard.config.types import Budget, Place
from guard.model import ONCE, Count, Finding, Money, Priced, Reach, Value
from guard.policy.budgets import judge
from guard.policy.examples import estimate, known, priced, span
from guard.policy.verdict import is_near
from guard.policy.workflows import usd_per_run, workflows

USD = Money(Decimal("0.01"), Decimal("0.20"), Decimal("0.60"))
AMOUNTS = ("per_call", "per_run", "per_month", "min_coverage", "warn_at")
ASK, PING = "app/web.py::ask", "app/web.py::ping"


def budget(**more: Any) -> Budget:
    amounts = {key: Decimal(more.pop(key)) for key in AMOUNTS if key in more}
    return Budget("mine", Place("guard.yaml", 8, 5), **amounts, **more)


def call(name: str, *entries: str, times: Count = ONCE, usd: Money | None = USD, **request: Any) -> Priced:
    reached = tuple(Reach(entry, "route", times, (), (span(3, "app/web.py"),)) for entry in entries)
    figures: dict[str, Any] = {"usd": usd} if usd else {"usd": None, "priced": False, "why": ("`x-1` has no price",)}
    return priced(estimate(**figures), id=name, reached_from=reached, **request)


def told(items: list[Priced], **more: Any) -> list[tuple[str, str]]:
    return [(finding.verdict, finding.message) for finding in judge([budget(**more)], items)]


def test_a_run_is_the_sum_of_what_it_calls() -> None:
    items = [call("a", ASK, times=Count(2, 4, 5)), call("b", ASK, PING)]
    ask, ping = workflows(items)
    assert usd_per_run(ask) == Money(Decimal("0.03"), Decimal("1.00"), Decimal("3.60"))
    assert usd_per_run(ping) == USD
    assert told(items, per_run="0.90") == [
        ("violated", f"one run of `{ASK}` costs $1.00 typical, more than $0.90"),
    ]
    assert told(items, per_run="0.90", compare="low") == []
    assert told(items, per_run="3.50", compare="high") == [
        ("violated", f"one run of `{ASK}` costs $3.60 at worst, more than $3.50")
    ]


def test_a_finding_about_a_run_points_at_its_dearest_requests_and_the_budget() -> None:
    (finding,) = judge([budget(per_run="0.90")], [call("a", ASK, times=Count(5, 5, 5))])
    assert [(label.span.path, label.text) for label in finding.labels] == [
        ("app/answer.py", "$1.00 of a run"),
        ("app/web.py", "reached from here"),
        ("guard.yaml", "the budget"),
    ]
    assert finding.notes == ("one run: $1.00 typical, $3.00 at worst; 1 request",)
    assert finding.request is None


def test_arms_of_one_decision_count_once_in_a_run() -> None:
    arms = [call(name, ASK, exclusive="arm") for name in "ab"]
    (flow,) = workflows(arms)
    assert usd_per_run(flow) == USD


def test_a_run_without_bound_exceeds_what_compares_the_worst_case() -> None:
    endless = Count(1, 3, None, ("`for row in rows` has no bound",))
    assert told([call("a", ASK, times=endless)], per_run="100", compare="high") == [
        (
            "violated",
            f"no bound on the cost of one run of `{ASK}`, which may be $100 at worst: `for row in rows` has no bound",
        )
    ]
    assert told([call("a", ASK, times=endless)], per_run="100") == []


def test_a_run_with_a_request_without_price_is_undecided_unless_the_rest_exceeds() -> None:
    items = [call("a", ASK), call("b", ASK, usd=None), call("c", PING)]
    assert told(items, per_run="0.50") == [
        ("undecided", "whether one run stays within $0.50 is not known for 1 of 2 entry points: no price for 1 request")
    ]
    assert [verdict for verdict, _ in told(items, per_run="0.10")] == ["violated", "violated"]
    assert told(items, per_run="0.50", on_unknown="pass") == []


def test_the_worst_case_of_a_run_is_no_bound_where_another_model_may_be_used() -> None:
    value = Value(known("gpt-4o-mini").choices, True, "environment variable M decides it")
    ((verdict, message),) = told([call("a", ASK, model=value)], per_run="5", compare="high")
    assert verdict == "undecided"
    assert message.startswith("whether one run of 1 of 1 entry point stays within $5 is not known, since worst covers")


def test_entry_points_near_the_amount_are_one_warning() -> None:
    items = [call("a", ASK, times=Count(4, 4, 4)), call("b", PING, times=Count(5, 5, 5)), call("c", "app/web.py::z")]
    found = judge([budget(per_run="1.10", warn_at="0.5", enforce="block")], items)
    assert [(finding.enforce, finding.message) for finding in found] == [
        ("warn", f"one run of `{PING}` costs $1.00 typical, 91% of $1.10; 1 more entry point near it")
    ]
    assert is_near(found[0])


def _month(item: Priced, typical: str | None) -> Priced:
    usd = None if typical is None else Money(Decimal(0), Decimal(typical), Decimal(typical))
    return replace(item, estimate=replace(item.estimate, usd_per_month=usd))


@pytest.mark.parametrize(
    ("share", "expected"),
    [
        ("0.5", []),
        ("0.6", [("violated", "1 of 2 requests have a price, less than the 60% that this budget asks for")]),
    ],
)
def test_enough_prices_let_the_others_pass_and_too_few_violate(share: str, expected: list[tuple[str, str]]) -> None:
    items = [call("a", ASK), call("b", PING, usd=None)]
    assert told(items, per_call="1", min_coverage=share) == expected
    assert told(items, per_run="1", min_coverage=share) == expected
    assert [verdict for verdict, _ in told(items, per_call="1")] == ["undecided"]


def test_coverage_of_a_month_is_about_declared_runs_too() -> None:
    items = [_month(call("a", ASK), "10"), _month(call("b", PING), None), _month(call("c", PING), None)]
    assert told(items, per_month="100", min_coverage="0.5") == [
        ("violated", "1 of 3 requests have a figure for the month, less than the 50% that this budget asks for")
    ]
    assert told(items, per_month="100", min_coverage="0.3") == []
    both = told(items, per_month="5", min_coverage="0.5")
    assert [message for _, message in both] == [
        "1 of 3 requests have a figure for the month, less than the 50% that this budget asks for",
        "a month costs $10.00 typical, more than $5",
    ]


def test_too_little_known_blocks_where_the_budget_does() -> None:
    finding: Finding
    (finding,) = judge([budget(per_call="1", min_coverage="1", enforce="block")], [call("a", usd=None)])
    assert (finding.enforce, finding.severity) == ("block", "high")
    assert finding.notes == ("1 request: `x-1` has no price",)


def test_a_run_of_which_the_known_part_is_near_the_amount_warns_and_is_undecided() -> None:
    items = [call("a", ASK), call("b", ASK, usd=None)]
    found = judge([budget(per_run="0.21", warn_at="0.5")], items)
    assert sorted((one.verdict, is_near(one)) for one in found) == [("undecided", False), ("violated", True)]
