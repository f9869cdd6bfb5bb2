"""Objects of frameworks: which client a chain makes, and which other objects are asked when it is invoked.

In: a target whose clients hold others (a chain its model, a crew its agents, a runner its agent). Out: one target
for each object that sends, with the clients of the held object outside of those of its holder. The catalogue says who
holds what.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from guard.facts.catalog_types import Arg
from guard.facts.catalog_types import Call as Spec
from guard.facts.expr import last_name
from guard.facts.link import asked, graphs, holding, loops, pipes, prompt_files, tried
from guard.facts.link.arguments import CallArguments, sent
from guard.facts.link.holding import Held
from guard.facts.link.things import Alt, Ext, Frame, Made, Result, World, together
from guard.model import Count, Operation

if TYPE_CHECKING:
    from guard.facts.filefacts import CallRef
    from guard.facts.link.engine import Engine
    from guard.facts.link.sends import Layer, Target

MAX_HELD = 48
MAX_DEPTH = 8
OWN = ("run", "delegate", "tool", "choice", "fallback")
"""Uses of a held object that works for itself, not as a part of its holder."""


def layers_of(engine: Engine, thing: Ext) -> list[Layer] | None:
    """The clients behind `agents.Agent().clone()`, outermost first; None when the catalogue does not know the chain."""
    from guard.facts.link.sends import Layer, _holds

    catalog = engine.project.catalog
    if not thing.chain.endswith("()"):
        return None
    parts = thing.chain.split("()")[:-1]
    for end in range(len(parts), 0, -1):
        for client in catalog.client_named("()".join(parts[:end])):
            made = thing.made[end - 1] if end <= len(thing.made) else None
            if client.when is not None and (
                made is None or not _holds(engine, client.when.arg, client.when.equals, made)
            ):
                continue
            if client.file is not None and (made is None or not prompt_files.is_opened(made.call)):
                continue
            layers = [Layer(client, made)]
            for number, part in enumerate(parts[end:], end):
                inner = catalog.client_on(client.id, part.lstrip("."))
                if inner is None:
                    return None
                client = inner
                made = thing.made[number] if number < len(thing.made) else None
                layers.append(Layer(inner, made, derived=True))
            return layers
    return None


def given(engine: Engine, thing: Ext, name: str) -> Result | None:
    """An attribute of an object that holds what its constructor was given: `llm.model`, `retriever.vectorstore`."""
    for layer in reversed(layers_of(engine, thing) or ()):
        client = layer.client
        if client.object is None or layer.made is None or name in client.derive or name in engine.project.call_tails:
            continue
        names = next((role.names for role in client.roles.values() if name in role.names), None)
        if names is None and any(name in holds.arg.names for holds in client.holds):
            names = (name,)
        value = sent(CallArguments(engine, layer.made.call, layer.made.frame), Arg(names)) if names else None
        if value is not None:
            return value.result
    return None


def expanded(engine: Engine, target: Target) -> list[Target]:
    """The target itself, where it sends, and one for each object that it holds."""
    asked: list[Target] = []
    for outer in starts(engine, target):
        outer = with_settings(engine, outer, len(outer.clients))
        if sends_itself(engine, outer):
            asked.append(outer._replace(choice=_chooses(outer)))
        asked += held_targets(engine, outer, len(outer.clients), 0)
    if not asked and target.spec.of is None:
        why = holding.unknown_part(engine, target)
        asked = [target._replace(unknown=why)] if why is not None and _runs_models(target) else []
    return [one for inner in asked[:MAX_HELD] for one in tried.in_turn(engine, inner)]


def starts(engine: Engine, target: Target) -> list[Target]:
    """The target, or one for each object that an argument of its call may be (`Runner.run(agent, ...)`)."""
    if target.spec.of is None:
        return [target]
    value = sent(target.arguments, target.spec.of)
    found = [_with(engine, target, alt) for alt in (value.result.alts if value is not None else ())]
    others = value.result.open if value is not None else ()
    return [inner._replace(others=others) for inner in found if inner is not None] or [target]


def _runs_models(target: Target) -> bool:
    """Whether an object that holds something unknown is likely to ask a model with it: a chain or an agent."""
    return any(layer.client.object in ("chain", "agent") for layer in target.clients)


def _chooses(target: Target) -> tuple[object, ...]:
    """The choice that the target's own object is the default of: `model.configurable_alternatives(...)`."""
    for layer in target.clients:
        if layer.derived and layer.made is not None and any(h.use == "choice" for h in layer.client.holds):
            return (layer.made.frame.path, layer.made.call.pos)
    return target.choice


