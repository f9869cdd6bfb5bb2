"""JSON to nodes. In: bytes. Out: a `DataFile` with one document, or a `Problem`.

`json.loads` decides what is valid; the scan that follows only finds positions, so it may trust its input.
Neighbour: `nodes`.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field

from guard.model import Problem
from guard.parse.nodes import MAX_DEPTH, DataFile, Entry, LineStarts, Node, last_of_equal, not_valid, too_deep
from guard.parse.text import decoded

_BETWEEN = re.compile(r"[\s,:]*")
_decode_at = json.JSONDecoder().raw_decode


@dataclass(slots=True)
class _Open:
    is_map: bool
    start: int
    nodes: list[Node] = field(default_factory=list)


def parse(path: str, data: bytes) -> DataFile | Problem:
    """See `guard.parse.data.parse_json`. Problems: `not-utf8`, `syntax`, `too-deep`."""
    text = decoded(path, data)
    if isinstance(text, Problem):
        return text
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        hint = "JSON has no comments and no trailing commas." if re.search(r"//|/\*|,\s*[\]}]", text) else ""
        return not_valid(path, error.lineno, error.colno, "JSON", error.msg, hint)
    except RecursionError:
        return too_deep(path)
    except ValueError:
        return not_valid(path, None, None, "JSON", "it holds a number too long to read")
    root = _nodes(text)
    return too_deep(path) if root is None else DataFile(path, (root,))


def _nodes(text: str) -> Node | None:
    """The document of a valid JSON text; None if it nests too deeply."""
    places = LineStarts(text)
    stack: list[_Open] = []
    position = 0
    while True:
        between = _BETWEEN.match(text, position)
        start = between.end() if between else position
        mark = text[start]
        if mark in "{[":
            if len(stack) >= MAX_DEPTH:
                return None
            stack.append(_Open(mark == "{", start))
            position = start + 1
            continue
        if mark in "}]":
            node = _closed(stack.pop(), places)
            position = start + 1
        else:
            value, position = _decode_at(text, start)
            node = Node("scalar", *places.place(start), value)
        if not stack:
            return node
        stack[-1].nodes.append(node)


def _closed(part: _Open, places: LineStarts) -> Node:
    line, column = places.place(part.start)
    if not part.is_map:
        return Node("list", line, column, items=tuple(part.nodes))
    entries = [Entry(key, value) for key, value in zip(part.nodes[::2], part.nodes[1::2], strict=True)]
    return Node("map", line, column, entries=last_of_equal(entries))
