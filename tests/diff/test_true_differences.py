"""What a pull request does to a small web service is told as it is: who calls a model more often, what is no longer
known, what only has another name. Each case is one edit of `SERVICE`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from repository import commit, committed, git, guard, replaced, write

DOOR = """\
from openai import OpenAI

import settings

client = OpenAI(max_retries=0)


def ask(system, user, model=settings.MODEL):
    return client.chat.completions.create(
        model=model, max_tokens=300,
        messages=[{"role": "system", "content": system}, {"role": "user", "content": user}],
    )


def summarize(text):
    return client.responses.create(model="gpt-4o-mini", input=text[:8000], max_output_tokens=settings.LIMIT)
"""
ROUTES = """\
from fastapi import FastAPI

import door
import settings

app = FastAPI()


@app.post("/classify")
def classify(mail: str):
    for _ in range(settings.PASSES):
        door.ask("Classify this mail.", mail[:4000])


@app.post("/draft")
def draft(mail: str):
    return door.ask("Answer this mail.", mail, model="gpt-4o")


@app.post("/summary")
def summary(mail: str):
    return door.summarize(mail)
"""
RULES = """\
version: 1
extends: []
usage:
  rules:
    - {entry: "POST /classify", runs_per_month: 100_000}
    - {entry: "POST /draft", runs_per_month: 20_000}
    - {entry: "POST /summary", runs_per_month: 50_000}
    - {entry: "POST /digest", runs_per_month: 9_000_000}
budgets:
  - {name: one call, per_call: 0.0001 USD, enforce: block}
"""
SERVICE = {
    "settings.py": 'MODEL = "gpt-4o-mini"\nPASSES = 3\nLIMIT = 200\n',
    "door.py": DOOR,
    "routes.py": ROUTES,
    "guard.yaml": RULES,
}
DIGEST = """\


@app.post("/digest")
def digest(mail: str):
    return door.summarize(mail)
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    made = committed(tmp_path / "service", SERVICE)
    monkeypatch.chdir(made)
    return made


def difference() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(guard("diff", "main", "--format", "json").stdout)
    return found["difference"]  # type: ignore[no-any-return]


def kinds() -> list[str]:
    return [change["kind"] for change in difference()["changes"]]


def text() -> str:
    return guard("diff", "main", "--width", "200").stdout


def test_a_renamed_wrapper_is_no_new_request_and_no_new_finding(folder: Path) -> None:
    replaced(folder, "door.py", "def ask(", "def complete(")
    write(folder, {"routes.py": ROUTES.replace("door.ask", "door.complete")})
    found = difference()
    assert [change["kind"] for change in found["changes"]] == ["moved", "moved"]
    assert (found["unchanged"], found["new_findings"]) == (1, [])
    assert guard("check").exit_code == 1
    assert guard("check", "--base", "main").exit_code == 0


def test_a_new_route_to_an_old_function_is_dearer_and_its_call_is_named(folder: Path) -> None:
    write(folder, {"routes.py": ROUTES + DIGEST})
    (change,) = difference()["changes"]
    assert change["kind"] == "dearer"
    assert [(c["what"], c["at"]["path"], c["at"]["line"], c["after"]) for c in change["causes"]] == [
        ("reach", "routes.py", 27, "POST /digest")
    ]
    assert "by routes.py:27:12 who calls it POST /digest (new)" in text()


def test_the_first_route_to_a_function_is_dearer_though_the_base_has_no_month_for_it(folder: Path) -> None:
    replaced(folder, "routes.py", "    return door.summarize(mail)\n", "    return door\n")
    git(folder, "checkout", "-q", "main")
    commit(folder, "nobody calls it")
    write(folder, {"routes.py": (folder / "routes.py").read_text() + DIGEST})
    (change,) = difference()["changes"]
    assert (change["kind"], change["before"]["usd_per_month"]) == ("dearer", None)
    assert [(cause["what"], cause["after"]) for cause in change["causes"]] == [("reach", "POST /digest")]


def test_a_route_less_is_a_change_and_no_known_saving(folder: Path) -> None:
    replaced(folder, "routes.py", "    return door.summarize(mail)\n", "    return door\n")
    (change,) = difference()["changes"]
    assert change["kind"] == "changed"
    assert [(c["what"], c["before"], c["base_at"]["line"]) for c in change["causes"]] == [
        ("reach", "POST /summary", 22)
    ]


def test_a_renamed_route_is_no_new_one(folder: Path) -> None:
    write(folder, {"routes.py": ROUTES.replace("def summary", "def shorten"), "guard.yaml": RULES})
    assert difference()["changes"] == []


