"""Gitignore patterns. In: lines of patterns. Out: `Patterns`, which say whether a path is left out.

Neighbours: `folders` uses one per `.gitignore`, `walk` one for `exclude` of guard.yaml.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Patterns:
    """Compiled patterns; the last one that matches decides."""

    spec: Any

    def decides(self, path: str) -> bool | None:
        """True: left out; False: a `!pattern` takes it in; None: no pattern matches. A folder ends in `/`."""
        include: bool | None = self.spec.check_file(path).include
        return include


def compiled(lines: Iterable[str]) -> Patterns | None:
    """Patterns from `lines`, None if there are none. Lines that are no valid pattern are passed over, as git does."""
    import pathspec

    patterns = [pattern for line in lines for pattern in _patterns(pathspec, line)]
    return Patterns(pathspec.GitIgnoreSpec(patterns)) if patterns else None


def _patterns(pathspec: Any, line: str) -> list[Any]:
    if not line.strip() or line.startswith("#"):
        return []
    try:
        return list(pathspec.GitIgnoreSpec.from_lines([line]).patterns)
    except ValueError:
        return []
