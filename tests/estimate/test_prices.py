"""The price table as a user meets it: published prices, names as they are written, history, tiers, rules, output.

Expected prices are those of the providers' public price pages, not of the table's sources.
"""

from __future__ import annotations

import hashlib
import json
import pickle
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import guard.estimate.prices as module
from guard.config.types import Place, PriceRule
from guard.estimate.price_names import MAX_NAME, candidates
from guard.estimate.price_rows import Rates
from guard.estimate.price_show import list_rows, list_text, show, show_text
from guard.estimate.prices import Prices, load, price_id

PRICES = load()


def rate(rates: Rates, name: str) -> Decimal | None:
    found = getattr(rates, name)
    return found.usd_per_million if found else None


def usd(text: str | None) -> Decimal | None:
    return Decimal(text) if text else None


def rule(pattern: str, **given: str) -> PriceRule:
    numbers = {name: Decimal(value) for name, value in given.items()}
    return PriceRule(f'prices["{pattern}"]', Place("guard.yaml", 3, 1), pattern, **numbers)


PUBLISHED = [
    # provider, model, input, output, cache read: USD per million tokens
    ("openai", "gpt-4o", "2.50", "10.00", "1.25"),
    ("openai", "gpt-4o-2024-08-06", "2.50", "10.00", "1.25"),
    ("openai", "gpt-4o-2024-05-13", "5.00", "15.00", None),
    ("openai", "gpt-4o-mini", "0.15", "0.60", "0.075"),
    ("openai", "gpt-4.1", "2.00", "8.00", "0.50"),
    ("openai", "gpt-4.1-mini", "0.40", "1.60", "0.10"),
    ("openai", "gpt-4.1-nano", "0.10", "0.40", "0.025"),
    ("openai", "o3", "2.00", "8.00", "0.50"),
    ("openai", "o4-mini", "1.10", "4.40", "0.275"),
    ("openai", "gpt-5", "1.25", "10.00", "0.125"),
    ("openai", "gpt-5-mini", "0.25", "2.00", "0.025"),
    ("openai", "gpt-4", "30.00", "60.00", None),
    ("openai", "gpt-4-turbo", "10.00", "30.00", None),
    ("openai", "gpt-3.5-turbo", "0.50", "1.50", None),
    ("openai", "text-embedding-3-small", "0.02", None, None),
    ("openai", "text-embedding-3-large", "0.13", None, None),
    ("openai", "text-embedding-ada-002", "0.10", None, None),
    ("anthropic", "claude-sonnet-4", "3.00", "15.00", "0.30"),
    ("anthropic", "claude-sonnet-4-5", "3.00", "15.00", "0.30"),
    ("anthropic", "claude-haiku-4-5", "1.00", "5.00", "0.10"),
    ("anthropic", "claude-opus-4-20250514", "15.00", "75.00", "1.50"),
    ("anthropic", "claude-opus-4-5", "5.00", "25.00", "0.50"),
    ("anthropic", "claude-3-5-sonnet-latest", "3.00", "15.00", "0.30"),
    ("anthropic", "claude-3-5-haiku-20241022", "0.80", "4.00", "0.08"),
    ("anthropic", "claude-3-haiku-20240307", "0.25", "1.25", "0.03"),
    ("google", "gemini-2.5-pro", "1.25", "10.00", "0.125"),
    ("google", "gemini-2.5-flash", "0.30", "2.50", "0.03"),
    ("google", "gemini-2.5-flash-lite", "0.10", "0.40", "0.01"),
    ("mistral", "mistral-large-latest", "0.50", "1.50", "0.05"),
    ("mistral", "mistral-large-2411", "2.00", "6.00", None),
    ("azure", "gpt-4o", "2.50", "10.00", "1.25"),
    ("azure", "eu/gpt-4o-2024-08-06", "2.75", "11.00", "1.375"),
    ("bedrock", "anthropic.claude-3-haiku-20240307-v1:0", "0.25", "1.25", None),
    ("bedrock", "anthropic.claude-sonnet-4-5-20250929-v1:0", "3.00", "15.00", "0.30"),
    ("bedrock", "us.anthropic.claude-sonnet-4-5-20250929-v1:0", "3.30", "16.50", "0.33"),
    ("bedrock", "amazon.nova-pro-v1:0", "0.80", "3.20", "0.20"),
    ("groq", "llama-3.3-70b-versatile", "0.59", "0.79", None),
    ("deepseek", "deepseek-v4-pro", "1.32", "3.96", "0.044"),  # peak hours
    ("xai", "grok-4", "3.00", "15.00", "0.75"),
    ("perplexity", "sonar-pro", "3.00", "15.00", None),
    ("voyage", "voyage-3", "0.06", None, None),
]


