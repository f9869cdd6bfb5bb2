"""How often a call runs: loops around it, retry loops, branches and handlers that it stands in.

In: a call in its scope, with the frame. Out: repeats per call of the function, layers of attempts, and the arms around
it. A loop that only tries again until a call succeeds is attempts, not repeats. Neighbours: `loops` counts turns,
`attempts` knows what tries again, `above` goes on in the functions that call this one.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple, cast

from guard.facts.expr import Compare, Expr, Logic, Unary
from guard.facts.filefacts import Block, CallRef, FileFacts, Scope
from guard.facts.link import failing, loops, truth, turn_arms
from guard.facts.link.attempts import LoopLayer, block_pos, retry_loop
from guard.facts.link.names import Place, blocks_at
from guard.facts.link.things import DEPENDENCY, Frame, Hop, Result, Root, standing_in, without_demands
from guard.facts.link.values import Spans
from guard.facts.lower import EACH
from guard.model import ONCE, Count

if TYPE_CHECKING:
    from guard.facts.link.engine import Engine

length, product = loops.length, loops.product


class Around(NamedTuple):
    """The loops around a call in its own function, and whether it surely runs."""

    repeats: Count = ONCE
    retries: tuple[LoopLayer, ...] = ()
    conditional: bool = False
    handler: Block | None = None
    """The `except` block that it stands in."""
    arms: tuple[Block, ...] = ()
    """Branches around it, outermost first, that are not decided."""
    unreachable: str | None = None
    """Why it cannot run, when a branch around it is surely not taken."""
    asks: frozenset[Root] = frozenset()
    """Roots that would decide the number of repeats."""
    behind: Block | None = None
    """The `except` block of a `try` before it, after whose failure alone it runs."""


class _Quiet:
    """Evaluates without asking for decisions, and keeps which ones would matter."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.asks: set[Root] = set()
        self.hops: dict[Hop, None] = {}
        """Where what was evaluated comes from."""

    def __call__(self, expr: Expr, frame: Frame) -> Result:
        engine = self.engine
        outer, engine.consulted = engine.consulted, {}
        try:
            found = engine.eval(expr, frame)
            if len(self.hops) < loops.MAX_STEPS:
                self.hops.update(dict.fromkeys(hop for alt in found.alts for hop in alt.trail))
            return found
        finally:
            inner, engine.consulted = engine.consulted, outer
            self.asks |= {root for (root, what), bind in inner.items() if bind is None and what != DEPENDENCY}
            engine.consulted.update(without_demands(inner))


def around(engine: Engine, facts: FileFacts, ref: CallRef, frame: Frame) -> Around:
    """Loops, retries and branches around a call, up to the function it stands in."""
    return _kept(engine, facts, ref, frame, True)


def uncounted(engine: Engine, facts: FileFacts, ref: CallRef, frame: Frame) -> Around:
    """The same without the number of repeats, which asks for much more: what a loop goes over."""
    return _kept(engine, facts, ref, frame, False)


def _kept(engine: Engine, facts: FileFacts, ref: CallRef, frame: Frame, counted: bool) -> Around:
    key = ("around", id(ref.call), frame.key, counted)
    return cast(Around, engine.once(key, ref, lambda: _around(engine, facts, ref, frame, counted)))


def _around(engine: Engine, facts: FileFacts, ref: CallRef, frame: Frame, counted: bool) -> Around:
    ask = _Quiet(engine)
    counts: list[Count] = []
    retries: list[LoopLayer] = []
    arms: list[Block] = []
    handler: Block | None = None
    conditional = False
    unreachable: str | None = None
    run = engine.run_by.get(id(ref.call))
    if run is not None:
        counts.append(run[0])
        retries += engine.run_again.get(id(ref.call), ())
    if ref.via in EACH and ref.call.args:
        base = getattr(ref.call.args[0], "base", None)
        if base is not None and counted:
            counts.append(loops.sequence_length(engine, base, frame, ask, f"{ref.via}() over"))
    scope, inner = facts.scopes[ref.scope], frame
    place = ref.call.pos.start
    while True:
        if scope.kind == "comp":
            counts += _comprehension(engine, facts, scope, inner, place, ask) if counted else ()
            place = scope.pos.start
        by_turn = turn_arms.around(scope, place)
        chosen = {arm: found for found in by_turn.values() for arm in found.arms}
        for block in reversed(blocks_at(scope, place)):
            if block.kind in ("for", "while"):
                layer = retry_loop(engine, facts.path, scope, block, place, inner, engine.eval)
                turn = by_turn.get(block.group)
                if layer is not None:
                    layer = layer if turn is None else layer._replace(attempts=turn.within(layer.attempts))
                    retries += [layer] if turn is None or layer.attempts != 1 else []
                elif counted:
                    ask.hops.setdefault(Hop(facts.path, block_pos(block), "computed", f"{block.kind} loop"))
                    call = ref.call if scope.id == ref.scope else None
                    counts.append(loops.turns(engine, scope, block, place, inner, ask, call, turn))
            elif block in chosen:
                conditional = conditional or not chosen[block].runs(chosen[block].start)
            elif block.kind in ("if", "case") and not loops.is_main_test(block.test):
                verdict = truth.feasible(engine, block, inner)
                if verdict is None:
                    conditional = True
                    arms.append(block)
                elif verdict is False:
                    unreachable = f"the branch at line {block.start[0]} is not taken"
            elif block.kind == "except":
                conditional, handler = True, handler or block
        if scope.kind != "comp" or scope.parent < 0:
            break
        scope = facts.scopes[scope.parent]
        inner = inner.lexical or engine.module(facts.path)
    return Around(
        _traced(engine, product(counts), ask), tuple(retries), conditional, handler, tuple(reversed(arms)), unreachable,
        frozenset(ask.asks), failing.behind(scope, place),
    )  # fmt: skip