def test_markdown_shows_sums_that_differ_though_no_request_changed(folder: Path) -> None:
    replaced(folder, "guard.yaml", '    - {entry: "POST /draft", runs_per_month: 20_000}\n', "")
    commit(folder, "usage of a draft is not declared")
    git(folder, "branch", "-f", "main")
    write(folder, {"guard.yaml": RULES})
    assert kinds() == []
    shown = guard("diff", "main", "--format", "markdown").stdout
    assert "No request to a model changed" in shown
    assert "| a month, where usage is declared | at least $" in shown


def test_a_usage_rule_that_stayed_as_it_was_is_no_cause(folder: Path) -> None:
    """What has no price has no runs in the report, but the rule holds as before."""
    replaced(folder, "settings.py", 'MODEL = "gpt-4o-mini"', 'MODEL = "no-such-model"')
    (change,) = difference()["changes"]
    assert change["kind"] == "unpriced"
    assert [cause["what"] for cause in change["causes"]] == ["model"]
    commit(folder, "no price")
    git(folder, "branch", "-f", "main")
    replaced(folder, "settings.py", "no-such-model", "gpt-4o-mini")
    (change,) = difference()["changes"]
    assert change["kind"] == "priced"
    assert [cause["what"] for cause in change["causes"]] == ["model"]


def test_a_changed_usage_rule_is_a_cause_also_where_the_price_is_lost(folder: Path) -> None:
    replaced(folder, "settings.py", 'MODEL = "gpt-4o-mini"', 'MODEL = "no-such-model"')
    replaced(folder, "guard.yaml", "runs_per_month: 100_000", "runs_per_month: 300_000")
    (change,) = difference()["changes"]
    assert [(c["what"], c["before"], c["after"]) for c in change["causes"]] == [
        ("model", "gpt-4o-mini", "no-such-model"), ("usage", "100,000 runs", "300,000 runs"),
    ]  # fmt: skip


def test_what_lost_its_price_is_no_saving_in_the_sums(folder: Path) -> None:
    replaced(folder, "settings.py", 'MODEL = "gpt-4o-mini"', 'MODEL = "no-such-model"')
    assert difference()["comparable"] == {"usd": False, "usd_per_month": False}
    month = next(line for line in text().splitlines() if line.startswith("A month:"))
    assert "-> at least $" in month and month.endswith("1 request lost its figure.")
    assert "%" not in month
    shown = guard("diff", "main", "--format", "markdown").stdout
    assert "The sums cannot be compared: 1 request lost its figure." in shown
    row = next(line for line in shown.splitlines() if line.startswith("| a month"))
    assert row.split("|")[3].strip().startswith("at least $")


def test_a_file_that_cannot_be_read_makes_nothing_cheaper(folder: Path) -> None:
    write(folder, {"routes.py": ROUTES + "def broken(:\n"})
    found = difference()
    assert "cheaper" not in [change["kind"] for change in found["changes"]]
    assert [problem["path"] for problem in found["lost"]] == ["routes.py"]
    assert found["comparable"] == {"usd": False, "usd_per_month": False}
    sums = [line for line in text().splitlines() if line.startswith(("One call of each", "A month"))]
    assert len(sums) == 2 and not any("%" in line for line in sums)
    assert all("a file could not be read" in line for line in sums)


def test_sums_without_a_bound_on_both_sides_say_so(folder: Path) -> None:
    replaced(folder, "routes.py", "def classify(mail: str)", "def classify(mail: str, votes: list[str])")
    replaced(folder, "routes.py", "range(settings.PASSES)", "votes")
    commit(folder, "no bound")
    git(folder, "branch", "-f", "main")
    replaced(folder, "settings.py", '"gpt-4o-mini"', '"gpt-4o"')
    month = next(line for line in text().splitlines() if line.startswith("A month:"))
    assert "worst: no bound, before and now" in month
    assert "worst as before" not in month


def test_a_loop_that_lost_its_bound_is_not_cheaper(folder: Path) -> None:
    """What is taken for a loop of unknown length is less than what was written there."""
    write(folder, {"routes.py": ROUTES.replace("mail: str):\n    for", "mail: str, votes: list[str]):\n    for")})
    replaced(folder, "routes.py", "range(settings.PASSES)", "votes[:200]")
    commit(folder, "at most 200")
    git(folder, "branch", "-f", "main")
    replaced(folder, "routes.py", "votes[:200]", "votes")
    (change,) = difference()["changes"]
    assert change["kind"] == "dearer"
    assert change["after"]["usd_per_month"]["high"] is None
    shown = text()
    assert "-> no bound" in shown and "(->" not in shown
    row = next(line for line in guard("diff", "main", "--format", "markdown").stdout.splitlines() if "dearer" in line)
    assert "no bound" in row
