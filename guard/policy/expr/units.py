"""Which types an operator takes, what it makes of them, and what is said when they do not go together.

In: a binary node and the types of its sides. Out: the type of the result, or `ExpressionError`. Neighbour: `condition`.
"""

from __future__ import annotations

import re
from decimal import Decimal

from guard.config.issues import listed, show
from guard.policy.expr.errors import ExpressionError, meant
from guard.policy.expr.syntax import Binary, Listed, Literal_, Node, Select
from guard.policy.expr.types import TEXT, TRUTH, ListOf, Number, NumberUnit, Object, Text, Truth, Type, said, same

_FIGURES = ("low", "typical", "high")
_VERBS = {"+": "added", "-": "subtracted", "*": "multiplied", "/": "divided"}


def compared(node: Binary, left: Type, right: Type, source: str) -> Type:
    """`==`, `!=` and the four orders."""
    no_object(node.left, left, source)
    no_object(node.right, right, source)
    _known_word(node.left, left, node.right, right)
    if not same(left, right):
        raise _mismatch(node, left, right, "compared", source)
    if node.operator in ("==", "!="):
        return TRUTH
    if not isinstance(left, Number | Text):
        hint = "`size(...)` counts" if isinstance(left, ListOf) else "write == or !="
        raise ExpressionError(node.at, f"{said(left)} has no order", hint)
    for one, kind, other in ((node.left, left, right), (node.right, right, left)):
        _share_in_percent(one, kind, other)
    return TRUTH


def contained(node: Binary, left: Type, right: Type, source: str) -> Type:
    """`x in list`."""
    if not isinstance(right, ListOf):
        hint = f"`{_cut(node.right, source)}.contains(...)` asks about a part of a text" if right == TEXT else ""
        raise ExpressionError(node.right.start, f"'in' needs a list, this is {said(right)}", hint)
    no_object(node.left, left, source)
    if right.item is None:
        return TRUTH
    _known_word(node.left, left, node.right, right.item)
    if not same(left, right.item):
        what = f"{said(left)} is never in {said(right)}"
        raise ExpressionError(node.left.start, what, _drop_quotes(node.left, right.item))
    for item in node.right.items if isinstance(node.right, Listed) else ():
        _known_word(node.left, left, item, right.item)
        _share_in_percent(item, right.item, left)
    return TRUTH


def reckoned(node: Binary, left: Type, right: Type, source: str) -> Type:
    """`+ - * /`."""
    no_object(node.left, left, source)
    no_object(node.right, right, source)
    if node.operator == "+" and isinstance(left, Text) and isinstance(right, Text):
        return TEXT
    if node.operator == "+" and isinstance(left, ListOf) and isinstance(right, ListOf) and same(left, right):
        return left if left.item is not None else right
    if not (isinstance(left, Number) and isinstance(right, Number)):
        raise _mismatch(node, left, right, _VERBS[node.operator], source)
    unit = _unit(node.operator, left.unit, right.unit)
    if unit is None:
        what = f"{said(left)} and {said(right)} cannot be {_VERBS[node.operator]}"
        raise ExpressionError(node.at, what, "units must come out as USD, a share or a number")
    return Number(unit)


def _unit(sign: str, left: NumberUnit, right: NumberUnit) -> NumberUnit | None:
    """The unit of a result; None where there is none."""
    if sign in "+-":
        return left if right == "any" else right if left in ("any", right) else None
    if sign == "*":
        if left == right == "usd":
            return None
        # Dollars and counts stay what they are when they are multiplied by a number or a share.
        return next((unit for unit in ("usd", "count", "share") if unit in (left, right)), "any")
    if right == "usd":
        return "count" if left == "usd" else None
    if left == right:
        return "count" if left == "share" else left
    return "count" if left == "any" else left


def _mismatch(node: Binary, left: Type, right: Type, verb: str, source: str) -> ExpressionError:
    shown = [f"`{_cut(side, source)}` ({said(kind)})" for side, kind in ((node.left, left), (node.right, right))]
    hint = _drop_quotes(node.left, right) or _drop_quotes(node.right, left) or _unit_hint(node, left, right)
    return ExpressionError(node.at, f"{shown[0]} cannot be {verb} with {shown[1]}", hint)


def _drop_quotes(node: Node, wanted: Type) -> str:
    if isinstance(node, Literal_) and isinstance(node.value, str) and isinstance(wanted, Number):
        plain = node.value.strip()
        if re.fullmatch(r"[0-9._]+ ?(USD|%)?", plain):
            return f"drop the quotes: {plain}"
    if isinstance(node, Literal_) and isinstance(node.value, str) and isinstance(wanted, Truth):
        return "drop the quotes" if node.value in ("true", "false") else ""
    if isinstance(node, Literal_) and isinstance(node.value, Decimal) and isinstance(wanted, Text):
        return "put it in quotes"
    return ""


def _unit_hint(node: Binary, left: Type, right: Type) -> str:
    """What to write where a figure has the wrong unit."""
    for side, kind, other in ((node.left, left, right), (node.right, right, left)):
        if isinstance(side, Literal_) and isinstance(kind, Number) and isinstance(other, Number):
            return {
                "usd": "write an amount: 0.05 USD",
                "share": "write a share: 20%",
            }.get(other.unit, "write a number without unit")
    return ""


def no_object(node: Node, kind: Type, source: str) -> None:
    """An object stands for no value of its own; of those with figures the user most likely forgot which one."""
    if not isinstance(kind, Object):
        return
    shown = _cut(node, source)
    if all(name in kind.fields for name in _FIGURES):
        raise ExpressionError(
            node.start,
            f"`{shown}` has several figures: {listed(kind.fields)}",
            f"write `{shown}.high` for the worst case, `{shown}.typical` for the usual one",
        )
    raise ExpressionError(node.start, f"`{shown}` is {said(kind)}, not a value", f"it has {listed(kind.fields)}")


def _known_word(left: Node, left_kind: Type, right: Node, right_kind: Type) -> None:
    """A text that is compared with one of a few words must be one of them."""
    for node, other in ((left, right_kind), (right, left_kind)):
        words = other.words if isinstance(other, Text) else ()
        if words and isinstance(node, Literal_) and isinstance(node.value, str) and node.value not in words:
            raise ExpressionError(node.start, f"it is never {show(node.value)}", meant(node.value, words))


def _share_in_percent(node: Node, kind: Type, other: Type) -> None:
    """`share > 20` is always false: the writer meant 20 %."""
    if isinstance(node, Literal_) and kind == Number("any") and other == Number("share"):
        assert isinstance(node.value, Decimal)
        if node.value > 1:
            hint = f"write {node.value}%" if node.value <= 100 else ""
            raise ExpressionError(node.start, f"a share is never {node.value}: it lies between 0 and 1", hint)


def _cut(node: Node, source: str) -> str:
    """The text of a node for a message."""
    text = " ".join(source[node.start : node.end].split())
    if isinstance(node, Select) or len(text) <= 40:
        return text[-60:]
    return text[:37] + "..."
