"""Every check keeps its own examples, and its page in docs/checks.md is fresh."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest

from guard.policy import registry
from guard.policy.examples import CONTEXT
from guard.policy.types import Check, Example, Hit, Unsure

ROOT = Path(__file__).parents[2]


def _cases(kind: str) -> list[object]:
    return [
        pytest.param(check, example, id=f"{check.id}: {example.title}")
        for check in registry.checks().values()
        for example in getattr(check, kind)
    ]


def _answers(check: Check, example: Example) -> list[Hit | Unsure]:
    return list(check.run(example.priced, example.params, CONTEXT))


@pytest.mark.parametrize(("check", "example"), _cases("bad"))
def test_bad_example_is_violated(check: Check, example: Example) -> None:
    hits = [answer for answer in _answers(check, example) if isinstance(answer, Hit)]
    assert hits
    for hit in hits:
        assert hit.message
        assert hit.labels, "a finding needs a place"


@pytest.mark.parametrize(("check", "example"), _cases("good"))
def test_good_example_is_kept(check: Check, example: Example) -> None:
    assert _answers(check, example) == []


@pytest.mark.parametrize(("check", "example"), _cases("unsure"))
def test_unsure_example_is_undecided_with_a_reason(check: Check, example: Example) -> None:
    answers = _answers(check, example)
    assert answers
    assert all(isinstance(answer, Unsure) and answer.why for answer in answers)


@pytest.mark.parametrize("check", registry.checks().values(), ids=lambda check: check.id)
def test_check_is_documented(check: Check) -> None:
    assert check.bad
    assert check.good
    headings = [line for line in check.doc.splitlines() if line.startswith("## ")]
    assert headings == ["## What it does", "## Why", "## Fix"]
    assert check.title[0].isupper()
    assert is_dataclass(check.params)
    for parameter in fields(check.params):
        assert parameter.metadata["doc"].endswith("."), parameter.name


def test_checks_are_the_files_of_the_folder() -> None:
    files = (ROOT / "guard" / "policy" / "checks").glob("*.py")
    names = {file.stem.replace("_", "-") for file in files if file.stem != "__init__"}
    assert set(registry.checks()) == names


def test_docs_page_is_fresh() -> None:
    command = [sys.executable, "-m", "guard.policy.registry"]
    written = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout
    assert (ROOT / "docs" / "checks.md").read_text() == written, "run: python -m guard.policy.registry > docs/checks.md"


def test_explain_knows_checks_and_the_other_findings() -> None:
    for name in registry.ids():
        text = registry.documentation(name)
        assert text is not None
        assert text.startswith(f"# {name}\n")
        assert "## Fix" in text
    assert registry.documentation("no-such-check") is None
