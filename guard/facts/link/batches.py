"""How many inputs a request for embeddings carries: each text of a list is an input by itself.

In: what the code passes, as messages of a prompt. Out: a `Count` for a message that stands for texts of a number that
is not known, and the limits of one request. None for a message that is one text. Neighbours: `messages` asks while it
reads, `subscripts` says how long a slice is (`Piece.items`), the catalogue has the limits (`Call.at_most`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.facts.expr import Attr, Call, Expr, Item, Name, Slice, Text, last_name
from guard.facts.filefacts import Param, Scope
from guard.facts.link.things import Pieces, Thing
from guard.model import Batch, Count

if TYPE_CHECKING:
    from guard.facts.link.engine import Engine
    from guard.facts.link.sends import Target
    from guard.facts.link.things import Frame, Held

BATCH = "batch"
"""Kind of a decision between the elements of a batch, each of which is a request."""
SEVERAL = ("documents", "contents")
"""Forms of an input that may be a list of which each element is an input (`catalog_types.Form`)."""
TEXT_METHODS = frozenset({
    "strip", "lstrip", "rstrip", "lower", "upper", "title", "capitalize", "replace", "removeprefix", "removesuffix",
    "join", "format", "expandtabs", "read_text",
})  # fmt: skip
"""Methods that give one text."""
MOST_TEXTS = 500
"""Elements of a slice that are typically texts; a longer one (`x[:2000]`) is typically one text, cut by characters."""
MAX_HOPS = 8
"""Assignments that are followed to see whether something is one text."""


def of(target: Target) -> Batch | None:
    """The limits of one request of a target; None where its messages are one prompt together."""
    if target.spec.operation != "embedding":
        return None
    for limit in target.spec.at_most:
        if limit.provider == target.provider:
            return Batch(limit.inputs, limit.tokens)
    return Batch(None, None)


def several(why: str, most: int | None = None) -> Count:
    """Any number of inputs, at most `most`: where that is known, a full batch is typical, else one input."""
    batch = most is not None and most <= MOST_TEXTS
    return Count(0, most if batch and most is not None else min(1, most or 1), most, (why,))


def cut(thing: Thing) -> int | None:
    """How many texts a slice of something unknown has at most; None where it is no such slice."""
    if not isinstance(thing, Pieces) or len(thing.parts) != 1 or thing.parts[0].text is not None:
        return None
    return thing.parts[0].items


def is_one_text(engine: Engine, expr: Expr | Held, frame: Frame) -> bool:
    """Whether an expression is surely a text and not a list: a method of texts, a parameter that is annotated so."""
    scope = engine.scope_of(frame)
    for _ in range(MAX_HOPS):
        if isinstance(expr, Call):
            name = expr.func.name if isinstance(expr.func, Attr) else last_name(expr.func)
            return name in TEXT_METHODS or name == "str"
        if isinstance(expr, Item) and isinstance(expr.key, Slice):
            expr = expr.base
            continue
        if not isinstance(expr, Name):
            return isinstance(expr, Text)
        bindings = scope.bindings.get(expr.id, ())
        if not bindings:
            return _is_text_param(scope, expr.id)
        if len(bindings) > 1 or bindings[0].kind != "assign" or bindings[0].value is None:
            return False
        value = bindings[0].value
        if isinstance(value, Name) and value.id == expr.id:
            return False
        expr = value
    return False


def _is_text_param(scope: Scope, name: str) -> bool:
    param: Param | None = next((p for p in scope.params if p.name == name), None)
    annotation = param.annotation if param is not None else None
    return isinstance(annotation, Name) and annotation.id == "str"
