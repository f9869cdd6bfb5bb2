"""What one call of a request costs with one variant. In: `Request`, `Variant`, its price `Row`. Out: `VariantCost`.

One call here is one attempt with all its turns; attempts, repeats and runs are `cost`'s business. Each of low, typical
and high is computed whole: its own sizes, turns, price tier and cache use. Neighbours: `inputs`, `outputs`, `turns`
give quantities; `units` prices what is not billed by tokens.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Literal

from guard.estimate import framing, inputs, outputs, tokens, turns
from guard.estimate.history import History, history
from guard.estimate.inputs import InputSize
from guard.estimate.outputs import OutputSize
from guard.estimate.price_rows import Rate, Rates, Row
from guard.estimate.tokens import Method
from guard.estimate.usage import Declared, Sized
from guard.model import Count, Hole, Money, Part, Request, Tokens, Variant

MILLION = Decimal(1_000_000)
Side = Literal["low", "typical", "high"]
SIDES: tuple[Side, ...] = ("low", "typical", "high")
SERVICES = {"batch": "batch", "flex": "flex", "priority": "priority", "fast": "fast"}
LEAST_CACHED = {"openai": 1024, "azure": 1024}
"""The shortest prompt in tokens that providers cache whose limit is in no price list (developers.openai.com, "Prompt
caching"; the same at Azure)."""
FEES = {"web_search": "web_search", "google_search": "web_search", "file_search": "file_search"}
"""Units of the price table by what the names of tools that a provider runs begin with."""
SURCHARGED = ("priority", "fast")
"""Services that cost more than the standard one: without a published rate the standard one would be too low."""


@dataclass(frozen=True, slots=True)
class VariantCost:
    """The cost of one attempt of one call, all turns together, with its arithmetic."""

    index: int
    row: Row
    usd: Money
    input: Tokens | None
    output: Tokens | None
    """Of one turn; None where the model is not billed by tokens."""
    parts: tuple[Part, ...]
    holes: tuple[Hole, ...]
    static_tokens: int | None
    segment_tokens: tuple[tuple[int, ...], ...]
    assumed_usd: Decimal
    """Share of `usd.typical` in dollars that rests on sizes that nobody declared or bounded."""
    notes: tuple[str, ...]
    why_open: tuple[str, ...]
    """Why `usd.high` is None."""
    approximate: str | None
    usd_in_loop: Decimal | None = None
    """Typical price of a call as the mean over the rounds of a loop in which the history grows; None: `usd.typical`."""


@dataclass(frozen=True, slots=True)
class NotPriced:
    """Why a variant has no price."""

    why: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the arithmetic: a kind of token at a rate in US dollars per million."""

    name: str
    usd_per_million: Decimal


@dataclass(frozen=True, slots=True)
class _Sizes:
    """Quantities of one side (low, typical or high), in tokens."""

    first: float
    cacheable: float
    growth: float
    output: float
    turns: float
    hit_rate: float | None
    """Share of the cacheable tokens that is read from the cache; None: no cache is counted on."""
    hour: bool = False
    """Whether what is written to the cache is to be kept for an hour."""
    fees: dict[Line, float] = field(default_factory=dict)
    """Uses in one turn of tools that the provider runs."""


def unit_part(name: str, quantity: Tokens, usd_per_unit: Decimal, index: int) -> Part:
    """A line of the arithmetic of variant `index`: a quantity at a price for one."""
    high = None if quantity.high is None else usd_per_unit * quantity.high
    usd = Money(usd_per_unit * quantity.low, usd_per_unit * decimal(quantity.typical), high)
    return Part(name, quantity, usd_per_unit * MILLION, usd, index)


def decimal(quantity: float) -> Decimal:
    """A quantity as an exact decimal, to a millionth of a token."""
    return Decimal(quantity) if isinstance(quantity, int) else Decimal(f"{quantity:.6f}")


def service_of(request: Request, variant: Variant) -> str | None:
    """The service tier that the price table knows; None for the standard one."""
    if variant.tier is None:
        return "batch" if request.operation == "batch" else None
    return SERVICES.get(variant.tier.lower())


def _cached(rates: Rates, sizes: _Sizes, band: turns.Band) -> Iterable[tuple[str, Rate, float]]:
    """The input of a band: what is read from the cache, what is written to it, the rest at the plain rate."""
    assert rates.input is not None
    if sizes.hit_rate is None or rates.cache_read is None:
        yield "input", rates.input, band.input_tokens
        return
    shared = min(sizes.cacheable * band.turns, band.input_tokens)
    read = shared * sizes.hit_rate
    write, name = rates.cache_write, "cache write"
    if sizes.hour and rates.cache_write_1h is not None:
        write, name = rates.cache_write_1h, "cache write for an hour"
    yield "cached input", rates.cache_read, read
    yield name if write else "input", write or rates.input, shared - read
    yield "input", rates.input, band.input_tokens - shared


def _bill(
    row: Row, service: str | None, sizes: _Sizes, window: int | None, remarks: dict[str, None],
    factor: Decimal = Decimal(1),
) -> dict[Line, float]:  # fmt: skip
    """Tokens by line for one side. `factor`: of the region, on every rate."""
    thresholds = [tier.above_tokens for tier in row.tiers]
    bill: dict[Line, float] = {}

    def put(name: str, rate: Rate, quantity: float, above: int) -> None:
        suffix = f" (requests above {above:,} tokens)" if above else ""
        line = Line(name + suffix, rate.usd_per_million * factor)
        bill[line] = bill.get(line, 0.0) + quantity

    for band in turns.bands(sizes.first, sizes.growth, sizes.turns, window, thresholds):
        rates, said = row.rates_for(service, band.above + 1 if band.above else 0)
        remarks.update(dict.fromkeys(said))
        for name, rate, quantity in _cached(rates, sizes, band):
            put(name, rate, quantity, band.above)
        if rates.output is not None and sizes.output:
            put("output", rates.output, sizes.output * band.turns, band.above)
    return bill


def _region(request: Request, row: Row) -> tuple[dict[Side, Decimal], list[str]]:
    """The factor on the rates for where the provider runs the request, and what is said of it."""
    known = [str(choice.value) for choice in request.region.choices if choice.value is not None]
    factors = [row.regional.get(name, Decimal(1)) for name in known]
    plain = Decimal(1)
    if not request.region.open:
        if not factors or set(factors) == {plain}:
            return dict.fromkeys(SIDES, plain), []
        if len(request.region.choices) == 1:
            return dict.fromkeys(SIDES, factors[0]), [f"{factors[0]} x the rates: it is to run in {known[0]}"]
    elif not row.regional:
        return dict.fromkeys(SIDES, plain), []
    most = max([*factors, *(row.regional.values() if request.region.open else ())], default=plain)
    return {"low": plain, "typical": plain, "high": most}, [
        f"where it is to run is not known: worst at {most} x the rates, else at the rates themselves"
    ]


def total(bill: dict[Line, float]) -> Decimal:
    """US dollars of a bill."""
    return sum((line.usd_per_million * decimal(amount) / MILLION for line, amount in bill.items()), Decimal(0))


def _hit_rates(
    row: Row, declared: Declared, size: InputSize, request: Request
) -> tuple[dict[Side, float | None], list[str]]:
    """Cache hit rates per side. A declared rate is typical; then all or nothing of the prefix may be cached."""
    none: dict[Side, float | None] = dict.fromkeys(SIDES)
    found = declared.cache_hit_rate()
    even = _break_even(row.rates)
    if found is None and request.prompt.caches and row.rates.cache_read is not None:
        most = size.total.high if request.turns.high == 1 else None
        if row.min_cacheable is not None and most is not None and most < row.min_cacheable:
            return none, [
                f"cache_control is sent, and the prompt has at most {most} tokens: {row.price_id} caches no "
                f"fewer than {row.min_cacheable}"
            ]
        return {"low": 1.0, "typical": None, "high": 0.0}, [
            "cache_control is sent: typical counts on no cache, low on reading the fixed part, worst on writing it all",
            *even,
        ]
    if found is None:
        return none, []
    rate, source = found
    if row.rates.cache_read is None:
        return none, [f"no cache rate is published for {row.price_id}: cache_hit_rate ({source}) is not applied"]
    least = row.min_cacheable or LEAST_CACHED.get(row.provider)
    if least is not None and size.cacheable.typical < least:
        return none, [
            f"the prompt's fixed part of {size.cacheable.typical:g} tokens is below the {least} that "
            f"{row.price_id} caches: cache_hit_rate ({source}) is not applied"
        ]
    return {"low": 1.0, "typical": float(rate), "high": 0.0}, even


def _break_even(rates: Rates) -> list[str]:
    """The share of reads from which a cache saves money, in words: where writing costs more than plain input."""
    if rates.input is None or rates.cache_read is None or rates.cache_write is None:
        return []
    plain, read, write = (rate.usd_per_million for rate in (rates.input, rates.cache_read, rates.cache_write))
    if not read < plain < write:
        return []
    return [f"the cache saves money once {float((write - plain) / (write - read) * 100):.3g} % of its tokens are reads"]


def _result_size(request: Request, declared: Declared) -> tuple[Sized | None, list[str]]:
    """New input of each further turn beside the model's own answer: the results of tools. None: there is none."""
    prompt = request.prompt
    if request.turns.high == 1 or not (prompt.tools or prompt.tools_json or prompt.tools_open):
        return None, []
    size = declared.hole("tool_result") or declared.default_hole
    how = "each further turn brings a tool result"
    return size, [f"tool_result: {how} of {size.tokens} tokens ({size.source})"] if size.assumed else []


def _sides(
    request: Request, size: InputSize, written: OutputSize, result: Sized | None, hits: dict[Side, float | None],
    window: int | None,
) -> dict[Side, _Sizes | None]:  # fmt: skip
    """The quantities of each side; None for a high side without a bound."""
    typical_result = result.tokens if result is not None else 0
    hour = request.prompt.caches_hour
    sides: dict[Side, _Sizes | None] = {
        "low": _Sizes(size.total.low, size.cacheable.low, written.total.low,
                      written.total.low, request.turns.low, hits["low"], hour),
        "typical": _Sizes(size.total.typical, size.cacheable.typical,
                          written.total.typical + typical_result, written.total.typical,
                          request.turns.typical, hits["typical"], hour),
        "high": None,
    }  # fmt: skip
    most, written_most, turns_most = size.total.high, written.total.high, request.turns.high
    if most is None or written_most is None or turns_most is None:
        return sides
    high_result = window if result is not None else 0  # a declared size is a mean, no bound
    if high_result is None:
        return sides
    cacheable = size.cacheable.high if size.cacheable.high is not None and not request.prompt.caches else most
    sides["high"] = _Sizes(
        most, min(cacheable, most), written_most + high_result, written_most, turns_most, hits["high"], hour
    )
    return sides


def _parts(bills: dict[Side, dict[Line, float] | None], count: Count, index: int) -> tuple[Part, ...]:
    """The bill per attempt and turn (the mean over the turns)."""
    turns_of: dict[Side, float | None] = {"low": count.low, "typical": count.typical, "high": count.high}
    lines = dict.fromkeys(line for bill in bills.values() if bill for line in bill)
    parts: list[Part] = []
    for line in lines:
        amounts: dict[Side, float | None] = {}
        for side in SIDES:
            bill, number = bills[side], turns_of[side]
            amounts[side] = None if bill is None else (bill.get(line, 0.0) / number if number else 0.0)
        low, typical, high = (amounts[side] for side in SIDES)
        rate = line.usd_per_million / MILLION
        parts.append(
            Part(
                name=line.name,
                quantity=Tokens(int(low or 0), typical or 0.0, None if high is None else -int(-high // 1)),
                usd_per_million=line.usd_per_million,
                usd=Money(
                    rate * decimal(low or 0.0),
                    rate * decimal(typical or 0.0),
                    None if high is None else rate * decimal(high),
                ),
                variant=index,
            )
        )
    return tuple(parts)


def _missing_rate(request: Request, row: Row, service: str | None) -> str | None:
    """Why a row cannot price an operation by tokens; None: it can."""
    if service in SURCHARGED and service not in row.services:
        return f"no {service} rate is published for {row.price_id}"
    if row.rates.input is None:
        return f"the price table has no input rate for {row.price_id}"
    if row.rates.output is None and request.operation not in outputs.NO_OUTPUT:
        return f"the price table has no output rate for {row.price_id} (listed as {row.mode})"
    return None


def _without_assumed(sizes: _Sizes, size: InputSize, written: OutputSize, result: Sized | None) -> _Sizes:
    """The typical quantities with everything assumed set to 0, to see what share of the money rests on it."""
    output = 0.0 if written.assumed else sizes.output
    growth = output + (result.tokens if result is not None and not result.assumed else 0)
    first = max(0.0, sizes.first - size.assumed)
    return _Sizes(first, min(sizes.cacheable, first), growth, output, sizes.turns, sizes.hit_rate, sizes.hour)


def price(request: Request, variant: Variant, index: int, row: Row, declared: Declared) -> VariantCost | NotPriced:
    """The cost of a request that is billed by tokens, with one of its variants."""
    service = service_of(request, variant)
    missing = _missing_rate(request, row, service)
    if missing:
        return NotPriced(missing)
    method = _method(row)
    window = row.max_input if row.max_input is not None else row.context_window
    size = inputs.under_scenario(inputs.input_size(request, declared, method, row.id, window), declared, window)
    written = outputs.output_size(request, variant, declared, row.id, row.max_output, row.context_window)
    hits, cache_notes = _hit_rates(row, declared, size, request)
    result, result_notes = _result_size(request, declared)
    if request.prompt.batch is not None:
        window = None  # of each input, and counted there
    fees, fee_notes = _tool_fees(request, row, declared)
    sides = {
        # Declared uses are a mean, so they say nothing of the low side.
        side: sizes if sizes is None or side == "low" else replace(sizes, fees=fees)
        for side, sizes in _sides(request, size, written, result, hits, window).items()
    }
    remarks: dict[str, None] = {}
    factors, region_notes = _region(request, row)
    bills: dict[Side, dict[Line, float] | None] = {}
    for side, sizes in sides.items():
        bills[side] = (
            None if sizes is None else _bill(row, service, sizes, window, remarks, factors[side]) | _fee(row, sizes)
        )
    typical = sides["typical"]
    assert typical is not None
    certain = _bill(
        row, service, _without_assumed(typical, size, written, result), window, {}, factors["typical"]
    ) | _fee(row, typical)
    high = bills["high"]
    usd = Money(total(bills["low"] or {}), total(bills["typical"] or {}), None if high is None else total(high))
    grown = history(request, declared)
    in_loop = None
    if grown is not None:
        rounds = _rounds(typical, size, grown)
        in_loop = total(_bill(row, service, rounds, window, {}, factors["typical"]) | _fee(row, rounds)) / decimal(
            grown.rounds
        )
    why = (*size.why_open, *written.why_open)
    if usd.high is None and request.turns.high is None:
        why = (*why, *(request.turns.why or ("no bound on the number of turns",)))
    return VariantCost(
        index=index,
        row=row,
        usd=usd,
        input=size.total,
        output=written.total,
        parts=_parts(bills, request.turns, index),
        holes=size.holes,
        static_tokens=size.static_tokens,
        segment_tokens=size.segment_tokens,
        assumed_usd=max(Decimal(0), usd.typical - total(certain)),
        notes=(
            *size.notes,
            *written.notes,
            *result_notes,
            *cache_notes,
            *fee_notes,
            *region_notes,
            *remarks,
            *([grown.note] if grown else []),
        ),
        why_open=why,
        approximate=None if method.exact or not size.static_tokens else label(request, method),
        usd_in_loop=in_loop,
    )


def _rounds(typical: _Sizes, size: InputSize, grown: History) -> _Sizes:
    """The typical quantities of all rounds of a loop together: the first without history, each later one with more."""
    taken = sum(hole.tokens.typical for hole in size.holes if hole.name == grown.hole)
    first = max(0.0, typical.first - taken)
    return replace(typical, first=first, growth=typical.output + grown.added, turns=grown.rounds)


def _fee(row: Row, sizes: _Sizes) -> dict[Line, float]:
    """A fee per request, where the provider asks one beside the tokens (Perplexity), and those of its tools."""
    fee = row.units.get("request")
    every = {Line("request fee (per request)", fee.usd * MILLION): sizes.turns} if fee is not None else {}
    return every | {line: number * sizes.turns for line, number in sizes.fees.items()}


def _tool_fees(request: Request, row: Row, declared: Declared) -> tuple[dict[Line, float], list[str]]:
    """Declared uses of tools that the provider runs, in one turn, and what it asks for one of the others."""
    fees: dict[Line, float] = {}
    notes: list[str] = []
    for unit in dict.fromkeys(
        unit
        for name in framing.server_tools(request.prompt.tools_json)
        for start, unit in FEES.items()
        if name.startswith(start)
    ):
        fee = row.units.get(unit)
        if fee is None:
            notes.append(f"no fee of {unit} is published for {row.price_id}")
            continue
        uses = declared.hole(unit)
        if uses is None:
            notes.append(f"each {unit} costs {fee.usd} USD and none is counted: declare `{unit}`, the uses of a call")
        else:
            fees[Line(f"{unit} (per use)", fee.usd * MILLION)] = uses.tokens
            notes.append(f"{unit}: {uses.tokens} a call ({uses.source})")
    return fees, notes


def _method(row: Row) -> Method:
    return tokens.encoding_for(row.provider, row.id)


def label(request: Request, method: Method) -> str:
    """The label for the class of text that the prompt's static part has."""
    text = "\n".join(s.text for message in request.prompt.messages for s in message.segments if s.text)
    return method.label_for(text)
