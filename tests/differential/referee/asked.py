"""What a request asks for, whichever protocol it speaks. In: path and body. Out: `Asked`; None for an unknown path.

`answers` writes the reply in the same protocol. A protocol is added here and there, nowhere else.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

Body = dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """One request in terms that all protocols share."""

    protocol: str
    model: str
    body: Body
    limit: int | None
    """Output limit in tokens as sent; None: none is sent."""
    schema: Any = None
    """JSON schema of the structured answer that is demanded; None: none."""
    tools: tuple[tuple[str, Any], ...] = ()
    """Name and parameter schema of each tool that the program runs itself."""
    forced: bool = False
    """A tool has to be called."""
    resulted: bool = False
    """The last message brings the result of a tool."""
    stream: bool = False


def asked(path: str, body: Body) -> Asked | None:
    """What a request asks for."""
    for pattern, read in _PROTOCOLS:
        match = re.search(pattern, path.split("?")[0])
        if match is not None:
            return read(match, body)
    return None


def limit_of(body: Body, *keys: str) -> int | None:
    """The first of these keys that stands in the body."""
    return next((body[key] for key in keys if body.get(key) is not None), None)


def _chat(match: re.Match[str], body: Body) -> Asked:
    form = body.get("response_format") or {}
    schema = (form.get("json_schema") or {}).get("schema") if form.get("type") == "json_schema" else None
    tools = tuple((t["function"]["name"], t["function"].get("parameters") or {}) for t in body.get("tools") or ()
                  if t.get("type") == "function")  # fmt: skip
    choice = body.get("tool_choice")
    return Asked(
        "chat", body.get("model") or match.groupdict().get("deployment") or "", body,
        limit_of(body, "max_completion_tokens", "max_tokens"), schema, tools,
        choice in ("required", "any") or isinstance(choice, dict), _last(body).get("role") == "tool",
        bool(body.get("stream")),
    )  # fmt: skip


def _last(body: Body) -> Body:
    messages = body.get("messages") or [{}]
    return messages[-1]


def _responses(_match: re.Match[str], body: Body) -> Asked:
    form = (body.get("text") or {}).get("format") or {}
    tools = tuple(
        (t["name"], t.get("parameters") or {}) for t in body.get("tools") or () if t.get("type") == "function"
    )
    last = body["input"][-1] if isinstance(body.get("input"), list) else {}
    choice = body.get("tool_choice")
    return Asked(
        "responses", body.get("model", ""), body, limit_of(body, "max_output_tokens"),
        form.get("schema") if form.get("type") == "json_schema" else None, tools,
        choice == "required" or isinstance(choice, dict), last.get("type") == "function_call_output",
        bool(body.get("stream")),
    )  # fmt: skip


def _plain(protocol: str) -> Callable[[re.Match[str], Body], Asked]:
    def read(match: re.Match[str], body: Body) -> Asked:
        model = body.get("model") or unquote(match.groupdict().get("model") or "")
        return Asked(protocol, model, body, limit_of(body, "max_tokens"), stream=bool(body.get("stream")))

    return read


def _anthropic(_match: re.Match[str], body: Body) -> Asked:
    form = (body.get("output_config") or {}).get("format") or body.get("output_format") or {}
    tools = tuple((t["name"], t["input_schema"]) for t in body.get("tools") or () if "input_schema" in t)
    content = _last(body).get("content")
    resulted = isinstance(content, list) and any(block.get("type") == "tool_result" for block in content)
    forced = (body.get("tool_choice") or {}).get("type") in ("any", "tool")
    return Asked("anthropic", body.get("model", ""), body, body.get("max_tokens"), form.get("schema"), tools, forced,
                 resulted, bool(body.get("stream")))  # fmt: skip


def _google(match: re.Match[str], body: Body) -> Asked:
    config = body.get("generationConfig") or {}
    declared = [d for t in body.get("tools") or () for d in t.get("functionDeclarations") or ()]
    keys = ("parameters", "parametersJsonSchema", "parameters_json_schema")
    tools = tuple((d["name"], next((d[key] for key in keys if key in d), {})) for d in declared)
    contents = body.get("contents") or [{}]
    resulted = any("functionResponse" in part for part in contents[-1].get("parts") or ())
    schema = config.get("responseSchema") or config.get("responseJsonSchema")
    return Asked("google", unquote(match["model"]), body, config.get("maxOutputTokens"), schema, tools, False, resulted,
                 match["verb"].startswith("stream"))  # fmt: skip


def _converse(match: re.Match[str], body: Body) -> Asked:
    config = body.get("toolConfig") or {}
    tools = tuple(
        (t["toolSpec"]["name"], t["toolSpec"]["inputSchema"].get("json")) for t in config.get("tools") or ()
        if "toolSpec" in t
    )  # fmt: skip
    content = _last(body).get("content") or []
    limit = (body.get("inferenceConfig") or {}).get("maxTokens")
    resulted = any("toolResult" in block for block in content)
    forced = "any" in (config.get("toolChoice") or {})
    return Asked("converse", unquote(match["model"]), body, limit, None, tools, forced, resulted)


def _invoke(match: re.Match[str], body: Body) -> Asked:
    model = unquote(match["model"])
    if "anthropic" in model:
        found = _anthropic(match, {**body, "model": model})
        return Asked("anthropic", model, body, found.limit, found.schema, found.tools, found.forced, found.resulted)
    if "embed" in model:
        return Asked("titan-embedding", model, body, None)
    limit = (body.get("inferenceConfig") or {}).get("maxTokens") or (body.get("textGenerationConfig") or {}).get(
        "maxTokenCount"
    )
    return Asked("converse" if "nova" in model else "titan", model, body, limit)


def _cohere(_match: re.Match[str], body: Body) -> Asked:
    return Asked("cohere", body.get("model", ""), body, limit_of(body, "max_tokens"))


_PROTOCOLS: tuple[tuple[str, Callable[[re.Match[str], Body], Asked]], ...] = (
    (r"/deployments/(?P<deployment>[^/]+)/chat/completions$", _chat),
    (r"/chat/completions$", _chat),
    (r"/responses$", _responses),
    (r"/embeddings$", _plain("embeddings")),
    (r"/images/(?:generations|edits)$", _plain("images")),
    (r"/completions$", _plain("completions")),
    (r"/v1/messages$", _anthropic),
    (r"/models/(?P<model>[^/]+):(?P<verb>(?:stream)?[gG]enerateContent)$", _google),
    (r"/models/(?P<model>[^/]+):(?:batchEmbedContents|embedContent)$", _plain("google-embedding")),
    (r"/model/(?P<model>[^/]+)/converse$", _converse),
    (r"/model/(?P<model>[^/]+)/invoke$", _invoke),
    (r"/v2/chat$", _cohere),
)


def texts_of(value: Any) -> Iterable[str]:
    """All texts in a body, in order, however deep they stand."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from texts_of(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts_of(inner)


def decode(data: bytes, kind: str) -> Body:
    """A request's body as data: JSON, or the text fields of a form."""
    if not data:
        return {}
    if "multipart" in kind:
        fields = re.findall(rb'name="(\w+)"\r\n(?:[^\r]+\r\n)*\r\n([^\r]*)\r\n', data)
        return {name.decode(): value.decode("utf-8", "replace") for name, value in fields}
    found = json.loads(data)
    return found if isinstance(found, dict) else {"": found}
