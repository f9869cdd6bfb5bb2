"""Conditions: is a test surely true, surely false, or not known? In: expressions and blocks. Out: True, False or None.

Tests ask for no new decisions of the context: a branch splits requests only where a value that decides them differs.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from guard.facts.expr import Attr, Call, Compare, Const, Expr, IfElse, Logic, Name, Seq, Unary, dotted
from guard.facts.filefacts import Block
from guard.facts.link import placeholders, plain
from guard.facts.link.things import (
    PERHAPS,
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
    within,
)  # fmt: skip

if TYPE_CHECKING:
    from guard.facts.link.engine import Engine

MAX_PAIRS = 600
"""Pairs of values that one comparison looks at."""
_SIGNS: dict[str, Callable[..., object]] = {"-": operator.neg, "+": operator.pos, "~": operator.invert}


def feasible(engine: Engine, block: Block, frame: Frame) -> bool | None:
    """Whether an arm runs: True, False, or None when it is not known."""
    if block.kind == "if":
        number = len(block.negated)
        last = _condition(engine, block, frame, number if block.test is not None else number - 1)
        return _after(last) if block.test is None else _runs(last)
    if block.kind != "case":
        return None
    key = (block.group, block.arm, frame.key, int(engine.by_default > 0), 0)
    return cast("bool | None", engine.once(key, block, partial(_case, engine, block, frame)))


def _case(engine: Engine, block: Block, frame: Frame) -> bool | None:
    verdict = _after(_condition(engine, block, frame, len(block.negated) - 1))
    outcome = True if block.pattern is None else _matches(engine, block, frame)
    return False if verdict is False or outcome is False else verdict if outcome else None


Condition = tuple["bool | None", "bool | None"]
"""Of one of the conditions of an `if` chain: whether all before it are false, and its own outcome."""


def _runs(condition: Condition) -> bool | None:
    """Whether the arm behind a condition runs."""
    reached, outcome = condition
    return False if outcome is False or reached is False else reached if outcome else None


def _after(condition: Condition) -> bool | None:
    """Whether what follows a condition is reached: it and all before it are false."""
    reached, outcome = condition
    return False if outcome is True or reached is False else reached if outcome is False else None


def _condition(engine: Engine, block: Block, frame: Frame, number: int) -> Condition:
    """A condition of an arm's chain: one of those before it, or its own (the next number). Kept, since each arm of a
    chain asks for all before it: work grows with the length of the chain. Number -1: there is none."""
    if number < 0:
        return True, False
    by_default = int(engine.by_default > 0)
    first = number
    while first > 0 and engine.knows((block.group, first - 1, frame.key, by_default)) is None:
        first -= 1
    found: Condition = (True, False)
    for index in range(first, number + 1):
        key = (block.group, index, frame.key, by_default)
        found = engine.once(key, block, partial(_condition_itself, engine, block, frame, index))
    return found


def _condition_itself(engine: Engine, block: Block, frame: Frame, index: int) -> Condition:
    reached: bool | None = True
    if index:
        kept = engine.kept((block.group, index - 1, frame.key, int(engine.by_default > 0)))
        reached = None if kept is None else _after(kept.result)
    if reached is False:
        return False, None
    test = block.negated[index] if index < len(block.negated) else block.test
    outcome = None if test is None else truth(engine, test, frame)
    return reached, None if outcome is False and test is not None and _fills(
        engine, block, index, test, frame
    ) else outcome


def _fills(engine: Engine, block: Block, index: int, test: Expr, frame: Frame) -> bool:
    """Whether an arm makes what its test finds missing: `if self.client is None: self.client = make()`. What the
    attribute is elsewhere says nothing of the first time."""
    missing = test.value if isinstance(test, Unary) and test.op == "not" else None
    if isinstance(test, Compare) and test.ops in (("is",), ("==",)) and isinstance(test.rights[0], Const):
        missing = test.left if test.rights[0].value is None else None
    name = dotted(missing) if isinstance(missing, Attr) else None
    scope = engine.scope_of(frame)
    arm = next((b for b in scope.blocks if b.group == block.group and b.arm == index), None)
    bindings = scope.bindings.get(name, ()) if name is not None else ()
    return arm is not None and any(arm.start <= b.pos.start < arm.end for b in bindings)


def usual(engine: Engine, test: Expr, frame: Frame) -> bool | None:
    """The truth of a test where nothing is overridden."""
    engine.by_default += 1
    try:
        return truth(engine, test, frame)
    finally:
        engine.by_default -= 1


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
        _compared(
            engine, "==", _first(engine, engine.quietly(block.test, frame)), _first(engine, engine.quietly(p, frame))
        )
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
            engine,
            expr.ops[0],
            _first(engine, engine.quietly(expr.left, frame)),
            _first(engine, engine.quietly(expr.rights[0], frame)),
        )
    if isinstance(expr, Compare):
        lefts = (expr.left, *expr.rights)
        links = [Compare(expr.pos, left, (op,), (right,)) for left, op, right in zip(lefts, expr.ops, expr.rights)]
        return truth(engine, Logic(expr.pos, "and", tuple(links)), frame)
    if isinstance(expr, Call) and isinstance(expr.func, Name) and expr.func.id == "isinstance" and len(expr.args) == 2:
        return _is_instance(engine, expr, frame)
    return truth_of(_first(engine, engine.quietly(expr, frame)))


_BUILTIN_TYPES: dict[str, tuple[type, ...]] = {
    "str": (str,), "int": (int,), "float": (float,), "bool": (bool,), "dict": (DictOf,), "list": (ListOf,),
    "tuple": (ListOf,),
    "Dict": (DictOf,), "List": (ListOf,), "Mapping": (DictOf,), "Sequence": (ListOf,),
}  # fmt: skip


def is_instance(engine: Engine, expr: Call, frame: Frame) -> Result | None:
    """`isinstance(x, T)` as a value."""
    outcome = _is_instance(engine, expr, frame) if len(expr.args) == 2 and not expr.keywords else None
    return unknown("a condition that is not known") if outcome is None else Result((Alt(Lit(outcome)),))


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
    if isinstance(thing, ListOf):  # "set": a set, or a list in an order that is not known
        named = wanted.chain.rsplit(".", 1)[-1].lower()
        if ListOf not in types:
            return False
        return (
            thing.kind in (named, *(("list", "tuple") if named == "sequence" else ())) if thing.kind != "set" else None
        )
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
        sure = thing.items and not thing.fewer and not thing.each and PERHAPS not in thing.open
        return True if sure else None if thing.open or thing.items else False
    if isinstance(thing, DictOf):
        return True if any(e.sure for e in thing.entries) else None if thing.open or thing.entries else False
    if isinstance(thing, Pieces):
        return True if any(piece.text for piece in thing.parts) else None
    if isinstance(thing, (Inst, Func, ClassThing, ModuleThing, Partial, FilePath)):
        return True
    if isinstance(thing, Ext) and thing.chain.endswith("()"):  # an object of a class
        return True if thing.chain.rsplit(".", 1)[-1][:1].isupper() else None
    return None


def _first(engine: Engine, result: Result) -> Result:
    """Only the default of what an expression can be, while defaults are asked for; of a variable that nothing sets,
    None."""
    from guard.facts.link import known

    if not engine.by_default:
        return result
    if not result.alts and result.open and all(known.is_environment(reason) for reason in result.open):
        return Result((Alt(Lit(None)),))
    return Result(result.alts[:1]) if result.alts else result


def _compared(engine: Engine, op: str, left: Result, right: Result) -> bool | None:
    """A comparison over all pairs of alternatives; None unless all agree."""
    if left.open or right.open or not left.alts or not right.alts:
        return None
    if len(left.alts) * len(right.alts) > MAX_PAIRS:
        return None
    outcomes = {_compare(engine, op, a.thing, b.thing) for a in left.alts for b in right.alts}
    return outcomes.pop() if len(outcomes) == 1 else None


def _compare(engine: Engine, op: str, left: Thing, right: Thing) -> bool | None:
    a, b = plain.of(engine, left), plain.of(engine, right)
    if a is plain.NOT_PLAIN or b is plain.NOT_PLAIN:
        if op in ("in", "not in"):
            found = _contains(engine, right, left)
            return found if op == "in" or found is None else not found
        return _compare_objects(op, left, right)
    if op in ("is", "is not"):
        same = a is b if a is None or b is None or isinstance(a, bool) or isinstance(b, bool) else None
        same = False if same is None and (type(a) is not type(b) or a != b) else same
        return same if op == "is" or same is None else not same
    try:
        return bool(_COMPARISONS[op](a, b))
    except (TypeError, KeyError):
        return None


_COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
    "in": lambda a, b: a in b, "not in": lambda a, b: a not in b,
}  # fmt: skip


def _compare_objects(op: str, left: Thing, right: Thing) -> bool | None:
    """An object is not None; functions and classes are themselves. Other comparisons are not followed."""
    nothing = [t for t in (left, right) if isinstance(t, Lit) and t.value is None]
    objects = [
        t for t in (left, right) if isinstance(t, (Inst, Func, ClassThing, DictOf, ListOf, Partial, Pieces, FilePath))
    ]
    if len(nothing) == 1 and len(objects) == 1:
        return op in ("!=", "is not")
    plain_names = all(_is_plain_name(t) for t in (left, right))
    if plain_names and op in ("==", "is", "!=", "is not"):
        return (left == right) is (op in ("==", "is"))
    return None


def _is_plain_name(thing: Thing) -> bool:
    """Whether a thing is a class or a function of a module, of which there is one."""
    return isinstance(thing, ClassThing) or (isinstance(thing, Func) and thing.bound is None and thing.lexical is None)


def _contains(engine: Engine, holder: Thing, item: Thing) -> bool | None:
    """`item in holder`, where not all of either is known."""
    wanted = plain.of(engine, item)
    if wanted is plain.NOT_PLAIN:
        return None
    if isinstance(holder, DictOf):
        from guard.facts.link.containers import absences

        if not absences(holder, wanted):
            return True
        return None if holder.open or any(e.key == wanted for e in holder.entries) else False
    if isinstance(holder, ListOf) and len(holder.items) <= MAX_PAIRS and not holder.each:
        values = [plain.of_result(engine, engine.force(cell)) for cell in holder.items]
        if any(value is not plain.NOT_PLAIN and value == wanted for value in values):
            return None if holder.fewer or PERHAPS in holder.open else True
        return None if holder.open or any(value is plain.NOT_PLAIN for value in values) else False
    return None


def unary(engine: Engine, expr: Unary, frame: Frame) -> Result:
    """`not x` and the signs of numbers."""
    if expr.op == "not":
        outcome = truth(engine, expr, frame)
        return unknown("a condition that is not known") if outcome is None else Result((Alt(Lit(outcome)),))
    return plain.applied(engine, _SIGNS[expr.op], [engine.eval(expr.value, frame)], "a number that is not known")


def logic(engine: Engine, expr: Logic, frame: Frame) -> Result:
    """`a or b` and `a and b` as values: the first operand that decides, with what may come before it."""
    results: list[Result] = []
    keep = expr.op == "or"
    unseen: bool | None = None  # an operand of which nothing is known may be the value; True: by default it is not
    for index, part in enumerate(expr.values):
        value = engine.eval(part, frame)
        if unseen is not None:
            value = placeholders.marked(value, (frame.key, expr.pos), unseen)
        if index == len(expr.values) - 1:
            results.append(value)
            break
        outcome = truth_of(value)
        kept = tuple(a for a in value.alts if _thing_truth(a.thing) is not (not keep))
        if outcome is keep:
            results.append(value)
            break
        if outcome is (not keep):
            continue
        results.append(Result(kept, value.open))
        if keep and value.open and not kept:
            unseen = placeholders.leads(value) and unseen is not False
    return union(results)


def either(engine: Engine, expr: IfElse, frame: Frame) -> Result:
    """`a if test else b` where the test is not known: both, each in a world of its arm."""
    decision = ("arm", frame.key, expr.pos)
    engine.chosen_by[decision] = expr.test
    found = [engine.eval(part, frame) for part in (expr.then, expr.other)]
    for number, (test, part) in enumerate(((expr.test, expr.then), (_negated(expr.test), expr.other))):
        if test is not None and dotted(test) is not None and dotted(test) == dotted(part):  # `x if x else ...`
            kept = tuple(a for a in found[number].alts if _thing_truth(a.thing) is not False)
            found[number] = found[number]._replace(alts=kept)
    for number, other in ((0, 1), (1, 0)):
        if found[number].alts or not found[number].open or not found[other].alts:
            continue
        engine.by_default += 1
        try:
            by_default = truth(engine, expr.test, frame)
        finally:
            engine.by_default -= 1
        first = other == (1 if _is_negative(expr.test) else 0)
        leads = first or placeholders.leads(found[number]) if by_default is None else by_default is (other == 0)
        found[other] = placeholders.marked(found[other], (frame.key, expr.pos), leads)
    return union(within(value, frozenset({(decision, arm)})) for arm, value in enumerate(found))


def _negated(test: Expr) -> Expr | None:
    return test.value if isinstance(test, Unary) and test.op == "not" else None


def _is_negative(test: Expr) -> bool:
    """Whether a test asks for something that is not there: `not x`, `x is None`, `x == ""`."""
    if isinstance(test, Compare) and len(test.ops) == 1 and test.ops[0] in ("is", "=="):
        return isinstance(test.rights[0], Const) and not test.rights[0].value
    return _negated(test) is not None


def comparison(engine: Engine, expr: Compare, frame: Frame) -> Result:
    """A comparison as a value."""
    outcome = truth(engine, expr, frame)
    return unknown("a condition that is not known") if outcome is None else Result((Alt(Lit(outcome)),))
