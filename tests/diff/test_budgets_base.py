"""`guard check --base`: which findings of budgets are new, and what an increase says of figures that come or go.

Each project has routes that ask a model `settings.py` names; tests change the settings and look at what blocks.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from repository import committed, guard, replaced, write

LLM = """\
from openai import OpenAI

client = OpenAI(max_retries=0)


def ask(text, model):
    return client.chat.completions.create(
        model=model, max_tokens=1000, messages=[{"role": "user", "content": text}]
    )
"""
SETTINGS = 'M = "gpt-4o-mini"\nN = "gpt-4o-mini"\nROUNDS = 20\n'
USAGE = "usage: {rules: [{runs_per_month: 1_000_000, output_tokens: 100}]}\n"


def route(name: str, does: str) -> str:
    head = "from fastapi import FastAPI\nfrom llm import ask\nimport settings\n\napp = FastAPI()\n\n\n"
    return f'{head}@app.post("/{name}")\ndef {name}(text: str, docs: list[str]):\n    return {does}\n'


def project(folder: Path, monkeypatch: pytest.MonkeyPatch, rules: str, **routes: str) -> Path:
    """A repository with a base, in whose folder the test goes on."""
    files = {f"{name}.py": route(name, does) for name, does in routes.items()}
    files |= {"llm.py": LLM, "settings.py": SETTINGS, "guard.yaml": f"version: 1\nextends: []\n{rules}\n"}
    made = committed(folder / "project", files)
    monkeypatch.chdir(made)
    return made


def checked() -> tuple[int, list[tuple[str, str]]]:
    """The exit code, and of new findings the verdicts and messages."""
    done = guard("check", "--base", "main", "--format", "json")
    data = json.loads(done.stdout)
    new = data["difference"]["new_findings"]
    return done.exit_code, [(one["verdict"], one["message"]) for one in data["findings"] if one["id"] in new]


def test_a_run_that_a_change_makes_too_dear_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No usage is declared, so there is no month that could grow."""
    rules = "budgets: [{name: run, per_run: 0.001 USD, enforce: block}]"
    made = project(tmp_path, monkeypatch, rules, a="ask(text, settings.M)")
    assert checked() == (0, [])
    replaced(made, "settings.py", 'M = "gpt-4o-mini"', 'M = "gpt-4o"')
    code, ((verdict, message),) = checked()
    assert (code, verdict) == (1, "violated")
    assert message.startswith("one run of `a.py::a` costs $0.0060 typical, more than $0.001")


def test_a_dearer_run_makes_no_other_run_new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both runs are too dear in the base; only that which grew blocks, and an entry point that is added."""
    rules = USAGE + "budgets: [{name: run, per_run: 0.00001 USD, enforce: block}]"
    made = project(tmp_path, monkeypatch, rules, a="ask(text, settings.M)", b="ask(text[:9], settings.N)")
    assert guard("check").exit_code == 1
    assert checked() == (0, [])
    replaced(made, "settings.py", 'M = "gpt-4o-mini"', 'M = "gpt-4o"')
    code, ((_, message),) = checked()
    assert code == 1
    assert "`a.py::a`" in message
    replaced(made, "settings.py", 'M = "gpt-4o"', 'M = "gpt-4o-mini"')
    write(made, {"c.py": route("c", "ask(text, settings.N)")})
    code, ((_, message),) = checked()
    assert code == 1
    assert "`c.py::c`" in message


def test_a_run_under_another_name_is_not_new_unless_it_grew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rules = "budgets: [{name: run, per_run: 0.00001 USD, enforce: block}]"
    made = project(tmp_path, monkeypatch, rules, a="ask(text, settings.M)")
    replaced(made, "a.py", "def a(", "def answer(")
    assert checked() == (0, [])
    replaced(made, "settings.py", 'M = "gpt-4o-mini"', 'M = "gpt-4o"')
    assert checked()[0] == 1


def test_coverage_that_falls_blocks_though_the_sum_falls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rules = USAGE + "budgets: [{name: cov, per_month: 9_000 USD, min_coverage: 60%, enforce: block}]"
    does = {"a": "ask('hello', settings.M)", "b": "ask('hello', settings.N)"}
    made = project(tmp_path, monkeypatch, rules, **does)
    assert checked() == (0, [])
    replaced(made, "settings.py", 'N = "gpt-4o-mini"', 'N = "gpt-9-zz"')
    few = "1 of 2 requests have a figure for the month, less than the 60% that this budget asks for"
    assert checked() == (1, [("violated", few)])


def test_coverage_that_was_too_low_before_does_not_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even where the sum of what is known grows."""
    rules = USAGE + "budgets: [{name: cov, per_month: 9_000 USD, min_coverage: 60%, enforce: block}]"
    made = project(tmp_path, monkeypatch, rules, a="ask('hello', settings.M)", b="ask('hello', 'gpt-9-zz')")
    assert guard("check").exit_code == 1
    replaced(made, "settings.py", 'M = "gpt-4o-mini"', 'M = "gpt-4o"')
    assert checked() == (0, [])


