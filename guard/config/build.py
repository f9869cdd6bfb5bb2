"""Valid `Document`s -> `Config`. Neighbours: `validate` (must have passed), `load` (the caller)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from guard.config.document import Document, Path
from guard.config.types import (
    Assume,
    Budget,
    Config,
    DeclaredCall,
    Exemption,
    Feature,
    Place,
    PolicySpec,
    PriceRule,
    Scenario,
    Usage,
    UsageRule,
)
from guard.config.validate import label
from guard.config.values import factor, money, share
from guard.config.written import aligned

_Item = tuple[Path, dict[str, Any]]


def config(document: Document, policies: tuple[PolicySpec, ...], prefix: str = "") -> Config:
    """Everything that the file says, with the policies that were merged before. `prefix`: see `Config.prefix`."""
    data = document.data
    return Config(
        path=document.path,
        prefix=prefix,
        extends=tuple(data.get("extends", Config().extends)),
        exclude=tuple(data.get("exclude", ())),
        usage=_usage(document),
        assume=tuple(_assume(document, *item) for item in _listed(document, "assume")),
        aliases=dict(data.get("aliases", {})),
        calls=tuple(_call(document, *item) for item in _listed(document, "calls")),
        prices=tuple(_price(document, *item) for item in _named(document, "prices")),
        features=tuple(_feature(document, *item) for item in _named(document, "features")),
        stages={stage: tuple(globs) for stage, globs in data.get("stages", {}).items()},
        scenarios=tuple(_scenario(document, *item) for item in _named(document, "scenarios")),
        budgets=tuple(_budget(document, *item) for item in _listed(document, "budgets")),
        policies=policies,
        exceptions=tuple(
            Exemption(place=document.value_place(where), **_with_paths(raw))
            for where, raw in _listed(document, "exceptions")
        ),
    )


def policies(documents: Iterable[Document]) -> tuple[PolicySpec, ...]:
    """The policies of packs and user in this order. A later one with the id of an earlier one changes the fields that
    it writes, and single parameters, unless it names another check: parameters of the old check mean nothing to it."""
    merged: dict[str, PolicySpec] = {}
    for document in documents:
        for where, raw in _listed(document, "policies"):
            merged[raw["id"]] = _policy(document, where, raw, merged.get(raw["id"]))
    return tuple(merged.values())


def _policy(document: Document, where: Path, raw: dict[str, Any], old: PolicySpec | None) -> PolicySpec:
    place = document.value_place(where)
    base = old or PolicySpec(raw["id"], place, check=raw["id"])
    if "deny" in raw and base.deny is None:
        base = replace(base, check=raw["id"], check_place=None, params={}, param_places={}, severity=None)
    written = _with_paths(raw)
    if "deny" in written:
        written["deny"] = aligned(document, (*where, "deny"), raw["deny"])
    elif "check" in written:
        written["deny"] = None
    if "tests" in written:
        written["tests"] = {kind: tuple(codes) for kind, codes in raw["tests"].items()}
    if "block_from" in written:
        written["block_from"] = date.fromisoformat(raw["block_from"])
    if "skip_stages" in written:
        written["skip_stages"] = tuple(written["skip_stages"])
    params = _plain(written.pop("params", {}))
    places = dict(_inner_places(document, (*where, "params"), params))
    if written.get("check", base.check) == base.check:
        replaced = tuple(f"{label((name,))}{end}" for name in params for end in (".", "["))
        kept = {name: at for name, at in base.param_places.items() if not f"{name}.".startswith(replaced)}
        params, places = {**base.params, **params}, {**kept, **places}
    for key in ("check", "message"):
        if key in written:
            written[f"{key}_place"] = document.value_place((*where, key))
    return replace(base, **{**written, "place": place, "params": params, "param_places": places})


def _inner_places(document: Document, start: Path, value: Any, inner: Path = ()) -> Iterator[tuple[str, Place]]:
    """Where each key and each part of a value stands: `allow`, `allow[0]`, `limits.chat`."""
    if inner:
        yield label(inner), document.key_place((*start, *inner))
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in parts:
        yield from _inner_places(document, start, item, (*inner, key))


def _usage(document: Document) -> Usage:
    raw = document.data.get("usage", {})
    rules = tuple(_usage_rule(document, *item) for item in _listed(document, "usage", "rules"))
    default, profile = raw.get("default"), raw.get("profile")
    if not default:
        return Usage(rules=rules, profile=profile)
    # Each figure has a source of its own: who writes one has not declared the other.
    written = _shares(default, "output_share")
    sources: dict[str, Any] = {f"{figure}_source": "usage.default" for figure in written}
    return Usage(**written, **sources, rules=rules, profile=profile)


def _usage_rule(document: Document, where: Path, raw: dict[str, Any]) -> UsageRule:
    written = _shares(_with_paths(raw), "cache_hit_rate", "error_rate", "output_share")
    if "runs_per_month" in written:
        written["runs_per_month"] = Decimal(written["runs_per_month"])
    return UsageRule(source=label(where), place=document.value_place(where), **written)


def _feature(document: Document, where: Path, raw: dict[str, Any]) -> Feature:
    written = _with_paths(raw)
    for key in ("units_per_month", "units_per_run", "customers"):
        if key in written:
            written[key] = Decimal(written[key])
    if "revenue_per_unit" in written:
        written["revenue_per_unit"] = money(written["revenue_per_unit"])
    return Feature(str(where[-1]), document.key_place(where), **written)


def _scenario(document: Document, where: Path, raw: dict[str, Any]) -> Scenario:
    written = _shares(raw, "cache_hit_rate", "error_rate")
    for key in ("runs_per_month", "input", "output", "retrieval", "turns"):
        if key in written:
            written[key] = factor(written[key])
    holes = {name: factor(value) for name, value in written.pop("holes", {}).items()}
    return Scenario(str(where[-1]), document.key_place(where), holes=holes, **written)


def _assume(document: Document, where: Path, raw: dict[str, Any]) -> Assume:
    return Assume(source=label(where), place=document.value_place(where), **_with_paths(raw))


def _call(document: Document, where: Path, raw: dict[str, Any]) -> DeclaredCall:
    plain = _plain(raw)
    places = dict(_inner_places(document, where, plain))
    return DeclaredCall(source=label(where), place=document.value_place(where), raw=plain, places=places)


def _price(document: Document, where: Path, raw: dict[str, Any]) -> PriceRule:
    rates = {key: money(value) for key, value in raw.items() if key != "discount"}
    return PriceRule(
        source=label(where),
        place=document.key_place(where),
        pattern=str(where[-1]),
        discount=share(raw["discount"]) if "discount" in raw else None,
        **rates,
    )


def _budget(document: Document, where: Path, raw: dict[str, Any]) -> Budget:
    written = _shares(_with_paths(raw), "warn_at", "increase_percent", "min_coverage", "min_margin")
    for limit in ("per_call", "per_run", "per_month", "per_unit", "per_customer", "increase"):
        if limit in written:
            written[limit] = money(written[limit])
    return Budget(place=document.value_place(where), **written)


def _listed(document: Document, *section: str) -> Iterator[_Item]:
    data = document.data
    for key in section:
        data = data.get(key, {})
    for i, raw in enumerate(data):
        yield (*section, i), raw


def _named(document: Document, section: str) -> Iterator[_Item]:
    for name, raw in document.data.get(section, {}).items():
        yield (section, name), raw


def _with_paths(raw: dict[str, Any]) -> dict[str, Any]:
    return {**raw, "paths": tuple(raw["paths"])} if "paths" in raw else dict(raw)


def _shares(raw: dict[str, Any], *names: str) -> dict[str, Any]:
    return {key: share(value) if key in names else value for key, value in raw.items()}


def _plain(value: Any) -> Any:
    """Parameters as YAML readers are used to them: a number with a point is a float."""
    match value:
        case dict():
            return {key: _plain(item) for key, item in value.items()}
        case list():
            return [_plain(item) for item in value]
        case Decimal():
            return float(value)
    return value
