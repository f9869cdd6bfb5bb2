"""Attributes that a class decorator of a framework fills: lists of what methods return, and loaded data files.

In: an object of a class with such a decorator, and a name. Out: a result, or None for any other attribute. Which
decorators there are, the catalogue says (`Gathers`). Neighbours: `objects` asks, `documents` reads files.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from guard.facts.catalog_types import Gathers
from guard.facts.expr import Call, last_name
from guard.facts.filefacts import Scope
from guard.facts.link import calling, documents
from guard.facts.link.things import (
    Alt,
    ClassThing,
    DictOf,
    Entry,
    Ext,
    FilePath,
    Inst,
    ListOf,
    Lit,
    Result,
    Thing,
    known,
)  # fmt: skip

if TYPE_CHECKING:
    from guard.facts.link.engine import Engine
    from guard.facts.link.objects import Owned

FORMATS = {".yaml": "yaml", ".yml": "yaml", ".json": "json", ".toml": "toml"}


def attribute(engine: Engine, inst: Inst, owned: list[Owned], name: str) -> Result | None:
    """`self.agents`, `self.agents_config` of a decorated class; None where no decorator fills that attribute."""
    entries = {id(g): g for g in engine.project.catalog.gathers.values() if name in g.lists or name in g.documents}
    for number, (cls, scope) in enumerate(owned):
        if not entries or not scope.decorators:
            continue
        gathers = _decorator(engine, cls, scope)
        if gathers is None or id(gathers) not in entries:
            continue
        if name in gathers.documents:
            return _document(engine, inst, owned[number:], name, gathers)
        if any(b.kind in ("assign", "def") for o in owned for b in o.scope.bindings.get(name, ())):
            return None
        return known(ListOf(tuple(_returned(engine, inst, *m) for m in _methods(engine, owned, gathers.lists[name]))))
    return None


def _decorator(engine: Engine, cls: ClassThing, scope: Scope) -> Gathers | None:
    frame = engine.root(cls.path, scope.parent) if scope.parent > 0 else engine.module(cls.path)
    for decorator in scope.decorators:
        func = decorator.func if isinstance(decorator, Call) else decorator
        for alt in engine.quietly(func, frame).alts:
            found = engine.project.catalog.gathers.get(alt.thing.chain) if isinstance(alt.thing, Ext) else None
            if found is not None:
                return found
    return None


def _methods(engine: Engine, owned: list[Owned], wanted: str) -> list[tuple[ClassThing, Scope]]:
    """Methods that bear a decorator, in the order of the class; of two with one name the last counts."""
    found: dict[str, tuple[ClassThing, Scope]] = {}
    for cls, scope in owned:
        for name, bindings in scope.bindings.items():
            method = engine.project.scope(cls.path, bindings[-1].scope) if bindings[-1].kind == "def" else None
            if method is not None and wanted in (
                last_name(d.func if isinstance(d, Call) else d) for d in method.decorators
            ):
                found.setdefault(name, (cls, method))
    return list(found.values())


def _returned(engine: Engine, inst: Inst, cls: ClassThing, method: Scope) -> Result:
    return calling.returned(engine, method, engine.frame(cls.path, method.id, None, None, inst, None))


# Data files


def _document(engine: Engine, inst: Inst, owned: list[Owned], name: str, gathers: Gathers) -> Result:
    """The file that an attribute stands for, with names of methods in it replaced by what those return."""
    from guard.facts.link import objects

    path = gathers.documents[name]
    home = owned[0].cls.path
    for cls, scope in owned:
        values = [b for b in scope.bindings.get(name, ()) if b.kind == "assign"]
        if values:
            given = engine.bound(values[-1], objects.body_frame(engine, objects.Owned(cls, scope)))
            if not all(isinstance(a.thing, Lit) and isinstance(a.thing.value, str) for a in given.alts):
                return given
            if given.open or len(given.alts) != 1:
                return given
            path, home = str(getattr(given.alts[0].thing, "value", path)), cls.path
            break
    folder = str(PurePosixPath(home).parent)
    file = FilePath(path if folder == "." else f"{folder}/{path}", True, home)
    read = documents.document(engine.project, file, FORMATS.get(PurePosixPath(path).suffix, "yaml"))
    return Result(tuple(a._replace(thing=_linked(engine, inst, owned, a, gathers)) for a in read.alts), read.open)


def _linked(engine: Engine, inst: Inst, owned: list[Owned], alt: Alt, gathers: Gathers) -> Thing:
    thing = alt.thing
    if not isinstance(thing, DictOf):
        return thing
    methods = {
        wanted: {method.name: (cls, method) for cls, method in _methods(engine, owned, wanted)}
        for wanted in set(gathers.references.values())
    }

    def of_text(result: Result, wanted: str) -> Result:
        only = result.alts[0].thing if len(result.alts) == 1 else None
        if isinstance(only, ListOf):
            return known(only._replace(items=tuple(of_text(engine.force(item), wanted) for item in only.items)))
        named = methods[wanted].get(only.value) if isinstance(only, Lit) and isinstance(only.value, str) else None
        return result if named is None else _returned(engine, inst, *named)

    entries = []
    for entry in thing.entries:
        inner = engine.force(entry.value)
        held = inner.alts[0].thing if len(inner.alts) == 1 else None
        if isinstance(held, DictOf):
            keys = tuple(
                e._replace(value=of_text(engine.force(e.value), gathers.references[str(e.key)]))
                if str(e.key) in gathers.references
                else e
                for e in held.entries
            )
            inner = Result((inner.alts[0]._replace(thing=DictOf(keys, held.open)),), inner.open)
        entries.append(Entry(entry.key, inner, entry.sure))
    return DictOf(tuple(entries), thing.open)
