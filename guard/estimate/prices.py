"""The price table: which row prices a model, and with which rates. In: guard/estimate/data/prices.tsv. Out: `Row`s.

The table is compiled by `tools/compile_prices.py` (rules and sources: docs/prices.md) and ships with guard; nothing is
fetched. A row is decoded when it is asked for, so that a lookup costs milliseconds. Neighbours: `price_names` takes a
written name apart, `price_rows` has the types, `price_rules` applies `prices` of guard.yaml, `price_show` prints.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from guard.estimate.price_names import LABS, bare_name, candidates, owner, provider_key
from guard.estimate.price_rows import (
    RATE_NAMES,
    SERVICES,
    Confidence,
    Period,
    Rate,
    Rates,
    Row,
    Service,
    Tier,
    UnitRate,
)

if TYPE_CHECKING:
    from guard.config.types import PriceRule

__all__ = [
    "RATE_NAMES", "SERVICES", "Confidence", "Period", "Prices", "Rate", "Rates", "Row", "Service", "Source", "Tier",
    "UnitRate", "load", "price_id",
]  # fmt: skip

_CONFIDENCE: dict[str, Confidence] = {"a": "agree", "s": "single", "d": "disagree"}
_UNIT_WORDS = {
    "audio_hour": "hour of audio", "million_characters": "million characters", "query": "query", "request": "request",
    "page": "page", "image": "image", "input_image": "image read", "video_second": "second of video",
    "web_search": "web search", "file_search": "file search", "gb_day": "GB stored for a day",
}  # fmt: skip
_FREE = Decimal(0)


@dataclass(frozen=True, slots=True)
class Source:
    """A package that the table was compiled from."""

    package: str
    version: str
    licence: str
    sha256: str
    """Of the wheel."""


class Prices:
    """The price table with the rules of guard.yaml applied. Made by `load` and `with_rules`; immutable in effect."""

    __slots__ = ("_declared", "_index", "_located", "_memo", "_rules", "as_of", "sha256", "sources")

    def __init__(self, header: Mapping[str, Any], index: Mapping[str, str]) -> None:
        """`header` is the first line of the table, `index` the raw rows by `provider/id`."""
        self.as_of: str = header["as_of"]
        """The day (ISO 8601) for which the prices hold."""
        self.sha256: str = header["sha256"]
        """Of all rows; it changes when a price does."""
        self.sources = tuple(Source(**source) for source in header["sources"])
        self._index = index
        self._memo: dict[str, Row] = {}
        self._located: dict[tuple[str, str | None], tuple[str | None, str | None]] = {}
        self._rules: tuple[PriceRule, ...] = ()
        self._declared: dict[str, Row] = {}

    def with_rules(self, rules: Iterable[PriceRule]) -> Prices:
        """The same table with `prices` of guard.yaml on top (see `guard.estimate.price_rules`)."""
        from guard.estimate.price_rules import declared_rows

        other = Prices.__new__(Prices)
        other.as_of, other.sha256, other.sources = self.as_of, self.sha256, self.sources
        other._index, other._memo = self._index, {}
        other._located = {}
        other._rules = (*self._rules, *rules)
        other._declared = declared_rows(other._rules, self._index)
        return other

    def find(self, name: str, provider: str | None, on: date | None = None) -> Row | None:
        """The row that prices a model name as written, or None if the table does not list it (see `why_not`).

        `on`: with the rates of that day where a source keeps history (before the first period: the first known
        rates); None: the rates of `as_of`. Never raises for any name.
        """
        key, _ = self._locate(name, provider)
        if key is None:
            return None
        row = self._row(key)
        return row if on is None else _as_on(row, on)

    def why_not(self, name: str, provider: str | None) -> str | None:
        """Why `find` has no row, in words for people; None if it has one."""
        return self._locate(name, provider)[1]

    def price_id(self, name: str, provider: str | None) -> tuple[str | None, str | None]:
        """(The name in reports, None) for a listed model, (None, the reason) for any other."""
        key, why = self._locate(name, provider)
        return (self._row(key).price_id, None) if key else (None, why)

    def ids(self) -> tuple[str, ...]:
        """All keys, `provider/id` in lower case, sorted."""
        return tuple(sorted({*self._index, *self._declared}))

    def rows(self, contains: str = "", provider: str | None = None) -> Iterator[Row]:
        """Rows in the order of `ids`, with that piece in `provider/id` (lower case) and of that provider."""
        where = f"{provider_key(provider) or provider.strip().lower()}/" if provider else ""
        return (self._row(key) for key in self.ids() if contains in key and key.startswith(where))

    def suggest(self, name: str, provider: str | None = None, limit: int = 3) -> list[str]:
        """Listed names that look like this one, for messages. Never used to find a price."""
        from guard.estimate.price_suggest import suggest

        return suggest(name, provider, self.ids(), lambda key: self._row(key).price_id, limit)

    def _has(self, key: str) -> bool:
        return key in self._declared or key in self._index

    def _locate(self, name: str, provider: str | None) -> tuple[str | None, str | None]:
        """(key, None) or (None, reason). The table is searched once for each name, however often it is asked for."""
        asked = (name, provider)
        if asked not in self._located:
            self._located[asked] = self._find_key(name, provider)
        return self._located[asked]

    def _find_key(self, name: str, provider: str | None) -> tuple[str | None, str | None]:
        """See `_locate`. A model that guard.yaml adds is found by its name as written there."""
        for written in (f"{provider}/{name}", name) if self._declared else ():
            if written.strip().lower() in self._declared:
                return written.strip().lower(), None
        tried = candidates(name, provider)
        if tried.why_not:
            return None, tried.why_not
        if key := next((key for key in tried.keys if self._has(key)), None):
            return key, None
        if tried.bare is not None:
            return self._locate_bare(tried.bare)
        where = tried.keys[0].partition("/")[0] if tried.keys else provider
        if sized := self._by_size(name.strip().lower().rpartition("/")[2], where):
            return None, sized
        return None, f"`{_short(name)}` is not in the price table of {where}"

    def _locate_bare(self, name: str) -> tuple[str | None, str | None]:
        """A name without a provider: at its maker, or nowhere."""
        makers = [lab for lab in LABS if self._has(f"{lab}/{name}")] if "/" not in name else []
        maker = makers[0] if len(makers) == 1 else owner(name) if owner(name) in makers else None
        if maker:
            return f"{maker}/{name}", None
        if sized := self._by_size(name, None):
            return None, sized
        sellers = makers or sorted({k.partition("/")[0] for k in self._index if k.endswith(f"/{name}")})
        if not sellers:
            return None, f"`{_short(name)}` is not in the price table"
        shown = ", ".join(sellers[:4]) + (" and others" if len(sellers) > 4 else "")
        return None, f"the provider of `{_short(name)}` is not known (sold by {shown}); write `provider/model`"

    def _by_size(self, name: str, provider: str | None) -> str | None:
        """Why a model that draws has no price under its own name: its rows are by quality and size."""
        rows = [key for key in self._index if key.endswith(f"/{name}") and "-x-" in key]
        rows = [key for key in rows if provider is None or key.startswith(f"{provider}/")]
        if not rows:
            return None
        makers = [key for key in rows if key.partition("/")[0] in LABS] or rows
        return f"the price of `{_short(name)}` depends on quality and size, for example `{max(makers)}`"

    def _row(self, key: str) -> Row:
        row = self._memo.get(key)
        if row is None:
            row = self._declared.get(key) or _decode(key, self._index[key])
            if self._rules and key not in self._declared:
                from guard.estimate.price_rules import apply_rules

                row = apply_rules(row, self._rules)
            self._memo[key] = row
        return row


@lru_cache(maxsize=1)
def load() -> Prices:
    """The shipped table, read once per process. Raises `RuntimeError` if the installed file is damaged."""
    try:
        head, _, body = (Path(__file__).parent / "data" / "prices.tsv").read_text(encoding="utf-8").partition("\n")
        return Prices(json.loads(head), dict(cast("tuple[str, str]", ln.split("\t", 1)) for ln in body.splitlines()))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RuntimeError(f"guard's price table is damaged ({error}); install guard again") from error


def price_id(name: str, provider: str | None) -> tuple[str | None, str | None]:
    """`Prices.price_id` of the shipped table: (`gpt-4o`, None), or (None, why it has no price)."""
    return load().price_id(name, provider)


def _short(name: str) -> str:
    """A name for a message: what is written in a scanned file may be long or hold control characters."""
    clean = "".join(c if c.isprintable() else "?" for c in name.strip())
    return clean if len(clean) <= 80 else clean[:77] + "..."


def _as_on(row: Row, on: date) -> Row:
    """The row with the rates of a day. Without history, or from the last period on, the row itself."""
    past = [p for p in row.history if p.start is None or p.start <= on] or list(row.history[:1])
    if not past or past[-1] is row.history[-1]:
        return row
    period = past[-1]
    return replace(row, rates=period.rates, tiers=period.tiers, services={}, since=period.start)


# --- decoding ---------------------------------------------------------------------------------------------------

_LETTERS = {
    "g": "genai-prices", "m": "model-prices", "l": "litellm", "d": "models.dev", "r": "litellm 1.75 (August 2025)",
}  # fmt: skip


def _names(letters: str) -> str:
    return ", ".join(_LETTERS[letter] for letter in letters)


def _decode(key: str, raw: str) -> Row:
    """A row of the table. The short field names are explained in docs/prices.md."""
    data = json.loads(raw)
    provider, _, lower = key.partition("/")
    name = data.get("i", lower)
    rates, services, tiers = _rates(data["r"], data["s"], data.get("x", {}))
    periods = [
        Period(date.fromisoformat(start) if start else None, *_rates(flat, data["s"], {})[::2])
        for start, flat in data.get("h", ())
    ]
    if periods:
        periods[-1] = Period(periods[-1].start, rates, tiers)
    context, max_input, max_output, min_cacheable = data.get("l", (None, None, None, None))
    return Row(
        provider=provider,
        id=name,
        price_id=data.get("p") or (name if bare_name(provider, lower) else f"{provider}/{name}"),
        mode=data["m"],
        rates=rates,
        services=services,
        tiers=tiers,
        units={
            unit: UnitRate(Decimal(usd), _unit_word(unit), _names(letter))
            for unit, (usd, letter) in data.get("u", {}).items()
        },
        context_window=context,
        max_input=max_input,
        max_output=max_output,
        min_cacheable=min_cacheable,
        regional={region: Decimal(factor) for region, factor in data.get("g", {}).items()},
        deprecated=date.fromisoformat(data["d"]) if "d" in data else None,
        status=data.get("t"),
        confidence=_CONFIDENCE[data["c"]],
        sources=tuple(_LETTERS[letter] for letter in data["s"]),
        dissent=tuple((_LETTERS[letter], says) for letter, says in data.get("n", ())),
        history=tuple(periods),
        since=periods[-1].start if periods else None,
    )


def _unit_word(unit: str) -> str:
    """The unit in words; video prices by resolution carry it in the name (`video_second_720p`)."""
    if unit.startswith("video_second_"):
        return f"second of {unit.removeprefix('video_second_')} video"
    return _UNIT_WORDS[unit]


def _rates(
    flat: Mapping[str, str], main: str, exceptions: Mapping[str, str]
) -> tuple[Rates, dict[str, Rates], tuple[Tier, ...]]:
    """The flat keys `[service.]rate[@above]` as standard rates, services and tiers. A tier keeps the base rates that it
    does not name: a cache price without a long-context one stays what it was."""
    table: dict[tuple[int, str], dict[str, Rate]] = {}
    for key, usd in flat.items():
        path, _, above = key.partition("@")
        service, _, name = path.rpartition(".")
        rate = Rate(Decimal(usd), _names(exceptions.get(key, main)))
        table.setdefault((int(above or 0), service), {})[name] = rate
    base = table.pop((0, ""), {})
    services = {s: Rates(**table.pop((0, s))) for n, s in list(table) if n == 0}
    tiers = tuple(
        Tier(
            above,
            Rates(**base | table.get((above, ""), {})),
            {s: Rates(**rates) for (n, s), rates in sorted(table.items()) if n == above and s},
        )
        for above in sorted({n for n, _ in table})
    )
    return Rates(**base), services, tiers