@pytest.mark.parametrize(("provider", "model", "input_", "output", "cache_read"), PUBLISHED, ids=str)
def test_published_prices(provider: str, model: str, input_: str, output: str | None, cache_read: str | None) -> None:
    row = PRICES.find(model, provider)
    assert row is not None
    assert row.provider == provider
    assert rate(row.rates, "input") == usd(input_)
    assert rate(row.rates, "output") == usd(output)
    if cache_read is not None:
        assert rate(row.rates, "cache_read") == usd(cache_read)


@pytest.mark.parametrize(
    ("model", "provider", "unit", "price", "per"),
    [
        ("whisper-1", "openai", "audio_hour", "0.36", "hour of audio"),  # $0.006 a minute
        ("tts-1", "openai", "million_characters", "15", "million characters"),
        ("tts-1-hd", "openai", "million_characters", "30", "million characters"),
        ("rerank-v3.5", "cohere", "query", "0.002", "query"),
        ("hd/1024-x-1792/dall-e-3", "openai", "image", "0.12", "image"),
        ("whisper-large-v3", "groq", "audio_hour", "0.111", "hour of audio"),
    ],
)
def test_published_prices_by_other_units(model: str, provider: str, unit: str, price: str, per: str) -> None:
    row = PRICES.find(model, provider)
    assert row is not None
    assert row.units[unit].usd == Decimal(price)
    assert row.units[unit].per == per


def test_anthropic_cache_writes_cost_a_quarter_more_and_double_for_an_hour() -> None:
    row = PRICES.find("claude-sonnet-4-5", "anthropic")
    assert row is not None
    assert (rate(row.rates, "cache_write"), rate(row.rates, "cache_write_1h")) == (Decimal("3.75"), Decimal(6))
    assert row.min_cacheable == 1024


def test_batch_is_half_price() -> None:
    for model in ("gpt-4o", "claude-haiku-4-5", "gemini-2.5-flash"):
        row = PRICES.find(model, None)
        assert row is not None
        rates, remarks = row.rates_for("batch")
        assert (rate(rates, "input"), remarks) == (row.rates.input.usd_per_million / 2, ())  # type: ignore[union-attr]


