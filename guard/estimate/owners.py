"""Who is responsible for a request. In: `Priced`s, the configuration. Out: the same with owners.

The owner of its feature where one names it, else who owns the file of its outermost call by CODEOWNERS, several with a
space between them. Labels alone: no figure depends on them, so they are given after a scan, kept or not.
Neighbours: `totals.place` (features), `guard.sources.codeowners`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from guard.config.types import Config
from guard.estimate import usage
from guard.model import Priced


def with_owners(items: Sequence[Priced], config: Config) -> tuple[Priced, ...]:
    """The requests, those without an owner with that of their file."""
    if config.owners is None:
        return tuple(items)
    from guard.sources.codeowners import CodeOwners

    known, prefix = CodeOwners(config.owners.text), config.owners.prefix

    def of(item: Priced) -> Priced:
        path = usage.outermost_path(item.request)
        found = known.of(prefix + path) if item.owner is None and path else ()
        return replace(item, owner=" ".join(found)) if found else item

    return tuple(map(of, items))


def is_of(owner: str | None, wanted: str) -> bool:
    """Whether an owner is the wanted one, or one of several."""
    return owner is not None and (owner == wanted or wanted in owner.split())
