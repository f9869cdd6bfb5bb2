"""An application's own settings: YAML, TOML, JSON and `.env` files whose keys and values look like models and limits.

No format says what these keys mean, so all of them are `likely`. A key counts as a model where its name says so and
its value is the name of one; limits, retries, budgets and the like count beside a model or below one (`model: {name:
...}`). Also read: `environment` of a compose file, `env` of a manifest, texts of a ConfigMap. JSON is read where the
file's name says that it is configuration, since most JSON is data. Catalogues with very many models, schemas and API
descriptions are none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from guard.facts.documents.document import At, Document
from guard.facts.documents.found import Found, defaulted, is_filled_later
from guard.facts.documents.names import looks_like_model, what_of, words_of
from guard.facts.documents.read import Format
from guard.model import Scalar

MAX_MODELS = 100
"""Models of one file; more is a catalogue or a result."""
MAX_MAPS = 20_000
_CONFIG_NAME = re.compile(
    r"(?:^|[._-])(?:config|configs|configuration|settings?|conf|options|defaults?|params|parameters|llms?|agents?|models?|rc|prod|production|dev|staging|app)(?:[._-]|$)",
    re.IGNORECASE,
)
_DATA_NAME = re.compile(
    r"prices?|pricing|results?|catalog|leaderboard|benchmark|metadata|dataset|fixture|cassette|snapshot|schema|tokenizer|generation_config",
    re.IGNORECASE,
)
_FOREIGN = (
    "openapi",
    "swagger",
    "$schema",
    "interactions",
    "lockfileVersion",
    "packages",
    "architectures",
    "definitions",
)
_NUMBERS = frozenset({"max_tokens", "context_limit", "retries", "budget", "top_k", "repeats", "limit"})
_ALONE = frozenset({"model", "fallback"})
"""What counts wherever it stands; all else beside one of them."""


def _may_be_named(path: str) -> bool:
    name = path.rpartition("/")[2]
    if _DATA_NAME.search(name):
        return False
    return not name.endswith(".json") or _CONFIG_NAME.search(name.removesuffix(".json")) is not None


def _takes(document: Document) -> bool:
    root = document.root
    return root.node.kind == "map" and not any(root.get(key) is not None for key in _FOREIGN)


def _maps(document: Document) -> Iterator[tuple[str, At, list[tuple[str, At]]]]:
    """The maps that are looked at, outermost first: the key that each stands under, and its pairs."""
    root = document.root
    manifest = root.get("apiVersion") is not None and root.get("kind") is not None
    for number, (keys, at) in enumerate(root.deep()):
        if number >= MAX_MAPS:
            return
        own = words_of(keys[-1]) if keys else ""
        pairs = list(at.pairs())
        listed = [(key, value) for key, value in pairs if key in ("environment", "env") and value.node.kind == "list"]
        for _, value in listed:
            yield "env", value, list(_variables(value))
        if not manifest or own in ("data", "env") or keys[:1] == ("data",):
            yield own, at, pairs


def _variables(listed: At) -> Iterator[tuple[str, At]]:
    """`- NAME=value` of a compose file, `- {name: NAME, value: ...}` of a manifest."""
    for item in listed.items():
        name, value = item.get("name"), item.get("value")
        if item.text is not None and "=" in item.text:
            key, _, text = item.text.partition("=")
            node = item.node
            line = item.lines[node.line - 1] if node.line <= len(item.lines) else ""
            quote = line[node.column - 1 : node.column] in ("'", '"')
            moved = replace(node, value=text, text=text, column=node.column + quote + len(key) + 1)
            yield key, item._replace(node=moved)
        elif name is not None and name.text is not None and value is not None:
            yield name.text, value


def _collect(document: Document, found: Found) -> None:
    suffix = document.path.rpartition(".")[2].lower()
    kind = {"yml": "yaml", "yaml": "yaml", "toml": "toml", "json": "json"}.get(suffix, "env")
    format = f"app-settings-{kind}"
    found.format = format
    about: set[int] = set()
    """Maps below one in which a model stands."""
    kept: list[tuple[At, str, Scalar | tuple[Scalar, ...] | None]] = []
    for own, at, pairs in _maps(document):
        taken = [(inner, what, value) for key, inner in pairs for what, value in _setting(key, inner, own)]
        if id(at.node) in about or any(what in _ALONE for _, what, _ in taken):
            kept += taken
            about.update(id(inner.node) for _, inner in pairs if inner.node.kind == "map")
    if sum(what == "model" for _, what, _ in kept) > MAX_MODELS:
        return
    if any(what in _ALONE for _, what, _ in kept):
        for at, what, value in kept:
            found.setting(at, what, value=value, confidence="likely")


def _setting(key: str, at: At, own: str) -> Iterator[tuple[str, Scalar | tuple[Scalar, ...] | None]]:
    """What a key of a map is, and its value where that is not the node's; nothing where it is no setting."""
    words = words_of(key)
    what = what_of(words)
    if what is None and words in ("name", "id", "default") and what_of(own) == "model":
        what = "model"
    if what is None or at.node.kind == "map":
        return
    if at.node.kind == "list":
        texts = tuple(item.value for item in at.node.items)
        if what in _ALONE and texts and all(isinstance(text, str) and looks_like_model(text) for text in texts):
            yield what, texts
        return
    value = defaulted(at.value)
    if isinstance(value, str) and is_filled_later(value) and what != "prompt":
        return
    if what in _ALONE or what == "provider":
        if isinstance(value, str) and (looks_like_model(value) if what in _ALONE else value.isidentifier()):
            yield what, value
    elif what in _NUMBERS:
        number = _number(value)
        if number is not None and number > 0:
            yield what, value
    elif what == "temperature":
        if _number(value) is not None:
            yield what, value
    elif value is not None and value != "":
        yield what, value


def _number(value: Scalar) -> float | None:
    if isinstance(value, bool) or value is None:
        return None
    try:
        return float(value)
    except ValueError:
        return None


FORMAT = Format(
    name="app-settings",
    kinds=("yaml", "toml", "json", "env"),
    words=(
        (b"odel", b"MODEL", b"llm", b"LLM", b"engine", b"deployment"),
        (
            b"gpt", b"claude", b"gemini", b"llama", b"istral", b"ixtral", b"deepseek", b"wen", b"command-", b"grok",
            b"kimi", b"glm", b"embed", b"o1", b"o3", b"o4", b"phi", b"gemma", b"nova-", b"titan", b"voyage", b"sonar",
            b"openrouter/", b"dall-e", b"whisper", b"davinci", b"ollama", b"huggingface/",
        ),
    ),
    takes=_takes,
    collect=_collect,
    generic=True,
    name_needed=_may_be_named,
)  # fmt: skip
