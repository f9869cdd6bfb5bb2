"""How large is the input of the first turn? In: `Prompt`, what is declared, the model. Out: `InputSize`.

Input = static text + holes + message framing + tool definitions. A hole is declared, bounded by the code, or taken at
the stated default; without a bound its high side is the rest of the model's window, since a request can never send
more than the window holds. A declared size is a mean: it sets the typical side alone. Neighbours: `tokens` and
`framing` count, `usage` declares, `turns` adds the history.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace

from guard.estimate import batches, framing, image_input, scenarios, tokens
from guard.estimate.batches import Draft
from guard.estimate.tokens import Method
from guard.estimate.usage import Declared, Sized
from guard.model import MEDIA, Batch, Hole, Message, Prompt, Request, Segment, Tokens

TOKENS_PER_CHARACTER_BOUND = 4
"""A character is at most four UTF-8 bytes, and a byte-level tokenizer makes at most one token of a byte."""
CHARACTERS_PER_TOKEN = 4
"""English text, OpenAI's rule of thumb (help.openai.com, "What are tokens"); measured 3.0 (JSON) to 5.1."""
UNKNOWN_TOOL_TOKENS = 100
"""Taken for a tool that is sent but not readable: the cookbook's weather tool has 55, Claude's fit 85 beyond the
fixed part; real tools carry longer descriptions."""
ZERO = Tokens(0, 0, 0)


@dataclass(frozen=True, slots=True)
class InputSize:
    """Input tokens of the first turn, with everything that explains them."""

    total: Tokens
    cacheable: Tokens
    """The part that is the same in every call: static text, framing and tools."""
    assumed: float
    """Typical tokens that nobody declared or bounded: defaults of holes."""
    static_tokens: int
    segment_tokens: tuple[tuple[int, ...], ...]
    holes: tuple[Hole, ...]
    notes: tuple[str, ...]
    why_open: tuple[str, ...]
    """Why `total.high` is None (only for a model without a known window)."""


SCHEMA = "schema"
"""Name of the segment that holds the schema of a structured answer."""


def add(*parts: Tokens) -> Tokens:
    """Sum of intervals; without a high side when one of them has none."""
    highs = [part.high for part in parts]
    high = None if any(one is None for one in highs) else sum(one for one in highs if one is not None)
    return Tokens(sum(part.low for part in parts), sum(part.typical for part in parts), high)


def _static_runs(message: Message) -> list[tuple[int, list[Segment]]]:
    """Static segments that stand side by side, with the index of the first: they are one text to the tokenizer."""
    runs: list[tuple[int, list[Segment]]] = []
    for index, segment in enumerate(message.segments):
        if segment.text is None:
            continue
        if runs and runs[-1][0] + len(runs[-1][1]) == index:
            runs[-1][1].append(segment)
        else:
            runs.append((index, [segment]))
    return runs


def _static(message: Message, method: Method, model: str, tools: bool) -> tuple[Tokens, tuple[int, ...]]:
    """Tokens of the static text of a message, and of each segment (they add up to the typical count)."""
    counts = [0] * len(message.segments)
    total = ZERO
    for first, run in _static_runs(message):
        text = "".join(segment.text or "" for segment in run)
        is_schema = message.role == "text" and run[0].name == SCHEMA
        run_total = framing.schema_tokens(text, method, model, tools) if is_schema else tokens.count(text, method)
        total = add(total, run_total)
        left = round(run_total.typical)
        for offset, segment in enumerate(run):
            last = offset == len(run) - 1
            own = left if last else min(left, round(tokens.count(segment.text or "", method).typical))
            counts[first + offset] = own
            left -= own
    return total, tuple(counts)


def _draft(name: str, segment: Segment | None, declared: Declared, model: str) -> Draft:
    """The size that is taken for a hole, as the scenario has it."""
    draft = _as_it_is(name, segment, declared)
    if segment is not None and draft.assumed and name == "image" and segment.why.startswith(MEDIA):
        picture = image_input.typical(model, segment.why)
        if picture is not None:
            draft = replace(draft, typical=picture.tokens, source=picture.source)
    retrieved = segment is not None and segment.tokens is not None and segment.tokens[2] is None
    factor, how = scenarios.of_hole(declared.scenario, name, retrieved)
    if factor == 1:
        return draft
    typical = math.ceil(draft.typical * float(factor))
    typical = typical if draft.high is None else min(typical, draft.high)
    return replace(draft, low=min(draft.low, typical), typical=typical, source=draft.source + how)


