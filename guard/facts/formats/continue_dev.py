"""Continue's `config.yaml` and `config.json`: models that an editor talks to. Settings alone: no code of the
repository sends with them.

Keys: `models[].{provider, model, contextLength}`, `models[].defaultCompletionOptions.{maxTokens, contextLength,
temperature, reasoningBudgetTokens, promptCaching}`, `completionOptions` and `tabAutocompleteModel`,
`embeddingsProvider` of the JSON form, system messages. Missing keys: maxTokens 4096, contextLength 32768
(`core/llm/constants.ts`). `AUTODETECT` and local models have no price.
"""

from __future__ import annotations

from guard.facts.documents.document import At, Document
from guard.facts.documents.found import Found
from guard.facts.documents.read import Format

_OPTIONS = {
    "maxTokens": "max_tokens", "contextLength": "context_limit", "temperature": "temperature",
    "reasoningBudgetTokens": "reasoning", "reasoning": "reasoning", "promptCaching": "cache", "n": "repeats",
}  # fmt: skip
_MODEL = {"provider": "provider", "model": "model", "contextLength": "context_limit", "systemMessage": "prompt"}
_MESSAGES = ("baseSystemMessage", "baseAgentSystemMessage", "basePlanSystemMessage")
_LONG = 40
"""Characters from which on a text of the top level whose name says "message" is a prompt that others refer to."""


def _takes(document: Document) -> bool:
    root = document.root
    models = root.get("models")
    if models is None or not any(_is_model(at) for at in models.items()):
        return False
    version = root.get("schema")
    return (
        (version is not None and version.value == "v1") or ".continue/" in f"/{document.path}"
        or any(root.get(key) is not None for key in ("tabAutocompleteModel", "embeddingsProvider", "customCommands"))
    )  # fmt: skip


def _is_model(at: At) -> bool:
    return at.get("model") is not None and at.get("provider") is not None


def _collect(document: Document, found: Found) -> None:
    root = document.root
    shared = {id(value.node) for _, value in root.pairs()}
    single = [
        at for key in ("tabAutocompleteModel", "embeddingsProvider", "reranker") if (at := root.get(key)) is not None
    ]
    for at in (*(models.items() if (models := root.get("models")) is not None else ()), *single):
        for key, value in at.pairs():
            if key in _MODEL:
                found.setting(value, _MODEL[key])
        found.keys(at.get("defaultCompletionOptions"), _OPTIONS)
        found.keys(at.get("completionOptions"), _OPTIONS)
        found.setting(at.get("autocompleteOptions", "maxPromptTokens"), "context_limit")
        found.setting(at.get("cacheBehavior", "cacheSystemMessage"), "cache")
        for key in _MESSAGES:
            text = at.get("chatOptions", key)
            if text is not None and id(text.node) not in shared:
                found.setting(text, "prompt")
    found.keys(root.get("completionOptions"), _OPTIONS)
    for key, value in root.pairs():
        if key == "systemMessage" or ("message" in key.lower() and len(value.text or "") >= _LONG):
            found.setting(value, "prompt")


FORMAT = Format(
    name="continue",
    kinds=("yaml", "json"),
    words=((b"models",), (b"provider",), (b"schema", b"tabAutocompleteModel", b"title", b"roles")),
    takes=_takes,
    collect=_collect,
)
