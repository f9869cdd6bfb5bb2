"""Traffic profiles: runs a month for entry points of which nobody declared any. In: a name. Out: figures with sources.

Only on request (`usage.profile`, `guard cost --profile`), and always an assumption: a profile says how large the
traffic would be if the application had that many users, never how large it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType

USES = Decimal(110)
"""Uses of one active user in a month. By July 2025 ChatGPT's 700 million weekly users sent 18 billion messages a week
(Chatterji et al., "How People Use ChatGPT", NBER working paper 34255, 2025): 25.7 a week, 111.7 in 30.4 days."""
A_DAY = Decimal(30)
"""Runs in a month of what runs once a day. An assumption of guard's own."""

INTERACTIVE = frozenset({"route", "app", "tool", "function"})
"""Kinds of entry points that a use runs once."""
SCHEDULED = frozenset({"main", "cli", "task", "module"})
"""Kinds that run once a day, however many users there are."""


@dataclass(frozen=True, slots=True)
class Profile:
    """A size of traffic."""

    name: str
    users: int
    """Active in a month."""

    def runs(self, kind: str) -> tuple[Decimal, str] | None:
        """Runs a month of an entry point of a kind (`Reach.kind`), and why; None: the profile says nothing of it."""
        if kind in INTERACTIVE:
            return self.users * USES, f"assumed by profile {self.name}: {self.users:,} users x {USES} uses"
        if kind in SCHEDULED:
            return A_DAY, f"assumed by profile {self.name}: once a day"
        return None


PROFILES: Mapping[str, Profile] = MappingProxyType(
    {one.name: one for one in (Profile("small", 100), Profile("medium", 10_000), Profile("large", 1_000_000))}
)
"""By the names that the schema knows (`guard.config.values.PROFILES`)."""
