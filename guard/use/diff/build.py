"""Puts a `Difference` together. In: what was found on both sides, and how their files differ. Out: the `Difference`.

    pairs -> kinds, causes -> changes;  findings of both under one set of rules -> new ones;  rules -> loosened ones

Neighbours: `against` reads a commit or the index, `saved` a report kept from before.
"""

from __future__ import annotations

from guard.config.types import Config
from guard.difference import Change
from guard.use.diff import kinds
from guard.use.diff.causes import causes, of_new, of_removed, unique
from guard.use.diff.gaps import touches
from guard.use.diff.pairs import Pairing
from guard.use.diff.usage_causes import usage_causes
from guard.use.diff.versions import Versions


def changes(
    found: Pairing, versions: Versions | None, old: Config, new: Config, unread: frozenset[str] = frozenset()
) -> tuple[tuple[Change, ...], int]:  # fmt: skip
    """What changed, largest rise first, and how many requests are as they were.

    `old`, `new`: the declarations under which each side was estimated. `unread`: files of the base that could not be
    read in the head; what is known from them no more is not cheaper for it.
    """
    made: list[Change] = []
    unchanged = 0
    for before, after in found.pairs:
        kind = kinds.kind(before, after)
        if kind == "cheaper" and touches(before.request, unread):
            kind = "changed"
        if kind is None:
            unchanged += 1
        elif kind == "moved":
            made.append(Change(kind, before, after))
        else:
            why = unique([*causes(before, after, versions), *usage_causes(before, after, old, new)])
            made.append(Change(kind, before, after, why))
    made += [Change("new", None, item, of_new(item, versions)) for item in found.added]
    made += [Change("removed", item, None, of_removed(item, versions)) for item in found.removed]
    return tuple(sorted(made, key=kinds.order)), unchanged


def ids(found: Pairing) -> dict[str, str]:
    """By the id that a request of the base has, the one of its pair in the head. The others get ids of their own, so
    that none is taken for a request of the head that it is not."""
    mapped = {before.request.id: after.request.id for before, after in found.pairs}
    return mapped | {item.request.id: f"{item.request.id}:base" for item in found.removed}
