"""Counts the input tokens of a request body, as far as that is published. In: `Asked`. Out: `Counted`.

OpenAI: tokens by tiktoken's encodings (guard ships them; their sha256 is tested elsewhere), framing by OpenAI's
cookbook ("How to count tokens with tiktoken"), written here anew with nothing of guard's arithmetic. Others publish no
tokenizer: there, what is compared is that guard saw the text that was sent, counted as `docs/tokens.md` says. So is the
overhead of tools and schemas, which no server of ours can know: the linear fit, held against published figures
elsewhere.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from guard.estimate import framing, tokens
from guard.estimate.textclass import classify
from guard.model import Message, Prompt, Segment, Tokens
from referee.asked import Asked, Body

PER_MESSAGE, PER_NAME, PRIMED = 3, 1, 3
"""OpenAI's cookbook, for gpt-3.5-turbo, gpt-4, gpt-4o and gpt-4o-mini."""
STRUCTURED = 9
"""Around the schema of a structured answer."""


@dataclass(frozen=True)
class Counted:
    """Input tokens of one request."""

    tokens: float
    most: float
    """The upper end of the published error: the same as `tokens` where the tokenizer is public, and no tools are sent.
    """


Turn = tuple[str, tuple[str, ...]]
"""Role and texts of a message."""


def count(asked: Asked, provider: str | None) -> Counted:
    """The input tokens of a request."""
    method = tokens.encoding_for(provider, asked.model)
    turns = list(_turns(asked))
    parts = [text for _, texts in turns for text in texts]
    if method.exact:
        size: float = sum(tokens.count_exact(text, method.encoding) for text in parts)
        if all(role == "text" for role, _ in turns):
            return Counted(size, size)
        size += PRIMED + sum(PER_MESSAGE + tokens.count_exact(role, method.encoding) for role, _ in turns)
    else:
        size = sum(tokens.count(text, method).typical for text in parts)
        messages = tuple(Message(role, (Segment("x"),)) for role, _ in turns)
        size += framing.frame_tokens(Prompt(messages), method, asked.model).typical
    error = 0.0 if method.exact else max((method.error_of(classify(text)) for text in parts), default=method.error)
    tools = _tools(asked, method)
    schema = _schema(asked.schema, method) if asked.schema is not None else 0
    return Counted(size + tools.typical + schema, (size + schema) * (1 + error) + (tools.high or 0))


def _schema(schema: Any, method: tokens.Method) -> float:
    """The schema of an answer as it was found to be billed by OpenAI (openai-cookbook, issue 2140)."""
    text = json.dumps(_without(schema), separators=(",", ":"), ensure_ascii=False)
    return tokens.count(text, method).typical + (STRUCTURED if method.exact else 0)


def _without(schema: Any) -> Any:
    """A schema without `required` and `additionalProperties`, which cost nothing."""
    if isinstance(schema, list):
        return [_without(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {key: value for key, value in schema.items() if key not in ("required", "additionalProperties", "$schema")}
    return {key: _without(value) for key, value in kept.items()}


def _tools(asked: Asked, method: tokens.Method) -> Tokens:
    found = framing.tool_tokens(json.dumps(_definitions(asked.body)), method, asked.model) if asked.tools else None
    return found or Tokens(0, 0, 0)


def _definitions(body: Body) -> list[Any]:
    """The tools of a body in a form that OpenAI, Anthropic or Google define."""
    if "toolConfig" in body:
        specs = [tool["toolSpec"] for tool in body["toolConfig"].get("tools") or () if "toolSpec" in tool]
        return [{**spec, "input_schema": spec["inputSchema"].get("json")} for spec in specs]
    found = []
    for tool in body.get("tools") or ():
        found += tool.get("functionDeclarations", [tool])
    return found


def _turns(asked: Asked) -> Iterator[Turn]:
    """The messages of a body, whichever protocol it speaks; the role `text` for what is sent without framing."""
    body = asked.body
    if asked.protocol in ("embeddings", "images", "completions"):
        given = body.get("input", body.get("prompt"))
        yield from (("text", (text,)) for text in ([given] if isinstance(given, str) else given or ()))
    elif asked.protocol in ("titan", "titan-embedding"):
        yield "text", (body["inputText"],)
    elif asked.protocol == "google":
        system = body.get("systemInstruction")
        if system:
            yield "system", tuple(_texts(system["parts"]))
        yield from ((turn.get("role", "user"), tuple(_texts(turn["parts"]))) for turn in body["contents"])
    elif asked.protocol == "google-embedding":
        yield from (("text", tuple(_texts(one["content"]["parts"]))) for one in body.get("requests", [body]))
    elif asked.protocol == "responses":
        if body.get("instructions"):
            yield "system", (body["instructions"],)
        given = body["input"]
        items = [{"role": "user", "content": given}] if isinstance(given, str) else given
        yield from ((item.get("role", "tool"), tuple(_texts(_content(item)))) for item in items)
    else:
        if body.get("system"):
            yield "system", tuple(_texts(body["system"]))
        yield from ((turn["role"], tuple(_texts(_content(turn)))) for turn in body["messages"])


def _content(turn: Body) -> Any:
    """What a message carries: its content, and the calls of tools in the forms of the protocols."""
    held = [turn.get("content") or turn.get("output") or "", turn.get("arguments") or ""]
    calls = [call["function"] for call in turn.get("tool_calls") or ()]
    return [*held, *(part for call in calls for part in (call["name"], call["arguments"]))]


def _texts(value: Any) -> Iterator[str]:
    """The texts of a content: a string, or blocks of the known kinds. Pictures and sounds have none."""
    if isinstance(value, str):
        if value:
            yield value
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)
    elif isinstance(value, dict):
        for key in ("text", "content", "toolResult"):
            if key in value:
                yield from _texts(value[key])
        for key in ("input", "toolUse", "functionCall", "functionResponse", "json"):
            if key in value:
                yield json.dumps(value[key])
