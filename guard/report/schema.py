"""The JSON Schema (2020-12) of the JSON report, as data.

In: nothing. Out: `schema()`, and on standard output with `python -m guard.report.schema > docs/report.schema.json`.
It describes what `json.py` writes; a test compares the two with every report that the tests make. The published form
lets further keys pass, since later releases may add keys; `schema(closed=True)` refuses them and is what tests use.
"""

from __future__ import annotations

import json
import sys
from typing import Any, get_args

from guard.difference import CauseKind, ChangeKind
from guard.model import Billed, Confidence, Enforce, How, Operation, Role, Severity, Stage, VerdictWord
from guard.report.bill_schema import bill_objects
from guard.report.deployment_json import SCHEMA as DEPLOYMENT

Json = dict[str, Any]

SCHEMA_ID = "urn:guard:report:1"
"""Name of this schema; nothing is ever fetched by it."""


def schema(*, closed: bool = False) -> Json:
    """The schema of a report; `closed` refuses keys that it does not name."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_ID,
        "title": "guard report",
        "description": "What guard found in a tree: requests to language models, their cost, findings and problems. "
        "Lines and columns are 1-based, paths relative to the scanned folder, money is US dollars as decimal text.",
        **_object(_report(), closed),
        "$defs": {name: _object(keys, closed) for name, keys in _objects().items()} | _words(),
    }


def _object(keys: Json, closed: bool) -> Json:
    """An object that always has all `keys`; those whose schema says `x-optional` may be left out."""
    properties = {name: {k: v for k, v in item.items() if k != "x-optional"} for name, item in keys.items()}
    required = [name for name, item in keys.items() if not item.get("x-optional")]
    closing: Json = {"additionalProperties": False} if closed else {}
    return {"type": "object", "properties": properties, "required": required, **closing}


def _says(kind: Json, description: str) -> Json:
    return {**kind, "description": description}


def _or_null(kind: Json) -> Json:
    return {"anyOf": [kind, {"type": "null"}]}


def _list(kind: Json) -> Json:
    return {"type": "array", "items": kind}


def _ref(name: str) -> Json:
    return {"$ref": f"#/$defs/{name}"}


TEXT: Json = {"type": "string"}
TEXT_OR_NULL: Json = {"type": ["string", "null"]}
WHOLE: Json = {"type": "integer", "minimum": 0}
WHOLE_OR_NULL: Json = {"type": ["integer", "null"], "minimum": 0}
ORDINAL: Json = {"type": "integer", "minimum": 1}
ORDINAL_OR_NULL: Json = {"type": ["integer", "null"], "minimum": 1}
NUMBER: Json = {"type": "number", "minimum": 0}
SHARE_OR_NULL: Json = {"type": ["number", "null"], "minimum": 0, "maximum": 1}
YES_NO: Json = {"type": "boolean"}
SCALAR: Json = {"type": ["string", "number", "boolean", "null"]}
USD: Json = {"type": "string", "pattern": r"^[0-9]{1,40}(\.[0-9]{1,60})?$"}


def _words() -> Json:
    return {
        "operation": {"enum": list(get_args(Operation))},
        "role": {"enum": list(get_args(Role))},
        "how": {"enum": list(get_args(How))},
        "billed": {"enum": list(get_args(Billed))},
        "stage": {"enum": list(get_args(Stage))},
        "severity": {"enum": list(get_args(Severity))},
        "enforce": {"enum": list(get_args(Enforce))},
        "verdict": {"enum": list(get_args(VerdictWord))},
    }


def _report() -> Json:
    return {
        "schema_version": {"const": 1},
        "tool": _object({"name": {"const": "guard"}, "version": TEXT}, False),
        "root": _says(TEXT, "Name of the scanned folder."),
        "config": _says(TEXT_OR_NULL, "The configuration file, relative to the scanned folder; null without one."),
        "prices": _object({"as_of": _says(TEXT, "Date of the price table."), "sha256": TEXT}, False),
        "looked": _ref("looked"),
        "requests": _says(_list(_ref("request")), "Sorted by place of the outermost site."),
        "deployments": _says(_list(DEPLOYMENT), "Self-hosted models in manifests, by place."),
        "settings": _says(_list(_ref("setting")), "Cost-relevant keys of known configuration formats."),
        "findings": _list(_ref("finding")),
        "problems": _says(_list(_ref("problem")), "Files that could not be read; the scan went on."),
        "totals": _ref("totals"),
        "difference": _says(_or_null(_ref("difference")), "What changed against a base; null without one."),
        "views": _says(_or_null(_ref("views")), "What was asked beyond the requests; null: nothing."),
    }


def _objects() -> Json:
    parts = {**_figures(), **_places(), **_request_parts(), **_verdicts(), **_differences(), **bill_objects()}
    return {**parts, "request": _request()}


def _figures() -> Json:
    return {
        "money": {
            "low": USD,
            "typical": USD,
            "high": _says(_or_null(USD), "null: no bound was found; the reason stands in `why`."),
        },
        "tokens": {"low": WHOLE, "typical": NUMBER, "high": _says(WHOLE_OR_NULL, "null: no bound.")},
        "count": {
            "low": WHOLE,
            "typical": NUMBER,
            "high": _says(WHOLE_OR_NULL, "null: no bound was found."),
            "why": _list(TEXT),
            "trail": _says(_list(_ref("step")), "Where the number comes from, as far as it is written somewhere."),
        },
        "looked": {"files": WHOLE, "parsed": WHOLE, "lines": WHOLE, "skipped": WHOLE},
    }


def _places() -> Json:
    point = {
        "path": TEXT,
        "line": _says(ORDINAL_OR_NULL, "null in a notebook."),
        "column": ORDINAL,
        "cell": _says(WHOLE_OR_NULL, "Notebook cell, all cells counted from 0; null elsewhere."),
        "cell_line": _says(ORDINAL_OR_NULL, "Line in the cell, from 1; null outside notebooks."),
    }
    span = {**point, "end_line": ORDINAL_OR_NULL, "end_column": ORDINAL, "cell_end_line": ORDINAL_OR_NULL}
    repeats = {"low": WHOLE, "typical": NUMBER, "high": WHOLE_OR_NULL, "why": TEXT_OR_NULL}
    return {
        "point": point,
        "step": {**point, "how": _ref("how"), "note": TEXT},
        "label": {**span, "text": TEXT},
        "site_repeats": repeats,
        "site": {
            **span,
            "role": _ref("role"),
            "qualname": _says(TEXT, "Function or class that the site stands in."),
            "callee": TEXT,
            "repeats": _says(_ref("site_repeats"), "How often the site runs per call of its function."),
        },
    }


def _request_parts() -> Json:
    how = _says(_or_null(_ref("how")), "`not_sent` for a value of null, which means that nothing is sent.")
    trail = _says(_list(_ref("step")), "From where the value was written towards the request.")
    choice = {"value": SCALAR, "how": how, "trail": trail}
    price_id = _says(TEXT_OR_NULL, "The normalised name that prices the model; null if the table does not know it.")
    value = {"open": _says(YES_NO, "Other values may arrive."), "why": TEXT_OR_NULL}
    return {
        "model_choice": {**choice, "price_id": price_id},
        "limit_choice": choice,
        "model": {"choices": _list(_ref("model_choice")), **value},
        "max_output": {"choices": _list(_ref("limit_choice")), **value},
        "variant_model": {"value": SCALAR, "price_id": price_id},
        "variant_limit": {"value": SCALAR, "how": how},
        "variant": {
            "model": _or_null(_ref("variant_model")),
            "provider": TEXT_OR_NULL,
            "max_output": _or_null(_ref("variant_limit")),
            "reasoning": SCALAR,
            "tier": TEXT_OR_NULL,
            "default": _says(YES_NO, "This variant runs without overrides."),
        },
        "layer": {
            "name": TEXT,
            "attempts": _says(WHOLE_OR_NULL, "HTTP tries at worst, the first included; null: no bound."),
            "billed": _ref("billed"),
            "at": _or_null(_ref("point")),
            "why": TEXT,
            "trail": _says(_list(_ref("step")), "Where the number of tries comes from."),
        },
        "segment": {
            "message": _says(WHOLE, "Number of the message, from 0."),
            "role": TEXT,
            "kind": {"enum": ["static", "hole"]},
            "name": TEXT_OR_NULL,
            "tokens": _says(WHOLE_OR_NULL, "Of static text; null where not counted."),
            "hash": _says(TEXT_OR_NULL, "Changes when the static text changes."),
            "max_chars": WHOLE_OR_NULL,
            "max_tokens": {**WHOLE, "x-optional": True, "description": "Where the code cuts it to a number of tokens."},
            "why": TEXT,
            "at": _or_null(_ref("point")),
            "text": {**TEXT_OR_NULL, "x-optional": True, "description": "Only with --show-prompts."},
        },
        "hole": {
            "name": TEXT,
            "tokens": _says(NUMBER, "Typical size that was taken."),
            "low": WHOLE,
            "high": WHOLE_OR_NULL,
            "from": TEXT,
        },
        "prompt": {
            "static_tokens": WHOLE_OR_NULL,
            "segments": _list(_ref("segment")),
            "holes": _list(_ref("hole")),
            "open": _says(YES_NO, "Further messages may be sent that are not listed."),
            "why": TEXT_OR_NULL,
            "tools": WHOLE,
            "tools_open": YES_NO,
            "tools_trail": _says(_list(_ref("step")), "Where the tools come from."),
            "batch": _says(_or_null(_ref("batch")), "Inputs of a request for embeddings; null: the prompt is one."),
        },
        "batch": {
            "inputs": _says(_ref("count"), "Texts in one request, each with the model's window to itself."),
            "most_inputs": _says(WHOLE_OR_NULL, "What the provider takes in one request; null: no limit is known."),
            "most_tokens": _says(WHOLE_OR_NULL, "Of all inputs together, likewise."),
        },
        "part": {
            "name": TEXT,
            "quantity": _ref("tokens"),
            "usd_per_million": USD,
            "usd": _ref("money"),
            "variant": _says(WHOLE, "Index into `variants`."),
        },
        "estimate": _estimate(),
        "reach": {
            "entry": _says(TEXT, "`path::qualname` of the entry point."),
            "kind": TEXT,
            "aliases": _list(TEXT),
            "repeats": _ref("count"),
            "runs_per_month": _says(_or_null(USD), "Filled where this is the request's only entry point."),
            "from": TEXT_OR_NULL,
            "chain": _list(_ref("point")),
        },
        "unknown": {"what": TEXT, "why": TEXT, "at": _or_null(_ref("point"))},
    }


def _estimate() -> Json:
    money, tokens = _or_null(_ref("money")), _or_null(_ref("tokens"))
    return {
        "priced": YES_NO,
        "why": _says(_list(TEXT), "Why it is not priced, or why the high has no bound."),
        "input_tokens": _says(tokens, "Of one turn of one call."),
        "output_tokens": _says(tokens, "Of one turn of one call."),
        "usd": _says(money, "One call with its turns and attempts; null: not known (never zero)."),
        "usd_per_run": money,
        "usd_per_month": _says(money, "Exists only where usage is declared."),
        "runs_per_month": _or_null(USD),
        "runs_source": TEXT_OR_NULL,
        "parts": _says(_list(_ref("part")), "The arithmetic, for one attempt of one turn of one call."),
        "assumptions": _list(TEXT),
        "approximate": _says(TEXT_OR_NULL, "How tokens were counted where not exactly."),
        "assumed_share": _says(SHARE_OR_NULL, "Share of typical `usd` that rests on assumptions."),
        "known_only": _says(
            _list(TEXT), "Why low and high cover only what is known and priced, so that they are no bounds; empty: all."
        ),
    }


def _request() -> Json:
    return {
        "id": _says(TEXT, "Stable over edits that move the call."),
        "api": TEXT,
        "operation": _ref("operation"),
        "provider": TEXT_OR_NULL,
        "counted": _says(YES_NO, "False: left out of totals and budgets, `why_not` says why."),
        "why_not": TEXT_OR_NULL,
        "exclusive": _says(TEXT_OR_NULL, "Requests with the same word exclude one another in a run."),
        "exclusive_default": YES_NO,
        "after": _says(TEXT_OR_NULL, "Id of the request whose failure leads here."),
        "conditional": _says(YES_NO, "The call may not happen, so its low is 0."),
        "callers": WHOLE,
        "caller_examples": _list(_list(_ref("point"))),
        "sites": _says({**_list(_ref("site")), "minItems": 1}, "Outermost first; the last one sends."),
        "model": _ref("model"),
        "max_output": _ref("max_output"),
        "variants": _list(_ref("variant")),
        "outputs": _says(WHOLE_OR_NULL, "Answers per request; null: unknown."),
        "attempts": _ref("count"),
        "turns": _ref("count"),
        "repeats": _ref("count"),
        "layers": _list(_ref("layer")),
        "prompt": _ref("prompt"),
        "estimate": _ref("estimate"),
        "reached_from": _list(_ref("reach")),
        "feature": TEXT_OR_NULL,
        "owner": TEXT_OR_NULL,
        "stage": _ref("stage"),
        "unknown": _list(_ref("unknown")),
        "assumed": _list(TEXT),
        "inline": {"type": "object", "additionalProperties": TEXT},
    }


def _verdicts() -> Json:
    return {
        "setting": {
            "path": TEXT,
            "line": ORDINAL,
            "column": ORDINAL,
            "format": TEXT,
            "key_path": _says(
                TEXT, "Dots, `[i]`, quotes around keys with dots, `N#` before document N, `>` into a text."
            ),
            "what": _says(TEXT, "`model`, `max_tokens`, `retries`, ...: docs/formats.md lists them."),
            "value": _says({"anyOf": [SCALAR, _list(SCALAR)]}, "Of a prompt null, its text with --show-prompts."),
            "confidence": {"enum": list(get_args(Confidence))},
        },
        "forgiven": {"by": TEXT, "reason": TEXT, "at": _or_null(_ref("point"))},
        "finding": {
            "id": TEXT,
            "policy": TEXT,
            "verdict": _ref("verdict"),
            "severity": _ref("severity"),
            "enforce": _ref("enforce"),
            "confidence": {"enum": list(get_args(Confidence))},
            "message": TEXT,
            "labels": _says(_list(_ref("label")), "The first one is the primary."),
            "notes": _list(TEXT),
            "help": TEXT,
            "request": _says(TEXT_OR_NULL, "Id of the request; null for sums."),
            "forgiven": _or_null(_ref("forgiven")),
        },
        "problem": {
            "path": TEXT,
            "line": ORDINAL_OR_NULL,
            "column": ORDINAL_OR_NULL,
            "kind": TEXT,
            "message": TEXT,
            "hint": TEXT,
        },
        "unpriced": {"reason": TEXT, "requests": WHOLE},
        "totals": {
            "requests": _says(WHOLE, "All that were found."),
            "counted": _says(WHOLE, "Those that the sums are about: counted, and not in tests."),
            "tests": _says(WHOLE, "Counted requests in tests, which the sums leave out."),
            "priced": WHOLE,
            "usd": _says(_or_null(_ref("money")), "One call of every counted, priced request."),
            "usd_per_month": _or_null(_ref("money")),
            "monthly_requests": _says(WHOLE, "How many counted requests have a monthly figure."),
            "assumed_share": SHARE_OR_NULL,
            "known_only": _says(WHOLE, "Priced requests of which not all that may run is known and priced."),
            "stood_for": _says(WHOLE, "Requests without a price that run instead of one that has a price."),
            "unpriced": _list(_ref("unpriced")),
        },
    }


def _differences() -> Json:
    cause = {
        "what": {"enum": list(get_args(CauseKind))},
        "before": _says(TEXT_OR_NULL, "In words; null: there was nothing. Never prompt text."),
        "after": TEXT_OR_NULL,
        "note": _says(TEXT, "What stands there: `constant ROUNDS`, `prompts/rank.txt`."),
        "at": _says(_or_null(_ref("point")), "The changed line in the head; null: it is gone."),
        "base_at": _says(_or_null(_ref("point")), "Where it stood in the base; null: it is new."),
    }
    side = {
        "id": TEXT,
        "api": TEXT,
        "provider": TEXT_OR_NULL,
        "at": _says(_ref("point"), "The outermost site."),
        "qualname": TEXT,
        "models": _list(SCALAR),
        "models_open": _says(YES_NO, "Other models may arrive."),
        "counted": YES_NO,
        "priced": YES_NO,
        "usd": _or_null(_ref("money")),
        "usd_per_run": _or_null(_ref("money")),
        "usd_per_month": _or_null(_ref("money")),
    }
    return {
        "base": {"label": TEXT, "commit": _says(TEXT_OR_NULL, "Full hash; null for a saved report.")},
        "cause": cause,
        "side": side,
        "change": {
            "kind": {"enum": list(get_args(ChangeKind))},
            "before": _says(_or_null(_ref("side")), "null: the request is new."),
            "after": _says(_or_null(_ref("side")), "null: it is gone. `requests` has all of it."),
            "causes": _says(_list(_ref("cause")), "Most telling first; empty where none is known."),
        },
        "comparable": {
            "usd": _says(YES_NO, "false: a request has a price on one side only, or a file could not be read."),
            "usd_per_month": YES_NO,
        },
        "loosening": {"message": TEXT, "at": _or_null(_ref("point"))},
        "difference": {
            "base": _ref("base"),
            "files": _says(WHOLE, "Files that differ; 0: nothing was touched."),
            "changes": _says(_list(_ref("change")), "Largest rise of typical cost first."),
            "unchanged": _says(WHOLE, "Requests that are as they were."),
            "before": _ref("totals"),
            "after": _ref("totals"),
            "comparable": _says(_ref("comparable"), "Whether the sums of both sides are about the same requests."),
            "new_findings": _says(_list(TEXT), "Ids of findings that the base lacks; only these block."),
            "fixed_findings": _says(_list(TEXT), "Messages of findings that are gone."),
            "loosened": _says(_list(_ref("loosening")), "Rules that let more pass than before."),
            "remarks": _says(_list(TEXT), "What to know of the comparison itself."),
            "problems": _says(_list(_ref("problem")), "Files of the base alone that could not be read."),
            "lost": _says(_list(_ref("problem")), "Files of the head alone that could not be read: nothing is gone."),
        },
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(schema(), indent=2) + "\n")
