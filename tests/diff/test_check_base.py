"""`guard check --base`: what blocks a pull request, what is said of its rules, and whose rules hold."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from repository import commit, committed, git, guard, replaced, write

CALL = """\
from openai import OpenAI


def ask(question):
    return OpenAI().chat.completions.create(model="gpt-4o", max_tokens=300, messages=question)
"""
RULES = """\
version: 1
extends: []
usage:
  rules: [{paths: ["**"], runs_per_month: 1000}]
budgets:
  - {name: team, per_month: 1 USD, enforce: block}
policies:
  - {id: approved, check: model-allowed, params: {allow: ["gpt-4o-mini"]}, enforce: block}
  - {id: tries, check: attempts-bounded, params: {max_attempts: 10}, enforce: warn}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository that violates a policy already and is above its budget."""
    made = committed(tmp_path / "project", {"app.py": CALL, "guard.yaml": RULES})
    monkeypatch.chdir(made)
    assert guard("check").exit_code == 1
    return made


def difference(*arguments: str) -> tuple[int, dict[str, list[str]]]:
    """The exit code, and of new findings the policies, of loosened rules the words."""
    done = guard("check", *arguments, "--format", "json")
    data = json.loads(done.stdout)
    new = data["difference"]["new_findings"]
    return done.exit_code, {
        "new": [one["policy"] for one in data["findings"] if one["id"] in new],
        "loosened": [one["message"] for one in data["difference"]["loosened"]],
        "fixed": data["difference"]["fixed_findings"],
    }


# --- new findings -----------------------------------------------------------------------------------------------------


def test_what_was_there_before_does_not_block(folder: Path) -> None:
    write(folder, {"other.py": "X = 1\n", "app.py": f"# A comment moves the line.\n{CALL}"})
    assert difference("--base", "main") == (0, {"new": [], "loosened": [], "fixed": []})
    text = guard("check", "--base", "main").stdout
    assert "0 blocking" in text
    assert "2 findings that were there before cannot block" in text


def test_a_new_violation_blocks_and_an_exceeded_budget_may_not_grow(folder: Path) -> None:
    write(folder, {"b.py": CALL.replace("ask", "tell")})
    code, found = difference("--base", "main")
    assert (code, sorted(found["new"])) == (1, ["approved", "budget:team"])


def test_an_exceeded_budget_blocks_only_where_its_sum_grew(folder: Path) -> None:
    replaced(folder, "app.py", "max_tokens=300", "max_tokens=200")
    assert difference("--base", "main")[0] == 0
    replaced(folder, "app.py", "max_tokens=200", "max_tokens=400")
    assert difference("--base", "main") == (1, {"new": ["budget:team"], "loosened": [], "fixed": []})


def test_a_renamed_function_keeps_its_findings(folder: Path) -> None:
    replaced(folder, "app.py", "def ask", "def answer")
    git(folder, "mv", "app.py", "client.py")
    assert difference("--base", "main")[0] == 0


def test_a_second_caller_of_one_violation_is_new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reports show one finding for both callers; that the first was there before does not hide the second."""
    wrapper = CALL.replace("ask(question)", "ask(question, model)").replace('"gpt-4o"', "model")
    calls = 'from app import ask\n\n\ndef first():\n    return ask("a", "gpt-4o")\n'
    rules = RULES.replace("per_month: 1 USD", "per_month: 999 USD")
    made = committed(tmp_path / "p", {"app.py": wrapper, "calls.py": calls, "guard.yaml": rules})
    monkeypatch.chdir(made)
    assert difference("--base", "main")[0] == 0
    write(made, {"calls.py": calls + '\n\ndef second():\n    return ask("b" * 50, "gpt-4o")\n'})
    assert difference("--base", "main") == (1, {"new": ["approved"], "loosened": [], "fixed": []})


def test_mended_findings_are_said(folder: Path) -> None:
    replaced(folder, "app.py", "gpt-4o", "gpt-4o-mini")
    code, found = difference("--base", "main")
    assert code == 0
    assert [message.split(":")[0] for message in found["fixed"]] == ["approved", "budget"]


def test_fail_on_counts_new_findings_only(folder: Path) -> None:
    tries = CALL.replace("OpenAI()", "OpenAI(max_retries=20)")
    write(folder, {"b.py": tries.replace("ask", "tell").replace("gpt-4o", "gpt-4o-mini").replace("300", "1")})
    write(folder, {"guard.yaml": RULES.replace("per_month: 1 USD", "per_month: 999 USD")})
    commit(folder, "a warning")
    assert guard("check", "--base", "main").exit_code == 0
    assert guard("check", "--base", "main", "--fail-on", "low").exit_code == 1
    assert guard("check", "--base", "HEAD", "--fail-on", "low").exit_code == 0


