"""`guard baseline`: a team begins with what is there, only what is new blocks, and the file only shrinks."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import click.testing
import pytest

from guard import cli

FILE = ".guard-baseline.json"
RULES = """\
version: 1
extends: []
usage:
  rules: [{paths: ["**"], runs_per_month: 1_000_000, output_tokens: 100, hole_tokens: 100}]
prices: {"openai/gpt-4o": {input: 0 USD, output: 10 USD}}
budgets:
  - {name: team, per_month: 100 USD, enforce: block}
policies:
  - {id: approved, check: model-allowed, params: {allow: ["gpt-4o-mini"]}, enforce: block}
  - {id: output-limit, enforce: block}
"""
CALL = """\
from openai import OpenAI


def ask(question):
    return OpenAI().chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": question}])
"""


def guard(*arguments: str) -> click.testing.Result:
    """`guard` with these arguments; an error inside guard fails the test."""
    done = click.testing.CliRunner().invoke(cli.main, [*arguments])
    assert "internal error" not in done.stderr, done.stderr
    return done


def write(files: dict[str, str]) -> None:
    for path, text in files.items():
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(text)


def replaced(path: str, old: str, new: str) -> None:
    text = Path(path).read_text()
    assert text.count(old) == 1
    Path(path).write_text(text.replace(old, new))


def findings() -> list[tuple[str, str]]:
    """Policies of today's findings, each with what forgives it (nothing: empty)."""
    data = json.loads(guard("check", "--format", "json").stdout)
    return sorted((one["policy"], (one["forgiven"] or {"by": ""})["by"]) for one in data["findings"])


