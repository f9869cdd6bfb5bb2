"""What moves the bill: one figure is moved while all others stay. In: requests. Out: `Sensitivity`, biggest first.

Every move is estimated anew, so that windows, price tiers and caches play their part. A request without the figure that
is moved (a price, declared runs) is in no move, and is counted. Neighbours: `sending` makes the requests, `anew`
estimates, `guard.estimate.economics` says what a unit costs then.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from guard.bill import FeatureShift, Move, Sensitivity, UnitCost
from guard.config.types import Config, Scenario
from guard.estimate import scenarios
from guard.estimate.economics import unit_cost
from guard.estimate.outputs import limit_of
from guard.estimate.totals import sum_of
from guard.model import Priced, Request
from guard.report.format import number, percent
from guard.use.bill import sending
from guard.use.bill.anew import Amount, Change, Known, anew, scenario, shift
from guard.use.bill.sending import Cannot
from guard.use.bill.sums import of_call, of_month

HOLES = 8
"""Parts of prompts, those with the most money behind them, that are moved one by one."""
LIMITS = 4
"""Output limits, the most frequent ones, that are halved one by one."""
WORDING = "the library's wording"
"""The source of what nobody who reads this can make longer or shorter."""
TENTH = Decimal("1.1")
HIT = Decimal("0.8")
"""The share of fixed input that a prompt cache might read."""
FAILING = Decimal("0.05")
"""The share of calls that might fail."""
SHORT = 100
"""Output limits that are not halved."""


@dataclass(frozen=True, slots=True)
class Step:
    """A move before it is estimated."""

    what: str
    detail: str
    change: Change
    assumed: bool = False


def sensitivity(items: Sequence[Priced], known: Known) -> Sensitivity:
    """What moves the sum of a month, where runs are declared, else that of one call of each request."""
    counted = tuple(item for item in items if item.in_totals)
    months = any(item.estimate.usd_per_month for item in counted)
    amount = of_month if months else of_call
    having = tuple(item for item in counted if amount(item) is not None)
    moves = [move for step in _steps(having, known, months) if (move := _move(step, counted, known, amount))]
    moves.sort(key=lambda move: (-abs(move.shift.typical), -abs(move.shift.worst or Decimal(0)), move.what))
    whole = sum_of(having, amount)
    return Sensitivity("month" if months else "call", whole, len(counted), len(having), tuple(moves))


def _move(step: Step, items: Sequence[Priced], known: Known, amount: Amount) -> Move | None:
    """What a step does; None: nothing."""
    after = anew(items, step.change, known)
    moved = shift(items, after, amount)
    if not moved.typical and not moved.worst and not moved.bounded:
        return None
    return Move(
        step.what, step.detail, len(step.change.ids), moved, tuple(_features(items, after, step, known)), step.assumed
    )


def _features(before: Sequence[Priced], after: Sequence[Priced], step: Step, known: Known) -> Iterator[FeatureShift]:
    """What a step does to features that declare what cost is held against."""
    runs = next((one.runs_per_month for one in step.change.scenarios.values()), None)
    for feature in known.config.features:
        pairs = [(old, new) for old, new in zip(before, after, strict=True) if old.feature == feature.name]
        if not feature.has_economics or not any(old.request.id in step.change.ids for old, _ in pairs):
            continue
        was = unit_cost(feature, [old for old, _ in pairs], known.config)
        now = unit_cost(feature, [new for _, new in pairs], _with_runs(known, runs))
        moved = shift([old for old, _ in pairs], [new for _, new in pairs], of_month)
        if was.usd_per_month is None or not (moved.typical or moved.worst or moved.bounded):
            continue
        yield FeatureShift(feature.name, was.unit, moved, _per_unit(was, now), was.margin, now.margin)


def _with_runs(known: Known, runs: Decimal | None) -> Config:
    return known.config if runs is None else scenarios.under(known.config, scenario("sensitivity", runs_per_month=runs))


def _per_unit(was: UnitCost, now: UnitCost) -> Decimal | None:
    if was.usd_per_unit is None or now.usd_per_unit is None:
        return None
    return now.usd_per_unit.typical - was.usd_per_unit.typical


def _steps(items: Sequence[Priced], known: Known, months: bool) -> Iterator[Step]:
    """All moves that could matter for some requests."""
    if months:
        yield _scaled("10% more runs", items, runs_per_month=TENTH)
    talking = [item for item in items if sending.by_tokens(item, known)]
    yield _scaled("answers 10% longer", talking, output=TENTH)
    yield _scaled("input 10% longer", [item for item in items if item.estimate.input_tokens], input=TENTH)
    yield from _passages(items)
    yield from _holes(items)
    yield from _limits(talking)
    yield from _retries(items)
    yield from _turns(items)
    yield from _cached(items, known)
    failing = [item for item in items if _pays_for_failures(item)]
    yield _scaled("5% of calls fail", failing, error_rate=FAILING)


def _scaled(what: str, items: Sequence[Priced], **figures: Decimal) -> Step:
    """A move by a scenario that is the same for all."""
    holds = scenario("sensitivity", **figures)
    return Step(what, "", Change(scenarios={item.request.id: holds for item in items}))


def _passages(items: Sequence[Priced]) -> Iterator[Step]:
    """One passage more for every request that looks passages up."""
    found: dict[str, Scenario] = {}
    numbers: Counter[int] = Counter()
    for item in items:
        made = sending.with_passages(item, lambda now: now + 1)
        if not isinstance(made, Cannot):
            found[item.request.id] = made
            numbers.update(segment.passages for segment in sending.looked_up(item) if segment.passages)
    if found:
        said = ", ".join(f"{now + 1} instead of {now}" for now, _ in numbers.most_common(3))
        yield Step("1 passage more is retrieved", said, Change(scenarios=found))


def _holes(items: Sequence[Priced]) -> Iterator[Step]:
    """Parts of prompts twice as long, by name, those first that take the most tokens times calls."""
    weight: Counter[str] = Counter()
    inside: dict[str, dict[str, tuple[float, bool]]] = {}
    for item in items:
        usd = of_month(item) or of_call(item)
        read = item.estimate.input_tokens
        for hole in item.estimate.holes:
            if usd is None or read is None or not read.typical or not hole.tokens.typical or hole.source == WORDING:
                continue
            weight[hole.name] += int(float(usd.typical) * 1e9 * hole.tokens.typical / read.typical)
            assumed = hole.source.startswith("default")
            inside.setdefault(hole.name, {})[item.request.id] = (hole.tokens.typical, assumed)
    holds = {name: scenario("sensitivity", holes={name: Decimal(2)}) for name, _ in weight.most_common(HOLES)}
    for name, twice in holds.items():
        sizes = sorted({size for size, _ in inside[name].values()})
        said = number(sizes[0]) if len(sizes) == 1 else f"{number(sizes[0])} to {number(sizes[-1])}"
        yield Step(
            f"`{name}` twice as long", f"now {said} tokens", Change(scenarios=dict.fromkeys(inside[name], twice)),
            any(assumed for _, assumed in inside[name].values()),
        )  # fmt: skip


def _limits(items: Sequence[Priced]) -> Iterator[Step]:
    """Output limits halved, and one where there is none: twice what an answer is taken to have."""
    by_limit: dict[int | None, dict[str, float]] = {}
    for item in items:
        written = item.estimate.output_tokens
        limits = {limit_of(one)[0] for one in item.request.variants} or {None}
        if written is not None and len(limits) == 1:
            answers = written.typical / max(item.request.outputs or 1, 1)
            by_limit.setdefault(limits.pop(), {})[item.request.id] = answers
    without = by_limit.pop(None, {})
    for limit in sorted((one for one in by_limit if one and one > SHORT), key=lambda one: -len(by_limit[one]))[:LIMITS]:
        half = scenario("sensitivity", max_output=limit // 2)
        yield Step(
            f"output limit {limit // 2:,} instead of {limit:,}",
            "",
            Change(scenarios=dict.fromkeys(by_limit[limit], half)),
        )
    if without:
        holds = {name: scenario("sensitivity", max_output=_twice(answer)) for name, answer in without.items()}
        limits_set = sorted({one.max_output or 0 for one in holds.values()})
        said = f"{limits_set[0]:,}" + (f" to {limits_set[-1]:,}" if len(limits_set) > 1 else "")
        yield Step("an output limit where none is sent", f"{said} tokens", Change(scenarios=holds))


def _twice(answer: float) -> int:
    """Twice the length of an answer, to the next hundred."""
    return max(100, -int(-answer * 2 // 100) * 100)


def _retries(items: Sequence[Priced]) -> Iterator[Step]:
    """One paid try less, where something is tried again."""
    found: dict[str, Request] = {}
    for item in items:
        made = sending.one_try_less(item)
        if made is not None:
            found[item.request.id] = made
    if found:
        yield Step("one retry less", "of calls that are paid for again", Change(requests=found))


def _turns(items: Sequence[Priced]) -> Iterator[Step]:
    """One turn more of what takes turns."""
    found: dict[str, Request] = {}
    for item in items:
        turns = item.request.turns
        if turns.high == 1 or (turns.high is not None and turns.typical + 1 > turns.high):
            continue
        found[item.request.id] = replace(item.request, turns=replace(turns, typical=turns.typical + 1))
    if found:
        yield Step("one turn more of each agent", "", Change(requests=found))


def _cached(items: Sequence[Priced], known: Known) -> Iterator[Step]:
    """A prompt cache that is read, where none is counted on."""
    fresh = [item for item in items if not any("cache" in part.name for part in item.estimate.parts)]
    sold = [item for item in fresh if any(row.rates.cache_read is not None for row in sending.rows_of(item, known))]
    yield _scaled(f"{percent(float(HIT))} of fixed input is read from the cache", sold, cache_hit_rate=HIT)


def _pays_for_failures(item: Priced) -> bool:
    """Whether a failure costs something: a paid try again, or another request that runs instead."""
    return item.request.after is not None or any(layer.billed == "yes" for layer in item.request.layers)