# --- budgets on increases ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("budget", "code"),
    [
        ("increase: 0.10 USD", 1),
        ("increase: 100 USD", 0),
        ("increase_percent: 10%", 1),
        ("increase_percent: 90%", 0),
        ("increase: 0.10 USD, increase_percent: 90%", 0),
        ("increase: 0.10 USD, increase_percent: 10%", 1),
    ],
)
def test_both_limits_of_an_increase_must_be_exceeded(folder: Path, budget: str, code: int) -> None:
    """300 tokens at most are 150 as a rule and $1.50 a month, with $1 of input; 500 are $2.50."""
    write(folder, {"guard.yaml": RULES.replace("per_month: 1 USD", budget)})
    replaced(folder, "app.py", "max_tokens=300", "max_tokens=500")
    done = guard("check", "--base", "main", "--width", "200")
    assert done.exit_code == code
    assert ("a month grows by $1.00" in done.stdout) is bool(code)


def test_an_increase_needs_something_to_compare_with(folder: Path) -> None:
    write(folder, {"guard.yaml": RULES.replace("per_month: 1 USD", "increase: 0 USD").replace("gpt-4o-mini", "gpt-4o")})
    assert guard("check").exit_code == 0


def test_what_loses_its_price_is_no_saving(folder: Path) -> None:
    write(folder, {"guard.yaml": RULES.replace("per_month: 1 USD", "increase: 100 USD, on_unknown: block")})
    replaced(folder, "app.py", '"gpt-4o"', '"somebody-s-own-model"')
    done = guard("check", "--base", "main", "--width", "200")
    assert done.exit_code == 1
    assert "whether a month grows by more than $100 is not known" in done.stdout


# --- rules ------------------------------------------------------------------------------------------------------------

