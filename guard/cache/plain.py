"""Frozen dataclasses as bytes and back, so that nothing in the bytes can run. In: a dataclass and objects of it.

The bytes are JSON: for each class one column for each field, equal objects once, references by number. A trail that a
hundred requests share is one row, and reading is a few passes in C for each column instead of one call for each field.

What is read is not trusted. A field's column must hold the types that its annotation names, exactly; a reference a row
that exists; a figure a finite number of reasonable size. Anything else, and `loads` gives None: it never raises and
calls nothing but the constructors of the dataclasses that the annotations name. `dumps` raises TypeError for an object
that is not as its annotations say, which is a mistake in guard and not one in the data.

Annotations that are understood: `str`, `int`, `float` (which may hold an int, as in Python), `bool`, None, `Literal`,
`Decimal`, dataclasses that do not contain themselves, `tuple`, `Mapping[str, ...]`, and a union of plain types, with a
tuple beside them, or of one other with None. Neighbours: `store`, which keeps the bytes; `guard.kept`.
"""

from __future__ import annotations

import json
import marshal
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from decimal import Decimal, InvalidOperation
from itertools import chain, islice
from typing import Any, Generic, Literal, TypeVar, get_args, get_origin

Kept = TypeVar("Kept")
Rows = dict[str, list[Any]]
"""By class, its objects."""
Read = Callable[[Sequence[Any], Rows], list[Any]]
"""A column as JSON has it, and the objects that are read already, to values. Raises ValueError."""
Write = Callable[[Any, "_Writing"], Any]
"""A value to what JSON can hold."""

_PLAIN = (str, int, float, bool, type(None))
_LONGEST_FIGURE = 200
"""Characters of a decimal."""
_LARGEST_EXPONENT = 100


class Plain(Generic[Kept]):
    """Writes and reads objects of one dataclass."""

    def __init__(self, kind: type[Kept]) -> None:
        """Raises TypeError when an annotation in it, or in a dataclass that it contains, is not understood."""
        self._kind = kind
        self._forms: dict[str, _Form] = {}
        """By name, each after those that it contains."""
        self._open: list[type] = []
        self._add(kind)

    def dumps(self, item: Kept) -> bytes:
        """The bytes. Raises TypeError where a value is not what its annotation says."""
        writing = _Writing(self._forms)
        writing.row(self._kind.__name__, item)
        columns = {
            name: [list(column) for column in zip(*writing.rows[name])] if form.names else len(writing.rows[name])
            for name, form in self._forms.items()
        }
        return json.dumps(columns, separators=(",", ":"), allow_nan=True).encode()

    def loads(self, data: bytes) -> Kept | None:
        """The object; None: the bytes are not what `dumps` makes of this dataclass."""
        try:
            columns = json.loads(data)
            if type(columns) is not dict or columns.keys() != self._forms.keys():
                return None
            rows: Rows = {}
            for name, form in self._forms.items():
                rows[name] = form.objects(columns[name], rows)
        except (ValueError, TypeError, IndexError, RecursionError, InvalidOperation, OverflowError, MemoryError):
            return None
        found = rows[self._kind.__name__]
        return found[0] if len(found) == 1 else None

    def _add(self, kind: type) -> str:
        name = kind.__name__
        known = self._forms.get(name)
        if known is not None and known.kind is kind:
            return name
        if known is not None or kind in self._open or not is_dataclass(kind):
            raise TypeError(f"{kind!r} cannot be kept: two classes of a name, one within itself, or no dataclass")
        self._open.append(kind)
        hints = typing.get_type_hints(kind)
        made = {field.name: self._shape(hints[field.name]) for field in fields(kind)}
        self._open.pop()
        self._forms[name] = _Form(
            kind, tuple(made), tuple(write for write, _ in made.values()), tuple(read for _, read in made.values())
        )
        return name

    def _shape(self, hint: Any) -> tuple[Write, Read]:
        """How values of an annotation are written and read."""
        origin, arguments = get_origin(hint), get_args(hint)
        if hint is None or (isinstance(hint, type) and hint in _PLAIN):
            return _scalar((type(None) if hint is None else hint,))
        if hint is Decimal:
            return _write_decimal, _read_decimals
        if origin is Literal:
            return _literal(arguments)
        if origin in (typing.Union, types.UnionType):
            if all(one in _PLAIN for one in arguments):
                return _scalar(arguments)
            rest = [one for one in arguments if one is not type(None)]
            if len(rest) == 1 and len(arguments) == 2:
                return _optional(*self._shape(rest[0]))
            plain = [one for one in arguments if one in _PLAIN]
            if len(rest) - len([one for one in plain if one is not type(None)]) == 1:
                other = next(one for one in rest if one not in _PLAIN)
                if get_origin(other) is tuple:
                    return _plain_or_tuple(_scalar(plain), self._shape(other))
        if origin is tuple and arguments[-1:] == (...,):
            return _many(*self._shape(arguments[0]))
        if origin is tuple and arguments:
            return _fixed([self._shape(one) for one in arguments])
        if origin in (dict, Mapping) and arguments[0] is str:
            return _mapping(*self._shape(arguments[1]))
        if isinstance(hint, type) and is_dataclass(hint):
            return _reference(self._add(hint))
        raise TypeError(f"{hint!r} cannot be kept")


