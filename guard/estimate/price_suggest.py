"""Names of the price table that look like one that it does not have. In: a name, all keys. Out: names, best first.

For messages only: never used to find a price. Neighbour: `prices`, which knows the keys.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from guard.estimate.price_names import LABS, bare_name, provider_key

ALIKE = 0.75
"""Least likeness of two names (`difflib`, 0 to 1): one or two letters of a usual name."""
SHORTEST = 4
"""Letters from which on a name is searched for inside others."""


def suggest(
    name: str, provider: str | None, keys: Iterable[str], price_id: Callable[[str], str], limit: int = 3
) -> list[str]:
    """At most `limit` listed names, best first: the same but for dots and dashes, sold under this very name by others,
    spelt alike, holding it.

    `keys` are `provider/model` in lower case; `price_id` gives a key's name in reports.
    """
    wanted = name.strip().lower()[:100].rpartition("/")[2]
    where = provider_key(provider)
    anywhere = where in (None, "litellm")
    tuned = wanted.startswith("ft:")
    pool: dict[str, str] = {}
    same: list[str] = []
    for key in keys:
        seller, _, model = key.partition("/")
        if wanted and key.endswith(f"/{wanted}") and anywhere:
            same.append(key)
        if (seller == where or (anywhere and seller in LABS and bare_name(seller, model))) and (
            tuned or not model.startswith("ft:")
        ):
            pool.setdefault(model, key)
    flat = _flat(wanted)
    found = [key for model, key in pool.items() if flat and _flat(model) == flat]
    found += sorted(same, key=lambda key: (key.partition("/")[0] not in LABS, len(key), key))
    found += [pool[model] for model in _alike(wanted, pool)]
    found = list(dict.fromkeys(found))[:limit]
    return [key if key in same else price_id(key) if anywhere else key.partition("/")[2] for key in found]


def _alike(wanted: str, pool: Iterable[str]) -> list[str]:
    from difflib import get_close_matches

    models = list(pool)
    close = get_close_matches(wanted, models, n=3, cutoff=ALIKE)
    flat = _flat(wanted)
    inside = [model for model in models if len(flat) >= SHORTEST and flat in _flat(model)]
    return [*close, *sorted(inside, key=lambda model: (len(model), model))]


def _flat(name: str) -> str:
    """Without the marks that people leave out or mix up: `claude-sonnet-4.5` and `claude-sonnet-4-5` are one."""
    return "".join(letter for letter in name if letter.isalnum())
