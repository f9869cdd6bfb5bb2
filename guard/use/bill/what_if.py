"""The bill if something were otherwise: `guard cost --what-if`. In: requests, wishes. Out: `WhatIf`. No scan.

Sums before and after are about the same requests: what has a price on one side only is left out of both and counted.
Neighbours: `wishes` reads what is asked, `anew` estimates, `rules` judges, `cheapest` looks for models.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal

from guard.bill import Refused, Tried, UnitCost, WhatIf
from guard.estimate import scenarios
from guard.estimate.abilities import missing
from guard.estimate.economics import unit_cost
from guard.estimate.outputs import limit_of
from guard.estimate.totals import sum_of
from guard.model import Finding, Money, Priced
from guard.report.format import place, plural
from guard.report.table import model_text
from guard.use.bill import wishes
from guard.use.bill.anew import Amount, Change, Known, anew, scenario
from guard.use.bill.cheapest import can_be_asked, cheapest
from guard.use.bill.rules import Rules
from guard.use.bill.sending import as_sent, rows_of
from guard.use.bill.sums import of_call, of_month
from guard.use.bill.wishes import CHEAPEST, Wish

TOO_SHORT = re.compile(r"the prompt's fixed part of \S+ tokens is below the (\d+) that (.+) caches: cache_hit_rate")
"""How `guard.estimate.variant` says that a prompt is too short for a cache."""
NOT_APPLIED = "is not applied"
"""How the reason ends for which a cache rate counts for nothing."""


def what_if(items: Sequence[Priced], asked: Sequence[Wish], known: Known, today: date) -> WhatIf:
    """The bill with all wishes together, over the requests that are in sums.

    Raises `guard.use.bill.wishes.BadWish` where a wish names something that is not there.
    """
    before = tuple(item for item in items if item.in_totals)
    for wish in asked:
        wishes.check(wish, before, known)
    rules = Rules.of(known, today)
    models: dict[str, str] = {}
    if any(wish.key == "model" and wish.value == CHEAPEST for wish in asked):
        wanted = [item for item in before if can_be_asked(item, known) and _is_asked(item, asked)]
        models = cheapest(wanted, known, rules)
    change, refused = wishes.applied(asked, before, known, models)
    after = anew(before, change, known)
    pairs = [(old, new) for old, new in zip(before, after, strict=True) if old.request.id in change.ids]
    refused = (*refused, *_unchanged(pairs, asked, change))
    lines = [_tried(old, new, change, known) for old, new in pairs if _moves(old, new)]
    lines.sort(key=_size)
    judged = [_sent(item, change) for item in after]
    return WhatIf(
        asked=tuple(wish.text for wish in asked),
        lines=tuple(lines),
        refused=refused,
        calls=_sums(before, after, of_call),
        months=_sums(before, after, of_month),
        left_out=sum((old.estimate.usd is None) != (new.estimate.usd is None) for old, new in pairs),
        budgets=rules.budgets(before, after, change),
        broken=_broken(rules.broken(before, judged)),
        units=tuple(_units(before, after, change, known)),
    )


def _is_asked(item: Priced, asked: Sequence[Wish]) -> bool:
    return any(wish.value == CHEAPEST and wish.key == "model" and wishes.chosen(wish, item) for wish in asked)


def _sent(item: Priced, change: Change) -> Priced:
    """The request as policies see it: with the limit that it would send."""
    from dataclasses import replace

    holds = change.scenarios.get(item.request.id)
    sent = as_sent(item.request, holds)
    return item if sent is item.request else replace(item, request=sent)


def _sums(before: Sequence[Priced], after: Sequence[Priced], amount: Amount) -> tuple[Money, Money] | None:
    """Both sums over the requests that have the amount on both sides; None: no request has."""
    both = [
        (old, new) for old, new in zip(before, after, strict=True)
        if amount(old) is not None and amount(new) is not None
    ]  # fmt: skip
    was, now = sum_of((old for old, _ in both), amount), sum_of((new for _, new in both), amount)
    return None if was is None or now is None else (was, now)


def _moves(old: Priced, new: Priced) -> bool:
    """Whether a request costs something else, or is another one though it costs the same."""
    was, now = old.estimate, new.estimate
    if was.usd is None and now.usd is None:
        return False
    return (was.usd, was.usd_per_month, old.request.model) != (now.usd, now.usd_per_month, new.request.model)


def _unchanged(pairs: Sequence[tuple[Priced, Priced]], asked: Sequence[Wish], change: Change) -> Iterator[Refused]:
    """Requests that take what was asked and cost the same, by reason."""
    found: dict[str, list[str]] = {}
    for old, new in pairs:
        if not _moves(old, new):
            found.setdefault(_same(new, change), []).append(old.request.id)
    every = ", ".join(wish.text for wish in asked)
    for why, ids in found.items():
        yield Refused(every, why, tuple(ids))


def _same(item: Priced, change: Change) -> str:
    """Why a request costs the same."""
    if item.estimate.usd is None:
        return "it has no price, now or then"
    holds = change.scenarios.get(item.request.id)
    if holds is not None and holds.cache_hit_rate is not None:
        for text in item.estimate.assumptions:
            short = TOO_SHORT.match(text)
            if short is not None:
                return f"its fixed part is shorter than the {int(short[1]):,} tokens that {short[2]} caches"
            if text.endswith(NOT_APPLIED):
                return text.replace(f" (scenario {holds.name})", "")
    return "it costs the same"


def _tried(old: Priced, new: Priced, change: Change, known: Known) -> Tried:
    site = old.request.sites[0]
    return Tried(
        id=old.request.id,
        name=site.qualname,
        at=site.span,
        model=model_text(old.request.model),
        new_model=model_text(new.request.model),
        before=old.estimate.usd,
        after=new.estimate.usd,
        month_before=old.estimate.usd_per_month,
        month_after=new.estimate.usd_per_month,
        remarks=tuple(_remarks(old, new, change, known)),
    )


def _remarks(old: Priced, new: Priced, change: Change, known: Known) -> Iterator[str]:
    """What to know of a request with what was asked."""
    estimate = new.estimate
    if estimate.usd is None:
        yield from estimate.why[:1]
        return
    yield from (text for text in estimate.assumptions if "requests will fail" in text and text not in
                old.estimate.assumptions)  # fmt: skip
    holds = change.scenarios.get(old.request.id)
    for row in rows_of(new, known):
        limits = [limit for one in new.request.variants if (limit := limit_of(one)[0]) is not None]
        limit = holds.max_output if holds is not None and holds.max_output is not None else max(limits, default=None)
        if limit is not None and row.max_output is not None and limit > row.max_output:
            yield f"{row.price_id} writes at most {row.max_output:,} tokens, and the limit is {limit:,}"
        read = estimate.input_tokens
        if read is not None and row.context_window and read.typical + (limit or 0) > row.context_window:
            yield f"input and limit exceed the {row.context_window:,} tokens that {row.price_id} holds"
    if old.request.model == new.request.model:
        return
    if new.request.operation == "embedding":
        yield "what is stored has to be embedded again: vectors of two models cannot be compared"
        return
    lacking = dict.fromkeys(one for row in rows_of(new, known) for one in missing(row, new.request.prompt))
    if lacking:
        yield f"whether the new model takes its {' and '.join(lacking)} is not known"


def _size(line: Tried) -> tuple[bool, Decimal, Decimal, str]:
    """Dearest change first, what has no figure last."""

    def moved(was: Money | None, now: Money | None) -> Decimal:
        return Decimal(0) if was is None or now is None else -abs(now.typical - was.typical)

    return line.before is None, moved(line.month_before, line.month_after), moved(line.before, line.after), line.id


def _broken(findings: Sequence[Finding]) -> tuple[str, ...]:
    """New violations of policies in words, with the first place of each."""
    said: dict[tuple[str, str], list[Finding]] = {}
    for one in findings:
        said.setdefault((one.policy, one.message), []).append(one)
    texts = []
    for (policy, message), every in said.items():
        at = f" ({place(every[0].labels[0].span, column=False)})" if every[0].labels else ""
        more = f" and {plural(len(every) - 1, 'other request')}" if len(every) > 1 else ""
        texts.append(f"{policy}: {message}{at}{more}")
    return tuple(texts)


def _units(
    before: Sequence[Priced], after: Sequence[Priced], change: Change, known: Known
) -> Iterator[tuple[UnitCost, UnitCost]]:
    """Features with economics before and after; none of which only some requests run more often."""
    for feature in known.config.features:
        if not feature.has_economics:
            continue
        was, now = ([one for one in items if one.feature == feature.name] for items in (before, after))
        holds = (change.scenarios.get(item.request.id) for item in was)
        runs = {None if one is None else one.runs_per_month for one in holds}
        if len(runs) != 1:
            continue
        more = runs.pop()
        config = known.config
        if more is not None:
            config = scenarios.under(config, scenario(runs_per_month=more))
        old = unit_cost(feature, was, known.config)
        if old.usd_per_month is not None:
            yield old, unit_cost(feature, now, config)
