"""What self-hosted models cost. In: pools (`facts.link.hosted`) and the GPU price table. Out: `Deployment`s.

usd_per_hour = replicas x GPUs of a replica x price of a GPU and hour: low with the fewest replicas at the least price,
high with the most at the highest. A month is 730 hours. GPUs are paid whether anything is asked or not: the idle floor
is what stays when nothing is. Where the manifest names no GPU, all GPUs of the table are candidates and the interval
spans them, which `unknown` says; where it names one that the table lacks, there is no figure.

The table is `data/gpus.tsv`: on-demand and spot prices of a GPU and hour with date and source; several rows of one GPU
are prices of several sellers, and span an interval.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from guard.estimate.gpu_names import gpus_named
from guard.facts.documents.types import Served, Written
from guard.facts.link.hosted import Pool
from guard.model import Bounds, Deployment, Span

HOURS = Decimal(730)
"""Of a month."""
_TABLE = Path(__file__).parent / "data" / "gpus.tsv"


class GpuPrice(NamedTuple):
    """What a seller takes for a GPU and hour."""

    gpu: str
    usd: Decimal
    terms: str
    """`on_demand` or `spot`."""
    read_on: str
    """Day on which the source was read."""
    source: str


@lru_cache(maxsize=1)
def table() -> tuple[GpuPrice, ...]:
    """The price table that ships with guard."""
    rows = [line.split("\t") for line in _TABLE.read_text(encoding="utf-8").splitlines()[1:] if line]
    return tuple(GpuPrice(gpu, Decimal(usd), terms, day, source) for gpu, usd, terms, day, source in rows)


def deployments(found: Iterable[Pool]) -> tuple[Deployment, ...]:
    """All pools with their cost, by place."""
    made = [_deployment(pool) for pool in found]
    return tuple(sorted(made, key=lambda one: (one.span.path, one.span.line, one.span.column, one.name)))


def _deployment(pool: Pool) -> Deployment:
    served, scaler = pool
    unknown = list(served.unknown)
    names = tuple(dict.fromkeys(name for one in served.gpu_types for name in _named(one)))
    low, high = _number(served.low), _number(served.high)
    if served.high is None:
        unknown.append("nothing in the manifest bounds the number of replicas" if low is not None else "")
    idle = _number(served.idle) if served.idle is not None else low
    if served.gpus is None and not served.unknown:
        unknown.append("the number of GPUs of a replica is no whole number, or filled in later")
    prices = _prices(names, served, unknown)
    hour = month = floor = None
    if served.gpus is not None and low is not None and prices:
        least = min(price.usd for price in prices) * served.gpus
        most = max(price.usd for price in prices) * served.gpus
        hour = Bounds(low * least, None if high is None else high * most)
        month = Bounds(hour.low * HOURS, None if hour.high is None else hour.high * HOURS)
        if idle is not None:
            floor = Bounds(idle * least * HOURS, idle * most * HOURS)
            hour = Bounds(min(hour.low, idle * least), hour.high)
            month = Bounds(min(month.low, floor.low), month.high)
    if served.model is None:
        unknown.append("the model is not in the manifest")
    return Deployment(
        served.name, served.kind, served.format, served.span, served.runtime,
        None if served.model is None else str(served.model.value), _span(served.model), names,
        tuple(one.span for one in served.gpu_types), served.gpus, tuple(one.span for one in served.gpu_places), low,
        high, tuple(dict.fromkeys(one.span for one in (served.low, served.high) if one is not None)),
        scaler.format if scaler is not None else _own_scaler(served), idle, _number(served.context),
        _span(served.context), served.spot, hour, month, floor,
        tuple(dict.fromkeys(f"{p.gpu} {p.usd} USD/hour, {p.source}, {p.read_on}" for p in prices)),
        tuple(dict.fromkeys(why for why in unknown if why)),
    )  # fmt: skip


def _own_scaler(served: Served) -> str | None:
    """The format where the manifest itself lets the replicas vary."""
    same = served.low is not None and served.high is not None and served.low.value == served.high.value
    return None if same or served.low is None else served.format


def _named(one: Written) -> tuple[str, ...]:
    return gpus_named(str(one.value)) or (str(one.value),)


def _prices(names: Sequence[str], served: Served, unknown: list[str]) -> tuple[GpuPrice, ...]:
    """The rows that price a pool; none: it has no price, and why was added to `unknown`."""
    terms = "spot" if served.spot else "on_demand"
    rows = [price for price in table() if price.terms == terms]
    if not names:
        unknown.append("the manifest does not say which GPU; the figures span all that the price table lists")
        if not rows:
            unknown.append("no spot price is listed")
        return tuple(rows)
    listed = {price.gpu for price in rows}
    missing = [name for name in names if name not in listed]
    if missing:
        unknown.append(f"no {'spot' if served.spot else 'on-demand'} price is listed for {', '.join(missing)}")
        return ()
    return tuple(price for price in rows if price.gpu in names)


def _number(one: Written | None) -> int | None:
    return one.value if one is not None and isinstance(one.value, int) and not isinstance(one.value, bool) else None


def _span(one: Written | None) -> Span | None:
    return one.span if one is not None else None
