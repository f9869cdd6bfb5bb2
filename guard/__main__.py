"""The process: `guard` and `python -m guard`. Runs `guard.cli` without Python's collector and ends at once.

Nearly all that a scan makes lives until its end, and what it drops holds no circles. Measured on a repository of 900
files: the peak of memory is the same without the collector (1,357 and 1,355 MB), and it took 5 s of 36 s; taking
millions of objects apart one by one before the process ends took another 10 s.
"""

from __future__ import annotations

import gc
import os
import sys

from guard.cli import BAD, main


def run() -> None:
    """Run the command that the arguments name and end the process with its exit code."""
    gc.disable()
    code: int | str | None = 0
    try:
        main()
    except SystemExit as end:
        code = end.code
    if isinstance(code, str):
        sys.stderr.write(f"{code}\n")
        code = 1
    os._exit(_flushed(code or 0))


def _flushed(code: int) -> int:
    """Write out what was printed; the exit code, or that of an error where it could not be written."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BrokenPipeError:  # who read the output has gone, as `head` does
            pass
        except OSError as error:
            code = BAD
            if stream is sys.stdout:
                sys.stderr.write(f"guard: the output could not be written: {error.strerror}\n")
    return code


if __name__ == "__main__":
    run()
