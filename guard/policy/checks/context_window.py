"""The prompt and the answer fit the model.

## What it does

Reports requests whose input, together with the output limit that is sent, is larger than the model takes, and output
limits above what the model can write, which providers refuse, too. It counts only what is known: static prompt text,
tools, and sizes that you declared. Parts of unknown size count as nothing here, and worst cases (a text cut at a large
bound) are not judged, so a finding means that the request fails every time, or does with the sizes that you declared.

## Why

A request that does not fit is refused, retried by every layer, and then often mended by a dearer model with a larger
window.

## Fix

Send less (fewer documents, a shorter history), lower the output limit, or choose a model with a larger window.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from guard.estimate.cost import variants_of
from guard.model import Choice, Estimate, Hole, Label, Priced, Tokens, Variant
from guard.policy import places, words
from guard.policy.examples import estimate, known, priced
from guard.policy.types import Context, Example, Hit, ModelFacts, Unsure

SEVERITY = "high"
HELP = "send less, lower the output limit, or choose a model with a larger window"


@dataclass(frozen=True)
class Params:
    """`context-window` has no parameters."""


def check(item: Priced, params: Params, context: Context) -> Iterator[Hit | Unsure]:
    """Violated by each variant whose known input does not fit; never undecided, since unknown sizes count as none."""
    if item.estimate.input_tokens is None:
        return
    for variant in variants_of(item.request):
        if variant.model is None or not isinstance(variant.model.value, str):
            continue
        facts = context.model(variant.model.value, variant.provider or item.request.provider)
        if facts is None:
            continue
        tokens, typical = _known_input(item, variant)
        over = _over(tokens, variant, facts)
        if over:
            yield _hit(item, variant, facts, over, typical)


def _known_input(item: Priced, variant: Variant) -> tuple[int, bool]:
    """Input tokens of one turn without what is assumed, and whether declared sizes are in it.

    The low side holds for every variant. Typical figures are those of the variant that runs without overrides, so for
    it the assumed holes are taken out of the typical input instead, which keeps the declared ones in.
    """
    estimated = item.estimate
    assert estimated.input_tokens is not None
    low = estimated.input_tokens.low
    if len(variants_of(item.request)) > 1 and not variant.default:
        return low, False
    assumed = sum(hole.tokens.typical for hole in estimated.holes if _is_assumed(hole))
    typical = int(estimated.input_tokens.typical - assumed)
    return (typical, True) if typical > low else (low, False)


def _is_assumed(hole: Hole) -> bool:
    """Sizes that a user wrote for this request (a rule, an inline comment) are declared; all else is assumed."""
    return not (hole.source.startswith("usage.rules") or hole.source.startswith("inline"))


def _over(tokens: int, variant: Variant, facts: ModelFacts) -> str:
    """What does not fit, in words; empty when it fits or no limit is known.

    Providers check the input against the input limit. Most also refuse input + output limit above the context window;
    Gemini's two limits are independent of one another.
    """
    limit = facts.max_input or facts.context_window
    if limit is not None and tokens > limit:
        return f"{tokens:,} tokens of input do not fit `{facts.id}`, which takes {limit:,}"
    output = variant.max_output.value if variant.max_output is not None else None
    if facts.max_output is not None and isinstance(output, int) and output > facts.max_output:
        return f"an output limit of {output:,} is more than `{facts.id}` can write, which is {facts.max_output:,}"
    if "gemini" in facts.id or facts.context_window is None or isinstance(output, bool) or not isinstance(output, int):
        return ""
    if tokens + output > facts.context_window:
        return (
            f"{tokens:,} tokens of input and an output limit of {output:,} do not fit the "
            f"{facts.context_window:,} of `{facts.id}`"
        )
    return ""


def _hit(item: Priced, variant: Variant, facts: ModelFacts, message: str, typical: bool) -> Hit:
    assert variant.model is not None
    request = item.request
    notes = tuple(
        f"{hole.name}: {words.count(hole.tokens.typical)} tokens ({hole.source})"
        for hole in item.estimate.holes
        if typical and not _is_assumed(hole)
    )
    return Hit(
        message,
        places.join([places.send(request)], _limit_label(variant), places.origin(variant.model, "model")),
        value=facts.id,
        notes=notes,
        confidence="likely" if item.estimate.approximate else "certain",
        doubt=f"tokens are counted as {item.estimate.approximate}" if item.estimate.approximate else "",
    )


def _limit_label(variant: Variant) -> tuple[Label, ...]:
    limit: Choice | None = variant.max_output
    return places.origin(limit, "output limit") if limit is not None else ()


def _sized(tokens: Tokens, *holes: Hole) -> Estimate:
    return estimate(input_tokens=tokens, holes=holes)


BAD = (
    Example("a static prompt above the window", priced(_sized(Tokens(130_000, 130_400, None))), Params()),
    Example(
        "input and output limit together",
        priced(_sized(Tokens(120_000, 120_000, 120_000)), max_output=known(10_000)),
        Params(),
    ),
    Example("an output limit above the model's own", priced(max_output=known(20_000)), Params()),
    Example(
        "a declared size",
        priced(_sized(Tokens(90, 140_090, 150_000), Hole("docs", Tokens(0, 140_000, 149_000), "usage.rules[0]"))),
        Params(),
    ),
)
GOOD = (
    Example("a small prompt", priced(), Params()),
    Example(
        "an assumed size does not count",
        priced(_sized(Tokens(127_000, 127_900, None), Hole("docs", Tokens(0, 900, None), "usage.default"))),
        Params(),
    ),
    Example("the worst case is not judged", priced(_sized(Tokens(90, 481, 500_000))), Params()),
    Example(
        "Gemini's limits are independent",
        priced(
            _sized(Tokens(1_048_000, 1_048_000, 1_048_000)),
            model=known("gemini-2.5-flash"),
            provider="google",
            max_output=known(60_000),
        ),
        Params(),
    ),
)
UNSURE: tuple[Example, ...] = ()
