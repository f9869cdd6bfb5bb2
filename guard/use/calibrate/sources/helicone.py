"""Requests of Helicone: what `@helicone/export`, its pages or its API `/v1/request/query` give (JSONL, JSON, CSV).

`total_tokens` less `completion_tokens` is the whole input: whether `prompt_tokens` hold the cached ones depends on the
provider. What Helicone's cache answered asked no model and is skipped.
"""

from __future__ import annotations

from typing import Any

from guard.use.calibrate.sql import first, select

TITLE = "Helicone requests"
DOCS = "https://docs.helicone.ai/rest/request/post-v1requestquery-clickhouse"


def fits(fields: frozenset[str], record: dict[str, Any]) -> bool:
    return "request_created_at" in fields and bool(fields & {"request_model", "response_model", "model"})


def rows() -> str:
    return select(
        started=first("request_created_at"),
        model=first("request_model", "model_override", "response_model", "model"),
        provider=f"lower({first('provider')})",
        input_tokens=f"coalesce((try_cast({first('total_tokens')} AS DOUBLE) -"
        f" try_cast({first('completion_tokens')} AS DOUBLE))::VARCHAR, {first('prompt_tokens')})",
        output_tokens=first("completion_tokens"),
        cache_read_tokens=first("prompt_cache_read_tokens"),
        cache_write_tokens=first("prompt_cache_write_tokens"),
        usd=first("costUSD", "cost_usd", "cost"),
        failed=f"try_cast({first('response_status')} AS DOUBLE) NOT BETWEEN 200 AND 299",
        tags=f"members(obj(j, '$.request_properties')) || members(obj(j, '$.properties')) || [{first('request_path')}]",
        skip=f"CASE WHEN lower({first('cache_enabled')}) = 'true' AND {first('cache_reference_id')} IS NOT NULL AND"
        f" {first('cache_reference_id')} <> '00000000-0000-0000-0000-000000000000'"
        " THEN 'answers from the cache of Helicone' END",
    )
