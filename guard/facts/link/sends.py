"""Calls that send a request to a model: which there are, through which client, to which provider.

In: a call in a frame. Out: `Target`s, one for each entry of the catalogue that the call can mean. Nothing here knows an
SDK by name.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from guard.facts.catalog_types import Arg, Client
from guard.facts.catalog_types import Call as Spec
from guard.facts.expr import Attr, Call, Expr, Name, Pos, last_name
from guard.facts.filefacts import CallRef, FileFacts
from guard.facts.link import calling, documents, framework, model_groups, providers, running, versions, web
from guard.facts.link.arguments import Arguments, CallArguments, OwnArguments, Sent, is_absent, is_unbounded, sent
from guard.facts.link.things import (
    NOWHERE,
    Alt,
    ClassThing,
    Ext,
    Frame,
    Func,
    Hop,
    Inst,
    Lit,
    Made,
    ModuleThing,
    Partial,
    Result,
    World,
    together,
    unknown,
)  # fmt: skip
from guard.facts.registry import Resolved
from guard.model import ONCE, Count, Scalar

if TYPE_CHECKING:
    from guard.facts.link.engine import Engine


COMMON_NAMES = frozenset({
    "run", "create", "get", "send", "call", "stream", "parse", "complete", "query", "search", "generate", "chat",
    "embed", "predict", "execute", "edit", "process", "iter", "train", "test", "rerank", "classify", "add", "insert",
    "__call__", "",
})  # fmt: skip
"""Method names of APIs that many other things have, too."""


class Layer(NamedTuple):
    """A client of the chain with the call that made it (None for a module)."""

    client: Client
    made: Made | None
    at: Frame | None = None
    """Of a module: where it is used."""
    derived: bool = False
    """Made of another object by a method of it (`model.bind_tools(tools)`)."""


class Target(NamedTuple):
    """What a call sends to."""

    spec: Spec
    call: Call
    """With the arguments of a `partial` put in."""
    frame: Frame
    arguments: Arguments
    clients: tuple[Layer, ...]
    """Innermost last."""
    provider: str | None
    captures: dict[str, Result]
    """What the URL of a raw request says itself."""
    world: World
    sure: bool
    """False when the receiver is unknown and only the path of attributes speaks for the API."""
    use: str = "run"
    """What a held object is asked for (`catalog_types.Use`)."""
    held: int = 0
    """How many of the clients, from the outermost, are those of a held object."""
    route: tuple[object, ...] = ()
    """By which arguments and elements of holders the object was reached."""
    sites: tuple[Made, ...] | None = None
    """Constructors that are sites of the request; None: those of all clients that are."""
    runs: Count = ONCE
    """How often a held object is asked in one call."""
    fallback: bool = False
    """It is asked after a failure of another object."""
    choice: tuple[object, ...] = ()
    """The place of its holder, where one of several objects there is asked."""
    prompt: tuple[Alt, ...] = ()
    """The prompt template before it in a sequence; several: alternatives."""
    unknown: str | None = None
    """Why an object that it asks is not known."""
    own: int | None = None
    """How many of the clients, from the outermost, belong to an object that works for itself inside of its holder (an
    agent as a tool): the others and the arguments of the call say nothing of what it sends. None: all count."""


def may_send(engine: Engine, facts: FileFacts, ref: CallRef) -> bool:
    """Whether a call looks so much like an API that its callers are worth asking for its receiver or its address."""
    if _in_module(engine, facts, ref):
        return True
    names: list[str] = []
    expr: Expr = ref.call.func
    while isinstance(expr, Attr):
        names.append(expr.name)
        expr = expr.base
    if isinstance(expr, Name):
        names.append(expr.id)
    tails = engine.project.call_tails
    if ".".join(reversed(names[:2])) in tails or (len(names) > 1 and names[0] in engine.declared.by_last):
        return True
    if names and names[0] in _http_names(engine) and web.asks_callers(engine, facts.path, ref):
        return True
    if len(names) < 2 or names[0] not in tails:
        return False
    keywords = {k for k, _ in ref.call.keywords}
    return names[0] not in COMMON_NAMES or bool(keywords & {"model", "modelId", "model_id", "messages", "max_tokens"})


def _in_module(engine: Engine, facts: FileFacts, ref: CallRef) -> bool:
    """Whether a method of a framework's subclass calls what the object holds: `self.predictor(question=...)`."""
    func, at = ref.call.func, ref.scope
    if not isinstance(func, Attr) or not isinstance(func.base, Name) or func.base.id != "self":
        return False
    while at > 0 and facts.scopes[at].kind != "class":
        at = facts.scopes[at].parent
    return at > 0 and bool(running.bases(engine, ClassThing(facts.path, at)))


