"""`[tool.guard]` of a pyproject.toml -> `Document`. Neighbours: `document` (the result), `toml_places` (positions).

`tomllib` reads the values; it tells no positions, so `toml_places` scans the same text for them.
"""

from __future__ import annotations

import datetime
import re
from decimal import Decimal
from typing import Any

from guard.config import document
from guard.config.document import MAX_DEPTH, MAX_NODES, Document, Path, Pos
from guard.config.issues import MAX_ISSUES, ConfigError, ConfigIssue, printable
from guard.config.toml_places import TooDeep, places

_HEADER = re.compile(rb"^[ \t]*\[+[ \t]*[\"']?tool[\"']?[ \t]*\.[ \t]*[\"']?guard[\"']?[ \t]*[].]", re.MULTILINE)
_AT = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_PREFIX: Path = ("tool", "guard")


def read_toml(raw: bytes, path: str) -> Document | None:
    """The table `[tool.guard]`, or None when the file has none.

    Raises `ConfigError` for a file that cannot be read, but only when it visibly has a `[tool.guard]` header: a broken
    pyproject.toml without one is not guard's business.
    """
    if b"guard" not in raw:
        return None
    try:
        return _read(raw, path)
    except ConfigError:
        if _HEADER.search(raw[: document.MAX_BYTES]):
            raise
        return None


def _read(raw: bytes, path: str) -> Document | None:
    import tomllib

    text = document.decode(raw, path)
    try:
        keys, values = places(text)
        whole = tomllib.loads(text, parse_float=Decimal)
    except TooDeep as error:
        raise document.too_deep(path, text, error.pos) from None
    except RecursionError:
        raise document.too_deep(path, text, (1, 1)) from None
    except ValueError as error:  # TOMLDecodeError, and int() of several thousand digits
        raise _bad_toml(path, text, str(error)) from None
    tool = whole.get("tool")
    if not isinstance(tool, dict) or "guard" not in tool:
        return None
    cut = len(_PREFIX)
    found = Document(
        path,
        tool["guard"],
        {where[cut:]: pos for where, pos in keys.items() if where[:cut] == _PREFIX},
        {where[cut:]: pos for where, pos in values.items() if where[:cut] == _PREFIX},
        document.split_lines(text),
    )
    issues: list[ConfigIssue] = []
    data = _plain(found, text, found.data, (), issues, [0])
    if issues:
        raise ConfigError(issues)
    return Document(path, data, found.keys, found.values, found.lines)


def _plain(found: Document, text: str, value: Any, where: Path, issues: list[ConfigIssue], count: list[int]) -> Any:
    """The same data with dates as text and numbers checked for size, as `yaml_reader` gives them."""
    count[0] += 1
    if len(issues) >= MAX_ISSUES:
        raise ConfigError(issues)
    place = found.value_place(where)
    if count[0] > MAX_NODES:
        raise document.too_many(found.path, text, (place.line, place.column))
    if len(where) > MAX_DEPTH:
        raise document.too_deep(found.path, text, (place.line, place.column))
    match value:
        case dict():
            return {key: _plain(found, text, item, (*where, key), issues, count) for key, item in value.items()}
        case list():
            return [_plain(found, text, item, (*where, i), issues, count) for i, item in enumerate(value)]
        case datetime.date() | datetime.time():
            return value.isoformat()
        case bool():
            return value
        case int() if abs(value) >= 10**15:
            issues.append(found.issue(where, "the number is out of range"))
            return 0
        case Decimal():
            checked = document.in_range(value)
            if checked is None:
                issues.append(found.issue(where, f"number {value} is out of range"))
            return checked or Decimal(0)
    return value


def _bad_toml(path: str, text: str, message: str) -> ConfigError:
    """`tomllib` writes the position at the end of its message."""
    at = _AT.search(message)
    pos: Pos = (1, 1)
    if at:
        pos = (int(at[1]), int(at[2])) if at[1] else document.position(text, len(text))
    return document.failure(path, text, pos, f"bad TOML: {printable(_AT.sub('', message))}")
