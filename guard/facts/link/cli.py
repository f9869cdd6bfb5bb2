"""Defaults declared for the command line and for requests: typer, click, argparse, FastAPI.

In: a parameter or an attribute of parsed arguments. Out: the declared default (and choices), open, since users choose.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.facts.expr import Call, Const, Expr, last_name
from guard.facts.filefacts import Param, Scope
from guard.facts.link.things import (
    Alt,
    Cell,
    DictOf,
    Ext,
    Frame,
    Hop,
    ListOf,
    Lit,
    Result,
    moved,
    opened,
    union,
    unknown,
)  # fmt: skip

if TYPE_CHECKING:
    from guard.facts.link.engine import Engine

DECLARERS = frozenset({
    "typer.Argument", "typer.Option", "fastapi.Query", "fastapi.Body", "fastapi.Form", "fastapi.Header", "fastapi.Path",
    "fastapi.Cookie", "fastapi.param_functions.Query", "pydantic.Field",
})  # fmt: skip
OPTIONS = frozenset({"option", "argument"})


def declared_default(engine: Engine, default: Expr, frame: Frame) -> Result | None:
    """The default inside `typer.Option("x", ...)` and the like; None when it is no such declaration."""
    if not isinstance(default, Call):
        return None
    found = engine.quietly(default.func, frame)
    if not any(isinstance(a.thing, Ext) and a.thing.chain in DECLARERS for a in found.alts):
        return None
    inner = dict(default.keywords).get("default") or (default.args[0] if default.args else None)
    why = "the user of the command or request may give another"
    return Result((), (why,)) if inner is None else opened(engine.eval(inner, frame), why)


def option_default(engine: Engine, scope: Scope, param: Param, frame: Frame) -> Result | None:
    """The default of `@click.option("--model", default=...)` for a parameter without one of its own."""
    outer = engine.root(frame.path, scope.parent) if scope.parent > 0 else engine.module(frame.path)
    for decorator in scope.decorators:
        if not isinstance(decorator, Call) or last_name(decorator.func) not in OPTIONS:
            continue
        if param.name in _names(decorator):
            return _declared(engine, decorator, outer, frame.path)
    return None


def _names(call: Call) -> set[str]:
    """Names under which an option's value arrives: `dest`, a plain name, else the longest flag."""
    keywords = dict(call.keywords)
    dest = keywords.get("dest")
    if isinstance(dest, Const):
        return {str(dest.value)}
    flags = [str(a.value) for a in call.args if isinstance(a, Const) and isinstance(a.value, str)]
    plain = [f for f in flags if not f.startswith("-")]
    return {f.lstrip("-").replace("-", "_").split("/")[0] for f in (plain or flags)}


def _declared(engine: Engine, call: Call, frame: Frame, path: str) -> Result | None:
    keywords = dict(call.keywords)
    results = []
    if (default := keywords.get("default")) is not None:
        results.append(moved(engine.eval(default, frame), Hop(path, default.pos, "default", "command line")))
    listed = _choices(engine, call, frame)
    results += [engine.force(cell) for cell in listed or ()]
    if listed is not None and results and "default" in keywords and "action" not in keywords:
        return union(results)
    found = opened(union(results), "the user of the command may give another")
    return found if found.alts or "default" in keywords or call.args else None


def _choices(engine: Engine, call: Call, frame: Frame) -> tuple[Cell, ...] | None:
    """What `choices=[...]` or `type=click.Choice([...])` allows; None where it allows anything or is not known."""
    keywords = dict(call.keywords)
    choices, kind = keywords.get("choices"), keywords.get("type")
    if isinstance(kind, Call) and last_name(kind.func) == "Choice" and kind.args:
        choices = kind.args[0]
    found = engine.eval(choices, frame) if choices is not None else unknown("no choices are declared")
    thing = found.alts[0].thing if len(found.alts) == 1 and not found.open else None
    if isinstance(thing, DictOf) and not thing.open:
        return tuple(Result((Alt(Lit(e.key)),)) for e in thing.entries)
    return thing.items if isinstance(thing, ListOf) and not thing.open and not thing.fewer else None


def parsed_argument(engine: Engine, thing: Ext, name: str) -> Result | None:
    """`args.model` where `args = parser.parse_args()`: the default of the option that the same file declares."""
    if not thing.chain.endswith(("parse_args()", "parse_known_args()")) or not thing.made:
        return None
    path = thing.made[-1].frame.path
    facts = engine.project.facts(path)
    for ref in facts.by_name.get("add_argument", ()) if facts else ():
        if name in _names(ref.call):
            declared = _declared(engine, ref.call, engine.root(path, ref.scope), path)
            if declared is not None and not any(
                isinstance(a.thing, Lit) and a.thing.value is None for a in declared.alts
            ):
                return declared
    return Result((), ("the user of the command gives it",))
