"""Texts: f-strings, concatenation, formatting, and arithmetic on known numbers.

In: expressions and results. Out: `Lit` where all is known, `Pieces` with named holes where parts are not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, cast

from guard.facts.expr import Attr, Call, Expr, Format, IfElse, Logic, Op, Pos, Text, last_name
from guard.facts.filefacts import Binding, Scope
from guard.facts.link import containers, enums, pipes, placeholders, plain, pure
from guard.facts.link.names import blocks_at
from guard.facts.link.plain import MAX_TEXT
from guard.facts.link.things import (
    NOWHERE,
    Alt,
    DictOf,
    Ext,
    FilePath,
    Frame,
    Held,
    Hop,
    ListOf,
    Lit,
    Piece,
    Pieces,
    Result,
    Thing,
    Thunk,
    together,
    union,
    unknown,
)  # fmt: skip

if TYPE_CHECKING:
    from guard.facts.link.engine import Engine

MAX_COMBINATIONS = 16
MAX_WAY = 200
"""Steps of the way of a text after which arguments of further parts are not added."""
MAX_PIECES = 1000
"""Parts of one text; what stands behind them is one hole."""

_SAME_TEXT = frozenset({
    "strip", "lstrip", "rstrip", "lower", "upper", "title", "capitalize", "replace", "removeprefix", "removesuffix",
    "encode", "decode", "get", "copy", "expandtabs",
})  # fmt: skip
"""Methods behind which it is still what stands before the dot that fills a hole."""

DEFAULTS = frozenset({"default", "env_default"})
"""How a value came that holds without overrides."""


def hole_name(expr: Expr | Held) -> str:
    """A name for what fills a hole: `docs` for `docs`, `state.docs`, `format(docs)`, `docs[:200]`, `docs or []`."""
    if isinstance(expr, Held):
        return hole_name(expr.cell.expr) if isinstance(expr.cell, Thunk) else "value"
    if isinstance(expr, Call):
        if isinstance(expr.func, Attr) and expr.func.name in _SAME_TEXT:
            return hole_name(expr.func.base)
        inner = [hole_name(a) for a in expr.args] if expr.args else []
        return last_name(expr.func) or "value" if not inner or inner[0] == "value" else inner[0]
    if isinstance(expr, (Logic, IfElse, Op)):
        parts = (
            expr.values
            if isinstance(expr, Logic)
            else (expr.then, expr.other)
            if isinstance(expr, IfElse)
            else (expr.left, expr.right)
        )
        return next((name for name in map(hole_name, parts) if name != "value"), "value")
    if isinstance(expr, Format):
        return hole_name(expr.value)
    return last_name(expr) or "value"


def hole(expr: Expr | Held, frame: Frame, why: str, max_chars: int | None = None, name: str = "") -> Piece:
    """A hole for an expression whose text is not known; `name` where something else says what fills it."""
    if isinstance(expr, Held) and isinstance(expr.cell, Thunk):
        return Piece(None, name or hole_name(expr), expr.cell.frame.path, expr.cell.expr.pos, max_chars, why)
    return Piece(None, name or hole_name(expr), frame.path, expr.pos, max_chars, why)


def pieces(thing: Thing, path: str, pos: Pos) -> tuple[Piece, ...] | None:
    """The parts of a text-like thing; None for anything else."""
    if isinstance(thing, Lit):
        return (Piece(thing.value if isinstance(thing.value, str) else str(thing.value), "", path, pos),)
    if isinstance(thing, Pieces):
        return thing.parts
    if isinstance(thing, FilePath):
        return (Piece(thing.path, "", path, pos),)
    return None


def origin(alt: Alt, frame: Frame, pos: Pos) -> tuple[str, Pos]:
    """Where the text of an alternative stands: the first place of its trail."""
    return (alt.trail[0].path, alt.trail[0].pos) if alt.trail else (frame.path, pos)


def only_empty(result: Result) -> bool:
    """Whether all that is known of a text is that it can be empty, and no default says so: other text arrives, too.

    `match.group(1) if match else ""` is such a text, and so is a line of it.
    """
    return bool(result.open and result.alts) and all(
        alt.thing == Lit("") and not any(hop.how in DEFAULTS for hop in alt.trail) for alt in result.alts
    )


def as_text(result: Result, expr: Expr | Held, frame: Frame, name: str = "", engine: Engine | None = None) -> Result:
    """The same alternatives as texts; what is unknown becomes one hole (called `name`, where given).

    `engine`: looks for a declared length of what is unknown; None: the text is no prompt.
    """

    def filled(why: str) -> Piece:
        from guard.facts.link import lengths

        most = None if engine is None else lengths.declared(engine, expr, frame)
        return hole(expr, frame, why, most, name)

    alts: list[Alt] = []
    if not only_empty(result):
        result = placeholders.with_holes(result, filled)
    for alt in () if only_empty(result) else result.alts:
        parts = pieces(alt.thing, *origin(alt, frame, expr.pos))
        if parts is None:
            why = f"made by {alt.thing.chain}" if isinstance(alt.thing, Ext) else "built at run time"
            parts = (filled(why),)
        path, pos = origin(alt, frame, expr.pos)  # a number of `enumerate` has none of its own
        alts.append(Alt(joined(parts), alt.trail or (Hop(path, pos, "computed"),), alt.world))
    if not alts:
        why = result.open[0] if result.open else "not known"
        return Result((Alt(Pieces((filled(why),)), (), NOWHERE),))
    return Result(tuple(alts), result.open)


def joined(parts: Sequence[Piece]) -> Thing:
    """One text of several parts; neighbours that stand at the same place are put together."""
    stretches: list[list[Piece]] = []
    size = 0
    for part in parts:
        if size > MAX_TEXT:
            break  # what follows is cut off below
        size += len(part.text or "")
        last = stretches[-1][-1] if stretches else None
        if part.text == "":
            continue
        if (
            last is not None
            and part.text is not None
            and last.text is not None
            and (last.path, last.pos) == (part.path, part.pos)
        ):
            stretches[-1].append(part)
        else:
            stretches.append([part])
    merged = [
        some[0] if len(some) == 1 else some[0]._replace(text="".join(part.text or "" for part in some))
        for some in stretches
    ]
    if not merged:
        return Lit("")
    if sum(len(part.text or "") for part in merged) > MAX_TEXT or len(merged) > MAX_PIECES:
        return _cut(merged)
    if all(part.text is not None for part in merged) and len({part.path for part in merged}) == 1:
        return Lit("".join(part.text or "" for part in merged))
    return Pieces(tuple(merged))


def _cut(parts: list[Piece]) -> Pieces:
    """The beginning of a text that is too long to be kept, with a hole for the rest."""
    kept: list[Piece] = []
    room = MAX_TEXT
    for part in parts[:MAX_PIECES]:
        kept.append(part if part.text is None else part._replace(text=part.text[:room]))
        room -= len(part.text or "")
        if room <= 0:
            break
    why = f"a text of more than {MAX_TEXT:,} characters or {MAX_PIECES:,} parts"
    return Pieces((*kept, Piece(None, "rest", parts[-1].path, parts[-1].pos, None, why)))


def combined(texts: Sequence[Result], hops: tuple[Hop, ...] = ()) -> Result:
    """All ways to put texts one behind the other, bounded; each part is the result of `as_text`."""
    rows: list[tuple[_Parts | None, tuple[Hop, ...], Any]] = [(None, (), NOWHERE)]
    reasons: dict[str, None] = {}
    for text in texts:
        reasons.update(dict.fromkeys(text.open))
        grown: list[tuple[_Parts | None, tuple[Hop, ...], Any]] = []
        for parts, trail, world in rows:
            for alt in text.alts:
                both = together(world, alt.world)
                if both is not None:
                    place = (alt.trail[0].path, alt.trail[0].pos) if alt.trail else ("", Pos(1, 1, 1, 1))
                    grown.append(((parts, pieces(alt.thing, *place) or ()), _longer(trail, alt.trail), both))
        if len(grown) > MAX_COMBINATIONS:
            reasons[f"more than {MAX_COMBINATIONS} texts can arrive"] = None
            del grown[MAX_COMBINATIONS:]
        rows = grown
    return Result(
        tuple(Alt(joined(_in_order(parts)), trail + hops, world) for parts, trail, world in rows), tuple(reasons)
    )  # fmt: skip


_Parts = tuple[Any, Sequence[Piece]]
"""What came before, in the same form (None: nothing), and the parts behind it: rows share it instead of copying."""


def _in_order(parts: _Parts | None) -> list[Piece]:
    found: list[Sequence[Piece]] = []
    while parts is not None:
        parts, last = parts
        found.append(last)
    return [part for some in reversed(found) for part in some]


def _longer(trail: tuple[Hop, ...], more: tuple[Hop, ...]) -> tuple[Hop, ...]:
    """The way of the first part, with the arguments by which further parts came."""
    if len(trail) > MAX_WAY:
        return trail
    return trail + tuple(h for h in more if h.how == "argument" and h not in trail) if trail else more


def formatted(engine: Engine, expr: Text, frame: Frame) -> Result:
    """An f-string."""
    parts = [
        format_field(engine, part, frame)
        if isinstance(part, Format)
        else as_text(shown(engine, engine.eval(part, frame)), part, frame, engine=engine)
        for part in expr.parts
    ]
    return combined(parts)


def format_field(engine: Engine, expr: Format, frame: Frame) -> Result:
    """A part of an f-string with a conversion or a format of its own."""
    spec = Result((Alt(Lit("")),)) if expr.spec is None else engine.eval(expr.spec, frame)
    given = plain.of_result(engine, spec)
    return as_formatted(engine, engine.eval(expr.value, frame), expr.conversion, given, expr.value, frame)


def as_formatted(
    engine: Engine, value: Result, conversion: str, spec: object, expr: Expr | Held, frame: Frame, name: str = ""
) -> Result:  # fmt: skip
    """A value as text in a format, where both are known; else a hole, or the value's own text around its holes."""
    if conversion == "s":
        value = enums.as_text(engine, value, in_format=False)
    elif spec:
        value = enums.as_text(engine, value, in_format=True)
    if conversion or not isinstance(spec, str) or spec:
        form = spec if isinstance(spec, str) else None
        function = None if form is None else lambda v: pure.formatted(v, conversion, form)
        value = in_format(engine, value, function, form is None or pure.is_wide(form))
    return as_text(shown(engine, value), expr, frame, name, engine)


