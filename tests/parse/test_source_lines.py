"""Frames in reports show the line that a parser meant, whatever characters stand in the file."""

from __future__ import annotations

import ast

import pytest

from guard.parse.nodes import DataFile
from guard.parse.python import PythonSyntax, parse_python
from guard.parse.text import source_lines
from guard.parse.yaml_file import parse as parse_yaml


@pytest.mark.parametrize("odd", ["\x0c", "\x0b", "\x1c", "\x85", "\u2028", "\u2029", "\r", "\r\n"])
def test_python_lines_are_those_of_its_parser(odd: str) -> None:
    data = f"a = 1  # {odd}# more\nname = 'x'\n".encode()
    syntax = parse_python("a.py", data)
    assert isinstance(syntax, PythonSyntax)
    line = next(n.lineno for n in ast.walk(syntax.tree) if isinstance(n, ast.Name) and n.id == "name")
    assert source_lines("a.py", data)[line - 1] == "name = 'x'"


def test_python_in_another_encoding_is_shown_as_it_is() -> None:
    assert source_lines("a.py", "# coding: latin-1\nname = 'é'\n".encode("latin-1"))[1] == "name = 'é'"


@pytest.mark.parametrize("odd", ["\x85", "\u2028", "\u2029", "\r", "\r\n"])
def test_yaml_lines_are_those_of_its_parser(odd: str) -> None:
    data = f"first: 1{odd}model: gpt-4o\n".encode()
    parsed = parse_yaml("a.yaml", data)
    assert isinstance(parsed, DataFile)
    line = next(entry.value.line for entry in parsed.documents[0].entries if entry.key.value == "model")
    assert source_lines("a.yaml", data)[line - 1] == "model: gpt-4o"


def test_a_file_that_is_no_text_has_lines_all_the_same() -> None:
    assert source_lines("a.txt", b"\xff\nb") == ["\ufffd", "b"]
