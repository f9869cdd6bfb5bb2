"""Starts git so that a scanned repository can make it do nothing. In: arguments. Out: what git wrote, or why it failed.

The repository is untrusted and so is its `.git/config`: git is started with every setting off that could run a
program (fsmonitor, hooks, pager) or reach the network (lazy fetches of a partial clone), never with a `git` that lies
inside the scanned folder, and only with commands that apply no filter and no text conversion. Neighbours: `gitfiles`
asks for names, `revision` for commits, `revision_tree` for trees and files.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

TIMEOUT_SECONDS = 30
"""Longest wait for a question about names or commits."""

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


def in_work_tree(base: str) -> bool:
    """Whether a `.git` stands in `base` or above: spares the start of git where there is nothing to ask."""
    folder = base
    while True:
        if os.path.lexists(os.path.join(folder, ".git")):
            return True
        above = os.path.dirname(folder)
        if above == folder:
            return False
        folder = above


def program(base: str) -> str | None:
    """The absolute path of git, or None. One that the scanned folder brings along (`.` on PATH) is refused."""
    import shutil

    found = shutil.which("git")
    if found is None or not os.path.isabs(found):
        return None
    return None if (os.path.realpath(found) + os.sep).startswith(base + os.sep) else found


def ask(
    git: str, base: str, *arguments: str, given: bytes = b"", index: str | None = None, seconds: float = TIMEOUT_SECONDS
) -> Answer:  # fmt: skip
    """Runs git in the folder `base`.

    `given`: its standard input; `index`: another file than the repository's index; `seconds`: how long to wait.
    """
    import subprocess

    variables = environment(os.environ) | ({} if index is None else {"GIT_INDEX_FILE": index})

    command = [git, "--no-pager", "--literal-pathspecs"]
    for setting in _SETTINGS:
        command += ["-c", setting]
    try:
        done = subprocess.run(
            [*command, *arguments], cwd=base, env=variables, input=given, capture_output=True, timeout=seconds,
            check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return Answer(None, error=f"git took longer than {seconds:g} s")
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        return Answer(None, error=f"git could not be started ({error})")
    return Answer(done.returncode, done.stdout, done.stderr.decode("utf-8", "replace").strip())


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
