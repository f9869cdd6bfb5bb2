"""Parts of lists, dicts and texts: subscripts, slices, elements, unpacking.

In: what is taken apart, and the expression that does. Out: results. An element taken with an unknown index or key is
one of all, each in a world of its own, so that values of the same element stay together. Neighbours: `containers`
makes and joins lists and dicts, `known` knows items of objects outside the repository.
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING

from guard.facts.expr import Item, Op, Pos, Slice, dotted
from guard.facts.link import batches, containers, plain
from guard.facts.link.things import (
    NOWHERE,
    Alt,
    ClassThing,
    DictOf,
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
    World,
    opened,
    together,
    union,
    unknown,
    within,
)  # fmt: skip

if TYPE_CHECKING:
    from guard.facts.link.engine import Engine


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
        if not isinstance(key.thing, Lit):
            continue
        value = containers.get(engine, thing, key.thing.value)
        if value is not None:
            world = key.world | {(decision, key.thing.value)} if keys.open else key.world
            results.append(within(opened(value, *keys.open), world))
        elif thing.open:
            results.append(unknown(thing.open[0]))
    if len(literal) == 1 and keys.open and isinstance(literal[0].thing, Lit):
        engine.chosen_by[decision] = literal[0].thing
    if literal and keys.open and results:  # a default key that may be overridden: any other entry may be meant
        results.append(any_value(engine, thing, decision, keys.open[0]))
    if literal:
        return opened(union(results), *keys.open) if results else unknown("the key is not in the dict")
    return any_value(engine, thing, decision, keys.open[0] if keys.open else "the key is not known")


def any_value(engine: Engine, thing: DictOf, decision: object, why: str) -> Result:
    """One of all values of a dict, each in the world of its key."""
    entries = containers.each_key(engine, thing)
    found = union(
        [within(engine.force(e.value), frozenset({(decision, e.key)})) for e in entries[: containers.MAX_ELEMENTS]]
    )
    more = (f"more than {containers.MAX_ELEMENTS} values can arrive",) if len(entries) > containers.MAX_ELEMENTS else ()
    return Result(found.alts, tuple(dict.fromkeys((*found.open, *thing.open, *more)))) if entries else unknown(why)


def _list_item(engine: Engine, thing: ListOf, index: object, expr: Item, frame: Frame) -> Result:
    if containers.unordered(thing):
        return elements(engine, Result((Alt(thing),)), ("key", frame.key, expr.pos))
    if isinstance(index, int) and not thing.open and -len(thing.items) <= index < len(thing.items):
        return engine.force(thing.items[index])
    sure = min((at for at, _ in thing.gaps), default=len(thing.items))
    if isinstance(index, int) and thing.open and 0 <= index < sure and thing.kind != "generator":
        return engine.force(thing.items[index])
    return unknown(thing.open[0] if thing.open else "the index is outside of the list")


def _sliced(engine: Engine, base: Result, expr: Item, frame: Frame) -> Result:
    """`base[low:high]`; a text cut at a known length stays a hole with that bound."""
    from guard.facts.link import plain
    from guard.facts.link.texts import hole

    key = expr.key
    assert isinstance(key, Slice)
    low, high, step = (containers.number(engine, part, frame) for part in (key.low, key.high, key.step))
    exact = all(
        given is None or number is not None for given, number in ((key.low, low), (key.high, high), (key.step, step))
    )
    results: list[Result] = []
    for alt in base.alts:
        thing: Thing = alt.thing
        text = plain.of(engine, thing) if exact and isinstance(thing, (Lit, Pieces)) else None
        if isinstance(text, str) and step != 0:
            results.append(Result((Alt(Lit(text[low:high:step]), alt.trail, alt.world),)))
        elif isinstance(thing, ListOf):
            results.append(Result(_part_of_list(engine, alt, thing, expr, frame)))
        elif isinstance(thing, Pieces) and high is not None and high >= 0 and len(thing.parts) == 1:
            part: Piece = thing.parts[0]._replace(max_chars=high - (low or 0) if (low or 0) >= 0 else high)
            results.append(Result((Alt(Pieces((part,)), alt.trail, alt.world),)))
        elif isinstance(thing, Pieces) and high is not None and high >= 0:
            part = hole(expr.base, frame, "a part of a text that is not known", high - max(low or 0, 0))
            results.append(Result((Alt(Pieces((part,)), alt.trail, alt.world),)))
        elif results or len(base.alts) > 1:
            results.append(unknown("a part of something unknown"))
    if not results and not any(isinstance(a.thing, (ListOf, DictOf)) for a in base.alts):
        why = base.open[0] if base.open else "not known"
        items = None if batches.is_one_text(engine, expr.base, frame) else _width(engine, key, low, high, frame)
        if high is not None and high >= 0:
            part = hole(expr.base, frame, why, high - max(low or 0, 0))
            return Result((Alt(Pieces((part._replace(items=items),))),))
        if items is not None:
            return Result((Alt(Pieces((hole(expr.base, frame, why)._replace(items=items),))),))
    return (
        opened(union(results), *base.open)
        if results
        else unknown(base.open[0] if base.open else "a part of something unknown")
    )


def _width(engine: Engine, key: Slice, low: int | None, high: int | None, frame: Frame) -> int | None:
    """How many elements a slice has at most: `[2:10]`, `[i : i + 100]`; None where that is not known."""
    if key.step is not None:
        return None
    if high is not None:
        return max(0, high - max(low or 0, 0)) if high >= 0 and (low or 0) >= 0 else None
    end, start = key.high, dotted(key.low) if key.low is not None else None
    if not isinstance(end, Op) or end.op != "+" or start is None:
        return None
    for one, other in ((end.left, end.right), (end.right, end.left)):
        if dotted(one) == start:
            number = containers.number(engine, other, frame)
            return number if number is not None and number >= 0 else None
    return None


def _part_of_list(engine: Engine, alt: Alt, thing: ListOf, expr: Item, frame: Frame) -> tuple[Alt, ...]:
    """A slice of a list for each of its known bounds; where they are not known, any of its items may be missing."""
    key = expr.key
    assert isinstance(key, Slice)
    in_place = (key.low, key.high, key.step) == (None, None, None)
    if thing.open:
        gaps = ((0, containers.gap_name(expr.base)),)
        return (alt._replace(thing=thing._replace(open=(*thing.open, "a part of it is taken"), gaps=gaps)),)
    if not containers.unordered(thing) or in_place:
        parts = []
        for bounds, world in _bounds(engine, key, frame):
            both = together(alt.world, world)
            if both is not None:
                parts.append(Alt(thing._replace(items=thing.items[bounds]), alt.trail, both))
        if parts:
            return tuple(parts)
    return (alt._replace(thing=thing._replace(fewer=True)),)


def _bounds(engine: Engine, key: Slice, frame: Frame) -> list[tuple[slice, World]]:
    """All that a slice can be, each in its world; none where that is not known or there are too many."""
    rows: list[tuple[tuple[int | None, ...], World]] = [((), NOWHERE)]
    for part in (key.low, key.high, key.step):
        found = engine.quietly(part, frame) if part is not None else Result((Alt(Lit(None)),))
        if found.open or not found.alts:
            return []
        numbers = [(plain.of(engine, alt.thing), alt.world) for alt in found.alts]
        if not all(value is None or type(value) is int for value, _ in numbers):
            return []
        rows = [
            ((*row, value), both)
            for row, world in rows
            for value, other in numbers
            if (both := together(world, other)) is not None
        ]
    if len(rows) > containers.MAX_ELEMENTS or any(row[2] == 0 for row, _ in rows):
        return []
    return [(slice(*row), world) for row, world in rows]


def elements(engine: Engine, result: Result, decision: object) -> Result:
    """One element of what an expression can be; each known element in a world of its own."""
    results: list[Result] = []
    for alt in result.alts:
        thing = alt.thing
        if isinstance(thing, ListOf):
            many = len(thing.items) > 1
            for index, cell in enumerate(thing.items[: containers.MAX_ELEMENTS]):
                element = engine.force(cell)
                results.append(within(element, frozenset({(decision, index)})) if many else element)
            if thing.open or len(thing.items) > containers.MAX_ELEMENTS:
                results.append(
                    unknown(thing.open[0] if thing.open else f"more than {containers.MAX_ELEMENTS} elements")
                )
        elif isinstance(thing, Lit) and isinstance(thing.value, str):
            from guard.facts.link import sequences

            results.append(elements(engine, sequences.as_list(Result((alt,))), decision))
        elif isinstance(thing, DictOf):
            results += [
                within(Result((Alt(Lit(entry.key), alt.trail),)), frozenset({(decision, entry.key)}))
                for entry in containers.each_key(engine, thing)[: containers.MAX_ELEMENTS]
            ]
            if thing.open or len(thing.entries) > containers.MAX_ELEMENTS:
                results.append(
                    unknown(thing.open[0] if thing.open else f"more than {containers.MAX_ELEMENTS} elements")
                )
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
                and not containers.unordered(thing)
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
