"""What code puts into an object of a framework after it is made: `agent.handoffs = [...]`, `agent.tools.append(f)`.

In: the call that makes an object, and the name of an argument. Out: the values that its attribute of that name gets in
the files that may know the object. Neighbours: `holding` asks, beside the arguments of the constructor and the methods
that the catalogue names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from guard.facts.expr import Attr, Expr, Name, Seq, dotted
from guard.facts.filefacts import FileFacts
from guard.facts.link import adding
from guard.facts.link.things import Made, Result

if TYPE_CHECKING:
    from guard.facts.link.engine import Engine

MAX_CHANGES = 64
"""Changes of one attribute that are looked at in a file."""


class Change(NamedTuple):
    """An attribute of an object gets a value, or another element."""

    receiver: Expr
    value: Expr
    scope: int
    path: str
    is_element: bool
    """The value is one element of the attribute's list."""


def values(engine: Engine, made: Made, name: str) -> list[Result]:
    """What an attribute of the object gets after it is made."""
    found: list[Result] = []
    for facts in adding.files_knowing(engine, made, name):
        for change in _index(engine, facts).get(name, ())[:MAX_CHANGES]:
            frame = engine.root(change.path, change.scope) if change.scope > 0 else engine.module(change.path)
            if any(adding.is_made_by(alt.thing, made) for alt in engine.quietly(change.receiver, frame).alts):
                value = Seq(change.value.pos, "list", (change.value,)) if change.is_element else change.value
                found.append(engine.eval(value, frame))
    return found


def _names(engine: Engine) -> frozenset[str]:
    """Arguments that hold several objects, of all frameworks."""
    if engine.list_arguments is None:
        clients = engine.project.catalog.clients.values()
        engine.list_arguments = frozenset(
            name
            for c in clients
            for h in c.holds
            if h.each and not h.paths
            for name in h.arg.names
            if name.isidentifier()
        )
    return engine.list_arguments


def _index(engine: Engine, facts: FileFacts) -> dict[str, list[Change]]:
    """Such changes of a file by the name of the attribute; made once."""
    return engine.set_later.once(facts.path, lambda: _made_index(engine, facts))


def _made_index(engine: Engine, facts: FileFacts) -> dict[str, list[Change]]:
    found: dict[str, list[Change]] = {}
    wanted = _names(engine)
    for scope in facts.scopes:
        for written, bindings in scope.bindings.items():
            receiver, _, name = written.rpartition(".")
            for binding in bindings if receiver and name in wanted and receiver not in ("self", "cls") else ():
                if binding.kind == "assign" and binding.value is not None:
                    change = Change(_spelled(receiver, binding.value), binding.value, scope.id, facts.path, False)
                    found.setdefault(name, []).append(change)
    for method, is_element in (("append", True), ("extend", False)):
        for ref in facts.by_name.get(method, ()):
            target = ref.call.func.base if isinstance(ref.call.func, Attr) else None
            if isinstance(target, Attr) and target.name in wanted and len(ref.call.args) == 1 and dotted(target.base):
                change = Change(target.base, ref.call.args[0], ref.scope, facts.path, is_element)
                found.setdefault(target.name, []).append(change)
    return found


def _spelled(receiver: str, at: Expr) -> Expr:
    """The expression of a dotted name, at the place of another one."""
    first, *rest = receiver.split(".")
    made: Expr = Name(at.pos, first)
    for part in rest:
        made = Attr(at.pos, made, part)
    return made
