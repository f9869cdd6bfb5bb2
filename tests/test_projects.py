"""What a user sees of whole small projects: the exact text of `guard cost` and `guard check`, with the exit code.

A case is a folder in tests/projects with an `expected.txt` (cost) and an `expected-check.txt`. After a change that is
meant, `python -m pytest tests/test_projects.py --update` writes them anew; the diff is the review. Each case fixes the
prices of its models in its guard.yaml and the day is fixed here, so that neither a new price table nor the calendar
changes what is expected. What must hold of a case whatever the text looks like stands in the tests below.
"""

from __future__ import annotations

import re
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import click.testing
import pytest
from report_schema import assert_valid

from guard import cli
from guard.commands import shared
from guard.config.types import Config
from guard.model import Report

PROJECTS = Path(__file__).parent / "projects"
SAMPLE = Path(__file__).parents[1] / "examples" / "support-bot"
README = Path(__file__).parents[1] / "README.md"
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

    monkeypatch.setattr(shared, "scan", scan)
    monkeypatch.delenv("NO_COLOR", raising=False)
    (tmp_path / ".git").mkdir()  # the search for a guard.yaml ends here

    def run(name: str, command: str, *options: str) -> click.testing.Result:
        folder = tmp_path / ("examples" if name == SAMPLE.name else "") / name
        if not folder.exists():
            source = SAMPLE if name == SAMPLE.name else PROJECTS / name
            shutil.copytree(source, folder, ignore=shutil.ignore_patterns("expected*.txt"))
            if name == "hostile":
                _add_bad_name(folder)
        if name == SAMPLE.name:  # as the README has it
            monkeypatch.chdir(tmp_path)
            return click.testing.CliRunner().invoke(cli.main, [command, f"examples/{name}", *options])
        monkeypatch.chdir(folder)
        return click.testing.CliRunner().invoke(cli.main, [command, *options])

    return run


def _add_bad_name(folder: Path) -> None:
    """Not in version control, where such a name would trouble other tools."""
    text = (folder / "colour.py").read_text("utf-8")
    try:
        (folder / BAD_NAME).write_text(text, "utf-8")
    except OSError:
        pytest.skip("this file system does not take the name")


def _seen(done: click.testing.Result) -> str:
    """What a user sees. The day of the price table and the packages of the catalogue are blanked: a new table or a new
    SDK is no change of the output."""
    from guard.estimate.prices import load

    text = done.stdout.replace(str(load().as_of), "YYYY-MM-DD")
    text = re.sub(r"guard knows: .*", "guard knows: PACKAGES.\n", text, flags=re.DOTALL)
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


def test_the_readme_shows_what_the_sample_gives(case: Any, request: pytest.FixtureRequest) -> None:
    """Its first three text blocks: the first finding of `guard check`, the sums at its end, and `guard cost`."""
    checked, costs = case(SAMPLE.name, "check"), case(SAMPLE.name, "cost")
    assert (checked.exit_code, costs.exit_code) == (1, 0)
    findings = checked.stdout.rstrip("\n").split("\n\n")
    wanted = [findings[0], findings[-1], costs.stdout.rstrip("\n")]
    pieces = re.split(r"(?<=```text\n)(.*?)(?=\n```)", README.read_text("utf-8"), flags=re.DOTALL)
    if request.config.getoption("--update"):
        pieces[1:6:2] = wanted
        README.write_text("".join(pieces), "utf-8")
    assert pieces[1:6:2] == wanted


# --- what must hold, whatever the text looks like ---------------------------------------------------------------


def test_a_wrapper_with_two_callers_is_two_requests_with_their_own_models(case: Any) -> None:
    data = report(case, "wrapper-chain")
    limits = [[choice["value"] for choice in request["max_output"]["choices"]] for request in data["requests"]]
    assert sorted(zip(models(data), limits)) == [(["gpt-4o"], [50]), (["gpt-4o-mini"], [4])]
    assert [request["callers"] for request in data["requests"]] == [1, 1]


def test_of_arms_that_exclude_one_another_one_is_paid(case: Any) -> None:
    data = report(case, "exclusive-arms")
    (first, second), total = (request["estimate"]["usd"] for request in data["requests"]), data["totals"]["usd"]
    assert {float(first["high"]), float(second["high"])} > {float(total["high"])}
    assert float(total["high"]) == max(float(first["high"]), float(second["high"]))


def test_a_fallback_costs_nothing_typically_and_counts_at_worst(case: Any) -> None:
    first, fallback = report(case, "fallback")["requests"]
    assert fallback["after"] == first["id"]
    assert float(fallback["estimate"]["usd"]["typical"]) == 0 < float(fallback["estimate"]["usd"]["high"])


def test_layers_of_retries_multiply(case: Any) -> None:
    (request,) = report(case, "retries-stacked")["requests"]
    assert (request["attempts"]["low"], request["attempts"]["high"]) == (1, 25)


def test_a_loop_over_unknown_data_has_no_bound(case: Any) -> None:
    endless, bounded = report(case, "loop-unbounded")["requests"]
    assert endless["repeats"]["high"] is None and endless["repeats"]["why"]
    assert (bounded["repeats"]["low"], bounded["repeats"]["high"]) == (3, 3)


def test_a_month_is_runs_times_the_price_of_a_run(case: Any) -> None:
    """300,000 x (60 + framing tokens x $2.50 + 150 x $10.00) / 1,000,000; framing is between 3 and 20 tokens."""
    data = report(case, "monthly-budget")
    (ask,) = (request for request in data["requests"] if request["sites"][0]["path"] == "web.py")
    typical = float(ask["estimate"]["usd_per_month"]["typical"])
    assert 300_000 * (63 * 2.5 + 1500) / 1e6 <= typical <= 300_000 * (80 * 2.5 + 1500) / 1e6


def test_a_model_without_a_price_costs_an_unknown_amount_not_nothing(case: Any) -> None:
    data = report(case, "unknown-model")
    assert [request["estimate"]["usd"] for request in data["requests"]] == [None, None]
    assert data["totals"]["usd"] is None


def test_nothing_of_a_hostile_repository_reaches_the_terminal_unescaped(case: Any) -> None:
    for command in ("cost", "check"):
        text = case("hostile", command).stdout
        assert "\\x1b" in text
        assert not set(text) & set("\x1b\x07\u202e\r")