NAMES = [
    # as written, provider, key of the row, name in reports
    ("gpt-4o", "openai", "openai/gpt-4o", "gpt-4o"),
    ("gpt-4o", None, "openai/gpt-4o", "gpt-4o"),
    (" GPT-4o ", None, "openai/gpt-4o", "gpt-4o"),
    ("openai/gpt-4o", None, "openai/gpt-4o", "gpt-4o"),
    ("openai/gpt-4o", "litellm", "openai/gpt-4o", "gpt-4o"),
    ("openai:gpt-4o", None, "openai/gpt-4o", "gpt-4o"),
    ("openai/responses/gpt-4o", "litellm", "openai/gpt-4o", "gpt-4o"),
    ("azure/gpt-4o", None, "azure/gpt-4o", "gpt-4o"),
    ("gpt-4o", "azure_openai", "azure/gpt-4o", "gpt-4o"),
    ("azure/eu/gpt-4o-2024-08-06", None, "azure/eu/gpt-4o-2024-08-06", "azure/eu/gpt-4o-2024-08-06"),
    ("azure_openai:gpt-4o", None, "azure/gpt-4o", "gpt-4o"),
    ("gpt-4o-2024-08-06", "openai", "openai/gpt-4o-2024-08-06", "gpt-4o-2024-08-06"),
    ("ft:gpt-4o-mini:org::id", None, "openai/ft:gpt-4o-mini", "ft:gpt-4o-mini"),
    ("ft:gpt-4o-mini-2024-07-18:acme::9aBc", "openai", "openai/ft:gpt-4o-mini-2024-07-18", "ft:gpt-4o-mini-2024-07-18"),
    ("models/gemini-2.5-pro", None, "google/gemini-2.5-pro", "gemini-2.5-pro"),
    ("models/gemini-2.5-pro", "google_genai", "google/gemini-2.5-pro", "gemini-2.5-pro"),
    ("gemini/gemini-2.5-pro", None, "google/gemini-2.5-pro", "gemini-2.5-pro"),
    ("google-gla:gemini-2.5-pro", None, "google/gemini-2.5-pro", "gemini-2.5-pro"),
    ("google-vertex:gemini-2.5-pro", None, "vertex/gemini-2.5-pro", "gemini-2.5-pro"),
    ("vertex_ai/claude-sonnet-4-5@20250929", None, "vertex/claude-sonnet-4-5@20250929", "claude-sonnet-4-5-20250929"),
    ("google/gemini-2.5-pro", "vertex", "vertex/gemini-2.5-pro", "gemini-2.5-pro"),
    ("publishers/google/models/gemini-2.5-pro", None, "vertex/gemini-2.5-pro", "gemini-2.5-pro"),
    ("projects/p/locations/us-central1/publishers/anthropic/models/claude-sonnet-4-5@20250929", None,
     "vertex/claude-sonnet-4-5@20250929", "claude-sonnet-4-5-20250929"),
    ("anthropic.claude-sonnet-4-5-20250929-v1:0", None, "bedrock/anthropic.claude-sonnet-4-5-20250929-v1:0",
     "claude-sonnet-4-5-20250929"),
    ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", "bedrock", "bedrock/us.anthropic.claude-sonnet-4-5-20250929-v1:0",
     "bedrock/us.anthropic.claude-sonnet-4-5-20250929-v1:0"),
    ("bedrock/converse/us.anthropic.claude-sonnet-4-5-20250929-v1:0", None,
     "bedrock/us.anthropic.claude-sonnet-4-5-20250929-v1:0", "bedrock/us.anthropic.claude-sonnet-4-5-20250929-v1:0"),
    ("arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-3-haiku-20240307-v1:0", "bedrock",
     "bedrock/anthropic.claude-3-haiku-20240307-v1:0", "claude-3-haiku-20240307"),
    ("arn:aws:bedrock:us-west-2:123456789012:inference-profile/us.anthropic.claude-sonnet-4-5-20250929-v1:0", None,
     "bedrock/us.anthropic.claude-sonnet-4-5-20250929-v1:0", "bedrock/us.anthropic.claude-sonnet-4-5-20250929-v1:0"),
    ("accounts/fireworks/models/deepseek-v3p2", None, "fireworks/accounts/fireworks/models/deepseek-v3p2",
     "fireworks/deepseek-v3p2"),
    ("fireworks_ai/deepseek-v3p2", None, "fireworks/accounts/fireworks/models/deepseek-v3p2",
     "fireworks/deepseek-v3p2"),
    ("openrouter/anthropic/claude-sonnet-4.5", None, "openrouter/anthropic/claude-sonnet-4.5",
     "openrouter/anthropic/claude-sonnet-4.5"),
    ("anthropic/claude-sonnet-4.5", "openrouter", "openrouter/anthropic/claude-sonnet-4.5",
     "openrouter/anthropic/claude-sonnet-4.5"),
    ("openai/gpt-oss-120b", "groq", "groq/openai/gpt-oss-120b", "groq/openai/gpt-oss-120b"),
    ("groq/llama-3.3-70b-versatile", None, "groq/llama-3.3-70b-versatile", "groq/llama-3.3-70b-versatile"),
    ("together_ai/meta-llama/Llama-3.3-70B-Instruct-Turbo", None,
     "together/meta-llama/Llama-3.3-70B-Instruct-Turbo", "together/meta-llama/Llama-3.3-70B-Instruct-Turbo"),
    ("anthropic/claude-sonnet-4-5", "openai", "anthropic/claude-sonnet-4-5", "claude-sonnet-4-5"),
    ("mistralai:mistral-large-latest", None, "mistral/mistral-large-latest", "mistral-large-latest"),
    ("kimi-k3", None, "moonshot/kimi-k3", "kimi-k3"),
    ("kimi-k3", "alibaba", "alibaba/kimi-k3", "alibaba/kimi-k3"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "provider", "key", "report"), NAMES, ids=str)
def test_names_as_written(name: str, provider: str | None, key: str, report: str) -> None:
    row = PRICES.find(name, provider)
    assert row is not None
    assert f"{row.provider}/{row.id}" == key
    assert price_id(name, provider) == (report, None)
    assert PRICES.find(report, None) is not None, "the reported name is listed itself"


