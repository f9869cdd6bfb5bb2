"""Values that are known through and through, and what Python's own operators and functions make of them.

In: things, and a function without side effects. Out: things. Nothing of the scanned repository runs: what is applied
are Python's operators, builtins and methods of text, on values that guard read, each within a bound on its size. A
value with any unknown part is not plain, and what is made of it is open.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from guard.facts.link.things import (
    NOWHERE,
    Alt,
    DictOf,
    Entry,
    Hop,
    ListOf,
    Lit,
    Pieces,
    Result,
    Thing,
    World,
    known,
    together,
    unknown,
)  # fmt: skip
from guard.facts.lower import MAX_BITS

if TYPE_CHECKING:
    from guard.facts.link.engine import Engine

MAX_TEXT = 400_000
"""Characters of static text kept for one value."""
MAX_VALUES = 1000
"""Values inside a list or dict that is taken as a whole."""
MAX_INSIDE = 24
"""Lists and dicts inside one another of such a value."""
MAX_ROWS = 24
"""Combinations of alternatives that a function is applied to."""
FAILURES = (TypeError, ValueError, LookupError, ArithmeticError, AttributeError, RecursionError)


class TooLarge(ValueError):
    """What a function would make is too large to be followed; that it fails in Python, too, is not said."""


class _NotPlain:
    """Stands for a value that is not known, or too large."""


NOT_PLAIN: Any = _NotPlain()


def of(engine: Engine, thing: Thing) -> Any:
    """A thing as a Python value: text, number, list, tuple or dict; `NOT_PLAIN` where any part of it is not known."""
    return _value(engine, thing, [MAX_VALUES], 0)


def of_result(engine: Engine, result: Result) -> Any:
    """The one value that a result can be, as a Python value, else `NOT_PLAIN`."""
    return NOT_PLAIN if result.open or len(result.alts) != 1 else of(engine, result.alts[0].thing)


def whole(result: Result) -> Result:
    """The same alternatives, with texts that are put together from known parts as one text: for keys and names."""
    if not any(isinstance(a.thing, Pieces) for a in result.alts):
        return result
    alts = []
    for alt in result.alts:
        texts = [part.text for part in alt.thing.parts] if isinstance(alt.thing, Pieces) else [None]
        known_text = None if None in texts else Lit("".join(t for t in texts if t is not None))
        alts.append(alt if known_text is None else alt._replace(thing=known_text))
    return Result(tuple(alts), result.open)


def _value(engine: Engine, thing: Thing, left: list[int], depth: int) -> Any:
    if isinstance(thing, Lit):
        return thing.value
    if isinstance(thing, Pieces):
        texts = [part.text for part in thing.parts]
        return NOT_PLAIN if None in texts else "".join(t for t in texts if t is not None)
    if isinstance(thing, ListOf):
        if thing.open or thing.each or thing.fewer or thing.kind not in ("list", "tuple", "generator"):
            return NOT_PLAIN
        if len(thing.items) > left[0]:
            return NOT_PLAIN
        items = [_inside(engine, cell, left, depth) for cell in thing.items]
        if any(item is NOT_PLAIN for item in items):
            return NOT_PLAIN
        return tuple(items) if thing.kind == "tuple" else items
    if isinstance(thing, DictOf):
        if thing.open or not all(e.sure for e in thing.entries) or len(thing.entries) > left[0]:
            return NOT_PLAIN
        found = {e.key: _inside(engine, e.value, left, depth) for e in thing.entries}
        return NOT_PLAIN if any(v is NOT_PLAIN for v in found.values()) else found
    return NOT_PLAIN


def _inside(engine: Engine, cell: Any, left: list[int], depth: int) -> Any:
    left[0] -= 1
    if left[0] < 0 or depth >= MAX_INSIDE:
        return NOT_PLAIN
    result = engine.force(cell)
    return NOT_PLAIN if result.open or len(result.alts) != 1 else _value(engine, result.alts[0].thing, left, depth + 1)


def thing_of(value: object, trail: tuple[Hop, ...] = ()) -> Thing | None:
    """A Python value as a thing; `trail` is that of its parts. None for what guard has no thing for, or too large."""
    if isinstance(value, str):
        return Lit(value) if len(value) <= MAX_TEXT else None
    if isinstance(value, (bool, float)) or value is None:
        return Lit(value)
    if isinstance(value, int):
        return Lit(value) if value.bit_length() <= MAX_BITS else None
    if isinstance(value, (list, tuple)):
        items = [thing_of(item, trail) for item in value[: MAX_VALUES + 1]]
        if len(value) > MAX_VALUES or None in items:
            return None
        kind = "list" if isinstance(value, list) else "tuple"
        return ListOf(tuple(known(item, *trail) for item in items if item is not None), (), kind)
    if isinstance(value, dict) and len(value) <= MAX_VALUES:
        entries = [(key, thing_of(item, trail)) for key, item in value.items()]
        if all(item is not None and (key is None or isinstance(key, (str, int, float))) for key, item in entries):
            return DictOf(tuple(Entry(key, known(item, *trail)) for key, item in entries if item is not None))
    return None


def applied(engine: Engine, function: Callable[..., object], arguments: Sequence[Result], why: str) -> Result:
    """What a function gives for every combination of alternatives of its arguments; open where one is not plain.

    A combination for which the function fails gives nothing: code that goes on had another one. What is too large to be
    followed leaves the value open. `why` says in words what is not known where nothing is.
    """
    rows: list[tuple[tuple[Any, ...], tuple[Hop, ...], World]] = [((), (), NOWHERE)]
    reasons: dict[str, None] = {}
    for argument in arguments:
        reasons.update(dict.fromkeys(argument.open))
        values = [(of(engine, alt.thing), alt) for alt in argument.alts]
        if any(value is NOT_PLAIN for value, _ in values):
            reasons[why] = None
        rows = [
            ((*row, value), trail + tuple(h for h in alt.trail if h not in trail), both)
            for row, trail, world in rows
            for value, alt in values
            if value is not NOT_PLAIN and (both := together(world, alt.world)) is not None
        ]
        if len(rows) > MAX_ROWS:
            del rows[MAX_ROWS:]
            reasons[f"more than {MAX_ROWS} values can arrive"] = None
    alts: list[Alt] = []
    for row, trail, world in rows:
        try:
            made = thing_of(function(*row), trail)
        except TooLarge:
            made = None
        except FAILURES:
            continue
        if made is None:
            reasons["a value that is too large to be followed"] = None
        else:
            alts.append(Alt(made, trail, world))
    return Result(tuple(alts), tuple(reasons)) if alts or reasons else unknown(why)
