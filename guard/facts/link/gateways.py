"""Aliases of a gateway of the repository: `model="chat"` in code is what the LiteLLM file calls `chat`.

In: finished requests and the gateways that configuration files declare. Out: the same requests with the real models,
limits and retries, and one more request for each fallback of an alias. A name is an alias where nobody else is known to
be asked: the provider is not known, or the name is none that a model of that provider could have. Of several files the
nearest to the call counts. Neighbours: `facts.formats.litellm` reads the files, `requests` asks.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePosixPath
from typing import NamedTuple

from guard.facts.documents.names import looks_like_model
from guard.facts.documents.types import Gateway, Target, Written
from guard.facts.link.ids import request_id
from guard.facts.link.project import Project
from guard.facts.link.stages import is_test
from guard.facts.link.values import MAX_VARIANTS
from guard.model import Choice, Count, Layer, Request, Step, Value, Variant

LITELLM = "litellm-proxy"
MAX_FALLBACKS = 5
"""LiteLLM's `max_fallbacks` where none is set."""
DEFAULT_RETRIES = 2
"""`openai.DEFAULT_MAX_RETRIES`, which LiteLLM's router takes where none is set."""
PREFIXES = ("litellm_proxy/", "litellm/", "openai/")
"""What clients write before an alias to reach a gateway."""


class _Hit(NamedTuple):
    """An alias that was found."""

    alias: str
    gateway: Gateway
    targets: tuple[Target, ...]


def resolved(project: Project, requests: tuple[Request, ...]) -> tuple[Request, ...]:
    """The requests with aliases replaced, each followed by its fallbacks."""
    gateways = [one for facts in project.configured() for one in facts.gateways if one.format == LITELLM]
    if not gateways:
        return requests
    found: list[Request] = []
    for request in requests:
        found += _resolved(project, gateways, request)
    return tuple(found)


def _resolved(project: Project, gateways: list[Gateway], request: Request) -> list[Request]:
    near = _nearest(gateways, request)
    hits = {
        choice.value: hit
        for choice in request.model.choices
        if isinstance(choice.value, str) and (hit := _hit(project, near, request, choice.value)) is not None
    }
    if not hits:
        return [request]
    changed = _with_targets(project, request, hits)
    first = next(iter(hits.values()))
    tries = _retries(first.gateway)
    layers = (*request.layers, tries)
    why = (*request.attempts.why, f"{tries.name} {tries.attempts}")
    high = None if request.attempts.high is None or tries.attempts is None else request.attempts.high * tries.attempts
    changed = replace(changed, layers=layers, attempts=replace(request.attempts, high=high, why=why))
    return [changed, *_fallbacks(project, changed, request, hits)]


def _nearest(gateways: list[Gateway], request: Request) -> list[Gateway]:
    """The gateways that stand nearest to a request's send; those of tests only where there is no other."""
    if not is_test(request.sites[-1].span.path):
        gateways = [one for one in gateways if not is_test(one.path)]
    near = [shared_folders(one.path, request.sites[-1].span.path) for one in gateways]
    return [one for one, folders in zip(gateways, near) if folders == max(near)]


def shared_folders(first: str, second: str) -> int:
    """How many folders from the root on two files have in common."""
    count = 0
    for ours, theirs in zip(PurePosixPath(first).parent.parts, PurePosixPath(second).parent.parts):
        if ours != theirs:
            break
        count += 1
    return count


def _hit(project: Project, gateways: list[Gateway], request: Request, name: str) -> _Hit | None:
    known = {
        variant.provider for variant in request.variants if variant.model is not None and variant.model.value == name
    }
    own = project.catalog.split_model(name)[0]
    through = name.startswith(("litellm_proxy/", "litellm/"))
    sure = not through and any(owner is not None and owner != own for owner in known)
    if (sure or (own is not None and not through and known <= {own})) and looks_like_model(name):
        return None
    for alias in (name, *(name.removeprefix(prefix) for prefix in PREFIXES if name.startswith(prefix))):
        for gateway in gateways:
            targets = _targets(gateway, alias, 0)
            if targets:
                return _Hit(alias, gateway, targets)
    return None


def _targets(gateway: Gateway, alias: str, depth: int) -> tuple[Target, ...]:
    """The deployments of an alias: by name, by another alias, by a wildcard."""
    found = tuple(target for target in gateway.targets if target.alias == alias)
    if found:
        return found
    other = next((to for name, to in gateway.renamed if name == alias), None)
    if other is not None and depth < 4:
        return _targets(gateway, other, depth + 1)
    for target in gateway.targets:
        before, star, behind = target.alias.partition("*")
        long_enough = len(alias) >= len(before) + len(behind)
        if star and long_enough and alias.startswith(before) and alias.endswith(behind):
            part = alias[len(before) : len(alias) - len(behind)]
            model = str(target.model.value).replace("*", part, 1)
            return (replace(target, model=Written(model, target.model.span, target.model.key_path)),)
    return ()


