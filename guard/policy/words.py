"""How figures and places are written in the messages and notes of findings.

In: values of `guard.model`. Out: short strings. `guard.report.format` writes the same forms for tables; this room may
not import it, since reports stand to its left.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_EVEN, Decimal

from guard.model import Estimate, Span

LONGEST_NAME = 80
"""Characters of a name from the scanned code that a message shows."""


def money(usd: Decimal) -> str:
    """US dollars for reading: `$0.0061`, `$0.47`, `$4.20`, `$480`, `$12,200`; `$0` only for exactly zero."""
    if usd < 0:
        return "-" + money(-usd)
    if usd == 0:
        return "$0"
    if usd < Decimal("0.0001"):
        return "<$0.0001"
    if usd < Decimal("0.995"):
        return f"${_plain(_significant(usd, 2))}"
    if usd < Decimal("99.995"):
        return f"${usd:.2f}"
    if usd < 1000:
        return f"${usd:,.0f}"
    return f"${_significant(usd, 3):,.0f}"


def exact(usd: Decimal) -> str:
    """A declared amount or rate with all its digits, cents at least: `$0.10`, `$0.1234`, `$4,000`."""
    whole, _, fraction = f"{usd.normalize():,f}".partition(".")
    return f"${whole}.{fraction.ljust(2, '0')}" if fraction else f"${whole}"


def beside(usd: Decimal, limit: Decimal) -> str:
    """`usd` with as many digits as it takes to read differently from `limit` (`$4,001` beside `$4,000`)."""
    short = money(usd)
    if usd == limit:
        return exact(limit)
    if short not in (money(limit), exact(limit)) and _agrees(short, usd, limit):
        return short
    for digits in range(3, 12):
        rounded = _significant(usd, digits)
        if rounded != limit and (rounded > limit) == (usd > limit):
            return f"${_plain(rounded)}"
    return f"${_plain(usd)}"


def _agrees(short: str, usd: Decimal, limit: Decimal) -> bool:
    """Whether the rounded text lies on the same side of the limit as the amount."""
    if short.startswith("<"):
        return limit >= Decimal("0.0001")
    return (Decimal(short.replace("$", "").replace(",", "")) > limit) == (usd > limit)


def _significant(usd: Decimal, digits: int) -> Decimal:
    place = Decimal(1).scaleb(usd.adjusted() - digits + 1)
    return usd.quantize(place, rounding=ROUND_HALF_EVEN)


def _plain(usd: Decimal) -> str:
    return f"{usd:,f}"


def percent(share: float | Decimal) -> str:
    """A share of 0 to 1 as `62%`; `<1%` and `>99%` where it would round to none or all."""
    number = float(share) * 100
    if 0 < number < 1:
        return "<1%"
    return ">99%" if 99 < number < 100 else f"{number:.0f}%"


def count(number: float) -> str:
    """A number with thousands separators, without a needless fraction: `1,200`, `2.5`."""
    return f"{number:,.0f}" if float(number).is_integer() else f"{number:,.1f}"


def plural(number: int, one: str, many: str | None = None) -> str:
    """`1 call`, `3 calls`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def listing(items: Sequence[str], most: int = 3) -> str:
    """`a`, `a and b`, `a, b and c`, `a, b, c and 4 more`."""
    if len(items) > most:
        return ", ".join(items[:most]) + f" and {len(items) - most} more"
    if len(items) < 2:
        return "".join(items)
    return ", ".join(items[:-1]) + " and " + items[-1]


def place(span: Span) -> str:
    """`app/rank.py:41`; in a notebook `eda.ipynb:cell3:2` (cell and line within the cell)."""
    if span.cell is not None:
        return f"{span.path}:cell{span.cell}:{span.cell_line}"
    return f"{span.path}:{span.line}"


def reasons(whys: Iterable[str]) -> str:
    """Reasons joined by semicolons, each once, or `no reason was recorded`."""
    return "; ".join(dict.fromkeys(filter(None, whys))) or "no reason was recorded"


def name(value: object) -> str:
    """A model's name or another word of the scanned code for a message: long text by its beginning."""
    text = str(value)
    return text if len(text) <= LONGEST_NAME else text[: LONGEST_NAME - 3] + "..."


def cost(estimate: Estimate) -> str | None:
    """`$0.0061 per call typical, $0.034 worst; $12,200 per month`; None when it is not priced."""
    if estimate.usd is None:
        return None
    least = "at least " if estimate.known_only else ""
    worst = "no bound at worst" if estimate.usd.high is None else f"{least}{money(estimate.usd.high)} worst"
    text = f"{money(estimate.usd.typical)} per call typical, {worst}"
    if estimate.usd_per_month is not None:
        text += f"; {money(estimate.usd_per_month.typical)} per month typical"
    return text
