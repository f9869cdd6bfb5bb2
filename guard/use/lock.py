"""`guard policy lock`: fetches the packs that a configuration takes from git repositories, and writes `guard.lock`.

In: the folder whose configuration is meant. Out: the names that were written. This is the only thing in guard that uses
the network, through the user's own git, and only when it is asked for; a check reads the lock alone.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

from guard.config import find, locks
from guard.config.document import MAX_BYTES, Document
from guard.config.issues import ConfigError
from guard.config.load import chosen

_OF_A_REPOSITORY = frozenset({
    "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR", "GIT_PREFIX",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_NAMESPACE",
})  # fmt: skip
SECONDS = 120
"""How long one git command may take."""


class NotFetched(Exception):
    """git could not fetch a pack."""


def lock(root: Path, explicit: Path | None = None) -> tuple[Path, tuple[str, ...]]:
    """Writes the lock beside the configuration that holds for `root`, and says which packs are in it.

    Packs that the lock has already are not fetched again, since a commit does not change. Raises `ConfigError` for a
    configuration without packs from git or with a wrong name, `NotFetched` where git fails.
    """
    found, document = chosen(root, explicit)
    names = _names(document)
    if not names:
        message = "no pack comes from a git repository, so there is nothing to lock"
        raise ConfigError([document.issue(("extends",), message, f"name one in `extends`: {locks.EXAMPLE}")])
    file = locks.beside(found.file)
    old = _old(file, found)
    packs: dict[str, str] = {}
    for index, name in names:
        try:
            packs[name] = old.get(name) or _fetched(locks.source(name))
        except locks.Unlocked as wrong:
            raise ConfigError([document.issue(("extends", index), wrong.message, wrong.hint)]) from None
    file.write_text(locks.written(packs), "utf-8")
    return file, tuple(packs)


def _names(document: Document) -> list[tuple[int, str]]:
    extends = document.data.get("extends") if isinstance(document.data, dict) else None
    every = enumerate(extends if isinstance(extends, list) else [])
    return [(index, name) for index, name in every if isinstance(name, str) and name.startswith(locks.SCHEME)]


def _old(file: Path, found: find.Found) -> dict[str, str]:
    """Packs of the lock that is there; one that cannot be read is written anew."""
    if not os.path.lexists(file):
        return {}
    try:
        raw = find.read_inside(file, found.project, locks.FILE)
        return {name: text for name, (text, _) in locks.entries(raw).items() if locks.is_whole(name, raw)}
    except locks.Unlocked:
        return {}


def _fetched(source: locks.Source) -> str:
    """The text of a pack at its commit."""
    with tempfile.TemporaryDirectory() as folder:
        _git(folder, "init", "--quiet", "--bare")
        _git(folder, "fetch", "--quiet", "--depth=1", "--no-tags", source.url, source.commit)
        size = _git(folder, "cat-file", "-s", f"{source.commit}:{source.path}")
        if int(size) > MAX_BYTES:
            raise NotFetched(f"{source.name} is larger than {MAX_BYTES // 1_000_000} MB")
        raw = _git(folder, "cat-file", "blob", f"{source.commit}:{source.path}")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise NotFetched(f"{source.name} is not UTF-8") from None


def _git(folder: str, *arguments: str) -> bytes:
    command = ["git", "-c", "protocol.ext.allow=never", "-C", folder, *arguments]
    # In a hook these name the repository that is being committed to.
    environment = {name: value for name, value in os.environ.items() if name not in _OF_A_REPOSITORY}
    environment["GIT_TERMINAL_PROMPT"] = "0"
    try:
        done = subprocess.run(command, capture_output=True, timeout=SECONDS, env=environment, check=False)
    except FileNotFoundError:
        raise NotFetched("git is not installed") from None
    except subprocess.TimeoutExpired:
        raise NotFetched(f"git took more than {SECONDS} seconds") from None
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().split("\n")[-1]
        raise NotFetched(f"git {arguments[0]} failed: {said}")
    return done.stdout
