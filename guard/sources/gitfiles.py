"""Asks git which files belong to a project. In: a folder. Out: names relative to it, or None where git can't say.

Neighbours: `git`, which starts it safely; `walk`, which classifies the names.
"""

from __future__ import annotations

import os

from guard.sources import git


def git_names(base: str) -> list[str] | None:
    """Tracked and untracked, not ignored names under `base`, as git lists them.

    A nested repository that is not a submodule ends in `/`. None: no git, no work tree, git failed or took too long.
    """
    if not git.in_work_tree(base):
        return None
    program = git.program(base)
    if program is None:
        return None
    done = git.ask(program, base, "ls-files", "--cached", "--others", "--exclude-standard", "-z")
    if not done.good:
        return None
    # A path in conflict is listed once per stage.
    return sorted({os.fsdecode(name) for name in done.out.split(b"\0") if name})