def _as_it_is(name: str, segment: Segment | None, declared: Declared) -> Draft:
    limit = segment.max_chars if segment is not None else None
    of_characters = limit * TOKENS_PER_CHARACTER_BOUND if limit is not None else None
    of_tokens = segment.max_tokens if segment is not None else None
    bound = min((one for one in (of_characters, of_tokens) if one is not None), default=None)
    size = declared.hole(name)
    if size is not None:
        taken = size.tokens if bound is None else min(size.tokens, bound)
        return Draft(name, 0, taken, bound, size.source, False)  # a declared size is a mean, no bound
    if segment is not None and segment.tokens is not None:
        low, typical, high = segment.tokens
        if high is None:
            return Draft(name, low, typical, None, segment.why, True)
        return Draft(name, low, typical, high, "the library's wording", False)
    default = declared.default_hole
    if bound is None:
        return Draft(name, 0, default.tokens, None, default.source, True)
    if limit is None:
        return Draft(name, 0, min(default.tokens, bound), bound, f"cut to {bound:,} tokens", True)
    typical = min(default.tokens, bound, math.ceil(limit / CHARACTERS_PER_TOKEN))
    return Draft(name, 0, typical, bound, f"slice [:{limit}]", True)


def _known_tools(prompt: Prompt) -> int:
    try:
        value = json.loads(prompt.tools_json or "[]")
    except (ValueError, RecursionError):
        return 0
    return len(value) if isinstance(value, list) else 0


def _tools(prompt: Prompt, declared: Declared, method: Method, model: str) -> tuple[Tokens, list[Draft], list[str]]:
    """Static tool definitions, and drafts for tools that are sent but not known."""
    notes: list[str] = []
    drafts: list[Draft] = []
    static = ZERO
    if prompt.tools_json:
        counted = framing.tool_tokens(prompt.tools_json, method, model)
        if counted is None:  # not a list of tools: a schema; its text is what is sent at most
            counted = tokens.count(prompt.tools_json, method)
        static = counted
    size: Sized | None = declared.hole("tools")
    unread = max(0, prompt.tools - _known_tools(prompt))
    if unread or prompt.tools_open:
        if size is not None:
            drafts.append(Draft("tools", 0, size.tokens, None, size.source, False))
        elif unread:
            around = 0 if static.typical else framing.around_tools(method, model)
            drafts.append(Draft("tools", 0, unread * UNKNOWN_TOOL_TOKENS + around, None, "assumption", True))
            which = "1 tool definition is" if unread == 1 else f"{unread} tool definitions are"
            once = f", and {around} for having tools" if around else ""
            notes.append(f"{which} not readable: {UNKNOWN_TOOL_TOKENS} tokens each are taken{once}")
        else:
            typical = 0 if static.typical else declared.default_hole.tokens
            drafts.append(Draft("tools", 0, typical, None, declared.default_hole.source, True))
            source = declared.default_hole.source
            notes.append(f"tools may be sent that are not known here: {typical} tokens are taken for them ({source})")
    return static, drafts, notes


def _holes(request: Request, declared: Declared, model: str) -> list[Draft]:
    drafts = [
        _draft(segment.name or "hole", segment, declared, model)
        for message in request.prompt.messages
        for segment in message.segments
        if segment.text is None
    ]
    if not request.prompt.messages:
        drafts.append(_draft("prompt", None, declared, model))
    elif request.prompt.open and not _listed(request.prompt):
        drafts.append(_draft("messages", None, declared, model))
    return drafts


def _listed(prompt: Prompt) -> bool:
    """Whether the messages that are not known stand in the list as a hole already, with the same reason."""
    holes = [s for message in prompt.messages for s in message.segments if s.text is None]
    return prompt.why is not None and any(hole.why == prompt.why for hole in holes)


