"""One request under one context: every role read, every layer of attempts counted.

In: a call that sends and a context. Out: `Draft`, with the places that decided its values and the roots it asked for.
"""

from __future__ import annotations

from typing import NamedTuple

from guard.facts.filefacts import CallRef, FileFacts
from guard.facts.link import (
    batch_requests,
    control,
    framework,
    lone,
    narrowing,
    objects,
    prompts,
    providers,
    subscripts,
)  # fmt: skip
from guard.facts.link.arguments import BodyArguments, Sent, is_absent, sent
from guard.facts.link.batches import BATCH
from guard.facts.link.engine import Engine
from guard.facts.link.roles import named_model, role
from guard.facts.link.sends import Target, targets
from guard.facts.link.things import (
    Alt,
    Bind,
    ClassThing,
    Consulted,
    Frame,
    Hop,
    ListOf,
    Lit,
    Result,
    Root,
    World,
    union,
    within,
)
from guard.facts.link.tries import Tries
from guard.facts.link.values import (
    Accept,
    Quantity,
    either,
    fitting,
    is_effort,
    is_name,
    is_tokens,
    known_number,
    quantity,
)  # fmt: skip
from guard.model import Layer, Prompt, Step, Value

MAX_ALTERNATIVES = 24
"""Clients or objects of which one is asked."""
_NONE = Quantity(Value((), False, None), ())
"""A role that the API does not have."""
_DECIDING = ("model", "deployment", "max_output", "reasoning", "tier", "outputs", "client_retries", "max_retries")
"""Roles whose way makes the calls on it sites of the request."""


class Draft(NamedTuple):
    """What is known of a request under a context."""

    target: Target
    providers: list[tuple[str | None, World]]
    model: Quantity
    max_output: Quantity
    reasoning: Quantity
    tier: Quantity
    size: Quantity
    quality: Quantity
    region: Quantity
    outputs: int | None
    prompt: Prompt
    layers: tuple[Layer, ...]
    unknown_attempts: str | None
    turns: int | None
    turns_why: str | None
    turns_trail: tuple[Step, ...]
    elements: tuple[int, int | None]
    """Requests in one call (batches): at least, at most."""
    around: control.Around
    """Without the number of repeats, which decides nothing of what is sent."""
    touched: tuple[Hop, ...]
    """Places that decided a value."""
    consulted: Consulted
    prompt_only: frozenset[Root]
    """Roots that only the prompt asked for."""
    model_from: frozenset[tuple[Root, str]]
    """Functions and their parameters that the model was asked of."""
    owners: frozenset[tuple[str, int]]
    """The class whose method sends, with its bases."""
    prompt_touched: tuple[Hop, ...] = ()
    """Places that decided the text of the prompt."""
    makers: int = 1
    """Places that make the object it goes through, of which one is asked."""


