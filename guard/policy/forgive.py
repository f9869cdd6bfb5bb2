"""Marks findings that are excused: by a comment beside the code or by an exception in guard.yaml.

In: findings, the `Directive`s of the scanned files, `Exemption`s of the configuration, the date. Out: the same
findings, some with `forgiven` set (they stay in the report), and new findings for ignores that excuse nothing and for
excuses that have run out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from guard.config.types import Exemption
from guard.model import Finding, Forgiven, Label, Span
from guard.policy import places, words
from guard.policy.verdict import finding_id

UNUSED = "unused-ignore"
EXPIRED = "expired-exception"
UNUSED_EXCEPTION = "unused-exception"

DOCS = {
    UNUSED: """A comment `# guard: ignore[...]` excuses nothing.

## What it does

Reports ignore comments that match no finding on their line or the line below, that name no check, or whose date cannot
be read.

## Why

A forgotten ignore hides the next finding on that line.

## Fix

Delete the comment, or correct the id in the brackets.
""",
    EXPIRED: """An exception or an ignore comment has run out.

## What it does

Reports exceptions in `guard.yaml` and ignore comments whose `until` date has passed. They excuse nothing any more, so
the findings behind them count again. The day itself still counts as valid.

## Why

An exception with a date is a promise to come back to it.

## Fix

Mend what was excused, or move the date and say why.
""",
    UNUSED_EXCEPTION: """An exception excuses nothing.

## What it does

Reports exceptions in `guard.yaml` that match no finding: the policy is misspelt or off, the paths match nothing, or
what they excused is mended.

## Why

A forgotten exception hides the next finding in its paths.

## Fix

