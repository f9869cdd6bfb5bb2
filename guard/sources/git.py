"""Starts git so that a scanned repository can make it do nothing. In: arguments. Out: what git wrote, or why it failed.

The repository is untrusted and so is its `.git/config`: git is started with every setting off that could run a
program (fsmonitor, hooks, pager) or reach the network (lazy fetches of a partial clone), never with a `git` that lies
inside the scanned folder, and only with commands that apply no filter and no text conversion. Neighbours: `gitfolder`
looks at a `.git` first; `gitfiles` asks for names, `revision` for commits, `revision_tree` for trees and files.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from subprocess import Popen

TIMEOUT_SECONDS = 30
"""Longest wait for a question about names or commits."""

LONGEST_ANSWER = 250_000_000
"""Bytes of an answer: names of a million files and more."""
_LONGEST_ERROR = 65_536
"""Bytes of git's errors that are kept."""
_STUCK: dict[str, str] = {}
"""Folders whose git took too long once in this process, and what to say of it: asked again it would again."""

_SETTINGS = (
    "core.fsmonitor=false",
    "core.untrackedCache=false",
    f"core.hooksPath={os.devnull}",
    "safe.bareRepository=explicit",
    "protocol.allow=never",
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What git wrote. `code` 0: it worked; None: it could not be started or took too long."""

    code: int | None
    out: bytes = b""
    error: str = ""

    @property
    def good(self) -> bool:
        """Whether git did what it was asked."""
        return self.code == 0

    @property
    def line(self) -> str:
        """The output as one line of text."""
        return os.fsdecode(self.out).strip()


def program(base: str) -> str | None:
    """The absolute path of git, or None. One that the scanned folder brings along (`.` on PATH) is refused."""
    import shutil

    found = shutil.which("git")
    if found is None or not os.path.isabs(found):
        return None
    return None if (os.path.realpath(found) + os.sep).startswith(base + os.sep) else found


def ask(
    git: str,
    base: str,
    *arguments: str,
    given: bytes = b"",
    index: str | None = None,
    seconds: float = TIMEOUT_SECONDS,
    most: int = LONGEST_ANSWER,
) -> Answer:
    """Runs git in the folder `base`.

    `given`: its standard input; `index`: another file than the repository's index; `seconds`: how long to wait;
    `most`: bytes of its output after which it is stopped. A repository whose git took too long once is not asked again.
    """
    import subprocess

    if base in _STUCK:
        return Answer(None, error=_STUCK[base])
    variables = environment(os.environ) | ({} if index is None else {"GIT_INDEX_FILE": index})
    command = [git, "--no-pager", "--literal-pathspecs"]
    for setting in _SETTINGS:
        command += ["-c", setting]
    pipe = subprocess.PIPE
    try:
        process = subprocess.Popen(
            [*command, *arguments], cwd=base, env=variables, stdin=pipe, stdout=pipe, stderr=pipe
        )
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        return Answer(None, error=f"git could not be started ({error})")
    with process:
        try:
            answer = _answer(process, given, seconds, most)
        finally:
            process.kill()
    if answer is None:
        _STUCK[base] = f"git took longer than {seconds:g} s"
        return Answer(None, error=_STUCK[base])
    return answer


def _answer(process: Popen[bytes], given: bytes, seconds: float, most: int) -> Answer | None:
    """What a started git writes; None where it takes too long. Its input and its errors pass through threads."""
    from threading import Thread, Timer

    assert process.stdin is not None and process.stdout is not None and process.stderr is not None
    late: list[bool] = []
    said: list[bytes] = []

    def stop() -> None:
        late.append(True)
        process.kill()

    threads = [Thread(target=_feed, args=(process.stdin, given), daemon=True)]
    threads.append(Thread(target=_drain, args=(process.stderr, said), daemon=True))
    timer = Timer(seconds, stop)
    timer.daemon = True
    for thread in (*threads, timer):
        thread.start()
    try:
        out = process.stdout.read(most + 1)
        if len(out) > most:
            return Answer(None, error=f"git wrote more than {most // 1_000_000:,} MB")
        code = process.wait()
    finally:
        timer.cancel()
        process.kill()
        for thread in threads:
            thread.join()
    return None if late else Answer(code, out, b"".join(said).decode("utf-8", "replace").strip())


def _feed(stream: IO[bytes], given: bytes) -> None:
    """Writes its input; git may have ended before it has read all."""
    with suppress(OSError, ValueError), stream:
        stream.write(given)


def _drain(stream: IO[bytes], said: list[bytes]) -> None:
    """Reads its errors to the end, so that it never waits, and keeps the first of them."""
    said.append(stream.read(_LONGEST_ERROR))
    while stream.read(_LONGEST_ERROR):
        pass


def environment(current: Mapping[str, str]) -> dict[str, str]:
    """The environment for git: nothing that redirects it, nothing that lets it write, fetch or ask."""
    kept = {name: value for name, value in current.items() if not name.startswith("GIT_")}
    kept.update(
        GIT_OPTIONAL_LOCKS="0",
        GIT_NO_LAZY_FETCH="1",
        GIT_ALLOW_PROTOCOL="none",
        GIT_TERMINAL_PROMPT="0",
        GIT_NO_REPLACE_OBJECTS="1",
        LC_ALL="C",
    )
    return kept
