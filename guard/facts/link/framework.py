"""Objects of frameworks: which client a chain makes, and which other objects are asked when it is invoked.

In: a target whose clients hold others (a chain its model, a crew its agents, a runner its agent). Out: one target
for each object that sends, with the clients of the held object outside of those of its holder. The catalogue says who
holds what.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from guard.facts.catalog_types import Holds
from guard.facts.expr import Call, Name
from guard.facts.link import containers
from guard.facts.link.arguments import CallArguments, is_absent, sent
from guard.facts.link.things import Alt, DictOf, Ext, Frame, Inst, ListOf, Made, Result, World, known, together

if TYPE_CHECKING:
    from guard.facts.expr import Op
    from guard.facts.link.engine import Engine
    from guard.facts.link.objects import Owned
    from guard.facts.link.sends import Layer, Target

PIPE = "langchain_core.runnables.RunnableSequence"
"""What `a | b` makes of runnables."""
PIPED = ("langchain", "langgraph")
GATHERED = {"crewai.project.CrewBase": {"agents": "agent", "tasks": "task"}}
"""Class decorators that make a list of what the class's decorated methods return: field -> decorator of the methods."""
MAX_HELD = 48
MAX_DEPTH = 6


class Held(NamedTuple):
    """An object that is asked when its holder is invoked. `place`: which argument and element of it holds the object;
    alternatives for one element have the same place."""

    alt: Alt
    holds: Holds
    place: tuple[object, ...]


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
            layers = [Layer(client, made)]
            for number, part in enumerate(parts[end:], end):
                inner = catalog.client_on(client.id, part.lstrip("."))
                if inner is None:
                    return None
                client = inner
                layers.append(Layer(inner, thing.made[number] if number < len(thing.made) else None))
            return layers
    return None


def piped(engine: Engine, left: Result, right: Result, expr: Op, frame: Frame) -> Result | None:
    """`prompt | model | parser`: a sequence that holds both sides; None when neither is a runnable."""
    things = [alt.thing for side in (left, right) for alt in side.alts]
    if not any(isinstance(t, Ext) and t.chain.startswith(PIPED) for t in things):
        return None
    made = Call(expr.pos, Name(expr.pos, PIPE), (expr.left, expr.right), ())
    return known(Ext(PIPE + "()", (Made(made, frame),)))


def expanded(engine: Engine, target: Target) -> list[Target]:
    """The target itself, where it sends, and one for each object that it holds."""
    found = [target] if _sends_itself(engine, target) else []
    start = [target]
    if target.spec.of is not None:
        value = sent(target.arguments, target.spec.of)
        start = []
        for alt in value.result.alts if value is not None else ():
            inner = _with(engine, target, alt)
            if inner is not None:
                start.append(inner)
                if _sends_itself(engine, inner):
                    found.append(inner)
    for outer in start:
        found += _held_targets(engine, outer, len(outer.clients), 0)
    return found[:MAX_HELD]


def _held_targets(engine: Engine, target: Target, new: int, depth: int) -> list[Target]:
    """Targets of what the first `new` clients hold."""
    if depth >= MAX_DEPTH:
        return []
    found: list[Target] = []
    for layer in target.clients[:new]:
        for held in _held_by(engine, target, layer):
            inner = _with(engine, target, held.alt, held.holds.use)
            if inner is None:
                continue
            use = held.holds.use if held.holds.use != "run" else target.use
            inner = inner._replace(use=use, route=(*target.route, *held.place))
            if _sends_itself(engine, inner):
                found.append(inner)
            found += _held_targets(engine, inner, len(inner.clients) - len(target.clients), depth + 1)
            if len(found) >= MAX_HELD:
                return found
    return found


def _held_by(engine: Engine, target: Target, layer: Layer) -> list[Held]:
    found: list[Held] = []
    for holds in layer.client.holds:
        if holds.use == "setting" or holds.paths:
            continue
        results: list[tuple[object, Result]] = []
        if layer.made is not None:
            call, frame = layer.made.call, layer.made.frame
            if "*" in holds.arg.names:
                results += [(n, engine.eval(arg, frame)) for n, arg in enumerate(call.args)]
            if "**" in holds.arg.names:
                results += [(name, engine.eval(value, frame)) for name, value in call.keywords if name is not None]
            value = sent(CallArguments(engine, call, frame), holds.arg)
            results += [(holds.arg.names, value.result)] if value is not None else []
        if not any(r.alts for _, r in results) and holds.default is not None:
            made = layer.made or Made(target.call, target.frame)
            bare = Made(Call(made.call.pos, made.call.func, (), ()), made.frame)
            results = [("default", known(Ext(holds.default + "()", (bare,))))]
        for place, result in results:
            found += [Held(alt, holds, (layer.client.id, place, *inner)) for inner, alt in _elements(engine, result, 0)]
    return found


