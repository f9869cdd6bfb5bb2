"""Money, shares and factors as people write them -> `Decimal`. Neighbours: `schema_values` (same patterns), `build`.

Exact: no figure passes through a binary floating-point number.
"""

from __future__ import annotations

from decimal import Decimal

_AMOUNT = r"[0-9]{1,15}(_[0-9]{1,15}){0,5}(\.[0-9]{1,12})?"
MONEY_PATTERN = rf"^(\$ ?{_AMOUNT}( ?USD)?|{_AMOUNT}( ?USD)?)$"
"""US dollars as text: `0.05 USD`, `4_000 USD`, `$5`, `4000`. Other currencies are refused, never converted."""
SHARE_PATTERN = r"^(100(\.0{1,12})?|[0-9]{1,2}(\.[0-9]{1,12})?) ?%$"
"""A share as text: `80%`, `12.5 %`."""

_NUMBER = r"[0-9]{1,9}(\.[0-9]{1,9})?"
_UP_TO_100 = r"(100(\.0{1,9})?|[0-9]{1,2}(\.[0-9]{1,9})?)"
FACTOR_PATTERN = rf"^(x ?{_NUMBER}|\+ ?{_NUMBER} ?%|- ?{_UP_TO_100} ?%)$"
"""A multiplier as text: `x10`, `x0.5`, `+30%`, `-20%`. A plain number is refused: it could be meant as an amount."""
PROFILES = ("small", "medium", "large")
"""Names of traffic profiles; `guard.estimate.profiles` has their figures."""


def money(value: str | int | Decimal) -> Decimal:
    """US dollars of an amount that fits the schema."""
    if isinstance(value, str):
        value = value.replace("$", "").replace("USD", "").replace("_", "").strip()
    return Decimal(value)


def share(value: str | int | Decimal) -> Decimal:
    """A share from 0 to 1 of a value that fits the schema (`80%` and `0.8` are the same)."""
    if isinstance(value, str):
        return Decimal(value.replace("%", "").strip()) / 100
    return Decimal(value)


def factor(value: str) -> Decimal:
    """The multiplier of a text that fits the schema: 10 for `x10`, 1.3 for `+30%`, 0.8 for `-20%`."""
    if value.startswith("x"):
        return Decimal(value[1:].strip())
    return 1 + Decimal(value.replace("%", "").replace(" ", "")) / 100
