"""The `usage` section that measured use gives.

In: `Comparison`s and the period. Out: rules, and what could not be said.

A rule is about the requests that the rows are of and about no others: it names the function in which they alone are
sent (`request: path::function`), else the one request by its id. How often an entry point runs follows from the
requests below it, where one entry point alone leads to them.
Neighbours: `guard.use.firm_text` writes the rules, `writing` puts them into guard.yaml.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from guard.config.types import Config
from guard.estimate.outputs import NO_OUTPUT
from guard.model import Priced, Reach, Report
from guard.use.calibrate.comparing import Comparison, added
from guard.use.calibrate.measured import Reading, Sums
from guard.use.firm_text import Declared, Entry, Named

FEWEST = 20
"""Measured requests below which a figure is offered with a remark that it rests on few of them."""
SHORTEST_DAYS = 1.0
"""A shorter period says nothing of a month."""
DECLARED = ("inline", "the library's wording")
"""Sources of sizes that are not the user's `usage` rules and that a rule would not change."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What to declare, and what could not be told from the rows."""

    declared: Declared
    notes: tuple[str, ...]


def propose(comparisons: Sequence[Comparison], report: Report, reading: Reading, config: Config) -> Proposal:
    """The rules that follow from what was measured."""
    notes: list[str] = []
    rules: list[Entry] = []
    runs: dict[str, list[tuple[int, str]]] = {}
    for function, held in _by_name(comparisons, report, config, notes).items():
        requests = tuple({one.request.id: one for bound in held for one in bound.bound.requests}.values())
        sums = added([group for one in held for group in one.bound.counted])
        rule = _rule(function, requests, sums, notes)
        if rule is not None:
            rules.append(rule)
        for entry, per_month in _runs(function, held, reading, config, notes):
            runs.setdefault(entry, []).append((per_month, function))
    rules += [_run_rule(entry, found) for entry, found in sorted(runs.items())]
    return Proposal(Declared(tuple(rules), (), {}), tuple(dict.fromkeys(notes)))


def _by_name(
    comparisons: Sequence[Comparison], report: Report, config: Config, notes: list[str]
) -> dict[str, list[Comparison]]:
    """The comparisons by what a rule about them names; those that no rule can name are noted."""
    within: dict[str, set[str]] = {}
    for priced in report.requests:
        for function in _functions(priced, config):
            within.setdefault(function, set()).add(priced.request.id)
    found: dict[str, list[Comparison]] = {}
    for one in comparisons:
        name = _name(one.bound.requests, within, config)
        if name is not None:
            found.setdefault(name, []).append(one)
            continue
        notes.append(
            f"{', '.join(one.models) or 'rows without a model'}: {one.sums.rows:,} rows are of "
            f"{len(one.bound.requests)} requests together, so nothing follows for one of them; a tag that names the "
            "function would tell them apart (--bind)"
        )
    return found


def _functions(priced: Priced, config: Config) -> list[str]:
    """The functions of a request's calls as rules name them, the one that sends first."""
    return [f"{config.prefix}{site.span.path}::{site.qualname}" for site in reversed(priced.request.sites)]


def _name(requests: Sequence[Priced], within: dict[str, set[str]], config: Config) -> str | None:
    """What matches these requests and no others."""
    ids = {one.request.id for one in requests}
    shared = [name for name in _functions(requests[0], config) if within[name] == ids]
    if shared:
        return shared[0]
    return requests[0].request.id if len(requests) == 1 else None


def _rule(function: str, requests: Sequence[Priced], sums: Sums, notes: list[str]) -> Entry | None:
    """What was measured of one request of a function."""
    if not sums.requests and not sums.failed:
        notes.append(f"{function}: its source does not count requests, so nothing follows for one of them")
        return None
    few = f", few of them: {sums.requests}" if sums.requests < FEWEST else f" of {sums.requests:,}"
    says: list[tuple[str, str | int, str]] = []
    if sums.output_tokens is not None and sums.requests and not all(
        one.request.operation in NO_OUTPUT for one in requests
    ):  # fmt: skip
        says.append(("output_tokens", round(sums.output_tokens / sums.requests), f"mean{few}"))
    says += list(_rates(requests, sums))
    holes = tuple(_holes(function, requests, sums, few, notes))
    return Entry("request", function, tuple(says), holes) if says or holes else None


