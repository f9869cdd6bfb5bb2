"""TOML to nodes. In: bytes. Out: a `DataFile` with one document, or a `Problem`.

`tomllib` decides what is valid and what the values are; a scan of the text, which may then trust its input, finds
where keys and values stand. Neighbour: `nodes`.
"""

from __future__ import annotations

import re
from typing import Any

from guard.model import Problem
from guard.parse.nodes import MAX_DEPTH, DataFile, Entry, LineStarts, Node, not_valid, too_deep
from guard.parse.text import decoded

_GAP = re.compile(r"(?:[ \t\n]|#[^\n]*)*")
_KEY = re.compile(r"[A-Za-z0-9_-]+|'[^'\n]*'|\"(?:\\.|[^\"\\\n])*\"")
_DOT = re.compile(r"[ \t]*\.[ \t]*")
_EQUALS = re.compile(r"[ \t]*=[ \t]*")
_STRING = re.compile(
    r'"""(?:\\.|[^\\])*?"""(?:"{0,2})' r"|'''.*?'''(?:'{0,2})" r'|"(?:\\.|[^"\\\n])*"' r"|'[^'\n]*'", re.DOTALL
)
_BARE = re.compile(r"[^,\]}#\n]+")
_AT = re.compile(r"\(at line (\d+), column (\d+)\)|\(at end of document\)")

_MOST_DOT_WORK = 50_000_000
"""`tomllib` takes time in the square of the parts of a dotted key: about two seconds for this sum of squares."""

_Path = tuple[str | int, ...]
_Offsets = dict[_Path, int]


def parse(path: str, data: bytes) -> DataFile | Problem:
    """See `guard.parse.data.parse_toml`. Problems: `not-utf8`, `syntax`, `too-deep`."""
    text = decoded(path, data)
    if isinstance(text, Problem):
        return text
    if sum(line.count(".") ** 2 for line in text.split("\n")) > _MOST_DOT_WORK:
        return too_deep(path)
    import tomllib

    try:
        values = tomllib.loads(text)
        scan = _Scan(text)
        scan.document()
        return DataFile(path, (_node(values, (), scan, LineStarts(text)),))
    except tomllib.TOMLDecodeError as error:
        at = _AT.search(str(error))
        line, column = (int(at[1]), int(at[2])) if at and at[1] else (None, None)
        reason = _AT.sub("", str(error)).strip()
        return not_valid(path, line, column, "TOML", reason if at is None or at[1] else f"{reason} at its end")
    except RecursionError:
        return too_deep(path)
    except ValueError as error:
        return not_valid(path, None, None, "TOML", str(error).split("\n")[0])


class _Scan:
    """Offsets of keys and values by path, read off a valid TOML text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.keys: _Offsets = {}
        """Where a key is written for the first time."""
        self.values: _Offsets = {(): 0}
        """Where a value begins; for a table its header or first key."""
        self._last: dict[_Path, int] = {}
        """Index of the newest table in each array of tables."""

    def document(self) -> None:
        """Reads the whole text."""
        prefix: _Path = ()
        position = self._gap(0)
        while position < len(self.text):
            if self.text.startswith("[", position):
                prefix, position = self._header(position)
            else:
                position = self._pair(prefix, position)
            position = self._gap(position)

    def _header(self, start: int) -> tuple[_Path, int]:
        """`[a.b]` or `[[a.b]]`: the path of the table that it opens, and the offset behind it."""
        is_array = self.text.startswith("[[", start)
        parts, position = self._parts(self._gap(start + 1 + is_array))
        path: _Path = ()
        for number, (part, offset) in enumerate(parts):
            path = (*path, part)
            self.keys.setdefault(path, offset)
            self.values.setdefault(path, start)
            if is_array and number == len(parts) - 1:
                self._last[path] = self._last.get(path, -1) + 1
            if path in self._last:
                path = (*path, self._last[path])
                self.values.setdefault(path, start)
        return path, self.text.index("]", position) + 1 + is_array

    def _pair(self, prefix: _Path, start: int) -> int:
        """`a.b = value` at `start`; the offset behind it."""
        parts, position = self._parts(start)
        path = prefix
        for part, offset in parts:
            path = (*path, part)
            self.keys.setdefault(path, offset)
            self.values.setdefault(path, offset)
        equals = _EQUALS.match(self.text, position)
        return self._value(path, equals.end() if equals else position)

    def _parts(self, position: int) -> tuple[list[tuple[str, int]], int]:
        """The parts of a dotted key with their offsets, and the offset behind the key."""
        parts: list[tuple[str, int]] = []
        while True:
            found = _KEY.match(self.text, position)
            if found is None:
                return parts, position
            parts.append((_key(found[0]), position))
            position = found.end()
            dot = _DOT.match(self.text, position)
            if dot is None:
                return parts, position
            position = dot.end()

    def _value(self, path: _Path, start: int) -> int:
        """The value at `start`; the offset behind it."""
        if len(path) > 2 * MAX_DEPTH:
            raise RecursionError
        self.values[path] = start
        mark = self.text[start]
        if mark in "\"'":
            found = _STRING.match(self.text, start)
        elif mark not in "[{":
            found = _BARE.match(self.text, start)
        else:
            return self._members(path, start + 1, "]" if mark == "[" else "}")
        return found.end() if found else start + 1

    def _members(self, path: _Path, position: int, end: str) -> int:
        """What stands in an array or inline table, from behind its bracket to behind its `end`."""
        index = 0
        while True:
            position = self._gap(position)
            if self.text.startswith(end, position):
                return position + 1
            if self.text.startswith(",", position):
                position += 1
            elif end == "]":
                position = self._value((*path, index), position)
                index += 1
            else:
                position = self._pair(path, position)

    def _gap(self, position: int) -> int:
        found = _GAP.match(self.text, position)
        return found.end() if found else position


def _key(written: str) -> str:
    """A key as it is meant: quotes and escapes resolved."""
    if written[0] == "'":
        return written[1:-1]
    if written[0] != '"' or "\\" not in written:
        return written.strip('"')
    import tomllib

    key: str = tomllib.loads(f"k = {written}")["k"]
    return key


def _node(value: Any, path: _Path, scan: _Scan, places: LineStarts) -> Node:
    """`value`, which stands at `path`, as a node."""
    if len(path) > MAX_DEPTH:
        raise RecursionError
    line, column = places.place(scan.values[path])
    if isinstance(value, dict):
        entries = []
        for key, inner in value.items():
            own = (*path, key)
            entries.append(Entry(Node("scalar", *places.place(scan.keys[own]), key), _node(inner, own, scan, places)))
        return Node("map", line, column, entries=tuple(entries))
    if isinstance(value, list):
        items = tuple(_node(inner, (*path, index), scan, places) for index, inner in enumerate(value))
        return Node("list", line, column, items=items)
    if not isinstance(value, str | int | float):
        value = value.isoformat()
    return Node("scalar", line, column, value)