LOOSER = {
    "a budget rose": ("per_month: 1 USD", "per_month: 900 USD", "budget team: per_month rose from $1.00 to $900.00"),
    "a budget only warns": (
        "1 USD, enforce: block", "1 USD, enforce: warn", "budget team: enforce fell from block to warn",
    ),
    "a budget is gone": (
        "budgets:\n  - {name: team, per_month: 1 USD, enforce: block}\n", "",
        "budget team is gone (guard.yaml:6 in the base)",
    ),
    "an allow list is wider": (
        '["gpt-4o-mini"]', '["gpt-4o-mini", "gpt-4o"]', "policy approved: allow now has gpt-4o",
    ),
    "a policy is off": ("enforce: warn}", "enforce: off}", "policy tries: enforce fell from warn to off"),
    "a policy allows more": ("max_attempts: 10", "max_attempts: 90", "policy tries: max_attempts rose from 10 to 90"),
    "a stage is skipped": (
        "enforce: warn}", "enforce: warn, skip_stages: [batch]}", "policy tries: it now skips batch",
    ),
    "an exception": (
        "policies:",
        "exceptions: [{policy: approved, paths: [app.py], reason: later}]\npolicies:",
        "exception from approved in app.py is new or wider",
    ),
    "files are left out": ("extends: []", 'extends: []\nexclude: ["app.py"]', "exclude: app.py is no longer read"),
    "runs are no longer declared": (
        'rules: [{paths: ["**"], runs_per_month: 1000}]', "rules: []",
        "usage rule for ** is gone (guard.yaml:4 in the base)"
    ),
    "fewer runs": ("runs_per_month: 1000", "runs_per_month: 1", "usage.rules[0]: runs_per_month fell from 1000 to 1"),
    "an own price": (
        "extends: []",
        'extends: []\nprices: {"openai/*": {discount: 99%}}',
        "prices: those of openai/* are new or changed",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", LOOSER)
def test_a_loosened_rule_is_said_first(folder: Path, case: str) -> None:
    old, new, said = LOOSER[case]
    replaced(folder, "guard.yaml", old, new)
    assert said in difference("--base", "main")[1]["loosened"]
    lines = guard("check", "--base", "main", "--width", "200").stdout.splitlines()
    assert next(line for line in lines if line).startswith("Rules that let more pass")


def test_what_is_stricter_is_no_loosening(folder: Path) -> None:
    stricter = RULES.replace("max_attempts: 10", "max_attempts: 3").replace("enforce: warn", "enforce: block")
    write(folder, {"guard.yaml": stricter.replace("1 USD", "0.5 USD").replace("  rules", "  # more\n  rules")})
    assert difference("--base", "main")[1]["loosened"] == []


def test_new_comments_that_excuse_or_assume_are_said(folder: Path) -> None:
    replaced(folder, "app.py", "    return", "    # guard: ignore[approved] for now\n    return")
    code, found = difference("--base", "main")
    assert (code, found["loosened"]) == (0, ["ignore of approved is new"])
    commit(folder, "ignored")
    write(folder, {"app.py": "\n\n" + (folder / "app.py").read_text()})
    assert difference("--base", "HEAD")[1]["loosened"] == []


def test_rules_of_the_base_hold_where_that_is_asked_for(folder: Path) -> None:
    write(folder, {"guard.yaml": RULES.replace('["gpt-4o-mini"]', '["*"]').replace("1 USD", "900 USD")})
    write(folder, {"b.py": CALL.replace("ask", "tell")})
    assert difference("--base", "main")[0] == 0
    code, found = difference("--base", "main", "--policy-from", "base")
    assert (code, sorted(found["new"])) == (1, ["approved", "budget:team"])
    assert len(found["loosened"]) == 2


@pytest.mark.parametrize(
    "files",
    [
        {"pkg/pyvenv.cfg": "", "pkg/other.py": CALL.replace("ask", "tell")},
        {"node_modules/x/other.py": CALL.replace("ask", "tell")},
    ],
)
@pytest.mark.parametrize("staged", [[], ["--staged"]])
def test_code_cannot_be_hidden_in_a_folder_of_installed_packages(
    folder: Path, files: dict[str, str], staged: list[str]
) -> None:
    write(folder, files)
    commit(folder, "looks like an environment")
    code, found = difference("--base", "main", "--policy-from", "base", *staged)
    assert (code, sorted(found["new"])) == (1, ["approved", "budget:team"])


IGNORED = CALL.replace("messages=question)", "messages=question)  # guard: ignore[approved] trust me")
TOLD = IGNORED.replace("ask", "tell")
BLOCK = RULES.replace("per_month: 1 USD", "per_month: 1000000 USD")


def test_with_the_rules_of_the_base_a_new_ignore_excuses_nothing(folder: Path) -> None:
    write(folder, {"guard.yaml": BLOCK})
    commit(folder, "a large budget")
    write(folder, {"b.py": TOLD})
    assert difference("--base", "HEAD")[0] == 0
    code, found = difference("--base", "HEAD", "--policy-from", "base")
    assert (code, found) == (1, {"new": ["approved"], "loosened": ["ignore of approved is new"], "fixed": []})
    said = guard("check", "--base", "HEAD", "--policy-from", "base", "--width", "200").stdout
    assert "ignored in this change; the rules of the base hold" in said


def test_with_the_rules_of_the_base_its_ignores_hold_where_they_were(folder: Path) -> None:
    write(folder, {"guard.yaml": BLOCK, "app.py": IGNORED})
    commit(folder, "an ignore")
    write(folder, {"app.py": f"# Moved.\n{IGNORED}", "c.py": "from app import ask\n\n\ndef more():\n    ask('x')\n"})
    assert difference("--base", "HEAD", "--policy-from", "base")[:1] == (0,)
    body = TOLD.partition("\n\n\n")[2]
    kept = CALL.replace('"gpt-4o"', '"gpt-4o-mini"')
    write(folder, {"app.py": f"{kept}\n\n{body}", "c.py": ""})
    code, found = difference("--base", "HEAD", "--policy-from", "base")
    assert (code, found["new"], found["loosened"]) == (1, ["approved"], [])


def test_with_the_rules_of_the_base_new_entries_of_a_baseline_excuse_nothing(folder: Path) -> None:
    write(folder, {"guard.yaml": BLOCK})
    commit(folder, "a large budget")
    write(folder, {"b.py": CALL.replace("ask", "tell")})
    assert guard("baseline").exit_code == 0
    assert difference("--base", "HEAD")[0] == 0
    code, found = difference("--base", "HEAD", "--policy-from", "base")
    assert (code, found["new"]) == (1, ["approved"])


def test_what_a_file_asked_for_that_cannot_be_read_any_more_is_not_gone(folder: Path) -> None:
    write(folder, {"other.py": CALL.replace("ask", "tell"), "third.py": CALL.replace("ask", "say")})
    commit(folder, "three calls")
    (folder / "third.py").unlink()
    write(folder, {"other.py": CALL.replace("def ask(question)", "def (")})
    data = json.loads(guard("check", "--base", "HEAD", "--format", "json").stdout)["difference"]
    assert [one["path"] for one in data["lost"]] == ["other.py"]
    removed = [one["before"]["at"]["path"] for one in data["changes"] if one["kind"] == "removed"]
    assert removed == ["third.py"]
    assert [message.split(":")[0] for message in data["fixed_findings"]] == ["approved"]
    markdown = guard("check", "--base", "HEAD", "--format", "markdown").stdout
    assert markdown.startswith("### \N{WARNING SIGN} guard: not all could be read; nothing blocks in the rest")
    assert markdown.index("**Not read**") < markdown.index("`other.py:") < markdown.index("Against")
    (folder / "third.py").write_text(CALL.replace("ask", "say"))
    markdown = guard("check", "--base", "HEAD", "--format", "markdown").stdout
    assert "removed" not in markdown
    assert "Findings that are gone" not in markdown


def test_a_file_that_the_change_made_unreadable_blocks_where_the_base_judges(folder: Path) -> None:
    write(folder, {"other.py": CALL.replace("ask", "tell")})
    commit(folder, "two calls")
    write(folder, {"other.py": CALL.replace("def ask(question)", "def (")})
    warned = guard("check", "--base", "HEAD")
    said = "guard: 1 file that the base could read cannot be read now (other.py), so what it asks for was not judged"
    assert (warned.exit_code, warned.stderr) == (0, f"{said}; with --policy-from base that would block\n")
    assert warned.stdout.startswith("not read: other.py:4 (syntax error")
    assert "looks gone here, and is not;" not in " ".join(warned.stdout.split())
    blocked = guard("check", "--base", "HEAD", "--policy-from", "base")
    assert (blocked.exit_code, blocked.stderr) == (1, f"{said}; that blocks (--policy-from base)\n")
    assert "and is not; that blocks" in " ".join(blocked.stdout.split())
    markdown = guard("check", "--base", "HEAD", "--policy-from", "base", "--format", "markdown").stdout
    assert markdown.startswith("### \N{CROSS MARK} guard: not all could be read, and that blocks")


def test_an_unreadable_file_under_another_name_is_no_news(folder: Path) -> None:
    write(folder, {"half.py": CALL.replace("def ask(question)", "def (")})
    commit(folder, "a file that was never readable")
    (folder / "half.py").rename(folder / "moved.py")
    done = guard("check", "--base", "HEAD", "--policy-from", "base")
    assert (done.exit_code, done.stderr) == (0, "")


def test_a_pack_of_the_base_is_read_from_the_base(folder: Path) -> None:
    pack = (
        "version: 1\npolicies:\n  - {id: approved, check: model-allowed, params: {allow: [nothing]}, enforce: block}\n"
    )
    rules = "version: 1\nextends: [packs/own.yaml]\n"
    write(folder, {"guard.yaml": rules, "packs/own.yaml": pack})
    commit(folder, "a pack")
    write(folder, {"packs/own.yaml": pack.replace("nothing", '"*"'), "b.py": CALL.replace("ask", "tell")})
    assert difference("--base", "HEAD")[0] == 0
    code, found = difference("--base", "HEAD", "--policy-from", "base")
    assert (code, found["new"]) == (1, ["approved"])
    assert found["loosened"] == ["policy approved: allow now has *"]


def test_a_configuration_of_the_base_that_is_not_valid(folder: Path) -> None:
    write(folder, {"guard.yaml": RULES.replace("per_month", "per_moth")})
    commit(folder, "a mistake")
    write(folder, {"guard.yaml": RULES, "b.py": CALL.replace("ask", "tell")})
    assert "the configuration of the base is not valid" in guard("check", "--base", "HEAD", "--width", "200").stdout
    done = guard("check", "--base", "HEAD", "--policy-from", "base")
    assert done.exit_code == 2
    assert "per_moth" in done.stderr


def test_a_named_configuration_is_that_of_each_side(folder: Path) -> None:
    write(folder, {"ci/rules.yaml": RULES})
    commit(folder, "rules for CI")
    write(folder, {"ci/rules.yaml": RULES.replace('["gpt-4o-mini"]', '["*"]'), "b.py": CALL.replace("ask", "tell")})
    code, found = difference("--base", "HEAD", "--config", "ci/rules.yaml", "--policy-from", "base")
    assert (code, found["loosened"]) == (1, ["policy approved: allow now has *"])


def test_changed_usage_is_a_cause(folder: Path) -> None:
    write(folder, {"guard.yaml": RULES.replace("runs_per_month: 1000", "runs_per_month: 5000")})
    data = json.loads(guard("diff", "main", "--format", "json").stdout)["difference"]
    (change,) = data["changes"]
    assert change["kind"] == "dearer"
    assert [(c["what"], c["at"]["path"], c["at"]["line"], c["before"], c["after"]) for c in change["causes"]] == [
        ("usage", "guard.yaml", 4, "1,000 runs", "5,000 runs")
    ]