def _closed(drafts: list[Draft], rest: int | None) -> tuple[tuple[Hole, ...], list[str]]:
    """Holes with their high side: their own bound, else what is left of the window."""
    holes: list[Hole] = []
    notes: list[str] = []
    open_names: list[str] = []
    for draft in drafts:
        high = draft.high if draft.high is not None else rest
        if draft.high is None:
            open_names.append(draft.name)
        typical = draft.typical if high is None else min(draft.typical, high)
        low = draft.low if high is None else min(draft.low, high)
        holes.append(Hole(draft.name, Tokens(low, typical, high), draft.source))
        if draft.assumed and draft.typical and draft.name != "tools":  # `_tools` says its own
            notes.append(f"{draft.name}: {draft.typical:g} tokens ({draft.source})")
    if open_names and rest is not None:
        names = ", ".join(dict.fromkeys(open_names))
        notes.append(f"no bound on {names}: at most the rest of the model's window, {rest} tokens")
    return tuple(holes), notes


def input_size(request: Request, declared: Declared, method: Method, model: str, window: int | None) -> InputSize:
    """Size of the input of the first turn for one model, over all message lists that may be sent.

    Typical is that of `prompt.messages`, or the mean where a loop sends them all; low and high are the least and the
    most of these and `prompt.others`. Where the prompt is `unsure`, text is no bound: low is what stands around it,
    high the window.
    `window`: tokens that the model takes as input at most; None: unknown, then a hole without a bound has no high side.
    """
    prompt = request.prompt
    first = _one_size(request, declared, method, model, window)
    if prompt.others:
        every = [first]
        for messages in prompt.others:
            other = replace(request, prompt=replace(prompt, messages=messages, others=()))
            every.append(_one_size(other, declared, method, model, window))
        total, cacheable = _span([one.total for one in every]), _span([one.cacheable for one in every])
        most = "no bound" if total.high is None else f"{total.high}"
        differs = any(one.total != first.total for one in every)
        note = f"one of {len(every)} prompts is sent, of {total.low} to {most} tokens: typical is the first"
        rounds = prompt.rounds
        if len(rounds) == len(every) and request.repeats.typical >= sum(rounds):
            total, cacheable = (
                _mean(total, [one.total for one in every], rounds),
                _mean(cacheable, [one.cacheable for one in every], rounds),
            )
            note = f"a loop or batch sends {len(every)} prompts of {total.low} to {most} tokens: typical is their mean"
        why = tuple(dict.fromkeys(reason for one in every for reason in one.why_open))
        first = replace(
            first, total=total, cacheable=cacheable, notes=((note,) if differs else ()) + first.notes, why_open=why
        )
    if prompt.unsure is None:
        return first
    around = _one_size(replace(request, prompt=_without_text(prompt)), declared, method, model, window)
    low = min(around.total.low, first.total.low)
    limit = window if prompt.batch is None else batches.most(prompt.batch, window)
    high = None if limit is None else max(limit, first.total.low)
    bound = "at most the model's window" if prompt.batch is None else "the limits of a request bound it"
    note = f"other text may be sent than what is known ({prompt.unsure}){'' if high is None else f': {bound}'}"
    reason = (f"no bound on the text ({prompt.unsure}), and the price table has no window for {model}",)
    if prompt.batch is not None:
        reason = (f"no bound on the texts ({prompt.unsure})",)
    return replace(
        first,
        total=Tokens(low, first.total.typical, high),
        cacheable=Tokens(min(first.cacheable.low, low), first.cacheable.typical, first.cacheable.high),
        notes=(*first.notes, note),
        why_open=tuple(dict.fromkeys((*first.why_open, *(reason if high is None else ())))),
    )


def under_scenario(size: InputSize, declared: Declared, window: int | None) -> InputSize:
    """The size as the scenario has it: the whole input times its factor, at most the window."""
    scenario = declared.scenario
    if scenario is None or scenario.input is None:
        return size
    factor = scenario.input
    total = scenarios.scaled(size.total, factor, window)
    fixed = scenarios.scaled(size.cacheable, factor, total.high)
    note = f"input {scenarios.said(factor)} by scenario {scenario.name}"
    return replace(size, total=total, cacheable=fixed, assumed=size.assumed * float(factor), notes=(*size.notes, note))