def entries() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(Path(FILE).read_text())["findings"]
    return found


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project that breaks two policies and a budget, all of which block."""
    made = tmp_path / "project"
    (made / ".git").mkdir(parents=True)
    monkeypatch.chdir(made)
    write({"app/ask.py": CALL, "guard.yaml": RULES})
    assert guard("check").exit_code == 1
    return made


@pytest.fixture
def begun(folder: Path) -> Path:
    """The same with a baseline."""
    assert guard("baseline").exit_code == 0
    return folder


# --- beginning --------------------------------------------------------------------------------------------------------


def test_the_first_day(folder: Path) -> None:
    done = guard("baseline")
    assert (done.exit_code, done.stdout) == (
        0,
        f"wrote {FILE}: 3 entries\n`guard check` forgives them from now on; commit the file\n",
    )
    assert Path(FILE).read_text() == (
        "{\n"
        '  "format": "guard-baseline",\n'
        '  "version": 1,\n'
        '  "about": "Findings that `guard check` forgives. `guard baseline` writes this file; it only shrinks.",\n'
        '  "findings": [\n'
        f'    {{"path": "app/ask.py", "policy": "approved", "message": "`gpt-4o` is not an allowed model: '
        f'no glob of `allow` matches it", "id": "{_id(0)}"}},\n'
        '    {"path": "app/ask.py", "policy": "output-limit", "message": "no output limit is sent", '
        f'"id": "{_id(1)}"}},\n'
        '    {"path": "guard.yaml", "policy": "budget:team", "usd": "1000", "message": "a month costs $N typical, more '
        f'than $N", "id": "{_id(2)}"}}\n'
        "  ]\n}\n"
    )
    check = guard("check")
    assert check.exit_code == 0
    assert "0 blocking, 0 warnings, 0 undecided, 3 forgiven (3 in the baseline)." in check.stdout


def _id(number: int) -> str:
    return str(entries()[number]["id"])


def test_forgiven_findings_are_suppressed_in_sarif(begun: Path) -> None:
    results = json.loads(guard("check", "--format", "sarif").stdout)["runs"][0]["results"]
    assert [one["suppressions"][0]["justification"] for one in results] == [f"known from {FILE}"] * 3
    assert {one["suppressions"][0]["kind"] for one in results} == {"external"}


def test_nothing_is_written_where_nothing_is_found(folder: Path) -> None:
    write({"app/ask.py": "x = 1\n"})
    assert guard("baseline").stdout == f"no findings; {FILE} was not written\n"
    assert not Path(FILE).exists()


def test_only_what_is_new_blocks(begun: Path) -> None:
    write({"app/other.py": CALL.replace("ask", "tell").replace('"gpt-4o"', '"gpt-4.1-mini", max_tokens=5')})
    assert guard("check").exit_code == 1
    assert ("approved", "") in findings()
    assert [by for policy, by in findings() if policy == "output-limit"] == ["baseline"]


def test_what_is_undecided_is_known_as_such_only(folder: Path) -> None:
    write({"guard.yaml": 'version: 1\nextends: []\npolicies: [{id: approved, check: model-allowed, params: '
           '{allow: ["gpt-4o-mini"]}, enforce: block, on_unknown: block}]\n'})  # fmt: skip
    replaced("app/ask.py", 'model="gpt-4o"', "model=load()")
    guard("baseline")
    assert [one["verdict"] for one in entries()] == ["undecided"]
    assert guard("check").exit_code == 0
    replaced("app/ask.py", "model=load()", 'model="gpt-4o"')
    assert guard("check").exit_code == 1


# --- moves ------------------------------------------------------------------------------------------------------------


def test_code_that_moves_is_known_still(begun: Path) -> None:
    known = [(policy, "baseline") for policy in ("approved", "budget:team", "output-limit")]
    replaced("app/ask.py", "from openai", "# Lines move.\n\n\nfrom openai")
    assert findings() == known
    replaced("app/ask.py", "def ask", "def answer")
    assert findings() == known
    os.rename("app/ask.py", "app/answers.py")
    replaced("app/answers.py", "def answer", "def ask")
    assert findings() == known


def test_a_function_of_the_same_name_before_it_takes_nothing_over(begun: Path) -> None:
    write({"app/aaa.py": CALL, "guard.yaml": RULES.replace("per_month: 100 USD", "per_month: 9_000 USD")})
    data = json.loads(guard("check", "--format", "json").stdout)
    blocking = [
        one["labels"][0]["path"] for one in data["findings"] if not one["forgiven"] and one["enforce"] == "block"
    ]
    assert blocking == ["app/aaa.py", "app/aaa.py"]


# --- shrinking --------------------------------------------------------------------------------------------------------


def test_what_is_mended_is_told_and_taken_out(begun: Path) -> None:
    replaced("app/ask.py", 'model="gpt-4o"', 'model="gpt-4o-mini"')
    check = guard("check")
    assert check.exit_code == 0
    assert "warning[stale-baseline]: no finding of `approved` in app/ask.py as this entry knows it" in check.stdout
    done = guard("baseline", "--check")
    assert (done.exit_code, done.stdout) == (
        1,
        "mended: 2 entries\n"
        "  app/ask.py: approved: `gpt-4o` is not an allowed model: no glob of `allow` matches it\n"
        "  guard.yaml: budget:team, $1,000\n"
        f"{FILE} could shrink; run `guard baseline` and commit it\n",
    )
    assert len(entries()) == 3
    assert guard("baseline").stdout.startswith(f"wrote {FILE}: 1 entry\nmended: 2 entries\n")
    assert [one["policy"] for one in entries()] == ["output-limit"]
    assert (guard("baseline", "--check").exit_code, findings()) == (0, [("output-limit", "baseline")])
    replaced("app/ask.py", "gpt-4o-mini", "gpt-4o")
    assert guard("check").exit_code == 1, "what comes back is new"


def test_what_is_new_is_named_and_not_taken_in(begun: Path) -> None:
    before = Path(FILE).read_text()
    replaced("guard.yaml", "100 USD", "9_000 USD")
    write({"app/other.py": CALL.replace("ask", "tell").replace('"gpt-4o"', '"gpt-4.1", max_tokens=5')})
    done = guard("baseline")
    assert done.exit_code == 0
    assert "not added (--add would): 1 finding\n  app/other.py: approved: `gpt-4.1` is not an" in done.stdout
    assert [one["policy"] for one in entries()] == ["approved", "output-limit"]
    assert json.loads(before)["findings"][:2] == entries()
    assert guard("check").exit_code == 1
    assert "added: 1 finding" in guard("baseline", "--add").stdout
    assert guard("check").exit_code == 0


def test_running_it_again_changes_nothing(begun: Path) -> None:
    before = os.stat(FILE)
    assert guard("baseline").stdout == f"{FILE} is up to date: 3 entries\n"
    assert os.stat(FILE).st_ino == before.st_ino
    text = Path(FILE).read_text()
    os.remove(FILE)
    guard("baseline")
    assert Path(FILE).read_text() == text


def test_when_all_is_mended_the_file_stays_empty(begun: Path) -> None:
    write({"app/ask.py": "x = 1\n"})
    assert guard("baseline").stdout.endswith(f"nothing is left in {FILE}; it can be deleted\n")
    assert entries() == []
    write({"app/ask.py": CALL})
    assert guard("check").exit_code == 1
    assert "not added" in guard("baseline").stdout


def test_entries_of_a_file_that_cannot_be_read_stay(begun: Path) -> None:
    write({"app/ask.py": CALL + "def broken(:\n"})
    assert findings() == [("stale-baseline", "")], "the budget's"
    guard("baseline")
    assert [one["policy"] for one in entries()] == ["approved", "output-limit"]


# --- budgets ----------------------------------------------------------------------------------------------------------


def test_a_budget_may_not_grow_beyond_what_it_was(begun: Path) -> None:
    replaced("guard.yaml", "output_tokens: 100", "output_tokens: 90")
    assert guard("check").exit_code == 0
    replaced("guard.yaml", "output_tokens: 90", "output_tokens: 200")
    check = guard("check")
    assert check.exit_code == 1
    assert "; it grew from $1,000 in the baseline" in " ".join(check.stdout.split())
    assert "not added (--add would): 1 finding\n  guard.yaml: budget:team, $2,000, grew from $1,000\n" in (
        guard("baseline").stdout
    )
    assert guard("check").exit_code == 1
    guard("baseline", "--add")
    assert guard("check").exit_code == 0


def test_a_budget_that_fell_may_not_rise_again(begun: Path) -> None:
    replaced("guard.yaml", "output_tokens: 100", "output_tokens: 50")
    assert guard("baseline", "--check").exit_code == 1
    assert "lower now: 1 amount\n  guard.yaml: budget:team, $500, before $1,000\n" in guard("baseline").stdout
    replaced("guard.yaml", "output_tokens: 50", "output_tokens: 100")
    assert guard("check").exit_code == 1


# --- which file -------------------------------------------------------------------------------------------------------


def test_another_name(folder: Path) -> None:
    write({"guard.yaml": RULES + "baseline: ci/known.json\n", "ci/readme": ""})
    assert guard("check").exit_code == 1
    assert guard("baseline").stdout.startswith("wrote ci/known.json: 3 entries")
    assert guard("check").exit_code == 0


def test_without_a_configuration_it_stands_in_the_folder(folder: Path) -> None:
    os.remove("guard.yaml")
    assert guard("baseline").stdout.startswith(f"wrote {FILE}: 1 entry")
    assert findings() == [("output-limit", "baseline")]


def test_a_folder_below_the_configuration(begun: Path) -> None:
    replaced("guard.yaml", "100 USD", "9_000 USD")
    write({"other/ask.py": CALL.replace("ask", "tell")})
    assert guard("baseline", "--add").exit_code == 0
    check = guard("check", "app")
    assert (check.exit_code, "2 forgiven (2 in the baseline)" in check.stdout) == (0, True)
    assert "stale-baseline" not in check.stdout, "the other folder was not read"
    done = guard("baseline", "app")
    assert (done.exit_code, "run `guard baseline app/..`" in done.stderr) == (2, True)


DAMAGED = {
    "a merge": (
        '{\n  "format": "guard-baseline",\n  "version": 1,\n<<<<<<< main\n  "findings": []\n}\n',
        ":4:1: this is not JSON (Expecting property name enclosed in double quotes); settle the merge: keep the "
        "entries that both sides have, then run `guard baseline`\n  4 | <<<<<<< main\n    | ^\n",
    ),
    "a report": (
        '{"schema_version": 1, "tool": {"name": "guard"}}',
        ":1:1: this is a report of guard, not a baseline; ",
    ),
    "another tool's": ('{"results": []}', ":1:1: this is no baseline of guard; `guard baseline` writes one under "),
    "a later version": (
        '{"format": "guard-baseline", "version": 2, "findings": []}',
        ":1:1: this is a baseline of version 2, and this guard reads version 1\n",
    ),
    "an entry": (
        '{"format": "guard-baseline", "version": 1, "findings": [\n'
        '  {"id": "a", "policy": "b", "path": "c", "message": "d"},\n  {"id": "a", "policy": 5}\n]}',
        ":3:3: `policy` of this entry is missing or not text; restore the file, or delete it and run ",
    ),
    "an amount": (
        '{"format": "guard-baseline", "version": 1, "findings": [\n'
        '  {"id": "a", "policy": "b", "path": "c", "message": "d", "usd": "-1"}]}',
        ":2:3: `usd` of this entry is '-1', not an amount such as '4120.5'; ",
    ),
    "bytes": (b"\xff\xfe", ":1:1: the file is not UTF-8; "),
    "depth": ("[" * 200_000, ":1:1: this is not JSON that guard can read; "),
}


@pytest.mark.parametrize("case", DAMAGED)
def test_a_file_that_is_no_baseline(begun: Path, case: str) -> None:
    text, expected = DAMAGED[case]
    Path(FILE).write_bytes(text if isinstance(text, bytes) else text.encode())
    for command in ("check", "baseline"):
        done = guard(command)
        assert (done.exit_code, done.stdout) == (2, "")
        assert done.stderr.startswith(f"{FILE}{expected}")


def test_a_link_is_not_followed(begun: Path, tmp_path: Path) -> None:
    os.rename(FILE, tmp_path / "elsewhere.json")
    os.symlink(tmp_path / "elsewhere.json", FILE)
    done = guard("check")
    assert (done.exit_code, done.stderr) == (
        2,
        f"{FILE}:1:1: this is a link, and guard follows none to a baseline; put the file itself here\n",
    )


@pytest.mark.parametrize("name", ["../known.json", "/tmp/known.json", "out/known.json"])
def test_a_name_that_leads_out(folder: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / "outside").mkdir()
    os.symlink(tmp_path / "outside", "out")
    write({"guard.yaml": RULES + f"baseline: {name}\n"})
    done = guard("baseline")
    assert done.exit_code == 2
    assert done.stderr.startswith(f"guard.yaml:11:11: baseline '{name}' leads out of the project")
    assert not list((tmp_path / "outside").iterdir())


def test_names_of_the_code_cannot_hide_anything(folder: Path) -> None:
    replaced("app/ask.py", '"gpt-4o"', '"gpt\u202e-4o\\x1b[31m"')
    guard("baseline")
    text = Path(FILE).read_text("utf-8")
    assert text.isascii()
    assert "\x1b" not in text
    assert guard("check").exit_code == 0


def test_options_that_contradict(begun: Path) -> None:
    assert guard("baseline", "--add", "--check").exit_code == 2
    done = guard("check", "--baseline", FILE)
    assert (
        done.exit_code,
        "is the file of `guard baseline`, which `guard check` takes in by itself" in done.stderr,
    ) == (
        2,
        True,
    )
