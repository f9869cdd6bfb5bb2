"""What changed between two reports: the types that `guard.use.diff` makes and `guard.report` shows.

As `guard.model`: frozen, slotted, plain data. A `Difference` stands beside the report of the head.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from guard.model import Priced, Problem, Span, Totals

ChangeKind = Literal["new", "removed", "moved", "dearer", "cheaper", "changed", "unpriced", "priced"]
"""`moved`: the same request in another place, at the same price; `changed`: something that decides cost, but not the
price of a call (repeats with no runs declared, an open value that closed); `unpriced`: it had a price and has none now;
`priced`: the other way round. A request that moved and became dearer is `dearer`."""
CauseKind = Literal[
    "model", "max_output", "prompt", "repeats", "attempts", "turns", "tools", "outputs", "reasoning", "tier",
    "provider", "usage", "reach", "size", "quality", "call",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Base:
    """What the head is compared with."""

    label: str
    """For people: `main (1a2b3c4)`, `baseline.json`."""
    commit: str | None = None
    """Full hash of the commit; None for a saved report."""


@dataclass(frozen=True, slots=True)
class Cause:
    """The line that made a request dearer or cheaper, be it far from the call."""

    what: CauseKind
    span: Span | None
    """Where it stands in the head; None: the line is gone."""
    base_span: Span | None
    """Where it stood in the base; None: the line is new. Both None: this differs, and no changed line is on its way."""
    before: str | None
    """In words as short as `20`, `gpt-4o-mini`, `312 tokens`; None: there was nothing. Never prompt text."""
    after: str | None
    note: str = ""
    """What is there: `constant ROUNDS`, `default of retries`, `prompts/rank.txt`, `models.chat of settings.yaml`."""


@dataclass(frozen=True, slots=True)
class Change:
    """A request that is not as it was."""

    kind: ChangeKind
    before: Priced | None
    """None for `new`."""
    after: Priced | None
    """None for `removed`."""
    causes: tuple[Cause, ...] = ()
    """Most telling first; empty where nothing that is known of it changed (a price that depends on other requests)."""


@dataclass(frozen=True, slots=True)
class Loosening:
    """A rule that lets more pass in the head than in the base: shown before everything else."""

    message: str
    """`budget "one call" rose from $0.05 to $0.50`, `ignore of max-tokens added`."""
    span: Span | None


@dataclass(frozen=True, slots=True)
class Gaps:
    """Requests that have a figure on one side of a sum only, so that the two sums are not about the same."""

    lost: int = 0
    """Requests that had a figure and have none now."""
    fresh: int = 0
    """New requests without a price."""
    gained: int = 0
    """Requests that have a figure now, or are gone, and had none in the base."""
    unread: bool = False
    """The head has files that could not be read, where the base's could."""

    @property
    def least_before(self) -> bool:
        """Whether the base cost more than its sum says."""
        return self.gained > 0

    @property
    def least_after(self) -> bool:
        """Whether the head costs more than its sum says."""
        return self.lost > 0 or self.fresh > 0 or self.unread

    @property
    def comparable(self) -> bool:
        """Whether the difference of both sums says how the cost changed."""
        return not self.least_before and not self.least_after


@dataclass(frozen=True, slots=True)
class Difference:
    """What changed between the base and the head."""

    base: Base
    changes: tuple[Change, ...]
    """Largest rise of typical cost first, then the rest in a fixed order."""
    unchanged: int
    """Requests that are as they were."""
    before: Totals
    after: Totals
    new_findings: frozenset[str]
    """Ids of findings of the head that the base lacks; only these block."""
    fixed_findings: tuple[str, ...]
    """Messages of findings that the head no longer has."""
    loosened: tuple[Loosening, ...]
    files: int
    """Files that differ between base and head; 0: the diff touches nothing. Of a saved report, which has no files:
    those in which a request begins that changed."""
    remarks: tuple[str, ...] = ()
    """What a reader should know of the comparison itself, in sentences."""
    problems: tuple[Problem, ...] = ()
    """Files of the base that could not be read, where the head's could: what they ask for looks new."""
    lost: tuple[Problem, ...] = ()
    """Files of the head that could not be read, where the base's could: what they ask for looks gone, and is not."""
    call_gaps: Gaps = Gaps()
    """What keeps `usd` of `before` and `after` from being compared."""
    month_gaps: Gaps = Gaps()
    """The same for `usd_per_month`."""
