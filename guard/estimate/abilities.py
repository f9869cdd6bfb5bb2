"""What a model takes beside text: tools, schemas, images. In: a price `Row`, a `Prompt`. Out: sets of words.

The table says what a public list says; what is not in it is not known, and never taken for a no or a yes. It is
compiled by `tools/compile_abilities.py` and read once, when it is asked for. Neighbours: `prices` (the rows),
`guard.use.bill.cheapest` (asks).
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Literal, get_args

from guard.estimate.inputs import SCHEMA
from guard.estimate.price_rows import Row
from guard.model import MEDIA, Prompt

Ability = Literal["tools", "schema", "images", "PDF", "audio"]
_LETTERS: dict[str, Ability] = {"t": "tools", "s": "schema", "v": "images", "p": "PDF", "a": "audio"}
_MEDIA: dict[str, Ability] = {
    "image": "images", "media": "images", "inline_data": "images", "document": "PDF", "file": "PDF",
    "input_audio": "audio", "toolUse": "tools", "toolResult": "tools",
}  # fmt: skip
"""What a hole stands for that the analysis calls by the kind of its content."""


def takes(row: Row) -> frozenset[Ability] | None:
    """What a model takes; None: it is in no list."""
    letters = _table().get(f"{row.provider}/{row.id}".lower())
    return None if letters is None else frozenset(_LETTERS[letter] for letter in letters)


def needs(prompt: Prompt) -> frozenset[Ability]:
    """What a model has to take for a prompt, as far as it is known."""
    found: set[Ability] = set()
    if prompt.tools or prompt.tools_json or prompt.tools_open:
        found.add("tools")
    for messages in (prompt.messages, *prompt.others):
        for message in messages:
            for segment in message.segments:
                if segment.name == SCHEMA and message.role == "text":
                    found.add("schema")
                if segment.text is None and segment.why.startswith(MEDIA) and segment.name in _MEDIA:
                    found.add(_MEDIA[segment.name])
    return frozenset(found)


def missing(row: Row, prompt: Prompt) -> tuple[Ability, ...]:
    """What a prompt needs and nobody says that the model takes, in a fixed order."""
    known = takes(row) or frozenset()
    return tuple(one for one in get_args(Ability) if one in needs(prompt) - known)


@lru_cache(maxsize=1)
def _table() -> dict[str, str]:
    """Letters by `provider/id`. Raises `RuntimeError` if the installed file is damaged."""
    try:
        _, *lines = (Path(__file__).parent / "data" / "abilities.tsv").read_text(encoding="utf-8").splitlines()
        found = {key: letters for key, _, letters in (line.partition("\t") for line in lines)}
    except (OSError, ValueError) as error:
        raise RuntimeError(f"guard's table of models is damaged ({error}); install guard again") from error
    if not set("".join(found.values())) <= set(_LETTERS):
        raise RuntimeError("guard's table of models is damaged; install guard again")
    return found
