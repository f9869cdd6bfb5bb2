"""Identity of findings, and what budgets of one call and of a month have in common: words for shares and reasons.

In: a `Budget` and priced requests. Out: parts of the `Verdict`s that `per_call.py` and `per_month.py` make;
`budgets.py` turns them into findings. `decide.py` uses the first two functions.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from guard.config.types import Budget, Compare
from guard.model import Enforce, Extent, Finding, Label, Money, Priced, Request, Severity, Span, VerdictWord
from guard.policy import words

FIGURE: dict[Compare, str] = {"low": "at least", "typical": "typical", "high": "at worst"}
"""How the compared figure is called in messages."""
SHOWN = 3
"""How many requests a finding about several shows by place."""


def undecided_enforce(on_unknown: str) -> Enforce:
    """What `on_unknown` makes of an undecided verdict: `block` blocks even where a violation only warns; `warn` warns.

    Who is `off` is not asked at all, whatever `on_unknown` says.
    """
    return "block" if on_unknown == "block" else "warn"


def finding_id(policy: str, request: str | None, value: str) -> str:
    """Stable over moves of code: a hash of the policy, the request and the offending value, with no line or figure."""
    return hashlib.sha256("\x1f".join(("1", policy, request or "", value)).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Verdict:
    """A finding in the making; the rest is the same for all findings of a budget."""

    message: str
    labels: tuple[Label, ...]
    notes: tuple[str, ...] = ()
    help: str = ""
    verdict: VerdictWord = "violated"
    enforce: Enforce | None = None
    """None: the budget's own."""
    severity: Severity | None = None
    request: Request | None = None
    assumed: bool = False
    value: str = ""
    extent: Extent | None = None


def in_usd(amount: Decimal) -> Extent:
    """The compared figure in US dollars."""
    return Extent(amount, "usd")


def without_figure(number: int) -> Extent:
    """How many requests, or entry points, cannot be held against the amount."""
    return Extent(Decimal(number), "requests")


def figure(money: Money, compare: Compare) -> Decimal | None:
    return {"low": money.low, "typical": money.typical, "high": money.high}[compare]


def why_no_bound(item: Priced) -> str | None:
    """Why the high figure covers only what is known and priced, so that it is no bound; None: it is one."""
    return next(iter(item.estimate.known_only), None)


def warns(budget: Budget, limit: Decimal, amount: Decimal) -> bool:
    return budget.warn_at is not None and amount >= budget.warn_at * limit


def budget_label(budget: Budget) -> Label:
    place = budget.place
    return Label(Span(place.path, place.line, place.column, place.line, place.column), "the budget")


def assumed_share(items: Sequence[Priced]) -> float | None:
    """The share of the typical sum of months that rests on assumptions; None when the sum is nothing.

    `items`: one request of each exclusive group (`selection.leading`).
    """
    typical = [(month.typical, item) for item in items if (month := item.estimate.usd_per_month) is not None]
    whole = sum((amount for amount, _ in typical), Decimal(0))
    assumed = sum((amount * Decimal(str(_of_month(item) or 0)) for amount, item in typical), Decimal(0))
    return float(assumed / whole) if whole else None


def _of_month(item: Priced) -> float | None:
    """The share of a request's month that rests on assumptions; of a stored report that of one call."""
    share = item.estimate.assumed_share_month
    return item.estimate.assumed_share if share is None else share


def assumed_words(share: float | None, compare: Compare) -> tuple[str, bool]:
    """What the message says of assumptions, and whether most of the figure is one. Shares are of typical figures."""
    if compare != "typical" or not share:
        return "", False
    return f" ({words.percent(share)} of it is assumption)", share > 0.5


NEAR = "near"
"""Value of the verdicts that `warn_at` makes; they name a budget that is still kept."""


def is_near(finding: Finding) -> bool:
    """Whether a finding is the warning of a budget's `warn_at`, which no exit code counts."""
    return finding.id == finding_id(finding.policy, finding.request, NEAR)


def not_priced(item: Priced) -> str:
    return f"not priced: {words.reasons(item.estimate.why)}"


def reason_counts(items: Sequence[Priced]) -> tuple[str, ...]:
    counts: dict[str, int] = {}
    for item in items:
        why = words.reasons(item.estimate.why)
        counts[why] = counts.get(why, 0) + 1
    ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return tuple(f"{words.plural(number, 'request')}: {why}" for why, number in ranked[:SHOWN])
