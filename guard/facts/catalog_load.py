"""Turns entries of the catalogue into types. In: parsed YAML of a family or of a user. Out: `catalog_types`.

Entries are checked while they are turned, so a wrong one ends in a `CatalogError` that names file and key; the JSON
Schema of `catalog_schema` says the same to editors and tests. `catalog_index` puts the entries together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any, get_args

from guard.facts.catalog_args import read_arg, read_formula, read_texts
from guard.facts.catalog_holds import read_holds, read_wording
from guard.facts.catalog_types import (
    ROLES,
    Arg,
    AtMost,
    Call,
    Client,
    Each,
    Groups,
    Object,
    Tries,
    Variant,
    When,
)
from guard.facts.formula import CatalogError
from guard.model import Billed, Operation

_ROLES = frozenset(ROLES)
_NOTHING: Mapping[str, Any] = MappingProxyType({})
CLIENT_KEYS = frozenset({
    "id", "names", "legacy_names", "modules", "on", "paths", "provider", "provider_in_model", "when", "derive",
    "transparent", "wraps", "groups", "like", "is", "object", "holds", "makers", "site", "one_model",
    "wording", "tries", "handover", "file",
})  # fmt: skip
CALL_KEYS = frozenset({
    "api", "operation", "provider", "provider_in_model", "on", "paths", "legacy_paths", "names", "legacy_names",
    "duck", "like", "each", "attempts", "turns", "turns_when", "not_when", "keeps_history", "by_model", "of",
    "class_paths", "at_most", "any_deployment", "gives", "file",
})  # fmt: skip
METHOD_KEYS = frozenset({"paths", "holds"})  # fmt: skip
USER_CALL_KEYS = frozenset({
    "call", "operation", "provider", "provider_in_model", "each", "attempts", "turns", "turns_when", "not_when",
})  # fmt: skip


def expand(texts: Iterable[str]) -> tuple[str, ...]:
    """Names with their braces written out: `a{b,.c}.d` is `ab.d` and `a.c.d`. Braces don't stand in braces.
    Raises `CatalogError`."""
    found: list[str] = []
    for text in texts:
        head, brace, rest = text.partition("{")
        if not brace:
            found.append(text)
            continue
        middle, closed, tail = rest.partition("}")
        if not closed or "{" in middle:
            raise CatalogError(f"`{text}`: braces must be closed and can't stand in braces")
        found += expand(head + part + tail for part in middle.split(","))
    return tuple(found)


def read_roles(raw: Mapping[str, Any], other_keys: frozenset[str], where: str) -> dict[str, Arg]:
    """The keys of an entry that are roles. Raises `CatalogError` for keys that are nothing."""
    roles: dict[str, Arg] = {}
    for key, value in raw.items():
        if key in other_keys:
            continue
        if key not in _ROLES:
            from difflib import get_close_matches

            near = get_close_matches(str(key), [*_ROLES, *other_keys], 1)
            hint = f"; did you mean `{near[0]}`?" if near else ""
            raise CatalogError(f"{where}: unknown key `{key}`{hint}")
        if value is not None:
            roles[key] = read_arg(value, f"{where}.{key}")
    return roles


def _merged(raw: Mapping[str, Any], known: Mapping[str, Mapping[str, Any]], own: frozenset[str], where: str) -> Any:
    """`raw` over the entry that it is `like`: what names an entry is not taken over, a role of null is taken away."""
    seen: set[str] = set()
    while "like" in raw or "is" in raw:
        model = raw.get("is") or raw["like"]
        if model in seen or model not in known:
            raise CatalogError(f"{where}.like: no entry `{model}`")
        seen.add(model)
        base = {key: value for key, value in known[model].items() if key not in own or key in ("like", "is")}
        raw = {**base, **{key: value for key, value in raw.items() if key not in ("like", "is")}}
    return raw


_CLIENT_OWN = frozenset({"id", "names", "legacy_names", "modules", "on", "paths", "like", "is"})
_CALL_OWN = frozenset(
    {"api", "on", "paths", "legacy_paths", "names", "legacy_names", "class_paths", "duck", "like", "provider"}
)


def _kinds(raw: Mapping[str, Any], known: Mapping[str, Mapping[str, Any]]) -> tuple[str, ...]:
    found = [raw["id"]]
    while "is" in raw and raw["is"] in known and raw["is"] not in found:
        raw = known[raw["is"]]
        found.append(raw["id"])
    return tuple(found)


def _methods(raws: Sequence[Any], where: str, memo: dict[int, Any]) -> tuple[tuple[str, ...], Mapping[str, Variant]]:
    """`derive` or `makers`: names of methods, or mappings for those with arguments of their own."""
    if not raws:
        return (), _NOTHING
    if id(raws) not in memo:
        memo[id(raws)] = _read_methods(raws, where)
    found: tuple[tuple[str, ...], Mapping[str, Variant]] = memo[id(raws)]
    return found


def _read_methods(raws: Sequence[Any], where: str) -> tuple[tuple[str, ...], dict[str, Variant]]:
    names: list[str] = []
    variants: dict[str, Variant] = {}
    for i, raw in enumerate(raws):
        if isinstance(raw, str):
            names.append(raw)
            continue
        here = f"{where}[{i}]"
        variant = Variant(read_roles(raw, METHOD_KEYS, here), read_holds(raw.get("holds", ()), here))
        for path in read_texts(raw["paths"], f"{here}.paths"):
            names.append(path)
            variants[path] = variant
    return tuple(names), variants


def read_client(
    raw: Mapping[str, Any], family: str, known: Mapping[str, Mapping[str, Any]], where: str, memo: dict[int, Any]
) -> Client:
    """An entry of `clients`. `memo` keeps methods that several entries share. Raises `CatalogError`."""
    kinds = _kinds(raw, known)
    raw = _merged(raw, known, _CLIENT_OWN, where)
    when = raw.get("when")
    groups = raw.get("groups")
    kind = raw.get("object")
    if kind is not None and kind not in get_args(Object):
        raise CatalogError(f"{where}.object: expected one of {', '.join(get_args(Object))}, found {kind!r}")
    derive, derived = _methods(raw.get("derive", ()), f"{where}.derive", memo)
    makers, made = _methods(raw.get("makers", ()), f"{where}.makers", memo)
    return Client(
        id=raw["id"],
        family=family,
        names=tuple(dict.fromkeys(expand((*raw.get("names", ()), *raw.get("legacy_names", ()))))),
        modules=tuple(raw.get("modules", ())),
        on=tuple(raw.get("on", ())),
        paths=tuple(raw.get("paths", ())),
        provider=raw.get("provider"),
        provider_in_model=bool(raw.get("provider_in_model", False)),
        one_model=bool(raw.get("one_model", False)),
        when=When(Arg((when["arg"],), when.get("pos")), tuple(when["equals"])) if when else None,
        transparent=tuple(raw.get("transparent", ())),
        wraps=read_arg(raw["wraps"], f"{where}.wraps") if "wraps" in raw else None,
        tries=read_arg(raw["tries"], f"{where}.tries") if "tries" in raw else None,
        groups=Groups(Arg((groups["arg"],)), groups["name"], groups["params"]) if groups else None,
        roles=read_roles(raw, CLIENT_KEYS, where),
        object=kind,
        site=bool(raw.get("site", False)),
        holds=read_holds(raw.get("holds", ()), where),
        wording=read_wording(raw.get("wording", ()), where),
        handover=(raw["handover"]["name"], raw["handover"]["description"]) if raw.get("handover") else None,
        kinds=kinds,
        derive=derive,
        makers=makers,
        variants={**derived, **made} if derived or made else _NOTHING,
        file=read_arg(raw["file"], f"{where}.file") if "file" in raw else None,
    )


def read_apis(raw: Mapping[str, Any], family: str) -> tuple[str, ...]:
    """The report names of an entry: its `api`, else one for each path (with the family before it) and name."""
    if "api" in raw:
        return (raw["api"],)
    paths = (*raw.get("paths", ()), *raw.get("legacy_paths", ()))
    return (*(f"{family}.{path}" for path in paths), *expand(raw.get("names", ())))


def read_layers(raw: Any, name: str, where: str) -> tuple[Tries, ...]:
    """`attempts`: a formula (one layer, a further try may be billed) or a list of layers."""
    entries = [{"name": name, "attempts": raw, "billed": "maybe"}] if isinstance(raw, str | int) else raw
    layers = []
    for i, entry in enumerate(entries):
        if not isinstance(entry, Mapping) or entry.keys() - {"silent"} != {"name", "attempts", "billed"}:
            raise CatalogError(f"{where}.attempts[{i}]: expected name, attempts and billed")
        if entry["billed"] not in get_args(Billed):
            raise CatalogError(f"{where}.attempts[{i}].billed: expected yes, maybe or no")
        formula = read_formula(entry["attempts"], f"{where}.attempts")
        layers.append(Tries(entry["name"], formula, entry["billed"], bool(entry.get("silent", False))))
    return tuple(layers)


def read_shared(raw: Mapping[str, Any], keys: frozenset[str], layer: str, attempts: Any, where: str) -> dict[str, Any]:
    """The fields of a `Call` that catalogue and user entries have in common."""
    operation = raw.get("operation", "chat")
    if operation not in get_args(Operation):
        raise CatalogError(f"{where}.operation: expected one of {', '.join(get_args(Operation))}, found {operation!r}")
    provider = raw.get("provider")
    if not isinstance(provider, str | None):
        raise CatalogError(f"{where}.provider: expected a name, found {provider!r}")
    each = raw.get("each")
    if each is not None and not isinstance(each, Mapping):
        each = {"arg": each}
    plain = {k: v for k, v in each.items() if k not in ("of", "role")} if each else None
    return {
        "operation": operation,
        "provider": provider,
        "provider_in_model": bool(raw.get("provider_in_model", False)),
        "roles": read_roles(raw, keys, where),
        "each": Each(read_arg(plain, f"{where}.each"), each.get("of", ""), each.get("role")) if each else None,
        "layers": read_layers(attempts, layer, where) if attempts is not None else (),
        "turns": read_formula(raw["turns"], f"{where}.turns") if raw.get("turns") is not None else None,
        "turns_when": tuple(raw.get("turns_when", ())),
        "not_when": tuple(raw.get("not_when", ())),
    }


def _limits(raw: Any, where: str) -> tuple[AtMost, ...]:
    """What providers take in one request: `[{provider: openai, inputs: 2048, tokens: 300000}]`."""
    found: list[AtMost] = []
    for entry in raw:
        numbers = [entry.get(key) for key in ("inputs", "tokens")] if isinstance(entry, Mapping) else [""]
        known = isinstance(entry, Mapping) and entry.keys() <= {"provider", "inputs", "tokens"}
        if (
            not known
            or not isinstance(entry.get("provider"), str)
            or any(number is not None and (type(number) is not int or number < 1) for number in numbers)
        ):
            raise CatalogError(f"{where}: expected entries with `provider` and `inputs` or `tokens`, found {entry!r}")
        found.append(AtMost(entry["provider"], *numbers))
    return tuple(found)


def read_calls(raw: Mapping[str, Any], family: str, known: Mapping[str, Any], where: str) -> list[Call]:
    """The calls of an entry: one, or one for each path and name where no common `api` is given."""
    full = _merged(raw, known, _CALL_OWN, where)
    names = expand((*full.get("names", ()), *full.get("legacy_names", ())))
    paths = tuple("" if path == "()" else path for path in (*full.get("paths", ()), *full.get("legacy_paths", ())))
    attempts = full.get("attempts", "1 + client_retries" if paths or "of" in full else None)
    duck = full.get("duck", False)
    call = Call(
        api="",
        family=family,
        on=tuple(full.get("on", ())),
        duck=bool(duck),
        duck_needs=tuple(duck.get("needs", ())) if isinstance(duck, Mapping) else (),
        keeps_history=bool(full.get("keeps_history", False)),
        by_model=tuple(full.get("by_model", {}).items()),
        any_deployment=bool(full.get("any_deployment", False)),
        gives=read_arg(full["gives"], f"{where}.gives") if "gives" in full else None,
        of=read_arg(full["of"], f"{where}.of") if "of" in full else None,
        class_paths=tuple("" if path == "()" else path for path in full.get("class_paths", ())),
        at_most=_limits(full.get("at_most", ()), f"{where}.at_most"),
        file=read_arg(full["file"], f"{where}.file") if "file" in full else None,
        **read_shared(full, CALL_KEYS, f"{full.get('api', family).partition('.')[0]} SDK", attempts, where),
    )
    if "api" in full:
        return [replace(call, api=full["api"], paths=paths, names=names)]
    on_paths = [replace(call, api=f"{family}.{path}", paths=(path,)) for path in paths]
    return on_paths + [replace(call, api=name, names=(name,)) for name in names]
