"""Lists and dicts: displays, subscripts, elements, unpacking, comprehensions.

In: expressions and results. Out: results. An element taken with an unknown index or key is one of all, each in a world
of its own, so that values of the same element stay together.
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING

from guard.facts.expr import Const, Expr, Item, Map, Pos, Seq, Slice, Star
from guard.facts.link import plain
from guard.facts.link.things import (
    Alt,
    Cell,
    ClassThing,
    DictOf,
    Entry,
    Ext,
    Frame,
    Gap,
    Inst,
    ListOf,
    Lit,
    Piece,
    Pieces,
    Result,
    Thing,
    Thunk,
    opened,
    union,
    unknown,
    within,
)  # fmt: skip
from guard.model import Scalar

if TYPE_CHECKING:
    from guard.facts.link.engine import Engine

CONDITIONAL = "it is set under a condition"
MAX_ELEMENTS = 24
MAX_LENGTH = 1000
"""Items of a list that is put together from others; further ones are a gap."""
MAX_ITEMS = 200
"""Items of a list whose order is kept for a prompt."""


def sequence(engine: Engine, expr: Seq, frame: Frame) -> Result:
    """A list, tuple or set display."""
    from guard.facts.link import sequences

    items: list[Cell] = []
    reasons: list[str] = []
    gaps: list[tuple[int, str]] = []
    fewer = mixed = False
    for item in expr.items:
        if not isinstance(item, Star):
            items.append(Thunk(item, frame))
            continue
        inner = sequences.as_list(engine.eval(item.value, frame))
        lists = [a.thing for a in inner.alts if isinstance(a.thing, ListOf)]
        if len(lists) == 1 == len(inner.alts) and not inner.open:
            gaps += shifted(lists[0], len(items), gap_name(item.value))
            items += lists[0].items
            reasons += lists[0].open
            fewer = fewer or lists[0].fewer
            mixed = mixed or (lists[0].kind == "set" and len(lists[0].items) > 1)
        else:
            gaps.append((len(items), gap_name(item.value)))
            reasons.append(inner.open[0] if inner.open else "further items are spread into it")
    reasons = list(dict.fromkeys(reasons))
    if len(items) > MAX_LENGTH and any(isinstance(item, Star) for item in expr.items):
        reasons.append(f"more than {MAX_LENGTH:,} items")
        items, gaps = items[:MAX_LENGTH], [*(gap for gap in gaps if gap[0] < MAX_LENGTH), (MAX_LENGTH, "")]
    kind = "set" if mixed else expr.kind
    made = ListOf(tuple(items), tuple(reasons), kind, tuple(gaps[:MAX_LENGTH]), False, fewer)
    return Result((Alt(distinct(engine, made) if expr.kind == "set" else made),))


def distinct(engine: Engine, thing: ListOf) -> ListOf:
    """A list as a set: in no order, equal items once; some may be missing where not all are known."""
    values = plain.of(engine, thing._replace(kind="list"))
    if values is plain.NOT_PLAIN or not all(isinstance(v, (str, int, float, type(None))) for v in values):
        return thing._replace(kind="set", gaps=(), fewer=thing.fewer or len(thing.items) > 1)
    items = dict(reversed(list(zip(values, thing.items))))  # of equal items the first
    return thing._replace(items=tuple(reversed(items.values())), kind="set", gaps=())


def shifted(thing: ListOf, by: int, name: str) -> list[tuple[int, str]]:
    """The gaps of a list that stands behind `by` other items; where it does not say where they are, at its end."""
    if thing.open and not thing.gaps:
        return [(by + len(thing.items), name)]
    return [(by + at, gap) for at, gap in thing.gaps]


def gap_name(expr: Expr) -> str:
    """The name of unknown items that come from an expression; empty where it has none."""
    from guard.facts.link.texts import hole_name

    name = hole_name(expr)
    return "" if name == "value" else name


def in_order(thing: ListOf, name: str) -> list[Cell | str]:
    """The items of a list, with a name for each stretch of it that is not known: at its place, else at the end."""
    parts: list[Cell | str] = []
    gaps = shifted(thing, 0, name)
    for index in range(min(len(thing.items), MAX_ITEMS) + 1):
        parts += [gap or name for at, gap in gaps if at == index]
        parts += thing.items[index : index + 1]
    return parts


def joined(left: ListOf, right: ListOf, name: str = "") -> ListOf:
    """`left + right`; `name` is that of unknown items of the right side."""
    if not right.items and not right.open:
        return left
    gaps = (*shifted(left, 0, ""), *shifted(right, len(left.items), name))
    reasons = tuple(dict.fromkeys((*left.open, *right.open)))
    items = left.items + right.items
    if len(items) > MAX_LENGTH:
        reasons = (*reasons, f"more than {MAX_LENGTH:,} items")
        items, gaps = items[:MAX_LENGTH], (*(gap for gap in gaps if gap[0] < MAX_LENGTH), (MAX_LENGTH, name))
    mixed = "set" in (left.kind, right.kind) and len(items) > 1
    kind = "set" if mixed else left.kind
    return ListOf(items, reasons, kind, gaps[:MAX_LENGTH], False, left.fewer or right.fewer)


def mapping(engine: Engine, expr: Map, frame: Frame) -> Result:
    """A dict display; `**other` merges what is known of the other dict. Several possible dicts stay apart."""
    rows: list[Alt] = [Alt(DictOf(()))]
    reasons: list[str] = []
    named: list[Entry] = []
    for key, value in expr.items:
        if key is not None:
            found = plain.whole(engine.eval(key, frame))
            keys = [a.thing.value for a in found.alts if isinstance(a.thing, Lit)]
            exact = len(keys) == 1 and len(found.alts) == 1 and not found.open
            named += [Entry(k, Thunk(value, frame), exact) for k in keys]
            if not exact:
                rows = [_extended(row, DictOf(tuple(named), ("a key that is not known",))) for row in rows]
                named = []
            continue
        rows = _spread(engine, [_extended(row, DictOf(tuple(named))) for row in rows], value, frame, reasons)
        named = []
    return Result(tuple(_extended(row, DictOf(tuple(named))) for row in rows), tuple(dict.fromkeys(reasons)))


def _spread(engine: Engine, rows: list[Alt], value: Expr, frame: Frame, reasons: list[str]) -> list[Alt]:
    """The dicts with what `**value` adds to each; reasons why it may add more are noted."""
    inner = engine.eval(value, frame)
    spread = [a for a in inner.alts if isinstance(a.thing, DictOf)]
    if not spread:
        none = inner.alts and all(isinstance(a.thing, Lit) and a.thing.value is None for a in inner.alts)
        why = () if none and not inner.open else (inner.open[0] if inner.open else "further keys are spread into it",)
        return [_extended(row, DictOf((), why)) for row in rows]
    reasons += inner.open
    if any(
        not isinstance(a.thing, DictOf) and not (isinstance(a.thing, Lit) and a.thing.value is None) for a in inner.alts
    ):
        reasons.append("further keys are spread into it")
    grown = []
    for row in rows:
        for alt in spread:
            grown += [
                _extended(a, alt.thing) for a in within(Result((row,)), alt.world).alts if isinstance(alt.thing, DictOf)
            ]
    if len(grown) > MAX_ELEMENTS:
        reasons.append(f"more than {MAX_ELEMENTS} dicts can arrive")
    return grown[:MAX_ELEMENTS]


def with_entries(old: tuple[Entry, ...], new: tuple[Entry, ...]) -> tuple[Entry, ...]:
    """The entries of a dict with further ones: a sure one takes the place of those of its key."""
    if not old or not new:
        return new or old
    rows: dict[object, list[Entry]] = {}
    for entry in (*old, *new):
        if entry.sure:
            rows[entry.key] = [entry]
        else:
            rows.setdefault(entry.key, []).append(entry)
    return tuple(entry for row in rows.values() for entry in row)


def each_key(engine: Engine, owner: DictOf) -> list[Entry]:
    """The entries of a dict, each key once: with what it can hold, sure where one of its entries is."""
    by_key: dict[Scalar, list[Entry]] = {}
    for entry in owner.entries:
        by_key.setdefault(entry.key, []).append(entry)
    found = []
    for key, entries in by_key.items():
        if len(entries) > 1:
            last = max((at for at, entry in enumerate(entries) if entry.sure), default=0)
            value = union([engine.force(e.value) for e in entries[last:]])
            entries = [Entry(key, value, any(e.sure for e in entries))]
        found.append(entries[0])
    return found


def _extended(row: Alt, more: DictOf) -> Alt:
    from guard.facts.link.texts import merged

    if not isinstance(row.thing, DictOf) or not (more.entries or more.open):
        return row
    return Alt(merged(row.thing, more), row.trail, row.world)


def get(engine: Engine, entries: DictOf, key: object) -> Result | None:
    """The value under a key: the last sure entry and those set under a condition behind it. None when it is absent."""
    results: list[Result] = []
    for entry in reversed(entries.entries):
        if entry.key == key:
            results.append(engine.force(entry.value))
            if entry.sure:
                break
    else:
        if results:
            results.append(unknown(CONDITIONAL))
    if not results:
        return None
    return union(results)


def unordered(thing: ListOf) -> bool:
    """Whether no number of an item is sure."""
    return thing.kind == "set" or thing.fewer


def without_doubt(found: Result) -> Result:
    """A value of `get` for those who say themselves what holds where the key is not set."""
    return Result(found.alts, tuple(reason for reason in found.open if reason != CONDITIONAL))


def turned(thing: ListOf) -> ListOf:
    """The list in reverse."""
    if thing.kind == "set":
        return thing
    gaps = tuple((len(thing.items) - at, name) for at, name in shifted(thing, 0, ""))
    return thing._replace(items=thing.items[::-1], gaps=gaps[::-1])


def in_sorted_order(engine: Engine, thing: ListOf, keywords: tuple[tuple[str | None, Expr], ...]) -> ListOf:
    """The list in order, where all of its items are known through and through and no key says another order."""
    turned_round = [value.value for name, value in keywords if name == "reverse" and isinstance(value, Const)]
    values = plain.of(engine, thing._replace(kind="list")) if len(keywords) == len(turned_round) else plain.NOT_PLAIN
    if values is plain.NOT_PLAIN:
        return thing._replace(kind="set", gaps=())
    try:
        order = sorted(range(len(values)), key=lambda index: values[index], reverse=turned_round == [True])
    except TypeError:
        return thing._replace(kind="set", gaps=())
    return thing._replace(items=tuple(thing.items[index] for index in order), kind="list")


def item_of(engine: Engine, base: Result, expr: Item, frame: Frame) -> Result:
    """`base[key]`"""
    if isinstance(expr.key, Slice):
        return _sliced(engine, base, expr, frame)
    keys = plain.whole(engine.eval(expr.key, frame))
    results = [within(_item(engine, alt, keys, expr, frame), alt.world) for alt in base.alts]
    return opened(union(results), *base.open)


def _item(engine: Engine, alt: Alt, keys: Result, expr: Item, frame: Frame) -> Result:
    thing = alt.thing
    literal = [a for a in keys.alts if isinstance(a.thing, Lit)]
    if isinstance(thing, DictOf):
        return _dict_item(engine, thing, literal, keys, expr, frame)
    if isinstance(thing, ListOf):
        found = [
            within(_list_item(engine, thing, a.thing.value, expr, frame), a.world)
            for a in literal
            if isinstance(a.thing, Lit)
        ]
        if keys.open or len(literal) < len(keys.alts) or not literal:
            found.append(elements(engine, Result((alt,)), ("key", frame.key, expr.pos)))
        return union(found)
    if isinstance(thing, (Lit, Pieces)):
        return plain.applied(engine, operator.getitem, [Result((alt,)), keys], "a part of a text that is not known")
    if isinstance(thing, ClassThing):
        from guard.facts.link import objects

        if literal and objects.is_enum(engine, thing) and isinstance(literal[0].thing, Lit):
            return objects.class_attribute(engine, thing, str(literal[0].thing.value))
        return Result((alt,))
    if isinstance(thing, Ext):
        from guard.facts.link import known

        return known.item(engine, thing, literal, expr, frame)
    if isinstance(thing, Inst):
        from guard.facts.link import calling, fields, objects, records

        number_of = literal[0].thing.value if len(literal) == 1 and isinstance(literal[0].thing, Lit) else None
        if isinstance(number_of, int) and records.is_named_tuple(engine, thing):
            return fields.nth_field(engine, thing, number_of)
        return calling.method_call(engine, thing, "__getitem__", expr.key, expr.pos, frame)
    return unknown(thing.why if isinstance(thing, Gap) else "an item of something that is not a list or dict")


def _dict_item(engine: Engine, thing: DictOf, literal: list[Alt], keys: Result, expr: Item, frame: Frame) -> Result:
    results: list[Result] = []
    decision = ("key", frame.key, expr.pos)
    for key in literal:
        wanted = key.thing.value if isinstance(key.thing, Lit) else None
        value = get(engine, thing, wanted)
        if value is not None:
            world = key.world | {(decision, wanted)} if keys.open else key.world
            results.append(within(opened(value, *keys.open), world))
        elif thing.open:
            results.append(unknown(thing.open[0]))
    if literal and keys.open and results:  # a default key that may be overridden: any other entry may be meant
        results.append(any_value(engine, thing, decision, keys.open[0]))
    if literal:
        return opened(union(results), *keys.open) if results else unknown("the key is not in the dict")
    return any_value(engine, thing, decision, keys.open[0] if keys.open else "the key is not known")


def any_value(engine: Engine, thing: DictOf, decision: object, why: str) -> Result:
    """One of all values of a dict, each in the world of its key."""
    entries = each_key(engine, thing)
    found = union([within(engine.force(e.value), frozenset({(decision, e.key)})) for e in entries[:MAX_ELEMENTS]])
    more = (f"more than {MAX_ELEMENTS} values can arrive",) if len(entries) > MAX_ELEMENTS else ()
    return Result(found.alts, tuple(dict.fromkeys((*found.open, *thing.open, *more)))) if entries else unknown(why)


def _list_item(engine: Engine, thing: ListOf, index: object, expr: Item, frame: Frame) -> Result:
    if unordered(thing):
        return elements(engine, Result((Alt(thing),)), ("key", frame.key, expr.pos))
    if isinstance(index, int) and not thing.open and -len(thing.items) <= index < len(thing.items):
        return engine.force(thing.items[index])
    sure = min((at for at, _ in thing.gaps), default=len(thing.items))
    if isinstance(index, int) and thing.open and 0 <= index < sure and thing.kind != "generator":
        return engine.force(thing.items[index])
    return unknown(thing.open[0] if thing.open else "the index is outside of the list")


def number(engine: Engine, expr: object, frame: Frame) -> int | None:
    """The one whole number that an expression can be; None when it is absent, open, several or no whole number."""
    if expr is None:
        return None
    value = plain.of_result(engine, engine.quietly(expr, frame))  # type: ignore[arg-type]
    return value if isinstance(value, int) else None


def _sliced(engine: Engine, base: Result, expr: Item, frame: Frame) -> Result:
    """`base[low:high]`; a text cut at a known length stays a hole with that bound."""
    from guard.facts.link import plain
    from guard.facts.link.texts import hole

    key = expr.key
    assert isinstance(key, Slice)
    low, high, step = (number(engine, part, frame) for part in (key.low, key.high, key.step))
    exact = all(
        given is None or number is not None for given, number in ((key.low, low), (key.high, high), (key.step, step))
    )
    in_place = (key.low, key.high, key.step) == (None, None, None)
    results: list[Result] = []
    for alt in base.alts:
        thing: Thing = alt.thing
        text = plain.of(engine, thing) if exact and isinstance(thing, (Lit, Pieces)) else None
        if isinstance(text, str) and step != 0:
            results.append(Result((Alt(Lit(text[low:high:step]), alt.trail, alt.world),)))
        elif isinstance(thing, ListOf) and exact and not thing.open and (in_place or not unordered(thing)):
            results.append(Result((Alt(thing._replace(items=thing.items[low:high:step]), alt.trail, alt.world),)))
        elif isinstance(thing, ListOf):
            part_of = thing._replace(open=(*thing.open, "a part of it is taken"), gaps=((0, gap_name(expr.base)),))
            results.append(Result((Alt(part_of, alt.trail, alt.world),)))
        elif isinstance(thing, Pieces) and high is not None and high >= 0 and len(thing.parts) == 1:
            part: Piece = thing.parts[0]._replace(max_chars=high - (low or 0) if (low or 0) >= 0 else high)
            results.append(Result((Alt(Pieces((part,)), alt.trail, alt.world),)))
        elif isinstance(thing, Pieces) and high is not None and high >= 0:
            part = hole(expr.base, frame, "a part of a text that is not known", high - max(low or 0, 0))
            results.append(Result((Alt(Pieces((part,)), alt.trail, alt.world),)))
        elif results or len(base.alts) > 1:
            results.append(unknown("a part of something unknown"))
    if (
        not results
        and high is not None
        and high >= 0
        and not any(isinstance(a.thing, (ListOf, DictOf)) for a in base.alts)
    ):
        why = base.open[0] if base.open else "not known"
        return Result((Alt(Pieces((hole(expr.base, frame, why, high - max(low or 0, 0)),))),))
    return (
        opened(union(results), *base.open)
        if results
        else unknown(base.open[0] if base.open else "a part of something unknown")
    )


def elements(engine: Engine, result: Result, decision: object) -> Result:
    """One element of what an expression can be; each known element in a world of its own."""
    results: list[Result] = []
    for alt in result.alts:
        thing = alt.thing
        if isinstance(thing, ListOf):
            many = len(thing.items) > 1
            for index, cell in enumerate(thing.items[:MAX_ELEMENTS]):
                element = engine.force(cell)
                results.append(within(element, frozenset({(decision, index)})) if many else element)
            if thing.open or len(thing.items) > MAX_ELEMENTS:
                results.append(unknown(thing.open[0] if thing.open else f"more than {MAX_ELEMENTS} elements"))
        elif isinstance(thing, Lit) and isinstance(thing.value, str):
            from guard.facts.link import sequences

            results.append(elements(engine, sequences.as_list(Result((alt,))), decision))
        elif isinstance(thing, DictOf):
            results += [
                within(Result((Alt(Lit(entry.key), alt.trail),)), frozenset({(decision, entry.key)}))
                for entry in each_key(engine, thing)[:MAX_ELEMENTS]
            ]
            if thing.open or len(thing.entries) > MAX_ELEMENTS:
                results.append(unknown(thing.open[0] if thing.open else f"more than {MAX_ELEMENTS} elements"))
        else:
            results.append(
                unknown(thing.why if isinstance(thing, Gap) else "an element of something that is not followed")
            )
    return opened(union(results), *result.open)


def unpacked(engine: Engine, result: Result, path: tuple[int | str, ...], pos: Pos) -> Result:
    """The part of a value that an unpacking target gets."""
    from guard.facts.link import sequences

    for part in path:
        results: list[Result] = []
        for alt in result.alts:
            thing = alt.thing
            if isinstance(thing, DictOf) or (isinstance(thing, Lit) and isinstance(thing.value, str)):
                thing = sequences.as_list(Result((alt,))).alts[0].thing
            if (
                isinstance(thing, ListOf)
                and isinstance(part, int)
                and not thing.open
                and not unordered(thing)
                and -len(thing.items) <= part < len(thing.items)
            ):
                results.append(within(engine.force(thing.items[part]), alt.world))
            elif isinstance(thing, ListOf) and isinstance(part, str):
                results.append(Result((Alt(_rest(thing, part), alt.trail, alt.world),)))
            elif isinstance(thing, Inst) and isinstance(part, int):
                from guard.facts.link import fields

                results.append(within(fields.nth_field(engine, thing, part), alt.world))
            else:
                results.append(
                    unknown(thing.why if isinstance(thing, Gap) else "a part of something that is not followed")
                )
        result = opened(union(results), *result.open)
    return result


def _rest(thing: ListOf, part: str) -> ListOf:
    """The items of a starred target; `part` is `*`, the number of targets before it, `:` and that behind it."""
    before, behind = (int(number) for number in part[1:].split(":"))
    if thing.open or thing.fewer or thing.kind == "set":
        return ListOf((), ("the rest of an unpacking",))
    return ListOf(thing.items[before : len(thing.items) - behind])
