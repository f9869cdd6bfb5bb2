"""What code adds to an object of a framework by calling its methods: `graph.add_node("ask", ask)`, `@agent.tool`.

In: a layer of a target's clients, and what the catalogue says its methods add (`Holds.paths`). Out: the arguments that
are added, with the places of the calls. Neighbours: `holding` asks; `set_later` reads attributes that are assigned.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.facts.catalog_types import Holds
from guard.facts.expr import Attr, Call, Expr, last_name
from guard.facts.filefacts import CallRef, FileFacts
from guard.facts.link.arguments import CallArguments, sent
from guard.facts.link.things import Alt, Ext, Frame, Func, Inst, Lit, Made, Result, known

if TYPE_CHECKING:
    from guard.facts.link.engine import Engine
    from guard.facts.link.sends import Layer

MAX_LATER = 64
"""Calls that add something to one object."""


def later(engine: Engine, layer: Layer, holds: Holds) -> list[tuple[object, Result, str | None]]:
    """Arguments of the methods that add something to the object: `graph.add_node("ask", ask)`, `@agent.tool`."""
    made = layer.made
    if made is None:
        return []
    found: list[tuple[object, Result, str | None]] = []
    for call, frame in adding(engine, layer, holds):
        first = engine.quietly(call.args[0], frame) if call.args else Result(())
        named = next((name for a in first.alts if (name := _name_of(engine, a)) is not None), None)
        value = sent(CallArguments(engine, call, frame), holds.arg)
        if value is not None:
            found.append(((frame.path, call.pos), value.result, named))
    for path, scope in _decorated(engine, made, holds.paths) if not layer.derived else ():
        found.append(((path, scope), known(Func(path, scope)), None))
    return found


def _name_of(engine: Engine, alt: Alt) -> str | None:
    """The name of what is added: a text, or that of the function itself."""
    if isinstance(alt.thing, Func):
        return engine.project.scope(alt.thing.path, alt.thing.scope).name
    return str(alt.thing.value) if isinstance(alt.thing, Lit) else None


def adding(engine: Engine, layer: Layer, holds: Holds) -> list[tuple[Call, Frame]]:
    """The calls of the methods that add something to an object, with their frames."""
    made = layer.made
    if made is None:
        return []
    if layer.derived:
        return [(made.call, made.frame)] if last_name(made.call.func) in holds.paths else []
    return [(c, f) for name in holds.paths for c, f in later_calls(engine, made, name)]


def later_calls(engine: Engine, made: Made, name: str) -> list[tuple[Call, Frame]]:
    """Calls of a method on the object that a call makes, with their frames, in the order of the code.

    A receiver that is not known is taken for the object where its file makes no other one in the same way.
    """
    return engine.later.once((made.frame.path, made.call.pos, name), lambda: _find_later(engine, made, name), [])


def _find_later(engine: Engine, made: Made, name: str) -> list[tuple[Call, Frame]]:
    found: list[tuple[Call, Frame]] = []
    for facts in files_knowing(engine, made, name):
        alone = facts.path == made.frame.path and _only_maker(facts, made.call)
        found += [
            (ref.call, _frame(engine, facts, ref, made))
            for ref in facts.by_name.get(name, ())[: MAX_LATER * 4]
            if isinstance(ref.call.func, Attr) and _is_meant(engine, ref, facts, made, alone)
        ]
    del found[MAX_LATER:]
    return found


def _frame(engine: Engine, facts: FileFacts, ref: CallRef, made: Made) -> Frame:
    """The frame of a later call: that in which the object was made, where both stand in one function."""
    inner: Frame | None = made.frame
    while inner is not None:
        if (inner.path, inner.scope) == (facts.path, ref.scope):
            return inner
        inner = inner.lexical
    return engine.root(facts.path, ref.scope)


def files_knowing(engine: Engine, made: Made, name: str) -> list[FileFacts]:
    """The files that name something and may know the object that a call makes."""
    project, path = engine.project, made.frame.path

    def knowing() -> list[FileFacts]:
        others = set(project.naming(name)) & set(project.naming(project.stem(path)))
        return [facts for p in sorted({path, *others}) if (facts := project.facts(p)) is not None]

    return engine.knowing.once((path, name), knowing)


def _only_maker(facts: FileFacts, call: Call) -> bool:
    name = last_name(call.func)
    return name is not None and len(facts.by_name.get(name, ())) == 1


def _is_meant(engine: Engine, ref: CallRef, facts: FileFacts, made: Made, alone: bool) -> bool:
    assert isinstance(ref.call.func, Attr)
    receiver = engine.quietly(ref.call.func.base, _frame(engine, facts, ref, made))
    if not receiver.alts:
        return alone
    return any(is_made_by(alt.thing, made) for alt in receiver.alts)


def is_made_by(thing: object, made: Made) -> bool:
    """Whether a thing is the object that a call makes."""
    if isinstance(thing, Inst):  # an object of the repository's own subclass
        return thing.call is not None and thing.frame is not None and _at(thing.call, thing.frame.path, made)
    return isinstance(thing, Ext) and any(_at(m.call, m.frame.path, made) for m in thing.made)


def _at(call: Call, path: str, made: Made) -> bool:
    return (path, call.pos) == (made.frame.path, made.call.pos)


def _decorated(engine: Engine, made: Made, names: tuple[str, ...]) -> list[tuple[str, int]]:
    """Functions that a method of the object decorates: path and scope."""
    found = []
    for facts in files_knowing(engine, made, names[0]):
        alone = facts.path == made.frame.path and _only_maker(facts, made.call)
        for scope in facts.scopes:
            for decorator in scope.decorators:
                func: Expr = decorator.func if isinstance(decorator, Call) else decorator
                if isinstance(func, Attr) and func.name in names:
                    ref = CallRef(Call(func.pos, func, (), ()), max(scope.parent, 0))
                    if _is_meant(engine, ref, facts, made, alone):
                        found.append((facts.path, scope.id))
    return found
