"""The key `difference` of the JSON report. In: a `Difference`. Out: plain data. Neighbour: `json.py`.

A request of the head stands in `requests` with all that is known of it; one of the base is told in short only, by what
it cost.
"""

from __future__ import annotations

from guard.difference import Cause, Change, Difference
from guard.model import Priced, Problem
from guard.report import json_values as plain

Json = plain.Json


def difference_data(difference: Difference, totals: dict[str, Json]) -> Json:
    """A difference as plain data; `totals`: those of `before` and `after`, as the report writes its own."""
    base = difference.base
    return {
        "base": {"label": base.label, "commit": base.commit},
        "files": difference.files,
        "changes": [_change(change) for change in difference.changes],
        "unchanged": difference.unchanged,
        **totals,
        "comparable": {"usd": difference.call_gaps.comparable, "usd_per_month": difference.month_gaps.comparable},
        "new_findings": sorted(difference.new_findings),
        "fixed_findings": list(difference.fixed_findings),
        "loosened": [
            {"message": rule.message, "at": None if rule.span is None else plain.point(rule.span)}
            for rule in difference.loosened
        ],
        "remarks": list(difference.remarks),
        "lost": [_problem(one) for one in difference.lost],
        "problems": [_problem(one) for one in difference.problems],
    }


def _problem(one: Problem) -> Json:
    return {
        "path": one.path,
        "line": one.line,
        "column": one.column,
        "kind": one.kind,
        "message": one.message,
        "hint": one.hint,
    }


def _change(change: Change) -> Json:
    return {
        "kind": change.kind,
        "before": None if change.before is None else _side(change.before),
        "after": None if change.after is None else _side(change.after),
        "causes": [_cause(cause) for cause in change.causes],
    }


def _side(priced: Priced) -> Json:
    request, estimate = priced.request, priced.estimate
    return {
        "id": request.id,
        "api": request.api,
        "provider": request.provider,
        "at": plain.point(request.sites[0].span),
        "qualname": request.sites[0].qualname,
        "models": [plain.scalar(plain.short(choice.value)) for choice in request.model.choices],
        "models_open": request.model.open,
        "counted": request.counted,
        "priced": estimate.priced,
        "usd": plain.money(estimate.usd),
        "usd_per_run": plain.money(estimate.usd_per_run),
        "usd_per_month": plain.money(estimate.usd_per_month),
    }


def _cause(cause: Cause) -> Json:
    return {
        "what": cause.what,
        "before": cause.before,
        "after": cause.after,
        "note": cause.note,
        "at": None if cause.span is None else plain.point(cause.span),
        "base_at": None if cause.base_span is None else plain.point(cause.base_span),
    }
