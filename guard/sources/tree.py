"""What a scan reads from: a folder, a commit, the index. In: where it is. Out: which files there are, and their bytes.

`Folder` is a folder of the file system; `revision_tree.GitTree` has the files of a commit or of the index, which are
never checked out. Whoever reads a tree (`guard.facts.link.project`, `guard.run`) knows neither.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from guard.model import Problem
from guard.sources import read, walk
from guard.sources.files import Listing, SourceFile


class Tree(Protocol):
    """Files below a root. Paths are POSIX and relative to it; nothing outside of it is ever read."""

    @property
    def name(self) -> str:
        """Name of the folder that the root is."""

    def listing(self, exclude: tuple[str, ...] = (), prefix: str = "") -> Listing:
        """The files, without those that `exclude` (gitignore patterns, held against `prefix + path`) matches."""

    def read(self, file: SourceFile, limit: int | None = None) -> bytes | Problem:
        """The bytes of a listed file. `limit` in bytes; None: as `guard.sources.read` has it."""

    def read_within(self, path: str, limit: int | None = None) -> bytes | Problem | None:
        """The bytes of a file that scanned code or configuration names. None: there is no such file."""


class Folder:
    """A folder of the file system."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @property
    def name(self) -> str:
        """Name of the folder, links resolved."""
        return self.root.resolve().name

    def listing(self, exclude: tuple[str, ...] = (), prefix: str = "") -> Listing:
        """What `walk.listing` finds. Raises NotADirectoryError when the root is no folder."""
        return walk.listing(self.root, exclude, prefix)

    def read(self, file: SourceFile, limit: int | None = None) -> bytes | Problem:
        """What `read.read` gives."""
        return read.read(self.root, file, limit)

    def read_within(self, path: str, limit: int | None = None) -> bytes | Problem | None:
        """What `read.read_text_within` gives."""
        return read.read_text_within(self.root, path, limit)
