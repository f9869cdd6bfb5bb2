"""The process: `guard` and `python -m guard`. Runs `guard.cli` without Python's collector and ends at once.

Nearly all that a scan makes lives until its end, and what it drops holds no circles. Measured on a repository of 900
files: the peak of memory is the same without the collector (1,357 and 1,355 MB), and it took 5 s of 36 s; taking
millions of objects apart one by one before the process ends took another 10 s.
"""

from __future__ import annotations

import sys

if __name__ == "__main__" and not sys.flags.safe_path:
    # `python -m` looks for modules in the current folder first, which may be the one that is scanned: a `click.py` of
    # it would run. (A folder `guard` of it would, too: only the installed command is safe from that.)
    del sys.path[0]

import gc
import os
from contextlib import suppress

from guard.cli import main
from guard.commands.errors import BAD
from guard.output import Raw, install


def run() -> None:
    """Run the command that the arguments name and end the process with its exit code."""
    gc.disable()
    out, _ = install()
    code: int | str | None = 0
    try:
        main()
    except SystemExit as end:
        code = end.code
    if isinstance(code, str):
        sys.stderr.write(f"{code}\n")
        code = 1
    os._exit(_flushed(code or 0, out))


def _flushed(code: int, out: Raw | None) -> int:
    """Write out what was printed; the exit code, or that of an error where the output could not be written."""
    error: OSError | None = None
    try:
        sys.stdout.flush()
    except OSError as raised:
        error = raised
    error = error if out is None else out.failed
    # A broken pipe: who read the output has gone, as `head` does.
    if error is not None and not isinstance(error, BrokenPipeError):
        code = BAD
        sys.stderr.write(f"guard: the output could not be written: {error.strerror}\n")
    with suppress(OSError):
        sys.stderr.flush()
    return code


if __name__ == "__main__":
    run()
