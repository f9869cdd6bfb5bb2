"""The nodes of a condition. In: nothing. Out: what `parser` makes and `condition` types.

Each node knows where it stands in the text (`start`, `end`, offsets), so that every mistake has a place.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Unit = Literal["", "usd", "share"]
Macro = Literal["exists", "all"]


@dataclass(frozen=True, slots=True)
class Literal_:
    """A number (with its unit), a text or a truth value."""

    start: int
    end: int
    value: Decimal | str | bool
    unit: Unit = ""


@dataclass(frozen=True, slots=True)
class Name:
    """An object (`request`) or the variable of a macro."""

    start: int
    end: int
    name: str


@dataclass(frozen=True, slots=True)
class Select:
    """`object.field`. `at`: where the field's name begins. `test`: it stands in `has(...)`."""

    start: int
    end: int
    object: Node
    field: str
    at: int
    test: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """A function of a receiver (`x.startsWith('a')`, `size(x)` is `x.size()`) with its arguments."""

    start: int
    end: int
    function: str
    at: int
    receiver: Node
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Each:
    """`list.exists(name, body)` and `list.all(name, body)`."""

    start: int
    end: int
    macro: Macro
    list: Node
    name: str
    body: Node


@dataclass(frozen=True, slots=True)
class Unary:
    """`!x` or `-x`."""

    start: int
    end: int
    operator: str
    operand: Node


@dataclass(frozen=True, slots=True)
class Binary:
    """A comparison, a sum, a product or `in`; `start` to `end` covers both sides."""

    start: int
    end: int
    operator: str
    at: int
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Logic:
    """`a && b && c` or `a || b || c`, flat, so that long chains are not deep."""

    start: int
    end: int
    operator: str
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Choose:
    """`condition ? yes : no`."""

    start: int
    end: int
    condition: Node
    yes: Node
    no: Node


@dataclass(frozen=True, slots=True)
class Listed:
    """`[a, b, c]`."""

    start: int
    end: int
    items: tuple[Node, ...]


Node = Literal_ | Name | Select | Call | Each | Unary | Binary | Logic | Choose | Listed
