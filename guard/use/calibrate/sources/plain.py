"""Any CSV or JSONL file: fields by the names below, or by a mapping (`--map usd=cost_in_dollars`).

One row is one request unless `requests` says more.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from guard.use.calibrate.sql import path, quoted, select

TITLE = "table"
DOCS = "docs/calibrate.md"

FIELDS: dict[str, tuple[str, ...]] = {
    "started": ("started", "time", "timestamp", "date", "created_at"),
    "model": ("model", "model_name"),
    "provider": ("provider",),
    "operation": ("operation",),
    "input_tokens": ("input_tokens", "prompt_tokens"),
    "output_tokens": ("output_tokens", "completion_tokens"),
    "cache_read_tokens": ("cache_read_tokens", "cached_tokens"),
    "cache_write_tokens": ("cache_write_tokens",),
    "usd": ("usd", "cost_usd", "cost"),
    "requests": ("requests",),
    "failed": ("failed",),
    "path": ("path", "file"),
    "line": ("line",),
    "function": ("function",),
    "tag": ("tag", "feature"),
}
"""What can be mapped, with the names that need no mapping."""


def fits(fields: frozenset[str], record: dict[str, Any]) -> bool:
    known = {name for names in (FIELDS["input_tokens"], FIELDS["output_tokens"], FIELDS["usd"]) for name in names}
    return bool(fields & known)


def rows() -> str:
    return mapped({})


def mapped(mapping: Mapping[str, str]) -> str:
    """SQL with the fields of a mapping (field of `FIELDS` to a name in the file) before those of the usual names."""

    def value(field: str) -> str:
        names = (mapping[field],) if field in mapping else FIELDS[field]
        found = [f"txt(j, {quoted(path(_escaped(name)))})" for name in names]
        return f"coalesce({', '.join(found)})" if len(found) > 1 else found[0]

    said = {name: value(name) for name in FIELDS if name not in ("tag", "failed", "requests")}
    return select(
        **said,
        requests=f"coalesce({value('requests')}, '1')",
        failed=f"lower({value('failed')}) IN ('true', '1', 'yes', 'error', 'failed')",
        tags=f"[{value('tag')}]",
    )


def _escaped(name: str) -> str:
    """A name as it stands between the quotes of a JSON path; one that starts with `$.` is a path itself."""
    return name if name.startswith("$.") else name.replace('"', "")
