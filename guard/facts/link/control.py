"""How often a call runs: loops around it, retry loops, decorators that retry, branches and handlers that it stands in.

In: a call in its scope, with the frame. Out: repeats per call of the function, layers of attempts, and the arms around
it. A loop that only tries again until a call succeeds is attempts, not repeats.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from guard.facts.expr import Call, Compare, Const, Expr, Name, Op, Pos, last_name
from guard.facts.filefacts import Block, CallRef, FileFacts, Scope
from guard.facts.link import truth
from guard.facts.link.names import blocks_at
from guard.facts.link.things import DictOf, Ext, Frame, ListOf, Lit, Result
from guard.facts.lower import EACH
from guard.model import Billed, Count

if TYPE_CHECKING:
    from guard.facts.link.engine import Engine

RETRY_DECORATORS = {
    "tenacity.retry": "tenacity", "tenacity.retry_with_stop": "tenacity", "backoff.on_exception": "backoff",
    "backoff.on_predicate": "backoff", "retry.retry": "retry", "retrying.retry": "retrying", "stamina.retry": "stamina",
    "tenacity.AsyncRetrying": "tenacity", "tenacity.Retrying": "tenacity",
}  # fmt: skip


class Around(NamedTuple):
    """The loops around a call in its own function, and whether it surely runs."""

    repeats: Count
    retries: tuple[LoopLayer, ...]
    conditional: bool
    handler: Block | None
    """The `except` block that it stands in."""
    arms: tuple[Block, ...]
    """Branches around it, outermost first, that are not decided."""
    unreachable: str | None
    """Why it cannot run, when a branch around it is surely not taken."""


class LoopLayer(NamedTuple):
    """A layer of attempts that the code itself makes."""

    name: str
    attempts: int | None
    billed: Billed
    pos: Pos
    why: str


def around(engine: Engine, facts: FileFacts, ref: CallRef, frame: Frame) -> Around:
    """Loops, retries and branches around a call, up to the function it stands in."""
    counts: list[Count] = []
    retries: list[LoopLayer] = []
    arms: list[Block] = []
    handler: Block | None = None
    conditional = False
    unreachable: str | None = None
    if ref.via in EACH and ref.call.args:
        first = ref.call.args[0]
        base = getattr(first, "base", None)
        if base is not None:
            counts.append(length(engine, engine.quietly(base, frame), f"{ref.via}() over"))
    scope, inner = facts.scopes[ref.scope], frame
    place = ref.call.pos.start
    while True:
        if scope.kind == "comp":
            outer = inner.lexical or engine.module(facts.path)
            for number, iterable in enumerate(scope.iters):
                found = engine.quietly(iterable, outer if number == 0 else inner)
                counts.append(length(engine, found, "comprehension over"))
            place = scope.pos.start
        for block in reversed(blocks_at(scope, place)):
            if block.kind in ("for", "while"):
                layer = _retry_loop(engine, scope, block, place, inner)
                if layer is not None:
                    retries.append(layer)
                elif not _first_turn_only(scope, block, place):
                    counts.append(_loop(engine, scope, block, inner))
            elif block.kind in ("if", "case"):
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
    return Around(product(counts), tuple(retries), conditional, handler, tuple(reversed(arms)), unreachable)


def product(counts: list[Count]) -> Count:
    """Counts inside one another."""
    low, typical, high, why = 1, 1.0, 1, []
    bound: int | None = high
    for count in counts:
        low *= count.low
        typical *= count.typical
        bound = None if bound is None or count.high is None else bound * count.high
        why += [w for w in count.why if w not in why]
    number = int(typical) if float(typical).is_integer() else typical
    return Count(low, number, bound, tuple(why))


# --- loops --------------------------------------------------------------------------------------------------------


def length(engine: Engine, result: Result, what: str) -> Count:
    """Number of elements of what a loop goes over."""
    sizes: list[int] = []
    reasons: list[str] = list(result.open)
    for alt in result.alts:
        thing = alt.thing
        if isinstance(thing, ListOf):
            counted = next((r for r in thing.open if r.endswith(" numbers")), None)
            if counted is not None:
                sizes.append(int(counted.split()[0]))
            elif thing.open:
                reasons += thing.open
            else:
                sizes.append(len(thing.items))
        elif isinstance(thing, DictOf) and not thing.open:
            sizes.append(len(thing.entries))
        elif isinstance(thing, Lit) and isinstance(thing.value, str):
            sizes.append(len(thing.value))
        else:
            reasons.append("a sequence that is not known")
    if sizes and not reasons:
        return Count(min(sizes), sizes[0], max(sizes), (f"{what} {max(sizes)} items",))
    if sizes:
        return Count(0, sizes[0], None, (f"{what} {sizes[0]} items, but {reasons[0]}",))
    why = reasons[0] if reasons else "a sequence that is not known"
    return Count(0, 1, None, (f"{what} a sequence of unknown length ({why})",))


def _loop(engine: Engine, scope: Scope, block: Block, frame: Frame) -> Count:
    if block.kind == "for" and block.test is not None:
        bound = _range_bound(engine, block.test, frame)
        if bound is not None:
            return bound
        return length(engine, engine.quietly(block.test, frame), "for over")
    counted = _counter(engine, scope, block, frame)
    if counted is not None:
        return Count(0, counted, counted, (f"while loop of at most {counted} turns",))
    return Count(0, 1, None, ("while loop without a bound that guard can see",))


def _range_bound(engine: Engine, test: Expr, frame: Frame) -> Count | None:
    """`range(n)` with a default that may be overridden: the default is typical, there is no bound."""
    if not isinstance(test, Call) or last_name(test.func) != "range" or not test.args:
        return None
    found = engine.quietly(test.args[-1 if len(test.args) < 3 else 1], frame)
    values = [a.thing.value for a in found.alts if isinstance(a.thing, Lit) and isinstance(a.thing.value, int)]
    start = 0
    if len(test.args) > 1:
        begin = engine.quietly(test.args[0], frame)
        starts = [a.thing.value for a in begin.alts if isinstance(a.thing, Lit)]
        if len(starts) != 1 or not isinstance(starts[0], int) or len(test.args) > 2:
            return None
        start = starts[0]
    if not values:
        why = found.open[0] if found.open else "its end is not known"
        return Count(0, 1, None, (f"for over a range of unknown length ({why})",))
    sizes = [max(0, v - start) for v in values]
    if found.open:
        return Count(0, sizes[0], None, (f"for over range of {sizes[0]} by default, but {found.open[0]}",))
    return Count(min(sizes), sizes[0], max(sizes), (f"for over {max(sizes)} items",))


def _counter(engine: Engine, scope: Scope, block: Block, frame: Frame) -> int | None:
    """Turns of `while i < n` with a counter that is only ever counted up by a constant."""
    tests = [block.test] if block.test is not None else []
    for test in tests:
        if isinstance(test, Compare) and len(test.ops) == 1 and test.ops[0] in ("<", "<=") and isinstance(test.left, Name):
            bindings = scope.bindings.get(test.left.id, ())
            steps = [b for b in bindings if b.kind == "aug" and b.op == "+" and isinstance(b.value, Const)]
            starts = [b for b in bindings if b.kind == "assign" and isinstance(b.value, Const) and b.at <= block.start]
            ends = [a.thing.value for a in engine.quietly(test.rights[0], frame).alts if isinstance(a.thing, Lit)]
            if steps and starts and len(ends) == 1 and isinstance(ends[0], int):
                step, start = steps[0].value, starts[-1].value
                if isinstance(step, Const) and isinstance(step.value, int) and step.value > 0 and isinstance(start, Const) and isinstance(start.value, int):
                    span = ends[0] - start.value + (1 if test.ops[0] == "<=" else 0)
                    return max(0, -(-span // step.value))
    return None


def _first_turn_only(scope: Scope, block: Block, place: tuple[int, int]) -> bool:
    """A loop whose body always ends by leaving it runs once."""
    return block.leaves in ("return", "break", "raise") and not any(
        b.leaves == "continue" and block.start <= b.start < block.end for b in scope.blocks
    )


# --- attempts -----------------------------------------------------------------------------------------------------


def _retry_loop(engine: Engine, scope: Scope, loop: Block, place: tuple[int, int], frame: Frame) -> LoopLayer | None:
    """A loop that tries again only after a failure: the call stands in a `try` whose success leaves the loop."""
    tries = [b for b in blocks_at(scope, place) if b.kind == "try" and loop.start <= b.start and b.end <= loop.end]
    for block in tries:
        group = [b for b in scope.blocks if b.group == block.group]
        handlers = [b for b in group if b.kind == "except"]
        if not handlers or all(b.leaves in ("raise", "return", "break") for b in handlers):
            continue
        success = next((b for b in group if b.kind == "try_else"), None)
        leaves = block.leaves in ("return", "break") or success is not None and success.leaves in ("return", "break")
        if leaves or loop.leaves in ("return", "break") or _leaves_inside(scope, block, place):
            count = _loop(engine, scope, loop, frame)
            what = "for" if loop.kind == "for" else "while"
            why = count.why[0] if count.why else ""
            return LoopLayer(f"retry loop ({what})", count.high, "maybe", _block_pos(loop), why)
    waiting = _with_attempt(engine, scope, place, frame)
    if waiting is not None and loop.test is not None:
        source = engine.quietly(loop.test, frame)
        if any(isinstance(a.thing, Ext) and a.thing.chain.startswith(("tenacity.", "stamina.")) for a in source.alts):
            return waiting
    return None


def _leaves_inside(scope: Scope, block: Block, place: tuple[int, int]) -> bool:
    """A `return` behind the call in the same `try`, not in a branch of it."""
    for start, _ in scope.returns:
        if place <= start and block.start <= start < block.end:
            inner = [b for b in blocks_at(scope, start) if block.start <= b.start and b.group != block.group and b.kind in ("if", "case", "for", "while", "except")]
            if not inner:
                return True
    return False


def _with_attempt(engine: Engine, scope: Scope, place: tuple[int, int], frame: Frame) -> LoopLayer | None:
    """`for attempt in Retrying(stop=...): with attempt: ...`"""
    for block in reversed(blocks_at(scope, place)):
        if block.kind == "for" and isinstance(block.test, Call):
            for alt in engine.quietly(block.test, frame).alts:
                if isinstance(alt.thing, Ext) and alt.thing.chain.removesuffix("()") in RETRY_DECORATORS:
                    return _tenacity(engine, block.test, frame, "tenacity", _block_pos(block))
    return None


def _block_pos(block: Block) -> Pos:
    return block.test.pos if block.test is not None else Pos(*block.start, *block.start)


def decorator_layers(engine: Engine, path: str, scope: Scope) -> list[LoopLayer]:
    """Retries by the decorators of a function."""
    found: list[LoopLayer] = []
    outer = engine.root(path, scope.parent) if scope.parent > 0 else engine.module(path)
    for decorator in scope.decorators:
        func = decorator.func if isinstance(decorator, Call) else decorator
        for alt in engine.quietly(func, outer).alts[:1]:
            name = RETRY_DECORATORS.get(alt.thing.chain) if isinstance(alt.thing, Ext) else None
            if name is None:
                continue
            call = decorator if isinstance(decorator, Call) else Call(decorator.pos, func, (), ())
            maker = {"tenacity": _tenacity, "backoff": _backoff}.get(name, _plain)
            found.append(maker(engine, call, outer, name, decorator.pos))
    return found


def _number(engine: Engine, expr: Expr | None, frame: Frame) -> tuple[int | None, str]:
    """Largest known value of a number; None with the reason where it is not known."""
    if expr is None:
        return None, "no number is given"
    found = engine.eval(expr, frame)
    values = [int(a.thing.value) for a in found.alts if isinstance(a.thing, Lit) and isinstance(a.thing.value, (int, float))]
    return (max(values), "") if values else (None, found.open[0] if found.open else "not known")


def _tenacity(engine: Engine, call: Call, frame: Frame, name: str, pos: Pos) -> LoopLayer:
    stop = dict(call.keywords).get("stop")
    if stop is None:
        return LoopLayer(name, None, "maybe", pos, "tenacity retries for ever without `stop`")
    attempts, why = _stop(engine, stop, frame)
    return LoopLayer(name, attempts, "maybe", pos, why)


def _stop(engine: Engine, stop: Expr, frame: Frame) -> tuple[int | None, str]:
    """`stop_after_attempt(n)`; of `a | b` and `stop_any(a, b)` the smaller one ends it."""
    if isinstance(stop, Op) and stop.op == "|":
        sides = [_stop(engine, side, frame) for side in (stop.left, stop.right)]
        known = [s for s in sides if s[0] is not None]
        return min(known, key=lambda s: s[0] or 0) if known else sides[0]
    for alt in engine.eval(stop, frame).alts:
        if isinstance(alt.thing, Ext) and alt.thing.made:
            maker = alt.thing.made[-1]
            if alt.thing.chain.endswith("stop_after_attempt()"):
                given = maker.call.args[0] if maker.call.args else dict(maker.call.keywords).get("max_attempt_number")
                number, why = _number(engine, given, maker.frame)
                return number, why or f"stop_after_attempt({number})"
            if alt.thing.chain.endswith("stop_any()"):
                sides = [_stop(engine, side, maker.frame) for side in maker.call.args]
                known = [s for s in sides if s[0] is not None]
                return min(known, key=lambda s: s[0] or 0) if known else (None, "no limit of attempts")
    return None, "it stops by time or by a rule that guard does not follow"


def _backoff(engine: Engine, call: Call, frame: Frame, name: str, pos: Pos) -> LoopLayer:
    tries = dict(call.keywords).get("max_tries")
    if tries is None:
        return LoopLayer(name, None, "maybe", pos, "backoff retries for ever without `max_tries`")
    number, why = _number(engine, tries, frame)
    return LoopLayer(name, number, "maybe", pos, why or f"max_tries={number}")


def _plain(engine: Engine, call: Call, frame: Frame, name: str, pos: Pos) -> LoopLayer:
    keywords = dict(call.keywords)
    given = keywords.get("tries") or keywords.get("attempts") or keywords.get("stop_max_attempt_number")
    if given is None:
        default = 10 if name == "stamina" else None
        return LoopLayer(name, default, "maybe", pos, f"{name} default" if default else f"{name} retries for ever by default")
    number, why = _number(engine, given, frame)
    return LoopLayer(name, number, "maybe", pos, why or f"{number} attempts")


def exclusive_with(scope: Scope, first: tuple[int, int], second: tuple[int, int]) -> int | None:
    """The statement whose arms keep two places of a scope from running in one pass, or None.

    Arms of one `if` or `match` exclude one another; so do an arm that leaves the function and what comes behind it.
    """
    ours, theirs = blocks_at(scope, first), blocks_at(scope, second)
    groups = {b.group: b for b in theirs}
    for block in ours:
        other = groups.get(block.group)
        if block.kind in ("if", "case") and other is not None and other.arm != block.arm:
            return block.group
    for block, place in [*((b, second) for b in ours), *((b, first) for b in theirs)]:
        if block.kind in ("if", "case") and block.leaves == "return" and place >= block.end:
            return block.group
    return None
