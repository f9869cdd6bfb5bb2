"""What a user sees of whole small projects: the exact text of `guard cost` and `guard check`, with the exit code.

A case is a folder in tests/projects with an `expected.txt` (cost) and an `expected-check.txt`. After a change that is
meant, `python -m pytest tests/test_projects.py --update` writes them anew; the diff is the review. Each case fixes the
prices of its models in its guard.yaml and the day is fixed here, so that neither a new price table nor the calendar
changes what is expected. What must hold of a case whatever the text looks like stands in the tests below.
"""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path
from typing import Any

import click.testing
import pytest
from report_schema import assert_valid

from guard import cli
from guard.config.types import Config
from guard.model import Report

PROJECTS = Path(__file__).parent / "projects"
CASES = sorted(folder.name for folder in PROJECTS.iterdir() if folder.is_dir())
DAY = date(2026, 11, 23)
WIDTH = "100"
BAD_NAME = "a\x1b[31m\nb\u202e.py"
"""A file name that would color the terminal, break the line and turn the direction of writing."""


@pytest.fixture
def case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Copies a case to an empty place and runs guard there, on a fixed day."""

    def scan(root: Path, config: Config) -> Report:
        from guard.run import scan

        return scan(root, config, DAY)

    monkeypatch.setattr(cli, "_scan", scan)
    monkeypatch.delenv("NO_COLOR", raising=False)
    (tmp_path / ".git").mkdir()  # the search for a guard.yaml ends here

    def run(name: str, command: str, *options: str) -> click.testing.Result:
        folder = tmp_path / name
        if not folder.exists():
            shutil.copytree(PROJECTS / name, folder, ignore=shutil.ignore_patterns("expected*.txt"))
            if name == "hostile":
                _add_bad_name(folder)
        return click.testing.CliRunner().invoke(cli.main, [command, str(folder), *options])

    return run


def _add_bad_name(folder: Path) -> None:
    """Not in version control, where such a name would trouble other tools."""
    text = (folder / "colour.py").read_text("utf-8")
    try:
        (folder / BAD_NAME).write_text(text, "utf-8")
    except OSError:
        pytest.skip("this file system does not take the name")


def _seen(done: click.testing.Result) -> str:
    """What a user sees. The day of the price table is blanked: a new table is no change of the output."""
    from guard.estimate.prices import load

    text = done.stdout.replace(str(load().as_of), "YYYY-MM-DD")
    errors = f"--- standard error\n{done.stderr}" if done.stderr else ""
    return f"{text}{errors}--- exit code {done.exit_code}\n"


@pytest.mark.parametrize(("command", "file"), [("cost", "expected.txt"), ("check", "expected-check.txt")])
@pytest.mark.parametrize("name", CASES)
def test_output(name: str, command: str, file: str, case: Any, request: pytest.FixtureRequest) -> None:
    seen = _seen(case(name, command, "--width", WIDTH))
    expected = PROJECTS / name / file
    if request.config.getoption("--update"):
        expected.write_text(seen, "utf-8")
    assert seen == expected.read_text("utf-8")


@pytest.mark.parametrize("name", CASES)
def test_json_of_every_case_is_valid(name: str, case: Any) -> None:
    assert_valid(case(name, "cost", "--format", "json").stdout)


def report(case: Any, name: str) -> dict[str, Any]:
    """The JSON report of a case."""
    return assert_valid(case(name, "check", "--format", "json").stdout)


def models(data: dict[str, Any]) -> list[Any]:
    return [[choice["value"] for choice in request["model"]["choices"]] for request in data["requests"]]
