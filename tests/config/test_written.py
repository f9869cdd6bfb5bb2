"""Every character of a text in guard.yaml has its place, however the text is quoted, escaped, folded or indented."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.config.document import Document
from guard.config.toml_reader import read_toml
from guard.config.written import aligned, issue
from guard.config.yaml_reader import read_yaml

PIECES = ["request.usd.high", ">", "0.5", "'a b'", '"c"', "&&", "!", "é", "\\d", "[1,2]"]
WORDS = st.lists(st.sampled_from(PIECES), min_size=1)


def single(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def double(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


STYLES = {
    "single": lambda words: single(" ".join(words)),
    "double": lambda words: double(" ".join(words)),
    "folded": lambda words: ">-\n      " + "\n      ".join(words),
    "literal": lambda words: "|  # a remark\n      " + "\n      ".join(words),
    "single over lines": lambda words: single("\n      ".join(words)),
    "double over lines": lambda words: double("\n      ".join(words)),
}


def expect_places(document: Document, text: str) -> None:
    written = aligned(document, ("deny",), text)
    for offset, character in enumerate(text):
        if character.isspace():
            continue
        found = issue(written, offset, "here")
        assert found.source[found.column - 1] == character, (text, offset, found)
        assert found.source == document.lines[found.line - 1]


@pytest.mark.parametrize("style", STYLES)
@given(words=WORDS)
def test_every_character_has_its_place_in_yaml(style: str, words: list[str]) -> None:
    document = read_yaml(f"# first\nid: a\ndeny: {STYLES[style](words)}\nlast: 1\n".encode(), "guard.yaml")
    assert document.data["deny"].split() == " ".join(words).split()
    expect_places(document, document.data["deny"])


@given(words=WORDS)
def test_every_character_has_its_place_in_toml(words: list[str]) -> None:
    text = " ".join(words)
    for value in (double(text), f'"""\n{double(text)[1:-1]}"""'):
        document = read_toml(f"[tool.guard]\nid = 'a'\ndeny = {value}\n".encode(), "pyproject.toml")
        assert document is not None
        assert document.data["deny"] == text
        expect_places(document, text)


def test_a_text_that_is_written_otherwise_stands_where_it_begins() -> None:
    document = read_yaml(b'id: a\ndeny: "\\u0061 > 3"\n', "guard.yaml")
    found = issue(aligned(document, ("deny",), "a > 3"), 4, "here", "hint")
    assert (found.line, found.path) == (2, "guard.yaml")
