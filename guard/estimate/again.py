"""Estimates anew what was estimated before. In: `Priced`s, the price table, a configuration. Out: `Priced`s.

For scenarios and what-if: nothing is scanned again. The requests bear what `assume` and comments declare already, so
declarations are not applied twice; their remarks are kept. Estimating anew under the configuration of before gives what
was there before. Requests of a saved report lack their text, so that this is only for those of a scan.
Neighbours: `cost`, `scenarios`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from guard.config.types import Config, Scenario
from guard.estimate import scenarios
from guard.estimate.cost import estimated
from guard.estimate.prices import Prices
from guard.model import Priced, Request


def again(items: Iterable[Priced], prices: Prices, config: Config) -> tuple[Priced, ...]:
    """The requests with the estimates that a configuration gives them; feature and owner stay.

    `items` may be changed ones (`replace(item, request=...)`). They must come from an estimate without a scenario:
    what a scenario multiplies would else be multiplied twice.
    """
    every = tuple(items)
    asked = tuple(_unmarked(item) for item in every)
    found = estimated(asked, tuple(item.remarks for item in every), prices, config)
    return tuple(
        replace(item, request=priced.request, estimate=priced.estimate, stands_in=priced.stands_in)
        for item, priced in zip(every, found, strict=True)
    )


def under(items: Sequence[Priced], prices: Prices, config: Config, scenario: Scenario | None) -> tuple[Priced, ...]:
    """The requests as estimated under a scenario; None: use as it is."""
    return again(items, prices, scenarios.under(config, scenario))


def _unmarked(item: Priced) -> Request:
    """The request without the mark of a variant that only stands in for an unknown default."""
    if not item.stands_in:
        return item.request
    variants = tuple(replace(one, default=False) if one.default else one for one in item.request.variants)
    return replace(item.request, variants=variants)
