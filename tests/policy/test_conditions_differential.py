"""Conditions mean what they mean in CEL: generated ones are asked of guard and of another implementation.

The other one is the package `common-expression-language` (written in Rust). An error there (a field that is not there)
is "unknown" here. Where guard differs on purpose, the generator keeps away (docs/conditions.md lists it): numbers are
exact and of one kind, so they are written as doubles that are sums of quarters; nothing is divided by what may be 0.
That package counts the bytes of a text where CEL counts characters, so only lists are counted.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guard.policy.expr.condition import compile
from guard.policy.expr.types import TEXT, TRUTH, Field, ListOf, Number, Object, Type
from guard.policy.expr.values import Absent, Unknown, number

# Part of the development dependencies, so that CI has it; a checkout without it still runs the other tests.
cel: Any = __import__("cel") if os.environ.get("CI") else pytest.importorskip("cel")

EXPRESSIONS = 3_600


def _field(name: str, kind: Type) -> Field:
    def get(values: dict[str, Any]) -> Any:
        if name not in values:
            return Absent(f"there is no {name}")
        value = values[name]
        if isinstance(value, list):
            return tuple(number(item) if isinstance(item, float) else item for item in value)
        return number(value) if isinstance(value, float) else value

    return Field(name, kind, "", get, optional=True)


NUMBERS, TEXTS, TRUTHS = ("n", "m", "gone_n"), ("s", "t", "gone_s"), ("b", "gone_b")
KINDS: dict[str, Type] = {
    **dict.fromkeys(NUMBERS, Number()),
    **dict.fromkeys(TEXTS, TEXT),
    **dict.fromkeys(TRUTHS, TRUTH),
    "ns": ListOf(Number()),
    "ss": ListOf(TEXT),
}
OBJECTS = {"r": Object("record", {name: _field(name, kind) for name, kind in KINDS.items()})}

WORDS = ("", "a", "b", "ab", "ba", "aab", "a-b", "c", "4", "b/a", "☂a", "abcabc")
PATTERNS = ("a", "^a", "b$", "a|b", "[ab]+c?", "a{2}", "^$", ".*-", "(?:a-)*b", "[^a]", r"\\d", r"\\bb", "(?i)A")
ORDERS = ("==", "!=", "<", "<=", ">", ">=")


def _quarter(rnd: Random) -> float:
    return rnd.randint(-20, 20) / 4


def _record(rnd: Random) -> dict[str, Any]:
    found: dict[str, Any] = {"n": _quarter(rnd), "m": _quarter(rnd), "s": rnd.choice(WORDS), "t": rnd.choice(WORDS)}
    found["b"] = rnd.random() < 0.5
    found["ns"] = [_quarter(rnd) for _ in range(rnd.randint(0, 3))]
    found["ss"] = [rnd.choice(WORDS) for _ in range(rnd.randint(0, 3))]
    gone = {"gone_n": _quarter(rnd), "gone_s": rnd.choice(WORDS), "gone_b": rnd.random() < 0.5}
    return found | {name: value for name, value in gone.items() if rnd.random() < 0.4}


def _quoted(text: str) -> str:
    return f"'{text}'" if len(text) % 2 else f'"{text}"'


def _number(rnd: Random, depth: int, names: tuple[str, ...]) -> str:
    kind = rnd.randint(0, 7 if depth > 0 else 2)
    if kind == 0:
        return str(abs(_quarter(rnd)))
    if kind <= 2:
        return rnd.choice([*(f"r.{name}" for name in NUMBERS), *names])
    one = _number(rnd, depth - 1, names)
    if kind == 3:
        return f"-{one}"
    if kind == 4:
        return f"({one} / {rnd.choice(['2.0', '4.0', '0.5'])})"
    if kind == 5:
        return f"({_truth(rnd, depth - 1, names)} ? {one} : {_number(rnd, depth - 1, names)})"
    return f"({one} {rnd.choice('+-*')} {_number(rnd, depth - 1, names)})"


def _text(rnd: Random, depth: int) -> str:
    kind = rnd.randint(0, 4)
    if kind == 0:
        return _quoted(rnd.choice(WORDS))
    if kind == 4 and depth > 0:
        return f"({_text(rnd, depth - 1)} + {_text(rnd, depth - 1)})"
    return "r." + rnd.choice(TEXTS)


def _list(rnd: Random, depth: int) -> str:
    kind = rnd.randint(0, 3)
    if kind == 0:
        return "[" + ", ".join(str(abs(_quarter(rnd))) for _ in range(rnd.randint(1, 3))) + "]"
    if kind == 1 and depth > 0:
        return f"({_list(rnd, depth - 1)} + {_list(rnd, depth - 1)})"
    return "r.ns"


def _leaf(rnd: Random, names: tuple[str, ...]) -> str:
    leaves: list[Callable[[], str]] = [
        lambda: rnd.choice(["true", "false"]),
        lambda: "r." + rnd.choice(TRUTHS),
        lambda: f"has(r.{rnd.choice(list(KINDS))})",
        lambda: f"{_text(rnd, 1)} in r.ss",
        lambda: f"{_text(rnd, 1)}.{rnd.choice(['startsWith', 'endsWith', 'contains'])}({_text(rnd, 1)})",
        lambda: f'{_text(rnd, 1)}.matches("{rnd.choice(PATTERNS)}")',
        lambda: f"{_text(rnd, 1)} {rnd.choice(ORDERS)} {_text(rnd, 1)}",
        lambda: f"size(r.{rnd.choice(['ns', 'ss'])}) {rnd.choice(ORDERS)} {rnd.randint(0, 3)}",
        lambda: f"{_number(rnd, 1, names)} in {_list(rnd, 1)}",
        lambda: f"{_number(rnd, 2, names)} {rnd.choice(ORDERS)} {_number(rnd, 2, names)}",
    ]
    return rnd.choice(leaves)()


def _truth(rnd: Random, depth: int, names: tuple[str, ...] = ()) -> str:
    """A condition; `names`: variables of the macros around it."""
    kind = rnd.randint(0, 6 if depth > 0 else 0)
    if kind == 1:
        return f"!{_truth(rnd, depth - 1, names)}"
    if kind in (2, 3, 4):
        sign = ("&&", "||", rnd.choice(["==", "!="]))[kind - 2]
        return f"({_truth(rnd, depth - 1, names)} {sign} {_truth(rnd, depth - 1, names)})"
    if kind == 5:
        both = f"{_truth(rnd, depth - 1, names)} : {_truth(rnd, depth - 1, names)}"
        return f"({_truth(rnd, depth - 1, names)} ? {both})"
    if kind == 6 and not names:
        # That package ends a macro at its first error, where CEL asks the other elements, too.
        body = _truth(rnd, depth - 1, ("x",)).replace("r.gone_", "r.")
        return f"{_list(rnd, 1)}.{rnd.choice(['exists', 'all'])}(x, {body})"
    return f"({_leaf(rnd, names)})"


asked: set[str] = set()
answered: dict[object, int] = {}


@settings(max_examples=EXPRESSIONS, derandomize=os.environ.get("GUARD_PROPERTY") != "long", database=None)
@given(st.integers(0, 2**48))
def test_generated_conditions_mean_the_same_as_in_cel(seed: int) -> None:
    rnd = Random(seed)
    source, record = _truth(rnd, 3), _record(rnd)
    try:
        expected = cel.evaluate(source, {"r": record})
    except Exception:
        expected = None
    answer = compile(source, OBJECTS).ask({"r": record})
    told = None if isinstance(answer, Unknown) else answer
    asked.add(source)
    answered[told] = answered.get(told, 0) + 1
    assert told == expected, f"{source} of {record}: {answer} here, {expected} in CEL"


def test_enough_different_conditions_were_asked_with_every_kind_of_answer() -> None:
    if not asked:
        pytest.skip("the test above did not run")
    assert len(asked) >= 3_000
    assert min(answered.get(True, 0), answered.get(False, 0), answered.get(None, 0)) >= 200
