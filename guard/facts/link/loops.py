"""How many turns a loop has for a call in its body.

In: a loop, the place of a call in it, the frame. Out: a `Count`. A loop that can be left early has a low of one turn
(of none where it is left before the call); a call in an arm that ends by leaving the loop runs once at most.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from guard.facts.expr import Call, Compare, Const, Expr, Item, Logic, Name, Slice, last_name
from guard.facts.filefacts import Binding, Block, Scope
from guard.facts.link import asked_again, containers, truth
from guard.facts.link.names import Place, blocks_at
from guard.facts.link.things import DictOf, Ext, Frame, ListOf, Lit, Result
from guard.model import Count, Step

if TYPE_CHECKING:
    from guard.facts.link.engine import Engine
    from guard.facts.link.turn_arms import ByTurn

Ask = Callable[[Expr, Frame], Result]
"""How an expression is evaluated: with or without asking for new decisions of the context."""

MAX_STEPS = 24
"""Steps that tell where a number of repeats comes from."""
LEAVES = frozenset({"break", "return", "mixed"})
AS_LONG = frozenset({"tqdm", "track", "enumerate", "sorted", "reversed", "list", "tuple", "iter", "as_completed"})
"""Calls that are as long as what they are given first."""


def product(counts: list[Count]) -> Count:
    """Counts inside one another."""
    low, typical, high, why = 1, 1.0, 1, []
    guessed = tuple(dict.fromkeys(loop for count in counts for loop in count.guessed))
    bound: int | None = high
    trail: dict[Step, None] = {}
    for count in counts:
        low *= count.low
        typical *= count.typical
        bound = None if bound is None or count.high is None else bound * count.high
        why += [w for w in count.why if w not in why]
        trail.update(dict.fromkeys(count.trail))
    number = int(typical) if float(typical).is_integer() else typical
    return Count(low, number, bound, tuple(why), tuple(trail)[:MAX_STEPS], guessed)


def added(first: Count, second: Count) -> Count:
    """Counts of two ways that both run."""
    high = None if first.high is None or second.high is None else first.high + second.high
    why = tuple(dict.fromkeys((*first.why, *second.why)))
    trail = tuple(dict.fromkeys((*first.trail, *second.trail)))
    guessed = tuple(dict.fromkeys((*first.guessed, *second.guessed)))
    return Count(first.low + second.low, first.typical + second.typical, high, why, trail[:MAX_STEPS], guessed)


def either(counts: list[Count]) -> Count:
    """One of several counts: bounds of all, the dearest typical."""
    if len(set(counts)) == 1:
        return counts[0]
    highs = [c.high for c in counts]
    high = None if None in highs else max(h for h in highs if h is not None)
    why = tuple(dict.fromkeys(w for c in counts for w in c.why))
    trail = tuple(dict.fromkeys(step for c in counts for step in c.trail))
    most = max(c.typical for c in counts)
    guessed = tuple(dict.fromkeys(loop for c in counts if c.typical == most for loop in c.guessed))
    return Count(min(c.low for c in counts), most, high, why[:4], trail[:MAX_STEPS], guessed)


def length(engine: Engine, result: Result, what: str) -> Count:
    """Number of elements of what a loop goes over."""
    sizes: list[int] = []
    reasons: list[str] = list(result.open)
    only = result.alts[0].thing if len(result.alts) == 1 and not result.open else None
    if isinstance(only, ListOf) and only.each and only.most is not None and not containers.counted(only):
        return Count(0, only.most, only.most, (f"{what} at most {only.most} items",))
    for alt in result.alts:
        thing = alt.thing
        if isinstance(thing, ListOf):
            counted = containers.counted(thing)
            if counted is not None:
                sizes.append(counted)
            elif thing.open or thing.each:
                reasons += thing.open or ("a comprehension over a sequence that is not known",)
            else:
                sizes.append(len(thing.items))
        elif isinstance(thing, DictOf) and not thing.open:
            sizes.append(len(thing.entries))
        elif isinstance(thing, Lit) and isinstance(thing.value, str):
            sizes.append(len(thing.value))
        else:
            reasons.append("a sequence that is not known")
    if sizes and not reasons:
        missing = any(isinstance(alt.thing, ListOf) and alt.thing.fewer for alt in result.alts)
        return Count(0 if missing else min(sizes), sizes[0], max(sizes), (f"{what} {max(sizes)} items",))
    if sizes:
        return Count(0, sizes[0] or 1, None, (f"{what} {sizes[0]} items, but {reasons[0]}",))
    why = reasons[0] if reasons else "a sequence that is not known"
    return _one_round(0, f"{what} a sequence of unknown length ({why})")


def _one_round(low: int, why: str) -> Count:
    """A loop of whose length nothing is known: one round is taken for it, and said to be a guess."""
    return Count(low, 1, None, (why,), guessed=(why,))


def sequence_length(engine: Engine, expr: Expr, frame: Frame, ask: Ask, what: str) -> Count:
    """Number of elements of an expression; slices and progress bars also where the elements are not known."""
    if isinstance(expr, Call) and last_name(expr.func) in ("range", "trange"):
        bound = _range_bound(expr, frame, ask)
        if bound is not None:
            return bound
    found = length(engine, ask(expr, frame), what)
    if found.high is not None:
        return found
    if isinstance(expr, Item) and isinstance(expr.key, Slice):
        return _slice_length(engine, expr, expr.key, frame, ask, what) or found
    if isinstance(expr, Call):
        return _call_length(engine, expr, frame, ask, what) or found
    return found


def _known_int(expr: Expr | None, frame: Frame, ask: Ask) -> int | None:
    if expr is None:
        return None
    found = ask(expr, frame)
    values = [a.thing.value for a in found.alts if isinstance(a.thing, Lit)]
    if found.open or len(values) != 1 or not isinstance(values[0], int) or isinstance(values[0], bool):
        return None
    return values[0]


def _slice_length(engine: Engine, expr: Item, key: Slice, frame: Frame, ask: Ask, what: str) -> Count | None:
    """`rows[:10]` and `rows[5:15]` are at most ten long, `rows[-10:]` too."""
    base = sequence_length(engine, expr.base, frame, ask, what)
    low = 0 if key.low is None else _known_int(key.low, frame, ask)
    high = _known_int(key.high, frame, ask)
    bound: int | None = None
    if key.high is None and low is not None and low < 0:
        bound = -low
    elif low is not None and low >= 0 and high is not None and high >= 0:
        bound = max(0, high - low)
    if bound is None or key.step is not None:
        return None if base.high is None else base
    most = bound if base.high is None else min(bound, base.high)
    return Count(min(base.low, most) if low == 0 else 0, most, most, (f"{what} at most {most} items",))


def _call_length(engine: Engine, expr: Call, frame: Frame, ask: Ask, what: str) -> Count | None:
    """Progress bars and the like are as long as what they are given; parts of `itertools` by their own rule."""
    name = last_name(expr.func) or ""
    chains = {a.thing.chain for a in ask(expr.func, frame).alts if isinstance(a.thing, Ext)}
    if name not in AS_LONG and not any(c.startswith(("itertools.", "builtins.")) for c in chains):
        return None
    args = [a for a in expr.args if type(a).__name__ != "Star"]
    if len(args) != len(expr.args) or not args or any(n is None for n, _ in expr.keywords):
        return None
    if name == "repeat":
        times = args[1] if len(args) > 1 else dict(expr.keywords).get("times")
        number = _known_int(times, frame, ask)
        return None if number is None else Count(number, number, number, (f"{what} {number} items",))
    if name == "islice" and len(args) == 2:
        number = _known_int(args[1], frame, ask)
        return None if number is None else Count(0, number, number, (f"{what} at most {number} items",))
    if name not in AS_LONG and name not in ("product", "chain", "zip"):
        return None
    lengths = [sequence_length(engine, arg, frame, ask, what) for arg in (args[:1] if name in AS_LONG else args)]
    if name == "chain":
        total = lengths[0]
        for other in lengths[1:]:
            total = added(total, other)
        return total
    if name == "zip":
        highs = [c.high for c in lengths if c.high is not None]
        if not highs:
            return None
        return Count(min(c.low for c in lengths), min(highs), min(highs), (f"{what} at most {min(highs)} items",))
    if name == "product":
        number = _known_int(dict(expr.keywords).get("repeat"), frame, ask) or 1
        return product(lengths * min(number, 8))
    return lengths[0] if lengths[0].high is not None else None


def _range_bound(call: Call, frame: Frame, ask: Ask) -> Count | None:
    """`range(n)` with a default that may be overridden: the default is typical, there is no bound."""
    if not call.args or len(call.args) > 2:
        return None
    start = 0
    if len(call.args) == 2:
        known = _known_int(call.args[0], frame, ask)
        if known is None:
            return None
        start = known
    found = ask(call.args[-1], frame)
    values = [a.thing.value for a in found.alts if isinstance(a.thing, Lit) and isinstance(a.thing.value, int)]
    if not values:
        why = found.open[0] if found.open else "its end is not known"
        return _one_round(0, f"for over a range of unknown length ({why})")
    sizes = [max(0, v - start) for v in values]
    if found.open or len(values) < len(found.alts):
        why = found.open[0] if found.open else "others may arrive"
        return Count(0, sizes[0], None, (f"for over range of {sizes[0]} by default, but {why}",))
    return Count(min(sizes), sizes[0], max(sizes), (f"for over {max(sizes)} items",))


# --- loops --------------------------------------------------------------------------------------------------------


def turns(
    engine: Engine, scope: Scope, loop: Block, place: Place, frame: Frame, ask: Ask, call: Call | None = None,
    by_turn: ByTurn | None = None,
) -> Count:  # fmt: skip
    """How often a call at a place runs for one run of the loop around it. `call`: that call, where it stands in the
    scope itself; `by_turn`: which of the loop's turns alone count."""
    count = _turns(engine, scope, loop, place, frame, ask, call)
    return count if by_turn is None or _leaves_after(scope, loop, place) else by_turn.of(count)


