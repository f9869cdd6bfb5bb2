"""Reads what objects of frameworks hold and say. In: the lists `holds` and `wording` of an entry. Out: `catalog_types`.

Neighbours: `catalog_args` reads the arguments in them, `catalog_load` the entries that they stand in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, get_args

from guard.facts.catalog_args import read_arg, read_formula
from guard.facts.catalog_types import ROLES, Holds, Use, Wording
from guard.facts.formula import CatalogError

_ROLES = frozenset(ROLES)
_USES = frozenset(get_args(Use))
HOLDS_KEYS = frozenset(
    {
        "as", "each", "paths", "setting", "object", "times", "typical", "when", "retries", "per", "hears", "dicts",
        "takes_over", "reads", "by", "cases", "calls",
    }
)  # fmt: skip
CASE_KEYS = frozenset({"equals", "times", "typical", "reads", "why"})
WORDING_KEYS = frozenset({"tokens", "says", "role", "given", "without"})


def read_holds(raws: Any, where: str) -> tuple[Holds, ...]:
    """The list `holds`: what other objects send. Raises `CatalogError`."""
    found = []
    for i, raw in enumerate(raws):
        here = f"{where}.holds[{i}]"
        if not isinstance(raw, Mapping):
            raise CatalogError(f"{here}: expected a mapping with `arg`")
        use = raw.get("as", "run")
        if use not in _USES:
            raise CatalogError(f"{here}.as: expected one of {', '.join(get_args(Use))}, found {use!r}")
        arg = {key: value for key, value in raw.items() if key not in HOLDS_KEYS and key != "why"}
        holds = Holds(
            read_arg(arg, here),
            use,
            bool(raw.get("each", False)),
            tuple(raw.get("paths", ())),
            raw.get("setting"),
            raw.get("object"),
            when=tuple((read_arg(w["arg"], here), tuple(w["equals"])) for w in raw.get("when", ())),
            retries=read_arg(raw["retries"], f"{here}.retries") if "retries" in raw else None,
            per=read_arg(raw["per"], f"{here}.per") if "per" in raw else None,
            dicts=raw.get("dicts"),
            hears=raw.get("hears", ""),
            takes_over=bool(raw.get("takes_over", False)),
            calls=tuple(raw.get("calls", ())),
            by=read_arg(raw["by"], f"{here}.by") if "by" in raw else None,
        )
        holds = _how_often(holds, raw, here)
        found.append(replace(holds, cases=_cases(holds, raw, here)))
    return tuple(found)


def _how_often(holds: Holds, raw: Mapping[str, Any], where: str) -> Holds:
    """The same with what an entry or one of its cases says of how often it is asked, and what is read then."""
    times, reads = (read_formula(raw[key], f"{where}.{key}") if key in raw else None for key in ("times", "reads"))
    return replace(holds, times=times, reads=reads, typical=raw.get("typical"), why=raw.get("why", ""))


def _cases(holds: Holds, raw: Mapping[str, Any], where: str) -> tuple[tuple[tuple[Any, ...], Holds], ...]:
    """The list `cases`: values of the argument `by`, with what holds for them."""
    if ("cases" in raw) != ("by" in raw):
        raise CatalogError(f"{where}: `by` and `cases` belong together")
    found = []
    for i, case in enumerate(raw.get("cases", ())):
        if not isinstance(case, Mapping) or not case.keys() <= CASE_KEYS or not case.get("equals"):
            raise CatalogError(f"{where}.cases[{i}]: expected equals, perhaps times, typical, reads, why")
        found.append((tuple(case["equals"]), _how_often(holds, case, f"{where}.cases[{i}]")))
    return tuple(found)


def read_wording(raws: Any, where: str) -> tuple[Wording, ...]:
    """The list `wording`: text of the library's own. Raises `CatalogError`."""
    found = []
    for i, raw in enumerate(raws):
        here = f"{where}.wording[{i}]"
        if not isinstance(raw, Mapping) or not raw.keys() <= WORDING_KEYS or "says" not in raw:
            raise CatalogError(f"{here}: expected says, perhaps tokens, role, given, without")
        tokens = raw.get("tokens", 0)
        sizes = tuple(tokens) if isinstance(tokens, list) else (tokens,) * 3
        if len(sizes) != 3 or not all(type(n) is int for n in sizes) or list(sizes) != sorted(sizes):
            raise CatalogError(f"{here}.tokens: expected a number, or three that rise")
        given, without = tuple(raw.get("given", ())), tuple(raw.get("without", ()))
        if not _ROLES.issuperset((*given, *without)):
            raise CatalogError(f"{here}: given and without are lists of roles")
        size = (sizes[0], sizes[1], sizes[2]) if "tokens" in raw else None
        found.append(Wording(size, raw["says"], raw.get("role", "system"), given, without))
    return tuple(found)
