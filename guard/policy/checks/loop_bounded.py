"""Loops and agents around requests are bounded.

## What it does

Reports requests that run in a loop for which no bound was found (`while True`, `for` over data of unknown length,
recursion), and agents that may take any number of turns. The finding points at the call in the loop. Loops over
literals, ranges and slices with known bounds are kept, as are loops whose number of rounds is declared
(`# guard: assume repeats=20`, or `assume` in `guard.yaml`).

## Why

A loop multiplies everything in it: its rounds times the price of a call, times its retries. Where no bound exists, a
larger input file or an agent that never says "done" is a bill without a ceiling, and no budget over the worst case can
be kept.

## Fix

Bound the work where the data comes in (`items[:limit]`, `itertools.islice`), give agents `max_turns`, give `while` a
counter. Where the bound lies outside the code, declare it: `# guard: assume repeats=20`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from guard.model import ONCE, Count, Label, Priced, Reach, Request, Site, Unknown
from guard.policy import places, words
from guard.policy.examples import looped, priced
from guard.policy.types import Context, Example, Hit, Unsure

SEVERITY = "medium"
HELP = "bound the loop (`items[:limit]`, a counter), or declare the bound: `# guard: assume repeats=20`"


@dataclass(frozen=True)
class Params:
    """`loop-bounded` has no parameters."""


def check(item: Priced, params: Params, context: Context) -> Iterator[Hit | Unsure]:
    """Violated by loops and by turns without a bound; undecided where the number is said to be unknown."""
    request = item.request
    yield from _repeats(request)
    if request.turns.high is None:
        yield _turns(request)


def _repeats(request: Request) -> Iterator[Hit | Unsure]:
    unknown = [found for found in request.unknown if found.what == "repeats"]
    sites = places.unbounded(request) if request.repeats.high is None else ()
    if unknown and request.repeats.high is None:
        why = words.reasons(found.why for found in unknown)
        yield Unsure(f"how often this call runs: {why}", places.join([places.send(request)], places.callers(request)))
    elif sites:
        for site in sites:
            yield _loop(request, site)
    elif request.repeats.high is None:
        yield _loop(request, request.sites[0])
    else:
        endless = [reach for reach in request.reached_from if reach.repeats.high is None]
        if endless:
            yield _caller_loop(request, endless)


def _loop(request: Request, site: Site) -> Hit:
    why = words.reasons(site.repeats.why or request.repeats.why)
    return Hit(
        f"no bound was found for the loop around this call: {why}",
        places.join([Label(site.span, "runs once per round")], [places.send(request, "sends")]),
        value=f"{site.qualname} {site.callee}",
    )


def _caller_loop(request: Request, endless: list[Reach]) -> Hit:
    """The loop stands in a caller further up, which decides nothing else of the request."""
    first = endless[0]
    others = f" (and from {words.plural(len(endless) - 1, 'other entry point')})" if len(endless) > 1 else ""
    chain = [Label(span, "called from here") for span in first.chain]
    return Hit(
        f"no bound was found for how often this call runs per run of {first.entry}{others}: "
        f"{words.reasons(first.repeats.why)}",
        places.join([Label(request.sites[0].span, "runs once per round")], chain, [places.send(request, "sends")]),
        value=first.entry,
    )


def _turns(request: Request) -> Hit | Unsure:
    unknown = [found for found in request.unknown if found.what == "turns"]
    why = words.reasons([*(found.why for found in unknown), *request.turns.why])
    labels = places.join([places.send(request)], places.callers(request))
    if unknown:
        return Unsure(f"how many turns this agent takes: {why}", labels)
    return Hit(
        f"no bound was found for the turns of this agent: {why}",
        labels,
        value="turns",
        help="give the agent a bound on its turns (`max_turns=10` or the framework's like)",
    )


_ENDLESS = Count(0, 1, None, ("`while True`",))

BAD = (
    Example("`while True`", priced(sites=looped(_ENDLESS), repeats=_ENDLESS), Params()),
    Example("an agent without a bound", priced(turns=Count(1, 3, None, ("no `max_turns`",))), Params()),
    Example(
        "a loop further up",
        priced(reached_from=(Reach("app/jobs.py::nightly", "task", _ENDLESS),)),
        Params(),
    ),
)
GOOD = (
    Example("no loop", priced(), Params()),
    Example("`for` over three items", priced(sites=looped(Count(3, 3, 3)), repeats=Count(3, 3, 3)), Params()),
    Example("a declared bound", priced(sites=looped(_ENDLESS), repeats=Count(0, 20, 20)), Params()),
    Example("an agent with ten turns", priced(turns=Count(1, 3, 10)), Params()),
    Example("called once", priced(reached_from=(Reach("app/jobs.py::nightly", "task", ONCE),)), Params()),
)
UNSURE = (
    Example(
        "rounds decided outside",
        priced(repeats=_ENDLESS, unknown=(Unknown("repeats", "`pool` is handed to a library"),)),
        Params(),
    ),
)
