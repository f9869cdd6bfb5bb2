"""How much of a budget's selection has a figure, and what `min_coverage` makes of it.

In: a `Budget` and its selection. Out: the requests that are judged, and a `Verdict` where too few have a figure.
Without `min_coverage` all are judged, and one without a figure makes the budget undecided.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from guard.config.types import Budget
from guard.model import Priced
from guard.policy import places, words
from guard.policy.selection import runs_expected
from guard.policy.verdict import (
    SHOWN,
    Verdict,
    budget_label,
    reason_counts,
    without_figure,
)

TOO_FEW = "coverage"
"""Value of the verdict that too few requests have a figure."""


def judged(
    budget: Budget, items: Sequence[Priced], incomplete: frozenset[str]
) -> tuple[tuple[Priced, ...], Verdict | None]:
    """The requests to judge, and the verdict that too few of all have a figure.

    `incomplete`: ids of requests whose monthly figure lacks some entry points; they have none here.
    """
    if budget.min_coverage is None or not items:
        return tuple(items), None
    asked, having = _covered(budget, items, incomplete)
    what = "a price" if not _of_months(budget) else "a figure for the month"
    if not asked or len(having) >= budget.min_coverage * len(asked):
        return tuple(having), None
    known = {id(item) for item in having}
    missing = [item for item in asked if id(item) not in known]
    verdict = Verdict(
        f"{len(having):,} of {words.plural(len(asked), 'request')} have {what}, "
        f"less than the {words.percent(budget.min_coverage)} that this budget asks for",
        (budget_label(budget), *(places.outermost(item.request, f"without {what}") for item in missing[:SHOWN])),
        reason_counts([item for item in missing if item.estimate.usd is None]),
        "make models known (`guard explain model-known`) and declare how often code runs (`usage`)",
        value=TOO_FEW,
        extent=without_figure(len(missing)),
    )
    return tuple(having), verdict


def share(budget: Budget, items: Sequence[Priced], incomplete: frozenset[str]) -> Fraction:
    """Which share of the requests that are asked for has a figure, 0 to 1; 1 where none is asked for."""
    asked, having = _covered(budget, items, incomplete)
    return Fraction(len(having), len(asked)) if asked else Fraction(1)


def _of_months(budget: Budget) -> bool:
    """Whether a budget is about what a month costs."""
    limits = (budget.per_month, budget.per_unit, budget.per_customer, budget.min_margin)
    return any(limit is not None for limit in limits)


def _covered(
    budget: Budget, items: Sequence[Priced], incomplete: frozenset[str]
) -> tuple[Sequence[Priced], Sequence[Priced]]:
    """The requests that should have a figure, and those that do."""
    if not _of_months(budget):
        return items, [item for item in items if item.estimate.usd is not None]
    asked = [item for item in items if item.estimate.usd_per_month is not None or runs_expected(item)]
    known = [item for item in asked if item.estimate.usd_per_month is not None]
    return asked, [item for item in known if item.request.id not in incomplete]
