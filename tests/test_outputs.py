"""`--format` and `--output`: several reports in one run, each whole or not at all."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click.testing
import pytest

sys.path.append(str(Path(__file__).parent / "report"))
from report_samples import REPORT, SOURCES
from report_schema import assert_valid

from guard import cli
from guard.commands import outputs, shared
from guard.config.types import Config
from guard.model import Report

Run = Callable[..., click.testing.Result]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Runs `guard check` in an empty repository whose scan gives the sample report, which blocks."""
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / ".git").mkdir()

    def scan(root: Path, config: Config) -> Report:
        return REPORT

    monkeypatch.setattr(shared, "scan", scan)
    monkeypatch.setattr(shared, "sources", lambda *_: SOURCES.get)

    def guard(*arguments: str, command: str = "check", **options: Any) -> click.testing.Result:
        return click.testing.CliRunner().invoke(cli.main, [command, *arguments], **options)

    return guard


def test_several_reports_in_one_run(run: Run) -> None:
    done = run("--output", "sarif=guard.sarif", "-o", "markdown=guard.md", "--output", "json=guard.json")
    assert done.exit_code == 1
    assert done.stdout.startswith("error[approved-models]")
    assert json.loads(Path("guard.sarif").read_text())["version"] == "2.1.0"
    assert Path("guard.md").read_text(encoding="utf-8").startswith("### ")
    assert_valid(Path("guard.json").read_text())


FORMS = [(command, form) for command in ("check", "cost") for form in outputs.names()]
JUDGING = ("github", "gitlab", "junit")
"""Formats of findings alone, of which `guard cost` has none: it refuses them."""


@pytest.mark.parametrize(("command", "form"), [(c, f) for c, f in FORMS if c == "check" or f not in JUDGING])
def test_a_file_has_what_standard_output_would_have(run: Run, form: str, command: str) -> None:
    run("--output", f"{form}=report", command=command)
    printed = run("--format", form, command=command).stdout_bytes
    assert Path("report").read_bytes() == printed
    assert run("--output", f"{form}=-", command=command).stdout_bytes == printed


