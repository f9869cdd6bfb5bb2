"""The calls that lead to a function, as a graph: who runs it, how often, with how many attempts, after which failure.

In: a function (path and scope). Out: its `Edge`s, and answers that go all the way up. Functions that call one another
in a circle are one component; components come callers first, so that each is answered once and work grows with the
number of calls. Asked under an empty context: what a single caller decides is in `requests`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from guard.facts.expr import Call, Expr, Lambda, Name
from guard.facts.filefacts import CallRef, FileFacts, Scope
from guard.facts.link import attempts, control, loops, recursion, running
from guard.facts.link.attempts import LoopLayer
from guard.facts.link.control import Around
from guard.facts.link.marks import Marks
from guard.facts.link.names import Place
from guard.facts.link.reads import CUT, Memo
from guard.facts.link.recursion import Recursion
from guard.facts.link.things import Bind, Called, Frame, Func, Root
from guard.model import Count

if TYPE_CHECKING:
    from guard.facts.link.callers import Callers
    from guard.facts.link.engine import Engine

T = TypeVar("T")
Node = tuple[str, int]
"""Path and scope of a function, lambda or module."""

MAX_FUNCTIONS = 4000
"""Functions whose callers are looked for; the others count as entry points."""
CIRCLE = "functions that call one another without a bound that guard can see"
MAX_INVOKES = 8
"""Calls of frameworks that are sites of one request."""
MAX_ABOVE = 200
"""Functions that are looked at for them."""
MAX_DECIDING = 8
"""Callers that are asked for the number of turns of one loop."""


class Edge(NamedTuple):
    """A call that runs a function."""

    node: Node
    """The function (or module) that the call stands in."""
    place: Place
    around: Around
    layers: tuple[LoopLayer, ...]
    """Attempts that code around the call makes."""
    bind: Called | None


def node_of(facts: FileFacts, scope: int) -> Node:
    """The function, lambda or module around a scope; classes and comprehensions run with what is around them."""
    while scope > 0 and facts.scopes[scope].kind in ("comp", "class"):
        scope = facts.scopes[scope].parent
    return facts.path, max(scope, 0)


class Above:
    """The graph of calls, made as far as it is asked for."""

    def __init__(self, engine: Engine, callers: Callers) -> None:
        self.engine = engine
        self.callers = callers
        self.marks = Marks(engine)
        self.components: list[tuple[Node, ...]] = []
        """Circles of functions (mostly of one), callers first."""
        self._number: Memo[Node, int] = Memo(engine.recorder)
        self._edges: Memo[Node, tuple[Edge, ...]] = Memo(engine.recorder)
        self._recursions: Memo[Node, Recursion] = Memo(engine.recorder)
        self._lambdas: dict[str, dict[int, list[tuple[CallRef, int | str]]]] = {}
        """By file; rests on the facts of that file alone, which who asks has read."""
        self._layers: Memo[Node, tuple[LoopLayer, ...]] = Memo(engine.recorder)
        self._invokes: Memo[Node, tuple[tuple[CallRef, Frame], ...]] = Memo(engine.recorder)
        self._answered = 0

    # --- edges --------------------------------------------------------------------------------------------------

    def edges(self, node: Node) -> tuple[Edge, ...]:
        """The calls that run a function; none for a module, an entry point, or a function that nobody calls."""
        if len(self._edges) >= MAX_FUNCTIONS and node not in self._edges:
            self.engine.recorder.note(CUT)
            return ()
        return self._edges.once(node, lambda: self._quietly(lambda: self._found(node)), ())

    def _quietly(self, question: Callable[[], T]) -> T:
        """Answers under an empty context and leaves the recorders as they were."""
        with self.engine.aside({}):
            return question()

    def _found(self, node: Node) -> tuple[Edge, ...]:
        facts = self.engine.project.facts(node[0])
        if facts is None:
            return ()
        scope = facts.scopes[node[1]]
        if scope.kind == "lambda":
            return self._of_lambda(facts, scope)
        mark = self.marks.of(facts, scope)
        if scope.kind != "function" or (mark is not None and not mark.started):
            return ()
        found = []
        for bind in self.callers.of(Root("callers", *node)):
            above = self.engine.project.facts(bind.frame.path) if isinstance(bind, Called) else None
            if above is not None and isinstance(bind, Called):
                around = self._around(above, CallRef(bind.call, bind.frame.scope, bind.via))
                at = node_of(above, bind.frame.scope)
                found.append(Edge(at, bind.call.pos.start, around, around.retries, bind))
        outer = facts.scopes[scope.parent] if scope.parent >= 0 else scope
        if mark is not None:  # a task is run by its queue, too; a script that only runs it once is no reason for it
            return tuple(edge for edge in found if edge.node[1] != 0)
        if not found and outer.kind == "function":  # a closure that is handed out: the function around it lets it run
            found.append(Edge((facts.path, outer.id), scope.pos.start, Around(), (), None))
        return tuple(found)

    def _around(self, facts: FileFacts, ref: CallRef) -> Around:
        """What is around a call; numbers of turns that the callers of its function decide are asked of them."""
        engine = self.engine
        engine.ask({})
        frame = engine.root(facts.path, ref.scope)
        found = control.around(engine, facts, ref, frame)
        asked = found.asks | {root for (root, _), bind in engine.consulted.items() if bind is None}
        root = Root("callers", *node_of(facts, ref.scope))
        if root not in asked or root.scope == 0:
            return found
        binds = self.callers.of(root)
        if len(binds) > MAX_DECIDING:
            return found
        ways = []
        for bind in binds:
            engine.ask({root: bind})
            ways.append(control.around(engine, facts, ref, frame))
        counts = loops.either([w.repeats for w in ways])
        return found._replace(repeats=counts, retries=attempts.worst([w.retries for w in ways]))

    def _of_lambda(self, facts: FileFacts, scope: Scope) -> tuple[Edge, ...]:
        """A lambda runs where a function that it is handed to calls it; else with the code around it."""
        found = []
        for ref, where in self._handed(facts).get(scope.id, ()):
            around = self._around(facts, ref)
            for inner, layers in self._through(facts, ref, where):
                whole = around._replace(repeats=control.product([around.repeats, inner]))
                at = node_of(facts, ref.scope)
                found.append(Edge(at, ref.call.pos.start, whole, (*layers, *around.retries), None))
        return tuple(found) or (Edge(node_of(facts, scope.parent), scope.pos.start, Around(), (), None),)

    def _handed(self, facts: FileFacts) -> dict[int, list[tuple[CallRef, int | str]]]:
        """Of each lambda of a file: the calls that it is an argument of, with its position or keyword."""
        if facts.path not in self._lambdas:
            index: dict[int, list[tuple[CallRef, int | str]]] = {}
            for ref in facts.calls:
                given: Iterable[tuple[int | str | None, Expr]] = (*enumerate(ref.call.args), *ref.call.keywords)
                for where, value in given:
                    if isinstance(value, Lambda) and where is not None:
                        index.setdefault(value.scope, []).append((ref, where))
            self._lambdas[facts.path] = index
        return self._lambdas[facts.path]

    def _through(self, facts: FileFacts, ref: CallRef, where: int | str) -> list[tuple[Count, tuple[LoopLayer, ...]]]:
        """How a function of the repository calls an argument: once for each place where it does, with its attempts."""
        engine = self.engine
        caller = engine.root(facts.path, ref.scope)
        for alt in engine.quietly(ref.call.func, caller).alts[:1]:
            func = alt.thing
            helper = engine.project.facts(func.path) if isinstance(func, Func) else None
            if not isinstance(func, Func) or helper is None:
                return []
            scope = helper.scopes[func.scope]
            name = _parameter(scope, where, func.bound is not None)
            calls = [r for r in helper.by_name.get(name or "", ()) if isinstance(r.call.func, Name)]
            return self._calls_of_parameter(helper, func, calls, ref.call, facts, ref)
        return []

    def _calls_of_parameter(
        self, helper: FileFacts, func: Func, calls: list[CallRef], call: Call, facts: FileFacts, ref: CallRef
    ) -> list[tuple[Count, tuple[LoopLayer, ...]]]:  # fmt: skip
        engine = self.engine
        caller = engine.root(facts.path, ref.scope)
        outside = tuple(attempts.decorator_layers(engine, helper.path, helper.scopes[func.scope]))
        found: list[tuple[Count, tuple[LoopLayer, ...]]] = []
        after = 0
        for inner in calls:
            frame = attempts.nested_frame(engine, helper, inner.scope, func, call, caller)
            if frame is None:
                continue
            around = control.around(engine, helper, inner, frame)
            if around.handler is not None:
                after += 1
            else:
                found.append((around.repeats, (*around.retries, *outside)))
        if after and len(found) == 1:
            pos = calls[-1].call.pos
            again = LoopLayer("tried again after a failure", 1 + after, "maybe", helper.path, pos, "in an except block")
            found = [(found[0][0], (*found[0][1], again))]
        return found

    def invokes(self, node: Node) -> tuple[tuple[CallRef, Frame], ...]:
        """The calls that make a framework run a function or one of those that call it, nearest first."""
        return self._invokes.once(node, lambda: self._find_invokes(node))

    def _find_invokes(self, node: Node) -> tuple[tuple[CallRef, Frame], ...]:
        found: dict[tuple[str, Place], tuple[CallRef, Frame]] = {}
        seen, waiting = {node}, [node]
        while waiting and len(found) < MAX_INVOKES:
            for edge in self.edges(waiting.pop(0)):
                bind = edge.bind
                ref = self._invoked(bind) if bind is not None else None
                if ref is not None and bind is not None:
                    found.setdefault((bind.frame.path, edge.place), (ref, bind.frame))
                if edge.node not in seen and len(seen) < MAX_ABOVE:
                    seen.add(edge.node)
                    waiting.append(edge.node)
        return tuple(found.values())

    def _invoked(self, bind: Called) -> CallRef | None:
        return self._quietly(lambda: running.invoked(self.engine, bind))

    # --- recursion ----------------------------------------------------------------------------------------------

    def recursion(self, node: Node) -> Recursion:
        """How often a function runs for one call from outside because it, or a circle it is in, calls itself."""
        return self._recursions.once(node, lambda: self._find_recursion(node))

    def _find_recursion(self, node: Node) -> Recursion:
        facts = self.engine.project.facts(node[0])
        found = Recursion()
        if facts is not None:
            engine, scope = self.engine, facts.scopes[node[1]]
            found = self._quietly(lambda: recursion.of(engine, self.callers, facts, scope))
        if len(self.component(node)) > 1:
            found = found._replace(runs=Count(1, 1, None, (CIRCLE,)))
        return found

    # --- all the way up -----------------------------------------------------------------------------------------

    def component(self, node: Node) -> tuple[Node, ...]:
        """The functions that a function calls and is called by, itself included."""
        if node not in self._number:
            with self.engine.recorder.stretch() as code:
                settled = self._settle(node)
            for member, number in settled.items():
                self._number.put(member, number, code[0])
        return self.components[self._number.of(node)]

    def _settle(self, start: Node) -> dict[Node, int]:
        """Tarjan's search for strongly connected components from a function upwards, without recursion; the numbers of
        those that were not known."""
        numbers: dict[Node, int] = {}
        index: dict[Node, int] = {start: 0}
        low: dict[Node, int] = {start: 0}
        path: list[Node] = [start]
        on_path = {start}
        work = [(start, iter(self.edges(start)))]
        while work:
            node, rest = work[-1]
            following = next((e.node for e in rest if not (e.node in numbers or self._is_settled(e.node))), None)
            if following is not None:
                if following not in index:
                    index[following] = low[following] = len(index)
                    path.append(following)
                    on_path.add(following)
                    work.append((following, iter(self.edges(following))))
                elif following in on_path:
                    low[node] = min(low[node], index[following])
                continue
            work.pop()
            if work:
                below = work[-1][0]
                low[below] = min(low[below], low[node])
            if low[node] == index[node]:
                members = []
                while True:
                    member = path.pop()
                    on_path.discard(member)
                    numbers[member] = len(self.components)
                    members.append(member)
                    if member == node:
                        break
                self.components.append(tuple(members))
        return numbers

    def _is_settled(self, node: Node) -> bool:
        return node in self._number and self._number.of(node) >= 0

    def outside(self, members: tuple[Node, ...]) -> list[Edge]:
        """The calls that enter a component from without."""
        inside = set(members)
        return [edge for member in members for edge in self.edges(member) if edge.node not in inside]

    def layers(self, node: Node) -> tuple[LoopLayer, ...]:
        """Attempts that callers make around a function, on the way with the most of them."""
        self.component(node)
        while self._answered < len(self.components):
            members = self.components[self._answered]
            self._answered += 1
            with self.engine.recorder.stretch() as code:
                most = self._worst(members)
            for member in members:
                self._layers.put(member, most, code[0])
        return self._layers.of(node)

    def _worst(self, members: tuple[Node, ...]) -> tuple[LoopLayer, ...]:
        ways = [self.through(edge) for edge in self.outside(members)]
        most = attempts.worst(ways)
        if any(_brief(way) != _brief(most) for way in ways):
            most = tuple(layer._replace(why=f"{layer.why}, on one way of several".lstrip(", ")) for layer in most)
        return most

    def through(self, edge: Edge) -> tuple[LoopLayer, ...]:
        """Attempts around a call and around the function it stands in, whose component must have been answered."""
        return (*edge.layers, *self.own(edge.node), *(self._layers.of(edge.node) if edge.node in self._layers else ()))

    def own(self, node: Node) -> tuple[LoopLayer, ...]:
        """Attempts that a function's decorators make, and its calls of itself after a failure."""
        path, scope = node
        decorators = self._quietly(
            lambda: tuple(attempts.decorator_layers(self.engine, path, self.engine.project.scope(path, scope)))
        )
        return (*decorators, *self.recursion(node).layers)

    def passes(self, node: Node, function: Node, start: Place, end: Place, kept: dict[Node, bool]) -> bool:
        """Whether a way to a function goes through a stretch of another one. `kept`: answers for this stretch."""
        waiting, seen = [node], {node}
        while waiting:
            at = waiting.pop()
            if kept.get(at) is True:
                return kept.setdefault(node, True)
            if kept.get(at) is False:
                continue
            for edge in self.edges(at):
                if edge.node == function and start <= edge.place < end:
                    kept[node] = True
                    return True
                if edge.node not in seen:
                    seen.add(edge.node)
                    waiting.append(edge.node)
        kept.update(dict.fromkeys(seen, False))
        return False


