"""What `parse_python` makes of good, odd and hostile files."""

from __future__ import annotations

import ast
import io
import sys
import tokenize
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.model import Problem
from guard.parse.depth import MAX_DEPTH
from guard.parse.python import PythonSyntax, parse_python


def parsed(data: bytes | str) -> PythonSyntax:
    found = parse_python("a.py", data.encode() if isinstance(data, str) else data)
    assert isinstance(found, PythonSyntax), found
    return found


def problem(data: bytes | str) -> Problem:
    found = parse_python("a.py", data.encode() if isinstance(data, str) else data)
    assert isinstance(found, Problem)
    return found


def depth_of(tree: ast.AST) -> int:
    level, depth = [tree], 0
    while level:
        level = [child for node in level for child in ast.iter_child_nodes(node)]
        depth += 1
    return depth


# --- positions --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_are_those_that_ast_counts(end: str) -> None:
    found = parsed(end.join(["x = 1", 'y = """a', "b\f\u2028c\x1c", '"""', "z = f(x)", ""]))
    last = found.tree.body[-1]
    assert found.lines[last.lineno - 1] == "z = f(x)"
    assert last.lineno == 5


@pytest.mark.parametrize(
    "line, text",
    [("x = f(1)", "f(1)"), ("é = f(1)", "f(1)"), ("'日本', f(1)", "f(1)"), ("'😀'; f(1)", "f(1)"), ("\tf(1)", "f(1)")],
)
def test_columns_count_characters_not_bytes(line: str, text: str) -> None:
    found = parsed("if 1:\n\tpass\n" + line + "\n" if not line.startswith("\t") else "if 1:\n" + line + "\n")
    call = next(node for node in ast.walk(found.tree) if isinstance(node, ast.Call))
    column = found.column(call.lineno, call.col_offset)
    assert found.lines[call.lineno - 1][column - 1 :] == text


def test_columns_of_impossible_places_do_not_raise() -> None:
    found = parsed("é = 1\n")
    assert found.column(0, 3) == 4
    assert found.column(99, 0) == 1
    assert found.column(1, 999) == 6


# --- encodings --------------------------------------------------------------------------------------------------


def test_byte_order_mark_does_not_move_columns() -> None:
    found = parsed(b"\xef\xbb\xbff(1)\n")
    assert found.source == "f(1)\n"


@pytest.mark.parametrize(
    "data, value",
    [
        (b"# -*- coding: latin-1 -*-\nx = '\xe9'\n", "é"),
        (b"#!/usr/bin/python\n# vim: set fileencoding=cp1252 :\nx = '\x80'\n", "€"),
        (b"# coding: utf8\nx = '\xc3\xa9'\n", "é"),
        (b"x = '\xc3\xa9'\n# coding: latin-1\n", "é"),
        (b"# coding: shift_jis\nx = '\x93\xfa'\n", "日"),
    ],
)
def test_the_coding_cookie_decides(data: bytes, value: str) -> None:
    statement = parsed(data).tree.body[0]
    assert isinstance(statement, ast.Assign)
    assert isinstance(statement.value, ast.Constant)
    assert statement.value.value == value


@pytest.mark.parametrize(
    "data, kind, line",
    [
        (b"x = 1\ny = '\xe9'\n", "not-utf8", 2),
        (b"\xff\xfex\x00", "not-utf8", 1),
        (b"# coding: klingon\n", "bad-encoding", 1),
        (b"# coding: hex\n61\n", "bad-encoding", 1),
        (b"# coding: punycode\nx\n", "bad-encoding", 1),
        (b"# coding: ascii\nx = '\xe9'\n", "bad-encoding", 1),
        (b"\xef\xbb\xbf# coding: latin-1\n", "bad-encoding", 1),
    ],
)
def test_text_that_can_not_be_decoded(data: bytes, kind: str, line: int) -> None:
    found = problem(data)
    assert (found.kind, found.line) == (kind, line)


def test_place_of_the_first_bad_byte() -> None:
    found = problem("é\n'日".encode() + b"\xff'\n")
    assert (found.line, found.column) == (2, 3)


COOKIES = st.sampled_from(
    [b"", b"# coding: latin-1", b"#coding=cp1252 x", b"x = 1", b"  # vim: set fileencoding=utf-8 :", b"#!/bin/sh",
     b"# coding: nonsense", b"x = '# coding: latin-1'", b"\x0c", b"# encoding: ascii", b'"""'],
)  # fmt: skip


