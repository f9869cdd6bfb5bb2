"""Puts declared models, limits and repeats where the analysis knows none. In and out: `Request`; reads `Config`.

Sources, most specific first: `# guard: assume model=... repeats=...` beside the code, then `assume[i]` of guard.yaml
(the most literal path pattern that matches one of the request's sites). A declaration fills what is open; what the
code fixes stays, and a remark says that the declaration is not used. Neighbour: `cost`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from guard.config.types import Assume, Config
from guard.estimate import usage
from guard.model import Choice, Count, How, Reach, Request, Step, Value, Variant


@dataclass(frozen=True, slots=True)
class _Source:
    name: str
    how: How


def _assumption(request: Request, config: Config, field: str) -> Assume | None:
    """The most specific `assume` entry for one of the request's sites that sets `field`."""
    best: tuple[int, int, Assume] | None = None
    for position, entry in enumerate(config.assume):
        if getattr(entry, field) is None:
            continue
        hits = [usage.matches(site.span.path, entry.paths, config.prefix) for site in request.sites]
        ranks = [usage.literal(hit) for hit in hits if hit is not None] or ([] if entry.paths else [-1])
        if ranks and (best is None or (max(ranks), position) > best[:2]):
            best = (max(ranks), position, entry)
    return best[2] if best else None


def _choice(request: Request, value: str | int, source: _Source) -> Choice:
    trail = (Step(request.sites[0].span, source.how, source.name),) if request.sites else ()
    return Choice(value, trail)


def _with_model(request: Request, name: str, source: _Source) -> tuple[Request, str]:
    if not request.model.open:
        return request, f"model={name} ({source.name}) is not used: the code fixes the model"
    choice = _choice(request, name, source)
    kept: list[Variant] = []
    for variant in request.variants:
        changed = replace(variant, model=choice, provider=None if "/" in name else variant.provider)
        if not any(replace(changed, default=other.default) == other for other in kept):
            kept.append(changed)
    if len(kept) == 1:
        kept[0] = replace(kept[0], default=True)
    unknown = tuple(item for item in request.unknown if item.what != "model")
    return (
        replace(request, model=Value((choice,), False, None), variants=tuple(kept), unknown=unknown),
        f"the model is {name} ({source.name})",
    )


def _with_limit(request: Request, limit: int, source: _Source) -> tuple[Request, str]:
    if not request.max_output.open and request.max_output.choices:
        return request, f"max_output={limit} ({source.name}) is not used: the code fixes the output limit"
    choice = _choice(request, limit, source)
    variants = tuple(replace(variant, max_output=choice) for variant in request.variants)
    unknown = tuple(item for item in request.unknown if item.what != "max_output")
    value = Value((choice,), False, None)
    return replace(request, max_output=value, variants=variants, unknown=unknown), (
        f"the output limit is {limit} tokens ({source.name})"
    )


def _with_repeats(request: Request, number: int, source: _Source) -> tuple[Request, str]:
    """Repeats declared for a request whose own have no bound; its entry points' repeats scale with them."""
    if request.repeats.high is not None:
        return request, f"repeats={number} ({source.name}) is not used: the code bounds them at {request.repeats.high}"
    old = request.repeats
    own = Count(min(old.low, number), number, number, ())

    def scaled(reach: Reach) -> Reach:
        outer = reach.repeats.typical / old.typical if old.typical else 1.0
        bounded = reach.repeats.high is not None or not set(reach.repeats.why) - set(old.why)
        high = None if not bounded else (reach.repeats.high or max(number, round(outer * number)))
        typical = outer * number
        why = () if bounded else reach.repeats.why
        guessed = tuple(loop for loop in reach.repeats.guessed if loop not in old.guessed)
        return replace(reach, repeats=Count(reach.repeats.low, typical, high, why, guessed=guessed))

    unknown = tuple(item for item in request.unknown if item.what != "repeats")
    reached = tuple(scaled(reach) for reach in request.reached_from)
    return replace(request, repeats=own, reached_from=reached, unknown=unknown), (f"{number} repeats ({source.name})")


def apply(request: Request, config: Config) -> tuple[Request, tuple[str, ...]]:
    """The request with its declarations applied, and a remark for each."""
    if not request.inline and not config.assume:
        return request, ()
    notes: list[str] = []
    inline = _Source("inline", "inline")

    model = request.inline.get("model")
    assumed = None if model else _assumption(request, config, "model")
    if model:
        request, note = _with_model(request, model, inline)
        notes.append(note)
    elif assumed and assumed.model and request.model.open:
        request, note = _with_model(request, assumed.model, _Source(assumed.source, "declared"))
        notes.append(note)

    limit = usage.whole_number(request.inline.get("max_output", ""))
    assumed = None if limit else _assumption(request, config, "max_output")
    if limit:
        request, note = _with_limit(request, limit, inline)
        notes.append(note)
    elif assumed and assumed.max_output and (request.max_output.open or not request.max_output.choices):
        request, note = _with_limit(request, assumed.max_output, _Source(assumed.source, "declared"))
        notes.append(note)

    repeats = usage.whole_number(request.inline.get("repeats", ""))
    assumed = None if repeats is not None else _assumption(request, config, "repeats")
    if repeats is not None:
        request, note = _with_repeats(request, repeats, inline)
        notes.append(note)
    elif assumed and assumed.repeats is not None and request.repeats.high is None:
        request, note = _with_repeats(request, assumed.repeats, _Source(assumed.source, "declared"))
        notes.append(note)
    return request, tuple(notes)
