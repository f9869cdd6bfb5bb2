"""Layers of attempts that code makes itself: loops that try again and decorators that retry.

In: a call with the blocks around it, or a function with its decorators. Out: `LoopLayer`s. Attempts of SDKs come from
the catalogue (`draft`); functions that call themselves are in `recursion`; what repeats without a failure in `loops`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from guard.facts.expr import Call, Compare, Const, Expr, Name, Op, Pos, Unary, last_name
from guard.facts.filefacts import Block, CallRef, FileFacts, Scope
from guard.facts.link import loops, retry_errors
from guard.facts.link.loops import Ask
from guard.facts.link.names import Place, blocks_at
from guard.facts.link.things import Alt, Ext, Frame, Func, Hop, ListOf, Lit, Result
from guard.model import Billed

if TYPE_CHECKING:
    from guard.facts.link.engine import Engine

RETRY_DECORATORS = {
    "tenacity.retry": "tenacity", "tenacity.retry_with_stop": "tenacity", "backoff.on_exception": "backoff",
    "backoff.on_predicate": "backoff", "retry.retry": "retry", "retrying.retry": "retrying", "stamina.retry": "stamina",
    "tenacity.AsyncRetrying": "tenacity", "tenacity.Retrying": "tenacity", "stamina.retry_context": "stamina",
    "langgraph.func.task": "LangGraph", "langgraph.func.entrypoint": "LangGraph",
}  # fmt: skip
POLICY_ATTEMPTS = 3
"""Attempts of LangGraph's `RetryPolicy` where it says nothing else, the first included."""
MAX_WRAPPERS = 3
"""Decorators of the repository that are looked for inside one another."""


class LoopLayer(NamedTuple):
    """A layer of attempts that the code itself makes."""

    name: str
    attempts: int | None
    billed: Billed
    path: str
    pos: Pos
    why: str
    trail: tuple[Hop, ...] = ()
    """Where the number of attempts comes from."""


class Number(NamedTuple):
    """A number of attempts: None where it is unbounded or not known, with the reason in words."""

    value: int | None
    why: str = ""
    trail: tuple[Hop, ...] = ()


def worst(layers: list[tuple[LoopLayer, ...]]) -> tuple[LoopLayer, ...]:
    """Of several ways the one with the most attempts."""

    def attempts(way: tuple[LoopLayer, ...]) -> float:
        total = 1.0
        for layer in way:
            total = float("inf") if layer.attempts is None else total * max(layer.attempts, 1)
        return total

    return max(layers, key=attempts, default=())


# --- loops that try again -----------------------------------------------------------------------------------------


def retry_loop(
    engine: Engine, path: str, scope: Scope, loop: Block, place: Place, frame: Frame, ask: Ask
) -> LoopLayer | None:  # fmt: skip
    """A loop that tries again only after a failure: the call stands in a `try` whose success leaves the loop."""
    tries = [b for b in blocks_at(scope, place) if b.kind == "try" and loop.start <= b.start and b.end <= loop.end]
    for block in tries:
        group = [b for b in scope.blocks if b.group == block.group]
        again = [b for b in group if b.kind == "except" and _tries_again(scope, b)]
        if not again:
            continue
        success = next((b for b in group if b.kind == "try_else"), None)
        ends = {block.leaves, success.leaves if success is not None else ""}
        if "break" in ends and not _leaves_both(scope, loop, block):
            ends.discard("break")
        if (
            (ends | {loop.leaves}) & {"return", "break"}
            or _leaves_inside(scope, block, place)
            or _settles(scope, loop, block, place)
        ):
            seen = _Seen(ask)
            count = loops.head(engine, scope, loop, frame, seen)
            what = "for" if loop.kind == "for" else "while"
            why = count.why[0] if count.why else ""
            most = count.high
            if most is None and loop.kind == "while":
                given_up = [n for b in again if (n := loops.given_up(scope, loop, b, frame, seen)) is not None]
                most = max(given_up) if len(given_up) == len(again) else None
                why = why if most is None else f"the handler gives up after {most} failures"
            billed = retry_errors.together([retry_errors.of_types(engine, b.test, frame) for b in again])
            return LoopLayer(f"retry loop ({what})", most, billed, path, block_pos(loop), why, tuple(seen.hops))
    return _with_attempt(engine, path, loop, frame)


