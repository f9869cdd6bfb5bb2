"""What `sources` hands on. In: nothing. Out: `SourceFile`, `Listing`, the names of folders that are passed over.

Neighbours: `walk` makes listings, `read` turns one `SourceFile` into bytes.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from guard.model import Problem

SKIPPED_FOLDERS = frozenset(
    {
        ".git", ".hg", ".svn", ".jj", "node_modules", "bower_components", "site-packages", ".venv", "__pycache__",
        "__pypackages__", ".tox", ".nox", ".eggs", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis",
        ".ipynb_checkpoints", ".terraform", ".gradle", ".next", ".nuxt",
    }
)  # fmt: skip
"""Installed packages, caches and version-control data: other people's code or copies, not the project's own, unless
git tracks a file there."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A regular file under the root."""

    path: str
    """POSIX, relative to the root. Valid Unicode, but may hold control characters: escape it in output."""
    size: int
    """Bytes, when it was listed."""


@dataclass(frozen=True, slots=True)
class Listing:
    """The files of a tree, sorted by path, and what had to be left out for a reason that a user should know."""

    files: tuple[SourceFile, ...]
    problems: tuple[Problem, ...]
    from_git: bool
    """Whether git said which files belong to the project (else the folders were walked)."""


def shown(name: str) -> str:
    """`name` as text that can be encoded: bytes that were not UTF-8 appear as `\\xff`."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def in_skipped_folder(path: str) -> bool:
    """Whether a folder on the way to `path` is one of `SKIPPED_FOLDERS`."""
    return not SKIPPED_FOLDERS.isdisjoint(path.split("/")[:-1])
