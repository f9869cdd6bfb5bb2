"""Frames: marks stand below what they mark, in every width, and hostile source cannot break out of them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guard.model import Label, Span
from guard.report.format import columns, safe_character
from guard.report.frame import frame


def label(line: int, start: int, end: int, text: str = "", path: str = "a.py", cell: int | None = None) -> Label:
    return Label(Span(path, line, start, line, end, cell, None if cell is None else line - 10), text)


def show(labels: list[Label], *files: tuple[str, str], width: int = 80, color: bool = False) -> str:
    texts = {path: text.splitlines() for path, text in files}
    return "\n".join(frame(labels, texts.get, width=width, color=color, meaning="error"))


def test_two_marks_on_one_line_with_words_behind_the_last() -> None:
    source = "x = ask(model=settings.model, messages=m)"
    assert (
        show([label(1, 5, 8), label(1, 9, 29, "model comes from here")], ("a.py", source))
        == """\
 --> a.py:1:5
  |
1 | x = ask(model=settings.model, messages=m)
  |     ^^^ -------------------- model comes from here"""
    )


def test_a_mark_inside_the_primary_one_stays_visible_and_words_before_the_end_go_below() -> None:
    source = "x = ask(model=m, max_tokens=9)"
    assert (
        show([label(1, 5, 31), label(1, 9, 16, "the model"), label(1, 18, 30, "the limit")], ("a.py", source))
        == """\
 --> a.py:1:5
  |
1 | x = ask(model=m, max_tokens=9)
  |     ^^^^-------^^------------^
  |         |        the limit
  |         the model"""
    )


def test_lines_in_between_are_dots_or_shown_where_it_is_one() -> None:
    source = "\n".join(f"line{number}" for number in range(1, 12))
    assert (
        show([label(2, 1, 6), label(4, 1, 6, "near"), label(11, 1, 7, "far")], ("a.py", source))
        == """\
  --> a.py:2:1
   |
 2 | line2
   | ^^^^^
 3 | line3
 4 | line4
   | ----- near
...
11 | line11
   | ------ far"""
    )


def test_a_span_in_another_file_gets_its_own_frame() -> None:
    shown = show(
        [label(1, 1, 4), label(12, 5, 9, "default value", path="conf/b.py")],
        ("a.py", "ask()"),
        ("conf/b.py", "\n" * 11 + "x = 'gpt'"),
    )
    assert (
        shown
        == """\
  --> a.py:1:1
   |
 1 | ask()
   | ^^^
  ::: conf/b.py:12:5
   |
12 | x = 'gpt'
   |     ---- default value"""
    )


def test_a_span_over_several_lines_is_marked_on_its_first() -> None:
    many = Label(Span("a.py", 1, 5, 3, 2))
    assert show([many], ("a.py", "x = ask(\n  a,\n)")).endswith("1 | x = ask(\n  |     ^^^^")


def test_a_notebook_says_cell_and_line_of_the_cell() -> None:
    source = "\n" * 11 + "ask()"
    shown = show([label(12, 1, 4, cell=3, path="e.ipynb")], ("e.ipynb", source))
    assert shown == " --> e.ipynb:cell3:2:1\n  |\n2 | ask()\n  | ^^^"


def test_tabs_and_wide_characters_keep_marks_in_place() -> None:
    source = "\t\u4e2d\u6587 = ask()"
    line, mark = show([label(1, 7, 10)], ("a.py", source)).split("\n")[2:]
    assert line == "1 |     \u4e2d\u6587 = ask()"
    assert columns(line.split("ask")[0]) == columns(mark.split("^")[0])


@pytest.mark.parametrize("start", [1, 100, 395])
def test_a_long_line_is_cut_around_the_mark(start: int) -> None:
    source = "".join(f"{number:04d}" for number in range(100))
    line, mark = show([label(1, start, start + 6)], ("a.py", source), width=60).split("\n")[2:]
    assert max(len(line), len(mark)) <= 60 and "..." in line
    marked = line[mark.index("^") : mark.rindex("^") + 1]
    assert marked == source[start - 1 : start + 5]


def test_marks_too_far_apart_for_one_line_show_it_twice() -> None:
    source = "a" * 20 + "b" * 300 + "c" * 20
    shown = show([label(1, 1, 21, "first"), label(1, 321, 341, "second")], ("a.py", source), width=60)
    assert len(re.findall(r"^1 \|", shown, re.MULTILINE)) == 2
    assert "first" in shown and "second" in shown and "c" * 20 in shown


def test_a_file_that_is_gone_still_gives_place_and_words() -> None:
    assert show([label(7, 3, 9, "model comes from here")]) == " --> a.py:7:3\n  | model comes from here"
    both = show([label(1, 1, 4), label(7, 3, 9, "gone")], ("a.py", "one line"))
    assert both.endswith("1 | one line\n  | ^^^\n  | a.py:7:3: gone")


def test_escape_codes_in_source_path_and_words_are_shown_not_obeyed() -> None:
    hostile = "\x1b[31m\u202e"
    shown = show([label(1, 1, 4, f"word{hostile}", path=f"a{hostile}.py")], (f"a{hostile}.py", f"ask('{hostile}')"))
    assert "\x1b" not in shown and "\u202e" not in shown
    assert shown.count(r"\x1b[31m\u202e") == 3


def test_color_changes_nothing_but_color() -> None:
    labels = [label(1, 5, 31), label(1, 9, 16, "the model")]
    file = ("a.py", "x = ask(model=m, max_tokens=9)")
    painted = show(labels, file, color=True)
    assert re.sub(r"\x1b\[[0-9;]*m", "", painted) == show(labels, file)
    assert "\x1b[1;31m^^^^" in painted


@settings(max_examples=150)
@given(st.text(min_size=1, max_size=200), st.data(), st.integers(40, 100))
def test_marks_stand_below_the_text_they_mark(line: str, data: st.DataObject, width: int) -> None:
    line = line.replace("\r", " ").replace("\n", " ")
    start = data.draw(st.integers(1, len(line)))
    end = data.draw(st.integers(start + 1, len(line) + 1))
    rows = frame(
        [Label(Span("a.py", 1, start, 1, end))], {"a.py": [line]}.get, width=width, color=False, meaning="error"
    )
    assert len(rows) == 4
    shown, marks = rows[2][4:], rows[3][4:]
    assert columns(rows[2]) <= width and columns(rows[3]) <= width
    if "..." not in shown:
        before = "".join(map(safe_character, line[: start - 1]))
        assert marks.index("^") == columns(before)
