"""Observations of Langfuse: its export to blob storage (JSON, JSONL, CSV), its API, or the table export of its pages.

`usage_details` has one member for each kind of token, which add up (cached ones are not in `input`). Observations other
than generations and embeddings are skipped.
"""

from __future__ import annotations

from typing import Any

from guard.use.calibrate.sql import first, select

TITLE = "Langfuse observations"
DOCS = "https://langfuse.com/docs/api-and-data-platform/features/blob-storage-export-fields"


def fits(fields: frozenset[str], record: dict[str, Any]) -> bool:
    traced = fields & {"traceId", "trace_id"}
    used = fields & {"usageDetails", "usage_details", "usage", "promptTokens", "prompt_tokens"}
    return bool(traced and used and "type" in fields and fields & {"startTime", "start_time"})


def rows() -> str:
    usage = "coalesce(obj(j, '$.usageDetails'), obj(j, '$.usage_details'), obj(j, '$.usage'))"
    cost = "coalesce(obj(j, '$.costDetails'), obj(j, '$.cost_details'))"
    return select(
        started=first("startTime", "start_time"),
        model=first("providedModelName", "provided_model_name", "model"),
        operation=f"lower({first('type')})",
        input_tokens=f"coalesce(summed({usage}, '(^|_)input|^prompt'), {first('promptTokens', 'prompt_tokens')})",
        output_tokens=f"coalesce(summed({usage}, '(^|_)output|^completion'),"
        f" {first('completionTokens', 'completion_tokens')})",
        cache_read_tokens=f"summed({usage}, 'input_cached|cached_tokens|cache_read')",
        cache_write_tokens=f"summed({usage}, 'cache_creation|cache_write')",
        usd=f"coalesce({first('totalCost', 'total_cost', 'calculatedTotalCost', 'calculated_total_cost')},"
        f" txt({cost}, '$.total'))",
        failed=f"{first('level')} = 'ERROR'",
        path="txt(obj(j, '$.metadata'), '$.\"code.file.path\"')",
        line="txt(obj(j, '$.metadata'), '$.\"code.line.number\"')",
        function="txt(obj(j, '$.metadata'), '$.\"code.function.name\"')",
        tags=f"[{first('promptName', 'prompt_name')}, {first('name')}] || texts(obj(j, '$.tags')) ||"
        f" [{first('traceName', 'trace_name')}]",
        skip=f"CASE WHEN upper({first('type')}) NOT IN ('GENERATION', 'EMBEDDING')"
        " THEN 'observations that are not of a model' END",
    )