def _elements(engine: Engine, result: Result, depth: int) -> list[tuple[tuple[object, ...], Alt]]:
    """Objects in a value, each with its place: itself, the items of a list, the values of a dict."""
    found: list[tuple[tuple[object, ...], Alt]] = []
    for alt in result.alts:
        thing = alt.thing
        if isinstance(thing, Ext) and not is_absent(alt):
            found.append(((), alt))
        elif isinstance(thing, ListOf) and depth < 3:
            for number, cell in enumerate(thing.items[: containers.MAX_ELEMENTS]):
                found += [((number, *place), a) for place, a in _elements(engine, engine.force(cell), depth + 1)]
        elif isinstance(thing, DictOf) and depth < 3:
            for entry in thing.entries[: containers.MAX_ELEMENTS]:
                found += [
                    ((entry.key, *place), a) for place, a in _elements(engine, engine.force(entry.value), depth + 1)
                ]
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
    before = sites(engine, target) if use in ("chat", "embedding", "fallback", "choice", "run") else []
    made = [layer.made for layer in layers if layer.made is not None and decides(engine, layer)]
    return target._replace(clients=clients, provider=provider, world=world, held=len(layers), sites=(*made, *before))


def _sends_itself(engine: Engine, target: Target) -> bool:
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
    return isinstance(alt.thing, Ext) and layers_of(engine, alt.thing) is not None


def apart(found: list[Target]) -> list[list[Target]]:
    """Targets that are requests of their own: by the place that holds the object. Objects and clients of which only one
    is asked (by branch, by name) stay together, as variants of one request."""
    groups: dict[object, list[Target]] = {}
    for target in found:
        groups.setdefault((target.use, target.route), []).append(target)
    return list(groups.values())


DECIDING = ("model", "deployment", "max_output", "client_retries", "max_retries", "reasoning")


def decides(engine: Engine, layer: Layer) -> bool:
    """Whether making an object is a site: models and embeddings always, an agent (and a client that is made for one
    model) where it names one or sets a limit."""
    if not layer.client.is_site or layer.made is None:
        return False
    if layer.client.object != "agent" and not layer.client.site:
        return True
    arguments = CallArguments(engine, layer.made.call, layer.made.frame)
    written = {name for name, _ in layer.made.call.keywords}
    for name in DECIDING:
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
    """The constructors of the objects that a request is sent through, where they decide something, outermost first."""
    if target.sites is not None:
        return list(dict.fromkeys(target.sites))
    found = [layer.made for layer in target.clients if layer.made is not None and decides(engine, layer)]
    return list(dict.fromkeys(found))


def is_invoked(target: Target) -> bool:
    """Whether the call is one of a framework that ends in requests."""
    return target.spec.invoke or target.spec.of is not None or any(layer.client.object for layer in target.clients)


def lone(engine: Engine, call: Call, frame: Frame) -> Target | None:
    """A stand-in target for an object that a call makes: its own settings, sent by nothing."""
    from guard.facts.catalog_types import Call as Spec
    from guard.facts.link.providers import provider_of
    from guard.facts.link.sends import Target

    for alt in engine.eval(call.func, frame).alts:
        if not isinstance(alt.thing, Ext):
            continue
        layers = layers_of(engine, Ext(alt.thing.chain + "()", (*alt.thing.made, Made(call, frame))))
        if layers is None or not decides(engine, layers[-1]):
            continue
        client = layers[-1].client
        spec = Spec(
            alt.thing.chain,
            client.family,
            "embedding" if client.object == "embeddings" else "agent" if client.object == "agent" else "chat",
        )
        provider = provider_of(engine, spec, layers)
        return Target(
            spec, call, frame, CallArguments(engine, call, frame), tuple(layers), provider, {}, alt.world, True
        )
    return None


def gathered(engine: Engine, inst: Inst, owned: list[Owned], name: str) -> Result | None:
    """`self.agents` of a class whose decorator gathers what its decorated methods return; None for other attributes."""
    from guard.facts.link import calling, objects

    for cls, scope in owned:
        frame = engine.root(cls.path, scope.parent) if scope.parent > 0 else engine.module(cls.path)
        chains = [
            alt.thing.chain
            for d in scope.decorators
            for alt in engine.quietly(d, frame).alts
            if isinstance(alt.thing, Ext)
        ]
        wanted = next((GATHERED[c][name] for c in chains if name in GATHERED.get(c, {})), None)
        if wanted is None:
            continue
        items = []
        for bindings in scope.bindings.values():
            method = engine.project.scope(cls.path, bindings[-1].scope) if bindings[-1].kind == "def" else None
            if method is not None and objects.decorated(method, frozenset({wanted})):
                items.append(
                    calling.returned(engine, method, engine.frame(cls.path, method.id, None, None, inst, None))
                )
        return known(ListOf(tuple(items)))
    return None
