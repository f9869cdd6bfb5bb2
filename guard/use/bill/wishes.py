"""What `--what-if` says: `[WHICH:]KEY=VALUE`. In: its words, and the requests. Out: a `Change`, and who cannot take it.

`WHICH` names requests by a model, a feature, an owner, a path, a function or an id, with `*` for any characters;
without it all requests are meant. Of a request that may use several models, only those that `WHICH` names are replaced.
Neighbours: `sending` makes the requests, `what_if` compares, `cheapest` looks for models.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from fnmatch import fnmatchcase

from guard.bill import Refused
from guard.config.types import Scenario
from guard.estimate import scenarios
from guard.model import Choice, Priced, Request
from guard.use.bill import sending
from guard.use.bill.anew import Change, Known, scenario
from guard.use.bill.sending import Cannot

KEYS = ("model", "top_k", "max_output", "cache", "retries", "scenario")
CHEAPEST = "cheapest"
"""The value of `model` that asks for the cheapest one that fits."""
MOST = 100_000_000
"""The largest number that is taken as a number of tokens, passages or retries."""
_FORM = re.compile(rf"^(?:(?P<which>.+):)?(?P<key>{'|'.join(KEYS)})=(?P<value>.+)$", re.DOTALL)


class BadWish(ValueError):
    """What was asked cannot be read, or nothing is there that it could be about; the message says why."""


@dataclass(frozen=True, slots=True)
class Wish:
    """One thing that shall be otherwise."""

    text: str
    """As it was typed."""
    which: str
    """Names of requests; `*`: all."""
    key: str
    value: str

    @property
    def number(self) -> int:
        """The value of a key that takes a whole number."""
        return int(self.value.replace("_", "").replace(",", ""))

    @property
    def share(self) -> Decimal:
        """The value of a key that takes a share."""
        percent = self.value.endswith("%")
        return Decimal(self.value.removesuffix("%").strip()) / (100 if percent else 1)


def parse(text: str) -> Wish:
    """Read `[WHICH:]KEY=VALUE`. Raises `BadWish`."""
    found = _FORM.match(text.strip())
    if found is None:
        key, _, old = text.partition("=")[0].partition(":")
        if key in KEYS and old:
            raise BadWish(f"write `{old}:{key}=...` for the requests of `{old}`: what they are comes first")
        raise BadWish(f"`{text}` is not [WHICH:]KEY=VALUE with KEY one of {', '.join(KEYS)}")
    wish = Wish(text.strip(), found["which"] or "*", found["key"], found["value"].strip())
    if wish.key in ("top_k", "max_output", "retries"):
        _check_number(wish)
    elif wish.key == "cache":
        _check_share(wish)
    return wish


def _check_number(wish: Wish) -> None:
    least = 0 if wish.key == "retries" else 1
    digits = wish.value.replace("_", "").replace(",", "")
    if not (digits.isascii() and digits.isdigit()) or not least <= int(digits[:12]) <= MOST:
        raise BadWish(f"`{wish.key}` takes a whole number from {least} on, not `{wish.value}`")


def _check_share(wish: Wish) -> None:
    try:
        share = wish.share
    except InvalidOperation:
        share = Decimal(-1)
    if not share.is_finite() or not 0 <= share <= 1:
        raise BadWish(f"`cache` takes a share like 80% or 0.8, not `{wish.value}`")


def check(wish: Wish, items: Sequence[Priced], known: Known) -> None:
    """Raises `BadWish` where a wish names a model, a scenario or requests that are not there."""
    if wish.key == "model" and wish.value != CHEAPEST:
        providers = dict.fromkeys(item.request.provider for item in items)
        if not any(sending.row_of(known, wish.value, provider) for provider in (None, *providers)):
            close = known.prices.suggest(wish.value, None)
            meant = f"; did you mean {' or '.join(f'`{name}`' for name in close)}?" if close else ""
            raise BadWish(f"`{wish.value}` is not in the price table{meant}")
    if wish.key == "scenario" and scenarios.named(known.config, wish.value) is None:
        names = ", ".join(f"`{one.name}`" for one in known.config.scenarios) or "none"
        raise BadWish(f"guard.yaml has no scenario `{wish.value}` (it has {names})")
    if items and not any(chosen(wish, item) for item in items):
        raise BadWish(
            f"`{wish.which}` names no request: it is held against models, features, owners, paths, functions and ids"
        )


def chosen(wish: Wish, item: Priced) -> bool:
    """Whether a wish is about a request."""
    return wish.which == "*" or any(_is(wish.which, name) for name in (*_names(item), *_models(item)))


def _names(item: Priced) -> Iterator[str]:
    request = item.request
    yield request.id
    yield from (name for name in (item.feature, item.owner) if name)
    for site in request.sites:
        yield from (site.span.path, site.qualname, f"{site.span.path}::{site.qualname}")
    for reach in request.reached_from:
        yield from (reach.entry, *reach.aliases)


def _models(item: Priced) -> Iterator[str]:
    for choice in item.request.model.choices:
        yield from _called(choice, item)


def _called(choice: Choice, item: Priced) -> Iterator[str]:
    """The names of a model: as written, as it is priced, and both with the provider."""
    provider = next((v.provider for v in item.request.variants if v.model == choice), None) or item.request.provider
    for name in dict.fromkeys(filter(None, (str(choice.value) if choice.value is not None else "", choice.price_id))):
        yield from (name, name.rpartition("/")[2], *([f"{provider}/{name}"] if provider else []))


def _is(which: str, name: str) -> bool:
    which, name = which.casefold(), name.casefold()
    return which == name or fnmatchcase(name, which) or (which.endswith("/") and name.startswith(which))


def _only(wish: Wish, item: Priced) -> Callable[[Choice], bool] | None:
    """Which models of a request are meant, where the wish names models and not the request by something else."""
    if wish.which == "*" or any(_is(wish.which, name) for name in _names(item)):
        return None
    return lambda choice: any(_is(wish.which, name) for name in _called(choice, item))


def applied(
    wishes: Sequence[Wish], items: Sequence[Priced], known: Known, models: dict[str, str]
) -> tuple[Change, tuple[Refused, ...]]:
    """What all wishes change together, one after the other, and which requests cannot take which.

    `models`: by request, the cheapest model that fits, where one was asked for.
    """
    requests: dict[str, Request] = {}
    holds: dict[str, Scenario] = {}
    named: dict[str, frozenset[str]] = {}
    refused: dict[tuple[str, str], list[str]] = {}
    for wish in wishes:
        for item in items:
            if not chosen(wish, item):
                continue
            name = item.request.id
            now = replace(item, request=requests.get(name, item.request))
            made = _one(wish, now, known, models)
            if isinstance(made, Cannot):
                refused.setdefault((wish.text, made.why), []).append(name)
            elif isinstance(made, Scenario):
                if wish.key == "scenario":
                    named[name] = named.get(name, frozenset()) | {made.name}
                both = scenarios.both(holds.get(name), made)
                holds[name] = replace(both, name="what-if") if both is not None else made
            else:
                requests[name] = made
    said = tuple(Refused(asked, why, tuple(ids)) for (asked, why), ids in refused.items())
    return Change(requests, holds, named), said


def _one(wish: Wish, item: Priced, known: Known, models: dict[str, str]) -> Request | Scenario | Cannot:
    """What a request becomes by one wish."""
    match wish.key:
        case "model" if wish.value == CHEAPEST:
            name = models.get(item.request.id)
            if name is not None:
                return sending.with_model(item, name, known)
            return Cannot("it has no price now" if item.estimate.usd is None else "no cheaper model is known to fit")
        case "model":
            return sending.with_model(item, wish.value, known, _only(wish, item))
        case "top_k":
            return sending.with_passages(item, lambda _: wish.number)
        case "max_output":
            return sending.with_limit(item, wish.number, known)
        case "retries":
            return sending.with_retries(item, wish.number)
        case "cache":
            return _cached(wish, item, known)
    named = scenarios.named(known.config, wish.value)
    return Cannot("there is no such scenario") if named is None else named


def _cached(wish: Wish, item: Priced, known: Known) -> Scenario | Cannot:
    rows = sending.rows_of(item, known)
    if not rows:
        return Cannot("its model is not known")
    if all(row.rates.cache_read is None for row in rows):
        return Cannot("no cache rate is published for its model")
    return scenario(cache_hit_rate=wish.share)
