"""Changes in place: `params["model"] = x`, `messages.append(...)`, `params.update(...)` between a binding and a use.

In: what a name was bound to, and a stretch of a scope. Out: the same with the changes that surely or perhaps ran: those
of the scope itself, in order; those through a second name; those of functions that get the object as an argument; and,
as possible ones, those of functions inside of the scope or of other methods of the object. `inplace` applies each.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from guard.facts.expr import Call, Expr, last_name
from guard.facts.filefacts import Block, Effect, FileFacts, Param, Scope
from guard.facts.link import aliases, constructors, inplace, objects, truth
from guard.facts.link.names import CONDITIONAL, END, EXCLUSIVE, NO_ARM, Place, between, blocks_at
from guard.facts.link.things import NO_ARMS, Alt, Arms, DictOf, Ext, Frame, Func, Inst, ListOf, Result, Thing

if TYPE_CHECKING:
    from guard.facts.link.engine import Engine

MAX_PASSED = 2
"""Functions that pass an object on to one another, followed for their changes."""
LOOPS = frozenset({"for", "while"})


class Change(NamedTuple):
    """An effect in a frame. `sure`: it surely ran; `arms`: else in what. `stage`: 0 before the loop around the
    use, 1 in an earlier turn of it, 2 in this turn, 3 elsewhere."""

    effect: Effect
    frame: Frame
    scope: Scope
    sure: bool
    stage: int
    arms: Arms = NO_ARMS


def applied(engine: Engine, result: Result, name: str, scope: Scope, frame: Frame, since: Place, use: Place) -> Result:
    """`result` with the changes that are made to `name` between two places of a scope."""
    if not any(isinstance(a.thing, (DictOf, ListOf)) for a in result.alts):
        return result
    facts = engine.project.facts(frame.path)
    if facts is None:
        return result
    if aliases.too_many(engine, facts.path, scope, name):
        return _given_up(result)
    changes = _own(engine, facts, name, scope, frame, since, use)
    changes += _by_second_names(engine, facts, name, scope, frame, since, use)
    changes.sort(key=lambda c: (c.stage, c.effect.at))
    changes += _of_inner(engine, facts, name, scope, frame)
    return _with(engine, result, changes)


def _given_up(result: Result) -> Result:
    """Lists and dicts of which anything may have been changed."""
    why = "it has too many names to be followed"
    alts = []
    for alt in result.alts:
        thing = alt.thing
        if isinstance(thing, DictOf):
            thing = DictOf(tuple(e.doubtful() for e in thing.entries), (*thing.open, why))
        elif isinstance(thing, ListOf):
            thing = thing._replace(open=(*thing.open, why), gaps=((0, ""),), kind="set", fewer=True)
        alts.append(alt._replace(thing=thing))
    return Result(tuple(alts), result.open)


def perhaps(engine: Engine, result: Result, rows: Iterable[tuple[FileFacts, int, Effect]]) -> Result:
    """`result` with changes that code of other files perhaps makes."""
    changes = [
        Change(effect, engine.root(facts.path, scope), facts.scopes[scope], False, 3) for facts, scope, effect in rows
    ]
    return _with(engine, result, changes)


def of_object(engine: Engine, result: Result, inst: Inst, name: str) -> Result:
    """`inst.name` with the changes that its constructors make, and perhaps its other methods.

    What another method appends to a list is not taken for an item: how often it ran is not known.
    """
    if not any(isinstance(a.thing, (DictOf, ListOf)) for a in result.alts):
        return result
    inst = objects.decided(engine, inst, name)
    owned, _ = objects.order(engine, inst.cls)
    changes: list[Change] = []
    made: set[tuple[str, int]] = set()
    for init, frame in constructors.constructor_frames(engine, inst, owned):
        made.add((frame.path, init.id))
        facts = engine.project.facts(frame.path)
        own = _self_name(init, name)
        if facts is not None:
            since = max((b.at for b in init.bindings.get(own, ()) if b.kind != "declare"), default=(0, 0))
            found = _own(engine, facts, own, init, frame, since, END)
            found += _by_second_names(engine, facts, own, init, frame, (0, 0), END)
            changes = sorted(found, key=lambda c: c.effect.at) + changes  # the base's constructor runs before
    for cls, body in owned:
        facts = engine.project.facts(cls.path)
        for method in constructors.methods_of(engine, cls, body) if facts is not None else ():
            if (cls.path, method.id) in made or facts is None:
                continue
            own = _self_name(method, name)
            names = [own, *(alias.name for alias in aliases.of(engine, cls.path, method, own))]
            own_changes = facts.own_changes.get(method.id, {})
            effects = [e for n in names for e in own_changes.get(n, ())]
            if effects:
                frame = engine.frame(cls.path, method.id, None, None, inst, None)
                changes += [Change(e, frame, method, False, 3) for e in effects]
    return _with(engine, result, changes)


def _self_name(method: Scope, name: str) -> str:
    return f"{method.params[0].name if method.params else 'self'}.{name}"


def _own(
    engine: Engine, facts: FileFacts, name: str, scope: Scope, frame: Frame, since: Place, use: Place,
    more: Sequence[Effect] = (),
) -> list[Change]:  # fmt: skip
    """The changes that a scope makes to a name, and those of an earlier turn of the loop around the use."""
    effects = [*facts.own_changes.get(scope.id, {}).get(name, ()), *more]
    if not effects:
        return []
    loops = [b for b in scope.blocks if b.kind in LOOPS and b.start <= use < b.end and not b.start <= since < b.end]
    start = min((b.start for b in loops), default=END)
    end = max((b.end for b in loops), default=(0, 0))
    found = []
    for effect in effects:
        if since < effect.at <= use:
            arms = _arms(engine, effect, scope, frame, use)
            if arms is not None:
                stage = 0 if effect.at < start else 2
                found.append(Change(effect, frame, scope, not arms, stage, _decisions(engine, arms, scope, frame)))
        if effect.at <= end and effect.base.pos.start >= start:
            found.append(Change(effect, frame, scope, False, 1))
    return found


def _by_second_names(
    engine: Engine, facts: FileFacts, name: str, scope: Scope, frame: Frame, since: Place, use: Place
) -> list[Change]:  # fmt: skip
    """Changes that are made through other names of the object; perhaps only, where it is not plain that they are."""
    found: list[Change] = []
    for alias in aliases.of(engine, facts.path, scope, name):
        more = aliases.in_place(engine, facts.path, scope, alias.name)
        changes = _own(engine, facts, alias.name, scope, frame, max(since, alias.since), use, more)
        found += changes if alias.sure else [change._replace(sure=False, arms=NO_ARMS) for change in changes]
    return found


def _of_inner(engine: Engine, facts: FileFacts, name: str, scope: Scope, frame: Frame) -> list[Change]:
    """Changes by functions inside of a scope (for a module: all of its functions) for which the name is the scope's."""
    root = name.split(".")[0]
    found: list[Change] = []
    for at, effect in _inside(facts, name, scope):
        inner = facts.scopes[at]
        if _sees(facts, inner, root, scope):
            direct = inner.parent == scope.id and scope.kind != "module"
            where = engine.frame(frame.path, at, None, None, None, frame) if direct else engine.root(frame.path, at)
            found.append(Change(effect, where, inner, False, 3))
    return found


