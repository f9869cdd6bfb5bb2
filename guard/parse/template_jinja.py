"""Jinja2 templates as nodes. In: a text and how its environment is set up. Out: `template_nodes`, or one of its errors.

The text is parsed by Jinja2's own parser, so that white space, raw blocks, line statements and comments are cut just as
Jinja2 cuts them; nothing of it is compiled or run, no loader and no extension of the repository is asked. The parser is
imported when the first template is read.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from guard.parse.template_nodes import (
    MAX_DEPTH,
    MAX_NODES,
    Apply,
    Assign,
    AssignBody,
    Block,
    CallBlock,
    Choice,
    Const,
    Display,
    Escaping,
    Expr,
    Extends,
    FilterBlock,
    For,
    Get,
    If,
    Import,
    Include,
    Macro,
    Mapping,
    Node,
    Nodes,
    NotATemplate,
    Operation,
    Options,
    Show,
    Slice,
    Text,
    TooLarge,
    Unread,
    Var,
    With,
)  # fmt: skip

if TYPE_CHECKING:
    import jinja2

DEFAULT = Options()
MAX_LENGTH = 400_000
"""Characters of a template."""
_COMPARED = {"eq": "==", "ne": "!=", "lt": "<", "lteq": "<=", "gt": ">", "gteq": ">=", "in": "in", "notin": "not in"}
_BINARY = {
    "Add": "+", "Sub": "-", "Mul": "*", "Div": "/", "FloorDiv": "//", "Mod": "%", "Pow": "**", "And": "and", "Or": "or",
}  # fmt: skip
_UNARY = {"Not": "not", "Neg": "-", "Pos": "+"}


@functools.lru_cache(maxsize=256)
def parse_jinja(text: str, options: Options = DEFAULT) -> Nodes:
    """The nodes of a template. Raises `NotATemplate` where Jinja2 refuses it, `TooLarge` beyond guard's bounds."""
    if len(text) > MAX_LENGTH:
        raise TooLarge("a template that is too large to be followed")
    from jinja2 import TemplateError

    try:
        tree = _environment(options).parse(text)
    except TemplateError as error:
        raise NotATemplate(f"{error.message or 'not a Jinja2 template'} (line {getattr(error, 'lineno', 1)})") from None
    except (RecursionError, OverflowError):
        raise TooLarge("a template that is nested too deeply to be followed") from None
    except (ValueError, TypeError) as error:
        raise NotATemplate(str(error)) from None
    return _Lowering().body(tree.body)


@functools.lru_cache(maxsize=32)
def _environment(options: Options) -> jinja2.Environment:
    import jinja2

    return jinja2.Environment(
        trim_blocks=options.trim_blocks,
        lstrip_blocks=options.lstrip_blocks,
        keep_trailing_newline=options.keep_trailing_newline,
        block_start_string=options.block_start,
        block_end_string=options.block_end,
        variable_start_string=options.variable_start,
        variable_end_string=options.variable_end,
        comment_start_string=options.comment_start,
        comment_end_string=options.comment_end,
        line_statement_prefix=options.line_statement,
        line_comment_prefix=options.line_comment,
        extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"],
    )