UNKNOWN = [
    # as written, provider, what the reason must say
    ("claude-3-5-sonnet-zzz", "anthropic", "not in the price table of anthropic"),
    ("claude-3-5-sonnet-zzz", None, "not in the price table"),
    ("gpt-4o-foo", "openai", "not in the price table of openai"),
    ("gpt-4o-2031-01-01", "openai", "not in the price table of openai"),
    ("gpt-4", "anthropic", "not in the price table of anthropic"),
    ("prod-chat", "azure", "not in the price table of azure"),
    ("gpt-4o", "huggingface", "no prices of the provider `huggingface`"),
    ("openai/gpt-4o", "together", "not in the price table of together"),
    ("llama-3.3-70b-versatile", None, "sold by groq"),
    ("meta-llama/Llama-3.3-70B-Instruct-Turbo", None, "provider"),
    ("ollama/llama3", None, "your own hardware"),
    ("llama3", "ollama", "your own hardware"),
    ("hosted_vllm/gpt-4o", None, "your own hardware"),
    ("litellm_proxy/gpt-4o", None, "aliases"),
    ("ft:gpt-9:org::id", "openai", "not in the price table"),
    ("tunedModels/my-model", "google", "tuned model"),
    ("accounts/acme/models/mine", "fireworks", "one's own Fireworks account"),
    ("arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1", "bedrock", "does not say which model"),
    ("arn:aws:bedrock:us-east-1:123456789012:provisioned-model/a1", "bedrock", "does not say which model"),
    ("projects/p/locations/l/endpoints/123", "vertex", "does not say which model"),
    ("us.anthropic.claude-nonesuch-v1:0", None, "not in the price table of bedrock"),
    ("", None, "empty"),
    ("You are a helpful assistant", "openai", "not a model name"),
    ("gpt-4o\n", "nobody", "no prices of the provider"),
]


@pytest.mark.parametrize(("name", "provider", "says"), UNKNOWN, ids=str)
def test_unknown_stays_unknown(name: str, provider: str | None, says: str) -> None:
    assert PRICES.find(name, provider) is None
    found, why = price_id(name, provider)
    assert found is None
    assert why is not None
    assert says in why


def test_a_reason_never_repeats_control_characters_or_long_text() -> None:
    _, why = price_id("x" * 200, "openai")
    assert why is not None
    assert len(why) < 150
    _, why = price_id("gpt\x1b[31m", "openai")
    assert "\x1b" not in str(why)


def test_suggestions_are_listed_names() -> None:
    assert "gpt-4o-mini" in PRICES.suggest("gpt-4o-mni", "openai")
    assert PRICES.suggest("claude-sonet-4-5")[0] == "claude-sonnet-4-5"
    assert all(PRICES.find(name, "openai") for name in PRICES.suggest("gpt-5-mimi", "openai"))


def test_history_by_date() -> None:
    """GPT-5.6 Sol was cut on 2026-08-21; Mistral replaced Large 2 under `-latest` in December 2025."""
    before = PRICES.find("gpt-5.6-sol", "openai", on=date(2026, 8, 1))
    after = PRICES.find("gpt-5.6-sol", "openai", on=date(2026, 8, 21))
    assert before is not None and after is not None
    assert (rate(before.rates, "input"), rate(before.rates, "output")) == (Decimal(5), Decimal(30))
    assert (rate(after.rates, "input"), rate(after.rates, "output")) == (Decimal(4), Decimal(20))
    assert before.tiers[0].above_tokens == 272_000
    assert rate(before.tiers[0].rates, "input") == Decimal(10)
    large = PRICES.find("mistral-large-latest", "mistral", on=date(2025, 7, 1))
    assert large is not None
    assert rate(large.rates, "input") == Decimal(2)
    assert PRICES.find("mistral-large-latest", "mistral", on=date(1999, 1, 1)) == large, "the first known rates"


def test_rates_before_a_change_offer_no_service_of_today() -> None:
    before = PRICES.find("gpt-5.6-sol", "openai", on=date(2026, 8, 1))
    assert before is not None
    rates, remarks = before.rates_for("batch")
    assert rates == before.rates
    assert "no batch rate is published" in remarks[0]


