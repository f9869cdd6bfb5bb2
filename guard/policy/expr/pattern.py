"""Regular expressions that cannot be slow. In: a pattern in RE2's syntax. Out: `Pattern`, or a located error.

Python's `re` tries alternatives one after the other, so that `^(a+)+$` doubles its time with every letter; a policy of
a scanned repository could hang guard with it. Here a pattern becomes a small automaton (`program`) and all its states
move through the text at once: time is at most the product of the sizes of pattern and text, both of which are bounded.
What needs backtracking (back-references, looking around) is refused, as in RE2. Neighbours: `condition` compiles,
`functions` matches.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from guard.policy.expr import program
from guard.policy.expr.errors import ExpressionError
from guard.policy.expr.program import (
    ASCII_SPACE,
    DIGIT,
    WORD,
    Alternatives,
    Assertion,
    Characters,
    Piece,
    Ranges,
    Repeat,
    Sequence,
)

MAX_TEXT = 1_000
"""Characters of a text that patterns and globs are held against."""
MAX_GROUPS = 20
"""Groups inside one another."""
_CLASSES: dict[str, Ranges] = {"d": DIGIT, "w": WORD, "s": ASCII_SPACE}
_CONTROL = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v", "a": "\a"}
_ASSERTIONS = {"b": "word", "B": "no word", "A": "begin", "z": "end"}
_NO_LINE: Ranges = (("\n", "\n"),)


@dataclass(frozen=True)
class Pattern:
    """A compiled pattern."""

    source: str
    instructions: tuple[program.Instruction, ...]

    def found_in(self, text: str) -> bool:
        """Whether the pattern matches somewhere in the text."""
        return _found(self, text)


@lru_cache(maxsize=4096)
def _found(pattern: Pattern, text: str) -> bool:
    """Remembered, because few texts (names of models, paths) are asked about again and again."""
    return program.search(pattern.instructions, text)


def compile(source: str, offset: int = 0) -> Pattern:
    """A pattern. Raises `ExpressionError` at `offset` (that of the pattern's text) with what is wrong with it."""
    reader = _Reader(source, offset)
    tree = reader.alternatives()
    if reader.position < len(source):
        raise reader.wrong("')' closes nothing", "write \\) for the character")
    try:
        return Pattern(source, program.assemble(tree))
    except program.TooLarge:
        message = f"the pattern has more than {program.MAX_INSTRUCTIONS} steps when its repeats are written out"
        raise ExpressionError(offset, message, "use lower counts in braces") from None


class _Reader:
    """Reads a pattern from left to right."""

    def __init__(self, source: str, offset: int) -> None:
        self.source = source
        self.offset = offset
        self.position = 0
        self.depth = 0
        self.fold = False
        if source.startswith("(?i)"):
            self.fold, self.position = True, 4

    def wrong(self, message: str, hint: str = "") -> ExpressionError:
        return ExpressionError(self.offset, f"in the pattern, at character {self.position + 1}: {message}", hint)

    @property
    def now(self) -> str:
        return self.source[self.position : self.position + 1]

    def next(self) -> str:
        character = self.now
        self.position += 1
        return character

    def alternatives(self) -> Piece:
        choices = [self.sequence()]
        while self.now == "|":
            self.next()
            choices.append(self.sequence())
        return choices[0] if len(choices) == 1 else Alternatives(tuple(choices))

    def sequence(self) -> Piece:
        pieces: list[Piece] = []
        while self.now and self.now not in "|)":
            pieces.append(self.repeated(self.atom()))
        return Sequence(tuple(pieces))

    def repeated(self, piece: Piece) -> Piece:
        bounds = self.bounds()
        if bounds is None:
            return piece
        if isinstance(piece, Assertion):
            raise self.wrong("nothing is repeated", "remove the sign, or write \\* for the character")
        if self.now == "?":
            self.next()  # as few as possible: no difference for whether it matches
        again = self.position
        if self.bounds() is not None:
            self.position = again
            raise self.wrong("a repeat is repeated", "put it in brackets: (?:a*)*")
        return Repeat(piece, *bounds)

    def bounds(self) -> tuple[int, int | None] | None:
        """Least and most of a repeat that begins here; most None: without bound."""
        simple: dict[str, tuple[int, int | None]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}
        if self.now in simple and self.now:
            return simple[self.next()]
        if self.now != "{":
            return None
        end = self.source.find("}", self.position)
        low, comma, high = self.source[self.position + 1 : max(end, 0)].partition(",")
        if end < 0 or not _counts(low) or (high and not _counts(high)):
            return None  # as in RE2, a brace that is no count stands for itself
        bounds = (int(low), (int(high) if high else None) if comma else int(low))
        if bounds[1] is not None and bounds[1] < bounds[0]:
            raise self.wrong("a count in braces goes down", "write the lower number first")
        self.position = end + 1
        return bounds

    def atom(self) -> Piece:
        character = self.next()
        if character == "(":
            return self.group()
        if character == "[":
            return self.set()
        if character == ".":
            return Characters(_NO_LINE, negated=True)
        if character == "^":
            return Assertion("begin")
        if character == "$":
            return Assertion("end")
        if character in "*+?":
            self.position -= 1
            raise self.wrong(f"'{character}' repeats nothing", f"write \\{character} for the character")
        if character == "\\":
            return self.escape()
        return self.plain(character)

    def plain(self, character: str) -> Characters:
        return Characters(((character, character),), fold=self.fold)

    def group(self) -> Piece:
        if self.now == "?":
            if self.source[self.position : self.position + 2] != "?:":
                hint = "there are (?:...) and, at the beginning, (?i)"
                raise self.wrong("groups that look around, have names or flags are not read", hint)
            self.position += 2
        self.depth += 1
        if self.depth > MAX_GROUPS:
            raise self.wrong(f"more than {MAX_GROUPS} groups inside one another")
        piece = self.alternatives()
        if self.next() != ")":
            raise self.wrong("a group is not closed", "add ')'")
        self.depth -= 1
        return piece

    def escape(self) -> Piece:
        letter = self.next()
        if letter.lower() in _CLASSES and letter:
            return Characters(_CLASSES[letter.lower()], negated=letter.isupper())
        if letter in _ASSERTIONS:
            return Assertion(_ASSERTIONS[letter])
        return self.plain(self.escaped(letter))

    def escaped(self, letter: str) -> str:
        """The character that an escape stands for."""
        if letter in _CONTROL:
            return _CONTROL[letter]
        if letter.isdigit():
            raise self.wrong("a pattern cannot refer back to a group", "write out what it should match")
        if not letter or letter.isalnum():
            raise self.wrong(f"'\\{letter}' is no escape", "write \\\\ for a backslash")
        return letter

    def set(self) -> Characters:
        negated = self.now == "^"
        if negated:
            self.next()
        ranges: list[tuple[str, str]] = []
        first = True
        while first or self.now != "]":
            if not self.now:
                raise self.wrong("a set is not closed", "add ']'")
            if self.source.startswith("[:", self.position):
                raise self.wrong("named sets are not read", "write [a-z], \\d, \\w or \\s")
            ranges.extend(self.range())
            first = False
        self.next()
        return Characters(tuple(ranges), negated, self.fold)

    def range(self) -> Ranges:
        low = self.member()
        if not isinstance(low, str):
            return low
        if self.now != "-" or self.source[self.position + 1 : self.position + 2] in ("]", ""):
            return ((low, low),)
        self.next()
        high = self.member()
        if not isinstance(high, str) or high < low:
            raise self.wrong("a range in a set goes down or has no end", "write the lower character first")
        return ((low, high),)

    def member(self) -> str | Ranges:
        character = self.next()
        if character != "\\":
            return character
        letter = self.next()
        if letter.lower() in _CLASSES and letter:
            ranges = _CLASSES[letter.lower()]
            return program.inverted(ranges) if letter.isupper() else ranges
        return self.escaped(letter)


def _counts(text: str) -> bool:
    return 0 < len(text) <= 3 and text.isascii() and text.isdigit()
