"""Graphs of steps (LangGraph): how often a node runs in one run of its graph.

In: the call that makes a graph, the name of a node, the limit of steps. Out: a `Count`. A node on no circle runs as
often as steps lead to it; a node on a circle is bounded by the limit of steps, divided by the length of its circle;
a node that is sent to (`Send("node", ...)`) runs once for each message, without a bound.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

from guard.facts.expr import Call, Expr, Item, Seq, last_name
from guard.facts.filefacts import Scope
from guard.facts.link import adding
from guard.facts.link.arguments import is_absent
from guard.facts.link.things import DictOf, Ext, Frame, Func, Inst, ListOf, Lit, Made, Partial, Result
from guard.model import ONCE, Count

if TYPE_CHECKING:
    from guard.facts.link.engine import Engine

START, END = "__start__", "__end__"
MAX_STEPS = 64
"""Steps that are followed where there is no circle."""
LOOPS = "the graph may come to it again; its limit of steps is the bound"


@dataclass(slots=True)
class Graph:
    """Nodes and edges as far as they are known."""

    nodes: set[str] = field(default_factory=set)
    edges: list[tuple[tuple[str, ...], str]] = field(default_factory=list)
    """Edges that are always taken: when all sources have run, the target runs."""
    branches: dict[str, set[str]] = field(default_factory=dict)
    """Targets of which some are taken after a node."""
    anywhere: set[str] = field(default_factory=set)
    """Nodes after which any node may run."""
    sent: set[str] = field(default_factory=set)
    """Nodes that messages are sent to, one run for each."""

    def after(self, node: str) -> set[str]:
        """The nodes that may run next."""
        if node in self.anywhere:
            return set(self.nodes)
        always = {target for sources, target in self.edges if node in sources}
        return (always | self.branches.get(node, set())) - {END}


def runs(engine: Engine, made: Made, node: str | None, limit: int | None) -> Count:
    """How often a node runs in one run of the graph that a call makes. `limit`: steps at most (None: no bound)."""
    graph = _graph(engine, made)
    if node is None or node not in graph.nodes:
        return Count(0, 1, limit, (LOOPS,))
    if node in graph.sent:
        return Count(0, 1, None, ("one run for each message that is sent to the node",))
    circle = _circle(graph, node)
    if circle is not None:
        high = None if limit is None else max(1, -(-limit // circle))
        return Count(0 if _skippable(graph, node) else 1, 1, high, (LOOPS,))
    if node in _repeated(graph):
        return Count(0, 1, limit, ("what leads to it may run again",))
    steps = max(1, _steps(graph, node))
    if _skippable(graph, node):
        return Count(0, 1, steps, ("the graph decides whether it runs",))
    return ONCE if steps == 1 else Count(1, steps, steps, ("several ways of different length lead to it",))


def _graph(engine: Engine, made: Made) -> Graph:
    key = (made.frame.path, made.call.pos)
    found: Graph = engine.graphs.once(key, lambda: _read(engine, made))
    return found


def _read(engine: Engine, made: Made) -> Graph:
    graph = Graph()
    for call, frame in adding.later_calls(engine, made, "add_node"):
        _node(engine, graph, call, frame)
    for call, frame in adding.later_calls(engine, made, "add_sequence"):
        _sequence(engine, graph, call, frame)
    for call, frame in adding.later_calls(engine, made, "add_edge"):
        sources, targets = (
            _names(engine, _arg(call, 0, "start_key"), frame),
            _names(engine, _arg(call, 1, "end_key"), frame),
        )
        if sources is None or targets is None or len(targets) != 1:
            graph.anywhere |= set(sources or graph.nodes)
        else:
            graph.edges.append((tuple(sources), targets[0]))
    for name, first in (("set_entry_point", "key"), ("set_conditional_entry_point", "path")):
        for call, frame in adding.later_calls(engine, made, name):
            if name == "set_entry_point":
                graph.edges += [((START,), n) for n in _names(engine, _arg(call, 0, first), frame) or ()]
            else:
                _branch(engine, graph, [START], _arg(call, 0, first), _arg(call, 1, "path_map"), frame)
    for call, frame in adding.later_calls(engine, made, "add_conditional_edges"):
        sources = _names(engine, _arg(call, 0, "source"), frame)
        path, mapped = _arg(call, 1, "path"), _arg(call, 2, "path_map") or _arg(call, 2, "then")
        _branch(engine, graph, sources if sources is not None else sorted(graph.nodes), path, mapped, frame)
    return graph


def _arg(call: Call, index: int, name: str) -> Expr | None:
    given = dict(call.keywords).get(name)
    return given if given is not None else call.args[index] if index < len(call.args) else None


def _names(engine: Engine, expr: Expr | None, frame: Frame) -> list[str] | None:
    """The names of nodes in a value: a text, START or END, a function, or a list of them. None: not known."""
    result = engine.quietly(expr, frame) if expr is not None else Result(())
    if len(result.alts) != 1 or result.open:
        return None
    thing = result.alts[0].thing
    if isinstance(thing, ListOf) and not thing.open:
        found: list[str] = []
        for cell in thing.items:
            named = _name_of(engine, engine.force(cell))
            if named is None:
                return None
            found.append(named)
        return found
    named = _name_of(engine, result)
    return None if named is None else [named]


def _name_of(engine: Engine, result: Result) -> str | None:
    thing = result.alts[0].thing if len(result.alts) == 1 and not result.open else None
    if isinstance(thing, Lit) and isinstance(thing.value, str):
        return thing.value
    if isinstance(thing, Ext) and thing.chain.endswith((".START", ".END")):
        return START if thing.chain.endswith(".START") else END
    func = thing.func if isinstance(thing, Partial) else thing
    return engine.project.scope(func.path, func.scope).name if isinstance(func, Func) else None


def _node(engine: Engine, graph: Graph, call: Call, frame: Frame) -> None:
    named = _names(engine, _arg(call, 0, "node"), frame)
    if not named:
        return
    graph.nodes.add(named[0])
    action = _arg(call, 1, "action") or _arg(call, 0, "node")
    for func in _functions(engine, action, frame):
        scope = engine.project.scope(func.path, func.scope)
        goto = _commands(engine, func, scope)
        if goto is None:
            graph.anywhere.add(named[0])
        elif goto:
            graph.branches.setdefault(named[0], set()).update(goto)
        graph.sent |= _sent(engine, func)


def _sequence(engine: Engine, graph: Graph, call: Call, frame: Frame) -> None:
    """`add_sequence([first, second])`: one node after the other."""
    named = _names(engine, _arg(call, 0, "nodes"), frame) or []
    graph.nodes |= set(named)
    graph.edges += [((a,), b) for a, b in pairwise(named)]


def _branch(
    engine: Engine, graph: Graph, sources: list[str], path: Expr | None, mapped: Expr | None, frame: Frame
) -> None:  # fmt: skip
    """Where a function decides on what comes next: by its map, else by what it returns or says it does."""
    targets = _mapped(engine, mapped, frame)
    for func in _functions(engine, path, frame):
        graph.sent |= _sent(engine, func)
        targets = targets if targets is not None else _returned(engine, func)
    chains = [a.thing.chain for a in engine.quietly(path, frame).alts if isinstance(a.thing, Ext)] if path else []
    if targets is None and any(chain.endswith(".tools_condition") for chain in chains):
        targets = {"tools", END}
    for source in sources:
        if targets is None:
            graph.anywhere.add(source)
        else:
            graph.branches.setdefault(source, set()).update(targets)


def _mapped(engine: Engine, mapped: Expr | None, frame: Frame) -> set[str] | None:
    result = engine.quietly(mapped, frame) if mapped is not None else Result(())
    thing = result.alts[0].thing if len(result.alts) == 1 and not result.open else None
    if isinstance(thing, DictOf) and not thing.open:
        found = [_name_of(engine, engine.force(entry.value)) for entry in thing.entries]
        return None if None in found else {name for name in found if name is not None}
    if isinstance(thing, ListOf) and not thing.open:
        return set(_names(engine, mapped, frame) or ()) or None
    return None


def _functions(engine: Engine, expr: Expr | None, frame: Frame) -> list[Func]:
    found = []
    for alt in engine.quietly(expr, frame).alts if expr is not None else ():
        thing = alt.thing.func if isinstance(alt.thing, Partial) else alt.thing
        if isinstance(thing, Func):
            found.append(thing)
        elif isinstance(thing, Inst):
            from guard.facts.link import objects

            method = objects.method(engine, objects.order(engine, thing.cls)[0], "__call__")
            found += [Func(method[0].path, method[1].id, thing)] if method is not None else []
    return found


def _returned(engine: Engine, func: Func) -> set[str] | None:
    """The names that a deciding function can return; None where they are not all known."""
    from guard.facts.link import calling

    scope = engine.project.scope(func.path, func.scope)
    said = _literals(engine, func, scope)
    if said is not None:
        return said
    frame = engine.frame(func.path, func.scope, None, None, func.bound, func.lexical)
    outer, engine.consulted = engine.consulted, {}
    try:
        result = calling.returned(engine, scope, frame)
    finally:
        engine.consulted = outer
    names: set[str] = set()
    for alt in result.alts:
        if isinstance(alt.thing, ListOf) and not alt.thing.open:
            inner = [_name_of(engine, engine.force(cell)) for cell in alt.thing.items]
        else:
            inner = [_name_of(engine, Result((alt,)))]
        if None in inner or is_absent(alt):
            return names | _sent(engine, func) if _sent(engine, func) else None
        names |= {name for name in inner if name is not None}
    return names if names and not result.open else (_sent(engine, func) or None)


def _literals(engine: Engine, func: Func, scope: Scope) -> set[str] | None:
    """The names in an annotation `-> Literal["a", "b"]` or `-> Command[Literal["a", "b"]]`."""
    annotation = scope.annotation
    while isinstance(annotation, Item) and last_name(annotation.base) in ("Command", "Awaitable", "Optional"):
        annotation = annotation.key
    if not isinstance(annotation, Item) or last_name(annotation.base) != "Literal":
        return None
    parts = annotation.key.items if isinstance(annotation.key, Seq) else (annotation.key,)
    frame = engine.module(func.path)
    found = [_name_of(engine, engine.quietly(part, frame)) for part in parts]
    return None if None in found else {name for name in found if name is not None}


def _commands(engine: Engine, func: Func, scope: Scope) -> set[str] | None:
    """Where a node goes itself (`return Command(goto="next")`): nowhere (empty), these nodes, or None: not known."""
    calls = [(c, f) for c, f in _calls(engine, func, "Command") if any(k == "goto" for k, _ in c.keywords)]
    if not calls:
        return set()
    said = _literals(engine, func, scope)
    if said is not None:
        return said
    found: set[str] = set()
    for call, frame in calls:
        goto = dict(call.keywords)["goto"]
        if _is_send(goto):
            continue
        named = _names(engine, goto, frame)
        if named is None:
            return None
        found |= set(named)
    return found | _sent(engine, func)


def _is_send(expr: Expr) -> bool:
    element = getattr(expr, "element", None)
    return isinstance(element, Call) and last_name(element.func) == "Send"


def _sent(engine: Engine, func: Func) -> set[str]:
    """The nodes that a function sends messages to."""
    found: set[str] = set()
    for call, frame in _calls(engine, func, "Send"):
        found |= set(_names(engine, _arg(call, 0, "node"), frame) or ())
    return found


def _calls(engine: Engine, func: Func, name: str) -> list[tuple[Call, Frame]]:
    facts = engine.project.facts(func.path)
    scope = engine.project.scope(func.path, func.scope)
    if facts is None:
        return []
    return [
        (ref.call, engine.root(func.path, ref.scope))
        for ref in facts.by_name.get(name, ())
        if scope.pos.start <= ref.call.pos.start and ref.call.pos.end <= scope.pos.end
    ]


def _circle(graph: Graph, node: str) -> int | None:
    """The length of the shortest circle through a node; None when it is on none."""
    seen, level, length = set[str](), {node}, 0
    while level:
        length += 1
        level = {following for n in level for following in graph.after(n)} - seen
        if node in level:
            return length
        seen |= level
    return None


def _repeated(graph: Graph) -> set[str]:
    """Nodes on no circle that may run often all the same: what always follows a node that does."""
    circles = {node for node in graph.nodes if _circle(graph, node) is not None}
    found: set[str] = set()
    while True:
        more = {t for s, t in graph.edges if (circles | found) & set(s)}
        more |= {t for node in found for t in graph.branches.get(node, ())}
        more -= circles | found
        if not more:
            return found
        found |= more


def _skippable(graph: Graph, node: str) -> bool:
    """Whether a run may end without having come to the node: no way of edges that are always taken leads there."""
    reached = {START}
    while True:
        more = {target for sources, target in graph.edges if set(sources) <= reached} - reached
        if not more:
            return node not in reached
        reached |= more


def _steps(graph: Graph, node: str) -> int:
    """After how many different numbers of steps a node on no circle runs. What waits for several nodes runs once."""
    level, found = {START}, 0
    for _ in range(MAX_STEPS):
        level = {
            target
            for at in level
            for target in (
                *(t for s, t in graph.edges if s[0] == at),
                *graph.branches.get(at, ()),
                *(graph.nodes if at in graph.anywhere else ()),
            )
        }
        found += node in level
    return found
