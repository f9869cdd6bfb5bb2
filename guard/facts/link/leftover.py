"""What is known of the contexts beyond the limit: their values, merged into the one request that stands for them.

In: the draft of that request, in which a root is not decided, and the drafts of contexts that were read before the
limit was reached. Out: the same draft with every value that these send, what one of them sends kept together; all
stays open for the reason that the request gives. Neighbour: `contexts` decides where the limit is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from guard.facts.link.things import World
from guard.facts.link.values import Quantity, either, value_of

if TYPE_CHECKING:
    from guard.facts.link.draft import Draft
    from guard.facts.link.things import Root

MAX_TOLD = 64
"""Contexts whose values are merged; it is as many as are followed one by one."""


def told(rest: Draft, others: Sequence[Draft], root: Root, why: str) -> Draft:
    """The draft of what is left of a root's decisions with the values of those that were read. `why`: the reason for
    which further values may arrive."""
    known = [d for d in others[:MAX_TOLD] if d.target.spec == rest.target.spec]
    if not known:
        return rest
    worlds: list[World] = [frozenset({(("beyond", root), number)}) for number in range(len(known))]

    def merged(of: str) -> Quantity:
        own: Quantity = getattr(rest, of)
        if not own.value.open:  # it does not depend on the decision
            return own
        found = either([(getattr(d, of), world) for d, world in zip(known, worlds)])
        return Quantity(value_of(list(found.rows), (why,)), found.rows)

    return rest._replace(
        model=merged("model"),
        max_output=merged("max_output"),
        reasoning=merged("reasoning"),
        tier=merged("tier"),
        touched=tuple(dict.fromkeys(hop for d in (rest, *known) for hop in d.touched)),
    )
