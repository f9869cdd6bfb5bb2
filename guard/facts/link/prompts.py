"""The input of a request as messages of ordered segments.

In: a target's roles. Out: `Prompt`, and the places it came from. Static text is kept exactly; what is filled at run
time is a hole with a name. Where several texts can arrive, the prompt is read once for each combination of them: the
first (that of the default) stands in `messages`, the rest in `others`; beyond `MAX_PROMPTS` the prompt is not bounded.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from guard.facts.expr import Expr
from guard.facts.link import containers, holding, objects, pipes, plain, prompt_parts, prompt_templates, texts
from guard.facts.link.arguments import BodyArguments, CallArguments, OwnArguments, Sent, is_absent, is_off, sent
from guard.facts.link.sends import Target, role
from guard.facts.link.things import (
    NOWHERE,
    Alt,
    Cell,
    ClassThing,
    DictOf,
    Ext,
    Held,
    Hop,
    Inst,
    ListOf,
    Lit,
    Piece,
    Pieces,
    Result,
    Thunk,
    World,
    together,
)  # fmt: skip
from guard.model import Message, Prompt, Segment

if TYPE_CHECKING:
    from guard.facts.link.engine import Engine

MAX_MESSAGES = 200
MAX_INSIDE = 12
"""Messages and parts of them inside one another."""
MAX_PARTS = 2000
"""Messages and parts that are read for one prompt."""
MAX_PROMPTS = 16
"""Combinations of texts that are read for one request."""
SEARCHING = ("embedding", "rerank")
CONTENT_KEYS = ("content", "text", "parts", "input", "output", "inputText")
ROLE_BY_CLASS = {
    "SystemMessage": "system", "HumanMessage": "user", "AIMessage": "assistant", "UserMessage": "user",
    "AssistantMessage": "assistant", "ToolMessage": "tool", "ChatMessage": "user",
    "SystemMessagePromptTemplate": "system",
}  # fmt: skip


class Read(NamedTuple):
    """A prompt with the places that decided its static text."""

    prompt: Prompt
    touched: tuple[Hop, ...]


class Reader:
    """Reads one request's prompt; collects the places on the way."""

    def __init__(self, engine: Engine, target: Target, span: Any, picks: tuple[int, ...] = ()) -> None:
        self.engine = engine
        self.target = target
        self.span = span
        self.touched: list[Hop] = []
        self.open: list[str] = []
        self.unsure: list[str] = []
        """Why text may arrive that is among no alternatives."""
        self.caches = False
        self.picks = picks
        """Which alternative is taken at each place where several can stand, in order; the first beyond its end."""
        self.widths: list[int] = []
        """How many alternatives stood at each of these places."""
        self.world: World = NOWHERE
        self.inside = self.parts = 0
        """Messages and parts that are being read inside one another, and those that were read at all."""

    def read(self) -> Read:
        """The whole input: system text, messages, documents, tools."""
        messages: list[Message] = []
        asked = self.target
        template = False
        """Whether the object's own prompt is a template, which the input goes into."""
        written = self.engine.project.catalog.calls.get(asked.spec.api)
        searches = written is not None and written.operation in SEARCHING
        if asked.held and asked.spec.operation in SEARCHING and not searches:
            return Read(Prompt(tuple(self._searched())), tuple(self.touched))
        for name, label in (
            ("system", "system"),
            ("input", None),
            ("query", "text"),
            ("documents", "text"),
            ("history", "history"),
        ):
            if name == "input" and template:
                continue
            if name == "input" and (asked.prompt or asked.own is not None):
                messages += self._templated()
                continue
            arg = asked.spec.roles.get(name)
            if arg is not None and "**" in arg.names:
                messages += self._keywords()
            parts = prompt_parts.parts(self.engine, self.target, name)
            if name == "system":
                template = any(pipes.is_template(alt.thing) for part in parts for alt in part.value.result.alts)
            found: list[Message] = []
            for value, form in parts:
                found += self._messages(value.result, form, label, self._argument(value) or name)
            if len(found) > 1 and prompt_parts.is_joined(self.target, name):
                found = [Message(found[0].role, tuple(s for message in found for s in message.segments))]
            messages += found
        messages += self._schema()
        tools, count, tools_open = self._tools()
        prompt = Prompt(
            tuple(messages[:MAX_MESSAGES]),
            bool(self.open),
            self.open[0] if self.open else None,
            tools,
            count,
            tools_open,
            caches=self.caches,
        )
        return Read(prompt, tuple(self.touched))

    def _searched(self) -> list[Message]:
        """The text that an object embeds which others hold: what the call passes in, where that is a text."""
        target = self.target
        arg = target.spec.roles.get("input")
        value = sent(target.arguments, arg) if arg is not None and target.use in ("run", "embedding") else None
        if (
            value is not None
            and target.own is None
            and any(isinstance(a.thing, (Lit, Pieces)) for a in value.result.alts)
        ):
            return self._messages(value.result, "text", None, self._argument(value) or "query")
        return [Message("text", (self._hole("query", "a query that is made at run time"),))]

    def _keywords(self) -> list[Message]:
        """The keyword arguments of a call that are its input, in one message."""
        segments: list[Segment] = []
        for name, value in self.target.call.keywords:
            if name is None:
                segments.append(self._hole("arguments", "further arguments are spread into the call"))
                continue
            given = self.engine.eval(value, self.target.frame)
            segments += self._content(given, name) if given.alts else (self._hole(name, next(iter(given.open), "")),)
        return [Message("user", tuple(segments))] if segments else []

    def _templated(self) -> list[Message]:
        """What goes in through a prompt template, or from one agent to another."""
        alt = self._pick(Result(self.target.prompt)) if self.target.prompt else None
        if alt is None:
            return [Message("user", (self._hole("input", "what the object that uses it passes on"),))]
        return self._of_template(alt)

    def _of_template(self, alt: Alt) -> list[Message]:
        found: list[Message] = []
        for part in prompt_templates.parts(self.engine, alt):
            if part.text is not None:
                found.append(Message(part.role, self._content(part.text, part.name or "content")))
                continue
            if part.role == prompt_templates.PLACEHOLDER:
                self.open.append(part.why)
            who = "history" if part.role == prompt_templates.PLACEHOLDER else part.role
            found.append(Message(who, (self._hole(part.name, part.why),)))
        return found

    def _argument(self, value: Sent) -> str | None:
        """What stands in the call for an argument, as the name of a hole: `docs` for `input=docs[:200]`."""
        arguments = self.target.arguments
        if isinstance(arguments, BodyArguments):
            return None
        call = arguments.call
        given = dict(call.keywords).get(value.name)
        place = next((arg.pos for arg in self.target.spec.roles.values() if value.name in arg.names[:1]), None)
        if isinstance(arguments, OwnArguments):
            place = arguments.position(value.name or "")
        if given is None and place is not None and place < len(call.args):
            given = call.args[place]
        return _telling(given) if given is not None else None

    def _form(self, name: str, value: Sent) -> str:
        args = (self.target.spec.roles.get(name), *(c.client.roles.get(name) for c in self.target.clients))
        arg = next((a for a in args if a is not None and a.forms), None)
        if arg is None:
            return "text"
        return arg.form(value.name) if value.name in arg.names else arg.forms[0]

    # --- messages -----------------------------------------------------------------------------------------------

    def _first(self, result: Result) -> Alt | None:
        """The first alternative that is something; its way is noted when it holds static text."""
        return next((a for a in result.alts if not is_absent(a)), None)

    def _pick(self, result: Result) -> Alt | None:
        """The alternative of this reading. None: nothing is known, or (`_dropped`) nothing is sent in this reading."""
        real: list[Alt | None] = [a for a in result.alts if not is_absent(a)]
        if not real or texts.only_empty(result):
            return None
        if result.open:
            self.unsure.append(result.open[0])
        fitting: list[Alt | None] = [a for a in real if a is not None and together(self.world, a.world) is not None]
        options = fitting or real
        if any(is_absent(a) and together(self.world, a.world) is not None for a in result.alts):
            options = [*options, None]
        if len(options) == 1:
            return options[0]
        place = len(self.widths)
        self.widths.append(len(options))
        chosen = options[self.picks[place] if place < len(self.picks) else 0]
        if chosen is not None:
            self.world = together(self.world, chosen.world) or self.world
        return chosen

    @staticmethod
    def _dropped(result: Result, alt: Alt | None) -> bool:
        """Whether nothing is sent in this reading though something can be."""
        return alt is None and any(not is_absent(a) for a in result.alts) and not texts.only_empty(result)

    def _messages(self, result: Result, form: str, label: str | None, name: str) -> list[Message]:
        alt = self._pick(result)
        if self._dropped(result, alt):
            return []
        if alt is None:
            why = result.open[0] if result.open else "not known"
            return [Message(label or ("text" if form in ("text", "documents") else "user"), (self._hole(name, why),))]
        if form in ("file", "image", "audio", "server", "object", "body"):
            return [Message("text", (self._hole(name, f"{form} content"),))]
        before = len(self.touched)
        found = self._of_thing(alt, form, label, name)
        if any(s.text for m in found for s in m.segments):
            self.touched += alt.trail
        else:
            del self.touched[before:]
        return found

    def _of_thing(self, alt: Alt, form: str, label: str | None, name: str) -> list[Message]:
        thing = alt.thing
        default = label or ("text" if form in ("text", "documents") else "user")
        if form == "prompt" and pipes.is_template(thing):
            return self._of_template(alt)
        if isinstance(thing, (Lit, Pieces)):
            return [Message(default, self._segments(alt))]
        if isinstance(thing, ListOf):
            messages: list[Message] = []
            for part in containers.in_order(thing, name):
                if isinstance(part, str):
                    messages.append(Message(default, (self._hole(part, thing.open[0]),)))
                else:
                    messages += self._item(part, form, default, name)
            self.open += thing.open[:1]
            return messages
        if isinstance(thing, (DictOf, Ext, Inst)):
            return self._item(Result((alt,)), form, default, name)
        return [Message(default, (self._hole(name, "built at run time"),))]

    def _item(self, cell: Cell, form: str, default: str, name: str) -> list[Message]:
        if self.inside >= MAX_INSIDE or self.parts >= MAX_PARTS:
            return [Message(default, (self._hole(name, "messages inside one another, or too many"),))]
        self.inside += 1
        self.parts += 1
        try:
            return self._of_item(cell, form, default, name)
        finally:
            self.inside -= 1

    def _of_item(self, cell: Cell, form: str, default: str, name: str) -> list[Message]:
        result = self.engine.force(cell)
        alt = self._pick(result)
        if self._dropped(result, alt):
            return []
        name = _of_cell(cell) or name
        if alt is None:
            return [Message(default, (self._hole(name, result.open[0] if result.open else "not known"),))]
        thing = alt.thing
        if isinstance(thing, (Lit, Pieces)):
            self.touched += alt.trail
            return [Message(default, self._segments(alt))]
        if isinstance(thing, ListOf) and form == "prompt" and thing.kind == "tuple" and len(thing.items) == 2:
            return self._pair(thing, default)
        if isinstance(thing, ListOf):
            return self._of_thing(alt, form, default, name)
        who, content = self._parts(thing)
        if content is None:
            return [Message(default, (self._hole(name, "a message that is not followed"),))]
        return [Message(who or default, self._content(content, _written(thing, CONTENT_KEYS) or name))]

    def _pair(self, thing: ListOf, default: str) -> list[Message]:
        """`("human", text)` among messages."""
        who = [a.thing.value for a in self.engine.force(thing.items[0]).alts if isinstance(a.thing, Lit)]
        role_name = prompt_templates.ROLES.get(str(who[0]), default) if who else default
        return [
            Message(role_name, self._content(self.engine.force(thing.items[1]), _of_cell(thing.items[1]) or "content"))
        ]

    def _parts(self, thing: Any) -> tuple[str | None, Result | None]:
        """Role and content of a message given as dict or object."""
        get = self._getter(thing)
        if get is None:
            return None, None
        who = get("role")
        named = next((a.thing.value for a in who.alts if isinstance(a.thing, Lit)), None) if who is not None else None
        if named is None and isinstance(thing, Ext):
            named = ROLE_BY_CLASS.get(thing.chain.removesuffix("()").rsplit(".", 1)[-1])
        for key in CONTENT_KEYS:
            content = get(key)
            if content is not None and content.alts and not all(is_absent(a) for a in content.alts):
                return (str(named) if named else None), content
            if content is not None and not content.alts:
                return (str(named) if named else None), content
        return (str(named) if named else None), None

    def _getter(self, thing: Any) -> Any:
        from guard.facts.link.arguments import ABSENT

        if isinstance(thing, DictOf):
            self.caches |= any(entry.key == "cache_control" for entry in thing.entries)
            return lambda key: containers.get(self.engine, thing, key)
        if isinstance(thing, Inst):
            return lambda key: (
                objects.attribute(self.engine, thing, key) if key in ("role", "content", "text") else None
            )
        if isinstance(thing, Ext) and thing.made and thing.chain.endswith("()"):
            made = thing.made[-1]
            arguments = CallArguments(self.engine, made.call, made.frame)
            position = 0
            return lambda key: (
                r if (r := arguments.get(key, position if key in ("content", "text") else None)) != ABSENT else None
            )
        return None

    def _content(self, content: Result, name: str) -> tuple[Segment, ...]:
        alt = self._pick(content)
        if self._dropped(content, alt):
            return ()
        if alt is None:
            return (self._hole(name, content.open[0] if content.open else "not known"),)
        thing = alt.thing
        if isinstance(thing, (Lit, Pieces)):
            self.touched += alt.trail
            return self._segments(alt)
        if isinstance(thing, ListOf):
            segments: list[Segment] = []
            for part in containers.in_order(thing, name):
                if isinstance(part, str):
                    segments.append(self._hole(part, thing.open[0]))
                else:
                    segments += self._block(self.engine.force(part), _of_cell(part) or name)
            return tuple(segments)
        if isinstance(thing, DictOf):
            return self._block(Result((alt,)), name)
        return (self._hole(name, "built at run time"),)

    def _block(self, result: Result, name: str) -> tuple[Segment, ...]:
        """One part of a message: text, else something with a size of its own."""
        if self.inside >= MAX_INSIDE or self.parts >= MAX_PARTS:
            return (self._hole(name, "parts inside one another, or too many"),)
        self.inside += 1
        self.parts += 1
        try:
            return self._of_block(result, name)
        finally:
            self.inside -= 1

    def _of_block(self, result: Result, name: str) -> tuple[Segment, ...]:
        alt = self._pick(result)
        if self._dropped(result, alt):
            return ()
        thing = alt.thing if alt is not None else None
        if alt is not None and isinstance(thing, (Lit, Pieces)):
            self.touched += alt.trail
            return self._segments(alt)
        if isinstance(thing, DictOf):
            kinds = [e.key for e in thing.entries]
            get = self._getter(thing)
            for key in ("text", "input_text"):
                if key in kinds:
                    return self._content(get(key), _written(thing, (key,)) or name)
            kind = next(
                (
                    str(k)
                    for k in kinds
                    if str(k)
                    in (
                        "image",
                        "image_url",
                        "source",
                        "document",
                        "input_audio",
                        "file",
                        "inline_data",
                        "toolUse",
                        "toolResult",
                        "content",
                    )
                ),
                "content",
            )
            if kind == "content" and "content" in kinds:
                return self._content(get("content"), _written(thing, ("content",)) or name)
            return (
                self._hole({"source": "media", "image_url": "image"}.get(kind, kind), "media or data in the message"),
            )
        return (self._hole(name, result.open[0] if result.open else "built at run time"),)

    # --- segments -----------------------------------------------------------------------------------------------

    def _segments(self, alt: Alt) -> tuple[Segment, ...]:
        thing = alt.thing
        parts: tuple[Piece, ...]
        if isinstance(thing, Pieces):
            parts = thing.parts
        else:
            place = alt.trail[0] if alt.trail else Hop(self.target.frame.path, self.target.call.pos, "computed")
            text = (
                thing.value
                if isinstance(thing, Lit) and isinstance(thing.value, str)
                else str(getattr(thing, "value", ""))
            )
            parts = (Piece(text, "", place.path, place.pos),)
        for part in parts:
            if part.text:
                self.touched.append(Hop(part.path, part.pos, "literal"))
        return tuple(Segment(p.text, p.name or None, self.span(p.path, p.pos), p.max_chars, p.why) for p in parts)

    def _hole(self, name: str, why: str) -> Segment:
        call = self.target.call
        return Segment(None, name, self.span(self.target.frame.path, call.pos), None, why)

    def _schema(self) -> list[Message]:
        """The schema of a structured answer: its JSON where it is static, else a hole; none for plain JSON or text."""
        value = role(self.engine, self.target, "schema")
        if value is None or not (value.result.alts or value.result.open):
            return []
        if value.result.alts and all(is_absent(a) for a in value.result.alts):
            return []
        alt = self._first(value.result)
        if alt is not None and self._form("schema", value) == "signature":
            return self._signature(alt)
        if alt is not None and (isinstance(alt.thing, Lit) or _plain_format(alt.thing)):
            return []
        known = plain_value(self.engine, Result((alt,))) if alt is not None and isinstance(alt.thing, DictOf) else None
        if isinstance(known, dict) and not value.result.open and len(value.result.alts) == 1:
            text = json.dumps(known, sort_keys=True)
            place = self._hole("schema", "").span
            return [Message("text", (Segment(text, "schema", place),))]
        return [Message("text", (self._hole("schema", "the schema of the answer is sent, too"),))]

    def _signature(self, alt: Alt) -> list[Message]:
        """What a class of fields says of the task: its docstring, and the description of its fields as a hole."""
        rest = self._hole("fields", "the library describes fields and format of the answer")
        scope = (
            self.engine.project.scope(alt.thing.path, alt.thing.scope) if isinstance(alt.thing, ClassThing) else None
        )
        if scope is None or not scope.doc:
            return [Message("system", (rest,))]
        assert isinstance(alt.thing, ClassThing)
        self.touched.append(Hop(alt.thing.path, scope.pos, "literal"))
        text = Segment(scope.doc.strip(), None, self.span(alt.thing.path, scope.pos), None, "")
        return [Message("system", (text, rest))]

    # --- tools --------------------------------------------------------------------------------------------------

    def _tools(self) -> tuple[str | None, int, bool]:
        plain, count, unsure = self._given_tools()
        added = holding.added_tools(self.engine, self.target)
        return plain, count + added, unsure or added > 0

    def _given_tools(self) -> tuple[str | None, int, bool]:
        value = role(self.engine, self.target, "tools")
        if value is None or (value.result.alts and all(is_off(a) for a in value.result.alts)):
            return None, 0, False
        alt = self._first(value.result)
        if alt is None:
            return None, 0, bool(value.result.open)
        if not isinstance(alt.thing, ListOf):
            return None, 0, True
        whole: list[Any] = []
        rest = bool(alt.thing.open)
        for cell in alt.thing.items:
            item = plain_value(self.engine, self.engine.force(cell))
            if item is _UNKNOWN:
                rest = True
            else:
                whole.append(item)
        if whole:
            self.touched += alt.trail
        return json.dumps(whole, sort_keys=True) if whole else None, len(alt.thing.items), rest