@given(COOKIES, COOKIES, st.sampled_from([b"\n", b"\r\n"]), st.booleans())
def test_the_cookie_is_read_as_python_reads_it(first: bytes, second: bytes, end: bytes, mark: bool) -> None:
    data = (b"\xef\xbb\xbf" if mark else b"") + first + end + second + end + b"x = 2\n"
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        expected = data.decode(encoding)
    except SyntaxError:
        expected = None
    found = parse_python("a.py", data)
    if expected is None:
        assert isinstance(found, Problem)
        assert found.kind == "bad-encoding"
    elif isinstance(found, PythonSyntax):
        assert found.source == expected.replace("\r\n", "\n")
    else:
        assert found.kind == "syntax"


# --- errors -----------------------------------------------------------------------------------------------------


def test_a_syntax_error_has_line_column_and_pythons_words() -> None:
    found = problem("x = 1\né = = 2\n")
    assert (found.kind, found.line, found.column) == ("syntax", 2, 5)
    assert "invalid syntax" in found.message


@pytest.mark.parametrize(
    "source",
    ['print "hello"\n', "try:\n    f()\nexcept IOError, e:\n    pass\n", "raise ValueError, 'x'\n", "x = 0777\n",
     "if a <> b:\n    pass\n", "exec 'x = 1'\n", "x = 10L\n", "x = `y`\n"],
)  # fmt: skip
def test_python_2_is_recognised(source: str) -> None:
    found = problem(source)
    assert found.kind == "syntax"
    assert "Python 2" in found.hint


@pytest.mark.parametrize("source", ["x = (\n", "def f(:\n", "return return\n", "x = 'open\n"])
def test_other_errors_give_no_misleading_hint(source: str) -> None:
    assert problem(source).hint == ""


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="this Python knows the syntax")
@pytest.mark.parametrize("source", ["type X = int\n", "def f[T](x: T): ...\n", "class A[T]: ...\n", 'x = t"{y}"\n'])
def test_newer_syntax_gets_a_hint(source: str) -> None:
    assert "newer Python" in problem(source).hint


def test_null_bytes_and_lone_surrogates() -> None:
    found = problem(b"x = 1\ny = '\0'\n")
    assert (found.kind, found.line) == ("syntax", 2)
    assert problem(b"# coding: unicode_escape\nx = '\\ud800'\n").kind == "syntax"


def test_integers_too_long_to_convert() -> None:
    assert problem("x = " + "9" * 5000 + "\n").kind == "syntax"


def test_warnings_stay_inside() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert parsed('x = "\\d"\nassert (x, "always true")\ny = 1 is 1\n')


def test_what_only_the_compiler_would_refuse_is_fine() -> None:
    assert parsed("await f()\nreturn 1\nasync with a: pass\nasync for x in y: pass\nbreak\n")


# --- depth ------------------------------------------------------------------------------------------------------

N = 5_000
DEEP = {
    "brackets": "x = " + "[" * N + "]" * N,
    "parentheses": "x = " + "(" * N + ")" * N,
    "concatenation": "x = " + " + ".join(['"a"'] * N),
    "concatenation over lines": "x = (\n" + " +\n".join(['"a"'] * N) + ")",
    "minus": "x = " + "-" * N + "1",
    "not": "x = " + "not " * N + "1",
    "attributes": "x" + ".a" * N,
    "calls": "x" + "()" * N,
    "subscripts": "x" + "[0]" * N,
    "methods over lines": "x = (q" + "\n  .f()" * N + ")",
    "lambdas": "x = " + "lambda: " * N + "1",
    "ternaries": "x = " + "1 if a else " * N + "1",
    "power": "x = " + "**".join(["2"] * N),
    "elif": "if a: pass\n" + "elif b: pass\n" * N,
    "decorator": "@" + " + ".join(["a"] * N) + "\ndef f(): pass",
    "in a function": "def f():\n  if x:\n    return " + " + ".join(["a"] * N),
    "in a case": "match x:\n  case 1 if " + " + ".join(["a"] * N) + ":\n    pass",
    "in a handler": "try:\n  f()\nexcept " + " + ".join(["a"] * N) + ":\n  pass",
    "in a with": "with " + " + ".join(["a"] * N) + ": pass",
    "in a while": "while " + " + ".join(["a"] * N) + ": pass",
    "default of a nested function": "class A:\n  def f(x=" + "-" * 1000 + "1): pass",
}


