"""A `.git` that configures commands, lies about what it is, or makes git wait: nothing runs, and guard ends.

Every command that a repository can name for git leaves a mark where it runs; there is none afterwards. The programs
that a scan does start are held against a list, by a `git` that writes down what it is asked.
"""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

import pytest
from attack import CALL, guard
from repository import commit, committed, git, write

COMMANDS = (("check",), ("cost", "--format", "json"), ("check", "--base", "HEAD~1"), ("diff", "HEAD~1", "--staged"))
ASKED = {"ls-files", "rev-parse", "merge-base", "symbolic-ref", "ls-tree", "cat-file"}
"""All that git is ever asked; none of these runs a filter, a hook, a text conversion or a merge driver."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A repository with two commits and a change that is not committed."""
    made = committed(tmp_path / "around" / "scanned", {"app.py": CALL, "note.txt": "a\n"})
    (made / "app.py").write_text(CALL.replace("100", "200"))
    commit(made, "more")
    (made / "app.py").write_text(CALL.replace("100", "300"))
    return made


def marking(tmp_path: Path, name: str) -> tuple[str, Path]:
    """A command that leaves a mark, and the mark."""
    mark, script = tmp_path / f"{name}.ran", tmp_path / f"{name}.sh"
    script.write_text(f"#!/bin/sh\ntouch '{mark}'\ncat 2>/dev/null\n")
    script.chmod(0o755)
    return str(script), mark


SETTINGS = (
    "core.fsmonitor", "core.pager", "core.editor", "core.sshCommand", "core.gitProxy", "core.askPass",
    "core.alternateRefsCommand", "diff.external", "diff.mark.command", "diff.mark.textconv", "filter.mark.clean",
    "filter.mark.smudge", "filter.mark.process", "merge.mark.driver", "gpg.program", "credential.helper",
    "uploadpack.packObjectsHook", "pager.ls-files", "pager.ls-tree", "pager.cat-file", "pager.rev-parse",
    "interactive.diffFilter", "sequence.editor", "trailer.mark.command", "remote.origin.uploadpack", "gc.auto.command",
)  # fmt: skip


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_no_command_of_the_configuration_runs(tmp_path: Path, folder: Path, arguments: tuple[str, ...]) -> None:
    marks = []
    for key in SETTINGS:
        script, mark = marking(tmp_path, key)
        git(folder, "config", key, script)
        marks.append(mark)
    for name in ("ls-files", "rev-parse", "cat-file", "ls-tree", "merge-base"):
        script, mark = marking(tmp_path, f"alias-{name}")
        git(folder, "config", f"alias.{name}", f"!{script}")
        marks.append(mark)
    for hook in ("fsmonitor-watchman", "post-index-change", "post-checkout", "reference-transaction", "pre-auto-gc"):
        script, mark = marking(tmp_path, hook)
        shutil.copy(script, folder / ".git" / "hooks" / hook)
        marks.append(mark)
    git(folder, "config", "filter.mark.required", "true")
    write(folder, {".gitattributes": "* filter=mark diff=mark merge=mark text eol=crlf\n"})
    done = guard(folder, *arguments)
    assert done.returncode == 0, done.stderr
    assert [mark.name for mark in marks if mark.exists()] == []
    git(folder, "status")
    assert any(mark.exists() for mark in marks)  # git that is started as usual does run them


