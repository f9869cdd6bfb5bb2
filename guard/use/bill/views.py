"""The requests of a report in groups: by model, feature, owner, workflow and so on. In: `Report`. Out: `Breakdown`.

A request is in one group: of several models it is that of the typical price. Only a workflow (an entry point with all
that it reaches) shares requests with others; a month is then what comes through this entry point. Neighbours: `sums`
adds up, `guard.policy.workflows` says what a run of an entry point costs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from guard.bill import Breakdown, GroupBy, Line, Per, SortBy, Sums
from guard.config.types import Config
from guard.estimate import usage
from guard.estimate.money import Factor, plus, times
from guard.model import Money, Priced, Reach
from guard.policy.workflows import Workflow, usd_of, workflows
from guard.report.table import model_text
from guard.use.bill.sums import Whole, added, arms, is_assumed, is_partial, share, sums, whole


def breakdown(
    items: Sequence[Priced], config: Config, by: GroupBy, sort: SortBy = "usd", top: int | None = None
) -> Breakdown:
    """The requests that are in sums, by what they have in common; `top`: how many groups stand alone.

    Groups stand in the order of `sort`: dearest first (by month where runs are declared, else by run of an entry
    point or by call), by the worst case, by number of requests, or by name.
    """
    known = whole(items)
    lines = _workflows(known, config) if by == "workflow" else _groups(known, _KEYS[by])
    per = _per(lines, by)
    total = _total(lines, per)
    lines = [replace(line, share=share(_of(line.sums, per), total)) for line in lines]
    lines.sort(key=lambda line: _rank(line, sort, per))
    cut = len(lines) if top is None else top
    kept, left = lines[:cut], lines[cut:]
    return Breakdown(by, sort, per, tuple(kept), _rest(left, known, by), len(lines))


def model_of(item: Priced) -> str | None:
    """The name of the model whose price is typical, as the price table has it where it lists it."""
    request = item.request
    lead = next((one for one in request.variants if one.default), None)
    choices = [lead.model] if lead is not None and lead.model is not None else list(request.model.choices[:1])
    choice = choices[0] if choices else None
    if choice is None or choice.value is None:
        return None
    return choice.price_id or str(choice.value)


def _provider(item: Priced) -> str | None:
    lead = next((one for one in item.request.variants if one.default), None)
    return (lead.provider if lead is not None else None) or item.request.provider


_KEYS: Mapping[GroupBy, Callable[[Priced], str | None]] = {
    "model": model_of,
    "provider": _provider,
    "feature": lambda item: item.feature,
    "owner": lambda item: item.owner,
    "stage": lambda item: item.request.stage,
    "file": lambda item: usage.outermost_path(item.request) or None,
    "operation": lambda item: item.request.operation,
}


def _groups(known: Whole, key: Callable[[Priced], str | None]) -> list[Line]:
    found: dict[str | None, list[Priced]] = {}
    for item in known.items:
        found.setdefault(key(item), []).append(item)
    return [
        Line(name, sums(items, known), None, _ids(items), lines=tuple(_request(item, known) for item in _dear(items)))
        for name, items in found.items()
    ]


def _request(item: Priced, known: Whole) -> Line:
    request = item.request
    site = request.sites[0]
    return Line(site.qualname, sums([item], known), None, (request.id,), at=site.span, model=model_text(request.model))


def _dear(items: Sequence[Priced]) -> list[Priced]:
    """Dearest call first, what has no price last."""
    return sorted(items, key=lambda item: item.estimate.usd.typical if item.estimate.usd else Decimal(-1), reverse=True)


def _ids(items: Sequence[Priced]) -> tuple[str, ...]:
    return tuple(item.request.id for item in items)


# Workflows


def _workflows(known: Whole, config: Config) -> list[Line]:
    lines = [_workflow(flow, config) for flow in workflows(known.items)]
    alone = [item for item in known.items if not item.request.reached_from]
    if alone:
        inner = tuple(_request(item, known) for item in _dear(alone))
        lines.append(Line(None, sums(alone, known), None, _ids(alone), lines=inner))
    return lines


def _workflow(flow: Workflow, config: Config) -> Line:
    """An entry point with the requests that it reaches; figures of a request are those from this entry point."""
    inner = [_reached(item, reach, config) for item, reach in flow.calls]
    by_id = {line.ids[0]: line.sums for line in inner}

    def together(pick: Callable[[Sums], Money | None]) -> Money | None:
        def amount(item: Priced) -> Money | None:
            return pick(by_id[item.request.id])

        return added(flow.items, amount, arms(flow.items, amount))

    inner.sort(key=lambda line: -line.sums.usd_per_run.typical if line.sums.usd_per_run else Decimal(1))
    every = Sums(
        requests=len(inner),
        priced=sum(line.sums.priced for line in inner),
        monthly=sum(line.sums.monthly for line in inner),
        usd=together(lambda one: one.usd),
        usd_per_run=together(lambda one: one.usd_per_run),
        usd_per_month=together(lambda one: one.usd_per_month),
        partial=is_partial(flow.items),
        assumed=is_assumed(flow.items) or any(reach.repeats.guessed for _, reach in flow.calls),
    )
    reach = flow.reach
    return Line(flow.name, every, None, _ids(flow.items), reach.kind, reach.aliases, lines=tuple(inner))


def _reached(item: Priced, reach: Reach, config: Config) -> Line:
    request = item.request
    own = next((cost for cost in item.estimate.by_entry if cost.entry == reach.entry), None)
    usd = item.estimate.usd if own is None else own.usd
    run = usd_of(item, reach)
    runs = usage.runs_of(reach, request, config)
    month = None if run is None or runs is None else times(run, Factor.exactly(runs.per_month))
    figures = Sums(
        1, int(usd is not None), int(month is not None), usd, run, month, is_partial([item]),
        is_assumed([item]) or bool(reach.repeats.guessed),
    )  # fmt: skip
    site = request.sites[0]
    return Line(
        site.qualname, figures, None, (request.id,), at=site.span, model=model_text(request.model), calls=reach.repeats
    )


# Order and shares


def _per(lines: Sequence[Line], by: GroupBy) -> Per:
    """What groups are compared by: a month where one has any, else a run of entry points, else a call."""
    if any(line.sums.usd_per_month is not None for line in lines):
        return "month"
    return "run" if by == "workflow" else "call"


def _of(found: Sums, per: Per) -> Money | None:
    return {"month": found.usd_per_month, "run": found.usd_per_run, "call": found.usd}[per]


def _total(lines: Sequence[Line], per: Per) -> Money | None:
    total: Money | None = None
    for line in lines:
        money = _of(line.sums, per)
        if money is not None:
            total = money if total is None else plus(total, money)
    return total


def _rank(line: Line, sort: SortBy, per: Per) -> tuple[object, ...]:
    """Those that belong to no group come last, and equal ones by name."""
    money = _of(line.sums, per)
    fallback = line.sums.usd_per_run if per == "run" else line.sums.usd
    typical = -(money.typical if money else Decimal(-1))
    second = -(fallback.typical if fallback else Decimal(-1))
    alone, name = line.name is None, line.name or ""
    if sort == "name":
        return alone, name
    if sort == "requests":
        return -line.sums.requests, alone, name
    if sort == "worst":
        shown = money or fallback
        endless = shown is not None and shown.high is None
        most = shown.high if shown is not None and shown.high is not None else Decimal(-1)
        return not endless, -most, typical, alone, name
    return typical, second, alone, name


def _rest(left: Sequence[Line], known: Whole, by: GroupBy) -> Line | None:
    """What `--top` leaves out, together: the sum of its groups."""
    if not left:
        return None
    every = [line.sums for line in left]

    def together(pick: Callable[[Sums], Money | None]) -> Money | None:
        total: Money | None = None
        for one in every:
            money = pick(one)
            if money is not None:
                total = money if total is None else plus(total, money)
        return total

    ids = tuple(dict.fromkeys(name for line in left for name in line.ids))
    if by == "workflow":  # requests that several of them reach are one
        inside = set(ids)
        chosen = [item for item in known.items if item.request.id in inside]
        counts = (
            len(chosen), sum(item.estimate.usd is not None for item in chosen),
            sum(item.estimate.usd_per_month is not None for item in chosen),
        )  # fmt: skip
    else:
        counts = (
            sum(one.requests for one in every), sum(one.priced for one in every), sum(one.monthly for one in every)
        )  # fmt: skip
    figures = Sums(
        *counts, together(lambda one: one.usd), together(lambda one: one.usd_per_run),
        together(lambda one: one.usd_per_month), any(one.partial for one in every), any(one.assumed for one in every),
    )  # fmt: skip
    shares = [line.share for line in left if line.share is not None]
    return Line(f"{len(left)} more", figures, sum(shares) if shares else None, ids)
