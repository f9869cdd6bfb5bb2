"""Text of others in Markdown: shown as it is, never as markup.

In: names, messages and paths, some from a scanned repository. Out: Markdown for one line or one cell of a table, in
which nothing is a link, a mention, an issue, an emoji, a formula, HTML or the end of a cell. Neighbours:
`formats/markdown.py`, `formats/sarif.py`.

Words of letters and digits stay; all else stands in code spans, in which GitHub and GitLab look for nothing.
"""

from __future__ import annotations

import re

from guard.report.format import cut, safe

LONGEST = 300
"""Characters of a text that are shown."""

_QUOTED = re.compile(r"`([^`]+)`")
_HARMLESS = re.compile(r"\(?(?:[^\W_]+(?:['\-][^\W_]+)*|\$?\d[\d,]*(?:\.\d+)?)%?\)?[,;:.!?]*")
_REFERENCE = re.compile(r"[0-9a-fA-F]{7,}|[A-Za-z]+-\d+", re.ASCII)
_NUMBERED = re.compile(r"\d+[.)]")


def code(text: str, longest: int = LONGEST) -> str:
    """`text` as a code span; a `|` in it as its escape, since it would end a cell."""
    shown = cut(safe(text), longest).replace("|", "\\x7c")
    if not shown.strip():
        return "` `"
    fence = "`" * (max(map(len, re.findall("`+", shown)), default=0) + 1)
    pad = " " if shown[0] in "` " or shown[-1] in "` " else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def text(words: str, longest: int = LONGEST) -> str:
    """`words` as a sentence: plain words as they are, what stands between two backticks and all that is no plain word
    in code spans."""
    out: list[str] = []
    pieces = _QUOTED.split(cut(safe(words), longest))
    for number, piece in enumerate(pieces):
        out += [code(piece, longest)] if number % 2 else _words(piece, longest)
    return _joined(out)


def _words(piece: str, longest: int) -> list[str]:
    out: list[str] = []
    odd: list[str] = []
    for word in piece.split():
        if _is_plain(word):
            out += [code(" ".join(odd), longest)] if odd else []
            out.append(word)
            odd = []
        elif set(word) <= set(",;:.!?)"):
            out += [code(" ".join(odd), longest)] if odd else []
            out.append(word)  # what follows a quoted name
            odd = []
        else:
            odd.append(word)
    return [*out, code(" ".join(odd), longest)] if odd else out


def _is_plain(word: str) -> bool:
    """Whether no reader of Markdown makes anything of a word: no link, list, issue or commit."""
    bare = word.strip("(),;:.!?%")
    if _HARMLESS.fullmatch(word) is None or _NUMBERED.fullmatch(word):
        return False
    return not _REFERENCE.fullmatch(bare) and bare.lower() != "www"


def _joined(words: list[str]) -> str:
    """Words with spaces between them, none before a comma."""
    line = ""
    for word in words:
        line += word if not line or word[0] in ",;:.!?)" else f" {word}"
    return line
