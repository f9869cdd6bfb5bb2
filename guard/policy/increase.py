"""Holds what a change adds to a month against an amount and a share of the month before.

In: a `Budget` with `increase` or `increase_percent`, its selection in the base and in the head, whose requests bear the
same ids where they are the same. Out: at most one `Verdict` for `budgets.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from guard.config.types import Budget
from guard.estimate.totals import sum_of
from guard.model import Priced
from guard.policy import places, words
from guard.policy.selection import runs_expected
from guard.policy.verdict import FIGURE, SHOWN, Verdict, budget_label, figure, undecided_enforce

_NOTHING = Decimal(0)
INCREASE = "increase"
"""In the ids of these findings, so that they are not taken for those of `per_month` of the same budget."""


def increase(
    budget: Budget, before: Sequence[Priced], after: Sequence[Priced], incomplete: frozenset[str]
) -> Iterator[Verdict]:
    """At most one verdict. `incomplete`: ids of requests whose monthly figure lacks some entry points.

    What has no monthly figure on both sides and costs the same a call is no increase; anything else without one makes
    the verdict undecided, unless what is known exceeds the budget already.
    """
    old, new = _month(budget, before), _month(budget, after)
    known = {item.request.id: item for item in before}
    silent = [item for item in after if _silent(item, known, incomplete)]
    if new is None:
        if old is not None:
            yield _endless(budget, after)
        return
    if old is not None and _exceeds(budget, old, new):
        yield _exceeded(budget, old, new, known, after)
    elif silent and budget.on_unknown != "pass":
        yield _undecided(budget, silent)


def _month(budget: Budget, items: Sequence[Priced]) -> Decimal | None:
    """The compared figure of all that have a month; None: it has no bound."""
    money = sum_of(
        [item for item in items if item.estimate.usd_per_month is not None], lambda item: item.estimate.usd_per_month
    )
    return _NOTHING if money is None else figure(money, budget.compare)


def _exceeds(budget: Budget, old: Decimal, new: Decimal) -> bool:
    added = new - old
    over_amount = budget.increase is None or added > budget.increase
    over_share = budget.increase_percent is None or added > budget.increase_percent * old
    return added > 0 and over_amount and over_share


def _silent(item: Priced, known: Mapping[str, Priced], incomplete: frozenset[str]) -> bool:
    """Whether what a request adds to a month is not known."""
    month, was = item.estimate.usd_per_month, known.get(item.request.id)
    if month is not None and item.request.id not in incomplete:
        return False
    if not runs_expected(item):
        return False
    return was is None or was.estimate.usd != item.estimate.usd or was.estimate.usd_per_run != item.estimate.usd_per_run


def _exceeded(
    budget: Budget, old: Decimal, new: Decimal, known: Mapping[str, Priced], after: Sequence[Priced]
) -> Verdict:
    share = f" ({words.percent((new - old) / old)})" if old else ""
    rises = sorted(((_rise(budget, item, known), item) for item in after), key=lambda pair: -pair[0])
    dearer = [(rise, item) for rise, item in rises if rise > 0][:SHOWN]
    return Verdict(
        f"a month grows by {words.money(new - old)}{share} {FIGURE[budget.compare]}, from {words.money(old)} to "
        f"{words.money(new)}; allowed is {_allowed(budget)}",
        (
            budget_label(budget),
            *(places.outermost(item.request, f"{words.money(rise)} more per month") for rise, item in dearer),
        ),
        (),
        "undo what makes it dearer, or raise the amount",
        value=INCREASE,
    )


def _rise(budget: Budget, item: Priced, known: Mapping[str, Priced]) -> Decimal:
    was = known.get(item.request.id)
    sides = [None if one is None else one.estimate.usd_per_month for one in (was, item)]
    old, new = (None if money is None else figure(money, budget.compare) for money in sides)
    return (new or _NOTHING) - (old or _NOTHING)


def _allowed(budget: Budget) -> str:
    said = [] if budget.increase is None else [words.exact(budget.increase)]
    said += [] if budget.increase_percent is None else [words.percent(budget.increase_percent)]
    return " and ".join(said)


def _endless(budget: Budget, after: Sequence[Priced]) -> Verdict:
    found = [item for item in after if (month := item.estimate.usd_per_month) is not None and month.high is None]
    return Verdict(
        f"a month has no bound any more; allowed is an increase of {_allowed(budget)}",
        (budget_label(budget), *(places.outermost(item.request, "no bound") for item in found[:SHOWN])),
        (),
        "bound retries, turns and loops, or compare `typical`",
        value=f"{INCREASE} unbounded",
    )


def _undecided(budget: Budget, silent: Sequence[Priced]) -> Verdict:
    return Verdict(
        f"whether a month grows by more than {_allowed(budget)} is not known: of what changed, "
        f"{words.plural(len(silent), 'request')} has no monthly figure",
        (budget_label(budget), *(places.outermost(item.request, "no monthly figure") for item in silent[:SHOWN])),
        (),
        "declare how often the code runs (`usage` in guard.yaml) and make its model known",
        verdict="undecided",
        enforce=undecided_enforce(budget.on_unknown),
        value=INCREASE,
    )
