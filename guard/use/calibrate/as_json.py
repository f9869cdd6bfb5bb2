"""`guard calibrate --format json`. In: a `Result`. Out: plain data; units stand in the names, dollars are texts.

Neighbour: `text.py` says the same for people.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from guard.use.calibrate.comparing import Comparison, Figure
from guard.use.calibrate.measured import Bad, date_of
from guard.use.calibrate.result import Result
from guard.use.firm_text import Entry

VERSION = 1


def data(result: Result) -> dict[str, Any]:
    """The whole result."""
    reading, total = result.reading, result.total
    return {
        "version": VERSION,
        "period": {
            "days": reading.days,
            "first": None if reading.since is None else date_of(reading.since),
            "last": None if reading.until is None else date_of(reading.until),
        },
        "files": [
            {
                "path": file.path,
                "source": file.source,
                "rows": file.rows,
                "not_used": [_bad(one) for one in file.bad],
                "left_out": [_bad(one) for one in file.skipped],
            }
            for file in reading.files
        ],
        "spend": {
            "usd": str(total.usd),
            "bound_usd": str(result.bound.usd),
            "bound_share": float(result.bound.usd / total.usd) if total.usd else None,
            "bound_by_usd": {way: str(usd) for way, usd in result.by_way.items()},
            "priced_by_guard_usd": str(total.priced_by_guard),
            "rows_without_price": total.unknown,
        },
        "places": [_place(one) for one in result.comparisons],
        "not_bound": [
            {
                "model": one.group.key.model,
                "tag": one.group.key.tag,
                "function": one.group.key.function,
                "path": one.group.key.path,
                "line": one.group.key.line,
                "rows": one.group.sums.rows,
                "usd": _usd(one.group.sums.usd),
                "why": one.why,
            }
            for one in result.loose
        ],
        "proposed": {"usage": {"rules": [_rule(rule) for rule in result.proposal.declared.rules]}},
        "not_proposed": list(result.proposal.notes),
    }


def _bad(bad: Bad) -> dict[str, Any]:
    return {"why": bad.why, "rows": bad.rows, "first": list(bad.first), "unit": bad.unit}


def _usd(usd: Decimal | None) -> str | None:
    return None if usd is None else str(usd)


def _place(one: Comparison) -> dict[str, Any]:
    site = one.bound.requests[0].request.sites[-1]
    return {
        "path": site.span.path,
        "line": site.span.line,
        "function": site.qualname,
        "requests": [priced.request.id for priced in one.bound.requests],
        "bound_by": one.bound.ways,
        "models": list(one.models),
        "rows": one.sums.rows,
        "http_requests": one.sums.requests,
        "failed": one.sums.failed,
        "usd": str(one.spend.usd),
        "rows_without_price": one.spend.unknown,
        "figures": {figure.name.replace(" ", "_"): _figure(figure) for figure in one.figures},
    }


def _figure(figure: Figure) -> dict[str, Any]:
    return {
        "measured": figure.measured,
        "typical": figure.typical,
        "low": figure.low,
        "high": figure.high,
        "error": figure.error,
        "inside": figure.inside,
    }


def _rule(rule: Entry) -> dict[str, Any]:
    said: dict[str, Any] = {rule.about: rule.what, **{key: value for key, value, _ in rule.says}}
    if rule.holes:
        said["holes"] = {one.name: one.tokens for one in rule.holes}
    return said
