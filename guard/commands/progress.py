"""Progress of long work, on one line of a terminal's standard error that is gone when the work is done.

In: what `guard.steps` is told. Out: a line that is written over. Only where both streams are terminals, and not in CI,
with `NO_COLOR` or on a terminal that cannot go back on a line: there it would be noise in a log. Neighbour: `shared`.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

AFTER_SECONDS = 1.0
"""Work that takes less has no line."""
EVERY_SECONDS = 0.2


class Line:
    """The line, and the thread that writes it; what is told between two writings is not shown."""

    def __init__(self, stream: TextIO, columns: int, after: float, every: float) -> None:
        self._stream, self._columns, self._after, self._every = stream, columns, after, every
        self._text = ""
        self._shown = 0
        """Columns of the terminal's line that are in use."""
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name="guard progress")

    def tell(self, what: str, number: int, total: int) -> None:
        """Take what shall be shown next."""
        self._text = f"guard: {what}, {number:,} of {total:,}" if total else f"guard: {what}"

    def start(self) -> None:
        """Begin; nothing is written at first."""
        self._thread.start()

    def stop(self) -> None:
        """End, and leave the terminal's line empty."""
        self._done.set()
        self._thread.join()
        if self._shown:
            self._write("")
            self._shown = 0

    def _run(self) -> None:
        if self._done.wait(self._after):
            return
        while True:
            self._write(self._text)
            if self._done.wait(self._every):
                return

    def _write(self, text: str) -> None:
        """The text over what stands there, short enough not to begin a second line."""
        text = text[: self._columns - 1]
        # A terminal that is gone is told nothing more; the work goes on.
        with suppress(OSError, ValueError):
            self._stream.write(f"\r{text}{' ' * (self._shown - len(text))}" + ("" if text else "\r"))
            self._stream.flush()
        self._shown = len(text) if text else 0


def wanted(stream: TextIO) -> bool:
    """Whether somebody looks on who can use a line that changes."""
    if any(os.environ.get(name) for name in ("CI", "NO_COLOR")) or os.environ.get("TERM") == "dumb":
        return False
    with suppress(ValueError, AttributeError):  # a closed stream is no terminal
        return stream.isatty() and sys.stdout.isatty()
    return False


@contextmanager
def shown(
    what: str, stream: TextIO | None = None, after: float = AFTER_SECONDS, every: float = EVERY_SECONDS
) -> Iterator[None]:
    """While the work inside goes on, how far it is, `what` until something else is told; nothing where nobody looks."""
    stream = sys.stderr if stream is None else stream
    if not wanted(stream):
        yield
        return
    import shutil

    from guard import steps

    line = Line(stream, shutil.get_terminal_size((80, 24)).columns, after, every)
    line.tell(what, 0, 0)
    line.start()
    try:
        with steps.heard(line.tell):
            yield
    finally:
        line.stop()
