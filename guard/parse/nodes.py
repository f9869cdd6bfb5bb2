"""Configuration data with positions. In: nothing. Out: `Node`, `Entry`, `DataFile`, and how to look into them.

Every value knows the line and column where it stands, every key its own. Neighbours: `yaml_file`, `json_file`,
`toml_file`, `env_file` and `ini_file` build these; `data` is the door for other rooms.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from guard.model import Problem, Scalar

MAX_DEPTH = 200
"""Levels of maps and lists that a data file may have; recursive code over `Node` is safe below that."""
MAX_NODES = 1_000_000
"""Nodes that a data file may have once its aliases are written out."""


@dataclass(frozen=True, slots=True)
class Node:
    """A value in a data file. Aliases share nodes, so a node may be reached by several paths."""

    kind: Literal["map", "list", "scalar"]
    line: int
    column: int
    """1-based, in characters: of a scalar's first character (its quote, the `|` of a block), of a map's or list's
    bracket or first key."""
    value: Scalar = None
    """Of a scalar; dates are text."""
    text: str | None = None
    """Of a scalar of YAML, .env, ini: as written, without quotes. `on` in YAML 1.1 has value True and text `on`."""
    entries: tuple[Entry, ...] = ()
    """Of a map, in order; the last of equal keys is kept."""
    items: tuple[Node, ...] = ()
    """Of a list."""
    tag: str | None = None
    """A custom YAML tag (`!ENV`, `!include`): then the value is not what it seems."""

    def get(self, key: str | int) -> Node | None:
        """The value under `key` of a map (typed or as written) or at an index of a list; None if there is none."""
        entry = self.entry(key)
        if entry is not None:
            return entry.value
        if self.kind == "list" and isinstance(key, int) and -len(self.items) <= key < len(self.items):
            return self.items[key]
        return None

    def entry(self, key: str | int) -> Entry | None:
        """Key and value under `key` of a map; None if there is none."""
        as_written = None
        for entry in reversed(self.entries):
            if entry.key.value == key and type(entry.key.value) is type(key):
                return entry
            if as_written is None and isinstance(key, str) and entry.key.text == key:
                as_written = entry
        return as_written


@dataclass(frozen=True, slots=True)
class Entry:
    """A key with its value in a map."""

    key: Node
    value: Node


@dataclass(frozen=True, slots=True)
class DataFile:
    """A parsed data file."""

    path: str
    documents: tuple[Node, ...]
    """One for most formats; any number for YAML."""

    @property
    def root(self) -> Node | None:
        """The first document; None if the file is empty."""
        return self.documents[0] if self.documents else None


def find(node: Node | None, keys: Sequence[str | int]) -> Node | None:
    """The node that `keys` (map keys and list indexes) lead to from `node`; None if the way ends earlier."""
    for key in keys:
        if node is None:
            return None
        node = node.get(key)
    return node


def plain(node: Node) -> Any:
    """`node` as dicts, lists and scalars. A key that is itself a map or list becomes a text that names its place."""
    if node.kind == "map":
        return {_plain_key(entry.key): plain(entry.value) for entry in node.entries}
    if node.kind == "list":
        return [plain(item) for item in node.items]
    return node.value


def _plain_key(key: Node) -> Scalar:
    return key.value if key.kind == "scalar" else f"<{key.kind} at {key.line}:{key.column}>"


def last_of_equal(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    """`entries` with the last of equal keys at the place of the first, as a dict keeps them."""
    kept: dict[Any, Entry] = {}
    for entry in entries:
        kept[_plain_key(entry.key)] = entry
    return tuple(kept.values())


class LineStarts:
    """Turns offsets in a text into lines and columns, both 1-based; lines end in `\\n`."""

    __slots__ = ("_starts",)

    def __init__(self, text: str) -> None:
        self._starts = [0]
        position = text.find("\n")
        while position >= 0:
            self._starts.append(position + 1)
            position = text.find("\n", position + 1)

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column of the character at `offset`."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1


def too_deep(path: str, line: int | None = None) -> Problem:
    """The file nests deeper than `MAX_DEPTH`."""
    message = f"nests maps and lists more than {MAX_DEPTH} levels deep; values in it are not seen"
    return Problem(path, line, None, "too-deep", message)


def not_valid(path: str, line: int | None, column: int | None, language: str, reason: str, hint: str = "") -> Problem:
    """The file is not valid `language` (`YAML`, `JSON`, ...)."""
    message = f"is not valid {language}, so values in it are not seen: {reason}"
    return Problem(path, line, column, "syntax", message, hint)
