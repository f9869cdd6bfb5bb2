"""What kind of text is it? In: text. Out: one of seven classes. Neighbour: `tokens`, whose factors differ by class.

Simple on purpose and documented in `docs/tokens.md`: the factors of a tokenizer that guard does not have differ by at
most a third between the English classes, and the stated error covers a wrong guess between neighbours.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

TextClass = Literal["prose", "markdown", "code", "json", "latin", "cyrillic", "cjk"]
"""English prose, Markdown, program code, JSON, another language in Latin letters, in Cyrillic, and Chinese, Japanese
or Korean. Other scripts count as `cyrillic` (an alphabet of two bytes per letter)."""

CLASSES: tuple[TextClass, ...] = ("prose", "markdown", "code", "json", "latin", "cyrillic", "cjk")

_SAMPLE = 8_000
"""Characters that are looked at: the head of the text."""

_MARKDOWN = re.compile(r"^(?:#{1,6} |[-*+] |\d+[.)] |> |\|.*\||```|~~~)", re.MULTILINE)
_CODE = re.compile(
    r"^[ \t]*+(?:def |class |import |from \S+ import|return\b|if .*:$|for .*:$|while .*:$|elif |else:|try:|except "
    r"|with .*:$|@\w|const |let |var |function |public |private |static |#include|package |func |fn "
    r"|(?:SELECT|INSERT|UPDATE|CREATE|FROM|WHERE|VALUES)\b|<\w+[^>\n]*>|[}\])];?,?[ \t]*$|.*[;{][ \t]*$|\w+ = )",
    re.MULTILINE,
)
_JSON = re.compile(r'"\s*:|[{\[]\s*"|"\s*,')
_ENGLISH = frozenset(re.findall(r"\w+", "the of and to in a is that for it as with on be this are by or an you not"))
_OTHER = frozenset(
    re.findall(
        r"\w+",
        "der die das und ist nicht ein eine den mit von auf für sich zu dem im des wie es que los las una por con para "
        "del se su como más le les et est une dans pour qui sur pas du au il di che non per sono della con een het van "
        "niet voor zijn dat met op um uma não os dos das em",
    )
)
"""Frequent words of German, Spanish, French, Italian, Dutch and Portuguese."""


def _lines(pattern: re.Pattern[str], text: str) -> int:
    return sum(1 for _ in pattern.finditer(text))


def _foreign(sample: str) -> TextClass | None:
    """The class of a text that is not English, else None."""
    letters = cjk = cyrillic = latin = 0
    for character in sample:
        if not character.isalpha():
            continue
        letters += 1
        if character < "\x80":
            continue
        if character >= "\u2e80" and unicodedata.east_asian_width(character) in "WF":
            cjk += 1
        elif character < "\u0250":
            latin += 1
        else:
            cyrillic += 1
    if not letters:
        return None
    if cjk * 10 >= letters:
        return "cjk"
    if cyrillic * 10 >= letters:
        return "cyrillic"
    if latin >= 3 and latin * 100 >= letters:
        return "latin"
    words = re.findall(r"[^\W\d_]+", sample.lower())
    other = sum(word in _OTHER for word in words)
    return "latin" if other >= 3 and other > sum(word in _ENGLISH for word in words) else None


def classify(text: str) -> TextClass:
    """The class of `text`, from its first 8,000 characters."""
    sample = text[:_SAMPLE]
    stripped = sample.strip()
    if stripped[:1] in ("{", "[") and len(_JSON.findall(sample)) * 60 >= len(stripped):
        return "json"
    foreign = _foreign(sample)
    if foreign:
        return foreign
    lines = sum(1 for line in sample.splitlines() if line.strip()) or 1
    if _lines(_CODE, sample) * 3 >= lines:
        return "code"
    if _lines(_MARKDOWN, sample) * 6 >= lines:
        return "markdown"
    return "prose"
