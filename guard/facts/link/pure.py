"""Functions of Python without side effects that guard applies to known values, each with a bound on what it makes.

In: plain values (`plain`). Out: plain values. Raises `TooLarge` where the outcome would be too large to be followed,
and whatever Python's own function raises. Neighbours: `methods` and `stdlib` say where code calls them.
"""

from __future__ import annotations

import builtins
import operator
import re
import string
from collections import Counter
from collections.abc import Callable, Mapping
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
_KEYS = re.compile(r"%\(([^()]*)\)")
_QUOTED = re.compile(r"%(?:\([^()]*\))?[-#0 +\d.*]*[ra]")
_FIELD = re.compile(r"[.\[]")


def text_method(name: str, keywords: tuple[str, ...] = ()) -> Function:
    """A method of texts by name, bounded. `keywords`: names of the last arguments that it is applied to."""

    def apply(text: str, *args: Any) -> object:
        method = getattr(text, name)
        if name in ("zfill", "center", "ljust", "rjust", "expandtabs"):
            _check(max((a for a in args if isinstance(a, int)), default=0) * max(1, text.count("\t")), MAX_TEXT)
        named = dict(zip(keywords, args[len(args) - len(keywords) :]))
        args = args[: len(args) - len(keywords)]
        if name == "replace" and len(args) > 1:
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
    _check(_length(value, conversion != "s"), MAX_TEXT)
    convert = _CONVERSIONS.get(conversion)
    return format(value if convert is None else convert(value), spec)


def percent(template: str, values: object) -> str:
    """`template % values`"""
    stars = sum(found.count("*") for found in _STARS.findall(template))
    _check_widths(template, values if isinstance(values, tuple) else (values,), stars)
    quoted = _QUOTED.search(template) is not None
    if isinstance(values, Mapping):
        named = Counter(_KEYS.findall(template))
        lengths = {key: _length(values[key], quoted) for key in named if key in values}
        size = sum(times * lengths[key] for key, times in named.items() if key in lengths)
        # A key with parentheses of its own, or none: the longest of all stands for it.
        others = template.count("%") - named.total() - 2 * template.count("%%")
        if others > 0:
            size += others * max((_length(value, True) for value in (*values.values(), values)), default=0)
    else:
        size = sum(_length(value, quoted) for value in (values if isinstance(values, tuple) else (values,)))
    _check(len(template) + size, MAX_TEXT)
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
    _check(len(template) + _filled_in(template, args, keywords), MAX_TEXT)
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


def _filled_in(template: str, args: tuple[object, ...], keywords: Mapping[str, object]) -> int:
    """The most characters that the values of all fields of a template have together."""
    given = dict(enumerate(args)) | dict(keywords)
    lengths: dict[object, tuple[int, int]] = {}
    size = number = 0
    for _, field, _, conversion in string.Formatter().parse(template):
        if field is None:
            continue
        key: object = _FIELD.split(field, maxsplit=1)[0]
        if key == "":
            key, number = number, number + 1
        elif isinstance(key, str) and key.isdecimal() and len(key) < 4:
            key = int(key)
        if key not in lengths and key in given:
            lengths[key] = _length(given[key], False), _length(given[key], True)
        size += lengths.get(key, (0, 0))[conversion in ("r", "a")]
    return size


def _length(value: object, quoted: bool) -> int:
    """The most characters that a value is shown with; `quoted`: as `repr` or `ascii` shows it."""
    if isinstance(value, str):
        return len(value) * (1 if not quoted else 2 if value.isascii() and value.isprintable() else 10) + 2
    if isinstance(value, Mapping):
        return 2 + sum(_length(key, True) + _length(item, True) + 4 for key, item in value.items())
    if isinstance(value, (list, tuple, set, frozenset)):
        return 2 + sum(_length(item, True) + 2 for item in value)
    return value.bit_length() // 3 + 2 if isinstance(value, int) else 400


def _check(size: float, most: int) -> None:
    if size > most:
        raise TooLarge("too large")


def _multiplied(a: Any, b: Any) -> object:
    if isinstance(a, int) and isinstance(b, int):
        _check(a.bit_length() + b.bit_length(), MAX_BITS)
    for sequence, times in ((a, b), (b, a)):
        if isinstance(sequence, (str, bytes, list, tuple)):
            _check(len(sequence) * max(times, 0), MAX_TEXT if isinstance(sequence, (str, bytes)) else MAX_VALUES)
    return a * b


def _power(a: Any, b: Any) -> object:
    if isinstance(a, int) and isinstance(b, int):
        _check(a.bit_length() * max(b, 0), MAX_BITS)
    return a**b


def _shifted(a: Any, b: Any) -> object:
    _check(b, MAX_BITS)
    return a << b


def _remainder(a: Any, b: Any) -> object:
    if isinstance(a, bytes):
        raise TooLarge("formats of bytes are not followed")
    return percent(a, b) if isinstance(a, str) else a % b


def _rounded(number: Any, *digits: Any) -> object:
    """`round(...)`; of whole numbers it makes a power of ten from the number of digits."""
    _check(max((abs(one) for one in digits if isinstance(one, int)), default=0), MAX_BITS)
    return round(number, *digits)


def _summed(items: Any, *start: Any) -> object:
    """`sum(...)`; of lists it copies all that was added so far for each of them."""
    parts = [*items, *start]
    _check(sum(len(part) for part in parts if isinstance(part, (list, tuple))), MAX_VALUES)
    return sum(parts[: len(parts) - len(start)], *start)


def _shown(convert: Callable[[object], str]) -> Function:
    """`repr` or `ascii`, bounded."""

    def apply(value: object) -> str:
        _check(_length(value, True), MAX_TEXT)
        return convert(value)

    return apply


_OPERATIONS: dict[str, Function] = {
    "+": operator.add, "-": operator.sub, "*": _multiplied, "/": operator.truediv, "//": operator.floordiv,
    "%": _remainder, "**": _power, "<<": _shifted, ">>": operator.rshift, "&": operator.and_, "|": operator.or_,
    "^": operator.xor,
}  # fmt: skip

BUILTINS: dict[str, Function] = {
    f"builtins.{name}": getattr(builtins, name)
    for name in (
        "len", "abs", "any", "all", "divmod", "chr", "ord", "hex", "oct", "bin",
    )
} | {
    "builtins.sum": _summed, "builtins.round": _rounded,
    "builtins.repr": _shown(repr), "builtins.ascii": _shown(ascii),
}  # fmt: skip
"""Builtins of one or two plain arguments, without keywords."""
