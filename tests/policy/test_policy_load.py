"""What a user reads when a policy of guard.yaml cannot be used."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.config.issues import ConfigError
from guard.config.load import load as load_config
from guard.config.types import Place, PolicySpec
from guard.policy import registry
from guard.policy.load import PolicyError, load

ROOT = Path(__file__).parents[2]


def spec(check: str = "attempts-bounded", params: dict[str, Any] | None = None, **more: Any) -> PolicySpec:
    params = params or {}
    places = {name: Place("guard.yaml", 20 + i, 7) for i, name in enumerate(params)}
    return PolicySpec("mine", Place("guard.yaml", 12, 5), check, params, places, **more)


@pytest.mark.parametrize(
    ("broken", "text"),
    [
        (
            spec("output-limits"),
            "guard.yaml:12:5: policy 'mine' uses an unknown check 'output-limits'; did you mean 'output-limit'?",
        ),
        (
            spec("mine"),
            "guard.yaml:12:5: policy 'mine' has no `check`, and no check has that name; there are attempts-bounded, "
            "context-window, loop-bounded, model-allowed, model-known and output-limit",
        ),
        (
            spec(params={"max_attempt": 3}),
            "guard.yaml:20:7: check 'attempts-bounded' has no parameter 'max_attempt'; did you mean 'max_attempts'?",
        ),
        (
            spec("loop-bounded", {"max": 3}),
            "guard.yaml:20:7: check 'loop-bounded' has no parameter 'max'; it has none",
        ),
        (
            spec(params={"max_attempts": "three"}),
            "guard.yaml:20:7: parameter 'max_attempts' of check 'attempts-bounded' must be a whole number, "
            "not 'three'; for example `max_attempts: 10`",
        ),
        (
            spec(params={"max_attempts": 0}),
            "guard.yaml:20:7: parameter 'max_attempts' of check 'attempts-bounded' must be at least 1, not 0; "
            "for example `max_attempts: 10`",
        ),
        (
            spec(params={"max_attempts": True}),
            "guard.yaml:20:7: parameter 'max_attempts' of check 'attempts-bounded' must be a whole number, not true; "
            "for example `max_attempts: 10`",
        ),
        (
            spec("model-allowed", {"allow": ["gpt-4o", 4]}),
            "guard.yaml:20:7: parameter 'allow' of check 'model-allowed' must be a list of text, but holds 4; "
            'for example `allow: ["gpt-4o-mini*"]`',
        ),
        (
            spec("model-allowed", {"allow": {"a": 1}}),
            "guard.yaml:20:7: parameter 'allow' of check 'model-allowed' must be a list of text, not a mapping; "
            'for example `allow: ["gpt-4o-mini*"]`',
        ),
        (
            spec("model-known", {"retired": "no"}),
            "guard.yaml:20:7: parameter 'retired' of check 'model-known' must be true or false, not 'no'; "
            "for example `retired: true`",
        ),
        (
            spec(message="{modle} is not approved"),
            "guard.yaml:12:5: the message of policy 'mine' names an unknown field '{modle}'; did you mean 'model'?",
        ),
    ],
)
def test_a_broken_policy_is_refused_with_place_and_hint(broken: PolicySpec, text: str) -> None:
    with pytest.raises(PolicyError) as caught:
        load([broken])
    assert str(caught.value) == text


def test_all_mistakes_are_reported_at_once() -> None:
    first = spec("model-allowed", {"alow": [], "deny": 3})
    second = PolicySpec("other", Place("guard.yaml", 30, 5), "nothing-like-it")
    with pytest.raises(ConfigError) as caught:
        load([first, second])
    assert [issue.line for issue in caught.value.errors] == [20, 21, 30]


def test_one_glob_may_be_written_without_a_list() -> None:
    (policy,) = load([spec("model-allowed", {"deny": "o1-*"})])
    assert policy.params.deny == ("o1-*",)
    assert policy.params.allow == ("*",)


def test_severity_is_the_policys_own_else_the_checks() -> None:
    assert load([spec()])[0].severity == registry.checks()["attempts-bounded"].severity == "high"
    assert load([spec(severity="low")])[0].severity == "low"


def test_of_two_policies_with_one_id_the_later_holds() -> None:
    (policy,) = load([spec(params={"max_attempts": 3}), spec(params={"max_attempts": 7})])
    assert policy.params.max_attempts == 7


def test_recommended_pack_warns_with_the_five_checks(tmp_path: Path) -> None:
    policies = load(load_config(tmp_path).policies)
    assert {policy.check.id for policy in policies} == {
        "output-limit",
        "attempts-bounded",
        "loop-bounded",
        "model-known",
        "context-window",
    }
    assert {policy.spec.enforce for policy in policies} == {"warn"}


def test_one_field_of_a_packs_policy_can_be_changed(tmp_path: Path) -> None:
    text = "version: 1\npolicies:\n  - {id: attempts-bounded, params: {max_attempts: 4}, enforce: block}\n"
    (tmp_path / "guard.yaml").write_text(text)
    policies = {policy.spec.id: policy for policy in load(load_config(tmp_path).policies)}
    assert len(policies) == 5
    assert policies["attempts-bounded"].params.max_attempts == 4
    assert policies["attempts-bounded"].spec.enforce == "block"


_RAW = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(
    st.sampled_from(sorted(registry.checks())),
    st.dictionaries(st.sampled_from(["allow", "deny", "max_attempts", "retired", "x"]), _RAW, max_size=3),
)
def test_any_parameters_load_or_are_refused(check: str, params: dict[str, Any]) -> None:
    try:
        (policy,) = load([spec(check, params)])
    except PolicyError as error:
        assert error.errors
    else:
        assert isinstance(policy.params, registry.checks()[check].params)


def test_an_unknown_check_and_an_unknown_field_are_shown_where_they_are_written(tmp_path: Path) -> None:
    (tmp_path / "guard.yaml").write_text(
        "version: 1\nextends: []\npolicies:\n  - id: mine\n    enforce: block\n    check: output-limits\n"
        '  - {id: output-limit, message: "no {modell}"}\n'
    )
    with pytest.raises(PolicyError) as caught:
        load(load_config(tmp_path).policies)
    assert [(issue.line, issue.column) for issue in caught.value.errors] == [(6, 12), (7, 33)]
