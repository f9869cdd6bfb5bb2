"""Which arguments make up a part of the prompt: the roles `system`, `input`, ... read name by name.

In: a target and a role. Out: `Part`s, in the order of the catalogue's names: one, or several where all names that are
sent count (role, goal and backstory of an agent). `{name}` places that the call fills (`kickoff(inputs={...})`) are
filled here. Neighbours: `roles.role` reads a role whose first name counts, `prompts` makes messages of what is found.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from guard.facts.catalog_types import Arg
from guard.facts.link import subscripts, templates
from guard.facts.link.arguments import Arguments, CallArguments, Sent, is_absent, sent
from guard.facts.link.roles import role
from guard.facts.link.sends import Target
from guard.facts.link.things import Result

if TYPE_CHECKING:
    from guard.facts.link.engine import Engine


class Part(NamedTuple):
    """One argument of the prompt."""

    value: Sent
    form: str
    """How it is to be read (`catalog_types.Form`)."""


def parts(engine: Engine, target: Target, name: str) -> list[Part]:
    """What is sent in a role; empty when nothing is, or when the API does not have the role."""
    values = _fills(engine, target)
    for arguments, arg in _places(engine, target, name):
        found = [value for one in _one_by_one(arg) if (value := sent(arguments, one)) is not None]
        if found:
            return [Part(_filled(engine, target, value, values), _form(arg, value)) for value in found]
    value = role(engine, target, name)
    if value is None or not (value.result.alts or value.result.open):
        return []
    if value.result.alts and all(is_absent(a) for a in value.result.alts):
        return []
    arg = next((arg for _, arg in _places(engine, target, name)), Arg())
    return [Part(_filled(engine, target, value, values), _form(arg, value))]


def role_parts(engine: Engine, target: Target, name: str) -> list[Sent]:
    """What a role is, as `roles.role`; of a role all of whose names count (tools and handoffs), each that is sent."""
    if is_joined(target, name):
        for arguments, arg in _places(engine, target, name):
            found = [value for one in _one_by_one(arg) if (value := sent(arguments, one)) is not None]
            if found:
                return found
    value = role(engine, target, name)
    return [] if value is None else [value]


def is_joined(target: Target, name: str) -> bool:
    """Whether the arguments of a role go out as one message."""
    args = [target.spec.roles.get(name), *(layer.client.roles.get(name) for layer in target.clients)]
    return any(arg is not None and arg.join for arg in args)


def _places(engine: Engine, target: Target, name: str) -> Iterator[tuple[Arguments, Arg]]:
    """Where a role can be sent: in the call, then in what makes the clients, innermost first."""
    own = target.spec.roles.get(name) if target.own is None else None
    if own is not None:
        yield target.arguments, own
    for layer in reversed(target.clients[: target.own]):
        arg = layer.client.roles.get(name)
        if arg is not None and layer.made is not None:
            yield CallArguments(engine, layer.made.call, layer.made.frame), arg


def _one_by_one(arg: Arg) -> list[Arg]:
    """An argument all of whose names count, taken apart; `role` and `config.role` are two ways to send one thing."""
    if not arg.join:
        return [arg]
    same: dict[str, list[str]] = {}
    for name in arg.names:
        same.setdefault(name.rpartition(".")[2], []).append(name)
    return [Arg(tuple(names), arg.pos if names[0] == arg.names[0] else None) for names in same.values()]


def _form(arg: Arg, value: Sent) -> str:
    if not arg.forms:
        return "text"
    return arg.form(value.name) if value.name in arg.names else arg.forms[0]


def _fills(engine: Engine, target: Target) -> Result | None:
    """What is put into `{name}` places of the texts, by name; None where the call fills none."""
    each = target.spec.each
    if each is not None and each.role == "fills":
        value = sent(target.arguments, each.arg)
        return None if value is None else subscripts.elements(engine, value.result, ("fills", target.call.pos))
    arg = target.spec.roles.get("fills")
    value = sent(target.arguments, arg) if arg is not None else None
    return None if value is None else value.result


def _filled(engine: Engine, target: Target, value: Sent, values: Result | None) -> Sent:
    if values is None:
        return value
    return value._replace(result=templates.placed(engine, value.result, values, target.frame, target.call.pos))
