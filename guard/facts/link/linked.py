"""What linking a call found, as plain data: its requests, with all that tells what runs instead of them or before them.

In: `groups.Made`, which holds frames and contexts of one process. Out: `Linked`, which can be kept between runs. What
only calls of one file are compared for is settled here: which objects one call asks one of, and which request a
fallback follows. Neighbours: `groups` compares across files, `keeping` keeps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from guard.facts.link import tried
from guard.facts.link.things import Bind, Root
from guard.model import Request

if TYPE_CHECKING:
    from guard.facts.link.groups import Made


@dataclass(frozen=True, slots=True)
class Passed:
    """A place in a function that a request's way goes through."""

    path: str
    scope: int
    line: int
    column: int
    failed: int | None
    """The group of blocks of the `try` after whose failure alone it runs."""
    handled: bool
    """Whether it stands in a handler of that `try`, not behind it."""

    @property
    def node(self) -> tuple[str, int]:
        """The function."""
        return self.path, self.scope

    @property
    def place(self) -> tuple[int, int]:
        """Line and column."""
        return self.line, self.column


@dataclass(frozen=True, slots=True)
class Calling:
    """A call by its place."""

    path: str
    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(frozen=True, slots=True)
class Linked:
    """A request before its id is given, and before it is compared with those of other calls."""

    request: Request
    way: tuple[Passed, ...]
    """From the send outward, as long as there is only one."""
    calls: tuple[Calling, ...]
    """The calls that run the outermost function of its way, where they are all known; sorted."""
    choice: int
    """Above 0: objects of which one is asked; those of the same number of the same file share a group."""
    choice_name: str
    """The function that such a group is named after."""
    fallback: bool
    """It goes through an object that is asked after a failure of another."""
    follows: int | None
    """Of a fallback: how far before it (below 0) or after it the request stands that it comes after."""

    @property
    def outermost(self) -> tuple[str, int]:
        """The outermost function of its way."""
        return self.way[-1].node


def plainly(made: Sequence[Made]) -> tuple[Linked, ...]:
    """The requests of one file as plain data."""
    choices: dict[object, int] = {}
    found = []
    for index, item in enumerate(made):
        way = tuple(
            Passed(*p.node, *p.place, None if failed is None else failed.group, p.handler is not None)
            for p in item.way
            for failed in (p.handler or p.behind,)
        )
        calls = {Calling(bind.frame.path, *bind.call.pos) for bind in item.calls}
        ordered = sorted(calls, key=lambda c: (c.path, c.line, c.column, c.end_line, c.end_column))
        choice = 0
        if item.choice or item.arms:
            choice = choices.setdefault((item.ref.call.pos, item.choice or item.arms), len(choices) + 1)
        scope = item.facts.scopes[item.ref.scope]
        name = f"{item.facts.path}::{scope.qualname or '<module>'}"
        first = _before(made, index) if item.fallback else None
        follows = None if first is None else first - index
        found.append(Linked(item.request, way, tuple(ordered), choice, name, item.fallback, follows))
    return tuple(found)


def _before(made: Sequence[Made], index: int) -> int | None:
    """A request through a fallback object comes after that through the first object of the same call; one with an entry
    of a list of configurations after that with the entry before."""
    item = made[index]
    place = item.ref.call.pos
    same = [i for i, m in enumerate(made) if m.ref.call.pos == place and _agree(m.context, item.context)]
    *holder, number = item.route or (0,)
    turn = number - 1 if holder[-1:] == [tried.TURN] and isinstance(number, int) else None
    before = [i for i in same if turn is not None and made[i].route == (*holder, turn)]
    return next(iter(before or [i for i in same if not made[i].fallback]), None)


def _agree(first: dict[Root, Bind], second: dict[Root, Bind]) -> bool:
    """Whether two contexts decide the same where both decide something."""
    return all(second[root] == bind for root, bind in first.items() if root in second)
