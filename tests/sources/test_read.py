"""What `read` and `read_text_within` give, and what they refuse to open."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from guard.model import Problem
from guard.sources.walk import SourceFile, read, read_text_within


def kind(result: object) -> str | None:
    return result.kind if isinstance(result, Problem) else None


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "prompts").mkdir(parents=True)
    (folder / "prompts" / "a.txt").write_bytes(b"hello\r\n")
    (tmp_path / "outside.txt").write_text("secret")
    return folder


def test_bytes_come_as_they_are(root: Path) -> None:
    assert read(root, SourceFile("prompts/a.txt", 7)) == b"hello\r\n"


def test_a_file_of_50_megabytes_is_refused_with_size_and_limit(root: Path) -> None:
    with open(root / "big.py", "wb") as file:
        file.truncate(50_000_000)
    found = read(root, SourceFile("big.py", 50_000_000))
    assert kind(found) == "too-large"
    assert isinstance(found, Problem)
    assert "50.0 MB" in found.message
    assert "5.0 MB" in found.message


def test_notebooks_may_be_larger_since_they_carry_pictures(root: Path) -> None:
    with open(root / "n.ipynb", "wb") as file:
        file.truncate(6_000_000)
    assert isinstance(read(root, SourceFile("n.ipynb", 6_000_000)), bytes)
    assert kind(read(root, SourceFile("n.ipynb", 6_000_000), limit=1_000)) == "too-large"


@pytest.mark.parametrize("size, refused", [(10, False), (11, True)])
def test_the_limit_is_inclusive(root: Path, size: int, refused: bool) -> None:
    (root / "x.py").write_bytes(b"x" * size)
    assert (kind(read(root, SourceFile("x.py", size), limit=10)) == "too-large") is refused


def test_what_changed_since_the_listing_is_noticed(root: Path, tmp_path: Path) -> None:
    (root / "swap.py").symlink_to(tmp_path / "outside.txt")
    assert kind(read(root, SourceFile("swap.py", 1))) == "outside-root"
    (root / "pkg").symlink_to(tmp_path, target_is_directory=True)
    assert kind(read(root, SourceFile("pkg/outside.txt", 1))) == "outside-root"
    os.mkfifo(root / "pipe.py")
    assert kind(read(root, SourceFile("pipe.py", 1))) == "not-a-file"
    assert kind(read(root, SourceFile("gone.py", 1))) == "unreadable"


def test_a_file_without_permission_is_a_problem(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    found = read(root, SourceFile("prompts/a.txt", 7))
    assert isinstance(found, Problem)
    assert (found.kind, found.path) == ("unreadable", "prompts/a.txt")
    assert "Permission denied" in found.message


@pytest.mark.parametrize(
    "path",
    ["prompts/a.txt", "./prompts/a.txt", "prompts//a.txt", "prompts/../prompts/a.txt", "linked.txt", "dir/a.txt"],
)
def test_paths_inside_the_root_in_any_spelling(root: Path, path: str) -> None:
    (root / "linked.txt").symlink_to("prompts/a.txt")
    (root / "dir").symlink_to("prompts", target_is_directory=True)
    assert read_text_within(root, path) == b"hello\r\n"


@pytest.mark.parametrize(
    "path",
    [
        "../outside.txt", "prompts/../../outside.txt", "..", "/etc/passwd", "leak.txt", "up/outside.txt", ".git/config",
        "../project/prompts/a.txt", "prompts/../.git/config",
    ],
)  # fmt: skip
def test_paths_that_leave_the_root_are_refused(root: Path, tmp_path: Path, path: str) -> None:
    (root / ".git").mkdir()
    (root / ".git" / "config").write_text("token")
    (root / "leak.txt").symlink_to(tmp_path / "outside.txt")
    (root / "up").symlink_to("..", target_is_directory=True)
    assert kind(read_text_within(root, path)) == "outside-root"


def test_a_folder_whose_name_begins_like_the_root_is_outside(root: Path, tmp_path: Path) -> None:
    (tmp_path / "project-secret").mkdir()
    (tmp_path / "project-secret" / "k.txt").write_text("k")
    (root / "near.txt").symlink_to("../project-secret/k.txt")
    assert kind(read_text_within(root, "near.txt")) == "outside-root"


@pytest.mark.parametrize("path", ["missing.txt", "prompts", "prompts/a.txt/b", "a\0b", "", "linkless/../prompts/zz"])
def test_what_is_no_file_is_none(root: Path, path: str) -> None:
    assert read_text_within(root, path) is None


@pytest.mark.parametrize("path", ["x" * 5000, "\ud800.txt", "loop"])
def test_odd_names_never_raise(root: Path, path: str) -> None:
    (root / "loop").symlink_to("loop")
    found = read_text_within(root, path)
    assert found is None or isinstance(found, Problem)
    if isinstance(found, Problem):
        found.path.encode("utf-8")


def test_devices_are_not_opened(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(root / "prompt.txt")
    opened: list[object] = []
    real = os.open
    monkeypatch.setattr(os, "open", lambda *a: opened.append(a) or real(*a))  # type: ignore[func-returns-value]
    assert kind(read_text_within(root, "prompt.txt")) == "not-a-file"
    assert opened == []