def _brief(layers: tuple[LoopLayer, ...]) -> list[tuple[str, int | None]]:
    return [(layer.name, layer.attempts) for layer in layers]


def _parameter(scope: Scope, where: int | str, bound: bool) -> str | None:
    """The parameter that a position or keyword of a call fills."""
    if isinstance(where, str):
        return where if any(p.name == where for p in scope.params) else None
    names = [p.name for p in scope.params if p.kind in ("positional", "positional_only")]
    at = where + (1 if bound else 0)
    return names[at] if at < len(names) else None


class Step(NamedTuple):
    """One step up from a function: to the call that a context names, or to the function around a closure."""

    below: Node
    above: Node
    bind: Called | None


def way_up(engine: Engine, context: dict[Root, Bind], node: Node) -> list[Step]:
    """The steps up from a function that a context decides, the innermost first."""
    found: list[Step] = []
    sure = 0
    seen: set[Node] = set()
    while node not in seen:
        seen.add(node)
        bind = context.get(Root("callers", *node))
        facts = engine.project.facts(bind.frame.path if isinstance(bind, Called) else node[0])
        if facts is None:
            break
        if isinstance(bind, Called):
            found.append(Step(node, node_of(facts, bind.frame.scope), bind))
            sure = len(found)
        elif bind is None and facts.scopes[node[1]].parent > 0:
            found.append(Step(node, node_of(facts, facts.scopes[node[1]].parent), None))
        else:
            break
        node = found[-1].above
    return found[:sure]
