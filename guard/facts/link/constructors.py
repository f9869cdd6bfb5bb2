"""What runs when an object is made, and what it and other methods assign to `self`.

In: an object, and the classes in the order of resolution. Out: the frames of its constructors, the values of an
attribute that they assign, the call that makes the part of it which lies outside the repository. Neighbours: `objects`
puts that together with fields and class attributes, `dynamic` knows `setattr`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from guard.facts.expr import Call, Name, last_name
from guard.facts.filefacts import Binding, Scope
from guard.facts.link import objects, truth
from guard.facts.link.names import END, EXCLUSIVE, NO_ARM, Place, blocks_at, reaching
from guard.facts.link.things import (
    ClassThing,
    Frame,
    Inst,
    Made,
    Result,
    World,
    opened,
    union,
    within,
)  # fmt: skip

if TYPE_CHECKING:
    from guard.facts.link.engine import Engine
    from guard.facts.link.objects import Owned

CONSTRUCTORS = ("__init__", "__post_init__", "model_post_init", "__attrs_post_init__")


def base_made(engine: Engine, inst: Inst) -> Made | None:
    """The call that makes the part of an object that a base outside of the repository describes: that of its
    constructor by the last class of the repository that has one, else the call that makes the object."""
    owned, _ = objects.order(engine, inst.cls)
    made = Made(inst.call, inst.frame) if inst.call is not None and inst.frame is not None else None
    for init, frame in constructor_frames(engine, inst, owned):
        upward = _super_call(engine, frame.path, init) if init.name == "__init__" else None
        if upward is not None:
            made = Made(upward, frame)
    return made


def made_above(engine: Engine, inst: Inst) -> tuple[Made, ...]:
    """The call by which the outermost constructor of the repository hands on to a base outside of it."""
    owned, _ = objects.order(engine, inst.cls)
    inits = [(init, frame) for init, frame in constructor_frames(engine, inst, owned) if init.name == "__init__"]
    if not inits:
        return ()
    init, frame = inits[-1]
    upward = _super_call(engine, frame.path, init)
    return (Made(upward, frame),) if upward is not None and frame.call is not None else ()


def constructor_frames(engine: Engine, inst: Inst, owned: list[Owned]) -> Iterator[tuple[Scope, Frame]]:
    """The `__init__` (and `__post_init__`, `setup`) functions that run for an object, with their frames.

    A base's `__init__` is entered by the `super().__init__(...)` call of the class before it, or directly.
    """
    call, caller = inst.call, inst.frame
    own = False
    for cls, scope in owned:
        for name in CONSTRUCTORS:
            bindings = scope.bindings.get(name, ())
            if not bindings or bindings[-1].kind != "def":
                continue
            init = engine.project.scope(cls.path, bindings[-1].scope)
            if name != "__init__":
                yield init, engine.frame(cls.path, init.id, None, None, inst, None)
                continue
            if own and call is None:
                continue
            frame = engine.frame(cls.path, init.id, call, caller, inst, None)
            own = True
            yield init, frame
            upward = _super_call(engine, cls.path, init)
            call, caller = (upward, frame) if upward is not None else (None, None)


def _super_call(engine: Engine, path: str, init: Scope) -> Call | None:
    facts = engine.project.facts(path)
    for ref in facts.by_name.get("__init__", ()) if facts else ():
        if ref.scope == init.id:
            call = ref.call
            if isinstance(call.func, Name) or last_name(call.func) != "__init__":
                continue
            base = getattr(call.func, "base", None)
            if isinstance(base, Name) and call.args:  # Base.__init__(self, ...): the object itself is no argument
                return call._replace(args=call.args[1:])
            return call
    return None


def assigned(engine: Engine, inst: Inst, owned: list[Owned], name: str) -> tuple[list[Result], bool]:
    """What constructors, then other methods, assign to `self.name`; and whether a constructor surely does."""
    results: list[Result] = []
    later: list[Result] = []
    settled = False
    for init, frame in constructor_frames(engine, inst, owned):
        first = init.params[0].name if init.params else "self"
        bindings = [b for b in init.bindings.get(f"{first}.{name}", ()) if b.kind != "declare"]
        if not bindings or (results and _complete(init, bindings)):
            continue
        found, complete = _at_end(engine, init, bindings, frame)
        results += found
        settled = settled or complete
    for cls, scope in owned:
        for child, bindings in _setters(engine, cls, scope).get(name, ()):
            frame = engine.frame(cls.path, child.id, None, None, inst, None)
            later += [within(engine.bound(b, frame), _set_in(child, b, frame)) for b in bindings]
    if later and results:
        return [union([*results, *later])], settled
    return results + later, settled


def before(engine: Engine, inst: Inst, owned: list[Owned], name: str, running: Frame) -> list[Result]:
    """What the constructors that ran before the one at hand assigned to `self.name`."""
    results: list[Result] = []
    for init, frame in constructor_frames(engine, inst, owned):
        if (frame.path, init.id) != (running.path, running.scope) and init.name == "__init__":
            first = init.params[0].name if init.params else "self"
            bindings = [b for b in init.bindings.get(f"{first}.{name}", ()) if b.kind != "declare"]
            results += _at_end(engine, init, bindings, frame)[0] if bindings else []
    return results


def _setters(engine: Engine, cls: ClassThing, scope: Scope) -> dict[str, list[tuple[Scope, list[Binding]]]]:
    """By attribute, the methods of a class besides its constructors that assign it, with the assignments."""
    found: dict[str, list[tuple[Scope, list[Binding]]]] | None = scope.derived.get(("setters",))
    if found is None:
        found = scope.derived[("setters",)] = {}
        for child in methods_of(engine, cls, scope):
            first = f"{child.params[0].name if child.params else 'self'}."
            for name, bindings in child.bindings.items():
                own = [b for b in bindings if b.kind not in ("declare", "aug")] if name.startswith(first) else []
                if own and child.name not in CONSTRUCTORS:
                    found.setdefault(name.removeprefix(first), []).append((child, own))
    return found


def _set_in(scope: Scope, binding: Binding, frame: Frame) -> World:
    """Marks of the branches that a method assigns in. They exclude nothing, since the method may run again: they keep
    equal values apart that are assigned in several branches."""
    arms = [b for b in blocks_at(scope, binding.pos.start) if b.kind in EXCLUSIVE]
    return frozenset((("set", frame.key, b.group, b.arm), b.arm) for b in arms)


def assigned_below(engine: Engine, inst: Inst, path: str, frame: Frame) -> Result | None:
    """What constructors assign to `self.config.model`; open when another value may stand there. None: nothing does."""
    inst = objects.decided(engine, inst, path)
    owned, _ = objects.order(engine, inst.cls)
    results: list[Result] = []
    for init, inner in constructor_frames(engine, inst, owned):
        if inner is frame:
            continue
        first = init.params[0].name if init.params else "self"
        bindings = [b for b in init.bindings.get(f"{first}.{path}", ()) if b.kind != "declare"]
        if bindings:
            found, complete = _at_end(engine, init, bindings, inner)
            results += found
            if complete:
                return union(results)
    return opened(union(results), "it may be set before") if results else None


def _complete(init: Scope, bindings: list[Binding]) -> bool:
    return any(
        not any(b.start <= binding.pos.start < b.end and b.kind in ("if", "case") for b in init.blocks)
        for binding in bindings
    )


def _at_end(engine: Engine, init: Scope, bindings: list[Binding], frame: Frame) -> tuple[list[Result], bool]:
    """What bindings give when a function has run, by each way on which it ends, and whether one surely does."""
    results: list[Result] = []
    sure = True
    for place, world in _ends(engine, init, frame):
        reached, complete = reaching(init, bindings, place, lambda block: truth.feasible(engine, block, frame))
        results += [within(found, world) for found in engine.held(reached, init, frame)[0]]
        sure = sure and complete
    return results, sure


def _ends(engine: Engine, init: Scope, frame: Frame) -> list[tuple[Place, World]]:
    """Where a function ends, with the decisions that lead there: at `return` in branches, and behind everything."""
    found: list[tuple[Place, World]] = []
    passed: set[tuple[object, object]] = set()
    for place, _ in init.returns:
        arms = [b for b in blocks_at(init, place) if b.kind in EXCLUSIVE]
        verdicts = [truth.feasible(engine, arm, frame) for arm in arms]
        if not arms or False in verdicts:
            continue
        open_arms = [arm for arm, verdict in zip(arms, verdicts) if verdict is None]
        found.append((place, frozenset((("arm", frame.key, arm.group), arm.arm) for arm in open_arms)))
        if not open_arms:
            return found
        if len(arms) == 1 and not any(b.group == arms[0].group and b is not arms[0] for b in init.blocks):
            passed.add((("arm", frame.key, arms[0].group), NO_ARM))
    return [*found, (END, frozenset(passed))]


def methods_of(engine: Engine, cls: ClassThing, scope: Scope) -> Iterator[Scope]:
    for bindings in list(scope.bindings.values()):
        for binding in bindings:
            if binding.kind == "def":
                yield engine.project.scope(cls.path, binding.scope)