def test_long_context_is_a_cliff_for_the_whole_request() -> None:
    row = PRICES.find("gemini-2.5-pro", "google")
    assert row is not None
    below, above = row.rates_for(None, 200_000)[0], row.rates_for(None, 200_001)[0]
    assert (rate(below, "input"), rate(below, "output")) == (Decimal("1.25"), Decimal(10))
    assert (rate(above, "input"), rate(above, "output")) == (Decimal("2.50"), Decimal(15))
    assert rate(row.rates_for("batch", 200_001)[0], "input") == Decimal("1.25")


def test_a_tier_that_cannot_be_reached_is_left_out() -> None:
    """Anthropic ended the 1M window of Sonnet 4.5: requests above 200k now fail, so there is no long-context price."""
    row = PRICES.find("claude-sonnet-4-5", "anthropic")
    assert row is not None
    assert (row.tiers, row.max_input) == ((), 200_000)


def test_a_stand_in_is_never_cheaper_than_what_is_billed() -> None:
    for row in PRICES.rows():
        for tier in (0, *(t.above_tokens + 1 for t in row.tiers)):
            standard = row.rates_for(None, tier)[0]
            for service in ("priority", "fast"):
                rates, remarks = row.rates_for(service, tier)
                if remarks and rates.input and standard.input:
                    assert rates.input.usd_per_million >= standard.input.usd_per_million


def test_window_input_and_output_limits_are_three_things() -> None:
    row = PRICES.find("gpt-5", "openai")
    assert row is not None
    assert (row.context_window, row.max_input, row.max_output) == (400_000, 272_000, 128_000)


def test_disagreement_is_kept_and_said() -> None:
    row = PRICES.find("mistral-large-latest", "mistral")
    assert row is not None
    assert (row.confidence, row.sources) == ("agree", ("model-prices", "litellm"))
    assert row.dissent == (("genai-prices", "input 2 output 6"),)
    gone = PRICES.find("deepseek-chat", "deepseek")
    assert gone is not None
    assert (gone.confidence, gone.status) == ("disagree", "removed")


# --- the table as a whole ---------------------------------------------------------------------------------------


def test_every_row_decodes_and_none_is_free_by_omission() -> None:
    zero = []
    for row in PRICES.rows():
        assert row.rates.items() or row.units, row.id
        rates = [r for _, r in row.rates.items()] + [r for t in row.tiers for _, r in t.rates.items()]
        assert all(r.usd_per_million >= 0 and r.source for r in rates)
        assert all(unit.usd > 0 for unit in row.units.values())
        assert [t.above_tokens for t in row.tiers] == sorted({t.above_tokens for t in row.tiers})
        assert row.sources
        zero += [row for r in rates if r.usd_per_million == 0]
    assert all(row.id.endswith(":free") or row.mode == "moderation" for row in zero)


def test_a_reported_name_leads_to_rates_that_are_the_same() -> None:
    """`price_id` may drop the channel only where the maker's own row costs the same."""
    for row in PRICES.rows():
        own = PRICES.find(row.price_id, None)
        assert own is not None, row.price_id
        for name in ("input", "output"):
            assert rate(own.rates, name) == rate(row.rates, name), (row.provider, row.id)


def test_rows_of_the_big_providers_are_there() -> None:
    sellers = {key.partition("/")[0] for key in PRICES.ids()}
    assert sellers >= {
        "openai", "azure", "anthropic", "bedrock", "google", "vertex", "mistral", "cohere", "groq", "together",
        "fireworks", "deepseek", "xai", "openrouter", "perplexity", "voyage",
    }  # fmt: skip


def test_the_hash_is_of_the_rows() -> None:
    raw = (Path(module.__file__).parent / "data" / "prices.tsv").read_bytes()
    head, _, body = raw.partition(b"\n")
    assert json.loads(head)["sha256"] == hashlib.sha256(body).hexdigest() == PRICES.sha256
    assert date.fromisoformat(PRICES.as_of) <= date.today()
    assert {s.licence for s in PRICES.sources} == {"MIT"}


def test_prices_go_to_other_processes() -> None:
    other: Prices = pickle.loads(pickle.dumps(PRICES.with_rules((rule("openai/*", discount="0.1"),))))
    row = other.find("gpt-4o", "openai")
    assert row is not None
    assert rate(row.rates, "input") == Decimal("2.25")


# --- rules of guard.yaml ----------------------------------------------------------------------------------------


