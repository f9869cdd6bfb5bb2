"""How many tokens an image is that a prompt sends. In: a model's name. Out: typical tokens, with the size they are of.

Code says seldom how large an image is, so typical is one of 1024 x 1024 in full detail, by OpenAI's guide ("Images and
vision"): tiles of 512 after shrinking to a short side of 768, or patches of 32, 1,536 of them at most. Low and high
stay those of any hole, since a list may bring none or many. Left out: vendors whose images the analysis does not tell
from documents, and models for which the guide gives no figures. Neighbours: `inputs` asks; `pictures` has images that
are made.
"""

from __future__ import annotations

import math

from guard.estimate.tokens import bare_name

MEDIA = "media or data in the message"
"""How the analysis explains a hole that stands for something else than text."""
SIZE = "an image of 1024 x 1024, by OpenAI's guide"
_TILES = 4
"""1024 x 1024 is shrunk to 768 x 768: two by two."""
_PATCHES = 32 * 32
_BY_TILE = {
    "gpt-4o-mini": (2833, 5667), "gpt-4o": (85, 170), "gpt-4.1": (85, 170), "gpt-4.5": (85, 170),
    "gpt-5": (70, 140), "o1": (75, 150), "o3": (75, 150),
}  # fmt: skip
"""Tokens of an image and of each tile."""
_BY_PATCH = {
    "gpt-4.1-mini": 1.62, "gpt-4.1-nano": 2.46, "gpt-5-mini": 1.62, "gpt-5-nano": 2.46, "o4-mini": 1.72,
}  # fmt: skip
"""Tokens of each patch."""


def typical(model: str) -> int | None:
    """Tokens of one image; None for a model without published figures. A name may end in a date."""
    name = bare_name(model)
    known = next((one for one in (*_BY_PATCH, *_BY_TILE) if _is(name, one)), None)
    if known in _BY_PATCH:
        return math.ceil(_PATCHES * _BY_PATCH[known])
    if known is None:
        return None
    base, tile = _BY_TILE[known]
    return base + _TILES * tile


def _is(name: str, model: str) -> bool:
    """Whether a name is a model's, or that of one of its dated releases."""
    rest = name.removeprefix(model)
    return name.startswith(model) and (not rest or (rest[0] == "-" and rest[1:2].isdigit()))
