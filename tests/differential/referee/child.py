"""Runs a program in the environment of its SDK family, as often as it is told. Standard library only.

The first line on standard input is the setup, each later line a run: JSON objects, answered by one JSON line each. The
SDKs are imported once; each run is a forked process of its own, so that no run sees what another one left behind. A
family whose SDK starts threads when it is imported says `fork = false` and gets a new process for each run instead.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import json
import os
import runpy
import signal
import sys
import traceback
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

import recorder


def _run(root: str, module: str, arguments: list[str]) -> int:
    """Runs the program as `python -m module arguments` would, in its folder."""
    os.chdir(root)
    sys.path[0] = root
    sys.argv = [module, *arguments]
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def _in_a_fork(setup: dict[str, Any], run: dict[str, Any]) -> int:
    """The exit code of a run in a process of its own; -9 when it took too long."""
    sys.stdout.flush()
    process = os.fork()
    if process == 0:
        log = os.open(run["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(log, 1)
        os.dup2(log, 2)
        signal.alarm(run["seconds"])
        code = _run(setup["root"], setup["module"], setup["arguments"])
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def main() -> None:
    """Reads the setup, imports the SDKs, runs what it is told until standard input ends."""
    setup = json.loads(sys.stdin.readline())
    recorder.install(setup["root"], setup["server"])
    for name in setup["preload"]:
        importlib.import_module(name)
    versions = {name: importlib.metadata.version(name) for name in setup["packages"]}
    print(json.dumps({"python": sys.version.split()[0], "versions": versions}), flush=True)
    for line in sys.stdin:
        print(json.dumps({"exit": _in_a_fork(setup, json.loads(line))}), flush=True)


if __name__ == "__main__":
    main()
