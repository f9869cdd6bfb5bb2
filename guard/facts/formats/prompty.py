"""Prompty files (`*.prompty`): a front matter that names the model, below it the prompt.

Version 1: `model.configuration.{azure_deployment, name, model}`, `model.configuration.type`,
`model.parameters.{max_tokens, temperature, ...}`; version 2: `model` or `model.id`, `model.provider`,
`model.options.{maxOutputTokens, temperature, ...}`. No limit is sent without its key (`ModelOptions.yaml` of
microsoft/prompty). The body's lines `system:`, `user:`, `assistant:` begin messages; `{{holes}}` are filled in when
code runs the file, which is what makes the request count.
"""

from __future__ import annotations

from guard.facts.documents.document import At, Document, span
from guard.facts.documents.found import Found, limit_of, written
from guard.facts.documents.read import Format
from guard.facts.documents.texts import by_role, is_open
from guard.facts.documents.types import Declared, Written
from guard.model import Operation

_PARAMS = {
    "max_tokens": "max_tokens", "max_completion_tokens": "max_tokens", "maxOutputTokens": "max_tokens",
    "max_output_tokens": "max_tokens", "temperature": "temperature", "n": "repeats", "tools": "tools",
    "reasoning_effort": "reasoning", "reasoningEffort": "reasoning",
}  # fmt: skip
_LIMITS = ("max_tokens", "max_completion_tokens", "maxOutputTokens", "max_output_tokens")
_PROVIDERS = {
    "azure_openai": "azure",
    "azure": "azure",
    "foundry": "azure",
    "openai": "openai",
    "anthropic": "anthropic",
}
_OPERATIONS: dict[str, Operation] = {
    "chat": "chat",
    "completion": "text_completion",
    "embedding": "embedding",
    "image": "image",
    "responses": "responses",
}


def _takes(document: Document) -> bool:
    return document.path.endswith(".prompty") and document.root.node.kind == "map"


def model_of(model: At | None) -> At | None:
    """The node that names the model, of the node under `model`."""
    if model is None or model.node.kind == "scalar":
        return model
    for keys in (("id",), ("configuration", "azure_deployment"), ("configuration", "name"), ("configuration", "model")):
        at = model.get(*keys)
        if at is not None:
            return at
    return None


def _collect(document: Document, found: Found) -> None:
    root = document.root
    model = root.get("model")
    named = model_of(model)
    found.setting(named, "model")
    provider = (model.get("configuration", "type") or model.get("provider")) if model is not None else None
    found.setting(provider, "provider")
    limit = None
    for keys in (("parameters",), ("options",), ("options", "additionalProperties")):
        options = model.get(*keys) if model is not None else None
        found.keys(options, _PARAMS)
        limit = limit or next(
            (one for key in _LIMITS if options is not None and (one := limit_of(options.get(key)))), None
        )
    _request(document, found, named, provider.text if provider is not None else None, limit)


def _request(document: Document, found: Found, named: At | None, kind: str | None, limit: Written | None) -> None:
    root, line = document.root, document.body
    body = "" if line is None else "\n".join(document.lines[line - 1 :])
    if line is not None:
        found.setting(At(root.node, "$body", document.path, document.lines), "prompt", value=body, place=(line, 1))
    api = root.get("model", "api") or root.get("model", "apiType")
    model = written(named)
    name = document.path.rpartition("/")[2]
    place = span(document.path, line or root.node.line, 1, len(document.lines[(line or 1) - 1]))
    why = None if model else "the file names no model" if named is None else "the model is filled in when it runs"
    found.calls.append(
        Declared(
            found.format, "prompty.execute", name, named.span if named is not None else place,
            (model,) if model else (), why, _PROVIDERS.get(kind or ""),
            _OPERATIONS.get((api.text or "chat") if api is not None else "chat", "chat"),
            limit,
            messages=by_role(body, place),
            prompt_why="parts of the template may repeat or be left out" if is_open(body) else None,
            used_by=(name,),
        )
    )  # fmt: skip


FORMAT = Format(
    name="prompty",
    kinds=("front",),
    words=((b"---",),),
    takes=_takes,
    collect=_collect,
)
