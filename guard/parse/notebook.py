"""Jupyter notebooks to syntax. In: bytes of an `.ipynb` (nbformat 3 or 4). Out: one `PythonSyntax` for all cells.

The code cells are joined in order, so that later cells see earlier ones; `PythonSyntax.place` leads back to cell and
line. A cell that is no Python is reported and blanked, the others go on. Neighbours: `magics` takes IPython's own
syntax out, `python` parses.
"""

from __future__ import annotations

import ast
import json
from dataclasses import dataclass
from typing import Any

from guard.model import Problem
from guard.parse.magics import plain_python, without_automagic
from guard.parse.python import CellStart, PythonSyntax, Refused, guard_comments, syntax_of
from guard.parse.text import decoded

_OTHER_KERNELS = frozenset(
    {"ir", "bash", "javascript", "deno", "scala", "spylon-kernel", "octave", "matlab", "rust", "gophernotes", "sql"}
)
"""Kernel names that tell of another language where the notebook does not name its language."""


@dataclass(slots=True)
class _Cell:
    index: int
    first_line: int
    source: str
    """Plain Python, or as many blank lines if the cell was refused."""
    lines: int


def parse_notebook(path: str, data: bytes) -> tuple[PythonSyntax | None, tuple[Problem, ...]]:
    """Parses a notebook: its syntax (None: not Python, or unreadable) and its problems.

    Problems: `not-utf8`, `not-a-notebook`, `too-deep`, `syntax` (one per cell that is no Python; line null, the
    message names cell and line), `repeats-unknown` (a `%timeit`).
    """
    text = decoded(path, data)
    if isinstance(text, Problem):
        return None, (text,)
    notebook = _loaded(path, text)
    if isinstance(notebook, Problem):
        return None, (notebook,)
    if not _is_python(notebook):
        return None, ()
    problems: list[Problem] = []
    cells = _code_cells(path, notebook, problems)
    source = "\n".join(cell.source for cell in cells)
    lines = source.split("\n")
    parsed = syntax_of(source, lines)
    if isinstance(parsed, Refused) or _crosses_cells(parsed, cells):
        for cell in cells:
            _checked(path, cell, problems)
        source = "\n".join(cell.source for cell in cells)
        lines = source.split("\n")
        parsed = syntax_of(source, lines)
        if isinstance(parsed, Refused):
            problems.append(Problem(path, None, None, parsed.kind, f"the notebook as a whole {parsed.message}"))
            return None, tuple(problems)
    starts = tuple(CellStart(cell.first_line, cell.index) for cell in cells)
    return PythonSyntax(parsed, source, tuple(lines), guard_comments(source, lines), starts), tuple(problems)


def _loaded(path: str, text: str) -> dict[str, Any] | Problem:
    try:
        notebook = json.loads(text)
    except RecursionError:
        return Problem(path, None, None, "too-deep", "is JSON nested too deeply; cells in it are not seen")
    except json.JSONDecodeError as error:
        message = f"is not valid JSON, so its cells are not seen: {error.msg}"
        return Problem(path, error.lineno, error.colno, "not-a-notebook", message)
    except ValueError:
        return Problem(path, None, None, "not-a-notebook", "holds a number too long to read; its cells are not seen")
    if isinstance(notebook, dict) and (
        isinstance(notebook.get("cells"), list) or isinstance(notebook.get("worksheets"), list)
    ):
        return notebook
    message = "is JSON but not a notebook: it has neither `cells` (nbformat 4) nor `worksheets` (nbformat 3)"
    return Problem(path, 1, 1, "not-a-notebook", message)


def _is_python(notebook: dict[str, Any]) -> bool:
    """Whether the kernel runs Python. A notebook that says nothing is taken for Python, as most are."""
    metadata = _dict(notebook.get("metadata"))
    info = _dict(metadata.get("language_info"))
    kernel = _dict(metadata.get("kernelspec"))
    if str(info.get("mimetype", "")).startswith("text/x-python"):
        # Supersets of Python (Coconut, SageMath) have names of their own.
        return True
    for language in (info.get("name"), kernel.get("language"), metadata.get("language")):
        if isinstance(language, str) and language:
            return "python" in language.lower() or language.lower() == "pyspark"
    name = str(kernel.get("name", "")).lower()
    return name not in _OTHER_KERNELS and not name.startswith(("julia", "ruby", ".net"))


def _code_cells(path: str, notebook: dict[str, Any], problems: list[Problem]) -> list[_Cell]:
    """The Python cells with IPython syntax taken out, placed one below the other."""
    raw: list[Any] = notebook["cells"] if isinstance(notebook.get("cells"), list) else []
    if not raw:
        sheets = notebook.get("worksheets")
        for sheet in sheets if isinstance(sheets, list) else []:
            inner = _dict(sheet).get("cells")
            raw = raw + inner if isinstance(inner, list) else raw
    cells: list[_Cell] = []
    next_line = 1
    for index, entry in enumerate(raw):
        cell = _dict(entry)
        source = _source(cell)
        if source is None or not _is_python_cell(cell):
            continue
        plain = plain_python(source.replace("\r\n", "\n").replace("\r", "\n"))
        if plain.repeated_on is not None:
            message = f"cell {index}, line {plain.repeated_on}: %timeit repeats its code; guard counts it once"
            problems.append(Problem(path, None, None, "repeats-unknown", message))
        count = plain.source.count("\n") + 1
        cells.append(_Cell(index, next_line, plain.source, count))
        next_line += count
    return cells


def _source(cell: dict[str, Any]) -> str | None:
    """The text of a code cell: `source` in nbformat 4, `input` in 3; one string or a list of lines."""
    if cell.get("cell_type") != "code":
        return None
    source = cell.get("source", cell.get("input"))
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    return source if isinstance(source, str) else None


def _is_python_cell(cell: dict[str, Any]) -> bool:
    language = cell.get("language") or _dict(_dict(cell.get("metadata")).get("vscode")).get("languageId")
    return not isinstance(language, str) or "python" in language.lower()


def _crosses_cells(tree: ast.Module, cells: list[_Cell]) -> bool:
    """Whether a top-level statement begins in one cell and ends in another: a string or block left open."""
    position = 0
    for statement in tree.body:
        while statement.lineno >= cells[position].first_line + cells[position].lines:
            position += 1
        if (statement.end_lineno or statement.lineno) >= cells[position].first_line + cells[position].lines:
            return True
    return False


def _checked(path: str, cell: _Cell, problems: list[Problem]) -> None:
    """Blanks a cell that is no Python, and says so."""
    parsed = syntax_of(cell.source, cell.source.split("\n"))
    if not isinstance(parsed, Refused):
        return
    retried = without_automagic(cell.source)
    if retried != cell.source and not isinstance(syntax_of(retried, retried.split("\n")), Refused):
        cell.source = retried
        return
    cell.source = "\n" * (cell.lines - 1)
    where = f"cell {cell.index}" + ("" if parsed.line is None else f", line {parsed.line}")
    message = f"{where}: {parsed.message}; model calls in this cell are not seen"
    problems.append(Problem(path, None, None, parsed.kind, message, parsed.hint))


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
