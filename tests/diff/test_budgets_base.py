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
