"""YAML text -> `Document`. Neighbours: `document` (the result), `toml_reader` (the same for pyproject.toml).

YAML 1.2 words: only `true` and `false` are truth values, so `off`, `on`, `yes` and `no` stay text; numbers may have
underscores; dates stay text. The tree is built from the parser's events with a limit on depth, because the composer of
libyaml recurses on the C stack. Anchors and aliases work; tags, merge keys and several documents do not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from guard.config import document
from guard.config.document import MAX_DEPTH, MAX_NODES, Document, Path, Pos, split_lines
from guard.config.issues import MAX_ISSUES, ConfigError, ConfigIssue, printable, show

Scalar = str | int | Decimal | bool | None

_STRANGE = re.compile("[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
"""What YAML calls not printable, and the rarer line breaks (U+0085, U+2028, U+2029), which editors do not count."""
_INTEGER = re.compile(r"[-+]?[0-9]+(?:_[0-9]+)*")
_FLOAT = re.compile(r"[-+]?(?:[0-9]+(?:_[0-9]+)*(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_OTHER_BASE = re.compile(r"0o[0-7]{1,16}|0x[0-9a-fA-F]{1,12}")
_WORDS: dict[str, Scalar] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_TEXT_TAG = "tag:yaml.org,2002:str"
_QUOTE = "text that begins with *, &, @, %, ! or a backtick needs quotes"


@dataclass(slots=True)
class _Node:
    """A value before aliases are expanded. A mapping's entries are (key, position of the key, value)."""

    pos: Pos
    scalar: Scalar = None
    items: list[_Node] | None = None
    entries: list[tuple[str, Pos, _Node]] | None = None
    key: tuple[str, Pos] | None = None
    """While a mapping is being read: the key whose value comes next."""
    anchor: str | None = None


@dataclass(slots=True)
class _Reader:
    path: str
    text: str
    lines: tuple[str, ...]
    issues: list[ConfigIssue] = field(default_factory=list)
    anchors: dict[str, _Node] = field(default_factory=dict)

    def fail(self, pos: Pos, message: str, hint: str = "") -> ConfigError:
        return ConfigError([ConfigIssue(self.path, *pos, message, hint, document.line_text(self.lines, pos[0]))])

    def add(self, pos: Pos, message: str, hint: str = "") -> None:
        self.issues.extend(self.fail(pos, message, hint).errors)
        if len(self.issues) >= MAX_ISSUES:
            raise ConfigError(self.issues)

    def compose(self) -> _Node | None:
        """The tree of the only document; None for an empty file."""
        import yaml

        root: _Node | None = None
        stack: list[_Node] = []
        for count, event in enumerate(_events(self.text)):
            pos = (event.start_mark.line + 1, event.start_mark.column + 1)
            if count > 2 * MAX_NODES:
                raise document.too_many(self.path, self.text, pos)
            match event:
                case yaml.DocumentStartEvent() if root is not None:
                    raise self.fail(pos, "the file holds more than one YAML document", "keep the part before this ---")
                case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                    if len(stack) >= MAX_DEPTH:
                        raise document.too_deep(self.path, self.text, pos)
                    node = self._container(event, pos)
                    root = root or node
                    self._attach(stack, node)
                    stack.append(node)
                case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                    node = stack.pop()
                    # Registered only now: an alias inside its own anchor would never end.
                    if node.anchor:
                        self.anchors[node.anchor] = node
                case yaml.ScalarEvent():
                    node = self._scalar(event, pos, as_key=_wants_key(stack))
                    root = root or node
                    self._attach(stack, node)
                    if event.anchor:
                        self.anchors[event.anchor] = node
                case yaml.AliasEvent():
                    name = str(event.anchor)
                    known = self.anchors.get(name)
                    if known is None:
                        raise self.fail(pos, f"there is no anchor '&{printable(name)}' before this", _QUOTE)
                    self._attach(stack, _Node(pos, known.scalar, known.items, known.entries))
        return root

    def _container(self, event: Any, pos: Pos) -> _Node:
        import yaml

        if event.tag is not None:
            self.add(pos, f"tag {show(event.tag)} is not supported", "remove it")
        if isinstance(event, yaml.MappingStartEvent):
            return _Node(pos, entries=[], anchor=event.anchor)
        return _Node(pos, items=[], anchor=event.anchor)

    def _attach(self, stack: list[_Node], node: _Node) -> None:
        if not stack:
            return
        parent = stack[-1]
        if parent.items is not None:
            parent.items.append(node)
        elif parent.entries is not None and parent.key is not None:
            parent.entries.append((*parent.key, node))
            parent.key = None
        elif node.items is not None or node.entries is not None:
            self.add(node.pos, "a key must be text, found a list or a mapping")
            parent.key = ("", node.pos)
        else:
            parent.key = (str(node.scalar), node.pos)

    def _scalar(self, event: Any, pos: Pos, *, as_key: bool) -> _Node:
        value: str = event.value
        if event.tag not in (None, "!", _TEXT_TAG):
            self.add(pos, f"tag {show(event.tag)} is not supported", "quote text that begins with '!'")
        if as_key or event.style or event.tag is not None:
            return _Node(pos, value)
        if value in _WORDS:
            return _Node(pos, _WORDS[value])
        if _OTHER_BASE.fullmatch(value):
            return _Node(pos, int(value, 0))
        if not _INTEGER.fullmatch(value) and not _FLOAT.fullmatch(value):
            return _Node(pos, value)
        read = document.number(value)
        if read is None:
            self.add(pos, f"number {printable(value[:40])} is out of range")
        return _Node(pos, 0 if read is None else read)

    def expand(self, root: _Node | None) -> Document:
        """Plain data and positions. A key that is written twice is an error."""
        keys: dict[Path, Pos] = {}
        values: dict[Path, Pos] = {}

        def walk(node: _Node, where: Path) -> Any:
            values[where] = node.pos
            if len(values) > MAX_NODES:
                raise document.too_many(self.path, self.text, node.pos)
            if len(where) > MAX_DEPTH:
                raise document.too_deep(self.path, self.text, node.pos)
            if node.items is not None:
                return [walk(item, (*where, i)) for i, item in enumerate(node.items)]
            if node.entries is None:
                return node.scalar
            data: dict[str, Any] = {}
            for key, pos, item in node.entries:
                if key in data:
                    first = keys[*where, key][0]
                    self.add(pos, f"key {show(key)} is written twice", f"the first one is on line {first}")
                    continue
                keys[*where, key] = pos
                data[key] = walk(item, (*where, key))
            return data

        data = walk(root, ()) if root else None
        return Document(self.path, data, keys, values, self.lines)


