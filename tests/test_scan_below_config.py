"""A guard.yaml above the scanned folder: its globs and entry points are relative to its own folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click.testing
import pytest
from report_schema import assert_valid

from guard import cli
from guard.config.types import Config
from guard.run import scan

ASK = """\
from openai import OpenAI

client = OpenAI()


def ask(question):
    return client.chat.completions.create(
        model="gpt-4o", messages=[{"role": "user", "content": question}], max_tokens=100
    )
"""
CONFIG = """\
version: 1
extends: []
exclude: ["services/search/old/**"]
prices: {"openai/gpt-4o": {input: 1, output: 1}}
usage:
  rules:
    - {paths: ["services/search/**"], runs_per_month: 1000}
    - {entry: "services/search/ask.py::ask", output_tokens: 7}
features:
  search: {paths: ["services/search/**"]}
budgets:
  - {name: search, per_month: 0.001 USD, paths: ["services/search/**"], enforce: block}
policies:
  - {id: bounded, check: output-limit, paths: ["services/**"]}
  - {id: approved, check: model-allowed, params: {allow: [gpt-4.1-nano]}, paths: ["services/search/**"]}
exceptions:
  - {policy: approved, paths: ["services/search/ask.py"], reason: migration}
"""


@pytest.fixture
def run(tmp_path: Path) -> Any:
    """Runs `guard check --format json` on a folder of a repository with a guard.yaml at its top."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "services/search/old").mkdir(parents=True)
    (tmp_path / "services/search/ask.py").write_text(ASK)
    (tmp_path / "services/search/old/gone.py").write_text(ASK)
    (tmp_path / "guard.yaml").write_text(CONFIG)

    def guard(folder: str, *options: str) -> click.testing.Result:
        return click.testing.CliRunner().invoke(cli.main, ["check", str(tmp_path / folder), *options])

    return guard


@pytest.mark.parametrize(
    ("folder", "path"),
    [(".", "services/search/ask.py"), ("services", "search/ask.py"), ("services/search", "ask.py")],
)
def test_every_glob_holds_wherever_guard_is_started(run: Any, folder: str, path: str) -> None:
    report = assert_valid(run(folder, "--format", "json").stdout)
    (request,) = report["requests"]
    assert request["sites"][0]["path"] == path, "exclude leaves out the old folder"
    assert request["feature"] == "search"
    assert request["estimate"]["runs_per_month"] == "1000"
    assert request["estimate"]["output_tokens"]["typical"] == 7
    found = {finding["policy"]: bool(finding["forgiven"]) for finding in report["findings"]}
    assert found == {"budget:search": False, "approved": True}


def test_the_configuration_is_shown_in_frames_from_where_it_stands(run: Any) -> None:
    done = run("services/search")
    assert done.exit_code == 1
    assert "--> ../../guard.yaml:12:5" in done.stdout
    assert "12 |   - {name: search, per_month: 0.001 USD" in done.stdout


def test_a_configuration_from_elsewhere_is_about_the_scanned_folder(run: Any, tmp_path: Path) -> None:
    elsewhere = tmp_path / "ci" / "guard.yaml"
    elsewhere.parent.mkdir()
    elsewhere.write_text('version: 1\nextends: []\nexclude: ["old/**"]\n')
    report = json.loads(run("services/search", "--format", "json", "--config", str(elsewhere)).stdout)
    assert [request["sites"][0]["path"] for request in report["requests"]] == ["ask.py"]


def test_a_package_that_is_scanned_alone_knows_itself_by_its_name(tmp_path: Path) -> None:
    """`shop.settings` is found where only the folder `shop` is read, as from the folder above it."""
    shop = tmp_path / "shop"
    shop.mkdir()
    (shop / "__init__.py").write_text("")
    (shop / "settings.py").write_text('MODEL = "gpt-4o-mini"\n')
    (shop / "ask.py").write_text(
        "from openai import OpenAI\nfrom shop.settings import MODEL\nfrom shop import settings\n\n"
        "OpenAI().responses.create(model=MODEL, input='a')\n"
        "OpenAI().responses.create(model=settings.MODEL, input='b')\n"
    )
    report = scan(shop, Config())
    assert [one.request.model.choices[0].value for one in report.requests] == ["gpt-4o-mini", "gpt-4o-mini"]
