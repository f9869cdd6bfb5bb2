"""Values while a condition is asked: known, partly known, absent or unknown; and how they are compared and added.

A known value is a `bool`, `str`, `Decimal` (infinite: there is no bound), a tuple, or an object of the caller's. What
is not known keeps its reasons, so that an answer "unknown" can say why. Nothing here raises.
"""

from __future__ import annotations

import decimal
import operator
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

MAX_REASONS = 5
"""Reasons that an unknown value keeps."""
INFINITE = Decimal("Infinity")

_CONTEXT = decimal.Context(prec=40, Emax=999_999, Emin=-999_999, traps=[])
"""Arithmetic without exceptions. Numbers have at most 40 digits and a condition few operators, so nothing overflows."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """It cannot be known; `whys` in words that can follow "not known: "."""

    whys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Absent:
    """There is no such thing (no limit is sent). `has` is false of it; everything else is unknown for this reason."""

    why: str


@dataclass(frozen=True, slots=True)
class Between:
    """A number known to lie between two bounds, both included."""

    low: Decimal
    high: Decimal
    why: str


Value = Any
"""bool | str | Decimal | tuple | Unknown | Absent | Between | an object of the caller's."""


def number(value: int | float | Decimal | None) -> Decimal:
    """A number of the model as a value; None, where it means "no bound", is infinite."""
    if value is None:
        return INFINITE
    return value if isinstance(value, Decimal) else Decimal(str(value))


def unsure(value: Value) -> Unknown | None:
    """What is not known about a value; None when it is known. A number between bounds counts as known here."""
    if isinstance(value, Unknown):
        return value
    return Unknown((value.why,)) if isinstance(value, Absent) else None


def joined(values: Iterable[Value]) -> Unknown:
    """The reasons of all values that are not (or only partly) known, each once."""
    whys: dict[str, None] = {}
    for value in values:
        if isinstance(value, Unknown):
            whys.update(dict.fromkeys(value.whys))
        elif isinstance(value, Absent | Between):
            whys[value.why] = None
    return Unknown(tuple(whys)[:MAX_REASONS])


_ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def compare(sign: str, left: Value, right: Value) -> bool | Unknown:
    """`<`, `<=`, `>` or `>=` of two numbers or two texts."""
    if unsure(left) or unsure(right):
        return joined((left, right))
    order = _ORDERS[sign]
    if isinstance(left, Between) or isinstance(right, Between):
        (low, high), (least, most) = _bounds(left), _bounds(right)
        # The comparison holds for all pairs if it holds for the worst one, and for none if not for the best one.
        best, worst = ((low, most), (high, least)) if sign[0] == "<" else ((high, least), (low, most))
        if order(*worst):
            return True
        return joined((left, right)) if order(*best) else False
    return order(left, right)


def equal(left: Value, right: Value) -> bool | Unknown:
    """Whether two values are equal."""
    if unsure(left) or unsure(right):
        return joined((left, right))
    if isinstance(left, Between) or isinstance(right, Between):
        (low, high), (least, most) = _bounds(left), _bounds(right)
        return joined((left, right)) if low <= most and least <= high else False
    if isinstance(left, tuple):
        return _all_equal(left, right)
    return bool(left == right)


def _all_equal(left: tuple[Value, ...], right: tuple[Value, ...]) -> bool | Unknown:
    if len(left) != len(right) and not any(map(unsure, (*left, *right))):
        return False
    answers = [equal(one, other) for one, other in zip(left, right)]
    if any(answer is False for answer in answers):
        return False
    if len(left) != len(right) or any(isinstance(answer, Unknown) for answer in answers):
        return joined((*left, *right))
    return True


def holds(item: Value, items: tuple[Value, ...]) -> bool | Unknown:
    """`item in items`."""
    answers = [equal(item, one) for one in items]
    if True in answers:
        return True
    unknown = [answer for answer in answers if isinstance(answer, Unknown)]
    return joined(unknown) if unknown else False


def negative(value: Value) -> Value:
    """`-value`."""
    if (missing := unsure(value)) is not None:
        return missing
    if isinstance(value, Between):
        return Between(-value.high, -value.low, value.why)
    return -value


def reckon(sign: str, left: Value, right: Value) -> Value:
    """`+`, `-`, `*` or `/` of two numbers, `+` of two texts or lists."""
    if unsure(left) or unsure(right):
        return joined((left, right))
    if isinstance(left, str | tuple):
        return left + right
    if sign == "/":
        return _quotient(left, right)
    if isinstance(left, Between) or isinstance(right, Between):
        return _reckon_bounds(sign, left, right)
    return _told(_plain(sign, left, right))


def _plain(sign: str, left: Decimal, right: Decimal) -> Decimal:
    if sign == "*":
        return _CONTEXT.multiply(left, right)
    return _CONTEXT.add(left, right) if sign == "+" else _CONTEXT.subtract(left, right)


def _quotient(left: Value, right: Value) -> Value:
    if isinstance(left, Between) or isinstance(right, Between):
        return joined((left, right))
    if right == 0:
        return Unknown(("a division by 0",))
    return _told(_CONTEXT.divide(left, right))


def _reckon_bounds(sign: str, left: Value, right: Value) -> Value:
    """Interval arithmetic: the extremes are taken at the ends."""
    ends = [_plain(sign, one, other) for one in _bounds(left) for other in _bounds(right)]
    if any(end.is_nan() for end in ends):
        return joined((left, right))
    return Between(min(ends), max(ends), joined((left, right)).whys[0])


def _told(result: Decimal) -> Value:
    """A result, unless it has none: no bound less no bound, nothing times no bound."""
    return Unknown(("a figure without bound cancels out",)) if result.is_nan() else result


def _bounds(value: Value) -> tuple[Decimal, Decimal]:
    return (value.low, value.high) if isinstance(value, Between) else (value, value)
