"""What kinds of value there are, and which go together. In: nothing. Out: `Type`s for `condition` and tables of fields.

There is one kind of number, exact, with a unit that keeps dollars, shares and counts apart. A number that is written
without a unit takes the unit of what it meets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

NumberUnit = Literal["count", "usd", "share", "any"]


@dataclass(frozen=True, slots=True)
class Truth:
    """true or false."""


@dataclass(frozen=True, slots=True)
class Number:
    """`count` (attempts, tokens, calls), `usd`, `share` (0 to 1), or `any`: written without a unit."""

    unit: NumberUnit = "count"


@dataclass(frozen=True, slots=True)
class Text:
    """Text; with `words` one of a few, so that a misspelt one is found at load time."""

    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list. `item` None: the empty list, whose elements have no type. `walk`: it grows with the repository."""

    item: Type | None
    walk: bool = False


@dataclass(frozen=True, slots=True)
class Field:
    """A field of an object, as declared in a table."""

    name: str
    type: Type
    doc: str
    get: Callable[[Any], Any]
    """Object as the table's owner has it -> a value of `values`, or an object for fields of type `Object`."""
    optional: bool = False
    """It may be absent, which `has` tells."""


@dataclass(frozen=True, slots=True)
class Object:
    """An object with declared fields. Two are the same when their names are."""

    name: str
    fields: Mapping[str, Field] = field(compare=False, hash=False)
    doc: str = field(default="", compare=False)


Type = Truth | Number | Text | ListOf | Object
TRUTH = Truth()
TEXT = Text()


def said(kind: Type) -> str:
    """A type in words, for messages and tables: `a number`, `an amount in USD`, `a list of text`."""
    match kind:
        case Truth():
            return "true or false"
        case Number(unit):
            return {"usd": "an amount in USD", "share": "a share"}.get(unit, "a number")
        case Text(words):
            return "text" if not words else f"one of {', '.join(words)}"
        case ListOf(item):
            return "a list" if item is None else f"a list of {_plural(item)}"
        case Object(name):
            return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def _plural(item: Type) -> str:
    match item:
        case Object(name):
            return "entries" if name == "entry" else f"{name}s"
        case Number():
            return "numbers"
    return "text"


def same(left: Type, right: Type) -> bool:
    """Whether values of both can be equal."""
    match left, right:
        case Number(a), Number(b):
            return a == b or "any" in (a, b)
        case ListOf(a), ListOf(b):
            return a is None or b is None or same(a, b)
        case Object(), Object():
            return left == right
    return type(left) is type(right)


def walk(objects: Mapping[str, Type]) -> Iterator[Object]:
    """All objects that can be reached from the names of an environment, each once."""
    seen: dict[str, Object] = {}
    queue = list(objects.values())
    while queue:
        kind = queue.pop(0)
        if isinstance(kind, ListOf) and kind.item is not None:
            queue.append(kind.item)
        elif isinstance(kind, Object) and kind.name not in seen:
            seen[kind.name] = kind
            queue.extend(one.type for one in kind.fields.values())
    yield from seen.values()
