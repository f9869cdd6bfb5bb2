"""How many tokens an image is that a prompt sends. In: a model's name. Out: typical tokens, with the size they are of.

Code says seldom how large an image is, so typical is one of 1024 x 1024, in full detail unless the code says `low`:

- OpenAI ("Images and vision"): tiles of 512 after shrinking to a short side of 768, or patches of 32, 1,536 at most;
  low detail is the part without tiles.
- Claude (docs.claude.com, "Vision"): width x height / 750. Measured for 1024 x 1024: 1,369 (Haiku 4.5) and 1,381
  (5.5), by huggingface.co/datasets/JOHNISKING/image-token-cost less the 65 tokens of its text.
- Gemini 2 (ai.google.dev, "Understand and count tokens"): tiles of 768, each 258; Gemini 3 ("Media resolution"): 1,120
  unless the request says less.

Low and high stay those of any hole, since a list may bring none or many. Left out: models for which no guide gives
figures. Neighbours: `inputs` asks; `pictures` has images that are made; `guard.facts.link.media` finds them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from guard.estimate.tokens import bare_name
from guard.model import LOW_DETAIL, MEDIA

_SIZED = "an image of 1024 x 1024"
SIZE = f"{_SIZED}, by OpenAI's guide"
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
_PIXELS_PER_TOKEN = 750
_GEMINI = {"gemini-2": 4 * 258, "gemini-3": 1120}
"""By the generation."""


@dataclass(frozen=True, slots=True)
class Picture:
    """What an image is taken for."""

    tokens: int
    source: str


def typical(model: str, why: str = MEDIA) -> Picture | None:
    """One image; None for a model without published figures. A name may end in a date; `why`: `MEDIA`, `LOW_DETAIL`."""
    name = bare_name(model)
    if name.startswith("claude-"):
        return Picture(math.ceil(1024 * 1024 / _PIXELS_PER_TOKEN), f"{_SIZED}, by Anthropic's guide")
    if name.startswith("gemini-"):
        tokens = next((tokens for start, tokens in _GEMINI.items() if name.startswith(start)), None)
        return None if tokens is None else Picture(tokens, f"{_SIZED}, by Google's guide")
    known = next((one for one in (*_BY_PATCH, *_BY_TILE) if _is(name, one)), None)
    if known in _BY_PATCH:
        return Picture(math.ceil(_PATCHES * _BY_PATCH[known]), SIZE)
    if known is None:
        return None
    base, tile = _BY_TILE[known]
    if why == LOW_DETAIL:
        return Picture(base, "an image in low detail, by OpenAI's guide")
    return Picture(base + _TILES * tile, SIZE)


def _is(name: str, model: str) -> bool:
    """Whether a name is a model's, or that of one of its dated releases."""
    rest = name.removeprefix(model)
    return name.startswith(model) and (not rest or (rest[0] == "-" and rest[1:2].isdigit()))
