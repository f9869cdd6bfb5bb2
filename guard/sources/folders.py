"""Walks folders where git can't say which files belong to a project. In: a folder. Out: names and problems.

Honours the `.gitignore` files inside the root, passes over installed packages and caches, follows no link.
Neighbour: `walk`, which classifies the names.
"""

from __future__ import annotations

import os
import stat

from guard.model import Problem
from guard.sources.files import SKIPPED_FOLDERS, shown
from guard.sources.ignore import Patterns, compiled

_IGNORE_FILE_LIMIT = 1_000_000
"""Bytes of a `.gitignore` that are read."""
_CACHE_MARKS = frozenset({"pyvenv.cfg", "conda-meta", "CACHEDIR.TAG"})
"""What stands in the top folder of a virtual environment, of a conda environment, of a cache (bford.info/cachedir)."""

_Rules = tuple[tuple[int, Patterns], ...]
"""From the root down: length of the path of the folder that holds the `.gitignore`, and its patterns."""


def folder_names(base: str) -> tuple[list[str], list[Problem]]:
    """Every name under `base` that is not a folder, POSIX and relative, and the folders that could not be listed."""
    names: list[str] = []
    problems: list[Problem] = []
    todo: list[tuple[str, _Rules]] = [("", ())]
    while todo:
        prefix, rules = todo.pop()
        try:
            with os.scandir(os.path.join(base, prefix)) as entries:
                found = list(entries)
        except OSError as error:
            problems.append(_unlisted(prefix, error))
            continue
        if prefix and not _CACHE_MARKS.isdisjoint(entry.name for entry in found):
            continue
        if any(entry.name == ".gitignore" for entry in found):
            own = _ignore_file(os.path.join(base, prefix, ".gitignore"))
            rules = (*rules, (len(prefix), own)) if own else rules
        for entry in found:
            path = prefix + entry.name
            if not entry.is_dir(follow_symlinks=False):
                if not _ignored(path, rules):
                    names.append(path)
            elif entry.name not in SKIPPED_FOLDERS and not _ignored(path + "/", rules):
                todo.append((path + "/", rules))
    return names, problems


def _ignored(path: str, rules: _Rules) -> bool:
    """Whether the nearest `.gitignore` that has an opinion leaves `path` out."""
    for length, patterns in reversed(rules):
        decided = patterns.decides(path[length:])
        if decided is not None:
            return decided
    return False


def _ignore_file(path: str) -> Patterns | None:
    """Patterns of a `.gitignore`; one that is a link or no regular file does not count (git follows none either)."""
    try:
        if not stat.S_ISREG(os.lstat(path).st_mode):
            return None
        with open(path, "rb") as file:
            text = file.read(_IGNORE_FILE_LIMIT).decode("utf-8-sig", "surrogateescape")
    except OSError:
        return None
    # As git: a line ends at a line feed, with or without a carriage return before it, and nowhere else.
    return compiled(line.removesuffix("\r") for line in text.split("\n"))


def _unlisted(prefix: str, error: OSError) -> Problem:
    reason = error.strerror or type(error).__name__
    return Problem(
        shown(prefix.rstrip("/")) or ".", None, None, "unreadable",
        f"the folder could not be listed ({reason}), so nothing in it was scanned",
        "Give guard the right to read it, or exclude it in guard.yaml.",
    )  # fmt: skip
