"""How a conversation grows from one round of a loop to the next. In: `Request`, what is declared. Out: `History`.

A call in a loop that sends a list to which the loop appends has more to send in each round. Like the turns of an agent
(`turns`), round k sends `first + (k - 1) x growth` tokens; the growth is the answer and what a round adds besides. The
first round has no history yet. The price of one call keeps the size that is taken for the history; the price of a run
is the sum over the rounds. Neighbours: `variant` prices the rounds, `cost` multiplies.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from guard.estimate.usage import Declared
from guard.model import Request

GROWS = "it grows in the loop"
"""How the analysis begins the reason of a prompt that grows from round to round."""


@dataclass(frozen=True, slots=True)
class History:
    """A history that nobody declared a size for."""

    hole: str
    """The hole that stands for it in the prompt."""
    rounds: float
    """Typical rounds of the loop around the call."""
    added: int
    """Tokens that a round adds beside the answer."""
    source: str

    @property
    def note(self) -> str:
        """The assumption in words."""
        return (
            f"{self.hole}: each of {self.rounds:g} rounds adds the answer and {self.added} tokens ({self.source}) to "
            "what the next one sends"
        )


def history(request: Request, declared: Declared) -> History | None:
    """The history of a request that grows over the rounds of a loop; None: there is none, or its size is declared.

    Who declares the hole's size declares its mean, which every round is then taken to have.
    """
    if request.turns.high != 1:
        return None
    name = grown(request)
    if name is None or declared.hole(name) is not None:
        return None
    outer = math.prod(site.own.typical for site in request.sites[:-1])
    rounds = request.repeats.typical / outer if outer else 0.0
    if rounds <= 1:
        return None
    return History(name, rounds, declared.default_hole.tokens, declared.default_hole.source)


def grown(request: Request) -> str | None:
    """Name of the hole that stands for a growing history; None where nothing grows."""
    for message in request.prompt.messages:
        for segment in message.segments:
            if segment.text is None and segment.why.startswith(GROWS):
                return segment.name or "hole"
    open_ended = request.prompt.open and (request.prompt.why or "").startswith(GROWS)
    return "messages" if open_ended else None
