"""What the catalogue of SDKs says about a chain of names. In: `catalog/*.yaml`. Out: `Catalog` and its lookups.

A *chain* is what the engine makes of a callee: an imported dotted root, then attribute and call steps, calls written
as `()`: `openai.OpenAI().chat.completions.create`, `boto3.Session().client().converse`, `litellm.completion`. The
catalogue answers which request to a model that is, and in which argument each figure stands. Nothing here knows an
SDK by name: the YAML does (`catalog_index` and `catalog_load` read it, `catalog_schema` describes it for editors).

For the engine: `Catalog.resolve` for a whole callee, `client_named` for a constructor, `client_on` and `call_on` for
steps after it. A called object (`dspy.Predict(...)(...)`) has the path `` (empty), written `()` in the YAML.

Words: a *client* is an object that holds settings (retries, model, base URL); a *call* sends requests; a *role* is
what an argument means (`model`, `max_output`, `input`, ...), see `ROLES`.

How a role gets its value, for a call on a chain of clients: the first of the call's argument names that is sent; else
the arguments of the clients that name the role, innermost first; else the default of the innermost client that names
it; else the default of the call. `Arg.how` says what a default is.

Objects of frameworks are clients with an `object`; what they hold (`Client.holds`) is asked when they are invoked. For
such a request the chain is that of the holder with the held object's clients outside of it: what is sent on the holder
wins; of two defaults, the held object's holds. An argument that is both a role and held (`Agent(model=...)`) is the
role when it is a text, else a held object.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from guard.config.types import DeclaredCall
from guard.facts.catalog_types import (
    ROLES,
    Arg,
    Base,
    Call,
    Client,
    Each,
    Endpoint,
    EndpointMatch,
    Gathers,
    Groups,
    Holds,
    HttpCaller,
    Kin,
    Served,
    Setting,
    Tries,
    When,
)
from guard.facts.entry_catalog import EntryCatalog
from guard.facts.formula import CatalogError, Formula, formula

__all__ = [
    "ROLES", "Arg", "Base", "Call", "Catalog", "CatalogError", "Client", "Each", "Endpoint", "EndpointMatch",
    "Formula", "Gathers", "Groups", "Holds", "HttpCaller", "Kin", "Resolved", "Setting", "Tries", "When", "formula",
    "load",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Resolved:
    """What a chain of names is."""

    call: Call
    clients: tuple[tuple[Client, int], ...]
    """Clients from outermost to innermost, each with the index of the `()` in the chain whose arguments belong to it
    (-1: a module, which has none; the number of `()` in the chain: the call itself, as for a class method). Check
    `Client.when` against those arguments."""


@dataclass(frozen=True, slots=True)
class Catalog:
    """All entries with their indexes. Made by `load()` and `with_calls()`."""

    clients: Mapping[str, Client]
    calls: Mapping[str, Call]
    """By api; of several entries with the same api the first."""
    clients_by_name: Mapping[str, tuple[Client, ...]]
    """By constructor chain without the final `()`. Several: `when` decides."""
    calls_by_name: Mapping[str, Call]
    """Functions by full name, module-level paths included."""
    module_clients: Mapping[str, Client]
    """Client whose settings hold for a module's functions, by module."""
    duck_calls: Mapping[str, Call]
    """By attribute path without transparent attributes."""
    callers_by_name: Mapping[str, HttpCaller]
    duck_callers: Mapping[str, HttpCaller]
    """By last name: `post`."""
    last_names: frozenset[str]
    """Last attribute of every call: a callee that ends otherwise is none."""
    invoke_names: frozenset[str]
    """Those of calls that go through an object of a framework."""
    giving_names: frozenset[str]
    """Those of calls that give one of their arguments back (`Call.gives`)."""
    constructor_names: frozenset[str]
    """Last names of constructors and makers of objects of frameworks; see `may_make` for those that rules cover."""
    import_roots: frozenset[str]
    """Dotted modules whose import makes a file interesting."""
    common_roots: frozenset[str]
    """Such modules whose name is a common word (`agents`): a module of the repository with that name goes first."""
    distributions: Mapping[str, tuple[str, ...]]
    """Names of the distributions that hold a module, where they differ from the module's name."""
    settings: Mapping[str, Setting]
    bases: Mapping[str, tuple[Base, ...]]
    """By full class name."""
    gathers: Mapping[str, Gathers]
    """By full name of the class decorator."""
    served: tuple[Served, ...]
    """Objects that a framework's own server runs."""
    http_roots: frozenset[str]
    needles: frozenset[bytes]
    """A file that holds none of these bytes sends no request that the catalogue knows."""
    url_needles: frozenset[bytes]
    """Those of them that are parts of addresses, and hosts."""
    provider_prefixes: Mapping[str, str]
    """First part of a model name (`vertex_ai`) -> provider; the part ends at a `/` or `:`. The word `*`: the next
    part decides. See `split_model`."""
    kin: tuple[Kin, ...]
    """Rules for classes that are not listed; the first that fits holds."""
    entries: EntryCatalog
    """How frameworks make functions entry points."""
    declared: Mapping[str, Call]
    """Calls of a user's own, by the name under which guard.yaml declares them."""
    _call_on: Mapping[tuple[str, str], Call]
    _client_on: Mapping[tuple[str, str], Client]
    _class_on: Mapping[tuple[str, str], Call]
    _first_on: Mapping[str, Call]
    _named: dict[str, tuple[Client, ...]]
    """Answers of `client_named` so far, for names that are not listed."""
    _endpoints: tuple[tuple[str, Endpoint], ...]
    _hosts: tuple[tuple[str, str | None], ...]
    _host_of: dict[str, str | None]
    """Answers of `host_provider` so far."""

    def call_on(self, client_id: str, path: str) -> Call | None:
        """The call that attribute path `path` is on a client; transparent attributes are left out first."""
        client = self.clients[client_id]
        bare = _strip(path, client.transparent)
        return next((found for kind in client.kinds if (found := self._call_on.get((kind, bare)))), None)

    def client_on(self, client_id: str, path: str) -> Client | None:
        """The client that calling `path` on a client makes; a derived one is the client itself or a variant of it."""
        client = self.clients[client_id]
        bare = _strip(path, client.transparent)
        if bare in client.derive:
            return client.by(bare)
        return next((found for kind in client.kinds if (found := self._client_on.get((kind, bare)))), None)

    def client_named(self, chain: str) -> tuple[Client, ...]:
        """The clients that calling `chain` makes: listed constructors, makers of listed classes, rules for the rest.
        Several only where `Client.when` must decide."""
        listed = self.clients_by_name.get(chain)
        if listed is not None:
            return listed
        if chain not in self._named:
            self._named[chain] = self._unlisted(chain)
        return self._named[chain]

    def _unlisted(self, chain: str) -> tuple[Client, ...]:
        owner, _, name = chain.rpartition(".")
        if not owner or "()" in chain:
            return ()
        if owner.rpartition(".")[2][:1].isupper():
            return tuple(client.by(name) for client in self.client_named(owner) if name in client.makers)
        for rule in self.kin if name[:1].isupper() else ():
            if rule.names(name) and re.fullmatch(rule.modules, owner):
                return (self.clients[rule.client],)
        return ()

    def held_call(self, client_id: str) -> Call | None:
        """The call that a holder makes on an object: the first in the catalogue on the client, else on its kinds."""
        return next((found for kind in self.clients[client_id].kinds if (found := self._first_on.get(kind))), None)

    def split_model(self, name: str) -> tuple[str | None, str]:
        """The provider in a model's name and the rest: `litellm/anthropic/claude-x` is anthropic's `claude-x`.
        None with the whole name where its first part is no provider."""
        for i, letter in enumerate(name):
            if letter in "/:":
                provider = self.provider_prefixes.get(name[:i])
                if provider == "*":
                    return self.split_model(name[i + 1 :])
                return (provider, name[i + 1 :]) if provider is not None else (None, name)
        return None, name

    def may_make(self, name: str) -> bool:
        """Whether a constructor or maker with this last name may be one of a framework's objects: a cheap filter."""
        if name in self.constructor_names:
            return True
        return name[:1].isupper() and any(rule.names(name) for rule in self.kin)

    @property
    def client_words(self) -> tuple[frozenset[str], frozenset[str]]:
        """Last names of the constructors of clients, and of their methods, where the method's path alone tells no
        API (`router.completion`). Methods that every list has tell nothing."""
        kinds = {kind for kind, path in self._call_on if path not in self.duck_calls}
        clients = [c for c in self.clients.values() if c.object is None and kinds.intersection(c.kinds)]
        makers = frozenset(name.rpartition(".")[2] for c in clients for name in (*c.names, *c.makers))
        own = {kind for c in clients for kind in c.kinds}
        paths = (path for kind, path in self._call_on if kind in own and path not in self.duck_calls)
        return makers, frozenset(path.rpartition(".")[2] for path in paths) - frozenset(dir(list))

    def methods(self) -> list[tuple[str, str]]:
        """Every method that sends a request, as the client that has it and its path."""
        return [*self._call_on, *self._class_on]

    def class_call(self, chain: str) -> Resolved | None:
        """A request that is sent while an object is made, by a class method (`Chroma.from_documents`) or by the
        constructor (`VectorStoreIndex(nodes)`), with that object."""
        owner, _, method = chain.rpartition(".")
        if not owner or "()" in chain:
            return None
        for clients, name in ((self.clients_by_name.get(chain, ()), ""), (self.client_named(owner), method)):
            for client in clients:
                for kind in client.kinds:
                    call = self._class_on.get((kind, name))
                    if call is not None:
                        return Resolved(call, ((client.by(name), 0),))
        return None

    def duck(self, path: str, keywords: Iterable[str] = (), open_keywords: bool = False) -> Call | None:
        """The call for an unknown receiver: the longest end of `path` that is particular enough.

        `open_keywords`: unknown further keywords are sent (`**kwargs`); needed ones may then be missing, but only
        for paths of two and more names.
        """
        names = [name for name in path.split(".") if name not in _DUCK_TRANSPARENT]
        sent = set(keywords)
        for start in range(len(names)):
            call = self.duck_calls.get(".".join(names[start:]))
            if call is not None:
                excused = open_keywords and len(names) - start > 1
                return call if excused or sent.issuperset(call.duck_needs) else None
        return None

    def resolve(self, chain: str) -> tuple[Resolved, ...]:
        """What a callee's chain is; empty: no request. Several only where `Client.when` must decide."""
        named = self.calls_by_name.get(chain)
        if named is not None and chain in named.names:
            return (Resolved(named, ()),)
        for module, client in self.module_clients.items():
            call = self.call_on(client.id, chain.removeprefix(module + ".")) if chain.startswith(module + ".") else None
            if call is not None:
                return (Resolved(call, ((client, -1),)),)
        on_class = self.class_call(chain)
        if on_class is not None:
            return (on_class,)
        parts = chain.split("()")
        for end in range(len(parts) - 1, 0, -1):
            found = self.client_named("()".join(parts[:end]))
            resolved = [r for client in found if (r := self._follow(client, end - 1, parts)) is not None]
            if resolved:
                return tuple(resolved)
        return ()

    def _follow(self, client: Client, index: int, parts: Sequence[str]) -> Resolved | None:
        """Go down the chain from the client made by call number `index`."""
        clients = [(client, index)]
        for number, part in enumerate(parts[index + 1 : -1], index + 1):
            inner = self.client_on(client.id, part.lstrip("."))
            if inner is None:
                return None
            client = inner
            clients.append((inner, number))
        call = self.call_on(client.id, parts[-1].lstrip("."))
        return None if call is None else Resolved(call, tuple(clients))

    def endpoint(self, url: str) -> EndpointMatch | None:
        """The API behind a URL. Unknown pieces are given as markers `\\0<digits>\\0`; they match any text.

        A URL that begins with a marker or a slash has an unknown host: only endpoints of any host fit.
        """
        host, path = _split_url(url)
        for pattern, endpoint in self._endpoints:
            match = re.fullmatch(pattern, path if endpoint.any_host else host + path)
            if match is not None:
                provider = endpoint.provider or (self.host_provider(host) if host else None)
                return EndpointMatch(endpoint, provider, match.groupdict())
        return None

    def host_provider(self, url: str) -> str | None:
        """The provider at a base URL or host; None: not listed (a gateway or a host of one's own)."""
        if url not in self._host_of:
            host = _split_url(url if "//" in url else "//" + url)[0]
            fits = (provider for suffix, provider in self._hosts if host == suffix or _host_fits(host, suffix))
            self._host_of[url] = next(fits, None)
        return self._host_of[url]

    def with_calls(self, declared: Sequence[DeclaredCall], prefix: str = "") -> Catalog:
        """This catalogue and the calls that a user's `guard.yaml` lists under `calls`; `prefix`: see `Config.prefix`.

        Raises `ConfigError` with the place of every entry that does not fit the rules of the catalogue.
        """
        from guard.facts.catalog_user import add_calls

        return add_calls(self, declared, prefix) if declared else self


