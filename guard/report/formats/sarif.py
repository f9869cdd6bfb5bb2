"""SARIF 2.1.0: findings for code scanning and editors. In: a `View`. Out: JSON text, valid against the OASIS schema.

Paths are relative to the top of the repository (`%SRCROOT%`), percent-encoded; columns count Unicode code points. The
identity of a result is guard's own (`partialFingerprints`, no line in it); the hash of the line that GitHub wants is
left to its upload, which fills it in. With a base, a new finding stands at the changed line that it comes from, since
code scanning shows a result in a pull request only there, and the call is a related location. Neighbours:
`guard.report.sarif_places` (locations, artifacts, the way of a value), `guard.report.changes` (causes).
"""

from __future__ import annotations

import json
from typing import Any

from guard import __version__
from guard.model import Finding, Label, Problem, Severity
from guard.report import sarif_changes
from guard.report.changes import Causes, cause_words, says_more
from guard.report.format import safe
from guard.report.json_values import money
from guard.report.markdown import text as markdown_text
from guard.report.sarif_places import Places, flow
from guard.report.view import Level, Rule, View, joined

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
FINGERPRINT = "guard/v1"
"""Names our fingerprint; another way to make it gets another number."""
TAG = "llm-cost"

Json = dict[str, Any]

_LEVELS: dict[Level, str] = {"error": "error", "warning": "warning", "undecided": "note"}
_RANKS: dict[Severity, float] = {"high": 90.0, "medium": 60.0, "low": 30.0}


def render(view: View) -> str:
    """One run with all findings; forgiven ones are suppressed results."""
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [_run(view)]}
    return json.dumps(log, indent=2, ensure_ascii=True) + "\n"


def _run(view: View) -> Json:
    places = Places(view)
    rules = _rules(view)
    numbers = {rule.id: number for number, rule in enumerate(rules)}
    causes = Causes.of(view.difference)
    forgiven = [finding for finding in view.report.findings if finding.forgiven is not None]
    ways = {priced.request.id: priced.request for priced in view.report.requests}
    results = []
    for finding in (*view.active(), *sorted(forgiven, key=lambda one: (one.policy, one.id))):
        request = ways.get(finding.request or "")
        way = [] if request is None else flow(finding, request, places)
        results.append(_result(view, finding, numbers[finding.policy], places, causes, way))
    if view.command == "diff" and view.difference is not None:
        results += sarif_changes.results(view.difference, places, numbers[sarif_changes.RULE.id], FINGERPRINT)
    notes = [_notification(problem, places, view) for problem in view.report.problems]
    if view.difference is not None:
        notes += [_remark(text) for text in view.difference.remarks]
    return {
        "tool": {
            "driver": {
                "name": "guard",
                "fullName": "guard: policies and budgets for language-model spend",
                "version": __version__,
                "semanticVersion": __version__,
                "rules": [_rule(rule) for rule in rules],
            }
        },
        "automationDetails": {"id": f"guard/{safe(view.folder)}/" if view.folder else "guard/"},
        "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": notes}],
        "originalUriBaseIds": {"%SRCROOT%": {"description": {"text": "The top of the repository."}}},
        "columnKind": "unicodeCodePoints",
        "artifacts": places.artifacts(),
        "results": results,
        "properties": _sums(view),
    }


def _sums(view: View) -> Json:
    """What the figures rest on."""
    report = view.report
    properties: Json = {
        "pricesAsOf": report.prices.as_of,
        "pricesSha256": report.prices.sha256,
        "usd": money(report.totals.usd),
        "usdPerMonth": money(report.totals.usd_per_month),
    }
    if view.difference is not None:
        properties["base"] = safe(view.difference.base.label)
        properties["usdBefore"] = money(view.difference.before.usd)
        properties["usdPerMonthBefore"] = money(view.difference.before.usd_per_month)
    return properties


# Rules


def _rules(view: View) -> list[Rule]:
    """All that was asked, and what findings name besides, by id."""
    found = {rule.id: rule for rule in view.rules()}
    if view.command == "diff":
        found[sarif_changes.RULE.id] = sarif_changes.RULE
    for finding in view.report.findings:
        found.setdefault(finding.policy, Rule(finding.policy, "", "", finding.severity, finding.enforce))
    return [found[name] for name in sorted(found)]


