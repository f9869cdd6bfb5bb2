"""The automaton behind a pattern: pieces -> instructions, and how they run through a text. Neighbour: `pattern`.

Thompson's construction and Pike's simulation: every instruction is in the set of those alive at most once per
character, so a text of n characters takes at most n times the number of instructions.
"""

from __future__ import annotations

from dataclasses import dataclass

MAX_INSTRUCTIONS = 300
"""Instructions of a program; counted repeats are written out."""

Ranges = tuple[tuple[str, str], ...]
DIGIT: Ranges = (("0", "9"),)
WORD: Ranges = (("0", "9"), ("A", "Z"), ("_", "_"), ("a", "z"))
ASCII_SPACE: Ranges = (("\t", "\n"), ("\f", "\r"), (" ", " "))
_LAST = chr(0x10FFFF)


@dataclass(frozen=True, slots=True)
class Characters:
    """One character of some ranges, or of none of them."""

    ranges: Ranges
    negated: bool = False
    fold: bool = False
    """Capitals make no difference."""

    def takes(self, character: str) -> bool:
        forms = {character, character.lower(), character.upper()} if self.fold else {character}
        return any(low <= form <= high for form in forms for low, high in self.ranges) != self.negated


@dataclass(frozen=True, slots=True)
class Assertion:
    """`begin`, `end`, `word` (its edge) or `no word`."""

    kind: str


@dataclass(frozen=True, slots=True)
class Sequence:
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Alternatives:
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """A piece `low` to `high` times; `high` None: without bound."""

    piece: Piece
    low: int
    high: int | None


Piece = Characters | Assertion | Sequence | Alternatives | Repeat


@dataclass(frozen=True, slots=True)
class Instruction:
    """What to do, and where to go on: behind a character or an assertion to the first of `to`, else to all of them.

    The last instruction of a program has no `to`: whoever is there has matched.
    """

    step: Characters | Assertion | None
    to: tuple[int, ...]


class TooLarge(Exception):
    """A program would have more than `MAX_INSTRUCTIONS`."""


def inverted(ranges: Ranges) -> Ranges:
    """All characters that are in none of these ranges, which are in order."""
    found, begin = [], "\0"
    for low, high in ranges:
        if begin < low:
            found.append((begin, chr(ord(low) - 1)))
        begin = chr(ord(high) + 1)
    return (*found, (begin, _LAST))


def assemble(tree: Piece) -> tuple[Instruction, ...]:
    """The program of a pattern. Raises `TooLarge`."""
    program: list[Instruction] = []
    _emit(tree, program)
    _add(program, Instruction(None, ()))
    return tuple(program)


def _add(program: list[Instruction], instruction: Instruction) -> int:
    if len(program) >= MAX_INSTRUCTIONS:
        raise TooLarge
    program.append(instruction)
    return len(program) - 1


def _emit(piece: Piece, program: list[Instruction]) -> None:
    """Appends instructions for a piece; whoever gets through it arrives behind the last of them."""
    match piece:
        case Characters() | Assertion():
            _add(program, Instruction(piece, (len(program) + 1,)))
        case Sequence(()):
            # Nothing, but counted, so that repeats of it within repeats end, too.
            _add(program, Instruction(None, (len(program) + 1,)))
        case Sequence(pieces):
            for part in pieces:
                _emit(part, program)
        case Alternatives(pieces):
            _emit_alternatives(pieces, program)
        case Repeat(part, low, high):
            for _ in range(low):
                _emit(part, program)
            if high is None:
                _emit_loop(part, program)
            else:
                _emit_optional(part, high - low, program)


def _emit_alternatives(pieces: tuple[Piece, ...], program: list[Instruction]) -> None:
    fork = _add(program, Instruction(None, ()))
    starts, ends = [], []
    for part in pieces:
        starts.append(len(program))
        _emit(part, program)
        ends.append(_add(program, Instruction(None, ())))
    program[fork] = Instruction(None, tuple(starts))
    for end in ends:
        program[end] = Instruction(None, (len(program),))


def _emit_loop(part: Piece, program: list[Instruction]) -> None:
    fork = _add(program, Instruction(None, ()))
    _emit(part, program)
    _add(program, Instruction(None, (fork,)))
    program[fork] = Instruction(None, (fork + 1, len(program)))


def _emit_optional(part: Piece, times: int, program: list[Instruction]) -> None:
    forks = []
    for _ in range(times):
        forks.append(_add(program, Instruction(None, ())))
        _emit(part, program)
    for fork in forks:
        program[fork] = Instruction(None, (fork + 1, len(program)))


def search(program: tuple[Instruction, ...], text: str) -> bool:
    """Whether the program matches somewhere in the text."""
    end = len(program) - 1
    alive: set[int] = set()
    for position in range(len(text) + 1):
        # A match may begin at every character, so the first instruction is alive at each of them.
        reached = _closure(program, alive | {0}, text, position)
        if end in reached:
            return True
        if position == len(text):
            break
        character = text[position]
        alive = set()
        for index in reached:
            step = program[index].step
            if isinstance(step, Characters) and step.takes(character):
                alive.add(program[index].to[0])
    return False


def _closure(program: tuple[Instruction, ...], start: set[int], text: str, position: int) -> set[int]:
    """All instructions that can be reached without taking a character."""
    reached: set[int] = set()
    queue = list(start)
    while queue:
        index = queue.pop()
        if index in reached:
            continue
        reached.add(index)
        instruction = program[index]
        if instruction.step is None or (
            isinstance(instruction.step, Assertion) and _asserted(instruction.step.kind, text, position)
        ):
            queue.extend(instruction.to)
    return reached


def _asserted(kind: str, text: str, position: int) -> bool:
    if kind == "begin":
        return position == 0
    if kind == "end":
        return position == len(text)
    edge = _is_word(text[position - 1 : position]) != _is_word(text[position : position + 1])
    return edge == (kind == "word")


def _is_word(character: str) -> bool:
    return bool(character) and any(low <= character <= high for low, high in WORD)
