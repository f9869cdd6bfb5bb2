"""Unit economics: cost for each unit and customer, margin, and budgets on them; stages that guard.yaml names."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from bill_shop import RULES, guard, scanned, shop
from report_schema import assert_valid

from guard.config.load import ConfigError, load
from guard.estimate.economics import unit_costs

# ask: 1,000 runs a month x $0.0035175
ASK = (
    'features:\n  ask: {{paths: ["app/web.py"], unit: question, units_per_month: {units}, revenue_per_unit: 0.01 USD, '
    "customers: 50}}\n"
)
FEATURE = ASK.format(units=1000)


def budget(text: str) -> str:
    return RULES + FEATURE + f"budgets:\n  - {{name: unit, feature: ask, {text}}}\n"


def messages(folder: Path) -> list[str]:
    return [f"{finding.verdict}: {finding.message}" for finding in scanned(folder)[1].findings]


def test_cost_per_unit_and_customer_and_margin_by_hand(tmp_path: Path) -> None:
    config, report = scanned(shop(tmp_path, RULES + FEATURE))
    (found,) = unit_costs(report.requests, config)
    # a month: 1,000 x (607 x 2.50 + 200 x 10) / 1M + 10,000 x 3 x (1,007 x 0.15 + 10 x 0.60) / 1M
    assert str(found.usd_per_month.typical.normalize()) == "8.229"
    assert float(found.usd_per_unit.typical) == pytest.approx(0.008229)
    assert float(found.usd_per_customer.typical) == pytest.approx(8.229 / 50)
    assert float(found.revenue) == 10
    assert float(found.margin.typical) == pytest.approx(1 - 0.8229)
    assert found.margin.low < 0 < found.margin.typical < found.margin.high


def test_people_see_the_features_below_the_table(tmp_path: Path) -> None:
    text = guard("cost", str(shop(tmp_path, RULES + FEATURE)), "--width", "140").output
    section = text.split("Unit economics")[1].splitlines()
    assert section[1].split() == [
        "feature", "a", "month", "units", "a", "unit", "worst", "a", "customer", "worst", "revenue", "margin", "worst"
    ]  # fmt: skip
    assert section[2].split()[:5] == ["ask", "$8.23", "1,000", "question", "$0.0082"]
    assert "18%" in section[2]


def test_runs_make_units_where_none_are_declared_and_that_is_an_assumption(tmp_path: Path) -> None:
    feature = 'features:\n  web: {paths: ["app/web.py"], unit: query}\n'
    config, report = scanned(shop(tmp_path, RULES + feature))
    (found,) = unit_costs(report.requests, config)
    assert found.units == 11_000
    assert "one run counts as one query (no `units_per_run` or `units_per_month`)" in found.assumptions
    assert found.margin is None and found.revenue is None and found.usd_per_customer is None


def test_what_is_not_known_is_said_and_not_counted_as_nothing(tmp_path: Path) -> None:
    feature = 'features:\n  all: {paths: ["app/**"], unit: query, customers: 10}\n'
    text = guard("cost", str(shop(tmp_path, RULES + feature)), "--width", "200").output
    assert "all: not in it: 1 of 4 requests has no price" in text
    assert "all: not in it: runs are not declared for 2 of 4 entry points" in text
    config, report = scanned(tmp_path)
    (found,) = unit_costs(report.requests, config)
    assert found.units is None and found.usd_per_unit is None


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("per_unit: 0.005 USD", "violated: one question costs $0.0082 typical, more than $0.005"),
        ("per_customer: 0.10 USD", "violated: one customer costs $0.16 typical, more than $0.10"),
        ("min_margin: 60%", "violated: the margin of `ask` is 18% typical cost, less than 60%"),
        ("per_unit: 0.009 USD, warn_at: 80%", "violated: one question costs $0.0082 typical, 91% of $0.009"),
        (
            "min_margin: 10%, warn_at: 90%",
            "violated: the margin of `ask` is 18% typical cost: cost takes 91% of what a margin of at least 10% leaves",
        ),
    ],
)
def test_a_budget_on_units_customers_or_a_margin_is_violated(tmp_path: Path, rule: str, said: str) -> None:
    (found,) = messages(shop(tmp_path, budget(rule)))
    assert found.startswith(said)


@pytest.mark.parametrize(
    "rule", ["per_unit: 0.01 USD", "per_customer: 1 USD", "min_margin: 10%", "min_margin: 10%, warn_at: 95%"]
)
def test_a_budget_on_units_is_kept(tmp_path: Path, rule: str) -> None:
    assert messages(shop(tmp_path, budget(rule))) == []


def test_a_budget_on_units_of_which_a_part_is_not_known_is_undecided(tmp_path: Path) -> None:
    rules = budget("per_unit: 1 USD").replace("app/web.py", "app/**")
    (found,) = messages(shop(tmp_path, rules))
    assert found.startswith("undecided: whether one question costs more than $1 is not known: 1 of 4 requests has no")


def test_a_scenario_multiplies_units_with_runs(tmp_path: Path) -> None:
    rules = budget("per_customer: 1 USD, scenario: launch") + "scenarios:\n  launch: {runs_per_month: x10}\n"
    (found,) = messages(shop(tmp_path, rules))
    assert found.startswith("violated: under `launch`: one customer costs $1.65 typical")
    rules = budget("per_unit: 0.009 USD, scenario: launch") + "scenarios:\n  launch: {runs_per_month: x10}\n"
    assert messages(shop(tmp_path, rules)) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("per_unit: 1 USD", "'per_unit' is about a feature, and the budget names none"),
        ("min_margin: 50%, feature: ask", "'min_margin' needs 'revenue_per_unit' of feature"),
    ],
)
def test_a_budget_on_units_needs_a_feature_that_declares_them(tmp_path: Path, text: str, said: str) -> None:
    shop(tmp_path, f'{RULES}features:\n  ask: {{paths: ["a"]}}\nbudgets:\n  - {{name: x, {text}}}\n')
    with pytest.raises(ConfigError, match=said):
        load(tmp_path)


def test_json_has_the_units(tmp_path: Path) -> None:
    text = guard("cost", str(shop(tmp_path, RULES + FEATURE)), "--format", "json").output
    assert_valid(text)
    (found,) = json.loads(text)["views"]["units"]
    assert (found["feature"], found["units_per_month"], found["margin"]["typical"]) == ("ask", "1000", "0.1771")


def test_markdown_has_the_units(tmp_path: Path) -> None:
    text = guard("cost", str(shop(tmp_path, RULES + FEATURE)), "--format", "markdown").output
    assert "**Unit economics** (a month)" in text and "| `ask` | $8.23 |" in text


def test_a_stage_that_the_configuration_names_goes_before_that_of_the_folder(tmp_path: Path) -> None:
    rules = RULES + 'stages:\n  batch: ["app/**"]\n  production: ["app/jobs/nightly.py"]\n'
    _, report = scanned(shop(tmp_path, rules))
    assert {item.request.sites[0].span.path: item.request.stage for item in report.requests} == {
        "app/web.py": "batch",
        "app/jobs/nightly.py": "production",
    }
