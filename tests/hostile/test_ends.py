"""Runs that are cut short or find no room: the exit code says so, never 0 or 1 for a verdict that nobody made."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from attack import CALL, LIMIT, guard
from repository import commit, committed

PACKAGE = Path(__file__).parents[2]
STRICT = "version: 1\npolicies:\n  - {id: mine, check: model-allowed, params: {allow: [nothing]}, enforce: block}\n"
linux = pytest.mark.skipif(sys.platform != "linux", reason="limits and signals are those of Linux")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A repository whose rules block every call, with one call more than its base."""
    made = committed(tmp_path / "scanned", {"guard.yaml": STRICT, "app.py": CALL})
    (made / "b.py").write_text(CALL.replace("ask", "tell"))
    return made


def limited(folder: Path, limits: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """guard with limits of the system, set in its own process."""
    call = f"import sys; sys.argv = {['guard', *arguments]!r}; from guard.__main__ import run; run()"
    environment = os.environ | {"PYTHONPATH": str(PACKAGE)}
    return subprocess.run(
        [sys.executable, "-c", f"import resource as r; {limits}; {call}"], cwd=folder, env=environment,
        capture_output=True, text=True, timeout=LIMIT, check=False,
    )  # fmt: skip


@linux
def test_a_full_disk_does_not_lose_the_rules_of_the_base(folder: Path) -> None:
    usual = guard(folder, "check", "--base", "HEAD", "--policy-from", "base")
    assert usual.returncode == 1
    done = limited(folder, "r.setrlimit(r.RLIMIT_FSIZE, (20, 20))", "check", "--base", "HEAD", "--policy-from", "base")
    assert (done.returncode, done.stdout) == (2, "")
    assert "the configuration of the base could not be unpacked (File too large)" in done.stderr


@linux
def test_a_report_that_finds_no_room_leaves_the_old_one(folder: Path) -> None:
    (folder / "old.json").write_text("old")
    limits = "r.setrlimit(r.RLIMIT_FSIZE, (100, 100))"
    done = limited(folder, limits, "check", "--output", "json=old.json")
    assert done.returncode == 2
    assert "old.json could not be written: File too large" in done.stderr
    assert (folder / "old.json").read_text() == "old"
    assert {path.name for path in folder.iterdir()} == {".git", "app.py", "b.py", "guard.yaml", "old.json"}


@linux
def test_too_little_memory_is_no_verdict(folder: Path) -> None:
    (folder / "big.py").write_text(CALL + "x = [" + "1, " * 1_500_000 + "]\n")
    done = limited(folder, "r.setrlimit(r.RLIMIT_AS, (400_000_000,) * 2)", "check")
    # Python's parser says the same of too little memory and of too deep nesting: a file that it gives up is named.
    assert done.returncode == 2 or "big.py  is nested too deeply for Python's own parser" in done.stdout


@linux
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, (130,)), (signal.SIGTERM, (-signal.SIGTERM, 143))])
def test_a_run_that_is_stopped_says_so(folder: Path, number: int, code: tuple[int, ...]) -> None:
    for index in range(300):
        (folder / f"m{index}.py").write_text(CALL.replace("ask", f"ask{index}"))
    environment = os.environ | {"PYTHONPATH": str(PACKAGE)}
    arguments = "'guard', 'check', '--output', 'json=out.json'"
    call = f"import sys; sys.argv = [{arguments}]; from guard.__main__ import run; print(flush=True); run()"
    with subprocess.Popen(
        [sys.executable, "-c", call], cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(0.5)  # until the scan is under way; at any moment the outcome is the same
        process.send_signal(number)
        _, error = process.communicate(timeout=LIMIT)
    assert process.returncode in code
    assert number != signal.SIGINT or error.decode() == "guard: interrupted\n"
    assert not (folder / "out.json").exists()


@pytest.mark.parametrize("home", ["", "/nonexistent", "/dev/null", "/proc"])
def test_a_home_that_cannot_be_written_changes_nothing(folder: Path, home: str) -> None:
    usual = guard(folder, "cost", "--format", "json")
    done = guard(folder, "cost", "--format", "json", HOME=home, XDG_CACHE_HOME=f"{home}/cache")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["requests"] == json.loads(usual.stdout)["requests"]


@linux
def test_an_output_that_nobody_reads_does_not_change_the_verdict(folder: Path) -> None:
    environment = os.environ | {"PYTHONPATH": str(PACKAGE)}
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "guard", "check"], cwd=folder, env=environment, stdout=writer, stderr=subprocess.PIPE,
        timeout=LIMIT, check=False,
    )  # fmt: skip
    os.close(writer)
    assert (done.returncode, done.stderr) == (1, b"")


def test_a_repository_that_is_damaged_ends_the_run_with_its_reason(folder: Path) -> None:
    commit(folder, "more")
    for file in (folder / ".git" / "objects").rglob("*"):
        if file.is_file():
            file.chmod(0o644)
            file.write_bytes(b"broken")
    assert guard(folder, "check").returncode == 1
    done = guard(folder, "check", "--base", "HEAD~1")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("Error: ")
