"""Entry points: from which roots of the repository is a function reached, and how often per run of each.

In: a function. Out: `Reach`es: web routes, commands, tasks, `__main__`, notebooks, and functions that nobody calls. The
repeats of all ways add up. Each function is answered once, callers first, so that work grows with the number of calls.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from guard.facts.filefacts import FileFacts
from guard.facts.link import control, loops
from guard.facts.link.reads import Memo
from guard.facts.link.stages import is_test
from guard.facts.link.things import Bind, Called
from guard.facts.link.values import Spans
from guard.model import Count, Reach

if TYPE_CHECKING:
    from guard.facts.link.above import Above, Edge, Node

MAX_ENTRIES = 32
MAX_CHAIN = 24
"""Calls that are kept as an example of a way."""


class Way(NamedTuple):
    """One entry point with the calls per run and one example of the way there."""

    entry: str
    kind: str
    aliases: tuple[str, ...]
    repeats: Count
    chain: tuple[Called, ...]


class Entries:
    """Answers for functions, each found once."""

    def __init__(self, above: Above) -> None:
        self.above = above
        self.spans = Spans(above.engine.project)
        self._kept: Memo[Node, tuple[Way, ...]] = Memo(above.engine.recorder)
        self._answered = 0

    def reach(
        self, node: Node, inner: Count, only: Iterable[Bind] | None = None, by_caller: Mapping[int, Count] | None = None
    ) -> tuple[Reach, ...]:  # fmt: skip
        """The entry points that reach a function, with `inner` calls of the request for each call of the function.

        `only`: the calls of the function to look at (all without it). `by_caller`: other numbers of calls where a
        caller decides them, by the identity of the caller's bind.
        """
        ways: Iterable[tuple[Way, Count]] = [(way, inner) for way in self._ways(node)]
        wanted = None if only is None else {id(bind) for bind in only}
        edges = self.above.edges(node)
        if edges and (wanted is not None or by_caller):
            chosen = [e for e in edges if wanted is None or id(e.bind) in wanted]
            numbers = by_caller or {}
            ways = [(way, numbers.get(id(e.bind), inner)) for e in chosen or edges for way in self._through(e)]
        found: dict[str, Reach] = {}
        for way, number in ways:
            count = control.product([way.repeats, number])
            old = found.get(way.entry)
            if old is not None:
                found[way.entry] = Reach(way.entry, way.kind, loops.added(old.repeats, count), way.aliases, old.chain)
                continue
            chain = tuple(self.spans(c.frame.path, c.call.pos) for c in way.chain)
            found[way.entry] = Reach(way.entry, way.kind, count, way.aliases, chain)
        return tuple(list(found.values())[:MAX_ENTRIES])

    def itself(self, node: Node, inner: Count) -> tuple[Reach, ...]:
        """A function as an entry point: code outside of the repository calls it."""
        way = self._way(node)
        return (Reach(way.entry, way.kind, inner, way.aliases),)

    def _ways(self, node: Node) -> tuple[Way, ...]:
        above = self.above
        above.component(node)
        while self._answered < len(above.components):
            members = above.components[self._answered]
            self._answered += 1
            with above.engine.recorder.stretch() as code:
                ways = self._of_component(members)
            for member in members:
                self._kept.put(member, ways, code[0])
        return self._kept.of(node)

    def _of_component(self, members: tuple[Node, ...]) -> tuple[Way, ...]:
        """All ways into a circle of functions (mostly one function), each entry point once."""
        merged: dict[str, Way] = {}
        for edge in self.above.outside(members):
            for way in self._through(edge):
                count = way.repeats
                if len(members) > 1:
                    count = control.product([count, self.above.recursion(members[0]).runs])
                old = merged.get(way.entry)
                total = count if old is None else loops.added(old.repeats, count)
                merged[way.entry] = (old or way)._replace(repeats=total)
        return tuple(list(merged.values())[:MAX_ENTRIES]) or (self._way(min(members)),)

    def _through(self, edge: Edge) -> list[Way]:
        """The ways to a function that go over one call of it."""
        found = []
        again = self.above.recursion(edge.node).runs
        for way in self._kept.of(edge.node) if edge.node in self._kept else ():
            count = control.product([way.repeats, again, edge.around.repeats])
            if edge.around.conditional:
                count = Count(0, count.typical, count.high, count.why, guessed=count.guessed)
            chain = way.chain if edge.bind is None else (*way.chain, edge.bind)
            found.append(way._replace(repeats=count, chain=chain[:MAX_CHAIN]))
        return found

    def _way(self, node: Node) -> Way:
        facts = self.above.engine.project.facts(node[0])
        if facts is None:
            return Way(f"{node[0]}::<module>", "module", (), Count(), ())
        scope = facts.scopes[node[1]]
        mark = self.above.marks.of(facts, scope)
        kind, aliases = (mark.kind, mark.aliases) if mark is not None else (None, ())
        module = facts.path.removesuffix(".py").removesuffix("/__init__").removeprefix("src/").replace("/", ".")
        if scope.kind == "module":
            script = self.above.marks.of_module(facts)
            name, fallback = "<module>", script.kind if script else "main" if _is_script(facts) else "module"
            if facts.path.endswith(".ipynb"):
                fallback = "notebook"
        else:
            name, fallback = scope.qualname, "test" if is_test(facts.path) else "function"
            if not facts.path.endswith(".ipynb"):
                aliases = (*aliases, f"{module}:{scope.qualname}")
        return Way(f"{facts.path}::{name}", kind or fallback, aliases, Count(), ())


def _is_script(facts: FileFacts) -> bool:
    """Whether a module has an `if __name__ == "__main__"` block."""
    return any(loops.is_main_test(block.test) for block in facts.scopes[0].blocks)
