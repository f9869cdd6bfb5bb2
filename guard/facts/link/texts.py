"""Texts: f-strings, concatenation, formatting, and arithmetic on known numbers.

In: expressions and results. Out: `Lit` where all is known, `Pieces` with named holes where parts are not.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from guard.facts.expr import Attr, Call, Expr, IfElse, Logic, Op, Pos, Text, last_name
from guard.facts.filefacts import Binding, Scope
from guard.facts.link import containers, pipes
from guard.facts.link.names import blocks_at
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

MAX_TEXT = 400_000
"""Characters of static text kept for one value."""
MAX_COMBINATIONS = 16


_SAME_TEXT = frozenset({
    "strip", "lstrip", "rstrip", "lower", "upper", "title", "capitalize", "replace", "removeprefix", "removesuffix",
    "encode", "decode", "get", "copy", "expandtabs",
})  # fmt: skip
"""Methods behind which it is still what stands before the dot that fills a hole."""


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
    return last_name(expr) or "value"


def hole(expr: Expr | Held, frame: Frame, why: str, max_chars: int | None = None, name: str = "") -> Piece:
    """A hole for an expression whose text is not known; `name` where something else says what fills it."""
    if isinstance(expr, Held) and isinstance(expr.cell, Thunk):
        return Piece(None, name or hole_name(expr), expr.cell.frame.path, expr.cell.expr.pos, max_chars, why)
    return Piece(None, name or hole_name(expr), frame.path, expr.pos, max_chars, why)


def pieces(thing: Thing, path: str, pos: Pos) -> tuple[Piece, ...] | None:
    """The parts of a text-like thing; None for anything else."""
    if isinstance(thing, Lit):
        text = "" if thing.value is None else thing.value if isinstance(thing.value, str) else str(thing.value)
        return (Piece(text, "", path, pos),)
    if isinstance(thing, Pieces):
        return thing.parts
    if isinstance(thing, FilePath):
        return (Piece(thing.path, "", path, pos),)
    return None


def origin(alt: Alt, frame: Frame, pos: Pos) -> tuple[str, Pos]:
    """Where the text of an alternative stands: the first place of its trail."""
    return (alt.trail[0].path, alt.trail[0].pos) if alt.trail else (frame.path, pos)


def as_text(result: Result, expr: Expr | Held, frame: Frame, name: str = "") -> Result:
    """The same alternatives as texts; what is unknown becomes one hole (called `name`, where given)."""
    alts: list[Alt] = []
    for alt in result.alts:
        parts = pieces(alt.thing, *origin(alt, frame, expr.pos))
        if parts is None:
            why = f"made by {alt.thing.chain}" if isinstance(alt.thing, Ext) else "built at run time"
            parts = (hole(expr, frame, why, None, name),)
        alts.append(Alt(joined(parts), alt.trail, alt.world))
    if not alts:
        why = result.open[0] if result.open else "not known"
        return Result((Alt(Pieces((hole(expr, frame, why, None, name),)), (), NOWHERE),))
    return Result(tuple(alts), result.open)


def joined(parts: Sequence[Piece]) -> Thing:
    """One text of several parts; neighbours that stand at the same place are put together."""
    merged: list[Piece] = []
    for part in parts:
        if part.text == "":
            continue
        if (
            merged
            and part.text is not None
            and merged[-1].text is not None
            and (merged[-1].path, merged[-1].pos) == (part.path, part.pos)
        ):
            merged[-1] = merged[-1]._replace(text=merged[-1].text + part.text)
        else:
            merged.append(part)
    if not merged:
        return Lit("")
    if len(merged) == 1 and merged[0].text is not None:
        return Lit(merged[0].text[:MAX_TEXT])
    if all(part.text is not None for part in merged) and len({part.path for part in merged}) == 1:
        return Lit("".join(part.text or "" for part in merged)[:MAX_TEXT])
    return Pieces(tuple(merged))


def combined(texts: Sequence[Result], hops: tuple[Hop, ...] = ()) -> Result:
    """All ways to put texts one behind the other, bounded; each part is the result of `as_text`."""
    rows: list[tuple[tuple[Piece, ...], tuple[Hop, ...], Any]] = [((), (), NOWHERE)]
    reasons: dict[str, None] = {}
    for text in texts:
        reasons.update(dict.fromkeys(text.open))
        grown = []
        for parts, trail, world in rows:
            for alt in text.alts:
                both = together(world, alt.world)
                if both is not None:
                    place = (alt.trail[0].path, alt.trail[0].pos) if alt.trail else ("", Pos(1, 1, 1, 1))
                    grown.append((parts + (pieces(alt.thing, *place) or ()), _longer(trail, alt.trail), both))
        if len(grown) > MAX_COMBINATIONS:
            reasons[f"more than {MAX_COMBINATIONS} texts can arrive"] = None
            del grown[MAX_COMBINATIONS:]
        rows = grown
    return Result(tuple(Alt(joined(parts), trail + hops, world) for parts, trail, world in rows), tuple(reasons))


def _longer(trail: tuple[Hop, ...], more: tuple[Hop, ...]) -> tuple[Hop, ...]:
    """The way of the first part, with the arguments by which further parts came."""
    return trail + tuple(h for h in more if h.how == "argument" and h not in trail) if trail else more


def formatted(engine: Engine, expr: Text, frame: Frame) -> Result:
    """An f-string."""
    return combined([as_text(engine.eval(part, frame), part, frame) for part in expr.parts])


def binary(engine: Engine, expr: Op, frame: Frame) -> Result:
    """A binary operation on texts, lists, dicts, paths or numbers."""
    return operated(engine, expr.op, engine.eval(expr.left, frame), engine.eval(expr.right, frame), expr, frame)


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
    if op == "+" and (_textual(left) or _textual(right)) and not (_numeric(left) or _numeric(right)):
        return combined([as_text(left, expr.left, frame), as_text(right, expr.right, frame)])
    results: list[Result] = []
    for a in left.alts:
        for b in right.alts:
            world = together(a.world, b.world)
            if world is not None:
                thing = _apply(op, a.thing, b.thing)
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


def _numeric(result: Result) -> bool:
    return any(isinstance(a.thing, Lit) and isinstance(a.thing.value, (int, float)) for a in result.alts)


def _apply(op: str, left: Thing, right: Thing) -> Thing | None:
    if isinstance(left, Lit) and isinstance(right, Lit):
        return _arithmetic(op, left.value, right.value)
    if op == "+" and isinstance(left, ListOf) and isinstance(right, ListOf):
        return containers.joined(left, right)
    if op == "|" and isinstance(left, DictOf) and isinstance(right, DictOf):
        return merged(left, right)
    if op == "/" and isinstance(left, FilePath) and isinstance(right, Lit) and isinstance(right.value, str):
        return left._replace(path=f"{left.path}/{right.value}" if left.path else right.value)
    if (
        op == "*"
        and isinstance(left, ListOf)
        and isinstance(right, Lit)
        and isinstance(right.value, int)
        and 0 <= right.value <= 64
    ):
        return left._replace(items=left.items * right.value, gaps=((0, ""),) if left.open else ())
    return None


def merged(left: DictOf, right: DictOf) -> DictOf:
    """`{**left, **right}`"""
    later = {e.key for e in right.entries if e.sure}
    kept = tuple(e for e in left.entries if e.key not in later)
    if right.open:  # unknown keys of the right side may replace any of the left
        kept = tuple(e._replace(sure=False) for e in kept)
    return DictOf(kept + right.entries, left.open + right.open)


_NUMBERS: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "//": operator.floordiv,
    "%": operator.mod, "**": operator.pow, "<<": operator.lshift,
}  # fmt: skip


def _arithmetic(op: str, a: Any, b: Any) -> Thing | None:
    try:
        if op == "*" and (isinstance(a, str) or isinstance(b, str)):
            text, times = (a, b) if isinstance(a, str) else (b, a)
            return Lit(text * times) if isinstance(times, int) and len(text) * max(times, 0) <= MAX_TEXT else None
        if op == "+" and isinstance(a, str) and isinstance(b, str):
            return Lit(a + b)
        if isinstance(a, str) or isinstance(b, str) or a is None or b is None:
            return None
        if op == "**" and not (abs(a) <= 1024 and 0 <= b <= 64):
            return None
        if op == "<<" and not 0 <= b <= 64:
            return None
        apply = _NUMBERS.get(op)
        return None if apply is None else Lit(apply(a, b))
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return None


def augmented(engine: Engine, binding: Binding, frame: Frame) -> Result:
    """`name += value`: what it was before, with the value added; in a loop it may have grown further."""
    value = binding.value
    assert value is not None
    names = binding.name.split(".")
    target = _target(engine, binding)
    scope = engine.scope_of(frame)
    before = engine.eval(target, frame) if len(names) == 1 else unknown("what it was before")
    result = operated(
        engine, binding.op, before, engine.eval(value, frame), Op(binding.pos, binding.op, target, value), frame
    )
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