Delete the exception, or correct its policy or paths.
""",
}
"""Documentation of the findings that are made here, for `guard explain` and docs/checks.md."""

LONGEST_REASON = 500
"""Characters of a reason that are kept."""

_DIRECTIVE = re.compile(r"#\s*guard:\s*(?P<kind>ignore|assume)\b\s*(?:\[(?P<ids>[^\]]*)\])?\s*(?P<rest>.*)", re.DOTALL)
_UNTIL = re.compile(r"(?:^|\s)until=(?P<date>\S+)")


@dataclass(frozen=True, slots=True)
class Directive:
    """A `# guard:` comment. `ids` and `until` matter for `ignore` alone."""

    path: str
    line: int
    kind: Literal["ignore", "assume"]
    ids: tuple[str, ...]
    """Policies or checks in the brackets."""
    reason: str
    until: str | None
    """As written; ISO 8601 where it is right."""
    raw: str
    column: int = 1
    cell: int | None = None
    cell_line: int | None = None


Holds = Callable[[Finding, Directive], bool]
"""Whether a comment beside a finding may excuse it; for the head of a comparison that the rules of the base judge."""
REFUSED = "ignored in this change; the rules of the base hold, and they excuse nothing here"


def directive(path: str, line: int, column: int, comment: str) -> Directive | None:
    """Reads a comment such as `# guard: ignore[output-limit] short answers until=2027-01-31`. None: not one of ours."""
    match = _DIRECTIVE.search(comment)
    if match is None:
        return None
    rest = match["rest"].strip()
    until = _UNTIL.search(rest)
    reason = _UNTIL.sub(" ", rest).strip()[:LONGEST_REASON]
    ids = tuple(part.strip() for part in (match["ids"] or "").split(",") if part.strip())
    kind: Literal["ignore", "assume"] = "ignore" if match["kind"] == "ignore" else "assume"
    return Directive(path, line, kind, ids, reason, until["date"] if until else None, comment.strip(), column)


def forgive(
    findings: Sequence[Finding],
    directives: Iterable[Directive],
    exceptions: Sequence[Exemption],
    *,
    today: date,
    checks: Mapping[str, str] | None = None,
    sites: Mapping[str, tuple[Span, ...]] | None = None,
    prefix: str = "",
    covered: Mapping[str, tuple[tuple[Span, ...], ...]] | None = None,
    holds: Holds | None = None,
) -> tuple[Finding, ...]:
    """The findings with `forgiven` set where they are excused, then those about the excuses themselves.

    An ignore comment excuses findings one of whose places begins on its line or the line below, for the policies or
    checks in its brackets. An exception excuses its policy's findings at requests one of whose sites lies in `paths`
    (findings of a budget as a whole: at every request that it is about, whose sites `covered` has by policy; others
    without a request: whose first place does). `checks` maps a policy's id to that of its check; `sites` a request's id
    to the spans of its sites. `prefix`: that of the configuration, which `paths` are relative to. A comment for which
    `holds` is false excuses nothing, and the finding says so.
    """
    ignores = [found for found in directives if found.kind == "ignore"]
    expired = [found for found in ignores if _expired(found.until, today)]
    valid = [found for found in ignores if found not in expired and _readable(found)]
    live = [found for found in exceptions if not _expired(found.until, today)]
    by_line = _by_line(valid)
    used: set[Directive] = set()
    holding: set[int] = set()
    marked: list[Finding] = []
    for finding in findings:
        names = {finding.policy, (checks or {}).get(finding.policy, finding.policy)}
        comments = [one for one in _beside(finding, by_line) if names.intersection(one.ids)]
        used.update(comments)
        exempt = [
            position
            for position, one in enumerate(live)
            if one.policy == finding.policy and _covers(one, finding, sites or {}, covered or {}, prefix)
        ]
        holding.update(exempt)
        excusing = [one for one in comments if holds is None or holds(finding, one)]
        done = _mark(finding, excusing, [live[position] for position in exempt])
        refused = done.forgiven is None and comments
        marked.append(replace(done, notes=(*done.notes, REFUSED)) if refused else done)
    unused = [found for found in ignores if found not in expired and found not in used]
    return (
        *marked,
        *map(_unused, unused),
        *map(_ignore_expired, expired),
        *(_exception_expired(found) for found in exceptions if _expired(found.until, today)),
        *(_exception_unused(found) for position, found in enumerate(live) if position not in holding),
    )


def _mark(finding: Finding, comments: Sequence[Directive], exempt: Sequence[Exemption]) -> Finding:
    """The finding, excused by the first comment beside it, else by the first exception that covers it."""
    if comments:
        first = comments[0]
        return replace(finding, forgiven=Forgiven("inline", first.reason, _span(first)))
    if exempt:
        place = exempt[0].place
        span = Span(place.path, place.line, place.column, place.line, place.column)
        return replace(finding, forgiven=Forgiven("exception", exempt[0].reason, span))
    return finding


def _covers(
    exception: Exemption,
    finding: Finding,
    sites: Mapping[str, tuple[Span, ...]],
    covered: Mapping[str, tuple[tuple[Span, ...], ...]],
    prefix: str,
) -> bool:
    if not exception.paths:
        return True
    matcher = places.globs(exception.paths)

    def lies_in(spans: Iterable[Span]) -> bool:
        return any(matcher.match_file(prefix + span.path) for span in spans)

    first = tuple(label.span for label in finding.labels[:1])
    if finding.request is not None:
        return lies_in(sites.get(finding.request, ()) or first)
    whole = covered.get(finding.policy, ())
    return all(lies_in(spans) for spans in whole) if whole else lies_in(first)


def _by_line(ignores: Iterable[Directive]) -> dict[tuple[str, int], list[Directive]]:
    lines: dict[tuple[str, int], list[Directive]] = {}
    for found in ignores:
        for line in (found.line, found.line + 1):
            lines.setdefault((found.path, line), []).append(found)
    return lines


def _beside(finding: Finding, by_line: Mapping[tuple[str, int], list[Directive]]) -> list[Directive]:
    return [one for label in finding.labels for one in by_line.get((label.span.path, label.span.line), ())]


# --- dates ------------------------------------------------------------------------------------------------------


def _date(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def _expired(until: str | None, today: date) -> bool:
    """Whether the date has passed; the day itself is still valid."""
    day = _date(until)
    return day is not None and day < today


def _readable(found: Directive) -> bool:
    """Whether an ignore names something and its date, if any, is one."""
    return bool(found.ids) and (found.until is None or _date(found.until) is not None)


# --- findings about excuses -------------------------------------------------------------------------------------


def _span(found: Directive) -> Span:
    end = found.column + len(found.raw)
    return Span(found.path, found.line, found.column, found.line, end, found.cell, found.cell_line)


def _unused(found: Directive) -> Finding:
    if not found.ids:
        message, help_ = "this ignore names no check", "name what it excuses: `# guard: ignore[output-limit] reason`"
    elif not _readable(found):
        message = f"`until={words.name(found.until)}` is not a date, so this ignore excuses nothing"
        help_ = "write the date as `until=2027-01-31`"
    else:
        named = words.listing([words.name(one) for one in found.ids])
        message = f"no finding of {named} on this line or the next: this ignore excuses nothing"
        help_ = "delete the comment, or correct the id in the brackets"
    return _finding(UNUSED, message, _span(found), help_, ",".join(found.ids), _reason(found.reason))


def _ignore_expired(found: Directive) -> Finding:
    message = f"this ignore ran out on {found.until}, so it excuses nothing any more"
    help_ = "mend what it excused, or move the date and say why"
    return _finding(EXPIRED, message, _span(found), help_, ",".join(found.ids), _reason(found.reason))


def _exception_expired(found: Exemption) -> Finding:
    place = found.place
    span = Span(place.path, place.line, place.column, place.line, place.column)
    message = f"the exception from `{found.policy}` ran out on {found.until}, so it excuses nothing any more"
    notes = (*_reason(found.reason), *((f"owner: {found.owner}",) if found.owner else ()))
    help_ = "mend what it excused, or move the date and say why"
    return _finding(EXPIRED, message, span, help_, f"{found.policy} {' '.join(found.paths)}", notes)


def _exception_unused(found: Exemption) -> Finding:
    place = found.place
    span = Span(place.path, place.line, place.column, place.line, place.column)
    where = f" in {', '.join(found.paths)}" if found.paths else ""
    message = f"no finding of `{found.policy}`{where}: this exception excuses nothing"
    help_ = "delete the exception, or correct its policy or paths"
    value = f"{found.policy} {' '.join(found.paths)}"
    return _finding(UNUSED_EXCEPTION, message, span, help_, value, _reason(found.reason))


def _reason(reason: str) -> tuple[str, ...]:
    return (f"reason given: {words.name(reason)}",) if reason else ()


def _finding(policy: str, message: str, span: Span, help_: str, value: str, notes: tuple[str, ...]) -> Finding:
    return Finding(
        id=finding_id(policy, None, f"{span.path} {value}"),
        policy=policy,
        verdict="violated",
        severity="low",
        enforce="warn",
        message=message,
        labels=(Label(span),),
        notes=notes,
        help=help_,
    )
