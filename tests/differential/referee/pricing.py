"""What recorded traffic costs by prices of its own. In: the requests of a call, `rates.toml`. Out: US dollars.

Nothing of guard's table or arithmetic is used: tokens of the real bodies (`counting`) times the rates that vendors
publish. What a model would have written is not in a recording, so the length of its answers is given. Neighbour:
`measures` holds guard's intervals against it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from decimal import Decimal
from functools import cache
from typing import Any

from referee.cases import HERE
from referee.counting import count
from referee.matching import Seen

MILLION = Decimal(1_000_000)


@cache
def _published() -> dict[str, Any]:
    return tomllib.loads((HERE / "rates.toml").read_text())


def rates(model: str) -> tuple[Decimal, Decimal]:
    """Dollars for a token that is read and one that is written. Raises `KeyError` for a model without a price."""
    known = _published()
    read, written = known["rates"][known["of"].get(model, model)]
    return Decimal(read) / MILLION, Decimal(written) / MILLION


def spent(call: Iterable[Seen], provider: str | None, answer: float) -> Decimal:
    """Dollars of the requests of a call that the server took on, each with answers of that many tokens in all."""
    usd = Decimal(0)
    for one in call:
        if one.sent.status != 200:
            continue
        read, written = rates(one.asked.model)
        size = count(one.asked, provider).tokens
        usd += Decimal(str(size)) * read + Decimal(str(_images(one) or answer)) * written
    return usd


def _images(one: Seen) -> int | None:
    """Tokens of the images that a request makes; None where it makes none."""
    if one.asked.protocol != "images":
        return None
    body = one.asked.body
    each: int = _published()["images"][body["quality"]][body["size"]]
    return each * int(body.get("n") or 1)
