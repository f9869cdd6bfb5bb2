"""Estimate beside measured. In: a `Binding` and the period. Out: a `Comparison` for each bound place, and the spend.

What a source has no dollars for is priced at the rates that guard ships (`spend`); where bills and token counts of one
model come together, the bill is the spend. Neighbours: `binding` before it, `proposing` and the renderers after.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from guard.config.types import Config
from guard.estimate.prices import Prices
from guard.model import Money, Priced, Tokens
from guard.use.calibrate.binding import Binding, Bound
from guard.use.calibrate.measured import Group, Reading, Sums


@dataclass(frozen=True, slots=True)
class Spend:
    """Dollars of some groups."""

    usd: Decimal
    unknown: int = 0
    """Rows whose dollars neither the source nor the price table knows."""
    priced_by_guard: Decimal = Decimal(0)
    """The part of `usd` that the source did not have."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A quantity measured and estimated. None: it was not measured, or there is no estimate."""

    name: str
    measured: float | None
    typical: float | None
    low: float | None
    high: float | None
    """None beside a `typical`: no bound is known."""

    @property
    def error(self) -> float | None:
        """Of the typical estimate, as a share of what was measured: 0.2 is 20 % too much."""
        if self.measured is None or self.typical is None or self.measured == 0:
            return None
        return self.typical / self.measured - 1

    @property
    def inside(self) -> bool | None:
        """Whether the measured mean lies in the interval; None: one of them is not known."""
        if self.measured is None or self.typical is None or self.low is None:
            return None
        return self.low <= self.measured and (self.high is None or self.measured <= self.high)


@dataclass(frozen=True, slots=True)
class Comparison:
    """One bound place."""

    bound: Bound
    sums: Sums
    spend: Spend
    figures: tuple[Figure, ...]
    """`input tokens`, `output tokens` and `usd`, each of one HTTP request, then `requests` and `usd` of a month."""
    models: tuple[str, ...]
    """As the rows name them."""


def compared(
    binding: Binding, reading: Reading, config: Config, prices: Prices, billed: frozenset[str]
) -> tuple[Comparison, ...]:
    """Every bound place, the largest spend first. `billed`: see `billed_models`."""
    found = [_compared(one, reading, config, prices, billed) for one in binding.bound]
    return tuple(sorted(found, key=lambda one: (-one.spend.usd, -one.sums.requests, _ids(one.bound))))


def billed_models(groups: Iterable[Group]) -> frozenset[str]:
    """Models of which some rows have dollars and no tokens: a bill, beside which tokens are not priced again."""
    return frozenset(
        group.key.model
        for group in groups
        if group.key.model and group.sums.usd is not None and group.sums.input_tokens is None
    )


def spend(groups: Iterable[Group], config: Config, prices: Prices, billed: frozenset[str] = frozenset()) -> Spend:
    """The dollars of some groups."""
    usd, unknown, own = Decimal(0), 0, Decimal(0)
    for group in groups:
        if group.sums.usd is not None:
            usd += group.sums.usd
            continue
        if group.key.model in billed or not group.sums.requests + (group.sums.input_tokens or 0):
            continue
        priced = _priced(group, config, prices)
        if priced is None:
            unknown += group.sums.rows
        else:
            own += priced
    return Spend(usd + own, unknown, own)


def _priced(group: Group, config: Config, prices: Prices) -> Decimal | None:
    """Tokens times standard rates; None: the model or one of the rates is not known."""
    key, sums = group.key, group.sums
    if key.model is None or sums.input_tokens is None:
        return None
    name = config.aliases.get(key.model, key.model)
    row = prices.find(name, key.provider) or prices.find(name, None)
    if row is None:
        return None
    rates = row.rates_for()[0]
    read, write = sums.cache_read_tokens or 0, sums.cache_write_tokens or 0
    lines = (
        (sums.input_tokens - read - write, rates.input),
        (read, rates.cache_read or rates.input),
        (write, rates.cache_write or rates.input),
        (sums.output_tokens or 0, rates.output),
    )
    if any(tokens and rate is None for tokens, rate in lines):
        return None
    return sum((tokens * rate.usd_per_million / 1_000_000 for tokens, rate in lines if rate is not None), Decimal(0))


