"""Answers of OpenAI's usage API (`/v1/organization/usage/completions`, `/embeddings`), one page or several.

Ask for them with `group_by=model`. They count tokens and requests per bucket of time and have no dollars, so guard
prices them; `input_tokens` hold the cached ones.
"""

from __future__ import annotations

from typing import Any

from guard.use.calibrate.sql import first, select

TITLE = "OpenAI usage"
DOCS = "https://platform.openai.com/docs/api-reference/usage"


def results(record: dict[str, Any], kind: str) -> bool:
    """Whether a page or bucket of OpenAI's administration API holds results of some kind."""
    data = record.get("data")
    buckets = data if isinstance(data, list) else [record]
    for bucket in buckets:
        found = bucket.get("results") if isinstance(bucket, dict) else None
        for result in found if isinstance(found, list) else ():
            return isinstance(result, dict) and str(result.get("object", "")).startswith(f"organization.{kind}")
    return False


def buckets() -> str:
    """SQL: one row for each result, with its bucket."""
    return """(
      SELECT n, b, unnest(json_extract(b, '$.results[*]')) u FROM (
        SELECT n, unnest(CASE WHEN json_extract(j, '$.data') IS NULL THEN [j] ELSE json_extract(j, '$.data[*]') END) b
        FROM raw
      )
    )"""


def fits(fields: frozenset[str], record: dict[str, Any]) -> bool:
    return results(record, "usage.")


def rows() -> str:
    return select(
        buckets(),
        started=first("start_time", row="b"),
        ended=first("end_time", row="b"),
        model=first("model", row="u"),
        provider="'openai'",
        operation=f"CASE WHEN {first('object', row='u')} LIKE '%embeddings%' THEN 'embedding' END",
        input_tokens=first("input_tokens", row="u"),
        output_tokens=first("output_tokens", row="u"),
        cache_read_tokens=first("input_cached_tokens", row="u"),
        requests=first("num_model_requests", row="u"),
        tags=f"[{first('project_id', row='u')}, {first('user_id', row='u')}, {first('api_key_id', row='u')}]",
        skip="CASE WHEN txt(u, '$.object') NOT LIKE '%completions%' AND txt(u, '$.object') NOT LIKE '%embeddings%'"
        " THEN 'use that is not counted in tokens' END",
    )