@pytest.mark.parametrize("name", DEEP)
def test_deep_nesting_is_a_problem(name: str) -> None:
    assert problem(DEEP[name]).kind == "too-deep"


@pytest.mark.parametrize("levels, refused", [(400, False), (700, True)])
def test_moderate_chains_pass(levels: int, refused: bool) -> None:
    source = "def f():\n    return " + " + ".join(["a"] * levels) + "\n"
    assert isinstance(parse_python("a.py", source.encode()), Problem) is refused


def test_the_problem_names_the_line() -> None:
    assert problem("x = 1\n\ndef f():\n    y = 2\n    z = " + " + ".join(["a"] * 2000)).line == 5


@pytest.mark.parametrize(
    "source",
    [
        "x = {\n" + "".join(f"  'k{i}': f(-{i}, [{i}.5, a.b]),\n" for i in range(3000)) + "}\n",
        "x = '''" + "a.b(c) + [d] - not else\n" * 5000 + "'''\n",
        "x = (" + "\n".join(["'part'"] * 5000) + ")\n",
        "if a and " + " and ".join(["b"] * 3000) + ": pass\n",
        "".join(f"def f{i}(x):\n    return x.a({i}) + 1\n\n" for i in range(3000)),
    ],
)
def test_long_is_not_deep(source: str) -> None:
    assert parsed(source)


CHAIN = st.recursive(
    st.just("a"),
    lambda inner: st.one_of(
        st.tuples(inner, st.integers(1, 300)).map(lambda p: p[0] + " + a" * p[1]),
        st.tuples(inner, st.integers(1, 90)).map(lambda p: "f(k=" * p[1] + p[0] + ")" * p[1]),
        st.tuples(inner, st.integers(1, 300)).map(lambda p: "-" * p[1] + "(" + p[0] + ")"),
        st.tuples(inner, st.integers(1, 300)).map(lambda p: "(" + p[0] + ")" + ".m" * p[1]),
    ),
    max_leaves=4,
)


@given(CHAIN)
def test_whatever_passes_is_shallow(expression: str) -> None:
    found = parse_python("a.py", f"x = {expression}\n".encode())
    if isinstance(found, PythonSyntax):
        assert depth_of(found.tree) <= MAX_DEPTH + 4
    else:
        assert found.kind == "too-deep"


# --- comments ---------------------------------------------------------------------------------------------------


def test_guard_comments_with_places_and_without_strings() -> None:
    found = parsed(
        "x = 1  # guard: ignore[a] reason\n"
        "# plain\n"
        's = "# guard: not this"\n'
        't = """\n# guard: nor this\n"""\n'
        "é = 2  # see guard: assume model=gpt-4o\n"
        "    # guard: indented\n"
    )
    assert [(c.line, c.column, c.text) for c in found.comments] == [
        (1, 8, "# guard: ignore[a] reason"),
        (7, 8, "# see guard: assume model=gpt-4o"),
        (8, 5, "# guard: indented"),
    ]


def test_files_without_guard_comments_are_not_tokenized(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(tokenize, "generate_tokens")
    assert parsed("x = 1  # nothing\ny = 'guard: here'\n").comments == ()


def test_a_comment_at_the_very_end_without_line_end() -> None:
    assert len(parsed("x = 1  # guard: ignore[a]").comments) == 1


@pytest.mark.parametrize("line", ["# " * 100_000, "#" * 200_000 + "guard", "x = '" + "guard:" * 50_000 + "'"])
def test_long_lines_take_linear_time(line: str) -> None:
    assert parsed(line + "\ny = 'guard:'\n").comments == ()


# --- anything ---------------------------------------------------------------------------------------------------


@given(st.binary(max_size=300))
def test_any_bytes_give_syntax_or_a_problem(data: bytes) -> None:
    found = parse_python("a.py", data)
    assert isinstance(found, PythonSyntax | Problem)


@given(st.text(alphabet="ab01 \t\n()[]{}:=,.'\"#\\\f\r@*-é+", max_size=80))
def test_what_python_parses_guard_parses(source: str) -> None:
    data = source.encode()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expected = ast.dump(ast.parse(data), include_attributes=True)
    except (SyntaxError, ValueError):
        assert isinstance(parse_python("a.py", data), Problem)
    else:
        assert ast.dump(parsed(data).tree, include_attributes=True) == expected
