"""Changes in place: `params["model"] = x`, `messages.append(...)`, `params.update(...)` between a binding and a use.

In: what a name was bound to, and a stretch of a scope. Out: the same with the changes that surely or perhaps ran: those
of the scope itself, in order; those through a second name; those of functions that get the object as an argument; and,
as possible ones, those of functions inside of the scope or of other methods of the object. `inplace` applies each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from guard.facts.expr import Call, Expr, dotted, last_name
from guard.facts.filefacts import Effect, FileFacts, Param, Scope
from guard.facts.link import inplace, objects, truth
from guard.facts.link.names import END, Place, blocks_at
from guard.facts.link.things import Alt, DictOf, Frame, Func, Inst, ListOf, Result, Thing

if TYPE_CHECKING:
    from guard.facts.link.engine import Engine

MAX_PASSED = 2
"""Functions that pass an object on to one another, followed for their changes."""
LOOPS = frozenset({"for", "while"})


class Change(NamedTuple):
    """An effect in a frame. `sure`: it surely ran. `stage`: 0 before the loop around the use, 1 in an earlier turn of
    it, 2 in this turn, 3 elsewhere."""

    effect: Effect
    frame: Frame
    scope: Scope
    sure: bool
    stage: int


def applied(engine: Engine, result: Result, name: str, scope: Scope, frame: Frame, since: Place, use: Place) -> Result:
    """`result` with the changes that are made to `name` between two places of a scope."""
    if not any(isinstance(a.thing, (DictOf, ListOf)) for a in result.alts):
        return result
    facts = engine.project.facts(frame.path)
    if facts is None or not facts.changes:
        return result
    changes = _own(engine, facts, name, scope, frame, since, use)
    for other, bound in _second_names(facts, name, scope):
        changes += _own(engine, facts, other, scope, frame, max(since, bound), use)
    changes.sort(key=lambda c: (c.stage, c.effect.at))
    changes += _of_inner(engine, facts, name, scope, frame)
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
    for init, frame in objects.constructor_frames(engine, inst, owned):
        made.add((frame.path, init.id))
        facts = engine.project.facts(frame.path)
        own = _self_name(init, name)
        if facts is not None:
            since = max((b.at for b in init.bindings.get(own, ()) if b.kind != "declare"), default=(0, 0))
            found = _own(engine, facts, own, init, frame, since, END)
            for other, bound in _second_names(facts, own, init):
                found += _own(engine, facts, other, init, frame, bound, END)
            changes = sorted(found, key=lambda c: c.effect.at) + changes  # the base's constructor runs before
    for cls, body in owned:
        facts = engine.project.facts(cls.path)
        for method in objects._methods_of(engine, cls, body) if facts is not None else ():
            if (cls.path, method.id) in made or facts is None:
                continue
            own = _self_name(method, name)
            names = [own, *(other for other, _ in _second_names(facts, own, method))]
            effects = [e for n in names for at, e in facts.changes.get(n, ()) if at == method.id]
            if effects:
                frame = engine.frame(cls.path, method.id, None, None, inst, None)
                changes += [Change(e, frame, method, False, 3) for e in effects]
    return _with(engine, result, changes)


def _self_name(method: Scope, name: str) -> str:
    return f"{method.params[0].name if method.params else 'self'}.{name}"


# --- which changes there are ------------------------------------------------------------------------------------


def _own(
    engine: Engine, facts: FileFacts, name: str, scope: Scope, frame: Frame, since: Place, use: Place
) -> list[Change]:  # fmt: skip
    """The changes that a scope makes to a name, and those of an earlier turn of the loop around the use."""
    effects = [e for at, e in facts.changes.get(name, ()) if at == scope.id]
    if not effects:
        return []
    loops = [b for b in scope.blocks if b.kind in LOOPS and b.start <= use < b.end and not b.start <= since < b.end]
    start = min((b.start for b in loops), default=END)
    end = max((b.end for b in loops), default=(0, 0))
    found = []
    for effect in effects:
        if since < effect.at <= use:
            sure = _sure(engine, effect, scope, frame, use)
            if sure is not None:
                found.append(Change(effect, frame, scope, sure, 0 if effect.at < start else 2))
        if effect.at <= end and effect.base.pos.start >= start:
            found.append(Change(effect, frame, scope, False, 1))
    return found


def _second_names(facts: FileFacts, name: str, scope: Scope) -> list[tuple[str, Place]]:
    """Other names of the same object: `same = options`, with the place from which on they are."""
    found: list[tuple[str, Place]] = []
    for other, bindings in scope.bindings.items():
        if other in facts.changes and other != name:
            found += [
                (other, b.at)
                for b in bindings
                if b.kind == "assign" and b.value is not None and dotted(b.value) == name
            ][:1]
    for binding in scope.bindings.get(name, ())[-1:]:
        other_name = dotted(binding.value) if binding.kind == "assign" and binding.value is not None else None
        if other_name is not None and other_name != name and other_name in facts.changes:
            found.append((other_name, binding.at))
    return found


def _of_inner(engine: Engine, facts: FileFacts, name: str, scope: Scope, frame: Frame) -> list[Change]:
    """Changes by functions inside of a scope (for a module: all of its functions) for which the name is the scope's."""
    root = name.split(".")[0]
    found: list[Change] = []
    for at, effect in facts.changes.get(name, ()):
        inner = facts.scopes[at]
        if at != scope.id and _sees(facts, inner, root, scope):
            direct = inner.parent == scope.id and scope.kind != "module"
            where = engine.frame(frame.path, at, None, None, None, frame) if direct else engine.root(frame.path, at)
            found.append(Change(effect, where, inner, False, 3))
    return found


