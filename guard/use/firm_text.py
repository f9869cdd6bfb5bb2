"""Lines of configuration as a file has them: YAML for guard.yaml, TOML for pyproject.toml. In: `Declared`. Out: lines.

Texts of a scanned repository (paths, names of parameters) are quoted, so that they can be nothing but texts there.
Neighbour: `firm.py`, which says what is worth declaring.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from guard.report.format import safe

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*")
_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_GLOB = re.compile(r"([\\*?\[\]!#])")


@dataclass(frozen=True, slots=True)
class Named:
    """A size by the name of what has it, in tokens."""

    name: str
    tokens: int
    why: str


@dataclass(frozen=True, slots=True)
class Entry:
    """An element of a list: what it is about, then what it says, each with a reason."""

    about: str
    """The key of what it is about: `request`, `entry` or `paths`."""
    what: str
    says: tuple[tuple[str, str | int, str], ...] = ()
    holes: tuple[Named, ...] = ()


@dataclass(frozen=True, slots=True)
class Declared:
    """All that is worth declaring of a request."""

    rules: tuple[Entry, ...]
    """Below `usage: rules:`."""
    assume: tuple[Entry, ...]
    aliases: Mapping[str, str]

    def __bool__(self) -> bool:
        return bool(self.rules or self.assume or self.aliases)


def as_yaml(found: Declared) -> list[str]:
    """The lines of guard.yaml."""
    lines = ["usage:", "  rules:"] if found.rules else []
    lines += [line for entry in found.rules for line in yaml_entry(entry, "    ")]
    lines += ["assume:"] if found.assume else []
    lines += [line for entry in found.assume for line in yaml_entry(entry, "  ")]
    lines += ["aliases:"] if found.aliases else []
    return lines + [f"  {_scalar(name)}: {model}  # an example" for name, model in found.aliases.items()]


def yaml_entry(entry: Entry, indent: str) -> Iterator[str]:
    """The lines of one element of a list in YAML."""
    what = f"[{_quoted(_literal(entry.what))}]" if entry.about == "paths" else _scalar(entry.what)
    yield f"{indent}- {entry.about}: {what}"
    for key, value, why in entry.says:
        yield f"{indent}  {key}: {_scalar(value) if isinstance(value, str) else value}  # {safe(why)}"
    if entry.holes:
        yield f"{indent}  holes:"
        yield from (f"{indent}    {_scalar(one.name)}: {one.tokens}  # {safe(one.why)}" for one in entry.holes)


def as_toml(found: Declared) -> list[str]:
    """The lines of pyproject.toml."""
    lines = [line for entry in found.rules for line in toml_entry(entry, "usage.rules")]
    lines += [line for entry in found.assume for line in toml_entry(entry, "assume")]
    lines += ["[tool.guard.aliases]"] if found.aliases else []
    return lines + [f"{_key(name)} = {_quoted(model)}  # an example" for name, model in found.aliases.items()]


def toml_entry(entry: Entry, table: str) -> Iterator[str]:
    """The lines of one element of a list in TOML; `table`: the list's key below `tool.guard`."""
    yield f"[[tool.guard.{table}]]"
    what = f"[{_quoted(_literal(entry.what))}]" if entry.about == "paths" else _quoted(entry.what)
    yield f"{entry.about} = {what}"
    for key, value, why in entry.says:
        yield f"{key} = {_quoted(value) if isinstance(value, str) else value}  # {safe(why)}"
    if entry.holes:
        sizes = ", ".join(f"{_key(one.name)} = {one.tokens}" for one in entry.holes)
        yield f"holes = {{{sizes}}}  # {safe(', '.join(dict.fromkeys(one.why for one in entry.holes)))}"


def _literal(path: str) -> str:
    """A path as a glob that matches it alone."""
    return _GLOB.sub(r"\\\1", path)


def _scalar(text: str) -> str:
    """A text of YAML, quoted unless it reads as nothing else."""
    return text if _PLAIN.fullmatch(text) and text.casefold() not in _WORDS else _quoted(text)


def _key(text: str) -> str:
    return text if _BARE.fullmatch(text) else _quoted(text)


def _quoted(text: str) -> str:
    """A text in double quotes with escapes that YAML, TOML and JSON share."""
    return json.dumps(text).replace("\x7f", "\\u007f")
