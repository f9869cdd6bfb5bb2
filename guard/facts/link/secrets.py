"""What must never be shown: texts that look like secrets, by the name they go by or by their shape.

In: a name, or a text. Out: whether it is one. `documents` and `known` drop values by their names, `values` drops what
would be shown as a model's name, `stretches` finds what frames of source lines write as dots. Neighbour: `guard.report`
escapes the rest.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

SECRET_WORDS = ("KEY", "TOKEN", "SECRET", "PASSWORD", "PASSWD", "PWD", "CREDENTIAL", "CREDENTIALS", "BEARER", "DSN")

_SHAPES = re.compile(
    r"(?<![\w-])(?:sk|pk|rk|gsk|ghp|gho|ghs|glpat|xox[abeprs]|xai|r8|nvapi)[-_][A-Za-z0-9_-]{8,}"
    r"|(?<![\w-])(?:hf_[A-Za-z0-9]{8,}|pplx-[A-Za-z0-9]{16,})"  # `pplx-7b-online` is a model, so is `x-hf-llama-7b`
    r"|\b(?:AKIA|ASIA|AIza)[A-Za-z0-9_-]{12,}"
    r"|://[^/\s@:]*:[^/\s@]+@"
    r"|[?&](?:[\w-]*key|[\w-]*token|sig|signature|password|secret)="
    r"|\bBearer\s+\S"
    r"|-----BEGIN ",
    re.IGNORECASE,
)
"""Keys by the prefixes that their issuers give them, credentials in addresses, headers, key files."""

_TO_ITS_END = re.compile(r"[^\s\"'`]*")
_KEY_FILE = "-----BEGIN "
_NAMED = re.compile(
    r"""(?:(?<![\w-])(?P<name>[A-Za-z_][\w-]*)["']?\]?(?:\s?:\s?[\w.\[\]| ]{1,40}?)?\s{0,20}[=:](?!=)"""
    r"""|\(\s*["'](?P<asked>[A-Za-z_][\w-]*)["']\s*,)"""
    r"""\s{0,20}(?:[\w.]{0,40}Secret\w{0,20}\()?(?P<kind>[rbfuRBFU]{0,2})(?P<quote>\"{3}|'{3}|["'])(?P<text>(?:\\.|(?!(?P=quote)).)*)"""
)
"""`api_key="..."`, `"Authorization": "..."`, `headers["x-api-key"] = "..."`, `get("password", "...")` on one line."""
_SETTING = re.compile(r"\s*(?:export\s+|-\s+)?(?P<name>[A-Za-z_][\w.-]*)\s*[=:]\s*(?P<text>[^\s\"'].*)")
"""A line of YAML, TOML or an environment file, whose text needs no quotes."""
_HOLE = re.compile(r"\{[\w.]+\}")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def is_secret(name: str) -> bool:
    """Whether a key looks like that of a secret; the values of such keys are never kept."""
    upper = name.upper()
    return any(upper == word or upper.endswith("_" + word) or word in upper.split("_") for word in SECRET_WORDS)


def looks_secret(text: str) -> bool:
    """Whether a text has the shape of a credential, whatever it is called."""
    return _SHAPES.search(text) is not None


def stretches(line: str, code: bool) -> Iterator[tuple[int, int]]:
    """Where a source line has what must not be shown (from 0, the end exclusive): the shape of a credential up to its
    end, and text that is given to a name like that of a secret. `code`: text stands in quotes.
    """
    last = 0
    for shape in _SHAPES.finditer(line):
        if shape.end() > last:
            rest = _TO_ITS_END.match(line, shape.end())
            last = len(line) if shape.group() == _KEY_FILE or rest is None else rest.end()
            yield from _outside_holes(line, shape.start(), last)
    for named in _NAMED.finditer(line):
        if _names_secret(named["name"] or named["asked"]):
            start, end = named.span("text")
            yield from _outside_holes(line, start, end) if "f" in named["kind"].lower() else ((start, end),)
    setting = None if code else _SETTING.match(line)
    if setting is not None and _names_secret(setting["name"]):
        yield setting.span("text")


def _outside_holes(line: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """What of a stretch is written in the source, not filled in at run time (`{settings.key}`)."""
    for hole in _HOLE.finditer(line, start, end):
        yield start, hole.start()
        start = hole.end()
    yield start, end


def _names_secret(name: str) -> bool:
    """As `is_secret`, for names as code, headers and settings write them (`apiKey`, `x-api-key`, `Authorization`)."""
    plain = re.sub(r"[-.]", "_", _HUMP.sub("_", name))
    return plain.lower().endswith(("authorization", "apikey")) or is_secret(plain)
