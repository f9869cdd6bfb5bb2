"""`guard cost --profile`: a month where nothing is declared, which says that it is assumed."""

from __future__ import annotations

from pathlib import Path

import click.testing

from guard import cli

CODE = """from openai import OpenAI


def ask(q):
    return OpenAI().responses.create(model="gpt-4o", max_output_tokens=100, input="hi")
"""


def cost(root: Path, *options: str) -> str:
    (root / "app.py").write_text(CODE)
    result = click.testing.CliRunner().invoke(cli.main, ["cost", str(root), "--width", "200", *options])
    assert result.exit_code == 0, result.output
    return result.output


def test_without_a_profile_there_is_no_month(tmp_path: Path) -> None:
    assert "A month" not in cost(tmp_path)


def test_with_one_all_of_the_month_is_assumption(tmp_path: Path) -> None:
    shown = cost(tmp_path, "--profile", "small")
    assert "100% of typical is assumption; a month is known for 1 of 1; of 1 a profile assumes the runs." in shown
    assert "11000 runs a month of a function: assumed by profile small: 100 users x 110 uses" in shown


def test_the_configuration_may_ask_for_one_and_the_command_goes_before_it(tmp_path: Path) -> None:
    (tmp_path / "guard.yaml").write_text("version: 1\nusage: {profile: medium}\n")
    assert "assumed by profile medium: 10,000 users x 110 uses" in cost(tmp_path)
    assert "assumed by profile small: 100 users x 110 uses" in cost(tmp_path, "--profile", "small")
