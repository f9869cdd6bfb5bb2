"""`guard calibrate` as one value, and how it is made. In: a `Reading`, a `Report`, the configuration. Out: `Result`.

Neighbours: the command; `text` and `as_json` show it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from guard.config.types import Config
from guard.estimate.prices import load
from guard.model import Report
from guard.use.calibrate.binding import Loose, Way, bind
from guard.use.calibrate.comparing import Comparison, Spend, billed_models, compared, spend
from guard.use.calibrate.measured import Group, Reading
from guard.use.calibrate.proposing import Proposal, propose


@dataclass(frozen=True, slots=True)
class Result:
    """All that `guard calibrate` says."""

    reading: Reading
    comparisons: tuple[Comparison, ...]
    loose: tuple[Loose, ...]
    total: Spend
    bound: Spend
    by_way: Mapping[Way, Decimal]
    """Dollars of `bound` by the way that their rows were bound."""
    loose_spend: Spend
    proposal: Proposal


def calibrate(reading: Reading, report: Report, config: Config) -> Result:
    """Binds what was measured, compares it and proposes rules."""
    prices = load().with_rules(config.prices)
    binding = bind(reading.groups, report, config, prices, dict(reading.binds))
    billed = billed_models(reading.groups)
    comparisons = compared(binding, reading, config, prices, billed)
    bound = spend([group for one in binding.bound for group in one.groups], config, prices, billed)
    loose = spend([one.group for one in binding.loose], config, prices, billed)
    by_way: dict[Way, list[Group]] = {}
    for way, group in (pair for one in binding.bound for pair in one.held):
        by_way.setdefault(way, []).append(group)
    by_way_usd = {way: spend(groups, config, prices, billed).usd for way, groups in by_way.items()}
    total = Spend(bound.usd + loose.usd, bound.unknown + loose.unknown, bound.priced_by_guard + loose.priced_by_guard)
    proposal = propose(comparisons, report, reading, config)
    return Result(reading, comparisons, binding.loose, total, bound, by_way_usd, loose, proposal)
