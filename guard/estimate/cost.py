"""What every request costs. In: `Request`s, the price table, the configuration. Out: `Estimate`, `Priced`, `Totals`.

One request: its declarations are applied (`declared`), each variant is priced whole (`variant`, `units`), low and high
are the least and the most of them and typical is the default variant's; then attempts, repeats and runs multiply.
The formulas stand in `docs/cost.md`. Neighbours: `run` asks for all requests of a scan, `totals` adds them up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from guard.config.types import Config, UsageRule
from guard.estimate import by_entry, framing, scenarios, units, usage, variant
from guard.estimate import declared as declarations
from guard.estimate.by_entry import NOTHING, Call
from guard.estimate.coverage import known_only
from guard.estimate.failures import Failures, Tries
from guard.estimate.money import factor_of, times
from guard.estimate.prices import Prices, Row
from guard.estimate.stage_rules import with_stage
from guard.estimate.totals import place, totals
from guard.estimate.usage import Sizing
from guard.estimate.variant import NotPriced, VariantCost
from guard.model import Choice, Estimate, Money, Priced, Request, Tokens, Value, Variant

__all__ = ["estimate", "estimate_all", "totals"]

MOST_VARIANTS = 16


def variants_of(request: Request) -> tuple[Variant, ...]:
    """The variants of a request; where the analysis made none, each model with each limit, the first one default."""
    if request.variants:
        return request.variants
    models: tuple[Choice | None, ...] = request.model.choices or (None,)
    limits: tuple[Choice | None, ...] = request.max_output.choices or (None,)
    made = [Variant(model, request.provider, limit) for model in models for limit in limits][:MOST_VARIANTS]
    return (replace(made[0], default=True), *made[1:])


_OVERRIDABLE = frozenset({"default", "env_default", "config_file", "catalog_default", "declared", "inline"})
"""Origins of values that hold unless something overrides them; a literal in a branch holds in that branch alone."""


def with_lead(request: Request) -> Request:
    """The request with `default` kept only on a variant that is known to run without overrides.

    That is the one that the analysis marks, where what sets it apart from the others is a default value (of a
    parameter, the environment, a configuration file, the SDK). Where it is a literal, or that nothing is sent, a
    condition decides between the variants and which of them runs is not known: then none is the default.
    """
    marked = next((variant for variant in request.variants if variant.default), None)
    if marked is None or len(request.variants) == 1:
        return request
    evidence = [_is_default(marked.model)] if len({_shown(v.model) for v in request.variants}) > 1 else []
    evidence += [_is_default(marked.max_output)] if len({_shown(v.max_output) for v in request.variants}) > 1 else []
    if evidence and all(evidence):
        return request
    return replace(request, variants=tuple(replace(v, default=False) if v.default else v for v in request.variants))


def _shown(choice: Choice | None) -> tuple[bool, str]:
    return choice is None, "" if choice is None else repr(choice.value)


def _is_default(choice: Choice | None) -> bool:
    """Whether a value is one that something may override; a value without a trail is taken as it is marked."""
    return choice is not None and (not choice.trail or any(step.how in _OVERRIDABLE for step in choice.trail))


def _find(choice: Choice, provider: str | None, prices: Prices, config: Config) -> tuple[Row | None, str | None]:
    """The row of a model choice, through the aliases of guard.yaml; else the reason why there is none."""
    name = choice.value
    if not isinstance(name, str) or not name.strip():
        return None, f"the model `{name}` is not a name"
    alias = config.aliases.get(name)
    if alias is not None:
        name, provider = alias, None
    row = prices.find(name, provider)
    return row, None if row is not None else prices.why_not(name, provider)


def with_price_ids(request: Request, prices: Prices, config: Config) -> Request:
    """The request with `price_id` filled in for every model choice that the table knows."""

    def named(choice: Choice, provider: str | None) -> Choice:
        row, _ = _find(choice, provider, prices, config)
        found = row.price_id if row is not None else None
        return choice if choice.price_id == found else replace(choice, price_id=found)

    def of_value(choice: Choice) -> Choice:
        owner = next((v.provider for v in request.variants if v.model and v.model.value == choice.value), None)
        return named(choice, owner or request.provider)

    return replace(
        request,
        model=Value(tuple(of_value(c) for c in request.model.choices), request.model.open, request.model.why),
        variants=tuple(
            replace(v, model=named(v.model, v.provider or request.provider)) if v.model is not None else v
            for v in request.variants
        ),
    )


@dataclass(frozen=True, slots=True)
class _Costs:
    """The variants of a request that have a price, and the reasons of the others."""

    priced: tuple[VariantCost, ...]
    missing: tuple[str, ...]
    notes: tuple[str, ...]
    default_missing: bool = False
    """Whether the variant without a price is the one that runs without overrides."""


def _price_variants(request: Request, prices: Prices, config: Config, rules: tuple[UsageRule, ...]) -> _Costs:
    sizes = usage.declared(request, config, rules)
    priced: list[VariantCost] = []
    missing: list[str] = []
    notes: list[str] = list(sizes.notes)
    default_missing = False
    for index, one in enumerate(variants_of(request)):
        if one.model is None or one.model.value is None:
            continue
        row, why = _find(one.model, one.provider or request.provider, prices, config)
        if row is None:
            missing.append(why or f"`{one.model.value}` is not in the price table")
            default_missing |= one.default
            continue
        by_units = units.by_units(request, row)
        cost = units.price(request, index, row, sizes) if by_units else variant.price(request, one, index, row, sizes)
        if isinstance(cost, NotPriced):
            missing.append(cost.why)
            default_missing |= one.default
        else:
            priced.append(cost)
    return _Costs(tuple(priced), tuple(dict.fromkeys(missing)), tuple(notes), default_missing)


def _unpriced(request: Request, why: tuple[str, ...], notes: tuple[str, ...]) -> Estimate:
    return Estimate(
        priced=False, why=why, input_tokens=None, output_tokens=None, usd=None, usd_per_run=None, usd_per_month=None,
        runs_per_month=None, runs_source=None, static_tokens=None, segment_tokens=(), holes=(), parts=(),
        assumptions=tuple(dict.fromkeys((*request.assumed, *notes))),
    )  # fmt: skip


def _chosen(request: Request, found: _Costs) -> tuple[VariantCost, str | None]:
    """The variant whose cost is typical: the default one, else the dearest, with the remark that says so.

    Where other variants have no price, the dearest is that of those that have one, and the remark stays even if their
    prices are equal.
    """
    costs = found.priced
    all_variants = variants_of(request)
    defaults = [cost for cost in costs if all_variants[cost.index].default]
    if defaults:
        return defaults[0], None
    dearest = max(costs, key=lambda cost: cost.usd.typical)
    if dearest.usd.typical == min(cost.usd.typical for cost in costs) and not found.missing:
        return dearest, None
    if found.missing:
        return dearest, f"typical is the dearest choice that has a price, {dearest.row.price_id}: no default is known"
    which = f", {dearest.row.price_id}" if len({cost.row.price_id for cost in costs}) > 1 else ""
    return dearest, f"typical is the dearest choice{which}: no default is known"


def _span(costs: tuple[VariantCost, ...], chosen: VariantCost, field: str) -> Tokens | None:
    """Tokens over all variants: the least, the chosen one's typical, the most; None where tokens are not billed."""
    every: list[Tokens] = [size for cost in costs if (size := getattr(cost, field)) is not None]
    typical: Tokens | None = getattr(chosen, field)
    if typical is None:
        return None
    highs = [one.high for one in every]
    high = None if any(one is None for one in highs) else max(one for one in highs if one is not None)
    return Tokens(min(one.low for one in every), typical.typical, high)


