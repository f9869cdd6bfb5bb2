"""The small objects: figures with low, typical and high; sites, retry layers, entry points, parts of a prompt.

In: values of `guard.model`. Out: `Object` types with their fields, and `Figures`, which the larger objects are made of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, get_args

from guard.model import Billed, Count, Hole, Layer, Money, Role, Tokens
from guard.policy.expr.types import TEXT, TRUTH, Field, ListOf, Number, NumberUnit, Object, Text, Type
from guard.policy.expr.values import INFINITE, Between, Unknown, Value, number


@dataclass(frozen=True, slots=True)
class Figures:
    """An estimate: each of the three a number, or something that is only partly known."""

    low: Value
    typical: Value
    high: Value


def figures(found: Count | Money | Tokens) -> Figures:
    """An interval of the model; without a bound `high` is infinite."""
    return Figures(number(found.low), number(found.typical), number(found.high))


@dataclass(frozen=True, slots=True)
class Retried:
    """A layer of retries. `why`: why a number of tries that is not there is not known; None: it has no bound."""

    layer: Layer
    why: str | None


def table(name: str, doc: str, fields: Iterable[Field]) -> Object:
    """An object with these fields."""
    return Object(name, {field.name: field for field in fields}, doc)


def field(name: str, kind: Type, doc: str, get: Callable[[Any], Value], *, optional: bool = False) -> Field:
    """A field; `doc` is a sentence without its full stop."""
    return Field(name, kind, doc, get, optional)


def attribute(name: str, kind: Type, doc: str) -> Field:
    """A field that is an attribute of the model's object, as it is."""
    return Field(name, kind, doc, lambda found: getattr(found, name))


def listed(item: Object, *, walk: bool = False) -> ListOf:
    """A list of objects. `walk`: it grows with the repository."""
    return ListOf(item, walk)


def _bounded(found: Figures) -> Value:
    if isinstance(found.high, Unknown):
        return found.high
    if isinstance(found.high, Between):
        return Unknown((found.high.why,)) if found.high.high == INFINITE else True
    return bool(found.high != INFINITE)


def _figures_type(name: str, unit: NumberUnit, doc: str) -> Object:
    kind = Number(unit)
    return table(
        name,
        doc,
        (
            attribute("low", kind, "The least"),
            attribute("typical", kind, "What runs without overrides, read as a mean"),
            attribute("high", kind, "The most; without a bound it is greater than every number"),
            field("bounded", TRUTH, "Whether the most has a bound", _bounded),
        ),
    )


COUNTS = _figures_type("figure", "count", "A count: low, typical and high.")
AMOUNTS = _figures_type("amount", "usd", "An amount in US dollars: low, typical and high.")

SITE = table(
    "site",
    "A call (or key of a configuration) that belongs to a request.",
    (
        field("path", TEXT, "The file, relative to the scanned folder", lambda site: site.span.path),
        field("line", Number(), "The line, from 1", lambda site: Decimal(site.span.line)),
        attribute("role", Text(get_args(Role)), "What it decides"),
        field("function", TEXT, "Qualified name of the function or class around it", lambda site: site.qualname),
        field("callee", TEXT, "What is called, as written", lambda site: site.callee),
        field("repeats", COUNTS, "How often it runs per call of its function", lambda site: figures(site.repeats)),
    ),
)


def _tries(retried: Retried) -> Value:
    if retried.layer.attempts is None and retried.why is not None:
        return Unknown((retried.why,))
    return number(retried.layer.attempts)


LAYER = table(
    "layer",
    "A layer of retries; layers multiply.",
    (
        field("name", TEXT, "`openai SDK`, `tenacity`, ...", lambda retried: retried.layer.name),
        field("attempts", Number(), "HTTP tries at worst, the first included", _tries),
        field("billed", Text(get_args(Billed)), "Whether a further try is paid for", lambda r: r.layer.billed),
    ),
)

ENTRY = table(
    "entry",
    "An entry point from which a request is reached.",
    (
        field("name", TEXT, "`path::function`", lambda reach: reach.entry),
        attribute("kind", TEXT, "`route`, `cli`, `task`, `main`, `notebook`, `function`, `test`, ..."),
        attribute("aliases", ListOf(TEXT), "Its other names: `module:function`, `POST /ask`"),
        field("repeats", COUNTS, "Calls of the request per run of it", lambda reach: figures(reach.repeats)),
    ),
)


def _is_assumed(hole: Hole) -> bool:
    return hole.source in ("default", "usage.default")


HOLE = table(
    "hole",
    "A part of a prompt that is filled in at run time.",
    (
        attribute("name", TEXT, "The name of what fills it"),
        field("tokens", COUNTS, "The size that was taken for it", lambda hole: figures(hole.tokens)),
        field("assumed", TRUTH, "Whether nobody declared or bounded its size", _is_assumed),
    ),
)
