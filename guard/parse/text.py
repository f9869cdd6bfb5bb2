"""Bytes to text. In: the bytes of a file. Out: its text with every line ending as `\\n`, or a `Problem`.

Used by all parsers of this room. Python's encoding rules (PEP 263) apply to Python files only.
"""

from __future__ import annotations

import codecs
import re

from guard.model import Problem

_COOKIE = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
_BLANK = re.compile(rb"^[ \t\f]*(?:#.*)?$")
_LINE_END = re.compile(rb"\r\n|\r|\n")
_YAML_LINE_END = re.compile("[\n\x85\u2028\u2029]")
_UTF_16_32 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
_REFUSED_CODECS = frozenset({"punycode", "idna", "undefined"})
"""Text codecs that no source is written in; the first two take quadratic time."""
_SAVE_AS_UTF8 = "Save the file as UTF-8."


def decoded(path: str, data: bytes, *, python: bool = False) -> str | Problem:
    """`data` as text: UTF-8, with `python` whatever the file's coding cookie says. Problems: `not-utf8`,
    `bad-encoding`."""
    with_mark = data.startswith(codecs.BOM_UTF8)
    if with_mark:
        data = data[3:]
    elif data.startswith(_UTF_16_32):
        return Problem(path, 1, 1, "not-utf8", "is UTF-16 or UTF-32 text, so it was not read", _SAVE_AS_UTF8)
    name = _cookie(data) if python else None
    if name is None or name.replace("_", "-").lower() in ("utf-8", "utf8"):
        return _utf8(path, data)
    try:
        codec = codecs.lookup(name)
        usable = getattr(codec, "_is_text_encoding", True) and codec.name not in _REFUSED_CODECS
    except (LookupError, ValueError):
        usable = False
    if not usable:
        message = f"declares the encoding {name[:40]!r}, which is none that text is written in"
        return Problem(path, 1, 1, "bad-encoding", message, _SAVE_AS_UTF8)
    if codec.name == "utf-8":
        return _utf8(path, data)
    if with_mark:
        message = f"begins with a UTF-8 byte order mark but declares the encoding {name[:40]!r}"
        return Problem(path, 1, 1, "bad-encoding", message, "Remove one of the two.")
    try:
        text, _ = codec.decode(data, "strict")
    except (UnicodeError, ValueError):
        message = f"is not valid text in {name[:40]!r}, the encoding that it declares"
        return Problem(path, 1, 1, "bad-encoding", message, _SAVE_AS_UTF8)
    return one_line_end(text)


def source_lines(path: str, data: bytes) -> list[str]:
    """The lines of a file as its parser counts them, for frames: YAML ends lines at more characters than Python, and
    neither at form feeds. What cannot be decoded shows as replacement characters."""
    text = decoded(path, data, python=path.endswith(".py"))
    if isinstance(text, Problem):
        text = one_line_end(data.decode("utf-8", "replace"))
    lines = _YAML_LINE_END.split(text) if path.endswith((".yaml", ".yml")) else text.split("\n")
    return lines[:-1] if lines[-1] == "" else lines


def _utf8(path: str, data: bytes) -> str | Problem:
    try:
        return one_line_end(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line = len(_LINE_END.findall(before)) + 1
        column = len(re.split(rb"[\r\n]", before)[-1].decode("utf-8", "replace")) + 1
        return Problem(path, line, column, "not-utf8", "is not valid UTF-8 text, so it was not read", _SAVE_AS_UTF8)


def _cookie(data: bytes) -> str | None:
    """The encoding named in a comment of the first two lines (the second counts only after a blank or comment)."""
    if b"coding" not in data[:2_000]:
        return None
    for line in _LINE_END.split(data[:2_000], maxsplit=2)[:2]:
        found = _COOKIE.match(line)
        if found:
            return found[1].decode("ascii", "replace")
        if not _BLANK.match(line):
            return None
    return None


def one_line_end(text: str) -> str:
    """Text with every line ending as `\n`, as Python reads a text file."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
