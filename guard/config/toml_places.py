"""TOML text -> the positions of its keys and values. Neighbour: `toml_reader`, which takes the values from `tomllib`.

The scan is linear and never judges: where the text is not TOML it stops, and `tomllib` says what is wrong. It runs
before `tomllib` because a key of ten thousand dots or brackets would cost that one minutes; such a text is refused.
"""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass, field

from guard.config.document import MAX_DEPTH, Path, Pos

_SPACE = re.compile(r"[ \t]*")
_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_BASIC = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
_LITERAL = re.compile(r"'([^'\n]*)'")
_LONG_BASIC = re.compile(r'"""(?:[^"\\]|\\.|""?(?!"))*', re.DOTALL)
_LONG_LITERAL = re.compile(r"'''(?:[^']|''?(?!'))*", re.DOTALL)
_CLOSE = re.compile(r"[\"']{3,5}")
_PLAIN = re.compile(r"[^,\]}#\n]+")
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))")
_ESCAPES = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r"}


class TooDeep(Exception):
    """A key or a value is nested beyond `MAX_DEPTH`."""

    def __init__(self, pos: Pos) -> None:
        super().__init__(pos)
        self.pos = pos


class _Stop(Exception):
    """The text is not TOML from here on."""


def places(text: str) -> tuple[dict[Path, Pos], dict[Path, Pos]]:
    """Positions of keys and of values by path. Raises `TooDeep`."""
    scan = _Scan(text)
    with contextlib.suppress(_Stop):
        scan.document()
    return scan.keys, scan.values


@dataclass(slots=True)
class _Scan:
    text: str
    at: int = 0
    keys: dict[Path, Pos] = field(default_factory=dict)
    values: dict[Path, Pos] = field(default_factory=dict)
    lengths: dict[Path, int] = field(default_factory=dict)
    """Tables so far of each array of tables."""
    line: int = 1
    line_start: int = 0
    counted: int = 0
    """Offset up to which lines were counted."""

    def document(self) -> None:
        table: Path = ()
        while self.skip(_BLANK) < len(self.text):
            pos = self.pos()
            if self.text.startswith("[[", self.at):
                table = self.header("[[", "]]")
            elif self.text.startswith("[", self.at):
                table = self.header("[", "]")
            else:
                self.pair(table, 0)
                self.skip(_SPACE)
                continue
            self.values[table] = pos

    def header(self, opening: str, closing: str) -> Path:
        self.at += len(opening)
        path: Path = ()
        parts = self.key()
        for i, (name, pos) in enumerate(parts):
            path = (*path, name)
            self.keys.setdefault(path, pos)
            last = i == len(parts) - 1
            if last and opening == "[[":
                self.lengths[path] = self.lengths.get(path, 0) + 1
                self.values.setdefault(path, pos)
            if path in self.lengths:
                path = (*path, self.lengths[path] - 1)
            self.values.setdefault(path, pos)
        self.expect(closing)
        return path

    def pair(self, table: Path, depth: int) -> None:
        path = table
        for name, pos in self.key():
            path = (*path, name)
            self.keys.setdefault(path, pos)
            self.values.setdefault(path, pos)
        self.expect("=")
        self.skip(_SPACE)
        self.value(path, depth)

    def key(self) -> list[tuple[str, Pos]]:
        parts: list[tuple[str, Pos]] = []
        while True:
            self.skip(_SPACE)
            pos = self.pos()
            if len(parts) >= MAX_DEPTH:
                raise TooDeep(pos)
            if found := _BARE.match(self.text, self.at):
                name = found[0]
            elif found := _BASIC.match(self.text, self.at):
                name = _ESCAPE.sub(_unescape, found[1])
            elif found := _LITERAL.match(self.text, self.at):
                name = found[1]
            else:
                raise _Stop
            self.at = found.end()
            parts.append((name, pos))
            self.skip(_SPACE)
            if not self.text.startswith(".", self.at):
                return parts
            self.at += 1

    def value(self, path: Path, depth: int) -> None:
        self.values[path] = self.pos()
        if depth > MAX_DEPTH:
            raise TooDeep(self.pos())
        first = self.text[self.at : self.at + 1]
        if first == "[":
            self.array(path, depth)
        elif first == "{":
            self.table(path, depth)
        elif self.text.startswith('"""', self.at):
            self.long(_LONG_BASIC, '"""')
        elif self.text.startswith("'''", self.at):
            self.long(_LONG_LITERAL, "'''")
        elif first and first in "\"'":
            self.take(_BASIC if first == '"' else _LITERAL)
        else:
            self.take(_PLAIN)

    def array(self, path: Path, depth: int) -> None:
        self.at += 1
        index = 0
        while self.skip(_BLANK) < len(self.text):
            if self.text[self.at] == "]":
                self.at += 1
                return
            self.value((*path, index), depth + 1)
            index += 1
            self.skip(_BLANK)
            if not self.text.startswith(",", self.at):
                self.expect("]")
                return
            self.at += 1
        raise _Stop

    def table(self, path: Path, depth: int) -> None:
        self.at += 1
        while self.skip(_BLANK) < len(self.text):
            if self.text[self.at] == "}":
                self.at += 1
                return
            self.pair(path, depth + 1)
            self.skip(_BLANK)
            if not self.text.startswith(",", self.at):
                self.expect("}")
                return
            self.at += 1
        raise _Stop

    def long(self, body: re.Pattern[str], quotes: str) -> None:
        self.take(body)
        if not self.text.startswith(quotes, self.at):
            raise _Stop
        self.take(_CLOSE)

    def take(self, pattern: re.Pattern[str]) -> None:
        found = pattern.match(self.text, self.at)
        if found is None:
            raise _Stop
        self.at = found.end()

    def skip(self, pattern: re.Pattern[str]) -> int:
        found = pattern.match(self.text, self.at)
        self.at = found.end() if found else self.at
        return self.at

    def expect(self, word: str) -> None:
        if not self.text.startswith(word, self.at):
            raise _Stop
        self.at += len(word)

    def pos(self) -> Pos:
        """Line and column of where the scan stands; lines are counted once, going forward."""
        newlines = self.text.count("\n", self.counted, self.at)
        if newlines:
            self.line += newlines
            self.line_start = self.text.rfind("\n", 0, self.at) + 1
        self.counted = self.at
        return self.line, self.at - self.line_start + 1


def _unescape(found: re.Match[str]) -> str:
    digits = found[1] or found[2]
    if digits:
        code = int(digits, 16)
        return chr(code) if code <= 0x10FFFF else ""
    return _ESCAPES.get(found[3], found[3])
