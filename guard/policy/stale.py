"""Findings about guard.yaml itself: globs that match no file, and names in lists of models that match no model.

In: the configuration, the scanned files, a `Context` with the names of the price table. Out: `Finding`s that warn. What
a glob should have been about is otherwise silently left out. Neighbours: `forgive.py` reports excuses that excuse
nothing, `budgets.py` budgets that select nothing, `stale_usage.py` usage rules about names that are not there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase

from guard.config.types import Config, Place
from guard.model import Finding, Label, Priced, Span
from guard.policy import places, stale_usage
from guard.policy.types import Context, Policy
from guard.policy.verdict import finding_id

GLOB = "unmatched-glob"
MODEL = "unmatched-model"

DOCS = {
    GLOB: """A glob in `paths` matches a file.

## What it does

Reports globs in `paths` of policies, features, usage rules and assumptions that match no scanned file. Where only a
part of the repository is scanned, nothing is reported.

## Why

A misspelt glob is about nothing: the policy is never asked, the usage never counted, and nobody is told.

## Fix

Correct the glob. It is relative to the folder of the configuration: `src/search/**`.
""",
    MODEL: """A name in a list of models matches a model.

## What it does

Reports globs in `allow` and `deny` of `model-allowed` that match no model of the price table, no alias of `guard.yaml`
and no model in the code.

## Why

A misspelt name in `deny` forbids nothing, and one in `allow` makes an approved model look forbidden.

## Fix

Correct the name; `guard prices list NAME` finds those that are known.
""",
}
"""Documentation of the findings that are made here, for `guard explain` and docs/checks.md."""

MODEL_CHECK = "model-allowed"


def judge(
    config: Config, policies: Sequence[Policy], items: Sequence[Priced], files: Sequence[str], context: Context
) -> tuple[Finding, ...]:
    """Findings about the configuration. `files`: all that were listed; empty: globs are not looked at."""
    found = list(_models(config, policies, items, context))
    if files and not config.prefix:
        found += _globs(config, policies, files)
        found += [_finding(*one) for one in stale_usage.judge(config, items)]
    return tuple(found)


def _globs(config: Config, policies: Sequence[Policy], files: Sequence[str]) -> Iterator[Finding]:
    for what, place, paths in _written(config, policies):
        for glob in paths:
            if glob.startswith("!"):
                continue
            matcher = places.globs((glob,))
            if not any(matcher.match_file(file) for file in files):
                message = f"`{glob}` matches no file, so {what} is not about what it should be"
                help_ = "correct the glob; it is relative to the folder of the configuration"
                yield _finding(GLOB, message, place, help_, f"{what} {glob}")


def _written(config: Config, policies: Sequence[Policy]) -> Iterator[tuple[str, Place, tuple[str, ...]]]:
    """Everything with `paths` whose missing would not be told otherwise."""
    for policy in policies:
        if policy.spec.enforce != "off":
            yield f"policy `{policy.spec.id}`", policy.spec.place, policy.spec.paths
    for feature in config.features:
        yield f"feature `{feature.name}`", feature.place, feature.paths
    for rule in config.usage.rules:
        yield f"`{rule.source}`", rule.place, rule.paths
    for assumed in config.assume:
        yield f"`{assumed.source}`", assumed.place, assumed.paths


def _models(config: Config, policies: Sequence[Policy], items: Sequence[Priced], context: Context) -> Iterator[Finding]:
    lists = [
        (policy, key, glob)
        for policy in policies
        if policy.asking is None and policy.check.id == MODEL_CHECK and policy.spec.enforce != "off"
        for key in ("allow", "deny")
        for glob in getattr(policy.params, key)
    ]
    if not lists:
        return
    names = _names(config, items, context)
    for policy, key, glob in lists:
        if any(fnmatchcase(name, glob.lower()) for name in names):
            continue
        close = list(context.suggest(glob.replace("*", ""), None))[:3]
        meant = f"; did you mean {' or '.join(f'`{name}`' for name in close)}?" if close else ""
        place = policy.spec.param_places.get(key, policy.spec.place)
        message = f"`{glob}` in `{key}` of policy `{policy.spec.id}` matches no known model{meant}"
        yield _finding(MODEL, message, place, "correct the name; `guard prices list` shows those that are known", glob)


def _names(config: Config, items: Iterable[Priced], context: Context) -> frozenset[str]:
    """All names of models, in lower case, with and without the provider."""
    names = {name.lower() for name in context.names()}
    names |= {name.partition("/")[2] for name in names}
    names |= {name.lower() for pair in config.aliases.items() for name in pair}
    for item in items:
        for choice in item.request.model.choices:
            plain = [str(name).lower() for name in (choice.value, choice.price_id) if name]
            names.update(plain)
            names.update(f"{places.provider_of(item.request, choice)}/{name}" for name in plain)
    return frozenset(names)


def _finding(policy: str, message: str, place: Place, help_: str, value: str) -> Finding:
    span = Span(place.path, place.line, place.column, place.line, place.column)
    return Finding(
        id=finding_id(policy, None, value),
        policy=policy,
        verdict="violated",
        severity="low",
        enforce="warn",
        message=message,
        labels=(Label(span),),
        help=help_,
    )
