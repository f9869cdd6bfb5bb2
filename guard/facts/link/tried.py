"""Configurations that an object tries one after the other: `config_list` of AutoGen, where each stands in for the last.

In: a target of a framework. Out: the target once for each entry of the list that one of its own clients is made with,
all but the first after a failure. The catalogue names the list (`Client.tries`). Neighbours: `framework` asks, `groups`
puts one request after the other.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from guard.facts.catalog_types import Arg, Client
from guard.facts.expr import Call, Star
from guard.facts.link.arguments import CallArguments, sent
from guard.facts.link.providers import provider_of
from guard.facts.link.things import Alt, DictOf, ListOf, Made, Result, standing_in

if TYPE_CHECKING:
    from guard.facts.link.engine import Engine
    from guard.facts.link.sends import Layer, Target

TURN = "tries"
"""Marks the number of an entry in the route of a target."""
MAX_TRIED = 16


def in_turn(engine: Engine, target: Target) -> list[Target]:
    """The target with each entry of its list of configurations; itself where it has none that is known."""
    for number, layer in enumerate(target.clients[: target.own]):
        entries = _entries(engine, layer)
        if entries:
            return [_with(engine, target, number, entry, turn) for turn, entry in enumerate(entries[:MAX_TRIED])]
    return [target]


def _entries(engine: Engine, layer: Layer) -> list[Result]:
    """The entries of a client's list of configurations; none where it is not known through and through."""
    arg, made = layer.client.tries, layer.made
    if arg is None or made is None:
        return []
    if "*" in arg.names and made.call.args:
        given = [engine.eval(one, made.frame) for one in made.call.args if not isinstance(one, Star)]
        return given if len(given) == len(made.call.args) and all(map(_is_known, given)) else []
    value = sent(CallArguments(engine, made.call, made.frame), Arg(tuple(n for n in arg.names if n != "*"), arg.pos))
    alts: tuple[Alt, ...] = value.result.alts if value is not None and not value.result.open else ()
    thing = alts[0].thing if len(alts) == 1 else None
    if not isinstance(thing, ListOf) or thing.open or thing.each or thing.fewer:
        return []
    found = [engine.force(cell) for cell in thing.items]
    return found if all(map(_is_known, found)) else []


def _is_known(result: Result) -> bool:
    return bool(result.alts) and not result.open and all(isinstance(alt.thing, DictOf) for alt in result.alts)


def _with(engine: Engine, target: Target, number: int, entry: Result, turn: int) -> Target:
    """The target with one entry: what it says goes before what client `number` says besides."""
    from guard.facts.link.sends import Layer

    holder = target.clients[number]
    made, arg = holder.made, holder.client.tries
    assert made is not None and arg is not None
    prefix = arg.names[-1] + "."
    roles = {
        role: replace(one, names=names, pos=None, forms=(), counts=one.counts[: len(names)])
        for role, one in holder.client.roles.items()
        if (names := tuple(name.removeprefix(prefix) for name in one.names if name.startswith(prefix)))
    }
    call = Call(made.call.pos, made.call.func, (), ((None, standing_in(made.call.pos, entry)),))
    layer = Layer(Client(f"{holder.client.id} entry", holder.client.family, roles=roles), Made(call, made.frame))
    own = len(target.clients) if target.own is None else target.own
    rest = [_without_list(inner) if n < own else inner for n, inner in enumerate(target.clients)]
    clients = (*rest[: number + 1], layer, *rest[number + 1 :])
    changed = target._replace(
        clients=clients,
        held=target.held + (number < target.held),
        own=None if target.own is None else target.own + 1,
        provider=provider_of(engine, target.spec, [holder, layer]) or target.provider,
        route=(*target.route, TURN, turn),
    )
    return changed._replace(fallback=True, use="fallback") if turn else changed


def _without_list(layer: Layer) -> Layer:
    """A client whose roles stand in no list of configurations: one entry of it is told apart."""
    client = layer.client
    if client.tries is None:
        return layer
    prefix = client.tries.names[-1] + "."
    roles = {
        role: replace(one, names=tuple(name for name in one.names if not name.startswith(prefix)))
        for role, one in client.roles.items()
    }
    return layer._replace(client=replace(client, roles=roles))
