"""Semantic Kernel prompt functions: `config.json` beside `skprompt.txt`, or one YAML file with a `template`.

Keys: `execution_settings.<service>.{model_id, max_tokens, temperature, ...}` (a map, or in older files a list), in
the oldest layout one `completion` object; `template` of a YAML file is the prompt. Nothing is sent for a missing key
(`OpenAIPromptExecutionSettings.cs`, `open_ai_prompt_execution_settings.py`); which model runs then is up to the
kernel's service. A function counts where code names its folder.
"""

from __future__ import annotations

from collections.abc import Iterator

from guard.facts.documents.document import At, Document
from guard.facts.documents.found import Found, limit_of, written
from guard.facts.documents.read import Format
from guard.facts.documents.texts import by_role, hole, is_open
from guard.facts.documents.types import Declared

_PARAMS = {
    "model_id": "model", "ai_model_id": "model", "max_tokens": "max_tokens", "max_completion_tokens": "max_tokens",
    "max_output_tokens": "max_tokens", "temperature": "temperature", "reasoning_effort": "reasoning",
    "results_per_prompt": "repeats", "number_of_responses": "repeats", "function_choice_behavior": "tools",
}  # fmt: skip


def _settings(root: At) -> Iterator[At]:
    """The maps that hold what is sent, one for each service."""
    listed = root.get("execution_settings")
    if listed is not None and listed.node.kind == "map":
        yield from (at for _, at in listed.pairs() if at.node.kind == "map")
    elif listed is not None:
        yield from (at for at in listed.items() if at.node.kind == "map")
    old = root.get("completion")
    if listed is None and old is not None and old.node.kind == "map":
        yield old


def _takes(document: Document) -> bool:
    root = document.root
    if root.node.kind != "map" or next(_settings(root), None) is None:
        return False
    if root.get("execution_settings") is not None:
        return True
    kind = root.get("type")
    return root.get("schema") is not None and kind is not None and kind.text == "completion"


def _collect(document: Document, found: Found) -> None:
    root = document.root
    template = root.get("template")
    found.setting(template, "prompt")
    services = list(_settings(root))
    for at in services:
        found.keys(at, _PARAMS)
    folder = document.path.rpartition("/")[0].rpartition("/")[2]
    named = root.get("name")
    name = (named.text if named is not None else None) or folder or document.path
    text = template.text if template is not None else None
    messages = by_role(text, template.span) if text is not None and template is not None else ()
    for number, at in enumerate(services):
        model = written(at.get("model_id") or at.get("ai_model_id"))
        limit = next((one for key in ("max_tokens", "max_completion_tokens") if (one := limit_of(at.get(key)))), None)
        found.calls.append(
            Declared(
                found.format, "semantic_kernel.prompt_function", f"{name} {at.path}", at.span,
                (model,) if model else (), None if model else "the service of the kernel decides the model",
                limit=limit, messages=messages or (hole("prompt", "the template stands in another file"),),
                prompt_why="parts of the template may repeat or be left out" if text and is_open(text) else None,
                exclusive=name if len(services) > 1 else None, default=number == 0, used_by=(name,),
            )
        )  # fmt: skip


FORMAT = Format(
    name="semantic-kernel",
    kinds=("json", "yaml"),
    words=((b"execution_settings", b'"completion"'),),
    takes=_takes,
    collect=_collect,
)
