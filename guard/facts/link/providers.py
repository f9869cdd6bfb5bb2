"""Who is asked and paid: the provider of a request, by address, by the client, by the name of the model.

In: a catalogue entry with the clients it is called on. Out: providers, each with the world in which it is asked. An
address that is not known makes the provider unknown; it is never taken for the SDK's own. Neighbours: `sends` finds
the clients, `draft` reads the model.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from guard.facts.catalog_types import Arg
from guard.facts.catalog_types import Call as Spec
from guard.facts.expr import Call, Name, Pos, dotted
from guard.facts.link import known
from guard.facts.link.arguments import CallArguments, Sent, is_absent, sent
from guard.facts.link.stages import is_test
from guard.facts.link.things import (
    NOWHERE,
    Alt,
    Ext,
    Frame,
    Lit,
    Pieces,
    Result,
    World,
    opened,
    together,
    union,
    within,
)  # fmt: skip
from guard.facts.link.values import Quantity, value_of

if TYPE_CHECKING:
    from guard.facts.filefacts import Binding
    from guard.facts.link.arguments import Arguments
    from guard.facts.link.engine import Engine
    from guard.facts.link.sends import Layer, Target

Provider = tuple[str | None, World]
PLACEHOLDERS = ("<", ">", "your-", "your_", "YOUR", "xxx", "XXX", "...", "{", "}")
"""In an address of an example file: something that its reader is to replace."""
_GETENV = frozenset({"os.getenv", "getenv", "os.environ.get", "environ.get"})
MAX_PLACES = 16
"""Assignments to an attribute of a module that are looked at."""


class Address(NamedTuple):
    """A base URL that a call or client was given: its host's provider, and whether anything was given at all."""

    provider: str | None
    given: bool
    world: World


def provider_of(engine: Engine, spec: Spec, layers: list[Layer], arguments: Arguments | None = None) -> str | None:
    """The provider that is asked without overrides."""
    return providers_of(engine, spec, layers, arguments)[0][0]


def providers_of(
    engine: Engine, spec: Spec, layers: list[Layer], arguments: Arguments | None = None
) -> list[Provider]:  # fmt: skip
    """The providers that may be asked, the likeliest first: the call's own, else by the address, else the client's."""
    if spec.provider is not None:
        return [(spec.provider, NOWHERE)]
    own = next((x.client.provider for x in reversed(layers) if x.client.provider is not None), None)
    named = _by_argument(engine, spec, layers, arguments)
    addresses = _addresses(engine, spec, layers, arguments)
    if not addresses:
        return [(named or own, NOWHERE)]
    found: dict[str | None, Provider] = {}
    for address in addresses:
        provider = (address.provider if address.given else own) if named is None else named
        old = found.get(provider)
        found[provider] = (provider, address.world if old is None else old[1] & address.world)
    return list(found.values())


def _by_argument(engine: Engine, spec: Spec, layers: list[Layer], arguments: Arguments | None) -> str | None:
    """The provider that an argument names: `model_provider="anthropic"`, `api_type="azure"`, `provider=bedrock()`."""
    value = _sent_role(engine, "provider_name", spec, layers, arguments)
    prefixes = engine.project.catalog.provider_prefixes
    for alt in value.result.alts if value is not None else ():
        name = None
        if isinstance(alt.thing, Lit) and isinstance(alt.thing.value, str):
            name = alt.thing.value.lower()
        elif isinstance(alt.thing, Ext) and alt.thing.chain.endswith("()"):
            name = alt.thing.chain.removesuffix("()").rpartition(".")[2]
        if name is not None:
            return prefixes.get(name) or prefixes.get(name.replace("-", "_"))
    return None


def _sent_role(engine: Engine, role: str, spec: Spec, layers: list[Layer], arguments: Arguments | None) -> Sent | None:
    """A role that the call or a client was given, innermost first."""
    own = spec.roles.get(role)
    if own is not None and arguments is not None:
        value = sent(arguments, own)
        if value is not None:
            return value
    for layer in reversed(layers):
        arg = layer.client.roles.get(role)
        value = given_to(engine, layer, arg) if arg is not None else None
        if value is not None:
            return value
    return None


def given_to(engine: Engine, layer: Layer, arg: Arg) -> Sent | None:
    """What a client was given for an argument; for a module's own client, what is assigned to the module."""
    if layer.made is not None:
        return sent(CallArguments(engine, layer.made.call, layer.made.frame), arg)
    if not layer.client.modules or layer.at is None:
        return None
    for name in arg.names:
        found = _assigned(engine, layer.client.modules, name, layer.at)
        if found is not None:
            return Sent(found, name)
    return None


# addresses


def _addresses(engine: Engine, spec: Spec, layers: list[Layer], arguments: Arguments | None) -> list[Address]:
    """The base URLs that may hold; empty where none is given, so that the client's own holds."""
    value = _sent_role(engine, "base_url", spec, layers, arguments)
    if value is None or _is_optional(value, layers):
        return _from_environment(engine, layers)
    found = [_address(engine, alt) for alt in value.result.alts]
    if not found and value.result.open:
        return [Address(None, True, NOWHERE)]
    return found


def _is_optional(value: Sent, layers: list[Layer]) -> bool:
    """Whether an address is nothing but `os.getenv(name)`: without the variable the SDK's own holds."""
    if value.result.alts:
        return False
    written = [v for x in layers if x.made is not None for k, v in x.made.call.keywords if k == value.name]
    return any(
        isinstance(expr, Call) and dotted(expr.func) in _GETENV and len(expr.args) + len(expr.keywords) == 1
        for expr in written
    )


