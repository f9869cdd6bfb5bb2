"""Lists and dicts: displays, and what is put together from others, in order, with the gaps that are not known.

In: expressions, lists and dicts. Out: lists, dicts, and what they hold under a key. Neighbours: `subscripts` takes
parts of them, `comprehensions` makes them element by element, `sequences` are those of builtins, `inplace` changes
them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from guard.facts.expr import Const, Expr, Map, Seq, Star
from guard.facts.link import plain
from guard.facts.link.things import (
    Alt,
    Cell,
    DictOf,
    Entry,
    Frame,
    ListOf,
    Lit,
    Result,
    Thunk,
    World,
    together,
    union,
    unknown,
    within,
)  # fmt: skip
from guard.model import Scalar

if TYPE_CHECKING:
    from guard.facts.link.engine import Engine

CONDITIONAL = "it is set under a condition"
MAX_ELEMENTS = 24
MAX_BRANCHES = 2
"""Branches of which it is told in which arms a key is not set."""
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
    items = dict(reversed(list(zip(values, thing.items))))
    return thing._replace(items=tuple(reversed(items.values())), kind="set", gaps=())


def shifted(thing: ListOf, by: int, name: str) -> list[tuple[int, str]]:
    """The gaps of a list that stands behind `by` other items; where it does not say where they are, at its end."""
    if thing.open and not thing.gaps:
        return [(by + len(thing.items), name)]
    return [(by + at, gap) for at, gap in thing.gaps]


def counted(thing: ListOf) -> int | None:
    """The number of elements of a sequence that has too many to be told apart: `range(1000)`; None: it has not."""
    said = next((reason for reason in thing.open if reason.endswith(" numbers")), None)
    return None if said is None else int(said.split()[0])


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
            entries = [Entry(key, value, not absences(owner, key))]
        found.append(entries[0])
    return found


def _extended(row: Alt, more: DictOf) -> Alt:
    from guard.facts.link.texts import merged

    if not isinstance(row.thing, DictOf) or not (more.entries or more.open):
        return row
    return Alt(merged(row.thing, more), row.trail, row.world)


def get(engine: Engine, entries: DictOf, key: object) -> Result | None:
    """The value under a key: the last sure entry and those set under a condition behind it, each in the world of its
    arms. None when it is absent."""
    rows, left = _rows(entries, key)
    results = [within(engine.force(entry.value), world) for entry, world in rows]
    if results and left:
        results.append(unknown(CONDITIONAL))
    return union(results) if results else None


def absences(entries: DictOf, key: object) -> tuple[World, ...]:
    """The worlds in which a key is not set, as far as the known entries say; none where it surely is set."""
    return _rows(entries, key)[1]


def _rows(entries: DictOf, key: object) -> tuple[list[tuple[Entry, World]], tuple[World, ...]]:
    """The entries of a key that may hold, last first, with their worlds; and the worlds in which none of them does.

    An earlier entry holds where the arms of the later ones are not taken. Arms that together are all ways through a
    branch are as good as a sure entry.
    """
    rows: list[tuple[Entry, World]] = []
    open_ways: dict[object, set[int]] = {}
    for entry in reversed(entries.entries):
        if entry.key != key:
            continue
        single: World = frozenset((branch, min(ways)) for branch, ways in open_ways.items() if len(ways) == 1)
        world = together(entry.arms.world, single)
        if world is not None:
            rows.append((entry, world))
        if entry.sure:
            return rows, ()
        if entry.arms.ways and (len(open_ways) < MAX_BRANCHES or not open_ways.keys().isdisjoint(_branches(entry))):
            branch, arm = next(iter(entry.arms.world))
            ways = open_ways.setdefault(branch, set(entry.arms.ways))
            ways.discard(cast(int, arm))
            if not ways:
                return rows, ()
    left: list[World] = [frozenset()]
    for branch, ways in open_ways.items():
        left = [world | {(branch, arm)} for world in left for arm in sorted(ways)]
    return rows, tuple(left)


def _branches(entry: Entry) -> set[object]:
    return {branch for branch, _ in entry.arms.world}


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
    values: Any = (
        plain.of(engine, thing._replace(kind="list")) if len(keywords) == len(turned_round) else plain.NOT_PLAIN
    )
    if values is plain.NOT_PLAIN:
        return thing._replace(kind="set", gaps=())
    try:
        order = sorted(range(len(values)), key=lambda index: values[index], reverse=turned_round == [True])
    except TypeError:
        return thing._replace(kind="set", gaps=())
    return thing._replace(items=tuple(thing.items[index] for index in order), kind="list")


def number(engine: Engine, expr: object, frame: Frame) -> int | None:
    """The one whole number that an expression can be; None when it is absent, open, several or no whole number."""
    if expr is None:
        return None
    value = plain.of_result(engine, engine.quietly(expr, frame))  # type: ignore[arg-type]
    return value if isinstance(value, int) else None


def is_mixed(source: Result) -> bool:
    """Whether what is walked over has several elements in an order that is not known."""
    return any(isinstance(a.thing, ListOf) and a.thing.kind == "set" and len(a.thing.items) > 1 for a in source.alts)


def each_value(engine: Engine, source: Result) -> tuple[Cell, ...] | None:
    """The elements of a sequence, when all of them are known to be there, in order."""
    from guard.facts.link import sequences

    found = sequences.as_list(source)
    thing = found.alts[0].thing if len(found.alts) == 1 and not found.open else None
    if not isinstance(thing, ListOf) or thing.open or thing.fewer or thing.each or len(thing.items) > MAX_ELEMENTS:
        return None
    return thing.items


def nth(engine: Engine, source: Result, number: int) -> Result:
    """The element of a number of what is walked over, which has been seen to have so many."""
    items = each_value(engine, source)
    return engine.force(items[number]) if items is not None and number < len(items) else unknown("a further element")
