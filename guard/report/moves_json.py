"""What moves a bill, and a bill that is otherwise, as JSON. In: `Sensitivity`, `WhatIf`. Out: plain data.

Neighbours: `bill_json.py`, which puts it below `views`; `moves_schema.py` describes it.
"""

from __future__ import annotations

from guard.bill import FeatureShift, Margin, Move, Sensitivity, Shift, Tried, UnitCost, WhatIf
from guard.model import Money
from guard.report import json_values as plain


def sensitivity_data(found: Sensitivity) -> plain.Json:
    """All moves, biggest first."""
    return {
        "per": found.per,
        "usd": plain.money(found.whole),
        "counted": found.counted,
        "known": found.known,
        "moves": [_move(move) for move in found.moves],
    }


def _move(move: Move) -> plain.Json:
    return {
        "what": move.what,
        "detail": move.detail or None,
        "requests": move.requests,
        "assumed": move.assumed,
        **_shift(move.shift),
        "features": [_feature(one) for one in move.features],
    }


def _shift(moved: Shift) -> plain.Json:
    return {
        "typical": plain.decimal_text(moved.typical),
        "worst": None if moved.worst is None else plain.decimal_text(moved.worst),
        "bounded": moved.bounded,
        "unbounded": moved.unbounded,
    }


def _feature(one: FeatureShift) -> plain.Json:
    return {
        "feature": one.feature,
        "unit": one.unit,
        "per_month": _shift(one.per_month),
        "per_unit": None if one.per_unit is None else plain.decimal_text(one.per_unit),
        "margin_before": margin_data(one.margin_before),
        "margin": margin_data(one.margin),
    }


def margin_data(margin: Margin | None) -> plain.Json | None:
    """The bounds of a margin."""
    if margin is None:
        return None
    low = None if margin.low is None else plain.decimal_text(margin.low)
    return {"low": low, "typical": plain.decimal_text(margin.typical), "high": plain.decimal_text(margin.high)}


def what_if_data(found: WhatIf) -> plain.Json:
    """The bill before and after."""
    return {
        "asked": list(found.asked),
        "requests": [_tried(line) for line in found.lines],
        "refused": [{"asked": one.asked, "why": one.why, "requests": list(one.ids)} for one in found.refused],
        "usd": _pair(found.calls),
        "usd_per_month": _pair(found.months),
        "left_out": found.left_out,
        "budgets": [{"name": one.name, "before": list(one.before), "after": list(one.after)} for one in found.budgets],
        "broken": list(found.broken),
        "features": [_units(was, now) for was, now in found.units],
    }


def _tried(line: Tried) -> plain.Json:
    return {
        "id": line.id,
        "model": line.model,
        "new_model": line.new_model,
        "usd": _both(line.before, line.after),
        "usd_per_month": _both(line.month_before, line.month_after),
        "remarks": list(line.remarks),
    }


def _pair(pair: tuple[Money, Money] | None) -> plain.Json | None:
    return None if pair is None else _both(*pair)


def _both(was: Money | None, now: Money | None) -> plain.Json:
    return {"before": plain.money(was), "after": plain.money(now)}


def _units(was: UnitCost, now: UnitCost) -> plain.Json:
    return {
        "feature": was.feature,
        "unit": was.unit,
        "usd_per_unit": _both(was.usd_per_unit, now.usd_per_unit),
        "usd_per_customer": _both(was.usd_per_customer, now.usd_per_customer),
        "margin": {"before": margin_data(was.margin), "after": margin_data(now.margin)},
    }
