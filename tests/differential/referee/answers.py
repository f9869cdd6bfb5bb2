"""Writes a reply in the protocol of the request. In: `Asked` and what to say. Out: content type and bytes.

The figures of usage in the replies mean nothing: a server of ours cannot know what a model's tokenizer counts.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from referee.asked import Asked

Json = dict[str, Any]
Events = Iterable[tuple[str | None, Json]]
IMAGE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
"""A picture of one pixel."""


@dataclass(frozen=True)
class Reply:
    """What the model says: text, or a call of a tool with arguments."""

    text: str = ""
    tool: str | None = None
    arguments: Any = None
    number: int = 1
    """Counts up over the requests of a run, for identifiers."""


def write(asked: Asked, reply: Reply) -> tuple[str, bytes]:
    """The reply in the protocol of the request, streamed where that is asked for."""
    if asked.stream and asked.protocol in _STREAMS:
        lines = []
        for event, data in _STREAMS[asked.protocol](asked, reply):
            lines.append((f"event: {event}\n" if event else "") + f"data: {json.dumps(data)}\n\n")
        if asked.protocol == "chat":
            lines.append("data: [DONE]\n\n")
        return "text/event-stream", "".join(lines).encode()
    return "application/json", json.dumps(_WHOLE[asked.protocol](asked, reply)).encode()


def _chat_message(reply: Reply) -> Json:
    if reply.tool is None:
        return {"role": "assistant", "content": reply.text, "refusal": None}
    call = {"name": reply.tool, "arguments": json.dumps(reply.arguments)}
    calls = [{"id": f"call_{reply.number}", "type": "function", "function": call}]
    return {"role": "assistant", "content": None, "refusal": None, "tool_calls": calls}


def _chat(asked: Asked, reply: Reply) -> Json:
    choice = {
        "index": 0, "message": _chat_message(reply), "logprobs": None,
        "finish_reason": "stop" if reply.tool is None else "tool_calls",
    }  # fmt: skip
    choices = [{**choice, "index": index} for index in range(asked.body.get("n") or 1)]
    usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
    return {"id": f"chatcmpl-{reply.number}", "object": "chat.completion", "created": 1, "model": asked.model,
            "choices": choices, "usage": usage}  # fmt: skip


def _chat_stream(asked: Asked, reply: Reply) -> Events:
    base = {"id": f"chatcmpl-{reply.number}", "object": "chat.completion.chunk", "created": 1, "model": asked.model}
    delta = _chat_message(reply)
    for index, call in enumerate(delta.get("tool_calls", ())):
        call["index"] = index
    yield None, {**base, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]}
    end = "stop" if reply.tool is None else "tool_calls"
    yield None, {**base, "choices": [{"index": 0, "delta": {}, "finish_reason": end}]}
    usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
    yield None, {**base, "choices": [], "usage": usage}


def _responses(asked: Asked, reply: Reply) -> Json:
    if reply.tool is None:
        part = {"type": "output_text", "text": reply.text, "annotations": [], "logprobs": []}
        item: Json = {"type": "message", "id": f"msg_{reply.number}", "role": "assistant", "status": "completed",
                      "content": [part]}  # fmt: skip
    else:
        item = {"type": "function_call", "id": f"fc_{reply.number}", "call_id": f"call_{reply.number}",
                "name": reply.tool, "arguments": json.dumps(reply.arguments), "status": "completed"}  # fmt: skip
    details = {"input_tokens_details": {"cached_tokens": 0}, "output_tokens_details": {"reasoning_tokens": 0}}
    return {
        "id": f"resp_{reply.number}", "object": "response", "created_at": 1, "status": "completed", "error": None,
        "incomplete_details": None, "instructions": None, "metadata": {}, "model": asked.model, "output": [item],
        "parallel_tool_calls": True, "temperature": 1.0, "tool_choice": "auto", "tools": [], "top_p": 1.0,
        "usage": {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15, **details},
    }  # fmt: skip


def _responses_stream(asked: Asked, reply: Reply) -> Events:
    whole = _responses(asked, reply)
    item = whole["output"][0]
    started = {**whole, "status": "in_progress", "output": [], "usage": None}
    yield "response.created", {"type": "response.created", "sequence_number": 0, "response": started}
    added = {"type": "response.output_item.added", "sequence_number": 1, "output_index": 0}
    yield "response.output_item.added", {**added, "item": {**item, "status": "in_progress", "content": []}}
    if reply.tool is None:
        place = {"item_id": item["id"], "output_index": 0, "content_index": 0}
        empty = {**item["content"][0], "text": ""}
        yield "response.content_part.added", {"type": "response.content_part.added", "sequence_number": 2, **place,
                                              "part": empty}  # fmt: skip
        yield "response.output_text.delta", {"type": "response.output_text.delta", "sequence_number": 3, **place,
                                             "delta": reply.text, "logprobs": []}  # fmt: skip
    done = {"type": "response.output_item.done", "sequence_number": 4, "output_index": 0, "item": item}
    yield "response.output_item.done", done
    yield "response.completed", {"type": "response.completed", "sequence_number": 5, "response": whole}


def _embeddings(asked: Asked, _reply: Reply) -> Json:
    given = asked.body.get("input")
    texts = given if isinstance(given, list) and given and not isinstance(given[0], int) else [given]
    data = [{"object": "embedding", "index": index, "embedding": _vector(text)} for index, text in enumerate(texts)]
    return {"object": "list", "data": data, "model": asked.model, "usage": {"prompt_tokens": 10, "total_tokens": 10}}


def _vector(text: Any) -> list[float]:
    """A vector of its own for each text, so that a search for the nearest has one answer."""
    return [byte / 255 for byte in hashlib.sha256(json.dumps(text).encode()).digest()[:8]]


def _images(asked: Asked, _reply: Reply) -> Json:
    return {"created": 1, "data": [{"b64_json": IMAGE}] * int(asked.body.get("n") or 1)}


def _completions(asked: Asked, reply: Reply) -> Json:
    choice = {"index": 0, "text": reply.text, "finish_reason": "stop", "logprobs": None}
    usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
    return {"id": "cmpl-1", "object": "text_completion", "created": 1, "model": asked.model, "choices": [choice],
            "usage": usage}  # fmt: skip


def _anthropic(asked: Asked, reply: Reply) -> Json:
    block: Json = {"type": "text", "text": reply.text}
    if reply.tool is not None:
        block = {"type": "tool_use", "id": f"toolu_{reply.number}", "name": reply.tool, "input": reply.arguments}
    end = "end_turn" if reply.tool is None else "tool_use"
    usage = {"input_tokens": 10, "output_tokens": 5, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0}
    return {"id": f"msg_{reply.number}", "type": "message", "role": "assistant", "model": asked.model,
            "content": [block], "stop_reason": end, "stop_sequence": None, "usage": usage}  # fmt: skip


def _anthropic_stream(asked: Asked, reply: Reply) -> Events:
    whole = _anthropic(asked, reply)
    block = whole["content"][0]
    yield "message_start", {"type": "message_start", "message": {**whole, "content": [], "stop_reason": None}}
    if reply.tool is None:
        empty: Json = {"type": "text", "text": ""}
        delta: Json = {"type": "text_delta", "text": reply.text}
    else:
        empty = {**block, "input": {}}
        delta = {"type": "input_json_delta", "partial_json": json.dumps(reply.arguments)}
    yield "content_block_start", {"type": "content_block_start", "index": 0, "content_block": empty}
    yield "content_block_delta", {"type": "content_block_delta", "index": 0, "delta": delta}
    yield "content_block_stop", {"type": "content_block_stop", "index": 0}
    end = {"stop_reason": whole["stop_reason"], "stop_sequence": None}
    yield "message_delta", {"type": "message_delta", "delta": end, "usage": {"output_tokens": 5}}
    yield "message_stop", {"type": "message_stop"}


def _google(_asked: Asked, reply: Reply) -> Json:
    part: Json = {"text": reply.text}
    if reply.tool is not None:
        part = {"functionCall": {"name": reply.tool, "args": reply.arguments}}
    candidate = {"content": {"role": "model", "parts": [part]}, "finishReason": "STOP", "index": 0}
    usage = {"promptTokenCount": 10, "candidatesTokenCount": 5, "totalTokenCount": 15}
    return {"candidates": [candidate], "usageMetadata": usage}


def _google_stream(asked: Asked, reply: Reply) -> Events:
    yield None, _google(asked, reply)


def _google_embedding(asked: Asked, _reply: Reply) -> Json:
    number = len(asked.body.get("requests") or [0])
    return {"embeddings": [{"values": [0.1] * 8}] * number, "embedding": {"values": [0.1] * 8}}


def _converse(_asked: Asked, reply: Reply) -> Json:
    block: Json = {"text": reply.text}
    if reply.tool is not None:
        block = {"toolUse": {"toolUseId": f"tool_{reply.number}", "name": reply.tool, "input": reply.arguments}}
    return {"output": {"message": {"role": "assistant", "content": [block]}}, "metrics": {"latencyMs": 1},
            "stopReason": "end_turn" if reply.tool is None else "tool_use",
            "usage": {"inputTokens": 10, "outputTokens": 5, "totalTokens": 15}}  # fmt: skip


def _titan(_asked: Asked, reply: Reply) -> Json:
    result = {"tokenCount": 5, "outputText": reply.text, "completionReason": "FINISH"}
    return {"inputTextTokenCount": 10, "results": [result]}


def _titan_embedding(_asked: Asked, _reply: Reply) -> Json:
    return {"embedding": [0.1] * 8, "inputTextTokenCount": 10}


def _cohere(_asked: Asked, reply: Reply) -> Json:
    message = {"role": "assistant", "content": [{"type": "text", "text": reply.text}]}
    return {"id": "1", "finish_reason": "COMPLETE", "message": message, "usage": {}}


_WHOLE: dict[str, Callable[[Asked, Reply], Json]] = {
    "chat": _chat, "responses": _responses, "embeddings": _embeddings, "images": _images, "completions": _completions,
    "anthropic": _anthropic, "google": _google, "google-embedding": _google_embedding, "converse": _converse,
    "titan": _titan, "titan-embedding": _titan_embedding, "cohere": _cohere,
}  # fmt: skip
_STREAMS: dict[str, Callable[[Asked, Reply], Events]] = {
    "chat": _chat_stream, "responses": _responses_stream, "anthropic": _anthropic_stream, "google": _google_stream,
}  # fmt: skip