def _sees(facts: FileFacts, inner: Scope, root: str, scope: Scope) -> bool:
    """Whether a name means the outer scope's in a scope inside of it."""
    while inner.id != scope.id:
        if root not in inner.outer_names and (root in inner.bindings or any(p.name == root for p in inner.params)):
            return False
        if inner.parent < 0:
            return False
        inner = facts.scopes[inner.parent]
    return True


def _sure(engine: Engine, effect: Effect, scope: Scope, frame: Frame, use: Place) -> bool | None:
    """Whether a change surely ran before the use; None when it surely did not."""
    sure = True
    around = {(b.group, b.arm) for b in scope.blocks if b.start <= use < b.end}
    groups = {group for group, _ in around}
    for block in blocks_at(scope, effect.base.pos.start):
        if (block.group, block.arm) in around:
            continue
        if (block.kind in ("if", "case") and block.group in groups) or block.leaves in ("return", "raise"):
            return None
        verdict = truth.feasible(engine, block, frame) if block.kind in ("if", "case") else None
        if verdict is False:
            return None
        if block.kind in ("if", "case", "except", "for", "while") and verdict is None:
            sure = False
    return sure


# --- applying them ----------------------------------------------------------------------------------------------


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
    effect, frame, scope, sure, stage = change
    if effect.kind == "passed":
        return _by_callee(engine, thing, change, depth)
    if stage == 1:
        return inplace.next_turn(engine, thing, effect, frame)
    method = last_name(effect.value.func) if effect.kind == "call" and isinstance(effect.value, Call) else None
    if stage == 3 and isinstance(thing, ListOf) and method in inplace.GROWING:
        return thing._replace(open=(*thing.open, f"{scope.name or 'the code'} adds to it"))
    repeated = stage == 3 or (any(b.kind in LOOPS for b in blocks_at(scope, effect.base.pos.start)) and not sure)
    return inplace.changed(engine, thing, effect, frame, sure, repeated)


def _by_callee(engine: Engine, thing: Thing, change: Change, depth: int) -> Thing:
    """What functions of the repository do to an object that a call passes to them."""
    call = change.effect.value
    if depth >= MAX_PASSED or not isinstance(call, Call) or not isinstance(thing, (DictOf, ListOf)):
        return thing
    callee = engine.quietly(call.func, change.frame)
    functions = [a.thing for a in callee.alts if isinstance(a.thing, Func)]
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
            sure = _sure(engine, effect, scope, frame, END)
            if sure is not None:
                thing = _changed(engine, thing, Change(effect, frame, scope, sure and alone, change.stage), depth + 1)
    return thing


def _parameter_of(scope: Scope, call: Call, given: Expr, bound: bool) -> Param | None:
    """The parameter that an argument of a call is bound to."""
    positional = [p for p in scope.params if p.kind in ("positional_only", "positional")][1 if bound else 0 :]
    for param, arg in zip(positional, call.args):
        if arg is given:
            return param
    named = next((name for name, value in call.keywords if value is given), None)
    return next((p for p in scope.params if p.name == named), None) if named is not None else None
