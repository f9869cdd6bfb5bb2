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
_WORD = re.compile(r"\(?[^\W_]+(?:['\-][^\W_]+)*%?\)?[,;:.!?]*")
_AMOUNT = re.compile(r"\(?[<>]?\$?\d[\d,]*(?:\.\d+)?%?\)?[,;:.!?]*", re.ASCII)
_SIGNS = frozenset({"=", "%", "x", "+", "/"})
"""What may stand alone between two words; at the beginning of a line some of it would be markup."""
_CLOSING = ",;:.!?)"
_REFERENCE = re.compile(r"\b(?:[0-9a-fA-F]{7,}|[A-Za-z]+-\d+)\b")
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
        plain = _plain(word, first=not out)
        if plain is None:
            odd.append(word)
            continue
        out += _coded(odd, longest)
        out.append(plain)
        odd = []
    return out + _coded(odd, longest)


def _coded(words: list[str], longest: int) -> list[str]:
    """Words as one code span, without the comma, colon or closing bracket behind them."""
    if not words:
        return []
    whole = " ".join(words)
    bare = whole.rstrip(",;:" if "(" in whole else ",;:)")
    return [code(bare, longest) + whole[len(bare) :]] if bare else [code(whole, longest)]


def _plain(word: str, *, first: bool) -> str | None:
    """A word that no reader of Markdown makes anything of, with `<` and `>` escaped; None for all others (links, lists,
    issues, commits). `first`: nothing stands before it."""
    if set(word) <= set(_CLOSING) or (word in _SIGNS and not first):
        return word
    if _NUMBERED.fullmatch(word) or _REFERENCE.search(word):
        return None
    if _AMOUNT.fullmatch(word):
        return word.replace("<", "\\<").replace(">", "\\>")
    return word if _WORD.fullmatch(word) and word.lower() != "www" else None


def _joined(words: list[str]) -> str:
    """Words with spaces between them, none before a comma."""
    line = ""
    for word in words:
        line += word if not line or word[0] in _CLOSING else f" {word}"
    return line
