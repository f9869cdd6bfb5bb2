"""Self-hosted models: what scales a workload meets it. In: facts of configuration files. Out: pools with their bounds.

A scaler names its target by kind and name. Of several targets of that name those count that lie nearest to it: in its
own file, else its folder, else folders below or above it; what lies elsewhere is another program's. A scaler decides
both bounds, whatever the workload's own `replicas` say. Neighbours: `guard.estimate.hosting` prices the pools.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

from guard.facts.documents.types import Facts, Scaler, Served


class Pool(NamedTuple):
    """A workload and what scales it."""

    served: Served
    scaler: Scaler | None


def pools(configured: Iterable[Facts]) -> tuple[Pool, ...]:
    """The workloads of all files, each with its scaler where it has one."""
    found = tuple(configured)
    by_name: dict[tuple[str, str], list[Served]] = defaultdict(list)
    for facts in found:
        for served in facts.served:
            by_name[served.kind, served.name].append(served)
    scaled: dict[int, list[Scaler]] = defaultdict(list)
    for facts in found:
        for scaler in facts.scalers:
            for served in _targets(scaler, by_name.get((scaler.target_kind, scaler.target_name), ())):
                scaled[id(served)].append(scaler)
    return tuple(_pool(served, scaled.get(id(served), [])) for facts in found for served in facts.served)


def _targets(scaler: Scaler, named: Iterable[Served]) -> list[Served]:
    near: dict[int, list[Served]] = defaultdict(list)
    for served in named:
        distance = _distance(scaler.span.path, served.span.path)
        same_space = scaler.namespace is None or served.namespace in (None, scaler.namespace)
        if distance is not None and same_space:
            near[distance].append(served)
    return near[min(near)] if near else []


def _distance(one: str, other: str) -> int | None:
    """How far apart two files are: 0 the same, 1 one folder, else folders up or down; None: in different branches."""
    if one == other:
        return 0
    first, second = one.split("/")[:-1], other.split("/")[:-1]
    shared = min(len(first), len(second))
    return None if first[:shared] != second[:shared] else 1 + abs(len(first) - len(second))


def _pool(served: Served, scalers: list[Scaler]) -> Pool:
    if not scalers:
        return Pool(served, None)
    nearest = min(scalers, key=lambda one: (_distance(one.span.path, served.span.path) or 0, one.span.path))
    others = len({(one.low.value, one.high.value if one.high else None) for one in scalers}) > 1
    unknown = served.unknown
    if others:
        unknown = (*unknown, "several scalers name it; the nearest is taken")
    return Pool(replace(served, low=nearest.low, high=nearest.high, idle=nearest.idle, unknown=unknown), nearest)
