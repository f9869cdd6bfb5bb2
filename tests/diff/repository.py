"""A repository that tests change. In: files and edits. Out: a folder with git, and what `guard` prints in it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import click.testing

from guard import cli

AUTHOR = {
    "GIT_AUTHOR_NAME": "Ana", "GIT_AUTHOR_EMAIL": "ana@example.com", "GIT_COMMITTER_NAME": "Ana",
    "GIT_COMMITTER_EMAIL": "ana@example.com", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull,
}  # fmt: skip


def git(folder: Path, *arguments: str) -> str:
    """What git prints; fails where git does."""
    done = subprocess.run(
        ["git", *arguments], cwd=folder, env=os.environ | AUTHOR, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def write(folder: Path, files: Mapping[str, str]) -> None:
    """Writes files, with the folders that they stand in."""
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)


def committed(folder: Path, files: Mapping[str, str]) -> Path:
    """A new repository with one commit on `main`, and the branch `pr` checked out."""
    folder.mkdir(parents=True, exist_ok=True)
    write(folder, files)
    git(folder, "init", "-q", "-b", "main")
    commit(folder, "base")
    git(folder, "checkout", "-q", "-b", "pr")
    return folder


def commit(folder: Path, message: str) -> None:
    """Commits all that is in the folder."""
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "--allow-empty", "-m", message)


def replaced(folder: Path, path: str, old: str, new: str) -> None:
    """Puts `new` in the place of `old`, which must be there once."""
    text = (folder / path).read_text()
    assert text.count(old) == 1, (path, old)
    (folder / path).write_text(text.replace(old, new))


def guard(*arguments: str) -> click.testing.Result:
    """`guard` with these arguments, in this process; an error inside guard fails the test."""
    done = click.testing.CliRunner().invoke(cli.main, [*arguments], env={"GIT_INDEX_FILE": None})
    assert "internal error" not in done.stderr, done.stderr
    return done
