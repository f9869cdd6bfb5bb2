"""What a docstring says of a tool and of each of its parameters. In: a docstring. Out: description, by parameter.

OpenAI's Agents SDK and Pydantic AI send the text before the sections as the tool's description and each entry of
`Args:` (or `:param name:`) as that of a property; most others send the docstring as it is. Neighbour: `tool_schemas`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from inspect import cleandoc

SPLITTING = frozenset({"function_tool", "tool_plain"})
"""Decorators of libraries that take a docstring apart."""
_SECTION = re.compile(
    r"(args|arguments|params|parameters|returns?|yields?|raises|examples?|notes?|attributes|warnings?):[ \t]*", re.I
)
_ARGUMENTS = ("args", "arguments", "params", "parameters")
_ENTRY = re.compile(r"\*{0,2}(\w+)\s*(?:\([^)]*\))?\s*:\s*(.*)")
_FIELD = re.compile(r":(param|parameter|arg|argument|return|returns|raises?|rtype|type)\b[^:]*?(\w*):\s*(.*)")


def apart(doc: str) -> tuple[str, Mapping[str, str]]:
    """The description and what is said of each parameter. Linear in the text."""
    lines = cleandoc(doc).split("\n")
    first = next((at for at, line in enumerate(lines) if _starts(line)), len(lines))
    described: dict[str, str] = {}
    name, inside = "", False
    for line in lines[first:]:
        section, field = _SECTION.fullmatch(line), _FIELD.match(line)
        if section is not None or field is not None:
            inside = section is not None and section[1].lower() in _ARGUMENTS
            name = ""
        if field is not None and field[1].startswith(("param", "arg")):
            name = field[2]
            described[name] = field[3].strip()
        elif section is None and field is None:
            name = _entry(line, name, described, inside)
    return "\n".join(lines[:first]).strip(), described


def _starts(line: str) -> bool:
    return _SECTION.fullmatch(line) is not None or _FIELD.match(line) is not None


def _entry(line: str, name: str, described: dict[str, str], inside: bool) -> str:
    """Reads a line below a section's head or a field; gives the parameter that the next line may go on about."""
    text = line.strip()
    if not text or not (inside or name):
        return ""
    entry = _ENTRY.match(text)
    indent = len(line) - len(line.lstrip())
    if inside and entry is not None and indent <= 4:
        described[entry[1]] = entry[2].strip()
        return entry[1]
    if name:
        described[name] = f"{described[name]}\n{text}".strip()
    return name
