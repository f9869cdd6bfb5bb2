"""Objects of which one is asked, made in different places: a request of its own for each.

In: a decided request whose call may go through several objects (`match provider: case "openai": ...`). Out: the same
once for each place that makes one, in the order of what is likely; together they exclude one another (`groups`). An
object that nothing known leads to is left out, where another one is led to: it is shown as one that is not used.
Neighbours: `framework.by_maker` tells the objects apart, `narrowing` says what leads to them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from guard.facts.link.contexts import Leaf, drafted

if TYPE_CHECKING:
    from guard.facts.filefacts import CallRef, FileFacts
    from guard.facts.link.draft import Drafter

MAX_OBJECTS = 24
"""Objects of which one is asked that are requests of their own."""
MAX_APART = 128
"""Requests of one call that are told apart by their objects; beyond it they stay together, as variants."""


def separately(drafter: Drafter, facts: FileFacts, ref: CallRef, leaf: Leaf, number: int, before: int) -> list[Leaf]:
    """The request once for each place that makes the object it goes through. `before`: requests of the call so far."""
    makers = leaf.draft.makers
    if leaf.cut or not 1 < makers <= MAX_OBJECTS or before + makers > MAX_APART:
        return [leaf]
    found: list[Leaf] = []
    for maker in range(makers):
        draft = drafted(drafter, facts, ref, leaf, leaf.context, number, maker)
        if draft is not None:
            found.append(replace(leaf, draft=draft))
    return found or [leaf]
