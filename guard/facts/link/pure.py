"""Functions of Python without side effects that guard applies to known values, each with a bound on what it makes.

In: plain values (`plain`). Out: plain values. Raises `TooLarge` where the outcome would be too large to be followed,
and whatever Python's own function raises. Neighbours: `methods` and `stdlib` say where code calls them.
"""

from __future__ import annotations

import builtins
import operator
import re
import string
from collections.abc import Callable
from typing import Any

from guard.facts.link.plain import MAX_TEXT, MAX_VALUES, TooLarge
from guard.facts.lower import MAX_BITS

Function = Callable[..., object]

TEXT_METHODS = frozenset({
    "strip", "lstrip", "rstrip", "lower", "upper", "title", "capitalize", "casefold", "swapcase", "removeprefix",
    "removesuffix", "replace", "zfill", "center", "ljust", "rjust", "startswith", "endswith", "isdigit", "isalpha",
    "isalnum", "isspace", "isupper", "islower", "isnumeric", "isdecimal", "isidentifier", "count", "find", "rfind",
    "index", "rindex", "split", "rsplit", "partition", "rpartition", "splitlines", "expandtabs", "join",
})  # fmt: skip
"""Methods of a text that give a text, a number, a truth value or a list of texts."""
LIST_METHODS = frozenset({"count", "index", "copy"})
"""Methods of a list that leave it as it is."""
_CONVERSIONS: dict[str, Callable[[object], str]] = {"r": repr, "s": str, "a": ascii}
_WIDE = re.compile(r"\d{4,}|[*{]")
"""A width or precision of thousands of characters, or one that is given as a value."""
_NUMBER = re.compile(r"\d+")
_STARS = re.compile(r"%[-#0 +\d.*]*\*")
"""A width or precision of `%` that is a value."""


def text_method(name: str, keywords: tuple[str, ...] = ()) -> Function:
    """A method of texts by name, bounded. `keywords`: names of the last arguments that it is applied to."""

    def apply(text: str, *args: Any) -> object:
        method = getattr(text, name)
        named = dict(zip(keywords, args[len(args) - len(keywords) :]))
        args = args[: len(args) - len(keywords)]
        if name in ("zfill", "center", "ljust", "rjust", "expandtabs"):
            _check(max((a for a in args if isinstance(a, int)), default=0) * max(1, text.count("\t")), MAX_TEXT)
        elif name == "replace" and len(args) > 1:
            _check(len(text) + (text.count(args[0]) + 1) * len(args[1]), MAX_TEXT)
        elif name == "join":
            _check(sum(len(part) + len(text) for part in args[0]), MAX_TEXT)
        return method(*args, **named)

    return apply


def list_method(name: str) -> Function:
    """A method of lists by name."""
    return lambda items, *args: getattr(items, name)(*args)


def operation(op: str) -> Function | None:
    """A binary operator, bounded; None for one that is not followed."""
    return _OPERATIONS.get(op)


def formatted(value: object, conversion: str, spec: str) -> str:
    """What an f-string or `str.format` makes of a value: `conversion` is `r`, `s`, `a` or empty."""
    _check_widths(spec)
    convert = _CONVERSIONS.get(conversion)
    return format(value if convert is None else convert(value), spec)


def percent(template: str, values: object) -> str:
    """`template % values`"""
    stars = sum(found.count("*") for found in _STARS.findall(template))
    _check_widths(template, values if isinstance(values, tuple) else (values,), stars)
    return template % values


def format_method(template: str, *args: object, **keywords: object) -> str:
    """`template.format(...)`; fields that ask for attributes are not followed."""
    parse = string.Formatter().parse
    found = [(name or "", spec or "") for _, name, spec, _ in parse(template)]
    inner = [name or "" for _, spec in found if "{" in spec for _, name, _, _ in parse(spec)]
    if any("." in name for name in (*inner, *(name for name, _ in found))):
        raise ValueError("attributes of values are not followed")
    if any("[" in name for name in inner):
        raise TooLarge("widths inside of values are not followed")
    _check_widths(template, (*args, *keywords.values()), len(inner))
    return template.format(*args, **keywords)


def is_wide(spec: str) -> bool:
    """Whether a format can add thousands of characters to a text, or says its width by a value."""
    return _WIDE.search(spec) is not None


def _check_widths(text: str, values: tuple[object, ...] = (), times: int = 0) -> None:
    """Holds all numbers of a format to the size of a text; `values` are widths, so many times."""
    widest = max((_width(value) for value in values), default=0) if times else 0
    _check(_width(text) + widest * times, MAX_TEXT)


def _width(value: object) -> int:
    """The most characters that a value can ask for, as a width or as a text of formats."""
    if isinstance(value, str):
        return sum(int(number) for number in _NUMBER.findall(value))
    return abs(value) if isinstance(value, int) else 0


def _check(size: float, most: int) -> None:
    if size > most:
        raise TooLarge("too large")


def _multiplied(a: Any, b: Any) -> object:
    if isinstance(a, int) and isinstance(b, int):
        _check(a.bit_length() + b.bit_length(), MAX_BITS)
    for sequence, times in ((a, b), (b, a)):
        if isinstance(sequence, (str, list, tuple)):
            _check(len(sequence) * max(times, 0), MAX_TEXT if isinstance(sequence, str) else MAX_VALUES)
    return a * b


def _power(a: Any, b: Any) -> object:
    if isinstance(a, int) and isinstance(b, int):
        _check(a.bit_length() * max(b, 0), MAX_BITS)
    return a**b


def _shifted(a: Any, b: Any) -> object:
    _check(b, MAX_BITS)
    return a << b


def _remainder(a: Any, b: Any) -> object:
    return percent(a, b) if isinstance(a, str) else a % b


_OPERATIONS: dict[str, Function] = {
    "+": operator.add, "-": operator.sub, "*": _multiplied, "/": operator.truediv, "//": operator.floordiv,
    "%": _remainder, "**": _power, "<<": _shifted, ">>": operator.rshift, "&": operator.and_, "|": operator.or_,
    "^": operator.xor,
}  # fmt: skip

BUILTINS: dict[str, Function] = {
    f"builtins.{name}": getattr(builtins, name)
    for name in (
        "len", "sum", "abs", "round", "any", "all", "divmod", "repr", "ascii", "chr", "ord", "hex", "oct", "bin",
    )
}  # fmt: skip
"""Builtins of one or two plain arguments, without keywords."""
