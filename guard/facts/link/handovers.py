"""Agents that hand the run over to others: who of them may be asked again within the run.

In: a target. Out: arguments of its agent that hold those who take over, where that gives the agent itself no further
turn: it answers or hands over, once. An agent that the others may hand back to is asked again, and so is one of whom
that is not known. Neighbours: `holding` finds what an agent holds, `framework` makes requests of it, `draft` asks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from guard.facts.link import framework, holding
from guard.facts.link.arguments import is_absent
from guard.facts.link.things import Ext, ListOf, Result

if TYPE_CHECKING:
    from guard.facts.link.engine import Engine
    from guard.facts.link.sends import Layer, Target

MAX_LOOKED = 96
"""Hand-overs that are looked at for one agent; where there are more, the run may come back."""
MAX_NESTED = 3
"""Lists in lists that those who take over are looked for in."""


class _NotKnown(Exception):
    """Somebody takes over of whom nothing is known."""


def without_return(engine: Engine, target: Target) -> frozenset[str]:
    """Names of the arguments that hold those who take over from the target's agent, where none comes back to it."""
    own = target.clients[: target.own]
    names = frozenset(
        name for layer in own for holds in layer.client.holds if holds.takes_over for name in holds.arg.names
    )
    # What takes over itself is counted anew each time it does: then it, too, is asked once.
    if not names or target.use == "delegate":
        return names
    return frozenset() if _comes_back(engine, own) else names


def _comes_back(engine: Engine, own: Iterable[Layer]) -> bool:
    """Whether a run may come back to an agent by the hand-overs of others."""
    waiting = list(own)
    start = {_call(layer) for layer in waiting if layer.client.object == "agent"}
    if None in start:
        return True
    met: set[object] = set()
    looked = 0
    try:
        while waiting:
            for layers in _taking_over(engine, waiting.pop()):
                looked += 1
                calls = {_call(layer) for layer in layers if layer.client.object == "agent"}
                if calls & start or None in calls or looked > MAX_LOOKED:
                    return True
                found = tuple((_call(layer), layer.made.frame.key) if layer.made else None for layer in layers)
                if found not in met:
                    met.add(found)
                    waiting += layers
    except _NotKnown:
        return True
    return False


def _call(layer: Layer) -> object:
    """The call that makes an object; None where it is not known."""
    return None if layer.made is None else (layer.made.frame.path, layer.made.call.pos)


def _taking_over(engine: Engine, layer: Layer) -> Iterator[list[Layer]]:
    """The clients of each object that may go on after a layer's own: those it hands over to, or what it stands for."""
    for holds in layer.client.holds:
        if holds.takes_over or (layer.client.object == "chain" and holds.use == "run"):
            for result in holding.given(engine, layer, holds):
                yield from _objects(engine, result, 0)


def _objects(engine: Engine, result: Result, depth: int) -> Iterator[list[Layer]]:
    if result.open or not result.alts or depth > MAX_NESTED:
        raise _NotKnown
    for alt in result.alts:
        thing = alt.thing
        if isinstance(thing, ListOf):
            if thing.open:
                raise _NotKnown
            for cell in thing.items:
                yield from _objects(engine, engine.force(cell), depth + 1)
            continue
        if is_absent(alt):
            continue
        found = holding.as_object(engine, alt)
        layers = framework.layers_of(engine, found.thing) if found and isinstance(found.thing, Ext) else None
        if layers is None:
            raise _NotKnown
        yield layers
