"""What is wrong with a condition, and where. Raised by the other modules of this folder.

In: an offset into the text. Out: `ExpressionError`, which `guard.policy.load` turns into a located `ConfigIssue`.
"""

from __future__ import annotations

from collections.abc import Iterable

from guard.config.issues import listed, nearest


class ExpressionError(Exception):
    """A condition cannot be used: `message` and `hint` in words, `offset` into its text (0-based)."""

    def __init__(self, offset: int, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.offset = offset
        self.message = message
        self.hint = hint


def meant(word: str, known: Iterable[str]) -> str:
    """The hint for a word that is not known: what was probably meant, else all that there is."""
    words = sorted(known)
    close = nearest(word, words)
    return f"did you mean '{close}'?" if close else f"there are {listed(words)}"
