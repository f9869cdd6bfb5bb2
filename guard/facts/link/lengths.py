"""How long a text can be at most, where a model of pydantic or FastAPI checks it.

In: an expression whose text is not known. Out: the `max_length` in characters that is declared for it, or None.
`Field(max_length=...)`, `Annotated[str, ...]` and `constr(...)` of a pydantic model's field hold for every object of
it; `Query(max_length=...)` and its kin hold where FastAPI calls the function, so only for one that no known call
enters. Plain annotations and dataclasses are checked by nobody and bound nothing. Neighbour: `texts` asks for the holes
that it makes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.facts.expr import Attr, Call, Expr, Item, Name, Op, Seq, last_name
from guard.facts.link import objects
from guard.facts.link.things import Frame, Held, Inst, Lit, Thunk

if TYPE_CHECKING:
    from guard.facts.link.engine import Engine

_OF_FIELDS = frozenset({"Field", "StringConstraints", "MaxLen", "constr"})
_OF_REQUESTS = frozenset({"Query", "Form", "Body", "Path", "Header", "Cookie"})
"""FastAPI's declarations of parameters."""
_VALIDATING = ("pydantic", "sqlmodel")
_SHORTENS = frozenset({"strip", "lstrip", "rstrip"})
LONGEST = 10**9
"""A larger bound says nothing."""


def declared(engine: Engine, expr: Expr | Held, frame: Frame) -> int | None:
    """The most characters that a text can have by its declaration; None: nothing bounds it."""
    if isinstance(expr, Held):
        return declared(engine, expr.cell.expr, expr.cell.frame) if isinstance(expr.cell, Thunk) else None
    if isinstance(expr, Call) and isinstance(expr.func, Attr) and expr.func.name in _SHORTENS:
        return declared(engine, expr.func.base, frame)
    if isinstance(expr, Attr):
        return _of_field(engine, expr, frame)
    return _of_parameter(engine, expr, frame) if isinstance(expr, Name) else None


def _of_field(engine: Engine, expr: Attr, frame: Frame) -> int | None:
    """That of a field, where all objects that can stand before the dot are known and check it."""
    found = [alt.thing for alt in engine.quietly(expr.base, frame).alts]
    bounds = [_of_object(engine, thing, expr.name) if isinstance(thing, Inst) else None for thing in found]
    known = [bound for bound in bounds if bound is not None]
    return max(known) if known and len(known) == len(bounds) else None


def _of_object(engine: Engine, inst: Inst, name: str) -> int | None:
    owned, outside = objects.order(engine, inst.cls)
    if not any(one.chain.split(".", 1)[0] in _VALIDATING for one in outside):
        return None
    holder = next((one for one in owned if name in one.scope.bindings), None)
    if holder is None:
        return None
    binding = holder.scope.bindings[name][-1]
    if binding.annotation is None:
        return None
    return _declared(engine, binding.annotation, binding.value, objects.body_frame(engine, holder), _OF_FIELDS)


def _of_parameter(engine: Engine, expr: Name, frame: Frame) -> int | None:
    scope = engine.scope_of(frame)
    param = next((one for one in scope.params if one.name == expr.id), None)
    if param is None or param.annotation is None or frame.call is not None or len(scope.bindings.get(expr.id, ())) > 1:
        return None
    outer = engine.root(frame.path, scope.parent) if scope.parent > 0 else engine.module(frame.path)
    return _declared(engine, param.annotation, param.default, outer, _OF_REQUESTS)


def _declared(engine: Engine, annotation: Expr, value: Expr | None, frame: Frame, makers: frozenset[str]) -> int | None:
    """The least of the bounds in an annotation of a text and in what stands behind its `=`."""
    if not _is_text(annotation):
        return None  # of a list `max_length` is the number of its elements
    calls = [call for call in (*_calls(annotation), value) if isinstance(call, Call) and last_name(call.func) in makers]
    bounds = [bound for call in calls if (bound := _bound(engine, call, frame)) is not None]
    return min(bounds, default=None)


def _is_text(annotation: Expr) -> bool:
    """Whether an annotation allows texts and None alone."""
    if isinstance(annotation, Call):
        return last_name(annotation.func) == "constr"
    if isinstance(annotation, Op) and annotation.op == "|":
        return _is_text(annotation.left) and _is_text(annotation.right)
    if isinstance(annotation, Item):
        inner = annotation.key.items if isinstance(annotation.key, Seq) else (annotation.key,)
        kind = last_name(annotation.base)
        return (kind == "Annotated" and _is_text(inner[0])) or (
            kind in ("Optional", "Union") and all(_is_text(one) for one in inner)
        )
    if isinstance(annotation, Name):
        return annotation.id in ("str", "None")
    return getattr(annotation, "value", "") is None


def _calls(annotation: Expr) -> list[Expr]:
    """The calls in an annotation."""
    if isinstance(annotation, Op):
        return [*_calls(annotation.left), *_calls(annotation.right)]
    if isinstance(annotation, Item):
        inner = annotation.key.items if isinstance(annotation.key, Seq) else (annotation.key,)
        return [call for one in inner for call in _calls(one)]
    return [annotation] if isinstance(annotation, Call) else []


def _bound(engine: Engine, call: Call, frame: Frame) -> int | None:
    """The number in `max_length=...` (`MaxLen(5)` has it in front), where it is one."""
    given = dict(call.keywords).get("max_length")
    if given is None and last_name(call.func) == "MaxLen" and call.args:
        given = call.args[0]
    if given is None:
        return None
    found = engine.quietly(given, frame)
    if found.open or len(found.alts) != 1:
        return None
    thing = found.alts[0].thing
    value = thing.value if isinstance(thing, Lit) else None
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < LONGEST else None
