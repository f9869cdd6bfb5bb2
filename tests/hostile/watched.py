"""guard under Python's own audit: what it opens, starts and asks of the network. A program, run by `test_stays_inside`.

In: a file for the log, then guard's arguments. Out: one JSON list for each event, written as it happens.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

WATCHED = ("open", "os.listdir", "os.scandir", "subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork")


def main(log: str, arguments: list[str]) -> None:
    """Runs guard and writes down what it does."""
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def seen(event: str, given: tuple[Any, ...]) -> None:
        if event in WATCHED or event.startswith(("socket.", "urllib.", "http.", "ctypes.dlopen")):
            said = [os.fsdecode(one) if isinstance(one, (str, bytes)) else repr(one) for one in given]
            os.write(handle, json.dumps([event, *said]).encode() + b"\n")

    sys.addaudithook(seen)
    sys.argv = ["guard", *arguments]
    from guard.__main__ import run

    run()


main(sys.argv[1], sys.argv[2:])
