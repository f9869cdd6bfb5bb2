"""How often a closure runs for one call of the function around it.

In: the function that a site stands in, the decisions of a context. Out: a `Count`. A closure belongs to the function
that defines it: a loop there that calls it (`gather(*[one(x) for x in xs])`) repeats what stands in it. A closure that
others call, or that is handed to where guard cannot see its calls, has no such number: that is one. Neighbours: `above`
knows the calls, `requests` asks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from guard.facts.filefacts import CallRef
from guard.facts.link import control, loops
from guard.facts.link.above import Edge, Node
from guard.facts.link.things import Bind, Called, Root
from guard.model import ONCE, Count

if TYPE_CHECKING:
    from guard.facts.link.above import Above

MAX_CALLS = 16
"""Calls of one closure that are told apart by the arms of a branch they stand in; more are added up."""


class Closures:
    """Numbers of calls of closures under the decisions of one context."""

    def __init__(self, above: Above) -> None:
        self.above = above
        self._context: dict[Root, Bind] = {}
        self._grouped: Mapping[Root, Sequence[Bind]] = {}
        self._kept: dict[Node, Count] = {}

    def under(self, context: dict[Root, Bind], grouped: Mapping[Root, Sequence[Bind]]) -> None:
        """Take the decisions of a context from here on; `grouped`: those that one decision stands for."""
        self._context, self._grouped, self._kept = context, grouped, {}

    def runs(self, node: Node) -> Count:
        """Runs of a function for one call of the outermost function around it; one for what is no closure."""
        if node not in self._kept:
            self._kept[node] = ONCE  # closures that call one another in a circle: how often is not for here
            self._kept[node] = self._found(node)
        return self._kept[node]

    def _found(self, node: Node) -> Count:
        around = self._enclosing(node)
        if around is None:
            return ONCE
        chosen = self._chosen(node)
        edges = [e for e in self.above.edges(node) if e.bind is not None and (not chosen or _place(e) in chosen)]
        if not edges or not all(self._within(edge.node, around) for edge in edges):
            return ONCE
        counts = [self._of_edge(edge, chosen) for edge in edges]
        return self._together(edges, counts)

    def _enclosing(self, node: Node) -> Node | None:
        """The outermost function around a closure; None for what is no closure."""
        facts = self.above.engine.project.facts(node[0])
        found = None
        at = facts.scopes[node[1]].parent if facts is not None and node[1] > 0 else -1
        while facts is not None and at > 0 and facts.scopes[at].kind != "class":
            if facts.scopes[at].kind == "function":
                found = at
            at = facts.scopes[at].parent
        return None if found is None else (node[0], found)

    def _within(self, node: Node, outermost: Node) -> bool:
        return node == outermost or self._enclosing(node) == outermost

    def _chosen(self, node: Node) -> dict[tuple[str, object], Called]:
        """The calls of a closure that the context decided on, by their places."""
        root = Root("callers", *node)
        binds = self._grouped.get(root) or [self._context[root]] if root in self._context else []
        return {(b.frame.path, b.call.pos.start): b for b in binds if isinstance(b, Called)}

    def _of_edge(self, edge: Edge, chosen: dict[tuple[str, object], Called]) -> Count:
        """Runs by one call, for one call of the outermost function."""
        own = edge.around.repeats
        bind = chosen.get(_place(edge))
        facts = None if bind is None else self.above.engine.project.facts(bind.frame.path)
        if bind is not None and facts is not None and own != ONCE:
            engine = self.above.engine
            engine.work = 0
            own = control.around(engine, facts, CallRef(bind.call, bind.frame.scope, bind.via), bind.frame).repeats
        return control.product([self.runs(edge.node), own])

    def _together(self, edges: list[Edge], counts: list[Count]) -> Count:
        """Calls add up, but of arms that exclude one another one runs."""
        groups: list[list[int]] = []
        for index, edge in enumerate(edges):
            fits = (g for g in groups if len(edges) <= MAX_CALLS and all(self._apart(edges[i], edge) for i in g))
            group = next(fits, None)
            if group is None:
                groups.append([index])
            else:
                group.append(index)
        total = loops.either([counts[i] for i in groups[0]])
        for group in groups[1:]:
            total = loops.added(total, loops.either([counts[i] for i in group]))
        return total

    def _apart(self, first: Edge, second: Edge) -> bool:
        """Whether one run of the function that two calls stand in makes only one of them."""
        facts = self.above.engine.project.facts(first.node[0])
        if facts is None or first.node != second.node:
            return False
        return control.exclusive_with(facts.scopes[first.node[1]], first.place, second.place) is not None


def _place(edge: Edge) -> tuple[str, object]:
    return (edge.node[0], edge.place)