def _written(thing: Any, keys: tuple[str, ...]) -> str | None:
    """What stands in a message for its content, as the name of a hole: `question` for `{"content": question}`."""
    values: dict[Any, Any] = {}
    if isinstance(thing, DictOf):
        values = {e.key: e.value.expr for e in thing.entries if isinstance(e.value, Thunk)}
    elif isinstance(thing, Ext) and thing.made:
        values = dict(thing.made[-1].call.keywords)
    return next((_telling(values[key]) for key in keys if key in values), None)


def _of_cell(cell: Cell) -> str | None:
    """The name of an element that is not known: `history` for `[history]`; none for a display of its own."""
    return _telling(cell.expr) if isinstance(cell, Thunk) else None


def _telling(expr: Expr | Held) -> str | None:
    name = texts.hole_name(expr)
    return None if name == "value" else name


def _plain_format(thing: Any) -> bool:
    """Whether a response format carries no schema: `{"type": "json_object"}`."""
    return isinstance(thing, DictOf) and not thing.open and [entry.key for entry in thing.entries] == ["type"]


_UNKNOWN: Any = object()


def plain_value(engine: Engine, result: Result) -> Any:
    """The Python value of the first alternative, when all of it is known; else a marker that says it is not."""
    found = plain.of(engine, result.alts[0].thing) if result.alts else plain.NOT_PLAIN
    return _UNKNOWN if found is plain.NOT_PLAIN else _with_text_keys(found)


