"""Looks at a `.git` before git does. In: a folder. Out: why git is not asked there; empty where nothing speaks against.

Git opens what its folder and its configuration name, be it a pipe, for which it would wait for ever, and takes the word
of a `.git` file for which repository a folder belongs to. So files that git reads without being asked are looked at
first, not opened unless they are plain, and a repository elsewhere counts only if it knows of the folder. Neighbours:
`git`, which starts git; `gitfiles` and `revision`, which ask here first.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator

MAX_BYTES = 1_000_000
"""Size of a file of the configuration that is read; one of a thousand remotes is smaller."""
MAX_INCLUDED = 32
"""Files of the configuration that name one another."""

_OPENED = (
    "HEAD", "config", "config.worktree", "index", "commondir", "gitdir", "packed-refs", "shallow", "info/exclude",
    "info/attributes", "info/grafts", "info/sparse-checkout", "objects/info/alternates", "objects/info/commit-graph",
)  # fmt: skip
_SETTING = re.compile(r"^[ \t]*(?:\[[^\]\n]*\][ \t]*)?([A-Za-z][A-Za-z0-9-]*)[ \t]*=[ \t]*(.*?)[ \t]*$", re.MULTILINE)
_POINTER = "gitdir:"


def top_of(base: str) -> str | None:
    """The folder with `.git` in it, `base` or one above; None: there is none."""
    folder = base
    while True:
        if os.path.lexists(os.path.join(folder, ".git")):
            return folder
        above = os.path.dirname(folder)
        if above == folder:
            return None
        folder = above


def refusal(base: str) -> str:
    """Why git is not asked about `base` (an absolute path without links)."""
    top = top_of(base)
    if top is None:
        return ""
    own = os.path.join(top, ".git")
    ignored = os.path.join(top, ".gitignore")
    if _is_special(ignored) or _is_special(own):
        return f"{os.path.basename(ignored if _is_special(ignored) else own)} is a pipe or a device"
    folder = _pointed(own)
    if folder is None:
        return ".git names no folder"
    real = os.path.realpath(folder)
    common = _common(real)
    for file in dict.fromkeys(os.path.join(one, name) for one in (real, common) for name in _OPENED):
        if _is_special(file):
            return f"{os.path.relpath(file, real)} of its git folder is a pipe or a device"
    for where, value in _settings(common, real):
        if _is_special(value):
            return f"the setting {where} of its git folder names a pipe or a device"
    if not real.startswith(top.rstrip(os.sep) + os.sep) and not _knows(real, common, top):
        return "its .git names a repository elsewhere that does not know this folder"
    return ""


def _pointed(own: str) -> str | None:
    """The folder that `.git` is or names; None: it is neither a folder nor a pointer to one."""
    if os.path.isdir(own):
        return own
    text = _text(own)
    if not text.startswith(_POINTER):
        return None
    target = text.removeprefix(_POINTER).strip()
    return os.path.join(os.path.dirname(own), target) if target else None


def _common(folder: str) -> str:
    """The folder that all worktrees of a repository share."""
    said = _text(os.path.join(folder, "commondir")).strip()
    return os.path.realpath(os.path.join(folder, said)) if said else folder


def _knows(real: str, common: str, top: str) -> bool:
    """Whether a git folder elsewhere belongs to `top`: it is the one of a worktree, of a submodule, or says so."""
    back = _text(os.path.join(real, "gitdir")).strip()
    if back and os.path.realpath(os.path.join(real, back)) == os.path.realpath(os.path.join(top, ".git")):
        return True
    named = [value for where, value in _settings(common, real) if where == "worktree"]
    return any(os.path.realpath(value) == top for value in named)


def _settings(common: str, real: str) -> Iterator[tuple[str, str]]:
    """Each setting of the repository's own configuration whose value can be a path: its key, and the path."""
    todo = [os.path.join(common, "config"), os.path.join(real, "config.worktree")]
    done: set[str] = set()
    while todo and len(done) < MAX_INCLUDED:
        file = todo.pop(0)
        if file in done:
            continue
        done.add(file)
        for key, written in _SETTING.findall(_text(file).replace("\\\n", "")):
            value = written.strip('"')
            if not value or "\0" in value:
                continue
            path = os.path.join(os.path.dirname(file), os.path.expanduser(value))
            yield key.lower(), path
            if key.lower() == "path" and not _is_special(path):
                todo.append(path)


def _is_special(path: str) -> bool:
    """Whether a path leads to a pipe, a socket or a device other than the one that swallows all."""
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError):
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)) and os.path.realpath(path) != os.devnull


def _text(path: str) -> str:
    """A small regular file as text; empty for anything else."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            return ""
        with open(path, "rb") as file:
            return file.read(MAX_BYTES).decode("utf-8", "surrogateescape")
    except (OSError, ValueError):
        return ""
