"""Conditions: is a test surely true, surely false, or not known? In: expressions and blocks. Out: True, False or None.

Tests ask for no new decisions of the context: a branch splits requests only where a value that decides them differs.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, cast

from guard.facts.expr import Call, Compare, Expr, Logic, Name, Seq, Unary
from guard.facts.filefacts import Block
from guard.facts.link.things import (
    Alt,
    ClassThing,
    DictOf,
    Ext,
    FilePath,
    Frame,
    Func,
    Inst,
    ListOf,
    Lit,
    ModuleThing,
    Partial,
    Pieces,
    Result,
    Thing,
    union,
    unknown,
)  # fmt: skip

if TYPE_CHECKING:
    from guard.facts.link.engine import Engine


def feasible(engine: Engine, block: Block, frame: Frame) -> bool | None:
    """Whether an arm runs: True, False, or None when it is not known."""
    if block.kind == "case":
        return _matches(engine, block, frame)
    if block.kind != "if":
        return None
    verdict = _reached(engine, block, frame)
    if verdict is False or block.test is None:
        return verdict
    outcome = truth(engine, block.test, frame)
    return False if outcome is False else verdict if outcome else None


def _reached(engine: Engine, block: Block, frame: Frame) -> bool | None:
    """Whether all earlier conditions of an `if` chain are false. Each arm builds on the one before."""
    number = len(block.negated)
    if number == 0:
        return True
    by_default = int(engine.by_default > 0)
    kept = engine.kept((block.group, number, frame.key, by_default))
    if kept is not None:
        return cast("bool | None", kept.result)
    verdict: bool | None = True
    for index in range(number):
        key = (block.group, index + 1, frame.key, by_default)
        kept = engine.kept(key)
        if kept is not None:
            verdict = kept.result
        else:
            verdict = engine.keeping(key, block, partial(_reached_on, engine, block, frame, index))
    return verdict


def _reached_on(engine: Engine, block: Block, frame: Frame, index: int) -> bool | None:
    """Whether the conditions up to `index` are false, from what is kept of those before."""
    before: bool | None = True
    if index:
        kept = engine.kept((block.group, index, frame.key, int(engine.by_default > 0)))
        before = None if kept is None else kept.result
    if before is False:
        return False
    outcome = truth(engine, block.negated[index], frame)
    return False if outcome is True else before if outcome is False else None


def likely(engine: Engine, block: Block, frame: Frame) -> int:
    """How likely an arm is without overrides: 0 if the defaults choose it, 2 if they do not, else 1."""
    engine.by_default += 1
    try:
        verdict = feasible(engine, block, frame)
    finally:
        engine.by_default -= 1
    return {True: 0, None: 1, False: 2}[verdict]


def _matches(engine: Engine, block: Block, frame: Frame) -> bool | None:
    if block.test is None or block.pattern is None:
        return None
    patterns = block.pattern.items if isinstance(block.pattern, Seq) else (block.pattern,)
    outcomes = [
        _compared("==", _first(engine, engine.quietly(block.test, frame)), _first(engine, engine.quietly(p, frame)))
        for p in patterns
    ]
    if True in outcomes:
        return None if len(outcomes) > 1 and False not in outcomes else True
    return False if all(outcome is False for outcome in outcomes) else None


def truth(engine: Engine, expr: Expr, frame: Frame) -> bool | None:
    """Whether an expression is surely true or false in a frame."""
    if isinstance(expr, Name) and expr.id == "TYPE_CHECKING":
        return False
    if isinstance(expr, Unary) and expr.op == "not":
        inner = truth(engine, expr.value, frame)
        return None if inner is None else not inner
    if isinstance(expr, Logic):
        stop = expr.op == "or"
        outcomes = [truth(engine, value, frame) for value in expr.values]
        if stop in outcomes:
            return stop
        return None if None in outcomes else not stop
    if isinstance(expr, Compare) and len(expr.ops) == 1:
        if isinstance(expr.left, Name) and expr.left.id == "__name__":
            return None
        return _compared(
            expr.ops[0],
            _first(engine, engine.quietly(expr.left, frame)),
            _first(engine, engine.quietly(expr.rights[0], frame)),
        )
    if isinstance(expr, Call) and isinstance(expr.func, Name) and expr.func.id == "isinstance" and len(expr.args) == 2:
        return _is_instance(engine, expr, frame)
    return truth_of(_first(engine, engine.quietly(expr, frame)))


_BUILTIN_TYPES: dict[str, tuple[type, ...]] = {
    "str": (str,), "int": (int,), "float": (float,), "bool": (bool,), "dict": (DictOf,), "list": (ListOf,),
    "tuple": (ListOf,),
    "Dict": (DictOf,), "List": (ListOf,), "Mapping": (DictOf,), "Sequence": (ListOf,),
}  # fmt: skip


def _is_instance(engine: Engine, expr: Call, frame: Frame) -> bool | None:
    """`isinstance(x, T)` for known things and builtin types or classes of the repository."""
    value = engine.quietly(expr.args[0], frame)
    kinds = expr.args[1].items if isinstance(expr.args[1], Seq) else (expr.args[1],)
    if value.open or not value.alts:
        return None
    outcomes: set[bool | None] = set()
    for alt in value.alts:
        verdicts = [_one_type(engine, alt.thing, engine.quietly(kind, frame)) for kind in kinds]
        outcomes.add(True if True in verdicts else None if None in verdicts else False)
    return outcomes.pop() if len(outcomes) == 1 else None


def _one_type(engine: Engine, thing: Thing, kind: Result) -> bool | None:
    from guard.facts.link import objects

    if len(kind.alts) != 1:
        return None
    wanted = kind.alts[0].thing
    if isinstance(wanted, ClassThing):
        if isinstance(thing, Inst):
            return any(o.cls == wanted for o in objects.order(engine, thing.cls)[0])
        return False if isinstance(thing, (Lit, DictOf, ListOf, Pieces)) else None
    if not isinstance(wanted, Ext):
        return None
    types = _BUILTIN_TYPES.get(wanted.chain.rsplit(".", 1)[-1])
    if types is None:
        return None
    if isinstance(thing, Lit):
        return isinstance(thing.value, types)
    if isinstance(thing, Pieces):
        return str in types
    return isinstance(thing, types) if isinstance(thing, (DictOf, ListOf, Inst)) else None


def truth_of(result: Result) -> bool | None:
    """The truth value of what an expression can be, when all alternatives agree and nothing else can arrive."""
    if result.open or not result.alts:
        return None
    outcomes = {_thing_truth(alt.thing) for alt in result.alts}
    return outcomes.pop() if len(outcomes) == 1 else None


def _thing_truth(thing: Thing) -> bool | None:
    if isinstance(thing, Lit):
        return bool(thing.value)
    if isinstance(thing, ListOf):
        return True if thing.items and not thing.fewer else None if thing.open or thing.items else False
    if isinstance(thing, DictOf):
        return True if any(e.sure for e in thing.entries) else None if thing.open or thing.entries else False
    if isinstance(thing, Pieces):
        return True if any(piece.text for piece in thing.parts) else None
    if isinstance(thing, (Inst, Func, ClassThing, ModuleThing, Partial, FilePath)):
        return True
    return True if isinstance(thing, Ext) and thing.chain.endswith("()") and thing.chain[:1].islower() else None


def _first(engine: Engine, result: Result) -> Result:
    """Only the default of what an expression can be, while defaults are asked for."""
    return Result(result.alts[:1]) if engine.by_default and result.alts else result


def _compared(op: str, left: Result, right: Result) -> bool | None:
    """A comparison over all pairs of alternatives; None unless all agree."""
    if left.open or right.open or not left.alts or not right.alts:
        return None
    outcomes = {_compare(op, a.thing, b.thing) for a in left.alts for b in right.alts}
    return outcomes.pop() if len(outcomes) == 1 else None


def _compare(op: str, left: Thing, right: Thing) -> bool | None:
    if op in ("in", "not in"):
        found = _contains(right, left)
        return found if op == "in" or found is None else not found
    if not isinstance(left, Lit) or not isinstance(right, Lit):
        return _compare_objects(op, left, right)
    a: Any = left.value
    b: Any = right.value
    try:
        if op in ("==", "is"):
            return bool(a == b)
        if op in ("!=", "is not"):
            return bool(a != b)
        return bool({"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[op])
    except (TypeError, KeyError):
        return None


def _compare_objects(op: str, left: Thing, right: Thing) -> bool | None:
    """An object is not None; other comparisons of objects are not followed."""
    nothing = [t for t in (left, right) if isinstance(t, Lit) and t.value is None]
    objects = [
        t for t in (left, right) if isinstance(t, (Inst, Func, ClassThing, DictOf, ListOf, Partial, Pieces, FilePath))
    ]
    if len(nothing) == 1 and len(objects) == 1:
        return op in ("!=", "is not")
    return None


def _contains(holder: Thing, item: Thing) -> bool | None:
    if not isinstance(item, Lit):
        return None
    if isinstance(holder, Lit) and isinstance(holder.value, str) and isinstance(item.value, str):
        return item.value in holder.value
    if isinstance(holder, DictOf):
        if any(e.key == item.value and e.sure for e in holder.entries):
            return True
        return None if holder.open or any(e.key == item.value for e in holder.entries) else False
    if isinstance(holder, ListOf):
        values = []
        for cell in holder.items:
            if isinstance(cell, Result):
                return None
            from guard.facts.expr import Const

            if not isinstance(cell.expr, Const):
                return None
            values.append(cell.expr.value)
        if item.value in values:
            return None if holder.fewer else True
        return None if holder.open else False
    return None


def unary(engine: Engine, expr: Unary, frame: Frame) -> Result:
    """`not x` and the signs of numbers."""
    if expr.op == "not":
        outcome = truth(engine, expr.value, frame)
        return unknown("a condition that is not known") if outcome is None else Result((Alt(Lit(outcome)),))
    inner = engine.eval(expr.value, frame)
    alts = []
    for alt in inner.alts:
        value = alt.thing.value if isinstance(alt.thing, Lit) else None
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            signed = -value if expr.op == "-" else value
            alts.append(Alt(Lit(signed), alt.trail, alt.world))
    return Result(tuple(alts), inner.open if alts else (*inner.open, "a number that is not known"))


def logic(engine: Engine, expr: Logic, frame: Frame) -> Result:
    """`a or b` and `a and b` as values: the first operand that decides, with what may come before it."""
    results: list[Result] = []
    for index, part in enumerate(expr.values):
        value = engine.eval(part, frame)
        if index == len(expr.values) - 1:
            results.append(value)
            break
        keep = expr.op == "or"
        outcome = truth_of(value)
        kept = tuple(a for a in value.alts if _thing_truth(a.thing) is not (not keep))
        if outcome is keep:
            results.append(value)
            break
        if outcome is (not keep):
            continue
        results.append(Result(kept, value.open))
    return union(results)


def comparison(engine: Engine, expr: Compare, frame: Frame) -> Result:
    """A comparison as a value."""
    outcome = truth(engine, expr, frame)
    return unknown("a condition that is not known") if outcome is None else Result((Alt(Lit(outcome)),))
