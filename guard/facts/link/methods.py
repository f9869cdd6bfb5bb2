"""Methods of known texts, lists, dicts, records, paths and files: `"...".format(x)`, `params.get(x)`, `names.pop()`.

In: the thing with the method's name, and the call. Out: what it gives; unknown with a reason where it is not followed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from guard.facts.expr import Call
from guard.facts.link import containers, paths, records, sequences, templates, texts
from guard.facts.link.things import (
    DictOf,
    Entry,
    FileContent,
    FilePath,
    Frame,
    Gap,
    Held,
    Hop,
    Inst,
    ListOf,
    Lit,
    Method,
    Pieces,
    Result,
    opened,
    union,
    unknown,
)  # fmt: skip
from guard.facts.link.things import known as just
from guard.model import Scalar

if TYPE_CHECKING:
    from guard.facts.link.engine import Engine


def call_method(engine: Engine, thing: Method, expr: Call, frame: Frame) -> Result:
    """A method of a known text, list, dict, record, path or file, or `get` of something unknown."""
    owner, name = thing.owner, thing.name
    found: Result | None = None
    if isinstance(owner, (Lit, Pieces)):
        found = _text_method(engine, owner, name, expr, frame)
    elif isinstance(owner, DictOf):
        found = _dict_method(engine, owner, name, expr, frame)
    elif isinstance(owner, ListOf):
        found = _list_method(engine, owner, name, expr, frame)
    elif isinstance(owner, FilePath):
        found = paths.method(engine, owner, name, expr, frame)
    elif isinstance(owner, Inst):
        found = records.method(engine, owner, name, expr, frame)
    elif isinstance(owner, FileContent) and name in ("read", "readlines"):
        found = paths.read(engine, just(owner.file))
    elif isinstance(owner, Gap):
        default = get_default(engine, expr, frame) if name == "get" else None
        return unknown(owner.why) if default is None else opened(default, owner.why)
    return found if found is not None else unknown(f".{name}() is not followed")


def _list_method(engine: Engine, owner: ListOf, name: str, expr: Call, frame: Frame) -> Result | None:
    if name in ("copy", "__iter__", "encode"):
        return just(owner)
    if name not in ("pop", "popleft"):
        return None
    index = 0 if name == "popleft" else containers.number(engine, expr.args[0], frame) if expr.args else -1
    if (
        index is not None
        and not owner.open
        and not owner.fewer
        and owner.kind == "list"
        and -len(owner.items) <= index < len(owner.items)
    ):
        return engine.force(owner.items[index])
    return containers.elements(engine, just(owner), ("popped", frame.key, expr.pos))


def get_default(engine: Engine, expr: Call, frame: Frame) -> Result | None:
    """The default of `mapping.get("key", default)`; None for a `get` that asks for something else, as that of a URL."""
    if len(expr.args) != 2 or expr.keywords:
        return None
    keys = [a.thing.value for a in engine.eval(expr.args[0], frame).alts if isinstance(a.thing, Lit)]
    if any(isinstance(key, str) and "/" in key for key in keys):
        return None
    return engine.eval(expr.args[1], frame)


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
        return templates.filled(engine, template, fields, expr.args, expr, frame)
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


def _each_key(engine: Engine, owner: DictOf) -> list[Entry]:
    """The entries of a dict, each key once: with what it can hold, sure where one of its entries is."""
    by_key: dict[tuple[type, Scalar], list[Entry]] = {}
    for entry in owner.entries:
        by_key.setdefault((type(entry.key), entry.key), []).append(entry)
    found = []
    for (_, key), entries in by_key.items():
        if len(entries) > 1:
            value = union([engine.force(e.value) for e in entries])
            entries = [Entry(key, value, any(e.sure for e in entries))]
        found.append(entries[0])
    return found


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
            value = containers.any_value(
                engine, owner, ("key", frame.key, expr.pos), keys.open[0] if keys.open else "the key is not known"
            )
            return union([value, default])
        return opened(union(results), *keys.open)
    if name == "items":
        pairs = tuple(just(ListOf((just(Lit(e.key)), e.value), (), "tuple")) for e in _each_key(engine, owner))
        return just(ListOf(pairs, owner.open, fewer=any(not e.sure for e in _each_key(engine, owner))))
    if name == "values":
        return just(ListOf(tuple(e.value for e in _each_key(engine, owner)), owner.open))
    if name == "keys":
        return sequences.as_list(just(owner))
    if name == records.MAKER:
        return just(records.made(engine, owner, expr, frame))
    return just(owner) if name in ("copy", "encode", "model_dump", "dict", "_asdict") else None
