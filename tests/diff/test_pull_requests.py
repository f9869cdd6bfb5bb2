"""Twelve pull requests on one small program: each is judged right, and the line behind it is named.

The line of the call itself changes in none of them but the new call. What is expected is said once and held against
every format that people and machines read.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from repository import commit, committed, git, guard, replaced, write
from shop import FILES, RANK


class Pull(NamedTuple):
    """A pull request and what `guard diff` has to say of it."""

    edit: Callable[[Path], None]
    kinds: tuple[str, ...]
    """Of all changes, in their order."""
    causes: tuple[tuple[str, str, str | None, str | None], ...] = ()
    """Of all changes: what, `path:line`, before and after."""
    unchanged: int = 3


def model(folder: Path) -> None:
    replaced(folder, "shop/settings.py", '"gpt-4o-mini"', '"gpt-4o"')


def loop(folder: Path) -> None:
    replaced(folder, "shop/settings.py", "ROUNDS = 20", "ROUNDS = 2_000")


def retries(folder: Path) -> None:
    replaced(folder, "shop/settings.py", "RETRIES = 2", "RETRIES = 100")


def prompt(folder: Path) -> None:
    write(folder, {"prompts/rank.txt": RANK + RANK.replace("You rank", "Never rank") * 9})


def limit(folder: Path) -> None:
    replaced(folder, "shop/settings.py", '"MAX_TOKENS", "400"', '"MAX_TOKENS", "4000"')


def new_call(folder: Path) -> None:
    write(
        folder, {"shop/mail.py": "from shop.client import ask\n\n\ndef answer(mail):\n    return ask(mail, limit=50)\n"}
    )


def model_in_yaml(folder: Path) -> None:
    replaced(folder, "config/models.yaml", "summary: gpt-4o-mini", "summary: gpt-4o")


def top_k(folder: Path) -> None:
    replaced(folder, "shop/settings.py", "TOP_K = 3", "TOP_K = 30")


def agent_limit(folder: Path) -> None:
    replaced(folder, "shop/settings.py", "AGENT_TURNS = 5", "AGENT_TURNS = 50")


def moved_file(folder: Path) -> None:
    git(folder, "mv", "shop/jobs.py", "shop/nightly.py")
    replaced(folder, "shop/nightly.py", "def nightly():", "# Runs at three.\ndef nightly():")


def rename_only(folder: Path) -> None:
    replaced(folder, "shop/jobs.py", "def nightly():", "def every_night():")


def comment_only(folder: Path) -> None:
    replaced(folder, "shop/client.py", "\n\n\ndef ask", "\n\n\n# One call, with retries of the SDK.\ndef ask")


PULLS = {
    "model in the settings module": Pull(
        model, ("dearer",), (("model", "shop/settings.py:3", "gpt-4o-mini", "gpt-4o"),), 2
    ),
    "loop 20 to 2,000": Pull(loop, ("dearer",), (("repeats", "shop/settings.py:6", "20", "2,000"),), 2),
    "retries 2 to 100": Pull(retries, ("dearer",), (("attempts", "shop/settings.py:5", "3", "101"),), 2),
    "prompt file ten times longer": Pull(
        prompt, ("dearer",), (("prompt", "prompts/rank.txt:2", "11 tokens", "110 tokens"),), 2
    ),
    "output limit": Pull(limit, ("dearer",), (("max_output", "shop/settings.py:4", "400 or ?", "4000 or ?"),), 2),
    "new call": Pull(new_call, ("new",), (("call", "shop/mail.py:5", None, "gpt-4o-mini"),)),
    "model in a YAML file that the code loads": Pull(
        model_in_yaml, ("dearer",), (("model", "config/models.yaml:2", "gpt-4o-mini", "gpt-4o"),), 2
    ),
    "top_k 3 to 30": Pull(top_k, ("dearer",), (("repeats", "shop/settings.py:7", "0 to 3", "0 to 30"),), 2),
    "agent limit": Pull(agent_limit, ("dearer",), (("turns", "shop/settings.py:8", "1 to 5", "1 to 50"),), 2),
    "moved file": Pull(moved_file, ("moved",), (), 2),
    "rename only": Pull(rename_only, ("moved",), (), 2),
    "comment only": Pull(comment_only, ()),
}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return committed(tmp_path_factory.mktemp("shop"), FILES)


@pytest.fixture(params=PULLS)
def pull(request: pytest.FixtureRequest, base: Path, monkeypatch: pytest.MonkeyPatch) -> Pull:
    """The repository with one pull request applied, committed or not; undone by the next one."""
    monkeypatch.chdir(base)
    git(base, "reset", "-q", "--hard", "main")
    git(base, "clean", "-q", "-fd")
    found = PULLS[request.param]
    found.edit(base)
    return found


def test_the_json_report_says_what_changed_and_why(pull: Pull) -> None:
    data = json.loads(guard("diff", "main", "--format", "json").stdout)["difference"]
    assert tuple(change["kind"] for change in data["changes"]) == pull.kinds
    assert (
        tuple(
            (cause["what"], f"{cause['at']['path']}:{cause['at']['line']}", cause["before"], cause["after"])
            for change in data["changes"]
            for cause in change["causes"]
        )
        == pull.causes
    )
    assert data["unchanged"] == pull.unchanged


def test_text_names_the_line_and_both_values(pull: Pull) -> None:
    text = guard("diff", "main", "--width", "200").stdout
    for what, at, before, after in pull.causes:
        line = next(line for line in text.splitlines() if f"by {at}:" in line)
        assert f"{before} -> {after}" in line if before is not None else f"{after} (new)" in line, what
    titles = {"dearer": "Dearer (1)", "new": "New (1)", "moved": "Moved, at the same price (1)"}
    assert [title for title in titles.values() if title in text] == [titles[kind] for kind in pull.kinds]


def test_markdown_has_a_row_for_each_cause(pull: Pull) -> None:
    text = guard("diff", "main", "--format", "markdown").stdout
    for _, at, before, after in pull.causes:
        row = next(line for line in text.splitlines() if at in line.replace("\\", "") and line.startswith("|"))
        words = [word for word in (before, after) if word is not None]
        assert all(word.replace("-", "") in row.replace("\\", "").replace("-", "") for word in words)


def test_sarif_has_a_result_at_the_first_cause_and_names_all(pull: Pull) -> None:
    (run,) = json.loads(guard("diff", "main", "--format", "sarif").stdout)["runs"]
    told = [result for result in run["results"] if result["ruleId"] == "cost-change"]
    assert [result["properties"]["change"] for result in told] == [k for k in pull.kinds if k in ("new", "dearer")]
    for result in told:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == "cost-change"
        places = [place["physicalLocation"] for place in (*result["locations"], *result.get("relatedLocations", ()))]
        found = [f"{place['artifactLocation']['uri']}:{place['region']['startLine']}" for place in places]
        assert found[: len(pull.causes)] == [at for _, at, _, _ in pull.causes]
        for what, _, before, after in pull.causes:
            values = [value for value in (before, after) if value is not None and what != "call"]
            assert all(value in result["message"]["text"] for value in values)


def test_markdown_shows_the_figure_that_a_loop_changes(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One call costs what it did; a run costs a hundred times as much."""
    monkeypatch.chdir(base)
    git(base, "reset", "-q", "--hard", "main")
    loop(base)
    text = guard("diff", "main", "--format", "markdown").stdout
    (row,) = [line for line in text.splitlines() if line.startswith("| **dearer**")]
    assert "$0.0025 \N{RIGHTWARDS ARROW} $0.25<br>+$0.25" in row
    assert "dearer gpt-4o-mini: a run $0.0025 -> $0.25 " in guard("diff", "main", "--format", "concise").stdout


def test_sarif_points_a_new_finding_at_the_changed_line(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the twelve only the retries violate a policy of those that hold without a guard.yaml."""
    monkeypatch.chdir(base)
    for name, line in (("retries 2 to 100", 5), ("comment only", None)):
        git(base, "reset", "-q", "--hard", "main")
        PULLS[name].edit(base)
        (run,) = json.loads(guard("check", "--base", "main", "--format", "sarif").stdout)["runs"]
        new = [result for result in run["results"] if result["baselineState"] == "new"]
        places = [result["locations"][0]["physicalLocation"] for result in new]
        found = [(place["artifactLocation"]["uri"], place["region"]["startLine"]) for place in places]
        assert found == ([("shop/settings.py", line)] if line else [])


def test_a_commit_changes_nothing_about_it(pull: Pull, base: Path) -> None:
    before = guard("diff", "main", "--format", "json").stdout
    commit(base, "a pull request")
    assert guard("diff", "main", "--format", "json").stdout == before
    git(base, "reset", "-q", "--hard", "main")
