"""Figures and places as the JSON report writes them. In: values of `model`. Out: plain data. Neighbour: `json.py`."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from guard.model import Count, Money, Scalar, Span, Step, Tokens

Json = dict[str, Any]


def decimal_text(amount: Decimal) -> str:
    """A decimal without exponent or trailing zeros, rounded to 8 places.

    An amount so small that 8 places would leave fewer than two digits keeps two: what costs something never reads 0.
    """
    if amount == 0:
        return "0"
    places = max(8, 1 - amount.adjusted())
    text = f"{amount:.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def number(value: float) -> float | int:
    """A multiplier or token count: whole where it is whole, else four decimals."""
    return int(value) if value == int(value) else round(value, 4)


def scalar(value: Scalar) -> Scalar:
    """JSON has no infinity and no NaN: a setting that says so is shown as written."""
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return str(value)
    return value


SHOWN = 200
"""Characters of a value that are shown; what is longer is no name of a model."""


def short(value: Scalar) -> Scalar:
    """A value as it stands; text too long for any model's name, which may be a prompt, by its beginning."""
    return f"{value[:SHOWN]}..." if isinstance(value, str) and len(value) > SHOWN else value


def money(usd: Money | None) -> Json | None:
    """An interval of US dollars as decimal strings."""
    if usd is None:
        return None
    high = None if usd.high is None else decimal_text(usd.high)
    return {"low": decimal_text(usd.low), "typical": decimal_text(usd.typical), "high": high}


def tokens(amount: Tokens | None) -> Json | None:
    """An interval of token counts."""
    if amount is None:
        return None
    return {"low": amount.low, "typical": number(amount.typical), "high": amount.high}


def count(amount: Count) -> Json:
    """A multiplier with its reasons and where it comes from."""
    return {
        "low": amount.low,
        "typical": number(amount.typical),
        "high": amount.high,
        "why": list(amount.why),
        "trail": trail(amount.trail),
    }


def point(span: Span) -> Json:
    """Where something begins. In a notebook `line` is null, since no file has such a line."""
    notebook = span.cell is not None
    return {
        "path": span.path,
        "line": None if notebook else span.line,
        "column": span.column,
        "cell": span.cell,
        "cell_line": span.cell_line,
    }


def extent(span: Span) -> Json:
    """Where something begins and ends."""
    notebook = span.cell is not None
    return {
        **point(span),
        "end_line": None if notebook else span.end_line,
        "end_column": span.end_column,
        "cell_end_line": None if span.cell_line is None else span.cell_line + span.end_line - span.line,
    }


def trail(steps: Iterable[Step]) -> list[Json]:
    """The way a value came, origin first."""
    return [{**point(step.span), "how": step.how, "note": step.note} for step in steps]