class _Seen:
    """Evaluates as it is told to, and keeps where the answers come from."""

    def __init__(self, ask: Ask) -> None:
        self.ask = ask
        self.hops: dict[Hop, None] = {}

    def __call__(self, expr: Expr, frame: Frame) -> Result:
        found = self.ask(expr, frame)
        self.hops.update(dict.fromkeys(hop for alt in found.alts for hop in alt.trail))
        return found


def _leaves_both(scope: Scope, loop: Block, tried: Block) -> bool:
    """Whether a `break` in a `try` ends a loop: it stands in no loop inside of it, or what is behind that may leave."""
    between = [b for b in blocks_at(scope, tried.start) if b.kind in ("for", "while") and b.group != loop.group]
    inner = next((b for b in between if loop.start <= b.start and b.end <= loop.end), None)
    if inner is None:
        return True
    behind = [b for b in scope.blocks if inner.end <= b.start and b.end <= loop.end and b.kind in ("if", "case")]
    return any(b.leaves in ("break", "return") for b in behind)


def _tries_again(scope: Scope, handler: Block) -> bool:
    """Whether a handler lets the loop go on, always or in some branch of it."""
    if handler.leaves not in ("raise", "return", "break"):
        return True
    inside = [b for b in scope.blocks if handler.start <= b.start and b.end <= handler.end]
    return any(b.kind in ("if", "case") and b.leaves in ("continue", "mixed") for b in inside)


def _settles(scope: Scope, loop: Block, block: Block, place: Place) -> bool:
    """Whether success makes the test of a `while` false: `while not done: ... done = True`, `while answer is None`."""
    if loop.kind != "while":
        return False
    for test in loops.conditions(loop.test):
        flag = test.value if isinstance(test, Unary) and test.op == "not" else None
        nothing = isinstance(test, Compare) and test.ops == ("is",) and _is_none(test.rights[0])
        name = flag if isinstance(flag, Name) else test.left if isinstance(test, Compare) and nothing else None
        for binding in scope.bindings.get(name.id, ()) if isinstance(name, Name) else ():
            inner = [b for b in blocks_at(scope, binding.pos.start) if loop.start < b.start and b.end <= loop.end]
            behind = binding.kind == "assign" and place <= binding.at and binding.at <= block.end
            value = binding.value
            holds = nothing or (isinstance(value, Const) and value.value is True)
            if behind and holds and not _is_none(value) and all(b.group == block.group for b in inner):
                return True
    return False


def _is_none(value: Expr | None) -> bool:
    return isinstance(value, Const) and value.value is None


def _leaves_inside(scope: Scope, block: Block, place: Place) -> bool:
    """A `return` behind the call in the same `try`, not in a branch of it."""
    for start, _ in scope.returns:
        if place <= start and block.start <= start < block.end:
            between = [b for b in blocks_at(scope, start) if block.start <= b.start and b.group != block.group]
            if not any(b.kind in ("if", "case", "for", "while", "except") for b in between):
                return True
    return False


def _with_attempt(engine: Engine, path: str, loop: Block, frame: Frame) -> LoopLayer | None:
    """`for attempt in Retrying(stop=...): with attempt: ...`"""
    if loop.kind != "for" or loop.test is None:
        return None
    for alt in engine.quietly(loop.test, frame).alts:
        found = _made_retry(engine, alt, path, block_pos(loop))
        if found is not None:
            return found
    return None


def block_pos(block: Block) -> Pos:
    """Where the head of a loop stands."""
    return block.test.pos if block.test is not None else Pos(*block.start, *block.start)


# --- decorators ---------------------------------------------------------------------------------------------------


def decorator_layers(
    engine: Engine, path: str, scope: Scope, outer: Frame | None = None, level: int = 0
) -> list[LoopLayer]:  # fmt: skip
    """Retries by the decorators of a function: of the known packages, or of the repository itself."""
    found: list[LoopLayer] = []
    if outer is None:
        outer = engine.root(path, scope.parent) if scope.parent > 0 else engine.module(path)
    for decorator in scope.decorators:
        func = decorator.func if isinstance(decorator, Call) else decorator
        for alt in engine.quietly(func, outer).alts[:1]:
            name = RETRY_DECORATORS.get(alt.thing.chain) if isinstance(alt.thing, Ext) else None
            if name is not None:
                call = decorator if isinstance(decorator, Call) else Call(decorator.pos, func, (), ())
                layer = _maker(name)(engine, call, outer, name, path, decorator.pos)
                found += [layer] if layer is not None else []
            else:
                found += _by_value(engine, path, decorator, outer, level)
    return found


