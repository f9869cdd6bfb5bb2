"""What a request adds around its text: framing, tool definitions, schemas. In: `Prompt`, model. Out: `Tokens`.

The text itself is `tokens`' business; `inputs` adds both up. Constants come from three places, named beside each:
OpenAI's cookbook ("How to count tokens with tiktoken", checked there against the API for gpt-4o, gpt-4 and gpt-3.5),
the linear fits of ai-tokenizer 1.0.6 (Coder Technologies, MIT; fitted to the usage figures of the vendors' APIs), and
Anthropic's published tool prompt sizes. Where two disagree, they are the ends of the interval.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from guard.estimate import tokens
from guard.estimate.tokens import Method
from guard.model import Prompt, Tokens

Counter = Callable[[str], Tokens]


@dataclass(frozen=True, slots=True)
class Frame:
    """Tokens around messages: `base` once per request and `message` for each, the role's own tokens included."""

    base: Tokens
    message: Tokens


@dataclass(frozen=True, slots=True)
class ToolFit:
    """Linear fit of the size of tool definitions, in tokens; each count of text (names, descriptions) comes on top."""

    any_tool: int
    """Once, when at least one tool is sent; includes the fixed cost of the first tool."""
    next_tool: int
    """For each tool after the first."""
    description: int
    first_property: int
    next_property: int
    property_description: int
    enum: int
    nested_object: int
    array_of_objects: int


def _range(low: int, typical: int, high: int) -> Tokens:
    return Tokens(low, typical, high)


# Roles are one token in o200k_base and cl100k_base.
# OpenAI cookbook: 3 per message + the role + 3 for the primed reply; exact for gpt-3.5, gpt-4 and gpt-4o.
_FRAME_OPENAI = Frame(_range(3, 3, 3), _range(4, 4, 4))
# Reasoning models: the cookbook's constants, less one for o4-mini (openai-cookbook issue 2140, measured); at most
# ai-tokenizer's fit (5 + 4 per message + role), which is above the cookbook's for gpt-4o, too.
_FRAME_OPENAI_REASONING = Frame(_range(2, 3, 5), _range(4, 4, 5))
# ctok 1.3.0: 6 or 7 tokens for a single user message; ai-tokenizer: 6 + 2 per message + role.
_FRAME_CLAUDE = Frame(_range(3, 4, 6), _range(3, 3, 4))
# ai-tokenizer: base -1, -1 per message + role, so nothing beyond the text for Gemini.
_FRAME_GEMINI = Frame(_range(0, 0, 1), _range(0, 0, 2))
# ai-tokenizer: mistral 2 + 1, deepseek 3..7 + 1..3, qwen 7 + 4, llama 14..34 + 4, glm 4..9 + 3, each + role.
_FRAME_OTHER = Frame(_range(2, 5, 14), _range(2, 4, 5))
# ai-tokenizer: xai 5 for grok-2 and grok-3, 155 to 683 for grok-4 (a system prompt of its own), 3 + role per message.
_FRAME_GROK = Frame(_range(5, 5, 6), _range(4, 4, 4))
_FRAME_GROK4 = Frame(_range(155, 167, 683), _range(4, 4, 4))

# ai-tokenizer 1.0.6, `models[...].tokens`: toolsExist, perTool, perDesc, perFirstProp, perAdditionalProp,
# perPropDesc, perEnum, perNestedObject, perArrayOfObjects.
_FITS: dict[str, ToolFit] = {
    "gpt-4": ToolFit(16, 6, 2, 5, 3, 3, 7, -3, 1),
    "gpt-4o": ToolFit(16, 6, 1, 5, 3, 2, 7, -3, 1),
    "gpt-5": ToolFit(24, 6, 2, 5, 3, 2, 7, -3, 1),
    "o-series": ToolFit(19, 6, 1, 5, 3, 2, 7, -3, 1),
    "claude-3": ToolFit(366, 53, 5, 13, 12, 5, 9, 12, 13),
    "claude-4.5": ToolFit(549, 53, 5, 13, 12, 5, 9, 12, 13),
    "gemini": ToolFit(0, 0, 0, 3, 2, 0, 0, 0, 0),
    "mistral": ToolFit(60, 57, 1, 14, 11, 5, 9, 9, 11),
    "deepseek": ToolFit(142, 42, 0, 14, 11, 5, 9, 9, 10),
    "qwen": ToolFit(138, 56, 0, 14, 11, 5, 9, 9, 11),
    "glm": ToolFit(127, 28, 1, 14, 11, 5, 9, 10, 11),
    "nova": ToolFit(394, 41, 5, 14, 11, 5, 9, 10, 11),
    "grok": ToolFit(187, 32, 3, 9, 7, 3, 6, 7, 8),
    "other": ToolFit(193, 47, 1, 8, 7, 3, 5, 9, 10),
}
_REASONING_PREFIXES = ("o1", "o3", "o4", "gpt-5", "gpt-6")


