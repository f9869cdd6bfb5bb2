"""The command `guard` as a user meets it: what is printed where, and the exit codes.

The pipeline is replaced by hand-made reports where a case needs a certain one; configuration, prices, tokens and checks
are the real ones.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import click.testing
import pytest

sys.path.append(str(Path(__file__).parent / "report"))
from report_samples import EMPTY, REPORT, SOURCES, WARNED
from report_schema import assert_valid

from guard import cli
from guard.commands import shared
from guard.config.types import Config
from guard.model import Report
from guard.policy.load import load

CLEAN = replace(REPORT, findings=())
WARNING = replace(REPORT, findings=(WARNED,))


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., click.testing.Result]:
    """Runs `guard` in an empty folder; a scan gives the wanted report, raises the wanted error or calls a function."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NO_COLOR", raising=False)
    (tmp_path / ".git").mkdir()

    def guard(*arguments: str, report: Any = CLEAN, **options: Any) -> click.testing.Result:
        def scan(root: Path, config: Config) -> Report:
            if isinstance(report, BaseException):
                raise report
            return report if isinstance(report, Report) else report(root, config)

        monkeypatch.setattr(shared, "scan", scan)
        monkeypatch.setattr(shared, "sources", lambda *_: SOURCES.get)
        return click.testing.CliRunner().invoke(cli.main, list(arguments), **options)

    return guard


Run = Callable[..., click.testing.Result]


# --- what goes where --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["check", "cost"])
def test_json_is_the_report_and_nothing_else(run: Run, command: str) -> None:
    done = run(command, "--format", "json")
    assert assert_valid(done.stdout)["root"] == "shop"
    assert done.stderr == ""


def test_check_and_cost_print_the_same_json(run: Run) -> None:
    assert run("check", "--format", "json").stdout == run("cost", "--format", "json").stdout


def test_prompt_text_is_printed_only_on_request(run: Run) -> None:
    assert "Rank the documents." not in run("cost", "--format", "json").stdout
    assert "Rank the documents." in run("cost", "--format", "json", "--show-prompts").stdout


def test_text_has_color_only_where_asked_for(run: Run) -> None:
    assert "\x1b[" not in run("check", report=REPORT).stdout
    assert "\x1b[1;31merror[approved-models]" in run("check", "--color", "always", report=REPORT).stdout
    assert "\x1b[" not in run("check", "--color", "never", report=REPORT, color=True).stdout


def test_a_terminal_gets_color_unless_no_color_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdout", Terminal())
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert shared.color("auto")
    monkeypatch.setenv("NO_COLOR", "1")
    assert not shared.color("auto")
    assert shared.color("always")
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert not shared.color("auto")


def test_width_is_kept(run: Run) -> None:
    assert max(map(len, run("cost", "--width", "72").stdout.split("\n"))) <= 72


