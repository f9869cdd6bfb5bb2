"""`guard cost --group-by`: sums by what requests have in common, as people see them."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path
from typing import get_args

import pytest
from bill_shop import RULES, guard, scanned, shop
from report_schema import assert_valid

from guard.bill import GroupBy, SortBy
from guard.commands import cost
from guard.use.bill.views import breakdown

ARMS = {
    "app/arms.py": """\
import os
from openai import OpenAI

def answer(question):
    client = OpenAI(max_retries=0)
    if os.getenv("FAST"):
        return client.chat.completions.create(
            model="gpt-4o-mini", max_tokens=100, messages=[{"role": "user", "content": question}])
    else:
        return client.chat.completions.create(
            model="gpt-4o", max_tokens=100, messages=[{"role": "user", "content": question}])
"""
}


def table(text: str) -> list[list[str]]:
    """The words of the table's rows, below its titles."""
    return [line.split() for line in text.split("\n\n")[1].splitlines()]


def test_by_model_the_dearest_of_a_month_is_first_and_what_is_not_known_is_last(tmp_path: Path) -> None:
    rows = table(guard("cost", str(shop(tmp_path)), "--group-by", "model", "--width", "120").output)
    assert rows[0] == ["model", "priced", "a", "call", "worst", "a", "run", "worst", "a", "month", "worst", "share"]
    # tag: 10,000 runs x 3 calls x (1,007 x $0.15 + 10 x $0.60) / 1M; ask: 1,000 x (607 x $2.50 + 200 x $10) / 1M
    assert rows[1] == [
        "gpt-4o-mini",
        "1",
        "of",
        "1",
        "$0.00016*",
        "$0.019",
        "$0.00047*",
        "$0.058",
        "$4.71*",
        "$578",
        "57%",
    ]
    assert rows[2][:4] == ["gpt-4o", "1", "of", "1"] and rows[2][8:] == ["$3.52*", "$328", "43%"]
    assert rows[4] == ["(model", "not", "known)", "0", "of", "1", *"??????"]


def test_the_coverage_and_the_assumptions_stand_once_below_the_groups(tmp_path: Path) -> None:
    text = guard("cost", str(shop(tmp_path)), "--group-by", "stage", "--width", "200").output
    assert text.count("Assumed (*)") == 1
    assert "a month is known for 2 of 4; 1 has no price, 1 has no declared runs" in text


def test_a_workflow_is_a_tree_of_what_an_entry_point_reaches(tmp_path: Path) -> None:
    text = guard("cost", str(shop(tmp_path)), "--group-by", "workflow").output
    lines = text.split("\n\n")[1].splitlines()
    assert lines[1].split()[:3] == ["app/web.py::tag", "(POST", "/tag)"]
    assert lines[2].split() == ["tag:16", "gpt-4o-mini", "3", "$0.00047*", "$0.058", "$4.71*", "$578"]


def test_top_leaves_one_line_for_the_others_with_their_sum(tmp_path: Path) -> None:
    _, report = scanned(shop(tmp_path))
    config, _ = scanned(tmp_path)
    whole = breakdown(report.requests, config, "model")
    cut = breakdown(report.requests, config, "model", top=1)
    assert [line.name for line in cut.lines] == ["gpt-4o-mini"]
    assert cut.rest is not None and cut.rest.sums.requests == 3 and cut.groups == 4
    assert cut.rest.sums.usd.typical == sum(
        (line.sums.usd.typical for line in whole.lines[1:] if line.sums.usd), Decimal(0)
    )
    assert "3 more groups" in guard("cost", str(tmp_path), "--group-by", "model", "--top", "1").output


@pytest.mark.parametrize(
    ("sort", "names"),
    [
        ("name", ["claude-3-5-haiku-20241022", "gpt-4o", "gpt-4o-mini", None]),
        ("worst", ["gpt-4o-mini", "gpt-4o", "claude-3-5-haiku-20241022", None]),
    ],
)
def test_groups_are_sorted_as_asked(tmp_path: Path, sort: str, names: list[str | None]) -> None:
    config, report = scanned(shop(tmp_path))
    assert [line.name for line in breakdown(report.requests, config, "model", sort).lines] == names


@pytest.mark.parametrize("by", [by for by in get_args(GroupBy) if by != "workflow"])
def test_typical_figures_of_groups_add_up_to_the_total_also_where_one_of_two_requests_runs(
    tmp_path: Path, by: GroupBy
) -> None:
    config, report = scanned(shop(tmp_path, RULES, ARMS))
    assert any(item.request.exclusive for item in report.requests)
    found = breakdown(report.requests, config, by)
    for pick in ("usd", "usd_per_month"):
        parts = [money.typical for line in found.lines if (money := getattr(line.sums, pick)) is not None]
        assert sum(parts) == getattr(report.totals, pick).typical
    assert sum(line.share or 0 for line in found.lines) == pytest.approx(1)
    assert sum(line.sums.requests for line in found.lines) == report.totals.counted


def test_an_arm_that_is_not_typical_has_its_worst_case_and_no_typical_share(tmp_path: Path) -> None:
    config, report = scanned(shop(tmp_path, "version: 1\nextends: []\n", ARMS))
    lines = {line.name: line for line in breakdown(report.requests, config, "model").lines}
    alone = next(
        i for i in report.requests if i.request.exclusive and i.request.model.choices[0].value == "gpt-4o-mini"
    )
    tag = next(i for i in report.requests if i.request.sites[0].qualname == "tag")
    assert lines["gpt-4o-mini"].sums.usd.typical == tag.estimate.usd.typical
    assert lines["gpt-4o-mini"].sums.usd.high == tag.estimate.usd.high + alone.estimate.usd.high


def test_the_json_report_has_the_groups_under_views(tmp_path: Path) -> None:
    shop(tmp_path)
    text = guard("cost", str(tmp_path), "--group-by", "workflow", "--format", "json").output
    assert_valid(text)
    data = json.loads(text)
    groups = data["views"]["groups"]
    assert (groups["by"], groups["share_of"], groups["groups"]) == ("workflow", "month", 4)
    first = groups["lines"][0]
    assert first["name"] == "app/web.py::tag" and "POST /tag" in first["aliases"]
    assert first["usd_per_month"]["typical"] == "4.7115"
    assert first["requests"][0]["calls"]["typical"] == 3
    assert json.loads(guard("cost", str(tmp_path), "--format", "json").output)["views"] is None


def test_markdown_has_the_groups_as_a_table_without_markup_of_the_repository(tmp_path: Path) -> None:
    shop(tmp_path, RULES, {"app/<b>x.py": ARMS["app/arms.py"]})
    text = guard("cost", str(tmp_path), "--group-by", "file", "--format", "markdown").output
    assert "| file | priced | a call | worst |" in text
    assert "`app/<b>x.py`" in text and "<b>" not in re.sub("`[^`]*`", "", text)


def test_sort_and_top_without_groups_are_refused(tmp_path: Path) -> None:
    from click.testing import CliRunner

    from guard import cli

    result = CliRunner().invoke(cli.main, ["cost", str(shop(tmp_path)), "--top", "3"])
    assert result.exit_code == 2 and "add --group-by" in result.output


def test_the_options_have_the_words_of_the_types() -> None:
    assert get_args(GroupBy) == cost.GROUPS and get_args(SortBy) == cost.SORTS
