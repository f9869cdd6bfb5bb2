"""JUnit XML: a suite for each policy, a case for each finding. In: a `View`. Out: XML 1.0 in UTF-8.

A finding that makes the command fail is a failure; one that only warns, is undecided or is forgiven is skipped, with
the reason, since JUnit knows no warnings. A policy without findings is one case that passed. There are no times and no
names of machines, and no attributes besides those of Jenkins' `junit-10.xsd`, the strictest reader that is known.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from guard.model import Finding
from guard.report.format import place, safe
from guard.report.view import View

_SAID = {"error": "error", "warning": "warns only", "undecided": "undecided"}


def render(view: View) -> str:
    """The document."""
    found: dict[str, list[Finding]] = {rule.id: [] for rule in view.rules()}
    for finding in (*view.active(), *(one for one in view.report.findings if one.forgiven is not None)):
        found.setdefault(finding.policy, []).append(finding)
    root = Element("testsuites", name="guard")
    sums = [0, 0, 0]
    for policy, findings in sorted(found.items()):
        counts = _suite(root, view, policy, findings)
        sums = [total + count for total, count in zip(sums, counts)]
    _count(root, sums)
    del root.attrib["skipped"]
    indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(root, encoding="unicode")}\n'


def _suite(root: Element, view: View, policy: str, findings: Sequence[Finding]) -> list[int]:
    """Adds a suite; the number of its cases, failures and skipped cases."""
    suite = SubElement(root, "testsuite", name=safe(policy))
    failures = 0
    seen: Counter[str] = Counter()
    for finding in findings:
        name = _name(finding)
        seen[name] += 1
        failures += _case(suite, view, finding, name if seen[name] == 1 else f"{name} ({seen[name]})")
    if not findings:
        SubElement(suite, "testcase", classname=f"guard.{safe(policy)}", name="no finding")
    counts = [max(len(findings), 1), failures, len(findings) - failures]
    _count(suite, counts)
    return counts


def _count(element: Element, counts: Sequence[int]) -> None:
    for name, amount in zip(("tests", "failures", "skipped"), counts):
        element.set(name, str(amount))
    element.set("errors", "0")


def _name(finding: Finding) -> str:
    """File and message, without the line: so that a run of another day knows the case again."""
    label = next(iter(finding.labels), None)
    return safe(finding.message if label is None else f"{label.span.path}: {finding.message}")


def _case(suite: Element, view: View, finding: Finding, name: str) -> bool:
    """Adds a case; whether it failed."""
    case = SubElement(suite, "testcase", classname=f"guard.{safe(finding.policy)}", name=name)
    failed = view.blocks(finding) and finding.forgiven is None
    if failed:
        outcome = SubElement(case, "failure", message=safe(finding.message), type=f"{finding.severity} severity")
    else:
        outcome = SubElement(case, "skipped", message=_why_skipped(view, finding))
    outcome.text = "\n".join(_lines(finding))
    return failed


def _why_skipped(view: View, finding: Finding) -> str:
    if finding.forgiven is not None:
        return f"forgiven: {safe(finding.forgiven.reason)}"
    if view.difference is not None and finding.id not in view.difference.new_findings:
        return f"the base has it, too: {safe(finding.message)}"
    return f"{_SAID[view.level(finding)]}: {safe(finding.message)}"


def _lines(finding: Finding) -> list[str]:
    """What the frames of the text report say, without the source."""
    lines = [f"{place(label.span)} {safe(label.text)}".rstrip() for label in finding.labels]
    lines += [safe(note) for note in finding.notes]
    return [*lines, f"help: {safe(finding.help)}"] if finding.help else lines
