"""Time and memory of `guard cost` on whole trees, next to `ruff check` on the same tree.

In: folders. Out: a table with one line a folder: files, lines and requests as guard's report counts them (lines are
those of parsed code); the medians of wall seconds and CPU seconds and the highest peak of memory over `--runs` runs;
and how many times ruff's time that is.

Run it as `python bench/scan.py PATH [PATH ...]` with the interpreter that guard is installed for.

How it measures: every run is a new process, as in a hook or a build. One run of each command before the measured ones
fills the file caches, so the numbers are for files in memory. Runs of guard and ruff take turns, and the ratio is the
median of the ratios of the pairs, so that what else the machine does meets both. Time and memory are the operating
system's account of the process and of the children that it waited for (`wait4`). Ruff runs without its own cache and
without the folder's settings, with its default rules; it looks at fewer kinds of files and follows no values, so the
ratio says how guard feels beside a linter, not which of them is better.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

HEADER = ("folder", "files", "lines", "requests", "wall s", "CPU s", "peak MiB", "x ruff wall", "x ruff CPU")


class Run(NamedTuple):
    """One process, measured."""

    wall_seconds: float
    cpu_seconds: float
    """User and system time."""
    peak_mib: float
    """Largest resident memory of the process."""


class Row(NamedTuple):
    """The runs on one folder; `ruff` is empty when ruff is not installed."""

    folder: Path
    report: dict[str, Any]
    guard: list[Run]
    ruff: list[Run]


def guard_command(folder: Path) -> list[str]:
    """`guard cost` by this interpreter; `-P` keeps it from taking a folder named guard in the current one."""
    return [sys.executable, "-P", "-m", "guard", "cost", "--format", "json", str(folder)]


def ruff_command(ruff: str, folder: Path) -> list[str]:
    """`ruff check` with nothing kept from the run before and no settings of the folder."""
    return [ruff, "check", "--no-cache", "--isolated", "--exit-zero", "--quiet", str(folder)]


def measured(command: Sequence[str], output: Path) -> Run:
    """Run a command in a new process, its standard output in a file.

    Raises SystemExit with the command's own message when it fails: a failed run has no meaningful time.
    """
    with output.open("wb") as out, tempfile.TemporaryFile() as errors:
        started = time.perf_counter()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=errors)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            errors.seek(0)
            said = errors.read().decode(errors="replace").strip()
            raise SystemExit(f"{' '.join(command)}: exit code {process.returncode}\n{said}")
    unit = 2**20 if sys.platform == "darwin" else 2**10  # ru_maxrss counts bytes on macOS and KiB elsewhere
    return Run(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / unit)


def bench(folder: Path, runs: int, ruff: str | None, scratch: Path) -> tuple[Path, list[Run], list[Run]]:
    """Runs of guard and of ruff on a folder, in turns, and where guard's report was written."""
    report, ignored = scratch / "guard.json", scratch / "ruff.txt"
    measured(guard_command(folder), report)
    if ruff is not None:
        measured(ruff_command(ruff, folder), ignored)
    guard_runs: list[Run] = []
    ruff_runs: list[Run] = []
    for _ in range(runs):
        guard_runs.append(measured(guard_command(folder), report))
        if ruff is not None:
            ruff_runs.append(measured(ruff_command(ruff, folder), ignored))
    return report, guard_runs, ruff_runs


def cells(row: Row) -> tuple[str, ...]:
    """A row of the table as text."""
    looked, totals = row.report["looked"], row.report["totals"]
    wall = [a.wall_seconds / b.wall_seconds for a, b in zip(row.guard, row.ruff)]
    cpu = [a.cpu_seconds / b.cpu_seconds for a, b in zip(row.guard, row.ruff) if b.cpu_seconds > 0]
    return (
        row.folder.name,
        f"{looked['files']:,}",
        f"{looked['lines']:,}",
        f"{totals['requests']:,}",
        f"{median(r.wall_seconds for r in row.guard):.2f}",
        f"{median(r.cpu_seconds for r in row.guard):.2f}",
        f"{max(r.peak_mib for r in row.guard):.0f}",
        f"{median(wall):.1f}" if wall else "no ruff",
        f"{median(cpu):.1f}" if cpu else "no ruff",
    )


def table(rows: Sequence[Sequence[str]]) -> str:
    """Aligned columns: the first to the left, numbers to the right."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join(
        "  ".join(text.rjust(width) if i else text.ljust(width) for i, (text, width) in enumerate(zip(row, widths)))
        for row in rows
    )


def whole_runs(text: str) -> int:
    """A number of runs from the command line, at least 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)


def main() -> None:
    """Measure every folder, then print the table."""
    parser = argparse.ArgumentParser(description="Time and memory of `guard cost`, next to ruff's.")
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="a folder to scan")
    parser.add_argument("--runs", type=whole_runs, default=3, help="measured runs of each command (default: 3)")
    options = parser.parse_args()
    folders = [path.resolve() for path in options.paths]
    for folder in folders:
        if not folder.is_dir():
            parser.error(f"{folder} is not a folder")
    ruff = shutil.which("ruff")
    with tempfile.TemporaryDirectory(prefix="guard-bench-") as name:
        results = []
        for number, folder in enumerate(folders):
            scratch = Path(name, str(number))
            scratch.mkdir()
            results.append((folder, bench(folder, options.runs, ruff, scratch)))
        # Reports are read after the last run: a child's peak of memory is at least its parent's when it was forked.
        rows = [Row(folder, json.loads(out.read_bytes()), ours, theirs) for folder, (out, ours, theirs) in results]
    print(table([HEADER, *(cells(row) for row in rows)]))
    print(f"median of {options.runs} runs, each in a new process; peak: the highest of them")


if __name__ == "__main__":
    main()
