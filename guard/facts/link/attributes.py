"""Attributes of whatever stands before the dot. In: a result and a name. Out: a result.

Objects and classes of the repository are followed in `objects`; things outside of it only grow their chain.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.facts.expr import Attr
from guard.facts.link import cli, effects, known, objects, paths, records
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
        return engine.member(thing.path, name, frame.path)
    if isinstance(thing, PackageThing):
        return engine.member(thing.folder, name, frame.path)
    if isinstance(thing, (Func, Partial)) and name in TASK_METHODS:
        return Result((Alt(thing),))
    if isinstance(thing, FilePath):
        return _of_path(thing, name)
    if isinstance(thing, Lit) and name in ("value", "name") and isinstance(thing.value, str):
        return Result((Alt(thing),))
    if isinstance(thing, DictOf) and (found := records.attribute(engine, thing, name)) is not None:
        return found
    if isinstance(thing, (Lit, Pieces, ListOf, DictOf, FileContent)):
        return Result((Alt(Method(thing, name)),))
    return unknown(thing.why if isinstance(thing, Gap) else f".{name} of a function is not followed")


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
