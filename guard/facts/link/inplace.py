"""One change in place: what a list or dict is behind `append`, `update`, `d[key] = value`, `reverse`, `clear`, ...

In: a known list or dict and the change, with whether it surely ran. Out: the list or dict behind it. Where the outcome
cannot be told it is open with a reason, or the order of a list is given up (`kind` "set": an element by number is one
of all). `effects` says which changes there are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.facts.expr import Call, Expr, Item, Op, Star, last_name
from guard.facts.filefacts import Effect
from guard.facts.link import containers, plain, texts
from guard.facts.link.things import (
    NO_ARMS,
    PERHAPS,
    Arms,
    DictOf,
    Entry,
    Frame,
    ListOf,
    Lit,
    Result,
    Thing,
    Thunk,
    union,
    unknown,
)

if TYPE_CHECKING:
    from guard.facts.link.engine import Engine

GROWING = frozenset({"append", "extend", "insert", "add", "appendleft", "extendleft"})
SHRINKING = frozenset({"pop", "popleft", "remove", "clear", "discard"})
_NOTHING = object()


def changed(
    engine: Engine, thing: Thing, effect: Effect, frame: Frame, sure: bool, repeated: bool, arms: Arms = NO_ARMS
) -> Thing:  # fmt: skip
    """A list or dict behind a change; `repeated`: it may have run several times; `arms`: under what, if not surely."""
    if not isinstance(thing, (DictOf, ListOf)):
        return thing
    if effect.kind == "item" and effect.key is not None:
        if isinstance(thing, DictOf):
            return _key_set(engine, thing, effect, frame, sure, repeated, arms)
        return _element_set(engine, thing, effect, frame, sure, repeated)
    if effect.kind == "del_item" and effect.key is not None:
        key = _literal(engine, effect.key, frame)
        if isinstance(thing, DictOf):
            return _without(thing, key, sure)
        return _taken_out(thing, key, sure and not repeated)
    if effect.kind == "call" and isinstance(effect.value, Call):
        method = last_name(effect.value.func) or ""
        if isinstance(thing, ListOf):
            return _list_call(engine, thing, method, effect.value, frame, sure, repeated)
        return _dict_call(engine, thing, method, effect.value, frame, sure, arms)
    return thing


def next_turn(engine: Engine, thing: Thing, effect: Effect, frame: Frame) -> Thing:
    """A list or dict at a later turn of a loop, behind a change that stands further down in the loop."""
    if not isinstance(thing, ListOf):
        return changed(engine, thing, effect, frame, False, True)
    method = last_name(effect.value.func) if isinstance(effect.value, Call) else None
    if effect.kind == "call" and method in GROWING:
        return thing._replace(open=(*thing.open, "it grows in the loop around the call"))
    if effect.kind == "item":
        return _element_set(engine, thing, effect, frame, False, True)
    return thing._replace(fewer=True) if method in SHRINKING else thing._replace(kind="set")


def _literal(engine: Engine, expr: object, frame: Frame) -> object:
    result = engine.eval(expr, frame)  # type: ignore[arg-type]
    value = plain.of_result(engine, result)
    return value if value is None or isinstance(value, (str, int, float)) else _NOTHING


def _key_set(
    engine: Engine, thing: DictOf, effect: Effect, frame: Frame, sure: bool, repeated: bool, arms: Arms
) -> DictOf:  # fmt: skip
    assert effect.key is not None
    keys = plain.whole(engine.eval(effect.key, frame))
    literal = [a.thing.value for a in keys.alts if isinstance(a.thing, Lit)]
    value: Thunk | Result = Thunk(effect.value, frame)
    if effect.op and repeated:
        value = unknown("it changes in a loop")
    elif effect.op:
        before = Item(effect.base.pos, effect.base, effect.key)
        value = Thunk(Op(effect.value.pos, effect.op, before, effect.value), frame)
    one = len(literal) == 1 and not keys.open
    arms = arms if one else NO_ARMS
    thing = thing._replace(entries=thing.entries + tuple(Entry(key, value, sure and one, arms) for key in literal))
    every = literal and len(literal) == len(keys.alts) and not keys.open
    return thing if every else thing._replace(open=(*thing.open, "a key that is not known is set"))


def _without(thing: DictOf, key: object, sure: bool) -> DictOf:
    """The dict without a key; when it is not known which key goes, or whether, any may be gone."""
    if key is _NOTHING:
        return _unsure(thing)
    if sure:
        return thing._replace(entries=tuple(e for e in thing.entries if e.key != key))
    return thing._replace(entries=tuple(e.doubtful() if e.key == key else e for e in thing.entries))


def _unsure(thing: DictOf) -> DictOf:
    return thing._replace(entries=tuple(e.doubtful() for e in thing.entries))


def _under(thing: DictOf, arms: Arms) -> DictOf:
    """The entries of a dict as they are added in the arms of a branch."""
    entries = (e._replace(sure=False, arms=arms) if e.sure else e.doubtful() for e in thing.entries)
    return thing._replace(entries=tuple(entries))


def _dict_call(
    engine: Engine, thing: DictOf, method: str, call: Call, frame: Frame, sure: bool, arms: Arms
) -> DictOf:  # fmt: skip
    if method == "update":
        return _updated(engine, thing, call, frame, sure, arms)
    if method == "setdefault" and call.args:
        key = _literal(engine, call.args[0], frame)
        if (
            len(call.args) == 2
            and isinstance(key, (str, int))
            and not any(e.key == key and e.sure for e in thing.entries)
        ):
            entry = Entry(key, Thunk(call.args[1], frame), sure and not thing.open)
            at = next((i for i, e in enumerate(thing.entries) if e.key == key), len(thing.entries))
            return thing._replace(entries=(*thing.entries[:at], entry, *thing.entries[at:]))
        return thing if key is not _NOTHING else thing._replace(open=(*thing.open, "a key that is not known is set"))
    if method == "pop" and call.args:
        return _without(thing, _literal(engine, call.args[0], frame), sure)
    if method == "clear":
        return DictOf(()) if sure else _unsure(thing)
    return _unsure(thing) if method == "popitem" else thing


def _updated(engine: Engine, thing: DictOf, call: Call, frame: Frame, sure: bool, arms: Arms) -> DictOf:
    """`update(other, key=value)`"""
    for arg in call.args:
        if isinstance(arg, Star):
            continue
        more = engine.eval(arg, frame)
        dicts = [a.thing for a in more.alts if isinstance(a.thing, DictOf)]
        one = len(dicts) == 1 and not more.open
        for other in dicts:
            added = other if sure and one else _under(other, arms) if one else _unsure(other)
            thing = texts.merged(thing, added)
        if more.open or len(dicts) < len(more.alts) or not dicts:
            thing = _unsure(thing)._replace(open=(*thing.open, more.open[0] if more.open else "unknown keys are added"))
    named = DictOf(())
    for keyword, value in call.keywords:
        if keyword is not None:
            named = named._replace(entries=(*named.entries, Entry(keyword, Thunk(value, frame), sure, arms)))
            continue
        spread = _updated(engine, DictOf(()), call._replace(args=(value,), keywords=()), frame, sure, arms)
        named = texts.merged(named, spread)
    return texts.merged(thing, named)


def _element_set(
    engine: Engine, thing: ListOf, effect: Effect, frame: Frame, sure: bool, repeated: bool
) -> ListOf:  # fmt: skip
    index = _literal(engine, effect.key, frame)
    if (
        isinstance(index, int)
        and not (effect.op and repeated)
        and not thing.open
        and not thing.fewer
        and thing.kind == "list"
        and -len(thing.items) <= index < len(thing.items)
    ):
        items = list(thing.items)
        new: Thunk | Result = Thunk(effect.value, frame)
        if effect.op and effect.key is not None:
            before = Item(effect.base.pos, effect.base, effect.key)
            new = Thunk(Op(effect.value.pos, effect.op, before, effect.value), frame)
        if not sure:
            new = union([engine.force(items[index]), engine.force(new)])
        items[index] = new
        return thing._replace(items=tuple(items))
    return thing._replace(open=(*thing.open, "an element is replaced"), gaps=(*thing.gaps, (0, "")))


def _list_call(
    engine: Engine, thing: ListOf, method: str, call: Call, frame: Frame, sure: bool, repeated: bool
) -> ListOf:
    once = sure and not repeated
    if method in ("append", "add", "extend") and call.args:
        more = ListOf((Thunk(call.args[0], frame),)) if method != "extend" else _extension(engine, call, frame)
        name = containers.gap_name(call.args[0])
        return containers.joined(thing, more if once else more._replace(open=(*more.open, PERHAPS)), name)
    if method == "insert" and len(call.args) == 2:
        return _inserted(thing, _literal(engine, call.args[0], frame), Thunk(call.args[1], frame), once)
    if method == "appendleft" and call.args:
        return _inserted(thing, 0, Thunk(call.args[0], frame), once)
    if method == "extendleft" and call.args:
        return containers.joined(thing, _extension(engine, call, frame))._replace(kind="set")
    if method == "reverse" and sure and thing.kind == "list":
        return containers.turned(thing) if not repeated else thing._replace(kind="set")
    if method == "sort" and sure and not thing.open:
        return containers.in_sorted_order(engine, thing, call.keywords)
    if method in ("reverse", "sort", "rotate"):
        return thing._replace(kind="set", gaps=((0, ""),) if thing.open else ())
    if method == "pop":
        return _taken_out(thing, _literal(engine, call.args[0], frame) if call.args else -1, once)
    if method == "popleft":
        return _taken_out(thing, 0, once)
    if method == "remove" and call.args:
        return _taken_out(thing, _index_of(engine, thing, call.args[0], frame), once)
    if method == "clear" and sure:
        return ListOf(())
    return _taken_out(thing, _NOTHING, False) if method in SHRINKING else thing


def _extension(engine: Engine, call: Call, frame: Frame) -> ListOf:
    more = engine.eval(call.args[0], frame)
    lists = [a.thing for a in more.alts if isinstance(a.thing, ListOf)]
    if len(lists) == 1 == len(more.alts) and not more.open:
        return lists[0]
    return ListOf((), (more.open[0] if more.open else "further items are added",))


def _inserted(thing: ListOf, index: object, item: Thunk, once: bool) -> ListOf:
    if (
        once
        and isinstance(index, int)
        and thing.kind == "list"
        and all(at >= index for at, _ in containers.shifted(thing, 0, ""))
    ):
        at = max(index + len(thing.items), 0) if index < 0 else min(index, len(thing.items))
        gaps = tuple((place + 1, name) for place, name in containers.shifted(thing, 0, ""))
        return thing._replace(items=(*thing.items[:at], item, *thing.items[at:]), gaps=gaps)
    more = ListOf((item,), () if once else (PERHAPS,))
    return containers.joined(thing, more)._replace(kind="set")


def _index_of(engine: Engine, thing: ListOf, item: Expr, frame: Frame) -> object:
    """The number of the first item that equals an expression, where all items are known."""
    values, wanted = plain.of(engine, thing), plain.of_result(engine, engine.eval(item, frame))
    if values is plain.NOT_PLAIN or wanted is plain.NOT_PLAIN or wanted not in values:
        return _NOTHING
    return values.index(wanted)


def _taken_out(thing: ListOf, index: object, once: bool) -> ListOf:
    """The list without an element; which one is not known where the number of it is not."""
    exact = once and not thing.open and not thing.fewer and thing.kind == "list"
    if exact and isinstance(index, int) and -len(thing.items) <= index < len(thing.items):
        index %= len(thing.items)
        return thing._replace(items=thing.items[:index] + thing.items[index + 1 :])
    return thing._replace(fewer=True)