def _rule(rule: Rule) -> Json:
    title = f"{rule.title or safe(rule.id)}."
    level = "error" if rule.enforce == "block" else "warning"
    words = [f"# {markdown_text(rule.id)}", title, rule.help]
    words.append(f"{markdown_text(rule.message)}" if rule.message else "")
    words.append(f"See {markdown_text(rule.docs)}" if rule.docs else "")
    plain = [title, rule.help, safe(rule.message), f"See {safe(rule.docs)}" if rule.docs else ""]
    made: Json = {
        "id": safe(rule.id),
        "name": _pascal(rule.id),
        "shortDescription": {"text": title},
        "fullDescription": {"text": _what(rule) or title},
        "help": {"text": _paragraphs(plain), "markdown": _paragraphs(words)},
        "defaultConfiguration": {"level": level, "rank": _RANKS[rule.severity]},
        "properties": {
            "tags": [TAG],
            "precision": "high",
            "problem.severity": "error" if rule.enforce == "block" else "warning",
        },
    }
    if rule.docs.startswith("https://") and rule.docs == safe(rule.docs) and " " not in rule.docs:
        made["helpUri"] = rule.docs
    return made


def _what(rule: Rule) -> str:
    """The paragraph that says what a rule does, as one line."""
    _, found, rest = rule.help.partition("## What it does\n")
    return " ".join(rest.partition("\n## ")[0].split()) if found else ""


def _paragraphs(texts: list[str]) -> str:
    return "\n\n".join(text for text in texts if text)


def _pascal(name: str) -> str:
    """`output-limit` as `OutputLimit`: an identifier, as SARIF wants the name of a rule."""
    words = "".join(character if character.isascii() and character.isalnum() else " " for character in name).split()
    return "".join(word[:1].upper() + word[1:] for word in words) or "Rule"


# Results


def _result(view: View, finding: Finding, rule: int, places: Places, causes: Causes, way: list[Json]) -> Json:
    cause = causes.behind(finding)
    labels = list(finding.labels)
    words = _unlinked(f"undecided: {finding.message}" if finding.verdict == "undecided" else finding.message)
    if cause is not None and cause.span is not None:
        first = labels[0].span if labels else None
        if (first is None) or (cause.span.path, cause.span.line) != (first.path, first.line):
            labels = [Label(cause.span, cause_words(cause)), *labels]
        words += f" (changed: {_unlinked(cause_words(cause))})" if says_more(cause) else ""
    primary = labels[0].span if labels else None
    if primary is not None and primary.cell is not None:
        words += f" (cell {primary.cell}, line {primary.cell_line})"
    words += f"\nhelp: {_unlinked(finding.help)}" if finding.help else ""
    result: Json = {
        "ruleId": safe(finding.policy),
        "ruleIndex": rule,
        "level": _LEVELS[view.level(finding)],
        "message": {"text": words},
        "locations": [] if primary is None else [places.location(primary, whole=cause is None)],
    }
    related = [places.location(label.span, label.text, number) for number, label in enumerate(labels[1:], 1)]
    if related:
        result["relatedLocations"] = related
    if way:
        result["codeFlows"] = [{"threadFlows": [{"locations": way}]}]
    result["partialFingerprints"] = {FINGERPRINT: finding.id}
    result["rank"] = _RANKS[finding.severity]
    if finding.forgiven is not None:
        result["suppressions"] = [_suppression(finding, places)]
    if causes.compared:
        result["baselineState"] = "new" if finding.id in causes.new else "unchanged"
    result["properties"] = {
        "verdict": finding.verdict,
        "severity": finding.severity,
        "confidence": finding.confidence,
        "enforce": finding.enforce,
        "blocks": view.blocks(finding),
        "notes": [safe(note) for note in finding.notes],
        "request": finding.request,
    }
    return result


def _unlinked(text: str) -> str:
    """Text in which nothing is a link: SARIF writes these as `[words](target)`."""
    return safe(text).replace("](", "] (")


def _suppression(finding: Finding, places: Places) -> Json:
    forgiven = finding.forgiven
    if forgiven is None:
        raise ValueError("only a forgiven finding is suppressed")
    made: Json = {
        "kind": "inSource" if forgiven.by == "inline" else "external",
        "status": "accepted",
        "justification": safe(forgiven.reason),
    }
    if forgiven.span is not None:
        made["location"] = places.location(forgiven.span)
    return made


def _remark(text: str) -> Json:
    """What a reader should know of the comparison."""
    return {"level": "note", "message": {"text": _unlinked(text)}, "descriptor": {"id": "comparison"}}


def _notification(problem: Problem, places: Places, view: View) -> Json:
    """A file that could not be read."""
    words = f"{problem.message} ({problem.hint})" if problem.hint else problem.message
    note: Json = {
        "level": "warning",
        "message": {"text": _unlinked(f"{problem.path}: {words}")},
        "descriptor": {"id": safe(problem.kind)},
    }
    path = joined(view.folder, problem.path)
    if not path.startswith("../") and path != "..":
        note["locations"] = [places.at(path, problem.line, problem.column)]
    return note
