"""What a request would be if one thing in it were otherwise: its model, its output limit, its retries, its passages.

In: a `Priced` and the new value. Out: a `Request` or a `Scenario` for it, or `Cannot` with the reason. Nothing is
estimated here. Neighbours: `wishes` (what a user asks for), `moves` (one step of every figure), `anew` (estimates).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal

from guard.config.types import Scenario
from guard.estimate.cost import variants_of
from guard.estimate.outputs import NO_OUTPUT, default_effort
from guard.estimate.price_rows import Row
from guard.estimate.units import by_units
from guard.model import Choice, Count, Layer, Priced, Request, Segment, Value, Variant
from guard.use.bill.anew import Known, scenario

TEXT = frozenset({"chat", "responses", "text_completion", "agent", "batch", "unknown"})
"""Operations that a model for text serves, whatever the price table calls it."""


@dataclass(frozen=True, slots=True)
class Cannot:
    """Why a request does not take what was asked."""

    why: str


def kind(operation: str) -> str:
    """What kind of model serves an operation, in a word."""
    return "text" if operation in TEXT else operation


def row_of(known: Known, name: str, provider: str | None) -> Row | None:
    """The row of a model name as one would write it: of the request's own provider if that has it, else anywhere."""
    alias = known.config.aliases.get(name)
    if alias is not None:
        return known.prices.find(alias, None)
    own = None if provider is None else known.prices.find(name, provider)
    return own or known.prices.find(name, None)


def with_model(item: Priced, name: str, known: Known, only: Callable[[Choice], bool] | None = None) -> Request | Cannot:
    """The request with another model; `only`: which of its models are replaced, None: all, also one not known."""
    request = item.request
    row = row_of(known, name, request.provider)
    if row is None:
        return Cannot(f"`{name}` has no price there")
    if kind(row.mode) != kind(request.operation):
        return Cannot(f"it is a request for {_a(request.operation)}, `{row.price_id}` is a model for {_a(row.mode)}")
    choice = Choice(name)
    kept = known.prices.find(name, request.provider) is not None if request.provider else False
    provider = request.provider if kept else row.provider
    variants = tuple(
        dict.fromkeys(
            _served(variant, choice, provider, row)
            if only is None or (variant.model is not None and only(variant.model))
            else variant
            for variant in variants_of(request)
        )
    )
    if only is None:
        return replace(request, model=Value((choice,), False), variants=variants, provider=provider)
    choices = tuple(dict.fromkeys(choice if only(one) else one for one in request.model.choices))
    return replace(request, model=replace(request.model, choices=choices), variants=variants)


def _served(variant: Variant, model: Choice, provider: str | None, row: Row) -> Variant:
    """The variant with another model; an effort that the new one does not reason with is left out."""
    keeps = row.provider not in ("openai", "azure") or default_effort(row.id) is not None or "gpt-5" in row.id
    return replace(variant, model=model, provider=provider, reasoning=variant.reasoning if keeps else None)


def _a(operation: str) -> str:
    return {"text": "text", "embedding": "embeddings", "image": "images"}.get(kind(operation), kind(operation))


def rows_of(item: Priced, known: Known) -> tuple[Row, ...]:
    """The rows of the models that a request may use."""
    found = (
        row_of(known, str(variant.model.value), variant.provider or item.request.provider)
        for variant in variants_of(item.request)
        if variant.model is not None and variant.model.value is not None
    )
    return tuple(row for row in found if row is not None)


def by_tokens(item: Priced, known: Known) -> bool:
    """Whether a request is billed by tokens, and has an answer that is."""
    return item.request.operation not in NO_OUTPUT and not any(
        by_units(item.request, row) for row in rows_of(item, known)
    )


def with_limit(item: Priced, limit: int, known: Known) -> Scenario | Cannot:
    """The request with another output limit."""
    if not by_tokens(item, known):
        return Cannot("its answer is not billed by tokens")
    return scenario(max_output=limit)


def as_sent(request: Request, holds: Scenario | None) -> Request:
    """The request with the limit that a scenario has it send, for those who judge what is sent."""
    if holds is None or holds.max_output is None:
        return request
    limit = Choice(holds.max_output)
    variants = tuple(replace(variant, max_output=limit) for variant in request.variants)
    return replace(request, max_output=Value((limit,), False), variants=variants)


def looked_up(item: Priced) -> tuple[Segment, ...]:
    """The parts of a prompt that passages fill whose number is known."""
    return tuple(s for message in item.request.prompt.messages for s in message.segments if s.passages)


def with_passages(item: Priced, number: Callable[[int], int]) -> Scenario | Cannot:
    """The request with as many passages as `number` makes of those that it looks up now."""
    holes = {
        segment.name or "hole": Decimal(number(segment.passages)) / segment.passages
        for segment in looked_up(item)
        if segment.passages
    }
    if holes:
        return scenario(holes=holes)
    if any(s.text is None and s.name == "context" for m in item.request.prompt.messages for s in m.segments):
        return Cannot("how many passages it looks up is not known")
    return Cannot("it looks up nothing that guard knows of")


def billed(request: Request) -> tuple[Layer, ...]:
    """The layers of retries whose tries are or may be paid for."""
    return tuple(layer for layer in request.layers if layer.billed != "no")


def with_retries(item: Priced, retries: int) -> Request | Cannot:
    """The request with at most so many retries of a call in all that are paid for."""
    request = item.request
    paid = billed(request)
    if request.layers and not paid:
        return Cannot("its retries are of refused tries, which cost nothing")
    if not paid and request.attempts.high is not None and request.attempts.high > 1:
        return Cannot("its tries are known, but not what repeats it")
    if not paid and not retries:
        return Cannot("nothing repeats it")
    kept = tuple(layer for layer in request.layers if layer.billed == "no")
    word = "yes" if any(layer.billed == "yes" for layer in paid) else "maybe"
    layer = Layer("what-if", retries + 1, "yes" if word == "yes" else "maybe")
    most = math.prod(one.attempts or 1 for one in (*kept, layer))
    endless = any(one.attempts is None for one in kept)
    attempts = Count(request.attempts.low, request.attempts.typical, None if endless else most)
    return replace(request, layers=(*kept, layer), attempts=attempts)


def one_try_less(item: Priced) -> Request | None:
    """The request with one try less in its longest layer of retries that is paid for; None: there is no such layer."""
    request = item.request
    paid = [layer for layer in billed(request) if layer.attempts is not None and layer.attempts > 1]
    if not paid:
        return None
    longest = max(paid, key=lambda layer: layer.attempts or 0)
    layers = tuple(
        replace(layer, attempts=layer.attempts - 1) if layer is longest and layer.attempts else layer
        for layer in request.layers
    )
    high = request.attempts.high
    if high is not None and longest.attempts:
        high = max(1, high * (longest.attempts - 1) // longest.attempts)
    return replace(request, layers=layers, attempts=replace(request.attempts, high=high))
