"""Which expressions say the same in every turn of a loop, so that they are read once and not in each turn.

In: a loop of a scope; an expression. Out: the names that hold something else from turn to turn, or may; whether an
expression mentions none of them. Those are the names that the loop binds or changes, and what may lead to a thing that
it changes: other names of it, what was made with it, and functions of the scope, which read names when they are called.
A number that was made of one (`base = total + 1`) stays as it was made. Neighbours: `turns` runs loops turn by turn,
`engine` reads what is still in the frame as it was before the loop.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from guard.facts.expr import Comp, Expr, Lambda, Name
from guard.facts.filefacts import FileFacts, Scope
from guard.facts.link import aliases
from guard.facts.link.things import Held

if TYPE_CHECKING:
    from guard.facts.link.engine import Engine

ANYTHING = ""
"""Mentioned by what guard put among the expressions itself: it may rest on any turn."""


def moving(engine: Engine, path: str, scope: Scope, touched: Iterable[str], changed: Iterable[str]) -> frozenset[str]:
    """The names that say something else from turn to turn, or may. `touched`: names that the loop binds or changes;
    `changed`: those of them that it changes in place."""
    facts = engine.project.sure_facts(path)
    groups = aliases.groups(engine, path, scope)
    bound = frozenset(_root(name) for name in touched)
    leading = {_root(other) for name in changed for other in (name, *groups.get(name, ()))}
    leading |= {name for name, bindings in scope.bindings.items() if any(b.kind in ("def", "class") for b in bindings)}
    made = [
        *((_root(name), b.value) for name, bindings in scope.bindings.items() for b in bindings),
        *((_root(name), e.value) for name, found in facts.own_changes.get(scope.id, {}).items() for e in found),
    ]
    rows = [(name, _said(facts, value)) for name, value in made if value is not None]
    grown = True
    while grown:
        more = {
            name
            for name, (mentioned, later) in rows
            if name not in leading and (not leading.isdisjoint(mentioned) or not bound.isdisjoint(later))
        }
        grown = bool(more)
        leading |= more
    return bound | leading | {ANYTHING}


def mentioned(facts: FileFacts, expr: Expr) -> frozenset[str]:
    """The names that an expression mentions, those of its lambdas and comprehensions included."""
    return _said(facts, expr)[0]


def _said(facts: FileFacts, expr: Expr) -> tuple[frozenset[str], frozenset[str]]:
    """The names that an expression mentions, and those of them that its lambdas read when they are called."""
    found: set[str] = set()
    later: set[str] = set()
    waiting: list[tuple[object, bool]] = [(expr, False)]
    while waiting:
        node, inside = waiting.pop()
        if isinstance(node, Name):
            found.add(node.id)
            if inside:
                later.add(node.id)
        elif isinstance(node, Held):
            found.add(ANYTHING)
        elif isinstance(node, Lambda):
            scope = facts.scopes[node.scope]
            waiting += [(part, True) for part in (scope.body, *(p.default for p in scope.params))]
        elif isinstance(node, Comp):
            inner = facts.scopes[node.scope]
            waiting += [(part, inside) for part in (node.element, node.value, *inner.iters, *inner.tests)]
        elif isinstance(node, tuple):
            waiting += [(part, inside) for part in node if isinstance(part, tuple)]
    return frozenset(found), frozenset(later)


def _root(name: str) -> str:
    return name.partition(".")[0]
