"""Loops that ask the same until the answer will do: `for _ in range(3): text = ask(prompt); if good(text): break`.

In: a call in a loop. Out: whether each turn sends the same, and a test of what came back ends the loop: as a rule the
first turn does, and the others are there for the worst. A loop that changes what it sends (a conversation, a list of
questions) is none, nor is one of which that cannot be said. Neighbour: `loops` counts the turns.
"""

from __future__ import annotations

from guard.facts.expr import Attr, Call, Comp, Lambda, Name, Opaque, dotted
from guard.facts.filefacts import Block, Scope

OBJECTS = frozenset({"self", "cls"})
"""Names of objects whose other methods may change anything of them."""


def until_good(scope: Scope, loop: Block, call: Call, ending: list[Block]) -> bool:
    """Whether one of the arms that end a loop tests what a call brought, while each turn sends the same."""
    place = call.pos.start
    came = {
        name.split(".")[0]
        for name, bindings in scope.bindings.items()
        if any(
            b.kind in ("assign", "walrus", "unpack") and place <= b.at and loop.start <= b.pos.start < loop.end
            for b in bindings
        )
    }
    tested = any(
        arm.start > place and arm.test is not None and not came.isdisjoint(_names(arm.test) or ()) for arm in ending
    )
    return tested and _same(scope, loop, call)


def _same(scope: Scope, loop: Block, call: Call) -> bool:
    """Whether nothing in a loop changes what a call is given."""
    given = _names((*call.args, *call.keywords))
    if not given or given & OBJECTS:
        return False
    for name, bindings in scope.bindings.items():
        if name.split(".")[0] in given and any(loop.start <= b.at <= loop.end for b in bindings):
            return False
    for effect in scope.effects:
        root = (dotted(effect.base) or "").split(".")[0]
        if root in given and loop.start <= effect.at <= loop.end and effect.value is not call:
            return False
    return True


def _names(parts: object) -> set[str] | None:
    """The names that stand in expressions; None where some stand in a scope of their own or are not followed."""
    found: set[str] = set()
    waiting: list[object] = [parts]
    while waiting:
        part = waiting.pop()
        if isinstance(part, (Comp, Lambda, Opaque)):
            return None
        if isinstance(part, Name):
            found.add(part.id)
        elif isinstance(part, Attr):
            waiting.append(part.base)
        elif isinstance(part, tuple):
            waiting += part
    return found
