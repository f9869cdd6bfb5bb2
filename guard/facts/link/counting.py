"""How often a request runs, and how often it is tried by what stands around it.

In: a decision of the context (`contexts.Leaf`) with the steps that it takes upward (`above`). Out: `Counted`: repeats
on the way, for each caller where a caller decides them, and the layers of attempts further up. Neighbours: `control`
reads what is around one call, `loops` adds and multiplies counts, `requests` asks.
"""

from __future__ import annotations

from typing import NamedTuple

from guard.facts.filefacts import CallRef, FileFacts
from guard.facts.link import attempts, control, loops
from guard.facts.link.above import Above, Node, Step, node_of, way_up
from guard.facts.link.callers import Callers
from guard.facts.link.contexts import Leaf
from guard.facts.link.draft import Draft
from guard.facts.link.engine import Engine
from guard.facts.link.stages import is_test
from guard.facts.link.things import Bind, Called, Root
from guard.model import Count

MAX_DECIDING = 32
"""Callers that are asked for a number of turns."""
MAX_PASSING = 8
"""Callers of a function that only passes such a number on."""
MAX_DEEPER = 2
"""Functions that may pass such a number on."""


class Counted(NamedTuple):
    """How often a request runs, and from where entry points are looked for."""

    arounds: tuple[control.Around, ...]
    """Of the send, then of each step up."""
    at: Node
    """The function from which entry points are looked for."""
    inner: Count
    """Calls of the request for one call of `at`."""
    total: Count
    """The same for one call of the outermost function."""
    only: tuple[Bind, ...] | None
    """The callers of `at` that make this request; None: all."""
    by_caller: dict[int, Count]
    """Other numbers than `inner` by the identity of a caller's bind."""


class Counting:
    """Counts the runs of requests of one project."""

    def __init__(self, engine: Engine, callers: Callers, above: Above) -> None:
        self.engine = engine
        self.callers = callers
        self.above = above

    def counted(self, facts: FileFacts, ref: CallRef, leaf: Leaf, node: Node, steps: list[Step]) -> Counted:
        """Repeats on the way up; where a caller decides a number of turns, each caller's number is looked at.

        Where one decision stands for several callers, entry points are looked for from the function they all call.
        """
        group = next((n for n, step in enumerate(steps) if Root("callers", *step.below) in leaf.grouped), len(steps))
        at = steps[group].below if group < len(steps) else steps[-1].above if steps else node
        root = Root("callers", *at)
        binds = leaf.grouped.get(root) if group < len(steps) else None
        arounds = self._arounds(facts, ref, steps, leaf.context)
        fixed = self._fixed(leaf, node, steps)
        inner = control.product([*fixed, *(a.repeats for a in arounds[: group + 1])])
        asks = frozenset(r for a in arounds for r in a.asks)
        starts: list[Bind] = binds or [] if inner.high != 1 else []
        if group == len(steps) and root in asks and not is_test(facts.path):
            starts = self.callers.of(root)
        by_caller: dict[int, Count] = {}
        if 0 < len(starts) <= MAX_DECIDING:
            below = steps[:group]
            found = [self._under(facts, ref, below, {**leaf.context, root: bind}, MAX_DEEPER) for bind in starts]
            by_caller = {id(b): control.product([*fixed, *(a.repeats for a in each)]) for b, each in zip(starts, found)}
            inner = loops.either(list(by_caller.values()))
            arounds = (*_over(arounds[: group + 1], found), *arounds[group + 1 :])
        total = control.product([inner, *(a.repeats for a in arounds[group + 1 :])])
        return Counted(arounds, at, inner, total, tuple(binds) if binds else None, by_caller)

    def _arounds(
        self, facts: FileFacts, ref: CallRef, steps: list[Step], context: dict[Root, Bind]
    ) -> tuple[control.Around, ...]:  # fmt: skip
        """What is around the send and around each step up, under a context."""
        engine = self.engine
        engine.context, engine.work = context, 0
        found = [control.around(engine, facts, ref, engine.root(facts.path, ref.scope))]
        for step in steps:
            if step.bind is not None:
                found.append(around_call(self.engine, step.bind))
                continue
            edge = next((e for e in self.above.edges(step.below) if e.node == step.above), None)
            found.append(edge.around if edge is not None else control.Around())
        return tuple(found)

    def _under(
        self, facts: FileFacts, ref: CallRef, steps: list[Step], context: dict[Root, Bind], deeper: int
    ) -> tuple[control.Around, ...]:  # fmt: skip
        """The same when a caller is chosen; a number that it only passes on is asked of its own callers."""
        found = self._arounds(facts, ref, steps, context)
        top = steps[-1].above if steps else node_of(facts, ref.scope)
        further = way_up(self.engine, context, top)
        root = Root("callers", *(further[-1].above if further else top))
        asks = frozenset(r for a in found for r in a.asks)
        if deeper == 0 or root not in asks or root in context:
            return found
        binds = self.callers.of(root)
        if len(binds) > MAX_PASSING:
            return found
        return _over(found, [self._under(facts, ref, steps, {**context, root: bind}, deeper - 1) for bind in binds])

    def _fixed(self, leaf: Leaf, node: Node, steps: list[Step]) -> list[Count]:
        """What multiplies apart from loops on the way: elements of a batch, recursion, callers of constructors."""
        draft, counts = leaf.draft, []
        counts += [*self.elements(draft), draft.target.runs]
        counts += [self.above.recursion(n).runs for n in dict.fromkeys([node, *(step.above for step in steps)])]
        on_way = {id(step.bind) for step in steps}
        others = [bind for bind in leaf.context.values() if isinstance(bind, Called) and id(bind) not in on_way]
        return [*counts, *(around_call(self.engine, bind).repeats for bind in others)]

    @staticmethod
    def elements(draft: Draft) -> list[Count]:
        """The number of requests in a batch; none for a single request."""
        if draft.elements == (1, 1):
            return []
        low, high = draft.elements
        return [Count(low, high or max(low, 1), high, ("requests in one batch",))]

    def layers_above(self, leaf: Leaf, node: Node, steps: list[Step], counted: Counted) -> list[attempts.LoopLayer]:
        """Attempts of functions that decide nothing: around closures on the way, and further up on the worst way."""
        nodes = dict.fromkeys([node, *(step.above for step in steps)])
        found = [layer for n in nodes for layer in self.above.recursion(n).layers]
        for step in steps:
            if step.bind is None:
                found += next((e.layers for e in self.above.edges(step.below) if e.node == step.above), ())
        tops = [steps[-1].above if steps else node]
        if counted.only is not None and steps and counted.at == steps[-1].below:
            called = [bind.frame for bind in counted.only if isinstance(bind, Called)]
            project = self.engine.project
            nodes_called = [node_of(project.sure_facts(frame.path), frame.scope) for frame in called]
            tops = list(dict.fromkeys(nodes_called)) or tops
        return found + list(attempts.worst([self.above.layers(top) for top in tops]))


def around_call(engine: Engine, bind: Called) -> control.Around:
    """What is around a call that the context names, under the context that is set."""
    ref = CallRef(bind.call, bind.frame.scope, bind.via)
    return control.around(engine, engine.project.sure_facts(bind.frame.path), ref, bind.frame)


def _over(arounds: tuple[control.Around, ...], ways: list[tuple[control.Around, ...]]) -> tuple[control.Around, ...]:
    """The same with repeats that span several ways."""
    return tuple(a._replace(repeats=loops.either([way[n].repeats for way in ways])) for n, a in enumerate(arounds))
