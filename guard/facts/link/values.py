"""From results to what a report says: `Value`, `Choice`, `Step`, `Span`, `Variant`.

In: results of roles and the files' facts. Out: plain model types. Alternatives that say the same are one choice; those
in which nothing is sent are the choice None.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from guard.facts.expr import Pos
from guard.facts.link.arguments import Sent, is_absent
from guard.facts.link.secrets import looks_secret
from guard.facts.link.things import Alt, Hop, Lit, Pieces, Result, World, together
from guard.model import Choice, Scalar, Span, Step, Value, Variant

if TYPE_CHECKING:
    from guard.facts.link.project import Project

MAX_VARIANTS = 16
SECRET = "it looks like a secret, which guard does not show"
_PARTS = re.compile(r"[/:]")
"""What stands between the parts of a name: provider, model, version."""
Accept = Callable[[object], bool]


class Quantity(NamedTuple):
    """A value with the alternatives behind it, so that those of one world can be put together."""

    value: Value
    rows: tuple[tuple[Choice, World], ...]


class Spans:
    """Makes spans of a project's files; lines of notebooks get their cell."""

    def __init__(self, project: Project) -> None:
        self.project = project

    def __call__(self, path: str, pos: Pos) -> Span:
        """The span of a position; one in a notebook has its cell and the lines within it, too."""
        facts = self.project.facts(path) if self.project.has(path) else None
        cell = facts.cell_of(pos.line) if facts is not None and facts.cells else None
        if cell is None:
            return Span(path, pos.line, pos.column, pos.end_line, pos.end_column)
        return Span(path, pos.line, pos.column, pos.end_line, pos.end_column, cell[0], cell[1])

    def steps(self, hops: tuple[Hop, ...]) -> tuple[Step, ...]:
        """A trail for the report: hops at one place are one step, a plain literal behind a better word is left out."""
        steps: list[Step] = []
        for hop in hops:
            span = self(hop.path, hop.pos)
            last = steps[-1] if steps else None
            start = (span.path, span.line, span.column)
            if last is not None and (last.span.path, last.span.line, last.span.column) == start:
                if last.how in ("literal", hop.how):
                    how = hop.how if hop.how != "argument" else last.how
                    steps[-1] = Step(last.span, how, hop.note or last.note)
                continue
            steps.append(Step(span, hop.how, hop.note))
        return tuple(steps)


def quantity(sent: Sent | None, spans: Spans, accept: Accept, place: Hop, missing: str) -> Quantity:
    """The value of a role. `accept` says which scalars count; `missing` is the reason when nothing is known of it."""
    if sent is None:
        return Quantity(Value((), True, missing), ())
    rows: list[tuple[Choice, World]] = []
    reasons: dict[str, None] = {}
    for alt in sent.result.alts:
        choice = _choice(alt, spans, accept, place)
        if isinstance(choice, str):
            reasons[choice] = None
        else:
            rows.append((choice, alt.world))
    reasons.update(dict.fromkeys(sent.result.open))
    return Quantity(value_of(rows, tuple(reasons)), tuple(rows))


def value_of(rows: list[tuple[Choice, World]], reasons: tuple[str, ...]) -> Value:
    """The projection of all alternatives: equal values once, the first trail kept."""
    choices: dict[tuple[type, Scalar], Choice] = {}
    for choice, _ in rows:
        choices.setdefault((type(choice.value), choice.value), choice)
    why = reasons[0] if reasons else None if choices else "not known"
    return Value(tuple(choices.values()), bool(reasons) or not choices, why)


def either(found: list[tuple[Quantity, World]]) -> Quantity:
    """One of several quantities, each in the world of the client or object it belongs to; the first is the default."""
    if len(found) == 1:
        return found[0][0]
    rows = [
        (choice, both)
        for quantity, world in found
        for choice, inner in quantity.rows
        if (both := together(inner, world)) is not None
    ]
    reasons = tuple(dict.fromkeys(q.value.why for q, _ in found if q.value.open and q.value.why))
    return Quantity(value_of(rows, reasons), tuple(rows))


def fitting(found: Quantity, worlds: list[World]) -> Quantity:
    """The alternatives that can hold where the call is sent at all (the client and the model of one branch)."""
    rows = tuple(row for row in found.rows if any(together(row[1], world) is not None for world in worlds))
    if len(rows) == len(found.rows) or not rows:
        return found
    return Quantity(value_of(list(rows), (found.value.why,) if found.value.open and found.value.why else ()), rows)


