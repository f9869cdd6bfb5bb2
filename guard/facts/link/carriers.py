"""Which names of a module may carry an address to other files, as its bytes show it, before anything is parsed.

In: bytes of a module that holds an address of a known API. Out: the names that are bound in statements with the
address, or with a name of such a statement; and the words of those statements, which name what the address is given to.
A few too many at most. Neighbour: `web`, which looks for files that send HTTP requests for others.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from guard.facts.link.project import Project

MAX_STEPS = 3
"""Packages that may re-export what carries an address, or what it is given to."""

_BOUND = re.compile(
    rb"(\w[\w, \t]*)(?::[^=\n]*)?(?:[-+*/|&%@]|//|\*\*)?=(?!=)|\b(?:def|class|as|for)[ \t]+(\w[\w, \t]*)"
)
_OUTER = re.compile(rb"\bglobal[ \t]+(\w[\w, \t]*)")
_DEFINED = re.compile(rb"^(?:async[ \t]+)?(?:def|class)[ \t]+(\w+)", re.MULTILINE)
_WORD = re.compile(rb"\w+")
_LONG_TEXT = re.compile(rb"\"\"\"|'''")
_GOES_ON = tuple(
    map(str.encode, (" ", "\t", "\r", ")", "]", "}", '"', "'", "else", "elif", "except", "finally", "case"))
)
"""Beginnings of lines that belong to the statement before."""


class Carried(NamedTuple):
    """Of one module: the names that may carry an address, and all words of the statements that have to do with it."""

    names: frozenset[bytes]
    words: frozenset[bytes]


def carried(data: bytes, needles: Iterable[bytes]) -> Carried:
    """What carries an address; `needles` are parts of addresses."""
    present = [needle for needle in needles if needle in data]
    statements = _statements(data)
    using: dict[bytes, list[int]] = {}
    used = [set(_WORD.findall(statement)) for statement in statements]
    for number, words in enumerate(used):
        for word in words:
            using.setdefault(word, []).append(number)
    waiting = [number for number, statement in enumerate(statements) if any(n in statement for n in present)]
    seen, names = set(waiting), set[bytes]()
    while waiting:
        fresh = _bound(statements[waiting.pop()]) - names
        names |= fresh
        further = {number for name in fresh for number in using.get(name, ())} - seen
        seen |= further
        waiting += further
    return Carried(frozenset(names), frozenset[bytes]().union(*(used[number] for number in seen)))


def _bound(statement: bytes) -> set[bytes]:
    """Names that a statement binds in its module: what is bound inside of a function or class is not."""
    defined = _DEFINED.search(statement)
    if defined is not None and statement[: defined.start()].lstrip()[:1] in (b"", b"@"):
        return {defined[1], *(name for part in _OUTER.findall(statement) for name in _WORD.findall(part))}
    return {name for row in _BOUND.findall(statement) for part in row for name in _WORD.findall(part)}


def _statements(data: bytes) -> list[bytes]:
    """The statements of a module with all that belongs to them: decorators, blocks, texts over several lines."""
    found: list[list[bytes]] = []
    inside = decorated = False
    last = b""
    for line in data.split(b"\n"):
        goes_on = inside or decorated or not line or line.startswith(_GOES_ON) or last.endswith(b"\\")
        if not found or not goes_on:
            found.append([])
        found[-1].append(line)
        if not inside:
            decorated = line.startswith(b"@") or (decorated and _DEFINED.match(line) is None)
        if len(_LONG_TEXT.findall(line)) % 2:
            inside = not inside
        last = line
    return [b"\n".join(lines) for lines in found]


def users(project: Project, path: str, needles: Iterable[bytes]) -> set[str]:
    """The files that may get an address from a module: they import it, or what re-exports it, and use a name that may
    carry it; or it imports something of theirs in a statement that has to do with the address."""
    names, words = carried(project.bytes_of(path), needles)
    using = {other for name in names for other in project.naming(name.decode("utf-8", "replace"))}
    gates, fresh, found = {path}, {path}, set[str]()
    for _ in range(MAX_STEPS):
        importing = using.intersection(project.importing(fresh)) - gates if fresh else set()
        found |= importing
        fresh = {other for other in importing if other.endswith("__init__.py")}
        gates |= fresh
    data = project.bytes_of(path)
    for module, imported in project.import_rows(path):
        for name in imported or (module.rpartition(".")[2],):
            word = name.encode()
            if name == "*" or word in words or re.search(rb"\b%b[ \t]+as\b" % re.escape(word), data):
                found |= _behind(project, path, module, name if imported else None, MAX_STEPS)
    return found - {path}


def _behind(project: Project, path: str, module: str, name: str | None, steps: int) -> set[str]:
    """The modules that an import of a name may mean: the one it names, and those from which a package passes it on."""
    target = project.module(module, path)
    inner = None if name is None else project.module(module + ("" if module.endswith(".") else ".") + name, path)
    found = {other for other in (target, inner) if other is not None and project.has(other)}
    if target is not None and target.endswith("__init__.py") and target != path and name is not None and steps > 0:
        for further, names in project.import_rows(target):
            if name in names or "*" in names:
                found |= _behind(project, target, further, name, steps - 1)
    return found
