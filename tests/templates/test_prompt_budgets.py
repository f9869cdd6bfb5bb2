"""Budgets per prompt template: `per_prompt` holds the text of each template in a file against a number of tokens."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from guard.cli import main

LONG = "Say what you know of the matter and where it is written down. " * 20


def tree(folder: Path, budget: str, files: dict[str, str]) -> None:
    for name, text in {**files, "guard.yaml": f"version: 1\nextends: []\nbudgets:\n  - {budget}\n"}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def check(folder: Path, *options: str) -> Result:
    return CliRunner().invoke(main, ["check", str(folder), *options])


def test_a_template_that_is_too_long_blocks_and_is_not_shown(tmp_path: Path) -> None:
    files = {"prompts/a.j2": LONG + "{{ q }}", "prompts/b.md": "Short.", "other/c.prompty": LONG}
    tree(tmp_path, '{name: short, per_prompt: 100, paths: ["prompts/**"], enforce: block}', files)
    found = check(tmp_path)
    assert found.exit_code == 1
    assert "prompt `prompts/a.j2` has" in found.output and "tokens of text, more than 100" in found.output
    assert "prompts/b.md" not in found.output and "c.prompty" not in found.output
    assert "where it is written" not in found.output
    assert "where it is written" in check(tmp_path, "--show-prompts").output


def test_without_paths_it_is_about_all_and_texts_in_yaml_are_told_by_their_key(tmp_path: Path) -> None:
    tree(
        tmp_path,
        "{name: short, per_prompt: 100, enforce: block}",
        {"config/prompts.yaml": f"system: {LONG}\nq: {LONG}\n"},
    )
    found = check(tmp_path)
    assert found.exit_code == 1
    assert "prompt `system` in `config/prompts.yaml`" in found.output and "`q`" not in found.output


def test_near_the_number_one_warning_stands_for_all(tmp_path: Path) -> None:
    files = {f"prompts/{name}.md": "one two three four five six seven" for name in "abc"}
    tree(tmp_path, "{name: short, per_prompt: 10, warn_at: 50%, enforce: block}", files)
    found = check(tmp_path, "--format", "json")
    findings = json.loads(found.output)["findings"]
    assert found.exit_code == 0
    assert len(findings) == 1 and "2 further prompts nearly so" in findings[0]["message"]


def test_a_selection_without_templates_is_undecided(tmp_path: Path) -> None:
    tree(tmp_path, '{name: short, per_prompt: 10, paths: ["promts/**"]}', {"prompts/a.md": "x"})
    assert "the budget selects no prompt template: paths `promts/**`" in check(tmp_path).output


@pytest.mark.parametrize("key", ["feature: x", "owner: x", "model: x", "stage: test", "compare: high"])
def test_keys_that_say_nothing_of_templates_are_refused(key: str, tmp_path: Path) -> None:
    tree(tmp_path, f"{{name: short, per_prompt: 10, {key}}}", {})
    found = check(tmp_path)
    assert found.exit_code == 2
    assert f"'{key.split(':')[0]}' of budgets[0] says nothing of what this budget judges" in found.output


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


def test_compared_with_a_base_only_what_grew_is_new(tmp_path: Path) -> None:
    budget = "{name: short, per_prompt: 100, enforce: block}"
    tree(tmp_path, budget, {"prompts/a.md": LONG, "prompts/b.md": "x", "prompts/c.md": LONG, "app.py": "x = 1\n"})
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "first")
    (tmp_path / "prompts/b.md").write_text("y")
    assert check(tmp_path, "--base", "HEAD").exit_code == 0
    (tmp_path / "prompts/a.md").write_text(LONG + "and more words")
    (tmp_path / "prompts/b.md").write_text(LONG)
    found = check(tmp_path, "--base", "HEAD")
    assert found.exit_code == 1
    assert "prompts/a.md" in found.output and "prompts/b.md" in found.output


def test_a_raised_number_is_told_with_the_rules_of_the_base(tmp_path: Path) -> None:
    tree(tmp_path, "{name: short, per_prompt: 100, enforce: block}", {"prompts/a.md": "x", "app.py": "x = 1\n"})
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "first")
    tree(tmp_path, "{name: short, per_prompt: 5000, enforce: block}", {"prompts/a.md": LONG})
    found = check(tmp_path, "--base", "HEAD", "--policy-from", "base")
    assert found.exit_code == 1
    assert "per_prompt rose from 100 to 5,000 tokens" in found.output
    tree(tmp_path, "{name: other, per_call: 5 USD}", {})
    found = check(tmp_path, "--base", "HEAD", "--policy-from", "base")
    assert found.exit_code == 1
    assert "budget short is gone" in found.output and "prompt `prompts/a.md` has" in found.output


def test_the_baseline_forgives_up_to_what_a_template_had(tmp_path: Path) -> None:
    tree(tmp_path, "{name: short, per_prompt: 100, enforce: block}", {"prompts/a.md": LONG})
    made = CliRunner().invoke(main, ["baseline", str(tmp_path)])
    assert made.exit_code == 0, made.output
    assert check(tmp_path).exit_code == 0
    (tmp_path / "prompts/a.md").write_text(LONG + "and more")
    found = check(tmp_path)
    assert found.exit_code == 1 and "it grew from" in found.output and "tokens in the baseline" in found.output
