"""Compares a tree with a report that was saved as JSON. In: a tree, a file. Out: its report and the `Difference`.

Nothing is known of the files behind a saved report, so a cause is where a value that differs comes from, on both
sides. Findings are judged under the rules of today. Both sides are read from their JSON, so that neither knows more
than the other. Neighbours: `saved_report` reads the data, `build` puts the difference together.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from guard.config.baselines import FORMAT
from guard.config.types import Config
from guard.difference import Base, Change, Difference
from guard.model import Finding, Priced, Report
from guard.policy.judge import merged_in_order
from guard.report.json import SCHEMA_VERSION, as_data
from guard.run import judged, look
from guard.sources.tree import Tree
from guard.use.diff import build, saved_report
from guard.use.diff.findings import fixed, is_budget, new_ids
from guard.use.diff.gaps import call_gaps, month_gaps
from guard.use.diff.pairs import paired

LARGEST = 50_000_000
"""Bytes of a saved report."""
REMARK = "a saved report holds neither rules nor comments, so loosened ones are not listed"

Json = dict[str, Any]


class SavedError(Exception):
    """The file is no report that can be compared with; the text says why and what to do."""


def with_saved(tree: Tree, file: Path, config: Config, today: date) -> tuple[Report, Difference]:
    """The report of a tree, and what changed since the saved one. Raises `SavedError`."""
    data = _data(file)
    report_before = _read(data, file)
    scanned = look(tree, config)
    _same_prices(data, scanned.report, file)
    now = {item.request.id: item for item in saved_report.requests(as_data(scanned.report))}
    after = [now[item.request.id] for item in scanned.report.requests]
    found = paired(report_before[0], after, None)
    ids = build.ids(found)
    before = tuple(_named(item, ids) for item in report_before[0])
    unmerged = judged(scanned, config, today, merged=False, before=before)
    findings = merged_in_order(unmerged.findings)
    report = replace(unmerged, findings=findings)
    changed, unchanged = build.changes(found, None, config, config)
    real = {item.request.id: item for item in scanned.report.requests}
    old_findings = _as_now(report_before[1], findings, ids)
    difference = Difference(
        base=Base(file.name),
        changes=tuple(
            replace(change, after=None if change.after is None else real[change.after.request.id]) for change in changed
        ),
        unchanged=unchanged,
        before=saved_report.totals(data),
        after=scanned.report.totals,
        new_findings=new_ids(old_findings, findings, (before, report.requests), config),
        fixed_findings=fixed(old_findings, findings),
        loosened=(),
        files=_files(changed),
        remarks=(REMARK,),
        call_gaps=call_gaps(found, unread=False),
        month_gaps=month_gaps(found, unread=False),
    )
    return report, difference


def _data(file: Path) -> Json:
    try:
        if file.stat().st_size > LARGEST:
            raise SavedError(f"{file} is too large for a report of guard ({LARGEST // 1_000_000} MB at most)")
        data = json.loads(file.read_bytes())
    except OSError as error:
        raise SavedError(f"{file} could not be read ({error.strerror})") from None
    except (ValueError, RecursionError):
        raise SavedError(f"{file} is not JSON; save a report with `guard cost --output json={file}`") from None
    if isinstance(data, dict) and data.get("format") == FORMAT:
        raise SavedError(
            f"{file} is the file of `guard baseline`, which `guard check` takes in by itself; --baseline compares with "
            "a JSON report"
        )
    if not isinstance(data, dict) or not isinstance(data.get("tool"), dict) or data["tool"].get("name") != "guard":
        raise SavedError(f"{file} is no report of guard; save one with `guard cost --output json={file}`")
    version = data.get("schema_version")
    if version != SCHEMA_VERSION:
        raise SavedError(f"{file} is a report of version {version}, and this guard reads version {SCHEMA_VERSION}")
    return data


def _read(data: Json, file: Path) -> tuple[tuple[Priced, ...], tuple[Finding, ...]]:
    """Requests and findings. What has the form of a report but lacks something was made by hand or is damaged."""
    from jsonschema import Draft202012Validator

    from guard.report.schema import schema

    for error in Draft202012Validator(schema()).iter_errors(data):
        if error.validator != "required":  # keys that later releases added
            where = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in error.absolute_path)
            raise SavedError(f"{file} is damaged: {where.lstrip('.')} does not have the form of a report")
    try:
        found = saved_report.requests(data), saved_report.findings(data)
        saved_report.totals(data)
        _ = data["prices"]["sha256"], data["prices"]["as_of"]
        ids = [item.request.id for item in found[0]]
        if len(set(ids)) != len(ids):
            raise ValueError("two requests have one id")
        return found
    except (ValueError, TypeError, ArithmeticError, IndexError) as error:
        raise SavedError(f"{file} is damaged: {error}") from None
    except KeyError as error:
        raise SavedError(f"{file} is damaged or of an older guard: it lacks {error}; save it anew") from None


def _same_prices(data: Json, report: Report, file: Path) -> None:
    """Figures of two price tables cannot be told apart from changes of the code."""
    prices = data["prices"]
    if prices["sha256"] != report.prices.sha256:
        raise SavedError(
            f"{file} was made with prices of {prices['as_of']}, and this guard has prices of {report.prices.as_of}: "
            "a difference would mix changes of code and of prices. Save it anew from the old code, or compare with a "
            "revision (`guard diff REVISION`), where both sides have one price table"
        )


def _named(item: Priced, ids: dict[str, str]) -> Priced:
    return replace(item, request=replace(item.request, id=ids.get(item.request.id, item.request.id)))


def _as_now(old: tuple[Finding, ...], now: tuple[Finding, ...], ids: dict[str, str]) -> list[Finding]:
    """The saved findings with the ids of those of today that say the same of the same request.

    An id is a hash of the request's, which may be another one by now, so it cannot be made anew.
    """
    by_words = {_words(one): one.id for one in now}
    found = []
    for one in old:
        request = None if one.request is None else ids.get(one.request, one.request)
        moved = replace(one, request=request)
        found.append(replace(moved, id=by_words.get(_words(moved), one.id)))
    return found


def _words(one: Finding) -> tuple[object, ...]:
    return one.policy, one.verdict, None if is_budget(one) else one.message, one.request


def _files(changed: tuple[Change, ...]) -> int:
    """How many files are known to differ: those in which a request begins that changed."""
    sides = [change.after or change.before for change in changed]
    return len({side.request.sites[0].span.path for side in sides if side is not None})
