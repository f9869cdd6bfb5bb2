"""BAML sources to nodes. In: text. Out: one map `{kind: {name: {...}}}` of the blocks `client`, `function`,
`retry_policy`.

Only what decides cost is read: names, texts, numbers, lists and nested blocks; types, classes, enums and tests are
passed over. What is no such thing is skipped word by word, so no text can be refused and none is read twice.
Neighbour: `nodes`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from guard.model import Scalar
from guard.parse.nodes import Entry, LineStarts, Node, last_of_equal

_TOKEN = re.compile(
    r"""(?P<gap>\s+|//[^\n]*)
      | (?P<string>"(?:\\.|[^"\\]){0,2000}")
      | (?P<mark>[{}\[\],()<>|@:=?;])
      | (?P<word>[^\s{}\[\],()<>|"@:=?;#]+)
      | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_RAW = re.compile(r"#{1,20}\"")
_KINDS = frozenset({"client", "function", "retry_policy"})
_MAX_DEPTH = 40
_NUMBER = re.compile(r"-?\d{1,15}(?:\.\d{1,15})?")
Token = tuple[str, str, int]
"""Kind, text as meant, offset."""


def parse(text: str) -> Node:
    """The blocks of a source. Never raises; what is not closed ends with the text."""
    return _Reader(text).blocks()


class _Reader:
    def __init__(self, text: str) -> None:
        self.places = LineStarts(text)
        self.tokens = list(_tokens(text))
        self.at = 0

    def _peek(self, ahead: int = 0) -> Token:
        index = self.at + ahead
        return self.tokens[index] if index < len(self.tokens) else ("end", "", 0)

    def blocks(self) -> Node:
        """All blocks of the top level, by kind and name."""
        found: dict[str, list[Entry]] = {kind: [] for kind in sorted(_KINDS)}
        first: dict[str, Node] = {}
        while self._peek()[0] != "end":
            kind, text, offset = self._peek()
            self.at += 1
            if kind == "word" and text in _KINDS:
                key = self._name()
                opener = self._to_block()
                if key is not None and opener:
                    first.setdefault(text, self._scalar(text, offset))
                    found[text].append(Entry(key, self._map(0)))
            elif text == "{":
                self._skip_block()
        entries = tuple(
            Entry(first[kind], Node("map", first[kind].line, first[kind].column, entries=last_of_equal(inner)))
            for kind, inner in found.items()
            if inner
        )
        return Node("map", 1, 1, entries=entries)

    def _name(self) -> Node | None:
        """The name of a block: behind `client<llm>`, `function`."""
        if self._peek()[1] == "<":
            while self._peek()[0] != "end" and self._peek()[1] != ">":
                self.at += 1
            self.at += 1
        kind, text, offset = self._peek()
        if kind not in ("word", "text"):
            return None
        self.at += 1
        return self._scalar(text, offset)

    def _to_block(self) -> bool:
        """Goes behind the `{` that opens the block; of a function, past its parameters and its type."""
        while self._peek()[0] != "end":
            kind, text, _ = self._peek()
            if kind == "word" and text in _KINDS:
                return False
            self.at += 1
            if kind == "mark" and text == "{":
                return True
        return False

    def _skip_block(self) -> None:
        depth = 1
        while depth and self._peek()[0] != "end":
            kind, text, _ = self._peek()
            depth += (kind == "mark" and text == "{") - (kind == "mark" and text == "}")
            self.at += 1

    def _map(self, depth: int) -> Node:
        """The entries of a block, from behind its `{` to behind its `}`."""
        offset = self._peek()[2]
        entries: list[Entry] = []
        while self._peek()[0] != "end":
            kind, text, here = self._peek()
            self.at += 1
            if kind == "mark" and text == "}":
                break
            if kind not in ("word", "text"):
                continue
            if self._peek()[1] == ":" and self._peek()[0] == "mark":
                self.at += 1
            if self._peek()[1] != "}" or self._peek()[0] != "mark":
                entries.append(Entry(self._scalar(text, here), self._value(depth + 1)))
        line, column = self.places.place(offset)
        return Node("map", line, column, entries=last_of_equal(entries))

    def _value(self, depth: int) -> Node:
        kind, text, offset = self._peek()
        self.at += 1
        if kind == "mark" and text == "{":
            if depth > _MAX_DEPTH:
                self._skip_block()
                return self._scalar("", offset)
            return self._map(depth)
        if kind == "mark" and text == "[":
            items: list[Node] = []
            while self._peek()[0] != "end" and self._peek()[1:2] != ("]",):
                if self._peek()[0] in ("word", "text"):
                    items.append(self._scalar(self._peek()[1], self._peek()[2], self._peek()[0] == "text"))
                self.at += 1
            self.at += 1
            line, column = self.places.place(offset)
            return Node("list", line, column, items=tuple(items))
        return self._scalar(text, offset, kind == "text")

    def _scalar(self, text: str, offset: int, quoted: bool = False) -> Node:
        value: Scalar = text
        if not quoted and _NUMBER.fullmatch(text):
            value = float(text) if "." in text else int(text)
        elif not quoted and text in ("true", "false"):
            value = text == "true"
        line, column = self.places.place(offset)
        return Node("scalar", line, column, value, text)


def _tokens(text: str) -> Iterator[Token]:
    """The words of a source. What closes nowhere behind a place closes nowhere further on: it is looked for once."""
    position = 0
    unclosed: set[str] = set()
    while position < len(text):
        opener = _RAW.match(text, position) if text[position] == "#" else None
        is_comment = text.startswith("{#", position)
        closer = "#}" if is_comment else '"' + opener[0][:-1] if opener is not None else ""
        end = (
            text.find(closer, position + 2 if opener is None else opener.end())
            if closer and closer not in unclosed
            else -1
        )
        if end >= 0:
            if opener is not None:
                yield "text", _dedented(text[opener.end() : end]), position
            position = end + len(closer)
            continue
        unclosed |= {closer} if closer else set()
        found = _TOKEN.match(text, position)
        if found is None:
            return
        kind = found.lastgroup or "other"
        if kind == "string":
            yield "text", re.sub(r"\\(.)", r"\1", found[0][1:-1]), position
        elif kind != "gap":
            yield kind, found[0], position
        position = found.end()


def _dedented(text: str) -> str:
    """A raw string without the spaces that all its lines begin with, as BAML reads it."""
    import textwrap

    return textwrap.dedent(text).strip("\n").rstrip()
