"""The object `request`: one request under one of its variants.

A policy is broken if one of the models or limits that can arrive breaks it, so a condition that speaks of these is
asked about each variant, and, where others may arrive, once more with what may be another being unknown. Prices and
token counts are those of the request as a whole; of a single variant of several they are then only known to lie between
the whole's ends, unless it is the one that sets them.

In: `Priced`. Out: `REQUEST` (the fields), `asked` (the values to ask about). Neighbours: `parts`, `table`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import get_args

from guard.model import Choice, Count, Money, Operation, Priced, Stage, Tokens, Variant
from guard.model import Value as Known
from guard.policy import words
from guard.policy.expr.types import TEXT, TRUTH, ListOf, Number, Text
from guard.policy.expr.values import INFINITE, Absent, Between, Unknown, Value, number
from guard.policy.objects.parts import (
    AMOUNTS,
    COUNTS,
    ENTRY,
    HOLE,
    LAYER,
    SITE,
    Figures,
    Retried,
    field,
    figures,
    listed,
    table,
)

VARYING = frozenset(
    {"model", "model_written", "provider", "max_output", "reasoning_effort", "reasoning_tokens", "tier"}
)
"""Fields that differ between the variants of a request."""
_STANDARD = "standard"
_NOTHING_SENT = "no output limit is sent"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as a condition sees it. `index`: of its variant, None: all of them together.

    `opened`: what may be another value than those known is unknown.
    """

    item: Priced
    index: int | None = None
    opened: bool = False

    @property
    def variant(self) -> Variant | None:
        """The variant that is asked about, also where there is no other."""
        variants = self.item.request.variants
        index = 0 if self.index is None and len(variants) == 1 else self.index
        return variants[index] if index is not None and index < len(variants) else None


def asked(item: Priced, varying: bool) -> Iterator[Asked]:
    """All that a condition must be asked about a request. `varying`: it names a field that differs between variants."""
    if not varying:
        yield Asked(item)
        return
    request = item.request
    indexes: list[int | None] = list(range(len(request.variants))) or [None]
    for index in indexes:
        yield Asked(item, index)
    if request.model.open or request.max_output.open:
        for index in indexes:
            yield Asked(item, index, opened=True)


def _each(
    one: Asked, value: Known, choice: Callable[[Variant], Choice | None], read: Callable[[Choice], Value]
) -> Value:
    """A value that variants fix together, of the variant that is asked about or of all together if they agree."""
    if one.opened and value.open:
        return Unknown((value.why or "it is not fixed",))
    variants = one.item.request.variants
    if one.variant is not None:
        variants = (one.variant,)
    choices = [choice(variant) for variant in variants]
    found = [read(one) for one in choices if one is not None] if variants else [read(one) for one in value.choices]
    if not found or None in choices:
        return Unknown((value.why or "it was not found in the code",))
    if one.index is None and value.open:
        return Unknown((value.why or "it is not fixed",))
    if any(other != found[0] for other in found):
        return Unknown(("it differs between branches of the code",))
    return found[0]


def _model(one: Asked) -> Value:
    value = one.item.request.model
    return _each(one, value, lambda variant: variant.model, lambda choice: _name(choice, choice.price_id))


def _model_written(one: Asked) -> Value:
    value = one.item.request.model
    return _each(one, value, lambda variant: variant.model, lambda choice: _name(choice, None))


def _name(choice: Choice, price_id: str | None) -> Value:
    if choice.value is None:
        return Absent("no model is named in the code, so the SDK or the server decides")
    return price_id or str(choice.value)


def _max_output(one: Asked) -> Value:
    value = one.item.request.max_output
    return _each(one, value, lambda variant: variant.max_output, _limit)


def _limit(choice: Choice) -> Value:
    value = choice.value
    if value is None:
        return Absent(_NOTHING_SENT)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return Unknown((f"the output limit `{words.name(value)}` is no number",))
    return number(value)


def _provider(one: Asked) -> Value:
    named = {variant.provider or one.item.request.provider for variant in _variants(one)}
    if len(named) > 1:
        return Unknown(("the provider differs between branches of the code",))
    return next(iter(named), one.item.request.provider) or Unknown(("the provider is not known",))


def _tier(one: Asked) -> Value:
    named = {variant.tier or _STANDARD for variant in _variants(one)}
    return next(iter(named)) if len(named) == 1 else Unknown(("the service tier is not known",))


def _effort(one: Asked) -> Value:
    return _reasoning(one, lambda found: found if isinstance(found, str) else None)


def _thinking(one: Asked) -> Value:
    def tokens(found: object) -> Value:
        return number(found) if isinstance(found, int | float) and not isinstance(found, bool) else None

    return _reasoning(one, tokens)


