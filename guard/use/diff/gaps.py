"""Which requests have a figure on one side of a sum only. In: pairs. Out: `Gaps` of each sum.

Also what lies behind a file that could not be read. Neighbours: `against` and `saved` ask, `guard.report` says it
beside the sums.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from guard.difference import Gaps
from guard.model import Count, Money, Priced, Request
from guard.use.diff.pairs import Pairing
from guard.use.diff.reach import reached

_Pick = Callable[[Priced], Money | None]


def call_gaps(found: Pairing, *, unread: bool) -> Gaps:
    """Gaps of the sum of one call of each request. `unread`: the head has files that could not be read."""
    return _gaps(found, lambda item: item.estimate.usd, unread)


def month_gaps(found: Pairing, *, unread: bool) -> Gaps:
    """Gaps of the sum of a month. What nobody reached before cost nothing a month; that is no gap."""
    return _gaps(found, lambda item: item.estimate.usd_per_month, unread)


def touches(request: Request, paths: frozenset[str]) -> bool:
    """Whether what is known of a request comes from one of these files: its calls, those who make them, its values."""
    return bool(paths) and not paths.isdisjoint(_files(request))


def _gaps(found: Pairing, pick: _Pick, unread: bool) -> Gaps:
    lost = gained = 0
    for before, after in found.pairs:
        if not before.in_totals or not after.in_totals:
            continue
        sides = pick(before), pick(after)
        lost += sides[0] is not None and sides[1] is None
        gained += sides[0] is None and sides[1] is not None and not _first_reached(before, after)
    fresh = sum(item.in_totals and item.estimate.usd is None for item in found.added)
    ended = sum(item.in_totals and item.estimate.usd is None for item in found.removed)
    return Gaps(lost, fresh, gained + ended, unread)


def _first_reached(before: Priced, after: Priced) -> bool:
    return before.estimate.usd is not None and bool(reached(before.request, after.request).come)


def _files(request: Request) -> Iterable[str]:
    for site in request.sites:
        yield site.span.path
    for reach in request.reached_from:
        yield reach.entry.split("::", 1)[0]
        yield from (span.path for span in reach.chain)
    for chain in request.caller_examples:
        yield from (span.path for span in chain)
    counts: tuple[Count, ...] = (request.repeats, request.attempts, request.turns)
    steps = [step for count in counts for step in count.trail]
    steps += [
        step for value in (request.model, request.max_output) for choice in value.choices for step in choice.trail
    ]
    yield from (step.span.path for step in steps)