TWO = {"a": "ask('hello', settings.M)", "b": "[ask('hello', settings.N) for _ in range(20)]"}
NO_MORE = "whether a month grows by more than $500 is not known: of what changed, 1 request lost its price"


def test_a_price_that_is_lost_hides_no_rise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The route that loses its price cost $1,220 a month, more than the other rises by."""
    rules = USAGE + "budgets: [{name: inc, increase: 500 USD, enforce: block}]"
    made = project(tmp_path, monkeypatch, rules, **TWO)
    replaced(made, "settings.py", 'N = "gpt-4o-mini"', 'N = "gpt-9-zz"')
    assert checked() == (0, [("undecided", NO_MORE)])
    replaced(made, "settings.py", 'M = "gpt-4o-mini"', 'M = "gpt-4o"')
    code, ((verdict, message),) = checked()
    assert (code, verdict) == (1, "violated")
    assert message.startswith("a month grows by $959 ")
    assert message.endswith(", from $61.20 to $1,020 in what is known on both sides; allowed is $500")
    assert "not in it: 1 request lost its price" in guard("check", "--base", "main", "--width", "200").stdout


def test_a_new_request_without_price_is_undecided(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rules = USAGE + "budgets: [{name: inc, increase: 500 USD, enforce: block, on_unknown: block}]"
    made = project(tmp_path, monkeypatch, rules, a=TWO["a"])
    write(made, {"b.py": route("b", "ask('hello', 'gpt-9-zz')")})
    code, ((verdict, message),) = checked()
    assert (code, verdict) == (1, "undecided")
    assert message.endswith("of what changed, 1 request has no monthly figure")


@pytest.mark.parametrize("limit", ["increase: 1 USD", "increase_percent: 10%"])
def test_a_figure_that_appears_is_no_rise_from_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    rules = USAGE + f"budgets: [{{name: inc, {limit}, enforce: block}}]"
    made = project(tmp_path, monkeypatch, rules, a="ask('hello', 'my-model-x')")
    replaced(made, "a.py", "'my-model-x'", "settings.M")
    code, ((verdict, message),) = checked()
    assert (code, verdict) == (0, "undecided")
    assert message.endswith("1 request has a figure only now: what it cost before is not known")


def test_usage_that_is_declared_for_the_first_time_is_no_rise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rules = "budgets: [{name: inc, increase: 1 USD, enforce: block}]"
    made = project(tmp_path, monkeypatch, rules, **TWO)
    write(made, {"guard.yaml": f"version: 1\nextends: []\n{USAGE}{rules}\n"})
    code, ((verdict, message),) = checked()
    assert (code, verdict) == (0, "undecided")
    assert "2 requests have a figure only now" in message
    assert "$0" not in message


def test_one_unknown_model_instead_of_another_is_undecided(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rules = USAGE + "budgets: [{name: inc, increase: 1 USD, enforce: block, on_unknown: block}]"
    made = project(tmp_path, monkeypatch, rules, a="ask('hello', 'my-model-x')")
    assert checked() == (0, [])
    replaced(made, "a.py", "my-model-x", "other-model-y")
    code, ((verdict, _),) = checked()
    assert (code, verdict) == (1, "undecided")


HIGH = USAGE + "budgets: [{name: inc, increase: 10 USD, compare: high, enforce: block}]"


def test_what_had_no_bound_hides_no_rise_of_the_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    does = {
        "a": "[ask('hello', settings.M) for _ in range(settings.ROUNDS)]",
        "b": "[ask(d, settings.N) for d in docs]",
    }
    made = project(tmp_path, monkeypatch, HIGH, **does)
    assert checked() == (0, [])
    replaced(made, "settings.py", "ROUNDS = 20", "ROUNDS = 40")
    code, ((verdict, message),) = checked()
    assert (code, verdict) == (1, "violated")
    assert message.startswith("a month grows by $12,000 (100%) at worst")


def test_a_second_request_without_bound_is_one_too_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = project(tmp_path, monkeypatch, HIGH, a="[ask('hello', settings.M) for d in docs]")
    write(made, {"b.py": route("b", "[ask('hello', settings.N) for d in docs]")})
    assert checked() == (
        1, [("violated", "the month of 1 more request has no bound; allowed is an increase of $10")]
    )  # fmt: skip


def test_what_has_no_bound_and_changes_is_undecided(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = project(tmp_path, monkeypatch, HIGH, a="[ask('hello', settings.M) for d in docs]")
    replaced(made, "settings.py", 'M = "gpt-4o-mini"', 'M = "gpt-4o"')
    code, ((verdict, message),) = checked()
    assert (code, verdict) == (0, "undecided")
    assert message.endswith("1 request had no bound before and changed")
