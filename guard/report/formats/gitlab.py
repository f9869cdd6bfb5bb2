"""GitLab code quality: the report of a merge request's widget. In: a `View`. Out: a JSON array.

Fingerprints are the findings' ids, which no move of the code changes; of equal ones, which GitLab would show once only,
the further ones get a number. A finding that stands in no file of the repository is put on the configuration, or left
out where there is none.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from typing import Any

from guard.model import Finding, Severity
from guard.report.format import safe
from guard.report.view import Place, View, joined

_BLOCKING: dict[Severity, str] = {"high": "blocker", "medium": "critical", "low": "critical"}
_WARNING: dict[Severity, str] = {"high": "major", "medium": "minor", "low": "info"}


def render(view: View) -> str:
    """The findings that are not forgiven."""
    seen: Counter[str] = Counter()
    entries = []
    for finding in view.active():
        at = _place(view, finding)
        if at is not None:
            seen[finding.id] += 1
            entries.append(_entry(view, finding, at, seen[finding.id]))
    return json.dumps(entries, indent=2) + "\n"


def _place(view: View, finding: Finding) -> Place | None:
    label = next(iter(finding.labels), None)
    if label is not None:
        return view.place(label.span)
    config = view.report.config_path
    path = None if config is None else joined(view.folder, config)
    return None if path is None or path.startswith("../") else Place(path, 1)


def _entry(view: View, finding: Finding, at: Place, ordinal: int) -> dict[str, Any]:
    undecided = view.level(finding) == "undecided"
    grades = _BLOCKING if view.level(finding) == "error" else _WARNING
    words = f"undecided: {finding.message}" if finding.verdict == "undecided" else finding.message
    return {
        "description": safe(words),
        "check_name": safe(finding.policy),
        "fingerprint": hashlib.sha256(f"{finding.id}\x1f{ordinal}".encode()).hexdigest()[:32],
        "severity": "info" if undecided else grades[finding.severity],
        "location": {"path": safe(at.path), "lines": {"begin": at.line}},
    }
