"""The file of `guard baseline` in a pull request: what it forgives more is said first, and the base's may hold."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from repository import commit, committed, git, guard, replaced, write

FILE = ".guard-baseline.json"
CALL = """\
from openai import OpenAI


def {name}(question):
    return OpenAI().chat.completions.create(model="{model}", max_tokens=300, messages=question)
"""
RULES = """\
version: 1
extends: []
usage: {rules: [{paths: ["**"], runs_per_month: 1_000_000, output_tokens: 100}]}
prices: {"openai/gpt-4o": {input: 0 USD, output: 10 USD}}
budgets: [{name: team, per_month: 100 USD, enforce: block}]
policies: [{id: approved, check: model-allowed, params: {allow: [none]}, enforce: block}]
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository whose main branch has a baseline of two findings."""
    files = {"app.py": CALL.format(name="ask", model="gpt-4o"), "guard.yaml": RULES}
    made = committed(tmp_path / "project", files)
    monkeypatch.chdir(made)
    assert guard("baseline").exit_code == 0
    git(made, "checkout", "-q", "main")
    commit(made, "baseline")
    git(made, "checkout", "-q", "-B", "pr")
    return made


def told(*arguments: str) -> tuple[int, list[str], list[str]]:
    """The exit code, the loosened rules, and the policies of new findings that nothing forgives."""
    done = guard("check", "--base", "main", *arguments, "--format", "json")
    data = json.loads(done.stdout)
    new = data["difference"]["new_findings"]
    return (
        done.exit_code,
        [one["message"] for one in data["difference"]["loosened"]],
        [one["policy"] for one in data["findings"] if one["id"] in new and one["forgiven"] is None],
    )


def test_a_finding_that_a_pull_request_brings_and_forgives_itself(folder: Path) -> None:
    write(folder, {"other.py": CALL.format(name="tell", model="gpt-4o")})
    assert told() == (1, [], ["budget:team", "approved"])
    guard("baseline", "--add")
    loosened = [
        "baseline: budget:team in guard.yaml is forgiven up to $2,000 instead of $1,000",
        "baseline: approved in other.py is forgiven now",
    ]
    code, said, new = told()
    assert (code, sorted(said), new) == (0, sorted(loosened), [])
    text = guard("check", "--base", "main").stdout
    assert text.index("is forgiven now") < text.index("0 blocking")
    code, said, new = told("--policy-from", "base")
    assert (code, sorted(said), sorted(new)) == (1, sorted(loosened), ["approved", "budget:team"])


def test_a_baseline_that_shrinks_or_is_written_anew_is_no_loosening(folder: Path) -> None:
    replaced(folder, "app.py", "def ask", "def answer")
    write(folder, {"guard.yaml": RULES.replace("100 USD", "9_000 USD")})
    guard("baseline")
    assert guard("check").exit_code == 0
    code, said, new = told()
    assert (code, said, new) == (0, ["budget team: per_month rose from $100.00 to $9,000.00"], [])


def test_a_first_baseline_is_told_in_one_line(folder: Path) -> None:
    git(folder, "rm", "-q", FILE)
    commit(folder, "none")
    git(folder, "branch", "-f", "main", "pr")
    assert guard("baseline").exit_code == 0
    assert told()[:2] == (0, [f"baseline {FILE} is new and forgives 2 findings"])


def test_many_entries_are_told_in_few_lines(folder: Path) -> None:
    write(folder, {f"more/f{n}.py": CALL.format(name=f"ask{n}", model="gpt-4.1") for n in range(14)})
    guard("baseline", "--add")
    said = told()[1]
    assert len(said) == 11
    assert said[-1] == "baseline: 5 more entries forgive more"


def test_a_baseline_of_another_name_at_the_base(folder: Path) -> None:
    git(folder, "mv", FILE, "known.json")
    write(folder, {"guard.yaml": RULES + "baseline: known.json\n"})
    commit(folder, "renamed")
    git(folder, "branch", "-f", "main", "pr")
    write(folder, {"app.py": "# Moved.\n" + CALL.format(name="ask", model="gpt-4o")})
    assert told("--policy-from", "base") == (0, [], [])
    assert "2 forgiven" in guard("check", "--base", "main").stdout
