"""What people ask of a bill beyond one request: groups with their sums. Types alone, made by `guard.use`, shown by
`guard.report`.

In: nothing but the model. Money is US dollars. A figure that is not known is None, never 0. Neighbour: `difference.py`,
which has the types of a comparison of two reports.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from guard.model import Count, Money, Span

GroupBy = Literal["model", "provider", "feature", "owner", "workflow", "stage", "file", "operation"]
SortBy = Literal["usd", "worst", "requests", "name"]
Per = Literal["month", "run", "call"]
"""What a figure is about: a month, a run of an entry point, or one call of each request."""


@dataclass(frozen=True, slots=True)
class Sums:
    """What some requests cost together. Of requests of which only one runs, the one that is typical has the typical
    figure and the others none of it, so that the typical figures of all groups add up to that of the whole."""

    requests: int
    priced: int
    monthly: int
    """How many have a monthly figure."""
    usd: Money | None
    """One call of each; of a request below an entry point one call from there."""
    usd_per_run: Money | None
    """One run of the function that each stands in; of an entry point one run of it."""
    usd_per_month: Money | None
    partial: bool
    """Whether bounds cover only what is known and priced."""
    assumed: bool
    """Whether some of it rests on assumptions."""


@dataclass(frozen=True, slots=True)
class Line:
    """A group, or a request in one."""

    name: str | None
    """None: the requests that belong to no group (no feature, an unknown model, no entry point)."""
    sums: Sums
    share: float | None
    """Of the typical figure of the whole (`Breakdown.share_of`); None: that is not known, or nothing."""
    ids: tuple[str, ...]
    """Ids of the requests."""
    kind: str = ""
    """Of an entry point: `route`, `task`, ..."""
    aliases: tuple[str, ...] = ()
    """Other names of an entry point."""
    at: Span | None = None
    """Of a request: its outermost call."""
    model: str = ""
    """Of a request: its models in words."""
    calls: Count | None = None
    """Of a request below an entry point: how often a run of that calls it."""
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class Breakdown:
    """The requests of a report that are in its sums, by what they have in common."""

    by: GroupBy
    sort: SortBy
    share_of: Per
    """What shares are of: months where some are declared, else runs (of entry points) or calls."""
    lines: tuple[Line, ...]
    rest: Line | None = None
    """What `--top` leaves out, together."""
    groups: int = 0
    """How many there are with those that are left out."""


@dataclass(frozen=True, slots=True)
class Margin:
    """Bounds of the share of revenue that is left; below 0 where the cost is higher. `low` None: no bound."""

    low: Decimal | None
    typical: Decimal
    high: Decimal


@dataclass(frozen=True, slots=True)
class UnitCost:
    """What a feature costs for each unit and customer, in a month. None: not known or not declared; `gaps` says why."""

    feature: str
    unit: str
    owner: str | None
    requests: int
    monthly: int
    """How many of them have a monthly figure."""
    units: Decimal | None
    """A month."""
    units_source: str
    customers: Decimal | None
    revenue: Decimal | None
    """A month."""
    usd_per_month: Money | None
    usd_per_unit: Money | None
    usd_per_customer: Money | None
    margin: Margin | None
    gaps: tuple[str, ...]
    """What is missing in the figures: then they are about a part of the cost, or not known at all."""
    assumptions: tuple[str, ...]
    partial: bool
    """Whether bounds cover only what is known and priced."""


@dataclass(frozen=True, slots=True)
class Shift:
    """How far a sum moves, in US dollars."""

    typical: Decimal
    worst: Decimal | None
    """Of the requests whose worst case has a bound before and after; None: no request that changes has."""
    bounded: int = 0
    """Requests whose worst case gets a bound by it (or loses it: negative)."""
    unbounded: int = 0
    """Requests that change and whose worst case has no bound before or after, so that `worst` is not about them."""


@dataclass(frozen=True, slots=True)
class FeatureShift:
    """What a move does to a feature with economics; None: not known or not declared."""

    feature: str
    unit: str
    per_month: Shift
    per_unit: Decimal | None
    """How much more (or less) one unit costs, typically."""
    margin_before: Margin | None
    margin: Margin | None


@dataclass(frozen=True, slots=True)
class Move:
    """One figure that is moved while all others stay, and what that does to the bill."""

    what: str
    """`1 passage more is retrieved`."""
    detail: str
    """From which value to which, `5 instead of 4`; empty: `what` says it."""
    requests: int
    """How many requests it is about."""
    shift: Shift
    features: tuple[FeatureShift, ...] = ()
    assumed: bool = False
    """Whether what is moved is an assumption of guard and no figure of the code or of guard.yaml."""


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """What moves the bill, biggest first."""

    per: Per
    """What the figures are about: a month where runs are declared, else one call of each request."""
    whole: Money | None
    """What is moved."""
    counted: int
    known: int
    """How many of the requests have the figure; the others are in no move."""
    moves: tuple[Move, ...]


@dataclass(frozen=True, slots=True)
class Tried:
    """A request before and after what was asked."""

    id: str
    name: str
    at: Span | None
    model: str
    """Its models in words, before."""
    new_model: str
    """After; the same where that does not change."""
    before: Money | None
    """One call."""
    after: Money | None
    month_before: Money | None
    month_after: Money | None
    remarks: tuple[str, ...] = ()
    """What to know of it: the prompt does not fit, the limit is above what the model writes."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Requests that cannot take what was asked, and why."""

    asked: str
    why: str
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Held:
    """A budget before and after."""

    name: str
    before: tuple[str, ...]
    """What it says, none: it is kept. Each begins with `violated: ` or `undecided: `."""
    after: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WhatIf:
    """The bill if something were otherwise. Only the requests that have a figure before and after are in its sums."""

    asked: tuple[str, ...]
    lines: tuple[Tried, ...]
    """The requests that change, dearest change first."""
    refused: tuple[Refused, ...]
    calls: tuple[Money, Money] | None
    """One call of each request of the bill, before and after."""
    months: tuple[Money, Money] | None
    left_out: int
    """Requests that have a price on one side only, so that no sum is about them."""
    budgets: tuple[Held, ...] = ()
    broken: tuple[str, ...] = ()
    """Policies that what was asked would break and that hold now, in words."""
    units: tuple[tuple[UnitCost, UnitCost], ...] = ()


@dataclass(frozen=True, slots=True)
class Bill:
    """All that was asked beyond the requests themselves."""

    breakdown: Breakdown | None = None
    units: tuple[UnitCost, ...] = ()
    """Of every feature that declares something cost is held against."""
    sensitivity: Sensitivity | None = None
    what_if: WhatIf | None = None