@pytest.mark.parametrize("url", ["ext::{script}", "{repository}", "file://{repository}", "ssh://x@localhost/y"])
def test_a_clone_that_promises_objects_does_not_fetch_them(tmp_path: Path, folder: Path, url: str) -> None:
    script, mark = marking(tmp_path, "transport")
    base = git(folder, "rev-parse", "HEAD~1")
    blob = git(folder, "rev-parse", "HEAD~1:app.py")
    (folder / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    origin = committed(tmp_path / "origin", {"x.txt": "x"})
    for key, value in {
        "core.repositoryformatversion": "1", "extensions.partialClone": "origin", "remote.origin.promisor": "true",
        "remote.origin.url": url.format(script=script, repository=origin), "remote.origin.uploadpack": script,
        "protocol.allow": "always", "protocol.ext.allow": "always", "protocol.file.allow": "always",
        "core.sshCommand": script,
    }.items():  # fmt: skip
        git(folder, "config", key, value)
    done = guard(folder, "check", "--base", base, "--format", "json")
    assert done.returncode == 0, done.stderr
    assert "is not among the objects of this clone" in done.stdout
    assert not mark.exists()


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_only_git_is_started_and_only_for_names_and_contents(
    tmp_path: Path, folder: Path, arguments: tuple[str, ...]
) -> None:
    real, log = shutil.which("git"), tmp_path / "asked"
    shim = tmp_path / "bin"
    shim.mkdir()
    (shim / "git").write_text(f'#!/bin/sh\nprintf "%s\\n" "$*" >> \'{log}\'\nexec \'{real}\' "$@"\n')
    (shim / "git").chmod(0o755)
    assert guard(folder, *arguments, PATH=f"{shim}:{os.environ['PATH']}").returncode == 0
    lines = log.read_text().splitlines()
    for line in lines:
        words = line.split(" ")
        while words[0].startswith("-"):
            words = words[2 if words[0] == "-c" else 1 :]
        assert words[0] in ASKED and "--textconv" not in words and "--filters" not in words
        assert "-c core.fsmonitor=false" in line and "core.hooksPath=/dev/null" in line
    assert 0 < len(lines) < 30


def test_a_git_that_the_repository_brings_along_is_not_started(tmp_path: Path, folder: Path) -> None:
    script, mark = marking(tmp_path, "own")
    shutil.copy(script, folder / "git")
    for path in (f".:{os.environ['PATH']}", f"{folder}:{os.environ['PATH']}"):
        assert guard(folder, "cost", PATH=path).returncode == 0
    assert not mark.exists()


FILES = (
    "HEAD", "config", "config.worktree", "index", "commondir", "packed-refs", "shallow", "info/exclude",
    "info/attributes", "info/grafts", "info/sparse-checkout", "objects/info/alternates",
)  # fmt: skip


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
@pytest.mark.parametrize("name", FILES)
def test_a_pipe_in_the_git_folder_makes_nobody_wait(folder: Path, name: str) -> None:
    file = folder / ".git" / name
    file.unlink(missing_ok=True)
    file.parent.mkdir(exist_ok=True)
    os.mkfifo(file)
    assert guard(folder, "cost").returncode == 0
    done = guard(folder, "check", "--base", "HEAD~1")
    assert done.returncode == 2
    assert f"since {name} of its git folder is a pipe or a device" in done.stderr


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
@pytest.mark.parametrize("key", ["include.path", "includeIf.gitdir:/.path", "core.excludesFile", "core.attributesFile"])
@pytest.mark.parametrize("included", [False, True])
def test_a_pipe_that_the_configuration_names_makes_nobody_wait(folder: Path, key: str, included: bool) -> None:
    os.mkfifo(folder.parent / "pipe")
    if included:
        git(folder, "config", "--file", str(folder / ".git" / "more"), key, str(folder.parent / "pipe"))
        git(folder, "config", "include.path", "more")
    else:
        git(folder, "config", key, str(folder.parent / "pipe"))
    assert guard(folder, "cost").returncode == 0
    done = guard(folder, "check", "--base", "HEAD~1")
    assert done.returncode == 2
    assert "of its git folder names a pipe or a device" in done.stderr


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_as_ignore_file_makes_nobody_wait(folder: Path) -> None:
    os.mkfifo(folder / ".gitignore")
    assert guard(folder, "cost").returncode == 0


@pytest.mark.parametrize("way", ["file", "link"])
def test_a_git_file_that_names_a_repository_elsewhere_is_not_believed(tmp_path: Path, folder: Path, way: str) -> None:
    private = committed(tmp_path / "private", {"secret.py": CALL.replace("gpt-4o", "gpt-4.1-secret")})
    shutil.rmtree(folder / ".git")
    if way == "file":
        (folder / ".git").write_text(f"gitdir: {private / '.git'}\n")
    else:
        (folder / ".git").symlink_to(private / ".git")
    assert "gpt-4o" in guard(folder, "cost", "--format", "json").stdout
    done = guard(folder, "diff", "HEAD", "--format", "json")
    assert (done.returncode, done.stdout) == (2, "")
    assert "its .git names a repository elsewhere that does not know this folder" in done.stderr


def test_worktrees_and_submodules_are_known_by_their_repository(tmp_path: Path, folder: Path) -> None:
    git(folder, "worktree", "add", "-q", str(tmp_path / "tree"), "HEAD")
    assert guard(tmp_path / "tree", "check", "--base", "HEAD~1").returncode == 0
    outer = committed(tmp_path / "outer", {"x.txt": "x"})
    git(outer, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(folder), "inner")
    assert guard(outer / "inner", "check", "--base", "HEAD~1").returncode == 0
    shutil.move(folder / ".git", tmp_path / "apart")
    (folder / ".git").write_text(f"gitdir: {tmp_path / 'apart'}\n")
    assert guard(folder, "check", "--base", "HEAD~1").returncode == 2
    git(folder, "config", "core.worktree", str(folder))
    assert guard(folder, "check", "--base", "HEAD~1").returncode == 0


@pytest.mark.parametrize("value", ["/", "/etc", ".."])
def test_a_work_tree_elsewhere_shows_nothing_of_it(folder: Path, value: str) -> None:
    (folder.parent / "other.py").write_text(CALL.replace("gpt-4o", "gpt-4.1-secret"))
    git(folder, "config", "core.worktree", value)
    for arguments in (("cost", "--format", "json"), ("diff", "HEAD", "--format", "json")):
        done = guard(folder, *arguments)
        assert done.returncode in (0, 2)
        assert "secret" not in done.stdout + done.stderr
    assert "gpt-4o" in guard(folder, "cost", "--format", "json").stdout


def test_a_bare_repository_inside_the_scanned_one_is_not_used(tmp_path: Path, folder: Path) -> None:
    script, mark = marking(tmp_path, "bare")
    git(folder, "init", "-q", "--bare", "inner")
    git(folder / "inner", "config", "core.fsmonitor", script)
    git(folder / "inner", "config", "core.worktree", str(folder))
    git(folder / "inner", "config", "core.bare", "false")
    (folder / "inner" / "app.py").write_text(CALL)
    assert guard(folder / "inner", "cost").returncode == 0
    assert not mark.exists()


def test_nothing_of_the_git_folder_is_changed(folder: Path) -> None:
    def state() -> dict[str, tuple[int, int]]:
        files = [path for path in (folder / ".git").rglob("*") if stat.S_ISREG(path.lstat().st_mode)]
        return {str(path): (path.lstat().st_mtime_ns, path.lstat().st_size) for path in files}

    before = state()
    for arguments in COMMANDS:
        assert guard(folder, *arguments).returncode == 0
    assert state() == before
