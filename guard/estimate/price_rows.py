"""The types of the price table. In: nothing. Out: `Row` and its parts, made by `guard.estimate.prices`.

All money is `Decimal` US dollars. Rates are per million tokens; what is not billed by tokens is a `UnitRate` with its
unit in words. A rate that nobody publishes is None: it is never zero by omission. Zero appears only where a provider
says that the thing is free (`:free` models of OpenRouter, moderation).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date
from decimal import Decimal
from typing import Literal

Confidence = Literal["agree", "single", "disagree", "declared"]
Service = Literal["batch", "flex", "priority", "fast"]
SERVICES: tuple[Service, ...] = ("batch", "flex", "priority", "fast")


@dataclass(frozen=True, slots=True)
class Rate:
    """Dollars per million tokens, and who says so (`genai-prices, litellm` or `guard.yaml prices["openai/*"]`)."""

    usd_per_million: Decimal
    source: str


@dataclass(frozen=True, slots=True)
class Rates:
    """Rates of one service at one prompt size. None: no source publishes the rate."""

    input: Rate | None = None
    """Text that is read anew."""
    output: Rate | None = None
    """Text that is written, reasoning tokens included unless `reasoning` says otherwise."""
    cache_read: Rate | None = None
    """Input read from the prompt cache."""
    cache_write: Rate | None = None
    """Input written to the prompt cache (Anthropic: for 5 minutes). None: billed like `input`."""
    cache_write_1h: Rate | None = None
    """Input written to the prompt cache for one hour."""
    reasoning: Rate | None = None
    """Reasoning tokens where they have a rate of their own; None: billed like `output`."""
    input_audio: Rate | None = None
    output_audio: Rate | None = None
    cache_read_audio: Rate | None = None
    input_image: Rate | None = None
    output_image: Rate | None = None
    input_video: Rate | None = None
    output_video: Rate | None = None

    def items(self) -> tuple[tuple[str, Rate], ...]:
        """The rates that are known, in the order of the fields."""
        pairs = ((f.name, getattr(self, f.name)) for f in fields(self))
        return tuple((name, rate) for name, rate in pairs if rate is not None)


RATE_NAMES: tuple[str, ...] = tuple(f.name for f in fields(Rates))


@dataclass(frozen=True, slots=True)
class Tier:
    """Rates of a whole request whose input (cached parts included) exceeds `above_tokens`."""

    above_tokens: int
    rates: Rates
    services: Mapping[str, Rates] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class UnitRate:
    """Dollars for one unit that is not tokens; `per` names it: `image`, `hour of audio`, `million characters`, ..."""

    usd: Decimal
    per: str
    source: str


@dataclass(frozen=True, slots=True)
class Period:
    """The rates from a date on (None: since the model was first listed) until the next period."""

    start: date | None
    rates: Rates
    tiers: tuple[Tier, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One model as one provider sells it."""

    provider: str
    id: str
    """The name that the provider knows the model by."""
    price_id: str
    """The name in reports: `gpt-4o`; with its channel in front where that changes the price or there is no maker's
    own list price (`azure/eu/gpt-4o-2024-08-06`, `groq/llama-3.3-70b-versatile`)."""
    mode: str
    """An `Operation` of `guard.model`: `chat`, `embedding`, `image`, `audio_stt`, `rerank`, ..."""
    rates: Rates
    services: Mapping[str, Rates]
    """`batch`, `flex`, `priority`, `fast` -> the rates there. A service that is absent has no published rates."""
    tiers: tuple[Tier, ...]
    """By rising `above_tokens`."""
    units: Mapping[str, UnitRate]
    """What is billed by something else than tokens: `image`, `audio_hour`, `million_characters`, `query`, ..."""
    context_window: int | None
    """Tokens of input and output together."""
    max_input: int | None
    max_output: int | None
    min_cacheable: int | None
    """The shortest prefix in tokens that the prompt cache takes."""
    regional: Mapping[str, Decimal]
    """Factor on every rate where the request is pinned to a region: `us` -> 1.1."""
    deprecated: date | None
    """The day from which the provider no longer serves the model, past or to come."""
    status: str | None
    """`deprecated` or `removed` where a source says so."""
    confidence: Confidence
    """`agree`: two independent sources have the rates; `single`: one does; `disagree`: they differ and no two agree;
    `declared`: from guard.yaml."""
    sources: tuple[str, ...]
    """The sources of the main rates."""
    dissent: tuple[tuple[str, str], ...] = ()
    """Sources that say otherwise, with what they say (`input 2 output 6`)."""
    history: tuple[Period, ...] = ()
    """Oldest first; the last one is the current rates. Empty: no source keeps history for this model."""
    since: date | None = None
    """From when the rates of this row hold, where the history says."""

    def rates_for(self, service: str | None = None, input_tokens: int = 0) -> tuple[Rates, tuple[str, ...]]:
        """The rates of a request with that service and size, and remarks on what had to stand in for a missing rate.

        `service`: `batch`, `flex`, `priority`, `fast` or None for the standard one. The dearer rate of a tier holds
        for the whole request. Where a rate is not published the stand-in is never cheaper than what is billed: the
        standard rate for batch, flex and unknown services; for priority and fast the dearer of the service's own
        base rate and the standard rate at that size. A service without any published rate is said in the remarks.
        """
        tier = next((t for t in reversed(self.tiers) if input_tokens > t.above_tokens), None)
        standard = tier.rates if tier else self.rates
        if service is None:
            return standard, ()
        base = self.services.get(service)
        if base is None:
            return standard, (f"no {service} rate is published for {self.price_id}: the standard rate is taken",)
        own = tier.services.get(service, Rates()) if tier else base
        remarks: list[str] = []
        chosen: dict[str, Rate | None] = {}
        for name in RATE_NAMES:
            rate: Rate | None = getattr(own, name)
            plain: Rate | None = getattr(standard, name)
            if rate is None:
                rate = plain
                floor: Rate | None = getattr(base, name) if service in ("priority", "fast") else None
                if floor is not None and (rate is None or floor.usd_per_million > rate.usd_per_million):
                    rate = floor
                if rate is not None and name in ("input", "output"):
                    remarks.append(f"no {service} rate for {name} of this size: {rate.usd_per_million} is taken")
            chosen[name] = rate
        return replace(standard, **chosen), tuple(remarks)
