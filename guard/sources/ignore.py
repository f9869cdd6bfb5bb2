"""Gitignore patterns. In: lines of patterns. Out: `Patterns`, which say whether a path is left out.

Patterns come from scanned repositories: one with many wildcards is translated by `wildcards`, so that no pattern takes
forever. Neighbours: `folders` uses one per `.gitignore`, `walk` one for `exclude` of guard.yaml; `guard.estimate` and
`guard.policy` ask for their `paths`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from guard.sources import wildcards


@dataclass(frozen=True, slots=True)
class Patterns:
    """Compiled patterns; the last one that matches decides."""

    spec: Any

    def decides(self, path: str) -> bool | None:
        """True: left out; False: a `!pattern` takes it in; None: no pattern matches. A folder ends in `/`."""
        include: bool | None = self.spec.check_file(path).include
        return include

    def match_file(self, file: str) -> bool:
        """Whether the last pattern that matches takes the file in."""
        return self.decides(file) is True


def compiled(lines: Iterable[str]) -> Patterns | None:
    """Patterns from `lines`, None if there are none. Lines that are no valid pattern are passed over, as git does."""
    patterns = [pattern for line in lines for pattern in _patterns(line)]
    return Patterns(_spec(patterns)) if patterns else None


def matcher(patterns: Iterable[str]) -> Patterns:
    """The same for patterns of the configuration; without a valid one it matches nothing."""
    return compiled(patterns) or Patterns(_spec([]))


def _spec(patterns: list[Any]) -> Any:
    from pathspec import GitIgnoreSpec

    try:
        # Of pathspec's engines only this one knows the atomic groups of `wildcards`.
        return GitIgnoreSpec(patterns, backend="simple")
    except TypeError:
        return GitIgnoreSpec(patterns)  # before pathspec 1.0 there was no other


def _patterns(line: str) -> list[Any]:
    from pathspec import GitIgnoreSpec

    if not line.strip() or line.startswith("#"):
        return []
    try:
        if wildcards.is_hard(line):
            return [_hard(line)]
        return list(GitIgnoreSpec.from_lines([line]).patterns)
    except (ValueError, re.error):
        return []


def _hard(line: str) -> Any:
    from pathspec.pattern import RegexPattern

    text = line if line.endswith("\\ ") else line.rstrip()
    negated = text.startswith("!")
    return RegexPattern(wildcards.regex(text[negated:]), not negated)
