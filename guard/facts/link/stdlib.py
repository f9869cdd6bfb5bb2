"""Builtins and the standard library (and its nearest neighbours) as far as they carry values.

In: an external callee with its call. Out: a result, or None when the function is not known here, so that the caller
grows the chain. One small function for each, by name in `CALLS`; those of paths, sequences and records stand in modules
of their own, methods of known things in `methods`.
"""

from __future__ import annotations

import inspect
import json
import textwrap
import urllib.parse
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from guard.facts.expr import Call, Comp, Expr, Star
from guard.facts.link import (
    containers,
    enums,
    imports_by_text,
    injected,
    known,
    methods,
    paths,
    placeholders,
    plain,
    pure,
    records,
    sequences,
    settings_files,
    subscripts,
    template_calls,
    templates,
    texts,
    truth,
)  # fmt: skip
from guard.facts.link.things import (
    Alt,
    DictOf,
    Ext,
    FilePath,
    Frame,
    ListOf,
    Lit,
    Made,
    Partial,
    Piece,
    Pieces,
    Result,
    opened,
    together,
    union,
    unknown,
    within,
)  # fmt: skip
from guard.facts.link.things import known as just

if TYPE_CHECKING:
    from guard.facts.link.engine import Engine

Handler = Callable[["Engine", Call, Frame], "Result | None"]
MAX_ROWS = 64
"""Pairs of numbers that `min` and `max` look at."""


def call(engine: Engine, thing: Ext, expr: Call, frame: Frame) -> Result | None:
    """What a function outside the repository returns, where guard knows it."""
    handler = CALLS.get(thing.chain)
    if handler is not None:
        return handler(engine, expr, frame)
    if thing.chain == "contextvars.ContextVar().get":
        return injected.context_variable(engine, thing)
    last = thing.chain.rsplit(".", 1)[-1]
    if last in BY_LAST_NAME and "()" not in thing.chain:
        return BY_LAST_NAME[last](engine, expr, frame)
    if thing.chain.endswith(("PromptTemplate().format", "Template().substitute", "Template().safe_substitute")):
        return _template(engine, thing, expr, frame)
    rendered = template_calls.call(engine, thing, expr, frame)
    if rendered is not None:
        return rendered
    default = methods.get_default(engine, expr, frame) if last == "get" else None
    if default is not None:  # a mapping from outside: what it holds, or the default
        default = placeholders.marked(default, (frame.key, expr.pos), False)
        return union([default, just(Ext(thing.chain + "()", (*thing.made, Made(expr, frame))))])
    return None


def argument(expr: Call, index: int, *names: str) -> Expr | None:
    """An argument by name or position."""
    for keyword, value in expr.keywords:
        if keyword in names:
            return value
    return expr.args[index] if index < len(expr.args) else None


def _first(engine: Engine, expr: Call, frame: Frame) -> Result | None:
    """Functions that give back their first argument (casts, copies, runners of a coroutine)."""
    return engine.eval(expr.args[0], frame) if expr.args else None


def _getenv(engine: Engine, expr: Call, frame: Frame) -> Result | None:
    name = argument(expr, 0, "key", "varname", "name")
    default = argument(expr, 1, "default")
    if name is None:
        return None
    names = [a.thing.value for a in plain.whole(engine.eval(name, frame)).alts if isinstance(a.thing, Lit)]
    value = engine.eval(default, frame) if default is not None else None
    if not names:
        return opened(value or unknown("an environment variable"), "an environment variable whose name is not known")
    return union(known.environment(engine, str(n), value, expr.pos, frame) for n in names)


def _partial(engine: Engine, expr: Call, frame: Frame) -> Result | None:
    if not expr.args:
        return None
    inner = Call(expr.pos, expr.args[0], expr.args[1:], expr.keywords)
    found = engine.eval(expr.args[0], frame)
    return Result(tuple(Alt(Partial(a.thing, inner, frame), a.trail, a.world) for a in found.alts), found.open)


