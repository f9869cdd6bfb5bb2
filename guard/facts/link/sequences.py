"""Lists of builtins and `itertools`: `list`, `enumerate`, `zip`, `range`, `product`, `chain`, a progress bar.

In: a call and its frame. Out: a result, or None when the function is not known here. At most `MAX_ELEMENTS` elements
are made; a longer one is open.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from guard.facts.expr import Call
from guard.facts.link import containers
from guard.facts.link.containers import MAX_ELEMENTS
from guard.facts.link.things import (
    Cell,
    DictOf,
    Frame,
    ListOf,
    Lit,
    Result,
    known,
    standing_in,
    unknown,
)  # fmt: skip

if TYPE_CHECKING:
    from guard.facts.link.engine import Engine

Handler = Callable[["Engine", Call, Frame], "Result | None"]
MAX_RANGE_BITS = 60
"""Bits of the ends of a range; Python cannot say how long a longer one is."""


def as_list(result: Result) -> Result:
    """What goes over a sequence: the items of a list, the keys of a dict; open where it is something else."""
    alts = []
    reasons = list(result.open)
    for alt in result.alts:
        if isinstance(alt.thing, DictOf):
            keys = dict.fromkeys(e.key for e in alt.thing.entries)
            sure = {e.key for e in alt.thing.entries if e.sure}
            items = tuple(known(Lit(key), *alt.trail) for key in keys)
            alts.append(alt._replace(thing=ListOf(items, alt.thing.open, fewer=len(sure) < len(keys))))
        elif isinstance(alt.thing, ListOf):
            alts.append(alt)
        elif isinstance(alt.thing, Lit) and isinstance(alt.thing.value, str):
            letters = tuple(known(Lit(letter), *alt.trail) for letter in alt.thing.value[:MAX_ELEMENTS])
            more = () if len(letters) == len(alt.thing.value) else (f"{len(alt.thing.value)} numbers",)
            alts.append(alt._replace(thing=ListOf(letters, more)))
        else:
            reasons.append("a list of something unknown")
    return Result(tuple(alts), tuple(dict.fromkeys(reasons)) or (() if alts else ("a list of something unknown",)))


def _list(engine: Engine, expr: Call, frame: Frame) -> Result | None:
    return as_list(engine.eval(expr.args[0], frame)) if expr.args else known(ListOf(()))


def _of_kind(kind: str) -> Handler:
    """`list(x)`, `tuple(x)`: the items in their order, where they have one."""
    return lambda engine, expr, frame: _each_list(
        _list(engine, expr, frame), lambda found: found if found.kind == "set" else found._replace(kind=kind)
    )


def _unordered(engine: Engine, expr: Call, frame: Frame) -> Result | None:
    """`set(x)` and `frozenset(x)`: no element has a number, equal ones are one."""
    return _each_list(_list(engine, expr, frame), lambda found: containers.distinct(engine, found))


def _turned(engine: Engine, expr: Call, frame: Frame) -> Result | None:
    return _each_list(_list(engine, expr, frame), containers.turned)


def _sorted(engine: Engine, expr: Call, frame: Frame) -> Result | None:
    def ordered(found: ListOf) -> ListOf:
        return containers.in_sorted_order(engine, found, expr.keywords)

    return _each_list(_list(engine, expr, frame), ordered)


def _each_list(result: Result | None, change: Callable[[ListOf], ListOf]) -> Result | None:
    if result is None:
        return None
    return Result(
        tuple(a._replace(thing=change(a.thing)) for a in result.alts if isinstance(a.thing, ListOf)), result.open
    )


def _mapped(engine: Engine, expr: Call, frame: Frame) -> Result | None:
    """`map(function, items)`: the function called with each item of a known list."""
    from guard.facts.link import calling

    if len(expr.args) != 2 or expr.keywords:
        return None
    source = as_list(engine.eval(expr.args[1], frame))
    thing = source.alts[0].thing if len(source.alts) == 1 and not source.open else None
    if not isinstance(thing, ListOf) or thing.open or len(thing.items) > MAX_ELEMENTS:
        return None
    callee = engine.eval(expr.args[0], frame)
    calls = [Call(expr.pos, expr.args[0], (standing_in(expr.args[1].pos, cell),), ()) for cell in thing.items]
    return known(thing._replace(items=tuple(calling.called(engine, callee, call, frame) for call in calls)))


def _enumerate(engine: Engine, expr: Call, frame: Frame) -> Result | None:
    given = expr.args[1] if len(expr.args) > 1 else dict(expr.keywords).get("start")
    start = containers.number(engine, given, frame) if given is not None else 0

    def numbered(found: ListOf) -> ListOf:
        if start is None or found.fewer or found.kind == "set":
            numbers = unknown("its number is not known")
            return found._replace(items=tuple(known(ListOf((numbers, c), (), "tuple")) for c in found.items))
        pairs = tuple(known(ListOf((known(Lit(i)), c), (), "tuple")) for i, c in enumerate(found.items, start))
        return found._replace(items=pairs)

    return _each_list(_list(engine, expr, frame), numbered)


def _lists(engine: Engine, expr: Call, frame: Frame) -> list[ListOf] | None:
    """The arguments as lists, when each is one known list."""
    lists = []
    for arg in expr.args:
        found = as_list(engine.eval(arg, frame))
        if len(found.alts) != 1 or found.open or not isinstance(found.alts[0].thing, ListOf):
            return None
        if containers.unordered(found.alts[0].thing) and len(found.alts[0].thing.items) > 1:
            return None
        lists.append(found.alts[0].thing)
    return lists


def _rows(rows: Iterable[tuple[Cell, ...]], reasons: Iterable[str], why: str) -> Result:
    """Tuples as a list, cut at the number of elements that are kept."""
    kept = tuple(itertools.islice(rows, MAX_ELEMENTS + 1))
    more = (why,) if len(kept) > MAX_ELEMENTS else ()
    items = tuple(known(ListOf(cells, (), "tuple")) for cells in kept[:MAX_ELEMENTS])
    return known(ListOf(items, (*dict.fromkeys(reasons), *more)))


def _combined(make: Callable[..., Iterable[tuple[Cell, ...]]], ignored: str) -> Handler:
    """`zip`, `itertools.product`: rows of elements of known lists. A keyword that changes nothing is ignored."""

    def handler(engine: Engine, expr: Call, frame: Frame) -> Result | None:
        lists = _lists(engine, expr, frame)
        if lists is None or any(name != ignored for name, _ in expr.keywords):
            return unknown("sequences that are not known are walked together")
        return _rows(
            make(*(x.items for x in lists)), (r for x in lists for r in x.open), f"more than {MAX_ELEMENTS} rows"
        )

    return handler


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
    if any(number.bit_length() > MAX_RANGE_BITS for number in numbers):
        return unknown("a range of more numbers than can be counted")
    items = tuple(known(Lit(i)) for i in span[:MAX_ELEMENTS])
    return known(ListOf(items, () if len(span) <= MAX_ELEMENTS else (f"{len(span)} numbers",)))


def _chain(engine: Engine, expr: Call, frame: Frame) -> Result | None:
    """`itertools.chain(a, b)`: one behind the other; what is not known is a gap."""
    whole = ListOf(())
    for arg in expr.args:
        found = as_list(engine.eval(arg, frame))
        thing = found.alts[0].thing if len(found.alts) == 1 and not found.open else None
        name = containers.gap_name(arg)
        if not isinstance(thing, ListOf):
            thing = ListOf((), (found.open[0] if found.open else "several lists are possible",), "list", ((0, name),))
        whole = containers.joined(whole, thing, name)
    return known(whole)


def _flattened(engine: Engine, expr: Call, frame: Frame) -> Result | None:
    """`itertools.chain.from_iterable(lists)`"""
    lists = _lists(engine, expr, frame)
    if not lists or lists[0].open:
        return unknown("sequences that are not known are walked together")
    whole = ListOf(())
    for cell in lists[0].items[:MAX_ELEMENTS]:
        found = as_list(engine.force(cell))
        thing = found.alts[0].thing if len(found.alts) == 1 and not found.open else None
        whole = containers.joined(
            whole, thing if isinstance(thing, ListOf) else ListOf((), ("several lists are possible",))
        )
    return known(whole)


def _repeat(engine: Engine, expr: Call, frame: Frame) -> Result | None:
    """`itertools.repeat(x, times)`"""
    times = expr.args[1] if len(expr.args) > 1 else dict(expr.keywords).get("times")
    count = containers.number(engine, times, frame) if times is not None else None
    if not expr.args or count is None:
        return unknown("repeated without a known end")
    item = engine.eval(expr.args[0], frame)
    return known(ListOf((item,) * min(count, MAX_ELEMENTS), () if count <= MAX_ELEMENTS else (f"{count} numbers",)))


def _islice(engine: Engine, expr: Call, frame: Frame) -> Result | None:
    """`itertools.islice(x, stop)` and `islice(x, start, stop)`"""
    if len(expr.args) not in (2, 3):
        return None
    bounds = [containers.number(engine, arg, frame) for arg in expr.args[1:]]
    start, stop = (0, bounds[0]) if len(bounds) == 1 else (bounds[0], bounds[1])
    source = as_list(engine.eval(expr.args[0], frame))
    cut = any(isinstance(a.thing, ListOf) and (a.thing.open or containers.unordered(a.thing)) for a in source.alts)
    if start is None or stop is None or cut:
        return unknown("a part of a sequence that is not known")
    return _each_list(source, lambda found: found._replace(items=found.items[start:stop]))


def _first(engine: Engine, expr: Call, frame: Frame) -> Result | None:
    return as_list(engine.eval(expr.args[0], frame)) if expr.args else None


CALLS: dict[str, Handler] = {
    "builtins.list": _of_kind("list"), "builtins.tuple": _of_kind("tuple"), "builtins.iter": _list,
    "collections.deque": _of_kind("list"), "builtins.map": _mapped,
    "builtins.set": _unordered, "builtins.frozenset": _unordered, "builtins.sorted": _sorted,
    "builtins.reversed": _turned,
    "builtins.enumerate": _enumerate, "builtins.zip": _combined(zip, "strict"), "builtins.range": _range,
    "itertools.product": _combined(itertools.product, ""), "itertools.chain": _chain,
    "itertools.chain.from_iterable": _flattened, "itertools.repeat": _repeat, "itertools.islice": _islice,
    "rich.progress.track": _first,
}  # fmt: skip
BY_LAST_NAME: dict[str, Handler] = {"tqdm": _first, "trange": _range}
