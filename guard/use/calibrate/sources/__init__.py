"""Formats of measured use, one module each. In: the fields of a file's first record. Out: SQL that makes rows of it.

A module has `TITLE` (for people), `DOCS` (where the format is described), `fits(fields)` and `rows()` (SQL over
`raw(n, j)`: each record as JSON, with its number; see `guard.use.calibrate.sql`). Add a format by copying one.
"""

from __future__ import annotations

import importlib
from typing import Any, Protocol, cast

NAMES = ("otlp", "litellm", "langfuse", "helicone", "openai_usage", "openai_costs", "anthropic_usage", "focus", "plain")
"""In the order in which they are tried: those with the most telling fields first, `plain` takes what is left."""


class Source(Protocol):
    """What a module of this package has."""

    TITLE: str
    DOCS: str

    def fits(self, fields: frozenset[str], record: dict[str, Any]) -> bool:
        """Whether the first record of a file is of this format; `fields` are its names."""

    def rows(self) -> str:
        """SQL over `raw`."""


def load(name: str) -> Source:
    """The format of that name."""
    return cast(Source, importlib.import_module(f"{__name__}.{name}"))


def of(record: dict[str, Any]) -> str | None:
    """The name of the format of a file by its first record; None: none of them, so that a mapping is needed."""
    fields = frozenset(record)
    return next((name for name in NAMES if load(name).fits(fields, record)), None)
