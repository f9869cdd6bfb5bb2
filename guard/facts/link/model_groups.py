"""Names that a router stands for several models by, and models that are asked after a failure.

In: a target of a call with a `model_list` (`Client.groups`) or `fallbacks`. Out: a target for each model that can be
asked first, as alternatives of one request, and one for each that is asked after a failure, a request of its own.
Neighbour: `sends`. Which deployment of a group is asked the router decides at run time: all are choices.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple, cast

from guard.facts.catalog_types import Client, Groups
from guard.facts.expr import Call
from guard.facts.link import containers
from guard.facts.link.arguments import CallArguments, is_absent, sent
from guard.facts.link.things import Alt, DictOf, ListOf, Lit, Made, Result, standing_in, together

if TYPE_CHECKING:
    from guard.facts.link.engine import Engine
    from guard.facts.link.sends import Layer, Target

MAX_MODELS = 16
"""Deployments of one group, and models to fall back on."""
EVERY = "*"
"""Stands for all groups."""


class Deployment(NamedTuple):
    """One entry of a router's list: the arguments that stand for a name."""

    name: str
    params: Result
    number: int


def expanded(engine: Engine, target: Target) -> list[Target]:
    """The target itself where neither groups nor fallbacks decide its model."""
    from guard.facts.link.roles import role

    if not isinstance(target.arguments, CallArguments) or "model" not in target.spec.roles:
        return [target]
    first = _deployed(engine, target)
    if not _has(target, "fallbacks"):
        return first
    value = role(engine, target, "fallbacks")
    found = list(first)
    asked = sent(target.arguments, target.spec.roles["model"])
    names = [str(a.thing.value) for a in asked.result.alts if isinstance(a.thing, Lit)] if asked is not None else []
    for number, model in enumerate(_models(engine, value.result, names)[:MAX_MODELS] if value is not None else ()):
        after = _asking(target, Result((model,)))
        route = (*target.route, "fallback", number)
        found += [t._replace(fallback=True, use="fallback", route=route) for t in _deployed(engine, after)]
    return found


def _has(target: Target, name: str) -> bool:
    return name in target.spec.roles or any(name in layer.client.roles for layer in target.clients)


def _asking(target: Target, model: Result) -> Target:
    """The same call with another model."""
    arg, call = target.spec.roles["model"], target.call
    held = standing_in(call.pos, model)
    if arg.pos is not None and arg.pos < len(call.args):
        args = (*call.args[: arg.pos], held, *call.args[arg.pos + 1 :])
        call = Call(call.pos, call.func, args, call.keywords)
    else:
        kept = tuple((name, value) for name, value in call.keywords if name not in arg.names)
        call = Call(call.pos, call.func, call.args, ((arg.names[0], held), *kept))
    assert isinstance(target.arguments, CallArguments)
    return target._replace(call=call, arguments=target.arguments._replace(call=call))


# deployments


def _deployed(engine: Engine, target: Target) -> list[Target]:
    """One target for each deployment that the name of a group stands for."""
    holder = next((layer for layer in target.clients if layer.client.groups is not None and layer.made), None)
    groups = holder.client.groups if holder is not None else None
    asked = sent(target.arguments, target.spec.roles["model"]) if groups is not None else None
    if holder is None or holder.made is None or groups is None or asked is None:
        return [target]
    listed = _listed(engine, holder.made, groups)
    found: list[Target] = []
    for alt in asked.result.alts:
        name = alt.thing.value if isinstance(alt.thing, Lit) else None
        meant = [one for one in listed if one.name == name]
        world = together(target.world, alt.world)
        if not meant or world is None:
            return [target]  # a name that the list lacks, or one that is not known
        for one in meant:
            inner = _deployment(engine, target, one, holder, world)
            if inner is not None:
                found.append(inner)
    return found[:MAX_MODELS] if found and not asked.result.open else [target]


def _listed(engine: Engine, made: Made, groups: Groups) -> list[Deployment]:
    value = sent(CallArguments(engine, made.call, made.frame), groups.arg)
    found = []
    for alt in value.result.alts if value is not None else ():
        for number, cell in enumerate(alt.thing.items if isinstance(alt.thing, ListOf) else ()):
            for entry in engine.force(cell).alts:
                name = containers.get(engine, entry.thing, groups.name) if isinstance(entry.thing, DictOf) else None
                params = containers.get(engine, entry.thing, groups.params) if isinstance(entry.thing, DictOf) else None
                if name is not None and params is not None:
                    texts = [str(text.thing.value) for text in name.alts if isinstance(text.thing, Lit)]
                    found += [Deployment(text, params, number) for text in texts]
    return found


def _deployment(engine: Engine, target: Target, one: Deployment, holder: Layer, world: object) -> Target | None:
    """The call with a deployment's model; its other arguments hold where the call sends nothing."""
    from guard.facts.link.sends import Layer

    model = [containers.get(engine, a.thing, "model") for a in one.params.alts if isinstance(a.thing, DictOf)]
    if not model or model[0] is None or holder.made is None:
        return None
    roles = {name: replace(arg, pos=None) for name, arg in target.spec.roles.items() if name != "model"}
    client = Client(f"{holder.client.id} group", holder.client.family, roles=roles)
    params = ((None, standing_in(holder.made.call.pos, one.params)),)
    made = Made(Call(holder.made.call.pos, holder.made.call.func, (), params), holder.made.frame)
    inner = _asking(target, model[0])
    decision = frozenset({(("group", holder.made.call.pos), (one.name, one.number))})
    both = together(cast("frozenset[tuple[object, object]]", world), decision)
    return None if both is None else inner._replace(clients=(Layer(client, made), *target.clients), world=both)


# fallbacks


def _models(engine: Engine, result: Result, asked: list[str]) -> list[Alt]:
    """Names in a list of fallbacks: plain, as `{"model": ...}`, or by the group that they follow on."""
    found: list[Alt] = []
    for alt in result.alts:
        for cell in alt.thing.items if isinstance(alt.thing, ListOf) else ():
            for item in engine.force(cell).alts:
                found += _of_item(engine, item, asked)
    unique = {item.thing: item for item in found}
    return list(unique.values())


def _of_item(engine: Engine, item: Alt, asked: list[str]) -> list[Alt]:
    if isinstance(item.thing, Lit) and isinstance(item.thing.value, str):
        return [item]
    if not isinstance(item.thing, DictOf) or is_absent(item):
        return []
    model = containers.get(engine, item.thing, "model")
    if model is not None:
        return [alt for alt in model.alts if isinstance(alt.thing, Lit)]
    found: list[Alt] = []
    for entry in item.thing.entries:
        if entry.key in (*asked, EVERY) or not asked:
            found += _models(engine, engine.force(entry.value), asked)
    return found
