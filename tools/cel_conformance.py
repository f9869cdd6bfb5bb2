"""Runs the conformance cases of the CEL specification against guard's conditions.

In: a checkout of github.com/google/cel-spec (its cases are fetched, never copied into this repository; `--fetch` clones
it into a temporary folder, which needs the network). Out: a table, printed, and with `--write`
docs/cel-conformance.md. Exit code 1 when a case that guard accepts has another answer than the specification says and
nothing in `ON_PURPOSE` explains it. CI has no network: it runs the tests of tests/policy, and this is run by hand when
the language changes.

guard answers only true, false or unknown, so a case that yields a number is asked as `(expression) == number`. A case
that must end in an error is right when guard refuses it or answers "unknown".
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from guard.policy.expr.condition import compile
from guard.policy.expr.errors import ExpressionError
from guard.policy.expr.types import TEXT, TRUTH, ListOf, Number, Type
from guard.policy.expr.values import Unknown

CASES = "tests/simple/testdata"
PAGE = Path(__file__).parents[1] / "docs" / "cel-conformance.md"
FILES = (
    "basic",
    "comparisons",
    "fields",
    "fp_math",
    "integer_math",
    "lists",
    "logic",
    "macros",
    "parse",
    "plumbing",
    "string",
)
"""The files about the core of the language; the others are about protocol buffers, time and extensions."""
ON_PURPOSE = ((re.compile(r"0\.0/0\.0"), "a division by 0 is unknown, so that `NaN` does not exist"),)
"""Expressions whose answer differs on purpose, and why."""

Message = list[tuple[str, Any]]
INTRO = """# Conditions and the specification of CEL

<!-- Written by `python tools/cel_conformance.py CHECKOUT --write`; CHECKOUT is one of github.com/google/cel-spec. -->

The language of [conditions](conditions.md) is a subset of CEL. These are the specification's own conformance cases for
the core of the language. A case is *as specified* when guard's answer is the specified one, where that is an error also
when guard refuses the expression or answers "unknown". *Refused* are cases about what guard leaves out: maps, bytes,
unsigned numbers, null, types and conversions, mixed lists, indexes, `map` and `filter`. Cases with *no form here* yield
or bind such values. What is *different on purpose*: a division by 0 is unknown, so `0.0/0.0` is, too.

"""
_TOKEN = re.compile(
    r"""\s+|\#[^\n]*|(?P<text>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')|(?P<mark>[{}\[\]<>:,;])|(?P<word>[^\s{}\[\]<>:,;"'\#]+)"""
)


@dataclass
class Case:
    """One case: an expression, what it may name, and what is expected (None: an error)."""

    file: str
    name: str
    source: str
    bindings: dict[str, Any] = field(default_factory=dict)
    expected: Any = None
    unread: bool = False
    """What is expected or bound has no form here: bytes, maps, messages."""


@dataclass
class Tally:
    """What became of the cases of a file."""

    agree: int = 0
    refused: int = 0
    unread: int = 0
    explained: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


def parse(text: str) -> Message:
    """A message in the text format of protocol buffers, as (key, value) pairs in order."""
    tokens = [match for match in _TOKEN.finditer(text) if match.lastgroup]
    message, position = _message(tokens, 0)
    if position != len(tokens):
        raise ValueError(f"unexpected {tokens[position][0]!r}")
    return message


def _message(tokens: list[re.Match[str]], at: int) -> tuple[Message, int]:
    found: Message = []
    while at < len(tokens) and tokens[at][0] not in ("}", "]", ">"):
        if tokens[at][0] in (",", ";"):
            at += 1
            continue
        key = tokens[at][0]
        at += 1
        if key == "[":
            while tokens[at][0] != "]":
                at += 1
            key, at = "[type]", at + 1
        if tokens[at][0] == ":":
            at += 1
        value, at = _value(tokens, at)
        found.append((key, value))
    return found, at


def _value(tokens: list[re.Match[str]], at: int) -> tuple[Any, int]:
    token = tokens[at]
    if token[0] in ("{", "<"):
        inner, at = _message(tokens, at + 1)
        return inner, at + 1
    if token[0] == "[":
        items, at = [], at + 1
        while tokens[at][0] != "]":
            item, at = _value(tokens, at)
            items.append(item)
            at += tokens[at][0] == ","
        return items, at + 1
    if token.lastgroup == "text":
        text = ""
        while at < len(tokens) and tokens[at].lastgroup == "text":
            text += _unquoted(tokens[at][0])
            at += 1
        return text, at
    return token[0], at + 1


def _unquoted(quoted: str) -> str:
    """The text of a quoted one; its escapes are octets of UTF-8."""
    raw = bytearray()
    body = quoted[1:-1]
    pattern = re.compile(
        r"\\(?:([0-7]{1,3})|[xX]([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))|([^\\]+)", re.DOTALL
    )
    plain = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
    for octal, hexa, short, long, letter, rest in pattern.findall(body):
        if octal or hexa:
            raw.append(int(octal, 8) if octal else int(hexa, 16))
        elif short or long:
            raw += chr(int(short or long, 16)).encode("utf-8", "surrogatepass")
        else:
            raw += (rest or plain.get(letter, letter)).encode()
    return raw.decode("utf-8", "replace")


class Unreadable(Exception):
    """A value that conditions do not have."""