def test_a_stream_that_cannot_write_a_character_gets_its_escape(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    shared.emit("caf\u00e9 \u4e2d\n")
    assert raw.getvalue() == b"caf\\xe9 \\u4e2d\n"


def test_nothing_found_is_no_error_and_says_what_guard_knows(run: Run) -> None:
    for command in ("check", "cost"):
        done = run(command, report=EMPTY)
        assert done.exit_code == 0
        text = " ".join(done.stdout.split())
        assert "Looked at 120 files, parsed 14; no requests to a model were found." in text
        assert "anthropic" in text and "openai" in text


def test_a_reader_that_stops_early_is_no_error() -> None:
    command = [sys.executable, "-m", "guard", "prices", "list"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.read(10)
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 0


# --- exit codes -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "report", "code"),
    [
        (("check",), CLEAN, 0),
        (("check",), WARNING, 0),
        (("check", "--fail-on", "low"), WARNING, 1),
        (("check", "--fail-on", "medium"), WARNING, 0),
        (("check",), REPORT, 1),
        (("check", "--format", "json"), REPORT, 1),
        (("cost",), REPORT, 0),
        (("check",), EMPTY, 0),
    ],
)
def test_exit_code(run: Run, arguments: tuple[str, ...], report: Report, code: int) -> None:
    assert run(*arguments, report=report).exit_code == code


def test_fail_on_says_error_where_it_makes_the_build_fail(run: Run) -> None:
    assert "error[search budget]" in run("check", "--fail-on", "low", report=WARNING).stdout
    assert "warning[search budget]" in run("check", report=WARNING).stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("check", "--formt", "json"), "No such option"),
        (("check", "nowhere"), "does not exist"),
        (("cost", "--format", "xml"), "'xml' is not one of 'concise', 'github', 'gitlab', 'json'"),
        (("check", "--config", "nowhere.yaml"), "does not exist"),
        (("tokens", "--model", "gpt-4o"), "Missing argument"),
        (("chek",), "No such command"),
    ],
)
def test_bad_usage_is_two_with_a_message(run: Run, arguments: tuple[str, ...], message: str) -> None:
    done = run(*arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert message in done.stderr


def test_a_bad_configuration_is_two_with_its_place(run: Run) -> None:
    Path("guard.yaml").write_text("version: 1\nbudget: []\n")
    for arguments in (("check",), ("cost", "--format", "json"), ("explain", "app/jobs.py:40")):
        done = run(*arguments)
        assert (done.exit_code, done.stdout) == (2, "")
        assert done.stderr.startswith("guard.yaml:2:1: ")
        assert "budgets" in done.stderr


def test_a_configuration_elsewhere_can_be_named(run: Run) -> None:
    Path("other.yaml").write_text("version: 2\n")
    assert run("check").exit_code == 0
    done = run("check", "--config", "other.yaml")
    assert done.exit_code == 2 and "other.yaml:1:" in done.stderr


def test_a_policy_that_cannot_be_used_is_two_with_its_place(run: Run) -> None:
    Path("guard.yaml").write_text("version: 1\npolicies:\n  - {id: mine, check: output-limits}\n")

    def scan(_root: Path, config: Config) -> Report:
        load(config.policies)
        return CLEAN

    done = run("check", report=scan)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith("guard.yaml:3:")
    assert "output-limits" in done.stderr and "did you mean 'output-limit'" in done.stderr


def test_an_internal_error_is_two_names_the_stage_and_asks_for_a_report(run: Run) -> None:
    done = run("check", report=ValueError("odd \x1b[31m"))
    assert (done.exit_code, done.stdout) == (2, "")
    assert "internal error while scanning: ValueError: odd \\x1b[31m" in done.stderr
    assert "Please report it" in done.stderr and "Traceback" not in done.stderr


def test_debug_shows_where_an_internal_error_happened(run: Run) -> None:
    done = run("cost", "--debug", report=ValueError("odd"))
    assert done.exit_code == 2
    assert "Traceback" in done.stderr and "test_cli.py" in done.stderr


def test_an_interrupt_is_not_taken_for_a_violation(run: Run) -> None:
    done = run("check", report=KeyboardInterrupt())
    assert (done.exit_code, done.stdout, done.stderr) == (130, "", "guard: interrupted\n")


# --- explain ----------------------------------------------------------------------------------------------------


def test_explain_a_line(run: Run) -> None:
    done = run("explain", "app/jobs.py:40")
    assert done.exit_code == 0
    assert done.stdout.startswith("app/jobs.py:40:9  openai.chat.completions.create")


def test_explain_takes_paths_from_the_current_folder_and_from_the_scanned_one(run: Run) -> None:
    Path("shop/app").mkdir(parents=True)
    Path("shop/app/jobs.py").touch()
    for target in (
        "app/jobs.py:40",
        "shop/app/jobs.py:40",
        "./shop/app/../app/jobs.py:40",
        os.path.abspath("shop/app/jobs.py"),
    ):
        assert run("explain", target, "shop").stdout.startswith("app/jobs.py:40:9"), target


def test_explain_where_nothing_stands_says_what_is_near(run: Run) -> None:
    done = run("explain", "app/jobs.py:3")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "no request to a model stands at app/jobs.py:3. Near: app/jobs.py:40:9" in done.stderr


def test_explain_a_check_needs_no_scan(run: Run) -> None:
    done = run("explain", "output-limit", report=AssertionError("scanned"))
    assert done.exit_code == 0
    assert done.stdout.startswith("# output-limit\n")


def test_explain_a_misspelt_check_lists_the_checks(run: Run) -> None:
    done = run("explain", "output-limits")
    assert done.exit_code == 2
    assert "neither PATH:LINE nor a check" in done.stderr and "output-limit" in done.stderr


# --- tokens and prices ------------------------------------------------------------------------------------------


def test_tokens_of_a_file_and_of_standard_input(run: Run) -> None:
    Path("prompt.txt").write_text("hello world")
    assert run("tokens", "--model", "gpt-4o", "prompt.txt").stdout == "2\n"
    assert run("tokens", "--model", "gpt-4o", "-", input="hello world").stdout == "2\n"


def test_an_approximate_count_says_so(run: Run) -> None:
    done = run(
        "tokens", "--model", "claude-sonnet-4-5", "-", input="The quick brown fox jumps over the lazy dog. " * 20
    )
    assert "+/-" in done.stdout and " to " in done.stdout


@pytest.mark.parametrize(
    ("model", "remark"),
    [
        ("whisper-1", "whisper-1 is not billed by tokens of text"),
        ("llama-3.3-70b-versatile", ""),
        ("gpt-4o", ""),
    ],
)
def test_tokens_for_a_model_that_is_not_billed_by_them_come_with_a_remark(run: Run, model: str, remark: str) -> None:
    done = run("tokens", "--model", model, "-", input="hello world")
    assert done.exit_code == 0 and done.stdout.startswith("2")
    assert remark in done.stderr and bool(remark) == bool(done.stderr)


def test_tokens_for_a_model_that_nobody_lists_are_two_with_a_suggestion(run: Run) -> None:
    done = run("tokens", "--model", "gpt-4oo", "-", input="hello world")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "not in the price table" in done.stderr and "Did you mean gpt-4o or gpt-4?" in done.stderr


def test_tokens_for_a_name_of_ones_own_are_counted_as_its_provider_counts(run: Run) -> None:
    done = run("tokens", "--model", "prod-chat-eu", "--provider", "azure", "-", input="hello world")
    assert done.exit_code == 0 and done.stdout.startswith("2")
    assert "Its tokenizer is guessed" in done.stderr


def test_a_day_that_is_still_to_come_is_not_said_to_be_past(run: Run) -> None:
    assert "retires     2027-02-26" in run("prices", "show", "whisper-1").stdout
    assert "retired     2026-07-24 (removed)" in run("prices", "show", "deepseek-chat").stdout


def test_what_is_not_billed_by_tokens_is_listed_with_its_unit(run: Run) -> None:
    (line,) = run("prices", "list", "openai/whisper-1").stdout.splitlines()[1:2]
    assert line.endswith("0.36 USD per hour of audio")


def test_tokens_of_bytes_that_are_no_text(run: Run) -> None:
    done = run("tokens", "--model", "gpt-4o", "-", input=b"\xff\xfe")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "is not UTF-8" in done.stderr


def test_the_price_of_a_model_as_text_and_json(run: Run) -> None:
    text = run("prices", "show", "gpt-4o-mini").stdout
    assert "0.15" in text and "0.60" in text and text.endswith("\n")
    shown = json.loads(run("prices", "show", "gpt-4o-mini", "--format", "json").stdout)
    assert (shown["model"], shown["input"], shown["output"]) == ("gpt-4o-mini", "0.15", "0.60")


def test_a_model_without_a_price_is_two_with_a_suggestion(run: Run) -> None:
    done = run("prices", "show", "gpt-4o-mni")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "not in the price table" in done.stderr and "Did you mean gpt-4o-mini" in done.stderr


def test_prices_are_listed_by_a_piece_of_the_name(run: Run) -> None:
    lines = run("prices", "list", "gpt-4o-mini").stdout.split("\n")
    assert lines[0].split() == ["model", "provider", "input", "output", "context"]
    assert all("gpt-4o-mini" in line for line in lines[1:-1])
    rows = json.loads(run("prices", "list", "gpt-4o-mini", "--provider", "openai", "--format", "json").stdout)
    assert {row["provider"] for row in rows} == {"openai"}


def test_no_price_matches(run: Run) -> None:
    done = run("prices", "list", "no-such-model")
    assert (done.exit_code, done.stdout) == (0, "")
    assert "no-such-model" in done.stderr


@pytest.mark.parametrize("form", ["github", "gitlab", "junit"])
def test_costs_have_no_findings_for_formats_of_findings(run: Run, form: str) -> None:
    done = run("cost", "--format", form)
    assert done.exit_code == 2 and "`guard check` makes" in done.stderr and done.stdout == ""
