"""Keeps syntax trees shallow. In: a parsed tree. Out: the line of the first expression nested too deeply, if any.

`"a" + "a" + ...`, `x.f().f()...` and long `elif` chains parse without trouble but nest one level per link, and a
recursive visitor would overflow on them. Walking every node costs as much as parsing, so only statements long enough
and with enough operators to be that deep are walked.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from itertools import accumulate

MAX_DEPTH = 600
"""Levels of syntax nodes. A recursive visitor that uses k Python frames per level needs a recursion limit of about
k times this."""

_MARKS = (
    "(", "[", "{", ".", "+", "-", "*", "/", "%", "@", "&", "|", "^", "~", "<", ">",
    "not", "else", "lambda",
)  # fmt: skip
_FEWEST_MARKS = 200
"""A statement with fewer characters or marks is not walked: a mark opens at most two levels (a call's `(` with a
keyword), indentation at most 200 (Python allows 100 steps), which makes 600. Only an f-string's `{` opens three; some
hundred of them inside one another would pass `MAX_DEPTH` by that much."""

_PARTS: dict[type[ast.stmt], tuple[str, ...]] = {
    ast.FunctionDef: ("body",), ast.AsyncFunctionDef: ("body",), ast.ClassDef: ("body",),
    ast.With: ("body",), ast.AsyncWith: ("body",),
    ast.If: ("body", "orelse"), ast.While: ("body", "orelse"),
    ast.For: ("body", "orelse"), ast.AsyncFor: ("body", "orelse"),
    ast.Try: ("body", "handlers", "orelse", "finalbody"), ast.TryStar: ("body", "handlers", "orelse", "finalbody"),
    ast.Match: ("cases",),
}  # fmt: skip


def too_deep_line(tree: ast.Module, lines: Sequence[str]) -> int | None:
    """First line of a statement that holds nodes more than `MAX_DEPTH` levels deep; None if there is none.

    An upper bound is taken per statement from its text; the exact depth is counted, without recursion, only where
    that bound is not enough.
    """
    ends = [0, *accumulate([len(line) + 1 for line in lines])]
    if ends[-1] < _FEWEST_MARKS:
        return None
    short_lines = max(map(len, lines)) < _FEWEST_MARKS
    todo: list[tuple[list[ast.stmt], int]] = [(tree.body, 1)]
    while todo:
        body, depth = todo.pop()
        if depth > MAX_DEPTH:
            return body[0].lineno
        for statement in body:
            first, last = statement.lineno, statement.end_lineno or statement.lineno
            if last == first and (short_lines or _bytes_of(statement) < _FEWEST_MARKS):
                continue
            if ends[last] - ends[first - 1] < _FEWEST_MARKS:
                continue
            parts = _PARTS.get(type(statement))
            if parts is not None:
                first, last = _header(statement, parts, depth, todo)
                if ends[last] - ends[first - 1] < _FEWEST_MARKS:
                    continue
            text = "\n".join(lines[first - 1 : last])
            if sum(map(text.count, _MARKS)) >= _FEWEST_MARKS and _deeper_than(statement, MAX_DEPTH - depth):
                return statement.lineno
    return None


def _bytes_of(statement: ast.stmt) -> int:
    """Length of a statement on one line: at least its characters. Many statements may share one long line."""
    return (statement.end_col_offset or 0) - statement.col_offset


def _header(
    statement: ast.stmt, parts: tuple[str, ...], depth: int, todo: list[tuple[list[ast.stmt], int]]
) -> tuple[int, int]:
    """Puts the statement lists inside a compound statement on `todo`; returns the lines that hold its expressions."""
    first, last = statement.lineno, statement.end_lineno or statement.lineno
    head_ends = last
    for part in parts:
        inner = getattr(statement, part)
        if not inner:
            continue
        if part in ("handlers", "cases"):
            # Expressions stand between the bodies, too: take the whole text.
            todo += [(each.body, depth + 2) for each in inner]
            head_ends = last
        else:
            todo.append((inner, depth + 1))
            if part == "body":
                head_ends = inner[0].lineno
    decorators = getattr(statement, "decorator_list", None)
    return (decorators[0].lineno if decorators else first), head_ends


def _deeper_than(top: ast.stmt, limit: int) -> bool:
    """Whether a node of the expressions of `top` lies more than `limit` levels below it. Statements inside are left
    to the caller, except where only walking them reaches an expression (handlers, cases)."""
    level: list[ast.AST] = [top]
    for _ in range(limit + 1):
        level = [
            child
            for node in level
            for child in ast.iter_child_nodes(node)
            if not isinstance(child, ast.stmt | ast.expr_context | ast.operator)
        ]
        if not level:
            return False
    return True
