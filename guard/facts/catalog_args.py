"""Reads arguments and formulas of the catalogue. In: parsed YAML. Out: `catalog_types.Arg`, `formula.Formula`.

Neighbours: `catalog_load` and `catalog_holds` read the entries that these stand in.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, get_args

from guard.facts.catalog_types import ROLES, Arg, ArgHow, Form
from guard.facts.formula import CatalogError, Formula, formula
from guard.facts.releases import Counts, Older

_ROLES = frozenset(ROLES)
_HOWS = frozenset(get_args(ArgHow))
_NOTHING: Mapping[str, Any] = MappingProxyType({})
ARG_KEYS = frozenset({
    "arg", "pos", "default", "how", "why", "env", "counts", "form", "given", "given_default", "older",
    "join", "none", "by_prefix", "given_values", "ignored_for",
})  # fmt: skip


def read_texts(value: Any, where: str) -> tuple[str, ...]:
    """A string or list of strings as a tuple."""
    found = (value,) if isinstance(value, str) else tuple(value) if isinstance(value, list) else None
    if found is None or not all(isinstance(text, str) and text for text in found):
        raise CatalogError(f"{where}: expected a name or a list of names, found {value!r}")
    return found


def _per_name(value: Any, names: tuple[str, ...], allowed: tuple[str, ...], where: str) -> tuple[Any, ...]:
    """`counts` or `form`: one word for all names, or a list parallel to them."""
    words = (value,) * len(names) if isinstance(value, str) else read_texts(value, where)
    if len(words) != len(names) or any(word not in allowed for word in words):
        raise CatalogError(f"{where}: expected one of {', '.join(allowed)} (or a list, one for each name of `arg`)")
    return words


@lru_cache(maxsize=512)
def _named(name: str) -> Arg:
    return Arg(names=(name,))


def read_arg(raw: Any, where: str) -> Arg:
    """An argument: a name, a list of names, or a mapping with `arg`, `pos`, `default`, ... Raises `CatalogError`."""
    if isinstance(raw, str) and raw:
        return _named(raw)
    if not isinstance(raw, Mapping):
        return Arg(names=read_texts(raw, where))
    if not raw.keys() <= ARG_KEYS:
        unknown = raw.keys() - ARG_KEYS
        raise CatalogError(f"{where}: unknown key `{min(unknown, key=str)}`; known are {', '.join(sorted(ARG_KEYS))}")
    names = read_texts(raw["arg"], f"{where}.arg") if "arg" in raw else ()
    how = raw.get("how", "default" if "default" in raw else "not_sent")
    position = raw.get("pos")
    if how not in _HOWS:
        raise CatalogError(f"{where}.how: expected one of {', '.join(get_args(ArgHow))}, found {how!r}")
    if (how == "default") != ("default" in raw):
        raise CatalogError(f"{where}: `default` and `how: default` belong together")
    if position is not None and (type(position) is not int or position < 0 or not names):
        raise CatalogError(f"{where}.pos: expected the position of the first name of `arg`, counted from 0")
    for key in ("default", "given_default"):
        if not isinstance(raw.get(key), str | int | float | bool | None):
            raise CatalogError(f"{where}.{key}: expected a single value")
    return Arg(
        names,
        position,
        raw.get("default"),
        how,
        raw.get("why", ""),
        read_texts(raw["env"], f"{where}.env") if "env" in raw else (),
        _per_name(raw["counts"], names, get_args(Counts), f"{where}.counts") if "counts" in raw else (),
        _per_name(raw["form"], names, get_args(Form), f"{where}.form") if "form" in raw else (),
        read_texts(raw["given"], f"{where}.given") if "given" in raw else (),
        raw.get("given_default"),
        _older(raw["older"], f"{where}.older") if "older" in raw else (),
        raw.get("given_values", _NOTHING),
        raw.get("by_prefix", _NOTHING),
        "unbounded" if raw.get("none") == "unbounded" else "default",
        read_texts(raw["ignored_for"], f"{where}.ignored_for") if "ignored_for" in raw else (),
        bool(raw.get("join", False)),
    )


def _older(raws: Any, where: str) -> tuple[Older, ...]:
    return tuple(_older_one(raw, where) for raw in (raws if isinstance(raws, list) else [raws]))


def _older_one(raw: Any, where: str) -> Older:
    known = {"package", "before", "default", "counts"}
    if not isinstance(raw, Mapping) or not known >= raw.keys() >= {"package", "before"} or len(raw) < 3:
        raise CatalogError(f"{where}: expected package, before, and default or counts")
    counts = raw.get("counts")
    if counts is not None and counts not in get_args(Counts):
        raise CatalogError(f"{where}.counts: expected one of {', '.join(get_args(Counts))}")
    packages = read_texts(raw["package"], f"{where}.package")
    return Older(packages, str(raw["before"]), raw.get("default"), "default" in raw, counts)


def read_formula(text: Any, where: str) -> Formula:
    """A formula over roles. Raises `CatalogError`."""
    try:
        found = formula(str(text))
        strange = found.names() - _ROLES
    except CatalogError as error:
        raise CatalogError(f"{where}: {error}") from None
    if strange:
        raise CatalogError(f"{where}: `{min(strange)}` is no role; roles are {', '.join(ROLES)}")
    return found