def _traced(engine: Engine, count: Count, ask: _Quiet) -> Count:
    """A count with where it comes from."""
    return replace(count, trail=Spans(engine.project).steps(tuple(ask.hops))[: loops.MAX_STEPS]) if ask.hops else count


def _comprehension(
    engine: Engine, facts: FileFacts, scope: Scope, frame: Frame, place: Place, ask: _Quiet
) -> list[Count]:  # fmt: skip
    """The turns of a comprehension's clauses that a place in it stands behind; its element stands behind all."""
    outer = frame.lexical or engine.module(facts.path)
    element = bool(scope.iters) and place < scope.iters[0].pos.start
    ask.hops.update(dict.fromkeys(Hop(frame.path, i.pos, "computed", "comprehension") for i in scope.iters))
    counts = [
        loops.sequence_length(engine, iterable, outer if number == 0 else frame, ask, "comprehension over")
        for number, iterable in enumerate(scope.iters)
        if element or iterable.pos.end <= place
    ]
    if element and scope.filtered:
        counts.append(Count(0, 1, 1, ("a condition in a comprehension",)))
    return counts


# --- arms that exclude one another --------------------------------------------------------------------------------


def exclusive_with(scope: Scope, first: Place, second: Place) -> int | None:
    """The statement whose arms keep two places of a scope from running in one pass, or None.

    Arms of one `if` or `match` exclude one another; so do an arm that leaves the function and what comes behind it.
    """
    ours, theirs = blocks_at(scope, first), blocks_at(scope, second)
    groups = {b.group: b for b in theirs}
    for block in ours:
        other = groups.get(block.group)
        if block.kind in ("if", "case") and other is not None and other.arm != block.arm:
            return None if turn_arms.is_by_turn(scope, block) else block.group
    for block, place in [*((b, second) for b in ours), *((b, first) for b in theirs)]:
        if block.kind in ("if", "case") and block.leaves == "return" and place >= block.end:
            return block.group
    return None


def by_default(engine: Engine, scope: Scope, place: Place, frame: Frame) -> bool | None:
    """Whether a place runs when nothing is overridden: surely, surely not, or not known."""
    verdict: bool | None = True
    for block in blocks_at(scope, place):
        if block.kind in ("if", "case"):
            taken = _taken(engine, block, frame)
            if taken is False:
                return False
            verdict = verdict if taken else None
    leaving = [b for b in scope.blocks if b.kind in ("if", "case") and b.leaves == "return" and b.end <= place]
    return False if any(_taken(engine, block, frame) for block in leaving) else verdict


def _taken(engine: Engine, block: Block, frame: Frame) -> bool | None:
    """Whether an arm runs by default."""
    if block.kind == "case":
        if block.test is None or block.pattern is None:
            return None
        return _likely(engine, Compare(block.test.pos, block.test, ("==",), (block.pattern,)), frame)
    outcomes = [_likely(engine, test, frame) for test in block.negated]
    if True in outcomes:
        return False
    own = _likely(engine, block.test, frame) if block.test is not None else True
    return own if own is False else None if None in outcomes else own


def _likely(engine: Engine, test: Expr, frame: Frame) -> bool | None:
    """The truth of a test over the values that hold without overrides; None where there are none."""
    if isinstance(test, Unary) and test.op == "not":
        inner = _likely(engine, test.value, frame)
        return None if inner is None else not inner
    if isinstance(test, Logic):
        stop = test.op == "or"
        outcomes = [_likely(engine, value, frame) for value in test.values]
        return stop if stop in outcomes else None if None in outcomes else not stop
    if isinstance(test, Compare) and len(test.ops) == 1:
        left, right = (standing_in(e.pos, _first(engine, e, frame)) for e in (test.left, test.rights[0]))
        return truth.truth(engine, Compare(test.pos, left, test.ops, (right,)), frame)
    return truth.truth_of(_first(engine, test, frame))


def _first(engine: Engine, expr: Expr, frame: Frame) -> Result:
    found = engine.quietly(expr, frame)
    return Result(found.alts[:1], () if found.alts else found.open)
