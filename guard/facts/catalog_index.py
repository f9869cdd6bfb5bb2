"""Puts the catalogue together. In: `catalog/*.yaml`. Out: `registry.Catalog`.

`catalog_load` turns single entries into types; here they are checked against one another and indexed. `catalog_user`
adds the `calls` of a user's guard.yaml.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from guard.facts.catalog_args import read_arg, read_texts
from guard.facts.catalog_load import expand, read_apis, read_calls, read_client, read_layers, read_roles
from guard.facts.catalog_types import Arg, Base, Call, Client, Endpoint, Gathers, HttpCaller, Kin, Served, Setting
from guard.facts.entry_catalog import read_entries
from guard.facts.formula import CatalogError
from guard.facts.registry import Catalog, _strip

COMPILED = "compiled.json"


Documents = Sequence[tuple[str, Mapping[str, Any]]]


def read_catalog(folder: Path | None = None) -> Catalog:
    """All families in `folder` (None: the shipped ones). Raises `CatalogError`, `OSError`."""
    return build(read_documents(folder))


def read_documents(folder: Path | None = None) -> list[tuple[str, Mapping[str, Any]]]:
    """The family files as plain data with their names. Raises `OSError` and YAML's own errors.

    YAML is slow to read, so `COMPILED` holds the same data as JSON, with a checksum of the files it was made from;
    it is used only while that fits.
    """
    import zlib

    folder = folder or Path(__file__).parent / "catalog"
    files = [(path.name, path.read_bytes()) for path in sorted(folder.glob("*.yaml"))]
    checksum = zlib.crc32(b"\0".join(name.encode() + data for name, data in files))
    try:
        compiled = json.loads((folder / COMPILED).read_bytes())
    except (OSError, ValueError):
        compiled = {}
    if compiled.get("checksum") == checksum:
        return [(name, document) for name, document in compiled["documents"]]
    return [(name, parse(data)) for name, data in files]


def compiled(folder: Path) -> str:
    """The text of `COMPILED` for the family files in `folder`."""
    import zlib

    files = [(path.name, path.read_bytes()) for path in sorted(folder.glob("*.yaml"))]
    checksum = zlib.crc32(b"\0".join(name.encode() + data for name, data in files))
    documents = [[name, parse(data)] for name, data in files]
    return json.dumps({"checksum": checksum, "documents": documents}, separators=(",", ":")) + "\n"


def parse(data: bytes) -> Any:
    """YAML with `on` being a word as in YAML 1.2."""
    import yaml

    base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    bool_tag = "tag:yaml.org,2002:bool"
    loader: Any = type("CatalogLoader", (base,), {})
    loader.yaml_implicit_resolvers = {
        first: [(tag, regexp) for tag, regexp in pairs if tag != bool_tag or first in "tTfF"]
        for first, pairs in base.yaml_implicit_resolvers.items()
    }
    return yaml.load(data, Loader=loader)


def build(documents: Documents) -> Catalog:
    """A catalogue of parsed family files, given with their names. Raises `CatalogError`."""
    clients: dict[str, Client] = {}
    calls: list[Call] = []
    raw_calls: dict[str, Mapping[str, Any]] = {}
    raw_clients: dict[str, Mapping[str, Any]] = {}
    roots: set[str] = set()
    memo: dict[int, Any] = {}
    for _, document in documents:
        for raw in document.get("clients", ()):
            raw_clients[raw.get("id", "")] = raw
        for raw in document.get("calls", ()):
            for api in read_apis(raw, document["family"]):
                raw_calls.setdefault(api, raw)
        roots.update(document.get("packages", ()))
    for name, document in documents:
        for i, raw in enumerate(document.get("clients", ())):
            client = read_client(raw, document["family"], raw_clients, f"{name}: clients[{i}]", memo)
            if client.id in clients:
                raise CatalogError(f"{name}: clients[{i}]: the id `{client.id}` is taken")
            clients[client.id] = client
        for i, raw in enumerate(document.get("calls", ())):
            calls.extend(read_calls(raw, document["family"], raw_calls, f"{name}: calls[{i}]"))
    return _index(clients, [_marked(call, clients) for call in calls], roots, documents)


def _marked(call: Call, clients: Mapping[str, Client]) -> Call:
    """A call of a framework is a site of role `invoke`."""
    unknown = [client_id for client_id in call.on if client_id not in clients]
    if unknown:
        raise CatalogError(f"{call.api}: on: no client `{unknown[0]}`")
    framework = call.of is not None or any(clients[client_id].object for client_id in call.on)
    return replace(call, invoke=True) if framework else call


# --- HTTP -------------------------------------------------------------------------------------------------------


def pattern(text: str) -> str:
    """A URL pattern as the text of a regular expression over host and path (over the path alone for `*/...`).

    `{model}` stands for a piece without `/` and `:`, `{model*}` for one that may hold them, `*` for anything but `/`;
    a leading `*/` for any host and any beginning of the path.
    """
    any_host = text.startswith("*/")
    out = [".*/" if any_host else ""]
    for piece in re.split(r"(\{[a-z]+\*?\}|\*)", text[2:] if any_host else text):
        if piece.startswith("{"):
            name = piece.strip("{}*")
            out.append(f"(?P<{name}>.+)" if piece.endswith("*}") else f"(?P<{name}>[^/:]+)")
        else:
            out.append("[^/]*" if piece == "*" else re.escape(piece))
    return "".join(out) + "/?"


def _endpoints(raws: Iterable[Any], calls: Mapping[str, Call], where: str) -> Iterable[Endpoint]:
    for i, raw in enumerate(raws):
        base = calls.get(raw["api"])
        if base is None:
            raise CatalogError(f"{where}: endpoints[{i}].api: no call `{raw['api']}`")
        own = read_roles(raw, frozenset({"url", "api", "provider"}), f"{where}: endpoints[{i}]")
        # The body has the argument names of the SDK unless the entry says otherwise; nothing is positional there,
        # and plain HTTP functions do not retry.
        inherited = {
            k: replace(v, pos=None) if v.pos is not None else v
            for k, v in base.roles.items()
            if not k.endswith("_retries")
        }
        roles = {**inherited, **own}
        layers = read_layers("1", "plain HTTP", where)
        call = replace(base, roles=roles, layers=layers, turns=None, on=(), paths=(), names=(), duck=False)
        for url in read_texts(raw["url"], where):
            yield Endpoint(url, call, raw.get("provider"), url.startswith("*/"))


def _caller(raw: Mapping[str, Any], where: str) -> HttpCaller:
    return HttpCaller(
        names=tuple(raw["names"]),
        url=read_arg(raw["url"], f"{where}.url"),
        body=read_arg(raw["body"], f"{where}.body"),
        method=read_arg(raw["method"], f"{where}.method") if "method" in raw else None,
        base=read_arg(raw["base"], f"{where}.base") if "base" in raw else None,
        duck=bool(raw.get("duck", False)),
    )


# --- frameworks -------------------------------------------------------------------------------------------------


def _globs(texts: Any, where: str) -> str:
    """Globs over dotted names as the text of one regular expression; braces are alternatives, `*` is any text."""
    parts = (".*".join(re.escape(piece) for piece in text.split("*")) for text in expand(read_texts(texts, where)))
    return "|".join(parts)


def _kin(raw: Mapping[str, Any], clients: Mapping[str, Client], where: str) -> Kin:
    if raw["like"] not in clients:
        raise CatalogError(f"{where}.like: no client `{raw['like']}`")
    but = _globs(raw["but"], where) if "but" in raw else ""
    return Kin(_globs(raw["modules"], where), _globs(raw["classes"], where), but, raw["like"])


def _setting(raw: Mapping[str, Any], where: str) -> Setting:
    def functions(key: str) -> tuple[tuple[str, Arg], ...]:
        entries = [
            (e["names"], read_arg({k: v for k, v in e.items() if k != "names"}, where)) for e in raw.get(key, ())
        ]
        return tuple((name, arg) for names, arg in entries for name in expand(names))

    return Setting(
        raw["id"], expand(raw.get("names", ())), functions("setters"), functions("scoped"), raw.get("object"),
        raw.get("caches"),
    )  # fmt: skip


def _base(raw: Mapping[str, Any]) -> Base:
    paths = tuple("" if path == "()" else path for path in raw["paths"])
    return Base(expand(raw["names"]), paths, tuple(raw.get("runs", ())), expand(raw.get("decorated", ())))


def _gathers(documents: Documents) -> dict[str, Gathers]:
    found: dict[str, Gathers] = {}
    for _, raw in _listed(documents, "gathers"):
        names = expand(raw["decorators"])
        entry = Gathers(names, raw.get("lists", {}), raw.get("documents", {}), raw.get("references", {}))
        found.update(dict.fromkeys(names, entry))
    return found


def _served(raw: Any) -> Served:
    return Served(
        raw["call"], raw.get("document", ""), raw.get("key", ""), tuple(raw.get("variables", ())), raw.get("makes", ""),
        raw.get("arg", ""), tuple(raw.get("runners", ())),
    )  # fmt: skip


def _listed(documents: Documents, key: str) -> Iterable[tuple[str, Any]]:
    """The elements of a list that family files may have, with their places."""
    return ((f"{name}: {key}[{i}]", raw) for name, document in documents for i, raw in enumerate(document.get(key, ())))


def _bases(documents: Documents) -> dict[str, tuple[Base, ...]]:
    found: dict[str, tuple[Base, ...]] = {}
    for _, raw in _listed(documents, "bases"):
        base = _base(raw)
        for name in base.names:
            found[name] = (*found.get(name, ()), base)
    return found


def _distributions(documents: Documents) -> dict[str, tuple[str, ...]]:
    return {
        module: read_texts(names, file)
        for file, document in documents
        for module, names in document.get("distributions", {}).items()
    }


# --- indexes ----------------------------------------------------------------------------------------------------


def _index(clients: dict[str, Client], calls: list[Call], roots: set[str], documents: Documents) -> Catalog:
    by_api: dict[str, Call] = {}
    by_name: dict[str, Call] = {}
    modules = {module: client for client in clients.values() for module in client.modules}
    duck: dict[str, Call] = {}
    call_on: dict[tuple[str, str], Call] = {}
    class_on: dict[tuple[str, str], Call] = {}
    first_on: dict[str, Call] = {}
    module_of = {client.id: client for client in modules.values()}
    for call in calls:
        for method in call.class_paths:
            for client_id in call.on:
                _put(class_on, (client_id, method), call)
        by_api.setdefault(call.api, call)
        for name in call.names:
            _put(by_name, name, call)
        for path in call.paths:
            for client_id in call.on:
                first_on.setdefault(client_id, call)
                _put(call_on, (client_id, _strip(path, clients[client_id].transparent)), call)
                for module in module_of[client_id].modules if client_id in module_of else ():
                    by_name.setdefault(f"{module}.{path}", call)
            if call.duck:
                _put(duck, path, call)
    by_constructor: dict[str, tuple[Client, ...]] = {}
    client_on: dict[tuple[str, str], Client] = {}
    for client in clients.values():
        for name in client.names:
            by_constructor[name] = (*by_constructor.get(name, ()), client)
        for client_id in client.on:
            for path in client.paths:
                client_on[client_id, _strip(path, clients[client_id].transparent)] = client
    https = [(name, document["http"]) for name, document in documents if "http" in document]
    callers = [_caller(raw, name) for name, http in https for raw in http.get("callers", ())]
    endpoints = [e for name, http in https for e in _endpoints(http.get("endpoints", ()), by_api, name)]
    endpoints.sort(key=lambda endpoint: endpoint.any_host)
    hosts = [h for _, document in documents for h in document.get("hosts", ())]
    prefixes: dict[str, str] = {}
    for _, document in documents:
        prefixes.update(document.get("prefixes", {}))
    return Catalog(
        clients=clients,
        calls=by_api,
        clients_by_name=by_constructor,
        calls_by_name=by_name,
        module_clients=modules,
        duck_calls=duck,
        callers_by_name={name: caller for caller in callers for name in caller.names},
        duck_callers={name.rpartition(".")[2]: caller for caller in callers if caller.duck for name in caller.names},
        last_names=frozenset(p.rpartition(".")[2] for c in calls for p in (*c.paths, *c.class_paths, *c.names) if p),
        invoke_names=frozenset(
            p.rpartition(".")[2] for c in calls if c.invoke for p in (*c.paths, *c.class_paths, *c.names) if p
        ),
        giving_names=frozenset(p.rpartition(".")[2] for c in calls if c.gives for p in (*c.paths, *c.names)),
        constructor_names=_constructor_names(clients),
        import_roots=frozenset(roots),
        common_roots=frozenset(root for _, document in documents for root in document.get("common_packages", ())),
        distributions=_distributions(documents),
        settings={setting.id: setting for setting in (_setting(raw, at) for at, raw in _listed(documents, "settings"))},
        bases=_bases(documents),
        gathers=_gathers(documents),
        served=tuple(_served(raw) for _, raw in _listed(documents, "served")),
        http_roots=frozenset(root for _, http in https for root in http.get("packages", ())),
        needles=_needles(documents, duck, endpoints),
        url_needles=_url_needles(endpoints, hosts),
        provider_prefixes=prefixes,
        declared={},
        _call_on=call_on,
        kin=tuple(_kin(raw, clients, where) for where, raw in _listed(documents, "families")),
        _client_on=client_on,
        _class_on=class_on,
        _first_on=first_on,
        _named={},
        entries=read_entries(documents),
        _endpoints=tuple((pattern(endpoint.pattern), endpoint) for endpoint in endpoints),
        _hosts=tuple((h["host"], h["provider"]) for h in hosts),
        _host_of={},
    )


def _put(index: dict[Any, Call], key: Any, call: Call) -> None:
    if key in index:
        raise CatalogError(f"`{key}` is given by both {index[key].api} and {call.api}")
    index[key] = call


def _constructor_names(clients: Mapping[str, Client]) -> frozenset[str]:
    framework = [client for client in clients.values() if client.object is not None]
    return frozenset(p.rpartition(".")[2] for c in framework for p in (*c.names, *c.makers))


def _needles(documents: Documents, duck: Iterable[str], endpoints: Iterable[Endpoint]) -> frozenset[bytes]:
    """A telling part of each package, last names of each duck path, longest fixed piece of each URL; those that hold
    another one are left out."""
    found: set[str] = set()
    for _, document in documents:
        # The last part tells `google.genai` from all of Google; where it is short (`cerebras.cloud.sdk`), the longest.
        parts = [root.split(".") for root in document.get("packages", ())]
        made = (names[-1] if len(names[-1]) > 3 else max(names, key=len) for names in parts)
        found.update(document.get("needles") or made)
    found.update(".".join(path.split(".")[-2:]) for path in duck)
    found.update(_fixed(endpoint.pattern) for endpoint in endpoints)
    shortest = [text for text in found if not any(other != text and other in text for other in found)]
    return frozenset(text.encode() for text in shortest)


def _fixed(pattern: str) -> str:
    """The longest piece of a URL pattern that always stands there."""
    return max(re.split(r"\{[a-z]+\*?\}|\*", pattern), key=len)


def _url_needles(endpoints: Iterable[Endpoint], hosts: Iterable[Mapping[str, Any]]) -> frozenset[bytes]:
    found = {_fixed(endpoint.pattern) for endpoint in endpoints} | {
        _fixed(h["host"]) for h in hosts if "." in h["host"]
    }
    return frozenset(text.encode() for text in found if len(text) > 7)
