"""Asks git which files belong to a project. In: a folder. Out: its `GitNames`, or None where git can't say.

Neighbours: `git`, which starts it safely; `walk`, which classifies the names.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from guard.sources import git, gitfolder


@dataclass(frozen=True, slots=True)
class GitNames:
    """Names relative to the folder that was asked about."""

    every: list[str]
    """Tracked and untracked, not ignored ones, sorted."""
    tracked: frozenset[str]


def git_names(base: str) -> GitNames | None:
    """The names under `base`, as git lists them.

    A nested repository that is not a submodule ends in `/`. None: no git, no work tree, git failed or took too long.
    """
    # A look at the folder spares the start of git where there is nothing to ask.
    if gitfolder.top_of(base) is None or gitfolder.refusal(base):
        return None
    program = git.program(base)
    if program is None:
        return None
    done = git.ask(program, base, "ls-files", "-t", "--cached", "--others", "--exclude-standard", "-z")
    if not done.good:
        return None
    # A path in conflict is listed once per stage.
    lines = {os.fsdecode(line) for line in done.out.split(b"\0") if line}
    tracked = frozenset(line[2:] for line in lines if not line.startswith("? "))
    return GitNames(sorted({line[2:] for line in lines}), tracked)