def held_targets(engine: Engine, target: Target, new: int, depth: int) -> list[Target]:
    """Targets of what the first `new` clients hold."""
    found: list[Target] = []
    for _, _, held, inner in walk(engine, target, new, depth):
        if held.holds.use == "chat" and _only_embeds(target):
            continue
        if inner is not None and sends_itself(engine, inner):
            found.append(inner)
            if len(found) >= MAX_HELD:
                break
    return found


def _only_embeds(target: Target) -> bool:
    """Whether a call puts documents into a store or looks there: the model that its settings name is asked later."""
    kinds = {layer.client.object for layer in target.clients}
    return target.spec.operation == "embedding" and "store" in kinds and kinds <= {"store", "settings"}


def walk(
    engine: Engine, target: Target, new: int, depth: int = 0, met: set[object] | None = None
) -> Iterator[tuple[Target, Layer, Held, Target | None]]:  # fmt: skip
    """All that the first `new` clients of a target hold, and what that holds: with the holder, and the target for it
    where it is an object (None: a function, or nothing that the catalogue knows).

    `met`: the agents on the way; agents that hand over to each other in a circle are each walked once.
    """
    if depth >= MAX_DEPTH:
        return
    met = {_origin(target.clients[:new])} if met is None else met
    for number, layer in enumerate(target.clients[:new]):
        for held in holding.held_by(engine, target, layer):
            inner = None if held.holds.use == "setting" else _asked(engine, target, number, held)
            if inner is None:
                yield target, layer, held, None
                continue
            origin = _origin(inner.clients[: inner.held])
            hands_over = inner.use == "delegate" and inner.clients[0].client.object == "agent"
            if hands_over and origin in met:
                continue
            if hands_over:
                met.add(origin)
            inner = with_settings(engine, inner, inner.held)
            yield target, layer, held, inner
            yield from walk(engine, inner, inner.held, depth + 1, met)


def _origin(clients: tuple[Layer, ...]) -> object:
    """The calls that make an object."""
    return tuple((layer.made.frame.path, layer.made.call.pos) for layer in clients if layer.made is not None)


def _asked(engine: Engine, target: Target, number: int, held: Held) -> Target | None:
    """The target for an object that client `number` of a target holds."""
    use, layer = held.holds.use, target.clients[number]
    alt = holding.as_object(engine, held.alt)
    if alt is None:
        return None
    holder = target
    if use in ("fallback", "choice") and layer.derived:  # takes the place of the object that it is derived from
        holder = target._replace(clients=target.clients[number + 1 :], sites=())
    inner = _with(engine, holder, alt, use)
    if inner is None:
        return None
    place = (*target.route, *held.place)
    reads = asked.reads(engine, target, held.holds, layer.made)
    return inner._replace(
        use=use if use != "run" else target.use,
        route=place,
        spec=_spec(engine, inner, use),
        runs=loops.product([target.runs, times(engine, target, layer, held)]),
        fallback=target.fallback or use == "fallback",
        choice=_choice(layer, held) if use == "choice" or holding.is_one_setting(held) else target.choice,
        prompt=_templates(engine, layer, held) or target.prompt,
        own=_own(inner, target, use, layer),
        hears=_hears(held) or target.hears,
        others=tuple(dict.fromkeys((*held.others, *target.others))),
        reads=target.reads if reads is None else reads,
    )


def _hears(held: Held) -> str:
    """What an object reads of those that its holder asks before it; nothing for the first of a list."""
    number = held.place[2] if len(held.place) > 2 else 0
    return "" if number == 0 and held.holds.times is None else held.holds.hears


def times(engine: Engine, target: Target, layer: Layer, held: Held) -> Count:
    """How often a held thing is asked, or runs, in one call of its holder."""
    found = asked.runs(engine, target, held.holds, layer.made)
    per = held.holds.per
    if per is not None and layer.made is not None:
        number = holding.elements_of(engine, layer.made, per)
        each = Count(number, number, number) if number is not None else Count(0, 1, None, ("for each element",))
        found = loops.product([found, each])
    if layer.made is None or "add_node" not in held.holds.paths:
        return found
    return graphs.runs(engine, layer.made, held.name, found.high)


def _choice(layer: Layer, held: Held) -> tuple[object, ...]:
    made = layer.made
    if made is None or held.holds.setting is not None:
        return (layer.client.id, held.holds.arg.names, held.holds.setting)
    return (made.frame.path, made.call.pos)


