"""The packs that come with guard: they load, only warn, and say what each of their policies is for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from guard.config.build import policies
from guard.config.load import load as load_config
from guard.config.packs import shipped, shipped_pack
from guard.policy.decide import decide
from guard.policy.examples import CONTEXT
from guard.policy.load import load
from guard.policy.registry import checks

ROOT = Path(__file__).parents[2]
NAMES = ["guard:finops", "guard:recommended", "guard:reliability", "guard:strict"]
ITEMS = [case.priced for check in checks().values() for case in (*check.bad, *check.good, *check.unsure)]


def test_these_packs_are_shipped() -> None:
    assert sorted(shipped()) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_pack_warns_and_leaves_tests_alone(name: str) -> None:
    loaded = load(policies([shipped_pack(name)]))
    assert loaded
    for policy in loaded:
        assert policy.spec.enforce == "warn", policy.spec.id
        assert policy.asking is None or policy.spec.severity, policy.spec.id
        subject = "request" if policy.asking is None else policy.asking.subject
        assert "test" in policy.spec.skip_stages or subject != "request" or "stage" in str(policy.spec.deny), (
            policy.spec.id
        )


@pytest.mark.parametrize("name", NAMES)
def test_every_policy_of_a_pack_has_a_remark_before_it_or_is_a_check(name: str) -> None:
    text = shipped()[name].read_text("utf-8")
    for found in re.finditer(r"^  - id: (\S+)\n    (deny|check):", text, re.MULTILINE):
        before = text[: found.start()].rstrip("\n").split("\n")[-1].strip()
        assert found[2] == "check" or before.startswith("#") or "message:" in text[found.end() :].split("- id:")[0], (
            found[1]
        )


def test_all_packs_together_hold(tmp_path: Path) -> None:
    (tmp_path / "guard.yaml").write_text(f"version: 1\nextends: [{', '.join(reversed(NAMES))}]\n")
    config = load_config(tmp_path)
    found = decide(load(config.policies), ITEMS, CONTEXT, "", config)
    assert {finding.policy for finding in found} >= {"attempts-bounded", "retries-stop"}


def test_packs_are_described_for_users() -> None:
    guide = (ROOT / "docs" / "policies.md").read_text("utf-8")
    for name in NAMES:
        assert f"`{name}`" in guide
        for policy in load(policies([shipped_pack(name)])):
            assert f"`{policy.spec.id}`" in guide, (name, policy.spec.id)
