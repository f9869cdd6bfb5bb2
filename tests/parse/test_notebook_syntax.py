"""What `parse_notebook` makes of notebooks: cells, magics, broken cells, other languages, hostile files."""

from __future__ import annotations

import ast
import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from guard.model import Problem
from guard.parse.notebook import parse_notebook
from guard.parse.python import PythonSyntax


def code(source: str | list[str], **more: Any) -> dict[str, Any]:
    return {"cell_type": "code", "source": source, "outputs": [], "metadata": {}, **more}


def text(source: str = "words") -> dict[str, Any]:
    return {"cell_type": "markdown", "source": source, "metadata": {}}


def notebook(*cells: dict[str, Any], **metadata: Any) -> bytes:
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": cells}).encode()


def parsed(*cells: dict[str, Any]) -> tuple[PythonSyntax, tuple[Problem, ...]]:
    syntax, problems = parse_notebook("n.ipynb", notebook(*cells))
    assert syntax is not None, problems
    return syntax, problems


def clean(*sources: str) -> PythonSyntax:
    syntax, problems = parsed(*[code(source) for source in sources])
    assert problems == ()
    return syntax


def calls(syntax: PythonSyntax) -> dict[str, tuple[int, int, int]]:
    """Calls by name with cell, line in the cell and column."""
    found = {}
    for node in ast.walk(syntax.tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            place = syntax.place(node.lineno)
            assert place is not None
            found[node.func.id] = (*place, syntax.column(node.lineno, node.col_offset))
    return found


def test_cells_are_joined_and_lines_lead_back_to_them() -> None:
    syntax, problems = parsed(
        text(), code("import x\nfirst()\n"), text(), code(["\n", "y = 1\n", "é = second()"]), code(""), code("third()")
    )
    assert problems == ()
    assert calls(syntax) == {"first": (1, 2, 1), "second": (3, 3, 5), "third": (5, 1, 1)}
    assert [start.cell for start in syntax.cells] == [1, 3, 4, 5]


def test_a_file_has_no_cells() -> None:
    from guard.parse.python import parse_python

    found = parse_python("a.py", b"x = 1\n")
    assert isinstance(found, PythonSyntax)
    assert found.place(1) is None


@pytest.mark.parametrize(
    "source",
    [
        "%matplotlib inline\ncall()",
        "!pip install x \\\n  y\ncall()",
        "?help\ncall()",
        "call?\ncall()",
        "obj.attr??\ncall()",
        "%load_ext autoreload\n%autoreload 2\ncall()",
        "files = !ls *.py\ncall()",
        "t = %sql select 1\ncall()",
        "if True:\n    !echo hi\nelse:\n    %cd /tmp\ncall()",
        "for i in x:\n    y = !ls {i}\ncall()",
        "%%capture out\ncall()",
        "%%time\n\ncall()",
        "\n%%time\n%matplotlib inline\ncall()",
        "  %pip install x\n  call()",
        "x = 5 \\\n  % 3\ncall()",
        "x = (5\n% 3\n)\ncall()",
        "%time x = call()",
        "%prun -s cumulative call()",
        "x = %time call()",
        "%time for i in x: call()",
        "if True:\n    %time call()",
    ],
)
def test_magics_go_and_code_stays_in_its_line(source: str) -> None:
    lines = source.split("\n")
    line = next(number for number, text in enumerate(lines, 1) if "call()" in text)
    cell, at, _ = calls(clean(source))["call"]
    assert (cell, at) == (0, line)


def test_code_behind_a_line_magic_keeps_its_column() -> None:
    assert calls(clean("%time x = call()"))["call"] == (0, 1, 11)
    assert calls(clean("x = %time call()"))["call"] == (0, 1, 11)


def test_the_result_of_a_magic_is_not_the_old_value() -> None:
    syntax = clean("x = 'gpt-4o'\nx = !cat model.txt\n")
    last = syntax.tree.body[-1]
    assert isinstance(last, ast.Assign)
    assert not isinstance(last.value, ast.Constant)


def test_magics_inside_strings_are_text() -> None:
    source = "%matplotlib inline\np = \"\"\"\n%d items\n!important\nwhy?\n\"\"\"\nq = f(p, '''\n?x\n''')"
    syntax = clean(source)
    constants = [node.value for node in ast.walk(syntax.tree) if isinstance(node, ast.Constant)]
    assert "\n%d items\n!important\nwhy?\n" in constants
    assert "\n?x\n" in constants


@pytest.mark.parametrize("magic", ["%%bash", "%%html", "%%writefile app.py", "%%sql", "%%javascript", "%%R"])
def test_cells_in_another_language_are_empty(magic: str) -> None:
    syntax = clean("before()", f"{magic}\nls -l | grep x\nfor f in *; do echo; done", "after()")
    assert calls(syntax) == {"before": (0, 1, 1), "after": (2, 1, 1)}


def test_pip_without_a_percent_sign() -> None:
    assert calls(clean("pip install openai", "call()"))["call"] == (1, 1, 1)


@pytest.mark.parametrize("source, line", [("%%timeit\ncall()", 1), ("x = 1\n%timeit -n 10 -r 3 call()", 2)])
def test_timeit_repeats_an_unknown_number_of_times_and_says_so(source: str, line: int) -> None:
    syntax, problems = parsed(text(), code(source))
    assert calls(syntax)["call"][:2] == (1, 2)
    assert [(problem.kind, problem.line) for problem in problems] == [("repeats-unknown", None)]
    assert f"cell 1, line {line}" in problems[0].message


def test_a_broken_cell_is_named_and_the_others_go_on() -> None:
    syntax, problems = parsed(text(), code("a()"), code("x = 1\ny = = 2\nlost()"), code("b()"))
    assert calls(syntax) == {"a": (1, 1, 1), "b": (3, 1, 1)}
    assert [problem.kind for problem in problems] == ["syntax"]
    assert "cell 2, line 2" in problems[0].message
    assert problems[0].line is None


def test_an_open_string_does_not_swallow_the_next_cells() -> None:
    syntax, problems = parsed(code('x = """'), code("a()"), code('y = """text"""'), code("b()"))
    assert calls(syntax) == {"a": (1, 1, 1), "b": (3, 1, 1)}
    assert ["cell 0" in problem.message for problem in problems] == [True]


def test_an_open_block_does_not_take_the_next_cell_in() -> None:
    syntax, problems = parsed(code("if x:"), code("    a()"))
    assert isinstance(syntax.tree.body[0], ast.Expr)
    assert len(problems) == 1


def test_python_2_cells_get_the_hint() -> None:
    _, problems = parsed(code("print 'x'"))
    assert "Python 2" in problems[0].hint


def test_top_level_await_and_return() -> None:
    clean("r = await f()\nasync for x in y:\n    pass\nasync with a as b:\n    pass", "return 1")


def test_guard_comments_in_cells() -> None:
    syntax = clean("x = 1", "!ls\ny = f()  # guard: ignore[a] why")
    comment = syntax.comments[0]
    assert (syntax.place(comment.line), comment.column) == ((1, 2), 10)


def test_nbformat_3() -> None:
    cells = [
        {"cell_type": "heading", "source": "T"},
        {"cell_type": "code", "input": ["x = 1\n", "a()"], "language": "python"},
        {"cell_type": "code", "input": "cat(1)", "language": "R"},
    ]
    more = [{"cell_type": "code", "input": "b()"}]
    data = {"nbformat": 3, "metadata": {"name": ""}, "worksheets": [{"cells": cells}, {"cells": more}]}
    syntax, problems = parse_notebook("n.ipynb", json.dumps(data).encode())
    assert syntax is not None
    assert problems == ()
    assert calls(syntax) == {"a": (1, 2, 1), "b": (3, 1, 1)}


@pytest.mark.parametrize(
    "metadata",
    [
        {"language_info": {"name": "R"}},
        {"kernelspec": {"name": "julia-1.9", "language": "julia"}},
        {"kernelspec": {"name": "ir"}},
        {"language_info": {"name": "javascript"}, "kernelspec": {"name": "deno"}},
    ],
)
def test_other_languages_are_passed_over_in_silence(metadata: dict[str, Any]) -> None:
    assert parse_notebook("n.ipynb", notebook(code("x <- 1"), **metadata)) == (None, ())


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        {"kernelspec": {"name": "python3"}},
        {"kernelspec": {"name": "conda-env-x", "language": "python"}},
        {"language_info": {"name": "ipython"}},
        {"language_info": {"name": "coconut", "mimetype": "text/x-python3"}, "kernelspec": {"language": "coconut"}},
        {"language_info": 3, "kernelspec": []},
    ],
)
def test_python_by_any_name(metadata: dict[str, Any]) -> None:
    syntax, _ = parse_notebook("n.ipynb", notebook(code("a()"), **metadata))
    assert syntax is not None


