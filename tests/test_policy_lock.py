"""Packs from git repositories: pinned, fetched once by `guard policy lock`, and read from guard.lock alone."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from guard.cli import main
from guard.config.issues import ConfigError
from guard.config.load import load

PACK = "version: 1\npolicies:\n  - id: team   # ä\n    deny: request.attempts.high > 3\n    enforce: block\n"


def git(folder: Path, *arguments: str) -> str:
    who = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", "-C", str(folder), *who, *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture
def name(tmp_path: Path) -> str:
    """A pack in a repository on this machine, as `extends` names it."""
    repository = tmp_path / "policies"
    repository.mkdir()
    git(repository, "init", "--quiet")
    (repository / "packs").mkdir()
    (repository / "packs" / "team.yaml").write_text(PACK, "utf-8")
    git(repository, "add", "-A")
    git(repository, "commit", "--quiet", "-m", "pack")
    commit = git(repository, "rev-parse", "HEAD")
    (repository / "packs" / "team.yaml").write_text("changed later", "utf-8")
    git(repository, "commit", "--quiet", "-am", "later")
    return f"git+file://{repository}@{commit}:packs/team.yaml"


@pytest.fixture
def project(tmp_path: Path, name: str) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "guard.yaml").write_text(f'version: 1\nextends: ["{name}"]\n')
    return folder


def message(project: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        load(project)
    return str(caught.value).split("\n")[0]


def test_a_pack_is_fetched_once_and_then_read_from_the_lock(project: Path, name: str, tmp_path: Path) -> None:
    done = run("policy", "lock", project)
    assert (done.exit_code, done.output) == (0, f"{name}\nwritten to {project / 'guard.lock'}\n")
    (tmp_path / "policies").rename(tmp_path / "gone")
    (policy,) = load(project).policies
    assert (policy.id, policy.enforce, policy.place.path) == ("team", "block", name)
    # What is locked already is not fetched again.
    before = (project / "guard.lock").read_bytes()
    assert run("policy", "lock", project).exit_code == 0
    assert (project / "guard.lock").read_bytes() == before


def test_without_a_lock_nothing_is_fetched_in_passing(project: Path) -> None:
    assert message(project).endswith(
        "is not in guard.lock: there is no such file; run `guard policy lock` and commit guard.lock"
    )
    assert not (project / "guard.lock").exists()


def test_a_pack_that_was_changed_in_the_lock_is_refused(project: Path) -> None:
    run("policy", "lock", project)
    text = (project / "guard.lock").read_text("utf-8")
    (project / "guard.lock").write_text(text.replace("> 3", "> 9"), "utf-8")
    assert "was changed in guard.lock after it was fetched" in message(project)


@pytest.mark.parametrize(
    "text", ["", "[]", '{"version": 2}', '{"version": 1, "packs": {"a": {"text": 3}}}', "[" * 9000]
)
def test_a_lock_of_another_form_is_refused(project: Path, text: str) -> None:
    (project / "guard.lock").write_text(text)
    assert message(project).endswith("guard.lock cannot be read; run `guard policy lock` to write it anew")
    assert run("policy", "lock", project).exit_code == 0
    assert load(project).policies


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("git+https://example.com/a/b@main:team.yaml", "is not pinned to a commit; write all 40 digits of the commit"),
        ("git+https://example.com/a/b", "does not name a file of a repository; write git+https://"),
        (f"git+ext::sh@{'a' * 40}:team.yaml", "does not name a file of a repository"),
        (f"git+https://example.com/a@{'a' * 40}:../team.yaml", "is no path within the repository"),
        (f"git+https://example.com/a@{'a' * 40}:-team.yaml", "is no path within the repository"),
    ],
)
def test_a_name_that_is_not_pinned_or_leads_elsewhere_is_refused(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / "guard.yaml").write_text(f'version: 1\nextends: ["{name}"]\n')
    assert text in message(tmp_path)
    done = run("policy", "lock", tmp_path)
    assert done.exit_code == 2
    assert text in done.stderr


def test_what_git_says_is_told(project: Path, name: str) -> None:
    commit = name.rpartition("@")[2].partition(":")[0]
    (project / "guard.yaml").write_text(f'version: 1\nextends: ["{name.replace(commit, "0" * 40)}"]\n')
    done = run("policy", "lock", project)
    assert done.exit_code == 2
    assert "git fetch failed" in done.stderr
    assert not (project / "guard.lock").exists()


def test_without_such_packs_there_is_nothing_to_lock(tmp_path: Path) -> None:
    (tmp_path / "guard.yaml").write_text("version: 1\nextends: []\n")
    done = run("policy", "lock", tmp_path)
    assert done.exit_code == 2
    assert "no pack comes from a git repository" in done.stderr


def test_rules_of_the_base_are_those_of_its_lock(project: Path, name: str) -> None:
    run("policy", "lock", project)
    code = "from openai import OpenAI\nOpenAI(max_retries=RETRIES).responses.create(model='gpt-4o', input='hi')\n"
    (project / "ask.py").write_text(code.replace("RETRIES", "1"))
    git(project, "init", "--quiet")
    git(project, "add", "-A")
    git(project, "commit", "--quiet", "-m", "base")
    (project / "ask.py").write_text(code.replace("RETRIES", "9"))
    (project / "guard.yaml").write_text("version: 1\nextends: []\n")
    (project / "guard.lock").unlink()
    done = run("check", project, "--base", "HEAD", "--policy-from", "base")
    assert done.exit_code == 1, done.output
    assert "error[team]" in done.output


def test_the_lock_holds_the_text_for_review(project: Path, name: str) -> None:
    run("policy", "lock", project)
    assert json.loads((project / "guard.lock").read_text("utf-8"))["packs"][name]["text"] == PACK
