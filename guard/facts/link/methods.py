"""Methods of known texts, lists, dicts, records, paths and files: `"...".format(x)`, `params.get(x)`, `names.pop()`.

In: the thing with the method's name, and the call. Out: what it gives; unknown with a reason where it is not followed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from guard.facts.expr import Call, Star, dotted
from guard.facts.link import (
    containers,
    enums,
    paths,
    placeholders,
    plain,
    pure,
    records,
    sequences,
    subscripts,
    templates,
    texts,
)
from guard.facts.link.things import (
    DictOf,
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
    Thing,
    opened,
    union,
    unknown,
    within,
)  # fmt: skip
from guard.facts.link.things import known as just

if TYPE_CHECKING:
    from guard.facts.link.engine import Engine

MAX_LISTS = 8
"""Lists of which one is joined to a text."""


def call_method(engine: Engine, thing: Method, expr: Call, frame: Frame, trail: tuple[Hop, ...] = ()) -> Result:
    """A method of a known text, list, dict, record, path or file, or `get` of something unknown.

    `trail`: the way of what has the method, which leads to what is made of a text, too.
    """
    owner, name = thing.owner, thing.name
    found: Result | None = None
    if isinstance(owner, (Lit, Pieces)):
        found = _text_method(engine, owner, name, expr, frame, trail)
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
        if default is None:
            return unknown(owner.why)
        return opened(placeholders.marked(default, (frame.key, expr.pos), False), owner.why)
    return found if found is not None else unknown(f".{name}() is not followed")


def _list_method(engine: Engine, owner: ListOf, name: str, expr: Call, frame: Frame) -> Result | None:
    if name in ("copy", "__iter__", "encode"):
        return just(owner)
    if name in pure.LIST_METHODS:
        given = [just(owner), *(engine.eval(arg, frame) for arg in expr.args)]
        return plain.applied(engine, pure.list_method(name), given, f".{name}() of something unknown")
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
    return subscripts.elements(engine, just(owner), ("popped", frame.key, expr.pos))


def get_default(engine: Engine, expr: Call, frame: Frame) -> Result | None:
    """The default of `mapping.get("key", default)`; None for a `get` that asks for something else, as that of a URL."""
    if len(expr.args) != 2 or expr.keywords:
        return None
    keys = [a.thing.value for a in engine.eval(expr.args[0], frame).alts if isinstance(a.thing, Lit)]
    if any(isinstance(key, str) and "/" in key for key in keys):
        return None
    return engine.eval(expr.args[1], frame)


def _gives_key(expr: Call) -> bool:
    """Whether a key that is not there is given back as it is, as `aliases.get(name, name)` does."""
    asked, given = (dotted(arg) for arg in expr.args[:2]) if len(expr.args) > 1 else (None, None)
    return asked is not None and asked == given


def _text_method(
    engine: Engine, owner: Lit | Pieces, name: str, expr: Call, frame: Frame, trail: tuple[Hop, ...]
) -> Result | None:
    if name in ("format", "format_map"):
        from guard.facts.link.parameters import keywords_dict

        exact = _formatted(engine, owner, name, expr, frame)
        if exact is not None:
            return exact
        fields = keywords_dict(engine, expr, frame, frozenset())
        source = expr.func.base if hasattr(expr.func, "base") else expr.func  # type: ignore[union-attr]
        base = Result(tuple(a for a in engine.eval(source, frame).alts if a.thing == owner)) or just(owner)
        template = base if base.alts else just(owner)
        return templates.filled(engine, template, fields, expr.args, expr, frame)
    if name == "join" and expr.args and isinstance(owner, Lit):
        return _join(engine, str(owner.value), expr, frame)
    if name == "encode":
        return just(owner)
    spread = any(isinstance(a, Star) for a in expr.args) or any(k is None for k, _ in expr.keywords)
    if name in pure.TEXT_METHODS and not spread:
        given = [just(owner, *trail), *(engine.eval(arg, frame) for arg in expr.args)]
        given += [engine.eval(value, frame) for _, value in expr.keywords]
        method = pure.text_method(name, tuple(k for k, _ in expr.keywords if k is not None))
        found = plain.applied(engine, method, given, f".{name}() of something unknown")
        if found.alts or name != "replace":
            return found if found.alts or isinstance(owner, Lit) else _unchanged(owner, name)
        return _replaced(engine, owner, name, expr, frame)
    return _unchanged(owner, name)


def _formatted(engine: Engine, owner: Lit | Pieces, name: str, expr: Call, frame: Frame) -> Result | None:
    """`"...".format(...)` where all is known; None where a field has to stay a hole."""
    if any(isinstance(a, Star) for a in expr.args) or any(k is None for k, _ in expr.keywords):
        return None
    given = [just(owner), *(engine.eval(arg, frame) for arg in expr.args)]
    names = [k for k, _ in expr.keywords if k is not None]
    given += [engine.eval(value, frame) for _, value in expr.keywords]
    given = [enums.as_text(engine, value, in_format=True) for value in given]

    def apply(text: str, *values: Any) -> str:
        if name == "format_map":
            return pure.format_method(text, **values[0])
        split = len(values) - len(names)
        return pure.format_method(text, *values[:split], **dict(zip(names, values[split:])))

    found = plain.applied(engine, apply, given, "a field that is not known")
    return found if found.alts and not found.open else None


def _unchanged(owner: Lit | Pieces, name: str) -> Result | None:
    """A text of which parts are not known, behind a method that takes away little."""
    holes = isinstance(owner, Pieces) and any(part.text is None for part in owner.parts)
    return just(owner) if holes and name in ("strip", "lstrip", "rstrip") else None


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


def _join(engine: Engine, glue: str, expr: Call, frame: Frame) -> Result:
    """`glue.join(items)`, for each list that the items can be."""
    source = sequences.as_list(engine.eval(expr.args[0], frame))
    found = [within(_joined(engine, glue, a.thing, expr, frame), a.world) for a in source.alts[:MAX_LISTS]]
    if len(source.alts) > MAX_LISTS:
        found.append(unknown(f"more than {MAX_LISTS} lists can be joined"))
    return opened(union(found), *source.open) if found else _joined(engine, glue, None, expr, frame)


def _joined(engine: Engine, glue: str, thing: Thing | None, expr: Call, frame: Frame) -> Result:
    if not isinstance(thing, ListOf) or thing.each:
        name = thing.gaps[0][1] if isinstance(thing, ListOf) and thing.gaps else ""
        return just(Pieces((texts.hole(expr.args[0], frame, "joined at run time", None, name),)))
    parts: list[Result] = []
    for part in containers.in_order(thing, ""):
        if isinstance(part, str):
            text = just(Pieces((texts.hole(expr.args[0], frame, thing.open[0], None, part),)))
        else:
            text = texts.as_text(engine.force(part), Held(expr.args[0].pos, part), frame)
        parts += [just(Lit(glue), Hop(frame.path, expr.pos, "literal")), text] if parts else [text]
    if len(thing.items) > containers.MAX_ITEMS:
        parts.append(just(Pieces((texts.hole(expr.args[0], frame, "further items", None),))))
    found = texts.combined(parts) if parts else just(Lit(""))
    missing = containers.unordered(thing) and len(thing.items) > (0 if thing.fewer else 1)
    return opened(found, "its items may stand in another order, or be fewer") if missing else found


def _dict_method(engine: Engine, owner: DictOf, name: str, expr: Call, frame: Frame) -> Result | None:
    if name in ("get", "pop", "setdefault") and expr.args:
        keys = plain.whole(engine.eval(expr.args[0], frame))
        literal = [a for a in keys.alts if isinstance(a.thing, Lit)]
        default = engine.eval(expr.args[1], frame) if len(expr.args) > 1 else just(Lit(None))
        results = []
        for key in literal:
            wanted = key.thing.value if isinstance(key.thing, Lit) else None
            found = containers.get(engine, owner, wanted)
            if found is not None:
                gone = containers.absences(owner, wanted)
                if gone:
                    otherwise = union(within(default, world) for world in gone)
                    found = opened(union([containers.without_doubt(found), otherwise]), *owner.open)
                results.append(found)
            else:
                instead = Result((key,)) if _gives_key(expr) else default
                leads = placeholders.marked(instead, (frame.key, expr.pos), True)
                results.append(opened(leads, *owner.open[:1]) if owner.open else instead)
        if not literal:
            value = subscripts.any_value(
                engine, owner, ("key", frame.key, expr.pos), keys.open[0] if keys.open else "the key is not known"
            )
            return union([value, default])
        if _gives_key(expr):  # texts with holes, which may be keys that are there
            results += [opened(Result((a,)), "the key is not known") for a in keys.alts if a not in literal]
        return opened(union(results), *keys.open)
    if name in ("items", "values"):
        entries = containers.each_key(engine, owner)
        pairs = tuple(just(ListOf((just(Lit(e.key)), e.value), (), "tuple")) for e in entries)
        fewer = any(not e.sure for e in entries)
        return just(ListOf(pairs if name == "items" else tuple(e.value for e in entries), owner.open, fewer=fewer))
    if name == "keys":
        return sequences.as_list(just(owner))
    if name == records.MAKER:
        return just(records.made(engine, owner, expr, frame))
    return just(owner) if name in ("copy", "encode", "model_dump", "dict", "_asdict") else None