class Drafter:
    """Reads requests with one engine."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.tries = Tries(engine)
        self.spans = self.tries.spans
        self.asked = 0
        """Most objects that the call at hand asks at once; set back by who begins with a new call."""
        self.spent = 0
        """Evaluations for the call at hand."""
        self.path = ""
        """Where the call at hand stands."""

    def draft(
        self, facts: FileFacts, ref: CallRef, context: dict[Root, Bind], number: int = 0, maker: int | None = None,
        settled: Draft | None = None,
    ) -> Draft | None:  # fmt: skip
        """A request that a call sends under a context; None when it sends none (or no further one).

        `number`: which of them, where a call asks several objects (a crew its agents, a chain its model and retriever).
        `maker`: which of the objects of which one is asked, None where nothing known leads to it; no `maker`: all of
        them, as variants. `settled`: a draft under fewer decisions, whose prompt stays.
        """
        engine = self.engine
        self.spent += engine.work
        engine.ask(context)
        frame = engine.root(facts.path, ref.scope)
        found = targets(engine, ref, frame)
        groups = [part for group in framework.apart(found) for part in batch_requests.apart(engine, group)]
        self.asked = max(self.asked, len(groups))
        if number >= len(groups):
            return None
        makers = framework.by_maker(engine, groups[number])
        if maker is not None and maker >= len(makers):
            return None
        found = groups[number] if maker is None else makers[maker]
        drafted = self._drafted(facts, ref, context, frame, found, unreached=maker is None, settled=settled)
        return drafted and drafted._replace(makers=len(makers))

    def lone_objects(self, facts: FileFacts, ref: CallRef, agents: bool) -> list[Draft]:
        """What is known of a framework's object that no request goes through, by the call that makes it: what it would
        ask, were it invoked. `agents`: whether agents are looked at, or all other objects."""
        engine = self.engine
        engine.ask({})
        frame = engine.root(facts.path, ref.scope)
        found = lone.targets(engine, ref.call, frame, agents)
        drafts = [self._drafted(facts, ref, {}, frame, group) for group in framework.apart(found)]
        return [draft for draft in drafts if draft is not None]

    def _drafted(
        self, facts: FileFacts, ref: CallRef, context: dict[Root, Bind], frame: Frame, found: list[Target],
        unreached: bool = True, settled: Draft | None = None,
    ) -> Draft | None:  # fmt: skip
        """All roles of a target read; the others of the list are its variants by client. `unreached`: also where
        nothing that is known leads to the target, else None. `settled`: whose prompt stays."""
        engine = self.engine
        target = found[0]
        owners: list[providers.Provider] = []
        for other in found:
            named = (self._provider(other), other.world)
            if other.spec.operation == target.spec.operation and named not in owners:
                owners.append(named)
        worlds = [world for _, world in owners]
        target, elements = self._elements(target)
        place = Hop(facts.path, ref.call.pos, "not_sent")
        others = [t for t in found[1:MAX_ALTERNATIVES] if t.clients != found[0].clients and t.spec.each is None]
        before, engine.consulted = engine.consulted, {}
        model, reached = self._models([target, *others], worlds, place)
        if not (reached or unreached):
            return None
        model_from = frozenset(engine.consulted)
        engine.consulted = {**before, **engine.consulted}
        model, owners = providers.by_name(engine, target, model, owners)
        limit = either(
            [
                (fitting(self._limit(target, place), worlds), target.world),
                *((self._limit(t, place), t.world) for t in others),
            ]
        )
        reasoning = self._optional(target, "reasoning", is_effort, place)
        tier = self._optional(target, "tier", is_name, place)
        size, quality, region = (self._optional(target, name, is_name, place) for name in ("size", "quality", "region"))
        outputs = self._outputs(target)
        layers, unknown_attempts = self.tries.layers([target, *others], facts, ref, context)
        turns, turns_why, turns_trail = self.tries.turns(target)
        around = control.uncounted(engine, facts, ref, frame)
        layers += self.tries.shown(around.retries)
        valued = {root for root, _ in engine.consulted}
        if settled is None:
            read = prompts.read(engine, target, self.spans)
        else:
            read = prompts.Read(settled.prompt, settled.prompt_touched)
            asked = {key: context.get(key[0], bind) for key, bind in settled.consulted.items()}
            engine.consulted = {**asked, **engine.consulted}
        prompt_only = frozenset(root for root, _ in engine.consulted if root not in valued)
        made = [layer.made for layer in target.clients if layer.made]
        touched = [*read.touched, *(Hop(m.frame.path, m.call.pos, "attribute") for m in made), *self._hops(target)]
        return Draft(
            target, owners, model, limit, reasoning, tier, size, quality, region, outputs, read.prompt, tuple(layers),
            unknown_attempts, turns, turns_why, turns_trail, elements, around, tuple(touched), dict(engine.consulted),
            prompt_only, model_from, self._owners(facts, ref), read.touched,
        )  # fmt: skip

    def _models(self, asked: list[Target], worlds: list[World], place: Hop) -> tuple[Quantity, bool]:
        """The models of objects of which one is asked, each in the branches that it is made in; and whether something
        that is known leads to one of them."""
        branches = [narrowing.arms(self.engine, t) for t in asked]
        models = [narrowing.narrowed(self.engine, self._model(t, place), arms) for t, arms in zip(asked, branches)]
        reached = any(narrowing.is_reached(model, arms) for model, arms in zip(models, branches))
        models[0] = fitting(models[0], worlds)
        return either([(model, t.world) for model, t in zip(models, asked)]), reached

    def _provider(self, target: Target) -> str | None:
        """The provider of a target: of its client, else as an argument names it (`model_provider="openai"`)."""
        value = role(self.engine, target, "provider_name")
        if value is not None and value.name is None and target.provider is not None:
            return target.provider  # only a name that is written goes before the client's
        names = [a.thing.value for a in value.result.alts if isinstance(a.thing, Lit)] if value is not None else []
        if len(names) != 1 or not isinstance(names[0], str):
            return target.provider
        return self.engine.project.catalog.provider_prefixes.get(names[0], names[0])

    def _owners(self, facts: FileFacts, ref: CallRef) -> frozenset[tuple[str, int]]:
        for scope in _function_scopes(facts, ref.scope):
            parent = facts.scopes[scope].parent
            if parent > 0 and facts.scopes[parent].kind == "class":
                owned, _ = objects.order(self.engine, ClassThing(facts.path, parent))
                return frozenset((o.cls.path, o.cls.scope) for o in owned)
        return frozenset()

    def _hops(self, target: Target) -> list[Hop]:
        found: list[Hop] = []
        for name in _DECIDING:
            value = role(self.engine, target, name)
            for alt in value.result.alts if value is not None else ():
                found += alt.trail
        return found

    def _model(self, target: Target, place: Hop) -> Quantity:
        """The model: as a URL, the client's deployment or the call names it."""
        for name in ("model", "deployment"):
            if name in target.captures:
                return quantity(Sent(target.captures[name], name), self.spans, is_name, place, "")
        model = named_model(self.engine, target)
        if model is not None and model.result.alts:
            real = tuple(a for a in model.result.alts if not is_absent(a))
            named = tuple(alt for a in real for alt in self._names(a))
            if named:
                model = Sent(Result(named, model.result.open), model.name)
            elif all(is_absent(a) for a in model.result.alts):
                why = model.result.open or ("no model is named; the library or the service decides",)
                model = Sent(Result((), why), None)
        return quantity(model, self.spans, is_name, place, target.unknown or "the call names no model")

    def _names(self, alt: Alt) -> list[Alt]:
        """A list of models (fallbacks of a router) is one of them."""
        if not isinstance(alt.thing, ListOf):
            return [alt]
        found = subscripts.elements(self.engine, Result((alt,)), ("models", self.engine.work))
        return list(found.alts)

    def _limit(self, target: Target, place: Hop) -> Quantity:
        if any("max_output" in layer.client.roles for layer in target.clients):
            return quantity(role(self.engine, target, "max_output"), self.spans, is_tokens, place, "not known")
        if target.spec.place is not None and "max_output" not in target.spec.roles:
            return Quantity(Value((), True, f"guard.yaml names no limit of {target.spec.api} (`max_output`)"), ())
        return self._optional(target, "max_output", is_tokens, place)

    def _optional(self, target: Target, name: str, accept: Accept, place: Hop) -> Quantity:
        """A role that not every API has."""
        if name not in target.spec.roles:
            return _NONE
        return quantity(role(self.engine, target, name), self.spans, accept, place, "not known")

    def _outputs(self, target: Target) -> int | None:
        value = role(self.engine, target, "outputs")
        if value is None:
            return 1
        number = known_number(value.result)
        absent = bool(value.result.alts) and all(is_absent(a) for a in value.result.alts)
        return 1 if number is None and absent else number

    def _elements(self, target: Target) -> tuple[Target, tuple[int, int | None]]:
        """A batch: one request for each element; the roles stand in the elements."""
        each = target.spec.each
        if each is None:
            return target, (1, 1)
        value = sent(target.arguments, each.arg)
        if value is None:
            return target, (1, None)
        value = Sent(batch_requests.of_elements(target, value.result), value.name)
        count = control.length(self.engine, value.result, "batch of")
        if each.role is not None:
            return target, (count.low, count.high)
        element = subscripts.elements(self.engine, value.result, (BATCH, target.frame.key, target.call.pos))
        inner = union(within(self._inside(a, each.of), a.world) for a in element.alts) if each.of else element
        return target._replace(arguments=BodyArguments(self.engine, inner)), (count.low, count.high)

    def _inside(self, alt: Alt, key: str) -> Result:
        from guard.facts.link.arguments import deep

        return deep(self.engine, Result((alt,)), [key])


def _function_scopes(facts: FileFacts, scope: int) -> list[int]:
    found = []
    while scope > 0:
        if facts.scopes[scope].kind == "function":
            found.append(scope)
        scope = facts.scopes[scope].parent
    return found
