"""Answers of `link` that are kept between runs, each for as long as the facts that it rests on stay the same.

In: what an earlier run kept, and questions by key with the function that answers them. Out: answers, taken from what
was kept where every fact that they rest on is what it was, else made; and what to keep for the next run. All of it is
plain data. Neighbours: `requests` asks, `reads` notes what an answer rests on, `fact_values` says what a fact is now.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

from guard.facts.filefacts import Comment, FileFacts
from guard.facts.link.fact_values import SEARCHES, FactValues
from guard.facts.link.groups import Group
from guard.facts.link.linked import Calling, Linked
from guard.facts.link.reads import Code as Stretch
from guard.facts.link.reads import Fact
from guard.model import Problem, Request

if TYPE_CHECKING:
    from guard.facts.link.project import Project

MAX_SEARCHED = 40
"""Changed files that are searched one by one for what was searched for before."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a question was answered. Each kind of question uses some of the fields."""

    paths: tuple[str, ...] = ()
    linked: tuple[Linked, ...] = ()
    requests: tuple[Request, ...] = ()
    names: tuple[str, ...] = ()
    """Of each request what its id is made of."""
    used: tuple[Calling, ...] = ()
    """Calls that make objects which requests are sent through."""
    groups: tuple[Group, ...] = ()
    numbers: tuple[int, ...] = ()
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Noted:
    """A fact and what it was."""

    fact: tuple[str, ...]
    value: str


@dataclass(frozen=True, slots=True)
class Remark:
    """A `# guard:` comment."""

    line: int
    column: int
    text: str


@dataclass(frozen=True, slots=True)
class Seen:
    """What a report says of a code file that was looked at."""

    path: str
    lines: int
    comments: tuple[Remark, ...]
    cells: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Code:
    """A code file that could be read, whether or not it was looked at."""

    path: str
    content: str
    """Its hash."""
    script: bool
    """Whether it may be started as a script, which says what imports beside it mean."""
    found: tuple[int, ...]
    """The searches (by number of the facts) that found it."""


@dataclass(frozen=True, slots=True)
class Answered:
    """A question, what it was given, what it rests on (by number of the facts), and its answer."""

    key: str
    given: str
    reads: tuple[int, ...]
    said: Said


@dataclass(frozen=True, slots=True)
class Kept:
    """What a run keeps for the next one over the same folder."""

    about: str
    """What all of it depends on besides facts: the name of the root, its own distributions."""
    facts: tuple[Noted, ...]
    code: tuple[Code, ...]
    answers: tuple[Answered, ...]
    files: tuple[Seen, ...]
    problems: tuple[Problem, ...]
    """Of the files that were read; not those of the listing and of answers."""


