"""Budgets: one call and a month, unknown and unbounded figures, selections, exclusive arms."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.config.types import Budget, Place
from guard.estimate.totals import sum_of
from guard.model import Count, Finding, Money, Part, Priced, Reach, Tokens, Value
from guard.policy import words
from guard.policy.budgets import judge
from guard.policy.decide import exit_code
from guard.policy.examples import estimate, known, layers, looped, priced, unknown
from guard.policy.selection import select

PLACE = Place("guard.yaml", 8, 5)
AMOUNTS = ("per_call", "per_run", "per_month", "warn_at", "min_coverage")


def money(low: str, typical: str, high: str | None) -> Money:
    return Money(Decimal(low), Decimal(typical), None if high is None else Decimal(high))


def budget(**more: Any) -> Budget:
    amounts = {key: Decimal(more.pop(key)) for key in AMOUNTS if key in more}
    return Budget("mine", PLACE, **amounts, **more)


def call(low: str, typical: str, high: str | None, share: float | None = 0.0, **request: Any) -> Priced:
    why = ("tenacity has no stop",) if high is None else ()
    return priced(estimate(usd=money(low, typical, high), assumed_share=share, why=why), **request)


def month(typical: str, low: str = "0", high: str | None = "100000", share: float = 0.0, **request: Any) -> Priced:
    item = call("0.001", "0.002", "0.003", share, **request)
    return replace(item, estimate=replace(item.estimate, usd_per_month=money(low, typical, high)))


def unpriced(why: str = "`x-1` is not in the price table", **request: Any) -> Priced:
    return priced(estimate(priced=False, usd=None, why=(why,)), **request)


def one(items: list[Priced], **more: Any) -> Finding:
    (finding,) = judge([budget(**more)], items)
    return finding


# --- one call ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("compare", "limit", "message"),
    [
        ("low", "0.005", "one call costs $0.010 at least, more than $0.005"),
        ("typical", "0.05", "one call costs $0.061 typical, more than $0.05"),
        ("high", "0.1", "one call costs $1.20 at worst, more than $0.10"),
        ("low", "0.05", None),
        ("typical", "0.061", None),
        ("high", "1.2", None),
    ],
)
def test_per_call_compares_the_figure_that_is_asked_for(compare: str, limit: str, message: str | None) -> None:
    found = judge([budget(per_call=limit, compare=compare)], [call("0.01", "0.061", "1.2")])
    assert [finding.message for finding in found] == ([] if message is None else [message])


def test_a_call_without_a_bound_exceeds_every_budget_of_the_worst_case() -> None:
    item = call("0.01", "0.02", None, **layers(3, None))
    finding = one([item], per_call="1000000", compare="high", enforce="block")
    assert (finding.verdict, finding.enforce, finding.policy) == ("violated", "block", "budget:mine")
    assert finding.message == "no bound on the cost of one call, which may be $1,000,000 at worst: tenacity has no stop"
    assert finding.labels[1].text == "no bound"
    assert judge([budget(per_call="0.05")], [item]) == ()


def test_a_dear_call_shows_its_arithmetic_and_where_the_values_come_from() -> None:
    parts = (
        Part("uncached input", Tokens(100, 500, 1000), Decimal("2.50"), money("0.00025", "0.00125", "0.0025")),
        Part("output", Tokens(1, 150, 300), Decimal(10), money("0.00001", "0.0015", "0.003")),
    )
    item = call("0.01", "0.02", "0.0495", **layers(3, 3))
    item = replace(item, estimate=replace(item.estimate, parts=parts))
    finding = one([item], per_call="0.01", compare="high")
    assert finding.notes == (
        "uncached input: 1,000 x $2.50 per million = $0.0025",
        "output: 300 x $10 per million = $0.0030",
        "x 9 attempts that may be billed (tenacity 3 x openai SDK 3)",
        "cost: $0.020 per call typical, $0.050 worst",
    )
    assert [label.text for label in finding.labels] == [
        "",
        "model comes from here",
        "openai SDK: 3 tries",
        "tenacity: 3 tries",
    ]
    assert finding.help == "most of it is output: lower the output limit, or choose a cheaper model"


def test_the_share_of_assumption_is_part_of_the_message() -> None:
    finding = one([call("0", "0.08", "1", share=0.62)], per_call="0.05")
    assert finding.message == "one call costs $0.080 typical, more than $0.05 (62% of it is assumption)"
    assert finding.confidence == "assumed"


def test_warn_at_warns_below_the_amount() -> None:
    finding = one([call("0", "0.09", "1")], per_call="0.1", warn_at="0.8", enforce="block")
    assert (finding.enforce, finding.severity) == ("warn", "low")
    assert finding.message == "one call costs $0.090 typical, 90% of $0.10"
    assert judge([budget(per_call="0.1", warn_at="0.95")], [call("0", "0.09", "1")]) == ()


@pytest.mark.parametrize(("on_unknown", "enforced"), [("pass", []), ("warn", ["warn"]), ("block", ["block"])])
def test_calls_without_a_price_are_undecided_together(on_unknown: str, enforced: list[str]) -> None:
    items = [unpriced(id="a"), unpriced(id="b"), unpriced("the model is read from a table", id="c"), priced(id="d")]
    found = judge([budget(per_call="0.05", on_unknown=on_unknown)], items)
    assert [finding.enforce for finding in found] == enforced
    for finding in found:
        assert finding.verdict == "undecided"
        assert finding.message == "3 of 4 requests cannot be held against $0.05 per call: no price"
        assert finding.notes == (
            "2 requests: `x-1` is not in the price table",
            "1 request: the model is read from a table",
        )


# --- a month ----------------------------------------------------------------------------------------------------


def test_a_month_above_the_amount_names_the_dearest_requests() -> None:
    items = [month(str(amount), id=str(amount)) for amount in (100, 3000, 200, 900, 50)]
    finding = one(items, per_month="4000", enforce="block")
    assert finding.message == "a month costs $4,250 typical, more than $4,000"
    assert finding.request is None
    assert (finding.labels[0].span.path, finding.labels[0].span.line) == ("guard.yaml", 8)
    assert [label.text for label in finding.labels[1:]] == ["$3,000 per month", "$900 per month", "$200 per month"]
    assert finding.notes[-2:] == ("2 other requests: $150", "covers 5 of 5 requests")


def test_a_month_within_the_amount_is_kept() -> None:
    assert judge([budget(per_month="4250")], [month("4250")]) == ()


def test_amounts_that_round_to_the_limit_are_written_out() -> None:
    assert "costs $4,000.01 typical, more than $4,000" in one([month("4000.01")], per_month="4000").message


def test_without_declared_runs_a_month_is_undecided_and_says_what_to_declare() -> None:
    finding = one([priced(id="a"), priced(id="b")], per_month="100")
    assert finding.verdict == "undecided"
    assert finding.message == (
        "whether a month stays within $100 is not known: of 2 requests, 2 with no declared runs "
        "(nothing is known of a month)"
    )
    assert 'usage: {rules: [{paths: ["app/answer.py"], runs_per_month: 20000}]}' in finding.help


def test_what_is_missing_is_counted_by_reason() -> None:
    finding = one([month("50"), priced(id="b"), unpriced(id="c")], per_month="100")
    assert "of 3 requests, 1 with no declared runs and 1 with no price ($50.00 typical)" in finding.message


def test_a_priced_part_that_exceeds_alone_is_violated_whatever_is_missing() -> None:
    finding = one([month("150"), unpriced(id="c")], per_month="100")
    assert (finding.verdict, finding.notes[-1]) == ("violated", "covers 1 of 2 requests")


def test_tests_notebooks_and_examples_are_not_missed() -> None:
    test = priced(id="t", stage="test")
    example = priced(id="e", reached_from=(Reach("examples/a.py::main", "example", Count()),))
    assert judge([budget(per_month="100")], [month("50"), test, example]) == ()


def test_a_month_that_leaves_out_entry_points_is_undecided_unless_it_exceeds() -> None:
    items = [month("50", id="a"), month("20", id="b")]
    (finding,) = judge([budget(per_month="100")], items, frozenset({"b"}))
    assert "of 2 requests, 1 with no declared runs ($70.00 typical)" in finding.message
    (finding,) = judge([budget(per_month="60")], items, frozenset({"b"}))
    assert finding.verdict == "violated"


def test_exclusive_arms_count_once_in_the_share_of_assumption() -> None:
    items = [month("100", share=1.0, id="a", exclusive="g"), month("300", id="b", exclusive="g")]
    assert one(items, per_month="10").message == "a month costs $300 typical, more than $10"


def test_a_month_without_a_bound_exceeds_the_worst_case() -> None:
    endless = Count(0, 1, None, ("`while True`",))
    finding = one([month("1", high=None, repeats=endless)], per_month="1000000", compare="high")
    assert finding.message == (
        "no bound on the cost of a month, which may be $1,000,000 at worst: app/answer.py:12 (`while True`)"
    )


def test_a_month_says_how_much_is_assumption() -> None:
    items = [month("100", share=1.0, id="a"), month("300", share=0.0, id="b")]
    assert one(items, per_month="10").message.endswith("more than $10 (25% of it is assumption)")


def test_a_month_near_the_amount_warns() -> None:
    finding = one([month("90")], per_month="100", warn_at="0.8", enforce="block")
    assert (finding.message, finding.enforce) == ("a month costs $90.00 typical, 90% of $100", "warn")


# --- selection and sums -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("selection", "ids"),
    [
        ({"feature": "search"}, ["a"]),
        ({"owner": "@ops"}, ["b"]),
        ({"model": "gpt-4o"}, ["b", "c"]),
        ({"model": "openai/gpt-4o*"}, ["a", "b", "c"]),
        ({"stage": "batch"}, ["b"]),
        ({"paths": ("app/**",)}, ["a", "b", "c"]),
        ({"paths": ("jobs/**",)}, []),
        ({}, ["a", "b", "c"]),
    ],
)
def test_a_budget_selects_its_requests(selection: dict[str, Any], ids: list[str]) -> None:
    items = [
        replace(priced(id="a"), feature="search"),
        replace(priced(id="b", model=known("gpt-4o"), stage="batch"), owner="@ops"),
        priced(id="c", model=unknown("read from a table")),
        priced(id="d", counted=False),
    ]
    assert [item.request.id for item in select(budget(per_call="1", **selection), items)] == ids


def test_exclusive_arms_count_once_with_the_default_arm_as_typical() -> None:
    arms = [
        call("1", "5", "10", id="a", exclusive="g"),
        call("2", "3", "4", id="b", exclusive="g", exclusive_default=True),
        call("7", "7", "7", id="c"),
    ]
    assert sum_of(arms, lambda item: item.estimate.usd) == money("8", "10", "17")
    without_default = [replace(arms[1], request=replace(arms[1].request, exclusive_default=False)), arms[0]]
    assert sum_of(without_default, lambda item: item.estimate.usd) == money("1", "5", "10")


def test_a_budget_that_is_off_says_nothing() -> None:
    assert judge([budget(per_call="0.000001", enforce="off")], [priced()]) == ()


_AMOUNT = st.decimals(min_value=0, max_value=10_000, places=4)


@given(st.lists(st.tuples(_AMOUNT, _AMOUNT, _AMOUNT, st.sampled_from([None, "g", "h"])), max_size=6), _AMOUNT)
def test_sums_keep_low_typical_high_in_order_and_violations_agree_with_them(
    rows: list[tuple[Decimal, Decimal, Decimal, str | None]], limit: Decimal
) -> None:
    items = []
    for index, (*amounts, group) in enumerate(rows):
        low, typical, high = sorted(amounts)
        items.append(month(str(typical), str(low), str(high), id=str(index), exclusive=group))
    summed = sum_of(items, lambda item: item.estimate.usd_per_month)
    if summed is None:
        assert items == []
        return
    assert summed.high is not None
    assert summed.low <= summed.typical <= summed.high
    found = judge([budget(per_month=str(limit))], items)
    assert [finding.verdict for finding in found] == (["violated"] if summed.typical > limit else [])


# --- words ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("usd", "text"),
    [
        ("0", "$0"),
        ("0.00001", "<$0.0001"),
        ("0.0061", "$0.0061"),
        ("0.47", "$0.47"),
        ("0.999", "$1.00"),
        ("4.2", "$4.20"),
        ("99.999", "$100"),
        ("480.4", "$480"),
        ("999.6", "$1,000"),
        ("12234", "$12,200"),
    ],
)
def test_money_is_written_for_reading(usd: str, text: str) -> None:
    assert words.money(Decimal(usd)) == text


@given(_AMOUNT, _AMOUNT)
def test_money_beside_a_limit_reads_on_the_right_side_of_it(usd: Decimal, limit: Decimal) -> None:
    shown = words.beside(usd, limit)
    if shown.startswith("<"):
        assert usd < Decimal("0.0001") <= limit
        return
    value = Decimal(shown.replace("$", "").replace(",", ""))
    assert (value > limit) == (usd > limit)
    assert (value == limit) == (usd == limit)


# --- tests, callers of a wrapper, a configuration further up ----------------------------------------------------


def test_tests_are_in_no_budget_but_one_for_tests_unless_runs_are_declared_for_them() -> None:
    plain, in_test = call("1", "2", "3", id="a"), call("1", "2", "3", id="t", stage="test")
    ran = replace(in_test, estimate=replace(in_test.estimate, runs_per_month=Decimal(5)))
    never = replace(in_test, estimate=replace(in_test.estimate, runs_per_month=Decimal(0)))

    def ids(items: list[Priced], **selection: Any) -> list[str]:
        return [item.request.id for item in select(budget(per_call="1", **selection), items)]

    assert ids([plain, in_test, never]) == ["a"]
    assert ids([plain, in_test], stage="test") == ["t"]
    assert ids([plain, ran]) == ["a", "t"]


def test_the_paths_of_a_budget_are_relative_to_the_folder_of_the_configuration() -> None:
    item = call("1", "2", "3")
    (empty,) = judge([budget(per_call="1", paths=("services/app/**",))], [item])
    assert empty.verdict == "undecided" and "selects no request: paths `services/app/**`" in empty.message
    assert judge([budget(per_call="1", paths=("services/app/**",))], [item], prefix="services/")


@pytest.mark.parametrize("amount", ["per_call", "per_month"])
def test_two_callers_of_one_wrapper_are_told_apart_by_their_own_calls(amount: str) -> None:
    items = [month("900", id=str(line), sites=looped(Count(), line)) for line in (40, 50)]
    findings = judge([budget(**{amount: "0.0001"})], items)
    calls = [label.span.line for found in findings for label in found.labels if label.span.path == "app/jobs.py"]
    assert calls == [40, 50]
    assert all("sends" in [label.text for label in found.labels] for found in findings)


# --- what is no bound, what is nearly used up ----------------------------------------------------------------------


OPEN_MODEL = Value(known("gpt-4o-mini").choices, open=True, why="MODEL in the environment may override")


def test_worst_over_the_known_models_does_not_keep_a_budget() -> None:
    item = call("1", "2", "3", model=OPEN_MODEL)
    found = one([item], per_call="5", compare="high", on_unknown="block")
    assert (found.verdict, found.enforce) == ("undecided", "block")
    assert "MODEL in the environment may override" in found.message
    assert one([item], per_call="2.5", compare="high").verdict == "violated"
    assert not judge([budget(per_call="5")], [item]), "typical is no bound and needs none"
    assert not judge([budget(per_call="5", compare="high", on_unknown="pass")], [item])


def test_worst_over_the_known_models_does_not_keep_a_month() -> None:
    item = month("10", high="20", model=OPEN_MODEL)
    found = one([item], per_month="50", compare="high")
    assert found.verdict == "undecided" and "MODEL in the environment may override" in found.message
    assert one([item], per_month="15", compare="high").verdict == "violated"


def test_a_budget_that_is_nearly_used_up_fails_nothing() -> None:
    near = one([call("1", "2", "3")], per_call="2.1", warn_at="0.8", enforce="block")
    assert exit_code([near]) == 0 and exit_code([near], "low") == 0
    assert exit_code([one([call("1", "2", "3")], per_call="1")], "low") == 1


def test_a_selection_without_requests_is_undecided() -> None:
    found = one([call("1", "2", "3")], per_month="5", feature="serach")
    assert found.verdict == "undecided" and "selects no request: feature `serach`" in found.message
    assert not judge([budget(per_call="5")], []), "a budget over everything is kept where there is nothing"


def test_a_warning_stays_where_something_is_not_known() -> None:
    found = judge([budget(per_month="100", warn_at="0.8", enforce="block")], [month("90"), unpriced(id="x")])
    assert [(one.verdict, one.enforce) for one in found] == [("violated", "warn"), ("undecided", "warn")]
    assert found[0].message == "a month costs $90.00 typical, 90% of $100"
    quiet = budget(per_month="100", warn_at="0.8", on_unknown="pass")
    assert [one.message for one in judge([quiet], [month("90"), unpriced(id="x")])] == [found[0].message]


@pytest.mark.parametrize(
    ("compare", "total", "part"),
    [("low", "$30.00", "$10.00"), ("typical", "$70.00", "$50.00"), ("high", "$420", "$400")],
)
def test_the_parts_of_a_month_add_up_where_requests_exclude_one_another(compare: str, total: str, part: str) -> None:
    arms = [
        month("30", "20", "400", id="a", exclusive="g"),
        month("50", "10", "300", id="b", exclusive="g", exclusive_default=True),
    ]
    finding = one([*arms, month("20", "20", "20", id="c")], per_month="1", compare=compare)
    assert finding.message.startswith(f"a month costs {total} ")
    said = f"{part} per month, one of 2 that exclude one another"
    assert sorted(label.text for label in finding.labels) == sorted(["the budget", said, "$20.00 per month"])
    amounts = [note.partition(": ")[2] for note in finding.notes[:-1]]
    assert sorted(amounts) == sorted([f"{part}, one of 2 that exclude one another", "$20.00"])


def test_a_budget_with_a_scenario_is_judged_under_it():
    asked = [month("10")]
    launch = [month("100")]
    seen = []

    def under(name):
        seen.append(name)
        return launch, None

    budgets = [
        budget(per_month="50"),
        budget(per_month="50", scenario="launch"),
        budget(per_run="1", scenario="launch"),
    ]
    found = judge(budgets, asked, under=under)
    assert [finding.message for finding in found if "a month" in finding.message] == [
        "under `launch`: a month costs $100 typical, more than $50"
    ]
    assert seen == ["launch"]


def test_what_a_change_adds_under_a_scenario_is_not_known_of_a_saved_report():
    growing = replace(budget(scenario="launch"), increase=Decimal(5))
    (found,) = judge([growing], [month("10")], before=[month("10")], under=lambda name: ([month("100")], None))
    assert found.verdict == "undecided"
    assert "a saved report cannot be estimated under scenario `launch`" in found.message
    (grew,) = judge([growing], [month("1")], before=[], under=lambda name: ([month("100")], [month("10")]))
    assert grew.verdict == "violated"


def test_a_scenario_without_estimates_is_a_mistake():
    with pytest.raises(ValueError, match="nothing estimates under it"):
        judge([budget(per_month="50", scenario="launch")], [month("10")])
