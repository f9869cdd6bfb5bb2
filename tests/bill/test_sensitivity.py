"""What moves the bill: one figure is moved while all others stay."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from bill_shop import RULES, guard, scanned, shop
from report_schema import assert_valid

from guard.bill import Move
from guard.estimate.prices import load
from guard.use.bill.anew import Known
from guard.use.bill.moves import sensitivity

RETRIEVAL = """\
from llama_index.core import Settings, SimpleDirectoryReader, VectorStoreIndex
from llama_index.llms.openai import OpenAI

Settings.llm = OpenAI(model="gpt-4o", max_tokens=800)
index = VectorStoreIndex.from_documents(SimpleDirectoryReader("data").load_data())
engine = index.as_query_engine(similarity_top_k=5)

def ask(q):
    return engine.query(q)
"""
RETRIED = """\
import openai

client = openai.OpenAI(max_retries=3)

def ask(q):
    return client.chat.completions.create(
        model="gpt-4o", max_tokens=1000, messages=[{"role": "user", "content": q}]
    )
"""
FEATURE = (
    'features:\n  ask: {paths: ["app/web.py"], unit: question, units_per_month: 1000, revenue_per_unit: 0.01 USD}\n'
)


def moves(folder: Path) -> dict[str, Move]:
    config, report = scanned(folder)
    found = sensitivity(report.requests, Known(load().with_rules(config.prices), config))
    return {f"{move.what} ({move.detail})" if move.detail else move.what: move for move in found.moves}


def test_moves_of_a_month_by_hand(tmp_path: Path) -> None:
    found = moves(shop(tmp_path))
    # a month: 1,000 x (607 x 2.50 + 200 x 10) / 1M + 10,000 x 3 x (1,007 x 0.15 + 10 x 0.60) / 1M = 8.229
    assert str(found["10% more runs"].shift.typical.normalize()) == "0.8229"
    # answers: 1,000 x 20 x 10 / 1M + 30,000 x 1 x 0.60 / 1M
    assert str(found["answers 10% longer"].shift.typical.normalize()) == "0.218"
    # question: 1,000 x 600 x 2.50 / 1M; text: 30,000 x 1,000 x 0.15 / 1M
    assert str(found["`question` twice as long (now 600 tokens)"].shift.typical.normalize()) == "1.5"
    assert str(found["`text` twice as long (now 1,000 tokens)"].shift.typical.normalize()) == "4.5"
    assert not found["`text` twice as long (now 1,000 tokens)"].assumed


def test_a_lower_limit_moves_the_worst_case_and_no_answer_that_fits(tmp_path: Path) -> None:
    moved = moves(shop(tmp_path))["output limit 400 instead of 800"]
    assert moved.requests == 1
    assert moved.shift.typical == 0
    assert moved.shift.worst == -4  # 1,000 x 400 x 10 / 1M


def test_one_passage_more_of_a_retriever(tmp_path: Path) -> None:
    found = moves(shop(tmp_path, "version: 1\nextends: []\n", {"app/ask.py": RETRIEVAL}))
    moved = found["1 passage more is retrieved (6 instead of 5)"]
    assert moved.requests == 1
    assert str(moved.shift.typical.normalize()) == "0.00256"  # 1,024 x 2.50 / 1M, of one call


def test_one_retry_less_of_calls_that_are_paid_for_again(tmp_path: Path) -> None:
    rules = "version: 1\nextends: []\nusage: {rules: [{paths: [only.py], runs_per_month: 1}]}\n"
    (tmp_path / "guard.yaml").write_text(rules)
    (tmp_path / "only.py").write_text(RETRIED)
    found = moves(tmp_path)
    (moved,) = [move for name, move in found.items() if name.startswith("one retry less")]
    _, report = scanned(tmp_path)
    (only,) = report.requests
    assert only.request.layers and only.estimate.usd is not None and only.estimate.usd.high is not None
    assert moved.shift.worst == -only.estimate.usd.high / 4


def test_what_has_no_figure_is_in_no_move_and_is_counted(tmp_path: Path) -> None:
    config, report = scanned(shop(tmp_path))
    found = sensitivity(report.requests, Known(load(), config))
    assert (found.per, found.counted, found.known) == ("month", 4, 2)
    assert all(move.requests <= 2 for move in found.moves)
    text = guard("cost", str(tmp_path), "--sensitivity").output
    assert "2 requests of 4 without that figure: in no move." in text


def test_biggest_first_and_assumptions_are_marked(tmp_path: Path) -> None:
    found = list(moves(shop(tmp_path, "version: 1\nextends: []\n")).values())
    sizes = [abs(move.shift.typical) for move in found]
    assert sizes == sorted(sizes, reverse=True)
    assert {move.what for move in found if move.assumed} == {
        "`question` twice as long", "`text` twice as long", "`document` twice as long"
    }  # fmt: skip
    assert "*: its size is an assumption" in guard("cost", str(tmp_path), "--sensitivity").output


def test_a_feature_with_economics_has_its_own_list(tmp_path: Path) -> None:
    found = moves(shop(tmp_path, RULES + FEATURE))
    (feature,) = found["`text` twice as long (now 1,000 tokens)"].features
    assert feature.feature == "ask" and feature.per_month.typical == pytest.approx(4.5)
    assert float(feature.per_unit or 0) == pytest.approx(0.0045)
    assert feature.margin is not None and float(feature.margin.typical) == pytest.approx(1 - (8.229 + 4.5) / 10)
    text = guard("cost", str(tmp_path), "--sensitivity").output
    section = text.split("What moves ask (a month)")[1].splitlines()
    assert section[1].split() == ["move", "a", "month", "worst", "a", "question", "margin"]
    assert section[2].split("  ")[-1].strip() == "18% to -27%"


def test_more_runs_cost_as_much_a_unit_and_leave_the_margin(tmp_path: Path) -> None:
    (feature,) = moves(shop(tmp_path, RULES + FEATURE))["10% more runs"].features
    assert feature.per_unit == 0 and feature.margin == feature.margin_before


def test_json_and_markdown_have_the_moves(tmp_path: Path) -> None:
    text = guard("cost", str(shop(tmp_path, RULES + FEATURE)), "--sensitivity", "--format", "json").output
    assert_valid(text)
    found = json.loads(text)["views"]["sensitivity"]
    assert (found["per"], found["usd"]["typical"], found["moves"][0]["what"]) == (
        "month", "8.229", "`text` twice as long"
    )  # fmt: skip
    text = guard("cost", str(tmp_path), "--sensitivity", "--format", "markdown").output
    assert "**What moves the bill** (a month; each alone, all else as it is)" in text
    assert "**What moves `ask`** (a month)" in text


def test_nothing_to_move(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(
        "from openai import OpenAI\n\ndef ask(q, model):\n"
        "    return OpenAI().chat.completions.create(model=model, messages=[{'role': 'user', 'content': q}])\n"
    )
    assert "Nothing that is known: no request has a figure" in guard("cost", str(tmp_path), "--sensitivity").output
