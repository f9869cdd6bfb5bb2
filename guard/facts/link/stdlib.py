"""Builtins and the standard library (and its nearest neighbours) as far as they carry values.

In: an external callee or a method of a known text, list, dict, path or file, with its call. Out: a result, or None when
the function is not known here, so that the caller grows the chain. One small function for each; `CALLS` and `METHODS`
list them by name.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from guard.facts.expr import Call, Expr
from guard.facts.link import containers, documents, known, texts
from guard.facts.link.things import (
    Alt, DictOf, Ext, FileContent, FilePath, Frame, Held, Hop, ListOf, Lit, Method, Partial, Pieces, Result, Thing,
    opened, together, union, unknown,
)  # fmt: skip
from guard.facts.link.things import known as just

if TYPE_CHECKING:
    from guard.facts.link.engine import Engine

Handler = Callable[["Engine", Call, Frame], "Result | None"]


def call(engine: Engine, thing: Ext, expr: Call, frame: Frame) -> Result | None:
    """What a function outside the repository returns, where guard knows it."""
    handler = CALLS.get(thing.chain)
    if handler is not None:
        return handler(engine, expr, frame)
    last = thing.chain.rsplit(".", 1)[-1]
    if last in BY_LAST_NAME and "()" not in thing.chain:
        return BY_LAST_NAME[last](engine, expr, frame)
    if thing.chain.endswith(("Template().render", "PromptTemplate().format", "Template().substitute", "Template().safe_substitute")):
        return _template(engine, thing, expr, frame)
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
    names = [a.thing.value for a in engine.eval(name, frame).alts if isinstance(a.thing, Lit)]
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
        if not expr.args:
            return None
        source = engine.eval(expr.args[0], frame)
        alts = []
        for alt in source.alts:
            if isinstance(alt.thing, (Pieces, FilePath)) and convert is str:
                alts.append(Alt(alt.thing if isinstance(alt.thing, Pieces) else Lit(alt.thing.path), alt.trail, alt.world))
            elif isinstance(alt.thing, Lit) and alt.thing.value is not None:
                try:
                    alts.append(Alt(Lit(convert(alt.thing.value)), alt.trail, alt.world))
                except (ValueError, TypeError, OverflowError):
                    continue
        return Result(tuple(alts), source.open or (() if alts else ("converted from something that is not known",)))

    return handler


def _dict(engine: Engine, expr: Call, frame: Frame) -> Result | None:
    from guard.facts.link.calling import keywords_dict

    named = keywords_dict(engine, expr, frame, frozenset())
    if not expr.args:
        return just(named)
    source = engine.eval(expr.args[0], frame)
    alts = [Alt(texts.merged(a.thing, named), a.trail, a.world) for a in source.alts if isinstance(a.thing, DictOf)]
    return Result(tuple(alts), source.open) if alts else just(named._replace(open=(*named.open, "made from something unknown")))


def _list(engine: Engine, expr: Call, frame: Frame) -> Result | None:
    if not expr.args:
        return just(ListOf(()))
    source = engine.eval(expr.args[0], frame)
    alts = []
    for alt in source.alts:
        if isinstance(alt.thing, DictOf):
            items = tuple(Result((Alt(Lit(e.key)),)) for e in alt.thing.entries)
            alts.append(Alt(ListOf(items, alt.thing.open), alt.trail, alt.world))
        elif isinstance(alt.thing, ListOf):
            alts.append(alt)
    return Result(tuple(alts), source.open) if alts else unknown(source.open[0] if source.open else "a list of something unknown")


def _enumerate(engine: Engine, expr: Call, frame: Frame) -> Result | None:
    source = _list(engine, expr, frame)
    if source is None:
        return None
    alts = []
    for alt in source.alts:
        if isinstance(alt.thing, ListOf):
            pairs = tuple(just(ListOf((just(Lit(i)), cell), (), "tuple")) for i, cell in enumerate(alt.thing.items))
            alts.append(Alt(ListOf(pairs, alt.thing.open), alt.trail, alt.world))
    return Result(tuple(alts), source.open)


def _zip(engine: Engine, expr: Call, frame: Frame) -> Result | None:
    lists = []
    for arg in expr.args:
        found = [a.thing for a in engine.eval(arg, frame).alts if isinstance(a.thing, ListOf)]
        if len(found) != 1:
            return unknown("sequences that are not known are walked together")
        lists.append(found[0])
    rows = tuple(just(ListOf(cells, (), "tuple")) for cells in zip(*(x.items for x in lists)))
    return just(ListOf(rows, tuple(r for x in lists for r in x.open)))


def _range(engine: Engine, expr: Call, frame: Frame) -> Result | None:
    numbers = []
    for arg in expr.args:
        found = engine.eval(arg, frame)
        values = [a.thing.value for a in found.alts if isinstance(a.thing, Lit)]
        if len(values) != 1 or not isinstance(values[0], int) or found.open:
            return unknown("a range whose end is not known")
        numbers.append(values[0])
    try:
        span = range(*numbers)
    except (TypeError, ValueError):
        return unknown("not a range")
    items = tuple(just(Lit(i)) for i in span[: containers.MAX_ELEMENTS])
    return just(ListOf(items, () if len(span) <= containers.MAX_ELEMENTS else (f"{len(span)} numbers",)))


def _extreme(pick: Callable[..., Any]) -> Handler:
    """`min` and `max` of known numbers; of the known ones where others are unknown, open."""

    def handler(engine: Engine, expr: Call, frame: Frame) -> Result | None:
        if len(expr.args) < 2:
            return None
        values, reasons, trail = [], [], ()
        for arg in expr.args:
            found = engine.eval(arg, frame)
            numbers = [a for a in found.alts if isinstance(a.thing, Lit) and isinstance(a.thing.value, (int, float))]
            reasons += found.open or ([] if numbers else ["one side is not known"])
            values += [a.thing.value for a in numbers if isinstance(a.thing, Lit)]
            trail = trail or (numbers[0].trail if numbers else ())
        if not values:
            return unknown(reasons[0] if reasons else "not known")
        return Result((Alt(Lit(pick(values)), trail),), tuple(dict.fromkeys(reasons)))

    return handler


def _getattr(engine: Engine, expr: Call, frame: Frame) -> Result | None:
    from guard.facts.expr import Attr
    from guard.facts.link.attributes import attribute_of

    if len(expr.args) < 2:
        return None
    names = [a.thing.value for a in engine.eval(expr.args[1], frame).alts if isinstance(a.thing, Lit)]
    base = engine.eval(expr.args[0], frame)
    results = [
        attribute_of(engine, base, name, Attr(expr.pos, expr.args[0], name), frame) for name in names if isinstance(name, str)
    ]
    found = union(results) if results else unknown("an attribute whose name is not known")
    if len(expr.args) > 2 and not found.alts:
        return opened(engine.eval(expr.args[2], frame), *found.open)
    return found


def _choice(engine: Engine, expr: Call, frame: Frame) -> Result | None:
    return containers.elements(engine, engine.eval(expr.args[0], frame), ("chosen", frame.key, expr.pos)) if expr.args else None


def _dedent(engine: Engine, expr: Call, frame: Frame) -> Result | None:
    return _on_text(engine.eval(expr.args[0], frame), textwrap.dedent) if expr.args else None


def _on_text(source: Result, change: Callable[[str], str]) -> Result:
    alts = []
    for alt in source.alts:
        if isinstance(alt.thing, Lit) and isinstance(alt.thing.value, str):
            alts.append(Alt(Lit(change(alt.thing.value)), alt.trail, alt.world))
        elif isinstance(alt.thing, Pieces):
            alts.append(alt)
    return Result(tuple(alts), source.open or (() if alts else ("a text that is not known",)))


# --- files ------------------------------------------------------------------------------------------------------


def _path(engine: Engine, expr: Call, frame: Frame) -> Result | None:
    """`Path(a, b)` and `os.path.join(a, b)`"""
    if not expr.args:
        return just(FilePath("", False, frame.path))
    return _under(_as_path(engine, expr.args[0], frame), [_as_path(engine, arg, frame) for arg in expr.args[1:]])


def _under(base: Result, parts: list[Result]) -> Result:
    """Paths below paths: each with each, as far as they can hold together."""
    for part in parts:
        alts = []
        for a in base.alts:
            for b in part.alts:
                world = together(a.world, b.world)
                if world is not None and isinstance(a.thing, FilePath) and isinstance(b.thing, FilePath):
                    alts.append(Alt(below(a.thing, b.thing), a.trail or b.trail, world))
        base = union([Result(tuple(alts), tuple(dict.fromkeys((*base.open, *part.open))))])
    return base


def below(base: FilePath, part: FilePath) -> FilePath:
    """`base / part`"""
    if part.anchored:
        return part
    return base._replace(path=f"{base.path}/{part.path}" if base.path else part.path)


def _as_path(engine: Engine, arg: Expr, frame: Frame) -> Result:
    """What an argument is as a path; open where it may be something that is no known path."""
    found = engine.eval(arg, frame)
    alts, reasons = [], list(found.open)
    for alt in found.alts:
        if isinstance(alt.thing, FilePath):
            alts.append(alt)
        elif isinstance(alt.thing, Lit) and isinstance(alt.thing.value, str):
            alts.append(Alt(FilePath(alt.thing.value, False, frame.path), alt.trail, alt.world))
        else:
            reasons.append("a path that is not known")
    return Result(tuple(alts), tuple(dict.fromkeys(reasons or ([] if alts else ["a path that is not known"]))))


def _changed_path(found: Result, change: Callable[[FilePath], Thing]) -> Result:
    return Result(tuple(Alt(change(a.thing), (), a.world) for a in found.alts if isinstance(a.thing, FilePath)), found.open)


def _dirname(engine: Engine, expr: Call, frame: Frame) -> Result | None:
    if not expr.args:
        return None
    return _changed_path(_as_path(engine, expr.args[0], frame), lambda p: p._replace(path=p.path.rsplit("/", 1)[0] if "/" in p.path else ""))


def _open(engine: Engine, expr: Call, frame: Frame) -> Result | None:
    return _changed_path(_as_path(engine, expr.args[0], frame), FileContent) if expr.args else None


def _read(engine: Engine, file: FilePath, expr: Call) -> Result:
    text, path = documents.content(engine.project, file)
    if text is None:
        return unknown(f"file {file.path} was not found in the repository")
    return just(Lit(text), Hop(path, _whole(text), "config_file"))


def _whole(text: str) -> Any:
    from guard.facts.expr import Pos

    lines = text.count("\n") + 1
    return Pos(1, 1, lines, len(text) - text.rfind("\n"))


def _loaded(kind: str) -> Handler:
    """`json.load`, `yaml.safe_load`, `tomllib.load`, ...: the plain values of a file or text."""

    def handler(engine: Engine, expr: Call, frame: Frame) -> Result | None:
        if not expr.args:
            return None
        source = engine.eval(expr.args[0], frame)
        results = []
        for alt in source.alts:
            thing = alt.thing
            if isinstance(thing, FileContent):
                results.append(documents.document(engine.project, thing.file, kind))
            elif isinstance(thing, FilePath):
                results.append(documents.document(engine.project, thing, kind))
            elif isinstance(thing, Lit) and isinstance(thing.value, str):
                hop = alt.trail[0] if alt.trail and alt.trail[0].how == "config_file" else None
                results.append(documents.document_text(engine.project, thing.value, hop, kind))
            elif isinstance(thing, (DictOf, ListOf)):
                results.append(Result((alt,)))
        return opened(union(results), *source.open) if results else unknown(source.open[0] if source.open else "loaded from something unknown")

    return handler


def _dumped(engine: Engine, expr: Call, frame: Frame) -> Result | None:
    """`json.dumps(x)`: keeps the object; whoever sends it reads its keys."""
    if not expr.args:
        return None
    source = engine.eval(expr.args[0], frame)
    alts = [a for a in source.alts if isinstance(a.thing, (DictOf, ListOf))]
    rest = [Alt(Lit(json.dumps(a.thing.value)), a.trail, a.world) for a in source.alts if isinstance(a.thing, Lit)]
    return Result((*alts, *rest), source.open) if alts or rest else None


def _template(engine: Engine, thing: Ext, expr: Call, frame: Frame) -> Result | None:
    """`Template(text).substitute(...)` and `jinja2.Template(text).render(...)`"""
    from guard.facts.link.calling import keywords_dict

    maker = thing.made[-1]
    source = argument(maker.call, 0, "template", "source")
    if source is None:
        return None
    style = "jinja" if thing.chain.endswith("render") else "format" if thing.chain.endswith("format") else "dollar"
    text = engine.eval(source, maker.frame)
    return texts.filled(engine, text, keywords_dict(engine, expr, frame, frozenset()), (), expr, frame, style)


CALLS: dict[str, Handler] = {
    "os.getenv": _getenv, "os.environ.get": _getenv, "environ.get": _getenv, "os.environ.setdefault": _getenv,
    "decouple.config": _getenv, "environs.Env().str": _getenv, "functools.partial": _partial,
    "builtins.str": _converted(str), "builtins.int": _converted(int), "builtins.float": _converted(float),
    "builtins.bool": _converted(bool), "builtins.dict": _dict, "builtins.list": _list, "builtins.tuple": _list,
    "builtins.set": _list, "builtins.sorted": _list, "builtins.reversed": _list, "builtins.iter": _list,
    "builtins.enumerate": _enumerate, "builtins.zip": _zip, "builtins.range": _range, "builtins.min": _extreme(min),
    "builtins.max": _extreme(max), "builtins.getattr": _getattr, "builtins.next": _choice, "random.choice": _choice,
    "builtins.open": _open, "pathlib.Path": _path, "pathlib.PurePath": _path, "os.path.join": _path,
    "os.path.dirname": _dirname, "os.path.abspath": _path, "os.path.realpath": _path, "os.path.normpath": _path,
    "builtins.abs": _first, "builtins.round": _first,
    "copy.copy": _first, "copy.deepcopy": _first, "asyncio.run": _first, "asyncio.wait_for": _first,
    "asyncio.shield": _first, "asyncio.create_task": _first, "asyncio.ensure_future": _first, "inspect.cleandoc": _dedent,
    "textwrap.dedent": _dedent, "json.load": _loaded("json"), "json.loads": _loaded("json"), "json.dumps": _dumped,
    "orjson.loads": _loaded("json"), "orjson.dumps": _dumped, "ujson.dumps": _dumped, "yaml.safe_load": _loaded("yaml"),
    "yaml.load": _loaded("yaml"), "yaml.full_load": _loaded("yaml"), "tomllib.load": _loaded("toml"),
    "tomllib.loads": _loaded("toml"), "toml.load": _loaded("toml"), "toml.loads": _loaded("toml"), "tomli.load": _loaded("toml"),
    "types.SimpleNamespace": _dict, "collections.OrderedDict": _dict, "builtins.frozenset": _list,
}  # fmt: skip

BY_LAST_NAME: dict[str, Handler] = {"cast": lambda engine, expr, frame: engine.eval(expr.args[1], frame) if len(expr.args) == 2 else None}


# --- methods of known things ------------------------------------------------------------------------------------


def call_method(engine: Engine, thing: Method, expr: Call, frame: Frame) -> Result:
    """A method of a known text, list, dict, path or file."""
    owner, name = thing.owner, thing.name
    if isinstance(owner, (Lit, Pieces)):
        found = _text_method(engine, owner, name, expr, frame)
    elif isinstance(owner, DictOf):
        found = _dict_method(engine, owner, name, expr, frame)
    elif isinstance(owner, ListOf):
        found = just(owner) if name in ("copy", "__iter__") else _choice_of(engine, owner, expr, frame) if name == "pop" else None
    elif isinstance(owner, FilePath):
        found = _path_method(engine, owner, name, expr, frame)
    else:
        found = _read(engine, owner.file, expr) if name in ("read", "readlines") and isinstance(owner, FileContent) else None
    return found if found is not None else unknown(f".{name}() is not followed")


def _choice_of(engine: Engine, owner: ListOf, expr: Call, frame: Frame) -> Result:
    return containers.elements(engine, just(owner), ("popped", frame.key, expr.pos))


_SIMPLE = frozenset({
    "strip", "lstrip", "rstrip", "lower", "upper", "title", "capitalize", "removeprefix", "removesuffix", "replace",
    "casefold", "swapcase", "zfill", "center", "ljust", "rjust", "startswith", "endswith", "isdigit", "count", "find",
    "split", "rsplit", "partition", "rpartition", "splitlines",
})  # fmt: skip


def _text_method(engine: Engine, owner: Lit | Pieces, name: str, expr: Call, frame: Frame) -> Result | None:
    if name in ("format", "format_map"):
        from guard.facts.link.calling import keywords_dict

        fields = keywords_dict(engine, expr, frame, frozenset())
        source = expr.func.base if hasattr(expr.func, "base") else expr.func  # type: ignore[union-attr]
        base = Result(tuple(a for a in engine.eval(source, frame).alts if a.thing == owner)) or just(owner)
        template = base if base.alts else just(owner)
        return texts.filled(engine, template, fields, expr.args, expr, frame)
    if name == "join" and expr.args and isinstance(owner, Lit):
        return _join(engine, str(owner.value), expr, frame)
    if name == "encode":
        return just(owner)
    if name in _SIMPLE and isinstance(owner, Lit) and isinstance(owner.value, str):
        values = []
        for arg in expr.args:
            given = engine.eval(arg, frame)
            literal = [a.thing.value for a in given.alts if isinstance(a.thing, Lit)]
            if len(literal) != 1 or given.open:
                return _replaced(engine, owner, name, expr, frame)
            values.append(literal[0])
        try:
            return _wrapped(getattr(owner.value, name)(*values))
        except (TypeError, ValueError):
            return None
    if name == "replace" and isinstance(owner, Pieces):
        return _replaced(engine, owner, name, expr, frame)
    return just(owner) if name in ("strip", "lstrip", "rstrip") else None


def _replaced(engine: Engine, owner: Lit | Pieces, name: str, expr: Call, frame: Frame) -> Result | None:
    """`text.replace("{x}", value)` with a value that is not known: a hole in its place."""
    if name != "replace" or len(expr.args) != 2:
        return None
    old = [a.thing.value for a in engine.eval(expr.args[0], frame).alts if isinstance(a.thing, Lit)]
    if len(old) != 1 or not isinstance(old[0], str) or not old[0]:
        return None
    new = texts.as_text(engine.eval(expr.args[1], frame), expr.args[1], frame)
    parts: list[Result] = []
    for part in texts.pieces(owner, frame.path, expr.pos) or ():
        if part.text is None:
            parts.append(just(Pieces((part,))))
            continue
        for index, text in enumerate(part.text.split(old[0])):
            if index:
                parts.append(new)
            parts.append(just(Lit(text), Hop(part.path, part.pos, "literal")))
    return texts.combined(parts)


def _wrapped(value: Any) -> Result | None:
    if isinstance(value, (list, tuple)):
        return just(ListOf(tuple(just(Lit(v)) for v in value), (), type(value).__name__))
    return just(Lit(value)) if isinstance(value, (str, int, float, bool)) else None


def _join(engine: Engine, glue: str, expr: Call, frame: Frame) -> Result:
    parts: list[Result] = []
    source = engine.eval(expr.args[0], frame)
    thing = source.alts[0].thing if source.alts else None
    if not isinstance(thing, ListOf) or thing.each:
        name = thing.gaps[0][1] if isinstance(thing, ListOf) and thing.gaps else ""
        return just(Pieces((texts.hole(expr.args[0], frame, "joined at run time", None, name),)))
    for part in containers.in_order(thing, ""):
        if isinstance(part, str):
            text = just(Pieces((texts.hole(expr.args[0], frame, thing.open[0], None, part),)))
        else:
            text = texts.as_text(engine.force(part), Held(expr.args[0].pos, part), frame)
        parts += [just(Lit(glue)), text] if parts else [text]
    return texts.combined(parts) if parts else just(Lit(""))


def _dict_method(engine: Engine, owner: DictOf, name: str, expr: Call, frame: Frame) -> Result | None:
    if name in ("get", "pop", "setdefault") and expr.args:
        keys = engine.eval(expr.args[0], frame)
        literal = [a for a in keys.alts if isinstance(a.thing, Lit)]
        default = engine.eval(expr.args[1], frame) if len(expr.args) > 1 else just(Lit(None))
        results = []
        for key in literal:
            found = containers.get(engine, owner, key.thing.value) if isinstance(key.thing, Lit) else None
            if found is not None:
                results.append(found if not found.open else union([found, default]))
            else:
                results.append(opened(default, *owner.open[:1]) if owner.open else default)
        if not literal:
            value = containers.any_value(engine, owner, ("key", frame.key, expr.pos), keys.open[0] if keys.open else "the key is not known")
            return union([value, default])
        return opened(union(results), *keys.open)
    if name == "items":
        pairs = tuple(just(ListOf((just(Lit(e.key)), e.value), (), "tuple")) for e in owner.entries)
        return just(ListOf(pairs, owner.open))
    if name == "values":
        return just(ListOf(tuple(e.value for e in owner.entries), owner.open))
    if name == "keys":
        return just(ListOf(tuple(just(Lit(e.key)) for e in owner.entries), owner.open))
    return just(owner) if name in ("copy", "model_dump", "dict") else None


def _path_method(engine: Engine, owner: FilePath, name: str, expr: Call, frame: Frame) -> Result | None:
    if name in ("read_text", "read_bytes"):
        return _read(engine, owner, expr)
    if name == "open":
        return just(FileContent(owner))
    if name in ("resolve", "absolute", "expanduser", "as_posix", "__str__"):
        return just(owner)
    if name in ("joinpath", "with_name", "with_suffix") and expr.args:
        parts = [_as_path(engine, arg, frame) for arg in expr.args]
        if name == "joinpath":
            return _under(just(owner), parts)
        from pathlib import PurePosixPath

        return _changed_path(parts[0], lambda p: owner._replace(path=str(getattr(PurePosixPath(owner.path or "x"), name)(p.path))))
    return None
