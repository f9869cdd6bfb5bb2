"""Attributes of whatever stands before the dot. In: a result and a name. Out: a result.

Objects and classes of the repository are followed in `objects`; things outside of it only grow their chain.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.facts.expr import Attr, Call, Name, dotted
from guard.facts.filefacts import Binding, FileFacts, Scope
from guard.facts.link import (
    aliases,
    cli,
    constructors,
    effects,
    enums,
    framework,
    injected,
    known,
    modules,
    objects,
    parameters,
    paths,
    records,
    truth,
)  # fmt: skip
from guard.facts.link.names import END, Place, reaching
from guard.facts.link.things import (
    Alt,
    ClassThing,
    DictOf,
    Ext,
    FileContent,
    FilePath,
    Frame,
    Func,
    Gap,
    Inst,
    ListOf,
    Lit,
    Method,
    ModuleThing,
    PackageThing,
    Partial,
    Pieces,
    Result,
    Super,
    Thing,
    opened,
    union,
    unknown,
    within,
)  # fmt: skip

if TYPE_CHECKING:
    from guard.facts.link.engine import Engine

TASK_METHODS = frozenset({"delay", "apply_async", "remote", "fn", "func", "__wrapped__", "aio", "spawn", "local"})
"""Attributes of a decorated function (a task of Celery, Ray, Prefect, Modal, ...) that run the function itself."""

GRAPH_METHODS = frozenset({"invoke", "ainvoke", "stream", "astream"})
"""Attributes of a function with LangGraph's `@entrypoint` that run the function."""


def named(engine: Engine, expr: Attr, frame: Frame) -> Result:
    """What `base.name` is at its place: assigned in the same scope, else the attribute of what the base can be."""
    return _named_at(engine, expr, frame, expr.pos.start)


def _named_at(engine: Engine, expr: Attr, frame: Frame, at: Place) -> Result:
    scope = engine.scope_of(frame)
    name = dotted(expr)
    results: list[Result] = []
    since: Place = (0, 0)
    if name is not None and name in scope.bindings:
        reached, complete = reaching(scope, scope.bindings[name], at, lambda b: truth.feasible(engine, b, frame))
        results, rest = engine.held([r for r in reached if r.binding.kind != "declare"], scope, frame)
        if complete and results:
            since = reached[-1].binding.at
            return effects.applied(engine, union(results), name, scope, frame, since, at)
        earlier = _before(engine, expr, scope, frame)
        if earlier is not None:
            return effects.applied(engine, union([*results, within(earlier, rest)]), name, scope, frame, since, at)
    outer = _outer(engine, name, scope, frame, at)
    nested = _nested(engine, name, scope, frame) if outer is None else None
    if outer is not None:
        results.append(_named_at(engine, expr, *outer))
    elif nested is not None:
        results.append(nested)
    if outer is None and (nested is None or nested.open):
        results.append(attribute_of(engine, engine.eval(expr.base, frame), expr.name, expr, frame))
    elsewhere = _set_elsewhere(engine, name, scope, frame, results)
    result = injected.from_state(engine, expr, union([*results, *elsewhere]))
    result = injected.from_store(engine, expr, frame, result)
    result = injected.from_context(engine, expr, frame, result)
    return result if name is None else effects.applied(engine, result, name, scope, frame, since, at)


def _before(engine: Engine, expr: Attr, scope: Scope, frame: Frame) -> Result | None:
    """`self.model` in the constructor that assigns it: as it was before, where that assigned nothing yet."""
    own = isinstance(expr.base, Name) and scope.params and scope.params[0].name == expr.base.id
    if not own or scope.name not in constructors.CONSTRUCTORS:
        return None
    found = [
        objects.before(engine, alt.thing, expr.name, frame)
        for alt in engine.eval(expr.base, frame).alts
        if isinstance(alt.thing, Inst)
    ]
    known_before = [result for result in found if result is not None]
    return union(known_before) if found and len(known_before) == len(found) else None


def _outer(engine: Engine, name: str | None, scope: Scope, frame: Frame, at: Place) -> tuple[Frame, Place] | None:
    """Where to look for `settings.model` in a function when the code around it assigns or changes just that."""
    if name is None or scope.kind == "module" or _is_local(name.split(".")[0], scope):
        return None
    facts = engine.project.facts(frame.path)
    if facts is None or not (
        name in facts.changes
        or name in facts.scopes[0].bindings
        or aliases.of(engine, frame.path, facts.scopes[0], name)
    ):
        return None
    if frame.lexical is not None:
        return frame.lexical, at if scope.kind in ("comp", "lambda") else END
    return engine.module(frame.path), engine.module_view(frame, at if scope.kind == "class" else END)


def _set_elsewhere(engine: Engine, name: str | None, scope: Scope, frame: Frame, found: list[Result]) -> list[Result]:
    """`state.model` of an object of a library, assigned by other functions of the same file."""
    facts = engine.project.facts(frame.path)
    if (
        name is None
        or facts is None
        or _of_function(facts, name.split(".")[0], scope)
        or not any(isinstance(a.thing, Ext) for r in found for a in r.alts)
    ):
        return []
    if facts.path not in engine.assigned_dotted:
        index: dict[str, list[tuple[int, Binding]]] = {}
        for other in facts.scopes:
            for key, bindings in other.bindings.items():
                if "." in key:
                    index.setdefault(key, []).extend((other.id, b) for b in bindings)
        engine.assigned_dotted[facts.path] = index
    return [
        engine.bound(binding, engine.root(frame.path, owner))
        for owner, binding in engine.assigned_dotted[facts.path].get(name, ())
        if owner != scope.id and binding.kind == "assign"
    ]  # fmt: skip


