"""Spend logs of the LiteLLM proxy: rows of its table `LiteLLM_SpendLogs` as JSON, JSONL or CSV, or what its
`/spend/logs` answers. `prompt_tokens` hold the cached ones. What its own cache answered asked no model and is skipped.
"""

from __future__ import annotations

from typing import Any

from guard.use.calibrate.sql import first, select

TITLE = "LiteLLM spend logs"
DOCS = "https://docs.litellm.ai/docs/proxy/cost_tracking"


def fits(fields: frozenset[str], record: dict[str, Any]) -> bool:
    return {"spend", "model", "prompt_tokens"} <= fields and bool(fields & {"call_type", "request_id", "api_key"})


def rows() -> str:
    metadata = "obj(j, '$.metadata')"
    more = "additional_usage_values"
    return select(
        started=first("startTime", "start_time"),
        model=first("model", "model_group"),
        provider=first("custom_llm_provider"),
        operation=first("call_type"),
        input_tokens=first("prompt_tokens"),
        output_tokens=first("completion_tokens"),
        cache_read_tokens=f"coalesce({first('cache_read_input_tokens')},"
        f" txt({metadata}, '$.{more}.cache_read_input_tokens'),"
        f" txt({metadata}, '$.usage_object.prompt_tokens_details.cached_tokens'))",
        cache_write_tokens=f"coalesce({first('cache_creation_input_tokens')},"
        f" txt({metadata}, '$.{more}.cache_creation_input_tokens'))",
        usd=first("spend"),
        failed=f"coalesce({first('status')}, txt({metadata}, '$.status')) = 'failure'",
        tags=f"texts(obj(j, '$.request_tags')) || [txt({metadata}, '$.feature'),"
        f" txt({metadata}, '$.requester_metadata.feature'),"
        f" txt({metadata}, '$.user_api_key_alias'), {first('model_group')}]",
        skip=f"CASE WHEN lower({first('cache_hit')}) = 'true' THEN 'answers from the cache of LiteLLM' END",
    )
