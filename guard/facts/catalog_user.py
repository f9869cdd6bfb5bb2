"""A user's own calls (`calls` of guard.yaml) as entries of the catalogue.

In: a catalogue and `DeclaredCall`s of the configuration, whose form the schema has checked. Out: the catalogue with
them, or every mistake that only the catalogue's rules can tell, with its place. `link.declared` finds those that are
functions of the scanned repository.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from guard.config.issues import ConfigError, ConfigIssue
from guard.config.types import Config, DeclaredCall, Place
from guard.facts.catalog_args import read_texts
from guard.facts.catalog_load import USER_CALL_KEYS, read_shared
from guard.facts.catalog_types import Arg, Call, Client, Form
from guard.facts.formula import CatalogError
from guard.facts.registry import Catalog
from guard.model import Problem, Request

FAMILY = "guard.yaml"
RECEIVER = "self"
"""First part of an argument's name that means the object which a method is called on: `self.model`."""


def add_calls(catalog: Catalog, declared: Sequence[DeclaredCall], prefix: str = "") -> Catalog:
    """`catalog` with a user's calls; `prefix`: see `Config.prefix`.

    Raises `ConfigError` with every entry that does not fit the catalogue's rules.
    """
    entries: list[tuple[Call, Client | None]] = []
    issues: list[ConfigIssue] = []
    for entry in declared:
        try:
            entries += _read(entry)
        except CatalogError as error:
            issues.append(_located(entry, str(error)))
    if issues:
        raise ConfigError(issues)
    return _with(catalog, entries, prefix)


def _located(entry: DeclaredCall, message: str) -> ConfigIssue:
    """The message of the catalogue, which names the key first, at the place of that key."""
    where, _, text = message.partition(": ")
    inner = where.removeprefix(entry.source).lstrip(".")
    place: Place | None = None
    while inner and place is None:
        place = entry.places.get(inner)
        inner = inner[: max(inner.rfind("."), inner.rfind("["), 0)]
    place = place or entry.place
    return ConfigIssue(place.path, place.line, place.column, f"{where}: {text}")


def _read(entry: DeclaredCall) -> list[tuple[Call, Client | None]]:
    """The calls of an entry, one for each name; of a method also the client that it is called on."""
    raw = {"input" if key == "prompt" else key: value for key, value in entry.raw.items()}
    where = entry.source
    if "prompt" in entry.raw and "input" in entry.raw:
        raise CatalogError(f"{where}.prompt: `prompt` and `input` are the same; keep one of them")
    fields = read_shared(raw, USER_CALL_KEYS, "declared", _attempts(raw), where)
    fields["roles"] = {name: _as_prompt(arg) if name == "input" else arg for name, arg in fields["roles"].items()}
    place = (entry.place.path, entry.place.line, entry.place.column)
    found: list[tuple[Call, Client | None]] = []
    for name in read_texts(raw["call"], f"{where}.call"):
        layers = tuple(replace(layer, name=name) if layer.name == "declared" else layer for layer in fields["layers"])
        call = Call(api=name, family=FAMILY, names=(name,), place=place, **{**fields, "layers": layers})
        owner, method = split(name)
        if owner is None:
            found.append((call, None))
            continue
        client = Client(f"{where} {owner}", FAMILY, names=(owner,), roles=_on_object(call.roles))
        bare = name.replace("()", "")
        # A class method is called without an object; all else goes by way of the client.
        call = replace(call, names=(bare,), on=(client.id,), paths=(method,))
        found.append((call, client))
    return found


def _attempts(raw: Mapping[str, Any]) -> Any:
    """`attempts` as declared; where only numbers of retries are, these."""
    if "attempts" in raw:
        return raw["attempts"]
    given = [role for role in ("max_retries", "client_retries") if role in raw]
    return " * ".join(f"(1 + {role})" for role in given) or None


def _as_prompt(arg: Arg) -> Arg:
    """Without a form, a text, a list of messages or a prompt template is understood."""
    form: Form = "prompt"
    return arg if arg.forms else replace(arg, forms=(form,) * len(arg.names))


def _on_object(roles: Mapping[str, Arg]) -> dict[str, Arg]:
    """`self.model` of an object from outside the repository: what its constructor is given as `model`."""
    found = {}
    for role, arg in roles.items():
        names = tuple(name.removeprefix(f"{RECEIVER}.") for name in arg.names if name.startswith(f"{RECEIVER}."))
        if names:
            found[role] = replace(arg, names=names, pos=None, counts=arg.counts[: len(names)], forms=())
    return found


def split(name: str) -> tuple[str | None, str]:
    """Constructor and path of a method (`acme.Client().chat.ask`, `acme.Client.ask`); None for a function."""
    if "::" in name:
        return None, name
    parts = name.split(".")
    for i in range(len(parts) - 2, 0, -1):
        if parts[i].endswith("()") or parts[i][:1].isupper():
            path = ".".join(parts[i + 1 :])
            return ".".join(parts[: i + 1]).removesuffix("()"), "" if path == "__call__" else path
    return None, name


def _with(catalog: Catalog, entries: Iterable[tuple[Call, Client | None]], prefix: str) -> Catalog:
    calls, names, on = dict(catalog.calls), dict(catalog.calls_by_name), dict(catalog._call_on)
    clients, by_name = dict(catalog.clients), dict(catalog.clients_by_name)
    last, makers = set(catalog.last_names), set(catalog.constructor_names)
    declared: dict[str, Call] = {}
    for call, client in entries:
        calls[call.api] = declared[call.api.removeprefix(prefix)] = call
        names.update(dict.fromkeys(call.names, call))
        last.add(last_part(call.api))
        if client is not None:
            clients[client.id] = replace(client, kinds=(client.id,))
            for owner in client.names:
                by_name[owner] = (*by_name.get(owner, catalog.client_named(owner)), clients[client.id])
            on[client.id, call.paths[0]] = call
            if not call.paths[0]:
                makers.add(client.names[0].rpartition(".")[2])
    # Whoever calls one writes its last name; of an object that is called, that of its class.
    needles = {name.encode() for name in (*map(last_part, declared), *(makers - catalog.constructor_names))}
    return replace(
        catalog, calls=calls, calls_by_name=names, clients=clients, clients_by_name=by_name, last_names=frozenset(last),
        constructor_names=frozenset(makers), needles=catalog.needles | needles, declared=declared, _call_on=on,
        _named=dict(catalog._named),
    )  # fmt: skip


def last_part(name: str) -> str:
    """The last name of a declared call: `ask` of `acme.Client().ask` and of `app/gateway.py::Gateway.ask`."""
    return name.rpartition("::")[2].rpartition(".")[2]


def unused(catalog: Catalog, requests: Iterable[Request], config: Config) -> tuple[Problem, ...]:
    """Declared calls that no code makes, which may be misspelt; nothing where only a part of the repository is read."""
    if config.prefix:
        return ()
    made = {request.api for request in requests}
    found = []
    for name, call in catalog.declared.items():
        if call.api not in made and call.place is not None:
            path, line, column = call.place
            message = f"`{name}` is declared, and no code that guard can see calls it"
            hint = "write the name as code imports it, and check the spelling"
            found.append(Problem(path, line, column, "call-not-found", message, hint))
    return tuple(found)
