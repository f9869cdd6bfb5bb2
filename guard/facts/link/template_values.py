"""Expressions of prompt templates: what `{{ docs[0].title | upper }}` is, as far as the values are known.

In: an expression of `guard.parse.template_nodes` and the names that hold where it stands. Out: a `Value`. Nothing of
the repository runs: filters and tests are Jinja2's own, from a fixed list (`template_filters`), applied to values that
are known through and through, each within a bound. Neighbour: `rendering` renders the nodes around expressions.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from guard.facts.expr import Attr, Call, Pos
from guard.facts.link import attributes, containers, plain, pure, template_filters, texts, truth
from guard.facts.link.things import (
    Alt,
    Cell,
    DictOf,
    Entry,
    Frame,
    Gap,
    Held,
    Inst,
    ListOf,
    Lit,
    Piece,
    Pieces,
    Result,
    known,
    opened,
    union,
    unknown,
    within,
)  # fmt: skip
from guard.parse import template_nodes as nodes

if TYPE_CHECKING:
    from guard.facts.link.engine import Engine

MAX_STEPS = 20_000
"""Nodes and expressions that are looked at for one rendering."""
MISSING = Gap("it is not among the values of the template")
"""What a name or key is that nothing gives: an empty text, and false."""
NOT_FOLLOWED = "what a template works out at run time"


class TooMuch(Exception):
    """A rendering that is larger than guard follows."""


class Value(NamedTuple):
    """What an expression of a template can be."""

    result: Result
    name: str = "value"
    """Of the hole, where it is not known."""
    cell: Cell | None = None
    """Where it comes from in the code."""
    safe: bool = False
    """Whether it is put in without being escaped."""


class MacroValue(NamedTuple):
    """A macro, with the names that hold where it is written."""

    macro: nodes.Macro
    names: Names
    source: Any
    """The template that it stands in (`rendering.Source`)."""


class Body(NamedTuple):
    """A text that a template puts in by a call: `caller()`, `super()`, `self.title()`."""

    render: Callable[[tuple[Value, ...]], Result]


Named = Value | MacroValue | Body | dict[str, MacroValue]


class Names:
    """The names that hold at a place of a template: those set there, and those around. `closed`: what the code renders
    the template with is not seen."""

    __slots__ = ("around", "closed", "own")

    def __init__(
        self, around: Names | None = None, own: Mapping[str, Named] | None = None, closed: bool = False
    ) -> None:
        self.around = around
        self.closed: bool = closed or (around is not None and around.closed)
        self.own: dict[str, Named] = dict(own or {})

    def get(self, name: str) -> Named | None:
        """What a name is; None where nothing in the template sets it."""
        names: Names | None = self
        while names is not None:
            if name in names.own:
                return names.own[name]
            names = names.around
        return None

    def outermost(self) -> Names:
        """The names of the whole template."""
        return self if self.around is None else self.around.outermost()


class Values:
    """Works out expressions for one rendering. `given` finds the values that the code renders the template with."""

    def __init__(
        self, engine: Engine, call: Call, frame: Frame, given: Callable[[str], Value], falsy_none: bool = False
    ) -> None:
        self.engine = engine
        self.call = call
        self.frame = frame
        self.given = given
        self.steps = 0
        self.falsy_none = falsy_none
        """Whether None is an empty text, as in Mustache."""

    def step(self) -> None:
        """Counts a piece of work. Raises `TooMuch` beyond the bound."""
        self.steps += 1
        if self.steps > MAX_STEPS:
            raise TooMuch("a template that is too large to be followed")

    def value(self, expr: nodes.Expr, names: Names) -> Value:
        """What an expression is."""
        self.step()
        if isinstance(expr, nodes.Const):
            return Value(known(Lit(expr.value)))
        if isinstance(expr, nodes.Var):
            return self._named(expr.name, names)
        if isinstance(expr, nodes.Get):
            return self._got(expr, names)
        if isinstance(expr, nodes.Apply):
            return self._applied(expr, names)
        if isinstance(expr, nodes.Operation):
            return self._operated(expr, names)
        if isinstance(expr, nodes.Choice):
            return self._chosen(expr, names)
        if isinstance(expr, nodes.Display):
            items = tuple(self.value(item, names).result for item in expr.items)
            return Value(known(ListOf(items, (), "tuple" if expr.is_tuple else "list")))
        if isinstance(expr, nodes.Mapping):
            return self._mapped(expr, names)
        return self._sliced(expr, names)

    def _named(self, name: str, names: Names) -> Value:
        found = names.get(name)
        if isinstance(found, Value):
            return found
        if found is not None:
            return Value(unknown(NOT_FOLLOWED), name)
        return Value(known(MISSING), name) if names.closed else self.given(name)

    def _got(self, expr: nodes.Get, names: Names) -> Value:
        if isinstance(expr.base, nodes.Var) and isinstance(expr.key, nodes.Const):
            space = names.get(f"{expr.base.name}.{expr.key.value}")
            if isinstance(space, Value):
                return space
        base = self.value(expr.base, names)
        keys = self.value(expr.key, names)
        name = base.name
        if isinstance(expr.key, nodes.Const) and isinstance(expr.key.value, str):
            name = expr.key.value
        results = []
        for key in plain.whole(keys.result).alts:
            if not isinstance(key.thing, Lit):
                return Value(unknown("a key of a template that is not known"), name)
            asked = key.thing.value
            results += [within(within(self._item(a, asked), a.world), key.world) for a in base.result.alts]
        reasons = (*base.result.open, *keys.result.open)
        found = opened(union(results), *reasons) if results else unknown(reasons[0] if reasons else NOT_FOLLOWED)
        return Value(found, name, base.cell)

    def _item(self, alt: Alt, key: object) -> Result:
        thing = alt.thing
        if isinstance(thing, DictOf):
            found = containers.get(self.engine, thing, key)
            if found is None and isinstance(key, str) and key.isdigit():
                found = containers.get(self.engine, thing, int(key))
            return found if found is not None else unknown(thing.open[0]) if thing.open else known(MISSING)
        if isinstance(thing, ListOf):
            index = int(key) if isinstance(key, int) or (isinstance(key, str) and key.isdigit()) else None
            sure = not thing.open and not thing.each and not containers.unordered(thing)
            if index is None or not sure:
                return unknown(NOT_FOLLOWED)
            inside = -len(thing.items) <= index < len(thing.items)
            return self.engine.force(thing.items[index]) if inside else known(MISSING)
        if isinstance(thing, Inst) and isinstance(key, str):
            asked = Attr(self.call.pos, self.call.func, key)
            return attributes.attribute(self.engine, thing, key, asked, self.frame)
        if isinstance(thing, (Lit, Pieces)) and isinstance(key, int):
            return plain.applied(self.engine, operator.getitem, [Result((alt,)), known(Lit(key))], NOT_FOLLOWED)
        if thing == MISSING and self.falsy_none:
            return known(MISSING)
        if isinstance(thing, (Lit, Pieces)) or thing == MISSING:
            return unknown("a part of a value that has no parts")
        return unknown(NOT_FOLLOWED)

    def _sliced(self, expr: nodes.Slice, names: Names) -> Value:
        base = self.value(expr.base, names)
        ends = [None if end is None else self.value(end, names) for end in (expr.low, expr.high, expr.step)]
        bounds = [None if end is None else plain.of_result(self.engine, end.result) for end in ends]
        if all(bound is None or isinstance(bound, int) for bound in bounds):
            cut = slice(*bounds)
            found = plain.applied(self.engine, lambda given: given[cut], [base.result], NOT_FOLLOWED)
            if found.alts and not found.open:
                return Value(found, base.name, base.cell)
            low, high, _ = bounds
            if high is not None and high >= 0 and (low or 0) >= 0 and not base.result.alts:
                return self.hole(base, max(0, high - (low or 0)), f"cut to {high} characters, if it is a text")
        return Value(unknown("a part of something that is not known"), base.name, base.cell)

    def hole(self, value: Value, most: int | None, why: str) -> Value:
        """A value as a hole of at most so many characters."""
        piece = texts.hole(self._held(value), self.frame, why, most, value.name)
        return Value(known(Pieces((piece,))), value.name, value.cell)

    def _held(self, value: Value) -> Held:
        return Held(self.call.pos, value.cell if value.cell is not None else value.result)

    def _mapped(self, expr: nodes.Mapping, names: Names) -> Value:
        entries = []
        for key, item in expr.entries:
            plain_key = plain.of_result(self.engine, self.value(key, names).result)
            if not isinstance(plain_key, (str, int, float, bool)):
                return Value(unknown(NOT_FOLLOWED))
            entries.append(Entry(plain_key, self.value(item, names).result))
        return Value(known(DictOf(tuple(entries))))

    def _chosen(self, expr: nodes.Choice, names: Names) -> Value:
        verdict = self.verdict(self.value(expr.test, names).result)
        then = self.value(expr.then, names)
        other = Value(known(MISSING)) if expr.other is None else self.value(expr.other, names)
        if verdict is not None:
            return then if verdict else other
        decision = self.decision(expr.test)
        sides = zip((then, other), (1, 0))
        both = union(within(side.result, frozenset({(decision, arm)})) for side, arm in sides)
        return Value(both, then.name if then.name != "value" else other.name, then.cell)

    def decision(self, test: nodes.Expr) -> object:
        """What a test of a template decides, the same wherever the same is asked of the same values."""
        return ("template", self.frame.key, self.call.pos, test)

    def verdict(self, result: Result) -> bool | None:
        """Whether a value is true in a template; None where it may be either."""
        return truth.truth_of(without_missing(result, False))

    def _operated(self, expr: nodes.Operation, names: Names) -> Value:
        right = self.value(expr.right, names)
        if expr.left is None:
            return self._unary(expr.op, right)
        left = self.value(expr.left, names)
        if expr.op in ("and", "or"):
            verdict = self.verdict(left.result)
            if verdict is not None:
                return right if verdict is (expr.op == "and") else left
            if self.verdict(right.result) is (expr.op == "or"):
                return Value(known(Lit(expr.op == "or")))
            return Value(unknown(NOT_FOLLOWED), left.name, left.cell)
        if expr.op == "~":
            both = [self.text(side) for side in (left, right)]
            return Value(texts.combined(both), left.name if left.name != "value" else right.name)
        function = _COMPARED.get(expr.op) or pure.operation(expr.op)
        if function is None:
            return Value(unknown(NOT_FOLLOWED), left.name)
        given = [without_missing(side.result, None) for side in (left, right)]
        found = plain.applied(self.engine, function, given, NOT_FOLLOWED)
        if not found.alts and expr.op == "+" and any(isinstance(a.thing, Pieces) for side in given for a in side.alts):
            found = texts.combined([self.text(side) for side in (left, right)])
        return Value(found, left.name if left.name != "value" else right.name, left.cell)

    def _unary(self, op: str, value: Value) -> Value:
        if op == "not":
            verdict = self.verdict(value.result)
            if verdict is not None:
                return Value(known(Lit(not verdict)))
            return Value(unknown(NOT_FOLLOWED), value.name, value.cell)
        change: Callable[[Any], object] = (lambda number: -number) if op == "-" else (lambda number: +number)
        return Value(plain.applied(self.engine, change, [value.result], NOT_FOLLOWED), value.name)

    def _applied(self, expr: nodes.Apply, names: Names) -> Value:
        if expr.kind == "call":
            return self._called(expr, names)
        base = Value(known(Lit(""))) if expr.base is None else self.value(expr.base, names)
        if expr.kind == "test":
            return self._tested(expr, base, names)
        args = [self.value(arg, names) for arg in expr.args]
        keywords = {name: self.value(value, names) for name, value in expr.keywords}
        return self.filtered(expr, base, args, keywords)

    def filtered(
        self, expr: nodes.Apply, base: Value, args: list[Value], keywords: dict[str, Value]
    ) -> Value:  # fmt: skip
        """A value behind a filter."""
        name = expr.name
        if name in ("default", "d"):
            return self._or_default(base, args, keywords)
        if name in ("safe", "forceescape"):
            return base._replace(safe=name == "safe")
        if name == "join" and not keywords.get("attribute") and len(args) < 2:
            joined = self._joined(base, args[0] if args else keywords.get("d", Value(known(Lit("")))))
            if joined is not None:
                return joined
        function = None if expr.spread else template_filters.function(name, tuple(keywords))
        if function is not None:
            given = [without_missing(v.result, None) for v in (base, *args, *keywords.values())]
            found = plain.applied(self.engine, function, given, NOT_FOLLOWED)
            if found.alts and not found.open:
                return Value(found, base.name, base.cell, name in ("e", "escape", "tojson"))
        if name in template_filters.SAME_SIZE and not expr.spread:
            return base
        if name == "indent":
            return self._indented(base, args, keywords)
        if name == "truncate":
            most = self._number(args[0] if args else keywords.get("length"), 255)
            leeway = self._number(args[3] if len(args) > 3 else keywords.get("leeway"), 5)
            if most is not None and leeway is not None:
                return self.hole(base, most + leeway, f"cut to {most} characters")
        return Value(unknown(f"what the filter `{name}` makes of it"), base.name, base.cell)

    def _number(self, value: Value | None, default: int) -> int | None:
        found = default if value is None else plain.of_result(self.engine, value.result)
        return found if isinstance(found, int) and 0 <= found <= plain.MAX_TEXT else None

    def _or_default(self, base: Value, args: list[Value], keywords: dict[str, Value]) -> Value:
        """`x | default("none")`: what stands for a missing value, and for a false one where that is asked for."""
        other = args[0] if args else keywords.get("default_value", Value(known(Lit(""))))
        asked = args[1] if len(args) > 1 else keywords.get("boolean")
        false_too = asked is not None and self.verdict(asked.result) is True
        results = []
        for alt in base.result.alts:
            none = alt.thing == MISSING or (false_too and truth.truth_of(Result((alt,))) is False)
            results.append(within(other.result, alt.world) if none else Result((alt,)))
        return base._replace(result=opened(union(results), *base.result.open))

    def _joined(self, base: Value, between: Value) -> Value | None:
        """`items | join(", ")` of a list whose elements stand apart."""
        sign = plain.of_result(self.engine, between.result)
        lists = [alt for alt in base.result.alts if isinstance(alt.thing, ListOf)]
        if not isinstance(sign, str) or len(lists) != 1 or len(base.result.alts) > 1 or base.result.open:
            return None
        thing = lists[0].thing
        if not isinstance(thing, ListOf) or thing.open or thing.each or thing.fewer or len(thing.items) > 200:
            return None
        parts: list[Result] = []
        for cell in thing.items:
            if parts and sign:
                parts.append(known(Lit(sign)))
            parts.append(self.text(Value(self.engine.force(cell), base.name, cell)))
        return Value(texts.combined(parts), base.name, base.cell)

    def _indented(self, base: Value, args: list[Value], keywords: dict[str, Value]) -> Value:
        """`x | indent(4)`: spaces before each further line of what is known of a text."""
        width = self._number(args[0] if args else keywords.get("width"), 4)
        if width is None or width > 200:
            return Value(unknown("what the filter `indent` makes of it"), base.name, base.cell)
        alts = []
        for alt in self.text(base).alts:
            parts = texts.pieces(alt.thing, *texts.origin(alt, self.frame, self.call.pos)) or ()
            moved = [p._replace(text=p.text.replace("\n", "\n" + " " * width)) if p.text else p for p in parts]
            alts.append(Alt(texts.joined(moved), alt.trail, alt.world))
        return base._replace(result=Result(tuple(alts), base.result.open))

    def _tested(self, expr: nodes.Apply, base: Value, names: Names) -> Value:
        """`x is defined`, `x is string`, ..."""
        name = expr.name
        if name in ("defined", "undefined"):
            missing = [alt.thing == MISSING for alt in base.result.alts]
            given = base.cell is not None and isinstance(expr.base, nodes.Var)
            if missing and (given or not base.result.open) and len(set(missing)) == 1:
                return Value(known(Lit(missing[0] is (name == "undefined"))))
            if not missing and given:
                return Value(known(Lit(name == "defined")))
            return Value(unknown(NOT_FOLLOWED), base.name)
        if name in ("string", "mapping", "none", "iterable", "sequence", "number") and not base.result.open:
            kinds = {_is_kind(name, alt) for alt in base.result.alts}
            if len(kinds) == 1 and None not in kinds:
                return Value(known(Lit(bool(kinds.pop()))))
        function = template_filters.test(name)
        if function is None or expr.spread or expr.keywords:
            return Value(unknown(NOT_FOLLOWED), base.name)
        given_args = [without_missing(self.value(arg, names).result, None) for arg in expr.args]
        given_args.insert(0, without_missing(base.result, None))
        return Value(plain.applied(self.engine, function, given_args, NOT_FOLLOWED), base.name)

    def _called(self, expr: nodes.Apply, names: Names) -> Value:
        base = expr.base
        args = tuple(self.value(arg, names) for arg in expr.args)
        target = self._callee(base, names)
        if isinstance(target, Body):
            return Value(target.render(args), safe=True)
        if isinstance(target, MacroValue) and not expr.spread:
            keywords = {name: self.value(value, names) for name, value in expr.keywords}
            text = self.expanded(target, args, keywords, names.own.get("caller"))
            return Value(text, target.macro.name, safe=True)
        if isinstance(base, nodes.Var):
            return self._builtin(base.name, args, expr, names)
        if isinstance(base, nodes.Get) and isinstance(base.key, nodes.Const) and not expr.keywords:
            owner = self.value(base.base, names)
            return self._method(owner, str(base.key.value), args)
        return Value(unknown("what a function of the program gives"), name_of(base))

    def _callee(self, base: nodes.Expr | None, names: Names) -> Named | None:
        if isinstance(base, nodes.Var):
            return names.get(base.name)
        if isinstance(base, nodes.Get) and isinstance(base.base, nodes.Var) and isinstance(base.key, nodes.Const):
            module = names.get(base.base.name)
            if isinstance(module, dict):
                return module.get(str(base.key.value))
            return names.get(f"{base.base.name}.{base.key.value}()")
        return None

    def expanded(
        self, macro: MacroValue, args: tuple[Value, ...], keywords: dict[str, Value], caller: Named | None
    ) -> Result:
        """The text of a macro; `rendering` says how."""
        raise NotImplementedError

    def _builtin(self, name: str, args: tuple[Value, ...], expr: nodes.Apply, names: Names) -> Value:
        """`range(n)`, `dict(a=1)`, `namespace(a=1)`; any other function is one of the program."""
        if name == "range" and not expr.keywords:
            return Value(
                plain.applied(self.engine, template_filters.numbers, [arg.result for arg in args], NOT_FOLLOWED), name
            )
        if name in ("dict", "namespace") and not args:
            entries = tuple(Entry(key, self.value(value, names).result) for key, value in expr.keywords)
            return Value(known(DictOf(entries)), name)
        return Value(unknown("what a function of the program gives"), args[0].name if args else name)

    def _method(self, owner: Value, name: str, args: tuple[Value, ...]) -> Value:
        """A method of a text or dict: `.items()`, `.get(k)`, `.strip()`."""
        results = [within(self._method_of(alt, name, args), alt.world) for alt in owner.result.alts]
        found = opened(union(results), *owner.result.open) if results else unknown(NOT_FOLLOWED)
        return Value(found, owner.name, owner.cell)

    def _method_of(self, alt: Alt, name: str, args: tuple[Value, ...]) -> Result:
        thing = alt.thing
        if isinstance(thing, DictOf) and name in ("items", "keys", "values") and not args:
            if thing.open or not all(entry.sure for entry in thing.entries):
                return unknown(thing.open[0] if thing.open else NOT_FOLLOWED)
            last = {entry.key: entry.value for entry in thing.entries}
            rows: list[Cell] = []
            for key, cell in last.items():
                whole = known(ListOf((known(Lit(key)), cell), (), "tuple"))
                rows.append(whole if name == "items" else known(Lit(key)) if name == "keys" else cell)
            return known(ListOf(tuple(rows)))
        if isinstance(thing, DictOf) and name == "get" and args:
            key = plain.of_result(self.engine, args[0].result)
            found = unknown(NOT_FOLLOWED) if key is plain.NOT_PLAIN else self._item(alt, key)
            other = args[1].result if len(args) > 1 else known(Lit(None))
            return union(other if a.thing == MISSING else Result((a,), found.open) for a in found.alts) or found
        if isinstance(thing, (Lit, Pieces)) and name in pure.TEXT_METHODS:
            exact = plain.applied(
                self.engine, pure.text_method(name), [Result((alt,)), *(arg.result for arg in args)], NOT_FOLLOWED
            )
            if exact.alts or name not in template_filters.SAME_SIZE_METHODS:
                return exact
            return Result((alt,))
        return unknown("what a function of the program gives")

    def text(self, value: Value) -> Result:
        """A value as the text that the template puts in; a hole where it is not known."""
        result = without_missing(value.result, "")
        if self.falsy_none:
            alts = tuple(a._replace(thing=Lit("")) if a.thing == Lit(None) else a for a in result.alts)
            result = Result(alts, result.open)
        return texts.as_text(texts.shown(self.engine, result), self._held(value), self.frame, value.name)

    def piece(self, name: str, why: str, path: str, pos: Pos, most: int | None = None) -> Piece:
        """A hole at a place of the template."""
        return Piece(None, name, path, pos, most, why)


def without_missing(result: Result, instead: str | bool | None) -> Result:
    """The same, with something known for what is missing."""
    if not any(alt.thing == MISSING for alt in result.alts):
        return result
    alts = tuple(alt._replace(thing=Lit(instead)) if alt.thing == MISSING else alt for alt in result.alts)
    return Result(alts, result.open)


def _is_kind(name: str, alt: Alt) -> bool | None:
    """Whether a value is of a kind that a test asks for; None where that is not known."""
    thing = alt.thing
    if isinstance(thing, Pieces):
        return name in ("string", "iterable", "sequence")
    if isinstance(thing, ListOf):
        return name in ("iterable", "sequence")
    if isinstance(thing, DictOf):
        return name in ("mapping", "iterable", "sequence")
    if isinstance(thing, Lit):
        if isinstance(thing.value, str):
            return name in ("string", "iterable", "sequence")
        return name == "none" if thing.value is None else name == "number"
    return False if thing == MISSING else None


def name_of(expr: nodes.Expr | None) -> str:
    """The name that an expression tells: `docs` of `state.docs[0]`."""
    while expr is not None:
        if isinstance(expr, nodes.Var):
            return expr.name
        if isinstance(expr, nodes.Get) and isinstance(expr.key, nodes.Const) and isinstance(expr.key.value, str):
            return expr.key.value
        expr = getattr(expr, "base", None)
    return "value"


_COMPARED: dict[str, Callable[[Any, Any], object]] = {
    "==": lambda a, b: a == b, "!=": lambda a, b: a != b, "<": lambda a, b: a < b, "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b, ">=": lambda a, b: a >= b, "in": lambda a, b: a in b, "not in": lambda a, b: a not in b,
}  # fmt: skip
