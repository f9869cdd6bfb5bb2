"""Names that are always there, and subscripts of things outside the repository (`os.environ["X"]`, `Agent[T]`)."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING

from guard.facts.expr import Call, Const, Item, Pos, last_name
from guard.facts.link import documents
from guard.facts.link.things import (
    Alt,
    ClassThing,
    Ext,
    FilePath,
    Frame,
    Func,
    Hop,
    Inst,
    Lit,
    ModuleThing,
    Result,
    known,
    moved,
    opened,
    union,
    unknown,
)  # fmt: skip

if TYPE_CHECKING:
    from guard.facts.link.engine import Engine

_VARIABLE = "environment variable"
ENVIRONMENTS = frozenset({"os.environ", "environ"})


def builtin(name: str, path: str) -> Result:
    """A builtin, `__file__`, or unknown."""
    if name == "__file__":
        return known(FilePath(path, True, path))
    if name in ("True", "False", "None"):
        return known(Lit({"True": True, "False": False, "None": None}[name]))
    if hasattr(builtins, name):
        return known(Ext(f"builtins.{name}"))
    return unknown(f"{name} is not defined in the code that guard can see")


def docstring(engine: Engine, thing: ClassThing | Func | Inst | ModuleThing) -> Result:
    """`thing.__doc__`"""
    owner = thing.cls if isinstance(thing, Inst) else thing
    scope = engine.project.scope(owner.path, 0 if isinstance(owner, ModuleThing) else owner.scope)
    return known(Lit(scope.doc), Hop(owner.path, scope.pos, "literal"))


def item(engine: Engine, thing: Ext, keys: list[Alt], expr: Item, frame: Frame) -> Result:
    """`thing[key]`"""
    if thing.chain in ENVIRONMENTS:
        names = [a.thing.value for a in keys if isinstance(a.thing, Lit)]
        return (
            union(environment(engine, str(name), None, expr.pos, frame) for name in names)
            if names
            else unknown("an environment variable")
        )
    last = thing.chain.split(".")[-1]
    if last[:1].isupper() and not last.endswith("()"):  # a generic: Agent[Context]
        return known(thing)
    return unknown(f"it is part of what {thing.chain} returns")


def environment(engine: Engine, name: str, default: Result | None, pos: Pos, frame: Frame) -> Result:
    """An environment variable: what `.env` files, the code's default and the same file give it; always open."""
    results = []
    for path, value, line in documents.env(engine.project, name, frame.path):
        results.append(known(Lit(value), Hop(path, Pos(line, 1, line, 1), "env_default", name)))
    if default is not None:
        alts = tuple(Alt(a.thing, (*a.trail, Hop(frame.path, pos, "env_default", name)), a.world) for a in default.alts)
        results.append(Result(alts, default.open))
    results = results[::-1] if default is not None else results
    results += _set_in_code(engine, name, frame)
    return opened(union(results), f"{_VARIABLE} {name} decides it")


def is_environment(why: str) -> bool:
    """Whether a reason for an open value is that one environment variable decides it: equal reasons, same variable."""
    return why.startswith(_VARIABLE) and why.endswith(" decides it")


def _set_in_code(engine: Engine, name: str, frame: Frame) -> list[Result]:
    """What `os.environ[name] = value` and `os.environ.setdefault(name, value)` of the same file give a variable."""
    facts = engine.project.facts(frame.path)
    found: list[Result] = []
    for base in ENVIRONMENTS if facts is not None else ():
        for scope, effect in facts.changes.get(base, ()) if facts is not None else ():
            key, value = effect.key, effect.value
            if (
                effect.kind == "call"
                and isinstance(value, Call)
                and last_name(value.func) == "setdefault"
                and len(value.args) == 2
            ):
                key, value = value.args
            if isinstance(key, Const) and key.value == name and not effect.op:
                hop = Hop(frame.path, value.pos, "env_default", name)
                found.append(moved(engine.eval(value, engine.root(frame.path, scope)), hop))
    return found
