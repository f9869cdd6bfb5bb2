"""Requests of one batch that differ in what prices them: a request of its own for each model and limit.

In: the targets of a call that sends a list of requests (`messages.batches.create(requests=[...])`). Out: the same,
parted by what the elements of the list say, where all of them are known. Elements that say the same stay together, with
their prompts and their number. Neighbours: `draft` asks, `arguments` reads the elements.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.facts.link.arguments import BodyArguments, Sent, deep, sent
from guard.facts.link.things import ListOf, Lit, Result

if TYPE_CHECKING:
    from guard.facts.link.engine import Engine
    from guard.facts.link.sends import Target

MAX_ELEMENTS = 24
"""Elements of a batch that are told apart."""
PRICED_BY = ("model", "max_output", "reasoning")
UNKNOWN = "unknown"


def apart(engine: Engine, group: list[Target]) -> list[list[Target]]:
    """The targets of one request once for each model and limit that elements of its batch have."""
    each = group[0].spec.each
    if each is None or not each.of:
        return [group]
    value = sent(group[0].arguments, each.arg)
    thing = value.result.alts[0].thing if value is not None and len(value.result.alts) == 1 else None
    if value is None or value.result.open or not isinstance(thing, ListOf):
        return [group]
    if thing.open or thing.each or thing.fewer or not 1 < len(thing.items) <= MAX_ELEMENTS:
        return [group]
    found: dict[object, list[int]] = {}
    for number, cell in enumerate(thing.items):
        body = BodyArguments(engine, deep(engine, engine.force(cell), [each.of]))
        args = (group[0].spec.roles.get(name) for name in PRICED_BY)
        key = tuple(_key(sent(body, arg)) for arg in args if arg is not None)
        found.setdefault(key, []).append(number)
    if len(found) == 1:
        return [group]
    return [[target._replace(elements=tuple(numbers)) for target in group] for numbers in found.values()]


def _key(value: Sent | None) -> object:
    """What tells two values apart; all that are not known are one."""
    if value is None:
        return None
    result = value.result
    if result.open or not all(isinstance(alt.thing, Lit) for alt in result.alts):
        return UNKNOWN
    return tuple((type(alt.thing.value), alt.thing.value) for alt in result.alts if isinstance(alt.thing, Lit))


def of_elements(target: Target, result: Result) -> Result:
    """The list of a batch with the elements that a target stands for."""
    if target.elements is None:
        return result
    alts = []
    for alt in result.alts:
        thing = alt.thing
        if isinstance(thing, ListOf):
            thing = thing._replace(items=tuple(cell for n, cell in enumerate(thing.items) if n in target.elements))
        alts.append(alt._replace(thing=thing))
    return Result(tuple(alts), result.open)
