"""Ini files to nodes. In: bytes. Out: a `DataFile` with a map of sections, or a `Problem`.

Reads as `configparser.ConfigParser(interpolation=None, strict=False, allow_no_value=True)` does: keys in lower case
(`text` keeps them as written), indented lines continue a value, options of `DEFAULT` stand in every section (at their
own place), the last of equal keys counts. Neighbour: `nodes`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from guard.model import Problem
from guard.parse.nodes import DataFile, Entry, Node, not_valid
from guard.parse.text import decoded

_SECTION = re.compile(r"\[(.+)\]")
_SIGN = re.compile(r"[=:]")
_DEFAULT = "DEFAULT"


@dataclass(slots=True)
class _Option:
    key: Node
    line: int
    column: int
    parts: list[str] | None
    """Lines of the value; None for a key without `=`."""

    def entry(self) -> Entry:
        value = None if self.parts is None else "\n".join(self.parts).rstrip()
        return Entry(self.key, Node("scalar", self.line, self.column, value, value))


@dataclass(slots=True)
class _Section:
    name: Node
    options: dict[str, _Option] = field(default_factory=dict)


def parse(path: str, data: bytes) -> DataFile | Problem:
    """See `guard.parse.data.parse_ini`. Problems: `not-utf8`, `syntax`."""
    text = decoded(path, data)
    if isinstance(text, Problem):
        return text
    sections = _sections(path, text)
    if isinstance(sections, Problem):
        return sections
    default = sections.get(_DEFAULT)
    entries: list[Entry] = []
    for name, section in sections.items():
        options = section.options
        if default is not None and name != _DEFAULT:
            options = default.options | options
        inner = tuple(option.entry() for option in options.values())
        entries.append(Entry(section.name, Node("map", section.name.line, section.name.column, entries=inner)))
    return DataFile(path, (Node("map", 1, 1, entries=tuple(entries)),))


def _sections(path: str, text: str) -> dict[str, _Section] | Problem:
    sections: dict[str, _Section] = {}
    section: _Section | None = None
    option: _Option | None = None
    indent = 0
    for number, line in enumerate(text.split("\n"), 1):
        bare = line.strip()
        if not bare or bare.startswith(("#", ";")):
            if not bare and option is not None and option.parts is not None:
                option.parts.append("")
            continue
        start = len(line) - len(line.lstrip())
        if option is not None and start > indent and option.parts is not None:
            option.parts.append(bare)
            continue
        indent = start
        header = _SECTION.match(bare)
        if header:
            name = Node("scalar", number, start + 1, header[1], header[1])
            section = sections.setdefault(header[1], _Section(name))
            option = None
        elif section is None:
            return not_valid(path, number, start + 1, "ini", "there is a line before the first [section]")
        else:
            option = _option(bare, number, start)
            if option is None:
                return not_valid(path, number, start + 1, "ini", "a value has no key")
            section.options[str(option.key.value)] = option
    return sections


def _option(bare: str, line: int, start: int) -> _Option | None:
    """`key = value` or `key: value` in a line stripped of blanks that begins `start` characters in."""
    sign = _SIGN.search(bare)
    written = bare[: sign.start()].rstrip() if sign else bare
    if not written:
        return None
    key = Node("scalar", line, start + 1, written.lower(), written)
    if sign is None:
        return _Option(key, line, start + 1, None)
    value = bare[sign.end() :].lstrip()
    return _Option(key, line, start + len(bare) - len(value) + 1, [value])
