"""Texts that are written for the case that something is not there: `x or "(empty)"`, `d.get(k, "none")`.

In: a result whose known alternatives stand in for something unknown. Out: the same, marked, and for those who read it
as text a hole for the unknown beside them. A model or a limit needs no hole: the written default is its choice, open
for the reason. In a text the placeholder alone would say that nothing is filled in. What is typical comes first: the
unknown, unless it has a default of its own that leads to the placeholder, or is an environment variable.

Neighbours: `truth`, `engine` and `methods` mark, `texts` and `messages` ask for the holes.
"""

from __future__ import annotations

from collections.abc import Callable

from guard.facts.link.known import is_environment
from guard.facts.link.things import Alt, Lit, Piece, Pieces, Result, within

UNSEEN = "unseen"
"""Kind of a decision between a placeholder and the unknown that it stands in for."""
BEHIND, LEADS, ITSELF = "behind", "leads", "itself"
"""Sides of it: a placeholder behind the unknown, one that is typical, and the unknown itself."""


def leads(unseen: Result) -> bool:
    """Whether a placeholder is what holds by default, for the unknown that it stands in for."""
    return bool(unseen.alts) or all(map(is_environment, unseen.open))


def marked(result: Result, place: object, leads: bool) -> Result:
    """The texts of a result as placeholders for something unknown. `place`: where that is decided; `leads`: what is
    known by default leads to the placeholder."""
    if not any(_is_text(alt) for alt in result.alts):
        return result
    world = frozenset({((UNSEEN, place), LEADS if leads else BEHIND)})
    alts = [alt for one in result.alts for alt in (within(Result((one,)), world).alts if _is_text(one) else (one,))]
    return Result(tuple(alts), result.open)


def with_holes(result: Result, hole: Callable[[str], Piece]) -> Result:
    """The same with a hole for each unknown that a placeholder stands in for; `hole` makes one for a reason.

    A result that is open for nothing but that is so no longer: the hole says it.
    """
    sides: dict[object, object] = {}
    for alt in result.alts:
        sides.update((decision, side) for decision, side in alt.world if _is_unseen(decision))
    if not sides:
        return result
    before: list[Alt] = []
    after: list[Alt] = []
    for alt in result.alts:
        behind = any(_is_unseen(d) and side == BEHIND for d, side in alt.world)
        (after if behind else before).append(alt)
    if not result.open:
        return Result((*before, *after))
    piece = Pieces((hole(result.open[0]),))
    for decision, side in sides.items():
        unseen = Alt(piece, (), frozenset({(decision, ITSELF)}))
        if side == ITSELF:
            continue
        if side == LEADS:
            after.append(unseen)
        else:
            before.append(unseen)
    return Result((*before, *after), result.open[1:])


def _is_unseen(decision: object) -> bool:
    return isinstance(decision, tuple) and decision[:1] == (UNSEEN,)


def _is_text(alt: Alt) -> bool:
    return isinstance(alt.thing, Pieces) or (isinstance(alt.thing, Lit) and isinstance(alt.thing.value, str))
