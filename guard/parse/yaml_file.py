"""YAML to nodes. In: bytes. Out: a `DataFile` with all documents, or a `Problem`.

Built from libyaml's events with a stack of our own: no recursion, so no depth can overflow the process, and no Python
object is ever made from a tag. Aliases share nodes; what they would grow to is counted. Neighbour: `nodes`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from guard.model import Problem, Scalar
from guard.parse.nodes import MAX_DEPTH, MAX_NODES, DataFile, Entry, Node, last_of_equal, not_valid, too_deep
from guard.parse.text import decoded

_STANDARD = "tag:yaml.org,2002:"
_LONGEST_NUMBER = 400
"""Characters. Longer "numbers" stay text: `1:1:1:...` (base 60) would take quadratic time."""
_TEMPLATE = re.compile(r"\{\{|\{%")


@dataclass(slots=True)
class _Open:
    """A map or list whose end has not come yet."""

    kind: str
    line: int
    column: int
    anchor: str | None
    tag: str | None
    nodes: list[Node] = field(default_factory=list)
    """Items of a list; keys and values in turn of a map."""
    size: int = 1
    height: int = 1

    def expects_key(self) -> bool:
        """Whether the next node is a key."""
        return self.kind == "map" and len(self.nodes) % 2 == 0


@dataclass(slots=True)
class _Known:
    """An anchored node with its size (nodes, aliases written out) and height (levels)."""

    node: Node
    size: int
    height: int


class _Refused(Exception):
    """The document can't be taken; carries the problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def parse(path: str, data: bytes) -> DataFile | Problem:
    """See `guard.parse.data.parse_yaml`. Problems: `not-utf8`, `syntax`, `too-deep`, `alias-bomb`."""
    text = decoded(path, data)
    if isinstance(text, Problem):
        return text
    import yaml

    loader_type: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        loader = loader_type(text)
        try:
            return DataFile(path, tuple(_documents(path, loader, yaml)))
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        reason = " ".join(part for part in (error.context, error.problem) if part)
        line, column = (mark.line + 1, mark.column + 1) if mark else (None, None)
        # libyaml 0.2.6 and later (PyYAML 6.0.4) refuse 1,000 levels themselves, often before the first event is read.
        if error.problem == "exceeded maximum nesting depth":
            return too_deep(path, line)
        return not_valid(path, line, column, "YAML", reason, _hint(text))
    except yaml.YAMLError as error:
        return not_valid(path, _line_of_bad_character(text), None, "YAML", str(error).split("\n")[0], _hint(text))
    except _Refused as refused:
        return refused.problem
    except (RecursionError, MemoryError):
        return too_deep(path)
    except (ValueError, OverflowError) as error:
        return not_valid(path, None, None, "YAML", str(error).split("\n")[0])


def _documents(path: str, loader: Any, yaml: Any) -> Iterator[Node]:
    """Turns the loader's events into one node per document."""
    builder = _Builder(path, loader, yaml)
    while loader.check_event():
        event = loader.get_event()
        if isinstance(event, yaml.DocumentEndEvent):
            if builder.document is not None:
                yield builder.document
        elif isinstance(event, yaml.DocumentStartEvent):
            builder.begin()
        elif isinstance(event, yaml.ScalarEvent):
            node = builder.scalar(event)
            builder.add(node, 1, 0, event.anchor)
        elif isinstance(event, yaml.AliasEvent):
            builder.alias(event)
        elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            builder.open("map" if isinstance(event, yaml.MappingStartEvent) else "list", event)
        elif isinstance(event, yaml.CollectionEndEvent):
            builder.close()