def test_a_discount_is_on_every_rate() -> None:
    row = PRICES.with_rules((rule("anthropic/*", discount="0.18"),)).find("claude-haiku-5-5", "anthropic")
    listed = PRICES.find("claude-haiku-5-5", "anthropic")
    assert row is not None and listed is not None
    keep = Decimal("0.82")
    for name, price in listed.rates.items():
        assert rate(row.rates, name) == price.usd_per_million * keep
    assert rate(row.rates_for("batch")[0], "input") == rate(listed.rates_for("batch")[0], "input") * keep  # type: ignore[operator]
    assert rate(row.tiers[0].rates, "output") == rate(listed.tiers[0].rates, "output") * keep  # type: ignore[operator]
    assert row.units["web_search"].usd == listed.units["web_search"].usd * keep
    assert 'guard.yaml prices["anthropic/*"]' in row.rates.input.source  # type: ignore[union-attr]


def test_a_discount_leaves_other_providers_alone() -> None:
    prices = PRICES.with_rules((rule("anthropic/*", discount="0.18"),))
    assert prices.find("gpt-4o", "openai") == PRICES.find("gpt-4o", "openai")


def test_own_rates_replace_and_the_rest_keeps_its_proportion() -> None:
    row = PRICES.with_rules((rule("openai/gpt-5.4", input="2.10", output="12.60"),)).find("gpt-5.4", "openai")
    assert row is not None
    assert (rate(row.rates, "input"), rate(row.rates, "output")) == (Decimal("2.10"), Decimal("12.60"))
    assert rate(row.rates, "cache_read") == Decimal("0.21")  # a tenth of input, as listed
    assert rate(row.tiers[0].rates, "input") == Decimal("4.20")  # double, as listed
    assert row.rates.output is not None
    assert row.rates.output.source == 'guard.yaml prices["openai/gpt-5.4"]'


def test_the_most_specific_rule_holds_alone() -> None:
    rules = (rule("openai/gpt-4o", input="2", output="8"), rule("openai/*", discount="0.5"))
    row = PRICES.with_rules(rules).find("gpt-4o", "openai")
    assert row is not None
    assert rate(row.rates, "input") == Decimal(2)


def test_a_rule_prices_a_model_that_the_table_lacks() -> None:
    prices = PRICES.with_rules((rule("acme/chat-1", input="0.40", output="1.20"),))
    for name, provider in (("chat-1", "acme"), ("acme/chat-1", None), ("Chat-1", "acme")):
        row = prices.find(name, provider)
        assert row is not None, name
        assert (rate(row.rates, "output"), row.confidence, row.price_id) == (Decimal("1.20"), "declared", "acme/chat-1")
    assert "acme/chat-1" in prices.ids()
    assert PRICES.find("chat-1", "acme") is None


def test_a_rule_without_output_or_with_a_star_prices_nothing_new() -> None:
    rules = (rule("acme/chat-1", input="0.40"), rule("acme/*", input="1", output="2"), rule("acme/x", discount="0.5"))
    prices = PRICES.with_rules(rules)
    assert prices.find("chat-1", "acme") is None
    assert prices.find("x", "acme") is None


# --- output -----------------------------------------------------------------------------------------------------


def test_show_as_json() -> None:
    row = PRICES.find("gpt-5.6-sol", "openai")
    assert row is not None
    shown = json.loads(json.dumps(show(row, PRICES.as_of)))
    assert {k: shown[k] for k in ("model", "provider", "unit", "input", "output", "cache_read", "cache_write")} == {
        "model": "gpt-5.6-sol", "provider": "openai", "unit": "usd_per_million_tokens", "input": "4.00",
        "output": "20.00", "cache_read": "0.40", "cache_write": "5.00",
    }  # fmt: skip
    assert shown["batch"]["input"] == "2.00"
    assert shown["tiers"][0]["above_input_tokens"] == 272_000
    assert shown["tiers"][0]["input"] == "8.00"
    assert shown["limits"] == {
        "context_window": 1_050_000, "max_input": 922_000, "max_output": 128_000, "min_cacheable": None,
    }  # fmt: skip
    assert shown["as_of"] == PRICES.as_of
    assert shown["confidence"] == "agree"


def test_show_writes_unknown_as_null_and_never_as_zero() -> None:
    row = PRICES.find("whisper-1", "openai")
    assert row is not None
    shown = show(row, PRICES.as_of)
    assert (shown["input"], shown["output"], shown["batch"]) == (None, None, None)
    assert shown["units"] == {"audio_hour": {"usd": "0.36", "per": "hour of audio"}}


