"""One call that runs one of several functions: `PROVIDERS[name]().ask()`, `(A if fast else B)().ask()`, `store.put()`.

In: the calls that two functions are run by, under the decisions of a context. Out: whether one run of each call runs
only one of the two, and which one it is where nothing is overridden. They exclude one another where they are chosen by
a value or a branch, and where they are methods of one name, since one object has one of them; the elements of a loop
follow one another instead. Neighbours: `groups` asks, `possible` says what a call enters, `things` knows worlds.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from guard.facts.expr import Attr, Call, Expr, Item, Name
from guard.facts.link import possible, truth
from guard.facts.link.names import NO_ARM
from guard.facts.link.things import Alt, Bind, Called, Frame, Func, Lit, Root, World

if TYPE_CHECKING:
    from guard.facts.link.above import Above, Node
    from guard.facts.link.engine import Engine

MAX_CALLS = 24
"""Calls that two functions have in common and are looked at."""
Context = dict[Root, Bind]


def running(above: Above, node: Node, only: Iterable[Bind] | None) -> tuple[Called, ...]:
    """The calls that run a function, or those of them that a request is made for; empty where not all are known."""
    if only is not None:
        binds = [bind for bind in only if isinstance(bind, Called)]
        return tuple(binds) if len(binds) == len(list(only)) <= MAX_CALLS else ()
    edges = above.edges(node)
    found = [edge.bind for edge in edges if edge.bind is not None]
    return tuple(found) if len(found) == len(edges) <= MAX_CALLS else ()


def exclude(engine: Engine, calls: Iterable[Called], context: Context, first: Node, second: Node) -> bool:
    """Whether each of these calls runs at most one of two functions in one run."""
    return all(_one_of(engine, bind, context, first, second) for bind in calls)


def _one_of(engine: Engine, bind: Called, context: Context, first: Node, second: Node) -> bool:
    engine.ask(context)
    ours, theirs = (_entering(engine, bind, node) for node in (first, second))
    if ours and theirs and not any(a.thing is b.thing for a in ours for b in theirs):
        return all(_chosen(a.world, b.world) for a in ours for b in theirs)
    scopes = [engine.project.scope(*node) for node in (first, second)]
    func = bind.call.func
    methods = isinstance(func, Attr) and all(
        scope.name == func.name and scope.parent > 0 and engine.project.scope(path, scope.parent).kind == "class"
        for (path, _), scope in zip((first, second), scopes)
    )
    return methods and not _in_turn(engine, func, bind.frame)


def _entering(engine: Engine, bind: Called, node: Node) -> list[Alt]:
    """The alternatives of what is called that run a function itself, without wrappers around it."""
    scope = engine.project.scope(*node)
    alts = engine.quietly(bind.call.func, bind.frame).alts
    return [alt for alt in alts if possible.enters(engine, alt.thing, Root("callers", *node), scope)]


def _chosen(first: World, second: World) -> bool:
    """Whether a choice keeps two worlds apart, and not only the turn of a loop."""
    others = dict(second)
    return any(
        d in others and others[d] != value and not (isinstance(d, tuple) and d[0] == "each") for d, value in first
    )


def _in_turn(engine: Engine, func: Expr, frame: Frame) -> bool:
    """Whether what is called comes from the target of a loop."""
    while isinstance(func, (Attr, Item, Call)):
        func = func.func if isinstance(func, Call) else func.base
    inner: Frame | None = frame
    while isinstance(func, Name) and inner is not None:
        bindings = engine.scope_of(inner).bindings.get(func.id)
        if bindings:
            return any(b.kind == "for" for b in bindings)
        inner = inner.lexical
    return False


def leads(engine: Engine, calls: Iterable[Called], context: Context, node: Node) -> bool | None:
    """Whether these calls run a function where nothing is overridden: surely, surely not, or not known."""
    verdicts = {_led(engine, bind, context, node) for bind in calls}
    return verdicts.pop() if len(verdicts) == 1 else None


def _led(engine: Engine, bind: Called, context: Context, node: Node) -> bool | None:
    engine.ask(context)
    found = engine.quietly(bind.call.func, bind.frame)
    own = _entering(engine, bind, node)
    if not own:
        return False if any(not alt.world for alt in found.alts) else None
    if any(isinstance(alt.thing, Func) and (alt.thing.path, alt.thing.scope) != node for alt in own):
        return None  # a method of a base stands for those of all its subclasses
    outcomes = [_usual(engine, alt.world) for alt in own]
    return True if True in outcomes else None if None in outcomes else False


def _usual(engine: Engine, world: World) -> bool | None:
    """Whether the defaults lead into a world."""
    outcomes = [_decided(engine, decision, value) for decision, value in world]
    return False if False in outcomes else None if None in outcomes else True


def _decided(engine: Engine, decision: object, value: object) -> bool | None:
    """Whether a decision falls on a value where nothing is overridden."""
    kind, key, place = decision if isinstance(decision, tuple) and len(decision) == 3 else ("", 0, None)
    by = engine.chosen_by.get(decision)
    if isinstance(by, Lit):
        return bool(by.value == value)
    frame = engine.frame_of(key)
    if kind != "arm" or frame is None:
        return None
    if by is not None:
        verdict = truth.usual(engine, by, frame)
        return None if verdict is None else verdict is (value == 0)
    arms = [b for b in engine.scope_of(frame).blocks if b.group == place]
    taken = {0: True, 1: None, 2: False}
    if value == NO_ARM:
        likely = [truth.likely(engine, arm, frame) for arm in arms]
        return False if 0 in likely else None if 1 in likely else True
    return next((taken[truth.likely(engine, arm, frame)] for arm in arms if arm.arm == value), None)
