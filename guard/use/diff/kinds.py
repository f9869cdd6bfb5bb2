"""What a change means: dearer, cheaper, moved or something else. In: a request before and after. Out: a `ChangeKind`.

The widest figure that both sides have decides: a month, else a run of an entry point, else a call; typical before
worst. Nothing is cheaper that lost its month or a bound, and what others reach now is never as it was. Neighbours:
`build` asks; `facets`, `reach` and `prompt_causes` say what differs.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from guard.difference import Change, ChangeKind
from guard.model import Estimate, Money, Priced, Request
from guard.use.diff import facets
from guard.use.diff.prompt_causes import texts
from guard.use.diff.reach import reached

_ENDLESS = Decimal("Infinity")
_NOTHING = Decimal(0)


def kind(before: Priced, after: Priced) -> ChangeKind | None:
    """What happened to a request; None: nothing."""
    old, new = before.estimate.usd, after.estimate.usd
    if (old is None) != (new is None):
        return "unpriced" if new is None else "priced"
    others = reached(before.request, after.request)
    months = before.estimate.usd_per_month, after.estimate.usd_per_month
    if others.come and months[0] is None and months[1] is not None and after.request.counted:
        return "dearer"
    if _lost_bound(before, after):
        return "dearer"
    for first, second in _figures(before, after):
        if first != second:
            if second > first:
                return "dearer"
            return "cheaper" if (months[0] is None) == (months[1] is None) else "changed"
    if others.differs or facets.differing(before.request, after.request) or _differs(before, after):
        return "changed"
    return "moved" if _places(before.request) != _places(after.request) else None


def _places(request: Request) -> list[tuple[str, str]]:
    """Files and functions of the calls, wherever in them they stand."""
    return [(site.span.path, site.qualname) for site in request.sites]


def _differs(before: Priced, after: Priced) -> bool:
    """What else a reader should know of, though no figure shows it."""
    partly = bool(before.estimate.known_only) != bool(after.estimate.known_only)
    if before.request.counted != after.request.counted or partly:
        return True
    return before.estimate.usd is None and bool(texts(before, after))


def _figures(before: Priced, after: Priced) -> Iterator[tuple[Decimal, Decimal]]:
    """Pairs of figures, the one that says most first. A request that does not count costs nothing."""
    pairs = [
        (_money(before, old), _money(after, new))
        for old, new in zip(_widest_first(before.estimate), _widest_first(after.estimate))
        if old is not None and new is not None
    ]
    for old, new in pairs:
        yield old.typical, new.typical
    for old, new in pairs:
        yield _worst(old), _worst(new)


def _lost_bound(before: Priced, after: Priced) -> bool:
    """Whether a figure had a worst case and has none now; its typical is then a guess that no saving rests on."""
    pairs = zip(_widest_first(before.estimate), _widest_first(after.estimate))
    return after.request.counted and any(
        old is not None and new is not None and old.high is not None and new.high is None for old, new in pairs
    )


def _widest_first(estimate: Estimate) -> tuple[Money | None, ...]:
    return estimate.usd_per_month, estimate.usd_per_run, estimate.usd


def _money(item: Priced, money: Money) -> Money:
    return money if item.request.counted else Money(_NOTHING, _NOTHING, _NOTHING)


def _worst(money: Money) -> Decimal:
    return _ENDLESS if money.high is None else money.high


_Place = tuple[str, int, int]


def order(change: Change) -> tuple[tuple[Decimal, ...], int, _Place, str]:
    """Largest rise of typical cost first: of a month, of a run, of a call; then by the worst case and by place."""
    rises = []
    for pick in ("usd_per_month", "usd_per_run", "usd"):
        old, new = _typical(change.before, pick), _typical(change.after, pick)
        rises.append(old - new)
    worst = _high(change.before) - _high(change.after) if _high(change.before) != _high(change.after) else _NOTHING
    shown = change.after or change.before
    assert shown is not None
    span = shown.request.sites[0].span
    lost = 0 if change.kind == "unpriced" else 1
    return (*rises, worst), lost, (span.path, span.line, span.column), shown.request.id


def _typical(item: Priced | None, pick: str) -> Decimal:
    money: Money | None = None if item is None else getattr(item.estimate, pick)
    return _NOTHING if item is None or money is None or not item.request.counted else money.typical


def _high(item: Priced | None) -> Decimal:
    if item is None or item.estimate.usd is None or not item.request.counted:
        return _NOTHING
    return _worst(item.estimate.usd)
