"""OpenTelemetry spans by the conventions for generative AI: OTLP as JSON, or as the console exporter
prints them.

A span counts where it is of a client that asked a model. Spans of agents and workflows repeat the tokens of the
requests below them and are skipped. `code.*` attributes bind it to a line, where the
instrumentation sets them.
"""

from __future__ import annotations

from typing import Any

from guard.use.calibrate.sql import select

TITLE = "OpenTelemetry GenAI spans"
DOCS = "https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/"

_ASKS = "('chat', 'text_completion', 'generate_content', 'embeddings', 'completion', 'embedding')"


def fits(fields: frozenset[str], record: dict[str, Any]) -> bool:
    attributes = record.get("attributes")
    if isinstance(attributes, dict) and any(name.startswith("gen_ai.") for name in attributes):
        return True
    return bool(fields & {"resourceSpans", "resource_spans"})


def rows() -> str:
    spans = """(
      SELECT n, r, unnest(json_extract(r, '$.scopeSpans[*].spans[*]') || json_extract(r, '$.scope_spans[*].spans[*]')) s
      FROM (SELECT n, unnest(json_extract(j, '$.resourceSpans[*]') ||
        json_extract(j, '$.resource_spans[*]')) r FROM raw)
      UNION ALL
      SELECT n, NULL::JSON, j FROM raw
      WHERE json_extract(j, '$.resourceSpans') IS NULL AND json_extract(j, '$.resource_spans') IS NULL
    )"""
    attributes = f"(SELECT n, r, s, json_extract(s, '$.attributes') a FROM {spans})"
    return select(
        attributes,
        started="coalesce(txt(s, '$.startTimeUnixNano'), txt(s, '$.start_time_unix_nano'), txt(s, '$.start_time'))",
        model="coalesce(otel(a, 'gen_ai.request.model'), otel(a, 'gen_ai.response.model'))",
        provider="coalesce(otel(a, 'gen_ai.provider.name'), otel(a, 'gen_ai.system'))",
        operation="otel(a, 'gen_ai.operation.name')",
        input_tokens="coalesce(otel(a, 'gen_ai.usage.input_tokens'), otel(a, 'gen_ai.usage.prompt_tokens'))",
        output_tokens="coalesce(otel(a, 'gen_ai.usage.output_tokens'), otel(a, 'gen_ai.usage.completion_tokens'))",
        cache_read_tokens="coalesce(otel(a, 'gen_ai.usage.cache_read.input_tokens'),"
        " otel(a, 'gen_ai.usage.cache_read_input_tokens'))",
        cache_write_tokens="coalesce(otel(a, 'gen_ai.usage.cache_creation.input_tokens'),"
        " otel(a, 'gen_ai.usage.cache_creation_input_tokens'))",
        usd="coalesce(otel(a, 'gen_ai.usage.cost'), otel(a, 'operation.cost'))",
        failed="otel(a, 'error.type') IS NOT NULL OR coalesce(txt(s, '$.status.code'),"
        " txt(s, '$.status.status_code')) IN ('2', 'STATUS_CODE_ERROR', 'ERROR')",
        path="coalesce(otel(a, 'code.file.path'), otel(a, 'code.filepath'))",
        line="coalesce(otel(a, 'code.line.number'), otel(a, 'code.lineno'))",
        function="coalesce(otel(a, 'code.function.name'), otel(a, 'code.function'))",
        tags="[otel(a, 'guard.request'), otel(a, 'feature'), otel(a, 'gen_ai.prompt.name'), txt(s, '$.name'),"
        " otel(a, 'gen_ai.agent.name'), otel(json_extract(r, '$.resource.attributes'), 'service.name')]",
        skip="CASE WHEN coalesce(otel(a, 'gen_ai.operation.name'), otel(a, 'gen_ai.request.model'),"
        " otel(a, 'gen_ai.response.model'), otel(a, 'gen_ai.system')) IS NULL THEN 'spans that are not of a model'"
        f" WHEN otel(a, 'gen_ai.operation.name') NOT IN {_ASKS} THEN"
        " 'spans of agents, workflows and tools, whose requests have spans of their own' END",
    )
