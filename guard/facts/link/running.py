"""Functions that frameworks run: nodes of a graph, steps of a chain, tools, methods of subclasses.

In: a function. Out: the calls that make a framework run it (`graph.invoke(...)`), as decisions on who calls it. What
such a function gets as arguments is not known, but for a node of a graph: the state that the call begins with, or what
other nodes made of it. Neighbours: `callers` asks, `framework` knows what objects hold.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from guard.facts.expr import Attr, Call, Expr, IfElse, Opaque, Star, last_name
from guard.facts.filefacts import CallRef, FileFacts, Scope
from guard.facts.link import adding, framework, holding, loops, objects, served
from guard.facts.link.arguments import CallArguments, sent
from guard.facts.link.attempts import LoopLayer
from guard.facts.link.reads import Memo
from guard.facts.link.stages import is_test
from guard.facts.link.things import (
    Called,
    ClassThing,
    Frame,
    Func,
    Inst,
    Partial,
    Root,
    Thing,
    known,
    standing_in,
)
from guard.facts.link.values import known_number
from guard.model import ONCE, Count

if TYPE_CHECKING:
    from guard.facts.catalog_types import Base
    from guard.facts.link.engine import Engine
    from guard.facts.link.sends import Layer, Target

MAX_RUNS = 2000
STATE = "other nodes of the graph may change its state"


class Running:
    """What frameworks run, found once for the whole repository."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._index: Memo[None, dict[tuple[str, int], list[Called]]] = Memo(engine.recorder)

    def of(self, root: Root) -> list[Called]:
        """The calls that make a framework run a function."""
        index: dict[tuple[str, int], list[Called]] = {}
        return self._index.once(None, lambda: self._fill(index), index).get((root.path, root.scope), [])

    def _fill(self, index: dict[tuple[str, int], list[Called]]) -> dict[tuple[str, int], list[Called]]:
        from guard.facts.link import beyond, candidates

        engine, project = self.engine, self.engine.project
        telling = [p for p in project.mentioning(project.catalog.needles) if not project.is_sdk_itself(p)]
        direct = project.catalog.last_names - project.catalog.invoke_names
        by_server: list[tuple[FileFacts, CallRef]] = []
        for path in sorted({*telling, *beyond.invoking(project, telling)}):
            facts = None if is_test(path) else project.facts(path)
            for ref in candidates.candidates(engine, facts) if facts is not None else ():
                if last_name(ref.call.func) in direct or facts is None:
                    continue
                if served.is_served(engine, path, ref):
                    by_server.append((facts, ref))
                else:
                    self._of_call(index, facts, ref)
        # what the repository runs itself says more of its state than a server that may run it, too
        found = dict(index)
        for facts, ref in by_server:
            own: dict[tuple[str, int], list[Called]] = {}
            self._of_call(own, facts, ref)
            for place, runs in own.items():
                if place not in found:
                    index.setdefault(place, []).extend(runs)
        return index

    def _of_call(self, index: dict[tuple[str, int], list[Called]], facts: FileFacts, ref: CallRef) -> None:
        from guard.facts.link import sends

        frame = self.engine.root(facts.path, ref.scope)
        self.engine.work = 0
        for target in sends.direct(self.engine, ref, frame):
            if sends.is_framework(target):
                self._of_target(index, facts, ref, frame, target)

    def _of_target(
        self, index: dict[tuple[str, int], list[Called]], facts: FileFacts, ref: CallRef, frame: Frame,
        target: Target,
    ) -> None:  # fmt: skip
        engine = self.engine
        for func, count in self._given(target):
            self._add(index, func, ref, frame, count)
        for outer in framework.starts(engine, target):
            for holder, layer, held, _ in framework.walk(engine, outer, len(outer.clients)):
                functions = _functions(engine, held.alt.thing)
                if functions:
                    count = loops.product([holder.runs, framework.times(engine, holder, layer, held)])
                    again = held_retries(engine, layer, held)
                    given = _state(target) if "add_node" in held.holds.paths and holder is outer else ()
                    for func in functions:
                        self._add(index, func, ref, frame, count, again, given)

    def _given(self, target: Target) -> list[tuple[Func, Count]]:
        """Functions that the call itself is given to run: `evaluate(program)`, as often as the library wants."""
        from guard.facts.link.roles import role

        if target.spec.of is None:
            return []
        given = sent(target.arguments, target.spec.of)
        limit = role(self.engine, target, "max_turns") if target.spec.turns is not None else None
        count = Count(1, 1, None, limit.result.open[:1]) if limit is not None else ONCE
        return [(f, count) for a in (given.result.alts if given else ()) for f in _functions(self.engine, a.thing)]

    def _add(
        self, index: dict[tuple[str, int], list[Called]], func: Func, ref: CallRef, frame: Frame, count: Count,
        again: tuple[LoopLayer, ...] = (), given: tuple[Expr, ...] = (),
    ) -> None:  # fmt: skip
        runs = index.setdefault((func.path, func.scope), [])
        if len(self.engine.run_by) >= MAX_RUNS or any(self.engine.run_by[id(c.call)][1] is ref for c in runs):
            return
        callee = standing_in(ref.call.pos, known(func))
        call = Call(ref.call.pos, callee, given, ())
        self.engine.run_by[id(call)] = (count, ref)
        self.engine.run_again[id(call)] = again
        runs.append(Called(call, frame, ref.via))

    def of_base(self, root: Root, scope: Scope, paths: Iterable[str]) -> list[Called]:
        """Calls of a base's methods that run a method of the subclass: `module.batch(...)`, `flow.run()`."""
        engine = self.engine
        found: list[Called] = []
        for base in bases(engine, ClassThing(root.path, scope.parent)):
            if not _is_run(engine, base, root, scope):
                continue
            for name in base.paths:
                for facts, ref in engine.project.calls_named(name, paths) if name else ():
                    frame = engine.root(facts.path, ref.scope)
                    if isinstance(ref.call.func, Attr) and self._on(ref.call.func.base, frame, root, scope):
                        found.append(self._through(base, ref, frame, scope))
        return found

    def _on(self, receiver: Expr, frame: Frame, root: Root, scope: Scope) -> bool:
        wanted = ClassThing(root.path, scope.parent)
        self.engine.work = 0
        things = [a.thing for a in self.engine.quietly(receiver, frame).alts]
        return any(
            isinstance(t, Inst) and any(o.cls == wanted for o in objects.order(self.engine, t.cls)[0]) for t in things
        )

    def _through(self, base: Base, ref: CallRef, frame: Frame, scope: Scope) -> Called:
        """The call with its arguments, where the base hands them on as they are."""
        same = scope.name in base.runs and not base.decorated
        call = Call(ref.call.pos, ref.call.func, ref.call.args if same else (), ref.call.keywords if same else ())
        self.engine.run_by[id(call)] = (ONCE, ref)
        return Called(call, frame, ref.via)


