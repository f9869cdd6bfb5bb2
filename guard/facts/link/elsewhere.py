"""What other files do to the variables of a module: `settings.MODEL = "x"`, `config.LIMITS.update(...)`.

In: a module's path and a name of it. Out: the assignments and changes in place by files that import the module (or
that name from it). Files are found by a search of their bytes for something that changes a thing of that name; tests
are left out. When they run is not known, so each only adds to what the name can be.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from guard.facts.filefacts import Binding, Effect, FileFacts, Scope
from guard.facts.link import aliases, effects
from guard.facts.link.stages import is_test
from guard.facts.link.things import DictOf, ListOf, Result
from guard.facts.lower import MUTATORS

if TYPE_CHECKING:
    from guard.facts.link.engine import Engine

MAX_FILES = 16
"""Files that are looked at for changes of one name."""


class Touched(NamedTuple):
    """What other files do to a name: scope and binding, scope and change, by file."""

    bindings: tuple[tuple[FileFacts, int, Binding], ...] = ()
    changes: tuple[tuple[FileFacts, int, Effect], ...] = ()


def touched(engine: Engine, path: str, name: str) -> Touched:
    """The assignments and changes in place that other files make to a name of a module."""
    return engine.touched.once((path, name), lambda: _touched(engine, path, name))


def assigned(engine: Engine, path: str, name: str) -> list[Result]:
    """What other files assign to a name of a module."""
    found = touched(engine, path, name).bindings
    return [engine.bound(binding, engine.root(facts.path, scope)) for facts, scope, binding in found]


def applied(engine: Engine, result: Result, path: str, name: str, asker: str) -> Result:
    """A list or dict of a module with what other files may do to it; what the asking file does it knows itself."""
    if not any(isinstance(a.thing, (DictOf, ListOf)) for a in result.alts):
        return result
    found = [row for row in touched(engine, path, name).changes if row[0].path != asker]
    return effects.perhaps(engine, result, found) if found else result


def _touched(engine: Engine, path: str, name: str) -> Touched:
    bindings: list[tuple[FileFacts, int, Binding]] = []
    changes: list[tuple[FileFacts, int, Effect]] = []
    for other in _candidates(engine, path, name):
        facts = engine.project.facts(other)
        if facts is None:
            continue
        for scope in facts.scopes:
            for dotted, found in scope.bindings.items():
                head, _, last = dotted.rpartition(".")
                if last == name and head and _means(engine, facts, scope, head, None, path):
                    bindings += [(facts, scope.id, b) for b in found if b.kind in ("assign", "aug")]
            for written in _names_of(engine, facts, scope, path, name):
                own = facts.own_changes.get(scope.id, {}).get(written, ())
                made = [*own, *aliases.in_place(engine, facts.path, scope, written)]
                changes += [(facts, scope.id, effect) for effect in made if effect.kind != "passed"]
    return Touched(tuple(bindings), tuple(changes))


def _names_of(engine: Engine, facts: FileFacts, scope: Scope, path: str, name: str) -> set[str]:
    """The names by which a scope of another file calls a module's variable, second names included."""
    groups = aliases.groups(engine, facts.path, scope)
    found: set[str] = set()
    for written in {*facts.own_changes.get(scope.id, {}), *scope.bindings, *groups}:
        head, _, last = written.rpartition(".")
        if (last == name or not head) and _means(engine, facts, scope, head or written, None if head else name, path):
            found |= {written} | groups.get(written, frozenset())
    return found


_WORD = rb"[\w\x80-\xff]"
_SET = re.compile(rb"\.(%b+)\s*[+|]?=[^=]" % _WORD)
_CHANGED = re.compile(
    rb"(?<!%b)(%b+)(?=\s*\[[^\]\n]*\]\s*[-+*/|%%]?=[^=]|\s*\.\s*(?:%b)\s*\()"
    % (_WORD, _WORD, b"|".join(sorted(name.encode() for name in MUTATORS)))
)
_TAKEN = re.compile(rb"=\s*(?:[.\w\x80-\xff]*\.)?(%b+)[ \t\r]*$" % _WORD, re.MULTILINE)
_DELETED = re.compile(rb"\bdel\s([^\n]*)")
_ITEM_OF = re.compile(rb"(%b+)\[" % _WORD)


def _candidates(engine: Engine, path: str, name: str) -> list[str]:
    """Files that name the module and change something of that name."""
    project = engine.project
    naming = project.naming(name)
    if len(naming) < 2:
        return []
    importing = set(project.naming(project.stem(path)))
    word, found = name.encode(), []
    for other in naming:
        if other == path or other not in importing or is_test(other):
            continue
        data = project.bytes_of(other)
        changed = engine.changed_in.get(other)
        if changed is None:
            changed = engine.changed_in[other] = _changed_in(data)
        if word in changed:
            found.append(other)
            if len(found) >= MAX_FILES:
                break
    return found


def _changed_in(data: bytes) -> frozenset[bytes]:
    """The names that a file sets as an attribute, changes something of in place, or gives a second name to; a few too
    many at most."""
    deleted = (name for row in _DELETED.findall(data) for name in _ITEM_OF.findall(row))
    return frozenset((*_SET.findall(data), *_CHANGED.findall(data), *_TAKEN.findall(data), *deleted))


def _means(engine: Engine, facts: FileFacts, scope: Scope, head: str, member: str | None, path: str) -> bool:
    """Whether `head` is the module at `path` in a scope of a file (with `member`: that name of it, imported)."""
    first = head.split(".")[0]
    at: Scope | None = scope
    while at is not None:
        bindings = at.bindings.get(first, ())
        if bindings or any(p.name == first for p in at.params):
            return any(b.kind == "import" and _imports(engine, facts, b, head, member, path) for b in bindings)
        at = facts.scopes[at.parent] if at.parent >= 0 else None
    return False


def _imports(engine: Engine, facts: FileFacts, binding: Binding, head: str, member: str | None, path: str) -> bool:
    project = engine.project
    if member is not None:
        return binding.member == member and project.module(binding.module, facts.path) == path
    rest = head.split(".")[1:]
    if binding.member is None:
        return project.module(".".join([binding.module, *rest]), facts.path) == path
    module = binding.module if binding.module.endswith(".") else binding.module + "."
    return project.module(".".join([module + binding.member, *rest]), facts.path) == path