def test_help_lists_every_format(run: Run) -> None:
    shown = " ".join(run("--help").stdout.split())
    assert "[concise|github|gitlab|json|jsonl|junit|markdown|sarif|text]" in shown


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--format", "json", "--output", "sarif=-"), "both go to standard output"),
        (("--output", "json=-", "--output", "sarif=/dev/stdout"), "only one --output can go to standard output"),
        (("--output", "json=a", "--output", "sarif=./a"), "--output json and sarif both go to ./a"),
        (("--output", "json=a", "--output", "json=a"), "both go to a"),
        (("--output", "guard.sarif"), "is not FORMAT=FILE, for example sarif=guard.sarif"),
        (("--output", "sarif="), "is not FORMAT=FILE"),
        (("--output", "sarf=a"), "'sarf' is not one of"),
        (("--output", "../shared=a"), "is not one of"),
        (("--output", "sarif=missing/a"), "the folder 'missing' does not exist"),
        (("--output", "sarif=.git"), "'.git' is a folder"),
    ],
)
def test_what_cannot_be_written_is_said_before_anything_is_read(
    run: Run, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], message: str
) -> None:
    monkeypatch.setattr(shared, "scan", lambda *_: pytest.fail("scanned"))
    done = run(*arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert message in done.stderr
    assert sorted(os.listdir()) == [".git"]


def test_two_names_of_one_file_are_one_file(run: Run) -> None:
    Path("folder").mkdir()
    Path("also").symlink_to("folder")
    done = run("--output", "json=folder/a", "--output", "sarif=also/a")
    assert done.exit_code == 2 and "both go to also/a" in done.stderr
    assert os.listdir("folder") == []


@pytest.mark.parametrize("target", ["real", "missing", "/dev/null", "folder"])
def test_a_link_in_the_repository_does_not_say_where_is_written(run: Run, target: str) -> None:
    Path("folder").mkdir()
    Path("real").write_text("old")
    Path("link").symlink_to(target)
    done = run("--output", "json=link")
    if target == "folder":
        assert done.exit_code == 2 and "'link' is a folder" in done.stderr
        return
    assert not Path("link").is_symlink() and Path("link").read_text().startswith("{")
    assert Path("real").read_text() == "old" and not Path("missing").exists()


def test_a_file_keeps_its_rights(run: Run) -> None:
    Path("real").write_text("old")
    Path("real").chmod(0o640)
    run("--output", "json=real")
    assert Path("real").read_text().startswith("{")
    assert stat.S_IMODE(Path("real").stat().st_mode) == 0o640


def test_a_new_file_has_the_usual_rights(run: Run) -> None:
    before = os.umask(0o027)
    try:
        run("--output", "json=new")
    finally:
        os.umask(before)
    assert stat.S_IMODE(Path("new").stat().st_mode) == 0o640


def test_an_error_while_a_report_is_made_writes_nothing(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("a").write_text("old")
    real = outputs.rendered

    def broken(output: outputs.Output, view: Any) -> str:
        if output.form == "sarif":
            raise ValueError("odd")
        return real(output, view)

    monkeypatch.setattr(outputs, "rendered", broken)
    done = run("--output", "json=a", "--output", "sarif=b")
    assert (done.exit_code, done.stdout) == (2, "")
    assert Path("a").read_text() == "old" and sorted(os.listdir()) == [".git", "a"]


def test_a_write_that_fails_leaves_the_old_file_and_no_rest(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("a").write_text("old")

    def full(made: str, path: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(outputs.os, "replace", full)
    done = run("--output", "json=a", "--output", "sarif=b")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == "Error: a could not be written: No space left on device\n"
    assert Path("a").read_text() == "old" and sorted(os.listdir()) == [".git", "a"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_device_is_written_to_and_not_replaced(run: Run) -> None:
    done = run("--output", "json=/dev/full")
    assert done.exit_code == 2 and "/dev/full could not be written" in done.stderr
    assert stat.S_ISCHR(os.stat("/dev/full").st_mode)
    assert run("--output", "json=/dev/null").exit_code == 1


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_of_the_shell_gets_the_report(tmp_path: Path) -> None:
    command = (
        f'mkfifo pipe; head -c 17 pipe > head.txt & "{sys.executable}" -m guard check -o jsonl=pipe > out.txt; wait'
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(cli.__file__).parents[1])}
    subprocess.run(["/bin/sh", "-c", command], cwd=tmp_path, check=True, env=environment)
    assert (tmp_path / "head.txt").read_text() == '{"type": "report"'


def test_color_and_width_of_a_terminal_do_not_reach_files(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared, "color", lambda _: True)
    monkeypatch.setattr(shared, "width", lambda _: 60)
    done = run("--output", "text=a")
    assert "\x1b[" in done.stdout
    assert "\x1b[" not in Path("a").read_text()
    assert max(map(len, Path("a").read_text().splitlines())) > 60
    run("--output", "text=a", "--color", "always", "--width", "72")
    assert "\x1b[" in Path("a").read_text()


def test_prompts_stay_out_of_every_format(run: Run) -> None:
    for form in outputs.names():
        assert "Rank the documents." not in run("--format", form).stdout
    assert "Rank the documents." in run("--format", "jsonl", "--show-prompts").stdout


def test_a_report_below_the_top_of_a_repository_names_files_from_there(run: Run) -> None:
    Path("services/shop").mkdir(parents=True)
    assert "file=services/shop/app/rank.py," in run("services/shop", "--format", "github").stdout
    assert run("services/shop", "--format", "concise").stdout.startswith("services/shop/app/rank.py:3:12: ")


def test_without_a_repository_files_are_named_from_the_current_folder(run: Run, tmp_path: Path) -> None:
    (tmp_path / ".git").rmdir()
    Path("shop").mkdir()
    assert "file=shop/app/rank.py," in run("shop", "--format", "github").stdout


def test_no_color_wins_over_force_color(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\x1b[" not in run().stdout
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[" in run().stdout
    assert "\x1b[" not in run("--color", "never").stdout
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" not in run().stdout
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("FORCE_COLOR", "0")
    assert "\x1b[" not in run().stdout