def _own(inner: Target, holder: Target, use: str, layer: Layer) -> int | None:
    """How many clients belong to the object that works for itself: those of a tool or a helper, and what they hold.

    A model that helps is asked with the prompt of its holder, unless that only holds arguments (a middleware).
    """
    kind = inner.clients[0].client.object
    apart = kind not in ("model", "embeddings") or layer.client.object == "settings"
    if use in ("tool", "delegate") and apart:
        return inner.held
    return None if holder.own is None else holder.own + inner.held


def _templates(engine: Engine, layer: Layer, held: Held) -> tuple[Alt, ...]:
    """The prompt templates that stand before an object in a sequence."""
    number = held.place[1] if len(held.place) > 1 else None
    if layer.made is None or not isinstance(number, int) or "*" not in held.holds.arg.names:
        return ()
    return pipes.templates_before(engine, layer.made, number)


def _spec(engine: Engine, target: Target, use: str) -> Spec:
    """The call with what the held object itself does: embedding, ranking, answering, running for several turns."""
    spec = target.spec
    nearest = target.clients[0].client if target.clients else None
    own = engine.project.catalog.held_call(nearest.id) if nearest is not None else None
    if use == "embedding" or (nearest is not None and nearest.object == "embeddings"):
        return _plain(spec, "embedding")
    if own is None or nearest is None:
        return spec
    if own.operation in ("embedding", "rerank"):
        return _plain(spec, own.operation)
    if nearest.object == "model" and spec.operation in ("embedding", "rerank"):
        return _plain(spec, own.operation)
    if use not in OWN or nearest.object not in ("agent", "model") or (use == "fallback" and nearest.object == "model"):
        return spec
    return replace(
        spec, operation=own.operation, by_model=own.by_model, turns=own.turns, turns_when=own.turns_when,
        keeps_history=own.keeps_history,
    )  # fmt: skip


def _plain(spec: Spec, operation: Operation) -> Spec:
    return replace(spec, operation=operation, by_model=(), turns=None, turns_when=(), keeps_history=False)


def with_settings(engine: Engine, target: Target, new: int) -> Target:
    """The target with objects that only hold arguments (`use` is `setting`) as further clients of the chain."""
    added: list[Layer] = []
    around = list(target.clients[:new])
    for _ in range(MAX_DEPTH):  # settings may hold settings
        around = [inner for layer in around for inner in _settings_of(engine, target, layer)]
        if not around:
            break
        added += around
    if not added:
        return target
    end = new if target.held else len(target.clients)
    clients = (*target.clients[:end], *added, *target.clients[end:])
    from guard.facts.link.providers import provider_of

    own = None if target.own is None else target.own + len(added)
    decides_provider = any(layer.client.provider or "base_url" in layer.client.roles for layer in added)
    provider = provider_of(engine, target.spec, added) if decides_provider else target.provider
    before = target.held + len(added) if target.held else 0
    return target._replace(clients=clients, held=before, own=own, provider=provider)


def _settings_of(engine: Engine, target: Target, layer: Layer) -> list[Layer]:
    """The clients behind the objects that one client holds for their arguments alone."""
    if not any(holds.use == "setting" for holds in layer.client.holds):
        return []
    found: list[Layer] = []
    for held in holding.held_by(engine, target, layer):
        alt = holding.as_object(engine, held.alt) if held.holds.use == "setting" else None
        found += (layers_of(engine, alt.thing) or []) if alt is not None and isinstance(alt.thing, Ext) else []
    return found


def _with(engine: Engine, target: Target, alt: Alt, use: str = "chat") -> Target | None:
    """The target with the clients of a held object outside of its own.

    Constructors that were its sites stay so when the held object is asked on behalf of its holder (an agent's model),
    not when it works for itself (an agent as a tool).
    """
    from guard.facts.link.providers import provider_of

    if not isinstance(alt.thing, Ext):
        return None
    layers = layers_of(engine, alt.thing)
    world: World | None = together(target.world, alt.world)
    if layers is None or world is None:
        return None
    clients = (*layers, *target.clients)
    provider = provider_of(engine, target.spec, layers) or target.provider
    before = sites(engine, target) if use in ("chat", "embedding", "choice", "run") else []
    made = [layer.made for layer in layers if layer.made is not None and decides(engine, layer)]
    return target._replace(clients=clients, provider=provider, world=world, held=len(layers), sites=(*made, *before))


