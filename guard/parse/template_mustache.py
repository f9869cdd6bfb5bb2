"""Mustache templates, and of Handlebars what prompts use of it.

In: a text. Out: `template_nodes`, or an error of theirs.

Mustache: sections, inverted sections, partials, comments, changed delimiters, and the rule that a line which holds
nothing but a tag of these vanishes. Handlebars (`handlebars=True`): `#if`, `#unless`, `#each`, `#with`, `else`,
comments with dashes, `~`; helpers of the program's own are a hole. Nothing is run.
"""

from __future__ import annotations

import functools
import re
from typing import NamedTuple

from guard.parse.template_nodes import (
    MAX_DEPTH,
    MAX_NODES,
    Const,
    Expr,
    For,
    Get,
    If,
    Include,
    Node,
    Nodes,
    NotATemplate,
    Section,
    Show,
    Text,
    TooLarge,
    Unread,
    Var,
    With,
)  # fmt: skip

MAX_LENGTH = 400_000
"""Characters of a template."""
THIS = "."
"""The name of what a section is inside of."""
_STANDALONE = "#^/>!="
_HELPER = re.compile(r"[\w./@-]+|\"[^\"]*\"|'[^']*'")


class _Tag(NamedTuple):
    kind: str
    """`text`, `name`, `raw`, or the character of the tag."""
    text: str
    line: int
    indent: str = ""
    """Of a partial on a line of its own: what stands before it."""


@functools.lru_cache(maxsize=256)
def parse_mustache(text: str, handlebars: bool = False) -> Nodes:
    """The nodes of a template. Raises `NotATemplate` where its tags do not fit, `TooLarge` beyond guard's bounds."""
    if len(text) > MAX_LENGTH:
        raise TooLarge("a template that is too large to be followed")
    return _Builder(_alone(list(_tags(text)), handlebars), handlebars).whole()


def _tags(text: str) -> list[_Tag]:
    """Texts and tags in their order. Delimiters may change on the way."""
    found: list[_Tag] = []
    start, end, at, line = "{{", "}}", 0, 1
    while True:
        opened = text.find(start, at)
        if opened < 0:
            found.append(_Tag("text", text[at:], line))
            return found
        if len(found) > MAX_NODES:
            raise TooLarge("a template that is too large to be followed")
        found.append(_Tag("text", text[at:opened], line))
        line += text.count("\n", at, opened)
        raw = start == "{{" and text.startswith("{{{", opened)
        closing = "}}}" if raw else end
        if text.startswith("{{!--", opened):
            closing = "--}}"
        closed = text.find(closing, opened + len(start))
        if closed < 0:
            raise NotATemplate(f"a tag is not closed (line {line})")
        inner = text[opened + len(start) + raw : closed]
        before = inner[:1] == "~"
        inner = inner.removeprefix("~")
        after = inner.endswith("~")
        inner = inner.removesuffix("~").strip() if not inner.startswith("!") else "!"
        if before:
            found[-1] = found[-1]._replace(text=found[-1].text.rstrip())
        kind = "raw" if raw else inner[0] if inner and inner[0] in "#^/>!=&" else "name"
        name = inner if kind in ("raw", "name") else inner[1:].strip(" =" if kind == "=" else None)
        if kind == "=":
            both = name.split()
            if len(both) != 2:
                raise NotATemplate(f"delimiters that cannot be read (line {line})")
            start, end = both
        found.append(_Tag(kind, name, line))
        line += text.count("\n", opened, closed)
        at = closed + len(closing)
        if after:
            while at < len(text) and text[at].isspace():
                line += text[at] == "\n"
                at += 1


def _alone(tags: list[_Tag], handlebars: bool) -> list[_Tag]:
    """Takes the white space and the line's end around tags that stand alone on a line."""
    for number, tag in enumerate(tags):
        stands = tag.kind in _STANDALONE or (handlebars and tag.kind == "name" and tag.text.split(" ")[0] == "else")
        if not stands or tag.kind == "text":
            continue
        before, after = tags[number - 1].text, tags[number + 1].text
        head = before[before.rfind("\n") + 1 :]
        first = number == 1 or "\n" in before or (tags[number - 2].kind == "cut")
        rest = re.match(r"[ \t]*(?:\r?\n|\Z)", after)
        last = number + 2 == len(tags)
        if not first or head.strip(" \t") or rest is None or (rest.group().find("\n") < 0 and not last):
            continue
        kept = before[: len(before) - len(head)]
        tags[number - 1] = tags[number - 1]._replace(text=kept)
        tags[number + 1] = _Tag("text", after[rest.end() :], tags[number + 1].line + rest.group().count("\n"))
        tags[number] = tag._replace(indent=head)
    return tags


