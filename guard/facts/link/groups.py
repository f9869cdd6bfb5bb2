"""What runs instead of what, and what runs after a failure of what.

In: all requests with the ways that lead to them. Out: the same with `exclusive`, `exclusive_default` and `after`. Ways
meet in a function; there the places of two requests tell whether one run can pass both.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from guard.facts.expr import last_name
from guard.facts.filefacts import Block, CallRef, FileFacts
from guard.facts.link import control, one_call, tried
from guard.facts.link.above import Above, Node, Step
from guard.facts.link.control import Around
from guard.facts.link.names import Place
from guard.facts.link.things import Bind, Called, Root
from guard.model import Count, Request

if TYPE_CHECKING:
    from guard.facts.link.engine import Engine

Known = dict[tuple[Node, Place, Place], "str | None"]
"""The statement that keeps two places of a function apart, where it was looked for."""
MAX_WAY = 24
MAX_TOGETHER = 200
"""Requests of one function that are compared with one another."""


class Pass(NamedTuple):
    """A place in a function that a request's way goes through."""

    node: Node
    place: Place
    handler: Block | None
    bind: Called | None = None
    """The call at the place, where one is known."""
    behind: Block | None = None
    """The handler of a `try` before it, after whose failure alone it runs: a fallback where that makes a request."""


class Made(NamedTuple):
    """A request with the way to its send, before ids are given."""

    request: Request
    facts: FileFacts
    ref: CallRef
    way: tuple[Pass, ...]
    """From the send outward, as long as there is only one."""
    context: dict[Root, Bind]
    key: tuple[object, ...]
    fallback: bool = False
    """It goes through an object that is asked after a failure of another."""
    choice: tuple[object, ...] = ()
    """The place where it or other objects are asked, one of them."""
    arms: int = 0
    """Above 0: it goes through one of several objects; those of the same number of the same call exclude it."""
    calls: tuple[Called, ...] = ()
    """The calls that run the outermost function of its way, where they are all known."""
    route: tuple[object, ...] = ()
    """By which arguments and elements of holders its object was reached (`sends.Target.route`)."""


def way(
    above: Above, at: Node, node: Node, ref: CallRef, steps: list[Step], arounds: tuple[Around, ...]
) -> tuple[Pass, ...]:  # fmt: skip
    """The places on the way to a send: those that the context decides up to `at`, then single callers."""
    found = [Pass(node, ref.call.pos.start, arounds[0].handler, None, arounds[0].behind)]
    for step, around in zip(steps, arounds[1:]):
        if step.below == at:
            break
        facts = above.engine.project.scope(*step.below)
        place = step.bind.call.pos.start if step.bind is not None else facts.pos.start
        found.append(Pass(step.above, place, around.handler, step.bind, around.behind))
    seen = {p.node for p in found}
    while len(found) < MAX_WAY:
        edges = above.edges(found[-1].node)
        if not edges or edges[0].node in seen or (len(edges) > 1 and not all(e.around.handler for e in edges)):
            break
        seen.add(edges[0].node)
        around = edges[0].around
        found.append(Pass(edges[0].node, edges[0].place, around.handler, edges[0].bind, around.behind))
        if len(edges) > 1:
            break
    return tuple(found)


# --- instead of one another ---------------------------------------------------------------------------------------


def exclusive(engine: Engine, made: list[Made], finished: list[Request]) -> list[Request]:
    """Requests of which one run sends at most one share a group, all of them with each other; one is the default."""
    together: dict[Node, list[int]] = {}
    outermost = _outermost(made)
    for index, item in enumerate(made):
        together.setdefault(outermost[item.way[-1].node], []).append(index)
    known: Known = {}
    named: dict[str, int] = {}
    for indices in together.values():
        groups: list[tuple[str | None, list[int]]] = []
        for index in indices[:MAX_TOGETHER]:
            _join(engine, made, groups, index, known)
        for name, members in groups:
            if name is not None:
                default = _default(engine, made, members)
                number = named[name] = named.get(name, 0) + 1
                label = name if number == 1 else f"{name} {number}"
                for index in members:
                    finished[index] = replace(finished[index], exclusive=label, exclusive_default=index == default)
    return finished