def test_a_cell_marked_as_another_language() -> None:
    sql = code("select 1", metadata={"vscode": {"languageId": "sql"}})
    syntax, problems = parsed(sql, code("a()"))
    assert (calls(syntax), problems) == ({"a": (1, 1, 1)}, ())


@pytest.mark.parametrize(
    "data, kind",
    [
        (b"", "not-a-notebook"),
        (b'{"cells": [', "not-a-notebook"),
        (b"[]", "not-a-notebook"),
        (b'{"cells": 3}', "not-a-notebook"),
        (b"\xff", "not-utf8"),
        (b'{"cells": ' + b"[" * 100_000, "too-deep"),
        (b'{"cells": [' + b"9" * 5000 + b"]}", "not-a-notebook"),
    ],
)
def test_files_that_are_no_notebooks(data: bytes, kind: str) -> None:
    syntax, problems = parse_notebook("n.ipynb", data)
    assert syntax is None
    assert [problem.kind for problem in problems] == [kind]


@pytest.mark.parametrize("source", ["x = '\0'", "x = '\ud800'", "x = " + "(" * 5000, "x" + ".a" * 5000])
def test_one_hostile_cell_does_not_take_the_others_down(source: str) -> None:
    syntax, problems = parsed(code(source), code("a()"))
    assert calls(syntax) == {"a": (1, 1, 1)}
    assert len(problems) == 1
    problems[0].message.encode()


