"""Loops over models that end with the first success: a request for each model, each further one after a failure.

In: a decided request with a loop around it that tries again (`attempts.retry_loop`), whose turns ask different models.
Out: one request for each turn, in the order of the loop, without that loop as a layer of attempts; all but the first
are fallbacks (`groups.fallbacks`). Where other models may come, or in another order, it stays one request, whose
attempts go to any of them; a first model that is known by default is then its typical one. Neighbours: `alternatives`
does the same for objects of which one is asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from guard.facts.link import containers
from guard.facts.link.alternatives import MAX_APART
from guard.facts.link.things import Called, DictOf, Frame, ListOf, World, together
from guard.facts.link.values import Quantity, fitting, value_of
from guard.model import Step

if TYPE_CHECKING:
    from guard.facts.filefacts import Block, CallRef, FileFacts
    from guard.facts.link.contexts import Leaf
    from guard.facts.link.draft import Draft, Drafter
    from guard.facts.link.engine import Engine
    from guard.model import Layer

MAX_MODELS = 24
"""Turns of a loop that are requests of their own."""


class _Turns(NamedTuple):
    """A loop of which each turn asks for models of its own."""

    layer: Layer
    decisions: frozenset[object]
    """Those that the targets of the loop hang on: which element."""
    elements: tuple[object, ...]
    """In their order."""


def separately(drafter: Drafter, facts: FileFacts, ref: CallRef, leaf: Leaf, before: int) -> list[Leaf]:
    """The request once for each turn of the loops that try another model. `before`: requests of the call so far."""
    found = [leaf]
    if leaf.cut or leaf.draft.target.choice or len(leaf.draft.model.rows) < 2:
        return found
    drafter.engine.ask(leaf.context)
    loops = list(_loops(drafter, facts, ref, leaf))
    if leaf.draft.model.value.open:
        return [replace(leaf, draft=_led(leaf.draft, loops[0]))] if len(loops) == 1 else found
    for turns in loops:
        number = len(found) * len(turns.elements)
        if number > MAX_MODELS or before + number > MAX_APART:
            break
        found = [replace(one, draft=_at(one.draft, turns, n)) for one in found for n in range(len(turns.elements))]
    return found


def _loops(drafter: Drafter, facts: FileFacts, ref: CallRef, leaf: Leaf) -> Iterator[_Turns]:
    """The loops on the way to a request that try another model after a failure."""
    engine = drafter.engine
    for frame in _frames(engine.root(facts.path, ref.scope), leaf):
        scope = engine.scope_of(frame)
        for block in scope.blocks:
            if block.kind != "for" or block.test is None:
                continue
            head = drafter.spans(frame.path, block.test.pos)
            layer = next((x for x in leaf.draft.layers if x.span == head and x.name == "retry loop (for)"), None)
            if layer is None or not _is_ordered(engine, block, frame, leaf.draft.model.value.open):
                continue
            targets = [b for found in scope.bindings.values() for b in found if b.value is block.test]
            decisions: frozenset[object] = frozenset(("each", frame.key, b.pos) for b in targets if b.kind == "for")
            chosen = [_element(world, decisions) for _, world in leaf.draft.model.rows]
            elements = tuple(dict.fromkeys(element for one in chosen for element in one))
            if all(chosen) and len(elements) > 1:
                yield _Turns(layer, decisions, elements)


def _frames(start: Frame, leaf: Leaf) -> list[Frame]:
    """The activations on the way to a send: its own, those of the calls that its context decides, and those around."""
    found: dict[int, Frame] = {}
    for inner in (start, *(bind.frame for bind in leaf.context.values() if isinstance(bind, Called))):
        frame: Frame | None = inner
        while frame is not None:
            found[frame.key] = frame
            frame = frame.lexical
    return list(found.values())


def _is_ordered(engine: Engine, loop: Block, frame: Frame, perhaps: bool) -> bool:
    """Whether it is sure which element of what a loop goes over is the first, and which others there are.

    `perhaps`: it is enough that the first one is known, unless something else is gone over.
    """
    found = engine.quietly(loop.test, frame) if loop.test is not None else None
    if found is None or not found.alts or (found.open and not perhaps):
        return False
    for alt in found.alts:
        thing = alt.thing
        if not isinstance(thing, (ListOf, DictOf)) or (thing.open and not perhaps):
            return False
        if isinstance(thing, ListOf) and (
            thing.each or containers.unordered(thing) or any(before == 0 for before, _ in thing.gaps)
        ):
            return False
    return True


def _element(world: World, decisions: frozenset[object]) -> list[object]:
    """Which element a value hangs on; none: it is the same in each turn."""
    return [element for decision, element in world if decision in decisions]


def _at(draft: Draft, turns: _Turns, number: int) -> Draft:
    """The request in one turn: what goes with its element; after the first turn a fallback."""
    world = frozenset((decision, turns.elements[number]) for decision in turns.decisions)
    providers = [(name, own) for name, own in draft.providers if together(own, world) is not None]
    return draft._replace(
        model=fitting(draft.model, [world]),
        max_output=fitting(draft.max_output, [world]),
        reasoning=fitting(draft.reasoning, [world]),
        tier=fitting(draft.tier, [world]),
        providers=providers or draft.providers,
        layers=tuple(layer for layer in draft.layers if layer is not turns.layer),
        target=draft.target._replace(fallback=draft.target.fallback or number > 0),
    )


def _led(draft: Draft, turns: _Turns) -> Draft:
    """The request with the values of the first known element marked as those that hold without overrides."""

    def marked(found: Quantity) -> Quantity:
        rows = tuple(
            (replace(choice, trail=(*choice.trail[:1], step, *choice.trail[1:])), world)
            if first in _element(world, turns.decisions)
            else (choice, world)
            for choice, world in found.rows
        )
        return Quantity(value_of(list(rows), (found.value.why,) if found.value.open and found.value.why else ()), rows)

    first = 0  # of a list; where its model is not known, none is typical
    if turns.layer.span is None or first not in _element(draft.model.rows[0][1], turns.decisions):
        return draft
    step = Step(turns.layer.span, "default", "the first model that is tried")
    return draft._replace(model=marked(draft.model), max_output=marked(draft.max_output))
