"""Whether decisions of a context can hold together: does a call mean the function that it is said to enter?

In: a call with its frame, a function, a context. Out: the things by which the call enters the function, and whether a
context can be. A call through a name that functions are handed to (`self.embedding(...)`, `ask(text)`,
`config["best"](...)`) means another function for each object or caller that handed it over. What is not decided yet is
tried out: each of its decisions in turn, up to `MAX_TRIES`. Neighbours: `callers` asks who calls a function, `contexts`
drops what cannot be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from guard.facts.expr import Call, Expr, Name, Pos, Star
from guard.facts.filefacts import Block, Scope
from guard.facts.link import calling, loops, objects, running, truth
from guard.facts.link.names import EXCLUSIVE, blocks_at
from guard.facts.link.reads import Memo
from guard.facts.link.stages import is_example
from guard.facts.link.things import (
    DEPENDENCY,
    Bind,
    Called,
    ClassThing,
    Ext,
    Frame,
    Func,
    Held,
    Inst,
    OnObject,
    Partial,
    Result,
    Root,
    Stop,
    Thing,
    Thunk,
)  # fmt: skip

if TYPE_CHECKING:
    from guard.facts.link.callers import Callers
    from guard.facts.link.engine import Engine

T = TypeVar("T")
MAX_TRIES = 24
"""Evaluations of one callee; what is left then is not known."""
MAX_EFFORT = 3_000
"""Evaluations for one callee, all decisions that are tried out together; one that takes more is not known."""
MAX_WRAPPERS = 3
"""Closures inside one another that hand all their arguments on."""
ONLY_EXAMPLES = "only examples in the repository decide it"
"""Why code that examples use may be used otherwise, too."""
Context = dict[Root, Bind]


class Way(NamedTuple):
    """What a call runs under some decisions."""

    things: tuple[Thing, ...]
    open: bool
    """Whether it may run others."""
    asked: Root | None
    """What it depends on that is not decided."""


class Possible:
    """Answers about calls, each way of a callee followed once."""

    def __init__(self, engine: Engine, callers: Callers) -> None:
        self.engine = engine
        self.callers = callers
        self._kept: Memo[tuple[int, int, bool], tuple[Call, list[Way]]] = Memo(engine.recorder)
        self._took = 0
        """Evaluations that the last answer took."""

    def entering(self, call: Call, frame: Frame, root: Root) -> list[Thing] | None:
        """The things by which a call enters a function, whoever makes its objects and calls what is around it; None
        where it may run others than are known."""
        found = {_given(thing): thing for thing in reversed(self._sure(call, frame, root))}
        known = all(way.things and not way.open for way in self._all(call, frame, self._is_method(root)))
        return list(reversed(found.values())) if found or known else None

    def _sure(self, call: Call, frame: Frame, root: Root) -> list[Thing]:
        """The things by which a call enters a function on the ways that are known."""
        scope = self.engine.project.scope(root.path, root.scope)
        ways = self._all(call, frame, self._is_method(root))
        return [thing for way in ways for thing in way.things if enters(self.engine, thing, root, scope)]

    def _is_method(self, root: Root) -> bool:
        scope = self.engine.project.scope(root.path, root.scope)
        return scope.parent > 0 and self.engine.project.scope(root.path, scope.parent).kind == "class"

    def _all(self, call: Call, frame: Frame, method: bool) -> list[Way]:
        """The ways of a callee while nothing is decided. What examples do with the methods of a library says nothing of
        what its users do: they are left out where methods are looked for."""
        key = (id(call.func), frame.key, method)
        return self._kept.once(key, lambda: (call, [way for _, way in self._ways(call, frame, {}, not method)]))[1]

    def filled(self, thing: Thing, call: Call) -> Call:
        """A call with the arguments that `partial` puts into it; the object of a method is left to the context."""
        while isinstance(thing, Partial):
            frame = thing.frame
            if isinstance(frame.owner, Inst):
                frame = self.engine.root(frame.path, frame.scope)
            call = calling.with_partial(thing._replace(frame=frame), call, frame)
            thing = thing.func
        return call

    def holds(self, context: Context) -> bool:
        """Whether no call of a context surely means another function than it is said to enter."""
        return not any(
            root.kind == "callers" and id(bind.call) not in self.engine.run_by and self._excluded(bind, root, context)
            for root, bind in context.items()
            if isinstance(bind, Called)
        )

    def dead(self, context: Context) -> str | None:
        """Why a context cannot be: a call of it stands in a branch that is surely not taken. None: none does."""
        for root, bind in context.items():
            if isinstance(bind, Called) and root.kind == "callers" and self._dead(bind, context):
                place = f"{bind.frame.path}:{bind.call.pos.line}"
                return f"it is called at {place} only, in a branch that is not taken"
        return None

    def _dead(self, bind: Called, context: Context) -> bool:
        """Whether a call stands in a branch that is not taken under a context."""
        frame: Frame | None = bind.frame
        place = bind.call.pos.start
        while frame is not None:
            scope = self.engine.scope_of(frame)
            arms = [b for b in blocks_at(scope, place) if b.kind in EXCLUSIVE and not loops.is_main_test(b.test)]
            if arms and False in self._asked(context, partial(self._feasible, arms, frame)):
                return True
            frame, place = (frame.lexical if scope.kind == "comp" else None), scope.pos.start
        return False

    def _feasible(self, arms: list[Block], frame: Frame) -> list[bool | None]:
        return [truth.feasible(self.engine, arm, frame) for arm in arms]

    def closures(self, bind: Bind, root: Root, context: Context) -> Context:
        """The calls that made the closure which a call runs: they decide for the functions around it."""
        if not isinstance(bind, Called):
            return {}
        scope = self.engine.project.scope(root.path, root.scope)
        called = self._evaluated(bind.call, bind.frame, context)
        things = [thing for thing in called.things if enters(self.engine, thing, root, scope)]
        found: Context = {}
        lexical = _lexical(things[0]) if len(things) == 1 else None
        while lexical is not None:
            if lexical.call is not None and lexical.caller is not None:
                found[Root("callers", lexical.path, lexical.scope)] = Called(lexical.call, lexical.caller)
            lexical = lexical.lexical
        return found

    def _excluded(self, bind: Called, root: Root, context: Context) -> bool:
        """Whether a call never runs a function: not on the ways that are known, and these are all, or some of those
        that a context leaves out do."""
        unknown_way = False
        for decided, way in self._ways(bind.call, bind.frame, context):
            if self._runs(way, bind, root, decided):
                return False
            unknown_way = unknown_way or way.open or not way.things
        return not unknown_way or bool(self._sure(bind.call, bind.frame, root))

    def _ways(self, call: Call, frame: Frame, context: Context, examples: bool = True) -> Iterator[tuple[Context, Way]]:
        """What a call runs under a context; where that asks for more, under each of the further decisions."""
        waiting, tries, left = [context], 0, MAX_EFFORT
        while waiting:
            tries += 1
            if tries > MAX_TRIES or left <= 0:
                yield context, Way((), True, None)
                return
            current = waiting.pop()
            way = self._evaluated(call, frame, current, left)
            left -= self._took
            if way.asked is None:
                yield current, way
            else:
                binds = fitting(self.callers.of(way.asked), way.asked, current)
                if not examples:
                    binds = [bind for bind in binds if not _in_example(bind, frame.path)] or [Stop(ONLY_EXAMPLES)]
                waiting += [{**current, way.asked: bind} for bind in reversed(binds[:MAX_TRIES])]

    def _evaluated(self, call: Call, frame: Frame, context: Context, effort: int = MAX_EFFORT) -> Way:
        """What a call runs under a context."""
        return self._asked(context, partial(self._way, call, frame), effort)

    def _way(self, call: Call, frame: Frame) -> Way:
        found = self.engine.eval(call.func, frame)
        things = run_by(self.engine, found)
        asked = (root for (root, what), bind in self.engine.consulted.items() if bind is None and what != DEPENDENCY)
        unseen = any(_is_unseen(self.engine, alt.thing) for alt in found.alts)
        return Way(tuple(things), bool(found.open) or unseen, next(asked, None))

    def _asked(self, context: Context, question: Callable[[], T], effort: int = MAX_EFFORT) -> T:
        """The answer to a question under a context; recorders stay as they were."""
        with self.engine.aside(context, effort):
            found = question()
            self._took = self.engine.work
        return found

    def _runs(self, way: Way, bind: Called, root: Root, context: Context) -> bool:
        scope = self.engine.project.scope(root.path, root.scope)
        held = _held(bind.call)
        return any(
            enters(self.engine, thing, root, scope) and held in ((), _given(thing)) and _closed_over(thing, context)
            for thing in way.things
        )


def _in_example(bind: Bind, path: str) -> bool:
    """Whether what is decided stands in an example of the code at a path."""
    frame = bind.frame if isinstance(bind, Called) else bind.thing.frame if isinstance(bind, OnObject) else None
    return frame is not None and is_example(frame.path, path)


def fitting(binds: list[Bind], root: Root, context: Context) -> list[Bind]:
    """Where a call from outside of the repository was decided on, it runs on no object of an example."""
    if root.kind != "self" or not any(isinstance(b, Stop) and b.outside for b in context.values()):
        return binds
    own = [
        b
        for b in binds
        if not (isinstance(b, OnObject) and b.thing.frame and is_example(b.thing.frame.path, root.path))
    ]
    return own or [Stop(ONLY_EXAMPLES, True)]


def run_by(engine: Engine, callee: Result) -> list[Thing]:
    """What a call runs, as far as it is known: what is called, and what a closure hands all its arguments on to."""
    found = _functions(engine, callee)
    inner = found
    for _ in range(MAX_WRAPPERS):
        inner = [thing for outer in inner for thing in _handed_on(engine, outer)]
        found = [*found, *inner]
    return found


def _functions(engine: Engine, callee: Result) -> list[Thing]:
    things = [a.thing for a in callee.alts if isinstance(a.thing, (Func, ClassThing, Inst, Ext, Partial))]
    return [thing for thing in things if not _is_unseen(engine, thing)]


def _is_unseen(engine: Engine, thing: Thing) -> bool:
    """Whether a thing stands for one of the repository's own that is not known: it comes out of a module whose name is
    not known, or it is a method of a protocol, which classes have that never name it."""
    if isinstance(thing, Ext):
        return thing.chain.startswith(("importlib.import_module()", "builtins.__import__()"))
    if not isinstance(thing, Func) or not isinstance(thing.bound, Inst) or thing.bound.call is not None:
        return False
    scope = engine.project.scope(thing.path, thing.scope)
    return scope.parent > 0 and objects.is_protocol(engine.project.scope(thing.path, scope.parent))


def _handed_on(engine: Engine, thing: Thing) -> list[Thing]:
    """The functions that a closure calls with just the arguments it gets: `return await func(*args, **kwargs)`."""
    if not isinstance(thing, Func) or thing.lexical is None:
        return []
    facts, scope = engine.project.facts(thing.path), engine.project.scope(thing.path, thing.scope)
    names = {p.kind: p.name for p in scope.params}
    if facts is None or not {"args", "kwargs"} <= names.keys():
        return []
    frame = engine.frame(thing.path, thing.scope, None, None, thing.bound, thing.lexical)
    found: list[Thing] = []
    for ref in facts.calls:
        if ref.scope == thing.scope and _hands_on(ref.call, names["args"], names["kwargs"]):
            found += _functions(engine, engine.quietly(ref.call.func, frame))
    return found


def _hands_on(call: Call, args: str, kwargs: str) -> bool:
    """`f(*args, **kwargs)`"""
    if len(call.args) != 1 or len(call.keywords) != 1 or not isinstance(call.args[0], Star):
        return False
    (name, value), spread = call.keywords[0], call.args[0].value
    handed = isinstance(spread, Name) and spread.id == args
    return handed and name is None and isinstance(value, Name) and value.id == kwargs


def _given(thing: Thing) -> tuple[object, ...]:
    """What tells the arguments apart that `partial` puts into a call."""
    found: list[object] = []
    while isinstance(thing, Partial):
        values = (*thing.call.args, *(value for _, value in thing.call.keywords))
        found += [_place(thing.frame, value.pos) for value in values]
        thing = thing.func
    return tuple(found)


def _place(frame: Frame, pos: Pos) -> object:
    """An argument by its place; in a function that a known call entered, by that call, too. Which object a method
    runs on is for the context to decide."""
    return (frame.path, pos, None if frame.call is None or isinstance(frame.owner, Inst) else frame.key)


def _held(call: Call) -> tuple[object, ...]:
    """The same of a call that such arguments were put into."""
    values: list[Expr | Held] = [*call.args, *(value for _, value in call.keywords)]
    cells = [(value.pos, value.cell) for value in values if isinstance(value, Held)]
    return tuple(_place(cell.frame, pos) for pos, cell in cells if isinstance(cell, Thunk))


def enters(engine: Engine, thing: Thing, root: Root, scope: Scope) -> bool:
    """Whether calling a thing runs a function (`scope` is that of `root`)."""
    if isinstance(thing, Partial):
        return enters(engine, thing.func, root, scope)
    if isinstance(thing, Inst) and running.runs_when_called(engine, root, scope):
        return any(o.cls == ClassThing(root.path, scope.parent) for o in objects.order(engine, thing.cls)[0])
    if isinstance(thing, ClassThing):
        owned, _ = objects.order(engine, thing)
        return any(o.cls == ClassThing(root.path, scope.parent) for o in owned) and scope.name in (
            "__init__",
            "__post_init__",
        )
    if not isinstance(thing, Func):
        return False
    if (thing.path, thing.scope) == (root.path, root.scope):
        return True
    # A call on a base class may run the method of a subclass.
    other = engine.project.scope(thing.path, thing.scope)
    if other.name != scope.name or scope.parent <= 0 or other.parent <= 0 or not isinstance(thing.bound, Inst):
        return False
    if thing.bound.call is not None:
        return False
    owned, _ = objects.order(engine, ClassThing(root.path, scope.parent))
    return any(o.cls == ClassThing(thing.path, other.parent) for o in owned)


def _closed_over(thing: Thing, context: Context) -> bool:
    """Whether a closure is one of those that the context decided on: made by the calls and on the object it names."""
    lexical = _lexical(thing)
    while lexical is not None:
        bind = context.get(Root("callers", lexical.path, lexical.scope))
        made = lexical.call is not None and lexical.caller is not None and (lexical.caller.path, lexical.call.pos)
        if made and isinstance(bind, Called) and (bind.frame.path, bind.call.pos) != made:
            return False
        if lexical.caller is not None and _on_another(lexical.caller, context):
            return False
        lexical = lexical.lexical
    return True


def _on_another(frame: Frame, context: Context) -> bool:
    """Whether a method ran on another object than the one that the context decided on."""
    owner = frame.owner
    if not isinstance(owner, Inst) or owner.call is None or owner.frame is None:
        return False
    bind = context.get(Root("self", owner.cls.path, owner.cls.scope))
    if isinstance(bind, OnObject) and bind.thing.call is not None and bind.thing.frame is not None:
        return (bind.thing.frame.path, bind.thing.call.pos) != (owner.frame.path, owner.call.pos)
    return isinstance(bind, Stop)


def _lexical(thing: Thing) -> Frame | None:
    """The frame that a closure closes over."""
    while isinstance(thing, Partial):
        thing = thing.func
    return thing.lexical if isinstance(thing, Func) else None