def _address(engine: Engine, alt: Alt) -> Address:
    if is_absent(alt) or (isinstance(alt.thing, Lit) and alt.thing.value == ""):
        return Address(None, False, alt.world)
    text = text_of(alt)
    return Address(engine.project.catalog.host_provider(text) if text else None, True, alt.world)


def _from_environment(engine: Engine, layers: list[Layer]) -> list[Address]:
    """Addresses that code or files of the repository set in the variable which the SDK itself reads."""
    for layer in reversed(layers):
        arg = layer.client.roles.get("base_url")
        frame = layer.made.frame if layer.made is not None else layer.at
        for name in arg.env if arg is not None and frame is not None else ():
            found = known.environment(engine, name, None, Pos(1, 1, 1, 1), frame) if frame is not None else None
            for alt in found.alts if found is not None else ():
                url = text_of(alt)
                if url and not any(mark in url for mark in PLACEHOLDERS):
                    return [Address(engine.project.catalog.host_provider(url), True, NOWHERE)]
    return []


def text_of(alt: Alt) -> str | None:
    """A text, with markers of the catalogue's kind where parts of it are not known."""
    if isinstance(alt.thing, Lit) and isinstance(alt.thing.value, str):
        return alt.thing.value
    if isinstance(alt.thing, Pieces):
        return "".join(p.text if p.text is not None else f"\0{i}\0" for i, p in enumerate(alt.thing.parts))
    return None


# attributes of modules


def _assigned(engine: Engine, modules: tuple[str, ...], name: str, at: Frame) -> Result | None:
    """What is assigned to `module.name`: in the asking function, else in its file, else anywhere but in tests."""
    places = _places(engine, modules, name)
    here = [place for place in places if place[0] == at.path]
    elsewhere = [p for p in places if _concerns(engine, p[0], at.path)]
    for chosen in ([p for p in here if p[1] == at.scope], here, elsewhere):
        if chosen:
            found = [
                within(
                    engine.bound(binding, engine.root(path, scope)),
                    frozenset({(("assigned", name), number)}) if len(chosen) > 1 else NOWHERE,
                )
                for number, (path, scope, binding) in enumerate(chosen[:MAX_PLACES])
            ]
            return opened(union(found), *(("it is set elsewhere, too",) if len(chosen) > MAX_PLACES else ()))
    return None


def _concerns(engine: Engine, path: str, at: str) -> bool:
    """Whether what one file assigns holds where another asks: not what tests assign, nor a script of its own."""
    project = engine.project
    others = [p for p in project.naming(project.stem(path)) if p != path]
    return not is_test(path) and (bool(others) or path in project.naming(project.stem(at)))


def _places(engine: Engine, modules: tuple[str, ...], name: str) -> list[tuple[str, int, Binding]]:
    return engine.module_places.once((modules, name), lambda: _find_places(engine, modules, name))


def _find_places(engine: Engine, modules: tuple[str, ...], name: str) -> list[tuple[str, int, Binding]]:
    return [
        (path, scope.id, binding)
        for path in sorted(engine.project.naming(f".{name}"))
        if (facts := engine.project.facts(path)) is not None
        for scope in facts.scopes
        for written, bindings in scope.bindings.items()
        if written.endswith(f".{name}") and written.count(".") == 1
        for binding in bindings
        if binding.kind == "assign" and _is_module(engine, path, scope.id, written.partition(".")[0], modules)
    ]


def _is_module(engine: Engine, path: str, scope: int, name: str, modules: tuple[str, ...]) -> bool:
    frame = engine.root(path, scope) if scope > 0 else engine.module(path)
    found = engine.quietly(Name(Pos(10**9, 1, 10**9, 1), name), frame)
    return any(isinstance(a.thing, Ext) and a.thing.chain in modules for a in found.alts)


# names of models


def by_name(
    engine: Engine, target: Target, model: Quantity, providers: list[Provider]
) -> tuple[Quantity, list[Provider]]:  # fmt: skip
    """Providers that models name themselves (`anthropic/claude-...`), each in the world of its model.

    A listed address goes before the name; an unlisted one before the name `openai/`, which many servers speak.
    """
    prefixed = target.spec.provider_in_model or any(layer.client.provider_in_model for layer in target.clients)
    if not prefixed:
        return model, providers
    split = engine.project.catalog.split_model
    elsewhere = any(a.given and a.provider is None for a in _of_target(engine, target))
    owners: list[str | None] = []
    for choice, _ in model.rows:
        owner = split(choice.value)[0] if isinstance(choice.value, str) else None
        owners.append(None if owner == "openai" and elsewhere else owner)
    if len(set(owners)) <= 1:
        owner = owners[0] if owners else None
        return model, [(provider or owner, world) for provider, world in providers]
    decision = ("named", target.frame.path, target.call.pos)
    rows, found = [], []
    for number, ((choice, world), owner) in enumerate(zip(model.rows, owners)):
        mark: World = frozenset({(decision, number)})
        rows.append((choice, world | mark))
        for provider, where in providers:
            both = together(where, world)
            if both is not None:
                found.append((provider or owner, both | mark))
    why = (model.value.why,) if model.value.open and model.value.why else ()
    return Quantity(value_of(rows, why), tuple(rows)), found or providers


def _of_target(engine: Engine, target: Target) -> list[Address]:
    return _addresses(engine, target.spec, list(target.clients), target.arguments)
