"""How often one call of a request is tried, and how many turns it has.

In: the target of a request, and where it is sent. Out: every layer of attempts, of the SDK, its transport, decorators
and loops on the way, with the reason where one is not known; the turns of an agent's loop. Neighbours: `draft` asks,
`attempts` reads loops and decorators, `transports` what is below the SDK.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import inf, prod

from guard.facts.catalog_types import Arg
from guard.facts.filefacts import CallRef, FileFacts
from guard.facts.link import above, attempts, control, handovers, holding, transports, versions
from guard.facts.link.arguments import Sent, is_absent, is_off
from guard.facts.link.engine import Engine
from guard.facts.link.prompt_parts import role_parts
from guard.facts.link.roles import is_boundless, role
from guard.facts.link.sends import Target
from guard.facts.link.things import Bind, Hop, Root
from guard.facts.link.values import Spans, known_number
from guard.model import Layer, Step


class Tries:
    """Attempts and turns of requests, read with one engine."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.spans = Spans(engine.project)

    def layers(
        self, asked: list[Target], facts: FileFacts, ref: CallRef, context: dict[Root, Bind]
    ) -> tuple[list[Layer], str | None]:  # fmt: skip
        """Layers of attempts: of the SDK, of decorators and loops of every function on the way. Of several clients
        (`asked`) of one kind those of the client that tries most."""
        engine, target = self.engine, asked[0]
        ways = [self._sdk_layers(one, facts, ref) for one in asked if one.spec is target.spec]
        layers, why_unknown = max(ways, key=lambda way: prod(layer.attempts or inf for layer in way[0]))
        layers += self.shown(transports.layers(engine, target))
        if target.spec.place is not None and not target.spec.layers:
            why_unknown = f"guard.yaml does not say how often {target.spec.api} tries again (`attempts`)"
            layers.append(Layer(target.spec.api, None, "maybe", self.spans(facts.path, ref.call.pos), why_unknown))
        node = above.node_of(facts, ref.scope)
        steps = above.way_up(engine, context, node)
        for path, scope in dict.fromkeys([node, *(step.above for step in steps)]):
            layers += self.shown(attempts.decorator_layers(engine, path, engine.project.scope(path, scope)))
        for step in steps:
            outer = engine.project.facts(step.above[0])
            if step.bind is not None and outer is not None:
                bind = step.bind
                call_ref = CallRef(bind.call, bind.frame.scope, bind.via)
                layers += self.shown(control.uncounted(engine, outer, call_ref, bind.frame).retries)
        return layers, why_unknown

    def _sdk_layers(self, target: Target, facts: FileFacts, ref: CallRef) -> tuple[list[Layer], str | None]:
        """Layers of attempts that the SDK itself makes, and why one of them is not known."""
        layers, why_unknown = [], None
        roles, reason, came = self._numbers(target)
        for tries in target.spec.layers:
            names = tries.formula.names()
            missing = next((reason[n] for n in names if n in reason), None)
            why_unknown = missing or why_unknown
            trail = self.spans.steps(tuple(hop for n in names for hop in came.get(n, ())))
            number, place = None if missing else tries.formula.value(roles), self.spans(facts.path, ref.call.pos)
            if number == 1 and tries.silent:
                continue
            layers.append(Layer(tries.name, number, tries.billed, place, missing or "", trail))
        return layers, why_unknown

    def shown(self, found: Iterable[attempts.LoopLayer]) -> list[Layer]:
        """Layers of attempts as a report shows them."""
        return [
            Layer(x.name, x.attempts, x.billed, self.spans(x.path, x.pos), x.why, self.spans.steps(x.trail))
            for x in found
        ]

    def _numbers(self, target: Target) -> tuple[dict[str, int | None], dict[str, str], dict[str, list[Hop]]]:
        """Roles of formulas as numbers (None: unbounded), reasons for those not known, and where they come from."""
        numbers: dict[str, int | None] = {}
        reasons: dict[str, str] = {}
        came: dict[str, list[Hop]] = {}
        names = {n for tries in target.spec.layers for n in tries.formula.names()}
        names |= set(target.spec.turns.names()) if target.spec.turns else set()
        for name in names:
            value = role(self.engine, target, name)
            arg = self._source(target, name, value)
            if value is None or arg is None:
                reasons[name] = f"{name.replace('_', ' ')} are not known"
                continue
            came[name] = [hop for alt in value.result.alts for hop in alt.trail]
            arg, _ = versions.settled(self.engine.project, arg, target.frame.path)
            number = known_number(value.result)
            if is_boundless(self.engine, target, name):
                numbers[name] = None
            elif number is not None:
                numbers[name] = arg.as_retries(number, value.name)
            elif value.result.alts and all(is_absent(a) for a in value.result.alts):
                default = arg.default
                numbers[name] = default if isinstance(default, int) else 0
            elif arg.how == "unbounded" and value.name is None:
                numbers[name] = None
            else:
                reasons[name] = value.result.open[0] if value.result.open else f"{name.replace('_', ' ')} are not known"
        return numbers, reasons, came

    def _source(self, target: Target, name: str, value: Sent | None) -> Arg | None:
        """The argument that a role's value stands in: what its number counts is said there."""
        of_clients = [c.client.roles[name] for c in reversed(target.clients) if name in c.client.roles]
        own = target.spec.roles.get(name)
        known = [arg for arg in (own, *of_clients) if arg is not None]
        if value is not None and value.name is not None:
            return next((arg for arg in known if value.name in arg.names), next(iter(known), None))
        return next(iter(of_clients), own)

    def turns(self, target: Target) -> tuple[int | None, str | None, tuple[Step, ...]]:
        """Model calls in one call at most, why, and where that comes from; None: not known, for that reason."""
        if target.spec.turns is None:
            return 1, None, ()
        if target.spec.turns_when:
            once = handovers.without_return(self.engine, target)
            values = [value for name in target.spec.turns_when for value in role_parts(self.engine, target, name)]
            values = [value for value in values if value.name not in once]
            later = "tools" in target.spec.turns_when and bool(holding.added_tools(self.engine, target, once))
            if not later and all(v.result.alts and all(is_off(a) for a in v.result.alts) for v in values):
                return 1, None, ()
        numbers, reasons, came = self._numbers(target)
        trail = self.spans.steps(tuple(hop for n in target.spec.turns.names() for hop in came.get(n, ())))
        missing = next((reasons[n] for n in target.spec.turns.names() if n in reasons), None)
        if missing:
            return None, missing, trail
        return target.spec.turns.value(numbers), f"up to {target.spec.turns.text}", trail
