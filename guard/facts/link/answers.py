"""Questions under a context, and the answers that are kept.

In: a question, by a key that names it, and the function that answers it. Out: the answer, made once for the same
decisions of the context, with the facts that it rests on and the roots that it asked for. Bounded by the evaluations
that a question may take. Neighbours: `engine` evaluates expressions, `contexts` decides what was asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast

from guard.facts.link.project import Project
from guard.facts.link.reads import Code
from guard.facts.link.things import Bind, Consulted, Root, without_demands

MAX_WORK = 60_000
"""Evaluations for one question."""

Key = tuple[object, ...]
"""A question: of what kind, about what, in which frame."""
_NONE: frozenset[Any] = frozenset()


class _Answer:
    """An answer with what it depends on; what was asked and decided is kept so that identities last."""

    __slots__ = ("_quiet", "asked", "code", "consulted", "result")

    def __init__(self, asked: object, consulted: Consulted, code: Code, result: Any) -> None:
        self.asked = asked
        self.consulted = consulted
        self.code = code
        self.result = result
        self._quiet: Consulted | None = None

    def quiet(self) -> Consulted:
        """What it depends on without demands for new decisions."""
        if self._quiet is None:
            self._quiet = without_demands(self.consulted)
        return self._quiet

    def rests_on(self, root: Root) -> bool:
        """Whether something was asked of a root."""
        return any(asked == root for asked, _ in self.consulted)

    def bind(self, root: Root) -> Bind | None:
        """What was decided for a root that it rests on."""
        return next(bind for (asked, _), bind in self.consulted.items() if asked == root)


class _Split:
    """Answers that differ by what the context decides for a root, by identity of the decision."""

    __slots__ = ("answers", "root")

    def __init__(self, root: Root) -> None:
        self.root = root
        self.answers: dict[int, _Kept] = {}


_Kept = _Answer | _Split
_NOT_DECIDED = id(None)


def _one_of(found: _Kept) -> _Answer:
    """One of the answers below; they agree in all that was asked before the first root that sets them apart."""
    while type(found) is _Split:
        found = next(iter(found.answers.values()))
    return cast(_Answer, found)


class Answers:
    """What is asked and answered of one repository. `context` decides roots; `ask` sets it for a question."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.recorder = project.recorder
        self.consulted: Consulted = {}
        self.work = 0
        self.effort = MAX_WORK
        """Evaluations that the question at hand may take."""
        self.by_default = 0
        """While above 0, tests are decided by the defaults of what can be overridden."""
        self._context: dict[Root, Bind] = {}
        self._brief: dict[Key, _Answer] = {}
        """Answers under the context as it is."""
        self._answers: dict[Key, _Kept] = {}
        """Answers by question and frame; where they depend on the context, by its decisions, in the order asked."""
        self._decided: dict[Key, None] = {}
        """Questions with answers that rest on a decision."""
        self.decided = 0
        """Such answers, made since the last `forget`."""
        self._active: set[Key] = set()
        """Questions at hand."""
        self._circles: frozenset[Key] = _NONE
        """Questions at hand that the one being answered came back to, so that it says less than it would by itself."""
        self._meanwhile: dict[Key, tuple[_Answer, frozenset[Key]]] = {}
        """Such answers, with the questions that they came back to: good while those are at hand."""

    @property
    def context(self) -> dict[Root, Bind]:
        """What is decided for the question at hand. Set whole, never changed in place."""
        return self._context

    @context.setter
    def context(self, decided: dict[Root, Bind]) -> None:
        self._context = decided
        self._brief = {}
        self._meanwhile = {}

    def ask(self, context: dict[Root, Bind], effort: int = MAX_WORK) -> None:
        """Begin a question under a context: nothing was asked for yet, what was learnt stays. `effort`: evaluations
        that it may take."""
        self.context = context
        self.consulted = {}
        self.work = 0
        self.effort = effort

    @contextmanager
    def aside(self, context: dict[Root, Bind], effort: int = MAX_WORK) -> Iterator[None]:
        """A question of its own in the midst of another one, asked under a context and as if it were the first.

        The other one is as it was afterwards: its context, its recorders, what it took and what it may take. So what is
        kept of the question inside does not depend on who asked; and what that one asked for is not noted. What it
        read is: the other one rests on it.
        """
        decided = self._context, self._brief, self._meanwhile
        consulted = self.consulted
        spent = self.work, self.effort, self.by_default
        self.ask(context, effort)
        self.by_default = 0
        try:
            yield
        finally:
            self._context, self._brief, self._meanwhile = decided
            self.consulted = consulted
            self.work, self.effort, self.by_default = spent

    def consult(self, root: Root, param: str) -> Bind | None:
        """What the context decides for a root; noted as a demand when it decides nothing."""
        bind = self.context.get(root)
        self.consulted[(root, param)] = bind
        return bind

    def once(self, key: Key, asked: object, answer: Callable[[], Any]) -> Any:
        """The answer to a question: as it was given under the same decisions of the context, else made and kept.

        `key` names the question and its frame; `asked` is what the identities in the key are of, so that they last.
        """
        kept = self.kept(key)
        return self.keeping(key, asked, answer) if kept is None else kept.result

    def keeping(self, key: Key, asked: object, answer: Callable[[], Any]) -> Any:
        """Answer a question and keep the answer for the same decisions of the context.

        `key` names the question and its frame; `asked` is what the identities in the key are of, so that they last.
        """
        outer, circles, since = self.consulted, self._circles, self.recorder.begin()
        self.consulted, self._circles = {}, _NONE
        try:
            result = answer()
        finally:
            code = self.recorder.end(since)
            inner, open_circles = self.consulted, self._circles
            self.consulted, self._circles = outer, circles
            self.consulted.update(inner)
        made = _Answer(asked, inner, code, result)
        if open_circles:
            open_circles -= {key}
            self._circles |= open_circles
        if open_circles:
            self._meanwhile[key] = made, open_circles
        elif self.work < self.effort:
            self._keep(key, made)
        return result

    def kept(self, key: Key) -> _Answer | None:
        """An answer given before under the same decisions of the context; what it depends on is noted again."""
        found = self._brief.get(key) or self.knows(key)
        if found is None and self._meanwhile:
            found = self._for_now(key)
        if found is not None:
            self.consulted.update(found.consulted)
            self.recorder.again(found.code)
        return found

    def _for_now(self, key: Key) -> _Answer | None:
        """An answer that came back to questions which are still at hand."""
        found, circles = self._meanwhile.get(key, (None, _NONE))
        if found is not None and circles <= self._active:
            self._circles |= circles
            return found
        return None

    def knows(self, key: Key) -> _Answer | None:
        """The answer that the decisions of the context lead to."""
        found = self._answers.get(key)
        context = self._context
        while type(found) is _Split:
            found = found.answers.get(id(context.get(found.root)))
        if found is None:
            return None
        answer = cast(_Answer, found)
        for (root, _), bind in answer.consulted.items():
            if context.get(root) is not bind:
                return None
        self._brief[key] = answer
        return answer

    def _keep(self, key: Key, answer: _Answer) -> None:
        """Put an answer where the same decisions lead to it: apart from others by the first root that they differ in.

        Under the same decisions an evaluation asks for the same root next, unless it was cut off; then the newer wins.
        """
        context = self._context
        holder: dict[Any, _Kept] = self._answers
        place: Any = key
        found = holder.get(place)
        while found is not None and answer.consulted:
            if type(found) is _Answer or not answer.rests_on(cast(_Split, found).root):
                other = _one_of(found)
                apart = next((r for (r, _), bind in other.consulted.items() if context.get(r) is not bind), None)
                if apart is None or not answer.rests_on(apart):
                    break
                split = _Split(apart)
                split.answers[id(other.bind(apart))] = found
                holder[place] = split
            else:
                split = cast(_Split, found)
            holder, place = split.answers, id(context.get(split.root))
            found = holder.get(place)
        holder[place] = answer
        self._brief[key] = answer
        if any(bind is not None for bind in answer.consulted.values()):
            self._decided[key] = None
            self.decided += 1

    def forget(self) -> None:
        """Drop the answers that hold under decisions of a context alone: the next question makes others."""
        for key in self._decided:
            found: _Kept | None = self._answers.pop(key)
            while type(found) is _Split:
                found = found.answers.get(_NOT_DECIDED)
            if found is not None and all(bind is None for bind in cast(_Answer, found).consulted.values()):
                self._answers[key] = found
        self._decided = {}
        self.decided = 0
        self._brief = {}
        self._meanwhile = {}