def _dearest(costs: tuple[VariantCost, ...]) -> VariantCost:
    """The variant with the highest high (without a bound counts as highest), then the highest typical."""
    return max(costs, key=lambda c: (c.usd.high is None, c.usd.high or Decimal(0), c.usd.typical))


def _call(
    request: Request, prices: Prices, config: Config, remarks: tuple[str, ...], sizing: Sizing, tries: Tries
) -> Call:
    """One call, sized by the usage rules of some entry points."""
    costs = _price_variants(request, prices, config, sizing.rules)
    notes = (*remarks, *costs.notes, *tries.notes)
    if costs.missing and (costs.default_missing or not costs.priced):
        return Call(_unpriced(request, costs.missing, notes), NOTHING)
    if not costs.priced:
        return Call(_unpriced(request, (request.model.why or "the model is not known",), notes), NOTHING)
    chosen, doubt = _chosen(request, costs)
    highs = [cost.usd.high for cost in costs.priced]
    one = Money(
        min(cost.usd.low for cost in costs.priced),
        chosen.usd.typical,
        None if any(high is None for high in highs) else max(high for high in highs if high is not None),
    )
    served = framing.server_tools(request.prompt.tools_json)
    if served:
        one = replace(one, high=None)
    attempts, attempts_why = tries.billed, tries.why
    usd = times(one, attempts)
    # In a loop that makes its own prompt longer, a call costs more on average than one call does.
    in_loop = usd if chosen.usd_in_loop is None else times(_with_typical(one, chosen.usd_in_loop), attempts)
    open_why = [why for cost in costs.priced for why in cost.why_open] + list(attempts_why)
    open_why += [f"fees and results of the server tool {name} are not counted" for name in served]
    dearest = _dearest(costs.priced)
    parts = chosen.parts if dearest.index == chosen.index else (*chosen.parts, *dearest.parts)
    assumed = None
    if chosen.usd.typical:
        assumed = 1.0 if doubt else float(chosen.assumed_usd / chosen.usd.typical)
    doubts = (doubt,) if doubt else ()
    found = Estimate(
        priced=True,
        why=tuple(dict.fromkeys(open_why)),
        input_tokens=_span(costs.priced, chosen, "input"),
        output_tokens=_span(costs.priced, chosen, "output"),
        usd=usd,
        usd_per_run=None,
        usd_per_month=None,
        runs_per_month=None,
        runs_source=None,
        static_tokens=chosen.static_tokens,
        segment_tokens=chosen.segment_tokens,
        holes=chosen.holes,
        parts=parts,
        assumptions=tuple(dict.fromkeys((*request.assumed, *doubts, *notes, *chosen.notes))),
        approximate=chosen.approximate,
        assumed_share=assumed,
        known_only=known_only(request, costs.missing),
    )
    return Call(found, in_loop)


