"""Values with their trails, as `guard explain` shows them: model, output limit, tries, prompt.

In: a `Request` and its `Estimate`. Out: lines without the indent of their section. Neighbours: `explain.py` puts the
sections together, `arithmetic.py` shows the price.
"""

from __future__ import annotations

from guard.model import Billed, Choice, Estimate, How, Layer, Message, Request, Step, Tokens, Value
from guard.report.format import UNKNOWN, cut, number, place, plural, safe, tokens

LONGEST = 120
"""Columns of a value that are shown."""

HOW: dict[How, str] = {
    "literal": "written here",
    "constant": "constant",
    "default": "default value",
    "env_default": "default of an environment variable",
    "config_file": "configuration file",
    "argument": "passed as argument",
    "attribute": "read from attribute",
    "return": "returned",
    "computed": "computed",
    "catalog_default": "the SDK's default",
    "not_sent": "nothing is sent",
    "declared": "declared in guard.yaml",
    "inline": "declared beside the call",
}

BILLED: dict[Billed, str] = {"yes": "billed", "maybe": "perhaps billed", "no": "not billed"}


def model_lines(request: Request) -> list[str]:
    """Models that may be asked, each with its price id and trail, then the variants where there are several."""
    lines = _value(request.model, "no model is sent")
    if len(request.variants) > 1:
        lines.append("variants (values that are decided together):")
        for index, variant in enumerate(request.variants):
            model = UNKNOWN if variant.model is None else _named(variant.model)
            extra = [f"at {safe(variant.provider)}"] if variant.provider else []
            limit = UNKNOWN if variant.max_output is None else _text(variant.max_output, "not sent")
            extra.append(f"output limit {limit}")
            extra += [f"reasoning {safe(str(variant.reasoning))}"] if variant.reasoning is not None else []
            extra += [f"tier {safe(variant.tier)}"] if variant.tier else []
            extra += ["taken as typical"] if variant.default else []
            lines.append(f"  {index}  {model}, {', '.join(extra)}")
    return lines


def limit_lines(request: Request) -> list[str]:
    """Limits on output tokens that may be sent, with their trails; `?` where nothing is known."""
    lines = _value(request.max_output, "not sent")
    if request.outputs != 1:
        lines.append(f"answers per request: {UNKNOWN if request.outputs is None else request.outputs}")
    return lines


def _value(value: Value, nothing: str) -> list[str]:
    lines: list[str] = []
    for choice in value.choices:
        lines.append(_text(choice, nothing))
        lines += [f"  {step_text(step)}" for step in choice.trail]
    if value.open:
        word = "or another value" if value.choices else UNKNOWN
        lines.append(f"{word}: {safe(value.why or 'no reason was given')}")
    return lines or [UNKNOWN]


def _named(choice: Choice) -> str:
    """A value as written; what is too long for a name, which may be a prompt, by its beginning."""
    return cut(safe(str(choice.value)), LONGEST)


def _text(choice: Choice, nothing: str) -> str:
    if choice.value is None:
        return nothing
    text = _named(choice)
    if choice.price_id and choice.price_id != choice.value:
        text += f" (priced as {safe(choice.price_id)})"
    return text


def step_text(step: Step) -> str:
    """A hop of a trail: where, how, and a word about it."""
    note = f": {safe(step.note)}" if step.note else ""
    return f"{place(step.span)}  {HOW[step.how]}{note}"


def tries_lines(request: Request) -> list[str]:
    """Each layer of retries, innermost last as given, and how they multiply."""
    layers = request.layers
    if not layers:
        return [_tries(request)] if request.attempts.high != 1 else []
    size = max(len(safe(layer.name)) for layer in layers)
    lines = [line for layer in layers for line in (_layer(layer, size), *_trail(layer.trail))]
    return [*lines, _tries(request)]


def _trail(steps: tuple[Step, ...]) -> list[str]:
    return [f"  {step_text(step)}" for step in steps]


def _tries(request: Request) -> str:
    attempts = request.attempts
    why = f" ({'; '.join(map(safe, attempts.why))})" if attempts.why else ""
    high = "no bound" if attempts.high is None else number(attempts.high)
    return f"together: {number(attempts.typical)} typical, {high} at worst{why}"


def _layer(layer: Layer, size: int) -> str:
    tries = "no bound on tries" if layer.attempts is None else plural(layer.attempts, "try", "tries")
    at = "" if layer.span is None else f", {place(layer.span)}"
    why = f", {safe(layer.why)}" if layer.why else ""
    return f"{safe(layer.name):<{size}}  {tries}, repeats {BILLED[layer.billed]}{at}{why}"


def prompt_lines(request: Request, estimate: Estimate) -> list[str]:
    """Static pieces with their tokens, holes with the size that was taken and why, tools, then the sum."""
    lines: list[str] = []
    holes = {hole.name: hole for hole in estimate.holes}
    for index, message in enumerate(request.prompt.messages):
        counts = estimate.segment_tokens[index] if index < len(estimate.segment_tokens) else ()
        for position, segment in enumerate(message.segments):
            at = "" if segment.span is None else f"  {place(segment.span)}"
            if segment.text is not None:
                if not segment.text:
                    continue
                size = f"{counts[position]:,} tokens" if position < len(counts) else f"{UNKNOWN} tokens"
                lines.append(f"{safe(message.role):<10}{size}, static text{at}")
                continue
            name = safe(segment.name or "unnamed")
            hole = holes.get(segment.name or "")
            size = f"{UNKNOWN} tokens" if hole is None else f"{tokens(hole.tokens)} tokens from {safe(hole.source)}"
            bound = "" if segment.max_chars is None else f", cut at {segment.max_chars:,} characters"
            bound += _texts(message)
            why = f", {safe(segment.why)}" if segment.why else ""
            lines.append(f"{safe(message.role):<10}hole `{name}`: {size}{bound}{why}{at}")
    listed = any(s.text is None and s.why == request.prompt.why for m in request.prompt.messages for s in m.segments)
    if request.prompt.open and not listed:
        lines.append(f"and further messages: {safe(request.prompt.why or 'no reason was given')}")
    if request.prompt.tools or request.prompt.tools_open:
        more = ", others may be sent" if request.prompt.tools_open else ""
        lines.append(f"tools: {request.prompt.tools}{more}")
        lines += _trail(request.prompt.tools_trail)
    if estimate.input_tokens is not None:
        what = "with the framing of messages and tools" if request.prompt.batch is None else "in all inputs"
        lines.append(f"together: {_sum(estimate.input_tokens)} {what}")
    if estimate.approximate:
        lines.append(f"counted by {safe(estimate.approximate)}")
    return lines


def _texts(message: Message) -> str:
    """How many inputs of a request for embeddings a hole stands for."""
    if message.inputs is None:
        return ""
    return ", any number of texts" if message.inputs.high is None else f", up to {plural(message.inputs.high, 'text')}"


def _sum(amount: Tokens) -> str:
    return f"{tokens(amount)} tokens"