def frame_for(method: Method, model: str) -> Frame:
    """Message framing of a model."""
    name = tokens.bare_name(model)
    if method.family.startswith("openai"):
        return _FRAME_OPENAI_REASONING if name.startswith(_REASONING_PREFIXES) else _FRAME_OPENAI
    if method.family.startswith("claude"):
        return _FRAME_CLAUDE
    if method.family.startswith("gemini"):
        return _FRAME_GEMINI
    if "grok" in name:
        return _FRAME_GROK4 if "grok-4" in name or "grok-code" in name else _FRAME_GROK
    return _FRAME_OTHER


def frame_tokens(prompt: Prompt, method: Method, model: str) -> Tokens:
    """Tokens of the framing of all messages of a prompt. Text that is sent without roles has none.

    A `name` costs its own tokens and one more (OpenAI cookbook). A prompt without any known message is framed as one.
    """
    framed = [message for message in prompt.messages if message.role != "text"]
    if prompt.messages and not framed:
        return Tokens(0, 0, 0)
    frame = frame_for(method, model)
    number = len(framed) or 1
    names = sum(tokens.count_exact(message.name, method.encoding) + 1 for message in framed if message.name)
    return Tokens(
        frame.base.low + number * frame.message.low + names,
        frame.base.typical + number * frame.message.typical + names,
        (frame.base.high or 0) + number * (frame.message.high or 0) + names,
    )


def _fit_for(method: Method, name: str) -> tuple[ToolFit, float]:
    """The fit for a model and its stated error as a share."""
    if method.family.startswith("openai"):
        if name.startswith(("o1", "o3", "o4")):
            return _FITS["o-series"], 0.10
        if name.startswith(("gpt-5", "gpt-6")):
            return _FITS["gpt-5"], 0.10
        return _FITS["gpt-4" if method.encoding == "cl100k_base" else "gpt-4o"], 0.10
    if method.family in ("mistral", "deepseek", "qwen", "glm"):
        return _FITS[method.family], 0.15
    if method.family.startswith("gemini"):
        return _FITS["gemini"], 0.20
    for word in ("nova", "grok"):
        if word in name:
            return _FITS[word], 0.25
    return _FITS["other"], 0.35


def _is_object(schema: Any) -> bool:
    return isinstance(schema, dict) and (schema.get("type") == "object" or isinstance(schema.get("properties"), dict))


def _properties(schema: Any, fit: ToolFit, text: Callable[[str], float], depth: int = 0) -> float:
    """Tokens of the properties of an object schema. Schemas nested deeper than 12 levels count as text."""
    if not isinstance(schema, dict) or not isinstance(schema.get("properties"), dict):
        return 0.0
    if depth > 12:
        return text(json.dumps(schema, ensure_ascii=False))
    total = 0.0
    for position, (name, value) in enumerate(schema["properties"].items()):
        total += text(str(name)) + (fit.first_property if position == 0 else fit.next_property)
        if not isinstance(value, dict):
            continue
        if isinstance(value.get("description"), str):
            total += fit.property_description + text(value["description"])
        if isinstance(value.get("enum"), list):
            total += fit.enum + sum(text(str(item)) for item in value["enum"])
        if _is_object(value):
            total += fit.nested_object + _properties(value, fit, text, depth + 1)
        elif value.get("type") == "array" and _is_object(value.get("items")):
            total += fit.array_of_objects + _properties(value["items"], fit, text, depth + 1)
    return total


def _definition(tool: Any) -> tuple[str, str, Any] | None:
    """Name, description and parameter schema of a tool in OpenAI's, Anthropic's or Google's form; None: other form."""
    if not isinstance(tool, dict):
        return None
    inner = tool.get("function") if isinstance(tool.get("function"), dict) else tool
    if not isinstance(inner, dict):
        return None
    name = inner.get("name")
    if not isinstance(name, str):
        return None
    description = inner.get("description")
    schema = next((inner[key] for key in ("parameters", "input_schema", "inputSchema", "schema") if key in inner), None)
    return name, description if isinstance(description, str) else "", schema


def _tools(tools_json: str) -> list[Any] | None:
    """The tool list of the canonical JSON; None when it isn't one."""
    try:
        value = json.loads(tools_json)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, list):
        return None
    flat: list[Any] = []
    for tool in value:
        google = tool.get("function_declarations") if isinstance(tool, dict) else None
        flat.extend(google if isinstance(google, list) else [tool])
    return flat


# openai-cookbook issue 2140 (2025-09-18), measured against the API over schemas of several lengths: what is billed is
# the compact JSON of the schema without these keys, and 9 tokens (o4-mini: 8).
_NOT_BILLED = frozenset({"required", "additionalProperties", "$schema"})
_SCHEMA_FRAME = 9


_SCHEMA_ERROR = 0.10
"""Of OpenAI's schemas: found by one reader, for some models."""


