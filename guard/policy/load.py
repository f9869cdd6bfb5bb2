"""Joins the policies of the configuration with their checks and types their parameters, or compiles their conditions.

In: `PolicySpec`s (raw parameters and conditions, with places) from `guard.config`. Out: `Policy` values for `decide`,
or one `PolicyError` with everything that is wrong, each with its place and a hint. The language of conditions is
imported only where one is written, since that takes time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import Field, fields
from typing import TYPE_CHECKING, Any, get_type_hints

from guard.config.issues import ConfigError, ConfigIssue, listed, nearest, show
from guard.config.types import Place, PolicySpec
from guard.config.written import issue as written_issue
from guard.policy import registry
from guard.policy.types import Check, NoParams, Policy

if TYPE_CHECKING:
    from guard.policy.expr.condition import Mention

MESSAGE_FIELDS = ("message", "model", "provider", "api", "path", "line", "owner", "feature", "policy")
"""What `message:` of a policy may name in braces."""

PLACEHOLDER = re.compile(r"\{([A-Za-z_][\w.]*)\}")
"""A field in a message: one of `MESSAGE_FIELDS`, or a path such as `request.usd.high`."""


_OF_ALL = ("message", "owner", "policy")
"""Those that have a meaning also where a condition is not about a request."""
_NAMED_WITH = {
    "request": ("request", "feature", "repo"),
    "workflow": ("workflow", "repo"),
    "feature": ("feature", "repo"),
    "repo": ("repo",),
    "setting": ("setting",),
}


class PolicyError(ConfigError):
    """The policies cannot be used; `errors` lists everything that is wrong with them."""


class _Wrong(Exception):
    """A parameter's value is wrong: words that follow the parameter's name, and the index of the item at fault."""

    def __init__(self, words: str, index: int | None = None) -> None:
        super().__init__(words)
        self.index = index


def load(specs: Sequence[PolicySpec]) -> tuple[Policy, ...]:
    """The policies in order; of two with the same id the later one holds.

    Raises `PolicyError` for an unknown check, an unknown parameter, a parameter of the wrong type or out of range, a
    condition that cannot be asked, and an unknown name in braces in `message`. Policies that are `off` are examined,
    too.
    """
    issues: list[ConfigIssue] = []
    policies = [_policy(spec, issues) for spec in {spec.id: spec for spec in specs}.values()]
    if issues:
        raise PolicyError(issues)
    return tuple(policy for policy in policies if policy is not None)


def _policy(spec: PolicySpec, issues: list[ConfigIssue]) -> Policy | None:
    if spec.deny is not None:
        return _condition(spec, issues)
    known = registry.checks()
    check = known.get(spec.check)
    if check is None:
        missing = f"policy {show(spec.id)} has no `check`, and no check has that name"
        unknown = f"policy {show(spec.id)} uses an unknown check {show(spec.check)}"
        message = missing if spec.check == spec.id else unknown
        issues.append(_issue(spec.check_place or spec.place, message, _meant(spec.check, known)))
        return None
    named, unnamed = _message_fields(spec, "request")
    values, wrong = _parameters(spec, check)
    issues.extend((*unnamed, *wrong))
    return None if wrong else Policy(spec, check, check.params(**values), fields=named)


def _condition(spec: PolicySpec, issues: list[ConfigIssue]) -> Policy | None:
    from guard.policy import conditions
    from guard.policy.expr.errors import ExpressionError

    assert spec.deny is not None
    try:
        asking = conditions.compile(spec.deny.text)
    except ExpressionError as error:
        issues.append(written_issue(spec.deny, error.offset, error.message, error.hint))
        return None
    named, unnamed = _message_fields(spec, asking.subject)
    issues.extend(unnamed)
    check = Check(
        id=spec.id, title=spec.id, doc="", severity=conditions.SEVERITY, help=conditions.HELP, params=NoParams,
        run=lambda item, params, context: iter(()), bad=(), good=(), unsure=(),
    )  # fmt: skip
    return Policy(spec, check, NoParams(), asking, named)


def _message_fields(spec: PolicySpec, subject: str) -> tuple[dict[str, Mention], list[ConfigIssue]]:
    """The paths that a message names, compiled, and what is wrong with others."""
    plain = MESSAGE_FIELDS if subject == "request" else _OF_ALL
    names = [name for name in PLACEHOLDER.findall(spec.message or "") if name not in plain]
    if not names:
        return {}, []
    from guard.policy.expr.condition import value_of
    from guard.policy.expr.errors import ExpressionError
    from guard.policy.objects.sums import OBJECTS

    objects = {name: OBJECTS[name] for name in _NAMED_WITH[subject]}
    found: dict[str, Mention] = {}
    issues: list[ConfigIssue] = []
    for name in names:
        message = f"the message of policy {show(spec.id)} names an unknown field '{{{name}}}'"
        try:
            found[name] = value_of(name, objects)
        except ExpressionError as error:
            hint = f"{error.message}; {error.hint}" if "." in name else _meant(name, plain)
            issues.append(_issue(spec.message_place or spec.place, message, hint))
    return found, issues


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