class _Form:
    """One dataclass: its fields in order, and how they are written and read."""

    def __init__(self, kind: type, names: tuple[str, ...], write: tuple[Write, ...], read: tuple[Read, ...]) -> None:
        self.kind, self.names, self.write, self.read = kind, names, write, read

    def objects(self, columns: Any, rows: Rows) -> list[Any]:
        """The objects of a class. Raises ValueError for what `dumps` cannot have written."""
        if not self.names:
            if type(columns) is not int or not 0 <= columns <= 1:
                raise ValueError(self.kind)
            return [self.kind() for _ in range(columns)]
        if columns == []:
            return []
        if type(columns) is not list or set(map(type, columns)) != {list} or len(columns) != len(self.names):
            raise ValueError(self.kind)
        if len(set(map(len, columns))) != 1:
            raise ValueError(self.kind)
        return list(map(self.kind, *(read(column, rows) for read, column in zip(self.read, columns))))


class _Writing:
    """Objects on their way to bytes: each once, whatever refers to it."""

    def __init__(self, forms: Mapping[str, _Form]) -> None:
        self._forms = forms
        self.rows: dict[str, list[tuple[Any, ...]]] = {name: [] for name in forms}
        self._numbers: dict[tuple[str, bytes], int] = {}
        self._seen: dict[tuple[str, int], int] = {}

    def row(self, name: str, item: Any) -> int:
        """The number of an object among those of its class."""
        known = self._seen.get((name, id(item)))
        if known is not None:
            return known
        form = self._forms[name]
        if type(item) is not form.kind:
            raise TypeError(f"{type(item).__name__} where a {name} should be")
        made = tuple([write(getattr(item, field), self) for write, field in zip(form.write, form.names)])
        # Equal tuples are not enough: 1 == 1.0 == True. Version 2 writes equal values alike wherever they came from.
        key = (name, marshal.dumps(made, 2))
        number = self._numbers.setdefault(key, len(self.rows[name]))
        if number == len(self.rows[name]):
            self.rows[name].append(made)
        self._seen[name, id(item)] = number
        return number


def _scalar(kinds: Sequence[type]) -> tuple[Write, Read]:
    allowed = frozenset(kinds) | ({int} if float in kinds else frozenset())

    def write(value: Any, _: _Writing) -> Any:
        if type(value) not in allowed:
            raise TypeError(f"{type(value).__name__} where one of {sorted(k.__name__ for k in allowed)} should be")
        return value

    def read(column: Sequence[Any], _: Rows) -> list[Any]:
        if not allowed.issuperset(map(type, column)):
            raise ValueError
        return list(column)

    return write, read


def _literal(words: tuple[Any, ...]) -> tuple[Write, Read]:
    allowed = frozenset(words)

    def write(value: Any, _: _Writing) -> Any:
        if value not in allowed:
            raise TypeError(f"{value!r} is not one of {words}")
        return value

    def read(column: Sequence[Any], _: Rows) -> list[Any]:
        if not set(map(type, column)) <= {str} or not allowed.issuperset(column):
            raise ValueError
        return list(column)

    return write, read