def _by_value(engine: Engine, path: str, decorator: Expr, outer: Frame, level: int) -> list[LoopLayer]:
    """A decorator that is made elsewhere: `tries = retry(stop=...)`, or a function of the repository."""
    for alt in engine.quietly(decorator, outer).alts[:1]:
        made = _made_retry(engine, alt, path, decorator.pos)
        if made is not None:
            return [made]
        if isinstance(alt.thing, Func) and alt.thing.bound is None and level < MAX_WRAPPERS:
            return _own_decorator(engine, alt.thing, level)
    return []


def _made_retry(engine: Engine, alt: Alt, path: str, pos: Pos) -> LoopLayer | None:
    if not isinstance(alt.thing, Ext) or not alt.thing.chain.endswith("()") or not alt.thing.made:
        return None
    name = RETRY_DECORATORS.get(alt.thing.chain.removesuffix("()"))
    last = alt.thing.made[-1]
    return None if name is None else _maker(name)(engine, last.call, last.frame, name, path, pos)


def _own_decorator(engine: Engine, func: Func, level: int) -> list[LoopLayer]:
    """The loops and decorators around the calls of its argument that a decorator of the repository makes."""
    facts = engine.project.facts(func.path)
    scope = engine.project.scope(func.path, func.scope)
    taken = next((p.name for p in scope.params if p.kind in ("positional", "positional_only")), None)
    if facts is None or taken is None:
        return []
    ways = []
    for ref in facts.by_name.get(taken, ()):
        if isinstance(ref.call.func, Name):
            frame = nested_frame(engine, facts, ref.scope, func)
            if frame is not None:
                ways.append(tuple(around_call(engine, facts, ref, frame, func.scope, level + 1)))
    return list(worst(ways))


def nested_frame(
    engine: Engine, facts: FileFacts, scope: int, func: Func, call: Call | None = None, caller: Frame | None = None
) -> Frame | None:  # fmt: skip
    """The frame of a scope that stands in a function (or is its scope), below the frame of that function; else None."""
    inside = []
    while scope > 0 and scope != func.scope:
        if facts.scopes[scope].kind == "class":
            return None
        inside.append(scope)
        scope = facts.scopes[scope].parent
    if scope != func.scope:
        return None
    frame = engine.frame(func.path, func.scope, call, caller, func.bound, func.lexical)
    for inner in reversed(inside):
        frame = engine.frame(func.path, inner, None, None, None, frame)
    return frame


def around_call(engine: Engine, facts: FileFacts, ref: CallRef, frame: Frame, stop: int, level: int) -> list[LoopLayer]:
    """Loops and decorators that try a call again, from it up to (not with) the scope `stop`."""
    found: list[LoopLayer] = []
    at, inner = ref.scope, frame
    place = ref.call.pos.start
    while True:
        scope = facts.scopes[at]
        for block in reversed(blocks_at(scope, place)):
            if block.kind in ("for", "while"):
                layer = retry_loop(engine, facts.path, scope, block, place, inner, engine.quietly)
                if layer is not None:
                    found.append(layer)
        if at == stop or inner.lexical is None:
            return found
        if scope.kind == "function":
            found += decorator_layers(engine, facts.path, scope, inner.lexical, level)
        if scope.kind != "comp":
            return found
        place, at, inner = scope.pos.start, scope.parent, inner.lexical


# --- numbers of the packages --------------------------------------------------------------------------------------

_Maker = Callable[["Engine", Call, Frame, str, str, Pos], "LoopLayer | None"]


def _maker(name: str) -> _Maker:
    return {"tenacity": _tenacity, "backoff": _backoff, "LangGraph": _langgraph}.get(name, _plain)


def _number(engine: Engine, expr: Expr | None, frame: Frame) -> Number:
    """Largest known value of a number; None with the reason where it is not known."""
    if expr is None:
        return Number(None, "no number is given")
    found = engine.eval(expr, frame)
    plain = [a.thing.value for a in found.alts if isinstance(a.thing, Lit)]
    values = [int(value) for value in plain if isinstance(value, (int, float))]
    trail = tuple(hop for alt in found.alts for hop in alt.trail)
    return Number(max(values), "", trail) if values else Number(None, (*found.open, "not known")[0], trail)