def _converted(convert: Callable[[Any], Any]) -> Handler:
    """`int(x)`, `str(x)`, ...: known values converted, others open."""

    def handler(engine: Engine, expr: Call, frame: Frame) -> Result | None:
        if not expr.args or expr.keywords or any(isinstance(a, Star) for a in expr.args):
            return None
        given = [engine.eval(arg, frame) for arg in expr.args]
        if convert is str:
            given[0] = enums.as_text(engine, given[0], in_format=False)
        exact = plain.applied(engine, convert, given, "converted from something that is not known")
        source = given[0]
        if (exact.alts and not exact.open) or len(given) > 1:
            return exact
        alts = []
        dropped: tuple[str, ...] = ()
        for alt in source.alts:
            if isinstance(alt.thing, (Pieces, FilePath)) and convert is str:
                alts.append(
                    Alt(alt.thing if isinstance(alt.thing, Pieces) else Lit(alt.thing.path), alt.trail, alt.world)
                )
            elif isinstance(alt.thing, Lit) and alt.thing.value is not None:
                try:
                    alts.append(Alt(Lit(convert(alt.thing.value)), alt.trail, alt.world))
                except (ValueError, TypeError, OverflowError):
                    continue
            elif not isinstance(alt.thing, Lit):
                dropped = ("converted from something that is not known",)
        return Result(
            tuple(alts), source.open or dropped or (() if alts else ("converted from something that is not known",))
        )

    return handler


def _dict(engine: Engine, expr: Call, frame: Frame) -> Result | None:
    from guard.facts.link.parameters import keywords_dict

    named = keywords_dict(engine, expr, frame, frozenset())
    if not expr.args:
        return just(named)
    source = engine.eval(expr.args[0], frame)
    if any(isinstance(a.thing, ListOf) for a in source.alts):  # pairs of keys and values
        source = plain.applied(engine, dict, [source], "made from something unknown")
    alts = []
    for alt in source.alts:
        base = alt.thing if isinstance(alt.thing, DictOf) else DictOf((), ("made from something unknown",))
        alts.append(Alt(texts.merged(base, named), alt.trail, alt.world))
    if source.open:
        alts.append(Alt(texts.merged(DictOf((), source.open[:1]), named)))
    return Result(tuple(alts), source.open)


def _pure(function: Callable[..., object]) -> Handler:
    """A builtin that is applied to known values; a number of something unknown is open."""

    def handler(engine: Engine, expr: Call, frame: Frame) -> Result | None:
        if expr.keywords or not expr.args or any(isinstance(a, Star) for a in expr.args):
            return None
        given = [engine.eval(arg, frame) for arg in expr.args]
        found = plain.applied(engine, function, given, "a number of something that is not known")
        return found if found.alts else None

    return handler


def _extreme(pick: Callable[..., Any]) -> Handler:
    """`min` and `max` of known numbers; of the known ones where others are unknown, open."""

    def handler(engine: Engine, expr: Call, frame: Frame) -> Result | None:
        if expr.keywords or any(isinstance(a, Star) for a in expr.args):
            return None
        exact = plain.applied(engine, pick, [engine.eval(arg, frame) for arg in expr.args], "not known")
        if exact.alts and not exact.open:
            return exact
        if len(expr.args) < 2:
            return None
        rows: list[Alt] = []
        reasons: list[str] = []
        for arg in expr.args:
            found = engine.eval(arg, frame)
            numbers = [a for a in found.alts if isinstance(a.thing, Lit) and isinstance(a.thing.value, (int, float))]
            reasons += found.open or (() if len(numbers) == len(found.alts) else ("one side is not known",))
            rows = (
                [r for a in rows for b in numbers if (r := _picked(pick, a, b)) is not None]
                if rows and numbers
                else rows or numbers
            )
            del rows[MAX_ROWS:]
        if not rows:
            return unknown(reasons[0] if reasons else "not known")
        return union([Result(tuple(rows), tuple(dict.fromkeys(reasons)))])

    return handler


