"""Functions and classes as values: under which other names may they be called?

In: a name. Out: calls whose callee mentions that name or one it was handed to: a variable, an attribute, a field's
default, a keyword argument, a dict's key, a parameter. Which of them really mean the function, the evaluator decides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Set
from typing import NamedTuple

from guard.facts.expr import (
    Attr,
    Call,
    Comp,
    Const,
    Expr,
    IfElse,
    Item,
    Lambda,
    Logic,
    Map,
    Name,
    Op,
    Seq,
    Star,
    Text,
    Walrus,
    last_name,
)  # fmt: skip
from guard.facts.filefacts import Binding, CallRef, FileFacts
from guard.facts.link.project import Project

MAX_HOPS = 4
MAX_NAMES = 24
MAX_CALLS = 200


class Mentions(NamedTuple):
    """Where names are mentioned as values in one file."""

    bindings: dict[str, list[tuple[int, Binding]]]
    callees: dict[str, list[CallRef]]
    arguments: dict[str, list[tuple[CallRef, str | int]]]
    keys: dict[str, list[str]]
    """Keys of dict displays whose value mentions the name."""
    params: dict[str, list[str]]
    """Parameters whose default mentions the name."""
    returns: dict[str, list[str]]
    """Functions that return the name as a value."""
    results: dict[str, list[tuple[int, Binding]]]
    """Bindings whose value is a call of the name, or is given one: what a factory makes."""


class Handed(NamedTuple):
    """A call that may mean the function. `telling`: the name it goes by was given to it as a field, key or keyword."""

    facts: FileFacts
    ref: CallRef
    telling: bool


class Hands:
    """Follows names from hand to hand; each file is indexed once."""

    def __init__(
        self, project: Project, parameter: Callable[[FileFacts, CallRef, int], tuple[str, str] | None]
    ) -> None:
        self.project = project
        self.parameter = parameter
        """Path and name of the parameter that a positional argument of a call goes to, if the callee is known."""
        self._kept: dict[str, Mentions] = {}
        """By file; rests on the facts of that file alone, which who asks has read."""

    def calls(
        self, names: Mapping[str, Set[str]], naming: Callable[[str], frozenset[str]], objects: bool = False
    ) -> list[Handed]:  # fmt: skip
        """Calls by other names. `names`: own names -> files in which they mean the function; with `objects` they are
        those of a class whose objects are called. `naming`: the files that count in which a name stands."""
        found: dict[tuple[str, object], Handed] = {}
        for name, facts, telling, hops in self._walk(names, naming, objects):
            for ref in self._index(facts).callees.get(name, ()):
                if hops or last_name(ref.call.func) != name:
                    found.setdefault((facts.path, ref.call.pos), Handed(facts, ref, telling))
            if len(found) >= MAX_CALLS:
                break
        return list(found.values())

    def takers(self, names: Mapping[str, Set[str]], naming: Callable[[str], frozenset[str]]) -> list[Handed]:
        """Calls that are given the function, by its own or another name, as an argument."""
        found: dict[tuple[str, object], Handed] = {}
        for name, facts, telling, _ in self._walk(names, naming):
            for ref, _ in self._index(facts).arguments.get(name, ()):
                found.setdefault((facts.path, ref.call.pos), Handed(facts, ref, telling))
            if len(found) >= MAX_CALLS:
                break
        return list(found.values())

    def _walk(
        self, names: Mapping[str, Set[str]], naming: Callable[[str], frozenset[str]], objects: bool = False
    ) -> Iterator[tuple[str, FileFacts, bool, int]]:
        """Names and files in which they may mean the function, whether they are telling, and after how many hops.

        Parameters of known functions are sure to mean it and go first: names that many files share never crowd them
        out.
        """
        waiting = [(name, frozenset(paths), False, 0) for name, paths in names.items()]
        sure: list[tuple[str, frozenset[str], bool, int]] = []
        seen = {(name, paths) for name, paths, _, _ in waiting}
        given = 0
        while sure or (waiting and len(seen) - given < MAX_NAMES):
            name, paths, telling, hops = sure.pop(0) if sure else waiting.pop(0)
            for path in sorted(paths):
                facts = self.project.facts(path)
                if facts is None:
                    continue
                yield name, facts, telling, hops
                if hops < MAX_HOPS:
                    index = self._index(facts)
                    made = index.results.get(name, []) if objects and not hops else []
                    for alias, where, clear in self._aliases(facts, index, name, telling, naming, made):
                        if (alias, where) not in seen and alias not in names:
                            seen.add((alias, where))
                            waiting.append((alias, where, clear, hops + 1))
                    for alias, where in self._parameters(facts, index, name):
                        if (alias, where) not in seen and given < MAX_NAMES:
                            given += 1
                            seen.add((alias, where))
                            sure.append((alias, where, False, hops + 1))

    def _aliases(
        self, facts: FileFacts, index: Mentions, name: str, telling: bool, naming: Callable[[str], frozenset[str]],
        made: list[tuple[int, Binding]],
    ) -> list[tuple[str, frozenset[str], bool]]:  # fmt: skip
        """Names that a name is handed to in a file, the files where they count, and whether they are telling."""
        here = frozenset({facts.path})
        found: list[tuple[str, frozenset[str], bool]] = []

        def everywhere(alias: str) -> None:
            if len(alias) > 2:
                found.append((alias, _with(naming(alias), facts.path), "_" in alias or len(alias) > 7))

        for scope, binding in (*index.bindings.get(name, ()), *made):
            alias = binding.name.rsplit(".", 1)[-1]
            if facts.scopes[scope].kind == "class" or "." in binding.name:
                everywhere(alias)
            elif facts.scopes[scope].kind == "module":
                found.append((alias, _with(naming(alias), facts.path), False))
            else:
                found.append((alias, here, telling))
        for _, slot in index.arguments.get(name, ()):
            if isinstance(slot, str):
                everywhere(slot)
        for key in index.keys.get(name, ()):
            everywhere(key)
        found += [(param, here, False) for param in index.params.get(name, ())]
        for factory in index.returns.get(name, ()):
            for path in sorted(_with(naming(factory), facts.path)):
                other = self.project.facts(path)
                for _, binding in self._index(other).results.get(factory, ()) if other is not None else ():
                    alias = binding.name.rsplit(".", 1)[-1]
                    if "." in binding.name and len(alias) > 2:
                        found.append((alias, _with(naming(alias), path), "_" in alias or len(alias) > 7))
                    else:
                        found.append((alias, frozenset({path}), False))
        return found

    def _parameters(self, facts: FileFacts, index: Mentions, name: str) -> list[tuple[str, frozenset[str]]]:
        """The parameters of known functions that a name is passed to by position, with the files of the functions."""
        places = [(ref, slot) for ref, slot in index.arguments.get(name, ()) if isinstance(slot, int)]
        targets = [self.parameter(facts, ref, slot) for ref, slot in places]
        return [(target[1], frozenset({target[0]})) for target in targets if target is not None]

    def _index(self, facts: FileFacts) -> Mentions:
        if facts.path in self._kept:
            return self._kept[facts.path]
        index = Mentions({}, {}, {}, {}, {}, {}, {})
        for scope in facts.scopes:
            for bindings in scope.bindings.values():
                for binding in bindings:
                    if binding.value is not None:
                        for name in values_in(binding.value, index.keys):
                            index.bindings.setdefault(name, []).append((scope.id, binding))
                        for called in _called_in(binding.value):
                            index.results.setdefault(called, []).append((scope.id, binding))
            for param in scope.params:
                for name in values_in(param.default, index.keys) if param.default is not None else ():
                    index.params.setdefault(name, []).append(param.name)
            for _, value in scope.returns:
                for name in values_in(value, index.keys) if value is not None else ():
                    index.returns.setdefault(name, []).append(scope.name)
        for ref in facts.calls:
            for name in values_in(ref.call.func, None):
                index.callees.setdefault(name, []).append(ref)
            for number, arg in enumerate(ref.call.args):
                for name in values_in(arg, index.keys):
                    index.arguments.setdefault(name, []).append((ref, number))
            for keyword, value in ref.call.keywords:
                for name in values_in(value, index.keys):
                    if keyword is not None:
                        index.arguments.setdefault(name, []).append((ref, keyword))
        self._kept[facts.path] = index
        return index


def _with(paths: frozenset[str], path: str) -> frozenset[str]:
    """The paths with one more; the same object where it is there, since such sets are large and compared often."""
    return paths if path in paths else paths | {path}


def _called_in(expr: Expr) -> set[str]:
    """The name of what a call calls, and of what its arguments do: `compile(Program())` may give that object back."""
    if not isinstance(expr, Call):
        return set()
    calls = [expr, *(v for v in (*expr.args, *(value for _, value in expr.keywords)) if isinstance(v, Call))]
    return {name for call in calls if (name := last_name(call.func)) is not None}


def values_in(expr: Expr, keys: dict[str, list[str]] | None) -> set[str]:
    """Names that an expression may hand on as values: not those it calls. Dict keys are noted by what they hold."""
    found: set[str] = set()
    waiting: list[Expr | None] = [expr]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Name):
            found.add(node.id)
        elif isinstance(node, Attr):
            found.add(node.name)
            waiting.append(node.base if isinstance(node.base, (Attr, Name)) and node.name in _PASSING else None)
        elif isinstance(node, Item):
            if isinstance(node.key, Const) and isinstance(node.key.value, str):
                found.add(node.key.value)
            waiting.append(node.base)
        elif isinstance(node, Call):
            waiting += [
                node.func if isinstance(node.func, (Call, Item)) else None,
                *node.args,
                *(v for _, v in node.keywords),
            ]
            if isinstance(node.func, Attr) and node.func.name in ("get", "pop", "items", "values"):
                waiting.append(node.func.base)
                found |= {a.value for a in node.args[:1] if isinstance(a, Const) and isinstance(a.value, str)}
        elif isinstance(node, Map):
            for key, value in node.items:
                inner = values_in(value, keys)
                found |= inner
                if keys is not None and isinstance(key, Const) and isinstance(key.value, str):
                    for name in inner:
                        keys.setdefault(name, []).append(key.value)
        elif isinstance(node, Seq):
            waiting += node.items
        elif isinstance(node, (Star, Walrus)):
            waiting.append(node.value)
        elif isinstance(node, IfElse):
            waiting += [node.then, node.other]
        elif isinstance(node, Logic):
            waiting += node.values
        elif isinstance(node, Op) and node.op in ("|", "+"):
            waiting += [node.left, node.right]
        elif isinstance(node, Comp):
            waiting += [node.element, node.value]
        elif isinstance(node, (Text, Lambda)):
            continue
    return found


_PASSING = frozenset({
    "delay", "apply_async", "remote", "fn", "func", "aio", "spawn", "local", "map", "submit",
    "invoke", "ainvoke", "stream", "astream",
})  # fmt: skip
"""Attributes of a task, or of the entry point of a graph, that run the function itself."""
