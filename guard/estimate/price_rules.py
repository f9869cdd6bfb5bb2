"""`prices` of guard.yaml on the price table. In: `PriceRule`s and rows. Out: rows whose rates name the rule.

One rule holds for a model: the most specific pattern that matches `provider/id` or the name in reports (most letters
outside wildcards; of equals the later one). A discount multiplies every rate. Rates of one's own replace the standard
rates; what the rule does not give (cache, batch, long context) keeps the table's proportion to the rate that it
replaces, since contracts are drawn on list prices. A pattern without `*` that the table does not list becomes a row of
its own where it gives both input and output.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from fnmatch import fnmatchcase

from guard.config.types import PriceRule
from guard.estimate.price_names import bare_name, provider_key
from guard.estimate.price_rows import Period, Rate, Rates, Row, Tier

_BASE = {
    "input": "input", "cache_read": "input", "cache_write": "input", "cache_write_1h": "input", "output": "output",
    "reasoning": "output",
}  # fmt: skip
"""The standard rate to which another rate is in proportion where a rule does not give it."""


def declared_rows(rules: Iterable[PriceRule], listed: Mapping[str, str]) -> dict[str, Row]:
    """Rows by `provider/id` for models that only guard.yaml prices. Later rules replace earlier ones."""
    rows = {}
    for rule in rules:
        written, _, name = rule.pattern.partition("/")
        provider = provider_key(written) or written.lower()
        key = f"{provider}/{name.lower()}"
        if rule.input is None or rule.output is None or not name or "*" in rule.pattern or key in listed:
            continue
        given = {n: getattr(rule, n) for n in ("input", "output", "cache_read", "cache_write")}
        keep = 1 - (rule.discount or 0)
        rates = Rates(**{n: Rate(usd * keep, _source(rule)) for n, usd in given.items() if usd is not None})
        rows[key] = Row(
            provider=provider, id=name, price_id=name if bare_name(provider, name.lower()) else f"{provider}/{name}",
            mode="chat", rates=rates, services={}, tiers=(), units={}, context_window=None, max_input=None,
            max_output=None, min_cacheable=None, regional={}, deprecated=None, status=None, confidence="declared",
            sources=(_source(rule),),
        )  # fmt: skip
    return rows


def apply_rules(row: Row, rules: Iterable[PriceRule]) -> Row:
    """The row under the most specific rule that matches it, or the row itself."""
    names = {f"{row.provider}/{row.id}".lower(), row.price_id.lower()}
    matching = [
        (sum(c not in "*?[]" for c in rule.pattern), place, rule)
        for place, rule in enumerate(rules)
        if any(fnmatchcase(name, pattern) for name in names for pattern in _patterns(rule.pattern))
    ]
    if not matching:
        return row
    rule = max(matching)[2]
    keep = 1 - (rule.discount or Decimal(0))
    factors = dict.fromkeys(_BASE, keep)
    for name in ("input", "output"):
        own, rate = getattr(rule, name), getattr(row.rates, name)
        if own is not None and rate is not None and rate.usd_per_million:
            factors |= {n: own / rate.usd_per_million * keep for n, base in _BASE.items() if base == name}
    source = _source(rule)
    own_rates = {
        name: Rate(own * keep, source)
        for name in ("input", "output", "cache_read", "cache_write")
        if (own := getattr(rule, name)) is not None
    }
    return replace(
        row,
        rates=replace(_scaled(row.rates, factors, keep, source), **own_rates),
        services={s: _scaled(rates, factors, keep, source) for s, rates in row.services.items()},
        tiers=_scaled_tiers(row.tiers, factors, keep, source),
        units={n: replace(u, usd=u.usd * keep, source=f"{u.source}, {source}") for n, u in row.units.items()},
        history=tuple(
            Period(p.start, _scaled(p.rates, factors, keep, source), _scaled_tiers(p.tiers, factors, keep, source))
            for p in row.history
        ),
        sources=(*row.sources, source),
    )


def _patterns(pattern: str) -> tuple[str, ...]:
    """A pattern in lower case, also with guard's own name of the provider (`azure_openai/*` -> `azure/*`)."""
    written, slash, name = pattern.lower().partition("/")
    provider = provider_key(written) if slash else None
    return (pattern.lower(), f"{provider}/{name}") if provider else (pattern.lower(),)


def _scaled(rates: Rates, factors: Mapping[str, Decimal], keep: Decimal, source: str) -> Rates:
    """Rates times the factor of each; rates without a base (audio, images) only take the discount."""
    scaled = {
        name: Rate(rate.usd_per_million * factors.get(name, keep), f"{rate.source}, {source}")
        for name, rate in rates.items()
    }
    return Rates(**scaled)


def _scaled_tiers(
    tiers: Iterable[Tier], factors: Mapping[str, Decimal], keep: Decimal, source: str
) -> tuple[Tier, ...]:
    return tuple(
        Tier(
            tier.above_tokens,
            _scaled(tier.rates, factors, keep, source),
            {s: _scaled(rates, factors, keep, source) for s, rates in tier.services.items()},
        )
        for tier in tiers
    )


def _source(rule: PriceRule) -> str:
    return f'guard.yaml prices["{rule.pattern}"]'
