"""Asks git which files belong to a project. In: a folder. Out: names relative to it, or None where git can't say.

The repository is untrusted and so is its `.git/config`: git is started with every setting off that could run a
program (fsmonitor, hooks, pager) or reach the network (lazy fetches of a partial clone), and never with a `git` that
lies inside the scanned folder. Neighbour: `walk`, which classifies the names.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

TIMEOUT_SECONDS = 30
"""Longest wait for git; then the folders are walked instead."""

_SETTINGS = (
    "core.fsmonitor=false",
    "core.untrackedCache=false",
    f"core.hooksPath={os.devnull}",
    "safe.bareRepository=explicit",
    "protocol.allow=never",
)


def git_names(base: str) -> list[str] | None:
    """Tracked and untracked, not ignored names under `base`, as git lists them.

    A nested repository that is not a submodule ends in `/`. None: no git, no work tree, git failed or took too long.
    """
    if not _in_work_tree(base):
        return None
    git = _git_program(base)
    if git is None:
        return None
    import subprocess

    command = [git, "--no-pager"]
    for setting in _SETTINGS:
        command += ["-c", setting]
    command += ["ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    try:
        done = subprocess.run(
            command, cwd=base, env=_environment(os.environ), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, timeout=TIMEOUT_SECONDS, check=False,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return None
    if done.returncode != 0:
        return None
    # A path in conflict is listed once per stage.
    return sorted({os.fsdecode(name) for name in done.stdout.split(b"\0") if name})


def _in_work_tree(base: str) -> bool:
    """Whether a `.git` stands in `base` or above: spares the start of git where there is nothing to ask."""
    folder = base
    while True:
        if os.path.lexists(os.path.join(folder, ".git")):
            return True
        above = os.path.dirname(folder)
        if above == folder:
            return False
        folder = above


def _git_program(base: str) -> str | None:
    """The absolute path of git, or None. One that the scanned folder brings along (`.` on PATH) is refused."""
    import shutil

    found = shutil.which("git")
    if found is None or not os.path.isabs(found):
        return None
    return None if (os.path.realpath(found) + os.sep).startswith(base + os.sep) else found


def _environment(current: Mapping[str, str]) -> dict[str, str]:
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
