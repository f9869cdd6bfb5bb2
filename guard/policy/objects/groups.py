"""Requests put together for conditions: the repository, its features, its workflows, each made once when asked for.

In: priced requests and the configuration. Out: `Group`s (see `sums`). Neighbour: `guard.policy.conditions`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

from guard.config.types import Config
from guard.estimate import usage
from guard.model import Priced, Setting
from guard.policy.expr.values import Absent
from guard.policy.objects.sums import Group
from guard.policy.selection import incomplete
from guard.policy.workflows import workflows


class Groups:
    """What a condition may ask about beside one request. Only requests that count in totals are in a group."""

    def __init__(self, items: Sequence[Priced], config: Config, settings: Sequence[Setting] = ()) -> None:
        self._items = tuple(item for item in items if item.in_totals)
        self._config = config
        self._settings = tuple(settings)

    @cached_property
    def _incomplete(self) -> frozenset[str]:
        return incomplete(self._items, self._config)

    @cached_property
    def repo(self) -> Group:
        """All requests."""
        return Group("repository", self._items, incomplete=self._incomplete)

    @cached_property
    def features(self) -> dict[str, Group]:
        """Every declared feature by name, also one without requests."""
        found: dict[str, list[Priced]] = {feature.name: [] for feature in self._config.features}
        for item in self._items:
            if item.feature is not None:
                found.setdefault(item.feature, []).append(item)
        owners = {feature.name: feature.owner for feature in self._config.features}
        return {
            name: Group(name, tuple(items), owners.get(name), incomplete=self._incomplete)
            for name, items in found.items()
        }

    def feature_of(self, item: Priced) -> Group | Absent:
        """The feature of a request."""
        return Absent("the request belongs to no feature") if item.feature is None else self.features[item.feature]

    def workflows(self) -> Iterator[Group]:
        """Every entry point that reaches a request."""
        for flow in workflows(self._items):
            runs = usage.runs_of(flow.reach, flow.calls[0][0].request, self._config)
            yield Group(flow.name, flow.items, workflow=flow, runs=None if runs is None else runs.per_month)

    def settings(self) -> Iterator[Group]:
        """Every key of a configuration file that decides what requests cost."""
        for setting in self._settings:
            yield Group(f"{setting.path} {setting.key_path}", (), setting=setting)
