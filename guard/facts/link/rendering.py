"""Prompt templates rendered with what is known: text stays text, what is not known is a hole by its name.

In: the nodes of a template (`guard.parse.template_nodes`), the values that the code gives it, and who finds further
templates. Out: texts as a `Result`. Branches that nothing decides are both rendered, each in a world of its own, up to
`MAX_WAYS`; what is beyond is a hole of the size of its larger arm. A loop over something unknown is one hole. Nothing
runs; includes, macros and loops are counted (`MAX_STEPS`) and nest at most `MAX_INSIDE` deep.
Neighbours: `template_values` works out expressions, `template_calls` says where code renders templates.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from guard.facts.expr import Call
from guard.facts.link import plain, texts, truth
from guard.facts.link.template_loops import MAX_SOURCES, Loops, Out, Source, Unfollowed
from guard.facts.link.template_values import (
    MISSING,
    NOT_FOLLOWED,
    Body,
    MacroValue,
    Named,
    Names,
    TooMuch,
    Value,
    name_of,
    without_missing,
)  # fmt: skip
from guard.facts.link.things import (
    NOWHERE,
    Alt,
    Frame,
    Hop,
    ListOf,
    Lit,
    Piece,
    Pieces,
    Result,
    World,
    known,
    union,
    unknown,
    within,
)  # fmt: skip
from guard.parse import template_nodes as nodes

if TYPE_CHECKING:
    from guard.facts.link.engine import Engine

MAX_WAYS = 8
"""Combinations of branches that are told apart in one rendering."""
MAX_INSIDE = 12
"""Includes and macros inside one another."""
UNDER_CONDITION = "a part that is there under a condition"


Loader = Callable[[str], Source | str]
"""Finds a template by its name; a text says why there is none."""

_MARK = "\ue000"


def marked(number: int) -> str:
    """What stands in a template's text for a hole of the code, until it is rendered."""
    return f"{_MARK}{number}{_MARK}"


