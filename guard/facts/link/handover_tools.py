"""The tools by which a model hands over to another agent, as a library words them.

In: an agent, or what a library makes of one to hand over to (`handoff(agent, ...)`). Out: the tool's definition in
OpenAI's form, or None where the catalogue knows of none (`Client.handover`) or a part of its text is not known.
Neighbour: `tool_schemas` asks.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from guard.facts.catalog_types import Arg
from guard.facts.link import field_types, framework, plain
from guard.facts.link.arguments import CallArguments, sent
from guard.facts.link.things import ClassThing, Ext

if TYPE_CHECKING:
    from guard.facts.link.engine import Engine
    from guard.facts.link.sends import Layer

NAME = Arg(("tool_name_override", "tool_name"))
DESCRIPTION = Arg(("tool_description_override", "tool_description"))
INPUT = Arg(("input_type",))


def definition(engine: Engine, thing: Ext) -> dict[str, Any] | None:
    """The tool that hands over to an object."""
    layers = framework.layers_of(engine, thing) or []
    if layers and layers[-1].client.handover is not None:  # not what is made of an agent (`agent.as_tool()`)
        return _of_agent(engine, layers)
    for layer in layers:
        if layer.made is None or not any(holds.use == "run" for holds in layer.client.holds):
            continue
        arg = next(holds.arg for holds in layer.client.holds if holds.use == "run")
        arguments = CallArguments(engine, layer.made.call, layer.made.frame)
        held = sent(arguments, arg)
        things = [alt.thing for alt in held.result.alts] if held is not None else []
        inner = framework.layers_of(engine, things[0]) if len(things) == 1 and isinstance(things[0], Ext) else None
        own = _of_agent(engine, inner) if inner else None
        return _with_overrides(engine, arguments, own) if own is not None else None
    return None


def _of_agent(engine: Engine, layers: list[Layer]) -> dict[str, Any] | None:
    """The tool for an agent: the library's sentences with the agent's own words put in."""
    client = next((layer.client for layer in layers if layer.client.handover is not None), None)
    if client is None or client.handover is None:
        return None
    texts = [_filled(engine, layers, text) for text in client.handover]
    if texts[0] is None or texts[1] is None:
        return None
    name = re.sub(r"[^a-zA-Z0-9_]", "_", texts[0]).lower()
    schema = field_types.an_object({}, [])
    return {"type": "function", "function": {"name": name, "description": texts[1], "parameters": schema}}


def _filled(engine: Engine, layers: list[Layer], text: str) -> str | None:
    """A sentence with `{argument}` places filled; what is not given is empty, what is not known ends in None."""
    for name in re.findall(r"\{(\w+)\}", text):
        given: Any = ""
        for layer in reversed(layers):
            made = layer.made
            value = sent(CallArguments(engine, made.call, made.frame), Arg((name,))) if made is not None else None
            if value is not None:
                given = plain.of_result(engine, value.result)
                break
        if not isinstance(given, str):
            return None
        text = text.replace("{" + name + "}", given)
    return text


def _with_overrides(engine: Engine, arguments: CallArguments, own: dict[str, Any]) -> dict[str, Any] | None:
    """The tool with what a program says in place of the library, and the form of what the model hands over."""
    inner = dict(own["function"])
    for key, arg in (("name", NAME), ("description", DESCRIPTION)):
        value = sent(arguments, arg)
        text = plain.of_result(engine, value.result) if value is not None else inner[key]
        if not isinstance(text, str):
            return None
        inner[key] = text
    form = sent(arguments, INPUT)
    if form is not None:
        thing = form.result.alts[0].thing if len(form.result.alts) == 1 else None
        schema = field_types.of_class(engine, thing) if isinstance(thing, ClassThing) else None
        if schema is None:
            return None
        inner["parameters"] = schema
    return {**own, "function": inner}
