"""Functions that call themselves: how often at most, and whether only after a failure.

In: a function. Out: the calls of it for one call from outside, and a layer of attempts where it calls itself in an
`except` block only. The bound is that of a parameter that each call counts down (or up) and that a test stops.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from guard.facts.expr import Compare, Const, Expr, Logic, Name, Op, Unary
from guard.facts.filefacts import Block, CallRef, FileFacts, Param, Scope
from guard.facts.link import control
from guard.facts.link.attempts import LoopLayer
from guard.facts.link.names import Place, blocks_at
from guard.facts.link.things import Frame, Func, Lit, Root
from guard.model import ONCE, Count

if TYPE_CHECKING:
    from guard.facts.link.callers import Callers
    from guard.facts.link.engine import Engine

MAX_STARTS = 16
"""Callers whose first value of a counter is looked at."""
_OPPOSITE = {"==": "!=", "!=": "==", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}
_MIRRORED = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


class Recursion(NamedTuple):
    """Runs of a function for one call from outside."""

    runs: Count = ONCE
    layers: tuple[LoopLayer, ...] = ()


def of(engine: Engine, callers: Callers, facts: FileFacts, scope: Scope) -> Recursion:
    """The recursion of one function by its own calls of itself. Asks under an empty context."""
    if scope.kind != "function":
        return Recursion()
    again: list[tuple[CallRef, control.Around]] = []
    failed: list[tuple[CallRef, control.Around]] = []
    for ref in facts.by_name.get(scope.name, ()):
        if _inside(facts, ref, scope.id) and _means(engine, facts, ref, scope):
            around = control.around(engine, facts, ref, engine.root(facts.path, ref.scope))
            if around.unreachable is None:
                (again if around.handler is None else failed).append((ref, around))
    runs = ONCE
    layers: list[LoopLayer] = []
    if again:
        single = len(again) == 1 and again[0][1].repeats.high == 1
        most = _bound(engine, callers, facts, scope, again[0][0]) if single else None
        said = f"{scope.name} calls itself" + ("" if most else " without a bound that guard can see")
        runs = Count(1, most or 1, most, (said,))
    if failed:
        most = _bound(engine, callers, facts, scope, failed[0][0]) if len(failed) == 1 else None
        why = f"{scope.name} calls itself after a failure"
        layers.append(LoopLayer("calls itself", most, "maybe", facts.path, failed[0][0].call.pos, why))
    return Recursion(runs, tuple(layers))


def _inside(facts: FileFacts, ref: CallRef, scope: int) -> bool:
    at = ref.scope
    while at > 0 and at != scope:
        at = facts.scopes[at].parent
    return at == scope


def _means(engine: Engine, facts: FileFacts, ref: CallRef, scope: Scope) -> bool:
    engine.work = 0
    alts = engine.quietly(ref.call.func, engine.root(facts.path, ref.scope)).alts
    return any(isinstance(a.thing, Func) and (a.thing.path, a.thing.scope) == (facts.path, scope.id) for a in alts)


def _bound(engine: Engine, callers: Callers, facts: FileFacts, scope: Scope, ref: CallRef) -> int | None:
    """Calls at most, where a parameter counts towards a test that stops."""
    for index, param in enumerate(scope.params):
        given = _given(facts, scope, ref, index, param)
        if not isinstance(given, Op) or given.op not in ("+", "-"):
            continue
        if not isinstance(given.left, Name) or given.left.id != param.name:
            continue
        step = given.right.value if isinstance(given.right, Const) else None
        if param.name in scope.bindings or not isinstance(step, int) or isinstance(step, bool) or step <= 0:
            continue
        for op, limit in _guards(scope, ref, param.name):
            # A counter that moves by one and stops at exactly n has not passed n before.
            towards = op if op != "!=" or step > 1 else ">" if given.op == "-" else "<"
            if (given.op == "-") == (towards in (">", ">=")) and towards != "!=":
                found = _most(engine, callers, facts, scope, param, (towards, op == "!="), limit, step)
                if found is not None:
                    return found
    return None


def _given(facts: FileFacts, scope: Scope, ref: CallRef, index: int, param: Param) -> Expr | None:
    keywords = dict(ref.call.keywords)
    if param.name in keywords:
        return keywords[param.name]
    parent = facts.scopes[scope.parent] if scope.parent >= 0 else None
    at = index - (1 if parent is not None and parent.kind == "class" else 0)
    args = ref.call.args
    return args[at] if 0 <= at < len(args) and all(type(a).__name__ != "Star" for a in args[: at + 1]) else None


def _guards(scope: Scope, ref: CallRef, name: str) -> list[tuple[str, Expr]]:
    """Comparisons of a name that must hold where the function calls itself."""
    place = ref.call.pos.start
    found = []
    for block in blocks_at(scope, place):
        if block.kind in ("if", "while") and block.test is not None:
            found += _holding(block.test, name, True)
        found += [g for test in block.negated for g in _holding(test, name, False)]
    for block in scope.blocks:
        leaving = block.kind == "if" and block.leaves in ("return", "raise") and block.end <= place
        if leaving and block.test is not None and _passed(scope, block, place):
            found += _holding(block.test, name, False)
    return found


def _passed(scope: Scope, block: Block, place: Place) -> bool:
    """Whether the test of a branch is always passed on the way to a place behind it."""
    around = [b for b in blocks_at(scope, block.start) if b.group != block.group and not b.start <= place < b.end]
    return not any(b.kind in ("if", "case", "for", "while", "except") for b in around)


def _holding(test: Expr, name: str, truth: bool) -> list[tuple[str, Expr]]:
    """What a test being true (or false) says about a name, as comparisons with the name on the left."""
    if isinstance(test, Unary) and test.op == "not":
        return _holding(test.value, name, not truth)
    if isinstance(test, Name) and test.id == name:
        return [(">", Const(test.pos, 0))] if truth else []
    if isinstance(test, Logic) and test.op == ("and" if truth else "or"):
        return [found for part in test.values for found in _holding(part, name, truth)]
    if not isinstance(test, Compare) or len(test.ops) != 1:
        return []
    op, left, right = test.ops[0], test.left, test.rights[0]
    if isinstance(right, Name) and right.id == name and op in _MIRRORED:
        op, left, right = _MIRRORED[op], right, left
    if not isinstance(left, Name) or left.id != name:
        return []
    if not truth:
        op = _OPPOSITE.get(op, "")
    return [(op, right)] if op in ("<", "<=", ">", ">=", "!=") else []


def _most(
    engine: Engine, callers: Callers, facts: FileFacts, scope: Scope, param: Param, guard: tuple[str, bool],
    limit: Expr, step: int,
) -> int | None:  # fmt: skip
    """Calls at most over all first values of the counter; None where one of them is not known.

    `guard`: the comparison that must hold for a further call, and whether it only holds off one exact value.
    """
    op, exact = guard
    root = Root("callers", facts.path, scope.id)
    frame = engine.root(facts.path, scope.id)
    binds = callers.of(root)
    most = 0
    for bind in binds[:MAX_STARTS]:
        engine.context = {root: bind}
        start = _whole(engine, Name(param.pos, param.name), frame)
        end = _whole(engine, limit, frame)
        if start is None or end is None:
            return None
        span = (start - end if op in (">", ">=") else end - start) + (1 if op in (">=", "<=") else 0)
        if exact and span < 0:
            return None
        most = max(most, 1 + max(0, -(-span // step)))
    return most if len(binds) <= MAX_STARTS else None


def _whole(engine: Engine, expr: Expr, frame: Frame) -> int | None:
    found = engine.lookup(expr.id, (10**9, 0), frame) if isinstance(expr, Name) else engine.quietly(expr, frame)
    values = [a.thing.value for a in found.alts if isinstance(a.thing, Lit)]
    whole = [v for v in values if isinstance(v, int) and not isinstance(v, bool)]
    return max(whole) if whole and not found.open and len(whole) == len(found.alts) else None
