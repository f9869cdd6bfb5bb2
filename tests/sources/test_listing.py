"""Which files `listing` finds, and what it says about those it leaves out."""

from __future__ import annotations

import os
import socket
import subprocess
from pathlib import Path

import pytest

from guard.sources.walk import Listing, listing


def write(root: Path, *names: str) -> None:
    for name in names:
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("x = 1\n")


def git(root: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=main"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    subprocess.run(["git", *identity, *arguments], cwd=root, check=True, capture_output=True, env=environment)


def paths(found: Listing) -> list[str]:
    return [file.path for file in found.files]


def kinds(found: Listing) -> dict[str, str]:
    return {problem.path: problem.kind for problem in found.problems}


@pytest.fixture(params=["git", "folders"])
def root(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A folder inside and outside of a git work tree: both roads must agree."""
    folder = tmp_path / "project"
    folder.mkdir()
    if request.param == "git":
        git(folder, "init", "-q")
    return folder


def test_files_come_sorted_with_size_and_posix_paths(root: Path) -> None:
    write(root, "b.py", "a/z.py", "a/b/c.py", ".github/workflows/ci.yml")
    found = listing(root)
    assert paths(found) == [".github/workflows/ci.yml", "a/b/c.py", "a/z.py", "b.py"]
    assert {file.size for file in found.files} == {6}
    assert found.problems == ()


def test_gitignore_holds_with_nested_files_negation_and_broken_patterns(root: Path) -> None:
    write(root, "keep.py", "out/a.py", "deep/out/b.py", "deep/x.log", "deep/keep.log", "deep/sub/y.log")
    (root / ".gitignore").write_text("# comment\nout/\n*.log\n\\\n!\n")
    (root / "deep" / ".gitignore").write_text("!keep.log\n")
    assert paths(listing(root)) == [".gitignore", "deep/.gitignore", "deep/keep.log", "keep.py"]


def test_a_gitignore_line_ends_where_git_ends_it(root: Path) -> None:
    (root / ".gitignore").write_bytes(b"*.log\r\nodd\x0cname\n")
    (root / "a.log").touch()
    (root / "odd\x0cname").touch()
    (root / "name").touch()
    assert paths(listing(root)) == [".gitignore", "name"]


def test_a_gitignore_pattern_is_anchored_at_its_own_folder(root: Path) -> None:
    write(root, "gen.py", "a/gen.py", "a/b/gen.py")
    (root / "a" / ".gitignore").write_text("/gen.py\n")
    assert paths(listing(root)) == ["a/.gitignore", "a/b/gen.py", "gen.py"]


def test_installed_packages_and_caches_are_passed_over(root: Path) -> None:
    write(
        root, "app.py", "node_modules/x/i.js", "env/pyvenv.cfg", "env/lib/p.py", "lib/site-packages/q.py",
        "__pycache__/r.py", ".venv/s.py", "docs/.ipynb_checkpoints/n.ipynb",
    )  # fmt: skip
    assert paths(listing(root)) == ["app.py"]


def test_what_git_tracks_is_listed_wherever_it_stands(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    write(tmp_path, "app.py", "pkg/pyvenv.cfg", "pkg/a.py", "node_modules/x/b.py", "lib/site-packages/c.py")
    git(tmp_path, "add", "-A", "-f")
    write(tmp_path, "pkg/local.py", "node_modules/y/d.py", ".venv/e.py")
    tracked = ["app.py", "lib/site-packages/c.py", "node_modules/x/b.py", "pkg/a.py", "pkg/pyvenv.cfg"]
    assert paths(listing(tmp_path)) == tracked
    assert paths(listing(tmp_path, ("node_modules/", "lib/"))) == ["app.py", "pkg/a.py", "pkg/pyvenv.cfg"]


def test_exclude_takes_gitignore_patterns(root: Path) -> None:
    write(root, "app.py", "legacy/a.py", "legacy/keep.py", "x/gen_pb2.py")
    assert paths(listing(root, ("legacy/*", "!legacy/keep.py", "*_pb2.py"))) == ["app.py", "legacy/keep.py"]


def test_a_link_inside_the_root_is_not_read_twice(root: Path) -> None:
    write(root, "real.py", "pkg/m.py")
    (root / "alias.py").symlink_to("real.py")
    (root / "pkg_alias").symlink_to("pkg", target_is_directory=True)
    found = listing(root)
    assert paths(found) == ["pkg/m.py", "real.py"]
    assert found.problems == ()


def test_a_link_to_an_ignored_file_is_listed_once_under_its_own_name(root: Path) -> None:
    write(root, "local/prompt.txt")
    (root / ".gitignore").write_text("local/\n")
    (root / "one.txt").symlink_to("local/prompt.txt")
    (root / "two.txt").symlink_to("local/prompt.txt")
    assert paths(listing(root)) == [".gitignore", "one.txt"]


def test_links_out_of_the_root_and_broken_links_are_problems(root: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.py").write_text("SECRET = 1\n")
    (tmp_path / "project-b").mkdir()
    write(root, "a.py", "dir/b.py")
    (root / "up.py").symlink_to("../secret.py")
    (root / "absolute.py").symlink_to(tmp_path / "secret.py")
    (root / "sibling").symlink_to("../project-b", target_is_directory=True)
    (root / "dir" / "gone.py").symlink_to("nothing.py")
    (root / "loop").symlink_to("loop")
    (root / "dir" / "around").symlink_to("..", target_is_directory=True)
    found = listing(root)
    assert paths(found) == ["a.py", "dir/b.py"]
    assert kinds(found) == {
        "up.py": "outside-root", "absolute.py": "outside-root", "sibling": "outside-root",
        "dir/gone.py": "broken-link", "loop": "broken-link",
    }  # fmt: skip


def test_a_link_into_dot_git_is_not_followed(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    (tmp_path / "config.txt").symlink_to(".git/config")
    found = listing(tmp_path)
    assert (paths(found), kinds(found)) == ([], {"config.txt": "outside-root"})


def test_pipes_and_sockets_are_problems_and_never_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.py")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "s.py"))
        found = listing(tmp_path)
    assert kinds(found) == {"pipe.py": "not-a-file", "s.py": "not-a-file"}


def test_a_tracked_file_that_became_a_pipe_is_a_problem(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    write(tmp_path, "a.py", "b.py")
    git(tmp_path, "add", ".")
    (tmp_path / "a.py").unlink()
    os.mkfifo(tmp_path / "a.py")
    found = listing(tmp_path)
    assert (paths(found), kinds(found)) == (["b.py"], {"a.py": "not-a-file"})


def test_names_with_newlines_are_listed_and_names_that_are_no_unicode_are_problems(root: Path) -> None:
    write(root, "new\nline.py", "tab\tand\x1b[31m.py", "ünï.py")
    with open(os.fsencode(root) + b"/bad\xff.py", "w") as file:
        file.write("x = 1\n")
    found = listing(root)
    assert paths(found) == ["new\nline.py", "tab\tand\x1b[31m.py", "ünï.py"]
    assert kinds(found) == {"bad\\xff.py": "bad-name"}


def test_a_folder_that_may_not_be_listed_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "a.py", "closed/b.py")
    real = os.scandir

    def refuse(path: str) -> object:
        if "closed" in path:
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", refuse)
    found = listing(tmp_path)
    assert (paths(found), kinds(found)) == (["a.py"], {"closed": "unreadable"})
    assert "Permission denied" in found.problems[0].message


def test_folders_deeper_than_pythons_recursion_limit(tmp_path: Path) -> None:
    folders = [str(tmp_path)]
    for _ in range(1500):
        folders.append(folders[-1] + "/d")
        os.mkdir(folders[-1])
    file = folders[-1] + "/x.py"
    Path(file).write_text("")
    assert len(listing(tmp_path).files) == 1
    # pytest's own clean-up is recursive.
    os.remove(file)
    for folder in reversed(folders[1:]):
        os.rmdir(folder)


def test_a_root_that_is_no_folder(tmp_path: Path) -> None:
    write(tmp_path, "a.py")
    for root in (tmp_path / "a.py", tmp_path / "missing"):
        with pytest.raises(NotADirectoryError):
            listing(root)


def test_git_tells_tracked_from_ignored_and_deleted(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    write(tmp_path, "tracked.py", "forced.log", "deleted.py")
    (tmp_path / ".gitignore").write_text("*.log\n")
    git(tmp_path, "add", "-f", ".")
    (tmp_path / "deleted.py").unlink()
    write(tmp_path, "new.py", "new.log")
    found = listing(tmp_path)
    assert found.from_git
    assert paths(found) == [".gitignore", "forced.log", "new.py", "tracked.py"]


def test_a_sub_folder_of_a_work_tree_is_listed_relative_to_itself(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    write(tmp_path, "other.py", "sub/a.py", "sub/x.log")
    (tmp_path / ".gitignore").write_text("*.log\n")
    found = listing(tmp_path / "sub")
    assert (paths(found), found.from_git) == (["a.py"], True)


def test_a_folder_that_git_ignores_is_scanned_when_it_is_the_root(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    write(tmp_path, "out/a.py")
    (tmp_path / ".gitignore").write_text("out/\n")
    found = listing(tmp_path / "out")
    assert (paths(found), found.from_git) == (["a.py"], False)


def test_nested_repositories_are_named_and_not_entered(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    write(tmp_path, "a.py", "vendor/lib/l.py")
    git(tmp_path / "vendor" / "lib", "init", "-q")
    git(tmp_path / "vendor" / "lib", "add", ".")
    git(tmp_path / "vendor" / "lib", "commit", "-q", "-m", "c")
    for added in (False, True):
        if added:
            git(tmp_path, "add", ".")
        found = listing(tmp_path)
        assert (paths(found), kinds(found)) == (["a.py"], {"vendor/lib": "nested-repository"})


def test_a_tracked_file_below_a_folder_that_became_a_link_out_is_not_read(tmp_path: Path) -> None:
    root = tmp_path / "project"
    write(root, "pkg/m.py")
    git(root, "init", "-q")
    git(root, "add", ".")
    write(tmp_path, "elsewhere/m.py")
    (root / "pkg" / "m.py").unlink()
    (root / "pkg").rmdir()
    (root / "pkg").symlink_to("../elsewhere", target_is_directory=True)
    found = listing(root)
    assert paths(found) == []
    assert set(kinds(found).values()) == {"outside-root"}


def test_the_repositorys_own_settings_run_no_program(tmp_path: Path) -> None:
    root = tmp_path / "project"
    write(root, "a.py")
    git(root, "init", "-q")
    program = tmp_path / "evil.sh"
    program.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    program.chmod(0o755)
    for hook in ("post-index-change", "fsmonitor-watchman"):
        (root / ".git" / "hooks" / hook).write_text(program.read_text())
        (root / ".git" / "hooks" / hook).chmod(0o755)
    for key in ("core.fsmonitor", "core.pager", "core.sshCommand", "core.editor", "pager.ls-files"):
        git(root, "config", key, str(program))
    git(root, "config", "alias.ls-files", f"!{program}")
    # Without guard's settings this git does run it: the test would notice if they were lost.
    git(root, "status")
    assert (tmp_path / "ran").exists()
    (tmp_path / "ran").unlink()
    assert paths(listing(root)) == ["a.py"]
    assert not (tmp_path / "ran").exists()


def test_a_git_program_inside_the_scanned_folder_is_not_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(tmp_path, "init", "-q")
    (tmp_path / "git").write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    (tmp_path / "git").chmod(0o755)
    monkeypatch.chdir(tmp_path)
    for first in (".", str(tmp_path)):
        monkeypatch.setenv("PATH", first)
        assert paths(listing(tmp_path)) == ["git"]
    assert not (tmp_path / "ran").exists()


def test_variables_that_redirect_git_are_ignored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("one", "two"):
        write(tmp_path, f"{name}/{name}.py")
        git(tmp_path / name, "init", "-q")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "two" / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(tmp_path / "two"))
    found = listing(tmp_path / "one")
    assert (paths(found), found.from_git) == (["one.py"], True)


def test_without_git_the_folders_are_walked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git(tmp_path, "init", "-q")
    write(tmp_path, "a.py")
    monkeypatch.setenv("PATH", "")
    found = listing(tmp_path)
    assert (paths(found), found.from_git) == (["a.py"], False)