def _rates(requests: Sequence[Priced], sums: Sums) -> Iterator[tuple[str, str | int, str]]:
    """Shares of cached tokens and of failures."""
    static = {one.estimate.static_tokens for one in requests}
    if sums.cache_read_tokens and sums.requests and len(static) == 1 and (fixed := static.pop()):
        share = min(1.0, sums.cache_read_tokens / (fixed * sums.requests))
        yield "cache_hit_rate", f"{share:.1%}", f"{sums.cache_read_tokens:,} tokens were read from the cache"
    if sums.failed:
        tried = sums.requests + sums.failed
        yield "error_rate", f"{sums.failed / tried:.2%}", f"{sums.failed:,} of {tried:,} failed"


def _holes(function: str, requests: Sequence[Priced], sums: Sums, few: str, notes: list[str]) -> Iterator[Named]:
    """Sizes of the parts of the prompt that the code does not fix: what was measured less the rest, shared out as guard
    has them now."""
    if sums.input_tokens is None or not sums.requests:
        return
    kinds = {
        tuple(sorted({hole.name for hole in one.estimate.holes if hole.source not in DECLARED})) for one in requests
    }
    names = kinds.pop() if len(kinds) == 1 else None
    if names is None:
        notes.append(f"{function}: its requests have different prompts, so sizes of parts do not follow from the rows")
        return
    if not names or any(one.estimate.input_tokens is None for one in requests):
        return
    if any(one.request.turns.high != 1 for one in requests):
        notes.append(f"{function}: its prompt grows from turn to turn, so sizes of parts do not follow from a mean")
        return
    holes = [hole for hole in requests[0].estimate.holes if hole.name in names and hole.source not in DECLARED]
    now = sum(hole.tokens.typical for hole in holes)
    typicals = [one.estimate.input_tokens.typical for one in requests if one.estimate.input_tokens is not None]
    rest = sum(typicals) / len(typicals) - now
    left = sums.input_tokens / sums.requests - rest
    if left < 0:
        notes.append(
            f"{function}: {sums.input_tokens / sums.requests:,.0f} input tokens were measured and guard counts "
            f"{rest:,.0f} that the code fixes; are these rows of another version of the code?"
        )
        return
    for name in names:
        mine = [hole for hole in holes if hole.name == name]
        share = sum(hole.tokens.typical for hole in mine) / now if now else len(mine) / len(holes)
        why = f"mean{few}" if len(names) == 1 else f"its share of {left:,.0f} tokens"
        yield Named(name, round(left * share / len(mine)), why)


def _runs(
    function: str, held: Sequence[Comparison], reading: Reading, config: Config, notes: list[str]
) -> Iterator[tuple[str, int]]:
    """Runs a month of the one entry point that leads to a function."""
    months, days = reading.months, reading.days
    tried = sum(group.sums.requests + group.sums.failed for one in held for group in one.bound.groups)
    if not tried:
        return
    if months is None or days is None or days < SHORTEST_DAYS:
        notes.append(
            "the period is too short or not known, so runs a month are not proposed; --days says how long it is"
        )
        return
    reaches = {
        reach.entry: (reach, one)
        for bound in held
        for one in bound.bound.requests
        for reach in one.request.reached_from
    }
    if not reaches:
        notes.append(f"{function}: no entry point is known to reach it, so runs a month are not proposed")
    elif len(reaches) > 1:
        notes.append(
            f"{function}: {len(reaches)} entry points reach it, and the rows do not say which ran, so their runs a "
            "month are not proposed"
        )
    else:
        (reach, one), *_ = reaches.values()
        each = _requests_of_a_run(reach, one)
        if each > 0:
            yield config.prefix + reach.entry, math.ceil(tried / months / each)


def _requests_of_a_run(reach: Reach, priced: Priced) -> float:
    """HTTP requests of a typical run of an entry point. Failed ones were counted, too, so that attempts are 1."""
    return reach.repeats.typical * priced.request.turns.typical


def _run_rule(entry: str, found: Sequence[tuple[int, str]]) -> Entry:
    """A request may run less often than its entry point (under a condition), never more often: the most counts."""
    most, function = max(found)
    others = "" if len(found) == 1 else f", the most of {len(found)} functions"
    return Entry(
        "entry", entry, (("runs_per_month", most, f"from the requests of {function.rpartition('::')[2]}{others}"),)
    )
