"""BAML sources (`*.baml`): clients, retry policies and functions, each a request that code calls by its name.

Keys: `client<llm> N { provider; retry_policy; options { model, max_tokens, temperature, strategy [...] } }`,
`retry_policy P { max_retries; strategy {...} }`, `function F(...) -> T { client C; prompt #"..."# }`; `client` is a name or
`"provider/model"`. `strategy` of a `fallback` client is tried in order, that of a `round-robin` client in turn.
`max_retries` counts further tries; without a policy there is none (docs.boundaryml.com, "retry"). `parse/baml.py` reads the
language.
"""

from __future__ import annotations

from typing import NamedTuple

from guard.facts.documents.document import At, Document
from guard.facts.documents.found import Found, limit_of, written
from guard.facts.documents.read import Format
from guard.facts.documents.texts import by_role, is_open
from guard.facts.documents.types import Declared, Written
from guard.model import Layer, Message
from guard.parse.baml_file import parse

_OPTIONS = {
    "model": "model", "max_tokens": "max_tokens", "max_completion_tokens": "max_tokens", "max_output_tokens": "max_tokens",
    "temperature": "temperature", "reasoning_effort": "reasoning", "strategy": "fallback",
}  # fmt: skip
_LIMITS = ("max_tokens", "max_completion_tokens", "max_output_tokens")
_PROVIDERS = {
    "openai": "openai", "openai-responses": "openai", "openai-generic": None, "anthropic": "anthropic",
    "azure-openai": "azure", "google-ai": "google", "vertex-ai": "vertex", "aws-bedrock": "bedrock", "ollama": "ollama",
    "openrouter": "openrouter",
}  # fmt: skip


class _Client(NamedTuple):
    """What one client asks."""

    models: tuple[Written, ...]
    provider: str | None
    limit: Written | None
    retries: At | None
    others: tuple[str, ...] = ()
    """Clients that it goes through, of a `fallback` or `round-robin` one."""
    in_turn: bool = False


def _takes(document: Document) -> bool:
    return True


def _collect(document: Document, found: Found) -> None:
    root = At(parse("\n".join(document.lines)), "", document.path, document.lines)
    for _, policy in (listed.pairs() if (listed := root.get("retry_policy")) is not None else ()):
        found.setting(policy.get("max_retries"), "retries")
    clients = {}
    for name, client in (listed.pairs() if (listed := root.get("client")) is not None else ()):
        found.keys(client.get("options"), _OPTIONS)
        found.setting(client.get("provider"), "provider")
        clients[name] = client
    for name, function in (listed.pairs() if (listed := root.get("function")) is not None else ()):
        _function(name, function, root, clients, found)


def _function(name: str, function: At, root: At, clients: dict[str, At], found: Found) -> None:
    client, prompt = function.get("client"), function.get("prompt")
    if client is None:
        return
    found.setting(prompt, "prompt")
    named = client.text or ""
    if "/" in named:
        found.setting(client, "model")
    text = prompt.text if prompt is not None else None
    messages = by_role_calls(text, prompt) if text is not None and prompt is not None else ()
    why = "parts of the template may repeat or be left out" if text is not None and is_open(text) else None
    chain = _ways(named, client, root, clients, 0)
    if not chain:
        chain = [(_Client((), None, None, None), False)]
    names: list[str] = []
    for number, (asked, after) in enumerate(chain):
        own = name if number == 0 else f"{name} {number}"
        found.calls.append(
            Declared(
                found.format, "baml.function", own, client.span, asked.models,
                None if asked.models else f"client {named[:60]} is declared in another file, or names no model",
                asked.provider, limit=asked.limit, messages=messages, prompt_why=why,
                layers=_layers(asked.retries), called_as=name, after=names[0] if after and names else None,
                exclusive=f"{name} in turn" if not after and len(chain) > 1 else None, default=number == 0 and not after,
            )
        )  # fmt: skip
        names.append(own)


def _ways(named: str, at: At, root: At, clients: dict[str, At], depth: int) -> list[tuple[_Client, bool]]:
    """What a client's name asks: the first, and others with whether they are asked only after a failure of it."""
    if "/" in named:
        provider, _, model = named.partition("/")
        return [(_Client((Written(model, at.span, at.path),), _PROVIDERS.get(provider, provider), None, None), False)]
    client = clients.get(named)
    if client is None or depth > 4:
        return []
    provider = client.get("provider")
    kind = (provider.text or str(provider.value)) if provider is not None else ""
    policy = client.get("retry_policy")
    tries = root.get("retry_policy", policy.text, "max_retries") if policy is not None and policy.text else None
    if kind in ("fallback", "round-robin"):
        listed = client.get("options", "strategy")
        found: list[tuple[_Client, bool]] = []
        for number, item in enumerate(listed.items() if listed is not None else ()):
            for way, after in _ways(item.text or "", item, root, clients, depth + 1)[:8]:
                retries = tries if tries is not None else way.retries
                found.append((way._replace(retries=retries), after or (kind == "fallback" and number > 0)))
        return found[:8]
    options = client.get("options")
    model = written(options.get("model")) if options is not None else None
    limit = next((one for key in _LIMITS if options is not None and (one := limit_of(options.get(key)))), None)
    return [(_Client((model,) if model else (), _PROVIDERS.get(kind, kind or None), limit, tries), False)]


def _layers(tries: At | None) -> tuple[Layer, ...]:
    number = tries.number if tries is not None else None
    if tries is None or number is None:
        return ()
    return (Layer("BAML retry_policy", number + 1, "maybe", tries.span, "any error is tried again"),)


def by_role_calls(text: str, at: At) -> tuple[Message, ...]:
    """The messages of a prompt with `{{ _.role("user") }}`."""
    import re

    plain = re.sub(r"\{\{-?\s*_\.(?:role|chat)\(\s*(?:role\s*=\s*)?[\"'](\w+)[\"'][^)]*\)\s*-?\}\}", r"\n\1:\n", text)
    return by_role(plain, at.span)


FORMAT = Format(
    name="baml",
    kinds=("text",),
    words=((b"client", b"retry_policy", b"function"),),
    takes=_takes,
    collect=_collect,
)
