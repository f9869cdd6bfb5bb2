"""Calls that send a request to a model: which there are, through which client, to which provider.

In: a call in a frame. Out: `Target`s, one for each entry of the catalogue that the call can mean. Nothing here knows an
SDK by name. Neighbours: `candidates` says which calls are looked at, `roles` what a target sends, `framework` and
`model_groups` what its objects ask in turn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, cast

from guard.facts.catalog_types import Arg, Client
from guard.facts.catalog_types import Call as Spec
from guard.facts.expr import Call, names_from_end
from guard.facts.filefacts import CallRef
from guard.facts.link import calling, framework, model_groups, prompt_files, providers, web
from guard.facts.link.arguments import Arguments, CallArguments, OwnArguments, is_absent, sent
from guard.facts.link.things import (
    NOWHERE,
    Alt,
    ClassThing,
    Ext,
    Frame,
    Func,
    Inst,
    Lit,
    Made,
    ModuleThing,
    Partial,
    Result,
    World,
    together,
)  # fmt: skip
from guard.facts.registry import Resolved
from guard.model import ONCE, Count

if TYPE_CHECKING:
    from guard.facts.link.asked import Reads
    from guard.facts.link.engine import Engine


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
    others: tuple[str, ...] = ()
    """Why another object may be asked in the place of this one, so that what this one was made with is not sure."""
    hears: str = ""
    """What it reads of objects that its holder asked before it, in words."""
    elements: tuple[int, ...] | None = None
    """Of a batch: which of its elements it stands for; None: all."""
    reads: Reads | None = None
    """What is looked up for it, as a rule; None: nothing says so."""
    own: int | None = None
    """How many of the clients, from the outermost, belong to an object that works for itself inside of its holder (an
    agent as a tool): the others and the arguments of the call say nothing of what it sends. None: all count."""


def targets(engine: Engine, ref: CallRef, frame: Frame) -> list[Target]:
    """What a call can send to; empty when it is no request to a model."""
    key = ("targets", id(ref.call), frame.key)
    return cast("list[Target]", engine.once(key, ref, lambda: _targets(engine, ref, frame)))


def _targets(engine: Engine, ref: CallRef, frame: Frame) -> list[Target]:
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
            found += [t._replace(others=callee.open) for t in new]
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
    if resolved.call.file is not None:
        opened = prompt_files.opened(engine, call, frame, resolved.call.file)
        if opened is None:
            return []
        call = opened
    layers: list[Layer] = []
    for client, index in resolved.clients:
        made = thing.made[index] if 0 <= index < len(thing.made) else None
        if client.file is not None and (made is None or not prompt_files.is_opened(made.call)):
            return []
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


def _duck(engine: Engine, ref: CallRef, frame: Frame) -> list[Target]:
    """`something.chat.completions.create(...)`: the path alone is particular enough for some APIs."""
    names = names_from_end(ref.call.func)
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
    """Arguments whose presence means that nothing is asked (`responses.stream(response_id=...)`).

    One that is absent by one of its values (`mock_response=os.getenv("MOCK")`) may be absent when the code runs: a call
    that names a model is then a request.
    """
    for name in target.spec.not_when:
        value = target.arguments.get(name, None)
        if any(is_absent(a) for a in value.alts) and _names_model(target):
            continue
        given = isinstance(target.arguments, CallArguments) and any(k == name for k, _ in target.call.keywords)
        if any(not is_absent(a) for a in value.alts) or (given and value.open):
            return True
    return False


def _names_model(target: Target) -> bool:
    """Whether the call itself names a model."""
    arg = target.spec.roles.get("model")
    return arg is not None and sent(target.arguments, arg) is not None
