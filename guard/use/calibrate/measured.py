"""What the readers of measured use hand on: plain frozen data. In: nothing. Out: `Reading` and its parts.

Neighbours: `reading` makes them, `binding` and `comparing` take them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

DAYS_PER_MONTH = 30.4375
"""365.25 / 12: the mean length of a month, by which a measured period becomes a month."""
SECONDS_PER_DAY = 86_400.0


class Unreadable(Exception):
    """A file cannot be taken; the message says which, why, and what to do."""


@dataclass(frozen=True, slots=True)
class Key:
    """What a row says about where it comes from. None: it does not say."""

    model: str | None = None
    provider: str | None = None
    operation: str | None = None
    """`embedding` where the source tells it from other requests."""
    path: str | None = None
    """File of the code, as the tracer saw it (often absolute, on another machine)."""
    line: int | None = None
    function: str | None = None
    tag: str | None = None
    """The first of the row's names (tags, prompt, trace, properties) that means something in the code or to `--bind`;
    without one, the first of them."""


@dataclass(frozen=True, slots=True)
class Sums:
    """Totals of rows with the same key. Tokens and dollars of failed requests are not in them."""

    rows: int = 0
    requests: int = 0
    """HTTP requests to the provider that were answered; 0 where the source has no number of them."""
    failed: int = 0
    """HTTP requests that were answered with an error."""
    input_tokens: int | None = None
    """Cached tokens included. None: no row says it."""
    cache_read_tokens: int | None = None
    cache_write_tokens: int | None = None
    output_tokens: int | None = None
    usd: Decimal | None = None
    """As the source has it; None: the source has no dollars."""


@dataclass(frozen=True, slots=True)
class Group:
    """Rows of one file with the same key."""

    file: str
    key: Key
    sums: Sums


@dataclass(frozen=True, slots=True)
class Bad:
    """Rows that cannot be used for one reason, with the first of them."""

    why: str
    rows: int
    first: tuple[int, ...]
    """Numbers of the first of them, 1-based."""
    unit: str = "row"
    """What `first` counts: `line`s of the file, or `row`s (records; neither a header nor an empty line is one)."""


@dataclass(frozen=True, slots=True)
class File:
    """A file that was read."""

    path: str
    source: str
    """`guard.use.calibrate.sources` module: `litellm`."""
    title: str
    rows: int
    """All of them, the bad and the skipped ones included."""
    bad: tuple[Bad, ...]
    skipped: tuple[Bad, ...]
    """Good rows that are no requests to a model (tool calls, other services, answers from a cache)."""


@dataclass(frozen=True, slots=True)
class Reading:
    """All files."""

    files: tuple[File, ...]
    groups: tuple[Group, ...]
    since: float | None
    """Seconds since 1970 of the first row; None: no row has a time."""
    until: float | None
    """Of the last row, or where its bucket ends."""
    declared_days: float | None = None
    """`--days`."""
    binds: Mapping[str, str] = field(default_factory=dict)
    """`--bind TAG=REQUEST`, by the tag in lower case."""

    @property
    def days(self) -> float | None:
        """How long the period is; None: unknown, so that nothing can be said of a month."""
        if self.declared_days is not None:
            return self.declared_days
        if self.since is None or self.until is None or self.until <= self.since:
            return None
        return (self.until - self.since) / SECONDS_PER_DAY

    @property
    def months(self) -> float | None:
        """The period in months."""
        return None if self.days is None else self.days / DAYS_PER_MONTH

    def period(self) -> str:
        """The period in words."""
        if self.days is None:
            return "a period of unknown length"
        length = f"{self.days:.1f} days" if self.days >= 1 else f"{self.days * 24:.1f} hours"
        if self.since is None or self.until is None:
            return length
        return f"{length}, {date_of(self.since)} to {date_of(self.until)}"


def date_of(seconds: float) -> str:
    """The day of a time in UTC."""
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")
    except (OverflowError, OSError, ValueError):
        return "an unreadable date"
