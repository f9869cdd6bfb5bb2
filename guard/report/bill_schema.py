"""The part of the JSON Schema that describes `views`. In: the words of `schema.py`. Out: objects by name.

Neighbours: `bill_json.py`, which writes what is described here; `schema.py`, which puts it in its place.
"""

from __future__ import annotations

from typing import Any, get_args

from guard.bill import GroupBy, Per, SortBy
from guard.report.moves_schema import moves_objects

Json = dict[str, Any]


def _ref(name: str) -> Json:
    return {"$ref": f"#/$defs/{name}"}


def _or_null(kind: Json, says: str = "") -> Json:
    return {"anyOf": [kind, {"type": "null"}], **({"description": says} if says else {})}


def _list(kind: Json, says: str = "") -> Json:
    return {"type": "array", "items": kind, **({"description": says} if says else {})}


TEXT: Json = {"type": "string"}
TEXT_OR_NULL: Json = {"type": ["string", "null"]}
WHOLE: Json = {"type": "integer", "minimum": 0}
YES_NO: Json = {"type": "boolean"}
SHARE_OR_NULL: Json = {"type": ["number", "null"], "minimum": 0}


def bill_objects() -> Json:
    """The objects below `views`, by name."""
    views = {
        "groups": _or_null(_ref("breakdown"), "Requests by what they have in common."),
        "units": _list(_ref("unit_cost"), "Features that declare a unit, a revenue or customers."),
        "sensitivity": _or_null(_ref("sensitivity"), "What moves the bill."),
        "what_if": _or_null(_ref("what_if"), "The bill if something were otherwise."),
    }
    return {"views": views, **_groups(), **_units(), **moves_objects()}


def _units() -> Json:
    number: Json = {"type": ["string", "null"], "pattern": r"^-?[0-9]{1,60}(\.[0-9]{1,60})?$"}
    money = _or_null(_ref("money"))
    return {
        "unit_cost": {
            "feature": TEXT,
            "unit": TEXT,
            "owner": TEXT_OR_NULL,
            "counted": WHOLE,
            "monthly_requests": WHOLE,
            "units_per_month": {**number, "description": "As declared, or by the runs of its entry points."},
            "units_source": TEXT_OR_NULL,
            "customers": number,
            "revenue_per_month": number,
            "usd_per_month": money,
            "usd_per_unit": money,
            "usd_per_customer": money,
            "margin": _or_null(_ref("margin")),
            "gaps": _list(TEXT, "What the figures lack; then they are about a part of the cost, or null."),
            "assumptions": _list(TEXT),
            "partial": {**YES_NO, "description": "Bounds cover only what is known and priced."},
        },
        "margin": {
            "low": {**number, "description": "Share of revenue that is left at worst; null: no bound."},
            "typical": number,
            "high": number,
        },
    }


def _groups() -> Json:
    usd = {
        "usd": _or_null(_ref("money"), "One call of each request; null: not known (never zero)."),
        "usd_per_run": _or_null(_ref("money"), "Of an entry point a run of it, else one of each request's function."),
        "usd_per_month": _or_null(_ref("money"), "Exists only where usage is declared."),
    }
    return {
        "breakdown": {
            "by": {"enum": list(get_args(GroupBy))},
            "sort": {"enum": list(get_args(SortBy))},
            "share_of": {"enum": list(get_args(Per))},
            "groups": {**WHOLE, "description": "How many there are, with those that `rest` stands for."},
            "lines": _list(_ref("group")),
            "rest": _or_null(_ref("group"), "What `--top` leaves out, together."),
        },
        "group": {
            "name": {**TEXT_OR_NULL, "description": "null: requests that belong to no group."},
            "kind": {**TEXT_OR_NULL, "description": "Of an entry point: `route`, `task`, ..."},
            "aliases": _list(TEXT),
            "counted": WHOLE,
            "priced": WHOLE,
            "monthly_requests": WHOLE,
            **usd,
            "partial": {**YES_NO, "description": "Bounds cover only what is known and priced."},
            "assumed": {**YES_NO, "description": "Some of it rests on assumptions."},
            "share": {**SHARE_OR_NULL, "description": "Of the typical figure of all groups; null: not known."},
            "requests": _list(_ref("group_request")),
        },
        "group_request": {
            "id": TEXT,
            **{
                name: {**kind, "x-optional": True}
                for name, kind in {
                    "calls": _or_null(_ref("count"), "How often a run of the entry point calls it."),
                    **usd,
                }.items()
            },
        },
    }
