"""The model is known and has a price.

## What it does

Reports model names that the price table does not list, with the listed names that look like them, and models that
their provider no longer serves. Where no model name can be found at all, or the name is that of a deployment, a tuned
model or a proxy's alias, the verdict is `undecided` and the finding says why. A name that may be overridden by the
environment is judged by its default.

## Why

What has no price is in no total and in no budget. A mistyped or retired name is a request that fails, often only in
the branch that nobody tested, and then falls back to a dearer model.

## Fix

Correct the name. If it is a deployment or an alias of a proxy, say what it stands for in `aliases`
(`prod-chat: azure/gpt-4o`); if it has rates of its own, give them in `prices`; if the code alone cannot tell, declare
it (`# guard: assume model=gpt-4o`, or `assume` in `guard.yaml`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from guard.model import Choice, Priced, Request
from guard.policy import places, words
from guard.policy.examples import known, priced, unknown
from guard.policy.types import Context, Example, Hit, ModelFacts, Unsure

SEVERITY = "medium"
HELP = "correct the name, or say what it stands for: `aliases` in guard.yaml, or `# guard: assume model=...`"


@dataclass(frozen=True)
class Params:
    """Parameters of `model-known`."""

    exempt_providers: tuple[str, ...] = field(
        default=("ollama", "vllm", "llamafile", "lm_studio"),
        metadata={"doc": "Providers that bill nothing by the token (local servers), so that names need no price."},
    )
    retired: bool = field(default=True, metadata={"doc": "Whether models that are no longer served are reported."})


def check(item: Priced, params: Params, context: Context) -> Iterator[Hit | Unsure]:
    """Violated by each name without a price and each retired one; undecided where no name is known."""
    request = item.request
    if request.provider in params.exempt_providers:
        return
    names = [found for found in request.model.choices if isinstance(found.value, str)]
    if not names:
        labels = places.join([places.send(request)], places.callers(request))
        yield Unsure(f"which model this call uses: {_why_none(request)}", labels, HELP)
    for found in names:
        provider = places.provider_of(request, found)
        if provider in params.exempt_providers or str(found.value).partition("/")[0] in params.exempt_providers:
            continue
        facts = context.model(str(found.value), provider)
        if facts is None:
            if found.price_id is None:
                yield _not_listed(request, found, provider, context)
        elif params.retired and (facts.removed or (facts.retired is not None and facts.retired <= context.today)):
            yield _retired(request, found, facts)


def _why_none(request: Request) -> str:
    if request.model.why:
        return request.model.why
    return "none is named in the code, so the SDK or the server decides" if request.model.choices else "not found"


def _not_listed(request: Request, found: Choice, provider: str | None, context: Context) -> Hit | Unsure:
    name = str(found.value)
    shown = words.name(name)
    labels = places.join([places.send(request)], places.origin(found, "model"), places.callers(request))
    if provider == "azure":
        # On Azure the name is that of a deployment, which its owner is free to choose.
        return Unsure(
            f"which model stands behind the deployment `{shown}`",
            labels,
            f"say what it stands for in guard.yaml: `aliases: {{{shown}: azure/gpt-4o}}`",
        )
    why = context.why_not(name, provider)
    if why is not None:
        return Unsure(f"what `{shown}` costs: {why}", labels, HELP)
    close = list(context.suggest(name, provider))[:3]
    meant = f"; did you mean {' or '.join(f'`{other}`' for other in close)}?" if close else ""
    where = f" of {words.name(provider)}" if provider else ""
    return Hit(f"`{shown}` is not in the price table{where}, so its cost is not known{meant}", labels, value=name)


def _retired(request: Request, found: Choice, facts: ModelFacts) -> Hit:
    what = "is no longer served by its provider" if facts.removed else f"was retired on {facts.retired}"
    return Hit(
        f"`{words.name(found.value)}` {what}",
        places.join([places.send(request)], places.origin(found, "model"), places.callers(request)),
        value=str(found.value),
        help="move to the model that the provider names as its successor",
        confidence="likely" if facts.removed else "certain",
        doubt="a price source lists it as removed, without a date" if facts.removed else "",
    )


BAD = (
    Example("a mistyped name", priced(model=known("gtp-4o-mini")), Params()),
    Example("one of two names is wrong", priced(model=known("gpt-4o", "gpt-4o-huge")), Params()),
    Example("a retired model", priced(model=known("gpt-4-vision-preview")), Params()),
    Example("a removed model", priced(model=known("claude-3-opus-20240229"), provider="anthropic"), Params()),
)
GOOD = (
    Example("a listed name", priced(model=known("gpt-4o-mini")), Params()),
    Example("a local model", priced(model=known("my-own"), provider="ollama"), Params()),
    Example("a local model by prefix", priced(model=known("vllm/my-own"), provider=None), Params()),
    Example("retired models allowed", priced(model=known("gpt-4-vision-preview")), Params(retired=False)),
)
UNSURE = (
    Example("a name from the database", priced(model=unknown("`row.model` is read at run time")), Params()),
    Example("an ARN", priced(model=known("arn:aws:bedrock:eu:1:prompt-router/a"), provider="bedrock"), Params()),
    Example("a deployment on Azure", priced(model=known("prod-chat"), provider="azure"), Params()),
)
