"""Texts with places: `{name}` of `str.format` and `$name` of `string.Template`. In: a text. Out: `template_nodes`."""

from __future__ import annotations

import re
import string

from guard.parse.template_nodes import NotATemplate, Show, Text, Var

_DOLLAR = re.compile(r"\$(?:(?P<twice>\$)|(?P<name>[A-Za-z_][A-Za-z0-9_]*)|\{(?P<braced>[A-Za-z_][A-Za-z0-9_]*)\})")


def parse_format(text: str) -> tuple[Text | Show, ...]:
    """`{name}`; conversions, formats and what is behind a dot are left to who fills them. Raises `NotATemplate`."""
    found: list[Text | Show] = []
    line = 1
    try:
        for before, name, _, _ in string.Formatter().parse(text):
            if before:
                found.append(Text(before, line))
                line += before.count("\n")
            if name is not None:
                found.append(Show(Var(re.split(r"[.\[]", name)[0] or "argument"), line))
    except ValueError as error:
        raise NotATemplate(str(error)) from None
    return tuple(found)


def parse_dollar(text: str) -> tuple[Text | Show, ...]:
    """`$name` and `${name}`; `$$` is a dollar, another `$` stays as `safe_substitute` leaves it."""
    found: list[Text | Show] = []
    at, line = 0, 1
    for match in _DOLLAR.finditer(text):
        before = text[at : match.start()] + ("$" if match["twice"] else "")
        if before:
            found.append(Text(before, line))
            line += before.count("\n")
        name = match["name"] or match["braced"]
        if name:
            found.append(Show(Var(name), line))
        at = match.end()
    if at < len(text):
        found.append(Text(text[at:], line))
    return tuple(found)
