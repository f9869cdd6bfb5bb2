"""What decides the cost of a request, one thing at a time. In: a request before and after. Out: `Facet`s that differ.

Neighbours: `causes` follows each to a changed line; `prompt_causes` has the text of the prompt; `kinds` says what all
of it means for the price.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest

from guard.difference import CauseKind
from guard.model import Choice, Count, Layer, Request, Scalar, Step, Value
from guard.report.format import UNBOUNDED, UNKNOWN, count, number

NOT_SENT = "not sent"


@dataclass(frozen=True, slots=True)
class Facet:
    """A thing that differs."""

    what: CauseKind
    before: str | None
    """In a few words; None: there was nothing of the kind."""
    after: str | None
    base_trail: tuple[Step, ...] = ()
    """Where it came from in the base, origin first; of several values one after the other."""
    head_trail: tuple[Step, ...] = ()
    words: tuple[str, ...] = ()
    """Names by which a call passes it, where it has no trail."""


def differing(before: Request, after: Request) -> list[Facet]:
    """Everything that differs but the text of the prompt."""
    return [
        *_value("model", before.model, after.model),
        *_plain("provider", before.provider, after.provider, ("base_url", "provider", "api_base", "endpoint")),
        *_value("max_output", before.max_output, after.max_output),
        *_repeats(before, after),
        *_attempts(before, after),
        *_count("turns", before.turns, after.turns),
        *_tools(before, after),
        *_plain("outputs", before.outputs, after.outputs, ("n=", "n:", "num_", "candidate_count")),
        *_plain("reasoning", _of_variants(before, "reasoning"), _of_variants(after, "reasoning"), REASONING),
        *_plain("tier", _of_variants(before, "tier"), _of_variants(after, "tier"), ("tier", "service_tier", "batch")),
        *_value("size", before.size, after.size),
        *_value("quality", before.quality, after.quality),
    ]


REASONING = ("reasoning", "effort", "thinking", "budget_tokens")


def names(value: Value) -> str:
    """`gpt-4o or gpt-4o-mini`, with `?` where others may arrive."""
    found = list(dict.fromkeys(NOT_SENT if c.value is None else str(c.value) for c in value.choices))
    found = [*found[:2], f"{len(found) - 2} more"] if len(found) > 3 else found
    return " or ".join([*found, UNKNOWN] if value.open or not found else found)


def _value(what: CauseKind, before: Value, after: Value) -> Iterator[Facet]:
    old, new = names(before), names(after)
    keys = {(type(c.value), c.value) for c in before.choices}, {(type(c.value), c.value) for c in after.choices}
    if keys[0] == keys[1] and before.open == after.open:
        return
    gone = [choice for choice in before.choices if (type(choice.value), choice.value) not in keys[1]]
    come = [choice for choice in after.choices if (type(choice.value), choice.value) not in keys[0]]
    yield Facet(what, old, new, _trails(gone or before.choices), _trails(come or after.choices))


def _trails(choices: tuple[Choice, ...] | list[Choice]) -> tuple[Step, ...]:
    return tuple(dict.fromkeys(step for choice in choices for step in choice.trail))


def _plain(what: CauseKind, before: Scalar, after: Scalar, words: tuple[str, ...]) -> Iterator[Facet]:
    if before != after:
        old, new = (None if one is None else str(one) for one in (before, after))
        yield Facet(what, old, new, words=words)


def _of_variants(request: Request, field: str) -> str | None:
    found = dict.fromkeys(getattr(variant, field) for variant in request.variants)
    shown = [str(one) for one in found if one is not None]
    return " or ".join(shown) or None


def _count(what: CauseKind, before: Count, after: Count) -> Iterator[Facet]:
    if _bounds(before) != _bounds(after):
        yield Facet(what, count(before), count(after), before.trail, after.trail)


def _bounds(amount: Count) -> tuple[int, float, int | None]:
    return amount.low, amount.typical, amount.high


def _repeats(before: Request, after: Request) -> Iterator[Facet]:
    """Repeats within the request's own sites; else those on the way from an entry point that both have."""
    own = list(_count("repeats", before.repeats, after.repeats))
    yield from own
    old = {reach.entry: reach.repeats for reach in before.reached_from}
    for reach in () if own else after.reached_from:
        if reach.entry in old:
            yield from _count("repeats", old[reach.entry], reach.repeats)


def _attempts(before: Request, after: Request) -> Iterator[Facet]:
    """Layers of the same name, one by one in their order."""
    for name in dict.fromkeys(layer.name for layer in (*before.layers, *after.layers)):
        old, new = ([layer for layer in one.layers if layer.name == name] for one in (before, after))
        for first, second in zip_longest(old, new):
            if first is None or second is None or first.attempts != second.attempts:
                words = _tries(first, before), _tries(second, after)
                yield Facet("attempts", *words, _of_layer(first), _of_layer(second))


def _tries(layer: Layer | None, request: Request) -> str | None:
    """`3`, `no bound`, `?` where the number is not known."""
    if layer is None:
        return None
    if layer.attempts is not None:
        return number(layer.attempts)
    return UNKNOWN if any(one.what == "attempts" and one.why == layer.why for one in request.unknown) else UNBOUNDED


def _of_layer(layer: Layer | None) -> tuple[Step, ...]:
    if layer is None:
        return ()
    return (*layer.trail, *(() if layer.span is None else (Step(layer.span, "computed", layer.name),)))


def _tools(before: Request, after: Request) -> Iterator[Facet]:
    old, new = before.prompt, after.prompt
    if (old.tools_json, old.tools, old.tools_open) != (new.tools_json, new.tools, new.tools_open):
        words = [number(prompt.tools) + (" or more" if prompt.tools_open else "") for prompt in (old, new)]
        yield Facet("tools", words[0], words[1], old.tools_trail, new.tools_trail, ("tools", "functions"))
