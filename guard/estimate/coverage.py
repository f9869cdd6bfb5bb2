"""What the figures of a request do not cover. In: a request, the reasons of its variants without a price. Out: words.

`usd` is computed over what is known and priced. Where something else may be sent, its low and high are no bounds, and
the reasons are told here once, for reports, budgets and totals alike. Neighbours: `cost` and `totals`.
"""

from __future__ import annotations

from collections.abc import Sequence

from guard.model import Request


def known_only(request: Request, missing: Sequence[str] = ()) -> tuple[str, ...]:
    """Why the figures of a priced request cover only a part of what may run; empty: they cover all of it.

    `missing`: reasons of its variants that have no price. A limit of which nothing is known is no reason: the figures
    then take the model's own maximum.
    """
    said: list[str] = []
    if request.model.open:
        said.append(f"another model may be used ({request.model.why or 'the model is not fixed'})")
    limit = request.max_output
    if limit.open and limit.choices and all(variant.max_output is not None for variant in request.variants):
        said.append(f"another output limit may be sent ({limit.why or 'the limit is not fixed'})")
    said += missing
    return tuple(dict.fromkeys(said))