def _turns(
    engine: Engine, scope: Scope, loop: Block, place: Place, frame: Frame, ask: Ask, call: Call | None
) -> Count:  # fmt: skip
    count = head(engine, scope, loop, frame, ask)
    before, ends = _early(engine, scope, loop, place, frame)
    if _leaves_after(scope, loop, place):
        conditional = any(b.kind in ("if", "case") for b in _between(scope, loop, place))
        low = 0 if before or conditional else min(1, count.low)
        return Count(low, 1, 1, ("leaves the loop after it",) if count.high != 1 else count.why)
    if _succeeds_after(scope, loop, place) and count.high != 1:
        low = 0 if before else min(1, count.low)
        return Count(low, min(1, count.typical), count.high, (*count.why, "leaves the loop when what follows succeeds"))
    if (
        ends
        and call is not None
        and count.high != 1
        and asked_again.until_good(scope, loop, call, _ending(scope, loop))
    ):
        low = 0 if before else min(1, count.low)
        return Count(low, min(1, count.typical), count.high, (*count.why, "ends when the answer will do"))
    if before or ends:
        low = 0 if before else min(1, count.low)
        why = (*count.why, "may end earlier") if count.low > low else count.why
        return replace(count, low=low, why=why)
    return count


def head(engine: Engine, scope: Scope, loop: Block, frame: Frame, ask: Ask) -> Count:
    """Turns of a loop by its head alone."""
    if loop.kind == "for" and loop.test is not None:
        return sequence_length(engine, loop.test, frame, ask, "for over")
    bounds = [b for b in (_counter(scope, loop, test, frame, ask) for test in conditions(loop.test)) if b is not None]
    if bounds:
        most, exact = min(bounds, key=lambda b: b[0])
        low = most if exact and not isinstance(loop.test, Logic) else 0
        return Count(low, most, most, (f"while loop of at most {most} turns",))
    forever = loop.test is not None and truth.truth_of(ask(loop.test, frame)) is True
    return _one_round(1 if forever else 0, "while loop without a bound that guard can see")


