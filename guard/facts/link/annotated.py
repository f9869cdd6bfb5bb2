"""Objects that only an annotation names: of a class of the repository, or of an SDK's client.

In: an annotation and the frame around it. Out: an object of each class that it names, or None. Neighbours:
`parameters`, `engine` and `injected` ask where no call and no value says more; which of the repository's objects it is,
`objects` and the context decide.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.facts.expr import Attr, Call, Expr, Name, last_name
from guard.facts.link import objects
from guard.facts.link.things import (
    ClassThing,
    Ext,
    Frame,
    Inst,
    Lit,
    Made,
    Result,
    known,
    union,
)  # fmt: skip

if TYPE_CHECKING:
    from guard.facts.link.engine import Engine


def annotated_object(engine: Engine, annotation: Expr, frame: Frame) -> Result | None:
    """An object of the class that a parameter's annotation names (`Config`, `Config | None`, `Optional[Config]`).

    `frame` is that of the function.
    """
    scope = engine.scope_of(frame)
    outer = engine.root(frame.path, scope.parent) if scope.parent > 0 else engine.module(frame.path)
    return _named(engine, annotation, outer)


def _named(engine: Engine, annotation: Expr, frame: Frame) -> Result | None:
    classes: list[Result] = []
    for part in _annotation_parts(annotation):
        for alt in engine.quietly(part, frame).alts:
            if isinstance(alt.thing, ClassThing) and not objects.is_enum(engine, alt.thing):
                classes.append(known(Inst(alt.thing, None, None, True)))
            elif isinstance(alt.thing, Ext) and _is_client(engine, alt.thing.chain):
                classes.append(_made_by_name(alt.thing, part, frame))
    return union(classes) if classes else None


def declared(engine: Engine, annotation: Expr, frame: Frame, found: Result) -> Result:
    """What is assigned to a name or attribute with an annotation: where nothing is known of it but that it may be None,
    an object of the class that the annotation names. It stays open: other objects of the class may arrive."""
    if not found.open or any(not (isinstance(a.thing, Lit) and a.thing.value is None) for a in found.alts):
        return found
    named = _named(engine, annotation, frame)
    return found if named is None else union([named, found])


def client_object(engine: Engine, annotation: Expr, frame: Frame) -> Result | None:
    """An object of the SDK's class that an annotation names; None where it names none."""
    found = [
        _made_by_name(alt.thing, part, frame)
        for part in _annotation_parts(annotation)
        for alt in engine.quietly(part, frame).alts
        if isinstance(alt.thing, Ext) and _is_client(engine, alt.thing.chain)
    ]
    return union(found) if found else None


def _made_by_name(thing: Ext, part: Expr, frame: Frame) -> Result:
    return known(Ext(thing.chain + "()", (*thing.made, Made(Call(part.pos, part, (), ()), frame))))


def _is_client(engine: Engine, chain: str) -> bool:
    return chain in engine.project.catalog.clients_by_name


def _annotation_parts(annotation: Expr) -> list[Expr]:
    from guard.facts.expr import Item, Op, Seq

    if isinstance(annotation, Op) and annotation.op == "|":
        return [*_annotation_parts(annotation.left), *_annotation_parts(annotation.right)]
    if isinstance(annotation, Item) and last_name(annotation.base) in ("Optional", "Union", "Annotated"):
        inner = annotation.key.items if isinstance(annotation.key, Seq) else (annotation.key,)
        return [p for part in inner for p in _annotation_parts(part)]
    return [annotation] if isinstance(annotation, (Name, Attr)) else []