def _inside(facts: FileFacts, name: str, scope: Scope) -> list[tuple[int, Effect]]:
    """The changes of a name by scopes inside of a scope; they are listed in the order of scopes."""
    found = facts.changes.get(name, [])
    first = bisect.bisect_right(found, scope.id, key=lambda row: row[0])
    last = bisect.bisect_right(found, facts.last_inside[scope.id], key=lambda row: row[0])
    return found[first:last]


def _sees(facts: FileFacts, inner: Scope, root: str, scope: Scope) -> bool:
    """Whether a name means the outer scope's in a scope inside of it."""
    while inner.id != scope.id:
        if root not in inner.outer_names and (root in inner.bindings or any(p.name == root for p in inner.params)):
            return False
        if inner.parent < 0:
            return False
        inner = facts.scopes[inner.parent]
    return True


def _arms(engine: Engine, effect: Effect, scope: Scope, frame: Frame, use: Place) -> list[Block] | None:
    """The conditional blocks in which a change stands and the use does not, none where it surely ran before the use;
    None when it surely did not."""
    blocks = between(scope, effect.base.pos.start, use)
    if blocks is None:
        return None
    found = []
    for block in blocks:
        verdict = truth.feasible(engine, block, frame) if block.kind in EXCLUSIVE else None
        if verdict is False:
            return None
        if block.kind in CONDITIONAL and verdict is None:
            found.append(block)
    return found


