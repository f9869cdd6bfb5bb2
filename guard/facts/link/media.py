"""Parts of a message that are no text. In: a part as a dict, and the key that holds it. Out: its name and what it is.

Neighbours: `messages` asks; `guard.estimate.image_input` reads them, since images have published sizes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.facts.link import containers
from guard.facts.link.things import DictOf, Lit, Result
from guard.model import LOW_DETAIL, MEDIA

if TYPE_CHECKING:
    from guard.facts.link.engine import Engine

KEYS = (
    "image", "image_url", "source", "document", "input_audio", "file", "inline_data", "toolUse", "toolResult",
    "content",
)  # fmt: skip
"""Keys that hold what is no text; `content` may hold parts again."""
_TYPES = {"image": "image", "document": "document"}
"""What Anthropic has below `source`, by the `type` beside it."""


def kind_of(part: DictOf) -> str:
    """The key that holds it."""
    return next((str(entry.key) for entry in part.entries if str(entry.key) in KEYS), "content")


def described(engine: Engine, part: DictOf, kind: str) -> tuple[str, str]:
    """Its name, and what it is in words, with the detail that an image is read in where the code says `low`."""
    if kind == "source":
        return _TYPES.get(str(_said(engine, containers.get(engine, part, "type"))), "media"), MEDIA
    if kind != "image_url":
        return kind, MEDIA
    held = containers.get(engine, part, "image_url")
    inner = [alt.thing for alt in held.alts if isinstance(alt.thing, DictOf)] if held is not None else []
    # Chat completions have the detail inside, responses beside.
    details = [containers.get(engine, one, "detail") for one in (part, *inner)]
    return "image", LOW_DETAIL if "low" in [_said(engine, one) for one in details] else MEDIA


def _said(engine: Engine, found: Result | None) -> object:
    """The one value that something has; None where it is open or several."""
    if found is None or found.open or len(found.alts) != 1:
        return None
    thing = found.alts[0].thing
    return thing.value if isinstance(thing, Lit) else None
