"""Intervals of money and the numbers that multiply them. In and out: `Money`, `Count`. Neighbours: `cost`, `totals`."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from guard.model import Count, Money


@dataclass(frozen=True, slots=True)
class Factor:
    """A multiplier with bounds; `high` None: no bound."""

    low: int | Decimal
    typical: float | Decimal
    high: int | Decimal | None

    @classmethod
    def exactly(cls, number: Decimal) -> Factor:
        """A multiplier that is known."""
        return cls(number, number, number)


def factor_of(count: Count) -> Factor:
    """A count as a multiplier."""
    return Factor(count.low, count.typical, count.high)


def _exact(number: float | Decimal) -> Decimal:
    """A number as a decimal; binary fractions to nine places."""
    return (
        number
        if isinstance(number, Decimal)
        else Decimal(number)
        if isinstance(number, int)
        else Decimal(f"{number:.9f}")
    )


def times(money: Money, factor: Factor) -> Money:
    """Money times a multiplier, side by side. Nothing times no bound is nothing."""
    high: Decimal | None
    if money.high == 0 or factor.high == 0:
        high = Decimal(0)
    elif money.high is None or factor.high is None:
        high = None
    else:
        high = money.high * factor.high
    return Money(money.low * factor.low, money.typical * _exact(factor.typical), high)


def plus(one: Money, other: Money) -> Money:
    """Sum of two amounts: bounds add to bounds, means to means."""
    high = None if one.high is None or other.high is None else one.high + other.high
    return Money(one.low + other.low, one.typical + other.typical, high)
