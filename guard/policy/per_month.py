"""Holds the sum of a budget's selection against what a month may cost.

In: a `Budget` with `per_month` and its selection. Out: `Verdict`s for `budgets.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal

from guard.config.types import Budget, Compare
from guard.estimate.totals import sum_of
from guard.model import Label, Priced
from guard.policy import places, words
from guard.policy.selection import leading, runs_expected
from guard.policy.verdict import (
    FIGURE,
    NEAR,
    SHOWN,
    Verdict,
    assumed_share,
    assumed_words,
    budget_label,
    figure,
    in_usd,
    not_priced,
    reason_counts,
    undecided_enforce,
    warns,
    why_no_bound,
    without_figure,
)

UNBOUNDED = "unbounded"
MONTHS = ("", UNBOUNDED)
"""Values of the violations that are about a month."""


def per_month(budget: Budget, limit: Decimal, items: Sequence[Priced], incomplete: frozenset[str]) -> Iterator[Verdict]:
    """At most one verdict, and the warning of `warn_at` beside one that is undecided.

    `incomplete`: ids of requests whose monthly figure lacks some entry points.
    """
    counted = [item for item in items if item.estimate.usd_per_month is not None]
    silent = [item for item in items if item.estimate.usd_per_month is None and runs_expected(item)]
    missing = [*silent, *(item for item in counted if item.request.id in incomplete)]
    money = sum_of(counted, lambda item: item.estimate.usd_per_month)
    amount = None if money is None else figure(money, budget.compare)
    high = budget.compare == "high"
    unbound = [(item, why) for item in counted if (why := why_no_bound(item)) is not None] if high else []
    covers = f"covers {len(counted):,} of {words.plural(len(counted) + len(silent), 'request')}"
    if money is not None and amount is None:
        yield _unbounded_month(budget, limit, counted, covers)
    elif amount is not None and amount > limit:
        yield _dear_month(budget, limit, amount, counted, covers)
    else:
        if amount is not None and warns(budget, limit, amount):
            # What is known is a part of the month, so that the warning holds whatever else is not known.
            yield _near_month(budget, limit, amount, counted, covers)
        if budget.on_unknown != "pass" and missing:
            yield _undecided_month(budget, limit, amount, counted, missing)
        elif budget.on_unknown != "pass" and unbound:
            yield _known_values_only(budget, limit, amount, unbound, covers)


def _unbounded_month(budget: Budget, limit: Decimal, items: Sequence[Priced], covers: str) -> Verdict:
    endless = [item for item in items if (month := item.estimate.usd_per_month) is not None and month.high is None]
    why = words.listing([f"{words.place(item.request.sites[0].span)} ({_why_unbounded(item)})" for item in endless])
    return Verdict(
        f"no bound on the cost of a month, which may be {words.exact(limit)} at worst: {why}",
        (budget_label(budget), *(places.outermost(item.request, "no bound") for item in endless[:SHOWN])),
        (covers,),
        "bound retries, turns and loops, or compare `typical`",
        value=UNBOUNDED,
    )


def _why_unbounded(item: Priced) -> str:
    request = item.request
    reaches = [why for reach in request.reached_from if reach.repeats.high is None for why in reach.repeats.why]
    counts = [count for count in (request.attempts, request.turns, request.repeats) if count.high is None]
    return words.reasons([*item.estimate.why, *(why for count in counts for why in count.why), *reaches])


def _dear_month(budget: Budget, limit: Decimal, amount: Decimal, items: Sequence[Priced], covers: str) -> Verdict:
    share, assumed = assumed_words(assumed_share(leading(items)), budget.compare)
    return Verdict(
        f"a month costs {words.beside(amount, limit)} {FIGURE[budget.compare]}, more than {words.exact(limit)}{share}",
        _month_labels(budget, items),
        (*_dearest_lines(items, budget.compare), covers),
        "choose cheaper models or lower limits where most of it arises, or raise the amount",
        assumed=assumed,
        extent=in_usd(amount),
    )


def _near_month(budget: Budget, limit: Decimal, amount: Decimal, items: Sequence[Priced], covers: str) -> Verdict:
    share, assumed = assumed_words(assumed_share(leading(items)), budget.compare)
    return Verdict(
        f"a month costs {words.money(amount)} {FIGURE[budget.compare]}, {words.percent(amount / limit)} of "
        f"{words.exact(limit)}{share}",
        _month_labels(budget, items),
        (*_dearest_lines(items, budget.compare), covers),
        enforce="warn",
        severity="low",
        assumed=assumed,
        value=NEAR,
        extent=in_usd(amount),
    )


def _known_values_only(
    budget: Budget, limit: Decimal, amount: Decimal | None, unbound: Sequence[tuple[Priced, str]], covers: str
) -> Verdict:
    reasons = tuple(dict.fromkeys(why for _, why in unbound))
    known = "" if amount is None else f" ({words.money(amount)} {FIGURE[budget.compare]})"
    return Verdict(
        f"whether a month stays within {words.exact(limit)} is not known, since worst covers the known values "
        f"only{known}: {words.listing(reasons)}",
        (budget_label(budget), *(places.outermost(item.request, why) for item, why in unbound[:SHOWN])),
        (covers,),
        "fix or declare the value (`assume` in guard.yaml), compare `typical`, or `on_unknown: pass` for this budget",
        verdict="undecided",
        enforce=undecided_enforce(budget.on_unknown),
        value="known values only",
        extent=without_figure(len(unbound)),
    )


def _undecided_month(
    budget: Budget, limit: Decimal, amount: Decimal | None, counted: Sequence[Priced], missing: Sequence[Priced]
) -> Verdict:
    """Names how many requests are missing, apart for those without a price and those without declared runs."""
    unpriced = [item for item in missing if item.estimate.usd is None]
    undeclared = [item for item in missing if item.estimate.usd is not None]
    both = [(undeclared, "no declared runs"), (unpriced, "no price")]
    lacking = " and ".join(f"{len(group):,} with {what}" for group, what in both if group)
    known = "nothing is known of a month" if amount is None else f"{words.money(amount)} {FIGURE[budget.compare]}"
    requests = words.plural(len({item.request.id for item in (*counted, *missing)}), "request")
    helps = []
    if undeclared:
        path = undeclared[0].request.sites[0].span.path
        helps.append(
            f'declare how often the code runs: `usage: {{rules: [{{paths: ["{path}"], runs_per_month: 20000}}]}}`'
        )
    if unpriced:
        helps.append("make the model known (`guard explain model-known`)")
    return Verdict(
        f"whether a month stays within {words.exact(limit)} is not known: of {requests}, {lacking} ({known})",
        (
            budget_label(budget),
            *(places.outermost(item.request, "no declared runs") for item in undeclared[:SHOWN]),
            *(places.outermost(item.request, not_priced(item)) for item in unpriced[: max(SHOWN - len(undeclared), 0)]),
        ),
        reason_counts(unpriced),
        "; ".join(helps),
        verdict="undecided",
        enforce=undecided_enforce(budget.on_unknown),
        extent=without_figure(len({item.request.id for item in missing})),
    )


def _month_labels(budget: Budget, items: Sequence[Priced]) -> tuple[Label, ...]:
    """The budget, the outermost calls of the dearest requests with their amounts, then where those are sent."""
    dearest, arms = _dearest(items, budget.compare)[:SHOWN], _arms(items)
    sends = dict.fromkeys(places.send(item.request, "sends") for item, _ in dearest if len(item.request.sites) > 1)
    return (
        budget_label(budget),
        *(
            places.outermost(item.request, f"{words.money(amount)} per month{_of_arms(item, arms)}")
            for item, amount in dearest
        ),
        *sends,
    )


def _dearest(items: Sequence[Priced], compare: Compare) -> list[tuple[Priced, Decimal]]:
    """The requests whose figures add up to that of the month, the dearest first."""
    led = leading(items, compare)
    pairs = [(item, figure(month, compare)) for item in led if (month := item.estimate.usd_per_month) is not None]
    known = [(item, amount) for item, amount in pairs if amount is not None]
    return sorted(known, key=lambda pair: -pair[1])


def _arms(items: Sequence[Priced]) -> Counter[str]:
    """How many requests with a month are in each exclusive group."""
    having = [item for item in items if item.estimate.usd_per_month is not None]
    return Counter(item.request.exclusive for item in having if item.request.exclusive is not None)


def _of_arms(item: Priced, arms: Counter[str]) -> str:
    """Says of one request that it stands for others, of which only one runs."""
    number = 0 if item.request.exclusive is None else arms[item.request.exclusive]
    return f", one of {number:,} that exclude one another" if number > 1 else ""


def _dearest_lines(items: Sequence[Priced], compare: Compare) -> tuple[str, ...]:
    ranked, arms = _dearest(items, compare), _arms(items)
    lines = [
        f"{words.place(item.request.sites[0].span)}: {words.money(usd)}{_of_arms(item, arms)}"
        for item, usd in ranked[:SHOWN]
    ]
    if len(ranked) > SHOWN:
        rest = sum((amount for _, amount in ranked[SHOWN:]), Decimal(0))
        lines.append(f"{words.plural(len(ranked) - SHOWN, 'other request')}: {words.money(rest)}")
    return tuple(lines)