def test_show_as_text() -> None:
    row = PRICES.find("gpt-4o", "openai")
    assert row is not None
    text = show_text(row, PRICES.as_of)
    lines = text.splitlines()
    assert lines[0] == "gpt-4o  (openai, chat)"
    assert "  input                  2.50   1.25      4.25" in lines
    assert not any(line != line.rstrip() for line in lines)


def test_show_works_for_every_row() -> None:
    for row in PRICES.rows():
        assert "E" not in str(show(row, PRICES.as_of)["input"])
        assert show_text(row, PRICES.as_of).startswith(row.price_id)


def test_list_filters_by_a_piece_of_the_name() -> None:
    rows = list_rows(PRICES, "gpt-4o-mini", "openai")
    assert {"gpt-4o-mini", "gpt-4o-mini-2024-07-18"} <= {r["id"] for r in rows}
    assert all("gpt-4o-mini" in r["id"] and r["provider"] == "openai" for r in rows)
    assert list_text(rows).splitlines()[0].split() == ["model", "provider", "input", "output", "context"]
    assert list_rows(PRICES, "no such model") == []


# --- properties -------------------------------------------------------------------------------------------------

LISTED = st.sampled_from(PRICES.ids())
KNOWN = st.sampled_from(["openai", "azure", "bedrock", "vertex", "litellm"])
PROVIDERS = st.one_of(st.none(), KNOWN, st.text(max_size=20))


@given(st.text(max_size=MAX_NAME + 20), PROVIDERS)
def test_no_name_raises_and_no_row_comes_without_its_name(name: str, provider: str | None) -> None:
    row = PRICES.find(name, provider)
    found, why = PRICES.price_id(name, provider)
    assert (row is None) == (found is None) == (why is not None)
    if row is not None:
        assert row.id.lower() in name.lower() or row.id.lower().rpartition("/")[2] in name.lower()


@given(LISTED, st.text(alphabet="abcdefghijklmnopqrstuvwxyz0123456789-.", min_size=1, max_size=6))
def test_a_listed_name_with_letters_added_is_never_priced_as_the_name(key: str, tail: str) -> None:
    provider, _, name = key.partition("/")
    row = PRICES.find(name + tail, provider)
    assert row is None or row.id.lower() != name or ":" in name


@given(LISTED)
def test_every_listed_row_is_found_under_its_own_key(key: str) -> None:
    row = PRICES.find(key, None)
    assert row is not None
    assert f"{row.provider}/{row.id}".lower() == key


@given(LISTED, st.decimals(0, 1, places=3))
def test_a_discount_never_makes_dearer(key: str, discount: Decimal) -> None:
    listed = PRICES.find(key, None)
    row = PRICES.with_rules((rule("*", discount=str(discount)),)).find(key, None)
    assert row is not None and listed is not None
    for name, price in listed.rates.items():
        assert rate(row.rates, name) == price.usd_per_million * (1 - discount)


@given(st.text(max_size=40), st.one_of(st.none(), st.text(max_size=10)))
def test_candidates_are_keys_or_a_reason(name: str, provider: str | None) -> None:
    found = candidates(name, provider)
    assert bool(found.keys) + (found.why_not is not None) + (found.bare is not None) == 1
    assert all("/" in key and key == key.lower() for key in found.keys)


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("gpt-4oo", "gpt-4o"),
        ("gpt4o", "gpt-4o"),
        ("GPT-4o-minii", "gpt-4o-mini"),
        ("claude-sonnet-4.5", "claude-sonnet-4-5"),
        ("sonnet-4.5", "claude-sonnet-4-5"),
        ("llama-3.3-70b-versatile", "groq/llama-3.3-70b-versatile"),
        ("text-embeding-3-small", "text-embedding-3-small"),
        ("deepseek-chatt", "deepseek-chat"),
    ],
)
def test_the_first_suggestion_is_what_was_meant(typed: str, first: str) -> None:
    found = PRICES.suggest(typed)
    assert found[0] == first
    assert all(PRICES.find(name, None) for name in found)
    assert not any(name.startswith("ft:") for name in found)


@pytest.mark.parametrize("name", ["dall-e-3", "openai/dall-e-3"])
def test_a_model_that_is_priced_by_size_says_so(name: str) -> None:
    assert PRICES.why_not(name, None) == (
        "the price of `dall-e-3` depends on quality and size, for example `openai/standard/1792-x-1024/dall-e-3`"
    )
