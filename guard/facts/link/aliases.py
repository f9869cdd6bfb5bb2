"""Several names of one object: `same = options`, `a = b = []`. In: a scope and a name. Out: its other names.

Names are put together by plain assignments alone, wherever in the scope they stand. Which of them surely means the same
object at a place is said only where that is plain: one assignment, of the one name to the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from guard.facts.expr import Call, Expr, IfElse, Logic, Name, Seq, Walrus, dotted
from guard.facts.expr import Attr as Attribute
from guard.facts.filefacts import Binding, Effect, Scope
from guard.facts.link.names import Place

if TYPE_CHECKING:
    from guard.facts.link.engine import Engine

Groups = dict[str, frozenset[str]]


class Alias(NamedTuple):
    """Another name of an object, the place from which on it is one, and whether it surely is."""

    name: str
    since: Place
    sure: bool


def of(engine: Engine, path: str, scope: Scope, name: str) -> list[Alias]:
    """The other names that an object of a scope may have."""
    others = groups(engine, path, scope).get(name, frozenset()) - {name}
    return [_alias(scope, name, other) for other in sorted(others)]


def groups(engine: Engine, path: str, scope: Scope) -> Groups:
    """The names of a scope that may mean one object, by name."""
    key = (path, scope.id)
    found = engine.aliases.get(key)
    if found is None:
        found = engine.aliases[key] = _grouped(scope)
    return found


def _grouped(scope: Scope) -> Groups:
    leader: dict[str, str] = {}

    def first(name: str) -> str:
        while leader.get(name, name) != name:
            name = leader[name]
        return name

    for name, bindings in scope.bindings.items():
        by_value: dict[int, str] = {}
        for binding in bindings:
            for other in _names(binding):
                leader[first(other)] = first(name)
            if binding.value is not None and not binding.path:
                by_value[id(binding.value)] = name
    for names in _bound_together(scope):
        for name in names[1:]:
            leader[first(name)] = first(names[0])
    members: dict[str, set[str]] = {}
    for name in [*leader, *leader.values()]:
        members.setdefault(first(name), set()).add(name)
    return {name: frozenset(group) for group in members.values() if len(group) > 1 for name in group}


def _names(binding: Binding) -> Iterator[str]:
    """The names whose object a binding may give its own name."""
    if binding.kind not in ("assign", "walrus", "unpack") or binding.value is None:
        return
    waiting: list[Expr] = [binding.value]
    if binding.path:
        value, at = binding.value, binding.path[0]
        inside = isinstance(value, Seq) and len(binding.path) == 1 and isinstance(at, int) and at < len(value.items)
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
    ours, theirs = scope.bindings.get(name, ()), scope.bindings.get(other, ())
    if len(theirs) == 1 and _is(theirs[0], name) and len(ours) <= 1:
        return Alias(other, theirs[0].at, True)
    if len(ours) == 1 and len(theirs) <= 1:
        if _is(ours[0], other):
            return Alias(other, ours[0].at, True)
        if theirs and ours[0].value is theirs[0].value and not ours[0].path and not theirs[0].path:
            return Alias(other, ours[0].at, True)
    return Alias(other, (0, 0), False)


def _is(binding: Binding, name: str) -> bool:
    plain = binding.kind == "assign" and not binding.path and binding.value is not None
    return plain and binding.value is not None and dotted(binding.value) == name


def in_place(engine: Engine, path: str, scope: Scope, name: str) -> list[Effect]:
    """`name += more` as changes in place, for those who know the object by another name."""
    found = []
    for binding in scope.bindings.get(name, ()):
        if binding.kind == "aug" and binding.op in ("+", "|") and binding.value is not None:
            found.append(_grown(engine, binding))
    return found


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