@pytest.mark.parametrize(
    "source",
    [
        "x = '''\n" * 5_000 + "\n%x",
        "%x\n" + "a " * 50_000 + "?",
        "%x\n?a" + " " * 200_000 + "?",
        "%x\n" + "a, " * 50_000,
        "%x\n" + " " * 200_000 + "y = 1",
        "%time" + " " * 50_000 + "-" * 50_000,
        "%prun" + " -s a" * 5_000 + "?",
        "%prun" + " -s" * 5_000 + "?x",
        " \n" * 100_000 + "%x",
        "!x \\\n" * 20_000,
    ],
)
def test_cells_made_to_take_quadratic_time_end(source: str) -> None:
    syntax, _ = parse_notebook("n.ipynb", notebook(code(source)))
    assert syntax is not None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["cells", "worksheets", "cell_type", "source", "input", "metadata", "language", "kernelspec"]
            ),
            inner | st.just("code"),
            max_size=5,
        )
    ),
    max_leaves=20,
)


@given(JSON)
@example(data={"worksheets": True, "cells": []})
def test_any_json_gives_a_value_or_problems(data: Any) -> None:
    syntax, problems = parse_notebook("n.ipynb", json.dumps(data).encode())
    assert syntax is None or isinstance(syntax, PythonSyntax)
    assert all(isinstance(problem, Problem) for problem in problems)


@given(st.lists(st.text(alphabet="ab1 \n%!?=()[]'\"\\#:\t\r", max_size=40), max_size=4))
def test_any_cells_keep_their_lines(sources: list[str]) -> None:
    syntax, _ = parsed(*[code(source) for source in sources])
    expected = [source.replace("\r\n", "\n").replace("\r", "\n").count("\n") + 1 for source in sources]
    starts = [start.first_line for start in syntax.cells]
    assert [b - a for a, b in zip([*starts, len(syntax.lines) + 1], [*starts[1:], len(syntax.lines) + 1])][
        : len(sources)
    ] == expected