def _write_decimal(value: Any, _: _Writing) -> str:
    if type(value) is not Decimal:
        raise TypeError(f"{type(value).__name__} where a Decimal should be")
    return str(value)


def _read_decimals(column: Sequence[Any], _: Rows) -> list[Any]:
    if not set(map(type, column)) <= {str} or any(len(one) > _LONGEST_FIGURE for one in column):
        raise ValueError
    figures = {one: Decimal(one) for one in set(column)}
    if not all(one.is_finite() and abs(one.adjusted()) < _LARGEST_EXPONENT for one in figures.values()):
        raise ValueError
    return [figures[one] for one in column]


def _optional(write: Write, read: Read) -> tuple[Write, Read]:
    def write_one(value: Any, writing: _Writing) -> Any:
        return None if value is None else write(value, writing)

    def read_all(column: Sequence[Any], rows: Rows) -> list[Any]:
        found = iter(read([one for one in column if one is not None], rows))
        return [None if one is None else next(found) for one in column]

    return write_one, read_all


def _plain_or_tuple(plain: tuple[Write, Read], some: tuple[Write, Read]) -> tuple[Write, Read]:
    def write_one(value: Any, writing: _Writing) -> Any:
        return (some if type(value) is tuple else plain)[0](value, writing)

    def read_all(column: Sequence[Any], rows: Rows) -> list[Any]:
        lists = iter(some[1]([one for one in column if type(one) is list], rows))
        others = iter(plain[1]([one for one in column if type(one) is not list], rows))
        return [next(lists if type(one) is list else others) for one in column]

    return write_one, read_all


def _many(write: Write, read: Read) -> tuple[Write, Read]:
    def write_one(value: Any, writing: _Writing) -> Any:
        if type(value) is not tuple:
            raise TypeError(f"{type(value).__name__} where a tuple should be")
        return tuple([write(one, writing) for one in value])

    def read_all(column: Sequence[Any], rows: Rows) -> list[Any]:
        if not set(map(type, column)) <= {list}:
            raise ValueError
        found = iter(read(list(chain.from_iterable(column)), rows))
        return [tuple(islice(found, len(one))) for one in column]

    return write_one, read_all


def _fixed(shapes: Sequence[tuple[Write, Read]]) -> tuple[Write, Read]:
    def write_one(value: Any, writing: _Writing) -> Any:
        if type(value) is not tuple or len(value) != len(shapes):
            raise TypeError(f"{value!r} where a tuple of {len(shapes)} should be")
        return tuple([write(one, writing) for (write, _), one in zip(shapes, value)])

    def read_all(column: Sequence[Any], rows: Rows) -> list[Any]:
        if not set(map(type, column)) <= {list} or not set(map(len, column)) <= {len(shapes)}:
            raise ValueError
        parts = [read([one[at] for one in column], rows) for at, (_, read) in enumerate(shapes)]
        return list(zip(*parts))

    return write_one, read_all


def _mapping(write: Write, read: Read) -> tuple[Write, Read]:
    def write_one(value: Any, writing: _Writing) -> Any:
        pairs = tuple([(key, write(one, writing)) for key, one in value.items()])
        if any(type(key) is not str for key, _ in pairs):
            raise TypeError("a key that is no text")
        return pairs

    def read_all(column: Sequence[Any], rows: Rows) -> list[Any]:
        if not set(map(type, column)) <= {list}:
            raise ValueError
        pairs = list(chain.from_iterable(column))
        if not set(map(type, pairs)) <= {list} or any(len(pair) != 2 or type(pair[0]) is not str for pair in pairs):
            raise ValueError
        found = iter(zip([key for key, _ in pairs], read([one for _, one in pairs], rows)))
        return [dict(islice(found, len(one))) for one in column]

    return write_one, read_all


def _reference(name: str) -> tuple[Write, Read]:
    def write(value: Any, writing: _Writing) -> int:
        return writing.row(name, value)

    def read(column: Sequence[Any], rows: Rows) -> list[Any]:
        objects = rows[name]
        if not set(map(type, column)) <= {int} or (column and min(column) < 0):
            raise ValueError
        return [objects[one] for one in column]

    return write, read
