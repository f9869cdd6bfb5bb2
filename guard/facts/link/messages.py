"""Messages of a prompt: what a value, an element of a list, a dict or an object says, as ordered segments.

In: a value that a target sends, and one choice among its alternatives for this reading. Out: `Message`s, with the
places of their static text; what is filled at run time is a hole with a name. Neighbours: `prompts` says which values
of a target are its input and reads all choices, `prompt_templates` reads templates, `texts` puts texts together.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from guard.facts.expr import Expr
from guard.facts.link import batches, containers, media, objects, pipes, placeholders, prompt_templates, texts, trimmed
from guard.facts.link.arguments import CallArguments, is_absent
from guard.facts.link.sends import Target
from guard.facts.link.things import (
    NOWHERE,
    Alt,
    Cell,
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
from guard.model import Count, Message, Segment

if TYPE_CHECKING:
    from guard.facts.link.engine import Engine

MAX_INSIDE = 12
"""Messages and parts of them inside one another."""
MAX_PARTS = 2000
"""Messages and parts that are read for one prompt."""
CONTENT_KEYS = ("content", "text", "parts", "input", "output", "inputText")
ROLE_BY_CLASS = {
    "SystemMessage": "system", "HumanMessage": "user", "AIMessage": "assistant", "UserMessage": "user",
    "AssistantMessage": "assistant", "ToolMessage": "tool", "ChatMessage": "user",
    "SystemMessagePromptTemplate": "system",
}  # fmt: skip


class Messages:
    """One reading of a target's input; collects the places of its text on the way."""

    def __init__(self, engine: Engine, target: Target, span: Any, picks: tuple[int, ...] = ()) -> None:
        self.engine = engine
        self.target = target
        self.span = span
        self.touched: list[Hop] = []
        self.tool_hops: list[Hop] = []
        """Where the tools come from."""
        self.open: list[str] = []
        self.unsure: list[str] = []
        """Why text may arrive that is among no alternatives."""
        self.caches = self.caches_hour = False
        """Whether the prompt asks to be cached, and whether for an hour."""
        self.picks = picks
        """Which alternative is taken at each place where several can stand, in order; the first beyond its end."""
        self.widths: list[int] = []
        """How many alternatives stood at each of these places."""
        self.world: World = NOWHERE
        self.batch = False
        """Whether what is being read may be a list of which each element is an input by itself."""
        self.inside = self.parts = 0
        """Messages and parts that are being read inside one another, and those that were read at all."""

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

    def _first(self, result: Result) -> Alt | None:
        """The first alternative that is something; its way is noted when it holds static text."""
        return next((a for a in result.alts if not is_absent(a)), None)

    def _pick(self, result: Result, name: str = "value") -> Alt | None:
        """The alternative of this reading. None: nothing is known, or (`_dropped`) nothing is sent in this reading.
        `name`: of the hole for something unknown that a known text stands in for."""
        if not texts.only_empty(result):
            path, pos = self.target.frame.path, self.target.call.pos
            result = placeholders.with_holes(result, lambda why: Piece(None, name, path, pos, None, why))
        real = [a for a in result.alts if not is_absent(a)]
        if not real or texts.only_empty(result):
            return None
        if result.open:
            self.unsure.append(result.open[0])
        options = [a for a in real if together(self.world, a.world) is not None] or real
        absent = {a.world: a for a in result.alts if is_absent(a) and together(self.world, a.world) is not None}
        options = [*options, *absent.values()]
        if len(options) == 1:
            return options[0]
        place = len(self.widths)
        self.widths.append(len(options))
        chosen = options[self.picks[place] if place < len(self.picks) else 0]
        self.world = together(self.world, chosen.world) or self.world
        return None if is_absent(chosen) else chosen

    @staticmethod
    def _dropped(result: Result, alt: Alt | None) -> bool:
        """Whether nothing is sent in this reading though something can be."""
        return alt is None and any(not is_absent(a) for a in result.alts) and not texts.only_empty(result)

    def _messages(
        self, result: Result, form: str, label: str | None, name: str, given: Thunk | None = None
    ) -> list[Message]:  # fmt: skip
        """What a value says. `given`: the expression that has it, where there is one."""
        embeds = self.target.spec.operation == "embedding" and form in batches.SEVERAL
        one_text = embeds and given is not None and batches.is_one_text(self.engine, given.expr, given.frame)
        self.batch = embeds and not one_text
        try:
            return self._of_value(result, form, label, name)
        finally:
            self.batch = False

    def _many(self, why: str, most: int | None = None) -> Count | None:
        """How many inputs something stands for whose number is not known; None where it is one."""
        return batches.several(why, most) if self.batch else None

    def _of_value(self, result: Result, form: str, label: str | None, name: str) -> list[Message]:
        alt = self._pick(result, name)
        if self._dropped(result, alt):
            return []
        if alt is None:
            why = result.open[0] if result.open else "not known"
            role = label or ("text" if form in ("text", "documents") else "user")
            return [Message(role, (self._hole(name, why),), None, self._many(why))]
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
            return [self._cut(Message(default, self._segments(alt)), batches.cut(thing))]
        if isinstance(thing, ListOf):
            thing = self._items_sent(thing)
            stands = self.batch and thing.each and len(thing.items) == 1
            messages: list[Message] = [] if thing.items or not thing.fewer else [Message(default, ())]
            for part in containers.in_order(thing, name):
                if isinstance(part, str) and not stands:
                    hole = self._hole(part, thing.open[0])
                    messages.append(Message(default, (hole,), None, self._many(thing.open[0])))
                elif not isinstance(part, str):
                    many = self._many(thing.open[0], thing.most) if stands else None
                    messages += [replace(one, inputs=many) for one in self._item(part, form, default, name)]
            self.open += () if self.batch else thing.open[:1]
            return messages
        if isinstance(thing, (DictOf, Ext, Inst)):
            many = self._many("built at run time") if isinstance(thing, Ext) else None
            return [replace(one, inputs=many) for one in self._item(Result((alt,)), form, default, name)]
        return [Message(default, (self._hole(name, "built at run time"),), None, self._many("built at run time"))]

    def _cut(self, message: Message, most: int | None) -> Message:
        """A slice of something unknown: of a list of texts, whose number it bounds, not their length."""
        if not self.batch or most is None:
            return message
        segments = tuple(replace(segment, max_chars=None) for segment in message.segments)
        return Message(message.role, segments, None, batches.several(f"a slice of at most {most}", most))

    def _items_sent(self, thing: ListOf) -> ListOf:
        """The list with all of its items or, where any may be missing, in another reading with none."""
        if not thing.fewer or not thing.items:
            return thing
        picked = self._pick(Result((Alt(thing), Alt(thing._replace(items=(), gaps=())))))
        return picked.thing if picked is not None and isinstance(picked.thing, ListOf) else thing

    def _item(self, cell: Cell, form: str, default: str, name: str) -> list[Message]:
        if self.inside >= MAX_INSIDE or self.parts >= MAX_PARTS:
            return [Message(default, (self._hole(name, "messages inside one another, or too many"),))]
        self.inside += 1
        self.parts += 1
        batch, self.batch = self.batch, False
        try:
            return self._of_item(cell, form, default, name)
        finally:
            self.inside -= 1
            self.batch = batch

    def _of_item(self, cell: Cell, form: str, default: str, name: str) -> list[Message]:
        result = self.engine.force(cell)
        name = _of_cell(cell) or name
        alt = self._pick(result, name)
        if self._dropped(result, alt):
            return []
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
            most = trimmed.most_tokens(self.engine, thing)
            why = "a message that is not followed" if most is None else trimmed.WHY
            return [Message(default, (replace(self._hole(name, why), max_tokens=most),))]
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

    def _note_cache(self, thing: DictOf) -> None:
        """Whether a part asks for the prompt up to it to be cached, and for how long."""
        if not any(entry.key == "cache_control" for entry in thing.entries):
            return
        self.caches = True
        held = containers.get(self.engine, thing, "cache_control")
        for alt in held.alts if held is not None else ():
            ttl = containers.get(self.engine, alt.thing, "ttl") if isinstance(alt.thing, DictOf) else None
            self.caches_hour |= ttl is not None and any(one.thing == Lit("1h") for one in ttl.alts)

    def _getter(self, thing: Any) -> Any:
        from guard.facts.link.arguments import ABSENT

        if isinstance(thing, DictOf):
            self._note_cache(thing)
            return lambda key: containers.get(self.engine, thing, key)
        if isinstance(thing, Inst):
            return lambda key: (
                objects.attribute(self.engine, thing, key) if key in ("role", "content", "text") else None
            )
        if isinstance(thing, Ext) and thing.made and thing.chain.endswith("()"):
            made = thing.made[-1]
            arguments = CallArguments(self.engine, made.call, made.frame)
            first = 0 if _makes_message(thing.chain) else None
            return lambda key: (
                r if (r := arguments.get(key, first if key in ("content", "text") else None)) != ABSENT else None
            )
        return None

    def _content(self, content: Result, name: str) -> tuple[Segment, ...]:
        alt = self._pick(content, name)
        if self._dropped(content, alt):
            return ()
        if alt is None:
            return (self._hole(name, content.open[0] if content.open else "not known"),)
        thing = alt.thing
        if isinstance(thing, (Lit, Pieces)):
            self.touched += alt.trail
            return self._segments(alt)
        if isinstance(thing, ListOf):
            thing = self._items_sent(thing)
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
        alt = self._pick(result, name)
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
            kind = media.kind_of(thing)
            if kind == "content" and "content" in kinds:
                return self._content(get("content"), _written(thing, ("content",)) or name)
            return (self._hole(*media.described(self.engine, thing, kind)),)
        return (self._hole(name, result.open[0] if result.open else "built at run time"),)

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


def _makes_message(chain: str) -> bool:
    """Whether a chain ends in a class or a method of one, whose first argument then is what the object holds:
    `messages.HumanMessage()`, `types.Part.from_text()`. That of any other call (`re.sub()`) may be anything."""
    names = chain.removesuffix("()").split(".")
    return "()" not in chain.removesuffix("()") and any(name[:1].isupper() for name in names[-2:])


def _written(thing: Any, keys: tuple[str, ...]) -> str | None:
    """What stands in a message for its content, as the name of a hole: `question` for `{"content": question}`."""
    values: dict[Any, Any] = {}
    if isinstance(thing, DictOf):
        values = {e.key: e.value.expr for e in thing.entries if isinstance(e.value, Thunk)}
    elif isinstance(thing, Ext) and thing.made:
        values = dict(thing.made[-1].call.keywords)
    return next((telling(values[key]) for key in keys if key in values), None)


def _of_cell(cell: Cell) -> str | None:
    """The name of an element that is not known: `history` for `[history]`; none for a display of its own."""
    return telling(cell.expr) if isinstance(cell, Thunk) else None


def telling(expr: Expr | Held) -> str | None:
    name = texts.hole_name(expr)
    return None if name == "value" else name
