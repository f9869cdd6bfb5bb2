"""What frameworks run: how decorators, registrations and base classes make a function an entry point.

In: the keys `entries`, `mounts`, `router_prefixes` and `include` of the catalogue's files. Out: `EntryCatalog`.
`link.marks` asks it; `catalog_index` makes it. Chains are those of the catalogue: `fastapi.FastAPI().post`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from guard.facts.catalog_args import read_arg
from guard.facts.catalog_load import expand
from guard.facts.catalog_types import Arg
from guard.facts.formula import CatalogError

ENTRY_KEYS = frozenset(
    {"kind", "decorators", "calls", "bases", "modules", "function", "path", "methods", "class_methods", "started"}
)
MOUNT_KEYS = frozenset({"calls", "child", "prefix", "replaces"})


@dataclass(frozen=True, slots=True)
class Entry:
    """One way in which a framework takes functions."""

    kind: str
    """`route`, `cli`, `task`, `app`, `tool`."""
    function: Arg | None = None
    """Of a registration: the argument that holds the function or class."""
    path: Arg | None = None
    """The argument that holds the route."""
    methods: Arg | None = None
    """The argument that holds the HTTP methods; its default is the method where it is not given."""
    named: bool = False
    """The decorator's or registration's own name is the HTTP method (`app.post`, `add_post`)."""
    class_methods: Mapping[str, str] = field(default_factory=dict)
    """Of a class: its methods that are run (`*`: all public ones), with their HTTP methods (empty: none)."""
    started: bool = False
    """The repository itself may start it (a queue's task): it is an entry point only where nothing does."""


@dataclass(frozen=True, slots=True)
class Mount:
    """A call that puts the routes of one router below a prefix of another."""

    child: Arg
    prefix: Arg
    replaces: bool = False
    """Its prefix, where it is given, holds instead of the router's own."""


@dataclass(frozen=True, slots=True)
class EntryCatalog:
    """All of it, by chain."""

    decorators: Mapping[str, Entry]
    calls: Mapping[str, Entry]
    bases: Mapping[str, Entry]
    modules: Mapping[str, Entry]
    mounts: Mapping[str, Mount]
    prefixes: Mapping[str, Arg]
    """Constructors of routers, with the argument that holds a prefix of their own."""
    include: frozenset[str]
    """Functions that stand for the routes of a module by its name (`django.urls.include("app.urls")`)."""
    call_names: frozenset[str]
    """Last names of registrations."""
    mount_names: frozenset[str]


def read_entries(documents: Iterable[tuple[str, Mapping[str, Any]]]) -> EntryCatalog:
    """The entry points of all family files. Raises `CatalogError` for a wrong one."""
    decorators: dict[str, Entry] = {}
    calls: dict[str, Entry] = {}
    bases: dict[str, Entry] = {}
    modules: dict[str, Entry] = {}
    mounts: dict[str, Mount] = {}
    prefixes: dict[str, Arg] = {}
    include: set[str] = set()
    for name, document in documents:
        for number, raw in enumerate(document.get("entries", ())):
            entry = _entry(raw, f"{name}: entries[{number}]")
            for key, index in (("decorators", decorators), ("calls", calls), ("bases", bases), ("modules", modules)):
                index.update(dict.fromkeys(expand(raw.get(key, ())), entry))
        for number, raw in enumerate(document.get("mounts", ())):
            where = f"{name}: mounts[{number}]"
            if raw.keys() | {"replaces"} != MOUNT_KEYS:
                raise CatalogError(f"{where}: expected {', '.join(sorted(MOUNT_KEYS))}")
            child, prefix = read_arg(raw["child"], where), read_arg(raw["prefix"], where)
            mount = Mount(child, prefix, bool(raw.get("replaces", False)))
            mounts.update(dict.fromkeys(expand(raw["calls"]), mount))
        for raw in document.get("router_prefixes", ()):
            prefixes.update(dict.fromkeys(expand(raw["names"]), read_arg(raw["arg"], f"{name}: router_prefixes")))
        include.update(document.get("include", ()))
    return EntryCatalog(
        decorators, calls, bases, modules, mounts, prefixes, frozenset(include), _last(calls), _last(mounts)
    )


def _entry(raw: Mapping[str, Any], where: str) -> Entry:
    unknown = raw.keys() - ENTRY_KEYS
    if unknown or not isinstance(raw.get("kind"), str):
        raise CatalogError(f"{where}: unknown key `{min(unknown)}`" if unknown else f"{where}: expected a kind")
    if ("calls" in raw) != ("function" in raw):
        raise CatalogError(f"{where}: `calls` and `function` belong together")

    def arg(key: str) -> Arg | None:
        return read_arg(raw[key], f"{where}.{key}") if key in raw else None

    named = raw.get("methods") == "name"
    return Entry(
        raw["kind"], arg("function"), arg("path"), None if named else arg("methods"), named,
        dict(raw.get("class_methods", {})), bool(raw.get("started", False)),
    )  # fmt: skip


def _last(chains: Iterable[str]) -> frozenset[str]:
    return frozenset(chain.rpartition(".")[2] for chain in chains)