def _why_not(text: object) -> str | None:
    """Why a text is not taken for a name that reads like one."""
    unset = isinstance(text, str) and 0 < len(text) < 300 and "None" in _PARTS.split(text)
    return "part of it is `None`, a value that is not set" if unset else None


def _choice(alt: Alt, spans: Spans, accept: Accept, place: Hop) -> Choice | str:
    if is_absent(alt):
        hops = alt.trail or (Hop(place.path, place.pos, "not_sent"),)
        return Choice(None, spans.steps((*hops[:-1], hops[-1]._replace(how="not_sent"))))
    thing = alt.thing
    text = thing.value if isinstance(thing, Lit) else None
    if isinstance(text, str) and looks_secret(text):
        return SECRET
    if isinstance(thing, Lit) and accept(thing.value):
        return Choice(thing.value, spans.steps(alt.trail))
    if isinstance(thing, Pieces):
        holes = [p.name for p in thing.parts if p.text is None]
        text = "".join(p.text or "" for p in thing.parts)
        if not holes and accept(text) and not looks_secret(text):
            return Choice(text, spans.steps(alt.trail))
        return f"part of it ({', '.join(holes)}) is filled at run time" if holes else _why_not(text) or "a text"
    why = _why_not(text) or getattr(thing, "why", None)
    chain = getattr(thing, "chain", None)
    reason = why or (f"it comes from {chain}" if chain else "it is built at run time")
    return SECRET if looks_secret(reason) else reason


def is_name(value: object) -> bool:
    """A model's name. One with a part `None` is none: code put a value into it that is not set there."""
    return isinstance(value, str) and 0 < len(value) < 300 and "None" not in _PARTS.split(value)


def is_tokens(value: object) -> bool:
    """A number of tokens."""
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def is_effort(value: object) -> bool:
    """A reasoning effort or budget."""
    return isinstance(value, (str, int)) and not isinstance(value, bool)


def variants(
    model: Quantity, limit: Quantity, reasoning: Quantity, tier: Quantity, providers: list[tuple[str | None, World]]
) -> tuple[tuple[Variant, ...], bool]:  # fmt: skip
    """Choices that can hold together, at most 16, and whether that cut some off. The first one is the default."""
    rows: list[tuple[World, Choice | None, str | None, Choice | None, Scalar, str | None]] = []
    for provider, world in providers:
        for choice, model_world in model.rows or ((None, frozenset()),):
            both = together(world, model_world)
            if both is not None:
                rows.append((both, choice, provider, None, None, None))
    rows = [
        (w, m, p, cap, None, None)
        for world, m, p, *_ in rows
        for cap, cap_world in limit.rows or ((None, frozenset()),)
        if (w := together(world, cap_world)) is not None
    ]
    rows = [
        (w, m, p, cap, effort.value if effort else None, None)
        for world, m, p, cap, *_ in rows
        for effort, effort_world in reasoning.rows or ((None, frozenset()),)
        if (w := together(world, effort_world)) is not None
    ]
    rows = [
        (w, m, p, cap, effort, str(named.value) if named and named.value else None)
        for world, m, p, cap, effort, _ in rows
        for named, tier_world in tier.rows or ((None, frozenset()),)
        if (w := together(world, tier_world)) is not None
    ]
    unique: dict[tuple[object, ...], Variant] = {}
    for _, choice, provider, cap, effort, named_tier in rows:
        key = (choice.value if choice else None, provider, cap.value if cap else "?", effort, named_tier)
        if key not in unique:
            unique[key] = Variant(choice, provider, cap, effort, _tier(named_tier), not unique)
    found = tuple(unique.values())
    return found[:MAX_VARIANTS], len(found) > MAX_VARIANTS


def _tier(name: str | None) -> str | None:
    return name if name in ("batch", "flex", "priority") else None


def known_number(result: Result) -> int | None:
    """The largest known whole number of a result."""
    plain = [a.thing.value for a in result.alts if isinstance(a.thing, Lit)]
    numbers = [value for value in plain if isinstance(value, int) and not isinstance(value, bool)]
    return max(numbers) if numbers else None
