"""Names of modules: what a module's code, its imports and functions that declare a name `global` bind.

In: a module and a name, or an import. Out: a result: something of the repository, else something outside of it.
Neighbours: `engine` evaluates what is bound, `effects` applies changes in place, `known` knows builtins.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.facts.filefacts import Binding, FileFacts
from guard.facts.link import effects, elsewhere, known, truth, turns
from guard.facts.link.names import END, Place, reaching
from guard.facts.link.things import Alt, Ext, Lit, ModuleThing, PackageThing, Result, Thing, union, unknown

if TYPE_CHECKING:
    from guard.facts.link.engine import Engine


def module_name(engine: Engine, path: str, name: str, at: Place = END, asker: str = "") -> Result:
    """What a name is in a module, at a place or when the module has run; `asker`: the file that imports it."""
    if (path, name, at) in engine.importing:
        return unknown("modules import it from one another")
    engine.importing.add((path, name, at))
    try:
        return _module_name(engine, path, name, at, asker)
    finally:
        engine.importing.discard((path, name, at))


def _module_name(engine: Engine, path: str, name: str, at: Place, asker: str) -> Result:
    facts = engine.project.facts(path)
    if facts is None:
        return unknown(f"{path} could not be read")
    scope, frame = facts.scopes[0], engine.module(path)
    bindings = scope.bindings.get(name, ())
    run = turns.behind(engine, name, scope, frame, at) if bindings else None
    if run is not None and not _global_bindings(engine, facts, name):
        found = effects.applied(engine, run.values[name], name, scope, frame, run.loop.end, at)
        return elsewhere.applied(engine, found, path, name, asker) if at == END else found
    reached, complete = reaching(scope, bindings, at, lambda block: truth.feasible(engine, block, frame))
    results, _ = engine.held(reached, scope, frame)
    if not reached and bindings:
        results = [engine.bound(b, frame) for b in bindings]
    settled = bool(results)
    for inner, binding in _global_bindings(engine, facts, name):
        results.append(engine.bound(binding, engine.root(path, inner)))
        settled = False
    if results and at == END:
        results += elsewhere.assigned(engine, path, name)
    if results:
        since = reached[-1].binding.at if complete and reached else (0, 0)
        found = union(results) if settled else _without_none(union(results))
        found = effects.applied(engine, found, name, scope, frame, since, at)
        return elsewhere.applied(engine, found, path, name, asker) if at == END else found
    for star in reversed(scope.stars):
        target = engine.project.module(star.module, path)
        if target is not None and not target.endswith("/") and _defines(engine, target, name):
            return module_name(engine, target, name, END, path)
    return known.builtin(name, path)


def _defines(engine: Engine, path: str, name: str) -> bool:
    facts = engine.project.facts(path)
    return facts is not None and (name in facts.scopes[0].bindings or bool(facts.scopes[0].stars))


def _global_bindings(engine: Engine, facts: FileFacts, name: str) -> list[tuple[int, Binding]]:
    """Bindings of a module's name by functions that declare it `global`."""
    if facts.path not in engine.declared_global:
        index: dict[str, list[tuple[int, Binding]]] = {}
        for scope in facts.scopes:
            for outer in scope.outer_names:
                index.setdefault(outer, []).extend((scope.id, b) for b in scope.bindings.get(outer, ()))
        engine.declared_global[facts.path] = index
    return engine.declared_global[facts.path].get(name, [])


def imported(engine: Engine, binding: Binding, importer: str) -> Result:
    """What an import binds: something of the repository, else something outside of it."""
    module, member = binding.module, binding.member
    hop = ()
    if not module.startswith(".") and engine.project.is_own(module):
        return Result((Alt(Ext(module if member is None else f"{module}.{member}"), hop),))
    target = engine.project.module(module, importer)
    if member is None:
        if target is None:
            return Result((Alt(Ext(module)),))
        return Result((Alt(_module_thing(target)),))
    if target is None:
        sub = engine.project.module(f"{module}.{member}" if not module.endswith(".") else module + member, importer)
        if sub is not None:
            return Result((Alt(_module_thing(sub)),))
        if module.startswith("."):
            return unknown(f"module {module} was not found")
        return Result((Alt(Ext(f"{module}.{member}")),))
    return member_of(engine, target, member, importer)


def member_of(engine: Engine, target: str, member: str, importer: str) -> Result:
    """A name of a module, or a submodule of a package."""
    if not target.endswith("/") and _defines(engine, target, member) and target != importer:
        found = module_name(engine, target, member, END, importer)
        if found.alts or found.open:
            return found
    folder = (
        target
        if target.endswith("/")
        else target.removesuffix("__init__.py")
        if target.endswith("__init__.py")
        else None
    )
    if folder is not None:
        for candidate in (f"{folder}{member}.py", f"{folder}{member}/__init__.py"):
            if engine.project.has(candidate):
                return Result((Alt(ModuleThing(candidate)),))
    if not target.endswith("/"):
        from guard.facts.link import lazily

        asked = lazily.of_module(engine, target, member) if target != importer else None
        return asked if asked is not None else module_name(engine, target, member, END, importer)
    return unknown(f"{member} was not found in {target}")


def named_module(engine: Engine, dotted: str, importer: str) -> Thing:
    """The module that a dotted name means: one of the repository, else one outside of it. Leading dots mean the
    importer's package, as in an import."""
    own = not dotted.startswith(".") and engine.project.is_own(dotted)
    target = None if own else engine.project.module(dotted, importer)
    return Ext(dotted) if target is None else _module_thing(target)


def _module_thing(target: str) -> Thing:
    return PackageThing(target) if target.endswith("/") else ModuleThing(target)


def _without_none(result: Result) -> Result:
    """A module variable that starts as None and is filled later is not None when it is used."""
    if len(result.alts) > 1:
        alts = tuple(a for a in result.alts if not (isinstance(a.thing, Lit) and a.thing.value is None))
        if alts:
            return Result(alts, result.open)
    return result
