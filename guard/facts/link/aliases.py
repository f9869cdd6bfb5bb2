"""Several names of one object: `same = options`, `a = b = []`. In: a scope and a name. Out: its other names.

Names are put together by plain assignments alone, wherever in the scope they stand. Which of them surely means the same
object at a place is said only where that is plain: one assignment, of the one name to the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from guard.facts.expr import Attr as Attribute
from guard.facts.expr import Call, Expr, IfElse, Logic, Name, Seq, Walrus, dotted
from guard.facts.filefacts import Binding, Effect, Scope
from guard.facts.link.names import Place

if TYPE_CHECKING:
    from guard.facts.link.engine import Engine

Groups = dict[str, frozenset[str]]
MAX_NAMES = 32
"""Names of one object that are looked at for changes."""


class Alias(NamedTuple):
    """Another name of an object, the place from which on it is one, and whether it surely is."""

    name: str
    since: Place
    sure: bool


def of(engine: Engine, path: str, scope: Scope, name: str) -> list[Alias]:
    """The other names that an object of a scope may have; only the first of very many (see `too_many`)."""
    others = sorted(_others(engine, path, scope, name))[:MAX_NAMES]
    return [_alias(scope, name, other) for other in others if other != name and " " not in other]


def too_many(engine: Engine, path: str, scope: Scope, name: str) -> bool:
    """Whether an object has more names than are followed."""
    return len(_others(engine, path, scope, name)) > MAX_NAMES


def _others(engine: Engine, path: str, scope: Scope, name: str) -> frozenset[str]:
    known = groups(engine, path, scope)
    others = known.get(name, frozenset())
    if "." in name and not others:  # `settings.names`, of which another name may have been taken
        variable = _variable(engine, path, scope, name)
        others = known.get(str(variable), frozenset()) if variable is not None else others
    return others


def groups(engine: Engine, path: str, scope: Scope) -> Groups:
    """The names of a scope that may mean one object, by name."""
    # a module that imports itself finds nothing
    return engine.aliases.once((path, scope.id), lambda: _grouped(engine, path, scope), {})


def _variable(engine: Engine, path: str, scope: Scope, name: str) -> str | None:
    """The variable of another module that a name of a scope means: the same text for all of its names there."""
    found = _there(engine, path, scope, name)
    return None if found is None else f"{found[0]} {min(found[1])}"


def _there(engine: Engine, path: str, scope: Scope, name: str) -> tuple[str, frozenset[str]] | None:
    """The module that a name of a scope is a variable of, and the variable's names in it."""
    first, *rest = name.split(".")
    bindings = [b for b in scope.bindings.get(first, ()) if b.kind != "aug"]
    if len(bindings) != 1 or bindings[0].kind != "import":
        return None
    binding = bindings[0]
    steps = [*([binding.member] if binding.member else []), *rest]
    target = engine.project.module(binding.module, path) if len(steps) == 1 else None
    facts = engine.project.facts(target) if target is not None and engine.project.has(target) else None
    if facts is None or target == path:
        return None
    return facts.path, groups(engine, facts.path, facts.scopes[0]).get(steps[0], frozenset({steps[0]}))


def _grouped(engine: Engine, path: str, scope: Scope) -> Groups:
    leader: dict[str, str] = {}

    def first(name: str) -> str:
        while leader.get(name, name) != name:
            name = leader[name]
        return name

    for name, bindings in scope.bindings.items():
        for binding in bindings:
            for other in _names(binding):
                leader[first(other)] = first(name)
    for names in _bound_together(scope):
        for name in names[1:]:
            leader[first(name)] = first(names[0])
    for name in _worth_following(engine, path, scope, leader):
        variable = _variable(engine, path, scope, name)
        if variable is not None:
            leader[first(name)] = first(variable)
    members: dict[str, set[str]] = {}
    for name in [*leader, *leader.values()]:
        members.setdefault(first(name), set()).add(name)
    return {name: frozenset(group) for group in members.values() if len(group) > 1 for name in group}


