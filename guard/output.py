"""Standard output and standard error of the process: whole, or known not to be.

In: the process's streams. Out: streams that never raise where nobody can read or nothing can be stored, but remember
it, so that a command runs to its exit code and `guard.__main__` says at the end what became of the output. Without
this a full disk could cut a report short unnoticed: Python's unbuffered streams (`PYTHONUNBUFFERED`, usual in
containers) drop what one call of the system did not take.
"""

from __future__ import annotations

import io
import os
import select
import sys
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class Raw(io.FileIO):
    """An open file descriptor to write to. After the first error all else is dropped; `failed` says what it was."""

    failed: OSError | None = None

    def write(self, data: ReadableBuffer, /) -> int:
        """Write some of `data`; the number of bytes that are done with."""
        size = memoryview(data).nbytes
        if self.failed is not None:
            return size
        try:
            # None: the reader shares a descriptor that does not wait, and has not kept up.
            while (written := super().write(data)) is None:
                select.select([], [self], [])
        except OSError as error:
            self.failed = error
            return size
        return written


def install() -> tuple[Raw | None, Raw | None]:
    """Put such streams in place of `sys.stdout` and `sys.stderr`; None for one that was left, as Windows' console."""
    sys.stdout, out = _remembering(sys.stdout)
    sys.stderr, err = _remembering(sys.stderr)
    return out, err


def _remembering(stream: TextIO | None) -> tuple[TextIO, Raw | None]:
    if stream is None:
        # The shell closed it (`>&-`). Writing to what can only be read fails with the error of a closed stream.
        raw = Raw(os.open(os.devnull, os.O_RDONLY), "w")
        return io.TextIOWrapper(io.BufferedWriter(raw), "utf-8", "backslashreplace"), raw
    binary = getattr(stream, "buffer", None)
    if type(getattr(binary, "raw", binary)) is not io.FileIO:
        return stream, None
    raw = Raw(stream.fileno(), "w", closefd=False)
    wrapper = io.TextIOWrapper(io.BufferedWriter(raw), stream.encoding, stream.errors, line_buffering=stream.isatty())
    return wrapper, raw
