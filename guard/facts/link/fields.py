"""Fields of dataclasses, attrs, pydantic models, settings and named tuples.

In: an object or its classes, nearest first, and the name of a field. Out: the constructor's argument, else the default.
Neighbours: `objects` asks for fields after what methods assign; `calling` binds arguments.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.facts.expr import Call, Expr, Star, last_name
from guard.facts.link import calling, objects, parameters
from guard.facts.link.secrets import is_secret
from guard.facts.link.things import (
    ClassThing,
    DictOf,
    Entry,
    Ext,
    Hop,
    Inst,
    Result,
    moved,
    opened,
    union,
    unknown,
)  # fmt: skip

if TYPE_CHECKING:
    from guard.facts.link.engine import Engine
    from guard.facts.link.objects import Owned

FIELD_MAKERS = frozenset({"Field", "field", "ib", "attrib", "Factory", "mapped_column", "PrivateAttr"})
"""Functions that describe a field in a class body, by last name."""
DATA_DECORATORS = frozenset({"dataclass", "define", "frozen", "attrs", "s", "mutable", "attr"})
"""Decorators that make a class's annotations its constructor's parameters, by last name."""


def field_order(engine: Engine, owned: list[Owned]) -> list[tuple[Owned, str]]:
    """The fields of a data class in the order of its constructor: those of the bases first."""
    names: dict[str, Owned] = {}
    for entry in reversed(owned):
        for name, bindings in entry.scope.bindings.items():
            if (
                any(b.annotation is not None for b in bindings)
                and "." not in name
                and not name.startswith("model_config")
            ):
                names[name] = entry
    return [(entry, name) for name, entry in names.items()]


def _is_data(engine: Engine, owned: list[Owned], outside: list[Ext]) -> bool:
    if any("__init__" in o.scope.bindings for o in owned):
        return False
    return any(objects.decorated(o.scope, DATA_DECORATORS) for o in owned) or bool(outside)


def field_value(engine: Engine, inst: Inst, owned: list[Owned], outside: list[Ext], name: str) -> Result | None:
    """A field of a data class: the constructor's argument, else the default; None when it is no field."""
    holder = next((o for o in owned if any(b.annotation is not None for b in o.scope.bindings.get(name, ()))), None)
    if holder is None or not _is_data(engine, owned, outside):
        return None
    settings = any(e.chain.split(".")[-1] == "BaseSettings" for e in outside)
    from guard.facts.link.arguments import is_absent

    given = _given(engine, inst, owned, name)
    perhaps = given is not None and any(is_absent(a) for a in given.alts)
    if given is not None and not perhaps:
        return given
    default = default_value(engine, holder, name, settings)
    if given is not None:  # `Config(**{k: v for k, v in found.items() if v})`: the default where it is not among them
        real = Result(tuple(a for a in given.alts if not is_absent(a)), given.open)
        return union([default, real])
    if inst.call is None:
        return opened(default, "the object is made where guard cannot see it")
    if default is None:
        return unknown(f"field {name} is filled at run time")
    return default


def field_names(engine: Engine, cls: ClassThing) -> list[str]:
    """The names of the fields of a class and its bases in the repository."""
    return [name for _, name in field_order(engine, objects.order(engine, cls)[0])]


def table(engine: Engine, cls: ClassThing) -> DictOf:
    """What `Class.model_fields` and its kin hold: the fields by name; what is said of each is not followed."""
    about = unknown("what a class says of a field")
    return DictOf(tuple(Entry(name, about) for name in field_names(engine, cls)))


def _given(engine: Engine, inst: Inst, owned: list[Owned], name: str) -> Result | None:
    from guard.facts.link.arguments import ABSENT, spread_value

    if inst.call is None or inst.frame is None:
        return None
    for keyword, value in inst.call.keywords:
        if keyword == name:
            return parameters.passed(engine, value, inst.frame, name)
    fields = [n for _, n in field_order(engine, owned)]
    if name in fields and fields.index(name) < len(inst.call.args):
        index = fields.index(name)
        if not any(isinstance(a, Star) for a in inst.call.args[: index + 1]):
            return parameters.passed(engine, inst.call.args[index], inst.frame, name)
    for keyword, value in inst.call.keywords:
        if keyword is None:
            spread = spread_value(engine, engine.eval(value, inst.frame), name)
            if spread != ABSENT:
                return spread
    return None


def default_value(engine: Engine, holder: Owned, name: str, settings: bool) -> Result:
    """What a field of a class is where nobody sets it; `settings`: an environment variable may."""
    binding = next((b for b in reversed(holder.scope.bindings[name]) if b.value is not None), None)
    if binding is None or binding.value is None:
        return unknown(f"field {name} has no default")
    frame = objects.body_frame(engine, holder)
    expr: Expr | None = binding.value
    result: Result | None = None
    if isinstance(expr, Call) and last_name(expr.func) in FIELD_MAKERS:
        keywords = dict(expr.keywords)
        factory = keywords.get("default_factory") or keywords.get("factory")
        expr = keywords.get("default") or (expr.args[0] if expr.args else None)
        if factory is not None:
            result = calling.called(engine, engine.eval(factory, frame), Call(factory.pos, factory, (), ()), frame)
    if result is None:
        if expr is None:
            return unknown(f"field {name} has no default")
        result = engine.eval(expr, frame)
    if settings and is_secret(name):
        return unknown(f"the environment variable {name.upper()} holds what looks like a secret")
    if settings:
        hop = Hop(holder.cls.path, binding.pos, "env_default", name.upper())
        return opened(moved(result, hop), f"the environment variable {name.upper()} may override it")
    pos = expr.pos if expr is not None else binding.pos
    return moved(result, Hop(holder.cls.path, pos, "default", name))


def nth_field(engine: Engine, inst: Inst, index: int) -> Result:
    """The field at a position of a named tuple."""
    owned, _ = objects.order(engine, inst.cls)
    fields = [n for _, n in field_order(engine, owned)]
    if not -len(fields) <= index < len(fields):
        return unknown("no such field")
    return objects.attribute(engine, inst, fields[index])