def in_format(engine: Engine, value: Result, function: Callable[[object], str] | None, is_wide: bool) -> Result:
    """Each alternative as a format shows it; `function` is None where the format is not known.

    Texts with holes stay as they are, unless the format may add much to them (`is_wide`). What else can't be followed
    leaves the value open.
    """
    alts: list[Alt] = []
    reasons = dict.fromkeys(value.open)
    for alt in value.alts:
        exact = None
        if function is not None:
            exact = plain.applied(engine, function, [Result((alt,))], "a format that is not followed")
        if exact is not None and exact.alts and not exact.open:
            alts += exact.alts
        elif isinstance(alt.thing, Pieces) and not is_wide and any(part.text is None for part in alt.thing.parts):
            alts.append(alt)
        else:
            reasons.update(dict.fromkeys(exact.open if exact is not None else ("a format that is not followed",)))
    return Result(tuple(alts), tuple(reasons))


def shown(engine: Engine, value: Result) -> Result:
    """Lists and dicts that are known through and through and members of enumerations as the text that Python shows."""
    value = enums.as_text(engine, value, in_format=True)
    if not any(isinstance(a.thing, (ListOf, DictOf)) for a in value.alts):
        return value
    alts = []
    for alt in value.alts:
        given = plain.of(engine, alt.thing) if isinstance(alt.thing, (ListOf, DictOf)) else plain.NOT_PLAIN
        thing = None if given is plain.NOT_PLAIN or given is None else plain.thing_of(str(given))
        alts.append(alt if thing is None else alt._replace(thing=thing))
    return Result(tuple(alts), value.open)