class Renderer(Loops):
    """One rendering of a template and of what it includes."""

    def __init__(
        self,
        engine: Engine,
        call: Call,
        frame: Frame,
        given: Callable[[str], Value],
        load: Loader,
        mustache: bool = False,
    ) -> None:
        super().__init__(engine, call, frame, given, mustache)
        self.load = load
        self.mustache = mustache
        self.ways = 1
        self.decided: set[object] = set()
        self.inside: list[str] = []
        """Templates and macros that are being rendered."""
        self.size = 0
        self.sets = 0

    def whole(self, source: Source) -> Result:
        """The text of a template; a single hole where it is too large."""
        try:
            found = self._template(source, Names())
        except (TooMuch, RecursionError) as error:
            why = str(error) if isinstance(error, TooMuch) else "a template that is nested too deeply"
            return known(Pieces((Piece(None, source.name or "template", source.path, source.pos, None, why),)))
        return found

    def _template(self, source: Source, names: Names, blocks: dict[str, list[Body]] | None = None) -> Result:
        """A template's text, with its blocks replaced by those of templates that extend it."""
        filled = dict(blocks or {})
        mother = next((node for node in source.nodes if isinstance(node, nodes.Extends)), None)
        for block in _blocks(source.nodes):
            body = Body(lambda args, block=block: self._body(block.body, Names(names), source, filled))  # type: ignore[misc]
            filled[block.name] = [*filled.get(block.name, []), body]
        if mother is None:
            return self._body(source.nodes, names, source, filled)
        for node in source.nodes:  # what a child sets before its blocks holds in them
            if isinstance(node, (nodes.Assign, nodes.Import, nodes.Macro, nodes.AssignBody)):
                self._node(node, names, source, Out(), filled)
        return self._other(mother.template, mother.line, source, names, lambda other: (other, names, filled))

    def _other(
        self,
        template: nodes.Expr,
        line: int,
        source: Source,
        names: Names,
        how: Callable[[Source], tuple[Source, Names, dict[str, list[Body]] | None]],
        optional: bool = False,
    ) -> Result:
        """The text of another template, by an expression that names it."""
        wanted = plain.whole(self.value(template, names).result)
        results = []
        for alt in wanted.alts[:MAX_SOURCES]:
            given = alt.thing.value if isinstance(alt.thing, Lit) else None
            if isinstance(given, str):
                results.append(within(self._included(given, source, how, optional), alt.world))
            else:
                tries = plain.of(self.engine, alt.thing)
                first = [n for n in tries if isinstance(n, str)] if isinstance(tries, list) else []
                found = next((n for n in first if not isinstance(self.load(n), str)), None)
                results.append(
                    self._missing(source, "a template whose name is not known")
                    if found is None
                    else self._included(found, source, how, optional)
                )
        if not results or wanted.open or len(wanted.alts) > MAX_SOURCES:
            results.append(self._missing(source, "a template whose name is not known"))
        return union(results)

    def _missing(self, source: Source, why: str, name: str = "template") -> Result:
        return known(Pieces((Piece(None, name, source.path, source.pos, None, why),)))

    def _included(
        self,
        name: str,
        source: Source,
        how: Callable[[Source], tuple[Source, Names, dict[str, list[Body]] | None]],
        optional: bool,
    ) -> Result:
        found = self.load(name)
        if isinstance(found, str):
            return known(Lit("")) if optional else self._missing(source, found, name)
        if found.path in self.inside and not self.mustache:
            return self._missing(source, f"template {name} includes itself", name)
        if len(self.inside) >= MAX_INSIDE:
            return self._missing(source, f"more than {MAX_INSIDE} templates and macros inside one another", name)
        self.inside.append(found.path)
        try:
            return self._template(*how(found))
        finally:
            self.inside.pop()

    def _body(self, body: nodes.Nodes, names: Names, source: Source, blocks: dict[str, list[Body]]) -> Result:
        out = Out()
        for node in body:
            self._node(node, names, source, out, blocks)
        return out.text()

    def _node(
        self, node: nodes.Node, names: Names, source: Source, out: Out, blocks: dict[str, list[Body]]
    ) -> None:  # fmt: skip
        """Adds the text of a node, or to the names what it sets."""
        self.step()
        if isinstance(node, nodes.Text):
            self._static(node.text, source, out)
        elif isinstance(node, nodes.Show):
            out.add(self._shown(self.value(node.value, names), node.escaped or source.escape, source))
        elif isinstance(node, nodes.If):
            self._if(node, names, source, out, blocks)
        elif isinstance(node, nodes.For):
            self._for(node, names, source, out, blocks)
        elif isinstance(node, nodes.Section):
            self._section(node, names, source, out, blocks)
        elif isinstance(node, nodes.Block):
            out.add(self._block(blocks.get(node.name, []), names))
        elif isinstance(node, nodes.Include):
            self._include(node, names, source, out)
        elif isinstance(node, nodes.With):
            inner = Names(names, {name: self.value(value, names) for name, value in node.values})
            out.add(self._body(node.body, inner, source, blocks))
        elif isinstance(node, nodes.FilterBlock):
            out.add(self._around(node, names, source, blocks))
        elif isinstance(node, nodes.CallBlock):
            out.add(self._call_block(node, names, source, blocks))
        elif isinstance(node, nodes.Escaping):
            out.add(self._body(node.body, names, source._replace(escape=node.on), blocks))
        elif isinstance(node, nodes.Unread):
            if node.name in ("break", "continue"):
                raise Unfollowed
            out.piece(Piece(None, node.name, source.path, source.pos, None, node.why))
        else:
            self._sets(node, names, source, blocks)

    def _static(self, text: str, source: Source, out: Out) -> None:
        self.size += len(text)
        if self.size > plain.MAX_TEXT:
            raise TooMuch("a template that is too large to be followed")
        if not source.holes or _MARK not in text:
            out.piece(Piece(text, "", source.path, source.pos))
            return
        for number, part in enumerate(text.split(_MARK)):
            if number % 2 and part.isdigit() and int(part) < len(source.holes):
                out.piece(source.holes[int(part)])
            elif part:
                out.piece(Piece(part, "", source.path, source.pos))

    def _shown(self, value: Value, escape: bool, source: Source) -> Result:
        here = (Hop(source.path, source.pos, "literal"),)  # of what the template itself writes
        alts = [alt if alt.trail else alt._replace(trail=here) for alt in value.result.alts]
        found = self.text(value._replace(result=Result(tuple(alts), value.result.open)))
        if not escape or value.safe:
            return found
        alts = []
        for alt in found.alts:
            if isinstance(alt.thing, Lit):
                alt = alt._replace(thing=Lit(self._escaped(str(alt.thing.value))))
            elif isinstance(alt.thing, Pieces):
                parts = (p if p.text is None else p._replace(text=self._escaped(p.text)) for p in alt.thing.parts)
                alt = alt._replace(thing=Pieces(tuple(parts)))
            alts.append(alt)
        return Result(tuple(alts), found.open)

    def _escaped(self, text: str) -> str:
        """Text for HTML, with the references that the language uses."""
        if self.mustache:
            return html.escape(text, quote=True).replace("&#x27;", "'")
        return html.escape(text, quote=False).replace("'", "&#39;").replace('"', "&#34;")

    def _if(
        self, node: nodes.If, names: Names, source: Source, out: Out, blocks: dict[str, list[Body]]
    ) -> None:  # fmt: skip
        value = self.value(node.test, names)
        arms = self._arms(value.result, node.test)
        if len(arms) == 1:
            for inner in node.then if arms[0][0] else node.other:
                self._node(inner, names, source, out, blocks)
            return
        before, texts_of, after = dict(names.own), [], []
        for taken, world in arms:
            names.own = dict(before)
            texts_of.append((self._body(node.then if taken else node.other, names, source, blocks), world))
            after.append((names.own, world))
        names.own = self._merged(before, after)
        if len(arms) > MAX_WAYS or not self._ways(arms):
            out.add(self._folded([text for text, _ in texts_of], name_of(node.test), source))
        else:
            out.add(union(within(text, world) for text, world in texts_of))

    def _arms(self, result: Result, test: nodes.Expr) -> list[tuple[bool, World]]:
        """The arms that may be taken, what is known to hold first."""
        result = without_missing(result, False)
        verdicts = [(truth.truth_of(Result((alt,))), alt.world) for alt in result.alts]
        if verdicts and not result.open and all(verdict is not None for verdict, _ in verdicts):
            if len({verdict for verdict, _ in verdicts}) == 1:
                return [(bool(verdicts[0][0]), NOWHERE)]
            if all(world for _, world in verdicts):
                return list(dict.fromkeys((bool(verdict), world) for verdict, world in verdicts))
        decision = (self.decision(test), self.sets)
        first = verdicts[0][0] if verdicts else True
        order = (False, True) if first is False else (True, False)
        return [(taken, frozenset({(decision, taken)})) for taken in order]

    def _ways(self, arms: list[tuple[bool, World]]) -> bool:
        """Whether there is room to tell the arms apart."""
        decisions = {decision for _, world in arms for decision, _ in world}
        if decisions <= self.decided:
            return True
        if self.ways * len(arms) > MAX_WAYS:
            return False
        self.ways *= len(arms)
        self.decided |= decisions
        return True

    def _merged(self, before: dict[str, Named], after: list[tuple[dict[str, Named], World]]) -> dict[str, Named]:
        """The names behind a branch: what each arm sets holds in its world."""
        found = dict(before)
        for name in dict.fromkeys(name for own, _ in after for name in own):
            values = [(own.get(name), world) for own, world in after]
            if all(value is values[0][0] for value, _ in values):
                found[name] = values[0][0]  # type: ignore[assignment]
                continue
            missing = Value(known(MISSING), name)
            results = [within((v if isinstance(v, Value) else missing).result, world) for v, world in values]
            found[name] = Value(union(results), name)
        return found

    def _folded(self, arms: list[Result], name: str, source: Source) -> Result:
        """Arms that are not told apart: a hole of at most the larger one, and the holes in them."""
        most, holes = 0, dict[tuple[str, str, int | None], Piece]()
        for alt in (alt for arm in arms for alt in arm.alts):
            parts = texts.pieces(alt.thing, source.path, source.pos) or ()
            most = max(most, sum(len(part.text or "") for part in parts))
            for part in parts:
                if part.text is None:
                    holes.setdefault((part.name, part.path, part.max_chars), part)
        part = Piece(None, name, source.path, source.pos, most, UNDER_CONDITION)
        reasons = dict.fromkeys(reason for arm in arms for reason in arm.open)
        whole = Pieces(tuple([part, *holes.values()] if most else holes.values()))
        return Result((Alt(whole if whole.parts else Lit("")),), tuple(reasons))

    def _block(self, bodies: list[Body], names: Names) -> Result:
        """A block as the outermost child fills it; `super()` is the one that it replaces."""
        if not bodies:
            return known(Lit(""))
        if len(self.inside) >= MAX_INSIDE:
            raise TooMuch("a template that is nested too deeply")
        before = names.own.get("super")
        names.own["super"] = Body(lambda args: self._block(bodies[1:], names))
        self.inside.append("block")
        try:
            return bodies[0].render(())
        finally:
            self.inside.pop()
            names.own.pop("super", None)
            if before is not None:
                names.own["super"] = before

    def _include(self, node: nodes.Include, names: Names, source: Source, out: Out) -> None:
        inner = Names(closed=True) if node.isolated else Names(names)
        found = self._other(
            node.template, node.line, source, names, lambda other: (other, inner, None), optional=node.optional
        )
        if node.indent:
            out.piece(Piece(node.indent, "", source.path, source.pos))
            found = Result(tuple(self._moved(alt, node.indent, source) for alt in found.alts), found.open)
        out.add(found)

    def _moved(self, alt: Alt, indent: str, source: Source) -> Alt:
        """A text with white space before each further line; what stands behind its last line's end is not its own."""
        parts = [
            part if part.text is None else part._replace(text=part.text.replace("\n", "\n" + indent))
            for part in texts.pieces(alt.thing, source.path, source.pos) or ()
        ]
        if parts and (parts[-1].text or "").endswith("\n" + indent):
            parts[-1] = parts[-1]._replace(text=(parts[-1].text or "").removesuffix(indent))
        return alt._replace(thing=texts.joined(parts))

    def _around(
        self, node: nodes.FilterBlock, names: Names, source: Source, blocks: dict[str, list[Body]]
    ) -> Result:  # fmt: skip
        """A filter around a body: filters are applied from the inside out."""
        value = Value(self._body(node.body, Names(names), source, blocks), "text")
        chain: list[nodes.Apply] = []
        expr: nodes.Expr | None = node.value
        while isinstance(expr, nodes.Apply):
            chain.append(expr)
            expr = expr.base
        for one in reversed(chain):
            args = [self.value(arg, names) for arg in one.args]
            value = self.filtered(one, value, args, {name: self.value(v, names) for name, v in one.keywords})
        return self.text(value)

    def _call_block(
        self, node: nodes.CallBlock, names: Names, source: Source, blocks: dict[str, list[Body]]
    ) -> Result:  # fmt: skip
        def caller(args: tuple[Value, ...]) -> Result:
            inner = Names(names, dict(zip(node.params, args)))
            return self._body(node.body, inner, source, blocks)

        return self.text(self.value(node.call, Names(names, {"caller": Body(caller)})))

    def expanded(
        self, macro: MacroValue, args: tuple[Value, ...], keywords: dict[str, Value], caller: Named | None
    ) -> Result:
        """The text of a macro with its arguments."""
        made = macro.macro
        if len(self.inside) >= MAX_INSIDE:
            return self._missing(macro.source, f"more than {MAX_INSIDE} templates and macros inside one another")
        inner = Names(macro.names)
        defaults = dict(zip(made.params[len(made.params) - len(made.defaults) :], made.defaults))
        for number, param in enumerate(made.params):
            if number < len(args):
                inner.own[param] = args[number]
            elif param in keywords:
                inner.own[param] = keywords[param]
            elif param in defaults:
                inner.own[param] = self.value(defaults[param], inner)
            else:
                inner.own[param] = Value(known(MISSING), param)
        for name, rest in (("varargs", args[len(made.params) :]), ("kwargs", ())):
            inner.own[name] = Value(known(ListOf(tuple(value.result for value in rest))), name)
        if caller is not None:
            inner.own["caller"] = caller
        self.inside.append(f"macro {made.name}")
        try:
            return self._body(made.body, inner, macro.source, {})
        finally:
            self.inside.pop()

    def _sets(self, node: nodes.Node, names: Names, source: Source, blocks: dict[str, list[Body]]) -> None:
        """`set`, `macro` and `import`."""
        self.sets += 1
        if isinstance(node, nodes.Macro):
            names.own[node.name] = MacroValue(node, names, source)
        elif isinstance(node, nodes.AssignBody):
            names.own[node.name] = Value(self._body(node.body, Names(names), source, blocks), node.name, safe=True)
        elif isinstance(node, nodes.Assign):
            value = self.value(node.value, names)
            if len(node.names) == 1 and "." in node.names[0]:
                names.outermost().own[node.names[0]] = value
            elif len(node.names) == 1:
                if value.name == "value":
                    value = value._replace(name=node.names[0])
                names.own[node.names[0]] = value
            else:
                names.own.update(self._bound(node.names, value.result, value.name))
        elif isinstance(node, nodes.Import):
            self._import(node, names)

    def _import(self, node: nodes.Import, names: Names) -> None:
        wanted = plain.of_result(self.engine, self.value(node.template, names).result)
        found = self.load(wanted) if isinstance(wanted, str) else "a template whose name is not known"
        macros: dict[str, MacroValue] = {}
        if not isinstance(found, str) and found.path not in self.inside and len(self.inside) < MAX_INSIDE:
            inner = Names(closed=True)
            self.inside.append(found.path)
            for part in found.nodes:
                if isinstance(part, (nodes.Macro, nodes.Assign, nodes.Import)):
                    self._sets(part, inner, found, {})
            self.inside.pop()
            macros = {name: value for name, value in inner.own.items() if isinstance(value, MacroValue)}
        if node.target:
            names.own[node.target] = macros
        for there, here in node.names:
            names.own[here] = macros.get(there) or Value(unknown(NOT_FOLLOWED), here)


def _blocks(body: Iterable[nodes.Node]) -> list[nodes.Block]:
    """The blocks of a template, those inside of others included."""
    found: list[nodes.Block] = []
    for node in body:
        if isinstance(node, nodes.Block):
            found.append(node)
        for part in ("body", "then", "other"):
            inner = getattr(node, part, None)
            if inner:
                found += _blocks(inner)
    return found
