"""Progress of long work: a line on a terminal that is gone afterwards, and nothing anywhere else."""

from __future__ import annotations

import io
import os
import pty
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import pytest

from guard import steps
from guard.commands import progress


class Terminal(io.StringIO):
    """A stream that says that it is a terminal, and when something was written."""

    def __init__(self, is_terminal: bool = True) -> None:
        super().__init__()
        self.written = threading.Event()
        self._is_terminal = is_terminal

    def isatty(self) -> bool:
        return self._is_terminal

    def write(self, text: str) -> int:
        length = super().write(text)
        self.written.set()
        return length

    def screen(self) -> str:
        """What stands on the line in the end, as a terminal shows it."""
        line: list[str] = []
        at = 0
        for character in self.getvalue():
            if character == "\r":
                at = 0
                continue
            line[at : at + 1] = character
            at += 1
        return "".join(line).rstrip()


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CI", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(progress, "sys", SimpleNamespace(stdout=Terminal()))


def test_long_work_has_a_line_that_is_gone_afterwards() -> None:
    stream = Terminal()
    with progress.shown("looking", stream, after=0, every=0.01):
        assert stream.written.wait(10)
        for _ in steps.through("reading files", ["a", "b"], 2000):
            stream.written.clear()
            assert stream.written.wait(10)
    assert "guard: looking" in stream.getvalue()
    assert "guard: reading files, 2 of 2,000" in stream.getvalue()
    assert stream.screen() == ""
    assert "\n" not in stream.getvalue()


def test_the_line_is_gone_after_an_error() -> None:
    stream = Terminal()
    with pytest.raises(RuntimeError), progress.shown("looking", stream, after=0, every=0.01):
        assert stream.written.wait(10)
        raise RuntimeError
    assert stream.screen() == ""


def test_short_work_writes_nothing() -> None:
    stream = Terminal()
    with progress.shown("looking", stream, after=3600):
        steps.doing("estimating")
    assert stream.getvalue() == ""


def test_a_line_is_never_wider_than_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    stream = Terminal()
    with progress.shown("w" * 200, stream, after=0, every=0.01):
        assert stream.written.wait(10)
    assert max(map(len, stream.getvalue().split("\r"))) == 19


@pytest.mark.parametrize("setting", [{"CI": "true"}, {"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_nothing_where_it_would_be_noise(setting: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in setting.items():
        monkeypatch.setenv(name, value)
    assert not progress.wanted(Terminal())


def test_nothing_where_a_stream_is_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    assert progress.wanted(Terminal())
    assert not progress.wanted(Terminal(is_terminal=False))
    monkeypatch.setattr(progress, "sys", SimpleNamespace(stdout=Terminal(is_terminal=False)))
    assert not progress.wanted(Terminal())


def test_without_a_listener_nothing_is_told() -> None:
    steps.doing("estimating")
    assert list(steps.through("reading", "ab", 2)) == ["a", "b"]


@pytest.mark.skipif(not hasattr(pty, "openpty"), reason="needs a pseudo terminal")
@pytest.mark.parametrize("with_terminal", [True, False])
def test_the_command_itself(tmp_path: Path, with_terminal: bool) -> None:
    """A command whose line begins at once: a terminal gets it, a pipe does not."""
    (tmp_path / "a.py").write_text("from openai import OpenAI\n")
    code = (
        "import sys, functools\nfrom guard.commands import progress\n"
        "progress.shown = functools.partial(progress.shown, after=0, every=0.05)\n"
        "from guard.cli import main\nsys.argv = ['guard', 'cost', sys.argv[1], '--no-cache']\nmain()\n"
    )
    main, side = pty.openpty()
    environment = {name: value for name, value in os.environ.items() if name not in ("CI", "NO_COLOR")}
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], env={**environment, "TERM": "xterm"}, stdin=subprocess.DEVNULL,
        stdout=side, stderr=side if with_terminal else subprocess.PIPE,
    ) as process:  # fmt: skip
        os.close(side)
        shown = b""
        with suppress(OSError):  # the end of the other side, as Linux says it
            while part := os.read(main, 65536):
                shown += part
        piped = process.stderr.read() if process.stderr is not None else b""
    os.close(main)
    assert process.returncode == 0
    assert (b"guard: looking for files" in shown) is with_terminal
    assert b"no requests to a model were found" in shown
    assert piped == b""
