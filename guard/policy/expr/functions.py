"""The functions that a condition can call on text and lists. In: values, arguments. Out: values.

`glob` is guard's own: `*` stands for any characters (also `/`), `?` for one, capitals make no difference. `matches`
takes a pattern that is written out, which is compiled once and matched in linear time (`pattern`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from guard.policy.expr.pattern import MAX_TEXT
from guard.policy.expr.values import INFINITE, Between, Unknown, joined


@dataclass(frozen=True, slots=True)
class Function:
    """A function of text with one argument. `written`: the argument must be a text that is written out."""

    run: Callable[[str, Any], bool]
    doc: str
    written: bool = False


def glob(text: str, pattern: str) -> bool:
    """Whether the whole text matches; linear in either length, at most their product."""
    text, pattern = text.casefold(), pattern.casefold()
    at = position = 0
    star, resume = -1, 0
    while at < len(text):
        if position < len(pattern) and pattern[position] == "*":
            star, resume = position, at
            position += 1
        elif position < len(pattern) and pattern[position] in ("?", text[at]):
            at, position = at + 1, position + 1
        elif star >= 0:
            # The last star takes one character more; earlier ones need not be tried again.
            resume += 1
            at, position = resume, star + 1
        else:
            return False
    return all(character == "*" for character in pattern[position:])


FUNCTIONS = {
    "startsWith": Function(str.startswith, "whether a text begins with another"),
    "endsWith": Function(str.endswith, "whether a text ends with another"),
    "contains": Function(lambda text, part: part in text, "whether a text holds another"),
    "glob": Function(glob, "whether a text matches a glob as a whole: `*` any characters, `?` one, capitals or not"),
    "matches": Function(
        lambda text, pattern: pattern.found_in(text),
        "whether a pattern (RE2's syntax) is found in a text",
        written=True,
    ),
}
"""Functions of text by name; `size` is one of text and lists."""


def call(name: str, text: str, argument: Any) -> bool | Unknown:
    """A function of text. Text without end (a model name of a megabyte) is unknown to a pattern or glob."""
    if name in ("matches", "glob") and len(text) > MAX_TEXT:
        return Unknown((f"a text of more than {MAX_TEXT:,} characters is not matched",))
    return FUNCTIONS[name].run(text, argument)


def size(value: str | tuple[Any, ...]) -> Decimal | Between:
    """Characters of a text, elements of a list. An unknown element of a list stands for perhaps some more."""
    if isinstance(value, str):
        return Decimal(len(value))
    unknown = [item for item in value if isinstance(item, Unknown)]
    if not unknown:
        return Decimal(len(value))
    return Between(Decimal(len(value) - len(unknown)), INFINITE, joined(unknown).whys[0])
