"""What `guard diff` and `guard check --base` compare with: merge bases, the index, folders below the top, and clear
words where there is nothing to compare with."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from repository import AUTHOR, commit, committed, git, guard, replaced, write

from guard.use.diff import against

CALL = """\
from openai import OpenAI


def ask(question):
    return OpenAI().chat.completions.create(model="gpt-4o-mini", max_tokens=300, messages=question)
"""
DEARER = CALL.replace("gpt-4o-mini", "gpt-4o")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    made = committed(tmp_path / "project", {"app.py": CALL, "README.md": "text\n"})
    monkeypatch.chdir(made)
    return made


def changes(*arguments: str) -> list[tuple[str, str]]:
    data = json.loads(guard("diff", *arguments, "--format", "json").stdout)
    sides = [(change["kind"], change["after"] or change["before"]) for change in data["difference"]["changes"]]
    return [(kind, side["at"]["path"]) for kind, side in sides]


# --- what is compared -------------------------------------------------------------------------------------------------


def test_nothing_changed_is_one_line_without_an_analysis(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> None:
        raise AssertionError("analysed")

    monkeypatch.setattr("guard.use.diff.against.look", never)
    for command in (("diff", "main"), ("diff",), ("check", "--base", "main")):
        done = guard(*command)
        first, *rest = done.stdout.splitlines()
        assert done.exit_code == 0 and first.startswith("Nothing differs from main (")
        assert rest == (["note: compared with main: a local branch with a usual name"] if command == ("diff",) else [])


def test_a_file_that_guard_does_not_read_needs_no_second_analysis(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trees = []
    monkeypatch.setattr(
        against, "look", lambda tree, *rest, inner=against.look: trees.append(tree) or inner(tree, *rest)
    )
    write(folder, {"README.md": "other text\n", "notes.txt": "new\n"})
    assert changes("main") == []
    assert len(trees) == 1


def test_what_others_merged_since_counts_for_neither_side(folder: Path) -> None:
    git(folder, "checkout", "-q", "main")
    write(folder, {"other.py": CALL})
    commit(folder, "somebody else's call")
    git(folder, "checkout", "-q", "pr")
    write(folder, {"app.py": DEARER})
    assert changes("main") == [("dearer", "app.py")]


def test_the_default_is_the_default_branch_of_origin(folder: Path, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", "--branch", "main", str(folder), str(clone))
    git(clone, "checkout", "-q", "-b", "topic")
    write(clone, {"app.py": DEARER})
    commit(clone, "dearer")
    os.chdir(clone)
    done = guard("diff")
    assert "Dearer (1)" in done.stdout
    assert "compared with origin/" in done.stdout


def test_without_another_branch_it_is_what_is_not_committed(folder: Path) -> None:
    git(folder, "checkout", "-q", "main")
    git(folder, "branch", "-q", "-D", "pr")
    write(folder, {"app.py": DEARER})
    done = guard("diff")
    assert "Dearer (1)" in done.stdout
    assert "compared with HEAD" in done.stdout


def test_of_a_partly_staged_file_the_staged_part_counts(folder: Path) -> None:
    write(folder, {"app.py": DEARER})
    git(folder, "add", "app.py")
    write(folder, {"app.py": CALL.replace("300", "3")})
    assert changes("--staged") == [("dearer", "app.py")]
    assert changes("main") == [("cheaper", "app.py")]
    git(folder, "reset", "-q")
    assert changes("--staged") == []


def test_in_a_hook_the_index_of_that_commit_is_read(folder: Path) -> None:
    """`git commit -a` hands its hook an index of its own; the one of the repository still has the old file."""
    hook = folder / ".git" / "hooks" / "pre-commit"
    command = "from guard.cli import main; main(['diff', '--staged', '--output', 'json=../seen.json'])"
    hook.write_text(f"#!/bin/sh\nexec '{sys.executable}' -c \"{command}\"\n")
    hook.chmod(0o755)
    write(folder, {"app.py": DEARER})
    environment = os.environ | AUTHOR | {"PYTHONPATH": str(Path(__file__).parents[2])}
    subprocess.run(["git", "commit", "-aqm", "dearer"], cwd=folder, env=environment, check=True)
    data = json.loads((folder.parent / "seen.json").read_text())
    assert [change["kind"] for change in data["difference"]["changes"]] == ["dearer"]


def test_a_folder_below_the_top_is_compared_alone(folder: Path) -> None:
    write(folder, {"services/search/app.py": CALL})
    commit(folder, "a service")
    write(folder, {"services/search/app.py": DEARER, "app.py": DEARER})
    assert changes("HEAD", "services/search") == [("dearer", "app.py")]


def test_a_folder_that_was_renamed_is_found_where_it_was(folder: Path) -> None:
    write(folder, {"old/app.py": CALL, "old/b.py": "B = 1\n", "old/c.py": "C = 2\n"})
    commit(folder, "a service")
    git(folder, "mv", "old", "new")
    write(folder, {"new/app.py": DEARER})
    done = guard("diff", "HEAD", "new", "--width", "200")
    assert "in the base the folder new was old" in done.stdout
    assert "Dearer (1)" in done.stdout


def test_a_folder_that_is_new_has_only_new_requests(folder: Path) -> None:
    write(folder, {"services/search/app.py": CALL})
    done = guard("diff", "main", "services/search")
    assert "the base has no folder services/search" in done.stdout
    assert "New (1)" in done.stdout


def test_line_ends_that_a_checkout_changed_are_no_difference(folder: Path) -> None:
    (folder / "app.py").write_bytes(CALL.replace("\n", "\r\n").encode())
    assert guard("diff", "main").stdout.startswith("Nothing differs")


def test_a_file_of_git_lfs_is_compared_by_its_pointer(folder: Path) -> None:
    text = b"You are a helper.\n" * 100
    pointer = (
        f"version https://git-lfs.github.com/spec/v1\noid sha256:{hashlib.sha256(text).hexdigest()}\nsize {len(text)}\n"
    )
    write(folder, {"prompt.txt": pointer})
    commit(folder, "a large prompt")
    (folder / "prompt.txt").write_bytes(text)
    assert guard("diff", "HEAD").stdout.startswith("Nothing differs")


def test_a_prompt_in_git_lfs_is_not_taken_for_its_pointer(folder: Path) -> None:
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 12\n"
    reading = CALL.replace("messages=question", 'messages=[{"role": "user", "content": open("prompt.txt").read()}]')
    write(folder, {"prompt.txt": pointer, "app.py": reading})
    data = json.loads(guard("cost", "--format", "json").stdout)
    assert [problem["kind"] for problem in data["problems"]] == ["lfs-pointer"]
    assert [segment["kind"] for segment in data["requests"][0]["prompt"]["segments"]] == ["hole"]


def test_files_that_a_sparse_checkout_leaves_out_are_not_gone(folder: Path) -> None:
    write(folder, {"kept/app.py": CALL, "left/app.py": CALL})
    commit(folder, "two")
    git(folder, "sparse-checkout", "set", "--cone", "kept")
    assert not (folder / "left").exists()
    assert guard("diff", "HEAD").stdout.startswith("Nothing differs")


def test_links_are_followed_within_the_base_only(folder: Path) -> None:
    os.symlink("app.py", folder / "linked.py")
    os.symlink("/etc/hostname", folder / "outside.py")
    os.symlink("../../secret.txt", folder / "above.txt")
    commit(folder, "links")
    write(folder, {"app.py": DEARER})
    data = json.loads(guard("diff", "HEAD", "--format", "json").stdout)
    assert [change["kind"] for change in data["difference"]["changes"]] == ["dearer"]
    assert data["difference"]["problems"] == []


# --- nothing to compare with ------------------------------------------------------------------------------------------


def refused(*arguments: str) -> str:
    done = guard(*arguments)
    assert done.exit_code == 2
    assert done.stdout == ""
    return done.stderr


def test_a_shallow_clone_says_how_to_get_the_rest(folder: Path, tmp_path: Path) -> None:
    write(folder, {"app.py": DEARER})
    commit(folder, "dearer")
    git(folder, "checkout", "-q", "main")
    write(folder, {"README.md": "more\n"})
    commit(folder, "more")
    clone = tmp_path / "shallow"
    git(tmp_path, "clone", "-q", "--depth", "1", "--no-single-branch", "--branch", "pr", f"file://{folder}", str(clone))
    os.chdir(clone)
    said = refused("diff", "origin/main")
    assert "shallow" in said
    assert "git fetch --unshallow" in said
    assert "fetch-depth: 0" in said
    assert "fetch-depth: 0" in refused("diff", "no-such-branch")


def test_an_unknown_revision(folder: Path) -> None:
    assert "git knows no revision 'nope'" in refused("diff", "nope")
    assert "git knows no revision '--upload-pack=x'" in refused("check", "--base=--upload-pack=x")


def test_a_folder_in_the_place_of_a_revision(folder: Path) -> None:
    write(folder, {"triage/app.py": CALL})
    assert "'triage' is a folder, and git knows no revision of that name" in refused("diff", "triage")
    assert "`guard diff main triage`" in refused("diff", "triage")
    git(folder, "branch", "triage", "main")
    assert "triage (" in guard("diff", "triage").stdout


def test_histories_without_a_common_commit(folder: Path) -> None:
    git(folder, "checkout", "-q", "--orphan", "island")
    commit(folder, "alone")
    assert "no commit in common" in refused("diff", "main")


def test_no_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert "is in no git repository" in refused("diff", "main")
    assert "--baseline" in refused("check", "--base", "main")
    staged = refused("check", "--staged")
    assert "is in no git repository" in staged and "Leave --staged out" in staged and "--baseline" not in staged


def test_a_branch_without_a_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git(tmp_path, "init", "-q", "-b", "main")
    monkeypatch.chdir(tmp_path)
    assert "no commit yet" in refused("diff", "main")
    assert "no commit yet" in refused("diff")


def test_a_bare_repository(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git(tmp_path, "clone", "-q", "--bare", str(folder), "bare.git")
    monkeypatch.chdir(tmp_path / "bare.git")
    assert "bare repository" in refused("diff", "main")


# --- safety -----------------------------------------------------------------------------------------------------------


def test_nothing_that_the_repository_configures_is_run(folder: Path, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    script = tmp_path / "evil.sh"
    script.write_text(f"#!/bin/sh\ntouch '{ran}'\ncat\n")
    script.chmod(0o755)
    write(folder, {".gitattributes": "*.py filter=evil diff=evil\n"})
    commit(folder, "attributes")
    for name in (
        "core.fsmonitor", "filter.evil.clean", "filter.evil.smudge", "filter.evil.process", "diff.evil.textconv",
        "diff.evil.command", "diff.external", "core.sshCommand", "core.pager", "core.editor", "core.askPass",
        "gpg.program", "uploadpack.packObjectsHook",
    ):  # fmt: skip
        git(folder, "config", name, str(script))
    write(folder, {"app.py": DEARER})
    ran.unlink(missing_ok=True)
    assert changes("main") == [("dearer", "app.py")]
    git(folder, "-c", "filter.evil.clean=cat", "-c", "filter.evil.process=", "-c", "core.fsmonitor=", "add", "app.py")
    ran.unlink(missing_ok=True)
    assert changes("--staged") == [("dearer", "app.py")]
    assert not ran.exists()


def test_the_checkout_and_the_index_stay_as_they_are(folder: Path) -> None:
    write(folder, {"app.py": DEARER, "new.py": CALL})
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}
    guard("diff", "main")
    guard("check", "--base", "main", "--policy-from", "base")
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()} == before


def test_a_submodule_is_not_entered(folder: Path, tmp_path: Path) -> None:
    inner = committed(tmp_path / "inner", {"app.py": CALL})
    git(folder, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner), "vendor")
    commit(folder, "a submodule")
    replaced(folder, "vendor/app.py", "gpt-4o-mini", "gpt-4o")
    assert changes("HEAD") == []
