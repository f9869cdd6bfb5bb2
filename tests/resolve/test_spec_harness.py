"""The specifications must be able to fail: wrong expectations, requests nobody named, sections that assert nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from spec_cases import SpecError, read_suite
from spec_check import differences

from guard.config.types import Config
from guard.run import scan

CALL = 'from openai import OpenAI\n\nOpenAI().chat.completions.create(model="gpt-4o", max_tokens=9)'
LOOP = "from openai import OpenAI\n\n\ndef ask(m):\n    OpenAI().chat.completions.create(model=m)"


def _wrong(tmp_path: Path, code: str, language: str = "python", name: str = "app.py") -> list[str]:
    suite = tmp_path / "suite.md"
    suite.write_text(f"## One\n\nA rule.\n\n```{language} {name}\n{code}\n```\n", encoding="utf-8")
    (case,) = read_suite(suite)
    tree = tmp_path / "tree"
    tree.mkdir()
    for path, text in case.files.items():
        (tree / path).write_text(text, encoding="utf-8")
    return differences(case, scan(tree, Config()))


@pytest.mark.parametrize(
    ("assertion", "says"),
    [
        ("model=gpt-4", "expected gpt-4, found gpt-4o"),
        ("model=gpt-4o,gpt-4", "expected gpt-4o,gpt-4, found gpt-4o"),
        ("model=gpt-4o open", "found closed"),
        ("max_output=10", "expected 10, found 9"),
        ("max_output=none", "expected none, found 9"),
        ("attempts=2", "expected 2, found 1..1..3"),
        ("repeats=0..1", "expected 0..1, found 1..1..1"),
        ("callers=2", "expected '2', found '1'"),
        ('via="app.py:9 literal"', "app.py:3 literal"),
        ("counted=false", "expected 'false', found 'true'"),
        ("exclusive=a", "expected the group a"),
        ("variants=gpt-4o@10", "found gpt-4o@9"),
        ("unknown=model", "expected model, found none"),
    ],
)
def test_a_wrong_expectation_is_told(tmp_path: Path, assertion: str, says: str) -> None:
    wrong = _wrong(tmp_path, f"{CALL}  # request: {assertion}")
    assert len(wrong) == 1
    assert says in wrong[0]


def test_a_right_expectation_is_silent(tmp_path: Path) -> None:
    right = "model=gpt-4o max_output=9 attempts=3 repeats=1..1..1 counted=true"
    assert _wrong(tmp_path, f"{CALL}  # request: {right}") == []


def test_a_model_is_closed_unless_the_comment_says_open(tmp_path: Path) -> None:
    code = LOOP.replace("def ask(m)", 'def ask(m="gpt-4o")')
    assert "expected no others than gpt-4o" in _wrong(tmp_path, f"{code}  # request: model=gpt-4o")[0]


def test_a_request_that_nobody_named_is_told(tmp_path: Path) -> None:
    assert "expected 0 requests, found 1" in _wrong(tmp_path, f"{CALL}\nprint(1)  # no request")[0]


def test_a_request_that_is_not_there_is_told(tmp_path: Path) -> None:
    assert "expected 1 requests, found 0" in _wrong(tmp_path, "print(1)  # request: model=gpt-4o")[0]


def test_requests_of_one_line_are_paired_in_any_order(tmp_path: Path) -> None:
    code = f'{LOOP}  # request: callers=1 | model=a | model=b\n\n\nask("b")\nask("c")\nask("a")'
    assert _wrong(tmp_path, code) == []


def test_lines_of_a_notebook_are_those_of_its_cells(tmp_path: Path) -> None:
    cells = '# %%\nfrom openai import OpenAI\n# %% [markdown]\ntext\n# %%\nOpenAI().chat.completions.create(model="a")'
    assert _wrong(tmp_path, f"{cells}  # request: model=a", "notebook", "a.ipynb") == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("## A\n\nRule.\n\n```python app.py\nprint(1)\n```\n", "asserts nothing"),
        ("## A\n\n```python app.py\nprint(1)  # no request\n```\n", "says no rule"),
        ("## A\n\nRule.\n\n```python\nprint(1)  # no request\n```\n", "needs a language and a file name"),
        ("## A\n\nRule.\n\n```python app.py\n# request: model=a\n```\n", "speaks of no line"),
        ("## A\n\nRule.\n\n```python app.py\nx()  # request: =a\n```\n", "cannot read"),
        ("## A\n\nR.\n\n```python a.py\nx()  # no request\n```\n" * 2, "two sections"),
    ],
)
def test_a_section_that_is_not_written_well_is_told(tmp_path: Path, text: str, says: str) -> None:
    suite = tmp_path / "suite.md"
    suite.write_text(text, encoding="utf-8")
    with pytest.raises(SpecError, match=says):
        read_suite(suite)


def test_a_mark_of_failure_is_read(tmp_path: Path) -> None:
    suite = tmp_path / "suite.md"
    text = "## A\n\nRule.\n\n<!-- fails: not\nyet -->\n\n```python a.py\nx()  # no request\n```\n"
    suite.write_text(text, encoding="utf-8")
    assert [case.fails for case in read_suite(suite)] == ["not yet"]
