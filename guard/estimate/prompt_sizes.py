"""How long prompt templates are. In: their text. Out: tokens for each encoding of `ENCODINGS`.

What is counted is the text that stands in a template, each branch and each body of a loop once; what is filled in comes
on top. Neighbours: `guard.facts.prompt_texts` takes templates apart, `encodings` counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from guard.estimate import encodings
from guard.parse.template_parts import Part

ENCODINGS = ("o200k_base", "cl100k_base")
"""Of OpenAI's models since GPT-4o, and of those before; docs/tokens.md says what other vendors' tokenizers make of a
text."""


def static_text(parts: Iterable[Part]) -> str:
    """The text of a template without its places."""
    return "".join(part.text or "" for part in parts)


def tokens(parts: Iterable[Part]) -> Mapping[str, int]:
    """Tokens of the static text by encoding; texts between two places are counted one by one, as they are sent."""
    runs: list[str] = [""]
    for part in parts:
        if part.text is None:
            runs.append("")
        else:
            runs[-1] += part.text
    return {name: sum(encodings.count_exact(run, name) for run in runs if run) for name in ENCODINGS}
