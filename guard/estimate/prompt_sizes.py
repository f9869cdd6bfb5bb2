"""How long prompt templates are. In: their text. Out: tokens for each encoding of `ENCODINGS`.

What is counted is the text that stands in a template, each branch and each body of a loop once; what is filled in comes
on top. Neighbours: `guard.facts.prompt_texts` takes templates apart, `encodings` counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from guard.estimate import encodings
from guard.model import Request

if TYPE_CHECKING:
    from guard.parse.template_parts import Part
    from guard.sources.files import Listing
    from guard.sources.tree import Tree

ENCODINGS = ("o200k_base", "cl100k_base")
"""Of OpenAI's models since GPT-4o, and of those before; docs/tokens.md says what other vendors' tokenizers make of a
text."""


CODE = (".py", ".ipynb")


@dataclass(frozen=True, slots=True)
class PromptSize:
    """How long a prompt template in a file is."""

    path: str
    line: int
    key: str | None
    """Of a text in YAML or JSON: where in it."""
    tokens: Mapping[str, int]
    """By encoding."""
    problem: str | None = None
    """Why it could not be taken apart; all that stands in the file is then counted."""


def of_files(tree: Tree, listing: Listing, sent: frozenset[str]) -> tuple[PromptSize, ...]:
    """The templates of a tree. `sent`: files whose text requests send (`sent_files`)."""
    from guard.facts.prompt_texts import found

    return tuple(
        PromptSize(text.path, text.line, text.key, tokens(text.parts.parts), text.problem)
        for text in found(tree, listing, sent)
    )


def sent_files(requests: Iterable[Request]) -> frozenset[str]:
    """Files other than code whose text requests send."""
    prompts = (request.prompt for request in requests)
    messages = (message for prompt in prompts for sent in (prompt.messages, *prompt.others) for message in sent)
    spans = (part.span for message in messages for part in message.segments if part.text and part.span is not None)
    return frozenset(span.path for span in spans if not span.path.endswith(CODE))


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
