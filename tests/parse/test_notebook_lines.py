"""Where the lines of a notebook's cells stand in its file."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.parse.notebook_lines import cell_lines

LINES = ["import os\n", "x = 'a\\n\"{[,'\n", "ask(x)"]


def notebook(*sources: Any) -> dict[str, Any]:
    cells = [
        {"cell_type": "code", "metadata": {"source": ["no"]}, "outputs": [{"text": ["{\n"]}], "source": s}
        for s in sources
    ]
    return {"cells": cells, "nbformat": 4, "metadata": {"cells": [{"source": "no"}]}}


def test_each_line_stands_where_its_string_stands() -> None:
    text = json.dumps(notebook(LINES, [], ["a\n"]), indent=1)
    found = cell_lines(text)
    assert [text.split("\n")[number - 1].strip().rstrip(",") for number in found[0]] == [
        json.dumps(line) for line in LINES
    ]
    assert sorted(found) == [0, 2] and len(found[2]) == 1


def test_a_source_that_is_one_string_stands_on_its_line() -> None:
    text = json.dumps(notebook("".join(LINES)), indent=1)
    (line,) = set(cell_lines(text)[0])
    assert '"source": "import os' in text.split("\n")[line - 1]
    assert len(cell_lines(text)[0]) == 3


def test_a_file_of_one_line() -> None:
    assert cell_lines(json.dumps(notebook(LINES))) == {0: [1, 1, 1]}


def test_the_first_worksheet_of_an_old_notebook() -> None:
    old = {
        "worksheets": [{"cells": [{"cell_type": "markdown", "source": ["t"]}, {"cell_type": "code", "input": LINES}]}]
    }
    found = cell_lines(json.dumps(old, indent=1))
    assert len(found[1]) == 3 and len(set(found[1])) == 3


@pytest.mark.parametrize("text", ["", "[", '"cells"', "{]}[", '{"cells": [{"source": "\\ud8"}]}', "null"])
def test_what_is_no_notebook_is_no_error(text: str) -> None:
    assert all(lines == [] for lines in cell_lines(text).values())


@given(st.lists(st.lists(st.text(st.sampled_from('ab\n\r"\\{}[],:'), max_size=6), max_size=4), max_size=3))
def test_there_are_as_many_lines_as_the_cell_has(sources: list[list[str]]) -> None:
    sources = [[piece for piece in source if not piece.endswith("\r")] for source in sources]
    found = cell_lines(json.dumps(notebook(*sources), indent=2))
    for number, source in enumerate(sources):
        text = "".join(source).replace("\r\n", "\n").replace("\r", "\n")
        expected = text.count("\n") + (not text.endswith("\n") and text != "")
        assert len(found.get(number, [])) == expected