def _worth_following(engine: Engine, path: str, scope: Scope, leader: dict[str, str]) -> list[str]:
    """Names of which to know the variable of another module: what is changed here or has a second name, by any name.

    Following all imports would read every module that a package's `__init__` passes on.
    """
    facts = engine.project.facts(path)
    changed = facts.own_changes.get(scope.id, {}) if facts is not None else {}
    names = dict.fromkeys([*changed, *leader, *leader.values()])
    last = {name.rpartition(".")[2] for name in names}
    for name in names:
        found = _there(engine, path, scope, name)
        last |= found[1] if found is not None else frozenset()
    imported = [
        name for name, bindings in scope.bindings.items()
        if name not in names and any(b.kind == "import" and (b.member in last or name in last) for b in bindings)
    ]  # fmt: skip
    return [*names, *imported]


def _names(binding: Binding) -> Iterator[str]:
    """The names whose object a binding may give its own name."""
    if binding.kind not in ("assign", "walrus", "unpack") or binding.value is None:
        return
    waiting: list[Expr] = [binding.value]
    if binding.path:
        value, at = binding.value, binding.path[0]
        inside = (
            isinstance(value, Seq) and len(binding.path) == 1 and isinstance(at, int) and at in range(len(value.items))
        )
        waiting = [value.items[at]] if inside and isinstance(value, Seq) and isinstance(at, int) else []
    while waiting:
        value = waiting.pop()
        name = dotted(value)
        if name is not None:
            yield name
        elif isinstance(value, IfElse):
            waiting += [value.then, value.other]
        elif isinstance(value, Logic):
            waiting += value.values
        elif isinstance(value, Walrus):
            yield value.name


def _bound_together(scope: Scope) -> list[list[str]]:
    """Names that one assignment binds to one value: `a = b = []`."""
    by_value: dict[int, list[str]] = {}
    for name, bindings in scope.bindings.items():
        for binding in bindings:
            if binding.kind == "assign" and not binding.path and not isinstance(binding.value, (Name, Attribute)):
                by_value.setdefault(id(binding.value), []).append(name)
    return [names for names in by_value.values() if len(names) > 1]


def _alias(scope: Scope, name: str, other: str) -> Alias:
    ours, theirs = _origin(scope, name), _origin(scope, other)
    if ours is None or theirs is None or ours[0] != theirs[0]:
        return Alias(other, (0, 0), False)
    return Alias(other, max(ours[1], theirs[1]), True)


def _origin(scope: Scope, name: str) -> tuple[object, Place] | None:
    """Where the object of a name comes from, and since when the name means it; None where it is bound several times.

    `name += more` changes a list or dict in place, so it binds nothing anew.
    """
    since: Place = (0, 0)
    for _ in range(len(scope.bindings) + 1):
        bindings = [b for b in scope.bindings.get(name, ()) if b.kind != "aug"]
        if not bindings:
            return name, since
        binding = bindings[0]
        if len(bindings) > 1 or binding.kind != "assign" or binding.path or binding.value is None:
            return None if len(bindings) > 1 else ((name, binding.at), max(since, binding.at))
        since = max(since, binding.at)
        source = dotted(binding.value)
        if source is None:
            return id(binding.value), since
        name = source
    return None


def in_place(engine: Engine, path: str, scope: Scope, name: str) -> list[Effect]:
    """`name += more` as changes in place, for those who know the object by another name."""
    return [
        _grown(engine, binding)
        for binding in scope.bindings.get(name, ())
        if binding.kind == "aug" and binding.op in ("+", "|") and binding.value is not None
    ]


def _grown(engine: Engine, binding: Binding) -> Effect:
    kept = engine.grown.get(id(binding))
    if kept is not None:
        return kept[1]
    value = binding.value
    assert value is not None
    base: Expr = Name(binding.pos, binding.name.split(".")[0])
    for part in binding.name.split(".")[1:]:
        base = Attribute(binding.pos, base, part)
    method = "extend" if binding.op == "+" else "update"
    call = Call(binding.pos, Attribute(binding.pos, base, method), (value,), ())
    effect = Effect("call", base, None, call, binding.at)
    engine.grown[id(binding)] = (binding, effect)
    return effect
