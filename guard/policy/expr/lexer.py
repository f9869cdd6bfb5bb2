"""Text of a condition -> tokens. Neighbour: `parser`, the only reader.

The lexis is that of CEL without bytes and unsigned numbers, with `_` allowed in numbers (as in guard.yaml), shares
(`20%`, no space before the sign) and amounts (`0.05 USD`, read by the parser as a number and a name).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from guard.config.issues import printable
from guard.policy.expr.errors import ExpressionError

MAX_LENGTH = 4_000
"""Characters of a condition."""
MAX_DIGITS = 15
"""Digits of a number before the point, as in guard.yaml; behind it 12."""

Kind = Literal["number", "share", "text", "name", "mark", "end"]


@dataclass(frozen=True, slots=True)
class Token:
    """A word of a condition. `start` and `end` are offsets into its text."""

    kind: Kind
    text: str
    """A name or mark as written; of a text its content without quotes and escapes."""
    start: int
    end: int
    number: Decimal = Decimal(0)


_SPACE = re.compile(r"(?:[ \t\r\n\f]+|//[^\n]*)+")
_NUMBER = re.compile(r"(?:[0-9][0-9_]*(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][-+]?[0-9]{1,3})?")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_MARKS = ("&&", "||", "==", "!=", "<=", ">=", "<", ">", "!", "?", ":", "+", "-", "*", "/", "(", ")", "[", "]", ",", ".")
_QUOTES = ('"""', "'''", '"', "'")
_ESCAPES = {
    "a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\", "?": "?", '"': '"',
    "'": "'", "`": "`",
}  # fmt: skip
_CODED = re.compile(r"[xX]([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})")
_WRONG = {
    "=": ("'=' compares nothing", "write '=='"),
    "&": ("'&' is no operator", "write '&&'"),
    "|": ("'|' is no operator", "write '||'"),
    "$": ("'$' is not read here", "write an amount as `0.05 USD`"),
    "%": ("'%' stands alone", "a share is written `20%`, without a space; there is no remainder"),
    "{": ("there are no maps", "compare the fields one by one"),
    "€": ("only US dollars are known", "write an amount as `0.05 USD`"),
    "’": ("this quote is no plain one", "write ' or \""),
    "“": ("this quote is no plain one", "write ' or \""),
}
_NUMBER_SUFFIX = {
    "u": "there are no unsigned numbers; drop the 'u'",
    "U": "there are no unsigned numbers; drop the 'U'",
    "x": "write the number in decimal digits",
    "k": "write all digits: 8_000",
}


def tokens(text: str) -> list[Token]:
    """The words of a condition, the last one of kind `end`. Raises `ExpressionError`."""
    if len(text) > MAX_LENGTH:
        raise ExpressionError(0, f"the condition has more than {MAX_LENGTH:,} characters", "split it into policies")
    found: list[Token] = []
    at = 0
    while True:
        space = _SPACE.match(text, at)
        at = space.end() if space else at
        if at >= len(text):
            found.append(Token("end", "", len(text), len(text)))
            return found
        token = _quoted(text, at) or _number(text, at) or _name(text, at) or _mark(text, at)
        found.append(token)
        at = token.end


def _number(text: str, at: int) -> Token | None:
    match = _NUMBER.match(text, at)
    if match is None:
        return None
    end = match.end()
    plain = match[0].replace("_", "")
    number = Decimal(plain)
    if len(plain) > 40 or (number and not -12 <= number.adjusted() <= MAX_DIGITS):
        raise ExpressionError(at, f"the number {plain[:40]} is out of range")
    following = text[end : end + 1]
    if following == "%":
        if number > 100:
            raise ExpressionError(at, f"{plain}% is more than 100 %")
        return Token("share", match[0], at, end + 1, number / 100)
    if following.isalpha():
        hint = _NUMBER_SUFFIX.get(following, "put a space behind the number, and text in quotes")
        raise ExpressionError(end, f"'{printable(following)}' follows a number", hint)
    return Token("number", match[0], at, end, number)


def _name(text: str, at: int) -> Token | None:
    match = _NAME.match(text, at)
    return None if match is None else Token("name", match[0], at, match.end())


def _mark(text: str, at: int) -> Token:
    for mark in _MARKS:
        if text.startswith(mark, at):
            return Token("mark", mark, at, at + len(mark))
    character = text[at]
    message, hint = _WRONG.get(character, (f"'{printable(character)}' has no meaning here", ""))
    raise ExpressionError(at, message, hint)


def _quoted(text: str, at: int) -> Token | None:
    start = at + 1 if text[at] in "rR" else at
    quote = next((one for one in _QUOTES if text.startswith(one, start)), None)
    if quote is None:
        if text[at] in "bB" and text[at + 1 : at + 2] in ("'", '"'):
            raise ExpressionError(at, "there are no bytes", "drop the 'b'")
        return None
    raw = start > at
    at_end, made = start + len(quote), []
    while not text.startswith(quote, at_end):
        if at_end >= len(text) or (len(quote) == 1 and text[at_end] in "\r\n"):
            raise ExpressionError(at, "this text is not closed", f"end it with {quote}")
        if text[at_end] == "\\" and not raw:
            character, at_end = _escape(text, at_end)
            made.append(character)
            continue
        made.append(text[at_end])
        at_end += 1
    return Token("text", "".join(made), at, at_end + len(quote))


def _escape(text: str, at: int) -> tuple[str, int]:
    """The character of an escape that begins at `at`, and the offset behind it."""
    following = text[at + 1 : at + 2]
    if following in _ESCAPES:
        return _ESCAPES[following], at + 2
    match = _CODED.match(text, at + 1)
    if match is None:
        hint = "write \\\\ for a backslash, or r'...' around a pattern"
        raise ExpressionError(at, f"'\\{printable(following)}' is no escape", hint)
    code = int(match[4], 8) if match[4] else int(match[1] or match[2] or match[3], 16)
    if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
        raise ExpressionError(at, "this escape is no character")
    return chr(code), match.end()
