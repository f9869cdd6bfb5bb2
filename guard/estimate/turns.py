"""How input grows over the turns of an agent. In: sizes of the first turn. Out: input tokens per price tier.

Turn k sends the first turn's input and everything that was said since: `first + (k - 1) x growth` tokens, at most the
window. The sum over turns is quadratic until the window is full. A provider's dearer rate above N input tokens holds
for the whole request, so turns are grouped into bands by the tier that their size falls into. Closed form: the cost of
a thousand turns is computed as fast as that of two. Neighbour: `cost`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Band:
    """Turns whose input falls into the same price tier."""

    above: int
    """The tier's threshold in input tokens; 0 for the base rates."""
    turns: float
    input_tokens: float
    """Of all turns of the band together."""


def input_of_turns(first: float, growth: float, turns: float, window: float | None) -> float:
    """Input tokens of `turns` turns together; a fraction counts as that share of the following turn."""
    if turns <= 0:
        return 0.0
    if window is not None and first >= window:
        return turns * window
    uncapped = turns
    if window is not None and growth > 0:
        uncapped = min(turns, math.floor((window - first) / growth) + 1)
    whole = math.floor(uncapped)
    total = whole * first + growth * whole * (whole - 1) / 2 + (uncapped - whole) * (first + growth * whole)
    return total + (turns - uncapped) * (window or 0)


def _turns_up_to(size: float, first: float, growth: float, turns: float, window: float | None) -> float:
    """Number of turns whose input is at most `size` tokens (input grows, so these are the first ones)."""
    if window is not None and window <= size:
        return turns
    if first > size:
        return 0.0
    if growth <= 0:
        return turns
    return min(turns, float(math.floor((size - first) / growth) + 1))


def bands(first: float, growth: float, turns: float, window: float | None, thresholds: Sequence[int]) -> list[Band]:
    """The turns grouped by price tier. `thresholds`: rising sizes above which another tier holds."""
    result: list[Band] = []
    turns_before = 0.0
    tokens_before = 0.0
    for above, upper in zip((0, *thresholds), (*thresholds, None)):
        until = turns if upper is None else _turns_up_to(upper, first, growth, turns, window)
        if until > turns_before:
            tokens = input_of_turns(first, growth, until, window)
            result.append(Band(above, until - turns_before, tokens - tokens_before))
            turns_before, tokens_before = until, tokens
    return result
