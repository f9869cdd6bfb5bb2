"""GitHub Models prompt files: `*.prompt.yml`, the prompts that `gh models`, `actions/ai-inference` and programs run.

Keys: `model`, `modelParameters.{max_tokens, maxCompletionTokens, temperature, ...}`, `messages[].content` (with
`{{holes}}`), `testData[]`, `evaluators[].llm.{modelId, prompt}`. Without a key nothing is sent (docs.github.com,
"storing prompts in GitHub repositories"; the schema asks for `messages` alone). A file with test data is an
evaluation: one request for each row, and one more for each grader that is a model.
"""

from __future__ import annotations

from guard.facts.documents.document import At, Document
from guard.facts.documents.found import Found, limit_of, written
from guard.facts.documents.read import Format
from guard.facts.documents.texts import is_open, message
from guard.facts.documents.types import ONE, Declared
from guard.model import Count, Message

_PARAMS = {
    "max_tokens": "max_tokens", "maxTokens": "max_tokens", "maxCompletionTokens": "max_tokens",
    "max_completion_tokens": "max_tokens", "temperature": "temperature", "reasoning_effort": "reasoning",
    "reasoningEffort": "reasoning",
}  # fmt: skip
_LIMITS = ("max_tokens", "maxTokens", "maxCompletionTokens", "max_completion_tokens")
_NAMES = (".prompt.yml", ".prompt.yaml")


def _takes(document: Document) -> bool:
    root = document.root
    messages = root.get("messages")
    if messages is None or not any(
        item.get("role") is not None and item.get("content") is not None for item in messages.items()
    ):
        return False
    model = root.get("model")
    named = (
        model is not None and model.text is not None and ("modelParameters" in dict(root.pairs()) or "/" in model.text)
    )
    return document.path.endswith(_NAMES) or named


def _collect(document: Document, found: Found) -> None:
    root = document.root
    found.setting(root.get("model"), "model")
    params = root.get("modelParameters")
    found.keys(params, _PARAMS)
    messages, is_whole = messages_of(root.get("messages"), found)
    rows = root.get("testData")
    count = len(rows.node.items) if rows is not None else 0
    limit = next((one for key in _LIMITS if params is not None and (one := limit_of(params.get(key)))), None)
    model = written(root.get("model"))
    name = document.path.rpartition("/")[2]
    at = root.get("model") or root.get("messages") or root
    found.calls.append(
        Declared(
            found.format, "github.models.prompt", name, at.span, (model,) if model else (),
            None if model else "the prompt file names no model", "github", limit=limit, messages=messages,
            prompt_why=None if is_whole else "parts of the template may repeat or be left out", repeats=_rows(count),
            stage="evaluation" if count else None, used_by=() if count else (name,),
        )
    )  # fmt: skip
    _graders(root, found, name, count)


def messages_of(listed: At | None, found: Found) -> tuple[tuple[Message, ...], bool]:
    """The messages of a list of `{role, content}`, and whether they are all that is sent."""
    made, is_whole = [], True
    for item in listed.items() if listed is not None else ():
        role, content = item.get("role"), item.get("content")
        found.setting(content, "prompt")
        if content is not None and content.text is not None:
            made.append(message(role.text or "user" if role is not None else "user", content.text, content.span))
            is_whole = is_whole and not is_open(content.text)
        else:
            is_whole = False
    return tuple(made), is_whole


def _graders(root: At, found: Found, name: str, count: int) -> None:
    for number, grader in enumerate(items.items() if (items := root.get("evaluators")) is not None else ()):
        model = grader.get("llm", "modelId") or grader.get("llm", "model")
        prompt = grader.get("llm", "prompt")
        if model is None and prompt is None:
            continue
        found.setting(model, "model")
        found.setting(prompt, "prompt")
        system = grader.get("llm", "systemPrompt")
        found.setting(system, "prompt")
        text = ((role, at) for role, at in (("system", system), ("user", prompt)) if at is not None)
        made = written(model)
        found.calls.append(
            Declared(
                found.format, "github.models.evaluator", f"{name} evaluator {number}", (model or prompt or root).span,
                (made,) if made else (), None if made else "the evaluator names no model", "github",
                messages=tuple(message(role, at.text, at.span) for role, at in text if at.text is not None),
                repeats=_rows(count),
                stage="evaluation", used_by=() if count else (name,),
            )
        )  # fmt: skip


def _rows(count: int) -> Count:
    return Count(count, count, count, (f"{count} rows of testData",)) if count else ONE


FORMAT = Format(
    name="github-models",
    kinds=("yaml",),
    words=((b"messages",), (b"content",), (b"model",)),
    takes=_takes,
    collect=_collect,
)
