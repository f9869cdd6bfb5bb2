"""Self-hosted models in the JSON report. In: a `Deployment`. Out: plain data of the form that `SCHEMA` has.

Neighbours: `json` puts it into the report, `schema` the form into the published schema.
"""

from __future__ import annotations

from typing import Any

from guard.model import Bounds, Deployment, Span


def deployment_data(one: Deployment) -> dict[str, Any]:
    """A deployment with the place of each value."""
    return {
        "name": one.name,
        "kind": one.kind,
        "format": one.format,
        **_place(one.span),
        "runtime": one.runtime,
        "model": {"value": one.model, "at": _places((one.model_span,))},
        "gpu": {"values": list(one.gpu), "at": _places(one.gpu_spans)},
        "gpus": {"value": one.gpus, "at": _places(one.gpus_spans)},
        "replicas": {"low": one.replicas_low, "high": one.replicas_high, "at": _places(one.replicas_spans)},
        "scaled_by": one.scaled_by,
        "idle_replicas": one.idle,
        "context_limit": {"value": one.context_limit, "at": _places((one.context_span,))},
        "spot": one.spot,
        "usd_per_hour": _bounds(one.usd_per_hour),
        "usd_per_month": _bounds(one.usd_per_month),
        "idle_usd_per_month": _bounds(one.idle_usd_per_month),
        "prices": list(one.prices),
        "unknown": list(one.unknown),
    }


def _place(span: Span) -> dict[str, Any]:
    return {"path": span.path, "line": span.line, "column": span.column}


def _places(spans: tuple[Span | None, ...]) -> list[dict[str, Any]]:
    return [_place(span) for span in spans if span is not None]


def _bounds(one: Bounds | None) -> dict[str, Any] | None:
    return None if one is None else {"low": f"{one.low:f}", "high": None if one.high is None else f"{one.high:f}"}


def _form(**keys: Any) -> dict[str, Any]:
    return {"type": "object", "properties": keys, "required": list(keys), "additionalProperties": False}


_TEXT, _MAYBE, _COUNT = {"type": "string"}, {"type": ["string", "null"]}, {"type": ["integer", "null"]}
_AT = {"type": "array", "items": _form(path=_TEXT, line={"type": "integer"}, column={"type": "integer"})}
_USD = {"anyOf": [_form(low=_TEXT, high=_MAYBE), {"type": "null"}]}
_TEXTS = {"type": "array", "items": _TEXT}
SCHEMA: dict[str, Any] = _form(
    name=_TEXT, kind=_TEXT, format=_TEXT, path=_TEXT, line={"type": "integer"}, column={"type": "integer"},
    runtime=_MAYBE, model=_form(value=_MAYBE, at=_AT), gpu=_form(values=_TEXTS, at=_AT),
    gpus=_form(value=_COUNT, at=_AT), replicas=_form(low=_COUNT, high=_COUNT, at=_AT), scaled_by=_MAYBE,
    idle_replicas=_COUNT, context_limit=_form(value=_COUNT, at=_AT), spot={"type": "boolean"}, usd_per_hour=_USD,
    usd_per_month=_USD, idle_usd_per_month=_USD, prices=_TEXTS, unknown=_TEXTS,
)  # fmt: skip
"""JSON Schema of what `deployment_data` gives."""
