"""Small sums over roles, as the catalogue writes them: `1 + client_retries`. In: text. Out: `Formula`.

Parsed with `ast`, never evaluated as Python: `registry` also reads entries that users wrote.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any


class CatalogError(ValueError):
    """A catalogue file or a user's call entry that does not fit the form. The message names file and key."""


@dataclass(frozen=True, slots=True)
class Formula:
    """A small sum over roles: whole numbers, role names, `+ - * //`, `max()`, `min()`, brackets."""

    text: str

    def value(self, roles: Mapping[str, int | None]) -> int | None:
        """The result; None: no bound. A role that is None or missing has no bound.

        `0 * None` is 0, `min` ignores what has no bound, everything else passes None on.
        Raises `CatalogError` when the text is no formula.
        """
        return _evaluate(_parse(self.text), roles)

    def names(self) -> frozenset[str]:
        """The roles in it. Raises `CatalogError` when the text is no formula."""
        return frozenset(_names(_parse(self.text)))


Node = int | str | tuple[str, tuple["Node", ...]]


def formula(text: str) -> Formula:
    """`text` as a formula, checked. Raises `CatalogError`."""
    _parse(text)
    return Formula(text)


@lru_cache(maxsize=256)
def _parse(text: str) -> Node:
    import ast

    try:
        return _node(ast.parse(text.strip(), mode="eval").body, text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        if isinstance(error, CatalogError):
            raise
        raise CatalogError(f"`{text}` is no formula: {error}") from None


def _node(tree: Any, text: str) -> Node:
    import ast

    if isinstance(tree, ast.Constant) and type(tree.value) is int:
        return tree.value
    if isinstance(tree, ast.Name):
        return tree.id
    operators: dict[type, str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.FloorDiv: "//"}
    if isinstance(tree, ast.BinOp) and type(tree.op) in operators:
        by = tree.right.value if isinstance(tree.right, ast.Constant) else None
        if isinstance(tree.op, ast.FloorDiv) and not (type(by) is int and by):
            raise CatalogError(f"`{text}` is no formula: // divides by a whole number other than 0")
        return operators[type(tree.op)], (_node(tree.left, text), _node(tree.right, text))
    is_call = isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name) and not tree.keywords and tree.args
    if is_call and tree.func.id in ("max", "min"):
        return tree.func.id, tuple(_node(argument, text) for argument in tree.args)
    raise CatalogError(f"`{text}` is no formula: allowed are whole numbers, role names, + - * // max() min()")


def _names(node: Node) -> Iterable[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, tuple):
        for inner in node[1]:
            yield from _names(inner)


def _evaluate(node: Node, roles: Mapping[str, int | None]) -> int | None:
    if isinstance(node, int):
        return node
    if isinstance(node, str):
        return roles.get(node)
    operator, inner = node
    values = [_evaluate(part, roles) for part in inner]
    known = [value for value in values if value is not None]
    if operator == "min" and known:
        return min(known)
    if operator == "*" and 0 in known:
        return 0
    if len(known) < len(values):
        return None
    if operator in ("max", "min"):
        return max(known) if operator == "max" else min(known)
    left, right = known
    if operator == "//":
        return left // right
    return left + right if operator == "+" else left - right if operator == "-" else left * right