class _Lowering:
    """Makes nodes of Jinja2's tree, counted and held to a depth."""

    def __init__(self) -> None:
        self.made = self.depth = 0

    def body(self, nodes: list[Any]) -> Nodes:
        self._enter()
        found: list[Node] = []
        for node in nodes:
            if type(node).__name__ == "Output":
                found += [self._output(part) for part in node.nodes]
            else:
                found += self._statement(node)
        self.depth -= 1
        return tuple(found)

    def _enter(self) -> None:
        self.made += 1
        self.depth += 1
        if self.made > MAX_NODES or self.depth > MAX_DEPTH:
            raise TooLarge("a template that is too large or nested too deeply to be followed")

    def _output(self, part: Any) -> Node:
        if type(part).__name__ == "TemplateData":
            return Text(part.data, part.lineno)
        return Show(self.expr(part), part.lineno)

    def _statement(self, node: Any) -> list[Node]:
        kind = type(node).__name__
        method = getattr(self, f"_of_{kind.lower()}", None)
        if method is not None:
            made: Node | list[Node] = method(node)
            return made if isinstance(made, list) else [made]
        return [Unread(kind.lower(), f"`{kind.lower()}` of a template is not followed", node.lineno)]

    def _of_if(self, node: Any) -> Node:
        other = self.body(node.else_)
        for arm in reversed(node.elif_):
            other = (If(self.expr(arm.test), self.body(arm.body), other, arm.lineno),)
        return If(self.expr(node.test), self.body(node.body), other, node.lineno)

    def _of_for(self, node: Any) -> Node:
        if node.recursive:
            return Unread(_name_of(node.iter), "a recursive loop of a template is not followed", node.lineno)
        test = None if node.test is None else self.expr(node.test)
        body, other = self.body(node.body), self.body(node.else_)
        return For(_targets(node.target), self.expr(node.iter), test, body, other, node.lineno)

    def _of_assign(self, node: Any) -> Node:
        return Assign(_targets(node.target), self.expr(node.node))

    def _of_assignblock(self, node: Any) -> Node:
        body = self.body(node.body)
        if node.filter is not None:
            body = (FilterBlock(self.expr(node.filter), body, node.lineno),)
        return AssignBody(_targets(node.target)[0], body)

    def _of_with(self, node: Any) -> Node:
        values = tuple((_targets(target)[0], self.expr(value)) for target, value in zip(node.targets, node.values))
        return With(values, self.body(node.body))

    def _of_block(self, node: Any) -> Node:
        return Block(node.name, self.body(node.body))

    def _of_extends(self, node: Any) -> Node:
        return Extends(self.expr(node.template), node.lineno)

    def _of_include(self, node: Any) -> Node:
        return Include(self.expr(node.template), node.ignore_missing, not node.with_context, node.lineno)

    def _of_import(self, node: Any) -> Node:
        return Import(self.expr(node.template), node.target, ())

    def _of_fromimport(self, node: Any) -> Node:
        names = tuple((name, name) if isinstance(name, str) else tuple(name) for name in node.names)
        return Import(self.expr(node.template), "", names)

    def _of_macro(self, node: Any) -> Node:
        defaults = tuple(self.expr(value) for value in node.defaults)
        return Macro(node.name, tuple(arg.name for arg in node.args), defaults, self.body(node.body))

    def _of_callblock(self, node: Any) -> Node:
        return CallBlock(self.expr(node.call), tuple(arg.name for arg in node.args), self.body(node.body), node.lineno)

    def _of_filterblock(self, node: Any) -> Node:
        return FilterBlock(self.expr(node.filter), self.body(node.body), node.lineno)

    def _of_exprstmt(self, node: Any) -> list[Node]:
        return []

    def _of_scope(self, node: Any) -> list[Node]:
        return list(self.body(node.body))

    def _of_scopedevalcontextmodifier(self, node: Any) -> Node:
        given = {option.key: getattr(option.value, "value", None) for option in node.options}
        body = self.body(node.body)
        if set(given) == {"autoescape"} and isinstance(given["autoescape"], bool):
            return Escaping(given["autoescape"], body)
        return Unread("autoescape", "escaping that is not known", node.lineno)

    def expr(self, node: Any) -> Expr:
        """An expression; one that is not read raises `NotATemplate`."""
        self._enter()
        try:
            return self._expr(node)
        finally:
            self.depth -= 1

    def _expr(self, node: Any) -> Expr:
        kind = type(node).__name__
        if kind in ("Const", "TemplateData"):
            return Const(node.value if kind == "Const" else node.data)
        if kind == "Name":
            return Var(node.name)
        if kind == "Getattr":
            return Get(self.expr(node.node), Const(node.attr))
        if kind == "Getitem" and type(node.arg).__name__ == "Slice":
            parts = (node.arg.start, node.arg.stop, node.arg.step)
            return Slice(self.expr(node.node), *(None if part is None else self.expr(part) for part in parts))
        if kind == "Getitem":
            return Get(self.expr(node.node), self.expr(node.arg))
        if kind in ("Filter", "Test", "Call"):
            return self._applied(node, kind.lower())
        if kind in _BINARY:
            return Operation(_BINARY[kind], self.expr(node.left), self.expr(node.right))
        if kind in _UNARY:
            return Operation(_UNARY[kind], None, self.expr(node.node))
        if kind == "Concat":
            return functools.reduce(lambda left, right: Operation("~", left, right), map(self.expr, node.nodes))
        if kind == "Compare":
            return self._compared(node)
        if kind == "CondExpr":
            other = None if node.expr2 is None else self.expr(node.expr2)
            return Choice(self.expr(node.test), self.expr(node.expr1), other)
        if kind in ("List", "Tuple"):
            return Display(tuple(map(self.expr, node.items)), kind == "Tuple")
        if kind == "Dict":
            return Mapping(tuple((self.expr(pair.key), self.expr(pair.value)) for pair in node.items))
        raise NotATemplate(f"`{kind}` in a template is not followed (line {node.lineno})")

    def _applied(self, node: Any, kind: str) -> Expr:
        base = None if node.node is None else self.expr(node.node)
        keywords = tuple((pair.key, self.expr(pair.value)) for pair in node.kwargs or ())
        args = tuple(map(self.expr, node.args or ()))
        spread = node.dyn_args is not None or node.dyn_kwargs is not None
        return Apply(kind, "" if kind == "call" else node.name, base, args, keywords, spread)

    def _compared(self, node: Any) -> Expr:
        """`a < b < c` is `a < b and b < c`."""
        left, found = self.expr(node.expr), None
        for operand in node.ops:
            right = self.expr(operand.expr)
            part = Operation(_COMPARED[operand.op], left, right)
            found = part if found is None else Operation("and", found, part)
            left = right
        assert found is not None
        return found


def _targets(node: Any) -> tuple[str, ...]:
    """The names that a `set` or a loop fills; those of a namespace with their dot."""
    if hasattr(node, "items"):
        return tuple(getattr(item, "name", "") for item in node.items)
    attr = getattr(node, "attr", None)
    return (f"{node.name}.{attr}" if attr else node.name,)


def _name_of(node: Any) -> str:
    return str(getattr(node, "name", None) or getattr(node, "attr", None) or "value")
