"""Real programs with a few words and lines changed: the files of the specifications of resolving, which still parse.

In: a way to choose. Out: the files of one case. Comments that assert something are of no use then and stay as they are.
"""

from __future__ import annotations

import ast
import functools
import re
from pathlib import Path

from expressions import Choose
from spec_cases import read_suite

RESOLVE = Path(__file__).parents[1] / "resolve"
WORD = re.compile(r"[A-Za-z_]\w*|\"[^\"\n]*\"|'[^'\n]*'|\b\d+\b|[-+*/%|]|[<>=!]=|[<>]")
CHANGES = 4


@functools.cache
def programs() -> tuple[dict[str, str], ...]:
    """The files of every case of every specification."""
    return tuple(case.files for path in sorted(RESOLVE.glob("*.md")) for case in read_suite(path))


def mutant(choose: Choose) -> dict[str, str]:
    """The files of one case, with a few changes in one Python file; a change that no longer parses is taken back."""
    everything = programs()
    files = dict(everything[choose(len(everything))])
    names = sorted(name for name in files if name.endswith(".py"))
    if not names:
        return files
    name = names[choose(len(names))]
    for _ in range(1 + choose(CHANGES)):
        changed = _changed(files[name], choose)
        try:
            ast.parse(changed)
        except (SyntaxError, ValueError):
            continue
        files[name] = changed
    return files


def _changed(text: str, choose: Choose) -> str:
    lines = text.splitlines(keepends=True)
    if not lines:
        return text
    at, other, way = choose(len(lines)), choose(len(lines)), choose(6)
    if way == 0:
        del lines[at]
    elif way == 1:
        lines.insert(at, lines[other])
    elif way == 2:
        lines[at], lines[other] = lines[other], lines[at]
    else:
        words = list(WORD.finditer(text))
        if len(words) < 2:
            return text
        old, new = words[choose(len(words))], words[choose(len(words))]
        return text[: old.start()] + new.group() + text[old.end() :]
    return "".join(lines)