def _state(target: Target) -> tuple[Expr, ...]:
    """The state that a node of a graph gets: what the call begins with, unless other nodes changed it."""
    role = target.spec.roles.get("input")
    names = role.names if role is not None else ()
    given = next((value for name, value in target.call.keywords if name in names), None)
    if given is None and role is not None and role.pos is not None and role.pos < len(target.call.args):
        given = target.call.args[role.pos]
    if given is None or isinstance(given, Star) or target.spec.each is not None:
        return ()
    return (IfElse(given.pos, Opaque(given.pos, STATE), given, Opaque(given.pos, STATE)),)


def held_retries(engine: Engine, layer: Layer, held: holding.Held) -> tuple[LoopLayer, ...]:
    """How often a framework runs a function again after a failure: `graph.add_node("ask", ask, retry_policy=...)`."""
    arg = held.holds.retries
    for call, frame in adding.adding(engine, layer, held.holds) if arg is not None else ():
        value = sent(CallArguments(engine, call, frame), arg) if (frame.path, call.pos) in held.place and arg else None
        default = value is None and arg is not None and any(name in dict(call.keywords) for name in arg.given)
        if arg is None or (value is None and not default):
            continue
        number = known_number(value.result) if value is not None else arg.given_default
        tries = arg.as_retries(number, value.name if value is not None else None) if isinstance(number, int) else None
        why = "" if tries is not None else "the number of attempts is not known"
        name = f"{last_name(call.func)} retries"
        return (LoopLayer(name, None if tries is None else tries + 1, "maybe", frame.path, call.pos, why),)
    return ()


def invoked(engine: Engine, bind: Called) -> CallRef | None:
    """The call as written, where it makes a framework run a function of the repository; None for any other call."""
    run = engine.run_by.get(id(bind.call))
    if run is not None:
        return run[1]
    called = [alt.thing for alt in engine.quietly(bind.call.func, bind.frame).alts]
    if any(isinstance(thing, Inst) and bases(engine, thing.cls) for thing in called):
        return CallRef(bind.call, bind.frame.scope, bind.via)
    return None


def bases(engine: Engine, cls: ClassThing) -> list[Base]:
    """What the catalogue says of the bases of a class that stand outside of the repository."""
    table = engine.project.catalog.bases
    if not table:
        return []
    return [base for ext in objects.order(engine, cls)[1] for base in table.get(ext.chain, ())]


def runs_when_called(engine: Engine, root: Root, scope: Scope) -> bool:
    """Whether calling an object of the class runs this method of it: `__call__`, or what a base says."""
    if scope.parent <= 0:
        return False
    if scope.name == "__call__":
        return True
    return any(
        "" in base.paths and _is_run(engine, base, root, scope)
        for base in bases(engine, ClassThing(root.path, scope.parent))
    )


def _is_run(engine: Engine, base: Base, root: Root, scope: Scope) -> bool:
    if scope.name in base.runs:
        return True
    frame = engine.module(root.path)
    for decorator in scope.decorators if base.decorated else ():
        func = decorator.func if isinstance(decorator, Call) else decorator
        if any(getattr(a.thing, "chain", None) in base.decorated for a in engine.quietly(func, frame).alts):
            return True
    return False


def _functions(engine: Engine, thing: Thing) -> list[Func]:
    """The functions that run when a held thing does: itself, or methods of an object of the repository's class."""
    if isinstance(thing, Partial):
        return _functions(engine, thing.func)
    if isinstance(thing, Func):
        return [thing]
    if not isinstance(thing, Inst):
        return []
    found: list[Func] = []
    owned = objects.order(engine, thing.cls)[0]
    names = [name for base in bases(engine, thing.cls) for name in base.runs]
    for name in dict.fromkeys([*names, "__call__"]):
        method = objects.method(engine, owned, name)
        if method is not None:
            found.append(Func(method[0].path, method[1].id, thing))
    return found