def _reasoning(one: Asked, read: Callable[[object], Value]) -> Value:
    found = {variant.reasoning for variant in _variants(one)}
    if len(found) != 1:
        return Unknown(("the setting of reasoning is not known",))
    value = next(iter(found))
    if value is None:
        # The analysis does not tell "not sent" from "not found".
        return Unknown(("no setting of reasoning was found",))
    read_ = read(value)
    return Absent("reasoning is set in another way") if read_ is None else read_


def _variants(one: Asked) -> tuple[Variant, ...]:
    return one.item.request.variants if one.variant is None else (one.variant,)


def _models(one: Asked) -> Value:
    """All models by name; an unknown one at the end stands for others that may be used."""
    value = one.item.request.model
    names = [_name(choice, choice.price_id) for choice in value.choices]
    known = [name for name in dict.fromkeys(names) if isinstance(name, str)]
    why = value.why or "the model is not known"
    return (*known, Unknown((why,))) if value.open or not known else tuple(known)


def _no_price(one: Asked) -> Unknown:
    return Unknown((f"the price ({words.reasons(one.item.estimate.why)})",))


def _usd(one: Asked) -> Value:
    estimate = one.item.estimate
    return _no_price(one) if estimate.usd is None else _amount(one, estimate.usd)


def _usd_per_run(one: Asked) -> Value:
    estimate = one.item.estimate
    return _no_price(one) if estimate.usd_per_run is None else _amount(one, estimate.usd_per_run)


def _usd_per_month(one: Asked) -> Value:
    estimate = one.item.estimate
    if estimate.usd_per_month is not None:
        return _amount(one, estimate.usd_per_month)
    return _no_price(one) if estimate.usd is None else Absent("no runs_per_month is declared in `usage`")


def _amount(one: Asked, money: Money) -> Value:
    """Figures of the request as a whole, as far as they are those of what is asked about."""
    estimate = one.item.estimate
    found = figures(money)
    lost = None if money.high is not None else _why_lost(one, "attempts", "turns", "repeats")
    if lost is not None:
        # There may be a bound, which is not known.
        found = Figures(found.low, found.typical, Between(found.typical, INFINITE, lost))
    if one.opened:
        # Typical is what runs without overrides, so it is the same whatever else may arrive.
        other = Unknown((next(iter(estimate.known_only), "another value may arrive"),))
        return Figures(other, found.typical, other)
    if one.index is not None and len(one.item.request.variants) > 1:
        sums: dict[int, Decimal] = {}
        for part in estimate.parts:
            sums[part.variant] = sums.get(part.variant, Decimal(0)) + number(part.usd.high)
        dearest = max(sums, key=lambda index: sums[index], default=None)
        chosen = estimate.parts[0].variant if estimate.parts else None
        why = "the price of this choice alone is not known"
        return _one_of(found, one.index == chosen, one.index == dearest, why)
    if estimate.known_only:
        # Low and high cover what is known and priced; what else may run costs less or more.
        low = Between(Decimal(0), found.low, estimate.known_only[0])
        return Figures(low, found.typical, _at_least(found.high, estimate.known_only[0]))
    return found


def _why_lost(one: Asked, *whats: str) -> str | None:
    """Why a count without a bound is not known to have none; None: it has none."""
    return next((unknown.why for unknown in one.item.request.unknown if unknown.what in whats), None)


def _count(one: Asked, count: Count, what: str) -> Figures:
    """A count of the request; one that is not known has a low end alone."""
    found = figures(count)
    why = _why_lost(one, what) if count.high is None else None
    return found if why is None else Figures(found.low, found.typical, Between(found.low, INFINITE, why))


def _repeats(one: Asked) -> Value:
    return _count(one, one.item.request.repeats, "repeats")


def _layers(one: Asked) -> Value:
    why = _why_lost(one, "attempts")
    return tuple(Retried(layer, why) for layer in one.item.request.layers)


def _at_least(high: Value, why: str) -> Value:
    return high if isinstance(high, Between) or high == INFINITE else Between(high, INFINITE, why)


def _one_of(found: Figures, sets_typical: bool, sets_high: bool, why: str) -> Figures:
    """Figures of one variant of several: those that it sets, else somewhere between the ends."""
    most = found.high.high if isinstance(found.high, Between) else found.high
    between = found.low if found.low == most else Between(found.low, most, why)
    return Figures(between, found.typical if sets_typical else between, found.high if sets_high else between)


def _tokens(one: Asked, tokens: Tokens | None, what: str) -> Value:
    if tokens is None:
        return Unknown((f"the number of {what} tokens",)) if one.item.estimate.priced else _no_price(one)
    found = figures(tokens)
    if one.index is None or len(one.item.request.variants) == 1:
        return found
    return _one_of(found, False, False, f"the {what} tokens of this choice alone are not known")


def _static_tokens(one: Asked) -> Value:
    tokens = one.item.estimate.static_tokens
    return Unknown(("the static part of the prompt",)) if tokens is None else Decimal(tokens)


def _tools(one: Asked) -> Value:
    prompt = one.item.request.prompt
    least = Decimal(prompt.tools)
    return Between(least, INFINITE, "more tools may be sent than are known") if prompt.tools_open else least