def targets(engine: Engine, ref: CallRef, frame: Frame) -> list[Target]:
    """What a call can send to; empty when it is no request to a model."""
    asked = direct(engine, ref, frame)
    expanded = (framework.expanded if is_framework(t) else model_groups.expanded for t in asked)
    return [inner for t, parts in zip(asked, expanded) for inner in parts(engine, t)]


def direct(engine: Engine, ref: CallRef, frame: Frame) -> list[Target]:
    """What a call can be by the catalogue alone; what objects of frameworks hold is not looked at."""
    found: list[Target] = []
    callee = engine.eval(ref.call.func, frame)
    followed = False
    for alt in callee.alts:
        call, thing, inner = ref.call, alt.thing, frame
        if isinstance(thing, Partial):
            call = calling.with_partial(thing, call, frame)
            thing = thing.func
        if isinstance(thing, Ext):
            new = _of_chain(engine, thing, call, inner, alt.world)
            found += new
            followed = followed or bool(new) or _is_known_root(engine, thing)
        elif isinstance(thing, (Func, Inst, ClassThing, ModuleThing)):
            followed = True
            own = engine.declared.of(thing)
            if own is not None:
                held = OwnArguments(engine, call, inner, own[1])
                found.append(Target(own[0], call, inner, held, (), own[0].provider, {}, alt.world, True))
    if not found and not followed:
        found = _duck(engine, ref, frame)
    return [t for t in found if not _excluded(engine, t)]


def is_framework(target: Target) -> bool:
    """Whether a target goes through objects of a framework."""
    return target.spec.of is not None or any(layer.client.object for layer in target.clients)


def _is_known_root(engine: Engine, thing: Ext) -> bool:
    """A chain that starts at a library which the catalogue describes, or at one that guard can see is another."""
    return "." in thing.chain


def _of_chain(engine: Engine, thing: Ext, call: Call, frame: Frame, world: World) -> list[Target]:
    catalog = engine.project.catalog
    found = []
    public = ".".join(part for part in thing.chain.split(".") if not part.startswith("_"))
    for resolved in catalog.resolve(thing.chain) or catalog.resolve(public):
        new = _resolved(engine, resolved, thing, call, frame, world)
        found += new
        if new and any(client.when is not None for client, _ in resolved.clients):
            break
    if found:
        return found
    wrapped = _of_wrapped(engine, thing, call, frame, world)
    if wrapped:
        return wrapped
    caller = catalog.callers_by_name.get(thing.chain)
    if caller is not None:
        return web.targets(engine, caller, thing, call, frame, world)
    return []


def _of_wrapped(engine: Engine, thing: Ext, call: Call, frame: Frame, world: World) -> list[Target]:
    """`instructor.from_openai(client).chat...`: what the wrapper lacks is asked of the client it wraps."""
    parts = thing.chain.split("()")
    for end in range(len(parts) - 1, 0, -1):
        for client in engine.project.catalog.clients_by_name.get("()".join(parts[:end]), ()):
            if client.wraps is None or end > len(thing.made):
                continue
            made = thing.made[end - 1]
            value = sent(CallArguments(engine, made.call, made.frame), client.wraps)
            rest, later = "()".join(parts[end:]), thing.made[end:]
            found = []
            for alt in value.result.alts if value is not None else ():
                if isinstance(alt.thing, Ext):
                    inner = Ext(alt.thing.chain + rest, (*alt.thing.made, *later))
                    found += _of_chain(engine, inner, call, frame, world)
            return [t._replace(clients=(*t.clients, Layer(client, made))) for t in found]
    return []


