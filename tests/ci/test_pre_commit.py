"""The two hooks with the real pre-commit, which installs guard from a repository and runs it when git commits."""

from __future__ import annotations

from pathlib import Path

import pytest
from ci_repository import Repository, Tool

LLM = """\
from openai import OpenAI

from shop import settings

client = OpenAI()


def ask(text):
    return client.chat.completions.create(
        model=settings.MODEL, messages=[{{"role": "user", "content": text}}]{limit}
    )
"""
BOUNDED = LLM.format(limit=", max_tokens=settings.LIMIT")
ENDLESS = LLM.format(limit="")
SETTINGS = 'MODEL = "gpt-4o-mini"\nLIMIT = 100\n'
DEAR = 'MODEL = "gpt-4o"\nLIMIT = 100\n'
RULES = """\
version: 1
extends: []
budgets:
  - {name: one call, per_call: 0.01 USD, enforce: block}
policies:
  - {id: limit, check: output-limit, enforce: block}
  - {id: listed, check: model-allowed, params: {allow: [gpt-4o-mini]}, enforce: block}
"""
BAD = "version: 1\nbudget: []\n"
MONTH = """\
version: 1
extends: []
usage: {rules: [{entry: "shop/llm.py::ask", runs_per_month: 1_000_000}]}
budgets:
  - {name: month, per_month: 1 USD, enforce: block}
"""


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Where pre-commit keeps what it installs: once for all tests here, and not where the user's own is."""
    return {"PRE_COMMIT_HOME": str(tmp_path_factory.mktemp("pre-commit")), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}


@pytest.fixture
def project(
    tool: Tool, published: tuple[Path, str], cache: dict[str, str], tmp_path: Path
) -> tuple[Repository, list[str]]:
    """A project with both hooks, nothing wrong with it, and the command that runs hooks by name."""
    source, commit = published
    repository = Repository(tmp_path / "project", cache)
    hooks = f"repos:\n  - repo: {source}\n    rev: {commit}\n    hooks: [{{id: guard}}, {{id: guard-budget}}]\n"
    repository.commit(
        {
            ".pre-commit-config.yaml": hooks, "guard.yaml": RULES, "shop/__init__.py": "", "shop/llm.py": BOUNDED,
            "shop/settings.py": SETTINGS, "shop/add.py": "def add(a, b):\n    return a + b\n", "site.css": "a {}\n",
        }
    )  # fmt: skip
    repository.run(tool("pre-commit"), "install")
    return repository, [tool("pre-commit"), "run"]


def refused(repository: Repository) -> str:
    """What a commit of what is staged says that the hooks refuse."""
    done = repository.git("commit", "-m", "A change", code=1)
    return done.stdout + done.stderr


def accepted(repository: Repository) -> str:
    done = repository.git("commit", "-m", "A change")
    return done.stdout + done.stderr


def test_a_commit_that_breaks_a_rule_is_refused_where_the_cause_is_another_file(
    project: tuple[Repository, list[str]],
) -> None:
    repository, _ = project
    repository.write({"shop/settings.py": DEAR})
    repository.git("add", "--all")
    said = refused(repository)
    assert "error[listed]: `gpt-4o` is not an allowed model" in said
    assert "--> shop/llm.py:9:12" in said and "::: shop/settings.py:1:9" in said
    repository.write({"shop/settings.py": SETTINGS.replace("100", "200")})
    repository.git("add", "--all")
    assert "Passed" in accepted(repository)


def test_what_other_files_break_is_left_to_the_hook_for_the_project(project: tuple[Repository, list[str]]) -> None:
    repository, run = project
    repository.commit({"shop/llm.py": ENDLESS})
    repository.write({"shop/add.py": "def add(a, b):\n    return b + a\n"})
    repository.git("add", "--all")
    changed = repository.run(*run, "guard", "--verbose")
    assert "Passed" in changed.stdout and "1 finding elsewhere, not about 1 named file" in changed.stdout
    assert "error[limit]: no output limit is sent" in repository.run(*run, "guard-budget", code=1).stdout
    assert "error[limit]: no output limit is sent" in repository.run(*run, "guard", "--all-files", code=1).stdout


def test_what_was_wrong_before_blocks_nothing_where_that_is_asked_for(project: tuple[Repository, list[str]]) -> None:
    repository, run = project
    config = (repository.folder / ".pre-commit-config.yaml").read_text()
    adopting = config.replace("{id: guard}", "{id: guard, args: [--base, HEAD]}")
    repository.commit({"shop/llm.py": ENDLESS, ".pre-commit-config.yaml": adopting})
    repository.write({"shop/llm.py": ENDLESS + "\n"})
    repository.git("add", "--all")
    repository.run(*run, "guard")
    repository.write({"shop/settings.py": DEAR})
    repository.git("add", "--all")
    said = repository.run(*run, "guard", code=1).stdout
    assert "error[listed]: `gpt-4o` is not an allowed model" in said and "error[limit]" not in said


def test_a_month_is_over_its_budget_for_the_whole_project(project: tuple[Repository, list[str]]) -> None:
    repository, run = project
    repository.commit({"guard.yaml": MONTH})
    repository.write({"shop/add.py": "def add(a, b):\n    return b + a\n"})
    repository.git("add", "--all")
    repository.run(*run, "guard")
    assert "error[budget:month]: a month costs" in repository.run(*run, "guard-budget", code=1).stdout


def test_of_a_file_that_is_staged_in_part_that_part_counts(project: tuple[Repository, list[str]]) -> None:
    repository, _ = project
    repository.write({"shop/settings.py": SETTINGS.replace("100", "200")})
    repository.git("add", "--all")
    repository.write({"shop/settings.py": DEAR})
    assert "Passed" in accepted(repository)
    assert (repository.folder / "shop/settings.py").read_text() == DEAR

    repository.git("add", "--all")
    repository.write({"shop/settings.py": SETTINGS})
    assert "`gpt-4o` is not an allowed model" in refused(repository)
    assert (repository.folder / "shop/settings.py").read_text() == SETTINGS


def test_a_file_that_is_not_added_is_not_there(project: tuple[Repository, list[str]]) -> None:
    """pre-commit leaves new files that are not staged in place: git lists them, so guard sees them, and says where."""
    repository, run = project
    repository.write({"shop/more.py": ENDLESS, "shop/settings.py": SETTINGS.replace("100", "200")})
    repository.git("add", "shop/settings.py")
    said = repository.run(*run, "guard-budget", code=1).stdout
    assert "--> shop/more.py:9:12" in said


def test_files_that_guard_never_reads_start_no_hook(project: tuple[Repository, list[str]]) -> None:
    repository, _ = project
    repository.commit({"shop/llm.py": ENDLESS})
    repository.write({"site.css": "b {}\n"})
    repository.git("add", "--all")
    assert accepted(repository).count("(no files to check)Skipped") == 2


def test_rules_that_changed_are_held_against_everything(project: tuple[Repository, list[str]]) -> None:
    repository, run = project
    repository.write({"guard.yaml": RULES.replace("gpt-4o-mini]", "gpt-4.1]")})
    repository.git("add", "--all")
    assert "`gpt-4o-mini` is not an allowed model" in repository.run(*run, "guard", code=1).stdout


def test_a_mistake_in_the_rules_is_no_finding(project: tuple[Repository, list[str]]) -> None:
    repository, run = project
    repository.write({"guard.yaml": BAD})
    repository.git("add", "--all")
    said = repository.run(*run, "guard", code=1).stdout
    assert "- exit code: 2" in said and "guard.yaml:2:1" in said
