"""`.env` files to nodes. In: bytes. Out: a `DataFile` with one map of text, or a `Problem`.

Read as python-dotenv reads them (the library that most Python projects load them with): `export`, quotes, escapes in
quotes, values over several lines in quotes, comments. `${VAR:-default}` stays as written. What is no assignment is
passed over, as dotenv does. Neighbour: `nodes`.
"""

from __future__ import annotations

import re

from guard.model import Problem
from guard.parse.nodes import DataFile, Entry, LineStarts, Node, last_of_equal
from guard.parse.text import decoded

_ASSIGNMENT = re.compile(
    r"""[ \t]*+(?:export[ \t]++)?
        (?:'(?P<quoted_key>[^'\n]+)'|(?P<key>[^=\#\s]++))[ \t]*+
        (?:(?P<equals>=)[ \t]*+
           (?:'(?P<single>(?:\\.|[^'\\])*)'|"(?P<double>(?:\\.|[^"\\])*)"|(?P<bare>[^\n]*)))?
        [ \t]*+(?:\#[^\n]*+)?$""",
    re.VERBOSE | re.MULTILINE | re.DOTALL,
)
_COMMENT = re.compile(r"(?<!\s)\s++#.*")
_ESCAPE = re.compile(r"\\([\\'\"abfnrtv])")
_ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


def parse(path: str, data: bytes) -> DataFile | Problem:
    """See `guard.parse.data.parse_env`. Problem: `not-utf8`."""
    text = decoded(path, data)
    if isinstance(text, Problem):
        return text
    places = LineStarts(text)
    entries: list[Entry] = []
    position = 0
    while position < len(text):
        line_end = text.find("\n", position)
        line_end = len(text) if line_end < 0 else line_end
        line = text[position:line_end].strip()
        found = _ASSIGNMENT.match(text, position) if line and not line.startswith("#") else None
        if found is None:
            position = line_end + 1
            continue
        entries.append(_entry(found, places))
        position = found.end() + 1
    return DataFile(path, (Node("map", 1, 1, entries=last_of_equal(entries)),))


def _entry(found: re.Match[str], places: LineStarts) -> Entry:
    group = "quoted_key" if found["key"] is None else "key"
    key = Node("scalar", *places.place(found.start(group)), found[group], found[group])
    if found["equals"] is None:
        return Entry(key, Node("scalar", key.line, key.column))
    if found["single"] is not None:
        start, text = found.start("single") - 1, re.sub(r"\\([\\'])", r"\1", found["single"])
    elif found["double"] is not None:
        start, text = found.start("double") - 1, _ESCAPE.sub(lambda at: _ESCAPES.get(at[1], at[1]), found["double"])
    else:
        start, text = found.start("bare"), _COMMENT.sub("", found["bare"]).rstrip()
    return Entry(key, Node("scalar", *places.place(start), text, text))
