"""Holds what a change adds to a month against an amount and a share of the month before.

In: a `Budget` with `increase` or `increase_percent`, its selection in the base and in the head, whose requests bear the
same ids where they are the same. Out: at most one `Verdict` for `budgets.py`. `growth.py` says what can be compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from guard.config.types import Budget
from guard.model import Priced, Request, Value
from guard.policy import places, words
from guard.policy.growth import Growth, growth, months
from guard.policy.verdict import FIGURE, SHOWN, Verdict, budget_label, figure, undecided_enforce, why_no_bound

_NOTHING = Decimal(0)
INCREASE = "increase"
"""In the ids of these findings, so that they are not taken for those of `per_month` of the same budget."""
_Unsure = tuple[tuple[tuple[Priced, ...], str, str], ...]
"""Requests of which it is not known what they add, by one reason: of one request, of several."""


def increase(
    budget: Budget, before: Sequence[Priced], after: Sequence[Priced], incomplete: frozenset[str]
) -> Iterator[Verdict]:
    """At most one verdict. `incomplete`: ids of requests whose monthly figure lacks some entry points.

    Compared are requests whose month is known on both sides, new ones and those that are gone. One that has no figure
    on one side, or on both and is not as it was, makes the verdict undecided, unless the others exceed the budget.
    """
    known = {item.request.id: item for item in before}
    found = growth(months(before), months(after), budget.compare)
    unsure = _unsure(budget, found, known, incomplete)
    if found.endless:
        yield _endless(budget, found)
    elif _exceeds(budget, found, known):
        yield _exceeded(budget, found, known, unsure)
    elif unsure and budget.on_unknown != "pass":
        yield _undecided(budget, unsure)


def _unsure(budget: Budget, found: Growth, known: Mapping[str, Priced], incomplete: frozenset[str]) -> _Unsure:
    """What cannot be compared, by reason; each request once."""
    changed = [item for item in found.silent if not _alike(known.get(item.request.id), item)]
    partly = [item for item in found.compared if item.request.id in incomplete and _call_changed(known, item)]
    least = [item for item in found.compared if item.request.id not in incomplete and _call_changed(known, item)]
    least = [item for item in least if why_no_bound(item) is not None] if budget.compare == "high" else []
    endless = [item for item in found.still_endless if not _alike(known[item.request.id], item)]
    sorts = (
        (tuple(item for item in found.lost if item.estimate.usd is None), "lost its price", "lost their price"),
        (tuple(item for item in found.lost if item.estimate.usd is not None), "has no declared runs any more",
         "have no declared runs any more"),
        (found.gained, "has a figure only now: what it cost before is not known",
         "have a figure only now: what they cost before is not known"),
        ((*changed, *partly), "has no monthly figure", "have no monthly figure"),
        (tuple(endless), "had no bound before and changed", "had no bound before and changed"),
        (tuple(least), "has a worst case of known values only", "have a worst case of known values only"),
    )  # fmt: skip
    return tuple(sort for sort in sorts if sort[0])


def _call_changed(known: Mapping[str, Priced], item: Priced) -> bool:
    """Whether a request is new or one call or run of it costs something else."""
    was = known.get(item.request.id)
    return was is None or was.estimate.usd != item.estimate.usd or was.estimate.usd_per_run != item.estimate.usd_per_run


def _alike(was: Priced | None, item: Priced) -> bool:
    """Whether a request without a figure on either side is as it was, so that it adds nothing."""
    if was is None or _call_changed({item.request.id: was}, item):
        return False
    if item.estimate.usd is not None:
        return _factors(was.request) == _factors(item.request)
    return _asked(was.request) == _asked(item.request) and was.estimate.input_tokens == item.estimate.input_tokens


def _factors(request: Request) -> tuple[object, ...]:
    """What multiplies a call: its repeats, and those on the way from entry points."""
    counts = [request.repeats, *(reach.repeats for reach in request.reached_from)]
    return tuple(sorted(str((count.low, count.typical, count.high)) for count in counts))


def _asked(request: Request) -> tuple[object, ...]:
    """What decides the price of a call that has none."""
    counts = [(count.low, count.typical, count.high) for count in (request.attempts, request.turns)]
    values = [_values(value) for value in (request.model, request.max_output, request.size, request.quality)]
    return (request.provider, request.outputs, *counts, *values, *_factors(request))


def _values(value: Value) -> tuple[frozenset[tuple[type, object]], bool]:
    return frozenset((type(choice.value), choice.value) for choice in value.choices), value.open


def _exceeds(budget: Budget, found: Growth, known: Mapping[str, Priced]) -> bool:
    """Whether what can be compared rose by more than is allowed. A share of an unknown base is not known."""
    added = found.new - found.old
    if budget.increase_percent is not None and not found.old and not _is_whole(found, known):
        return False
    over_amount = budget.increase is None or added > budget.increase
    over_share = budget.increase_percent is None or added > budget.increase_percent * found.old
    return added > 0 and over_amount and over_share


def _is_whole(found: Growth, known: Mapping[str, Priced]) -> bool:
    """Whether all that the base spent in a month is among what is compared."""
    others = (*found.lost, *found.gained, *found.bounded, *found.still_endless, *found.silent)
    return not any(item.request.id in known for item in others)


def _exceeded(budget: Budget, found: Growth, known: Mapping[str, Priced], unsure: _Unsure) -> Verdict:
    old, new = found.old, found.new
    share = f" ({words.percent((new - old) / old)})" if old else ""
    part = "" if _is_whole(found, known) else " in what is known on both sides"
    sides = f", from {words.money(old)} to {words.money(new)}{part}" if old or not part else part
    rises = sorted(((_rise(budget, item, known), item) for item in found.compared), key=lambda pair: -pair[0])
    dearer = [(rise, item) for rise, item in rises if rise > 0][:SHOWN]
    return Verdict(
        f"a month grows by {words.money(new - old)}{share} {FIGURE[budget.compare]}{sides}; "
        f"allowed is {_allowed(budget)}",
        (
            budget_label(budget),
            *(places.outermost(item.request, f"{words.money(rise)} more per month") for rise, item in dearer),
        ),
        tuple(f"not in it: {said}" for said in _said(unsure)),
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


def _endless(budget: Budget, found: Growth) -> Verdict:
    more = "a month has no bound any more"
    if found.still_endless:
        more = f"the month of {words.plural(len(found.endless), 'more request')} has no bound"
    return Verdict(
        f"{more}; allowed is an increase of {_allowed(budget)}",
        (budget_label(budget), *(places.outermost(item.request, "no bound") for item in found.endless[:SHOWN])),
        (),
        "bound retries, turns and loops, or compare `typical`",
        value=f"{INCREASE} unbounded",
    )


def _said(unsure: _Unsure) -> list[str]:
    """`2 requests lost their price`, one for each reason."""
    return [
        f"{words.plural(len(items), 'request')} {one if len(items) == 1 else several}" for items, one, several in unsure
    ]


def _undecided(budget: Budget, unsure: _Unsure) -> Verdict:
    shown = [(item, one.partition(":")[0]) for items, one, _ in unsure for item in items]
    return Verdict(
        f"whether a month grows by more than {_allowed(budget)} is not known: of what changed, "
        f"{words.listing(_said(unsure))}",
        (budget_label(budget), *(places.outermost(item.request, why) for item, why in shown[:SHOWN])),
        (),
        "declare how often the code runs (`usage` in guard.yaml) and make its model known",
        verdict="undecided",
        enforce=undecided_enforce(budget.on_unknown),
        value=INCREASE,
    )
