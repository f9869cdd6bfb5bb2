"""The files of both sides, line by line. In: two trees and what differs between them. Out: changed lines, source text.

Neighbours: `pairs` compares source text, `causes` asks which steps of a trail stand on changed lines.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from guard.model import Span, Step
from guard.run import source_lines
from guard.sources.changed_lines import Lines, lines
from guard.sources.changes import Changes
from guard.sources.tree import Tree

LONGEST = 2_000
"""Characters of a call's source that tell it from others."""
_NONE: frozenset[int] = frozenset()


class Versions:
    """Two versions of the files of a tree."""

    def __init__(self, base: Tree, head: Path | Tree, changes: Changes) -> None:
        self.changes = changes
        self._base, self._head = base, head
        self._then = {new: old for old, new in changes.renamed.items()}
        self.base_lines = cache(self._base_lines)
        self.head_lines = cache(self._head_lines)
        self._differing = cache(self._lines)

    def now(self, path: str) -> str:
        """Where a file of the base is in the head."""
        return self.changes.renamed.get(path, path)

    def gone(self, steps: Iterable[Step], words: Sequence[str] = ()) -> Step | None:
        """The first step of a trail in the base of which a line was changed or deleted, cut down to these lines.

        `words`: only lines that hold one of them.
        """
        return _first(steps, self.changed_in_base, self.base_lines, words)

    def come(self, steps: Iterable[Step], words: Sequence[str] = ()) -> Step | None:
        """The first step of a trail in the head of which a line is new or changed, cut down to these lines."""
        return _first(steps, self.changed_in_head, self.head_lines, words)

    def changed_in_base(self, path: str) -> frozenset[int]:
        """Lines of a file of the base that the head lacks or has otherwise."""
        changes = self.changes
        if path in changes.removed:
            return frozenset(range(1, len(self.base_lines(path)) + 1))
        if path in changes.modified or path in changes.renamed:
            return self._differing(path).base
        return _NONE

    def changed_in_head(self, path: str) -> frozenset[int]:
        """Lines of a file of the head that the base lacks or has otherwise."""
        changes = self.changes
        if path in changes.added:
            return frozenset(range(1, len(self.head_lines(path)) + 1))
        if path in changes.modified or path in self._then:
            return self._differing(self._then.get(path, path)).head
        return _NONE

    def base_source(self, span: Span) -> str | None:
        """The text of a call in the base without its layout; None where it cannot be read."""
        return _source(self.base_lines(span.path), span)

    def head_source(self, span: Span) -> str | None:
        """The same in the head."""
        return _source(self.head_lines(span.path), span)

    def _lines(self, path: str) -> Lines:
        return lines(self.base_lines(path), self.head_lines(self.now(path)))

    def _base_lines(self, path: str) -> list[str]:
        return source_lines(self._base, path) or []

    def _head_lines(self, path: str) -> list[str]:
        return source_lines(self._head, path) or []


def _source(text: list[str], span: Span) -> str | None:
    if not span.path or not 0 < span.line <= span.end_line <= len(text):
        return None
    stretch = text[span.line - 1 : span.end_line]
    stretch[-1] = stretch[-1][: span.end_column - 1]
    stretch[0] = stretch[0][span.column - 1 :]
    return " ".join(" ".join(stretch).split())[:LONGEST]


def _first(
    steps: Iterable[Step],
    changed: Callable[[str], frozenset[int]],
    text: Callable[[str], list[str]],
    words: Sequence[str],
) -> Step | None:
    named = re.compile("|".join(rf"(?<![A-Za-z0-9_]){re.escape(word)}" for word in words)) if words else None
    for step in steps:
        span = step.span
        if not span.path:
            continue
        lines_ = changed(span.path)
        found = [line for line in range(span.line, span.end_line + 1) if line in lines_]
        if found and named is not None:
            source = text(span.path)
            found = [line for line in found if line <= len(source) and named.search(source[line - 1])]
        if found:
            return replace(step, span=narrowed(span, found, text(span.path)))
    return None


def narrowed(span: Span, found: list[int], text: list[str]) -> Span:
    """The part of a span from the first of some of its lines to the last one that follows without a gap."""
    first = last = found[0]
    for line in found[1:]:
        if line != last + 1:
            break
        last = line
    if (first, last) == (span.line, span.end_line):
        return span
    start, end = text[first - 1], text[last - 1]
    column = span.column if first == span.line else len(start) - len(start.lstrip()) + 1
    end_column = span.end_column if last == span.end_line else len(end.rstrip()) + 1
    cell_line = None if span.cell_line is None else span.cell_line + first - span.line
    return replace(span, line=first, column=column, end_line=last, end_column=end_column, cell_line=cell_line)
