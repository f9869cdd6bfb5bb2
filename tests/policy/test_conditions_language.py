"""The language of conditions: what it says, what is unknown and why, and what a user reads when one is wrong."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from guard.policy.expr import parser, program
from guard.policy.expr.condition import compile
from guard.policy.expr.errors import ExpressionError
from guard.policy.expr.types import TEXT, TRUTH, Field, ListOf, Number, Object, Text, Type
from guard.policy.expr.values import INFINITE, Absent, Between, Unknown

VALUES: dict[str, Any] = {
    "three": Decimal(3),
    "endless": INFINITE,
    "price": Decimal("0.05"),
    "share": Decimal("0.2"),
    "name": "gpt-4o-mini",
    "stage": "test",
    "yes": True,
    "lost": Unknown(("`row.n` is read at run time",)),
    "lost_name": Unknown(("environment variable M decides it",)),
    "absent": Absent("no limit is sent"),
    "some": Between(Decimal(2), Decimal(5), "only the known ones"),
    "least": Between(Decimal(2), INFINITE, "another model may be used"),
    "numbers": (Decimal(1), Decimal(2)),
    "names": ("a", "b"),
    "open_names": ("a", Unknown(("others may be used",))),
    "none": (),
}
TYPES: dict[str, Type] = {
    **dict.fromkeys(("three", "endless", "lost", "absent", "some", "least"), Number()),
    "price": Number("usd"),
    "share": Number("share"),
    **dict.fromkeys(("name", "lost_name"), TEXT),
    "stage": Text(("production", "test")),
    "yes": TRUTH,
    "numbers": ListOf(Number()),
    **dict.fromkeys(("names", "open_names", "none"), ListOf(TEXT)),
}


def _field(name: str, kind: Type) -> Field:
    return Field(name, kind, "", lambda values: values[name])


ONE = Object("figure", {name: _field(name, Number()) for name in ("low", "typical", "high")})
OBJECTS = {"r": Object("record", {**{name: _field(name, kind) for name, kind in TYPES.items()}, "f": _field("f", ONE)})}


def ask(source: str) -> bool | Unknown:
    return compile(source, OBJECTS).ask({"r": VALUES})


@pytest.mark.parametrize(
    ("source", "answer"),
    [
        ("r.three > 2 && r.three <= 3", True),
        ("r.three == 3.0", True),
        ("r.three / 2 == 1.5", True),
        ("r.three * 2 + 1 - -1 == 8", True),
        ("1 + 2 * 3 == 7 && (1 + 2) * 3 == 9", True),
        ("!r.yes || r.three != 3", False),
        ("r.yes ? r.three > 5 : true", False),
        ("r.price == 0.05 USD && r.price == 0.05 && r.price < 1_000 USD", True),
        ("r.price * 10 > 0.4 USD && r.price / r.price == 1", True),
        ("r.share == 20% && r.share == 0.2 && r.share <= 12.5% + 7.5%", True),
        ("r.price > 20% * 1 USD", False),
        ("r.endless > 1e15", True),
        ("r.endless == r.endless", True),
        ("r.name.startsWith('gpt') && r.name.endsWith('mini') && r.name.contains('4o')", True),
        ("r.name.glob('GPT-4o*') && r.name.glob('gpt-?o-mini') && !r.name.glob('gpt-4o')", True),
        ("r.name.matches('^gpt-4o(-mini)?$') && r.name.matches(r'\\d')", True),
        ("r.name + '!' == 'gpt-4o-mini!'", True),
        ("r.name in ['a', 'gpt-4o-mini']", True),
        ("'c' in r.names || r.name in []", False),
        ("size(r.names) == 2 && r.names.size() == 2 && size('äß') == 2", True),
        ("r.numbers.exists(n, n > 1) && r.numbers.all(n, n > 0)", True),
        ("r.numbers.all(n, r.names.exists(m, m == 'b' && n < 3))", True),
        ("r.none.exists(x, true) || !r.none.all(x, false)", False),
        ("r.numbers == [1, 2] && r.numbers + [3] != [1, 2]", True),
        ("r.yes // a remark\n && true", True),
        ("'\\x41\\u00e4' == 'Aä'", True),
        ('"""three "quotes" """ == \'three "quotes" \'', True),
    ],
)
def test_what_is_known_has_an_answer(source: str, answer: bool) -> None:
    assert ask(source) is answer


@pytest.mark.parametrize(
    ("source", "answer"),
    [
        ("r.lost > 3", "`row.n` is read at run time"),
        ("r.lost > 3 && r.three > 3", False),
        ("r.lost > 3 && r.three > 2", "`row.n` is read at run time"),
        ("r.lost > 3 || r.yes", True),
        ("!(r.lost > 3)", "`row.n` is read at run time"),
        ("r.lost > 3 || r.lost_name == 'x'", "`row.n` is read at run time; environment variable M decides it"),
        ("r.lost > 3 ? true : true", "`row.n` is read at run time"),
        ("r.lost_name.glob('*')", "environment variable M decides it"),
        ("r.lost_name in ['a']", "environment variable M decides it"),
        ("has(r.lost)", "`row.n` is read at run time"),
        ("has(r.absent)", False),
        ("has(r.three)", True),
        ("r.absent > 3", "no limit is sent"),
        ("!has(r.absent) || r.absent > 3", True),
        ("r.some > 1 && r.some <= 5 && r.some != 6", True),
        ("r.some > 5 || r.some == 1", False),
        ("r.some > 3", "only the known ones"),
        ("r.least > 1", True),
        ("r.least < 2", False),
        ("r.least < 100", "another model may be used"),
        ("r.least * 2 + 1 >= 5", True),
        ("-r.some < -1", True),
        ("r.three / (r.three - 3) > 1", "a division by 0"),
        ("r.endless - r.endless > 0", "a figure without bound cancels out"),
        ("'a' in r.open_names", True),
        ("'z' in r.open_names", "others may be used"),
        ("size(r.open_names) > 0", True),
        ("size(r.open_names) > 1", "others may be used"),
        ("r.open_names.exists(n, n == 'a')", True),
        ("r.open_names.exists(n, n == 'z')", "others may be used"),
        ("r.open_names.all(n, n == 'a')", "others may be used"),
        ("r.open_names.all(n, n == 'z')", False),
        ("r.open_names.exists(n, true)", True),
        ("r.open_names == ['a']", "others may be used"),
    ],
)
def test_what_is_not_known_keeps_its_reason(source: str, answer: bool | str) -> None:
    told = ask(source)
    assert ("; ".join(told.whys) if isinstance(told, Unknown) else told) == answer


# Condition -> where its mistake is, and what is said about it.
WRONG = {
    "": (0, "the condition is empty; for example `request.attempts.high > 3`"),
    "r.thre > 2": (2, "a record has no field 'thre'; did you mean 'three'?"),
    "three > 2": (0, "there is nothing called 'three'; did you mean 'r.three'?"),
    "r.name == gpt": (10, "there is nothing called 'gpt'; there are r; text needs quotes"),
    'r.three > "3"': (8, "`r.three` (a number) cannot be compared with `\"3\"` (text); drop the quotes: 3"),
    "r.name > 3": (7, "`r.name` (text) cannot be compared with `3` (a number); put it in quotes"),
    "r.yes == 'true'": (6, "`r.yes` (true or false) cannot be compared with `'true'` (text); drop the quotes"),
    "r.stage == 'prodution'": (11, "it is never 'prodution'; did you mean 'production'?"),
    "r.stage in ['test', 'prd']": (20, "it is never 'prd'; there are production and test"),
    "r.three > 0.05 USD": (
        8,
        "`r.three` (a number) cannot be compared with `0.05 USD` (an amount in USD); write a number without unit",
    ),
    "r.price > 20%": (
        8,
        "`r.price` (an amount in USD) cannot be compared with `20%` (a share); write an amount: 0.05 USD",
    ),
    "r.share > 3 USD": (
        8,
        "`r.share` (a share) cannot be compared with `3 USD` (an amount in USD); write a share: 20%",
    ),
    "r.share > 20": (10, "a share is never 20: it lies between 0 and 1; write 20%"),
    "r.share > 120%": (10, "120% is more than 100 %"),
    "r.price * r.price > 1": (
        8,
        "an amount in USD and an amount in USD cannot be multiplied; units must come out as USD, a share or a number",
    ),
    "r.price > 5 EUR": (12, "unknown unit 'EUR'; amounts are in USD; counts and tokens have no unit"),
    "r.price > $5": (10, "'$' is not read here; write an amount as `0.05 USD`"),
    "r.f > 3": (0, "`r.f` has several figures: low, typical and high; write `r.f.high` for the worst case, "
                   "`r.f.typical` for the usual one"),
    "r": (0, "`r` is a record, not a value; it has " + ", ".join(list(TYPES)) + " and f"),
    "r.three": (0, "a condition is true or false, this is a number; compare it with something, for example `> 3`"),
    "r.three = 3": (8, "'=' compares nothing; write '=='"),
    "r.yes and r.yes": (6, "expected an operator, found 'and'; write '&&'"),
    "not r.yes": (0, "there is no word 'not'; write '!'"),
    "r.yes & r.yes": (6, "'&' is no operator; write '&&'"),
    "r.three % 2 == 1": (8, "'%' stands alone; a share is written `20%`, without a space; there is no remainder"),
    "r.absent == null": (12, "there is no null; whether something is sent: `has(request.tier)`"),
    "1 < r.three < 5": (12, "a comparison is compared again; join two comparisons: `a < b && b < c`"),
    "r.three > 2 &&": (14, "the condition ends where a value is missing"),
    "(r.three > 2": (12, "the condition ends where ')' is missing behind the bracket that was opened"),
    "r.name == 'gpt": (10, "this text is not closed; end it with '"),
    "r.names[0] == 'a'": (7, "elements have no number; ask about the elements: `.exists(x, ...)` or `.all(x, ...)`"),
    "r.names.high": (8, "a list of text has no fields; ask about its elements: `.exists(x, x.high ...)`"),
    "r.three.high > 2": (8, "a number has no fields; it is one figure"),
    "r.names.exists(n > 3)": (17, "expected ',' behind the variable of 'exists', found '>'"),
    "r.names.filter(n, n == 'a')": (8, "there is no macro 'filter'; there are exists and all"),
    "r.name.startswith('a')": (7, "there is no function 'startswith'; did you mean 'startsWith'?"),
    "r.names.contains('a')": (8, "'contains' is about text, this is a list of text; ask about its elements with exists "
                                 "or all"),
    "'a' in r.name": (7, "'in' needs a list, this is text; `r.name.contains(...)` asks about a part of a text"),
    "3 in r.names": (0, "a number is never in a list of text; put it in quotes"),
    "[1, 'a'] == [1]": (4, "a list holds values of one kind, here a number and text"),
    "has(r)": (4, "'has' asks about a field; for example `has(request.max_output)`"),
    "len(r.names) > 1": (0, "there is no function 'len'; there are has and size"),
    "r.name.matches(r.name)": (15, "the pattern of 'matches' must be written out; for example 'mini$'"),
    "r.name.matches('a(b')": (15, "in the pattern, at character 5: a group is not closed; add ')'"),
    "r.name.matches('(a)\\\\1')": (
        15,
        "in the pattern, at character 6: a pattern cannot refer back to a group; write out what it should match",
    ),
    "r.name.matches('a**')": (15, "in the pattern, at character 3: a repeat is repeated; put it in brackets: (?:a*)*"),
    "r.name.matches('(?=a)b')": (
        15,
        "in the pattern, at character 2: groups that look around, have names or flags are not read; there are (?:...) "
        "and, at the beginning, (?i)",
    ),
    "r.name.matches('(a{99}){99}')": (
        15,
        f"the pattern has more than {program.MAX_INSTRUCTIONS} steps when its repeats are written out; use lower "
        "counts in braces",
    ),
    "3u == 3": (1, "'u' follows a number; there are no unsigned numbers; drop the 'u'"),
    "1e99 > 3": (0, "the number 1e99 is out of range"),
    "r.numbers.exists(r, r > 1)": (9, "'r' is taken; choose another name for the variable"),
    "\U0001f4b0 > 3": (0, "'\U0001f4b0' has no meaning here"),
    "r.yes ? 1 : 'a'": (12, "both sides of ':' must be alike, these are a number and text"),
}  # fmt: skip


@pytest.mark.parametrize("source", WRONG)
def test_a_mistake_is_found_before_the_scan_with_its_place(source: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        compile(source, OBJECTS)
    error = caught.value
    assert (error.offset, "; ".join(filter(None, (error.message, error.hint)))) == WRONG[source]


@pytest.mark.parametrize(
    "source",
    [
        "(" * 5_000,
        "!" * 5_000,
        "-" * 3_000 + "1",
        "1" + " + 1" * 900 + " > 1",
        "true" + " && true" * 490,
        "r" + ".f" * 1_900,
        "[" * 2_000,
        "true ? " * 500 + "true",
        "r.name.matches('" + "(" * 1_000 + "')",
        "r.name.matches('((?:){999}){999}){999}')",
        "r.numbers.exists(a, " * 100,
        "'" + "a" * 5_000 + "'",
    ],
    ids=lambda source: source[:20],
)
def test_a_hostile_condition_is_refused_at_once(source: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        compile(source, OBJECTS)
    assert caught.value.message


def test_long_conditions_of_a_sane_size_work() -> None:
    assert ask(" || ".join(["r.three > 5"] * 60 + ["r.yes"])) is True
    assert ask(" + ".join(["1"] * (parser.MAX_DEPTH - 8)) + " > 3") is True


def test_work_is_bounded_and_the_bound_is_a_reason() -> None:
    condition = compile("r.numbers.all(a, r.numbers.all(b, r.numbers.all(c, a + b + c > 0)))", OBJECTS)
    many = {**VALUES, "numbers": tuple(map(Decimal, range(1, 1_000)))}
    answer = condition.ask({"r": many})
    assert isinstance(answer, Unknown)
    assert "asks about more than 50,000 parts" in answer.whys[0]


def test_fields_of_a_condition_are_shown_with_their_values() -> None:
    condition = compile("r.three > 2 && has(r.absent) && r.numbers.exists(n, n > r.price / 1 USD)", OBJECTS)
    assert condition.shown({"r": VALUES}) == (
        ("r.three", Decimal(3)),
        ("r.absent", Absent("no limit is sent")),
        ("r.numbers", (Decimal(1), Decimal(2))),
        ("r.price", Decimal("0.05")),
    )
