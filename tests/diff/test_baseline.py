"""`--baseline report.json`: a saved report instead of a revision, and what is refused as one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from repository import guard, replaced, write
from shop import FILES

RULES = (
    'version: 1\npolicies: [{id: approved, check: model-allowed, params: {allow: ["gpt-4o-mini"]}, enforce: block}]\n'
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The shop without git, one violation in it, and its report in `../saved.json`."""
    made = tmp_path / "shop"
    write(made, FILES | {"guard.yaml": RULES})
    replaced(made, "shop/agent.py", "gpt-4o-mini", "gpt-4o")
    monkeypatch.chdir(made)
    assert guard("check", "--output", "json=../saved.json").exit_code == 1
    return made


def difference(*arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(guard("diff", "--baseline", "../saved.json", "--format", "json").stdout)
    return found["difference"]  # type: ignore[no-any-return]


def test_nothing_changed(folder: Path) -> None:
    found = difference()
    assert (found["changes"], found["unchanged"], found["new_findings"], found["files"]) == ([], 3, [], 0)
    done = guard("check", "--baseline", "../saved.json")
    assert done.exit_code == 0
    assert "there before cannot block" in done.stdout


def test_what_changed_and_where_the_values_come_from(folder: Path) -> None:
    replaced(folder, "shop/settings.py", '"gpt-4o-mini"', '"gpt-4o"')
    replaced(folder, "shop/settings.py", "ROUNDS = 20", "ROUNDS = 30")
    write(folder, {"prompts/rank.txt": "Rank.\n" * 40})
    (change,) = difference()["changes"]
    assert change["kind"] == "dearer"
    assert [(c["what"], c["at"]["path"], c["at"]["line"], c["before"], c["after"]) for c in change["causes"]] == [
        ("model", "shop/settings.py", 3, "gpt-4o-mini", "gpt-4o"),
        ("repeats", "shop/settings.py", 6, "20", "30"),
        ("prompt", "prompts/rank.txt", 1, "11 tokens", "80 tokens"),
    ]
    assert guard("check", "--baseline", "../saved.json").exit_code == 1


def test_another_line_is_no_change(folder: Path) -> None:
    for path in ("shop/agent.py", "shop/client.py", "shop/search.py"):
        write(folder, {path: "# Moved down.\n" + (folder / path).read_text()})
    assert difference()["changes"] == []


def test_a_renamed_function_keeps_its_finding(folder: Path) -> None:
    replaced(folder, "shop/agent.py", "async def serve", "async def answer")
    assert [change["kind"] for change in difference()["changes"]] == ["moved"]
    assert guard("check", "--baseline", "../saved.json").exit_code == 0


def damaged(**changes: Any) -> None:
    data = json.loads(Path("../saved.json").read_text())
    Path("../saved.json").write_text(json.dumps(data | changes))


def refused(*more: str) -> str:
    done = guard("check", "--baseline", "../saved.json", *more)
    assert (done.exit_code, done.stdout) == (2, "")
    return done.stderr


def test_what_is_no_report_is_refused(folder: Path) -> None:
    Path("../saved.json").write_text("model: gpt-4o\n")
    assert "is not JSON" in refused()
    Path("../saved.json").write_text('{"requests": []}')
    assert "is no report of guard" in refused()


def test_a_damaged_report_is_refused_with_the_place(folder: Path) -> None:
    damaged(requests=[{"id": 7}])
    assert "is damaged: requests[0].id" in refused()


def test_a_report_that_asks_for_endless_memory_is_refused(folder: Path) -> None:
    data = json.loads(Path("../saved.json").read_text())
    data["requests"][0]["prompt"]["segments"][0]["message"] = 2_000_000
    damaged(requests=data["requests"])
    assert "is damaged: its prompts have more than 1000000 messages" in refused()


def test_sums_that_guard_never_writes_are_refused(folder: Path) -> None:
    data = json.loads(Path("../saved.json").read_text())
    usd = data["requests"][0]["estimate"]["usd"]
    for wrong, said in (("9" * 5000, "does not have the form of a report"), ("999", "a sum is not in order")):
        data["requests"][0]["estimate"]["usd"] = usd | {"low": wrong}
        damaged(requests=data["requests"])
        assert said in refused()


def test_one_id_for_two_requests_is_refused(folder: Path) -> None:
    data = json.loads(Path("../saved.json").read_text())
    damaged(requests=[*data["requests"], data["requests"][0]])
    assert "is damaged: two requests have one id" in refused()


@pytest.mark.parametrize("key", ["prices", "totals"])
def test_a_report_without_a_part_is_refused(folder: Path, key: str) -> None:
    data = json.loads(Path("../saved.json").read_text())
    del data[key]
    Path("../saved.json").write_text(json.dumps(data))
    assert f"it lacks '{key}'" in refused()


def test_a_report_without_a_key_is_refused(folder: Path) -> None:
    damaged(requests=[{"id": "guard/1:x"}])
    assert "it lacks 'api'" in refused()


def test_a_report_of_another_version_or_with_other_prices_is_refused(folder: Path) -> None:
    damaged(schema_version=2)
    assert "is a report of version 2" in refused()
    damaged(schema_version=1, prices={"as_of": "2020-01-01", "sha256": "0"})
    said = refused()
    assert "was made with prices of 2020-01-01" in said
    assert "guard diff REVISION" in said


def test_options_that_contradict_each_other(folder: Path) -> None:
    assert "two things to compare with" in refused("--base", "main")
    assert "--policy-from base needs a revision" in refused("--policy-from", "base")