def _estimate(
    request: Request, prices: Prices, config: Config, remarks: tuple[str, ...], failures: Failures
) -> Estimate:
    calls = [
        (sizing, _call(request, prices, config, remarks, sizing, failures.of(request, sizing)))
        for sizing in usage.sizings(request, config)
    ]
    call = by_entry.together(request, config, calls)
    found = call.estimate
    if found.usd is None:
        return found
    per_run = times(call.in_loop, factor_of(request.repeats))
    month = by_entry.per_month(request, call, config)
    why = found.why
    if found.usd.high is not None and per_run.high is None:
        why = (*why, *(request.repeats.why or ("no bound on the number of repeats",)))
    return replace(
        found,
        why=tuple(dict.fromkeys(why)),
        usd_per_run=per_run,
        usd_per_month=month.usd,
        runs_per_month=month.runs,
        runs_source=month.source,
        assumptions=tuple(dict.fromkeys((*found.assumptions, *by_entry.guesses(request), *month.notes))),
        assumed_share_month=month.assumed_share,
        runs_assumed=month.runs_assumed,
    )


def _with_typical(usd: Money, typical: Decimal) -> Money:
    """The interval with another typical, kept within its bounds."""
    most = typical if usd.high is None else min(typical, usd.high)
    return replace(usd, typical=max(usd.low, most))


def estimate(request: Request, prices: Prices, config: Config) -> Estimate:
    """What one call of a request costs, per run and per month. Never raises: what has no price says why.

    `prices` is the table with the rules of guard.yaml applied (`Prices.with_rules`).
    """
    request, remarks = declarations.apply(request, config)
    return estimated([request], [remarks], prices, config)[0].estimate


def _marked(request: Request, found: Estimate) -> Request:
    """The request with `default` on the variant whose price is typical; as it was where there is no price."""
    if not found.parts or len(request.variants) < 2:
        return request
    typical = found.parts[0].variant
    if request.variants[typical].default:
        return request
    marks = tuple(replace(variant, default=index == typical) for index, variant in enumerate(request.variants))
    return replace(request, variants=marks)


def estimate_all(requests: tuple[Request, ...], prices: Prices, config: Config) -> tuple[Priced, ...]:
    """Every request with its estimate, feature and owner. The requests come back with declared models, limits and
    repeats applied, with the `price_id` of their models filled in and the variant marked whose price is typical."""
    applied = [declarations.apply(with_stage(request, config), config) for request in requests]
    found = estimated([request for request, _ in applied], [remarks for _, remarks in applied], prices, config)
    places = [place(request, config) for request, _ in applied]
    return tuple(replace(item, feature=f, owner=o) for item, (f, o) in zip(found, places, strict=True))


def estimated(
    requests: Sequence[Request], remarks: Sequence[tuple[str, ...]], prices: Prices, config: Config
) -> tuple[Priced, ...]:
    """Requests to which declarations are applied already, with their estimates; `remarks`: what that did to each."""
    priced: list[Priced] = []
    failures = Failures(requests, config)
    for request, said in zip(requests, remarks, strict=True):
        asked = scenarios.with_turns(with_price_ids(request, prices, config), config.usage.scenario)
        found = _estimate(with_lead(asked), prices, config, said, failures)
        marked = _marked(asked, found)
        priced.append(Priced(marked, found, remarks=said, stands_in=marked is not asked))
    return tuple(priced)
