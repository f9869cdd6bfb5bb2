"""Releases of packages, and what held before one. In: nothing. Out: `Pin`, `Older`, `numbers`.

`link.versions` finds out which release a repository runs with; `catalog_types.Arg.at` says what holds in it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, NamedTuple

from guard.model import Scalar

Counts = Literal["retries", "attempts"]
"""What a number of retries counts; `attempts` includes the first try."""


def numbers(version: str) -> tuple[int, ...]:
    """The first three numbers of a version, filled up with zeros; `1.0rc1` counts as 1.0."""
    found = [int(number[:9]) for number in re.findall("[0-9]+", re.split("[^0-9.]", version.lstrip("v"))[0])[:3]]
    return tuple((*found, 0, 0, 0)[:3])


class Pin(NamedTuple):
    """The newest release of a package that a repository admits."""

    ceiling: tuple[int, ...] | None
    """Its numbers (see `numbers`); None: any release."""
    inclusive: bool
    """Whether the release `ceiling` itself is admitted."""
    exact: bool
    """Whether no other one is."""
    text: str
    """As written: `1.2.3`, `<2`."""
    path: str
    line: int

    def is_before(self, version: str) -> bool:
        """Whether every release that is admitted is older than `version`."""
        if self.ceiling is None:
            return False
        end = numbers(version)
        return self.ceiling < end or (self.ceiling == end and not self.inclusive)

    def admits(self, other: Pin) -> bool:
        """Whether the newest release of another pin is within this one."""
        if self.ceiling is None or other.ceiling is None:
            return self.ceiling is None
        return other.ceiling < self.ceiling or (other.ceiling == self.ceiling and self.inclusive)


@dataclass(frozen=True, slots=True)
class Older:
    """What held in releases of a package before `before`: another default, or another thing that a number counts."""

    packages: tuple[str, ...]
    """The distribution, and others that are released with the same version numbers; the first that is pinned says."""
    before: str
    default: Scalar = None
    has_default: bool = True
    """False: the default was the same."""
    counts: Counts | None = None