def binary(engine: Engine, expr: Op, frame: Frame) -> Result:
    """A binary operation on texts, lists, dicts, paths or numbers. A long sum is added up without nesting."""
    chain = [expr]
    while expr.op == "+" and isinstance(chain[-1].left, Op) and chain[-1].left.op == "+":
        chain.append(chain[-1].left)
    found = engine.eval(chain[-1].left, frame)
    for part in reversed(chain):
        found = operated(engine, part.op, found, engine.eval(part.right, frame), part, frame)
    return found


def operated(engine: Engine, op: str, left: Result, right: Result, expr: Op, frame: Frame) -> Result:
    """A binary operation on results."""
    if op == "|":
        runnable = pipes.piped(engine, left, right, expr, frame)
        if runnable is not None:
            return runnable
    if op == "%" and any(
        isinstance(a.thing, Pieces) or (isinstance(a.thing, Lit) and isinstance(a.thing.value, str)) for a in left.alts
    ):
        from guard.facts.link import templates

        return templates.percent(engine, left, right, expr, frame)
    if op == "+" and (_textual(left) or _textual(right)):
        sides = ((left, expr.left), (right, expr.right))
        return combined([as_text(_only_texts(side), part, frame, engine=engine) for side, part in sides])
    results: list[Result] = []
    for a in left.alts:
        for b in right.alts:
            world = together(a.world, b.world)
            if world is not None:
                thing = _apply(engine, op, a.thing, b.thing)
                if thing is None:
                    results.append(unknown(f"the result of {op!r} is not followed"))
                else:
                    results.append(
                        Result((Alt(thing, a.trail + tuple(h for h in b.trail if h not in a.trail), world),))
                    )
    if op == "+" and not right.alts and any(isinstance(a.thing, ListOf) for a in left.alts):
        why = right.open[0] if right.open else "further items"
        more = ListOf((), (why,), "list", ((0, containers.gap_name(expr.right)),))
        results += [
            Result((Alt(containers.joined(a.thing, more), a.trail, a.world),))
            for a in left.alts
            if isinstance(a.thing, ListOf)
        ]
        return union(results)
    if op == "+" and not left.alts and any(isinstance(b.thing, ListOf) for b in right.alts):
        why = left.open[0] if left.open else "further items"
        first = ListOf((), (why,), "list", ((0, containers.gap_name(expr.left)),))
        results += [
            Result((Alt(containers.joined(first, b.thing), b.trail, b.world),))
            for b in right.alts
            if isinstance(b.thing, ListOf)
        ]
        return union(results)
    if op == "|" and (left.alts or right.alts) and not (left.alts and right.alts):
        other = DictOf((), ("merged with unknown keys",))
        for a in (*left.alts, *right.alts):
            if isinstance(a.thing, DictOf):
                both = merged(a.thing, other) if left.alts else merged(other, a.thing)
                results.append(Result((Alt(both, a.trail, a.world),)))
        return union([*results, Result((), () if results else (*left.open, *right.open))])
    return union([*results, Result((), tuple(dict.fromkeys((*left.open, *right.open))))])


