"""Patterns of `matches` find what Python's `re` finds, in time that does not explode; so do globs."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guard.policy.expr.errors import ExpressionError
from guard.policy.expr.functions import glob
from guard.policy.expr.pattern import MAX_TEXT, compile
from guard.policy.expr.program import MAX_INSTRUCTIONS

ATOMS = ("a", "b", ".", "[ab]", "[^a]", "[a-c1]", r"\d", r"\w", r"\s", "1", " ", r"\b", r"\B", "^", "$", r"[\w-]")
TEXT = "ab1_ .-c"


def _pattern(rnd: Random, depth: int) -> str:
    kind = rnd.randint(0, 4 if depth else 0)
    if kind == 0:
        return rnd.choice(ATOMS)
    if kind == 1:
        return f"(?:{_pattern(rnd, depth - 1)}|{_pattern(rnd, depth - 1)})"
    if kind == 2:
        return f"(?:{_pattern(rnd, depth - 1)}){rnd.choice(['*', '+', '?', '{2}', '{1,2}', '{0,}', '*?', '+?'])}"
    return _pattern(rnd, depth - 1) + _pattern(rnd, depth - 1)


@settings(max_examples=1_500, derandomize=True, database=None)
@given(st.integers(0, 2**40))
def test_a_pattern_finds_what_python_finds(seed: int) -> None:
    rnd = Random(seed)
    source = _pattern(rnd, 3)
    text = "".join(rnd.choice(TEXT) for _ in range(rnd.randint(1, 7)))
    # Kept away from: `$` before a line break at the end, and `\\B` of an empty text, where Python differs from RE2.
    assert compile(source).found_in(text) == bool(re.search(source, text)), (source, text)


@pytest.mark.parametrize("source", [r"^(a+)+$", r"^(a|a)*$", r"^(a|aa)+$", r"^a*a*a*a*a*b$", r"(.*a){12}$"])
def test_patterns_that_hang_elsewhere_end(source: str) -> None:
    assert compile(source).found_in("a" * (MAX_TEXT - 1) + "b") == source.endswith("b$")


def test_a_program_is_bounded_whatever_is_repeated() -> None:
    assert len(compile("a{100}").instructions) <= MAX_INSTRUCTIONS
    for source in ("a{301}", "(?:(?:a{99}){99}){99}", "(?:(?:(?:){999}){999}){999}"):
        with pytest.raises(ExpressionError):
            compile(source)


@given(st.text(max_size=30))
def test_any_text_is_a_pattern_or_is_refused(source: str) -> None:
    try:
        compile(source).found_in("gpt-4o-mini")
    except ExpressionError as error:
        assert error.message


def test_capitals_may_make_no_difference() -> None:
    assert compile("(?i)^GPT-[A-Z]$").found_in("gpt-x")
    assert not compile("^GPT").found_in("gpt")


@given(st.text("ab*?", max_size=8), st.text("ab", max_size=10))
def test_a_glob_matches_what_fnmatch_matches(pattern: str, text: str) -> None:
    assert glob(text, pattern) == fnmatchcase(text, pattern)


def test_a_glob_takes_time_that_is_bounded_by_both_lengths() -> None:
    assert not glob("a" * MAX_TEXT, "*a" * 200 + "b")
    assert glob("src/app/A.py", "SRC/*.PY")
