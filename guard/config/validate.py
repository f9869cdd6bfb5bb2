"""`Document` -> everything that is wrong with it, in words. Neighbours: `schema` (what is right), `load` (the caller).

`jsonschema` finds the violations; this module says where they stand, what was expected and what was probably meant. A
few rules that a schema cannot state (names written twice, a budget for a feature that does not exist) follow.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from itertools import islice
from typing import Any

from guard.config.document import Document, Path
from guard.config.issues import MAX_ISSUES, ConfigIssue, listed, nearest, printable, show
from guard.config.schema import OF_FEATURES, OF_REQUESTS
from guard.config.schema_values import Schema

_PLAIN_KEY = re.compile(r"[A-Za-z0-9_-]+")
_PLAIN_YAML = re.compile(r"[A-Za-z0-9$][A-Za-z0-9_ ./%*$-]*")


def problems(document: Document, schema: Schema) -> list[ConfigIssue]:
    """Every mistake in a document, at most `MAX_ISSUES`, in the order of the file; empty when it is valid."""
    from jsonschema import Draft7Validator, FormatChecker  # slow to import, and not needed without a file

    if document.data is None:
        hint = f"begin with {_write_pair(document, 'version', 1)}"
        return [document.issue((), "the configuration is empty", hint)]
    validator = Draft7Validator(schema, format_checker=FormatChecker(["date"]))
    found: list[ConfigIssue] = []
    seen: set[Path] = set()
    for error in islice(validator.iter_errors(document.data), MAX_ISSUES):
        where: Path = tuple(error.absolute_path)
        if not isinstance(error.instance, dict):
            # A wrong scalar can break several keywords; the first one says enough.
            if where in seen:
                continue
            seen.add(where)
        found.extend(islice(_explain(document, where, error), MAX_ISSUES))
        if len(found) >= MAX_ISSUES:
            break
    found.extend(_written_twice(document, "policies", "id", "policy"))
    found.extend(_written_twice(document, "budgets", "name", "budget"))
    found.extend(_check_and_condition(document))
    found.extend(_not_of_prompts(document))
    found.extend(_without_feature(document))
    found.extend(_unknown_names(document, "budgets", "feature", "features"))
    found.extend(_unknown_names(document, "budgets", "scenario", "scenarios"))
    found.extend(_unknown_names(document, "usage.rules", "feature", "features"))
    return sorted(found[:MAX_ISSUES], key=lambda issue: (issue.line, issue.column))


def label(where: Path) -> str:
    """A path as people write it: `budgets[1].per_call`, `prices["anthropic/*"].discount`."""
    text = ""
    for part in where:
        if isinstance(part, int):
            text += f"[{part}]"
        elif _PLAIN_KEY.fullmatch(part):
            text += f".{part}" if text else part
        else:
            text += f'["{printable(part[:80])}"]'
    return text


def _explain(document: Document, where: Path, error: Any) -> Iterator[ConfigIssue]:
    """The issues for one violation that `jsonschema` reports."""
    schema: Schema = error.schema
    instance: Any = error.instance
    match error.validator:
        case "additionalProperties":
            for key in instance:
                if key not in schema["properties"]:
                    yield _unknown_key(document, (*where, key), list(schema["properties"]))
        case "required":
            for key in error.validator_value:
                if key not in instance:
                    yield _missing_key(document, where, key, schema["properties"][key])
        case "anyOf":
            names = [option["required"][0] for option in error.validator_value]
            yield document.issue(where, f"{label(where)} declares nothing", f"add {listed(names, 'or')}")
        case "oneOf":
            yield _not_one(document, where, instance, error.validator_value)
        case "minLength" if "propertyNames" in error.absolute_schema_path:
            yield document.issue((*where, instance), f"a name in {label(where)} is empty", key=True)
        case "minItems" | "minLength":
            yield document.issue(where, f"{label(where)} is empty", _example(document, where, schema))
        case _:
            yield _wrong_value(document, where, schema, instance)


def _unknown_key(document: Document, where: Path, known: list[str]) -> ConfigIssue:
    key = str(where[-1])
    inside = f" in {label(where[:-1])}" if len(where) > 1 else ""
    meant = nearest(key, known)
    hint = f"did you mean '{meant}'?" if meant else f"this version of guard knows {listed(known)}"
    return document.issue(where, f"unknown key {show(key)}{inside}", hint, key=True)


def _missing_key(document: Document, where: Path, key: str, schema: Schema) -> ConfigIssue:
    subject = label(where) or "the configuration"
    hint = f"add {_write_pair(document, key, schema['examples'][0])}"
    return document.issue(where, f"{subject} has no '{key}'", hint)


def _not_one(document: Document, where: Path, instance: dict[str, Any], options: list[Schema]) -> ConfigIssue:
    """Alternatives of which exactly one must be written; an option names its keys in `required` or `anyOf`."""
    groups = [
        option.get("required") or [inner["required"][0] for inner in option.get("anyOf", [])] for option in options
    ]
    written = [[key for key in group if key in instance] for group in groups]
    clash = [keys[0] for keys in written if keys]
    if not clash:
        names = [key for group in groups for key in group]
        return document.issue(where, f"{label(where)} has none of {listed(names)}", f"add {listed(names, 'or')}")
    second = max(clash, key=lambda key: document.keys.get((*where, key), (0, 0)))
    message = f"{label(where)} has both {listed(show(key) for key in clash)}"
    return document.issue((*where, second), message, "keep one of them", key=True)


def _wrong_value(document: Document, where: Path, schema: Schema, instance: Any) -> ConfigIssue:
    if not where:
        hint = f"begin with {_write_pair(document, 'version', 1)}"
        return document.issue(where, f"the configuration must be a mapping, found {show(instance)}", hint)
    name, title = label(where), str(schema["title"])
    example = _example(document, where, schema)
    if instance is None:
        return document.issue(where, f"{name} has no value", f"{example}, or remove the key")
    if special := _amount(name, title, instance):
        return document.issue(where, special[0], special[1] or example)
    hint = example
    words = schema.get("enum", [])
    if words and instance is False and "off" in words:
        hint = "did you mean 'off'?"
    elif words and isinstance(instance, str) and (meant := nearest(instance, words)):
        hint = f"did you mean '{meant}'?"
    elif title.startswith("a factor"):
        hint = example  # not "put it in quotes": `"10"` is no factor either
    elif schema.get("type") == "string" and isinstance(instance, bool | int | Decimal):
        hint = "put it in quotes"
    elif schema.get("type") == "array" and isinstance(instance, str):
        hint = f"write it as a list: [{_write(document, instance[:80])}]"
    return document.issue(where, f"{name} must be {title}, found {show(instance)}", hint)


def _amount(name: str, title: str, instance: Any) -> tuple[str, str] | None:
    """Message and hint for figures that are of the right kind but out of range."""
    if isinstance(instance, bool) or not isinstance(instance, str | int | Decimal) or title.startswith("a factor"):
        return None
    text = str(instance).strip()
    if re.fullmatch(r"\$?-\$?[0-9].*", text):
        return f"{name} is negative ({printable(text[:40])})", ""
    if not title.startswith("a share"):
        return None
    percent = re.fullmatch(r"([0-9]{1,12}(?:\.[0-9]{1,12})?) ?(%?)", text)
    if not percent or not (percent[2] or Decimal(percent[1]) > 1):
        return None
    plain = Decimal(percent[1])
    hint = f"write {plain.normalize():f}% or {plain.normalize() / 100:f}" if not percent[2] and plain <= 100 else ""
    return f"{name} is {text}, which is more than 100 %", hint


def _written_twice(document: Document, section: str, key: str, kind: str) -> Iterator[ConfigIssue]:
    first: dict[str, int] = {}
    for where, item in _items(document, section):
        name = item.get(key)
        if not isinstance(name, str):
            continue
        if name in first:
            message = f"{kind} {show(name)} is written twice"
            yield document.issue((*where, key), message, f"the first one is on line {first[name]}")
        first.setdefault(name, document.value_place((*where, key)).line)


def _check_and_condition(document: Document) -> Iterator[ConfigIssue]:
    """A policy is one or the other."""
    for where, item in _items(document, "policies"):
        if "deny" not in item:
            continue
        for key, advice in (("check", "keep one of them"), ("params", "a condition has no parameters; remove them")):
            if key in item:
                yield document.issue((*where, key), f"{label(where)} has both 'deny' and '{key}'", advice, key=True)


def _not_of_prompts(document: Document) -> Iterator[ConfigIssue]:
    """A budget of prompt templates selects no requests."""
    for where, item in _items(document, "budgets"):
        for key in OF_REQUESTS if "per_prompt" in item else ():
            if key in item:
                message = f"'{key}' of {label(where)} says nothing of what this budget judges"
                yield document.issue((*where, key), message, f"remove '{key}'", key=True)


def _unknown_names(document: Document, section: str, key: str, declared: str) -> Iterator[ConfigIssue]:
    """A feature or scenario that does not exist would select nothing, so that a budget is never exceeded."""
    known = document.data.get(declared, {}) if isinstance(document.data, dict) else {}
    names = list(known) if isinstance(known, dict) else []
    for where, item in _items(document, section):
        name = item.get(key)
        if isinstance(name, str) and name and name not in names:
            meant = nearest(name, names)
            hint = f"did you mean '{meant}'?" if meant else f"declare it under '{declared}'"
            yield document.issue((*where, key), f"there is no {key} {show(name)}", hint)


def _without_feature(document: Document) -> Iterator[ConfigIssue]:
    """A budget on units, customers or a margin without the feature that has them, or with one that lacks them."""
    features = document.data.get("features", {}) if isinstance(document.data, dict) else {}
    needs = {"per_unit": ("unit",), "per_customer": ("customers",), "min_margin": ("revenue_per_unit",)}
    for where, item in _items(document, "budgets"):
        for limit in OF_FEATURES:
            if limit not in item:
                continue
            name = item.get("feature")
            if name is None:
                yield document.issue(
                    (*where, limit), f"'{limit}' is about a feature, and the budget names none", "add 'feature'"
                )
                continue
            feature = features.get(name) if isinstance(features, dict) and isinstance(name, str) else None
            for key in needs[limit]:
                if isinstance(feature, dict) and key not in feature:
                    said = f"'{limit}' needs '{key}' of feature {show(name)}, which is not declared"
                    yield document.issue((*where, limit), said, f"add it under 'features: {printable(name)}:'")


def _items(document: Document, section: str) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The mappings of a list section (`budgets`, `usage.rules`), whatever else is wrong with the document."""
    found, way = document.data, tuple(section.split("."))
    for part in way:
        found = found.get(part) if isinstance(found, dict) else None
    for i, item in enumerate(found if isinstance(found, list) else []):
        if isinstance(item, dict):
            yield (*way, i), item


def _example(document: Document, where: Path, schema: Schema) -> str:
    examples = schema.get("examples")
    if not examples:
        return ""
    key = next((part for part in reversed(where) if isinstance(part, str)), None)
    if key is None or isinstance(where[-1], int):
        return f"for example {_write(document, examples[0])}"
    return f"for example {_write_pair(document, key, examples[0])}"


def _write_pair(document: Document, key: str, value: Any) -> str:
    return f"{_write_key(key)}{' = ' if _is_toml(document) else ': '}{_write(document, value)}"


def _write_key(key: str) -> str:
    return key if _PLAIN_KEY.fullmatch(key) else f'"{printable(key[:80])}"'


def _write(document: Document, value: Any) -> str:
    """An example in the notation of the file: YAML or TOML, on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(_write_pair(document, key, item) for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_write(document, item) for item in value) + "]"
    if isinstance(value, str) and (_is_toml(document) or not _PLAIN_YAML.fullmatch(value)):
        return f'"{printable(value)}"'
    return printable(str(value))


def _is_toml(document: Document) -> bool:
    return document.path.endswith(".toml")
