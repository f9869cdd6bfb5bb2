"""What an answer rests on: the facts that were read while it was made, in the order in which they were read.

In: notes of facts (`Project` makes them) and of answers that are used again. Out: the facts that a stretch of the work
rests on, directly or through answers that were made before. A stretch is noted as a `Code`, a small number, so
that thousands of answers can remember theirs. Neighbours: `answers` opens a stretch for each answer that it keeps,
`Memo` is for everything else that is looked up once and used by many.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

Fact = tuple[str, ...]
"""What was read: its kind, then what identifies it. `Project` lists the kinds."""
Code = int
"""A fact (even) or a stretch of the log (odd); `NOTHING` rests on no fact."""
NOTHING: Code = -1
CIRCLE: Fact = ("circle",)
"""A search came back to itself and found less than it would by itself: what was asked before is part of the answer."""
CUT: Fact = ("cut",)
"""A limit of work was met: what was asked before, and so need not be worked out again, is part of the answer."""

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Recorder:
    """The log of one project: what was read, and which stretches of it belong to which answer."""

    __slots__ = ("_ends", "_files", "_noted", "_numbers", "_seen", "_starts", "facts", "log", "since")

    def __init__(self) -> None:
        self.log = array("I")
        self.since = 0
        """Where the innermost open stretch begins: what was noted since then needs no second note."""
        self.facts: list[Fact] = []
        self._numbers: dict[Fact, int] = {}
        self._files: dict[str, int] = {}
        self._noted = array("I")
        """By fact, one more than the place of its last note."""
        self._starts, self._ends, self._seen = array("I"), array("I"), array("I")
        """By stretch: where it begins and ends, and one more than the place of its last note."""

    def note(self, fact: Fact) -> None:
        """A fact was read."""
        number = self._numbers.get(fact)
        self._note(self._new(fact) if number is None else number)

    def note_file(self, path: str) -> None:
        """The facts of a code file were read; the same as `note(("file", path))`."""
        number = self._files.get(path)
        if number is None:
            number = self._files[path] = self._new(("file", path))
        if self._noted[number] <= self.since:
            self.log.append(number << 1)
            self._noted[number] = len(self.log)

    def _new(self, fact: Fact) -> int:
        number = self._numbers.get(fact)
        if number is None:
            number = self._numbers[fact] = len(self.facts)
            self.facts.append(fact)
            self._noted.append(0)
        return number

    def _note(self, number: int) -> None:
        if self._noted[number] <= self.since:
            self.log.append(number << 1)
            self._noted[number] = len(self.log)

    def again(self, code: Code) -> None:
        """What was noted under a code is used once more."""
        if code < 0:
            return
        last = self._seen if code & 1 else self._noted
        if last[code >> 1] <= self.since:
            self.log.append(code)
            last[code >> 1] = len(self.log)

    def begin(self) -> int:
        """Open a stretch; what `end` is given."""
        outer = self.since
        self.since = len(self.log)
        return outer

    def end(self, outer: int) -> Code:
        """Close the innermost stretch, which `begin` opened; its code."""
        start, length = self.since, len(self.log) - self.since
        self.since = outer
        if length < 2:
            return self.log[start] if length else NOTHING
        self._starts.append(start)
        self._ends.append(start + length)
        self._seen.append(start + 1)
        return (len(self._starts) << 1) - 1

    @contextmanager
    def nothing(self) -> Iterator[None]:
        """What is asked inside is no part of any answer."""
        log, since = self.log, self.since
        self.log = array("I")
        numbers, files, noted = self._numbers, self._files, self._noted
        self._numbers, self._files, self._noted, facts = {}, {}, array("I"), self.facts
        self.facts, self.since = [], 0
        try:
            yield
        finally:
            self.log, self.since = log, since
            self._numbers, self._files, self._noted, self.facts = numbers, files, noted, facts

    @contextmanager
    def stretch(self) -> Iterator[list[Code]]:
        """A stretch of its own; its code stands in the list afterwards."""
        outer = self.begin()
        code: list[Code] = []
        try:
            yield code
        finally:
            code.append(self.end(outer))

    def rests_on(self, code: Code) -> set[Fact]:
        """All facts that what was noted under a code rests on."""
        found: set[int] = set()
        seen: set[int] = set()
        waiting = [code] if code >= 0 else []
        while waiting:
            at = waiting.pop()
            if not at & 1:
                found.add(at >> 1)
            elif at not in seen:
                seen.add(at)
                waiting += set(self.log[self._starts[at >> 1] : self._ends[at >> 1]]) - seen
        return {self.facts[number] for number in found}


class _None:
    """Nothing is given."""


_NONE = _None()


class Memo(dict[K, V], Generic[K, V]):
    """What is found once for a key and used by many askers, each of which then rests on what it rests on.

    Only for answers that do not depend on who asks: nothing that the context decides.
    """

    __slots__ = ("_codes", "_recorder")

    def __init__(self, recorder: Recorder) -> None:
        super().__init__()
        self._recorder = recorder
        self._codes: dict[K, Code] = {}

    def once(self, key: K, make: Callable[[], V], meanwhile: V | _None = _NONE) -> V:
        """The answer for a key, made when it is asked for first. `meanwhile`: what a search that comes back to itself
        finds; without it such a search would not end."""
        recorder = self._recorder
        if key in self:
            code = self._codes.get(key)
            if code is None:
                recorder.note(CIRCLE)
            else:
                recorder.again(code)
            return self[key]
        if not isinstance(meanwhile, _None):
            self[key] = meanwhile
        outer = recorder.begin()
        try:
            found = make()
        except BaseException:
            self.pop(key, None)
            recorder.end(outer)
            raise
        self._codes[key] = recorder.end(outer)
        self[key] = found
        return found

    def put(self, key: K, value: V, code: Code) -> None:
        """Keep an answer that was found with others, in a stretch of that code."""
        self[key] = value
        self._codes[key] = code

    def of(self, key: K) -> V:
        """An answer that is known. Raises `KeyError` for any other."""
        found = self[key]
        self._recorder.again(self._codes[key])
        return found
