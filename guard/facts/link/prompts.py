"""The input of a request as messages of ordered segments.

In: a target's roles. Out: `Prompt`, and the places it came from. Static text is kept exactly; what is filled at run
time is a hole with a name. Where several texts can arrive, the prompt is read once for each combination of them: the
first (that of the default) stands in `messages`, the rest in `others`; beyond `MAX_PROMPTS` the prompt is not bounded.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from guard.facts.catalog_types import Wording
from guard.facts.link import batches, field_types, holding, pipes, plain, prompt_parts, subscripts, tool_schemas
from guard.facts.link.arguments import BodyArguments, OwnArguments, Sent, is_absent, is_off, sent
from guard.facts.link.batches import BATCH
from guard.facts.link.messages import Messages, telling
from guard.facts.link.roles import role
from guard.facts.link.sends import Target
from guard.facts.link.things import (
    Alt,
    ClassThing,
    DictOf,
    Func,
    Hop,
    ListOf,
    Lit,
    Pieces,
    Result,
    Thunk,
    World,
)  # fmt: skip
from guard.model import Message, Prompt, Segment

if TYPE_CHECKING:
    from guard.facts.link.engine import Engine

MAX_MESSAGES = 200
MAX_TOOL_STEPS = 60
"""Places that are kept of where tools come from."""
MAX_PROMPTS = 16
"""Combinations of texts that are read for one request."""
SEARCHING = ("embedding", "rerank")


class Read(NamedTuple):
    """A prompt with the places that decided its static text."""

    prompt: Prompt
    touched: tuple[Hop, ...]


class Reader(Messages):
    """Reads one request's prompt: the messages of each of its roles, its schema and its tools."""

    def read(self) -> Read:
        """The whole input: system text, messages, documents, tools."""
        messages: list[Message] = []
        asked = self.target
        template = False
        """Whether the object's own prompt is a template, which the input goes into."""
        written = self.engine.project.catalog.calls.get(asked.spec.api)
        searches = written is not None and written.operation in SEARCHING
        if asked.held and asked.spec.operation in SEARCHING and not searches:
            return Read(Prompt(tuple(self._searched()), batch=batches.of(asked)), tuple(self.touched))
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
                result = self._of_batch(value.result) if name == "input" else value.result
                found += self._messages(result, form, label, self._argument(value) or name, self._given(value))
            if len(found) > 1 and prompt_parts.is_joined(self.target, name):
                found = [Message(found[0].role, tuple(s for message in found for s in message.segments))]
            messages += found
            kept = any(part.form != "server" for part in parts)  # a session holds what was asked before, not more
            if name == "history" and not kept and asked.hears and asked.own is None:
                messages.append(Message("user", (self._hole("context", asked.hears),)))
        messages += self._schema()
        messages = self._worded(messages)
        tools, count, tools_open = self._tools()
        prompt = Prompt(
            tuple(messages[:MAX_MESSAGES]),
            bool(self.open),
            self.open[0] if self.open else None,
            tools,
            count,
            tools_open,
            tools_trail=self.span.steps(tuple(dict.fromkeys(self.tool_hops))[:MAX_TOOL_STEPS]),
            caches=self.caches,
            caches_hour=self.caches_hour,
            batch=batches.of(asked),
        )
        return Read(prompt, tuple(self.touched))

    def _of_batch(self, result: Result) -> Result:
        """One input of a batch (`llm.batch([...])`), where each element of the list is a request of its own."""
        each = self.target.spec.each
        if each is None or each.role != "input":
            return result
        return subscripts.elements(self.engine, result, (BATCH, self.target.frame.key, self.target.call.pos))

    def _worded(self, messages: list[Message]) -> list[Message]:
        """The messages with what the libraries of the clients say around the program's own text, by its size."""
        found, said = list(messages), set[Wording]()
        for layer in self.target.clients[: self.target.own]:
            for wording in layer.client.wording:
                if wording in said:  # an engine and what answers for it have one template
                    continue
                if wording.given and not any(self._is_sent(name) for name in wording.given):
                    continue
                if any(self._is_sent(name) for name in wording.without):
                    continue
                said.add(wording)
                hole = self._wording(layer.client.family, wording)
                number = next((n for n, message in enumerate(found) if message.role == wording.role), None)
                if number is None:
                    found.append(Message("text", (hole,)))
                else:
                    found[number] = replace(found[number], segments=(*found[number].segments, hole))
        return found

    def _wording(self, family: str, wording: Wording) -> Segment:
        """Words of a library, or what it looks up, as a hole with its size."""
        if wording.tokens is not None:
            return replace(self._hole(f"{family} wording", wording.text), tokens=wording.tokens)
        reads = self.target.reads
        hole = self._hole("context", wording.text)
        return hole if reads is None else replace(hole, tokens=(0, reads.tokens, None), passages=reads.passages)

    def _is_sent(self, name: str) -> bool:
        """Whether something goes out, or may go out, in a role."""
        values = prompt_parts.role_parts(self.engine, self.target, name)
        return any(value.result.open or any(not is_off(a) for a in value.result.alts) for value in values)

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

    def _argument(self, value: Sent) -> str | None:
        """What stands in the call for an argument, as the name of a hole: `docs` for `input=docs[:200]`."""
        given = None if isinstance(self.target.arguments, BodyArguments) else self._given(value)
        return telling(given.expr) if given is not None else None

    def _given(self, value: Sent) -> Thunk | None:
        """The expression that stands for an argument, in the call or in the dict that is its body."""
        arguments = self.target.arguments
        if isinstance(arguments, BodyArguments):
            bodies = [alt.thing for alt in arguments.body.alts if isinstance(alt.thing, DictOf)]
            cells = [entry.value for body in bodies for entry in body.entries if entry.key == value.name]
            return cells[0] if len(cells) == 1 and isinstance(cells[0], Thunk) else None
        call = arguments.call
        given = dict(call.keywords).get(value.name)
        place = next((arg.pos for arg in self.target.spec.roles.values() if value.name in arg.names[:1]), None)
        if isinstance(arguments, OwnArguments):
            place = arguments.position(value.name or "")
        if given is None and place is not None and place < len(call.args):
            given = call.args[place]
        return None if given is None else Thunk(given, arguments.frame)

    def _form(self, name: str, value: Sent) -> str:
        args = (self.target.spec.roles.get(name), *(c.client.roles.get(name) for c in self.target.clients))
        arg = next((a for a in args if a is not None and a.forms), None)
        if arg is None:
            return "text"
        return arg.form(value.name) if value.name in arg.names else arg.forms[0]

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
            return [self._schema_text(known)]
        if alt is not None and isinstance(alt.thing, ClassThing) and len(value.result.alts) == 1:
            fields = tool_schemas.class_schema(self.engine, alt.thing)
            if fields is not None:
                as_tool = self._form("schema", value) == "tool"
                return [self._schema_text((tool_schemas.answering if as_tool else tool_schemas.titled)(fields))]
        return [Message("text", (self._hole("schema", "the schema of the answer is sent, too"),))]

    def _schema_text(self, schema: dict[str, Any]) -> Message:
        return Message("text", (Segment(json.dumps(schema, sort_keys=True), "schema", self._hole("schema", "").span),))

    def _signature(self, alt: Alt) -> list[Message]:
        """What a class of fields or a text with their names says of the task: docstring, names and descriptions."""
        if isinstance(alt.thing, (Lit, Pieces)):
            return [Message("system", self._content(Result((alt,)), "signature"))]
        if not isinstance(alt.thing, ClassThing):
            why = "the library describes fields and format of the answer"
            return [Message("system", (self._hole("fields", why),))]
        path, scope = alt.thing.path, self.engine.project.scope(alt.thing.path, alt.thing.scope)
        self.touched.append(Hop(path, scope.pos, "literal"))
        said = [*([scope.doc.strip()] if scope.doc else []), *field_types.described_fields(self.engine, alt.thing)]
        text = Segment("\n".join(said), None, self.span(path, scope.pos), None, "")
        return [Message("system", (text,))]

    def _tools(self) -> tuple[str | None, int, bool]:
        """The definitions that are known as JSON, the number of tools, and whether others may be sent."""
        known: list[Any] = []
        count, rest = 0, False
        for value in prompt_parts.role_parts(self.engine, self.target, "tools"):
            if value.result.alts and all(is_off(a) for a in value.result.alts):
                continue
            alt = self._first(value.result)
            if alt is None:
                rest = rest or bool(value.result.open)
                continue
            if not isinstance(alt.thing, ListOf):
                rest = True
                continue
            self.touched += alt.trail
            self.tool_hops += alt.trail
            rest = rest or bool(alt.thing.open)
            for cell in alt.thing.items:
                count += 1
                rest = not self._tool(self.engine.force(cell), known) or rest
        for added in holding.added_tools(self.engine, self.target):
            count += 1
            rest = not self._tool(added, known) or rest
        return json.dumps(known, sort_keys=True) if known else None, count, rest

    def _tool(self, result: Result, known: list[Any]) -> bool:
        """Adds the definition of a tool to those that are known; false where it can't be read."""
        for alt in result.alts[:1]:
            self.tool_hops += alt.trail
            if isinstance(alt.thing, (Func, ClassThing)):
                scope = self.engine.project.scope(alt.thing.path, alt.thing.scope)
                self.tool_hops.append(Hop(alt.thing.path, scope.pos, "literal", scope.name))
        item = plain_value(self.engine, result)
        if item is _UNKNOWN:
            item = next((tool_schemas.of_alt(self.engine, alt) for alt in result.alts[:1]), None)
        if item is None:
            return False
        known.append(item)
        return True


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
    sent = {_shape(found.prompt.messages): [first.world]}
    others: list[tuple[Message, ...]] = []
    unsure = list(first.unsure)
    picks = _next((), first.widths)
    readings = 1
    while picks is not None and readings < MAX_PROMPTS:
        reader = Reader(engine, target, span, picks)
        prompt = reader.read().prompt
        readings += 1
        unsure += [*reader.unsure, *([prompt.why] if prompt.why and not found.prompt.open else [])]
        worlds = sent.setdefault(_shape(prompt.messages), [])
        if not worlds:
            others.append(prompt.messages)
        worlds.append(reader.world)
        picks = _next(picks, reader.widths)
    if picks is not None:
        unsure.append(f"more than {MAX_PROMPTS} combinations of texts can be sent")
    rounds = _rounds(list(sent.values())) if not unsure else ()
    every = [found.prompt.messages, *others]
    if not rounds:  # an empty text is sent where nothing has come: as a rule, another one is
        every.sort(key=_empty)
    prompt = replace(
        found.prompt, messages=every[0], others=tuple(every[1:]), unsure=unsure[0] if unsure else None, rounds=rounds
    )
    return Read(prompt, found.touched)


def _empty(messages: tuple[Message, ...]) -> bool:
    """Whether messages hold nothing but empty texts."""
    return bool(messages) and all(segment.text == "" for message in messages for segment in message.segments)


def _rounds(worlds: list[list[World]]) -> tuple[int, ...]:
    """How often each prompt is sent where elements of loops and batches alone decide which one is; else nothing."""
    every = [world for same in worlds for world in same]
    decided: dict[object, set[object]] = {}
    for decision, value in {pair for world in every for pair in world}:
        decided.setdefault(decision, set()).add(value)
    differing = {decision for decision, values in decided.items() if len(values) > 1}
    if len(every) < 2 or not all(isinstance(d, tuple) and d[0] in ("each", BATCH) for d in differing):
        return ()
    told = {frozenset(pair for pair in world if pair[0] in differing) for world in every}
    whole = all(len(world) == len(differing) for world in told)
    return tuple(map(len, worlds)) if whole and len(told) == len(every) else ()


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
    return tuple(
        (m.role, m.name, tuple((s.text, s.name, s.max_chars, s.max_tokens) for s in m.segments)) for m in messages
    )
