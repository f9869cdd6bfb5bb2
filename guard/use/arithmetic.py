"""The arithmetic of a price, line by line, as `guard explain` shows it.

In: a `Request` and its `Estimate`, whose parts are those of one try of one turn. Out: lines for typical and for worst.
Where turns or tries do not simply multiply (an agent sends a growing history again), the line says so instead of
showing a product that does not come out.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from guard.estimate.cost import variants_of
from guard.model import Estimate, Money, Part, Request
from guard.report.format import UNBOUNDED, UNKNOWN, columns, money_exact, number, rate, right, safe

MILLION = 1_000_000
COUNTED = frozenset({"images", "characters", "pages", "searches", "seconds", "seconds of audio"})
"""Parts whose quantity is in the unit that they are named by (`guard.estimate.units`); all others are tokens."""
TOLERANCE = Decimal("0.001")
"""Relative difference up to which a product counts as equal to the estimate; estimates may round their parts."""


def arithmetic(request: Request, estimate: Estimate, as_of: str) -> list[str]:
    """Lines for the typical and the worst price of one call, or why there is none."""
    if estimate.usd is None or not estimate.priced:
        return [f"{UNKNOWN}: {safe(why)}" for why in estimate.why] or [f"{UNKNOWN}: no reason was given"]
    groups: dict[int, list[Part]] = {}
    for part in estimate.parts:
        groups.setdefault(part.variant, []).append(part)
    lines = [f"prices of {safe(as_of)}"]
    if groups:
        usual = _usual(request, groups)
        lines += _column("typical", request, estimate.usd, groups[usual], usual, len(variants_of(request)) > 1)
        dear = max(groups, key=lambda index: _dearness(groups[index]))
        lines += _column("worst", request, estimate.usd, groups[dear], dear, len(variants_of(request)) > 1)
    else:
        lines += [f"typical {money_exact(estimate.usd.typical)}", f"worst {money_exact(estimate.usd.high)}"]
    if estimate.usd.high is None:
        lines += [f"no bound, since: {safe(why)}" for why in estimate.why]
    if estimate.usd.low == 0:
        lines.append("low $0: the call may not happen")
    else:
        lines.append(f"low {money_exact(estimate.usd.low)}")
    return lines


def _usual(request: Request, groups: dict[int, list[Part]]) -> int:
    """The variant whose parts make the typical price: the default one, else the dearest."""
    variants = variants_of(request)
    for index in groups:
        if variants[index].default:
            return index
    return max(groups, key=lambda index: sum((part.usd.typical for part in groups[index]), Decimal(0)))


def _dearness(parts: Sequence[Part]) -> tuple[bool, Decimal]:
    highs = [part.usd.high for part in parts]
    return None in highs, sum((high for high in highs if high is not None), Decimal(0))


def _column(kind: str, request: Request, usd: Money, parts: Sequence[Part], variant: int, several: bool) -> list[str]:
    """One figure of the price: its parts, then turns and tries, then the sum."""
    model = variants_of(request)[variant].model
    name = "" if model is None else f" with {safe(str(model.value))}"
    which = f" (variant {variant})" if several else ""
    rows = [_row(kind, part) for part in parts]
    sizes = [max(columns(row[index]) for row in rows) for index in range(4)]
    lines = [f"{kind}{name}{which}"]
    for title, quantity, price, amount in rows:
        shown = f"{right(quantity, sizes[1])} x {right(price, sizes[2])} = {right(amount, sizes[3])}"
        lines.append(f"  {title}{' ' * (sizes[0] - columns(title))}  {shown}")
    amounts = [part.usd.typical if kind == "typical" else part.usd.high for part in parts]
    one = None if None in amounts else sum((amount for amount in amounts if amount is not None), Decimal(0))
    whole = usd.typical if kind == "typical" else usd.high
    return lines + [f"  {line}" for line in _product(kind, request, one, whole)]


def _row(kind: str, part: Part) -> tuple[str, str, str, str]:
    quantity = part.quantity.typical if kind == "typical" else part.quantity.high
    amount = part.usd.typical if kind == "typical" else part.usd.high
    shown = UNBOUNDED if quantity is None else number(quantity)
    if part.name in COUNTED:
        return safe(part.name), shown, f"{rate(part.usd_per_million / MILLION)} each", money_exact(amount)
    return safe(part.name), f"{shown} tokens", f"{rate(part.usd_per_million)} a million", money_exact(amount)


def _product(kind: str, request: Request, one: Decimal | None, whole: Decimal | None) -> list[str]:
    """From the price of one try of one turn to that of the call."""
    turns = request.turns.typical if kind == "typical" else request.turns.high
    tries = request.attempts.typical if kind == "typical" else billed_tries(request)
    if one is not None and whole is not None and _close(one, whole) and turns == 1 and tries == 1:
        return [f"one call = {money_exact(whole)}"]
    # Turns of an agent grow, since each sends the history again; the parts are then their mean.
    mean = "" if turns == 1 else ", on average"
    lines = [f"one try of one turn{mean} = {money_exact(one)}"]
    turn_text = f"{UNBOUNDED} on turns" if turns is None else f"{number(turns)} turn{'' if turns == 1 else 's'}"
    try_text = f"{UNBOUNDED} on tries" if tries is None else f"{number(tries)} {'try' if tries == 1 else 'tries'}"
    if kind == "worst":
        try_text += " that may be billed"
    if one is None or whole is None or turns is None or tries is None:
        return [*lines, f"with {turn_text}, {try_text}: {money_exact(whole)}"]
    if _close(one * Decimal(str(turns)) * Decimal(str(tries)), whole):
        return [*lines, f"x {turn_text} x {try_text} = {money_exact(whole)}"]
    grown = ", the history being sent again each turn" if turns != 1 else ""
    return [*lines, f"with {turn_text}{grown}, and {try_text}: {money_exact(whole)}"]


def _close(one: Decimal, other: Decimal) -> bool:
    return abs(one - other) <= TOLERANCE * max(abs(one), abs(other))


def billed_tries(request: Request) -> int | None:
    """Tries that are or may be billed at worst: the product over the layers that are not certainly free."""
    if not request.layers:
        return request.attempts.high
    product = 1
    for layer in request.layers:
        if layer.billed == "no":
            continue
        if layer.attempts is None:
            return None
        product *= max(layer.attempts, 1)
    return product if request.attempts.high is None else min(product, max(request.attempts.high, 1))
