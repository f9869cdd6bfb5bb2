"""Which models go with the arm of a branch that an object is made in, or a call sends in.

In: the alternatives of a model, and the places on the way to the request. Out: those that can arrive where `provider`
is what the arm asks for (`case "openai":`, `if provider == "openai":`). A model that was chosen in an arm of another
branch over the same environment variable goes with that arm's value alone. One that was chosen together with the
subject (in one place, branch or object) arrives where what is known of the subject fits the arm, in a world
(`things.World`) that agrees; where nothing fits, it does not. Any other has nothing to do with the subject. Neighbours:
`truth` says which arms run at all, `alternatives` makes requests of the objects.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from guard.facts.expr import Compare, Expr, Logic, Seq, Unary, written
from guard.facts.filefacts import Block, Scope
from guard.facts.link import truth
from guard.facts.link.known import is_environment
from guard.facts.link.names import Place, blocks_at
from guard.facts.link.things import Called, Frame, ListOf, Lit, Result, Root, World, together
from guard.facts.link.values import Quantity, value_of
from guard.model import Choice, Span, Value

if TYPE_CHECKING:
    from guard.facts.link.engine import Engine
    from guard.facts.link.sends import Target

MAX_WAY = 12
"""Calls from one another that are looked at for branches around them."""


Row = tuple[Choice, World]


class Test(NamedTuple):
    """What a branch asks of a value: that it is one of these, or (`but`) none of them."""

    subject: Expr
    values: frozenset[object]
    but: bool = False

    def accepts(self, value: object) -> bool:
        """Whether a value passes."""
        return (value in self.values) is not self.but


class Arm(NamedTuple):
    """A branch that runs for some values of a subject, of which not all that may arrive are known."""

    path: str
    block: Block
    test: Test
    found: Result
    """What the subject can be."""


def arms(engine: Engine, target: Target) -> list[Arm]:
    """The branches around a call that sends and around the calls that make its objects, with those that call these."""
    ways = [(target.frame, target.call.pos.start)]
    ways += [(layer.made.frame, layer.made.call.pos.start) for layer in target.clients if layer.made is not None]
    found: dict[tuple[str, int, int], Arm] = {}
    for frame, place in ways:
        for inner, at in _outward(engine, frame, place):
            for block in blocks_at(engine.scope_of(inner), at):
                key = (inner.path, block.group, block.arm)
                arm = _arm(engine, block, inner) if key not in found else None
                if arm is not None:
                    found[key] = arm
    return list(found.values())


def is_reached(model: Quantity, around: Sequence[Arm]) -> bool:
    """Whether something that is known leads to an object: a value of each subject, or a model that goes with it."""
    return bool(model.rows) or all(_fitting(arm) for arm in around)


def narrowed(engine: Engine, model: Quantity, around: Sequence[Arm]) -> Quantity:
    """The models that can arrive in all these arms. One that has nothing to do with a subject stays."""
    for arm in around:
        sources = frozenset(why for why in arm.found.open if is_environment(why))
        named = [_named(engine, choice, arm, sources) for choice, _ in model.rows]
        rows = tuple(row for row, tests in zip(model.rows, named) if _goes_with(row, tests, arm, any(named)))
        if len(rows) == len(model.rows):
            continue
        if rows:
            why = (model.value.why,) if model.value.open and model.value.why else ()
            model = Quantity(value_of(list(rows), why), rows)
        else:
            model = Quantity(Value((), True, _why(arm)), ())
    return model


def _why(arm: Arm) -> str:
    named = " or ".join(sorted(repr(value) for value in arm.test.values))
    reason = f": {arm.found.open[0]}" if arm.found.open else ""
    return f"it is asked only when {written(arm.test.subject)} is {'not ' if arm.test.but else ''}{named}{reason}"


def _goes_with(row: Row, tests: list[Test], arm: Arm, chosen: bool) -> bool:
    """Whether a model can arrive in an arm. `tests`: of the branches that it was chosen in; `chosen`: some other model
    was chosen by the same subject."""
    choice, world = row
    if choice.trail and _within(choice.trail[0].span, arm):
        return True
    if tests:
        return any(_compatible(test, arm.test) for test in tests)
    if not arm.found.alts or not (chosen or _related(row, arm.found)):
        return True
    return any(together(world, other) is not None for other in _fitting(arm))


def _related(row: Row, subject: Result) -> bool:
    """Whether a model and what is known of a subject come from one place (`"openai:gpt-4o".split(":")`), or hang on
    the same decision (both set in a branch, both of one object)."""
    choice, world = row
    decisions = {decision for decision, _ in world}
    origin = choice.trail[0].span if choice.trail else None
    for alt in subject.alts:
        if any(decision in decisions for decision, _ in alt.world):
            return True
        hop = alt.trail[0] if alt.trail else None
        place = (hop.path, *hop.pos.start) if hop is not None else None
        if origin is not None and place == (origin.path, origin.line, origin.column):
            return True
    return False


def _fitting(arm: Arm) -> list[World]:
    """The worlds in which what is known of the subject passes; of a thing that is no plain value it is not known."""
    return [alt.world for alt in arm.found.alts if not isinstance(alt.thing, Lit) or arm.test.accepts(alt.thing.value)]


def _within(span: Span, arm: Arm) -> bool:
    """Whether a place stands in the arm itself."""
    return span.path == arm.path and arm.block.start <= (span.line, span.column) < arm.block.end


def _compatible(first: Test, second: Test) -> bool:
    """Whether a value may pass both tests."""
    if first.but and second.but:
        return True
    if first.but:
        first, second = second, first
    return any(second.accepts(value) for value in first.values)


def _named(engine: Engine, choice: Choice, arm: Arm, sources: frozenset[str]) -> list[Test]:
    """The tests of other branches in which a model was chosen, of those over the same environment variables."""
    found: list[Test] = []
    for step in choice.trail if sources else ():
        facts = engine.project.facts(step.span.path) if not _within(step.span, arm) else None
        place = (step.span.line, step.span.column)
        scope = _scope_at(facts.scopes, place) if facts is not None else None
        if facts is None or scope is None:
            continue
        frame = engine.root(facts.path, scope.id)
        for block in blocks_at(scope, place):
            test = _test(engine, block, frame)
            if test is not None and sources & set(engine.quietly(test.subject, frame).open):
                found.append(test)
    return found


def _scope_at(scopes: Sequence[Scope], place: Place) -> Scope | None:
    """The innermost scope around a place."""
    around = scopes[0] if scopes else None  # the module
    for scope in scopes[1:]:
        pos = scope.pos
        if pos.line <= place[0] <= pos.end_line and pos.start <= place < pos.end:
            inner = around is None or around.kind == "module" or pos.start > around.pos.start
            around = scope if inner else around
    return around


def _outward(engine: Engine, frame: Frame, place: Place) -> Iterator[tuple[Frame, Place]]:
    """A place in its function, then the calls that lead there, as far as they are known."""
    current: Frame | None = frame
    for _ in range(MAX_WAY):
        if current is None:
            return
        yield current, place
        call, caller = current.call, current.caller
        if call is None:
            bind = engine.context.get(Root("callers", current.path, current.scope))
            if isinstance(bind, Called):
                call, caller = bind.call, bind.frame
            else:
                call, caller = None, current.lexical
                place = engine.scope_of(current).pos.start
        if call is not None:
            place = call.pos.start
        current = caller


def _arm(engine: Engine, block: Block, frame: Frame) -> Arm | None:
    """The branch with what its subject can be; None where the code decides that it runs, or nothing is asked."""
    test = _test(engine, block, frame)
    if test is None or truth.feasible(engine, block, frame) is not None:
        return None
    return Arm(frame.path, block, test, engine.quietly(test.subject, frame))


def _test(engine: Engine, block: Block, frame: Frame) -> Test | None:
    """What an arm asks of a value, where it compares it with known ones; of an `else`, what the others ask."""
    if block.kind == "case" and block.pattern is not None and block.test is not None:
        patterns = block.pattern.items if isinstance(block.pattern, Seq) else (block.pattern,)
        return _of_values(engine, block.test, patterns, frame)
    if block.kind not in ("if", "case"):
        return None
    if block.kind == "if" and block.test is not None:
        return _of(engine, block.test, frame)
    others = [_of(engine, test, frame) for test in block.negated]
    known = [t for t in others if t is not None and not t.but]
    if len(known) < len(others) or len({written(t.subject) for t in known}) != 1:
        return None
    return Test(known[0].subject, frozenset(v for t in known for v in t.values), True)


def _of(engine: Engine, test: Expr, frame: Frame) -> Test | None:
    """`x == "a"`, `x in ("a", "b")`, their negations; of `and` the first such, of `or` all of one subject."""
    if isinstance(test, Unary) and test.op == "not":
        inner = _of(engine, test.value, frame)
        return inner._replace(but=not inner.but) if inner is not None else None
    if isinstance(test, Logic):
        parts = [_of(engine, value, frame) for value in test.values]
        known = [part for part in parts if part is not None]
        if test.op == "and":
            return known[0] if known else None
        same = len(known) == len(parts) and len({written(t.subject) for t in known}) == 1
        if not same or any(t.but for t in known):
            return None
        return Test(known[0].subject, frozenset(v for t in known for v in t.values))
    if not isinstance(test, Compare) or len(test.ops) != 1 or test.ops[0] not in ("==", "!=", "in", "not in"):
        return None
    op, right = test.ops[0], test.rights[0]
    if op in ("in", "not in"):
        inside = engine.quietly(right, frame)
        items = inside.alts[0].thing if len(inside.alts) == 1 and not inside.open else None
        if not isinstance(items, ListOf) or items.open or items.each or len(items.items) > 64:
            return None
        values = _plain([engine.force(cell) for cell in items.items])
        return Test(test.left, values, op == "not in") if values else None
    found = _of_values(engine, test.left, (right,), frame)
    return found._replace(but=op == "!=") if found is not None else None


def _of_values(engine: Engine, subject: Expr, patterns: Sequence[Expr], frame: Frame) -> Test | None:
    values = _plain([engine.quietly(pattern, frame) for pattern in patterns])
    return Test(subject, values) if values else None


def _plain(results: Sequence[Result]) -> frozenset[object] | None:
    """The texts and numbers that results are; None where one of them is not just one."""
    values: set[object] = set()
    for result in results:
        thing = result.alts[0].thing if len(result.alts) == 1 and not result.open else None
        if not isinstance(thing, Lit) or not isinstance(thing.value, (str, int)):
            return None
        values.add(thing.value)
    return frozenset(values) or None
