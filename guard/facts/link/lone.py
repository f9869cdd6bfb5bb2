"""Objects of frameworks that nothing visible invokes: what they would ask.

In: the call that makes an object. Out: stand-in targets for it, reported but not counted. Neighbours: `framework` knows
what objects hold, `requests` looks for objects that no request goes through.
"""

from __future__ import annotations

from guard.facts.catalog_types import Call as Spec
from guard.facts.expr import Call
from guard.facts.link import calling, framework
from guard.facts.link.arguments import CallArguments
from guard.facts.link.engine import Engine
from guard.facts.link.sends import Target
from guard.facts.link.things import Ext, Frame, Made


def targets(engine: Engine, call: Call, frame: Frame, agents: bool) -> list[Target]:
    """Stand-in targets for an object that a call makes and nothing invokes: its own settings; of an agent (only those
    are looked at with `agents`) also what it would ask besides its model."""
    from guard.facts.link.providers import provider_of

    for alt in engine.eval(call.func, frame).alts:
        if not isinstance(alt.thing, Ext):
            continue
        made = Made(calling.with_file(engine, alt.thing, call, frame), frame)
        layers = framework.layers_of(engine, Ext(alt.thing.chain + "()", (*alt.thing.made, made)))
        if layers is None or (layers[-1].client.object == "agent") != agents:
            continue
        client = layers[-1].client
        own = engine.project.catalog.held_call(client.id)
        operation = own.operation if own is not None else "unknown"
        spec = Spec(alt.thing.chain, client.family, operation)
        provider = provider_of(engine, spec, layers)
        target = Target(
            spec, call, frame, CallArguments(engine, call, frame), tuple(layers), provider, {}, alt.world, True
        )
        if not agents:
            return [target] if framework.decides(engine, layers[-1]) else []
        target = framework.with_settings(engine, target, len(layers))
        asked = framework.held_targets(engine, target, len(target.clients), 0)
        if framework.decides(engine, layers[-1]) and framework.sends_itself(engine, target):
            asked = [target, *asked]
        return [t for t in asked if t.use != "tool" and framework.sites(engine, t)]
    return []
