"""Prompts in configuration files, as messages. In: text with `{{ holes }}`. Out: `Message`s with static text and holes.

Where a template repeats or leaves out parts (`{% for %}`, `{{#each}}`), its static text is no bound; `is_open` says so.
Neighbour: `guard.facts.link.prompt_templates` reads the templates that code renders.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from guard.model import Message, Segment, Span

_HOLE = re.compile(r"\{\{\{?[-~#&$^/!>]?\s*(?P<name>[^{}]{0,200}?)\s*[-~#]?\}?\}\}|\{%-?(?P<tag>[^%]{0,400})-?%\}")
_CONTROL = re.compile(r"\{%-?\s*(?:for|if|include|import|macro|extends|call)\b|\{\{[#^>]")
_COMMENT = re.compile(r"\{#[^#]{0,4000}#\}|\{\{![^}]{0,4000}\}\}")
_ROLE = re.compile(
    r"^[ \t]*(?:#[ \t]*)?(system|user|assistant|developer|function|tool)[ \t]*(?:\[[^\]\n]*\])?[ \t]*:[ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)


def message(role: str, text: str, span: Span, why: str = "filled in when it is sent") -> Message:
    """A message of a template."""
    return Message(role, tuple(_segments(text, span, why)))


def _segments(text: str, span: Span, why: str) -> Iterator[Segment]:
    text = _COMMENT.sub("", text)
    last = 0
    for found in _HOLE.finditer(text):
        if found.start() > last:
            yield Segment(text[last : found.start()], None, span)
        last = found.end()
        if found["name"] is not None and found["name"] not in ("else", "/if", "/each"):
            yield Segment(None, found["name"][:60] or "value", span, None, why)
    if last < len(text):
        yield Segment(text[last:], None, span)


def is_open(text: str) -> bool:
    """Whether a template repeats or leaves out parts."""
    return _CONTROL.search(text) is not None


def by_role(text: str, span: Span) -> tuple[Message, ...]:
    """The messages of a text in which lines like `system:` begin them; one of the user if there is no such line."""
    return tuple(message(role, part, span) for role, part, _ in parts_by_role(text))


def parts_by_role(text: str) -> tuple[tuple[str, str, int], ...]:
    """The parts of such a text: role, text, and how many lines of the whole stand before it."""
    marks = list(_ROLE.finditer(text))
    starts = [("user", 0, 0)] if not marks else [(mark[1].lower(), mark.end(), mark.start()) for mark in marks]
    ends = [*(start for _, _, start in starts[1:]), len(text)]
    found = []
    for (role, start, _), end in zip(starts, ends):
        part = text[start:end].strip()
        if part:
            first = start + len(text[start:end]) - len(text[start:end].lstrip())
            found.append((role, part, text.count("\n", 0, first)))
    return tuple(found)


def hole(name: str, why: str, role: str = "user", span: Span | None = None) -> Message:
    """A message of which nothing is known but its name."""
    return Message(role, (Segment(None, name, span, None, why),))
