"""Syntax -> a condition that can be asked: every type is known, or a located error. The way into this folder.

In: the text and the objects that it may name (`types.Object`). Out: `Condition`; its `ask` never raises, does bounded
work, and answers True, False or `values.Unknown`. Each kind of node becomes one function of a `Scope`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from guard.config.issues import printable, show
from guard.policy.expr import evaluate, functions, pattern, units, values
from guard.policy.expr.errors import ExpressionError, meant
from guard.policy.expr.evaluate import MAX_STEPS, Run, Scope
from guard.policy.expr.parser import parse
from guard.policy.expr.syntax import (
    Binary,
    Call,
    Choose,
    Each,
    Listed,
    Literal_,
    Logic,
    Name,
    Node,
    Select,
    Unary,
)
from guard.policy.expr.types import TEXT, TRUTH, Field, ListOf, Number, Object, Text, Truth, Type, said, same
from guard.policy.expr.values import Unknown, Value


class Made(NamedTuple):
    """A node whose type is known. `size`: how many parts it has."""

    type: Type
    run: Run
    size: int


@dataclass(frozen=True, slots=True)
class Mention:
    """A field that a condition names, from an object down: `request.attempts.high`."""

    path: tuple[str, ...]
    type: Type
    run: Run
    at: int
    """Offset of the object's name."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition that was compiled. `walks`: objects whose lists that grow with the repository it names, and where."""

    source: str
    run: Run
    mentions: tuple[Mention, ...]
    walks: tuple[tuple[str, int], ...] = ()

    @property
    def names(self) -> frozenset[str]:
        """The objects that it is about."""
        return frozenset(mention.path[0] for mention in self.mentions)

    def ask(
        self, objects: Mapping[str, Value], steps: int = MAX_STEPS, settled_by: list[Value] | None = None
    ) -> bool | Unknown:
        """The answer for these objects, which must have all names of the condition.

        `settled_by` takes the elements that settled an `exists` (it holds for them) or an `all` (it does not).
        """
        answer = self.run(Scope(objects, steps, settled_by))
        return answer if isinstance(answer, bool) else values.unsure(answer) or Unknown(("it has no answer",))

    def shown(self, objects: Mapping[str, Value]) -> tuple[tuple[str, Value], ...]:
        """Each field that it names, with its value."""
        scope = Scope(objects, MAX_STEPS)
        return tuple((".".join(mention.path), mention.run(scope)) for mention in self.mentions)


def compile(source: str, objects: Mapping[str, Type]) -> Condition:
    """A condition over these objects. Raises `ExpressionError` with the place of the first mistake."""
    node = parse(source)
    compiler = _Compiler(source, objects)
    made = compiler.make(node)
    if not isinstance(made.type, Truth):
        hint = "compare it with something, for example `> 3`" if isinstance(made.type, Number) else ""
        if isinstance(made.type, Object):
            units.no_object(node, made.type, source)
        raise ExpressionError(node.start, f"a condition is true or false, this is {said(made.type)}", hint)
    return Condition(source, made.run, tuple(compiler.mentions.values()), tuple(compiler.walks.items()))


def value_of(path: str, objects: Mapping[str, Type]) -> Mention:
    """A field named in a message (`request.usd.high`). Raises `ExpressionError`."""
    compiler = _Compiler(path, objects)
    node = parse(path)
    if not isinstance(node, Select):
        raise ExpressionError(0, f"{show(path)} is no field")
    made = compiler.make(node)
    if isinstance(made.type, Object | ListOf):
        units.no_object(node, made.type, path)
        raise ExpressionError(0, f"{show(path)} is a list, which has no short text")
    return next(iter(compiler.mentions.values()))


