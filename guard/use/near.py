"""Texts that are nearly the same. In: texts. Out: for each one those that are like it, with how much they share.

A text is its set of runs of `RUN` words. Pairs are found by an index of the smallest hashes of each text, `SKETCH` of
them, of which each stands for at most `CROWD` texts: the work grows with the number of texts, not with that of pairs.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple
from zlib import crc32

RUN = 4
"""Words of a run."""
SKETCH = 32
"""Hashes by which a text is found."""
CROWD = 24
"""Texts that are compared for one hash; a hash that more texts have tells nothing of them."""
LEAST_WORDS = 12
"""A shorter text is like many others."""
MAX_WORDS = 20_000
"""Words of a text that are looked at."""
ALIKE = 0.7
"""Share of the runs of both texts together that both have, from which on they are nearly the same."""
_WORD = re.compile(r"\w+")


class Like(NamedTuple):
    """Another text that is nearly the same."""

    number: int
    share: float
    """Of the runs of both, those that both have: 1 for the same words."""


def alike(texts: Sequence[str]) -> list[list[Like]]:
    """For each text those that are nearly the same, the nearest first."""
    runs = [_runs(text) for text in texts]
    index: dict[int, list[int]] = {}
    for number, found in enumerate(runs):
        for mark in sorted(found)[:SKETCH]:
            index.setdefault(mark, []).append(number)
    pairs: set[tuple[int, int]] = set()
    for numbers in index.values():
        crowd = numbers[:CROWD]
        pairs.update((a, b) for place, a in enumerate(crowd) for b in crowd[place + 1 :])
    likes: list[list[Like]] = [[] for _ in texts]
    for a, b in sorted(pairs):
        share = len(runs[a] & runs[b]) / len(runs[a] | runs[b])
        if share >= ALIKE:
            likes[a].append(Like(b, share))
            likes[b].append(Like(a, share))
    return [sorted(found, key=lambda one: (-one.share, one.number)) for found in likes]


def _runs(text: str) -> frozenset[int]:
    """The hashes of a text's runs of words; none of a text that is too short."""
    words = [word.lower() for word in _WORD.findall(text[: MAX_WORDS * 12])[:MAX_WORDS]]
    if len(words) < LEAST_WORDS:
        return frozenset()
    return frozenset(crc32(" ".join(words[at : at + RUN]).encode()) for at in range(len(words) - RUN + 1))
