"""Bytes to documents with places and key paths. In: a file's bytes. Out: `Document`s, and `At`s to walk them with.

Key paths are those of the report: dots between keys, `[2]` for items, `["a.b"]` for keys with dots, `1#` before those
of document 1 of several, `>` into YAML inside a string. Neighbours: `guard.parse` reads the bytes; collectors walk.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from guard.model import Problem, Scalar, Span
from guard.parse import data as formats
from guard.parse.nodes import DataFile, Entry, Node
from guard.parse.text import decoded

MAX_INNER = 200_000
"""Characters of a text in a document that is itself read as YAML or JSON."""
Kind = str


@dataclass(frozen=True, slots=True)
class Document:
    """One document of a file."""

    path: str
    lines: tuple[str, ...]
    """All lines of the file."""
    root: At
    number: int = 0
    of: int = 1
    """How many documents the file has."""
    body: int | None = None
    """Line on which the text behind a front matter begins; None: there is none."""


class At(NamedTuple):
    """A node with its place in a document."""

    node: Node
    path: str
    """Key path; empty for a document's root."""
    file: str
    lines: tuple[str, ...]

    def get(self, *keys: str | int) -> At | None:
        """What `keys` lead to; None if the way ends earlier."""
        at: At | None = self
        for key in keys:
            value = at.node.get(key) if at is not None else None
            if at is None or value is None:
                return None
            at = At(value, joined(at.path, key), self.file, self.lines)
        return at

    def items(self) -> Iterator[At]:
        """The items of a list; nothing of anything else."""
        for index, item in enumerate(self.node.items):
            yield At(item, joined(self.path, index), self.file, self.lines)

    def pairs(self) -> Iterator[tuple[str, At]]:
        """Keys (as text) and values of a map; nothing of anything else."""
        for entry in self.node.entries:
            if entry.key.kind == "scalar":
                key = key_text(entry)
                yield key, At(entry.value, joined(self.path, key), self.file, self.lines)

    def deep(self) -> Iterator[tuple[tuple[str, ...], At]]:
        """Every map below and the node itself, with the keys that lead there; shared nodes once. Outermost first."""
        waiting: list[tuple[tuple[str, ...], At]] = [((), self)]
        seen: set[int] = set()
        for keys, at in waiting:
            if id(at.node) in seen:
                continue
            seen.add(id(at.node))
            if at.node.kind == "map":
                yield keys, at
                waiting += [((*keys, key), inner) for key, inner in at.pairs() if inner.node.kind != "scalar"]
            elif at.node.kind == "list":
                waiting += [(keys, inner) for inner in at.items() if inner.node.kind != "scalar"]

    @property
    def value(self) -> Scalar:
        """Of a scalar; a value with a custom tag is not what it seems, so it is its text."""
        return self.node.value if self.node.tag is None else self.node.text

    @property
    def text(self) -> str | None:
        """Of a scalar that is text; None for all else."""
        return self.value if self.node.kind == "scalar" and isinstance(self.value, str) else None

    @property
    def number(self) -> int | None:
        """Of a scalar that is a whole number, be it in quotes; None for all else."""
        value = self.value
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 16:
            return int(value)
        if isinstance(value, float) and value.is_integer():
            return int(value)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    @property
    def truth(self) -> bool | None:
        """Of a scalar that is true or false; None for all else."""
        return self.value if isinstance(self.value, bool) else None

    @property
    def span(self) -> Span:
        """Where it stands: of text over several lines the first one, since how many there are depends on its style."""
        width = len(str(self.node.text if self.node.text is not None else self.node.value).split("\n", 1)[0])
        return span(self.file, self.node.line, self.node.column, width)


def span(path: str, line: int, column: int, width: int = 1) -> Span:
    """A stretch of one line."""
    return Span(path, line, column, line, column + max(1, width))


def key_text(entry: Entry) -> str:
    """A key as text: as written where that is known."""
    return entry.key.text if entry.key.text is not None else str(entry.key.value)


def joined(path: str, key: str | int) -> str:
    """A key path with one more key."""
    if isinstance(key, int):
        return f"{path}[{key}]"
    if not key or any(mark in key for mark in '."[]>#\n'):
        escaped = key.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        return f'{path}["{escaped}"]'
    return f"{path}{key}" if not path or path.endswith((">", "#")) else f"{path}.{key}"


PARSERS = {
    "yaml": formats.parse_yaml, "json": formats.parse_json, "toml": formats.parse_toml, "env": formats.parse_env,
}  # fmt: skip


