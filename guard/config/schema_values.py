"""Kinds of values that the schema of guard.yaml is made of: money, shares, factors, numbers, words, globs, lists.

In: a description and an example. Out: a part of a JSON Schema. Each has a `title` that completes the sentence "... must
be" and an example to write instead. Neighbours: `schema`, `usage_schema`; `values` reads what fits.
"""

from __future__ import annotations

from typing import Any

from guard.config.values import FACTOR_PATTERN, MONEY_PATTERN, SHARE_PATTERN

Schema = dict[str, Any]


def money(description: str, example: str) -> Schema:
    """An amount of US dollars."""
    return {
        "description": f"{description} US dollars: `0.05 USD`, `4_000 USD`, `$5` or a plain number.",
        "type": ["number", "string"],
        "minimum": 0,
        "pattern": MONEY_PATTERN,
        "title": "an amount of US dollars",
        "examples": [example],
    }


def share(description: str, example: str) -> Schema:
    """A share from 0 to 1, or in percent."""
    return {
        "description": f"{description} A share: `80%` or `0.8`.",
        "type": ["number", "string"],
        "minimum": 0,
        "maximum": 1,
        "pattern": SHARE_PATTERN,
        "title": "a share from 0 % to 100 %",
        "examples": [example],
    }


def whole(description: str, example: int, minimum: int = 0) -> Schema:
    """A whole number from `minimum` on."""
    title = f"a whole number of at least {minimum}"
    return {
        "description": description,
        "type": "integer",
        "minimum": minimum,
        "title": title,
        "examples": [example],
    }


def words(description: str, words: list[str], default: str | None = None) -> Schema:
    """One of some words."""
    title = f"one of {', '.join(words)}"
    found = {"description": description, "enum": words, "title": title, "examples": [default or words[0]]}
    return found | ({"default": default} if default else {})


def date(description: str, example: str) -> Schema:
    """A day in ISO 8601."""
    return {
        "description": description,
        "type": "string",
        "format": "date",
        "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
        "title": "a date as YYYY-MM-DD",
        "examples": [example],
    }


def globs(description: str, *, required: bool = False) -> Schema:
    """A list of globs as in .gitignore."""
    item = {
        "type": "string",
        # "./src" and "../src" never match a path; gitignore knows neither. A lone "!" or a trailing "\" is no pattern.
        "pattern": r"^(?!\.{1,2}/)(?!!$)(.*[^\\])$",
        "title": "a glob relative to the root, without ./ or ../ in front",
        "examples": ["src/search/**"],
    }
    return {
        "description": f"{description} Globs as in .gitignore, relative to the root: `src/**`, `*_test.py`.",
        "type": "array",
        "items": item,
        **({"minItems": 1} if required else {}),
        "title": "a list of globs",
        "examples": [["src/search/**"]],
    }


def items(description: str, item: Schema) -> Schema:
    """A list of one kind of value."""
    examples = [[item["examples"][0]]]
    return {"description": description, "type": "array", "items": item, "title": "a list", "examples": examples}


def named(description: str, item: Schema, example: Any) -> Schema:
    """A mapping whose keys the user chooses."""
    return {
        "description": description,
        "type": "object",
        "propertyNames": {"minLength": 1},
        "additionalProperties": item,
        "title": "a mapping",
        "examples": [example],
    }


def any_of(keys: list[str]) -> list[Schema]:
    """Alternatives of which one key at least is written."""
    return [{"required": [key]} for key in keys]


def factor(description: str, example: str) -> Schema:
    """A multiplier: `x10`, `+30%`, `-20%`."""
    return {
        "description": f"{description} A factor: `x10`, `x0.5`, `+30%` or `-20%`.",
        "type": "string",
        "pattern": FACTOR_PATTERN,
        "title": "a factor such as x10, x0.5, +30% or -20%",
        "examples": [example],
    }