_DUCK_TRANSPARENT = frozenset({"beta", "aio", "with_raw_response", "with_streaming_response"})
_MARKER = re.compile("\0[0-9]+\0")


def _strip(path: str, transparent: Sequence[str]) -> str:
    return ".".join(name for name in path.split(".") if name not in transparent)


def _split_url(url: str) -> tuple[str, str]:
    """Host (lower case, with port, empty when unknown) and path, without scheme, user, query and fragment."""
    rest = re.split(r"[?#]", url.strip(), maxsplit=1)[0]
    _, slashes, after = rest.partition("//")
    if not slashes:
        if rest.startswith("/"):
            return "", rest
        # A leading marker is an unknown base URL; it may hold the first part of the path as well.
        marker = _MARKER.match(rest)
        return ("", rest[marker.end() :]) if marker else ("", "/" + rest)
    host, slash, path = after.partition("/")
    host = host.rsplit("@", 1)[-1].lower()
    return ("" if _MARKER.fullmatch(host) else host), slash + path


def _host_fits(host: str, pattern: str) -> bool:
    from fnmatch import fnmatchcase

    bare = host if ":" in pattern else host.partition(":")[0]
    return bare == pattern or fnmatchcase(bare, pattern)


@lru_cache(maxsize=1)
def load() -> Catalog:
    """The shipped catalogue. Read once per process."""
    from guard.facts.catalog_index import read_catalog

    return read_catalog()
