"""Ignore comments in files that are no Python, beside the value that a finding is about."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from guard.config.load import load
from guard.model import Finding
from guard.policy.comments import directives
from guard.run import scan

CODE = """\
import tomllib
from pathlib import Path

import yaml
from openai import OpenAI

settings = {read}
client = OpenAI(max_retries=1)


def ask(question):
    messages = [{{"role": "user", "content": question}}]
    return client.chat.completions.create(model=settings["model"], messages=messages, max_tokens=200)
"""
READ = {
    "settings.yaml": 'yaml.safe_load(open("settings.yaml"))',
    "settings.toml": 'tomllib.loads(Path("settings.toml").read_text())',
}
GUARD = "version: 1\nextends: []\npolicies: [{id: mini, check: model-allowed, params: {allow: [gpt-4o-mini]}}]\n"


def findings(folder: Path, name: str, text: str, day: date = date(2027, 1, 1)) -> list[tuple[str, bool]]:
    (folder / "ask.py").write_text(CODE.format(read=READ[name]))
    (folder / name).write_text(text)
    (folder / "guard.yaml").write_text(GUARD)
    found: tuple[Finding, ...] = scan(folder, load(folder), day).findings
    return [(one.policy, one.forgiven is not None) for one in found]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("settings.yaml", "model: gpt-4o  # guard: ignore[mini] until the migration\n"),
        ("settings.yaml", "# guard: ignore[mini] until the migration\nmodel: gpt-4o\n"),
        ("settings.toml", 'model = "gpt-4o"  # guard: ignore[model-allowed] migration until=2027-01-31\n'),
    ],
)
def test_a_comment_beside_the_value_excuses(tmp_path: Path, name: str, text: str) -> None:
    assert findings(tmp_path, name, text) == [("mini", True)]


def test_one_for_another_policy_does_not_and_is_unused(tmp_path: Path) -> None:
    text = "model: gpt-4o  # guard: ignore[output-limit] migration\n"
    assert sorted(findings(tmp_path, "settings.yaml", text)) == [("mini", False), ("unused-ignore", False)]


def test_one_that_ran_out_is_told(tmp_path: Path) -> None:
    text = "model: gpt-4o  # guard: ignore[mini] migration until=2026-12-31\n"
    assert sorted(findings(tmp_path, "settings.yaml", text)) == [("expired-exception", False), ("mini", False)]


@pytest.mark.parametrize(
    ("path", "line", "ids", "reason"),
    [
        ("a.yaml", "model: x # guard: ignore[a, b] why not", ("a", "b"), "why not"),
        ("a.toml", "# guard: ignore[a]", ("a",), ""),
        ("p.j2", "Hi {{ name }} {# guard: ignore[a] long prompt #}", ("a",), "long prompt"),
        ("p.jinja", "{#- guard: ignore[a] long -#}", ("a",), "long"),
        ("p.md", "text <!-- guard: ignore[a] long --> more", ("a",), "long"),
    ],
)
def test_each_kind_of_file_has_its_comments(path: str, line: str, ids: tuple[str, ...], reason: str) -> None:
    (found,) = directives(path, f"first\n{line}\n")
    assert (found.line, found.ids, found.reason) == (2, ids, reason)
    assert line[found.column - 1] in "#{<"


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.yaml", "url: http://x/#guard: ignore[a]"),
        ("a.json", "// guard: ignore[a]"),
        ("p.md", "# guard: ignore[a]"),
        ("p.j2", "<!-- guard: ignore[a] -->"),
        ("a.yaml", "# guard: assume model=gpt-4o"),
        ("a.yaml", "# disregard: ignore[a]"),
    ],
)
def test_what_is_no_comment_there_excuses_nothing(path: str, text: str) -> None:
    assert list(directives(path, text)) == []


def test_lines_are_counted_as_the_parsers_count_them() -> None:
    """A form feed or a line separator inside a line ends it for `str.splitlines`, not for YAML's readers or TOML's."""
    text = "a = 1 \x0c\x1c\nmodel = 'x'  # guard: ignore[mini] reason\n"
    assert [found.line for found in directives("settings.toml", text)] == [2]