def _resolved(engine: Engine, resolved: Resolved, thing: Ext, call: Call, frame: Frame, world: World) -> list[Target]:
    """The request that a chain is: once for each provider that may be asked, with what a wrapping client wraps."""
    layers: list[Layer] = []
    for client, index in resolved.clients:
        made = thing.made[index] if 0 <= index < len(thing.made) else None
        if made is None and index == thing.chain.count("()"):  # a class method: the call makes the object that it uses
            made = Made(call, frame)
        if client.when is not None and (made is None or not _holds(engine, client.when.arg, client.when.equals, made)):
            return []
        place = frame if client.modules and made is None else None
        layers.append(Layer(client, made, at=place, derived=bool(layers)))
    found = []
    arguments = CallArguments(engine, call, frame)
    for clients, inner in _with_wrapped(engine, layers, world):
        for provider, where in providers.providers_of(engine, resolved.call, clients, arguments):
            both = together(inner, where)
            if both is not None:
                found.append(Target(resolved.call, call, frame, arguments, tuple(clients), provider, {}, both, True))
    return found


def _with_wrapped(engine: Engine, layers: list[Layer], world: World) -> list[tuple[list[Layer], World]]:
    """The clients of a chain with those that its clients wrap (`instructor.from_openai(client)`) outside of them."""
    found: list[tuple[list[Layer], World]] = []
    for layer in layers:
        if layer.client.wraps is None or layer.made is None:
            continue
        value = sent(CallArguments(engine, layer.made.call, layer.made.frame), layer.client.wraps)
        for alt in value.result.alts if value is not None else ():
            both = together(world, alt.world)
            inner = framework.layers_of(engine, alt.thing) if isinstance(alt.thing, Ext) else None
            if inner is not None and both is not None:
                found.append(([*inner, *layers], both))
    return found or [(layers, world)]


def _holds(engine: Engine, arg: Arg, equals: tuple[object, ...], made: Made) -> bool:
    value = sent(CallArguments(engine, made.call, made.frame), arg)
    if value is None:
        return arg.default in equals
    return any(isinstance(a.thing, Lit) and a.thing.value in equals for a in value.result.alts)


# --- unknown receivers ----------------------------------------------------------------------------------------------


def _duck(engine: Engine, ref: CallRef, frame: Frame) -> list[Target]:
    """`something.chat.completions.create(...)`: the path alone is particular enough for some APIs."""
    names: list[str] = []
    expr: Expr = ref.call.func
    while isinstance(expr, Attr):
        names.append(expr.name)
        expr = expr.base
    if isinstance(expr, Name):
        names.append(expr.id)
    if not names:
        return []
    path = ".".join(reversed(names))
    keywords = [k for k, _ in ref.call.keywords if k is not None]
    spread = any(k is None for k, _ in ref.call.keywords)
    spec = engine.project.catalog.duck(path, keywords, spread)
    if spec is not None:
        arguments = CallArguments(engine, ref.call, frame)
        return [Target(spec, ref.call, frame, arguments, (), spec.provider, {}, NOWHERE, False)]
    caller = engine.project.catalog.duck_callers.get(names[0])
    return web.targets(engine, caller, None, ref.call, frame, NOWHERE) if caller is not None else []


def _excluded(engine: Engine, target: Target) -> bool:
    """Arguments whose presence means that nothing is asked (`responses.stream(response_id=...)`)."""
    for name in target.spec.not_when:
        value = target.arguments.get(name, None)
        given = isinstance(target.arguments, CallArguments) and any(k == name for k, _ in target.call.keywords)
        if any(not is_absent(a) for a in value.alts) or (given and value.open):
            return True
    return False


# --- candidates -------------------------------------------------------------------------------------------------------