def schema_tokens(schema_json: str, method: Method, model: str, beside: bool = False) -> Tokens:
    """Tokens of the schema of a structured answer, given as JSON text, in the form in which a request carries it.

    One that is sent as a tool counts as such; `beside`: other tools are sent, too. For vendors that publish nothing:
    between what OpenAI bills and the whole text.
    """
    try:
        value = json.loads(schema_json)
    except (ValueError, RecursionError):
        return tokens.count(schema_json, method)
    if isinstance(value, dict) and value.get("type") == "function":
        return _one_tool(schema_json, method, model, beside)
    billed = tokens.count(json.dumps(_billed(_inner(value)), separators=(",", ":"), ensure_ascii=False), method)
    low, typical, high = billed.low, billed.typical, billed.high or 0
    if method.family.startswith("openai"):
        error = _SCHEMA_ERROR * typical
        return Tokens(
            math.floor(low - error) + _SCHEMA_FRAME - 1,
            typical + _SCHEMA_FRAME,
            math.ceil(high + error) + _SCHEMA_FRAME,
        )
    return Tokens(low, typical, max(high, tokens.count(schema_json, method).high or 0))


def _one_tool(tool_json: str, method: Method, model: str, beside: bool) -> Tokens:
    """A tool by itself, or what it adds to others."""
    one = tool_tokens(f"[{tool_json}]", method, model) or Tokens(0, 0, 0)
    two = tool_tokens(f"[{tool_json},{tool_json}]", method, model) if beside else None
    if two is None:
        return one
    return Tokens(two.low - one.low, two.typical - one.typical, (two.high or 0) - (one.high or 0))


def _inner(value: Any) -> Any:
    """The schema itself, out of `response_format` or `text.format`."""
    for key in ("json_schema", "schema"):
        if isinstance(value, dict) and value.get("type") != "object" and isinstance(value.get(key), dict):
            value = value[key]
    return value


def _billed(value: Any) -> Any:
    """A schema without the keys that are not billed; the names of its properties may be called like them."""
    if isinstance(value, list):
        return [_billed(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: {name: _billed(inner) for name, inner in item.items()}
        if key in ("properties", "$defs", "definitions") and isinstance(item, dict)
        else _billed(item)
        for key, item in value.items()
        if key not in _NOT_BILLED
    }


_RUN_BY_CALLER = ("function", "custom", "bash_", "text_editor_", "memory_")
"""Kinds of tools whose results the code itself sends with a further request (Anthropic's names carry a date)."""
_GOOGLE_SERVER = ("google_search", "google_search_retrieval", "code_execution", "url_context")


def server_tools(tools_json: str | None) -> tuple[str, ...]:
    """Names of tools that the provider runs (`web_search`): it may ask fees, and their results are further input."""
    found: dict[str, None] = {}
    for tool in _tools(tools_json or "[]") or ():
        if not isinstance(tool, dict):
            continue
        kind = tool.get("type")
        if isinstance(kind, str) and not kind.startswith(_RUN_BY_CALLER):
            found[kind] = None
        found.update((key, None) for key in _GOOGLE_SERVER if key in tool)
    return tuple(found)


def _fitted(tools: list[Any], fit: ToolFit, text: Callable[[str], float]) -> float:
    total = float(fit.any_tool)
    for position, tool in enumerate(tools):
        total += fit.next_tool if position else 0
        found = _definition(tool)
        if found is None:  # a built-in tool (`{"type": "web_search"}`) or a form of its own: its JSON as text
            total += text(json.dumps(tool, ensure_ascii=False))
            continue
        name, description, schema = found
        total += text(name)
        if description:
            total += fit.description + text(description)
        total += _properties(schema, fit, text)
    return total


def tool_tokens(tools_json: str, method: Method, model: str) -> Tokens | None:
    """Tokens of tool definitions by the linear fit for the model, with the fit's error; None when the JSON is no list.

    Claude: the ends are the fit with Anthropic's published tool prompts. Claude 3.5 to 4.1: fit 366 (published for
    4.x: 313 to 346). 4.5 and 4.6: fit 549. From 4.7 on no table is published: 549 x 1.35, the ratio of both
    tokenizers on English, between 346 x 1.4 and 549 x 2.
    """
    tools = _tools(tools_json)
    if tools is None:
        return None
    if not tools:
        return Tokens(0, 0, 0)
    name = tokens.bare_name(model)

    def text(part: str) -> float:
        return tokens.count_exact(part, method.encoding) * method.factor("prose")

    if method.family.startswith("claude"):
        version = tokens.claude_version(model) or (4, 7)
        fit = _FITS["claude-4.5" if version >= (4, 5) else "claude-3"]
        total = _fitted(tools, fit, text)
        if version >= (4, 7):
            beyond = total - fit.any_tool
            return Tokens(round(346 * 1.4 + beyond * 0.9), fit.any_tool * 1.35 + beyond, round(549 * 2 + beyond * 1.3))
        return Tokens(max(0, math.floor(total * 0.9 - 50)), total, math.ceil(total * 1.1))
    fit, error = _fit_for(method, name)
    total = max(0.0, _fitted(tools, fit, text))
    return Tokens(math.floor(total * (1 - error)), total, math.ceil(total * (1 + error)))


def around_tools(method: Method, model: str) -> int:
    """Tokens that a request has once it sends any tool, beside those of the tools (Claude's tool prompt)."""
    bare = tool_tokens('[{"name": ""}]', method, model)
    return 0 if bare is None else round(bare.typical)
