"""IPython's extra syntax out of notebook cells. In: a cell's source. Out: plain Python with the same lines.

`%magic`, `!command` and `name?` are no Python. Each is replaced in place, so that lines, indentation and, where code
stays, columns are those of the cell. Neighbour: `notebook`, which parses what comes out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_MAYBE = re.compile(r"^[ \t]*[%!?]|=[ \t]*[%!]|\?[ \t]*$", re.MULTILINE)
"""Cells without such a place are plain Python and are not scanned further."""
_TOKEN = re.compile(r'"""|\'\'\'|"|\'|#[^\n]*|[(\[{]|[)\]}]|\\\n|\\.|\n', re.DOTALL)
_STRING_ENDS = {
    quote: re.compile(rf"\\.|{quote}" + ("" if len(quote) == 3 else r"|\n"), re.DOTALL)
    for quote in ('"""', "'''", '"', "'")
}
_CELL_MAGIC = re.compile(r"\s*%%(\w+)")
_LINE_MAGIC = re.compile(r"%(\w+)")
_TIMEIT = re.compile(r"[^%\n]*%timeit\b")
_COMPOUND = re.compile(r"(?:for|while|if|with|async|try)\b")
_ASSIGNED = re.compile(r"[ \t]*+[\w.,*\[\]'\" \t]++=[ \t]*+(?=[%!])")
_HELP = re.compile(r"[ \t]*(?:\?\??\s*[\w.*%]+|%{0,2}[\w.*]+\?\??)[ \t]*+;?[ \t]*+$")
_AUTOMAGIC = re.compile(
    r"^([ \t]*)(?:pip3?|conda|mamba|cd|ls|mkdir|cat|cp|mv|rm|rmdir)[ \t]+[\w./~-][^\n]*$", re.MULTILINE
)
_OPTIONS = re.compile(r"(?:[ \t]+-(?:[sfTDlm][ \t]*\S+|[a-zA-Z](?:[ \t]*\d+)?))*[ \t]+")

_PYTHON_CELLS = frozenset(
    {"time", "timeit", "capture", "prun", "memit", "mprun", "lprun", "pyinstrument", "python", "python3", "px", "debug"}
)
"""Cell magics whose body is Python that runs."""
_PYTHON_LINES = frozenset({"time", "timeit", "prun", "memit", "lprun", "mprun"})
"""Line magics whose argument is Python that runs."""
_UNKNOWN = "get_ipython()"
"""What a magic's result becomes: a call that no analysis can see through, so the name stays open."""


@dataclass(frozen=True, slots=True)
class Plain:
    """A cell without IPython syntax."""

    source: str
    """As many lines as the cell had."""
    repeated_on: int | None = None
    """Line in the cell (from 1) of a `%timeit` that runs code an unknown number of times."""


def plain_python(cell: str) -> Plain:
    """`cell` (lines ending in `\\n`) with IPython syntax replaced. A cell magic that runs no Python empties it."""
    cell = _dedented(cell)
    if not _MAYBE.search(cell):
        return Plain(cell)
    repeated_on = None
    magic = _CELL_MAGIC.match(cell)
    if magic:
        if magic[1] not in _PYTHON_CELLS:
            return Plain("\n" * cell.count("\n"))
        line = cell.count("\n", 0, magic.start(1)) + 1
        repeated_on = line if magic[1] == "timeit" else None
        rest = cell.find("\n", magic.end())
        cell = "\n" * (line - 1) + ("" if rest < 0 else cell[rest:])
    out: list[str] = []
    position = 0
    while position < len(cell):
        end = _magic_end(cell, position)
        if end is None:
            end = _statement_end(cell, position)
            out.append(cell[position:end])
        else:
            text = cell[position:end]
            out.append(_without_magic(text))
            if repeated_on is None and _TIMEIT.match(text):
                repeated_on = cell.count("\n", 0, position) + 1
        position = end
    return Plain("".join(out), repeated_on)


def without_automagic(cell: str) -> str:
    """`cell` with lines such as `pip install x` replaced: IPython takes them for magics although nothing marks them.

    Only for cells that are no Python as they stand.
    """
    return _AUTOMAGIC.sub(lambda found: found[1] + "pass", cell)


def _magic_end(cell: str, start: int) -> int | None:
    """End of the magic that begins on the line at `start`, with its continuation lines; None if there is none."""
    end = _line_end(cell, start)
    line = cell[start:end].rstrip("\n")
    bare = line.lstrip()
    if not (bare.startswith(("%", "!", "?")) or _ASSIGNED.match(line) or (bare.endswith("?") and _HELP.match(line))):
        return None
    while cell.endswith("\\\n", start, end) and end < len(cell):
        end = _line_end(cell, end)
    return end


def _statement_end(cell: str, start: int) -> int:
    """Start of the first line after `start` that stands outside of strings, brackets and continuations."""
    depth = 0
    position = start
    while True:
        token = _TOKEN.search(cell, position)
        if token is None:
            return len(cell)
        position = token.end()
        text = token[0]
        if text in _STRING_ENDS:
            position = _string_end(cell, position, text)
        elif text in "([{":
            depth += 1
        elif text in ")]}":
            depth = max(0, depth - 1)
        elif text == "\n" and depth == 0:
            return position


def _string_end(cell: str, position: int, quote: str) -> int:
    """Where the string opened by `quote` just before `position` ends. A line's end closes a one-line string."""
    for found in _STRING_ENDS[quote].finditer(cell, position):
        if found[0] == quote:
            return found.end()
        if found[0] == "\n":
            return found.start()
    return len(cell)


def _without_magic(text: str) -> str:
    """Python for one magic, with as many line ends and, where code stays, the columns of that code."""
    line_ends = "\n" * text.count("\n")
    assigned = _ASSIGNED.match(text)
    start = assigned.end() if assigned else len(text) - len(text.lstrip(" \t"))
    code = None if text.rstrip().endswith("?") else _code_start(text, start)
    if assigned:
        if code is None:
            return assigned[0] + _UNKNOWN + line_ends
        return assigned[0] + " " * (code - start) + text[code:]
    if code is None:
        return text[:start] + "pass" + line_ends
    if _COMPOUND.match(text, code):
        return text[:start] + text[code:]
    return text[:start] + "pass;".ljust(code - start) + text[code:]


def _code_start(text: str, start: int) -> int | None:
    """Where the Python code begins that the magic at `start` runs; None if it runs none."""
    magic = _LINE_MAGIC.match(text, start)
    if magic is None or magic[1] not in _PYTHON_LINES:
        return None
    options = _OPTIONS.match(text, magic.end())
    return options.end() if options and text[options.end() :].strip() else None


def _line_end(cell: str, start: int) -> int:
    end = cell.find("\n", start)
    return len(cell) if end < 0 else end + 1


def _dedented(cell: str) -> str:
    """`cell` without the indentation of its first line of code, as IPython runs it."""
    first = re.search(r"^([ \t]*)\S", cell, re.MULTILINE)
    if first is None or not first[1]:
        return cell
    return re.sub(rf"^{first[1]}", "", cell, flags=re.MULTILINE)
