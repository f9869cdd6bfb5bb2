"""Reads the specifications of resolving: Markdown in, cases with files and expectations out.

Every `NAME.md` beside this file is a suite; README.md says how one is written. `spec_check` compares a case with what
guard finds, `test_resolve` runs them all.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path

FENCE = re.compile(r"^(?P<ticks>`{3,})(?P<info>.*)$")
FAILS = re.compile(r"<!--\s*fails:\s*(?P<reason>.*?)\s*-->", re.DOTALL)
COMMENT = re.compile(r"#\s*(?P<kind>request:|no request\b)\s*(?P<rest>.*)$")
WORD = re.compile(r'(?P<key>[a-z_]+)(?:=(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<plain>[^\s"|]+)))?')
CELL = re.compile(r"^# %%(?P<kind>.*)$")


class SpecError(Exception):
    """A specification is not written as README.md says. The message names file and section."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What one request must be: `words` maps a word of the assertion to its text (None: a word that stands alone)."""

    path: str
    line: int
    """In a notebook: of the joined code cells, as guard counts in `Span.line`."""
    words: dict[str, str | None]
    text: str
    """The assertion as written, for messages."""


@dataclass(frozen=True, slots=True)
class Case:
    """One section: files, the requests that must be found in them, and nothing else."""

    suite: str
    title: str
    files: dict[str, str]
    expected: list[Expected] = field(default_factory=list)
    nothing: list[tuple[str, int]] = field(default_factory=list)
    """Lines that say `# no request`."""
    fails: str | None = None
    """Why guard does not do this yet."""

    @property
    def id(self) -> str:
        """Name of the case in pytest."""
        return f"{self.suite}:{re.sub(r'[^a-z0-9]+', '-', self.title.lower()).strip('-')}"


def read_suite(path: Path) -> list[Case]:
    """The cases of a Markdown file. Raises `SpecError` where it is not written as README.md says."""
    cases: list[Case] = []
    for title, prose, blocks in _sections(path.read_text(encoding="utf-8").splitlines()):
        if not blocks:
            continue
        where = f"{path.name}, section {title!r}"
        if not prose.strip():
            raise SpecError(f"{where}: says no rule in words")
        cases.append(_case(path.stem, title, prose, blocks, where))
    seen: set[str] = set()
    for case in cases:
        if case.id in seen:
            raise SpecError(f"{path.name}: two sections are called {case.title!r}")
        seen.add(case.id)
    return cases


def _sections(lines: list[str]) -> list[tuple[str, str, list[tuple[str, list[str]]]]]:
    """(title, prose, [(info string, lines of the block)]) of each `##` section."""
    found: list[tuple[str, str, list[tuple[str, list[str]]]]] = []
    title = ""
    prose: list[str] = []
    blocks: list[tuple[str, list[str]]] = []
    ticks: str | None = None
    for line in lines:
        fence = FENCE.match(line)
        if ticks is not None:
            if fence and fence["ticks"] == ticks and not fence["info"].strip():
                ticks = None
            else:
                blocks[-1][1].append(line)
        elif fence:
            ticks = fence["ticks"]
            blocks.append((fence["info"].strip(), []))
        elif line.startswith("## "):
            found.append((title, "\n".join(prose), blocks))
            title, prose, blocks = line[3:].strip(), [], []
        else:
            prose.append(line)
    found.append((title, "\n".join(prose), blocks))
    return found


def _case(suite: str, title: str, prose: str, blocks: list[tuple[str, list[str]]], where: str) -> Case:
    fails = FAILS.search(prose)
    case = Case(suite, title, {}, fails=" ".join(fails["reason"].split()) if fails else None)
    for info, lines in blocks:
        language, _, name = info.partition(" ")
        if not name:
            raise SpecError(f"{where}: a block needs a language and a file name, ```python app.py")
        if name in case.files:
            raise SpecError(f"{where}: {name} stands there twice")
        if language == "notebook":
            case.files[name], code = _notebook(lines)
            _assertions(case, name, code, where)
        else:
            case.files[name] = "\n".join(lines) + "\n"
            if language == "python":
                _assertions(case, name, lines, where)
    if not case.expected and not case.nothing:
        raise SpecError(f"{where}: asserts nothing")
    return case


def _notebook(lines: list[str]) -> tuple[str, list[str]]:
    """A notebook from `# %%` (code) and `# %% [markdown]` cells; and its code lines as guard joins them."""
    cells: list[tuple[str, list[str]]] = []
    for line in lines:
        mark = CELL.match(line)
        if mark:
            cells.append(("markdown" if "markdown" in mark["kind"] else "code", []))
        elif cells:
            cells[-1][1].append(line)
    made = []
    for number, (kind, source) in enumerate(cells):
        cell: dict[str, object] = {"cell_type": kind, "id": f"c{number}", "metadata": {}, "source": "\n".join(source)}
        if kind == "code":
            cell |= {"execution_count": None, "outputs": []}
        made.append(cell)
    document = {"cells": made, "metadata": {"language_info": {"name": "python"}}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(document, indent=1), [line for kind, source in cells if kind == "code" for line in source]


def _assertions(case: Case, path: str, lines: list[str], where: str) -> None:
    """Assertions of a file. A comment that stands alone speaks of the next line with code."""
    waiting: list[re.Match[str]] = []
    for number, line in enumerate(lines, start=1):
        match = COMMENT.search(line)
        if match and not line[: match.start()].strip():
            waiting.append(match)
            continue
        if not line.strip():
            continue
        for found in [*waiting, *([match] if match else [])]:
            _assertion(case, path, number, found, where)
        waiting = []
    if waiting:
        raise SpecError(f"{where}: an assertion at the end of {path} speaks of no line")


def _assertion(case: Case, path: str, line: int, match: re.Match[str], where: str) -> None:
    if match["kind"] == "no request":
        case.nothing.append((path, line))
        return
    for part in _alternatives(match["rest"]):
        words: dict[str, str | None] = {}
        rest = part.strip()
        while rest:
            word = WORD.match(rest)
            if word is None:
                raise SpecError(f"{where}: cannot read {rest!r} in {path}:{line}")
            text = word["plain"] if word["quoted"] is None else json.loads(f'"{word["quoted"]}"')
            words[word["key"]] = text
            rest = rest[word.end() :].lstrip()
        case.expected.append(Expected(path, line, words, part.strip()))


def _alternatives(text: str) -> list[str]:
    """Parts between `|` that stand outside of quotes."""
    return [m for m in re.findall(r'(?:"(?:[^"\\]|\\.)*"|[^|"])+', text) if m.strip()] or [""]