def _join(
    engine: Engine, made: list[Made], groups: list[tuple[str | None, list[int]]], index: int, known: Known
) -> None:  # fmt: skip
    """Put a request into the first group all of whose members it excludes, else into one of its own."""
    for number, (name, members) in enumerate(groups):
        names = []
        for member in members:
            found = _one_object(made[member], made[index]) or _apart(engine, made[member], made[index], known)
            if found is None:
                break
            names.append(found)
        else:
            groups[number] = (name or names[0], [*members, index])
            return
    groups.append((None, [index]))


def _one_object(first: Made, second: Made) -> str | None:
    """The name for objects of which one call asks one in one context."""
    if not first.arms or first.arms != second.arms or first.facts is not second.facts or first.ref is not second.ref:
        return None
    scope = first.facts.scopes[first.ref.scope]
    return f"{first.facts.path}::{scope.qualname or '<module>'}#object {first.ref.call.pos.line} {first.arms}"


def _outermost(made: list[Made]) -> dict[Node, Node]:
    """Of the outermost functions of all ways the one that stands for those which the same calls run."""
    found: dict[Node, Node] = {}
    by_calls: dict[frozenset[object], Node] = {}

    def first(node: Node) -> Node:
        while found.setdefault(node, node) != node:
            node = found[node]
        return node

    for item in made:
        node = first(item.way[-1].node)
        if item.calls:
            found[node] = first(by_calls.setdefault(_places(item.calls), node))
    return {node: first(node) for node in found}


def _places(calls: tuple[Called, ...]) -> frozenset[object]:
    return frozenset((bind.frame.path, bind.call.pos) for bind in calls)


class Parting(NamedTuple):
    """Where two ways part in a function, or the calls that run one of two functions."""

    node: Node
    places: tuple[Place, Place]
    calls: tuple[Called, ...] = ()
    functions: tuple[Node, Node] | None = None


def _parting(first: Made, second: Made) -> Parting | None:
    """Where two ways part, coming from outside."""
    calls = first.calls if _places(first.calls) == _places(second.calls) else ()
    for ours, theirs in zip(reversed(first.way), reversed(second.way)):
        if ours.node != theirs.node:
            return Parting(ours.node, (ours.place, theirs.place), calls, (ours.node, theirs.node)) if calls else None
        if ours.place != theirs.place:
            return Parting(ours.node, (ours.place, theirs.place))
        calls = (ours.bind,) if ours.bind is not None else ()
    return None


def _apart(engine: Engine, first: Made, second: Made, known: Known) -> str | None:
    """The statement or call that keeps two ways from being passed in one run: where they part."""
    parting = _parting(first, second)
    if parting is None:
        return None
    if parting.functions is None:
        low, high = sorted(parting.places)
        if (parting.node, low, high) not in known:
            scope = engine.project.scope(*parting.node)
            group = control.exclusive_with(scope, low, high)
            known[parting.node, low, high] = None if group is None else f"{parting.node[0]}::{scope.qualname}#{group}"
        return known[parting.node, low, high]
    if not one_call.exclude(engine, parting.calls, _common(first, second), *parting.functions):
        return None
    call, frame = parting.calls[0].call, parting.calls[0].frame
    return f"{frame.path}::{engine.scope_of(frame).qualname or '<module>'}#{last_name(call.func) or 'call'}()"


def _common(first: Made, second: Made) -> dict[Root, Bind]:
    """What two contexts decide alike."""
    return {root: bind for root, bind in first.context.items() if second.context.get(root) is bind}


def _default(engine: Engine, made: list[Made], members: list[int]) -> int | None:
    """The member that runs without overrides: whose conditions hold, or the only one whose can; else None."""
    rank = {True: 0, None: 1, False: 2}
    best, chosen, equal = 3, members[0], 0
    for index in members:
        item = made[index]
        engine.ask(item.context)
        verdicts = [
            control.by_default(engine, engine.project.scope(*p.node), p.place, engine.root(*p.node)) for p in item.way
        ]
        other = made[members[0] if index != members[0] else members[1]]
        parting = _parting(item, other)
        if parting is not None and parting.functions is not None:
            common = _common(item, other)
            verdicts.append(one_call.leads(engine, parting.calls, common, parting.functions[0]))
        verdict = False if False in verdicts else None if None in verdicts else True
        equal += rank[verdict] == best
        if rank[verdict] < best:
            best, chosen, equal = rank[verdict], index, 0
    return None if best and equal else chosen


