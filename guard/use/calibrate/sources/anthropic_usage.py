"""Answers of Anthropic's usage report (`/v1/organizations/usage_report/messages`), one page or several.

Ask for them with `group_by[]=model`. They count tokens per bucket of time, without dollars and without a number of
requests: what a request is on average cannot be told, what a month costs can.
"""

from __future__ import annotations

from typing import Any

from guard.use.calibrate.sources.openai_usage import buckets
from guard.use.calibrate.sql import first, select

TITLE = "Anthropic usage report"
DOCS = "https://docs.claude.com/en/api/admin-api/usage-cost/get-messages-usage-report"


def fits(fields: frozenset[str], record: dict[str, Any]) -> bool:
    data = record.get("data")
    found = [one for one in data if isinstance(one, dict)] if isinstance(data, list) else [record]
    return any("starting_at" in bucket and "results" in bucket for bucket in found)


def rows() -> str:
    read, fresh = "cache_read_input_tokens", "uncached_input_tokens"
    write = "(coalesce(try_cast(txt(u, '$.cache_creation.ephemeral_5m_input_tokens') AS DOUBLE), 0) +"
    write += " coalesce(try_cast(txt(u, '$.cache_creation.ephemeral_1h_input_tokens') AS DOUBLE), 0))"
    return select(
        buckets(),
        started=first("starting_at", row="b"),
        ended=first("ending_at", row="b"),
        model=first("model", row="u"),
        provider="'anthropic'",
        input_tokens=f"(try_cast({first(fresh, row='u')} AS DOUBLE) + {write} +"
        f" coalesce(try_cast({first(read, row='u')} AS DOUBLE), 0))::VARCHAR",
        output_tokens=first("output_tokens", row="u"),
        cache_read_tokens=first(read, row="u"),
        cache_write_tokens=f"{write}::VARCHAR",
        requests="NULL::VARCHAR",
        tags=f"[{first('workspace_id', row='u')}, {first('api_key_id', row='u')}]",
    )