def _is_local(name: str, scope: Scope) -> bool:
    return scope.kind != "module" and (name in scope.bindings or any(p.name == name for p in scope.params))


def _of_function(facts: FileFacts, name: str, scope: Scope) -> bool:
    """Whether a name belongs to a function that the scope is, or stands in."""
    while scope.kind != "module":
        if scope.kind != "class" and _is_local(name, scope):
            return True
        scope = facts.scopes[scope.parent]
    return False


def _nested(engine: Engine, name: str | None, scope: Scope, frame: Frame) -> Result | None:
    """`engine.config.model` where the constructor assigns that very attribute of an attribute."""
    parts = name.split(".") if name is not None else []
    if (
        len(parts) < 3
        or not scope.params
        or parts[0] != scope.params[0].name
        or not parameters.is_method(engine, frame.path, scope)
    ):
        return None
    owner = parameters.parameter(engine, scope.params[0], frame)
    results = []
    for alt in owner.alts:
        if isinstance(alt.thing, Inst):
            found = constructors.assigned_below(engine, alt.thing, ".".join(parts[1:]), frame)
            if found is not None:
                results.append(within(found, alt.world))
    return union(results) if results else None


def attribute_of(engine: Engine, base: Result, name: str, expr: Attr, frame: Frame) -> Result:
    """`base.name` for each thing that the base can be."""
    alts = base.alts
    if len(alts) > 1:  # None has no attributes that matter: code that gets here has something else
        alts = tuple(a for a in alts if not (isinstance(a.thing, Lit) and a.thing.value is None)) or alts
    results = []
    for alt in alts:
        found = attribute(engine, alt.thing, name, expr, frame)
        results.append(
            within(
                Result(tuple(Alt(a.thing, a.trail or alt.trail, a.world) for a in found.alts), found.open), alt.world
            )
        )
    if base.open and name == "get":  # it has a default, perhaps
        results.append(Result((Alt(Method(Gap(base.open[0]), name)),)))
    return opened(union(results), *base.open)


def attribute(engine: Engine, thing: Thing, name: str, expr: Attr, frame: Frame) -> Result:
    """`thing.name`"""
    if name == "__doc__" and isinstance(thing, (Func, ClassThing, ModuleThing, Inst)):
        return known.docstring(engine, thing)
    if isinstance(thing, Ext):
        if thing.chain == "__file__":
            return unknown("a part of __file__")
        declared = cli.parsed_argument(engine, thing, name)
        if declared is not None:
            return declared
        given = framework.given(engine, thing, name) if thing.chain.endswith("()") else None
        if given is not None:
            return given
        return Result((Alt(Ext(f"{thing.chain}.{name}", thing.made)),))
    if isinstance(thing, Inst) and records.has_method(engine, thing, name):
        return Result((Alt(Method(thing, name)),))
    if isinstance(thing, Inst):
        return effects.of_object(engine, objects.attribute(engine, thing, name), thing, name)
    if isinstance(thing, ClassThing):
        return objects.class_attribute(engine, thing, name)
    if isinstance(thing, Super):
        return objects.super_attribute(engine, thing, name)
    if isinstance(thing, ModuleThing):
        return modules.member_of(engine, thing.path, name, frame.path)
    if isinstance(thing, PackageThing):
        return modules.member_of(engine, thing.folder, name, frame.path)
    if isinstance(thing, (Func, Partial)) and name in TASK_METHODS:
        return Result((Alt(thing),))
    if isinstance(thing, Func) and name in GRAPH_METHODS and _is_graph(engine, thing):
        return Result((Alt(thing),))
    if isinstance(thing, FilePath):
        return _of_path(thing, name)
    if isinstance(thing, Lit) and (part := enums.attribute(thing, name)) is not None:
        return Result((Alt(part),))
    if isinstance(thing, Lit) and name in ("value", "name") and isinstance(thing.value, str):
        return Result((Alt(thing),))
    if isinstance(thing, DictOf) and (found := records.attribute(engine, thing, name)) is not None:
        return found
    if isinstance(thing, (Lit, Pieces, ListOf, DictOf, FileContent)):
        return Result((Alt(Method(thing, name)),))
    return unknown(thing.why if isinstance(thing, Gap) else f".{name} of a function is not followed")


def _is_graph(engine: Engine, func: Func) -> bool:
    """Whether a function is the entry point of a graph."""
    scope = engine.project.scope(func.path, func.scope)
    if not objects.decorated(scope, frozenset({"entrypoint"})):
        return False
    for decorator in scope.decorators:
        made = decorator.func if isinstance(decorator, Call) else decorator
        chains = [
            a.thing.chain for a in engine.quietly(made, engine.module(func.path)).alts if isinstance(a.thing, Ext)
        ]
        if "langgraph.func.entrypoint" in chains:
            return True
    return False


def _of_path(thing: FilePath, name: str) -> Result:
    from pathlib import PurePosixPath

    path = PurePosixPath(thing.path)
    if name == "parent":
        parent = str(path.parent)
        return Result((Alt(thing._replace(path="" if parent == "." else parent)),))
    if name == "parents":
        return Result((Alt(paths.parents(thing)),))
    if name in ("name", "stem", "suffix"):
        return Result((Alt(Lit(getattr(path, name))),))
    return Result((Alt(Method(thing, name)),))
