"""Comprehensions: over known sequences element by element, else one element that stands for each unknown one.

In: a comprehension and its frame. Out: a list or dict with what may be missing from it. Neighbours: `containers` says
what the elements of a sequence are, `truth` which of them pass the conditions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.facts.expr import Comp
from guard.facts.filefacts import Scope
from guard.facts.link import batches, containers, plain
from guard.facts.link.things import (
    Alt,
    DictOf,
    Entry,
    Frame,
    ListOf,
    Lit,
    Result,
    Thunk,
)  # fmt: skip

if TYPE_CHECKING:
    from guard.facts.link.engine import Engine

MAX_TURNS = 100
"""Turns of a comprehension with several clauses that are told apart."""


def comprehension(engine: Engine, expr: Comp, frame: Frame) -> Result:
    """A comprehension: over a known list element by element, else one element for each unknown one."""
    scope = engine.project.scope(frame.path, expr.scope)
    source = engine.eval(scope.iters[0], frame)
    frames, each, mixed = _turns(engine, scope, source, frame)
    verdicts = [None if each else _passes(engine, scope, inner) for inner in frames]
    kept = [(inner, verdict) for inner, verdict in zip(frames, verdicts) if verdict is not False]
    reasons = ("one for each element of a sequence that is not known",) if each else ()
    counted = _counted(source) if each and len(scope.iters) == 1 else None
    if counted is not None and not scope.tests and expr.kind != "set":
        reasons = (*reasons, f"{counted} numbers")
    if expr.value is None:
        items = tuple(Thunk(expr.element, inner) for inner, _ in kept)
        gaps = ((len(items), containers.gap_name(scope.iters[0])),) if each else ()
        fewer = not each and any(verdict is None for _, verdict in kept)
        most = (counted or _most(source)) if each and len(scope.iters) == 1 else None
        made = ListOf(items, reasons, "set" if mixed else expr.kind, gaps, each, fewer, most)
        return Result((Alt(containers.distinct(engine, made) if expr.kind == "set" else made),))
    entries: list[Entry] = []
    for inner, verdict in kept:
        keys = plain.whole(engine.eval(expr.element, inner))
        literal = [a.thing.value for a in keys.alts if isinstance(a.thing, Lit)]
        exact = len(literal) == 1 == len(keys.alts) and not keys.open and verdict is True and not each
        entries += [Entry(k, Thunk(expr.value, inner), exact) for k in literal]
        if not literal or len(literal) < len(keys.alts) or keys.open:
            reasons = (*reasons, "a key that is not known")
    return Result((Alt(DictOf(tuple(entries), reasons)),))


def _counted(source: Result) -> int | None:
    """How many elements there are exactly, where they are too many to be told apart: `range(0, 1000, 10)`."""
    if len(source.alts) != 1 or source.open or not isinstance(source.alts[0].thing, ListOf):
        return None
    thing = source.alts[0].thing
    return None if thing.fewer else containers.counted(thing)


def _most(source: Result) -> int | None:
    """How many elements there are at most of something that is not known: a slice of a known length."""
    sizes = [batches.cut(alt.thing) for alt in source.alts]
    known = [size for size in sizes if size is not None]
    return max(known) if known and len(known) == len(sizes) and not source.open else None


def _turns(engine: Engine, scope: Scope, source: Result, frame: Frame) -> tuple[list[Frame], bool, bool]:
    """A frame for each turn over known sequences, else one for all and True; and whether their order is not known."""
    mixed = containers.is_mixed(source)
    values = containers.each_value(engine, source)
    if values is None:
        return [engine.frame(frame.path, scope.id, None, None, None, frame)], True, mixed
    turns = [engine.frame(frame.path, scope.id, None, None, None, frame, (i,)) for i in range(len(values))]
    for iterable in scope.iters[1:]:
        inner: list[Frame] = []
        for turn in turns:
            found = engine.eval(iterable, turn)
            values, mixed = containers.each_value(engine, found), mixed or containers.is_mixed(found)
            if values is None or len(inner) + len(values) > MAX_TURNS:
                return [engine.frame(frame.path, scope.id, None, None, None, frame)], True, mixed
            pins = [(*turn.pin, i) for i in range(len(values))]
            inner += [engine.frame(frame.path, scope.id, None, None, None, frame, pin) for pin in pins]
        turns = inner
    return turns, False, mixed


def _passes(engine: Engine, scope: Scope, inner: Frame) -> bool | None:
    """Whether an element meets the conditions of a comprehension."""
    from guard.facts.link import truth

    verdicts = [truth.truth(engine, test, inner) for test in scope.tests]
    return False if False in verdicts else None if None in verdicts else True