def _picked(pick: Callable[..., Any], a: Alt, b: Alt) -> Alt | None:
    """The one of two numbers that is picked, with its trail, if both can be there at once."""
    world = together(a.world, b.world)
    if world is None or not isinstance(a.thing, Lit) or not isinstance(b.thing, Lit):
        return None
    chosen = a if pick(a.thing.value, b.thing.value) == a.thing.value else b
    return Alt(chosen.thing, chosen.trail, world)


def _getattr(engine: Engine, expr: Call, frame: Frame) -> Result | None:
    from guard.facts.expr import Attr
    from guard.facts.link.attributes import attribute_of

    if len(expr.args) < 2:
        return None
    asked = plain.whole(engine.eval(expr.args[1], frame))
    base = engine.eval(expr.args[0], frame)
    results = []
    for alt in asked.alts:
        name = alt.thing.value if isinstance(alt.thing, Lit) else None
        owners = tuple(a for a in base.alts if together(a.world, alt.world) is not None)
        if isinstance(name, str) and (owners or not base.alts):
            held = attribute_of(engine, Result(owners, base.open), name, Attr(expr.pos, expr.args[0], name), frame)
            results.append(within(held, alt.world))
    found = union(results) if results else unknown("an attribute whose name is not known")
    if len(expr.args) > 2 and not found.alts:
        return opened(engine.eval(expr.args[2], frame), *found.open)
    return found


def _getdoc(engine: Engine, expr: Call, frame: Frame) -> Result | None:
    from guard.facts.expr import Attr
    from guard.facts.link.attributes import attribute_of

    if not expr.args:
        return None
    doc = Attr(expr.pos, expr.args[0], "__doc__")
    return _on_text(attribute_of(engine, engine.eval(expr.args[0], frame), "__doc__", doc, frame), inspect.cleandoc)


def _next(engine: Engine, expr: Call, frame: Frame) -> Result | None:
    """`next(x)`: the first element of what is made on the spot; of a named iterator any, since others may be gone."""
    made_here = bool(expr.args) and isinstance(expr.args[0], (Call, Comp))
    if not made_here or len(expr.args) > 1:
        return _choice(engine, expr, frame)
    source = sequences.as_list(engine.eval(expr.args[0], frame))
    results = []
    for alt in source.alts:
        thing = alt.thing
        if isinstance(thing, ListOf) and thing.items and not thing.open and not containers.unordered(thing):
            results.append(within(engine.force(thing.items[0]), alt.world))
        else:
            results.append(subscripts.elements(engine, Result((alt,)), ("chosen", frame.key, expr.pos)))
    return opened(union(results), *source.open)


def _choice(engine: Engine, expr: Call, frame: Frame) -> Result | None:
    return (
        subscripts.elements(engine, engine.eval(expr.args[0], frame), ("chosen", frame.key, expr.pos))
        if expr.args
        else None
    )


def _dedent(engine: Engine, expr: Call, frame: Frame) -> Result | None:
    return _on_text(engine.eval(expr.args[0], frame), textwrap.dedent) if expr.args else None


def _on_text(source: Result, change: Callable[[str], str]) -> Result:
    alts = []
    for alt in source.alts:
        if isinstance(alt.thing, Lit) and isinstance(alt.thing.value, str):
            alts.append(Alt(Lit(change(alt.thing.value)), alt.trail, alt.world))
        elif isinstance(alt.thing, Pieces):
            alts.append(alt)
    dropped = () if alts and len(alts) == len(source.alts) else ("a text that is not known",)
    return Result(tuple(alts), source.open or dropped)


def _dumped(engine: Engine, expr: Call, frame: Frame) -> Result | None:
    """`json.dumps(x)`: keeps the object; whoever sends it reads its keys."""
    if not expr.args:
        return None
    source = engine.eval(expr.args[0], frame)
    alts = [a for a in source.alts if isinstance(a.thing, (DictOf, ListOf))]
    rest = [Alt(Lit(json.dumps(a.thing.value)), a.trail, a.world) for a in source.alts if isinstance(a.thing, Lit)]
    found = (*alts, *rest)
    dropped = () if len(found) == len(source.alts) else ("a value that is built at run time",)
    return Result(found, source.open or dropped) if found else None


