"""Conditions about settings: keys of configuration files that decide what requests cost."""

# ruff: noqa: E501 - conditions stand on one line each

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from guard.cli import main

LITELLM = """model_list:
  - model_name: chat
    litellm_params:
      model: openai/gpt-4o
      max_tokens: 9000
  - model_name: small
    litellm_params:
      model: openai/gpt-4o-mini
      max_tokens: 500
"""


@pytest.fixture
def proxy(tmp_path: Path) -> Path:
    (tmp_path / "deploy").mkdir()
    (tmp_path / "deploy/litellm.yaml").write_text(LITELLM, encoding="utf-8")
    return tmp_path


def check(folder: Path, deny: str, more: str = "") -> Result:
    rules = (
        f"version: 1\nextends: []\npolicies:\n  - id: rule\n    deny: {json.dumps(deny)}\n    enforce: block\n{more}"
    )
    (folder / "guard.yaml").write_text(rules, encoding="utf-8")
    return CliRunner().invoke(main, ["check", str(folder)])


def test_a_key_that_is_too_large_blocks_where_it_stands(proxy: Path) -> None:
    found = check(proxy, 'setting.what == "max_tokens" && setting.number > 4000')
    assert found.exit_code == 1
    assert found.output.count("error[rule]") == 1
    assert "deploy/litellm.yaml:5:" in found.output and "number is 9,000" in found.output


def test_text_key_format_and_path_can_be_asked(proxy: Path) -> None:
    asked = 'setting.text.glob("openai/gpt-4o") && setting.key.contains("litellm_params") && setting.format == "litellm-proxy"'
    assert check(proxy, asked + ' && setting.path.startsWith("deploy/")').exit_code == 1
    assert check(proxy, asked + ' && setting.path.startsWith("src/")').exit_code == 0


def test_a_value_that_is_no_number_is_undecided_unless_asked_first(proxy: Path) -> None:
    assert "undecided[rule]" in check(proxy, "setting.number > 100000").output
    assert "undecided" not in check(proxy, "has(setting.number) && setting.number > 100000").output.split("blocking")[0]


def test_paths_of_the_policy_hold(proxy: Path) -> None:
    deny = "has(setting.number) && setting.number > 4000"
    assert check(proxy, deny, '    paths: ["src/**"]\n').exit_code == 0
    assert check(proxy, deny, '    paths: ["deploy/**"]\n').exit_code == 1


def test_settings_and_requests_are_not_mixed(proxy: Path) -> None:
    found = check(proxy, "setting.number > 4 && request.usd.high > 1 USD")
    assert found.exit_code == 2
    assert "a condition about settings speaks of them alone" in found.output


def test_a_policy_can_be_tried(proxy: Path) -> None:
    found = CliRunner().invoke(main, ["policy", "try", 'setting.what == "model"', str(proxy)])
    assert found.exit_code == 0, found.output
    assert "2 of" in found.output and "settings" in found.output