class Questions:
    """The questions of one run."""

    def __init__(self, project: Project, kept: Kept | None = None) -> None:
        self._project = project
        self._values = FactValues(project)
        self.about = _short(repr((project.tree.name, sorted(project.own))))
        self._kept = kept if kept is not None and kept.about == self.about else None
        self._old = {answer.key: answer for answer in self._kept.answers} if self._kept is not None else {}
        self._stale = changed(self._values, self._kept) if self._kept is not None else frozenset()
        """Numbers of the facts that are not what they were."""
        self.used: dict[str, Answered] = {}
        """Answers that were taken from what was kept."""
        self.made: dict[str, tuple[str, Stretch, Said]] = {}
        """Answers that were made, with what they were given."""

    def ask(self, key: str, given: str, make: Callable[[], Said], anew: bool = False) -> Said:
        """The answer to a question. `given`: all that `make` uses besides facts of the project; `anew`: whether it has
        to be made, since that is more than can be said."""
        if not anew and self.knows(key, given):
            old = self.used[key] = self._old[key]
            return old.said
        with self._project.recorder.stretch() as code:
            said = make()
        self.made[key] = given, code[0], said
        return said

    def knows(self, key: str, given: str) -> bool:
        """Whether the answer to a question is kept and holds."""
        old = self._old.get(key)
        return old is not None and old.given == given and self._stale.isdisjoint(old.reads)

    def hand_over(self) -> None:
        """Tell the project of files that were not looked at again: their problems, and what a report says of them."""
        if self._kept is None:
            return
        numbers = {number for answer in self.used.values() for number in answer.reads}
        facts = {self._kept.facts[number].fact for number in numbers}
        read = {fact[1] for fact in facts if fact[0] in ("file", "text")}
        files = {fact[1] for fact in facts if fact[0] == "file"}
        self._project.seen_before(
            [_facts_of(seen) for seen in self._kept.files if seen.path in files],
            [problem for problem in self._kept.problems if problem.path in read],
        )

    def to_keep(self) -> Kept:
        """All answers of this run."""
        numbers: dict[Fact, int] = {}
        answers = []
        for key, (given, code, said) in self.made.items():
            reads = self._numbered(numbers, self._project.recorder.rests_on(code))
            answers.append(Answered(key, given, reads, said))
        for answer in self.used.values():
            before = (self._kept.facts[number].fact for number in answer.reads) if self._kept is not None else ()
            answers.append(Answered(answer.key, answer.given, self._numbered(numbers, before), answer.said))
        of_answers = {problem for answer in answers for problem in answer.said.problems}
        return Kept(
            self.about,
            tuple(Noted(fact, self._values.of(fact)) for fact in numbers),
            self._code(numbers),
            tuple(answers),
            tuple(_seen(facts) for facts in self._project.parsed()),
            tuple(problem for problem in self._project.file_problems() if problem not in of_answers),
        )

    def _code(self, numbers: dict[Fact, int]) -> tuple[Code, ...]:
        found: dict[str, list[int]] = {}
        for fact, number in numbers.items():
            for path in self._values.files(fact) if fact[0] in SEARCHES else ():
                found.setdefault(path, []).append(number)
        return tuple(
            Code(path, self._values.content(path), self._values.is_script(path), tuple(found.get(path, ())))
            for path in self._values.code()
        )

    @staticmethod
    def _numbered(numbers: dict[Fact, int], facts: Iterable[Fact]) -> tuple[int, ...]:
        return tuple(sorted(numbers.setdefault(fact, len(numbers)) for fact in facts))


def changed(values: FactValues, kept: Kept) -> frozenset[int]:
    """The numbers of the kept facts that are not what they were.

    Where few files changed, only those are searched: whatever a search found in the others, it finds there again.
    """
    before = {code.path: code for code in kept.code}
    now = values.code()
    others = [path for path in now if path not in before or before[path].content != values.content(path)]
    gone = before.keys() - set(now)
    files = {*others, *gone}
    moved = bool(gone) or len(now) != len(before)
    moved = moved or any(before[path].script != values.is_script(path) for path in others)
    few = len(files) <= MAX_SEARCHED
    stale = set(_found_otherwise(values, kept, files, before)) if few else set()
    for number, noted in enumerate(kept.facts):
        kind = noted.fact[0]
        if kind in ("file", "bytes", "sdk"):
            same = noted.fact[1] not in files
        elif (kind in SEARCHES and few) or (kind in ("module", "has") and not moved):
            same = True
        else:
            same = values.of(noted.fact) == noted.value
        if not same:
            stale.add(number)
    return frozenset(stale)


def _found_otherwise(
    values: FactValues, kept: Kept, files: Iterable[str], before: dict[str, Code]
) -> Iterable[int]:  # fmt: skip
    """The searches that find one of some files and did not before, or the other way about."""
    searches = [(number, noted.fact) for number, noted in enumerate(kept.facts) if noted.fact[0] in SEARCHES]
    for path in files:
        finds = values.finding(path)
        found = {number for number, fact in searches if finds(fact)}
        yield from found.symmetric_difference(before[path].found if path in before else ())


def _seen(facts: FileFacts) -> Seen:
    remarks = tuple(Remark(c.line, c.column, c.text) for c in facts.comments)
    return Seen(facts.path, facts.lines, remarks, facts.cells)


def _facts_of(seen: Seen) -> FileFacts:
    """A file as reports see it."""
    comments = tuple(Comment(r.line, r.column, r.text) for r in seen.comments)
    return FileFacts(seen.path, [], [], comments, seen.lines, seen.cells)


def _short(text: str) -> str:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