def conditions(test: Expr | None) -> list[Expr]:
    """The conditions that all must hold for a further turn."""
    if isinstance(test, Logic) and test.op == "and":
        return [part for value in test.values for part in conditions(value)]
    return [] if test is None else [test]


def _counter(scope: Scope, loop: Block, test: Expr, frame: Frame, ask: Ask) -> tuple[int, bool] | None:
    """Turns of `while i < n` with a counter that each turn surely moves on by a constant, and whether that is exact.

    `while left > 0` with a counter that goes down is the same. A counter that is set anew in the loop bounds nothing.
    """
    if not isinstance(test, Compare) or len(test.ops) != 1 or not isinstance(test.left, Name):
        return None
    up, down = test.ops[0] in ("<", "<="), test.ops[0] in (">", ">=")
    bindings = scope.bindings.get(test.left.id, ())
    inside = [b for b in bindings if loop.start <= b.pos.start < loop.end]
    starts = [b for b in bindings if b.kind == "assign" and b.at <= loop.start]
    moves = [b for b in inside if b.kind == "aug" and b.op == ("+" if up else "-") and _positive(b.value)]
    sure = [b for b in moves if _each_turn(scope, loop, b)]
    end = _known_int(test.rights[0], frame, ask)
    start = _start(starts, frame, ask)
    if not (up or down) or not sure or len(moves) != len(inside) or end is None or start is None:
        return None
    step = min(_positive(b.value) for b in sure)
    span = (end - start if up else start - end) + (1 if test.ops[0] in ("<=", ">=") else 0)
    exact = len(moves) == 1 and not any(b.kind == "except" for b in _between(scope, loop, sure[0].pos.start))
    return max(0, -(-span // step)), exact


def given_up(scope: Scope, loop: Block, handler: Block, frame: Frame, ask: Ask) -> int | None:
    """After how many failures a handler ends the loop: `tries += 1; if tries > 3: raise`. None: that is not known."""
    for arm in scope.blocks:
        test = arm.test
        inside = arm.kind == "if" and handler.start <= arm.start and arm.end <= handler.end
        if not inside or arm.leaves not in ("raise", "return", "break") or not isinstance(test, Compare):
            continue
        if len(test.ops) != 1 or test.ops[0] not in (">", ">=", "==") or not isinstance(test.left, Name):
            continue
        bindings = scope.bindings.get(test.left.id, ())
        moves = [b for b in bindings if loop.start <= b.pos.start < loop.end]
        starts = [b for b in bindings if b.kind == "assign" and b.at <= loop.start]
        start, end = _start(starts, frame, ask), _known_int(test.rights[0], frame, ask)
        if len(moves) != 1 or start is None or end is None or moves[0].op != "+" or _positive(moves[0].value) != 1:
            continue
        around = _between(scope, loop, moves[0].pos.start)
        outer = _between(scope, loop, arm.start)
        if [b for b in around if b.kind in ("if", "case", "for", "while")] or outer[:1] != around[:1]:
            continue
        seen = end - start + (1 if test.ops[0] == ">" else 0)
        return max(1, seen if moves[0].at <= test.pos.start else seen + 1)
    return None


def _start(starts: list[Binding], frame: Frame, ask: Ask) -> int | None:
    return _known_int(starts[-1].value, frame, ask) if starts else None


def _positive(value: Expr | None) -> int:
    """The step of a counter; 0 for what is no positive constant."""
    whole = isinstance(value, Const) and isinstance(value.value, int) and not isinstance(value.value, bool)
    return value.value if whole and isinstance(value, Const) and isinstance(value.value, int) and value.value > 0 else 0


def _each_turn(scope: Scope, loop: Block, step: Binding) -> bool:
    """Whether each turn that is followed by another moves the counter on."""
    place = step.pos.start
    for block in _between(scope, loop, place):
        if block.kind in ("if", "case", "for", "while"):
            return False
        if block.kind == "except":  # a turn without a failure must leave the loop
            tried = [b for b in scope.blocks if b.group == block.group and b.kind in ("try", "try_else")]
            if not any(b.leaves in ("return", "break") for b in tried):
                return False
    skipping = [b for b in _own_arms(scope, loop) if b.leaves in ("continue", "mixed") and b.end <= place]
    return not skipping


# --- leaving a loop -----------------------------------------------------------------------------------------------


def _between(scope: Scope, loop: Block, place: Place) -> list[Block]:
    """Blocks inside a loop around a place, outermost first."""
    return [b for b in blocks_at(scope, place) if loop.start <= b.start and b.end <= loop.end and b.group != loop.group]


def _own_arms(scope: Scope, loop: Block) -> list[Block]:
    """Arms of branches in a loop that end a turn of this loop, not of one inside it."""
    found = []
    for block in scope.blocks:
        inside = loop.start <= block.start and block.end <= loop.end
        if block.kind not in ("if", "case") or not block.leaves or not inside:
            continue
        inner = [b for b in _between(scope, loop, block.start) if b.kind in ("for", "while")]
        if not inner or block.leaves == "return":
            found.append(block)
    return found


def _ending(scope: Scope, loop: Block) -> list[Block]:
    return [arm for arm in _own_arms(scope, loop) if arm.leaves in LEAVES]


def _early(engine: Engine, scope: Scope, loop: Block, place: Place, frame: Frame) -> tuple[bool, bool]:
    """Whether a turn can end before a place, and whether the loop can end before its last turn.

    Failures are not looked at: any call can fail.
    """
    before = ends = False
    for arm in _own_arms(scope, loop):
        if arm.leaves == "raise" or truth.feasible(engine, arm, frame) is False:
            continue
        before = before or arm.end <= place
        ends = ends or arm.leaves in LEAVES
    return before, ends


def _leaves_after(scope: Scope, loop: Block, place: Place) -> bool:
    """Whether the loop is surely left after the call: at the end of its body, or of an arm that the call stands in."""
    inner = _between(scope, loop, place)
    if any(b.kind in ("for", "while") for b in inner):
        return False
    failing = [b for b in inner if b.kind == "try" and _goes_on(scope, b)]
    for block in (loop, *inner):
        if block.leaves not in ("return", "break", "raise") or (block.kind == "except" and block.leaves == "raise"):
            continue
        behind = [b for b in scope.blocks if place < b.start < block.end]
        if not failing and not any(b.leaves in ("continue", "mixed") for b in behind):
            return True
    return False


def _succeeds_after(scope: Scope, loop: Block, place: Place) -> bool:
    """Whether a `try` behind a place leaves the loop unless it fails: `try: return json.loads(text)`."""
    around = {(b.group, b.arm) for b in blocks_at(scope, place)}
    return any(
        b.kind == "try" and b.leaves in ("return", "break") and place < b.start and _goes_on(scope, b)
        and all((x.group, x.arm) in around for x in _between(scope, loop, b.start) if x.group != b.group)
        for b in scope.blocks
        if loop.start <= b.start and b.end <= loop.end
    )  # fmt: skip


def _goes_on(scope: Scope, tried: Block) -> bool:
    """Whether a failure in a `try` is answered by going on."""
    handlers = [b for b in scope.blocks if b.group == tried.group and b.kind == "except"]
    return any(b.leaves not in ("raise", "return", "break") for b in handlers)


def is_main_test(test: Expr | None) -> bool:
    """`__name__ == "__main__"`: says how a file is run, not whether a call is made."""
    if not isinstance(test, Compare) or test.ops != ("==",):
        return False
    return any(isinstance(side, Name) and side.id == "__name__" for side in (test.left, *test.rights))
