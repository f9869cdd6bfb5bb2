"""How often a thing that an object of a framework holds is asked, and what is looked up for one request.

In: a target, and an entry of what one of its clients holds (`catalog_types.Holds`). Out: a `Count`, a number of tokens.
The catalogue writes both as small sums over roles (`top_k * 1024`), by the value of an argument where one decides
(`response_mode`). Neighbours: `holding` finds what is held, `framework` turns it into targets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from guard.facts.catalog_types import Holds
from guard.facts.formula import Formula
from guard.facts.link.arguments import CallArguments, Sent, sent
from guard.facts.link.things import Alt, Ext, Lit, Made
from guard.facts.link.values import known_number
from guard.model import ONCE, Count

if TYPE_CHECKING:
    from guard.facts.link.engine import Engine
    from guard.facts.link.sends import Layer, Target

IF_ANY = "the model decides whether and how often it is used"
RETRIEVERS = frozenset({"retriever", "query_engine"})
"""Arguments that hold what looks passages up for their holder."""


def cases(engine: Engine, made: Made | None, holds: Holds) -> list[Holds]:
    """What may hold for how often something is asked: by the value of an argument (`response_mode`) where one decides,
    the value that is taken as a rule first; every case where the value is not known."""
    if holds.by is None:
        return [holds]
    value = sent(CallArguments(engine, made.call, made.frame), holds.by) if made is not None else None
    if value is None:
        values: list[object] = [holds.by.default]
    else:
        values = [_last_name(alt) for alt in value.result.alts]
    found = [case for one in values for equals, case in holds.cases if one in equals]
    unsure = len(found) < len(values) or not found or (value is not None and bool(value.result.open))
    return [*found, *(case for _, case in holds.cases if unsure and case not in found)]


def _last_name(alt: Alt) -> object:
    """A value as `cases` name it: `ResponseMode.REFINE` and "refine" are one."""
    thing = alt.thing
    if isinstance(thing, Ext):
        return thing.chain.removesuffix(".value").rsplit(".", 1)[-1].lower()
    return thing.value if isinstance(thing, Lit) else None


def is_never(engine: Engine, layer: Layer, holds: Holds) -> bool:
    """Whether nothing is asked with the arguments that the holder is made with (`response_mode="no_text"`)."""
    return holds.by is not None and all(
        case.times is not None and case.times.value({}) == 0 for case in cases(engine, layer.made, holds)
    )


def numbers(engine: Engine, target: Target, formula: Formula) -> dict[str, int | None]:
    """The roles in a formula by name, as far as they are known: those of the target, and of what its holders look
    passages up with."""
    from guard.facts.link.roles import role

    found: dict[str, int | None] = {}
    for name in formula.names():
        value = role(engine, target, name) or (_of_retriever(engine, target) if name == "top_k" else None)
        found[name] = known_number(value.result) if value is not None else None
    return found


def _of_retriever(engine: Engine, target: Target) -> Sent | None:
    """How many passages the retriever of a holder gives: `RetrieverQueryEngine(retriever=...)`."""
    from guard.facts.link import framework, holding
    from guard.facts.link.roles import role

    for layer in target.clients:
        for holds in layer.client.holds:
            if not RETRIEVERS & set(holds.arg.names):
                continue
            for result in holding.given(engine, layer, holds):
                found = [inner for alt in result.alts if (inner := framework.asked_of(engine, target, alt)) is not None]
                value = role(engine, found[0], "top_k") if len(found) == 1 and not result.open else None
                if value is not None:
                    return value
    return None


def runs(engine: Engine, target: Target, holds: Holds, made: Made | None = None) -> Count:
    """How often a held object is asked in one call of its holder."""
    counts = [_runs(engine, target, case) for case in cases(engine, made, holds)]
    if len(counts) == 1:
        return counts[0]
    highs = [count.high for count in counts]
    why = tuple(dict.fromkeys(reason for count in counts for reason in count.why))
    high = None if None in highs else max(high for high in highs if high is not None)
    return Count(min(count.low for count in counts), counts[0].typical, high, why)


def _runs(engine: Engine, target: Target, holds: Holds) -> Count:
    unsure = holds.use in ("tool", "delegate")
    if holds.times is None:
        if not unsure:
            return ONCE
        return Count(0, holds.typical if holds.typical is not None else 1, None, (holds.why or IF_ANY,))
    high = holds.times.value(numbers(engine, target, holds.times))
    typical = holds.typical if holds.typical is not None else high if high is not None else 1
    typical = typical if high is None else min(typical, high)
    why = (holds.why or f"up to {holds.times.text}",)
    return Count(0 if unsure or holds.use == "fallback" else min(1, typical), typical, high, why)


class Reads(NamedTuple):
    """What is looked up for one request as a rule."""

    tokens: int
    passages: int | None
    """How many passages that is, where its size is in proportion to their number; None: it is not, or not known."""


def reads(engine: Engine, target: Target, holds: Holds, made: Made | None) -> Reads | None:
    """What is looked up for one request; None: nothing says so."""
    rule = cases(engine, made, holds)[0].reads
    if rule is None:
        return None
    known = numbers(engine, target, rule)
    tokens = rule.value(known)
    if tokens is None:
        return None
    number = known.get("top_k")
    twice = rule.value({**known, "top_k": 2 * number}) if number else None
    return Reads(tokens, number if number and twice == 2 * tokens else None)
