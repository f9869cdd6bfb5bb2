"""`guard --version` and `--help` start at once: they load the command line library and nothing that takes time.

Time itself is not asserted (machines differ); what is loaded is.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import guard

HEAVY = {
    "decimal", "jsonschema", "libcst", "pathspec", "sqlite3", "tiktoken", "unicodedata", "yaml", "asyncio",
    "concurrent.futures", "multiprocessing", "json", "importlib.metadata",
}  # fmt: skip
"""Packages that cost start-up time and that no command needs before it does work."""

SCRIPT = """\
import sys
sys.path.insert(0, {root!r})
try:
    from guard.cli import main
    main({arguments!r})
except SystemExit as end:
    assert not end.code, end.code
sys.stderr.write("\\n".join(sorted(sys.modules)))
"""


ROOT = str(Path(guard.__file__).parents[1])


def loaded(*arguments: str) -> tuple[str, set[str]]:
    """What a run prints, and which modules are loaded when it ends."""
    command = [sys.executable, "-I", "-c", SCRIPT.format(root=ROOT, arguments=list(arguments))]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout, set(done.stderr.split("\n"))


def bare() -> set[str]:
    """What Python and click load on their own (an editable install or a .pth file may load more than Python does)."""
    command = [sys.executable, "-I", "-c", "import sys, click; sys.stderr.write('\\n'.join(sys.modules))"]
    return set(subprocess.run(command, capture_output=True, text=True, check=True).stderr.split("\n"))


@pytest.mark.parametrize(
    "arguments", [("--version",), ("--help",), ("check", "--help"), ("diff", "--help"), ("prices", "--help")]
)
def test_start_up_loads_nothing_heavy(arguments: tuple[str, ...]) -> None:
    output, modules = loaded(*arguments)
    assert output
    ours = {name for name in modules if name.split(".")[0] == "guard"}
    commands = {name for name in ours if name.startswith("guard.commands")}
    assert ours - commands <= {"guard", "guard.cli", "guard.report", "guard.report.formats"}
    # `--help` shows a line of each command; else only the one that was asked for is loaded.
    if arguments != ("--help",):
        assert {name.split(".")[2] for name in commands if "." in name[6:]} <= {
            arguments[0],
            "shared",
            "progress",
            "errors",
            "outputs",
            *(("comparing",) if arguments[0] in ("check", "diff") else ()),
        }
    assert (modules & HEAVY) <= bare()


def test_the_version_is_the_package_version() -> None:
    from guard import __version__

    assert loaded("--version")[0] == f"guard {__version__}\n"
