"""Filters and tests of Jinja2 that guard applies to known values. In: plain values. Out: plain values.

The functions are Jinja2's own, of a fixed list, so that what they make is what a program gets; filters and tests of the
repository never run. Each is held to a bound on what it makes (`plain.TooLarge`). Neighbour: `template_values` asks.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from guard.facts.link.plain import MAX_TEXT, MAX_VALUES, TooLarge
from guard.facts.link.pure import percent

if TYPE_CHECKING:
    import jinja2

SAME_SIZE = frozenset({
    "upper", "lower", "title", "capitalize", "trim", "string", "replace", "e", "escape", "striptags",
    "wordwrap", "list", "sort", "unique", "reverse",
})  # fmt: skip
"""Filters behind which a text is about as long as before them, so that what is known of it stays known."""
SAME_SIZE_METHODS = frozenset({"strip", "lstrip", "rstrip", "upper", "lower", "title", "capitalize", "replace"})
_FILTERS = frozenset({
    "abs", "batch", "capitalize", "center", "count", "dictsort", "e", "escape", "first", "float", "format",
    "indent", "int", "items", "join", "last", "length", "list", "lower", "max", "min", "replace", "reverse", "round",
    "slice", "sort", "string", "sum", "title", "tojson", "trim", "truncate", "unique", "upper", "urlencode",
    "wordcount", "wordwrap", "map", "select", "reject", "selectattr", "rejectattr",
})  # fmt: skip
_OF_LISTS = frozenset({"map", "select", "reject", "selectattr", "rejectattr"})
"""Filters that name further filters or tests, which have to be of the lists, too."""
_WITH_SIZES = frozenset({"center", "indent", "format", "batch", "slice", "replace", "join", "wordwrap"})
"""Filters that can make much of little, by what they are given."""
_TESTS = frozenset({
    "boolean", "divisibleby", "eq", "equalto", "==", "even", "false", "float", "ge", ">=", "gt", ">", "greaterthan",
    "in", "integer", "iterable", "le", "<=", "lower", "lt", "<", "lessthan", "mapping", "ne", "!=", "none", "number",
    "odd", "sequence", "string", "true", "upper", "defined", "undefined",
})  # fmt: skip
Function = Callable[..., object]


@functools.lru_cache(maxsize=1)
def _environment() -> jinja2.Environment:
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    return ImmutableSandboxedEnvironment()


def function(name: str, keywords: tuple[str, ...]) -> Function | None:
    """A filter as a function of its value and its arguments, the last of which have the names `keywords`."""
    if name not in _FILTERS:
        return None

    def apply(value: Any, *args: Any) -> object:
        split = len(args) - len(keywords)
        given, named = list(args[:split]), dict(zip(keywords, args[split:]))
        _check(name, value, [*given, *named.values()])
        if name == "format":
            return percent(str(value), tuple(given) if given else named)
        if name in _OF_LISTS:
            _check_named(name, given, named)
        made = _call(name, value, given, named)
        return _plain(made)

    return apply


def _call(name: str, value: Any, given: list[Any], named: dict[str, Any]) -> object:
    """Jinja2's own filter; what it refuses fails as Python does."""
    from jinja2 import TemplateError
    from jinja2.runtime import Undefined

    environment = _environment()
    try:
        context = environment.from_string("").new_context() if name in _OF_LISTS else None
        made = environment.call_filter(name, value, given, named, context=context)
        made = list(_first(made)) if hasattr(made, "__next__") else made
    except TemplateError as error:
        raise ValueError(str(error)) from None
    if isinstance(made, Undefined) or (isinstance(made, list) and any(isinstance(one, Undefined) for one in made)):
        raise TooLarge("a part that is not there")
    return made


def _first(items: Any) -> Any:
    """The elements of something that makes them one by one, bounded."""
    for number, item in enumerate(items):
        if number >= MAX_VALUES:
            raise TooLarge("too many")
        yield item


def _plain(made: object) -> object:
    """Without Jinja2's own types of texts and rows."""
    if isinstance(made, str):
        return str.__str__(made)
    if isinstance(made, tuple):
        return tuple(map(_plain, made))
    return list(map(_plain, made)) if isinstance(made, list) else made


def _check_named(name: str, given: list[Any], named: dict[str, Any]) -> None:
    """`map("upper")`, `select("odd")`: only filters and tests of the lists, and no hidden attribute."""
    for text in (*given, *named.values()):
        if isinstance(text, str) and "_" in text[:1]:
            raise TooLarge("an attribute that is not followed")
    asked = given[:1] if name in ("map", "select", "reject") else given[1:2]
    allowed = _FILTERS - _OF_LISTS if name == "map" else _TESTS
    if any(not isinstance(one, str) or one not in allowed for one in asked):
        raise TooLarge("a filter that is not followed")
    if name == "map" and asked and asked[0] in _WITH_SIZES:
        raise TooLarge("a filter that is not followed")


def _check(name: str, value: Any, args: list[Any]) -> None:
    """Refuses what could make far more than it got."""
    numbers = [abs(arg) for arg in args if isinstance(arg, int | float)]
    text = len(value) if isinstance(value, str | list | tuple | dict) else 1
    largest = max(numbers, default=0)
    if name in ("center", "indent", "tojson", "wordwrap") and largest:
        lines = value.count("\n") + 1 if isinstance(value, str) else MAX_VALUES
        if largest * lines + text > MAX_TEXT:
            raise TooLarge("too large")
    if name in ("indent", "replace", "join", "wordwrap"):
        longest = max((len(arg) for arg in args if isinstance(arg, str)), default=0)
        if text * (longest + 1) > 4 * MAX_TEXT:
            raise TooLarge("too large")
    if name in ("batch", "slice", "round") and largest > MAX_VALUES:
        raise TooLarge("too large")


def test(name: str) -> Function | None:
    """A test as a function of its value and arguments."""
    if name not in _TESTS:
        return None
    return lambda value, *args: bool(_environment().call_test(name, value, list(args)))


def numbers(*ends: int) -> list[int]:
    """`range(...)` of a template."""
    found = range(*ends)
    if len(found) > MAX_VALUES:
        raise TooLarge("too many")
    return list(found)
