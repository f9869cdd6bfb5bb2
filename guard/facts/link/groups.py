"""What runs instead of what, and what runs after a failure of what.

In: all requests with the ways that lead to them. Out: the same with `exclusive`, `exclusive_default` and `after`. Ways
meet in a function; there the places of two requests tell whether one run can pass both. Which requests are compared
follows from plain data (`linked`); two questions are the evaluator's, `grouped` and `tried_in`, whose answers are kept.
Neighbours: `requests`, `keeping`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from guard.facts.expr import last_name
from guard.facts.filefacts import Block, CallRef, FileFacts
from guard.facts.link import control, one_call
from guard.facts.link.above import Above, Node, Step
from guard.facts.link.control import Around
from guard.facts.link.linked import Calling, Linked
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


@dataclass(frozen=True, slots=True)
class Group:
    """Requests of one outermost function of which one run sends at most one, by their numbers among those compared."""

    name: str
    members: tuple[int, ...]
    default: int | None


def exclusive(
    linked: Sequence[Linked], finished: list[Request], compared: Callable[[list[int]], tuple[Group, ...]]
) -> list[Request]:  # fmt: skip
    """Requests of which one run sends at most one share a group, all of them with each other; one is the default.

    `compared`: the groups among some of the requests, as `grouped` finds them.
    """
    together: dict[Node, list[int]] = {}
    outermost = _outermost(linked)
    for index, item in enumerate(linked):
        together.setdefault(outermost[item.outermost], []).append(index)
    named: dict[str, int] = {}
    for whole in together.values():
        indices = whole[:MAX_TOGETHER]
        for group in compared(indices) if len(indices) > 1 else ():
            number = named[group.name] = named.get(group.name, 0) + 1
            label = group.name if number == 1 else f"{group.name} {number}"
            for member in group.members:
                at = indices[member]
                finished[at] = replace(finished[at], exclusive=label, exclusive_default=member == group.default)
    return finished


def grouped(engine: Engine, made: list[Made]) -> tuple[Group, ...]:
    """The groups among requests of one outermost function."""
    known: Known = {}
    groups: list[tuple[str | None, list[int]]] = []
    for index in range(len(made)):
        _join(engine, made, groups, index, known)
    return tuple(
        Group(name, tuple(members), _default(engine, made, members)) for name, members in groups if name is not None
    )


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


def _outermost(linked: Sequence[Linked]) -> dict[Node, Node]:
    """Of the outermost functions of all ways the one that stands for those which the same calls run."""
    found: dict[Node, Node] = {}
    by_calls: dict[tuple[Calling, ...], Node] = {}

    def first(node: Node) -> Node:
        while found.setdefault(node, node) != node:
            node = found[node]
        return node

    for item in linked:
        node = first(item.outermost)
        if item.calls:
            found[node] = first(by_calls.setdefault(item.calls, node))
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


def after(
    linked: Sequence[Linked], finished: list[Request], tried: Callable[[Node, int, list[int]], tuple[int, ...]]
) -> list[Request]:  # fmt: skip
    """A request that goes through an `except` block, or behind a `try` that leaves the function unless it fails, comes
    after the one in that `try`; its typical attempts are 0.

    `tried`: the requests that the `try` of a function and a group of blocks makes, as `tried_in` finds them among those
    whose ways go through the function.
    """
    through: dict[Node, list[int]] = {}
    for index, item in enumerate(linked):
        for passed in item.way:
            through.setdefault(passed.node, []).append(index)
    kept: dict[tuple[Node, int], tuple[int, ...]] = {}
    for index, item in enumerate(linked):
        for level, failed in enumerate(item.way):
            if failed.failed is None:
                continue
            key = (failed.node, failed.failed)
            if key not in kept:
                kept[key] = tried(*key, list(dict.fromkeys(through[failed.node])))
            found = kept[key]
            rest = item.way[level + 1 :]
            places = [(p.node, p.place) for p in rest]
            same = [
                i for i in found if i != index
                and (not rest or [(p.node, p.place) for p in linked[i].way[-len(rest) :]] == places)
            ]  # fmt: skip
            first = next((i for i in (*same, *found) if i != index), None)
            if first is None and not failed.handled:
                continue
            attempts = finished[index].attempts
            finished[index] = replace(
                finished[index], after=finished[first].id if first is not None else None,
                attempts=Count(0, 0, attempts.high, (*attempts.why, "runs only after a failure")),
            )  # fmt: skip
            break
    return finished


def tried_in(
    above: Above, linked: Sequence[Linked], node: Node, group: int, through: Sequence[int]
) -> tuple[int, ...]:  # fmt: skip
    """The requests that the `try` of a handler makes: itself, else through the functions that it calls. `through`:
    those whose ways go through the function."""
    scope = above.engine.project.scope(*node)
    block = next((b for b in scope.blocks if b.group == group and b.kind == "try"), None)
    if block is None:
        return ()
    start, end = block.start, block.end
    found = [i for i in through for p in linked[i].way if p.node == node and start <= p.place < end]
    if found:
        return tuple(found)
    answers: dict[Node, bool] = {}
    return tuple(i for i, m in enumerate(linked) if above.passes(m.outermost, node, start, end, answers))


def fallbacks(linked: Sequence[Linked], finished: list[Request]) -> list[Request]:
    """A request through an object that is asked after a failure comes after the one before it (`Linked.follows`)."""
    for index, item in enumerate(linked):
        if not item.fallback:
            continue
        first = None if item.follows is None else index + item.follows
        attempts = finished[index].attempts
        finished[index] = replace(
            finished[index], after=finished[first].id if first is not None else finished[index].after,
            attempts=Count(0, 0, attempts.high, (*attempts.why, "runs only after a failure")),
        )  # fmt: skip
    return finished


def chosen(linked: Sequence[Linked], finished: list[Request]) -> list[Request]:
    """Requests through objects of which one is asked share a group; the first object is the default."""
    together: dict[tuple[str, int], list[int]] = {}
    for index, item in enumerate(linked):
        if item.choice and finished[index].exclusive is None:
            together.setdefault((item.way[0].path, item.choice), []).append(index)
    for number, members in enumerate(together.values()):
        if len(members) > 1:
            name = f"{linked[members[0]].choice_name}#choice {number}"
            for index in members:
                finished[index] = replace(finished[index], exclusive=name, exclusive_default=index == members[0])
    return finished