def _template(engine: Engine, thing: Ext, expr: Call, frame: Frame) -> Result | None:
    """`Template(text).substitute(...)` and `PromptTemplate(template=text).format(...)`"""
    from guard.facts.link.parameters import keywords_dict

    maker = thing.made[-1]
    source = argument(maker.call, 0, "template", "source")
    if source is None:
        return None
    text = engine.eval(source, maker.frame)
    fields = keywords_dict(engine, expr, frame, frozenset())
    if thing.chain.endswith("format"):
        return templates.filled(engine, text, fields, (), expr, frame)
    for arg in expr.args[:1]:  # `substitute(mapping, name=value)`: keywords win
        given = engine.eval(arg, frame)
        one = given.alts[0].thing if len(given.alts) == 1 and not given.open else None
        base = one if isinstance(one, DictOf) else DictOf((), ("the values are built at run time",))
        fields = texts.merged(base, fields)
    return templates.filled(engine, text, fields, (), expr, frame, "dollar")


def _urljoin(engine: Engine, expr: Call, frame: Frame) -> Result | None:
    """`urljoin(base, path)`: a path put behind a base that is not known stays behind it."""
    if len(expr.args) < 2:
        return None
    found = []
    for base in texts.as_text(engine.eval(expr.args[0], frame), expr.args[0], frame).alts:
        for path in texts.as_text(engine.eval(expr.args[1], frame), expr.args[1], frame).alts:
            world = together(base.world, path.world)
            if world is None or not isinstance(path.thing, Lit):
                continue
            if isinstance(base.thing, Lit):
                whole: Lit | Pieces = Lit(urllib.parse.urljoin(str(base.thing.value), str(path.thing.value)))
            elif isinstance(base.thing, Pieces):
                end = Piece("/" + str(path.thing.value).lstrip("/"), "", frame.path, expr.pos)
                whole = Pieces((*base.thing.parts, end))
            else:
                continue
            found.append(Alt(whole, base.trail, world))
    return Result(tuple(found)) if found else None


CALLS: dict[str, Handler] = {
    "os.getenv": _getenv, "os.environ.get": _getenv, "environ.get": _getenv, "os.environ.setdefault": _getenv,
    "decouple.config": _getenv, "environs.Env().str": _getenv, "functools.partial": _partial,
    "builtins.str": _converted(str), "builtins.int": _converted(int), "builtins.float": _converted(float),
    "builtins.bool": _converted(bool), "builtins.dict": _dict, "builtins.min": _extreme(min),
    "builtins.max": _extreme(max),
    "builtins.isinstance": truth.is_instance, "builtins.getattr": _getattr, "builtins.next": _next,
    "random.choice": _choice, "copy.copy": _first, "copy.deepcopy": _first,
    "asyncio.run": _first, "asyncio.wait_for": _first, "asyncio.shield": _first,
    "asyncio.create_task": _first, "asyncio.ensure_future": _first,
    "joblib.delayed": _first, "asgiref.sync.sync_to_async": _first, "asgiref.sync.async_to_sync": _first,
    "inspect.cleandoc": _dedent,
    "textwrap.dedent": _dedent, "json.dumps": _dumped, "orjson.dumps": _dumped, "ujson.dumps": _dumped,
    "types.SimpleNamespace": _dict, "argparse.Namespace": _dict, "collections.OrderedDict": _dict,
    "inspect.getdoc": _getdoc, "urllib.parse.urljoin": _urljoin,
    "builtins.bytes": _first,
    **{name: _pure(function) for name, function in pure.BUILTINS.items()},
    **imports_by_text.CALLS, **settings_files.CALLS, **paths.CALLS, **sequences.CALLS, **records.CALLS,
}  # fmt: skip

BY_LAST_NAME: dict[str, Handler] = {
    "cast": lambda engine, expr, frame: engine.eval(expr.args[1], frame) if len(expr.args) == 2 else None,
    **sequences.BY_LAST_NAME,
}  # fmt: skip
