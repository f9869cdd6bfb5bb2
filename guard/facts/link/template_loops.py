"""Loops and sections of prompt templates, and what a rendering puts its text together with.

In: nodes that render a body for each element. Out: text with holes. `Loops` is the lower half of `rendering.Renderer`,
which says how bodies and branches are rendered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from guard.facts.expr import Pos
from guard.facts.link import containers, plain, texts
from guard.facts.link.template_values import (
    MISSING,
    NOT_FOLLOWED,
    Body,
    Named,
    Names,
    Value,
    Values,
    name_of,
    without_missing,
)  # fmt: skip
from guard.facts.link.things import (
    Alt,
    Cell,
    DictOf,
    Entry,
    Hop,
    Inst,
    ListOf,
    Lit,
    Piece,
    Pieces,
    Result,
    Thunk,
    World,
    known,
    union,
    unknown,
    within,
)  # fmt: skip
from guard.parse import template_nodes as nodes

if TYPE_CHECKING:
    pass

MAX_SOURCES = 4
"""Lists that a loop may be over, each of which is rendered."""
THIS = "."


class Source(NamedTuple):
    """A template with the place where it stands."""

    nodes: nodes.Nodes
    path: str
    pos: Pos
    name: str = ""
    escape: bool = False
    """Whether its values are escaped for HTML."""
    holes: tuple[Piece, ...] = ()
    """What the code puts into the text of the template before it is one, for the marks in it (`marked`)."""


class Unfollowed(Exception):
    """A loop that is left on the way."""


class Out:
    """Texts in their order; those that are certain are put together at once."""

    def __init__(self) -> None:
        self.results: list[Result] = []
        self.run: list[Piece] = []

    def piece(self, piece: Piece) -> None:
        self.run.append(piece)

    def add(self, result: Result) -> None:
        alt = result.alts[0] if len(result.alts) == 1 and not result.open else None
        if alt is not None and not alt.world and isinstance(alt.thing, Pieces):
            self.run += alt.thing.parts
            return
        self._flush()
        self.results.append(result)

    def _flush(self) -> None:
        if self.run:
            self.results.append(known(texts.joined(self.run), Hop(self.run[0].path, self.run[0].pos, "literal")))
            self.run = []

    def text(self) -> Result:
        """All of it as one text."""
        self._flush()
        return texts.combined(self.results)


class Loops(Values):
    """Renders loops and sections."""

    mustache = False
    sets = 0

    def _body(self, body: nodes.Nodes, names: Names, source: Source, blocks: dict[str, list[Body]]) -> Result:
        """The text of a body; `rendering` says how."""
        raise NotImplementedError

    def _if(self, node: nodes.If, names: Names, source: Source, out: Out, blocks: dict[str, list[Body]]) -> None:
        """Adds a branch; `rendering` says how."""
        raise NotImplementedError

    def _ways(self, arms: list[tuple[bool, World]]) -> bool:
        """Whether there is room to tell arms apart; `rendering` counts."""
        raise NotImplementedError

    def _for(
        self, node: nodes.For, names: Names, source: Source, out: Out, blocks: dict[str, list[Body]]
    ) -> None:  # fmt: skip
        value = self.value(node.source, names)
        result = without_missing(value.result, "")
        alts = result.alts
        unseen = result.open or not alts or len(alts) > MAX_SOURCES
        results = []
        try:
            known_lists = () if unseen else alts
            results = [within(self._over(a, value, node, names, source, blocks), a.world) for a in known_lists]
        except Unfollowed:
            results = []
        if not results or (len(results) > 1 and not self._ways([(True, alt.world) for alt in alts])):
            why = result.open[0] if result.open else "a loop over what is known at run time"
            out.piece(Piece(None, _telling(node, value), source.path, source.pos, None, why))
        else:
            out.add(union(results))

    def _over(
        self, alt: Alt, value: Value, node: nodes.For, names: Names, source: Source, blocks: dict[str, list[Body]]
    ) -> Result:  # fmt: skip
        """A loop over one list that is known."""
        items = self._items(alt, value.name)
        if items is None:
            raise Unfollowed
        if node.test is not None:
            items = self._kept(items, node, names)
        if not items:
            return self._body(node.other, Names(names), source, blocks)
        out = Out()
        sure = not any(isinstance(item, str) for item in items)
        for number, item in enumerate(items):
            if isinstance(item, str):
                why = "elements that are known at run time"
                out.piece(Piece(None, item, source.path, source.pos, None, why))
                continue
            inner = Names(names, {"loop": _loop(number, len(items) if sure else None)})
            inner.own.update(self._bound(node.names, item, value.name))
            self.sets += 1
            out.add(self._body(node.body, inner, source, blocks))
        return out.text()

    def _items(self, alt: Alt, name: str) -> list[Cell | str] | None:
        """The elements of a list in their order, a name for those that are not known; None where it is no list."""
        thing = alt.thing
        if isinstance(thing, DictOf) and not thing.open and all(entry.sure for entry in thing.entries):
            return [known(Lit(key)) for key in dict.fromkeys(entry.key for entry in thing.entries)]
        if isinstance(thing, Lit) and isinstance(thing.value, str):
            return [known(Lit(character)) for character in thing.value[: plain.MAX_VALUES + 1]]
        if not isinstance(thing, ListOf) or thing.each or thing.fewer or len(thing.items) > plain.MAX_VALUES:
            return None
        return containers.in_order(thing, name)

    def _kept(self, items: list[Cell | str], node: nodes.For, names: Names) -> list[Cell | str]:
        """`{% for x in xs if x.ok %}`"""
        assert node.test is not None
        kept: list[Cell | str] = []
        for item in items:
            if isinstance(item, str):
                kept.append(item)
                continue
            verdict = self.verdict(self.value(node.test, Names(names, self._bound(node.names, item, ""))).result)
            if verdict is None:
                raise Unfollowed
            if verdict:
                kept.append(item)
        return kept

    def _bound(self, targets: tuple[str, ...], item: Cell, name: str) -> dict[str, Named]:
        """The names of a loop with the parts of an element."""
        found = self.engine.force(item)
        if len(targets) == 1:
            told = texts.hole_name(item.expr) if isinstance(item, Thunk) else "value"
            return {targets[0]: Value(found, targets[0] if told == "value" else told, item)}
        bound: dict[str, Named] = {}
        for number, target in enumerate(targets):
            parts = [
                within(self.engine.force(alt.thing.items[number]), alt.world)
                for alt in found.alts
                if isinstance(alt.thing, ListOf) and not alt.thing.open and len(alt.thing.items) == len(targets)
            ]
            sure = parts and len(parts) == len(found.alts) and not found.open
            bound[target] = Value(union(parts) if sure else unknown(NOT_FOLLOWED), target)
        return bound

    def _section(
        self, node: nodes.Section, names: Names, source: Source, out: Out, blocks: dict[str, list[Body]]
    ) -> None:  # fmt: skip
        """Mustache: a list is a loop, anything else that is true is what the body's names are looked up in first."""
        value = self.value(node.value, names)
        lists = [alt for alt in value.result.alts if isinstance(alt.thing, ListOf)]
        if node.inverted:
            self._if(nodes.If(node.value, (), node.body, node.line), names, source, out, blocks)
        elif lists and len(lists) == len(value.result.alts):
            loop = nodes.For((THIS,), node.value, None, node.body, (), node.line)
            self._for(loop, names, source, out, blocks)
        else:
            inner = (nodes.With(((THIS, node.value),), node.body),)
            self._if(nodes.If(node.value, inner, (), node.line), names, source, out, blocks)

    def _named(self, name: str, names: Names) -> Value:
        """A name; in Mustache first of what the section is inside of, from the inside out."""
        if not self.mustache or name == THIS:
            return super()._named(name, names)
        around: Names | None = names
        while around is not None:
            own, this = around.own.get(name), around.own.get(THIS)
            if isinstance(own, Value):
                return own
            inner = self._of_this(this, name) if isinstance(this, Value) else None
            if inner is not None:
                return inner
            around = around.around
        return self.given(name)

    def _of_this(self, this: Value, name: str) -> Value | None:
        """A name of what a section is inside of; None where it has none of that name."""
        results = []
        for alt in this.result.alts:
            if isinstance(alt.thing, (DictOf, Inst)):
                results.append(within(self._item(alt, name), alt.world))
            elif not isinstance(alt.thing, (Lit, Pieces, ListOf)):
                return Value(unknown(NOT_FOLLOWED), name)
        if this.result.open:
            return Value(unknown(this.result.open[0]), name)
        found = union(results) if results else None
        missing = found is None or any(alt.thing == MISSING for alt in found.alts)
        return None if missing or found is None else Value(found, name)


def _loop(number: int, count: int | None) -> Value:
    """What `loop` is in a turn; `count` None: how many there are is not known."""
    told: dict[str, int | bool] = {"index": number + 1, "index0": number, "first": number == 0, "depth": 1, "depth0": 0}
    if count is not None:
        told |= {
            "last": number == count - 1,
            "length": count,
            "revindex": count - number,
            "revindex0": count - number - 1,
        }
    entries = tuple(Entry(key, known(Lit(value))) for key, value in told.items())
    return Value(known(DictOf(entries, (NOT_FOLLOWED,))), "loop")


def _telling(node: nodes.For, value: Value) -> str:
    """The name of a loop's hole: that of what it goes over."""
    return value.name if value.name != "value" else name_of(node.source)