def _decisions(engine: Engine, arms: list[Block], scope: Scope, frame: Frame) -> Arms:
    """The decisions under which a change ran, where branches alone decide it."""
    if not arms or any(arm.kind not in EXCLUSIVE for arm in arms):
        return NO_ARMS
    world = frozenset((("arm", frame.key, arm.group), arm.arm) for arm in arms)
    if len(arms) > 1:
        return Arms(world)
    blocks = [b for b in scope.blocks if b.group == arms[0].group]
    on = {b.arm for b in blocks if b.leaves not in ("return", "raise")}
    ways = [
        arm for arm in sorted(on) if any(truth.feasible(engine, b, frame) is not False for b in blocks if b.arm == arm)
    ]
    return Arms(world, (*ways, *(() if any(b.exhaustive for b in blocks) else (NO_ARM,))))


def _with(engine: Engine, result: Result, changes: list[Change]) -> Result:
    if not changes:
        return result
    alts = []
    for alt in result.alts:
        thing = alt.thing
        for change in changes:
            thing = _changed(engine, thing, change, 0)
        alts.append(Alt(thing, alt.trail, alt.world))
    return Result(tuple(alts), result.open)


def _changed(engine: Engine, thing: Thing, change: Change, depth: int) -> Thing:
    effect, frame, scope, sure, stage, arms = change
    if effect.kind == "passed":
        return _by_callee(engine, thing, change, depth)
    if stage == 1:
        return inplace.next_turn(engine, thing, effect, frame)
    method = last_name(effect.value.func) if effect.kind == "call" and isinstance(effect.value, Call) else None
    if stage == 3 and isinstance(thing, ListOf) and method in inplace.GROWING:
        return thing._replace(open=(*thing.open, f"{scope.name or 'the code'} adds to it"))
    repeated = stage == 3 or (any(b.kind in LOOPS for b in blocks_at(scope, effect.base.pos.start)) and not sure)
    return inplace.changed(engine, thing, effect, frame, sure, repeated, arms)


def _by_callee(engine: Engine, thing: Thing, change: Change, depth: int) -> Thing:
    """What functions of the repository, or one that shuffles, do to an object that a call passes to them."""
    call = change.effect.value
    if depth >= MAX_PASSED or not isinstance(call, Call) or not isinstance(thing, (DictOf, ListOf)):
        return thing
    callee = engine.quietly(call.func, change.frame)
    functions = [a.thing for a in callee.alts if isinstance(a.thing, Func)]
    if isinstance(thing, ListOf) and any(is_shuffle(a.thing) for a in callee.alts):
        return thing._replace(kind="set", gaps=((0, ""),) if thing.open else ())
    for func in functions:
        facts = engine.project.facts(func.path)
        scope = engine.project.scope(func.path, func.scope)
        param = _parameter_of(scope, call, change.effect.base, func.bound is not None)
        effects = (
            [e for at, e in facts.changes.get(param.name, ()) if at == func.scope]
            if facts is not None and param is not None
            else []
        )
        if not effects or param is None:
            continue
        frame = engine.frame(func.path, func.scope, call, change.frame, func.bound, func.lexical)
        alone = (
            change.sure
            and change.stage != 1
            and len(callee.alts) == 1
            and not callee.open
            and param.name not in scope.bindings
        )
        for effect in effects:
            arms = _arms(engine, effect, scope, frame, END)
            if arms is not None:
                decisions = _decisions(engine, arms, scope, frame) if alone else NO_ARMS
                inner = Change(effect, frame, scope, not arms and alone, change.stage, decisions)
                thing = _changed(engine, thing, inner, depth + 1)
    return thing


def is_shuffle(function: Thing) -> bool:
    """Whether a function of a library gives the list that it gets another order: `random.shuffle` and its like."""
    return isinstance(function, Ext) and function.chain.endswith(".shuffle")


def _parameter_of(scope: Scope, call: Call, given: Expr, bound: bool) -> Param | None:
    """The parameter that an argument of a call is bound to."""
    positional = [p for p in scope.params if p.kind in ("positional_only", "positional")][1 if bound else 0 :]
    for param, arg in zip(positional, call.args):
        if arg is given:
            return param
    named = next((name for name, value in call.keywords if value is given), None)
    return next((p for p in scope.params if p.name == named), None) if named is not None else None
