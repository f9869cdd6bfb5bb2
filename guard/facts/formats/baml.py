"""BAML sources (`*.baml`): clients, retry policies and functions, each a request that code calls by its name.

Keys: `client<llm> N { provider; retry_policy; options { model, max_tokens, temperature, strategy [...] } }`,
`retry_policy P { max_retries; strategy {...} }`, `function F(...) -> T { client C; prompt #"..."# }`; `client` is a
name or `"provider/model"`. `strategy` of a `fallback` client is tried in order, that of a `round-robin` client in
turn. `max_retries` counts further tries; without a policy there is none, and
Anthropic is sent a limit of 4096 (docs.boundaryml.com, "retry").
`parse/baml_file.py` reads the language.
"""

from __future__ import annotations

import re

from guard.facts.documents.document import At, Document
from guard.facts.documents.found import Found, limit_of, written
from guard.facts.documents.read import Format
from guard.facts.documents.texts import by_role, is_open
from guard.facts.documents.types import Declared, Gateway, Target, Written
from guard.model import Message
from guard.parse.baml_file import parse

_OPTIONS = {
    "model": "model", "max_tokens": "max_tokens", "max_completion_tokens": "max_tokens",
    "max_output_tokens": "max_tokens", "temperature": "temperature", "reasoning_effort": "reasoning",
    "strategy": "fallback",
}  # fmt: skip
ANTHROPIC_LIMIT = 4096
"""Tokens, baml-py 0.226; Anthropic's interface demands a limit."""
_LEFT_OUT = "parts of the template may repeat or be left out"
_LIMITS = ("max_tokens", "max_completion_tokens", "max_output_tokens")
_PROVIDERS = {
    "openai": "openai", "openai-responses": "openai", "openai-generic": None, "anthropic": "anthropic",
    "azure-openai": "azure", "google-ai": "google", "vertex-ai": "vertex", "aws-bedrock": "bedrock", "ollama": "ollama",
    "openrouter": "openrouter",
}  # fmt: skip


def _takes(document: Document) -> bool:
    return True


def _collect(document: Document, found: Found) -> None:
    root = At(parse("\n".join(document.lines)), "", document.path, document.lines)
    policies = []
    for name, policy in listed.pairs() if (listed := root.get("retry_policy")) is not None else ():
        tries = policy.get("max_retries")
        found.setting(tries, "retries")
        if tries is not None and tries.number is not None:
            policies.append((name, Written(tries.number, tries.span, tries.path)))
    clients = list(listed.pairs()) if (listed := root.get("client")) is not None else []
    for _, client in clients:
        found.keys(client.get("options"), _OPTIONS)
        found.setting(client.get("provider"), "provider")
    if clients or policies:
        found.gateways.append(_gateway(found.path, clients, tuple(policies)))
    for name, function in listed.pairs() if (listed := root.get("function")) is not None else ():
        _function(name, function, found)


def _gateway(path: str, clients: list[tuple[str, At]], policies: tuple[tuple[str, Written], ...]) -> Gateway:
    targets, through, policy_of = [], {"fallback": [], "round-robin": []}, []  # type: ignore[var-annotated]
    for name, client in clients:
        provider, policy, options = client.get("provider"), client.get("retry_policy"), client.get("options")
        kind = str(provider.value) if provider is not None else ""
        own = str(policy.value) if policy is not None else None
        if kind in through:
            listed = options.get("strategy") if options is not None else None
            others = (
                tuple(w for item in listed.items() if (w := written(item)) is not None) if listed is not None else ()
            )
            through[kind].append((name, others))
            policy_of += [(name, own)] if own is not None else []
            continue
        model = written(options.get("model")) if options is not None else None
        limit = next((one for key in _LIMITS if options is not None and (one := limit_of(options.get(key)))), None)
        if limit is None and kind == "anthropic" and model is not None:
            limit = _taken(model)
        if model is not None:
            targets.append(Target(name, model, limit, True, _PROVIDERS.get(kind, kind or None), own))
    return Gateway(
        path, "baml", tuple(targets), fallbacks=tuple(through["fallback"]), rotations=tuple(through["round-robin"]),
        policies=policies, policy_of=tuple(policy_of),
    )  # fmt: skip


def _taken(model: Written) -> Written:
    """The limit that BAML sends to Anthropic where none is set."""
    return Written(ANTHROPIC_LIMIT, model.span, "max_tokens", default=True)


def _function(name: str, function: At, found: Found) -> None:
    client, prompt = function.get("client"), function.get("prompt")
    if client is None:
        return
    found.setting(prompt, "prompt")
    named = client.text or ""
    shorthand: tuple[Written, ...] = ()
    provider, limit = None, None
    if "/" in named:
        found.setting(client, "model")
        prefix, _, model = named.partition("/")
        shorthand, provider = (Written(model, client.span, client.path),), _PROVIDERS.get(prefix, prefix)
        limit = _taken(shorthand[0]) if prefix == "anthropic" else None
    text = prompt.text if prompt is not None else None
    found.calls.append(
        Declared(
            found.format, "baml.function", name, client.span, shorthand,
            None if shorthand else f"client {named[:60]} is declared in no file, or names no model", provider,
            limit=limit, client=None if shorthand else named, called_as=name,
            messages=by_role_calls(text, prompt) if text is not None and prompt is not None else (),
            prompt_why=_LEFT_OUT if text is not None and is_open(text) else None,
        )
    )  # fmt: skip


def by_role_calls(text: str, at: At) -> tuple[Message, ...]:
    """The messages of a prompt with `{{ _.role("user") }}`."""
    plain = re.sub(
        r"\{\{-?\s*_\.(?:role|chat)\(\s*(?:role\s*=\s*)?[\"'](\w+)[\"'][^)]{0,200}\)\s{0,20}-?\}\}", r"\n\1:\n", text
    )
    return by_role(plain, at.span)


FORMAT = Format(
    name="baml",
    kinds=("text",),
    words=((b"client", b"retry_policy", b"function"),),
    takes=_takes,
    collect=_collect,
)
