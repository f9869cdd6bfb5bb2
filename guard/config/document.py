"""A configuration file as plain data that remembers where everything stands.

In: bytes of a file. Out: `Document`, made by `yaml_reader` and `toml_reader`, read by `validate` and `build`. The
limits that keep a hostile file from using up time or memory are here too.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from guard.config.issues import ConfigError, ConfigIssue
from guard.config.types import Place

MAX_BYTES = 1_000_000
"""Size of the largest configuration file that is read (a hand-written one has a few thousand)."""
MAX_DEPTH = 32
"""Nesting of lists and mappings; guard.yaml itself needs five levels."""
MAX_NODES = 50_000
"""Keys and values after aliases are expanded, which stops alias bombs."""

Path = tuple[str | int, ...]
"""Way from the top of a document: `("budgets", 0, "per_call")`."""
Pos = tuple[int, int]
"""Line and column, 1-based."""

_LINE_BREAK = re.compile(r"\r\n|\n|\r")


@dataclass(frozen=True, slots=True)
class Document:
    """Plain data (dict, list, str, int, Decimal, bool, None) with the position of every key and value."""

    path: str
    """As shown to users: relative to the root, or the name of a pack."""
    data: Any
    keys: Mapping[Path, Pos] = field(default_factory=dict)
    values: Mapping[Path, Pos] = field(default_factory=dict)
    lines: tuple[str, ...] = ()

    def value_place(self, where: Path) -> Place:
        """Where the value stands; for one that is not written, where the nearest thing around it stands."""
        return self._place(where, self.values)

    def key_place(self, where: Path) -> Place:
        """Where the key stands; for an item of a list, where the item stands."""
        return self._place(where, self.keys if where in self.keys else self.values)

    def issue(self, where: Path, message: str, hint: str = "", *, key: bool = False) -> ConfigIssue:
        """A mistake at a value, or at its key."""
        place = self.key_place(where) if key else self.value_place(where)
        return ConfigIssue(place.path, place.line, place.column, message, hint, line_text(self.lines, place.line))

    def _place(self, where: Path, table: Mapping[Path, Pos]) -> Place:
        found = table.get(where)
        while found is None and where:
            where = where[:-1]
            found = self.values.get(where)
        line, column = found or (1, 1)
        return Place(self.path, line, column)


def decode(raw: bytes, path: str) -> str:
    """The text of a file. Raises `ConfigError` for a file that is too large or not UTF-8."""
    if len(raw) > MAX_BYTES:
        raise too_large(path)
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise ConfigError([ConfigIssue(path, 1, 1, "the file is UTF-16, not UTF-8", "save it as UTF-8")])
    try:
        return raw.removeprefix(codecs.BOM_UTF8).decode("utf-8")
    except UnicodeDecodeError as error:
        before = error.object[: error.start].decode("utf-8")
        line, column = position(before, len(before))
        message = f"byte 0x{error.object[error.start]:02x} is not UTF-8"
        raise ConfigError([ConfigIssue(path, line, column, message, "save the file as UTF-8")]) from None


def too_large(path: str) -> ConfigError:
    """The error for a file above `MAX_BYTES`."""
    message = f"the file is larger than {MAX_BYTES // 1_000_000} MB, which is more than guard reads as a configuration"
    return ConfigError([ConfigIssue(path, 1, 1, message, "is it the right file?")])


def too_deep(path: str, text: str, pos: Pos) -> ConfigError:
    """The error for nesting beyond `MAX_DEPTH`."""
    return failure(path, text, pos, f"lists and mappings are nested more than {MAX_DEPTH} levels deep")


def too_many(path: str, text: str, pos: Pos) -> ConfigError:
    """The error for more than `MAX_NODES` values."""
    return failure(
        path, text, pos, f"the file holds more than {MAX_NODES} values (aliases count as what they stand for)"
    )


def failure(path: str, text: str, pos: Pos, message: str, hint: str = "") -> ConfigError:
    """An error of a reader, at a position of the text."""
    line, column = pos
    return ConfigError([ConfigIssue(path, line, column, message, hint, line_text(split_lines(text), line))])


def split_lines(text: str) -> tuple[str, ...]:
    """Lines as an editor counts them."""
    return tuple(_LINE_BREAK.split(text))


def line_text(lines: tuple[str, ...], line: int) -> str:
    """The text of a 1-based line, empty if there is none."""
    return lines[line - 1] if 0 < line <= len(lines) else ""


def position(text: str, offset: int) -> Pos:
    """Line and column of a character offset."""
    line, start = 1, 0
    for found in _LINE_BREAK.finditer(text, 0, offset):
        line, start = line + 1, found.end()
    return line, offset - start + 1


def number(text: str) -> int | Decimal | None:
    """A number from decimal digits (underscores allowed), exactly; None when its size is out of all reason.

    The bounds (15 digits before the point, 12 behind) also keep a text such as `1e999999999` from becoming an integer
    of a billion digits later on.
    """
    plain = text.replace("_", "")
    if len(plain) > 40:
        return None
    if re.fullmatch(r"[-+]?[0-9]+", plain):
        return int(plain) if len(plain.lstrip("+-0")) <= 15 else None
    return in_range(Decimal(plain))


def in_range(value: Decimal) -> Decimal | None:
    """The same number if it is finite and of a size that money, tokens and shares can have, else None."""
    if not value.is_finite() or len(value.as_tuple().digits) > 40:
        return None
    if value and not -12 <= value.adjusted() <= 15:
        return None
    return value if value else Decimal(0)
