"""Output is whole, or the exit code is 2 and standard error says why; no stream that fails gives a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a shell and /dev/full")

FULL = "guard: the output could not be written: No space left on device\n"
CLOSED = "guard: the output could not be written: Bad file descriptor\n"


def run(arguments: str, tmp_path: Path, *, before: str = "", unbuffered: bool = False) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of `guard` in an empty folder, started by a shell."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    if unbuffered:
        environment["PYTHONUNBUFFERED"] = "1"
    done = subprocess.run(
        ["/bin/sh", "-c", f'{before}"{sys.executable}" -m guard {arguments}'],
        check=False, cwd=tmp_path, env=environment, capture_output=True, text=True,
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("unbuffered", [False, True], ids=["buffered", "unbuffered"])
def test_a_report_that_is_cut_short_is_an_error(tmp_path: Path, unbuffered: bool) -> None:
    code, _, said = run("prices list > out.txt", tmp_path, before="ulimit -f 1; ", unbuffered=unbuffered)
    assert 0 < (tmp_path / "out.txt").stat().st_size <= 1024
    assert (code, said) == (2, "guard: the output could not be written: File too large\n")


@pytest.mark.parametrize("command", ["--help", "--version", "cost", "check", "prices list --format json"])
@pytest.mark.parametrize("unbuffered", [False, True], ids=["buffered", "unbuffered"])
def test_a_full_disk_is_named_and_is_no_bug_of_guard(tmp_path: Path, command: str, unbuffered: bool) -> None:
    assert run(f"{command} > /dev/full", tmp_path, unbuffered=unbuffered) == (2, "", FULL)


@pytest.mark.parametrize("command", ["--version", "cost"])
def test_a_closed_output_is_an_error(tmp_path: Path, command: str) -> None:
    assert run(f"{command} >&-", tmp_path) == (2, "", CLOSED)
    assert run(f"{command} >&- 2>&-", tmp_path) == (2, "", "")


@pytest.mark.parametrize("lost", ["2>&-", "2>/dev/full"])
def test_errors_that_cannot_be_said_keep_their_exit_code(tmp_path: Path, lost: str) -> None:
    assert run(f"cost missing {lost}", tmp_path) == (2, "", "")
    assert run(f"prices show no-such-model {lost}", tmp_path) == (2, "", "")
    assert run(f"--version {lost}", tmp_path)[0] == 0


@pytest.mark.parametrize("command", ["--help", "prices list"])
@pytest.mark.parametrize("unbuffered", [False, True], ids=["buffered", "unbuffered"])
def test_a_reader_that_has_gone_is_no_error(tmp_path: Path, command: str, unbuffered: bool) -> None:
    read, write = os.pipe()
    os.close(read)
    environment = {**os.environ, "PYTHONUNBUFFERED": "1" if unbuffered else ""}
    arguments = [sys.executable, "-m", "guard", *command.split()]
    done = subprocess.run(arguments, check=False, cwd=tmp_path, env=environment, stdout=write, stderr=subprocess.PIPE)
    os.close(write)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_slow_reader_of_a_pipe_that_does_not_wait_gets_everything(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "guard", "prices", "list", "--format", "json"]
    whole = subprocess.run(command, cwd=tmp_path, capture_output=True, check=True).stdout
    assert len(whole) > 65536, "more than a pipe holds"
    read, write = os.pipe()
    os.set_blocking(write, False)
    with subprocess.Popen(command, cwd=tmp_path, stdout=write) as process:
        os.close(write)
        with os.fdopen(read, "rb") as output:
            assert output.read() == whole
        assert process.wait() == 0
