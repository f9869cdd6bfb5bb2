"""Which lines of one file differ between two versions. In: the lines of both. Out: `Lines`.

The way of `difflib` takes the square of the lines, and of lines that repeat the cube. So it is only asked where that is
little. A longer stretch is first parted at lines that stand once in both versions, and what is still too long between
two of them counts as changed as a whole: a comparison takes bounded time whatever the files hold. Neighbours:
`changes`, which compares trees; `guard.use.diff.versions`, which asks.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

MAX_WORK = 30_000_000
"""Steps of `difflib` that one comparison may take; hundreds of lines need a few thousand, thousands some millions."""

_Pair = tuple[range, range]
"""A stretch of the base and one of the head, lines from 0."""


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines of one file that differ, from 1."""

    base: frozenset[int]
    """Lines of the base that are gone or changed."""
    head: frozenset[int]
    """Lines of the head that are new or changed."""
    pairs: tuple[tuple[range, range], ...]
    """Stretches of the base and of the head that stand in each other's place."""


def lines(before: list[str], after: list[str]) -> Lines:
    """The lines in which two versions of a file differ."""
    start = 0
    while start < min(len(before), len(after)) and before[start] == after[start]:
        start += 1
    end = 0
    while end < min(len(before), len(after)) - start and before[-1 - end] == after[-1 - end]:
        end += 1
    whole = (range(start, len(before) - end), range(start, len(after) - end))
    pairs = tuple(
        (range(old.start + 1, old.stop + 1), range(new.start + 1, new.stop + 1))
        for old, new in _joined(_differing(before, after, whole))
    )
    return Lines(
        frozenset(n for pair, _ in pairs for n in pair), frozenset(n for _, pair in pairs for n in pair), pairs
    )  # fmt: skip


def _differing(before: Sequence[str], after: Sequence[str], whole: _Pair) -> Iterator[_Pair]:
    """The stretches that differ, in order."""
    if _work(before, after, whole) <= MAX_WORK:
        yield from _exactly(before, after, whole)
        return
    left = MAX_WORK
    for part in _parted(before, after, whole):
        work = _work(before, after, part)
        if work <= left:
            left -= work
            yield from _exactly(before, after, part)
        else:
            yield part


def _exactly(before: Sequence[str], after: Sequence[str], part: _Pair) -> Iterator[_Pair]:
    old, new = part
    if not old and not new:
        return
    matcher = SequenceMatcher(None, before[old.start : old.stop], after[new.start : new.stop], autojunk=False)
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag != "equal":
            yield range(old.start + a, old.start + b), range(new.start + c, new.start + d)


def _work(before: Sequence[str], after: Sequence[str], part: _Pair) -> int:
    """The most steps that `difflib` takes: all pairs of equal lines, once for each stretch that they can make."""
    old, new = part
    if not old or not new:
        return 0
    ours = Counter(before[n] for n in old)
    theirs = Counter(after[n] for n in new)
    equal = sum(times * theirs[line] for line, times in ours.items() if line in theirs)
    return (equal + len(old)) * min(len(old), len(new), equal + 1)


def _parted(before: Sequence[str], after: Sequence[str], whole: _Pair) -> Iterator[_Pair]:
    """What stands between lines that stand once in both and in one order."""
    old, new = whole
    ours = Counter(before[n] for n in old)
    theirs = Counter(after[n] for n in new)
    at = {after[n]: n for n in new if theirs[after[n]] == 1}
    once = [(n, at[before[n]]) for n in old if ours[before[n]] == 1 and before[n] in at]
    here, there = old.start, new.start
    for a, b in _rising(once):
        yield range(here, a), range(there, b)
        here, there = a + 1, b + 1
    yield range(here, old.stop), range(there, new.stop)


def _rising(pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The most of these pairs, sorted by their first number, whose second numbers rise as well."""
    ends: list[int] = []
    last: list[int] = []
    before: list[int] = []
    for number, (_, value) in enumerate(pairs):
        place = bisect_left(ends, value)
        before.append(last[place - 1] if place else -1)
        if place == len(ends):
            ends.append(value)
            last.append(number)
        else:
            ends[place], last[place] = value, number
    found: list[tuple[int, int]] = []
    number = last[-1] if last else -1
    while number >= 0:
        found.append(pairs[number])
        number = before[number]
    return found[::-1]


def _joined(pairs: Iterator[_Pair]) -> Iterator[_Pair]:
    """Stretches that differ, without empty ones, those that touch made one."""
    held: _Pair | None = None
    for old, new in pairs:
        if not old and not new:
            continue
        if held is not None and held[0].stop == old.start and held[1].stop == new.start:
            held = range(held[0].start, old.stop), range(held[1].start, new.stop)
            continue
        if held is not None:
            yield held
        held = old, new
    if held is not None:
        yield held
