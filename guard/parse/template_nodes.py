"""What a prompt template says, whatever language it is written in: text, places, branches, loops and pieces by name.

In: nothing. Out: the types that `template_jinja`, `template_mustache` and `template_places` make of a text, and that
`guard.facts.link.rendering` renders without running anything. Plain tuples; `line` counts from 1.
"""

from __future__ import annotations

from typing import NamedTuple, Union

MAX_NODES = 20_000
"""Nodes of one template; what is larger is not followed."""
MAX_DEPTH = 80
"""Nodes inside one another."""


class TooLarge(ValueError):
    """A template that is too large or nested too deeply to be followed."""


class NotATemplate(ValueError):
    """A text that the template language itself refuses; the message says why and where."""


class Const(NamedTuple):
    """A text, number, truth value or none that the template writes."""

    value: str | int | float | bool | None


class Var(NamedTuple):
    """A name of the values that the template is rendered with."""

    name: str


class Get(NamedTuple):
    """`base.key`, `base["key"]`, `base[0]`"""

    base: Expr
    key: Expr


class Slice(NamedTuple):
    """`base[low:high:step]`"""

    base: Expr
    low: Expr | None
    high: Expr | None
    step: Expr | None


class Apply(NamedTuple):
    """A filter (`base | name(args)`), a test (`base is name(args)`) or a call (`name` is then empty)."""

    kind: str
    """`filter`, `test` or `call`"""
    name: str
    base: Expr | None
    """None: the text of the block that the filter stands around."""
    args: tuple[Expr, ...]
    keywords: tuple[tuple[str, Expr], ...]
    spread: bool = False
    """Whether further arguments are spread into it."""


class Operation(NamedTuple):
    """`left op right`: arithmetic, `~` (texts put together), a comparison, `and`, `or`, `in`, `not in`; the unary
    `not`, `-` and `+` have no left side."""

    op: str
    left: Expr | None
    right: Expr


class Choice(NamedTuple):
    """`then if test else other`"""

    test: Expr
    then: Expr
    other: Expr | None


class Display(NamedTuple):
    """A list or tuple of the template."""

    items: tuple[Expr, ...]
    is_tuple: bool = False


class Mapping(NamedTuple):
    """A dict of the template."""

    entries: tuple[tuple[Expr, Expr], ...]


Expr = Union[Const, Var, Get, Slice, Apply, Operation, Choice, Display, Mapping]  # noqa: UP007 - forward references


class Text(NamedTuple):
    """Text that stands in the template."""

    text: str
    line: int


class Show(NamedTuple):
    """A value that is put in. `escaped`: the language escapes it for HTML."""

    value: Expr
    line: int
    escaped: bool = False


class If(NamedTuple):
    """One of two bodies."""

    test: Expr
    then: tuple[Node, ...]
    other: tuple[Node, ...]
    line: int


class For(NamedTuple):
    """A body for each element; `other` where there is none."""

    names: tuple[str, ...]
    source: Expr
    test: Expr | None
    body: tuple[Node, ...]
    other: tuple[Node, ...]
    line: int


class Section(NamedTuple):
    """Mustache: a body for each element of a list, or once inside of what is true; `inverted`: where it is false."""

    value: Expr
    body: tuple[Node, ...]
    inverted: bool
    line: int


class Assign(NamedTuple):
    """Names that get a value from here on."""

    names: tuple[str, ...]
    value: Expr


class AssignBody(NamedTuple):
    """A name that gets the text of a body."""

    name: str
    body: tuple[Node, ...]


class With(NamedTuple):
    """Names that have values inside of a body."""

    values: tuple[tuple[str, Expr], ...]
    body: tuple[Node, ...]


class Block(NamedTuple):
    """A part that a template which extends this one may replace."""

    name: str
    body: tuple[Node, ...]


class Extends(NamedTuple):
    """The template that this one fills the blocks of."""

    template: Expr
    line: int


class Include(NamedTuple):
    """Another template's text. `optional`: nothing where it is missing. `isolated`: it does not see the values."""

    template: Expr
    optional: bool
    isolated: bool
    line: int
    indent: str = ""
    """What stands before each of its lines (Mustache's partials on lines of their own)."""


class Import(NamedTuple):
    """Macros of another template: under `target`, or by their own names (`names`: name there, name here)."""

    template: Expr
    target: str
    names: tuple[tuple[str, str], ...]


class Macro(NamedTuple):
    """A piece by name with parameters. `defaults` belong to the last ones."""

    name: str
    params: tuple[str, ...]
    defaults: tuple[Expr, ...]
    body: tuple[Node, ...]


class CallBlock(NamedTuple):
    """A call of a macro with a body that it puts in by `caller()`."""

    call: Expr
    params: tuple[str, ...]
    body: tuple[Node, ...]
    line: int


class FilterBlock(NamedTuple):
    """A filter around the text of a body."""

    value: Expr
    body: tuple[Node, ...]
    line: int


class Escaping(NamedTuple):
    """A body whose values are escaped, or not."""

    on: bool
    body: tuple[Node, ...]


class Unread(NamedTuple):
    """A part that guard does not read."""

    name: str
    why: str
    line: int


Node = Union[  # noqa: UP007 - forward references
    Text, Show, If, For, Section, Assign, AssignBody, With, Block, Extends, Include, Import, Macro, CallBlock,
    FilterBlock, Escaping, Unread
]  # fmt: skip
Nodes = tuple[Node, ...]


class Options(NamedTuple):
    """How a template's language is set up where it is read."""

    trim_blocks: bool = False
    lstrip_blocks: bool = False
    keep_trailing_newline: bool = False
    autoescape: bool = False
    block_start: str = "{%"
    block_end: str = "%}"
    variable_start: str = "{{"
    variable_end: str = "}}"
    comment_start: str = "{#"
    comment_end: str = "#}"
    line_statement: str | None = None
    line_comment: str | None = None