class _Compiler:
    def __init__(self, source: str, objects: Mapping[str, Type]) -> None:
        self.source = source
        self.objects = objects
        self.variables: dict[str, Type] = {}
        self.mentions: dict[tuple[str, ...], Mention] = {}
        self.walks: dict[str, int] = {}
        self.walking = False

    def make(self, node: Node) -> Made:
        match node:
            case Literal_():
                return _literal(node)
            case Name():
                return self._name(node)
            case Select():
                return self._select(node)
            case Call():
                return self._call(node)
            case Each():
                return self._each(node)
            case Unary():
                return self._unary(node)
            case Binary():
                return self._binary(node)
            case Logic():
                return self._logic(node)
            case Choose():
                return self._choose(node)
            case Listed():
                return self._listed(node)

    def _truth(self, node: Node, where: str) -> Made:
        made = self.make(node)
        if not isinstance(made.type, Truth):
            raise ExpressionError(node.start, f"{where} is true or false, this is {said(made.type)}")
        return made

    def _name(self, node: Name) -> Made:
        name = node.name
        kind = self.variables.get(name) or self.objects.get(name)
        if kind is None:
            holders = [one for one, kind in self.objects.items() if isinstance(kind, Object) and name in kind.fields]
            hint = f"did you mean '{holders[0]}.{name}'?" if holders else meant(name, (*self.variables, *self.objects))
            if not holders and hint.startswith("there "):
                hint = f"{hint}; text needs quotes"
            raise ExpressionError(node.start, f"there is nothing called {show(name)}", hint)
        return Made(kind, lambda scope: scope.names[name], 1)

    def _select(self, node: Select) -> Made:
        inner = self.make(node.object)
        if not isinstance(inner.type, Object):
            shown = f"{said(inner.type)} has no fields"
            raise ExpressionError(node.at, shown, self._instead_of_field(node, inner.type))
        field = inner.type.fields.get(node.field)
        if field is None:
            message = f"{said(inner.type)} has no field {show(node.field)}"
            raise ExpressionError(node.at, message, meant(node.field, inner.type.fields))
        made = Made(field.type, (evaluate.has if node.test else evaluate.get)(inner.run, field), inner.size + 1)
        self._mention(node, field, inner)
        return Made(TRUTH, made.run, made.size) if node.test else made

    def _instead_of_field(self, node: Select, kind: Type) -> str:
        if isinstance(kind, ListOf):
            return f"ask about its elements: `.exists(x, x.{printable(node.field)} ...)`"
        if isinstance(kind, Number) and node.field in ("low", "typical", "high"):
            return "it is one figure"
        return ""

    def _mention(self, node: Select, field: Field, inner: Made) -> None:
        """Keeps a field that is named from an object down, in place of the object that it is a field of."""
        path: list[str] = [field.name]
        below: Node = node.object
        while isinstance(below, Select):
            path.append(below.field)
            below = below.object
        if isinstance(below, Name) and below.name not in self.variables:
            path.append(below.name)
            whole = tuple(reversed(path))
            if isinstance(field.type, ListOf) and field.type.walk:
                if self.walking:
                    what = f"'{field.name}' is walked through for each of all requests, which may take too long"
                    raise ExpressionError(node.at, what, "ask about them in two policies")
                self.walks.setdefault(below.name, node.at)
            self.mentions.pop(whole[:-1], None)
            self.mentions[whole] = Mention(whole, field.type, evaluate.get(inner.run, field), below.start)

    def _call(self, node: Call) -> Made:
        receiver = self.make(node.receiver)
        if node.function == "size":
            return self._size(node, receiver)
        function = functions.FUNCTIONS.get(node.function)
        if function is None:
            known = (*functions.FUNCTIONS, "size", "exists", "all")
            raise ExpressionError(node.at, f"there is no function {show(node.function)}", meant(node.function, known))
        if not isinstance(receiver.type, Text):
            hint = "ask about its elements with exists or all" if isinstance(receiver.type, ListOf) else ""
            raise ExpressionError(node.at, f"'{node.function}' is about text, this is {said(receiver.type)}", hint)
        if len(node.arguments) != 1:
            raise ExpressionError(node.at, f"'{node.function}' takes one argument, not {len(node.arguments)}")
        if function.written:
            return self._matches(node, receiver, node.arguments[0])
        argument = self.make(node.arguments[0])
        if not isinstance(argument.type, Text):
            what = f"'{node.function}' takes a text, this is {said(argument.type)}"
            raise ExpressionError(node.arguments[0].start, what, "put it in quotes")
        run = evaluate.text_call(node.function, receiver.run, argument.run)
        return Made(TRUTH, run, receiver.size + argument.size + 1)

    def _size(self, node: Call, receiver: Made) -> Made:
        if node.arguments:
            raise ExpressionError(node.at, "'size' of a value takes no argument")
        if isinstance(receiver.type, ListOf) and receiver.type.walk:
            raise ExpressionError(
                node.at, "this list grows with the repository", "write `.count` for how many they are"
            )
        if not isinstance(receiver.type, Text | ListOf):
            raise ExpressionError(node.at, f"'size' is about text and lists, this is {said(receiver.type)}")
        return Made(Number(), evaluate.size(receiver.run), receiver.size + 1)

    def _matches(self, node: Call, receiver: Made, argument: Node) -> Made:
        if not isinstance(argument, Literal_) or not isinstance(argument.value, str):
            raise ExpressionError(argument.start, "the pattern of 'matches' must be written out", "for example 'mini$'")
        compiled = pattern.compile(argument.value, argument.start)
        return Made(TRUTH, evaluate.matches(receiver.run, compiled), receiver.size + 2)

    def _each(self, node: Each) -> Made:
        items = self.make(node.list)
        if not isinstance(items.type, ListOf) or items.type.item is None:
            raise ExpressionError(node.list.start, f"'{node.macro}' is about lists, this is {said(items.type)}")
        if node.name in self.objects or node.name in self.variables:
            raise ExpressionError(node.list.end, f"{show(node.name)} is taken", "choose another name for the variable")
        before = self.walking
        self.walking = self.walking or items.type.walk
        self.variables[node.name] = items.type.item
        body = self._truth(node.body, f"the condition of '{node.macro}'")
        del self.variables[node.name]
        self.walking = before
        run = evaluate.each(node.macro == "exists", node.name, items.run, body.run, body.size)
        return Made(TRUTH, run, items.size + 1)

    def _unary(self, node: Unary) -> Made:
        if node.operator == "!":
            made = self._truth(node.operand, "what '!' turns round")
            of = made.run
            return Made(TRUTH, lambda scope: evaluate.negation(of(scope)), made.size + 1)
        made = self.make(node.operand)
        if not isinstance(made.type, Number):
            raise ExpressionError(node.operand.start, f"'-' is about numbers, this is {said(made.type)}")
        of = made.run
        return Made(made.type, lambda scope: values.negative(of(scope)), made.size + 1)

    def _binary(self, node: Binary) -> Made:
        left, right = self.make(node.left), self.make(node.right)
        check = units.contained if node.operator == "in" else units.reckoned
        if node.operator in evaluate.COMPARISONS:
            check = units.compared
        kind = check(node, left.type, right.type, self.source)
        sign, one, other = node.operator, left.run, right.run
        of = evaluate.COMPARISONS.get(sign) or (evaluate.contained if sign == "in" else values.reckon)
        return Made(kind, lambda scope: of(sign, one(scope), other(scope)), left.size + right.size + 1)

    def _logic(self, node: Logic) -> Made:
        parts = [self._truth(item, f"each side of '{node.operator}'") for item in node.items]
        settles = node.operator == "||"
        run = evaluate.logic(tuple(part.run for part in parts), settles)
        return Made(TRUTH, run, sum(part.size for part in parts) + 1)

    def _choose(self, node: Choose) -> Made:
        condition = self._truth(node.condition, "what stands before '?'")
        yes, no = self.make(node.yes), self.make(node.no)
        if not same(yes.type, no.type):
            what = f"both sides of ':' must be alike, these are {said(yes.type)} and {said(no.type)}"
            raise ExpressionError(node.no.start, what)
        run = evaluate.choose(condition.run, yes.run, no.run)
        kind = no.type if yes.type == Number("any") else yes.type
        return Made(TEXT if isinstance(kind, Text) else kind, run, condition.size + yes.size + no.size + 1)

    def _listed(self, node: Listed) -> Made:
        parts = [self.make(item) for item in node.items]
        kind: Type | None = parts[0].type if parts else None
        for item, part in zip(node.items, parts):
            assert kind is not None
            units.no_object(item, part.type, self.source)
            if not same(kind, part.type):
                what = f"a list holds values of one kind, here {said(kind)} and {said(part.type)}"
                raise ExpressionError(item.start, what)
            kind = part.type if kind == Number("any") else kind
        run = evaluate.listed(tuple(part.run for part in parts))
        return Made(ListOf(kind), run, sum(part.size for part in parts) + 1)


def _literal(node: Literal_) -> Made:
    value = node.value
    if isinstance(value, bool):
        return Made(TRUTH, lambda scope: value, 1)
    if isinstance(value, str):
        return Made(TEXT, lambda scope: value, 1)
    number: Decimal = value
    return Made(Number(node.unit or "any"), lambda scope: number, 1)
