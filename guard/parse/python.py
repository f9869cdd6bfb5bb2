"""Python source to syntax. In: bytes of a `.py` file. Out: `PythonSyntax`, or a `Problem`; nothing is raised.

`ast` alone does the work; comments are looked for only in files that contain `guard:`. Neighbours: `notebook` joins
cells and calls `syntax_of`, `depth` keeps trees shallow enough for recursive visitors, `hints` words syntax errors.
"""

from __future__ import annotations

import ast
import re
import warnings
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field

from guard.model import Problem
from guard.parse.depth import MAX_DEPTH, too_deep_line
from guard.parse.text import decoded

_WIDE = re.compile(r"[^\x00-\x7f]")
_FLAGS = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment that contains `guard:`."""

    line: int
    """1-based; in a notebook, of the joined source."""
    column: int
    """Of the `#`, in characters, 1-based."""
    text: str
    """From the `#` to the end of the line."""


@dataclass(frozen=True, slots=True)
class CellStart:
    """Where a code cell of a notebook begins."""

    first_line: int
    """In the joined source, 1-based."""
    cell: int
    """All cells of the notebook counted from 0, text cells included."""


@dataclass(frozen=True, slots=True)
class PythonSyntax:
    """A parsed Python file or notebook."""

    tree: ast.Module
    source: str
    """Decoded, without byte order mark, every line ending as `\\n`."""
    lines: tuple[str, ...]
    """The lines as `ast` counts them: `lines[node.lineno - 1]`."""
    comments: tuple[Comment, ...]
    """Those that contain `guard:`; text in strings does not count."""
    cells: tuple[CellStart, ...] = ()
    """Code cells of a notebook in order; empty for a file."""
    _wide: dict[int, tuple[list[int], list[int], int]] = field(default_factory=dict, repr=False, compare=False)
    """Of lines that were asked for: see `_bytes_ahead`."""

    def column(self, line: int, byte_offset: int) -> int:
        """1-based column in characters for `ast`'s 1-based line and 0-based UTF-8 byte offset."""
        if not 1 <= line <= len(self.lines):
            return byte_offset + 1
        wide = self._wide.get(line)
        if wide is None:
            wide = self._wide[line] = _bytes_ahead(self.lines[line - 1])
        places, ahead, length = wide
        byte_offset = min(byte_offset, length) if places else byte_offset
        return byte_offset + 1 - ahead[bisect_right(places, byte_offset)]

    def place(self, line: int) -> tuple[int, int] | None:
        """Cell (from 0) and line in the cell (from 1) for a line of a notebook's joined source; None for a file."""
        index = bisect_right(self.cells, line, key=lambda start: start.first_line) - 1
        if index < 0:
            return None
        return self.cells[index].cell, line - self.cells[index].first_line + 1


def _bytes_ahead(text: str) -> tuple[list[int], list[int], int]:
    """Byte offsets behind the characters of a line that take several bytes in UTF-8; by how many bytes offsets are
    ahead of characters: before the first of them (0), then behind each; and the length of the line in bytes."""
    places: list[int] = []
    ahead = [0]
    for match in _WIDE.finditer(text):
        extra = len(match[0].encode("utf-8", "surrogatepass")) - 1
        places.append(match.start() + ahead[-1] + extra + 1)
        ahead.append(ahead[-1] + extra)
    return places, ahead, len(text) + ahead[-1]


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a source has no tree. Lines and columns are 1-based, of the source that was handed in."""

    kind: str
    message: str
    line: int | None = None
    column: int | None = None
    hint: str = ""


def parse_python(path: str, data: bytes) -> PythonSyntax | Problem:
    """Parses a Python file. Problems: `not-utf8`, `bad-encoding`, `syntax`, `too-deep`."""
    source = decoded(path, data, python=True)
    if isinstance(source, Problem):
        return source
    lines = tuple(source.split("\n"))
    parsed = syntax_of(source, lines)
    if isinstance(parsed, Refused):
        message = f"{parsed.message}; model calls in this file are not seen"
        return Problem(path, parsed.line, parsed.column, parsed.kind, message, parsed.hint)
    return PythonSyntax(parsed, source, lines, guard_comments(source, lines))


def syntax_of(source: str, lines: Sequence[str]) -> ast.Module | Refused:
    """The tree of a decoded source; `lines` is the source split at `\\n`, its only line end.

    Warnings of the parser are suppressed.
    """
    nul = source.find("\0")
    if nul >= 0:
        line = source.count("\n", 0, nul) + 1
        return Refused("syntax", "contains a NUL character, so it is not Python text", line)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = compile(source, "<source>", "exec", flags=_FLAGS, dont_inherit=True)
    except SyntaxError as error:
        return _refused(lines, error)
    except (RecursionError, MemoryError):
        return Refused("too-deep", "is nested too deeply for Python's own parser", hint=_FLATTEN)
    except (ValueError, OverflowError, SystemError) as error:
        return Refused("syntax", f"can't be parsed: {str(error)[:200] or type(error).__name__}")
    assert isinstance(tree, ast.Module)
    deep = too_deep_line(tree, lines)
    if deep is not None:
        return Refused("too-deep", f"has an expression nested more than {MAX_DEPTH} levels deep", deep, hint=_FLATTEN)
    return tree


_FLATTEN = "Move the generated or chained expression to a file of its own."


def _refused(lines: Sequence[str], error: SyntaxError) -> Refused:
    """Python's message with place, in characters, and a hint where the file is of another Python."""
    from guard.parse.hints import syntax_hint

    message = (error.msg or "invalid syntax").strip()
    if "too many nested" in message or "too complex" in message:
        return Refused("too-deep", f"is nested too deeply for Python's own parser ({message})", error.lineno)
    line, column = error.lineno, error.offset
    if line is None or not 1 <= line <= len(lines):
        line = len(lines) if line else None
        column = None
    elif column is not None and column < 1:
        column = None
    text = lines[line - 1] if line else ""
    return Refused("syntax", f"syntax error: {message}", line, column, syntax_hint(message, text))


def guard_comments(source: str, lines: Sequence[str]) -> tuple[Comment, ...]:
    """The comments that contain `guard:` of a source that parses; `lines` as for `syntax_of`."""
    if "guard:" not in source or not any(-1 < line.find("#") < line.rfind("guard:") for line in lines):
        return ()
    import io
    import tokenize

    found: list[Comment] = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type == tokenize.COMMENT and "guard:" in token.string:
                line, column = token.start
                found.append(Comment(line, column + 1, token.string))
    except (tokenize.TokenError, SyntaxError):
        # `ast` took the source, so what `tokenize` stumbles over is at its very end (an open continuation).
        pass
    return tuple(found)
