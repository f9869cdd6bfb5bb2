"""The imports of a code file as its bytes show them, without parsing: which modules and which of their names.

In: bytes of Python or of a notebook. Out: `Imported` rows, a few too many at most: text that looks like an import (in a
docstring) counts as one, so whoever needs to be sure asks the facts afterwards. Neighbour: `searches`.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_NAMES = rb"\((?:[^()#]|#[^\n]*(?:\n|$))*\)|[^\n;#()]*"
_LETTER = rb"\w\x80-\xff"
_MODULE = rb"\.[.%b \t]*|[ \t][.%b \t]*?" % (_LETTER, _LETTER)
_IMPORT = re.compile(
    rb"(?:^|[;:\"])[ \t]*(?:from[ \t]*(%b)[ \t]*\bimport\b[ \t]*(%b)|import[ \t]+([^\n;#()]*))" % (_MODULE, _NAMES),
    re.MULTILINE,
)
_COMMENT = re.compile(rb"#[^\n]*")
_DOTTED = re.compile(rb"[%b][.%b]*" % (_LETTER, _LETTER))


class Imported(NamedTuple):
    """`from module import a, b` or `import module` (then without names)."""

    module: str
    names: tuple[str, ...]
    """As the module calls them; `*` for all."""


def imports_in(data: bytes, notebook: bool = False) -> tuple[Imported, ...]:
    """What the bytes of a file import. `notebook`: they are JSON, with code in strings."""
    if notebook:
        data = data.replace(rb"\n", b"\n")
    if b"\\\n" in data:
        data = data.replace(b"\\\r\n", b" ").replace(b"\\\n", b" ")
    found: dict[Imported, None] = {}
    for module, names, plain in _IMPORT.findall(data):
        if module:
            found[Imported(_text(module), _names(names))] = None
        else:
            for part in plain.split(b","):
                if dotted := _DOTTED.match(part.strip()):
                    found[Imported(_text(dotted[0]), ())] = None
    return tuple(found)


def _names(written: bytes) -> tuple[str, ...]:
    """The names of `a, b as c` or `(a, b)`, comments left out."""
    if b"*" in written:
        return ("*",)
    bare = _COMMENT.sub(b"", written).strip(b'() \t\r\n"')
    words = (part.strip(b' \t\r\n",').split(None, 1) for part in bare.split(b","))
    return tuple(_text(word[0]) for word in words if word)


def _text(name: bytes) -> str:
    return b"".join(name.split()).decode("utf-8", "replace")
