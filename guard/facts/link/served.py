"""Objects that a framework's own server runs: `root_agent` of an ADK package, the graphs that `langgraph.json` names.

In: a file. Out: calls that stand for what the server does with the file's objects, as if the module made them; they
are candidates as written calls are (`candidates`), so that what such an object asks counts, and what it runs is
invoked. Which variables and documents there are, the catalogue says (`Served`).
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from guard.facts.catalog_types import Arg, Served
from guard.facts.expr import Attr, Call, Expr, Name, Opaque, Pos
from guard.facts.filefacts import Binding, CallRef, FileFacts
from guard.facts.link import calling, documents, framework, plain
from guard.facts.link.arguments import CallArguments, sent
from guard.facts.link.stages import is_test
from guard.facts.link.things import DictOf, Ext, FilePath, Func, Made, known, standing_in

if TYPE_CHECKING:
    from guard.facts.link.engine import Engine

MAX_SERVED = 200
"""Objects that documents name, and calls that are looked at for objects which the repository runs itself."""


def refs(engine: Engine, facts: FileFacts) -> list[CallRef]:
    """Calls that a server makes on objects of a file's module."""
    return engine.served_calls.once(facts.path, lambda: _refs(engine, facts), [])


def _refs(engine: Engine, facts: FileFacts) -> list[CallRef]:
    found: list[CallRef] = []
    if facts.path.endswith(".ipynb") or is_test(facts.path):
        return found
    engine.work = 0
    for served in engine.project.catalog.served:
        if served.document:
            names = _named(engine, served).get(facts.path, ())
            found += [ref for name in names if (ref := _method(engine, facts, served, name)) is not None]
        else:
            found += [ref for name in served.variables if (ref := _wrapped(engine, facts, served, name)) is not None]
    return found


def is_served(engine: Engine, path: str, ref: CallRef) -> bool:
    """Whether a call stands for a server."""
    return path in engine.served_calls and any(ref is other for other in engine.served_calls.of(path))


def _binding(facts: FileFacts, name: str) -> Binding | None:
    """What a module's variable is in the end."""
    bindings = facts.scopes[0].bindings.get(name, ())
    return bindings[-1] if bindings and bindings[-1].kind in ("assign", "def", "import") else None


def _pos(binding: Binding) -> Pos:
    return binding.value.pos if binding.value is not None else binding.pos


def _method(engine: Engine, facts: FileFacts, served: Served, name: str) -> CallRef | None:
    """A method that is called on the object itself, or on what the function makes that the document names."""
    binding = _binding(facts, name)
    if binding is None:
        return None
    frame, pos = engine.module(facts.path), _pos(binding)
    result = engine.bound(binding, frame)
    if any(isinstance(alt.thing, Func) for alt in result.alts):
        maker = Call(pos, standing_in(pos, result), (), ())
        result = calling.called(engine, result, maker, frame)
    if not any(framework.is_held(engine, alt) for alt in result.alts):
        return None
    func = Attr(pos, standing_in(pos, result), served.call)
    sent_in: Expr = Opaque(pos, "what the server is sent")
    return CallRef(Call(pos, func, (sent_in,), ()), 0, f"{PurePosixPath(served.document).name}: {name}")


def _wrapped(engine: Engine, facts: FileFacts, served: Served, name: str) -> CallRef | None:
    """A method of the runner that the server makes for the object of a variable."""
    binding = _binding(facts, name)
    if binding is None or binding.kind != "assign":
        return None
    frame, pos = engine.module(facts.path), _pos(binding)
    result = engine.bound(binding, frame)
    objects = [alt.thing for alt in result.alts if isinstance(alt.thing, Ext) and framework.is_held(engine, alt)]
    if not objects or any(_place(thing) in _run(engine, served) for thing in objects):
        return None
    family = next((c.family for c in engine.project.catalog.client_named(served.makes)), None)
    if not any(layer.client.family == family for o in objects for layer in framework.layers_of(engine, o) or ()):
        return None
    made = Made(Call(pos, Name(pos, name), (), ((served.arg, standing_in(pos, result)),)), frame)
    func = standing_in(pos, known(Ext(f"{served.makes}().{served.call}", (made,))))
    return CallRef(Call(pos, func, (), ()), 0, name)


def _place(thing: Ext) -> object:
    return (thing.made[0].frame.path, thing.made[0].call.pos) if thing.made else None


def _run(engine: Engine, served: Served) -> frozenset[object]:
    """The objects that the repository runs itself, by where they are made: those are no server's."""
    return engine.served_elsewhere.once(served.makes, lambda: _find_run(engine, served), frozenset())


def _find_run(engine: Engine, served: Served) -> frozenset[object]:
    found: set[object] = set()
    names = dict.fromkeys((served.makes.rsplit(".", 1)[-1], *served.runners))
    calls = [pair for name in names for pair in engine.project.calls_named(name)]
    for facts, ref in calls[:MAX_SERVED]:
        if is_test(facts.path):
            continue
        value = sent(CallArguments(engine, ref.call, engine.root(facts.path, ref.scope)), Arg((served.arg,), 0))
        found |= {_place(alt.thing) for alt in (value.result.alts if value else ()) if isinstance(alt.thing, Ext)}
    return frozenset(found)


def _named(engine: Engine, served: Served) -> dict[str, tuple[str, ...]]:
    """The objects that documents name, by file: `"agent": "./src/agent.py:graph"`."""
    return engine.served_names.once(served.document, lambda: _find_named(engine, served), {})


def _find_named(engine: Engine, served: Served) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    project = engine.project
    paths = project.files_named(served.document)
    for path in paths[:MAX_SERVED]:
        whole = documents.document(project, FilePath(path, True, path), "json")
        thing = whole.alts[0].thing if whole.alts else None
        entries = thing.entries if isinstance(thing, DictOf) else ()
        graphs = next((plain.of_result(engine, engine.force(e.value)) for e in entries if e.key == served.key), None)
        for target in list(graphs.values())[:MAX_SERVED] if isinstance(graphs, dict) else ():
            target = target.get("path") if isinstance(target, dict) else target
            file, _, name = target.rpartition(":") if isinstance(target, str) else ("", "", "")
            place = documents.located(project, FilePath(file, False, path)) if file else None
            if place is not None:
                found[place] = tuple(dict.fromkeys((*found.get(place, ()), name)))
    return found
