"""Aider's files: `.aider.conf.yml`, `.aider.model.settings.yml`, `.aider.model.metadata.json`. Settings alone.

Keys: `model`, `weak-model`, `editor-model`, `map-tokens`, `max-chat-history-tokens`, `cache-prompts`,
`cache-keepalive-pings`, `thinking-tokens`, `reasoning-effort`; of the settings file `name`, `weak_model_name`,
`editor_model_name`, `extra_params.max_tokens`; of the metadata `max_input_tokens`, `max_output_tokens` (a capability,
not what is sent). Missing keys, from `aider/models.py` and `base_coder.py`: no prompt caching, history of a sixteenth
of the input limit between 1024 and 8192 tokens, retries until the pause exceeds 60 s, at most 8.
"""

from __future__ import annotations

from guard.facts.documents.document import Document
from guard.facts.documents.found import Found
from guard.facts.documents.read import Format

_CONF = {
    "model": "model", "weak-model": "model", "editor-model": "model", "max-chat-history-tokens": "context_limit",
    "map-tokens": "context_limit", "cache-prompts": "cache", "cache-keepalive-pings": "cache",
    "thinking-tokens": "reasoning", "reasoning-effort": "reasoning",
}  # fmt: skip
_SETTINGS = {"name": "model", "weak_model_name": "model", "editor_model_name": "model", "cache_control": "cache"}
_PARAMS = {
    "max_tokens": "max_tokens",
    "max_completion_tokens": "max_tokens",
    "temperature": "temperature",
    "reasoning_effort": "reasoning",
}
_METADATA = {"max_input_tokens": "context_limit", "max_output_tokens": "max_tokens"}


def _is_named(path: str) -> bool:
    return "aider" in path.rpartition("/")[2].lower()


def _takes(document: Document) -> bool:
    root = document.root
    if root.node.kind == "list":
        return any(at.get("name") is not None and at.get("edit_format") is not None for at in root.items())
    if document.path.endswith(".json"):
        return any(
            at.get("litellm_provider") is not None or at.get("max_input_tokens") is not None for _, at in root.pairs()
        )
    return any(key in _CONF for key, _ in root.pairs())


def _collect(document: Document, found: Found) -> None:
    root = document.root
    if root.node.kind == "list":
        for at in root.items():
            found.keys(at, _SETTINGS)
            found.keys(at.get("extra_params"), _PARAMS)
    elif document.path.endswith(".json"):
        for _, at in root.pairs():
            found.keys(at, _METADATA)
    else:
        found.keys(root, _CONF)


FORMAT = Format(
    name="aider",
    kinds=("yaml", "json"),
    words=((b"model", b"max_input_tokens", b"edit_format", b"tokens"),),
    takes=_takes,
    collect=_collect,
    name_needed=_is_named,
)
