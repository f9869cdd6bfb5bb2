"""Runs the specifications of resolving: each section of each Markdown file here is scanned as a tree of its own.

README.md says how a specification is written; it is a suite itself.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from report_schema import assert_valid
from spec_cases import Case, read_suite
from spec_check import broken_rules, differences

from guard.config.load import load
from guard.config.types import Config
from guard.report.json import render
from guard.run import scan

FOLDER = Path(__file__).parent
DAY = date(2026, 6, 1)
"""A fixed day, so that no expectation depends on when the tests run."""


def _all() -> list[object]:
    return [
        pytest.param(case, id=case.id, marks=[pytest.mark.xfail(reason=case.fails, strict=True)] if case.fails else [])
        for path in sorted(FOLDER.glob("*.md"))
        for case in read_suite(path)
    ]


@pytest.mark.parametrize("case", _all())
def test_resolving_is_as_specified(case: Case, tmp_path: Path) -> None:
    """The requests of a section's files are those that its comments name, and no others."""
    for name, text in case.files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    config = replace(load(tmp_path), policies=()) if "guard.yaml" in case.files else Config()
    report = scan(tmp_path, config, today=DAY)
    assert_valid(render(report))
    wrong = [*broken_rules(report), *differences(case, report)]
    if wrong:
        pytest.fail(f"{case.suite}.md, {case.title}\n\n" + "\n\n".join(wrong), pytrace=False)
