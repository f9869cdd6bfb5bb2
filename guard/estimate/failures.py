"""How many tries of a call are paid for. In: `Request`s, declared error rates. Out: `Tries` of one request.

Low and high come from the layers of retries: low 0 where the call may not happen, high every try of a layer that is
billed or may be. Typical is one, unless an error rate e is declared (`usage.rules[].error_rate`, a scenario's):

- a layer that asks again and pays (`billed: yes`, N tries) makes 1 + e + ... + e^(N-1) = (1 - e^N) / (1 - e) of one;
- what runs only after a failure runs for the share e of the calls before it, of a chain of fallbacks for e x e'. Tries
  of SDKs are not counted on to prevent that: an outage lasts longer than they do.

Refused tries cost nothing. Neighbours: `cost` multiplies, `usage` finds the rate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from guard.config.types import Config
from guard.estimate import usage
from guard.estimate.money import Factor
from guard.estimate.usage import Sizing
from guard.model import Request

LONGEST_CHAIN = 16
"""Fallbacks after one another that are followed."""


@dataclass(frozen=True, slots=True)
class Tries:
    """Tries of a call that are paid for."""

    billed: Factor
    why: tuple[str, ...] = ()
    """Why `billed.high` has no bound."""
    notes: tuple[str, ...] = ()
    """What declared error rates do to it."""


class Failures:
    """Which requests run after a failure of which, and how often that is."""

    def __init__(self, requests: Sequence[Request], config: Config) -> None:
        self._config = config
        self._by_id = {request.id: request for request in requests}

    def of(self, request: Request, sizing: Sizing) -> Tries:
        """The tries of a request for the entry points of a sizing."""
        low = 0 if request.conditional or request.after is not None else min(1, request.attempts.low)
        high, why = _most(request)
        typical: Decimal | float
        notes: tuple[str, ...] = ()
        own = usage.declared(request, self._config, sizing.rules).error_rate()
        if request.after is not None or not request.attempts.typical:
            share, notes = self._share_of_failures(request, sizing, own)
            typical = share * _asked(request, own)[0]
        else:
            more, notes = _asked(request, own)
            typical = request.attempts.typical if more == 1 else more
        if high is not None:
            high = max(high, 1)
            typical = min(typical, high)
        low = low if typical >= low else 0  # a call in an `except` block: typically none
        return Tries(Factor(low, typical, high), why, notes)

    def _share_of_failures(
        self, request: Request, sizing: Sizing, own: tuple[Decimal, str] | None
    ) -> tuple[Decimal, tuple[str, ...]]:
        """The share of calls in which what runs only after failures runs; 0 where a rate is not declared."""
        share, notes = Decimal(1), list[str]()
        before = self._by_id.get(request.after or "")
        if before is None:  # it is not known what fails before it: its own rate is all that there is
            return (Decimal(0), ()) if own is None else (own[0], (_said(own),))
        for _ in range(LONGEST_CHAIN):
            rate = self._rate(before, sizing)
            if rate is None:
                return Decimal(0), ()
            share *= rate[0]
            notes.append(_said(rate))
            after = self._by_id.get(before.after or "")
            if after is None:
                break
            before = after
        return share, tuple(dict.fromkeys(notes))

    def _rate(self, request: Request, sizing: Sizing) -> tuple[Decimal, str] | None:
        """The error rate of a request when it comes from the first entry point of a sizing that another has."""
        rules = (
            usage.rules_for_reach(sizing.reaches[0], request, self._config)
            if sizing.reaches
            else usage.rules_for(request, self._config)
        )
        return usage.declared(request, self._config, rules).error_rate()


def _said(rate: tuple[Decimal, str]) -> str:
    return f"runs in the {float(rate[0] * 100):g} % of calls that fail ({rate[1]})"


def _asked(request: Request, rate: tuple[Decimal, str] | None) -> tuple[Decimal, tuple[str, ...]]:
    """Paid tries of one call where asking again is paid for."""
    tries = [layer.attempts for layer in request.layers if layer.billed == "yes"]
    if rate is None or not rate[0] or not any(number is None or number > 1 for number in tries):
        return Decimal(1), ()
    share, source = rate
    if share == 1 and None in tries:
        return Decimal(1), (f"every try fails ({source}) and nothing bounds the tries: one is counted as typical",)
    found = Decimal(1)
    for number in tries:
        if share == 1:
            found *= number or 1
        else:
            found *= (1 - (share**number if number is not None else 0)) / (1 - share)
    return found, (f"{found:.3g} paid tries a call, as {float(share * 100):g} % of them fail ({source})",)


def _most(request: Request) -> tuple[int | None, tuple[str, ...]]:
    """The most tries that are paid for, and why there is no such number."""
    high = request.attempts.high
    billed = [layer for layer in request.layers if layer.billed in ("yes", "maybe")]
    endless = [layer.name for layer in billed if layer.attempts is None]
    if endless:
        return None, tuple(f"no bound on the attempts of {name}" for name in endless)
    if request.layers and (high is not None or any(layer.attempts is None for layer in request.layers)):
        product = 1
        for layer in billed:
            product *= max(1, layer.attempts or 1)
        return product if high is None else min(product, high), ()
    if high is None:
        return None, request.attempts.why or ("no bound on the number of attempts",)
    return high, ()