def value(message: Message) -> Any:
    """A value of a case: bool, str, Decimal or a tuple."""
    ((kind, content),) = message
    if kind == "bool_value":
        return content == "true"
    if kind in ("int64_value", "double_value", "uint64_value"):
        number = Decimal(int(content, 0)) if content.lower().startswith(("0x", "-0x")) else Decimal(content)
        if number.is_nan():
            raise Unreadable
        return number
    if kind == "string_value":
        return content
    if kind == "list_value":
        items = [item for key, item in content if key == "values"]
        flat = [one for item in items for one in (item if item and isinstance(item[0], list) else [item])]
        return tuple(value(item) for item in flat)
    raise Unreadable


def cases(file: Path) -> Iterator[Case]:
    """All cases of a file."""
    for key, section in parse(file.read_text("utf-8")):
        if key != "section":
            continue
        for inner, test in section:
            if inner == "test":
                yield _case(file.stem, test)


def _case(file: str, test: Message) -> Case:
    given = dict(test)
    case = Case(file, given["name"], given["expr"])
    try:
        for key, content in test:
            if key == "bindings":
                bound = dict(content)
                case.bindings[bound["key"]] = value(dict(bound["value"])["value"])
        if "value" in given:
            case.expected = value(given["value"])
        elif not any(key in given for key in ("eval_error", "any_eval_errors")):
            # The specification's default: the value is true.
            case.expected, case.unread = True, "typed_result" in given or "unknown" in given
    except (Unreadable, ValueError, KeyError):
        case.unread = True
    return case


def type_of(known: Any) -> Type:
    """The type of a bound value."""
    if isinstance(known, bool):
        return TRUTH
    if isinstance(known, tuple):
        return ListOf(type_of(known[0]) if known else None)
    return TEXT if isinstance(known, str) else Number()


def written(known: Any) -> str:
    """A value as a condition writes it."""
    if isinstance(known, tuple):
        return "[" + ", ".join(map(written, known)) + "]"
    if isinstance(known, str):
        return '"' + "".join(f"\\U{ord(character):08x}" for character in known) + '"'
    return f"{known:f}"


def run(case: Case, tally: Tally) -> None:
    """Asks one case and counts what came of it."""
    if case.unread:
        tally.unread += 1
        return
    truth = case.expected is None or isinstance(case.expected, bool)
    try:
        source = case.source if truth else f"({case.source}) == {written(case.expected)}"
        condition = compile(source, {name: type_of(known) for name, known in case.bindings.items()})
    except ExpressionError:
        if case.expected is None:
            tally.agree += 1
        else:
            tally.refused += 1
        return
    answer = condition.ask(case.bindings)
    wanted: Any = (None if isinstance(answer, Unknown) else answer) if truth else (True if answer is True else None)
    if wanted == case.expected or (not truth and answer is True):
        tally.agree += 1
        return
    reason = next((why for pattern, why in ON_PURPOSE if pattern.search(case.source)), None)
    if reason is not None:
        tally.explained[reason] += 1
    else:
        tally.wrong.append(f"{case.file}/{case.name}: {case.source}: {answer}, expected {case.expected}")


def table(tallies: dict[str, Tally], commit: str) -> str:
    """The table for the page."""
    lines = [
        f"Cases of the CEL specification at commit `{commit[:12]}`:",
        "",
        "| File | as specified | refused when loaded | no form here | different on purpose | wrong |",
        "|---|---|---|---|---|---|",
    ]
    for name, tally in tallies.items():
        explained = sum(tally.explained.values())
        lines.append(
            f"| {name} | {tally.agree} | {tally.refused} | {tally.unread} | {explained} | {len(tally.wrong)} |"
        )
    sums = [sum(getattr(tally, name) for tally in tallies.values()) for name in ("agree", "refused", "unread")]
    explained = sum(sum(tally.explained.values()) for tally in tallies.values())
    wrong = sum(len(tally.wrong) for tally in tallies.values())
    lines.append(f"| all | {sums[0]} | {sums[1]} | {sums[2]} | {explained} | {wrong} |")
    return "\n".join(lines)


def main() -> int:
    """Reads the arguments, runs all cases, prints or writes the table."""
    reader = argparse.ArgumentParser(description="Runs the conformance cases of the CEL specification.")
    reader.add_argument("checkout", nargs="?", type=Path, help="a checkout of github.com/google/cel-spec")
    reader.add_argument("--fetch", action="store_true", help="clone it first, into a temporary folder")
    reader.add_argument("--write", action="store_true", help="put the table into docs/conditions.md")
    reader.add_argument("--commit", help="its commit, where the checkout has no .git")
    given = reader.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        checkout = given.checkout
        if given.fetch:
            checkout = Path(folder) / "cel-spec"
            address = "https://github.com/google/cel-spec"
            subprocess.run(["git", "clone", "--quiet", "--depth", "1", address, str(checkout)], check=True)
        if checkout is None:
            reader.error("name a checkout, or use --fetch")
        commit = given.commit or _head(checkout)
        tallies: dict[str, Tally] = {}
        for name in FILES:
            tally = tallies[name] = Tally()
            for case in cases(checkout / CASES / f"{name}.textproto"):
                run(case, tally)
    text = table(tallies, commit)
    print(text)
    if given.write:
        PAGE.write_text(INTRO + text + "\n", "utf-8")
    wrong = [line for tally in tallies.values() for line in tally.wrong]
    print("\n".join(wrong), file=sys.stderr)
    return 1 if wrong else 0


def _head(checkout: Path) -> str:
    found = subprocess.run(
        ["git", "-C", str(checkout), "rev-parse", "HEAD"], capture_output=True, text=True, check=True
    )
    return found.stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