def candidates(engine: Engine, facts: FileFacts) -> list[CallRef]:
    """Calls of a file whose last name is that of a known API or of a function that sends HTTP requests."""
    catalog = engine.project.catalog
    found = []
    for name in facts.by_name:
        if name in catalog.last_names or name in catalog.duck_callers or name in _http_names(engine):
            found += facts.by_name[name]
    aliases = _aliases(engine, facts)
    for alias in aliases:
        found += facts.by_name.get(alias, ())
    holders: dict[int, frozenset[str]] = {}
    attributes = _held_attributes(engine, facts)
    for ref in facts.calls:  # partial(...)(...) and calls of variables that hold an API's method
        if last_name(ref.call.func) is None or (isinstance(ref.call.func, Attr) and ref.call.func.name in attributes):
            found.append(ref)
        elif isinstance(ref.call.func, Name):
            if ref.scope not in holders:
                holders[ref.scope] = _holders(engine, facts, ref.scope)
            if ref.call.func.id in holders[ref.scope]:
                found.append(ref)
    unique = {id(ref): ref for ref in found}
    return sorted(unique.values(), key=lambda r: (r.call.pos, r.scope))


def _http_names(engine: Engine) -> frozenset[str]:
    return frozenset(name.rsplit(".", 1)[-1] for name in engine.project.catalog.callers_by_name)


def _aliases(engine: Engine, facts: FileFacts) -> list[str]:
    """Local names of imported APIs: `from litellm import completion as ask`."""
    names = engine.project.catalog.last_names
    return [
        b.name for scope in facts.scopes for bindings in scope.bindings.values() for b in bindings
        if b.kind == "import" and b.member in names and b.name != b.member
    ]  # fmt: skip


def _may_send(engine: Engine, value: Expr | None, names: frozenset[str]) -> bool:
    """Whether a value ends in an API's name, is a `partial` of one, or is a call that may make an object that sends."""
    if isinstance(value, (Attr, Name)):
        return last_name(value) in names
    if not isinstance(value, Call):
        return False
    made = last_name(value.func)
    if engine.project.catalog.may_make(made or ""):
        return True
    return made == "partial" and bool(value.args) and last_name(value.args[0]) in names


def _holders(engine: Engine, facts: FileFacts, scope: int) -> frozenset[str]:
    """Variables of a scope that are bound to something ending in an API's name: `ask = client.messages.create`."""
    names = engine.project.catalog.last_names
    held = set()
    at = scope
    while at >= 0:
        for name, bindings in facts.scopes[at].bindings.items():
            for binding in bindings:
                if binding.kind == "assign" and _may_send(engine, binding.value, names):
                    held.add(name)
        at = facts.scopes[at].parent
    return frozenset(held)


def _held_attributes(engine: Engine, facts: FileFacts) -> frozenset[str]:
    """Attributes that are, or may be, bound to an object of a framework: `self.predict = dspy.Predict(...)`."""
    found = set()
    for scope in facts.scopes:
        for name, bindings in scope.bindings.items():
            params = {param.name for param in scope.params}
            if "." in name and any(
                (isinstance(b.value, Call) and engine.project.catalog.may_make(last_name(b.value.func) or ""))
                or (isinstance(b.value, Name) and b.value.id in params)
                for b in bindings
            ):
                found.add(name.rsplit(".", 1)[-1])
    return frozenset(found)


def role(engine: Engine, target: Target, name: str) -> Sent | None:
    """What a role is: sent by the call, set on a client (innermost first), or a default. None: it is not known."""
    own = target.spec.roles.get(name) if target.own is None or name.endswith("_retries") else None
    if own is not None:
        value = _named(engine, name, sent(target.arguments, own)) or _by_another(target.arguments, own)
        if value is not None:
            return value
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


def _by_prefix(engine: Engine, target: Target, arg: Arg) -> Result | None:
    """The defaults that go with the models by the first part of their names; None where one of them has none."""
    model = role(engine, target, "model")
    names = [a.thing.value for a in model.result.alts if isinstance(a.thing, Lit)] if model is not None else []
    if not names or len(names) < len(model.result.alts if model is not None else ()):
        return None
    parts = [re.split("[:/]", str(name))[0] for name in names]
    if any(part not in arg.by_prefix for part in parts):
        return None
    values = dict.fromkeys(arg.by_prefix[part] for part in parts)
    return Result(tuple(Alt(Lit(value)) for value in values), model.result.open if model is not None else ())


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

    named = _by_prefix(engine, target, arg) if arg.by_prefix else None
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
