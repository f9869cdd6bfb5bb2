"""Whatever a policy file holds, it loads or fails with a located message, and what was loaded never raises."""

from __future__ import annotations

import os
import tempfile
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from random import Random

from hypothesis import example, given, settings
from hypothesis import strategies as st

from guard.config.issues import ConfigError
from guard.config.load import load as load_config
from guard.config.types import Config
from guard.model import ONCE, Finding, Reach, Setting
from guard.policy import registry
from guard.policy.decide import decide
from guard.policy.examples import CONTEXT
from guard.policy.expr.functions import FUNCTIONS
from guard.policy.expr.types import ListOf, Number, Object, Text, Truth, Type, walk
from guard.policy.expr.values import Absent, Between, Unknown
from guard.policy.load import load
from guard.policy.objects import page
from guard.policy.objects.groups import Groups
from guard.policy.objects.request import asked
from guard.policy.objects.sums import OBJECTS

LONG = os.environ.get("GUARD_PROPERTY") == "long"
ITEMS = [case.priced for check in registry.checks().values() for case in (*check.bad, *check.good, *check.unsure)]
"""Requests of all kinds: those of the examples of all checks."""


def outcome(text: str) -> list[Finding] | ConfigError:
    """Findings under a guard.yaml with this text, or why it cannot be used."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "guard.yaml").write_bytes(text.encode("utf-8", "surrogatepass"))
        try:
            config = load_config(Path(folder))
            policies = load(config.policies)
        except ConfigError as error:
            return error
        return list(decide(policies, ITEMS, CONTEXT, config.prefix, config))


def expect_located(error: ConfigError, text: str) -> None:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    assert error.errors
    for issue in error.errors:
        assert issue.path == "guard.yaml"
        assert 1 <= issue.line <= len(lines) + 1
        assert issue.column >= 1
        assert issue.message
        assert str(issue).isprintable() or "\n" in str(issue)


_WORDS = st.sampled_from([
    *OBJECTS, *(field for kind in walk(OBJECTS) for field in kind.fields), *FUNCTIONS, "exists", "all", "has", "size",
    "x", ".", ".", ".", "(", ")", "[", "]", ",", "&&", "||", "!", "==", "!=", "<", ">", "<=", ">=", "in",
    "+", "-", "*", "/",
    "?", ":", "true", "3", "0.05", "0.05 USD", "20%", "'gpt-4o'", '"test"', "r'a+'", "=", "null", "%", "$", "é", "\\",
    "{",
])  # fmt: skip
_SOUP = st.lists(_WORDS, max_size=14).map(" ".join) | st.text(max_size=40)


@settings(max_examples=3_000 if LONG else 400, derandomize=not LONG, database=None)
@given(_SOUP, st.sampled_from(["plain", "single", "folded", "literal"]))
@example("request.attempts.high > 3 && request.usd.high > 0.50 USD", "plain")
@example("x", "single")
def test_any_condition_loads_or_is_refused_at_its_place(condition: str, style: str) -> None:
    shown = {
        "plain": condition,
        "single": "'" + condition.replace("'", "''") + "'",
        "folded": f">-\n      {condition}",
        "literal": f"|\n      {condition}",
    }[style]
    text = f"version: 1\nextends: []\npolicies:\n  - id: a\n    deny: {shown}\n"
    told = outcome(text)
    if isinstance(told, ConfigError):
        expect_located(told, text)


_PIECES = st.sampled_from([
    "version: 1", "extends: []", "extends: [guard:recommended]", "policies:", "- id: a", "id: b", "check: output-limit",
    "check: x", "deny: request.priced", "deny: 3", "deny:", "enforce: off", "enforce: maybe", "block_from: 2027-01-01",
    "block_from: soon", "params: {max_attempts: 3}", "params: [", "message: '{request.usd.high}'", "message: '{x}'",
    "budgets: [{name: a, per_call: 1}]", "- {policy: a, reason: b}", "exceptions:", "severity: high",
    "paths: ['src/**']",
    "tests: {deny: [a]}", "on_unknown: block", "skip_stages: [test]", "features: {s: {paths: [a]}}", "&a", "*a",
    "\t", "---",
])  # fmt: skip


@settings(max_examples=2_000 if LONG else 300, derandomize=not LONG, database=None)
@given(st.lists(st.tuples(st.integers(0, 3), _PIECES), max_size=10))
def test_any_policy_file_loads_or_is_refused_at_a_place(lines: list[tuple[int, str]]) -> None:
    text = "\n".join("  " * depth + piece for depth, piece in lines)
    told = outcome(text)
    if isinstance(told, ConfigError):
        expect_located(told, text)


def _scalars(kind: Object, name: str, rnd: Random, depth: int = 0) -> tuple[str, Type]:
    """A way from an object down to something that is no object."""
    field = rnd.choice(list(kind.fields.values()))
    path = f"{name}.{field.name}"
    if isinstance(field.type, Object):
        return _scalars(field.type, path, rnd, depth)
    return path, field.type


def _condition(rnd: Random, root: str, kind: Object, depth: int = 2) -> str:
    """A condition that is right, over the fields of one object."""
    if depth and rnd.random() < 0.6:
        sign = rnd.choice(["&&", "||"])
        both = f"({_condition(rnd, root, kind, depth - 1)} {sign} {_condition(rnd, root, kind, depth - 1)})"
        return rnd.choice([both, f"!{both}"])
    path, found = _scalars(kind, root, rnd)
    match found:
        case Truth():
            return path
        case Number(unit):
            value = {"usd": "0.01 USD", "share": "30%"}.get(unit, "3")
            return f"{path} {rnd.choice(['>', '<=', '==', '!='])} {rnd.choice([value, f'{path} * 2', '0'])}"
        case Text(words):
            other = f'"{rnd.choice(words)}"' if words else '"gpt-4o"'
            return rnd.choice([f"{path} == {other}", f'{path}.glob("*a*")', f'{path}.matches("a|b$")', f"{path} in []"])
        case ListOf(Object() as item):
            if depth < 1:
                return f"{path}.exists(y, true)"
            fields = {key: one for key, one in item.fields.items() if not isinstance(one.type, ListOf)}
            inner = Object(item.name, fields)
            return f"{path}.{rnd.choice(['exists', 'all'])}(y, {_condition(rnd, 'y', inner, 1)})"
    return f'{path}.exists(z, z == "model")'


@settings(max_examples=3_000 if LONG else 300, derandomize=not LONG, database=None)
@given(st.integers(0, 2**40))
def test_a_condition_over_any_fields_loads_and_never_raises(seed: int) -> None:
    rnd = Random(seed)
    root = rnd.choice(list(OBJECTS))
    condition = _condition(rnd, root, OBJECTS[root])
    text = f"version: 1\nextends: []\npolicies:\n  - id: a\n    deny: >-\n      {condition}\n"
    told = outcome(text)
    assert not isinstance(told, ConfigError), f"{condition}: {told}"
    for finding in told:
        assert finding.message


def test_every_field_of_every_object_is_documented() -> None:
    for kind in walk(OBJECTS):
        assert kind.doc.endswith("."), kind.name
        for field in kind.fields.values():
            assert field.doc[0].isupper() or field.doc[0] == "`", (kind.name, field.name)
            assert not field.doc.endswith(".") or field.doc.endswith("..."), (kind.name, field.name)


def _expect_kind(value: object, kind: Type, where: str, seen: set[str]) -> None:
    """A value is of the declared kind, or not known for a reason; so are all that it holds."""
    if isinstance(value, Unknown):
        assert value.whys and all(value.whys), where
        return
    if isinstance(value, Absent):
        assert value.why, where
        return
    match kind:
        case Truth():
            assert isinstance(value, bool), where
        case Number():
            assert isinstance(value, Decimal | Between) and not isinstance(value, bool), where
        case Text(words):
            assert isinstance(value, str), where
            assert not words or value in words, (where, value)
        case ListOf(item):
            assert isinstance(value, tuple), where
            for one in value[:20]:
                assert item is not None
                _expect_kind(one, item, f"{where}[]", seen)
        case Object(name, fields):
            for field in fields.values():
                seen.add(f"{name}.{field.name}")
                _expect_kind(field.get(value), field.type, f"{where}.{field.name}", seen)


def test_every_field_has_a_value_of_its_kind() -> None:
    groups = Groups([replace(item, feature="search") for item in ITEMS], Config())
    seen: set[str] = set()
    for item in ITEMS:
        for varying in (False, True):
            for one in asked(item, varying):
                _expect_kind(one, OBJECTS["request"], "request", seen)
    _expect_kind(groups.repo, OBJECTS["repo"], "repo", seen)
    for feature in groups.features.values():
        _expect_kind(feature, OBJECTS["feature"], "feature", seen)
    reached = Reach("app/web.py::ask", "route", ONCE)
    calling = [replace(item, request=replace(item.request, reached_from=(reached,))) for item in ITEMS]
    for flow in Groups(calling, Config()).workflows():
        _expect_kind(flow, OBJECTS["workflow"], "workflow", seen)
    settings = [
        Setting("a.yaml", 3, "aider", "model", "model", value) for value in ("gpt-4o", 3, 0.5, True, None, ("a", 1), ())
    ]
    for setting in Groups((), Config(), [*settings, replace(settings[0], what="prompt")]).settings():
        _expect_kind(setting, OBJECTS["setting"], "setting", seen)
    assert seen >= {f"{name}.{field}" for name, kind in OBJECTS.items() for field in kind.fields}


def test_the_page_of_conditions_is_fresh() -> None:
    written = (Path(__file__).parents[2] / "docs" / "conditions.md").read_text("utf-8")
    assert written == page.page(), "run: python -m guard.policy.objects.page > docs/conditions.md"


def test_the_examples_of_the_page_load() -> None:
    block = page.INTRO.split("```yaml\n")[1].split("```")[0]
    told = outcome(f"version: 1\nextends: []\n{block}")
    assert not isinstance(told, ConfigError)