def read_yaml(raw: bytes, path: str) -> Document:
    """The document in a YAML file. Raises `ConfigError` with every mistake of form that could be found."""
    text = document.decode(raw, path)
    strange = _STRANGE.search(text)
    if strange:
        pos = document.position(text, strange.start())
        raise document.failure(path, text, pos, f"character U+{ord(strange[0]):04X} is not allowed", "remove it")
    reader = _Reader(path, text, split_lines(text))
    import yaml

    try:
        root = reader.compose()
    except yaml.MarkedYAMLError as error:
        raise _bad_yaml(path, text, error) from None
    found = reader.expand(root)
    if reader.issues:
        raise ConfigError(reader.issues)
    return found


def _wants_key(stack: list[_Node]) -> bool:
    return bool(stack) and stack[-1].entries is not None and stack[-1].key is None


def _events(text: str) -> Iterator[Any]:
    """Parser events, from libyaml where PyYAML was built with it."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.parse(text, Loader=loader)


def _bad_yaml(path: str, text: str, error: Any) -> ConfigError:
    """The parser's complaint with its position and, for the mistakes that are made most, what to do."""
    mark = error.problem_mark or error.context_mark
    if mark and error.context_mark and not "".join(split_lines(text)[mark.line :])[mark.column :].strip():
        mark = error.context_mark  # at the end of the file nothing can be seen; what was left open can
    pos = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    # libyaml 0.2.6 and later (PyYAML 6.0.4) refuse 1,000 levels themselves, often before the first event is read.
    if error.problem == "exceeded maximum nesting depth":
        return document.too_deep(path, text, pos)
    problem = printable(str(error.problem or error.context or "it cannot be read"))
    return document.failure(path, text, pos, f"bad YAML: {problem}", _advice(text, pos, problem))


def _advice(text: str, pos: Pos, problem: str) -> str:
    line, column = pos
    here = document.line_text(split_lines(text), line)[column - 1 : column]
    if here == "\t":
        return "indent with spaces, not with tabs"
    if here in ("*", "&", "@", "`", "%", "!") or "alphabetic" in problem:
        return _QUOTE
    if "mapping values" in problem:
        return "check the indentation, and quote text that contains ': '"
    if "block mapping" in problem or "block collection" in problem:
        return "check the indentation of this line and the one before"
    if "flow" in problem or "','" in problem:
        return "check the brackets, braces and commas"
    return ""
