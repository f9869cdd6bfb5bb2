"""Objects that are read and made as records: `model_dump`, `asdict`, `replace`, `namedtuple`, `SimpleNamespace`.

In: a call and its frame, or a method that a data class of the repository has from elsewhere. Out: a result, or None.
Records without a class of the repository are dicts whose keys can be asked as attributes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from guard.facts.expr import Attr, Call, Expr
from guard.facts.link import fields, objects
from guard.facts.link.things import (
    Alt,
    Cell,
    ClassThing,
    DictOf,
    Entry,
    Frame,
    Inst,
    ListOf,
    Lit,
    Method,
    Result,
    Thunk,
    known,
    opened,
    standing_in,
    unknown,
)  # fmt: skip

if TYPE_CHECKING:
    from guard.facts.link.engine import Engine

Handler = Callable[["Engine", Call, Frame], "Result | None"]
DUMPS = frozenset({"model_dump", "model_dump_json", "dict", "_asdict", "to_dict", "json"})
COPIES = frozenset({"model_copy", "copy", "_replace", "evolve"})


def has_method(engine: Engine, inst: Inst, name: str) -> bool:
    """Whether a data class has a method that dumps or copies its fields from outside of the repository."""
    if name not in DUMPS and name not in COPIES:
        return False
    owned, outside = objects.order(engine, inst.cls)
    return objects.method(engine, owned, name) is None and bool(outside) and bool(fields.field_order(engine, owned))


def is_named_tuple(engine: Engine, inst: Inst) -> bool:
    """Whether fields of an object can be asked by number."""
    return any(e.chain.split(".")[-1] == "NamedTuple" for e in objects.order(engine, inst.cls)[1])


def method(engine: Engine, inst: Inst, name: str, expr: Call, frame: Frame) -> Result | None:
    """`inst.model_dump()`, `inst.model_copy(update={...})`, `inst._replace(model=...)`"""
    if name in DUMPS:
        return known(_fields(engine, inst, expr, frame))
    if name in COPIES:
        return _copied(engine, known(inst), expr.keywords, expr, frame)
    return None


def _fields(engine: Engine, inst: Inst, expr: Call, frame: Frame) -> DictOf:
    """The fields of an object by name, each followed when it is asked for."""
    chosen = {k for k, _ in expr.keywords} & {"exclude", "include", "exclude_unset", "exclude_defaults"}
    entries = tuple(Entry(name, _field(inst, name, expr, frame), not chosen) for name in _names(engine, inst))
    renamed = ("its keys may have other names",) if any(k == "by_alias" for k, _ in expr.keywords) else ()
    return DictOf(entries, renamed)


def _names(engine: Engine, inst: Inst) -> list[str]:
    owned, _ = objects.order(engine, inst.cls)
    return [name for _, name in fields.field_order(engine, owned)]


def _field(inst: Inst, name: str, expr: Call, frame: Frame) -> Thunk:
    held = standing_in(expr.pos, known(inst))
    return Thunk(Attr(expr.pos, held, name), frame)


def _copied(
    engine: Engine, source: Result, changes: tuple[tuple[str | None, Expr], ...], expr: Call, frame: Frame
) -> Result:
    """A new object of the same class: what is changed, and the fields of the old one."""
    insts = [a for a in source.alts if isinstance(a.thing, Inst)]
    if len(insts) != 1 or len(source.alts) > 1 or not isinstance(insts[0].thing, Inst):
        return unknown(source.open[0] if source.open else "a copy of something that is not known")
    inst = insts[0].thing
    given: list[tuple[str | None, Expr]] = []
    for name, value in changes:
        if name == "update":
            given += _of_update(engine, value, frame)
        elif name != "deep":
            given.append((name, value))
    if any(name is None for name, _ in given):
        return unknown("a copy whose changes are not known")
    rest = [
        (name, _held(_field(inst, name, expr, frame), expr)) for name in _names(engine, inst) if name not in dict(given)
    ]
    call = Call(expr.pos, expr.func, (), (*given, *rest))
    return Result((Alt(Inst(inst.cls, call, frame), insts[0].trail, insts[0].world),), source.open)


def _held(cell: Cell, expr: Call) -> Expr:
    return standing_in(expr.pos, cell)


def _of_update(engine: Engine, value: Expr, frame: Frame) -> list[tuple[str | None, Expr]]:
    """The keys of `update={...}`; a nameless one when not all are known."""
    found = engine.eval(value, frame)
    thing = found.alts[0].thing if len(found.alts) == 1 and not found.open else None
    if not isinstance(thing, DictOf) or thing.open or not all(e.sure for e in thing.entries):
        return [(None, value)]
    return [(str(e.key), standing_in(value.pos, e.value)) for e in thing.entries]


def _replace(engine: Engine, expr: Call, frame: Frame) -> Result | None:
    """`dataclasses.replace(obj, model=...)`"""
    return _copied(engine, engine.eval(expr.args[0], frame), expr.keywords, expr, frame) if expr.args else None


def _fields_of(engine: Engine, expr: Call, frame: Frame) -> Result | None:
    """`dataclasses.fields(Config)`: an object with a name for each field."""
    found = engine.eval(expr.args[0], frame).alts if len(expr.args) == 1 else ()
    things = [alt.thing.cls if isinstance(alt.thing, Inst) else alt.thing for alt in found]
    if len(things) != 1 or not isinstance(things[0], ClassThing):
        return None
    names = fields.field_names(engine, things[0])
    about = [DictOf((Entry("name", known(Lit(n))), Entry("init", known(Lit(True))))) for n in names]
    return known(ListOf(tuple(known(one) for one in about), (), "tuple"))


def _asdict(engine: Engine, expr: Call, frame: Frame) -> Result | None:
    """`dataclasses.asdict(obj)` and `vars(obj)`"""
    if not expr.args:
        return None
    source = engine.eval(expr.args[0], frame)
    alts = [a._replace(thing=_fields(engine, a.thing, expr, frame)) for a in source.alts if isinstance(a.thing, Inst)]
    alts += [a for a in source.alts if isinstance(a.thing, DictOf)]
    if not alts or not all(_names(engine, a.thing) for a in source.alts if isinstance(a.thing, Inst)):
        return None
    dropped = () if len(alts) == len(source.alts) else ("made from something unknown",)
    return opened(Result(tuple(alts), source.open), *dropped)


def _named_tuple(engine: Engine, expr: Call, frame: Frame) -> Result | None:
    """`namedtuple("Options", "model limit")`: what is called gives a record of those fields."""
    if len(expr.args) < 2 or any(name != "defaults" for name, _ in expr.keywords):
        return None
    found = engine.eval(expr.args[1], frame)
    thing = found.alts[0].thing if len(found.alts) == 1 and not found.open else None
    if isinstance(thing, Lit) and isinstance(thing.value, str):
        names = thing.value.replace(",", " ").split()
    elif isinstance(thing, ListOf) and not thing.open:
        first = [engine.force(cell).alts for cell in thing.items]
        names = [str(alts[0].thing.value) for alts in first if len(alts) == 1 and isinstance(alts[0].thing, Lit)]
    else:
        return None
    defaults: tuple[Cell, ...] = ()
    for _, value in expr.keywords:
        listed = engine.eval(value, frame)
        given = listed.alts[0].thing if len(listed.alts) == 1 else None
        defaults = given.items if isinstance(given, ListOf) and not given.open else ()
    missing = len(names) - len(defaults)
    cells = [
        defaults[i - missing] if i >= missing else unknown(f"field {name} gets no value")
        for i, name in enumerate(names)
    ]
    return known(Method(DictOf(tuple(Entry(name, cell) for name, cell in zip(names, cells))), MAKER))


MAKER = "<new record>"
"""Calling this method of a record makes one with other values."""


def made(engine: Engine, record: DictOf, expr: Call, frame: Frame) -> DictOf:
    """`Options("gpt-4o", limit=7)` for a `namedtuple`."""
    given = dict(expr.keywords)
    entries = []
    for index, entry in enumerate(record.entries):
        value = given.get(str(entry.key), expr.args[index] if index < len(expr.args) else None)
        entries.append(entry if value is None else Entry(entry.key, Thunk(value, frame)))
    return DictOf(tuple(entries))


def attribute(engine: Engine, record: DictOf, name: str) -> Result | None:
    """A key of a record asked as an attribute; None when it has no such key."""
    from guard.facts.link import containers

    return None if hasattr(dict, name) else containers.get(engine, record, name)


CALLS: dict[str, Handler] = {
    "dataclasses.replace": _replace, "copy.replace": _replace, "attr.evolve": _replace, "attrs.evolve": _replace,
    "dataclasses.fields": _fields_of, "attr.fields": _fields_of, "attrs.fields": _fields_of,
    "dataclasses.asdict": _asdict, "attr.asdict": _asdict, "attrs.asdict": _asdict, "builtins.vars": _asdict,
    "collections.namedtuple": _named_tuple,
}  # fmt: skip