class _Builder:
    """Puts tags together to nodes."""

    def __init__(self, tags: list[_Tag], handlebars: bool) -> None:
        self.tags = tags
        self.at = 0
        self.depth = 0
        self.handlebars = handlebars

    def whole(self) -> Nodes:
        nodes, ended = self._until(None)
        if ended is not None:
            raise NotATemplate(f"`/{ended.text}` closes nothing (line {ended.line})")
        return nodes

    def _until(self, opened: _Tag | None) -> tuple[Nodes, _Tag | None]:
        """Nodes up to the tag that closes a section, or to its `else`."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise TooLarge("a template that is nested too deeply to be followed")
        found: list[Node] = []
        ended = None
        while self.at < len(self.tags):
            tag = self.tags[self.at]
            self.at += 1
            if tag.kind == "/" or self._is_else(tag):
                ended = tag
                break
            found += self._node(tag)
        self.depth -= 1
        if opened is not None and ended is None:
            raise NotATemplate(f"`#{opened.text}` is not closed (line {opened.line})")
        return tuple(found), ended

    def _is_else(self, tag: _Tag) -> bool:
        return self.handlebars and ((tag.kind == "name" and tag.text.split(" ")[0] == "else") or tag == (
            "^", "", tag.line, tag.indent
        ))  # fmt: skip

    def _node(self, tag: _Tag) -> list[Node]:
        if tag.kind == "text":
            return [Text(tag.text, tag.line)] if tag.text else []
        if tag.kind in "!=":
            return []
        if tag.kind == ">":
            name: Expr = Const(tag.text.split(" ")[0].strip("\"'") if self.handlebars else tag.text)
            return [Include(name, True, False, tag.line, tag.indent)]
        if tag.kind in ("name", "raw", "&"):
            return [self._shown(tag)]
        return [self._section(tag)]

    def _shown(self, tag: _Tag) -> Node:
        if self.handlebars and len(_HELPER.findall(tag.text)) > 1:
            return Unread(tag.text.split(" ")[0], "what a helper of the program makes", tag.line)
        return Show(_path(tag.text, self.handlebars), tag.line, tag.kind == "name")

    def _section(self, tag: _Tag) -> Node:
        body, ended = self._until(tag)
        other: Nodes = ()
        if ended is not None and ended.kind != "/":
            rest = ended.text.removeprefix("else").strip()
            if rest:  # `else if x`: a section inside of the other arm, closed by the same tag
                other = (self._section(_Tag("#", rest, ended.line)),)
                return self._made(tag, body, other)
            other, ended = self._until(tag)
        if ended is not None and ended.kind == "/" and not self.handlebars and ended.text != tag.text:
            raise NotATemplate(f"`/{ended.text}` closes `#{tag.text}` (line {ended.line})")
        return self._made(tag, body, other)

    def _made(self, tag: _Tag, body: Nodes, other: Nodes) -> Node:
        words = tag.text.split()
        if self.handlebars and len(words) > 1:
            value = _path(words[1], True)
            if words[0] in ("if", "unless") and len(words) == 2:
                then, rest = (body, other) if words[0] == "if" else (other, body)
                return If(value, then, rest, tag.line)
            if words[0] == "each":
                name = words[3].strip("|") if words[2:3] == ["as"] and len(words) > 3 else THIS
                return For((name,) if name == THIS else (name, THIS)[:1], value, None, body, other, tag.line)
            if words[0] == "with" and len(words) == 2:
                return If(value, (With(((THIS, value),), body),), other, tag.line)
            return Unread(words[0], "what a helper of the program makes", tag.line)
        value = _path(tag.text, self.handlebars)
        if other:
            return If(value, (Section(value, body, False, tag.line),), other, tag.line)
        return Section(value, body, tag.kind == "^", tag.line)


def _path(text: str, handlebars: bool) -> Expr:
    """`a.b.c`, `.`; in Handlebars `this`, `this.a`, `a/b`, `../a` (names of what is around are found all the same)."""
    if handlebars:
        text = text.replace("../", "").replace("/", ".").removeprefix("@root.")
        text = THIS if text == "this" else text.removeprefix("this.") if text.startswith("this.") else text
    if text == THIS or not text.strip("."):
        return Var(THIS)
    first, *rest = text.split(".")
    found: Expr = Var(first.strip())
    for name in rest:
        found = Get(found, Const(name.strip()))
    return found