def kind_of(path: str) -> Kind | None:
    """How a file is written, by its name: `yaml`, `json`, `toml`, `env`, `front` (text below a front matter), `text`,
    `lines` (a JSON object a line); None: no collector reads such files."""
    name = path.rpartition("/")[2].lower()
    if name == ".env" or name.startswith(".env.") or name.endswith(".env"):
        return "env"
    suffix = name.rpartition(".")[2] if "." in name else ""
    known = {"yaml": "yaml", "yml": "yaml", "json": "json", "jsonl": "lines", "toml": "toml", "prompty": "front"}
    return "text" if suffix == "baml" else known.get(suffix)


def documents(path: str, data: bytes, kind: Kind) -> tuple[Document, ...] | Problem:
    """The documents of a file that is written in `kind`."""
    text = decoded(path, data)
    if isinstance(text, Problem):
        return text
    lines = tuple(text.split("\n"))
    if kind in ("text", "lines"):
        return (Document(path, lines, At(Node("map", 1, 1), "", path, lines)),)
    if kind == "front":
        return _front(path, text, lines)
    parsed = PARSERS[kind](path, data)
    if isinstance(parsed, Problem):
        return parsed
    return _all(path, lines, parsed)


def _all(path: str, lines: tuple[str, ...], parsed: DataFile) -> tuple[Document, ...]:
    many = len(parsed.documents)
    return tuple(
        Document(path, lines, At(root, f"{number}#" if many > 1 else "", path, lines), number, many)
        for number, root in enumerate(parsed.documents)
    )


def _front(path: str, text: str, lines: tuple[str, ...]) -> tuple[Document, ...] | Problem:
    """A front matter between two lines `---`, and the text below it."""
    first = next((n for n, line in enumerate(lines) if line.strip()), None)
    if first is None or lines[first].rstrip() != "---":
        return ()
    last = next((n for n in range(first + 1, len(lines)) if lines[n].rstrip() == "---"), None)
    if last is None:
        return ()
    parsed = formats.parse_yaml(path, ("\n" * (first + 1) + "\n".join(lines[first + 1 : last]) + "\n").encode())
    if isinstance(parsed, Problem):
        return parsed
    body = next((n for n in range(last + 1, len(lines)) if lines[n].strip()), None)
    return tuple(replace(found, body=None if body is None else body + 1) for found in _all(path, lines, parsed)[:1])


def inner(at: At) -> At | None:
    """The YAML (or JSON) that stands in a text of a document, with places in the file; None if there is none."""
    text = at.text
    if text is None or len(text) > MAX_INNER or ("\n" not in text and not text.lstrip().startswith(("{", "["))):
        return None
    parsed = formats.parse_yaml(at.file, text.encode("utf-8", "surrogatepass"))
    if isinstance(parsed, Problem) or parsed.root is None or parsed.root.kind == "scalar":
        return None
    node = at.node
    opener = at.lines[node.line - 1][node.column - 1 : node.column] if node.line <= len(at.lines) else ""
    down, right = (node.line, _indent(at)) if opener in ("|", ">") else (node.line - 1, node.column)
    return At(_moved(parsed.root, down, right, {}), f"{at.path}>", at.file, at.lines)


def _indent(at: At) -> int:
    """Columns that the lines of a block begin with."""
    for line in at.lines[at.node.line :]:
        if line.strip():
            return len(line) - len(line.lstrip())
    return 0


def _moved(node: Node, down: int, right: int, done: dict[int, Node]) -> Node:
    """`node` as many lines and columns further; shared nodes stay shared."""
    if id(node) not in done:
        done[id(node)] = replace(
            node, line=node.line + down, column=node.column + right,
            entries=tuple(
                Entry(_moved(e.key, down, right, done), _moved(e.value, down, right, done)) for e in node.entries
            ),
            items=tuple(_moved(item, down, right, done) for item in node.items),
        )  # fmt: skip
    return done[id(node)]


def line_with(at: At, part: str, after: int = 0) -> tuple[int, int]:
    """Line and column of `part` of a text, looked for in the lines from where the text begins."""
    height = (at.text or "").count("\n") + 2
    for line in range(max(at.node.line, after), min(at.node.line + height, len(at.lines)) + 1):
        column = at.lines[line - 1].find(part, at.node.column - 1 if line == at.node.line else 0)
        if column >= 0:
            return line, column + 1
    return at.node.line, at.node.column
