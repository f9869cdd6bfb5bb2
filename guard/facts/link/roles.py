"""What a role of a request is: model, limit, prompt, retries, each by its argument.

In: a target and the name of a role of its catalogue entry. Out: the value that the call sends, else the one that its
clients were made with (innermost first), else the default, with where it stands. Neighbours: `arguments` finds one
argument in a call, `providers` what a client was given, `versions` and `documents` say which default holds; `draft` and
`prompts` ask.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from guard.facts.catalog_types import Arg
from guard.facts.expr import Pos
from guard.facts.link import documents, framework, providers, versions
from guard.facts.link.arguments import Arguments, CallArguments, Sent, is_absent, is_unbounded, sent
from guard.facts.link.things import (
    Alt,
    Hop,
    Lit,
    Result,
    opened,
    union,
    unknown,
    within,
)  # fmt: skip
from guard.model import Scalar

if TYPE_CHECKING:
    from guard.facts.link.engine import Engine
    from guard.facts.link.sends import Target

OF_OBJECTS = ("model", "deployment", "max_output")
"""Roles that are open where another object may be asked."""


def role(engine: Engine, target: Target, name: str) -> Sent | None:
    """What a role is: sent by the call, set on a client (innermost first), or a default. None: it is not known."""
    own = (
        target.spec.roles.get(name)
        if target.own is None or name in ("client_retries", "max_retries", "reasks")
        else None
    )
    if own is not None and own.ignored_for:
        ignored = _by_prefix(engine, target, {**dict.fromkeys(own.ignored_for, 0), **own.by_prefix})
        if ignored is not None and _prefixes(engine, target) <= frozenset(own.ignored_for):
            return Sent(ignored, None)
    if own is not None:
        value = _named(engine, name, sent(target.arguments, own)) or _by_another(target.arguments, own)
        if value is not None and _is_perhaps(target.arguments, own, value):
            held = _of_clients(engine, target, name, None)
            return value if held is None else Sent(opened(held.result, *value.result.open), held.name)
        if value is not None:
            return value
    found = _of_clients(engine, target, name, own)
    if found is not None and target.others and name in OF_OBJECTS and _is_of_clients(target, name):
        return Sent(opened(found.result, *target.others), found.name)
    if found is None and name == "max_turns" and name in target.spec.roles:  # the run's limit is that of all its agents
        run = target.spec.roles[name]
        return sent(target.arguments, run) or Sent(_default(engine, target, run), None)
    return found


def _is_of_clients(target: Target, name: str) -> bool:
    """Whether the objects that a call goes through decide a role, unless the call itself sends it."""
    return any(name in layer.client.roles for layer in target.clients[: target.own])


def _is_perhaps(arguments: Arguments, arg: Arg, value: Sent) -> bool:
    """Whether a value may only stand in something unknown that is spread into the call: `ask(text, **kwargs)`."""
    if value.result.alts or not isinstance(arguments, CallArguments):
        return False
    written = {keyword for keyword, _ in arguments.call.keywords}
    by_name = any(name.split(".")[0] in written for name in arg.names)
    return None in written and not by_name and (arg.pos is None or arg.pos >= len(arguments.call.args))


def _of_clients(engine: Engine, target: Target, name: str, own: Arg | None) -> Sent | None:
    """What the clients of a call were made with, innermost first, else the default; `own`: that of the call."""
    default: Arg | None = None
    layers = list(enumerate(target.clients[: target.own]))
    if target.fallback or target.use in ("delegate", "tool"):  # it works with its own values, not its holder's
        layers = [*layers[target.held :], *layers[: target.held]]
    for number, (client, *_) in reversed(layers):
        arg = client.roles.get(name)
        if arg is None:
            continue
        layer = target.clients[number]
        value = _named(engine, name, providers.given_to(engine, layer, arg))
        if value is None and layer.made is not None:
            value = _by_another(CallArguments(engine, layer.made.call, layer.made.frame), arg)
        if value is not None:
            return value
        default = arg if default is None or number < target.held else default  # of two defaults the held object's holds
    arg = default or own
    return None if arg is None else Sent(_default(engine, target, arg), None)


def _named(engine: Engine, role_name: str, value: Sent | None) -> Sent | None:
    """A model given as an object is no name: the object is asked instead (`framework`)."""
    if value is None or role_name != "model":
        return value
    alts = tuple(a for a in value.result.alts if not framework.is_held(engine, a))
    if len(alts) == len(value.result.alts):
        return value
    return Sent(Result(alts, value.result.open), value.name) if alts else None


def _by_prefix(engine: Engine, target: Target, defaults: Mapping[str, Scalar]) -> Result | None:
    """The defaults that go with the models by the first part of their names; None where one of them has none."""
    parts = _prefixes(engine, target)
    model = role(engine, target, "model")
    if model is None or not parts or any(part not in defaults for part in parts):
        return None
    values = dict.fromkeys(defaults[part] for part in sorted(parts))
    return Result(tuple(Alt(Lit(value)) for value in values), model.result.open)


def _prefixes(engine: Engine, target: Target) -> frozenset[str]:
    """First parts of the names of all models; none where one is not a known text."""
    model = role(engine, target, "model")
    alts = model.result.alts if model is not None else ()
    if not all(isinstance(a.thing, Lit) for a in alts):
        return frozenset()
    return frozenset(re.split("[:/]", str(a.thing.value))[0] for a in alts if isinstance(a.thing, Lit))


def named_model(engine: Engine, target: Target) -> Sent | None:
    """The model: the deployment that a client was made for, and what the call names where there is none."""
    deployment = None if target.spec.any_deployment else role(engine, target, "deployment")
    if deployment is None:
        return role(engine, target, "model")
    set_to = tuple(alt for alt in deployment.result.alts if not is_absent(alt))
    unset = [alt.world for alt in deployment.result.alts if is_absent(alt)]
    reasons = deployment.result.open
    if set_to and not unset:
        return deployment
    model = role(engine, target, "model")
    if not set_to and not reasons:
        return model
    named = model.result if model is not None else Result(())
    left = union(within(named, world) for world in unset) if unset else named
    why = tuple(f"the client's deployment goes before the model: {reason}" for reason in reasons)
    return Sent(Result((*set_to, *left.alts), (*why, *left.open)), deployment.name)


def is_boundless(engine: Engine, target: Target, name: str) -> bool:
    """Whether a role is sent as None where that means that there is no bound."""
    own = target.spec.roles.get(name)
    if own is not None and is_unbounded(target.arguments, own):
        return True
    made = [(c.client.roles.get(name), c.made) for c in target.clients]
    return any(
        arg is not None and m is not None and is_unbounded(CallArguments(engine, m.call, m.frame), arg)
        for arg, m in made
    )


def _by_another(arguments: Arguments, arg: Arg) -> Sent | None:
    """The default that holds because another argument is sent; None where none of those is."""
    other = sent(arguments, Arg(arg.given)) if arg.given else None
    if other is None:
        return None
    if arg.given_values:
        known = [str(a.thing.value) for a in other.result.alts if isinstance(a.thing, Lit)]
        sure = bool(known) and not other.result.open and all(value in arg.given_values for value in known)
        values = dict.fromkeys(arg.given_values[value] for value in known) if sure else arg.given_values.values()
        return Sent(Result(tuple(Alt(Lit(value)) for value in values), () if sure else other.result.open), None)
    if arg.given_default is None:
        return Sent(unknown(arg.why or "there is no limit"), None)
    return Sent(Result((Alt(Lit(arg.given_default)),)), None)


def _default(engine: Engine, target: Target, arg: Arg) -> Result:
    from guard.facts.link.arguments import ABSENT

    named = _by_prefix(engine, target, arg.by_prefix) if arg.by_prefix else None
    if named is not None:
        return named
    reasons = tuple(f"environment variable {name} may decide it" for name in arg.env)
    settled = []
    for name in arg.env:
        settled += [
            Alt(Lit(_of_env(arg, value)), (Hop(path, Pos(line, 1, line, 1), "env_default", name),))
            for path, value, line in documents.env(engine.project, name, target.frame.path)
        ]
    arg, release = versions.settled(engine.project, arg, target.frame.path)
    if arg.how == "default":
        hops = (release, _default_hop(target)) if release is not None else (_default_hop(target),)
        alts = (Alt(Lit(arg.default), hops),) if not settled else ()
        return Result((*settled, *alts), reasons)
    if settled:
        return Result(tuple(settled), reasons)
    if arg.how in ("not_sent", "model_maximum"):
        return ABSENT
    return unknown(
        arg.why or {"required": "it is not given", "unbounded": "there is no limit"}.get(arg.how, "not known")
    )


def _of_env(arg: Arg, text: str) -> Scalar:
    """The value of an environment variable; a number of retries counts what the first name of the argument counts."""
    if not isinstance(arg.default, int) or not text.isdigit():
        return text
    return arg.as_retries(int(text), arg.names[0]) if arg.counts else int(text)


def _default_hop(target: Target) -> Hop:
    """Where a default stands: in guard.yaml for a user's own call, else in the SDK."""
    place = target.spec.place
    if place is None:
        return Hop(target.frame.path, target.call.pos, "catalog_default", target.spec.api)
    path, line, column = place
    return Hop(path, Pos(line, column, line, column), "declared", target.spec.api)