def _outputs(one: Asked) -> Value:
    outputs = one.item.request.outputs
    return Unknown(("how many answers are asked for",)) if outputs is None else Decimal(outputs)


def _runs(one: Asked) -> Value:
    runs = one.item.estimate.runs_per_month
    return Absent("no runs_per_month is declared in `usage`") if runs is None else runs


def _assumed(one: Asked) -> Value:
    share = one.item.estimate.assumed_share
    return Unknown(("the share of assumption",)) if share is None else number(share)


def _or_absent(value: str | None, why: str) -> Value:
    return Absent(why) if value is None else value


REQUEST = table(
    "request",
    "One request to a model: what one call of the code sends, with the values that decide its cost.",
    (
        field("api", TEXT, "What sends it, `openai.chat.completions.create`", lambda one: one.item.request.api),
        field(
            "operation", Text(get_args(Operation)), "What it asks for", lambda one: one.item.request.operation
        ),
        field("model", TEXT, "The model by the name that prices it, else as written", _model, optional=True),
        field("model_written", TEXT, "The model as the code names it", _model_written, optional=True),
        field("models", ListOf(TEXT), "All models that may be used", _models),
        field("provider", TEXT, "Who serves it: `openai`, `azure`, `anthropic`, ...", _provider),
        field("max_output", Number(), "The output limit in tokens", _max_output, optional=True),
        field("tier", Text((_STANDARD, "batch", "flex", "priority")), "Service tier", _tier),
        field("reasoning_effort", TEXT, "Effort of reasoning as a word", _effort, optional=True),
        field("reasoning_tokens", Number(), "Budget of reasoning in tokens", _thinking, optional=True),
        field("usd", AMOUNTS, "The price of one call, with its turns and attempts", _usd),
        field("usd_per_run", AMOUNTS, "The price per run of the outermost function", _usd_per_run),
        field("usd_per_month", AMOUNTS, "The price of a month, where runs are declared", _usd_per_month, optional=True),
        field("runs_per_month", Number(), "Declared runs of its entry points", _runs, optional=True),
        field("priced", TRUTH, "Whether it has a price", lambda one: one.item.estimate.usd is not None),
        field("assumed_share", Number("share"), "Part of the typical price that is assumption", _assumed),
        field("input_tokens", COUNTS, "Input of one turn", lambda o: _tokens(o, o.item.estimate.input_tokens, "input")),
        field(
            "output_tokens", COUNTS, "Output of one turn", lambda o: _tokens(o, o.item.estimate.output_tokens, "output")
        ),
        field("static_tokens", Number(), "Tokens of the prompt that stand in the code", _static_tokens),
        field("holes", listed(HOLE), "Parts of the prompt that are filled in", lambda one: one.item.estimate.holes),
        field("tools", Number(), "Tools that are sent", _tools),
        field("caches", TRUTH, "Whether it asks for prompt caching", lambda one: one.item.request.prompt.caches),
        field("outputs", Number(), "Answers per request (`n`)", _outputs),
        field("attempts", COUNTS, "HTTP tries of one call", lambda o: _count(o, o.item.request.attempts, "attempts")),
        field("layers", listed(LAYER), "Layers of retries around it", _layers),
        field("turns", COUNTS, "Model calls of one call (agents)", lambda o: _count(o, o.item.request.turns, "turns")),
        field("repeats", COUNTS, "Calls per run of its function", _repeats),
        field("conditional", TRUTH, "Whether it stands under a condition", lambda one: one.item.request.conditional),
        field(
            "fallback", TRUTH, "Whether it runs after another failed", lambda one: one.item.request.after is not None
        ),
        field("stage", Text(get_args(Stage)), "Where the code runs", lambda one: one.item.request.stage),
        field(
            "feature",
            TEXT,
            "Its feature (`features` in guard.yaml)",
            lambda one: _or_absent(one.item.feature, "it belongs to no feature"),
            optional=True,
        ),
        field("owner", TEXT, "Its owner", lambda one: _or_absent(one.item.owner, "it has no owner"), optional=True),
        field("path", TEXT, "The file of its outermost call", lambda one: one.item.request.sites[0].span.path),
        field("function", TEXT, "The function of its outermost call", lambda one: one.item.request.sites[0].qualname),
        field("sites", listed(SITE), "The calls that decide about it, outermost first", lambda o: o.item.request.sites),
        field("entries", listed(ENTRY), "Entry points that reach it", lambda one: one.item.request.reached_from),
        field("callers", Number(), "Calls with the same values", lambda one: Decimal(one.item.request.callers)),
        field(
            "unknown", ListOf(TEXT), "What is not known: `model`, `price`, `repeats`, ...",
            lambda one: tuple(dict.fromkeys(unknown.what for unknown in one.item.request.unknown)),
        ),
    ),
)  # fmt: skip