def _with_targets(project: Project, request: Request, hits: dict[str, _Hit]) -> Request:
    variants: dict[tuple[object, ...], Variant] = {}
    for variant in request.variants:
        name = variant.model.value if variant.model is not None else None
        hit = hits.get(name) if isinstance(name, str) else None
        if hit is None or variant.model is None:
            variants.setdefault((id(variant),), variant)
            continue
        for target in hit.targets:
            made = _variant(project, variant, variant.model, target, len(hit.targets) == 1)
            key = (
                made.model and made.model.value,
                made.provider,
                made.max_output and made.max_output.value,
                made.reasoning,
                made.tier,
            )
            variants.setdefault(key, made)
    kept = tuple(variants.values())[:MAX_VARIANTS]
    assumed = list(request.assumed)
    uncertain = [target for hit in hits.values() for target in hit.targets if not target.certain]
    if uncertain:
        assumed.append("the name of an Azure deployment is taken for that of its model")
    if len(variants) > MAX_VARIANTS:
        assumed.append("more than 16 variants; the rest are merged into these")
    models = dict.fromkeys(v.model for v in kept if v.model is not None)
    by_value = {choice.value: choice for choice in reversed(models)}
    limits = {v.max_output.value: v.max_output for v in reversed(kept) if v.max_output is not None}
    limit = request.max_output
    if any(target.limit is not None for hit in hits.values() for target in hit.targets):
        limit = Value(tuple(reversed(limits.values())), limit.open, limit.why)
    value = Value(tuple(reversed(by_value.values())), request.model.open, request.model.why)
    provider = kept[0].provider if kept else request.provider
    return replace(
        request, model=value, variants=kept, provider=provider, max_output=limit, assumed=tuple(dict.fromkeys(assumed))
    )


def _variant(project: Project, variant: Variant, model: Choice, target: Target, alone: bool) -> Variant:
    name = str(target.model.value)
    step = Step(target.model.span, "config_file", f"alias {target.alias}")
    limit = variant.max_output
    if target.limit is not None and limit is not None and limit.value is None:
        limit = Choice(target.limit.value, (Step(target.limit.span, "config_file", target.limit.key_path),))
    owner = project.catalog.split_model(name)[0]
    return replace(
        variant, model=Choice(name, (step, *model.trail)), provider=owner, max_output=limit,
        default=variant.default and alone,
    )  # fmt: skip


def _retries(gateway: Gateway) -> Layer:
    if gateway.retries is None or not isinstance(gateway.retries.value, int):
        return Layer("LiteLLM proxy", DEFAULT_RETRIES + 1, "maybe", None, "num_retries is not set: 2")
    step = Step(gateway.retries.span, "config_file", gateway.retries.key_path)
    return Layer("LiteLLM proxy", gateway.retries.value + 1, "maybe", gateway.retries.span, "num_retries", (step,))


def _fallbacks(project: Project, changed: Request, request: Request, hits: dict[str, _Hit]) -> list[Request]:
    found: list[Request] = []
    for name, hit in hits.items():
        listed = [(other, "after a failure") for other in _listed(hit.gateway.fallbacks, hit.alias)]
        listed += [
            (other, "where the prompt is too long") for other in _listed(hit.gateway.context_fallbacks, hit.alias)
        ]
        for number, (other, why) in enumerate(listed[: 2 * MAX_FALLBACKS]):
            targets = _targets(hit.gateway, str(other.value), 0)
            if not targets:
                continue
            asked = replace(request, variants=tuple(v for v in request.variants if v.model and v.model.value == name))
            made = _with_targets(project, asked, {name: _Hit(hit.alias, hit.gateway, targets)})
            own = request_id(f"{request.id}|{hit.alias}|fallback {number}")
            attempts = Count(0, 0, changed.attempts.high, (*changed.attempts.why, f"runs only {why} of {hit.alias}"))
            found.append(
                replace(
                    made, id=own, after=changed.id, attempts=attempts, layers=changed.layers,
                    exclusive=None, exclusive_default=False,
                )
            )  # fmt: skip
    return found


def _listed(fallbacks: tuple[tuple[str, tuple[Written, ...]], ...], alias: str) -> tuple[Written, ...]:
    own = next((others for name, others in fallbacks if name == alias), None)
    if own is None:
        own = next((others for name, others in fallbacks if name == "*"), ())
    return own[:MAX_FALLBACKS]