def _span(sizes: list[Tokens]) -> Tokens:
    """The least low and the most high of sizes, with the typical of the first."""
    highs = [one.high for one in sizes]
    high = None if any(one is None for one in highs) else max(one for one in highs if one is not None)
    return Tokens(min(one.low for one in sizes), sizes[0].typical, high)


def _mean(span: Tokens, sizes: list[Tokens], rounds: tuple[int, ...]) -> Tokens:
    """The interval with the mean over the rounds as typical."""
    return replace(span, typical=sum(one.typical * n for one, n in zip(sizes, rounds)) / sum(rounds))


def _without_text(prompt: Prompt) -> Prompt:
    """The prompt with all texts empty: what is sent at least where none of its texts is sure."""
    bare = tuple(
        replace(m, segments=tuple(s if s.text is None else replace(s, text="") for s in m.segments))
        for m in prompt.messages[:1]
    )
    return replace(prompt, messages=bare, others=(), unsure=None)


def _one_size(request: Request, declared: Declared, method: Method, model: str, window: int | None) -> InputSize:
    """Size with `prompt.messages` alone."""
    prompt = request.prompt
    if prompt.batch is not None and prompt.messages:
        return _batch_size(request, prompt.batch, declared, method, model, window)
    counted = [_static(message, method, model, prompt.tools > 0) for message in prompt.messages]
    static = add(*(total for total, _ in counted)) if counted else ZERO
    frame = ZERO if _bare(request) else framing.frame_tokens(prompt, method, model)
    tools, tool_drafts, notes = _tools(prompt, declared, method, model)
    drafts = [*_holes(request, declared, model), *tool_drafts]
    fixed = add(static, frame, tools)
    bounded = (fixed.high or 0) + sum(draft.high or 0 for draft in drafts)
    rest = None if window is None else max(0, window - bounded)
    holes, hole_notes = _closed(drafts, rest)
    total = add(fixed, *(hole.tokens for hole in holes))
    if window is not None:
        if total.low > window:
            notes.append(f"the prompt has at least {total.low} tokens, the model takes {window}: requests will fail")
        else:
            high = window if total.high is None else min(total.high, window)
            total = Tokens(total.low, min(total.typical, high), high)
    why: tuple[str, ...] = ()
    if total.high is None:
        names = ", ".join(dict.fromkeys(draft.name for draft in drafts if draft.high is None))
        why = (f"no bound on {names}, and the price table has no window for {model}",)
    return InputSize(
        total=total,
        cacheable=fixed,
        assumed=sum(hole.tokens.typical for hole, draft in zip(holes, drafts) if draft.assumed),
        static_tokens=round(static.typical),
        segment_tokens=tuple(segments for _, segments in counted),
        holes=holes,
        notes=(*notes, *hole_notes),
        why_open=why,
    )


def _batch_size(
    request: Request, batch: Batch, declared: Declared, method: Method, model: str, window: int | None
) -> InputSize:  # fmt: skip
    """Size with `prompt.messages` alone where each of them is an input by itself."""
    prompt = request.prompt
    counted = {id(message): _static(message, method, model, False) for message in prompt.messages}

    def drafts(message: Message) -> list[Draft]:
        return [_draft(s.name or "hole", s, declared, model) for s in message.segments if s.text is None]

    found = batches.size(prompt.messages, batch, lambda message: counted[id(message)][0], drafts, window)
    return InputSize(
        total=found.total,
        cacheable=ZERO,
        assumed=found.assumed,
        static_tokens=round(sum(total.typical for total, _ in counted.values())),
        segment_tokens=tuple(counted[id(message)][1] for message in prompt.messages),
        holes=found.holes,
        notes=found.notes,
        why_open=found.why_open,
    )


def _bare(request: Request) -> bool:
    """Operations whose input is text without messages."""
    return request.operation in ("embedding", "moderation", "rerank", "text_completion", "image", "video", "audio_tts",
                                 "audio_stt", "ocr")  # fmt: skip
