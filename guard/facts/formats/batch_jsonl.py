"""Files for the batch interfaces of OpenAI (and those that speak alike) and Anthropic: one request a line
(`*.jsonl`).

OpenAI: `{custom_id, method, url, body: {model, messages | input, max_tokens, ...}}`; Anthropic: `{custom_id, params:
{model, max_tokens, messages}}`. Lines with equal model, limit and interface are one request that repeats; its prompt
is known by its length alone. Requests of the batch tier, stage `batch`; they count where code names the file.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from guard.facts.documents.document import At, Document, span
from guard.facts.documents.found import Found
from guard.facts.documents.read import Format
from guard.facts.documents.types import Declared, Written
from guard.model import Count, Message, Operation, Segment
from guard.parse.nodes import Node

_LIMITS = ("max_tokens", "max_completion_tokens", "max_output_tokens")
_PATHS: dict[str, Operation] = {
    "/chat/completions": "chat",
    "/responses": "responses",
    "/embeddings": "embedding",
    "/completions": "text_completion",
}
MAX_LINES = 50_000
MAX_LINE = 200_000
"""Characters of a line that is read."""
MAX_GROUPS = 32


class _Line(NamedTuple):
    """One request."""

    number: int
    url: str
    body: dict[str, Any]


def _line(number: int, text: str) -> _Line | None:
    """A line as a request; None for all else."""
    if len(text) > MAX_LINE or "custom_id" not in text:
        return None
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(data, dict) or "custom_id" not in data:
        return None
    url, body, params = data.get("url"), data.get("body"), data.get("params")
    if isinstance(url, str) and isinstance(body, dict):
        return _Line(number, url, body)
    return _Line(number, "", params) if isinstance(params, dict) and "model" in params else None


def _takes(document: Document) -> bool:
    return next(_lines(document), None) is not None


def _lines(document: Document) -> Iterator[_Line]:
    """The requests of a file; none where its first line is none, since a file is of one kind."""
    for number, text in enumerate(document.lines[:MAX_LINES], 1):
        found = _line(number, text) if text.strip() else None
        if found is not None:
            yield found
        elif text.strip() and number == 1:
            return


def _collect(document: Document, found: Found) -> None:
    groups: dict[tuple[str, str, Any], list[_Line]] = {}
    for line in _lines(document):
        limit = next((line.body[key] for key in _LIMITS if isinstance(line.body.get(key), int)), None)
        groups.setdefault((line.url, str(line.body.get("model") or ""), limit), []).append(line)
    for number, ((url, model, limit), lines) in enumerate(list(groups.items())[:MAX_GROUPS]):
        _group(document, found, number, url, model, limit, lines)


def _group(
    document: Document, found: Found, number: int, url: str, model: str, limit: int | None, lines: list[_Line]
) -> None:  # fmt: skip
    first = lines[0]
    text = document.lines[first.number - 1]
    body = "body" if url else "params"
    places: dict[str, Written] = {}
    key_of_limit = next((key for key in _LIMITS if key in first.body), "max_tokens")
    for key, what, value in (("model", "model", model), (key_of_limit, "max_tokens", limit)):
        if not value:
            continue
        column = max(0, text.find(json.dumps(key))) + 1
        at = At(Node("scalar", first.number, column, value), f"[{first.number - 1}].{body}.{key}", document.path, ())
        found.setting(at, what)
        places[what] = Written(value, span(document.path, first.number, column, len(key) + 2), at.path)
    operation: Operation = next((one for path, one in _PATHS.items() if url.endswith(path)), "chat")
    place = span(document.path, first.number, 1, len(text))
    count = len(lines)
    named = places.get("model")
    name = document.path.rpartition("/")[2]
    found.calls.append(
        Declared(
            found.format, "batch.openai" if url else "batch.anthropic", f"{name} {number}",
            named.span if named is not None else place, (named,) if named is not None else (),
            None if named is not None else "the lines name no model", None if url else "anthropic", operation,
            places.get("max_tokens"), messages=(_longest(lines, place, document),),
            repeats=Count(count, count, count, (f"{count} lines",)), tier="batch", stage="batch", used_by=(name,),
        )
    )  # fmt: skip


def _longest(lines: list[_Line], place: Any, document: Document) -> Message:
    """The prompts of the lines as one part that is as long as the longest of them."""
    longest = max(lines, key=lambda line: len(document.lines[line.number - 1]))
    size = len(document.lines[longest.number - 1])
    return Message("user", (Segment(None, "line", place, size, "the prompt of the longest line, with its keys"),))


FORMAT = Format(
    name="batch-jsonl",
    kinds=("lines",),
    words=((b'"custom_id"',), (b'"body"', b'"params"'), (b'"model"',)),
    takes=_takes,
    collect=_collect,
)
