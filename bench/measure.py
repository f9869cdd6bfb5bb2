"""One process, measured with all that it starts: wall seconds, CPU seconds, peak memory. And a table of text.

In: a command. Out: a `Run`. Time is the operating system's account of the process and of the children that it waited
for; memory is the largest sum over the processes that lived at one moment, looked at every 20 ms (Linux), each counted
with its share of the pages that several hold. Of a lone process the system's own figure is taken, which misses nothing.
Neighbours: `scan`, `sizes`, `torture` measure with it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

PROC = Path("/proc")
LOOK_SECONDS = 0.02


class Run(NamedTuple):
    """One process, measured."""

    wall_seconds: float
    cpu_seconds: float
    """User and system time, children that were waited for included."""
    peak_mib: float
    """Largest resident memory of the process and all that it started, at one moment."""
    code: int


class Failed(Exception):
    """A command ended with an exit code that was not expected; says which, and the end of its standard error."""


@dataclass
class _Tree:
    """Looks again and again at a process and what it started."""

    pid: int
    peak_kib: int = 0
    most: int = 1
    """Processes at one moment."""
    over: threading.Event = field(default_factory=threading.Event)

    def watch(self) -> None:
        """Look until it is over."""
        while not self.over.wait(LOOK_SECONDS):
            pids = list(_below(self.pid))
            self.most = max(self.most, len(pids))
            if self.most > 1:
                self.peak_kib = max(self.peak_kib, sum(map(_proportional_kib, pids)))


def _below(pid: int) -> Iterable[int]:
    """A process and all its descendants that live."""
    yield pid
    try:
        for thread in (PROC / str(pid) / "task").iterdir():
            for child in (thread / "children").read_text().split():
                yield from _below(int(child))
    except OSError:
        return


def _proportional_kib(pid: int) -> int:
    try:
        for line in (PROC / str(pid) / "smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    except OSError:
        pass
    return 0


def measured(
    command: Sequence[str],
    output: Path,
    *,
    environment: Mapping[str, str] | None = None,
    codes: Sequence[int] = (0,),
    folder: Path | None = None,
) -> Run:
    """Run a command in a new process, its standard output in a file. `environment` is added to this process's own.

    Raises `Failed` when it ends with none of `codes`: a failed run has no meaningful time.
    """
    given = {**os.environ, **(environment or {})}
    with output.open("wb") as out, tempfile.TemporaryFile() as errors:
        started = time.perf_counter()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=errors, env=given, cwd=folder)
        tree = _Tree(process.pid)
        watcher = threading.Thread(target=tree.watch, daemon=True)
        watcher.start()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        tree.over.set()
        watcher.join()
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in codes:
            errors.seek(0)
            said = errors.read().decode(errors="replace").strip()[-2000:]
            raise Failed(f"{' '.join(command)}: exit code {process.returncode}\n{said}")
    unit = 2**20 if sys.platform == "darwin" else 2**10  # ru_maxrss counts bytes on macOS and KiB elsewhere
    peak = max(usage.ru_maxrss / unit, tree.peak_kib / 2**10 if tree.most > 1 else 0.0)
    return Run(wall, usage.ru_utime + usage.ru_stime, peak, process.returncode)


def table(rows: Sequence[Sequence[str]]) -> str:
    """Aligned columns: the first to the left, numbers to the right."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join(
        "  ".join(text.rjust(width) if i else text.ljust(width) for i, (text, width) in enumerate(zip(row, widths)))
        for row in rows
    )
