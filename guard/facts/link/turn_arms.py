"""Arms that the number of a loop's turn chooses: `for attempt in range(3): if attempt == 0: ask() else: ask_again()`.

In: a place in a scope. Out: the loops around it whose number of the turn decides an arm around the place, and in how
many of so many turns that arm runs. Only what blocks and constants say is looked at: `range` and `enumerate` that begin
at a constant, tests that compare their number with one. Neighbours: `control` asks, `loops` counts turns.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import NamedTuple

from guard.facts.expr import Call, Compare, Const, Expr, Name, Unary, last_name
from guard.facts.filefacts import Block, Scope
from guard.facts.link.names import Place, blocks_at
from guard.model import Count

_COMPARED: dict[str, Callable[[int, int], bool]] = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
MAX_NUMBER = 100
"""Constants that a number is compared with; larger ones are not followed."""


class ByTurn(NamedTuple):
    """The arms in one loop that the number of its turn chooses."""

    arms: tuple[Block, ...]
    name: str
    start: int
    """The number of the first turn."""

    def runs(self, number: int) -> bool:
        """Whether the arms run in the turn of a number."""
        return all(_taken(arm, self.name, number) is True for arm in self.arms)

    def within(self, turns: int | None) -> int | None:
        """In how many of the first so many turns they run; None: without a bound, of a loop without one."""
        told = MAX_NUMBER + 2
        later = self.runs(self.start + told)
        if turns is None and later:
            return None
        first = sum(self.runs(self.start + n) for n in range(told if turns is None else min(turns, told)))
        return first + (max(0, (turns or 0) - told) if later else 0)

    def of(self, count: Count) -> Count:
        """How often a call in the arms runs where it would run so often in each turn."""
        low, high = self.within(count.low) or 0, self.within(count.high)
        typical = self.within(int(count.typical)) or 0
        why = f"the number of the turn chooses the branch at line {self.arms[0].start[0]}"
        return Count(low, typical, high, (*count.why, why) if high != 1 else (), guessed=count.guessed)


def around(scope: Scope, place: Place) -> dict[int, ByTurn]:
    """The loops around a place that choose arms around it by the number of their turn, by the group of the loop."""
    blocks = blocks_at(scope, place)
    found: dict[int, ByTurn] = {}
    for at, loop in enumerate(blocks):
        numbered = _numbered(scope, loop)
        if numbered is None:
            continue
        name, start = numbered
        arms = tuple(b for b in blocks[at + 1 :] if _taken(b, name, start) is not None)
        if arms:
            found[loop.group] = ByTurn(arms, name, start)
    return found


def is_by_turn(scope: Scope, arm: Block) -> bool:
    """Whether the number of a turn of a loop around an arm chooses it: in other turns its other arms run."""
    return any(arm in found.arms for found in around(scope, arm.start).values())


def _numbered(scope: Scope, loop: Block) -> tuple[str, int] | None:
    """The name that holds the number of a loop's turn, and the number of the first turn."""
    head = loop.test
    if loop.kind != "for" or not isinstance(head, Call):
        return None
    function = last_name(head.func)
    path: tuple[int, ...]
    if function == "range" and len(head.args) in (1, 2) and not head.keywords:
        start, path = head.args[0] if len(head.args) == 2 else None, ()
    elif function == "enumerate" and head.args:
        keyword = dict(head.keywords).get("start")
        start, path = head.args[1] if len(head.args) == 2 else keyword, (0,)
    else:
        return None
    first = 0 if start is None else _whole(start)
    inside = [(n, b) for n, found in scope.bindings.items() for b in found if loop.start <= b.at < loop.end]
    names = [n for n, b in inside if b.kind == "for" and b.path == path and b.value is head]
    again = [n for n, b in inside if n in names and b.value is not head]
    return (names[0], first) if first is not None and len(names) == 1 and not again else None


def _whole(expr: Expr) -> int | None:
    value = expr.value if isinstance(expr, Const) else None
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= MAX_NUMBER else None


def _taken(arm: Block, name: str, number: int) -> bool | None:
    """Whether an arm runs in the turn of a number; None where something else decides it, too."""
    if arm.kind != "if":
        return None
    before = [_holds(test, name, number) for test in arm.negated]
    own = True if arm.test is None else _holds(arm.test, name, number)
    return None if own is None or None in before else own and True not in before


def _holds(test: Expr, name: str, number: int) -> bool | None:
    """Whether a test over a turn's number holds; None where it is over something else."""
    if isinstance(test, Name):
        return bool(number) if test.id == name else None
    if isinstance(test, Unary) and test.op == "not":
        inner = _holds(test.value, name, number)
        return None if inner is None else not inner
    if not isinstance(test, Compare) or len(test.ops) != 1 or test.ops[0] not in _COMPARED:
        return None
    left, right = test.left, test.rights[0]
    compare = _COMPARED[test.ops[0]]
    if isinstance(left, Name) and left.id == name and (other := _whole(right)) is not None:
        return compare(number, other)
    if isinstance(right, Name) and right.id == name and (other := _whole(left)) is not None:
        return compare(other, number)
    return None