def _textual(result: Result) -> bool:
    return any(
        isinstance(a.thing, Pieces) or (isinstance(a.thing, Lit) and isinstance(a.thing.value, str))
        for a in result.alts
    )


def _only_texts(result: Result) -> Result:
    """Without what cannot be added to a text: code that goes on had something else."""
    kept = tuple(a for a in result.alts if not isinstance(a.thing, Lit) or isinstance(a.thing.value, str))
    return result if len(kept) == len(result.alts) else Result(kept, result.open if kept else ("no text",))


def _apply(engine: Engine, op: str, left: Thing, right: Thing) -> Thing | None:
    if (isinstance(left, (Lit, Pieces)) and isinstance(right, (Lit, Pieces))) or op == "*":
        return _arithmetic(engine, op, left, right)
    if op == "+" and isinstance(left, ListOf) and isinstance(right, ListOf):
        return containers.joined(left, right)
    if op == "|" and isinstance(left, DictOf) and isinstance(right, DictOf):
        return merged(left, right)
    if op == "/" and isinstance(left, FilePath) and isinstance(right, Lit) and isinstance(right.value, str):
        return left._replace(path=f"{left.path}/{right.value}" if left.path else right.value)
    return None


def merged(left: DictOf, right: DictOf) -> DictOf:
    """`{**left, **right}`"""
    kept = left.entries
    if right.open:  # unknown keys of the right side may replace any of the left
        kept = tuple(e.doubtful() for e in kept)
    return DictOf(containers.with_entries(kept, right.entries), tuple(dict.fromkeys((*left.open, *right.open))))


