"""LiteLLM's proxy and router: `config.yaml` with a `model_list`, also in a ConfigMap or a chart's `proxy_config`.

What it says: `model_list[]` maps aliases (`model_name`) to models (`litellm_params.model`), of which several under one
name share the load; `router_settings` and `litellm_settings` say what happens after failures. `os.environ/X` is filled
in when the proxy starts, so it is no model's name; `openai/*` lets any name through.

Without a key, from litellm 1.80's `router.py` and `constants.py`: further tries 2 (`openai.DEFAULT_MAX_RETRIES`; the
documentation says 3), at most 5 fallbacks, no cache, no budget. A limit of `litellm_params` is sent where the request
has none.
"""

from __future__ import annotations

from collections.abc import Iterator

from guard.facts.documents.document import At, Document, inner
from guard.facts.documents.found import Found, limit_of, written
from guard.facts.documents.read import Format
from guard.facts.documents.types import Gateway, Target, Written

_PARAMS = {
    "model": "model", "max_tokens": "max_tokens", "max_completion_tokens": "max_tokens", "rpm": "limit", "tpm": "limit",
    "max_parallel_requests": "limit", "max_budget": "budget", "budget_duration": "budget", "num_retries": "retries",
    "max_retries": "retries", "temperature": "temperature", "reasoning_effort": "reasoning", "n": "repeats",
}  # fmt: skip
_COMMON = {
    "num_retries": "retries", "default_fallbacks": "fallback", "max_fallbacks": "fallback", "cache": "cache",
    "cache_responses": "cache", "max_budget": "budget", "budget_duration": "budget",
    "max_internal_user_budget": "budget", "max_end_user_budget": "budget", "max_user_budget": "budget",
}  # fmt: skip
_FALLBACKS = ("fallbacks", "context_window_fallbacks", "content_policy_fallbacks")
_PROXY, _ROUTER = "litellm-proxy", "litellm-router"


def _takes(document: Document) -> bool:
    return any(True for _ in _configurations(document))


def _configurations(document: Document) -> Iterator[At]:
    """The maps of a document that LiteLLM would read."""
    root = document.root
    if root.node.kind != "map":
        return
    kind = root.get("kind")
    inside = root.get("data") if kind is not None and kind.value == "ConfigMap" else None
    texts = (inner(text) for _, text in inside.pairs()) if inside is not None else ()
    for at in (root, root.get("proxy_config"), *texts):
        if at is not None and _is_configuration(at):
            yield at


def _is_configuration(at: At) -> bool:
    models = at.get("model_list")
    if models is not None and any(_is_deployment(item) for item in models.items()):
        return True
    return any(
        (part := at.get(key)) is not None and part.node.kind == "map" for key in ("litellm_settings", "router_settings")
    )


def _is_deployment(item: At) -> bool:
    params = item.get("litellm_params")
    return params is not None and params.node.kind == "map"


def _collect(document: Document, found: Found) -> None:
    for at in _configurations(document):
        targets = []
        for item in models.items() if (models := at.get("model_list")) is not None else ():
            if _is_deployment(item):
                targets += _deployment(item, found)
        settings, router = at.get("litellm_settings"), at.get("router_settings")
        found.keys(settings, _COMMON, _PROXY)
        found.keys(router, _COMMON, _ROUTER)
        _router(router, found)
        by_kind = {
            key: (*_fallbacks(settings, key, _PROXY, found), *_fallbacks(router, key, _ROUTER, found))
            for key in _FALLBACKS
        }
        if targets:
            found.gateways.append(_gateway(found.path, tuple(targets), settings, router, by_kind))


def _deployment(item: At, found: Found) -> list[Target]:
    params, alias = item.get("litellm_params"), item.get("model_name")
    found.keys(params, _PARAMS, _PROXY)
    base = item.get("model_info", "base_model")
    found.setting(base, "model", format=_PROXY)
    model = params.get("model") if params is not None else None
    named = written(base) or written(model)
    if params is None or alias is None or alias.text is None or named is None or not isinstance(named.value, str):
        return []
    limit = limit_of(params.get("max_tokens")) or limit_of(params.get("max_completion_tokens"))
    certain = written(base) is not None or not named.value.startswith("azure/")
    return [Target(alias.text, named, limit, certain)]


def _router(router: At | None, found: Found) -> None:
    if router is None:
        return
    found.keys(router.get("default_litellm_params"), _PARAMS, _ROUTER)
    for _, tries in policy.pairs() if (policy := router.get("retry_policy")) is not None else ():
        found.setting(tries, "retries", format=_ROUTER)
    for _, policy in groups.pairs() if (groups := router.get("model_group_retry_policy")) is not None else ():
        for _, tries in policy.pairs():
            found.setting(tries, "retries", format=_ROUTER)
    for _, budget in budgets.pairs() if (budgets := router.get("provider_budget_config")) is not None else ():
        found.setting(budget.get("budget_limit"), "budget", format=_ROUTER)


def _fallbacks(part: At | None, key: str, format: str, found: Found) -> list[tuple[str, tuple[Written, ...]]]:
    """`[{alias: [other, ...]}, ...]`, or one map of them."""
    listed = part.get(key) if part is not None else None
    if listed is None:
        return []
    made = []
    for entry in (listed, *listed.items()):
        for alias, others in entry.pairs():
            found.setting(others, "fallback", format=format)
            made.append((alias, tuple(w for other in others.items() if (w := written(other)) is not None)))
    return made


def _gateway(
    path: str, targets: tuple[Target, ...], settings: At | None, router: At | None,
    by_kind: dict[str, tuple[tuple[str, tuple[Written, ...]], ...]],
) -> Gateway:  # fmt: skip
    renamed = []
    for alias, other in (
        names.pairs() if router is not None and (names := router.get("model_group_alias")) is not None else ()
    ):
        target = other.text or (model.text if (model := other.get("model")) is not None else None)
        if target is not None:
            renamed.append((alias, target))
    everyone = []
    for part in (settings, router):
        for other in names.items() if part is not None and (names := part.get("default_fallbacks")) is not None else ():
            if (one := written(other)) is not None:
                everyone.append(one)
    fallbacks = by_kind["fallbacks"] + ((("*", tuple(everyone)),) if everyone else ())
    retries = None
    for part in (router, settings):
        tries = part.get("num_retries") if part is not None else None
        if retries is None and tries is not None and tries.number is not None:
            retries = Written(tries.number, tries.span, tries.path)
    return Gateway(
        path, _PROXY, targets, tuple(renamed), fallbacks, by_kind["context_window_fallbacks"], retries=retries
    )


FORMAT = Format(
    name=_PROXY,
    kinds=("yaml",),
    words=((b"litellm_params", b"litellm_settings", b"router_settings"),),
    takes=_takes,
    collect=_collect,
)
