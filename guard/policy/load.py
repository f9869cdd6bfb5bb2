"""Joins the policies of the configuration with their checks and types their parameters.

In: `PolicySpec`s (raw parameters with places) from `guard.config`. Out: `Policy` values for `decide.py`, or one
`PolicyError` with everything that is wrong, each with its place and a hint.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import Field, fields
from typing import Any, get_type_hints

from guard.config.issues import ConfigError, ConfigIssue, listed, nearest, show
from guard.config.types import Place, PolicySpec
from guard.policy import registry
from guard.policy.types import Check, Policy

MESSAGE_FIELDS = ("message", "model", "provider", "api", "path", "line", "owner", "feature", "policy")
"""What `message:` of a policy may name in braces."""

PLACEHOLDER = re.compile(r"\{(\w+)\}")


class PolicyError(ConfigError):
    """The policies cannot be used; `errors` lists everything that is wrong with them."""


class _Wrong(Exception):
    """A parameter's value is wrong: words that follow the parameter's name, and the index of the item at fault."""

    def __init__(self, words: str, index: int | None = None) -> None:
        super().__init__(words)
        self.index = index


def load(specs: Sequence[PolicySpec]) -> tuple[Policy, ...]:
    """The policies in order; of two with the same id the later one holds.

    Raises `PolicyError` for an unknown check, an unknown parameter, a parameter of the wrong type or out of range, and
    an unknown name in braces in `message`. Policies that are `off` are examined too.
    """
    issues: list[ConfigIssue] = []
    policies = [_policy(spec, issues) for spec in {spec.id: spec for spec in specs}.values()]
    if issues:
        raise PolicyError(issues)
    return tuple(policy for policy in policies if policy is not None)


def _policy(spec: PolicySpec, issues: list[ConfigIssue]) -> Policy | None:
    known = registry.checks()
    check = known.get(spec.check)
    if check is None:
        missing = f"policy {show(spec.id)} has no `check`, and no check has that name"
        unknown = f"policy {show(spec.id)} uses an unknown check {show(spec.check)}"
        message = missing if spec.check == spec.id else unknown
        issues.append(_issue(spec.check_place or spec.place, message, _meant(spec.check, known)))
        return None
    issues.extend(_message_issues(spec))
    values, wrong = _parameters(spec, check)
    issues.extend(wrong)
    return None if wrong else Policy(spec, check, check.params(**values))


def _message_issues(spec: PolicySpec) -> Iterator[ConfigIssue]:
    for name in PLACEHOLDER.findall(spec.message or ""):
        if name not in MESSAGE_FIELDS:
            message = f"the message of policy {show(spec.id)} names an unknown field '{{{name}}}'"
            yield _issue(spec.message_place or spec.place, message, _meant(name, MESSAGE_FIELDS))


def _parameters(spec: PolicySpec, check: Check) -> tuple[dict[str, Any], list[ConfigIssue]]:
    declared = {one.name: one for one in fields(check.params)}
    types = get_type_hints(check.params)
    values: dict[str, Any] = {}
    issues: list[ConfigIssue] = []
    for name, raw in spec.params.items():
        place = spec.param_places.get(name, spec.place)
        if name not in declared:
            message = f"check '{check.id}' has no parameter {show(name)}"
            issues.append(_issue(place, message, _meant(name, declared) if declared else "it has none"))
            continue
        try:
            values[name] = _typed(raw, types[name], declared[name])
        except _Wrong as wrong:
            inner = spec.param_places.get(f"{name}[{wrong.index}]", place) if wrong.index is not None else place
            hint = f"for example `{name}: {_example(types[name], declared[name])}`"
            issues.append(_issue(inner, f"parameter '{name}' of check '{check.id}' {wrong}", hint))
    return values, issues


def _typed(raw: Any, wanted: Any, declared: Field[Any]) -> Any:
    """`raw` as the parameter's type. Raises `_Wrong`."""
    if wanted is bool:
        if isinstance(raw, bool):
            return raw
        raise _Wrong(f"must be true or false, not {show(raw)}")
    if wanted is int:
        if not isinstance(raw, int) or isinstance(raw, bool):
            raise _Wrong(f"must be a whole number, not {show(raw)}")
        least = declared.metadata.get("min")
        if least is not None and raw < least:
            raise _Wrong(f"must be at least {least}, not {raw}")
        return raw
    if wanted == tuple[str, ...]:
        items = [raw] if isinstance(raw, str) else raw
        if not isinstance(items, list | tuple):
            raise _Wrong(f"must be a list of text, not {show(raw)}")
        for index, item in enumerate(items):
            if not isinstance(item, str):
                raise _Wrong(f"must be a list of text, but holds {show(item)}", index)
        return tuple(items)
    raise TypeError(f"parameters of type {wanted} are not supported")


def _example(wanted: Any, declared: Field[Any]) -> str:
    if wanted == tuple[str, ...]:
        return '["gpt-4o-mini*"]'
    return str(declared.default).lower()


def _meant(name: str, known: Iterable[str]) -> str:
    close = nearest(name, known)
    return f"did you mean '{close}'?" if close else f"there are {listed(known)}"


def _issue(place: Place, message: str, hint: str = "") -> ConfigIssue:
    return ConfigIssue(place.path, place.line, place.column, message, hint)
