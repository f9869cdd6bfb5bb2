"""Which bindings of a name reach a use, from places and blocks alone.

In: a scope, a name, a place. Out: the bindings that can hold there, latest first, each with the arms of branches that
it stands in, and whether one of them surely holds. Loops count as perhaps not run, handlers as perhaps run.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from guard.facts.expr import Const
from guard.facts.filefacts import Binding, Block, Scope

Place = tuple[int, int]
END: Place = (10**9, 0)
"""Behind everything: how a name stands when its scope has run."""
CONDITIONAL = frozenset({"if", "case", "except", "for", "while"})
EXCLUSIVE = frozenset({"if", "case"})
LOOPS = frozenset({"for", "while"})
Decisions = frozenset[tuple[object, object]]
MAX_PASSED = 8
"""Statements of which an earlier binding says that their arms were not taken."""
NO_ARM = -1
"""Stands for the way past an `if` without an `else`."""


class Reached(NamedTuple):
    """A binding and the conditional arms it stands in but the use does not."""

    binding: Binding
    arms: tuple[Block, ...]


def blocks_at(scope: Scope, place: Place) -> list[Block]:
    """The blocks around a place, outermost first."""
    key = ("blocks", place)
    found: list[Block] | None = scope.derived.get(key)
    if found is None:
        found = scope.derived[key] = sorted(
            (b for b in scope.blocks if b.start <= place < b.end), key=lambda b: (b.start, (-b.end[0], -b.end[1]))
        )
    return found


def between(scope: Scope, place: Place, use: Place) -> tuple[Block, ...] | None:
    """The blocks around a place that do not stand around a later use; None where the way from one to the other is
    barred: they stand in two arms of a branch, or the place's arm leaves the function."""
    key = ("between", place, use)
    if key not in scope.derived:
        scope.derived[key] = _between(scope, place, use)
    found: tuple[Block, ...] | None = scope.derived[key]
    return found


def _between(scope: Scope, place: Place, use: Place) -> tuple[Block, ...] | None:
    around = {(b.group, b.arm) for b in blocks_at(scope, use)}
    groups = {group for group, _ in around}
    found = []
    for block in blocks_at(scope, place):
        if (block.group, block.arm) in around:
            continue
        if (block.kind in EXCLUSIVE and block.group in groups) or block.leaves in ("return", "raise"):
            return None
        found.append(block)
    return tuple(found)


def reaching(
    scope: Scope, bindings: Sequence[Binding], use: Place, feasible: Callable[[Block], bool | None]
) -> tuple[list[Reached], bool]:
    """Bindings that can hold at `use`, latest first, and whether they are complete (one of them surely holds)."""
    found: list[Reached] = []
    missing: dict[int, set[int]] = {}
    for binding, blocks, tried in _candidates(scope, bindings, use):
        arms = _open_arms(blocks, feasible, tried)
        if arms is None:
            continue
        found.append(Reached(binding, arms))
        if not arms or (len(arms) == 1 and _covers(scope, arms[0], missing, feasible)):
            return found + _carried(scope, bindings, use, binding.pos.start), True
    return found + _carried(scope, bindings, use, None), False


Candidate = tuple[Binding, tuple[Block, ...], tuple[Block, ...]]
"""A binding with the blocks on the way to a use, and those of them that are tried and may fail before it."""


def _candidates(scope: Scope, bindings: Sequence[Binding], use: Place) -> tuple[Candidate, ...]:
    """Bindings before a use from which a way leads there, latest first."""
    key = ("candidates", use, *map(id, bindings))
    kept: tuple[Sequence[Binding], tuple[Candidate, ...]] | None = scope.derived.get(key)
    if kept is None:
        before = sorted((b for b in bindings if b.at <= use), key=lambda b: b.at, reverse=True)
        ways = [(b, between(scope, b.pos.start, use)) for b in before]
        found = tuple((b, way, _failing(scope, bindings, way)) for b, way in ways if way is not None)
        kept = scope.derived[key] = (tuple(bindings), found)
    return kept[1]


def _failing(scope: Scope, bindings: Sequence[Binding], way: Sequence[Block]) -> tuple[Block, ...]:
    """The `try` bodies on a way after which a handler goes on without binding the name, which was bound before: where
    the body fails, that still holds (`ok = False; try: ask(); ok = True; except Error: pass`)."""
    return tuple(
        block
        for block in way
        if block.kind == "try"
        and any(b.at <= block.start for b in bindings)
        and any(
            handler.kind == "except" and handler.group == block.group and not handler.leaves
            and not any(handler.start <= b.pos.start < handler.end for b in bindings)
            for handler in scope.blocks
        )
    )  # fmt: skip