def _with_text_keys(value: Any) -> Any:
    """The value with keys as JSON has them."""
    if isinstance(value, dict):
        return {str(key): _with_text_keys(item) for key, item in value.items()}
    return [_with_text_keys(item) for item in value] if isinstance(value, (list, tuple)) else value


def read(engine: Engine, target: Target, span: Any) -> Read:
    """The prompt of a target in all its combinations; `span` turns (path, position) into a `Span`."""
    first = Reader(engine, target, span)
    found = first.read()
    seen = {_shape(found.prompt.messages)}
    others: list[tuple[Message, ...]] = []
    unsure = list(first.unsure)
    picks = _next((), first.widths)
    readings = 1
    while picks is not None and readings < MAX_PROMPTS:
        reader = Reader(engine, target, span, picks)
        prompt = reader.read().prompt
        readings += 1
        unsure += [*reader.unsure, *([prompt.why] if prompt.why and not found.prompt.open else [])]
        shape = _shape(prompt.messages)
        if shape not in seen:
            seen.add(shape)
            others.append(prompt.messages)
        picks = _next(picks, reader.widths)
    if picks is not None:
        unsure.append(f"more than {MAX_PROMPTS} combinations of texts can be sent")
    prompt = replace(found.prompt, others=tuple(others), unsure=unsure[0] if unsure else None)
    return Read(prompt, found.touched)


def _next(picks: tuple[int, ...], widths: list[int]) -> tuple[int, ...] | None:
    """The next combination after one that met places of these widths; None behind the last."""
    padded = [*picks, *([0] * (len(widths) - len(picks)))][: len(widths)]
    while padded:
        if padded[-1] + 1 < widths[len(padded) - 1]:
            return (*padded[:-1], padded[-1] + 1)
        padded.pop()
    return None


def _shape(messages: tuple[Message, ...]) -> object:
    """What is counted of messages, without the places."""
    return tuple((m.role, m.name, tuple((s.text, s.name, s.max_chars) for s in m.segments)) for m in messages)