def _tenacity(engine: Engine, call: Call, frame: Frame, name: str, path: str, pos: Pos) -> LoopLayer:
    given = dict(call.keywords)
    stop, billed = given.get("stop"), retry_errors.of_condition(engine, given.get("retry"), frame)
    if stop is None:
        return LoopLayer(name, None, billed, path, pos, "tenacity retries for ever without `stop`")
    number = _stop(engine, stop, frame)
    return LoopLayer(name, number.value, billed, path, pos, number.why, number.trail)


def _stop(engine: Engine, stop: Expr, frame: Frame) -> Number:
    """`stop_after_attempt(n)`; of `a | b` and `stop_any(a, b)` the smaller one ends it."""
    if isinstance(stop, Op) and stop.op == "|":
        return _first_to_stop([_stop(engine, side, frame) for side in (stop.left, stop.right)])
    for alt in engine.eval(stop, frame).alts:
        if isinstance(alt.thing, Ext) and alt.thing.made:
            maker = alt.thing.made[-1]
            if alt.thing.chain.endswith("stop_after_attempt()"):
                given = maker.call.args[0] if maker.call.args else dict(maker.call.keywords).get("max_attempt_number")
                number = _number(engine, given, maker.frame)
                return number._replace(why=number.why or f"stop_after_attempt({number.value})")
            if alt.thing.chain.endswith("stop_any()"):
                return _first_to_stop([_stop(engine, side, maker.frame) for side in maker.call.args])
    return Number(None, "it stops by time or by a rule that guard does not follow")


def _first_to_stop(sides: list[Number]) -> Number:
    known = [s for s in sides if s.value is not None]
    if known:
        return min(known, key=lambda s: s.value or 0)
    return sides[0] if sides else Number(None, "no limit of attempts")


def _backoff(engine: Engine, call: Call, frame: Frame, name: str, path: str, pos: Pos) -> LoopLayer:
    given = dict(call.keywords)
    tries, billed = given.get("max_tries"), _backoff_billed(engine, call, frame)
    if tries is None:
        return LoopLayer(name, None, billed, path, pos, "backoff retries for ever without `max_tries`")
    number = _number(engine, tries, frame)
    why = number.why or f"max_tries={number.value}"
    return LoopLayer(name, number.value, billed, path, pos, why, number.trail)


def _backoff_billed(engine: Engine, call: Call, frame: Frame) -> Billed:
    """`on_exception(wait, errors)`; `on_predicate` looks at what came back."""
    if last_name(call.func) == "on_predicate":
        return "yes"
    errors = call.args[1] if len(call.args) > 1 else dict(call.keywords).get("exception")
    return retry_errors.of_types(engine, errors, frame)


def _plain(engine: Engine, call: Call, frame: Frame, name: str, path: str, pos: Pos) -> LoopLayer:
    keywords = dict(call.keywords)
    given = keywords.get("tries") or keywords.get("attempts") or keywords.get("stop_max_attempt_number")
    if given is None:
        default = 10 if name == "stamina" else None
        why = f"{name} default" if default else f"{name} retries for ever by default"
        return LoopLayer(name, default, "maybe", path, pos, why)
    number = _number(engine, given, frame)
    why = number.why or f"{number.value} attempts"
    return LoopLayer(name, number.value, "maybe", path, pos, why, number.trail)


def _langgraph(engine: Engine, call: Call, frame: Frame, name: str, path: str, pos: Pos) -> LoopLayer | None:
    """`@task(retry_policy=RetryPolicy(max_attempts=n))`, of several the one that tries most; None without a policy."""
    keywords = dict(call.keywords)
    policy = keywords.get("retry_policy") or keywords.get("retry")
    if policy is None:
        return None
    given = engine.eval(policy, frame)
    things = [alt.thing for alt in given.alts]
    things = [a.thing for t in things if isinstance(t, ListOf) for c in t.items for a in engine.force(c).alts] or things
    numbers: list[int | None] = [None] if given.open or not things else []
    for thing in things:
        made = thing.made[-1] if isinstance(thing, Ext) and thing.chain.endswith("RetryPolicy()") else None
        most = dict(made.call.keywords).get("max_attempts") if made is not None else None
        if made is not None:
            numbers.append(_number(engine, most, made.frame).value if most is not None else POLICY_ATTEMPTS)
        elif not (isinstance(thing, Lit) and thing.value is None):
            numbers.append(None)
    known = [number for number in numbers if number is not None]
    if not numbers:
        return None
    if len(known) < len(numbers):
        return LoopLayer(name, None, "maybe", path, pos, "the retry policy is not known")
    return LoopLayer(name, max(known), "maybe", path, pos, f"retry policy with {max(known)} attempts")