class _Builder:
    """The stack of open maps and lists, and the anchors seen so far in a document."""

    def __init__(self, path: str, loader: Any, yaml: Any) -> None:
        self.path = path
        self.loader = loader
        self.yaml = yaml
        self.begin()

    def begin(self) -> None:
        """A new document: anchors do not outlive the one before."""
        self.document: Node | None = None
        self.stack: list[_Open] = []
        self.anchors: dict[str, _Known] = {}

    def open(self, kind: str, event: Any) -> None:
        """A map or list begins."""
        mark = event.start_mark
        if len(self.stack) >= MAX_DEPTH:
            raise _Refused(too_deep(self.path, mark.line + 1))
        self.stack.append(_Open(kind, mark.line + 1, mark.column + 1, event.anchor, _custom(event.tag)))

    def close(self) -> None:
        """The innermost map or list ends and becomes a node."""
        top = self.stack.pop()
        if top.kind == "list":
            node = Node("list", top.line, top.column, items=tuple(top.nodes), tag=top.tag)
        else:
            entries = [Entry(key, value) for key, value in zip(top.nodes[::2], top.nodes[1::2], strict=True)]
            if any(entry.key.tag == "merge" for entry in entries):
                entries = _merged(entries)
            node = Node("map", top.line, top.column, entries=last_of_equal(entries), tag=top.tag)
        self.add(node, top.size, top.height, top.anchor)

    def alias(self, event: Any) -> None:
        """An alias stands for the node of its anchor, which must be complete."""
        known = self.anchors.get(event.anchor)
        line, column = event.start_mark.line + 1, event.start_mark.column + 1
        if known is None:
            reason = f"alias *{event.anchor} has no anchor before it"
            if any(part.anchor == event.anchor for part in self.stack):
                reason = f"alias *{event.anchor} stands inside its own anchor"
            raise _Refused(not_valid(self.path, line, column, "YAML", reason))
        self.add(known.node, known.size, known.height, None)
        if len(self.stack) + known.height > MAX_DEPTH:
            raise _Refused(too_deep(self.path, line))

    def add(self, node: Node, size: int, height: int, anchor: str | None) -> None:
        """Puts a finished node into the map or list around it, or makes it the document."""
        if anchor is not None:
            self.anchors[anchor] = _Known(node, size, height)
        if not self.stack:
            self.document = node
            return
        top = self.stack[-1]
        top.nodes.append(node)
        top.size += size
        top.height = max(top.height, height + 1)
        if top.size > MAX_NODES:
            message = f"grows to more than {MAX_NODES:,} values once its aliases are written out; it was not read"
            raise _Refused(Problem(self.path, node.line, node.column, "alias-bomb", message))

    def scalar(self, event: Any) -> Node:
        """A scalar with the type that PyYAML's safe loader gives it; what has no plain type stays text."""
        text: str = event.value
        mark = event.start_mark
        tag: str = event.tag
        if tag is None or tag == "!":
            tag = self.loader.resolve(self.yaml.ScalarNode, text, event.implicit)
        kind = tag.removeprefix(_STANDARD)
        if kind == "merge" and self.stack and self.stack[-1].expects_key():
            return Node("scalar", mark.line + 1, mark.column + 1, text, text, tag="merge")
        value: Scalar = text
        if kind in ("int", "float", "bool", "null") and len(text) <= _LONGEST_NUMBER:
            value = self._typed(kind, text)
        return Node("scalar", mark.line + 1, mark.column + 1, value, text, tag=_custom(tag))

    def _typed(self, kind: str, text: str) -> Scalar:
        node = self.yaml.ScalarNode(_STANDARD + kind, text)
        try:
            value: Scalar = getattr(self.loader, "construct_yaml_" + kind)(node)
        except (ValueError, KeyError, IndexError, OverflowError):
            # `!!int x`: the tag claims what the text is not.
            return text
        return value


def _merged(entries: list[Entry]) -> list[Entry]:
    """`entries` with the maps under `<<` put in front: own keys win, of several maps the first."""
    own: list[Entry] = []
    inherited: list[Entry] = []
    for entry in entries:
        if entry.key.tag != "merge":
            own.append(entry)
        elif entry.value.kind == "map":
            inherited += entry.value.entries
        else:
            for part in reversed(entry.value.items):
                inherited += part.entries
    return inherited + own


def _custom(tag: str | None) -> str | None:
    """`tag` if it is none of YAML's own; PyYAML puts its tags for Python objects under YAML's name."""
    if tag is None or tag == "!":
        return None
    own = tag.startswith(_STANDARD) and not tag.startswith(_STANDARD + "python/")
    return None if own else tag


def _hint(text: str) -> str:
    return "This looks like a template; guard reads the files that it makes." if _TEMPLATE.search(text) else ""


def _line_of_bad_character(text: str) -> int | None:
    """Line of the first control character, which YAML does not allow."""
    found = re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]", text)
    return text.count("\n", 0, found.start()) + 1 if found else None
