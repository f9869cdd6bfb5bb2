"""Source lines without the text of prompts and without secrets, for frames.

In: a report, the lines of files. Out: the same lines.

What the report knows to be text that is sent is written as dots, one for each character, so that columns stay where
they are; what is filled in at run time (`{question}` in an f-string) stays readable. Neighbour: `frame.py`, which
asks for lines.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from guard.model import Priced, Report, Span
from guard.report.frame import Sources

DOT = "."
CODE = (".py", ".pyi", ".ipynb")

_OPENING = re.compile(r"(?P<kind>[rbfuRBFU]{0,2})(?:\"\"\"|'''|\"|')")
_CLOSING = re.compile(r"(?:\"\"\"|'''|\"|')$")
_LAST = 10**9
_FILLED = re.compile(r"\{[^{}]*\}")


class _Text(NamedTuple):
    """A stretch of a file that is sent."""

    line: int
    column: int
    end_line: int
    end_column: int


def without_prompts(report: Report, sources: Sources) -> Sources:
    """Lines as `sources` has them, with the text of the report's prompts as dots."""
    texts: dict[str, set[_Text]] = {}
    for priced in report.requests:
        for span in _spans(priced):
            texts.setdefault(span.path, set()).add(_Text(span.line, span.column, span.end_line, span.end_column))
    for finding in report.findings:  # about templates, which are text from their first line to their last
        for label in finding.labels if finding.extent is not None and finding.extent.unit == "tokens" else ():
            if label.span.path != report.config_path:
                texts.setdefault(label.span.path, set()).add(_Text(1, 1, _LAST, 1))

    @functools.cache
    def lines(path: str) -> list[str] | None:
        found = sources(path)
        here = texts.get(path)
        return found if found is None or not here else _masked(found, here, path.endswith(CODE))

    return lines


def without_secrets(sources: Sources, stretches: Callable[[str, bool], Iterable[tuple[int, int]]]) -> Sources:
    """Lines as `sources` has them, with what `stretches` finds in a line (of code or not) as dots."""

    def shown(line: str, code: bool) -> str:
        cells = list(line)
        for start, end in stretches(line, code):
            cells[start:end] = DOT * (end - start)
        return "".join(cells)

    @functools.cache
    def lines(path: str) -> list[str] | None:
        found = sources(path)
        return found if found is None else [shown(line, path.endswith(CODE)) for line in found]

    return lines


def _spans(priced: Priced) -> Iterator[Span]:
    prompt = priced.request.prompt
    for messages in (prompt.messages, *prompt.others):
        for message in messages:
            for segment in message.segments:
                if segment.text is not None and segment.span is not None:
                    yield segment.span


def _masked(source: list[str], texts: set[_Text], code: bool) -> list[str]:
    lines = list(source)
    for text in texts:
        if not 1 <= text.line <= len(lines):
            continue
        first = lines[text.line - 1]
        opening = _OPENING.match(first, text.column - 1)
        if code and opening is None:
            continue  # a name or a call, which is no text
        filled = opening is not None and "f" in opening["kind"].lower()
        for number in range(text.line, min(text.end_line, len(lines)) + 1):
            line = lines[number - 1]
            start = 0 if number > text.line else text.column - 1 if opening is None else opening.end()
            end = text.end_column - 1 if number == text.end_line else len(line)
            if code and number == text.end_line and (closing := _CLOSING.search(line, start, end)):
                end = closing.start()
            lines[number - 1] = line[:start] + _dotted(line[start:end], filled) + line[end:]
    return lines


def _dotted(text: str, filled: bool) -> str:
    """`text` as dots, without its indent; where it is filled, what stands in braces is kept."""
    body = text.lstrip()
    indent = text[: len(text) - len(body)]
    if not filled:
        return indent + DOT * len(body)
    pieces, last = [indent], 0
    for hole in _FILLED.finditer(body):
        pieces += [DOT * (hole.start() - last), hole.group()]
        last = hole.end()
    return "".join([*pieces, DOT * (len(body) - last)])