def worlds_of(reached: Sequence[Reached], scope: Scope, frame: int) -> tuple[list[Decisions], Decisions]:
    """The decisions under which each binding holds, and those under which none of them does.

    An earlier binding holds where the arms of the later ones are not taken. That can be said where one way is left: no
    arm, or the one other arm; and it is said of a few statements only, since decisions are compared again and again.
    A branch in a loop is decided anew in each turn, so it decides nothing behind the loop.
    """
    found: list[Decisions] = []
    passed: dict[int, set[int]] = {}
    left: dict[object, object] = {}
    for row in reached:
        arms = [a for n, a in enumerate(row.arms) if a.kind in EXCLUSIVE and not _looping(row.arms[:n])]
        own: dict[object, object] = {("arm", frame, arm.group): arm.arm for arm in arms}
        found.append(frozenset({**left, **own}.items()))
        if len(row.arms) == 1 and arms and (arms[0].group in passed or len(passed) < MAX_PASSED):
            group = arms[0].group
            passed.setdefault(group, set()).add(arms[0].arm)
            ways = _ways(scope, group) - passed[group]
            if len(ways) == 1:
                left[("arm", frame, group)] = ways.pop()
    return found, frozenset(left.items())


def _looping(arms: Sequence[Block]) -> bool:
    return any(arm.kind in ("for", "while") for arm in arms)


def _ways(scope: Scope, group: int) -> set[int]:
    """The ways through a statement: its arms, and past them where one need not be taken."""
    blocks = [b for b in scope.blocks if b.group == group]
    return {b.arm for b in blocks} | (set() if any(b.exhaustive for b in blocks) else {NO_ARM})


def _open_arms(
    blocks: Sequence[Block], feasible: Callable[[Block], bool | None], tried: Sequence[Block] = ()
) -> tuple[Block, ...] | None:  # fmt: skip
    """The conditional arms among the blocks on a way, or None when one of them is surely not taken."""
    arms: list[Block] = [*tried]
    for block in blocks:
        if block.kind in CONDITIONAL:
            verdict = feasible(block) if block.kind in EXCLUSIVE else None
            if verdict is False:
                return None
            if verdict is None:
                arms.append(block)
    return tuple(arms)


def _covers(
    scope: Scope, arm: Block, missing: dict[int, set[int]], feasible: Callable[[Block], bool | None]
) -> bool:  # fmt: skip
    """Whether, with this arm, all arms of an exhaustive statement have bound the name.

    `missing`: the arms of each statement that can run and go on, without those that were seen to bind it.
    """
    if not arm.exhaustive:
        return False
    left = missing.get(arm.group)
    if left is None:
        arms = [b for b in scope.blocks if b.group == arm.group and b.leaves not in ("return", "raise")]
        left = missing[arm.group] = {b.arm for b in arms if feasible(b) is not False}
    left.discard(arm.arm)
    return not left


def _carried(scope: Scope, bindings: Sequence[Binding], use: Place, sure: Place | None) -> list[Reached]:
    """What is bound behind the use in a loop around it: it holds from the second turn on.

    `sure`: a binding that surely holds before the use. Where it stands in the same loop, each turn begins with it.
    """
    loops = _loops_at(scope, use)
    if not loops:
        return []
    found = []
    for binding in bindings:
        if binding.at <= use or _grows(binding):
            continue
        loop = max((b for b in loops if b.start <= binding.pos.start < b.end), key=lambda b: b.start, default=None)
        if loop is None or (sure is not None and loop.start <= sure < loop.end):
            continue
        left = any(
            b.leaves in ("return", "raise", "break")
            for b in blocks_at(scope, binding.pos.start)
            if b.start > loop.start
        )
        if not left:
            found.append(Reached(binding, (loop,)))
    return found


def _loops_at(scope: Scope, place: Place) -> list[Block]:
    """The loops around a place."""
    key = ("loops", place)
    found: list[Block] | None = scope.derived.get(key)
    if found is None:
        found = scope.derived[key] = [b for b in scope.blocks if b.kind in LOOPS and b.start <= place < b.end]
    return found


def _grows(binding: Binding) -> bool:
    """`text += "more"` says of itself that it grows in a loop (see `texts.augmented`)."""
    return binding.kind == "aug" and not (isinstance(binding.value, Const) and not isinstance(binding.value.value, str))
