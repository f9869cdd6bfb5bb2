"""Unit economics as words. In: `UnitCost`s. Out: titles, cells and remarks for tables of every format.

Neighbours: `bill_text.py` and `bill_markdown.py` lay them out; `guard.estimate.economics` makes them.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from guard.bill import UnitCost
from guard.model import Money
from guard.report.format import UNKNOWN, money, number, percent, safe

TITLES = ("a month", "units", "a unit", "worst", "a customer", "worst", "revenue", "margin", "worst")


def cells(found: UnitCost) -> tuple[str, ...]:
    """The figures of a feature, parallel to `TITLES`; empty where nothing is declared that it needs."""
    # With gaps in the month, what is shown is the known part of it.
    least = "+" if found.gaps and found.usd_per_month is not None else ""
    star = "*" if found.assumptions else ""
    per_customer = ("", "") if found.customers is None else _pair(found.usd_per_customer, least, star, found.partial)
    sold = found.revenue is not None
    margin = found.margin
    return (
        _pair(found.usd_per_month, least, star, found.partial)[0],
        UNKNOWN if found.units is None else f"{number(float(found.units))} {safe(found.unit)}",
        *_pair(found.usd_per_unit, least, star, found.partial),
        *per_customer,
        money(found.revenue) if found.revenue is not None else "",
        "" if not sold else UNKNOWN if margin is None else ("<" if least else "") + share(margin.typical) + star,
        "" if not sold else UNKNOWN if margin is None else "no bound" if margin.low is None else share(margin.low),
    )


def _pair(usd: Money | None, least: str, star: str, partial: bool) -> tuple[str, str]:
    if usd is None:
        return UNKNOWN, UNKNOWN
    plus = "+" if (least or partial) and usd.high is not None else ""
    return money(usd.typical) + star + least, money(usd.high) + plus


def share(value: Decimal) -> str:
    """A share that may be below 0."""
    return f"{value * 100:,.0f}%" if value < 0 else percent(float(value))


def remarks(found: Sequence[UnitCost]) -> list[tuple[str, str]]:
    """(feature, what to know of its figures): what they lack, then what they rest on."""
    return [
        (safe(one.feature), safe(text)) for one in found for text in (*(f"not in it: {gap}" for gap in one.gaps),
                                                                      *one.assumptions)
    ]  # fmt: skip
