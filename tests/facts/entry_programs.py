"""Writes a minimal program for every direct entry of the catalogue: the client made, the call sent with its arguments.

In: a catalogue. Out: `Program`s, each with what a scan of it must find. Frameworks, whose calls ask objects that they
hold, are specified in `tests/resolve`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from guard.facts.registry import Arg, Call, Catalog, Client

MODEL = "probe-model"
MODEL_WITH_PROVIDER = f"openai/{MODEL}"
LIMIT = 77
VALUES: dict[str, object] = {
    "messages": [{"role": "user", "content": "Hi"}], "converse": [{"role": "user", "content": [{"text": "Hi"}]}],
    "items": "Hi", "contents": "Hi", "text": "Hi", "prompt": "Hi", "documents": ["Hi"], "server": "id-1",
}  # fmt: skip
"""A value for an input, by its form."""
WRAPPED = "openai.OpenAI"
"""The client that wrapping clients are given."""


@dataclass(frozen=True, slots=True)
class Program:
    """One file with one request."""

    title: str
    text: str
    call: Call
    provider: str | None
    model: str | None
    """None: the entry takes no model."""
    limit: int | None


@dataclass(slots=True)
class Arguments:
    """Keyword arguments of a call, dotted ones as nested dicts."""

    values: dict[str, object] = field(default_factory=dict)
    positional: list[object] = field(default_factory=list)

    def put(self, arg: Arg, value: object, name: str | None = None) -> None:
        """Adds a value by the first name of `arg` that is free (or by `name`)."""
        names = [name] if name else list(arg.names)
        for dotted in names:
            *path, last = dotted.split(".")
            at = self.values
            for part in path:
                inner = at.setdefault(part, {})
                if not isinstance(inner, dict):
                    break
                at = inner
            else:
                at.setdefault(last, value)
                return

    def written(self, bodies: frozenset[str]) -> str:
        """As Python; arguments named in `bodies` are JSON texts."""
        given = {k: v for k, v in self.values.items() if k.isidentifier()}
        return ", ".join(f"{k}=json.dumps({v!r})" if k in bodies else f"{k}={v!r}" for k, v in given.items())


def programs(catalog: Catalog) -> Iterator[Program]:
    """A program for each function that sends directly, for each method of a client, and for each constructor of it."""
    for name, call in catalog.calls_by_name.items():
        if not call.invoke and name in call.names:
            yield _program(catalog, call, imported(name), name, [])
        elif not call.invoke:
            module, client = next((m, c) for m, c in catalog.module_clients.items() if name.startswith(m + "."))
            yield _program(catalog, call, ([f"import {module}"], name), name, [client])
    tried: set[str] = set()
    for (client_id, path), call in catalog._call_on.items():
        if call.invoke:
            continue
        for lines, clients in _makers(catalog, client_id):
            yield _program(catalog, call, (lines, "client." + path), f"{client_id}: {lines[-1]} {path}", clients)
            if client_id in tried:  # its constructors have been tried with another method
                break
        tried.add(client_id)


def imported(name: str) -> tuple[list[str], str]:
    """How a function or constructor is imported and written: `from a.b import C` for `a.b.C`, `a.b.C.make`."""
    parts = name.split(".")
    upper = next((i for i, part in enumerate(parts) if part[:1].isupper()), len(parts) - 1)
    upper = min(upper, len(parts) - 1)
    if upper == 0:
        return [f"import {parts[0]}"], name
    return [f"from {'.'.join(parts[:upper])} import {parts[upper]}"], ".".join(parts[upper:])


def _makers(catalog: Catalog, client_id: str) -> Iterator[tuple[list[str], list[Client]]]:
    """Lines that make a client called `client`, with the clients on the way, the outermost first."""
    client = catalog.clients[client_id]
    for name in client.names:
        head, *rest = name.split("()")
        imports, callee = imported(head)
        arguments = Arguments()
        if client.when is not None:
            arguments.put(client.when.arg, client.when.equals[0])
        if client.wraps is not None:
            imports = [*imports, "import openai"]
        _client_roles(client, arguments)
        given = arguments.written(frozenset())
        if client.wraps is not None:
            given = ", ".join(filter(None, [f"{WRAPPED}()", given]))
        steps = [callee, *(step.lstrip(".") for step in rest)]
        made = "().".join(steps)
        yield [*imports, f"client = {made}({given})"], [client]
    for owner_id in client.on:
        for lines, clients in _makers(catalog, owner_id):
            for path in client.paths:
                arguments = Arguments()
                _client_roles(client, arguments)
                yield (
                    [*lines, f"client = client.{path}({arguments.written(frozenset())})"],
                    [*clients, client],
                )


def _client_roles(client: Client, arguments: Arguments) -> None:
    """The arguments of a constructor that hold for later calls."""
    model = client.roles.get("model")
    if model is not None and model.names and model.how in ("required", "default"):
        arguments.put(model, MODEL_WITH_PROVIDER if client.provider_in_model else MODEL)
    limit = client.roles.get("max_output")
    if limit is not None and limit.names:
        arguments.put(limit, LIMIT)


def _program(catalog: Catalog, call: Call, made: tuple[list[str], str], title: str, clients: list[Client]) -> Program:
    lines, callee = made
    arguments = Arguments()
    prefixed = call.provider_in_model or any(client.provider_in_model for client in clients)
    model_arg, model = call.roles.get("model"), None
    held = next((c.roles["model"] for c in reversed(clients) if "model" in c.roles and c.roles["model"].names), None)
    if model_arg is not None and model_arg.names:
        model = MODEL_WITH_PROVIDER if prefixed else MODEL
        arguments.put(model_arg, model)
    elif held is not None and (held.how in ("required", "default")):
        model = MODEL_WITH_PROVIDER if prefixed else MODEL
    limit = LIMIT if any(c.roles["max_output"].names for c in clients if "max_output" in c.roles) else None
    if (arg := call.roles.get("max_output")) is not None and arg.names:
        limit = LIMIT
        arguments.put(arg, limit)
    for role in ("input", "query", "documents", "history"):
        arg = call.roles.get(role)
        if arg is not None and arg.names and (role == "input" or arg.how == "required"):
            arguments.put(arg, VALUES.get(arg.form(arg.names[0]), "probe"), arg.names[0])
    for needed in call.duck_needs:
        arguments.values.setdefault(needed, "probe")
    if call.each is not None:
        arguments = _each(call, arguments)
    bodies = frozenset(
        name for arg in call.roles.values() if arg.names for name, form in zip(arg.names, arg.forms) if form == "body"
    )
    text = "\n".join(["import json", *lines, f"{callee}({arguments.written(bodies)})"]) + "\n"
    return Program(title, text, call, _provider(catalog, call, clients, prefixed), model, limit)


def _each(call: Call, arguments: Arguments) -> Arguments:
    """One element with the arguments of a request."""
    assert call.each is not None
    name = call.each.arg.names[0]
    if call.each.role is not None:
        arguments.values[name] = [MODEL_WITH_PROVIDER if call.each.role == "model" else VALUES["messages"]]
        return arguments
    inner = {k: v for k, v in arguments.values.items() if k != name}
    element = {call.each.of: inner} if call.each.of else inner
    return Arguments({name: [element]})


def _provider(catalog: Catalog, call: Call, clients: list[Client], prefixed: bool) -> str | None:
    if call.provider is not None:
        return call.provider
    if any(client.wraps is not None for client in clients):
        return catalog.client_named(WRAPPED)[0].provider
    if prefixed:
        return "openai"
    return next((c.provider for c in reversed(clients) if c.provider is not None), None)
