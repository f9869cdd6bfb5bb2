"""Pieces of a prompt that differ. In: a request before and after. Out: `Text`s with their sizes and places.

Pieces are compared in order; a piece that stands elsewhere in the text is one gone and one come. Sizes are tokens as
the estimate counted them; the text itself is never shown. Neighbour: `causes`.
"""

from __future__ import annotations

from collections.abc import Hashable
from difflib import SequenceMatcher
from typing import NamedTuple

from guard.model import Message, Priced, Segment, Step
from guard.report.format import number

CODE = (".py", ".ipynb")


class Text(NamedTuple):
    """A stretch of the prompt that differs."""

    before: str | None
    """Its size; None: there was none."""
    after: str | None
    note: str
    base: tuple[Step, ...]
    head: tuple[Step, ...]


class _Piece(NamedTuple):
    role: str
    segment: Segment
    tokens: int | None
    """Of static text."""

    def says(self) -> Hashable:
        one = self.segment
        return (self.role, one.text) if one.text is not None else (self.role, None, one.name, one.max_chars, one.tokens)


def texts(before: Priced, after: Priced) -> list[Text]:
    """What differs. Nothing where only words of the same size were exchanged."""
    old, new = _pieces(before), _pieces(after)
    matcher = SequenceMatcher(None, [piece.says() for piece in old], [piece.says() for piece in new], autojunk=False)
    found = []
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag != "equal":
            gone, come = old[a:b], new[c:d]
            sizes = _size(gone), _size(come)
            if sizes[0] != sizes[1]:
                found.append(Text(*sizes, _note(come or gone), _steps(gone), _steps(come)))
    return found


def _pieces(item: Priced) -> list[_Piece]:
    found = []
    messages: tuple[Message, ...] = item.request.prompt.messages
    for index, message in enumerate(messages):
        counts = item.estimate.segment_tokens[index] if index < len(item.estimate.segment_tokens) else ()
        for position, segment in enumerate(message.segments):
            if segment.text != "":
                found.append(_Piece(message.role, segment, counts[position] if position < len(counts) else None))
    return found


def _size(pieces: list[_Piece]) -> str | None:
    """`312 tokens`, `312 tokens and docs`, `docs, cut at 2,000 characters`; None of nothing."""
    if not pieces:
        return None
    static = [piece.tokens for piece in pieces if piece.segment.text is not None]
    holes = [piece.segment for piece in pieces if piece.segment.text is None]
    words = []
    if static:
        known = [tokens for tokens in static if tokens is not None]
        words.append(f"{number(sum(known))} tokens" if len(known) == len(static) else "text")
    words += [
        (hole.name or "a hole") + (f", cut at {hole.max_chars:,} characters" if hole.max_chars is not None else "")
        for hole in holes[:2]
    ]
    words += [f"{len(holes) - 2} more"] if len(holes) > 2 else []
    return " and ".join(words)


def _note(pieces: list[_Piece]) -> str:
    """The file of a text that stands in one of its own, else the role of the message."""
    span = next((piece.segment.span for piece in pieces if piece.segment.span is not None), None)
    if span is not None and span.path and not span.path.endswith(CODE):
        return span.path
    return f"{pieces[0].role} message"


def _steps(pieces: list[_Piece]) -> tuple[Step, ...]:
    spans = [piece.segment.span for piece in pieces if piece.segment.span is not None]
    return tuple(Step(span, "literal") for span in dict.fromkeys(spans))
