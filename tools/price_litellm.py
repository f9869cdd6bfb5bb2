"""Read litellm's model list for `tools/compile_prices.py`. In: its wheel. Out: `Offer`s by (provider, lower-case id).

The JSON is taken out of the wheel; litellm is neither installed nor imported.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from price_sources import MILLION, Flat, Key, Offer, clean, member

RETIRED = "litellm-retired"
"""An old litellm, asked only about models that the others have dropped."""

# Our provider name <- litellm's. Others are left out: resellers with credits, subscriptions, small hosts.
LITELLM_PROVIDERS = {
    "ai21": "ai21", "amazon_nova": "nova", "anthropic": "anthropic", "assemblyai": "assemblyai", "azure": "azure",
    "azure_ai": "azure", "azure_text": "azure", "baseten": "baseten", "bedrock": "bedrock",
    "bedrock_converse": "bedrock", "black_forest_labs": "black_forest_labs", "cerebras": "cerebras",
    "cloudflare": "cloudflare", "codestral": "mistral", "cohere": "cohere", "cohere_chat": "cohere",
    "dashscope": "alibaba", "databricks": "databricks", "deepgram": "deepgram", "deepinfra": "deepinfra",
    "deepseek": "deepseek", "elevenlabs": "elevenlabs", "fireworks_ai": "fireworks",
    "fireworks_ai-embedding-models": "fireworks", "gemini": "google", "groq": "groq", "hyperbolic": "hyperbolic",
    "inception": "inception", "jina_ai": "jina", "lambda_ai": "lambda", "meta": "meta", "meta_llama": "meta",
    "minimax": "minimax", "mistral": "mistral", "moonshot": "moonshot", "nebius": "nebius", "novita": "novita",
    "oci": "oci", "openai": "openai", "ovhcloud": "ovhcloud", "perplexity": "perplexity", "recraft": "recraft",
    "replicate": "replicate", "runwayml": "runwayml", "sambanova": "sambanova", "scaleway": "scaleway",
    "snowflake": "snowflake", "stability": "stability", "text-completion-codestral": "mistral",
    "text-completion-openai": "openai", "together_ai": "together", "vercel_ai_gateway": "vercel", "voyage": "voyage",
    "watsonx": "watsonx", "xai": "xai", "zai": "zai",
}  # fmt: skip
_LITELLM_RATES = {
    "input_cost_per_token": "input", "output_cost_per_token": "output", "cache_read_input_token_cost": "cache_read",
    "cache_creation_input_token_cost": "cache_write",
    "cache_creation_input_token_cost_above_1hr": "cache_write_1h", "output_cost_per_reasoning_token": "reasoning",
    "input_cost_per_audio_token": "input_audio", "output_cost_per_audio_token": "output_audio",
    "cache_read_input_audio_token_cost": "cache_read_audio", "input_cost_per_image_token": "input_image",
    "output_cost_per_image_token": "output_image", "input_cost_per_video_token": "input_video",
    "output_cost_per_video_token": "output_video",
}  # fmt: skip
_LITELLM_KEY = re.compile(
    r"(?P<base>[a-z_]+?(?:_above_1hr)?)(?:_above_(?P<above>\d+)k_tokens)?(?:_(?P<service>batches|flex|priority))?"
)
_LITELLM_MODES = {
    "chat": "chat", "responses": "chat", "completion": "text_completion", "embedding": "embedding",
    "image_generation": "image", "image_edit": "image", "video_generation": "video",
    "audio_transcription": "audio_stt", "audio_speech": "audio_tts", "moderation": "moderation", "rerank": "rerank",
    "realtime": "realtime", "ocr": "ocr",
}  # fmt: skip
_ABILITIES = {
    "supports_function_calling": "t", "supports_response_schema": "s", "supports_vision": "v",
    "supports_pdf_input": "p", "supports_audio_input": "a",
}  # fmt: skip
_KEPT_RETIRED = {"openai", "anthropic", "google", "vertex", "bedrock", "azure", "mistral", "cohere", "groq", "deepseek",
                 "xai", "perplexity", "voyage", "ai21"}  # fmt: skip
_NO_MODEL = {"search", "vector_store", "guardrail", "evaluation"}


def _litellm_rates(entry: dict[str, Any]) -> Flat:
    rates: Flat = {}
    for name, value in entry.items():
        found = _LITELLM_KEY.fullmatch(name)
        base = _LITELLM_RATES.get(found["base"]) if found else None
        if found is None or base is None or not isinstance(value, int | Decimal):
            continue
        service = {"batches": "batch."}.get(found["service"], f"{found['service']}.") if found["service"] else ""
        above = f"@{int(found['above']) * 1000}" if found["above"] else ""
        rates[f"{service}{base}{above}"] = value * MILLION
    for step in entry.get("tiered_pricing") or ():
        if "range" not in step:
            continue
        above = f"@{int(step['range'][0])}" if step["range"][0] else ""
        rates |= {
            f"{_LITELLM_RATES[name]}{above}": value * MILLION for name, value in step.items() if name in _LITELLM_RATES
        }
    if rates.get("reasoning") == rates.get("output"):
        rates.pop("reasoning", None)
    return rates


def _litellm_units(entry: dict[str, Any], mode: str | None) -> Flat:
    """Prices by other units. What a key means depends on the mode: seconds of audio in, of speech or video out."""

    def of(*names: str) -> Decimal | None:
        values = [entry[n] for n in names if isinstance(entry.get(n), int | Decimal) and entry[n] > 0]
        return Decimal(values[0]) if values else None

    found: dict[str, Decimal | None] = {
        "query": of("input_cost_per_query"),
        "request": of("input_cost_per_request"),
        "page": of("ocr_cost_per_page"),
        "gb_day": of("file_search_cost_per_gb_per_day"),
    }
    characters = of("input_cost_per_character")
    found["million_characters"] = characters * MILLION if characters else None
    if mode == "image":
        found["image"] = of("output_cost_per_image", "input_cost_per_image")
    else:
        found["input_image"] = of("input_cost_per_image")
    if mode == "audio_stt":
        seconds = of("input_cost_per_second", "output_cost_per_second", "cost_per_second")
        found["audio_hour"] = seconds * 3600 if seconds else None
    elif mode == "video":
        found["video_second"] = of("output_cost_per_second", "output_cost_per_video_per_second")
        for size in ("480p", "720p", "1080p", "4k"):
            found[f"video_second_{size}"] = of(f"output_cost_per_second_{size}")
    search = entry.get("search_context_cost_per_query")
    if isinstance(search, dict):
        found["web_search"] = max((Decimal(v) for v in search.values() if isinstance(v, int | Decimal)), default=None)
    return {k: v for k, v in found.items() if v}


def _sized_image(name: str, entry: dict[str, Any]) -> Flat:
    """The price of an image from its price per pixel, where the id names the size: `hd/1024-x-1792/dall-e-3`.

    Rounded to a tenth of a cent, since litellm divided the list price by the pixels.
    """
    size = re.search(r"(\d+)-x-(\d+)/", name)
    pixel = entry.get("input_cost_per_pixel")
    if size is None or not isinstance(pixel, Decimal) or entry.get("input_cost_per_image"):
        return {}
    usd = (pixel * int(size[1]) * int(size[2])).quantize(Decimal("0.001"))
    return {"image": usd} if usd else {}


def litellm_offers(wheel: Path, retired: bool = False) -> Iterator[tuple[Key, Offer]]:
    """Offers of litellm's JSON. A key with its provider in front replaces a bare one, Azure OpenAI replaces Foundry.

    `retired`: the wheel is an old one, of interest for what providers have dropped; resellers are left out, since their
    catalogues change daily and an absent model says nothing.
    """
    data = json.loads(member(wheel, "/model_prices_and_context_window_backup.json"), parse_float=Decimal)
    for key, entry in sorted(data.items(), key=lambda kv: ("/" in kv[0], kv[1].get("litellm_provider") == "azure")):
        theirs = str(entry.get("litellm_provider"))
        provider = "vertex" if theirs.startswith("vertex_ai") else LITELLM_PROVIDERS.get(theirs)
        if provider is None or key == "sample_spec" or re.match(r"(together-ai|fireworks-ai)-", key):
            continue  # the last two are size classes, not models
        if retired and provider not in _KEPT_RETIRED:
            continue
        prefixes = (theirs, "vertex_ai", "bedrock", "azure", "gemini", "fireworks_ai", "cohere", "amazon-nova")
        name = next((key[len(p) + 1 :] for p in prefixes if key.startswith(f"{p}/")), key)
        if entry.get("mode") in _NO_MODEL:
            continue
        mode = _LITELLM_MODES.get(str(entry.get("mode")), "unknown")
        offer = Offer(RETIRED if retired else "litellm", name, clean(_litellm_rates(entry), mode == "moderation"))
        offer.units = _litellm_units(entry, mode) | _sized_image(name, entry)
        offer.status = "removed" if retired else None
        offer.mode = mode
        offer.abilities = "".join(sorted(letter for name, letter in _ABILITIES.items() if entry.get(name) is True))
        limits = {k: entry.get(k) for k in ("max_input_tokens", "max_output_tokens", "prompt_cache_min_tokens")}
        sizes = [int(v) if isinstance(v, int | Decimal) and v > 0 else None for v in limits.values()]
        offer.max_input, offer.max_output, offer.min_cacheable = sizes
        until = str(entry.get("deprecation_date") or "")
        offer.deprecated = until if re.fullmatch(r"\d{4}-\d\d-\d\d", until) else None
        for region in ("us", "eu"):
            factor = entry.get(f"regional_processing_uplift_multiplier_{region}")
            specific = entry.get("provider_specific_entry") or {}
            factor = factor or specific.get(region) if isinstance(specific, dict) else factor
            if isinstance(factor, int | Decimal):
                offer.regional[region] = Decimal(factor)
        yield (provider, name.lower()), offer
