"""What is known of one file, without looking at any other. Made by `collect`, read by `link`, cacheable by content.

A scope lists its bindings in order of place, and its blocks (branches, loops, handlers) as stretches of text: which
binding reaches a use follows from places and blocks alone (`link.names`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from guard.facts.expr import Call, Expr, Pos

ScopeKind = Literal["module", "class", "function", "lambda", "comp"]
BindingKind = Literal[
    "assign", "declare", "unpack", "for", "with", "import", "def", "class", "aug", "except", "del", "walrus", "capture"
]
BlockKind = Literal["if", "for", "while", "loop_else", "try", "except", "try_else", "finally", "with", "case"]


class Param(NamedTuple):
    """A parameter. `kind`: `positional_only`, `positional`, `keyword`, `args` (`*args`) or `kwargs` (`**kwargs`)."""

    name: str
    kind: str
    default: Expr | None
    annotation: Expr | None
    pos: Pos


class Binding(NamedTuple):
    """A name (or `self.x`, `cfg.model`) gets a value. It holds from `at` on."""

    name: str
    kind: BindingKind
    at: tuple[int, int]
    """Place behind the statement (loop targets: the start of the body)."""
    pos: Pos
    """Place of the value, for trails."""
    value: Expr | None
    path: tuple[int | str, ...] = ()
    """Of an unpacking: indices into the value; `*1:2` for a starred rest with one target before and two behind it."""
    module: str = ""
    """Of an import: dotted module, relative ones with leading dots."""
    member: str | None = None
    """Of `from module import member`; `*` for all."""
    scope: int = -1
    """Of a def or class: its scope."""
    op: str = ""
    """Of an augmented assignment."""
    annotation: Expr | None = None


class Effect(NamedTuple):
    """An object is changed in place: `base[key] = value`, `base.update(...)`, `setattr(base, key, value)`.

    `passed`: the object is an argument of a call, which may change it.
    """

    kind: Literal["item", "call", "setattr", "del_item", "passed"]
    base: Expr
    key: Expr | None
    value: Expr
    at: tuple[int, int]
    op: str = ""


class Block(NamedTuple):
    """A stretch of statements that runs under a condition, repeatedly, or as a handler.

    Blocks of one statement share `group`; `arm` numbers them. `test` is the condition of an `if` or `while` arm (the
    `else` arm has none), the iterable of a `for`, the subject of a `match` arm, the types of an `except`.
    """

    kind: BlockKind
    group: int
    arm: int
    start: tuple[int, int]
    end: tuple[int, int]
    test: Expr | None
    negated: tuple[Expr, ...]
    """Conditions of the earlier arms, which are false here."""
    exits: bool
    """Always leaves the function, or the loop's turn (return, raise, break, continue)."""
    exhaustive: bool
    """Whether one of the arms of this group always runs."""
    pattern: Expr | None = None
    """Of a `match` arm: the value compared with, where it is one."""
    leaves: str = ""
    """How it ends, when `exits`: `return`, `raise`, `break`, `continue` or `mixed`."""


class CallRef(NamedTuple):
    """A call in a scope. `via` names the function that applies it for us: `asyncio.to_thread(f, ...)`."""

    call: Call
    scope: int
    via: str = ""


@dataclass(slots=True)
class Scope:
    """A module, class, function, lambda or comprehension."""

    id: int
    kind: ScopeKind
    name: str
    qualname: str
    parent: int
    """-1 for the module."""
    pos: Pos
    params: tuple[Param, ...] = ()
    decorators: tuple[Expr, ...] = ()
    bases: tuple[Expr, ...] = ()
    keywords: tuple[tuple[str | None, Expr], ...] = ()
    """Of a class statement."""
    bindings: dict[str, list[Binding]] = field(default_factory=dict)
    stars: list[Binding] = field(default_factory=list)
    """`from x import *`"""
    effects: list[Effect] = field(default_factory=list)
    returns: list[tuple[tuple[int, int], Expr | None]] = field(default_factory=list)
    yields: list[tuple[tuple[int, int], Expr | None]] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    outer_names: frozenset[str] = frozenset()
    """Names declared `global` or `nonlocal`."""
    annotation: Expr | None = None
    """Of a function: what it is said to return."""
    is_async: bool = False
    body: Expr | None = None
    """Of a lambda."""
    iters: tuple[Expr, ...] = ()
    """Of a comprehension: the iterables of its clauses."""
    filtered: bool = False
    """Of a comprehension: whether it has conditions."""
    tests: tuple[Expr, ...] = ()
    """Of a comprehension: the conditions of its clauses."""
    doc: str | None = None
    leaves: str = ""
    """Of a function: how its body always ends (`return`, `raise`, `mixed`); empty where it may run to its end."""
    derived: dict[tuple[object, ...], Any] = field(default_factory=dict, repr=False, compare=False)
    """What `link` worked out of the scope alone, by question, so that no frame of it asks twice. No facts."""


class Comment(NamedTuple):
    """A `# guard:` comment."""

    line: int
    column: int
    text: str


@dataclass(slots=True)
class FileFacts:
    """All that one file says."""

    path: str
    scopes: list[Scope]
    calls: list[CallRef]
    comments: tuple[Comment, ...]
    lines: int
    cells: tuple[tuple[int, int], ...] = ()
    """Of a notebook: (first line in the joined source, cell counting all cells from 0)."""
    by_name: dict[str, list[CallRef]] = field(default_factory=dict)
    """Calls by the last name of what is called."""
    defs: dict[str, list[int]] = field(default_factory=dict)
    """Function and class scopes by name."""
    changes: dict[str, list[tuple[int, Effect]]] = field(default_factory=dict)
    """Changes in place with the scopes they stand in, by the dotted name of what is changed."""
    own_changes: dict[int, dict[str, list[Effect]]] = field(default_factory=dict)
    """Changes in place by the scope they stand in, then by the dotted name of what is changed."""
    last_inside: list[int] = field(default_factory=list)
    """Of each scope: the highest number of a scope inside of it, or its own."""
    exports: tuple[str, ...] | None = None
    """`__all__`, where it is a plain list."""

    def cell_of(self, line: int) -> tuple[int, int] | None:
        """Cell and line within the cell of a line of the joined source; None in a plain file."""
        found = None
        for first, cell in self.cells:
            if first > line:
                break
            found = (cell, line - first + 1)
        return found
