"""The model is on your list.

## What it does

Reports models that no glob of `allow` matches, and models that a glob of `deny` matches; `deny` wins. A glob is held
against the name that prices the model (`gpt-4o`), the name as written and both with the provider before them
(`azure/gpt-4o`), in any case. Where the model is not known, or may be overridden from outside, the verdict is
`undecided`. Not part of `guard:recommended`: write your own list.

## Why

Prices of models differ by a factor of a thousand. One name in one file moves a feature from the cheapest tier to the
dearest.

## Fix

Use a model that the list allows, or have it added. For a migration that takes time, write an exception with a date.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from guard.model import Choice, Priced, Value
from guard.policy import places, words
from guard.policy.examples import known, priced, unknown
from guard.policy.types import Context, Example, Hit, Unsure

SEVERITY = "high"
HELP = "use a model that the policy allows, or ask its owner"


@dataclass(frozen=True)
class Params:
    """Parameters of `model-allowed`."""

    allow: tuple[str, ...] = field(default=("*",), metadata={"doc": "Globs of models that may be used."})
    deny: tuple[str, ...] = field(default=(), metadata={"doc": "Globs of models that may not be used; wins."})


def check(item: Priced, params: Params, context: Context) -> Iterator[Hit | Unsure]:
    """Violated by each choice that is not allowed; undecided where other models may arrive."""
    request = item.request
    if "*" in params.allow and not params.deny:
        return
    for found in request.model.choices:
        if not isinstance(found.value, str):
            continue
        names = _names(found, places.provider_of(request, found), context)
        denied = _first(params.deny, names)
        if denied is None and _first(params.allow, names) is not None:
            continue
        because = f"`{denied}` is denied" if denied else "no glob of `allow` matches it"
        yield Hit(
            f"`{words.name(found.value)}` is not an allowed model: {because}",
            places.join([places.send(request)], places.origin(found, "model"), places.callers(request)),
            value=found.value,
            help="" if denied or not params.allow else f"allowed: {', '.join(params.allow)}",
        )
    unnamed = any(not isinstance(found.value, str) for found in request.model.choices)
    if request.model.open or unnamed or not request.model.choices:
        why = request.model.why or "no model is named in the code"
        yield Unsure(f"whether only allowed models are used: {why}", places.join([places.send(request)]))


def _names(found: Choice, provider: str | None, context: Context) -> frozenset[str]:
    facts = context.model(str(found.value), provider)
    plain = {str(found.value).lower()}
    plain.update(name.lower() for name in (found.price_id, facts.id if facts else None) if name)
    return frozenset(plain | {f"{provider}/{name}" for name in plain if provider})


def _first(globs: tuple[str, ...], names: frozenset[str]) -> str | None:
    return next((glob for glob in globs if any(fnmatchcase(name, glob.lower()) for name in names)), None)


_MINI = Params(allow=("gpt-4o-mini*", "claude-*-haiku*"))

BAD = (
    Example("not on the list", priced(model=known("gpt-4o")), _MINI),
    Example("denied", priced(model=known("gpt-4o-mini")), Params(deny=("openai/*",))),
    Example("the other branch", priced(model=known("gpt-4o-mini", "o1-pro")), _MINI),
    Example("surely broken by the default", priced(model=Value(known("gpt-4o").choices, True, "environment")), _MINI),
)
GOOD = (
    Example("on the list", priced(model=known("gpt-4o-mini")), _MINI),
    Example("no list", priced(model=known("anything")), Params()),
    Example("no list, no name", priced(model=unknown("`row.model` is read at run time")), Params()),
    Example("in another case", priced(model=known("GPT-4o-mini")), _MINI),
)
UNSURE = (
    Example("not known", priced(model=unknown("`row.model` is read at run time")), _MINI),
    Example(
        "may be overridden", priced(model=Value(known("gpt-4o-mini").choices, True, "environment may override")), _MINI
    ),
)
