"""The small expression language into which code is read: about fifteen kinds of node, each with its place.

In: nothing. Out: the types that `collect` makes of `ast` and that `link` evaluates. They are plain tuples, so that
facts are cheap to make, to keep and to send between processes. `await` leaves no node: what matters is the awaited
call.
Compare nodes by place and kind, never with `==`, which would walk the whole tree.
"""

from __future__ import annotations

from typing import NamedTuple, Union


class Pos(NamedTuple):
    """First character and the one behind the last; 1-based, columns in characters."""

    line: int
    column: int
    end_line: int
    end_column: int

    @property
    def start(self) -> tuple[int, int]:
        """Line and column of the first character."""
        return self.line, self.column

    @property
    def end(self) -> tuple[int, int]:
        """Line and column behind the last character."""
        return self.end_line, self.end_column


class Const(NamedTuple):
    """A literal: text, number, truth value or None. Bytes and other literals are `Opaque`."""

    pos: Pos
    value: str | int | float | bool | None


class Name(NamedTuple):
    """A name that is read."""

    pos: Pos
    id: str


class Attr(NamedTuple):
    """`base.name`"""

    pos: Pos
    base: Expr
    name: str


class Item(NamedTuple):
    """`base[key]`; the key may be a `Slice`."""

    pos: Pos
    base: Expr
    key: Expr


class Slice(NamedTuple):
    """`low:high:step` of a subscript."""

    pos: Pos
    low: Expr | None
    high: Expr | None
    step: Expr | None


class Call(NamedTuple):
    """`func(*args, **keywords)`; `Star` among the arguments, None as the name of a `**` keyword."""

    pos: Pos
    func: Expr
    args: tuple[Expr, ...]
    keywords: tuple[tuple[str | None, Expr], ...]


class Star(NamedTuple):
    """`*value` among arguments or items."""

    pos: Pos
    value: Expr


class Seq(NamedTuple):
    """A list, tuple or set display."""

    pos: Pos
    kind: str
    items: tuple[Expr, ...]


class Map(NamedTuple):
    """A dict display; None as the key of a `**` item."""

    pos: Pos
    items: tuple[tuple[Expr | None, Expr], ...]


class Text(NamedTuple):
    """An f-string: constant and computed parts in order."""

    pos: Pos
    parts: tuple[Expr, ...]


class Format(NamedTuple):
    """A part of an f-string with a conversion (`!r`: "r") or a format (`:>8`); without them it is the value itself."""

    pos: Pos
    value: Expr
    conversion: str
    spec: Expr | None


class Op(NamedTuple):
    """A binary operation; `op` as written (`+`, `%`, `|`, ...)."""

    pos: Pos
    op: str
    left: Expr
    right: Expr


class Unary(NamedTuple):
    """`not x`, `-x`, `+x`, `~x`."""

    pos: Pos
    op: str
    value: Expr


class Logic(NamedTuple):
    """`a or b or c`, `a and b`."""

    pos: Pos
    op: str
    values: tuple[Expr, ...]


class Compare(NamedTuple):
    """`left op right op right ...`"""

    pos: Pos
    left: Expr
    ops: tuple[str, ...]
    rights: tuple[Expr, ...]


class IfElse(NamedTuple):
    """`then if test else other`"""

    pos: Pos
    test: Expr
    then: Expr
    other: Expr


class Lambda(NamedTuple):
    """A lambda; its parameters and body stand in the scope."""

    pos: Pos
    scope: int


class Comp(NamedTuple):
    """A comprehension. Its targets are bindings of its scope; `value` is set for dict comprehensions only."""

    pos: Pos
    kind: str
    scope: int
    element: Expr
    value: Expr | None
    filtered: bool


class Walrus(NamedTuple):
    """`(name := value)`; the binding stands in the scope, too."""

    pos: Pos
    name: str
    value: Expr


class Opaque(NamedTuple):
    """An expression that guard does not follow; `why` in words."""

    pos: Pos
    why: str


Expr = Union[  # noqa: UP007 - a string-free union would need the classes before their use
    Const, Name, Attr, Item, Slice, Call, Star, Seq, Map, Text, Format, Op, Unary, Logic, Compare, IfElse, Lambda, Comp,
    Walrus, Opaque,
]  # fmt: skip


def dotted(expr: Expr) -> str | None:
    """`a.b.c` for a chain of names, else None."""
    names, root = _chain(expr)
    return ".".join(reversed(names)) if isinstance(root, Name) else None


def names_from_end(expr: Expr) -> list[str]:
    """The names of a chain from its last one back to what is no name: `["create", "chat"]` for `make().chat.create`."""
    return _chain(expr)[0]


def _chain(expr: Expr) -> tuple[list[str], Expr]:
    """The names of a chain of attributes, last one first, and what it begins with."""
    names: list[str] = []
    while isinstance(expr, Attr):
        names.append(expr.name)
        expr = expr.base
    if isinstance(expr, Name):
        names.append(expr.id)
    return names, expr


def written(expr: Expr) -> str:
    """A callee as people write it, calls and subscripts shortened: `OpenAI().chat.completions.create`."""
    if isinstance(expr, Name):
        return expr.id
    if isinstance(expr, Attr):
        return f"{written(expr.base)}.{expr.name}"
    if isinstance(expr, Call):
        return f"{written(expr.func)}()"
    if isinstance(expr, Item):
        return f"{written(expr.base)}[...]"
    return "(...)"


def last_name(expr: Expr) -> str | None:
    """`create` of `client.chat.completions.create`; also through a subscript (`Agent[T]`)."""
    while isinstance(expr, Item):
        expr = expr.base
    if isinstance(expr, Attr):
        return expr.name
    if isinstance(expr, Name):
        return expr.id
    return None