def added(groups: Sequence[Group]) -> Sums:
    """Sums over groups; what none of them knows stays unknown."""

    def total(name: str) -> int | None:
        known = [value for group in groups if (value := getattr(group.sums, name)) is not None]
        return sum(known) if known else None

    dollars = [group.sums.usd for group in groups if group.sums.usd is not None]
    return Sums(
        sum(group.sums.rows for group in groups),
        sum(group.sums.requests for group in groups),
        sum(group.sums.failed for group in groups),
        total("input_tokens"),
        total("cache_read_tokens"),
        total("cache_write_tokens"),
        total("output_tokens"),
        sum(dollars, Decimal(0)) if dollars else None,
    )


def _compared(bound: Bound, reading: Reading, config: Config, prices: Prices, billed: frozenset[str]) -> Comparison:
    sums, dollars = added(bound.counted), spend(bound.groups, config, prices, billed)
    per_request = dollars.usd if not dollars.unknown else None
    months = reading.months
    tried = sums.requests + sums.failed
    figures = (
        _figure("input tokens", _mean(sums.input_tokens, sums.requests), _tokens(bound.requests, "input_tokens")),
        _figure("output tokens", _mean(sums.output_tokens, sums.requests), _tokens(bound.requests, "output_tokens")),
        _figure("usd", _mean(per_request, sums.requests), _usd(bound.requests)),
        _figure("requests a month", tried / months if months and tried else None, _requests_month(bound.requests)),
        _figure("usd a month", float(dollars.usd) / months if months else None, _usd_month(bound.requests)),
    )
    models = sorted({group.key.model for group in bound.groups if group.key.model})
    return Comparison(bound, added(bound.groups), dollars, figures, tuple(models))


Interval = tuple[float, float, float | None]
"""Low, typical, high (None: no bound)."""


def _figure(name: str, measured: float | None, estimated: Interval | None) -> Figure:
    low, typical, high = estimated or (None, None, None)
    return Figure(name, measured, typical, low, high)


def _mean(total: int | Decimal | None, requests: int) -> float | None:
    return None if total is None or not requests else float(total) / requests


def _together(intervals: Sequence[Interval | None], *, sums: bool = False) -> Interval | None:
    """One interval for requests that rows do not tell apart; None where one has no estimate. `sums`: all run."""
    known = [one for one in intervals if one is not None]
    if not known or len(known) < len(intervals):
        return None
    lows, typicals, highs = zip(*known, strict=True)
    open_ = any(high is None for high in highs)
    if sums:
        return sum(lows), sum(typicals), None if open_ else sum(highs)
    return min(lows), sum(typicals) / len(typicals), None if open_ else max(highs)


def _tokens(requests: Sequence[Priced], name: str) -> Interval | None:
    def interval(one: Priced) -> Interval | None:
        found: Tokens | None = getattr(one.estimate, name)
        return None if found is None else (float(found.low), float(found.typical), _float(found.high))

    return _together([interval(one) for one in requests])


def _usd(requests: Sequence[Priced]) -> Interval | None:
    """Dollars of one HTTP request: the parts of the estimate are of one attempt of one turn."""

    def interval(one: Priced) -> Interval | None:
        parts = one.estimate.parts
        if one.estimate.usd is None or not parts:
            return None
        by_variant: dict[int, list[Money]] = {}
        for part in parts:
            by_variant.setdefault(part.variant, []).append(part.usd)
        lows = [float(sum(money.low for money in held)) for held in by_variant.values()]
        typical = float(sum(money.typical for money in by_variant[parts[0].variant]))
        known = [[money.high for money in held] for held in by_variant.values()]
        highs = [float(sum(high for high in held if high is not None)) for held in known if None not in held]
        return min(lows), typical, max(highs) if len(highs) == len(known) else None

    return _together([interval(one) for one in requests])


def _requests_month(requests: Sequence[Priced]) -> Interval | None:
    """HTTP requests a month, from the declared runs of the entry points."""

    def interval(one: Priced) -> Interval | None:
        estimate, request = one.estimate, one.request
        if estimate.usd_per_month is None or estimate.usd is None or not estimate.usd.typical:
            return None
        calls = float(estimate.usd_per_month.typical / estimate.usd.typical)
        each = request.turns.typical * request.attempts.typical
        return 0.0, calls * each, None

    return _together([interval(one) for one in requests], sums=True)


def _usd_month(requests: Sequence[Priced]) -> Interval | None:
    def interval(one: Priced) -> Interval | None:
        found = one.estimate.usd_per_month
        return None if found is None else (float(found.low), float(found.typical), _float(found.high))

    return _together([interval(one) for one in requests], sums=True)


def _float(value: Decimal | int | None) -> float | None:
    return None if value is None else float(value)


def _ids(bound: Bound) -> tuple[str, ...]:
    return tuple(one.request.id for one in bound.requests)
