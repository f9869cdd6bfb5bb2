"""`guard prompts`: the prompts of a repository, in files and in code, how long they are and which requests send them.

In: a `Report` and the templates that stand in files. Out: `Listed`, each a prompt with its tokens, its places, its
requests, and the prompts that are nearly the same; as a table or as JSON. Text is in neither unless asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from guard import __version__
from guard.estimate import prompt_sizes
from guard.estimate.prompt_sizes import CODE
from guard.facts.prompt_texts import PromptText
from guard.model import Message, Priced, Report, Segment
from guard.parse.template_parts import Part, Parts
from guard.report.format import columns, cut, cut_path, left, number, percent, plural, right, safe, wrap
from guard.use.near import Like, alike

SHOWN = 3
"""Places and requests that a row names."""
SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class Sender:
    """A request that sends a prompt."""

    id: str
    path: str
    line: int


@dataclass(frozen=True, slots=True)
class Listed:
    """A prompt with what is known of it."""

    path: str
    line: int
    language: str
    """`jinja`, `mustache`, ..., or `code` for a text in the code."""
    key: str | None
    tokens: Mapping[str, int]
    """By encoding, of the text that stands there."""
    places: tuple[str, ...]
    """Names of what is filled in, in their order."""
    others: tuple[str, ...]
    """Further templates that it names."""
    senders: tuple[Sender, ...]
    text: str
    problem: str | None = None
    like: tuple[Like, ...] = ()

    @property
    def size(self) -> int:
        """Tokens in the first encoding."""
        return self.tokens[prompt_sizes.ENCODINGS[0]]


def listed(report: Report, texts: Sequence[PromptText]) -> tuple[Listed, ...]:
    """All prompts by path and line, the nearly equal ones by their number in this list."""
    senders = _senders(report.requests)
    of_files = [_of_file(text, senders) for text in texts]
    found = sorted([*of_files, *_of_code(report.requests)], key=lambda one: (one.path, one.line, one.key or ""))
    likes = alike([one.text for one in found])
    return tuple(replace(one, like=tuple(like)) for one, like in zip(found, likes))


def _messages(priced: Priced) -> Iterable[Message]:
    prompt = priced.request.prompt
    return (message for messages in (prompt.messages, *prompt.others) for message in messages)


def _sender(priced: Priced) -> Sender:
    span = priced.request.sites[-1].span
    return Sender(priced.request.id, span.path, span.line)


def _senders(requests: Iterable[Priced]) -> dict[str, dict[Sender, set[tuple[int, int]]]]:
    """By file, the requests that send text of it, with the lines from which it comes."""
    found: dict[str, dict[Sender, set[tuple[int, int]]]] = {}
    for priced in requests:
        for message in _messages(priced):
            for segment in message.segments:
                span = segment.span
                if segment.text and span is not None and not span.path.endswith(CODE):
                    lines = found.setdefault(span.path, {}).setdefault(_sender(priced), set())
                    lines.add((span.line, span.end_line))
    return found


def _of_file(text: PromptText, senders: Mapping[str, Mapping[Sender, set[tuple[int, int]]]]) -> Listed:
    here = senders.get(text.path, {})
    sending = tuple(
        sender
        for sender, lines in here.items()
        if text.key is None or any(first <= text.end_line and text.line <= last for first, last in lines)
    )
    return _listed(text.path, text.line, text.language, text.key, text.parts, sending, text.problem)


def _of_code(requests: Iterable[Priced]) -> list[Listed]:
    """Prompts in the code: each message by the place where its first text stands."""
    found: dict[tuple[str, int, int], tuple[tuple[Segment, ...], dict[Sender, None]]] = {}
    for priced in requests:
        for message in _messages(priced):
            first = next((s for s in message.segments if s.text and s.text.strip()), None)
            if first is None or first.span is None or not first.span.path.endswith(CODE):
                continue
            at = (first.span.path, first.span.line, first.span.column)
            segments, sending = found.setdefault(at, (message.segments, {}))
            sending[_sender(priced)] = None
            if sum(len(s.text or "") for s in message.segments) > sum(len(s.text or "") for s in segments):
                found[at] = (message.segments, sending)
    rows = []
    for (path, line, _), (segments, sending) in found.items():
        own = (s for s in segments if s.text is None or s.span is None or s.span.path.endswith(CODE))
        parts = Parts(tuple(Part(s.text, s.name or "") for s in own))
        rows.append(_listed(path, line, "code", None, parts, tuple(sending), None))
    return rows


def _listed(
    path: str, line: int, language: str, key: str | None, parts: Parts, senders: tuple[Sender, ...], why: str | None
) -> Listed:  # fmt: skip
    places = tuple(dict.fromkeys(part.name for part in parts.parts if part.text is None and part.name))
    tokens = prompt_sizes.tokens(parts.parts)
    ordered = tuple(sorted(senders, key=lambda sender: (sender.path, sender.line, sender.id)))
    text = prompt_sizes.static_text(parts.parts)
    return Listed(path, line, language, key, tokens, places, parts.others, ordered, text, why)


def as_data(prompts: Sequence[Listed], *, show_prompts: bool = False) -> dict[str, Any]:
    """The list as plain data for JSON."""
    return {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "guard", "version": __version__},
        "encodings": list(prompt_sizes.ENCODINGS),
        "prompts": [
            {
                "path": one.path,
                "line": one.line,
                "key": one.key,
                "language": one.language,
                "tokens": dict(one.tokens),
                "places": list(one.places),
                "templates": list(one.others),
                "requests": [{"id": s.id, "path": s.path, "line": s.line} for s in one.senders],
                "like": [
                    {"path": prompts[like.number].path, "line": prompts[like.number].line,
                     "key": prompts[like.number].key, "share": round(like.share, 3)}
                    for like in one.like
                ],
                "problem": one.problem,
                **({"text": one.text} if show_prompts else {}),
            }
            for one in prompts
        ],
    }  # fmt: skip


def shown(prompts: Sequence[Listed], *, width: int, show_prompts: bool = False) -> str:
    """The list as text: a row for each prompt, file by file, then what is nearly the same."""
    if not prompts:
        return "No prompts were found: no template in a file, and no text that a request sends.\n"
    titles = ("line", *prompt_sizes.ENCODINGS, "requests")
    rows = [
        [str(p.line), *(number(p.tokens[name]) for name in prompt_sizes.ENCODINGS), number(len(p.senders))]
        for p in prompts
    ]
    sizes = [max(columns(cell) for cell in column) for column in zip(titles, *rows)]
    room = max(width - sum(sizes) - 2 * len(sizes) - 2, 20)
    lines = ["  " + "  ".join([*(right(title, size) for title, size in zip(titles, sizes)), "what"])]
    path = None
    for one, row in zip(prompts, rows):
        if one.path != path:
            path = one.path
            lines.append(cut_path(safe(path), width))
        cells = [right(cell, size) for cell, size in zip(row, sizes)]
        lines.append(("  " + "  ".join([*cells, left(cut(_what(one), room), 0)])).rstrip())
        if show_prompts:
            lines += [line for text in one.text.splitlines() for line in wrap(text, width, "      ")]
    sums = [sum(p.tokens[name] for p in prompts) for name in prompt_sizes.ENCODINGS]
    unsent = sum(not p.senders for p in prompts)
    told = ", ".join(f"{number(total)} {name}" for total, name in zip(sums, prompt_sizes.ENCODINGS))
    lines += ["", *wrap(f"{plural(len(prompts), 'prompt')}, tokens of their text: {told}.", width)]
    if unsent:
        said = "is sent by no request" if unsent == 1 else "are sent by no request"
        lines += wrap(f"{unsent} of them {said} that guard sees.", width)
    return "\n".join([*lines, *_pairs(prompts, width)]) + "\n"


def _figures(one: Listed) -> list[str]:
    """Line, tokens in each encoding, and how many requests send it."""
    return [str(one.line), *(number(one.tokens[name]) for name in prompt_sizes.ENCODINGS), number(len(one.senders))]


def _what(one: Listed) -> str:
    """What a row says besides figures: the language, the key, the places, the requests."""
    said = [one.language if one.key is None else f"{one.language} {safe(one.key)}"]
    if one.places:
        more = f" and {len(one.places) - SHOWN} more" if len(one.places) > SHOWN else ""
        said.append("fills " + ", ".join(map(safe, one.places[:SHOWN])) + more)
    if one.others:
        said.append("with " + ", ".join(map(safe, one.others[:SHOWN])))
    if one.problem:
        said.append(safe(one.problem))
    return "; ".join(said)


def _pairs(prompts: Sequence[Listed], width: int) -> list[str]:
    """What is nearly the same, each pair once."""
    lines: list[str] = []
    for at, one in enumerate(prompts):
        for like in one.like:
            if like.number > at:
                other = prompts[like.number]
                said = f"{_at(one)} and {_at(other)} share {percent(like.share)} of their words"
                lines += wrap(said, width, "    ", "  ")
    return ["", "Nearly the same", *lines] if lines else []


def _at(one: Listed) -> str:
    return f"{safe(one.path)}:{one.line}"
