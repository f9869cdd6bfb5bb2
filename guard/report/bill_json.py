"""What was asked of a bill, as JSON: the key `views` of the report. In: a `Bill`. Out: plain data.

Neighbours: `json.py`, which writes it; `bill_schema.py` describes it.
"""

from __future__ import annotations

from decimal import Decimal

from guard.bill import Bill, Breakdown, Line, Sums, UnitCost
from guard.report import json_values as plain
from guard.report.moves_json import margin_data, sensitivity_data, what_if_data


def bill_data(bill: Bill) -> plain.Json:
    """All that was asked; null for what was not."""
    return {
        "groups": None if bill.breakdown is None else _breakdown(bill.breakdown),
        "units": [_units(one) for one in bill.units],
        "sensitivity": None if bill.sensitivity is None else sensitivity_data(bill.sensitivity),
        "what_if": None if bill.what_if is None else what_if_data(bill.what_if),
    }


def _units(found: UnitCost) -> plain.Json:
    return {
        "feature": found.feature,
        "unit": found.unit,
        "owner": found.owner,
        "counted": found.requests,
        "monthly_requests": found.monthly,
        "units_per_month": _decimal(found.units),
        "units_source": found.units_source or None,
        "customers": _decimal(found.customers),
        "revenue_per_month": _decimal(found.revenue),
        "usd_per_month": plain.money(found.usd_per_month),
        "usd_per_unit": plain.money(found.usd_per_unit),
        "usd_per_customer": plain.money(found.usd_per_customer),
        "margin": margin_data(found.margin),
        "gaps": list(found.gaps),
        "assumptions": list(found.assumptions),
        "partial": found.partial,
    }


def _decimal(value: Decimal | None) -> str | None:
    return None if value is None else plain.decimal_text(value)


def _breakdown(found: Breakdown) -> plain.Json:
    return {
        "by": found.by,
        "sort": found.sort,
        "share_of": found.share_of,
        "groups": found.groups,
        "lines": [_line(line) for line in found.lines],
        "rest": None if found.rest is None else _line(found.rest),
    }


def _line(line: Line) -> plain.Json:
    return {
        "name": line.name,
        "kind": line.kind or None,
        "aliases": list(line.aliases),
        **_sums(line.sums),
        "share": None if line.share is None else plain.number(line.share),
        "requests": [_request(inner) for inner in line.lines] or [{"id": name} for name in line.ids],
    }


def _request(line: Line) -> plain.Json:
    return {
        "id": line.ids[0],
        "calls": None if line.calls is None else plain.count(line.calls),
        "usd": plain.money(line.sums.usd),
        "usd_per_run": plain.money(line.sums.usd_per_run),
        "usd_per_month": plain.money(line.sums.usd_per_month),
    }


def _sums(found: Sums) -> plain.Json:
    return {
        "counted": found.requests,
        "priced": found.priced,
        "monthly_requests": found.monthly,
        "usd": plain.money(found.usd),
        "usd_per_run": plain.money(found.usd_per_run),
        "usd_per_month": plain.money(found.usd_per_month),
        "partial": found.partial,
        "assumed": found.assumed,
    }
