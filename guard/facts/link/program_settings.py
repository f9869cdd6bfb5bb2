"""Objects that hold for a whole program: `dspy.configure(lm=...)`, `Settings.llm = ...`, `with dspy.context(lm=...)`.

In: a setting of the catalogue and a call that goes by it. Out: what the setting is there. The nearest place decides: a
`with` block around the call, the last one before it in the same function, those of the same file, those of the nearest
file on the way from the entry point, then those of all files (several: one world for each).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from guard.facts.catalog_types import Arg, Setting
from guard.facts.expr import Call
from guard.facts.filefacts import FileFacts
from guard.facts.link.arguments import CallArguments, sent
from guard.facts.link.names import END, Place, blocks_at
from guard.facts.link.stages import is_test, stage_of
from guard.facts.link.things import Called, Ext, Frame, Lit, Result, Root, known, union, within

if TYPE_CHECKING:
    from guard.facts.link.engine import Engine

MAX_PLACES = 24
MAX_LEVELS = 8
"""Functions around a call that are looked at for `with` blocks."""
HEADER = 2
"""Lines between the call in the head of a `with` statement and its body."""


class Set(NamedTuple):
    """A place where a setting gets a value."""

    path: str
    scope: int
    at: Place
    result: Result


def value(engine: Engine, setting: Setting, call: Call, frame: Frame) -> Result | None:
    """What a setting is for a call in a frame; None when nothing in the repository sets it."""
    inner: Frame | None = frame
    place = call.pos.start
    for _ in range(MAX_LEVELS if _is_scoped(engine, setting) else 0):
        if inner is None:
            break
        scoped = _scoped(engine, setting, place, inner)
        if scoped is not None:
            return _settled(engine, setting, scoped, call, frame)
        place, inner = _outside(engine, inner)
    return _global(engine, setting, call, frame)


def _outside(engine: Engine, frame: Frame) -> tuple[Place, Frame | None]:
    """Where a frame is entered from: the function around a comprehension, the call that the context names."""
    scope = engine.scope_of(frame)
    if scope.kind in ("comp", "lambda"):
        return scope.pos.start, frame.lexical
    if frame.call is not None:
        return frame.call.pos.start, frame.caller
    bind = engine.consult(Root("callers", frame.path, frame.scope), "settings") if scope.kind == "function" else None
    return (bind.call.pos.start, bind.frame) if isinstance(bind, Called) else ((0, 0), None)


def _is_scoped(engine: Engine, setting: Setting) -> bool:
    """Whether some `with` block of the repository sets it."""
    names = {chain.rsplit(".", 1)[-1] for chain, _ in setting.scoped}

    def scoped() -> bool:
        return any(
            _set_by(engine, ref.call, engine.root(facts.path, ref.scope), dict(setting.scoped)) is not None
            for facts in _files(engine, names)
            for name in names
            for ref in facts.by_name.get(name, ())
        )

    return engine.scoped.once(setting.id, scoped)


def _settled(engine: Engine, setting: Setting, result: Result, call: Call, frame: Frame) -> Result | None:
    """A value that is the setting itself (`with context(lm=settings.lm)`) is what the program sets."""
    if any(isinstance(a.thing, Ext) and a.thing.chain in setting.names for a in result.alts):
        rest = tuple(a for a in result.alts if not (isinstance(a.thing, Ext) and a.thing.chain in setting.names))
        outer = _global(engine, setting, call, frame)
        return union([Result(rest, result.open), *([outer] if outer is not None else [])])
    return result


def _scoped(engine: Engine, setting: Setting, place: Place, frame: Frame) -> Result | None:
    """The value that a `with` block around a place sets."""
    facts = engine.project.facts(frame.path)
    if facts is None or not setting.scoped:
        return None
    names = dict(setting.scoped)
    for block in reversed(blocks_at(facts.scopes[frame.scope], place)):
        if block.kind != "with":
            continue
        for name in {chain.rsplit(".", 1)[-1] for chain in names}:
            for ref in facts.by_name.get(name, ()):
                near = 0 <= block.start[0] - ref.call.pos.end_line <= HEADER and ref.call.pos.end <= block.start
                arg = _set_by(engine, ref.call, frame, names) if near and ref.scope == frame.scope else None
                found = sent(CallArguments(engine, ref.call, frame), arg) if arg is not None else None
                if found is not None:
                    return found.result
    return None


def _set_by(engine: Engine, call: Call, frame: Frame, names: dict[str, Arg]) -> Arg | None:
    """The argument that holds the object, when a call is one of the functions that set it."""
    chains = [a.thing.chain for a in engine.quietly(call.func, frame).alts if isinstance(a.thing, Ext)]
    return next((names[chain] for chain in chains if chain in names), None)


def _global(engine: Engine, setting: Setting, call: Call, frame: Frame) -> Result | None:
    places = [s for s in _places(engine, setting) if is_test(frame.path) or not is_test(s.path)]
    here = [s for s in places if s.path == frame.path]
    before = [s for s in here if s.scope == frame.scope and s.at <= call.pos.start]
    if before:
        return before[-1].result
    if not here and len({s.path for s in places}) > 1:
        here = _on_the_way(engine, places, call, frame)
    if not here:
        production = [s for s in places if stage_of(s.path) == "production"]
        here = production or places
    if not here:
        return None
    decision = ("setting", setting.id)
    several = len(here) > 1
    return union(
        within(s.result, frozenset({(decision, n)})) if several else s.result for n, s in enumerate(here[:MAX_PLACES])
    )


def _on_the_way(engine: Engine, places: list[Set], call: Call, frame: Frame) -> list[Set]:
    """The places in the nearest file on the way from the entry point to a call: each program sets its own."""
    place, inner = call.pos.start, frame
    for _ in range(MAX_LEVELS):
        place, outer = _outside(engine, inner)
        if outer is None:
            return []
        inner = outer
        own = [s for s in places if s.path == inner.path]
        before = [s for s in own if s.scope == inner.scope and s.at <= place]
        if own:
            return before[-1:] or own
    return []


def _places(engine: Engine, setting: Setting) -> list[Set]:
    """All places that set it, in the order of files and lines; looked for once."""
    return engine.settings.once(setting.id, lambda: _find_places(engine, setting), [])


def _find_places(engine: Engine, setting: Setting) -> list[Set]:
    found: list[Set] = []
    setters = dict(setting.setters)
    for facts in _files(engine, [name.rsplit(".", 1)[-1] for name in setters]):
        for name in {chain.rsplit(".", 1)[-1] for chain in setters}:
            for ref in facts.by_name.get(name, ()):
                frame = engine.root(facts.path, ref.scope)
                arg = _set_by(engine, ref.call, frame, setters)
                given = sent(CallArguments(engine, ref.call, frame), arg) if arg is not None else None
                if given is not None:
                    found.append(Set(facts.path, ref.scope, ref.call.pos.end, given.result))
                elif arg is not None and arg.how == "default":
                    found.append(Set(facts.path, ref.scope, ref.call.pos.end, known(Lit(arg.default))))
    for facts in _files(engine, [name.rsplit(".", 1)[-1] for name in setting.names]):
        found += _assigned(engine, setting, facts)
    found.sort(key=lambda s: (s.path, s.at))
    return found


def _files(engine: Engine, names: Iterable[str]) -> list[FileFacts]:
    project = engine.project
    known = set(project.mentioning(project.catalog.needles))
    paths = {path for name in set(names) for path in project.naming(name)} & known
    return [facts for path in sorted(paths) if (facts := project.facts(path)) is not None]


def _assigned(engine: Engine, setting: Setting, facts: FileFacts) -> list[Set]:
    """Assignments to the attribute that is the setting."""
    found = []
    tails = {".".join(name.split(".")[-2:]) for name in setting.names}
    ends = tuple("." + name.rsplit(".", 1)[-1] for name in setting.names)
    for scope in facts.scopes:
        for name, bindings in scope.bindings.items():
            if not name.endswith(ends):
                continue
            frame = engine.root(facts.path, scope.id)
            first, _, rest = name.partition(".")
            base = engine.lookup(first, END, frame)
            chains = {f"{a.thing.chain}.{rest}" for a in base.alts if isinstance(a.thing, Ext)}
            if not chains & set(setting.names) and not (not base.alts and name in tails):
                continue
            found += [Set(facts.path, scope.id, b.at, engine.bound(b, frame)) for b in bindings if b.kind == "assign"]
    return found
