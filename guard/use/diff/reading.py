"""A tree that remembers what was read of it. In: a tree. Out: the same tree, and `paths`. Neighbour: `against`."""

from __future__ import annotations

from guard.model import Problem
from guard.sources.files import Listing, SourceFile
from guard.sources.tree import Tree


class Reading:
    """Reads through to another tree."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self.paths: set[str] = set()
        """Files that were asked for, be they there or not."""

    @property
    def name(self) -> str:
        """That of the tree."""
        return self._tree.name

    def listing(self, exclude: tuple[str, ...] = (), prefix: str = "") -> Listing:
        """That of the tree."""
        return self._tree.listing(exclude, prefix)

    def read(self, file: SourceFile, limit: int | None = None) -> bytes | Problem:
        """As the tree reads it."""
        self.paths.add(file.path)
        return self._tree.read(file, limit)

    def read_within(self, path: str, limit: int | None = None) -> bytes | Problem | None:
        """As the tree reads it."""
        self.paths.add(path)
        return self._tree.read_within(path, limit)
