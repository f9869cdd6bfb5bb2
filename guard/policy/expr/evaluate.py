"""What the parts of a condition do when it is asked. Neighbours: `condition` (puts them together), `values`.

In: the functions of the parts inside. Out: a function of a `Scope`. None of them raises; logic is that of CEL, where a
side that cannot be known matters only if the other does not settle the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from guard.policy.expr import functions, values
from guard.policy.expr.pattern import Pattern
from guard.policy.expr.types import Field
from guard.policy.expr.values import Absent, Unknown, Value

MAX_STEPS = 50_000
"""Parts of a condition that are asked for one object, those inside `exists` and `all` counted for each element."""


class Scope:
    """What names stand for while a condition is asked, and how much work is left."""

    __slots__ = ("names", "settled_by", "steps")

    def __init__(self, names: Mapping[str, Value], steps: int, settled_by: list[Value] | None = None) -> None:
        self.names = dict(names)
        self.steps = steps
        self.settled_by = settled_by


Run = Callable[[Scope], Value]


def get(inner: Run, field: Field) -> Run:
    read = field.get

    def run(scope: Scope) -> Value:
        value = inner(scope)
        return values.unsure(value) or read(value)

    return run


def has(inner: Run, field: Field) -> Run:
    of = get(inner, field)

    def run(scope: Scope) -> Value:
        value = of(scope)
        return value if isinstance(value, Unknown) else not isinstance(value, Absent)

    return run


def negation(value: Value) -> Value:
    missing = values.unsure(value)
    return not value if missing is None else missing


def logic(parts: tuple[Run, ...], settles: bool) -> Run:
    """`||` is settled by one True, `&&` by one False, whatever else is unknown; so is it in CEL for errors."""

    def run(scope: Scope) -> Value:
        unknown: list[Value] = []
        for part in parts:
            answer = part(scope)
            if answer is settles:
                return settles
            if not isinstance(answer, bool):
                unknown.append(answer)
        return values.joined(unknown) if unknown else not settles

    return run


def each(exists: bool, name: str, items: Run, ask: Run, size: int) -> Run:
    """`exists` is settled by one True, `all` by one False. An unknown element, perhaps one more, settles neither.

    `name`: the variable; `size`: how many parts `ask` has, each of which is work for each element.
    """
    settles = exists

    def run(scope: Scope) -> Value:
        elements = items(scope)
        if (missing := values.unsure(elements)) is not None:
            return missing
        unknown: list[Value] = []
        for element in elements:
            scope.steps -= size
            if scope.steps < 0:
                return Unknown((f"the condition asks about more than {MAX_STEPS:,} parts",))
            scope.names[name] = element
            answer = ask(scope)
            if answer is settles and not isinstance(element, Unknown):
                if scope.settled_by is not None:
                    scope.settled_by.append(element)
                return settles
            if answer is settles:
                unknown.append(element)
            elif not isinstance(answer, bool):
                unknown.append(answer)
        return values.joined(unknown) if unknown else not settles

    return run


def _unequal(sign: str, left: Value, right: Value) -> Value:
    return negation(values.equal(left, right))


def contained(sign: str, item: Value, items: Value) -> Value:
    if values.unsure(item) or values.unsure(items):
        return values.joined((item, items))
    return values.holds(item, items)


COMPARISONS: dict[str, Callable[[str, Value, Value], Value]] = {
    "==": lambda sign, left, right: values.equal(left, right),
    "!=": _unequal,
    **dict.fromkeys(("<", "<=", ">", ">="), values.compare),
}


def text_call(name: str, one: Run, other: Run) -> Run:
    """A function of text with an argument that is a text, too."""

    def run(scope: Scope) -> Value:
        text, part = one(scope), other(scope)
        if values.unsure(text) or values.unsure(part):
            return values.joined((text, part))
        return functions.call(name, text, part)

    return run


def matches(of: Run, compiled: Pattern) -> Run:
    """Whether a pattern is found in a text."""

    def run(scope: Scope) -> Value:
        text = of(scope)
        return values.unsure(text) or functions.call("matches", text, compiled)

    return run


def size(of: Run) -> Run:
    """The length of a text or list."""

    def run(scope: Scope) -> Value:
        value = of(scope)
        return values.unsure(value) or functions.size(value)

    return run


def listed(parts: tuple[Run, ...]) -> Run:
    """A list that is written out; unknown if an element is, as in CEL."""

    def run(scope: Scope) -> Value:
        items = tuple(part(scope) for part in parts)
        return values.joined(items) if any(map(values.unsure, items)) else items

    return run


def choose(ask: Run, one: Run, other: Run) -> Run:
    """`ask ? one : other`."""

    def run(scope: Scope) -> Value:
        answer = values.unsure(asked := ask(scope))
        return answer if answer is not None else (one if asked else other)(scope)

    return run