def _arithmetic(engine: Engine, op: str, left: Thing, right: Thing) -> Thing | None:
    function = pure.operation(op)
    if isinstance(left, ListOf) and isinstance(right, Lit) and isinstance(right.value, int):
        return _repeated(left, right.value)
    a, b = plain.of(engine, left), plain.of(engine, right)
    if function is None or a is plain.NOT_PLAIN or b is plain.NOT_PLAIN:
        return None
    try:
        return plain.thing_of(function(a, b))
    except plain.FAILURES:
        return None


def _repeated(thing: ListOf, times: int) -> ListOf | None:
    """`[...] * times`"""
    if len(thing.items) * max(times, 0) > plain.MAX_VALUES:
        return None
    return thing._replace(items=thing.items * times, gaps=((0, ""),) if thing.open and times > 0 else ())


def augmented(engine: Engine, binding: Binding, frame: Frame) -> Result:
    """`name += value`: what it was before, with the value added; in a loop it may have grown further."""
    key = (id(binding), frame.key, -3)
    return cast(Result, engine.once(key, binding, lambda: _augmented(engine, binding, frame)))


def _augmented(engine: Engine, binding: Binding, frame: Frame) -> Result:
    value = binding.value
    assert value is not None
    names = binding.name.split(".")
    target = _target(engine, binding)
    scope = engine.scope_of(frame)
    before = engine.eval(target, frame) if len(names) == 1 else unknown("what it was before")
    result = added(engine, binding, before, engine.eval(value, frame), frame)
    if not _accumulates(scope, binding):
        return result
    grown = []
    for alt in result.alts:
        thing = alt.thing
        if isinstance(thing, ListOf):
            thing = thing._replace(open=(*thing.open, "it grows in a loop"))
        elif isinstance(thing, Lit) and not isinstance(thing.value, str):
            continue
        elif isinstance(thing, (Pieces, Lit)) and (isinstance(thing, Pieces) or isinstance(thing.value, str)):
            parts = pieces(thing, frame.path, binding.pos) or ()
            thing = Pieces((*parts, Piece(None, names[-1], frame.path, binding.pos, None, "added in a loop")))
        grown.append(Alt(thing, alt.trail, alt.world))
    return Result(
        tuple(grown), (*result.open, "it changes in a loop") if len(grown) < max(len(result.alts), 1) else result.open
    )


def added(engine: Engine, binding: Binding, before: Result, value: Result, frame: Frame) -> Result:
    """What `name += value` makes of what the name was before."""
    assert binding.value is not None
    whole = Op(binding.pos, binding.op, _target(engine, binding), binding.value)
    return operated(engine, binding.op, before, value, whole, frame)


def _target(engine: Engine, binding: Binding) -> Expr:
    """What `name += value` reads, as one expression for ever: answers are kept by the identity of expressions."""
    from guard.facts.expr import Attr, Name

    known = engine.augmented.get(id(binding))
    if known is not None:
        return known[1]
    at = Pos(*binding.pos.start, *binding.pos.start)
    first, *rest = binding.name.split(".")
    target: Expr = Name(at, first)
    for name in rest:
        target = Attr(at, target, name)
    engine.augmented[id(binding)] = (binding, target)
    return target


def _accumulates(scope: Scope, binding: Binding) -> bool:
    """Whether `name += value` stands in a loop that does not begin each turn with `name = ...`."""
    loops = [b for b in scope.blocks if b.kind in ("for", "while") and b.start <= binding.pos.start < b.end]
    if not loops:
        return False
    loop = max(loops, key=lambda b: b.start)
    around = {(b.group, b.arm) for b in blocks_at(scope, binding.pos.start)}
    return not any(
        b.kind in ("assign", "unpack", "for") and loop.start <= b.at <= binding.pos.start
        and {(x.group, x.arm) for x in blocks_at(scope, b.pos.start)} <= around
        for b in scope.bindings.get(binding.name, ())
    )  # fmt: skip