def asked_of(engine: Engine, target: Target, alt: Alt) -> Target | None:
    """The target for one thing that a holder is given; None where it is no object of a framework."""
    thing = holding.as_object(engine, alt)
    return None if thing is None else _with(engine, target, thing)


def sends_itself(engine: Engine, target: Target) -> bool:
    """Whether the call or one of the clients nearest to it names or defaults a model, and not what they hold."""
    if "model" in target.spec.roles or "deployment" in target.spec.roles:
        own = target.spec.roles.get("model")
        if own is not None and (not target.clients or sent(target.arguments, own) is not None or own.how != "not_sent"):
            return True
    if target.spec.of is not None and not target.held:
        return False
    nearest = target.clients[: target.held] if target.held else target.clients
    for layer in nearest:
        role = layer.client.roles.get("model")
        if role is None:
            continue
        if layer.made is None:
            return True
        value = sent(CallArguments(engine, layer.made.call, layer.made.frame), role)
        if value is None:
            return role.how != "not_sent" or not layer.client.holds
        if any(not is_held(engine, alt) for alt in value.result.alts) or not value.result.alts:
            return True
    return not any(layer.client.object for layer in target.clients)


def is_held(engine: Engine, alt: Alt) -> bool:
    """Whether an alternative is an object of a framework rather than a name."""
    found = holding.as_object(engine, alt)
    return found is not None and isinstance(found.thing, Ext) and layers_of(engine, found.thing) is not None


def apart(found: list[Target]) -> list[list[Target]]:
    """Targets that are requests of their own: by the place that holds the object. Objects and clients of which only one
    is asked (by branch, by name) stay together; `by_maker` tells them apart."""
    groups: dict[object, list[Target]] = {}
    for target in found:
        groups.setdefault((target.use, target.route), []).append(target)
    return list(groups.values())


def by_maker(engine: Engine, found: list[Target]) -> list[list[Target]]:
    """Targets of which one is asked, by the constructors that are sites of them."""
    groups: dict[object, list[Target]] = {}
    for target in found:
        places = tuple((m.frame.path, m.call.pos) for m in sites(engine, target)) if len(found) > 1 else ()
        groups.setdefault(places, []).append(target)
    return list(groups.values())


DECIDING = ("model", "deployment", "max_output", "client_retries", "max_retries", "reasoning")
"""Roles by which making an agent is a site; of an object that is derived from another one the first three."""


def decides(engine: Engine, layer: Layer) -> bool:
    """Whether making an object is a site: models and embeddings always; an agent, a client for one model, or an object
    that is derived from another one, where it names a model or sets a limit."""
    if not layer.client.is_site or layer.made is None or holding.is_unwritten(layer.made):
        return False
    plain = layer.client.object != "agent" and not layer.client.one_model
    if layer.client.site or (plain and not layer.derived):
        return True
    arguments = CallArguments(engine, layer.made.call, layer.made.frame)
    written = {name for name, _ in layer.made.call.keywords}
    for name in DECIDING if not layer.derived else DECIDING[:3]:
        role = layer.client.roles.get(name)
        value = sent(arguments, role) if role is not None else None
        if role is None or value is None:
            continue
        if any(not is_held(engine, alt) for alt in value.result.alts) or (
            not value.result.alts and written & set(role.names)
        ):
            return True
    return False


def sites(engine: Engine, target: Target) -> list[Made]:
    """The constructors of the objects that a request is sent through, where they decide something, outermost first.

    Where a class of the repository calls its base's constructor, the call that makes its object is meant.
    """
    found = target.sites
    if found is None:
        found = tuple(c.made for c in target.clients if c.made is not None and decides(engine, c))
    return list(dict.fromkeys(_made_outside(made) for made in found))


def _made_outside(made: Made) -> Made:
    while last_name(made.call.func) == "__init__" and made.frame.call is not None and made.frame.caller is not None:
        made = Made(made.frame.call, made.frame.caller)
    return made


def pipelines(engine: Engine, ref: CallRef, frame: Frame) -> list[Made]:
    """The constructors of the objects that a call invokes, where making one is always a site (`Client.site`)."""
    from guard.facts.link.sends import direct

    layers = [layer for target in direct(engine, ref, frame) for layer in target.clients]
    return list(dict.fromkeys(layer.made for layer in layers if layer.client.site and layer.made is not None))


def is_invoked(target: Target) -> bool:
    """Whether the call is one of a framework that ends in requests."""
    return target.spec.invoke or target.spec.of is not None or any(layer.client.object for layer in target.clients)
