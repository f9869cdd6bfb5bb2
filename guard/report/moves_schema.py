"""The part of the JSON Schema that describes what moves a bill and a bill that is otherwise. In: nothing. Out: objects.

Neighbours: `moves_json.py`, which writes it; `bill_schema.py`, which puts it below `views`.
"""

from __future__ import annotations

from typing import Any, get_args

from guard.bill import Per

Json = dict[str, Any]
TEXT: Json = {"type": "string"}
TEXT_OR_NULL: Json = {"type": ["string", "null"]}
WHOLE: Json = {"type": "integer", "minimum": 0}
SIGNED: Json = {"type": "string", "pattern": r"^-?[0-9]{1,60}(\.[0-9]{1,60})?$"}
SIGNED_OR_NULL: Json = {**SIGNED, "type": ["string", "null"]}


def _ref(name: str) -> Json:
    return {"$ref": f"#/$defs/{name}"}


def _or_null(kind: Json, says: str = "") -> Json:
    return {"anyOf": [kind, {"type": "null"}], **({"description": says} if says else {})}


def _list(kind: Json, says: str = "") -> Json:
    return {"type": "array", "items": kind, **({"description": says} if says else {})}


def moves_objects() -> Json:
    """The objects below `views.sensitivity` and `views.what_if`, by name."""
    return {**_sensitivity(), **_what_if()}


def _sensitivity() -> Json:
    shift = {
        "typical": {**SIGNED, "description": "US dollars more, negative: less."},
        "worst": {**SIGNED_OR_NULL, "description": "Of requests whose worst case has a bound before and after."},
        "bounded": {"type": "integer", "description": "Requests whose worst case gets a bound by it."},
        "unbounded": {**WHOLE, "description": "Requests that change and that `worst` is not about."},
    }
    return {
        "sensitivity": {
            "per": {"enum": list(get_args(Per))},
            "usd": _or_null(_ref("money"), "What is moved."),
            "counted": WHOLE,
            "known": {**WHOLE, "description": "Requests that have the figure; the others are in no move."},
            "moves": _list(_ref("move"), "Biggest first."),
        },
        "move": {
            "what": TEXT,
            "detail": TEXT_OR_NULL,
            "requests": WHOLE,
            "assumed": {"type": "boolean", "description": "What is moved is an assumption of guard."},
            **shift,
            "features": _list(_ref("feature_shift"), "Features with economics that it moves."),
        },
        "shift": shift,
        "feature_shift": {
            "feature": TEXT,
            "unit": TEXT,
            "per_month": _ref("shift"),
            "per_unit": SIGNED_OR_NULL,
            "margin_before": _or_null(_ref("margin")),
            "margin": _or_null(_ref("margin")),
        },
    }


def _what_if() -> Json:
    money = _or_null(_ref("money"))
    return {
        "what_if": {
            "asked": _list(TEXT),
            "requests": _list(_ref("tried"), "Requests that change, dearest change first."),
            "refused": _list(_ref("refused"), "Requests that cannot take what was asked."),
            "usd": _or_null(_ref("before_after"), "One call of each request that has a price on both sides."),
            "usd_per_month": _or_null(_ref("before_after")),
            "left_out": {**WHOLE, "description": "Requests with a price on one side only."},
            "budgets": _list(_ref("budget_before_after")),
            "broken": _list(TEXT, "Policies that it would break and that hold now."),
            "features": _list(_ref("feature_before_after")),
        },
        "tried": {
            "id": TEXT,
            "model": TEXT,
            "new_model": TEXT,
            "usd": _ref("before_after"),
            "usd_per_month": _ref("before_after"),
            "remarks": _list(TEXT),
        },
        "refused": {"asked": TEXT, "why": TEXT, "requests": _list(TEXT)},
        "before_after": {"before": money, "after": money},
        "budget_before_after": {
            "name": TEXT,
            "before": _list(TEXT, "What it says; nothing: it is kept."),
            "after": _list(TEXT),
        },
        "feature_before_after": {
            "feature": TEXT,
            "unit": TEXT,
            "usd_per_unit": _ref("before_after"),
            "usd_per_customer": _ref("before_after"),
            "margin": _ref("margin_before_after"),
        },
        "margin_before_after": {"before": _or_null(_ref("margin")), "after": _or_null(_ref("margin"))},
    }