# --- after a failure ----------------------------------------------------------------------------------------------


def after(above: Above, made: list[Made], finished: list[Request]) -> list[Request]:
    """A request that goes through an `except` block, or behind a `try` that leaves the function unless it fails, comes
    after the one in that `try`; its typical attempts are 0."""
    through: dict[Node, list[tuple[Place, int]]] = {}
    for index, item in enumerate(made):
        for passed in item.way:
            through.setdefault(passed.node, []).append((passed.place, index))
    kept: dict[tuple[Node, int], list[int]] = {}
    for index, item in enumerate(made):
        for level, failed in enumerate(item.way):
            handler = failed.handler or failed.behind
            if handler is None:
                continue
            key = (failed.node, handler.group)
            if key not in kept:
                kept[key] = _tried(above, made, *key, through[failed.node])
            tried = kept[key]
            rest = item.way[level + 1 :]
            same = [i for i in tried if i != index and (not rest or made[i].way[-len(rest) :] == rest)]
            first = next((i for i in (*same, *tried) if i != index), None)
            if first is None and failed.handler is None:
                continue
            attempts = finished[index].attempts
            finished[index] = replace(
                finished[index], after=finished[first].id if first is not None else None,
                attempts=Count(0, 0, attempts.high, (*attempts.why, "runs only after a failure")),
            )  # fmt: skip
            break
    return finished


def _tried(above: Above, made: list[Made], node: Node, group: int, places: list[tuple[Place, int]]) -> list[int]:
    """The requests that the `try` of a handler makes: itself, else through the functions that it calls."""
    scope = above.engine.project.scope(*node)
    block = next((b for b in scope.blocks if b.group == group and b.kind == "try"), None)
    if block is None:
        return []
    found = [index for place, index in places if block.start <= place < block.end]
    if found:
        return found
    start, end = block.start, block.end
    answers: dict[Node, bool] = {}
    return [i for i, m in enumerate(made) if above.passes(m.way[-1].node, node, start, end, answers)]


def fallbacks(made: list[Made], finished: list[Request]) -> list[Request]:
    """A request through a fallback object comes after that through the first object of the same call; one with an entry
    of a list of configurations after that with the entry before."""
    calls: dict[object, list[int]] = {}
    for index, item in enumerate(made):
        calls.setdefault((item.facts.path, item.ref.call.pos), []).append(index)
    for index, item in enumerate(made):
        if not item.fallback:
            continue
        same = [i for i in calls[item.facts.path, item.ref.call.pos] if _agree(made[i].context, item.context)]
        *holder, number = item.route or (0,)
        turn = number - 1 if holder[-1:] == [tried.TURN] and isinstance(number, int) else None
        before = [i for i in same if turn is not None and made[i].route == (*holder, turn)]
        first = next(iter(before or [i for i in same if not made[i].fallback]), None)
        attempts = finished[index].attempts
        finished[index] = replace(
            finished[index], after=finished[first].id if first is not None else finished[index].after,
            attempts=Count(0, 0, attempts.high, (*attempts.why, "runs only after a failure")),
        )  # fmt: skip
    return finished


def _agree(first: dict[Root, Bind], second: dict[Root, Bind]) -> bool:
    """Whether two contexts decide the same where both decide something."""
    return all(second[root] == bind for root, bind in first.items() if root in second)


def chosen(made: list[Made], finished: list[Request]) -> list[Request]:
    """Requests through objects of which one is asked share a group; the first object is the default."""
    together: dict[object, list[int]] = {}
    for index, item in enumerate(made):
        if (item.choice or item.arms) and finished[index].exclusive is None:
            key = (item.facts.path, item.ref.call.pos, item.choice or item.arms)
            together.setdefault(key, []).append(index)
    for number, members in enumerate(together.values()):
        if len(members) > 1:
            scope = made[members[0]].facts.scopes[made[members[0]].ref.scope]
            name = f"{made[members[0]].facts.path}::{scope.qualname or '<module>'}#choice {number}"
            for index in members:
                finished[index] = replace(finished[index], exclusive=name, exclusive_default=index == members[0])
    return finished
