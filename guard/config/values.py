"""Money and shares as people write them -> `Decimal`. Neighbours: `schema` (the same patterns), `build` (the caller).

Exact: no figure passes through a binary floating-point number.
"""

from __future__ import annotations

from decimal import Decimal

_AMOUNT = r"[0-9]{1,15}(_[0-9]{1,15}){0,5}(\.[0-9]{1,12})?"
MONEY_PATTERN = rf"^(\$ ?{_AMOUNT}( ?USD)?|{_AMOUNT}( ?USD)?)$"
"""US dollars as text: `0.05 USD`, `4_000 USD`, `$5`, `4000`. Other currencies are refused, never converted."""
SHARE_PATTERN = r"^(100(\.0{1,12})?|[0-9]{1,2}(\.[0-9]{1,12})?) ?%$"
"""A share as text: `80%`, `12.5 %`."""


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
