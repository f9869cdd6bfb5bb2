"""The configuration as a commit has it. In: a repository, a commit. Out: its `Config`, its tree, remarks.

The files that may hold it (`guard.yaml`, pyproject.toml, packs that it names) are written to a temporary folder of the
same shape, where `guard.config.load` reads them as it reads any other. Neighbour: `against`.
"""

from __future__ import annotations

import errno
import os
import posixpath
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from guard.config import baselines, find, load, locks
from guard.config.document import MAX_BYTES
from guard.config.issues import ConfigError, ConfigIssue
from guard.config.toml_reader import read_toml
from guard.config.types import Config
from guard.config.yaml_reader import read_yaml
from guard.sources.revision import Commit, Repository, RevisionError
from guard.sources.revision_tree import GitTree

NAMES = ("guard.yaml", "guard.yml", "pyproject.toml")
_NO_NAME = frozenset({errno.ENAMETOOLONG, errno.EISDIR, errno.ENOTDIR, errno.EEXIST, errno.EINVAL, errno.EILSEQ})
MOST_COPIES = 16
"""Files with one content, which so says nothing of where a folder stood (empty ones, licences) if there are more."""


@dataclass(frozen=True, slots=True)
class AtBase:
    """What a commit holds."""

    tree: GitTree
    config: Config
    remarks: tuple[str, ...] = ()


def at_commit(
    repository: Repository, commit: Commit, current: Config, explicit: Path | None, *, must: bool
) -> AtBase:  # fmt: skip
    """The scanned folder as a commit has it, and the configuration that held for it.

    `current`: the configuration of the head, which stands for one of the base that is not valid; with `must`, where
    the base's own has to judge, that is a `ConfigError`. `explicit`: a file that the user named.
    """
    whole = repository.tree(commit.hash, "")
    if whole is None:
        raise RevisionError(f"git has no files of {commit.label}", "Fetch them: `git fetch --refetch`.")
    tree, folder, remarks = _below(repository, whole, repository.prefix)
    named = _inside(repository, explicit)
    if explicit is not None and named is None:
        return AtBase(tree, current, remarks)  # a file outside the repository has no versions
    try:
        config = _loaded(whole, folder, named)
    except ConfigError as error:
        if must:
            raise ConfigError([_of_base(issue, commit.label) for issue in error.errors]) from None
        why = str(error).split("\n")[0]
        remarks = (*remarks, f"the configuration of the base is not valid ({why}); that of the head stands for it")
        config = current
    return AtBase(tree, config, remarks)


def _of_base(issue: ConfigIssue, label: str) -> ConfigIssue:
    return ConfigIssue(issue.path, issue.line, issue.column, f"{issue.message} (in {label})", issue.hint)


def _below(repository: Repository, whole: GitTree, prefix: str) -> tuple[GitTree, str, tuple[str, ...]]:
    """The tree of the scanned folder, where it stood in the base, and a remark where that is elsewhere or nowhere."""
    found = whole.below(prefix)
    if found.entries or not prefix:
        return found, prefix, ()
    moved = _moved(repository, whole, prefix)
    if moved is None:
        return found, prefix, (f"the base has no folder {prefix.rstrip('/')}, so everything in it is new",)
    remark = f"in the base the folder {prefix.rstrip('/')} was {moved.rstrip('/')}"
    return whole.below(moved), moved, (remark,)


def _moved(repository: Repository, whole: GitTree, prefix: str) -> str | None:
    """The folder of the base that most of the folder's staged files stood in, under the same names."""
    now = repository.index().entries
    by_object: dict[str, list[str]] = {}
    for path, entry in whole.entries.items():
        by_object.setdefault(entry.object, []).append(path)
    votes: dict[str, int] = {}
    for path, entry in now.items():
        found = by_object.get(entry.object, ())
        for old in found if len(found) <= MOST_COPIES else ():
            if old.endswith("/" + path) or old == path:
                folder = old[: len(old) - len(path)]
                votes[folder] = votes.get(folder, 0) + 1
    best = max(votes, key=lambda folder: (votes[folder], folder), default=None)
    return best if best is not None and best != prefix and votes[best] * 2 > len(now) else None


def _inside(repository: Repository, explicit: Path | None) -> str | None:
    """Path of a named file as seen from the top of the repository; None where it lies outside, or none is named."""
    if explicit is None:
        return None
    depth = len(PurePosixPath(repository.prefix).parts)
    top = Path(repository.base).parents[depth - 1] if depth else Path(repository.base)
    real = os.path.realpath(explicit)
    inside = os.path.relpath(real, top).replace(os.sep, "/")
    return None if inside == ".." or inside.startswith("../") else inside


def _loaded(whole: GitTree, folder: str, named: str | None) -> Config:
    try:
        return _unpacked(whole, folder, named)
    except OSError as error:
        message = f"the configuration of the base could not be unpacked ({error.strerror})"
        hint = "Make room in the folder for temporary files, or name another one in TMPDIR."
        raise RevisionError(message, hint) from None


def _unpacked(whole: GitTree, folder: str, named: str | None) -> Config:
    with TemporaryDirectory(prefix="guard-base-") as place:
        top = Path(place)
        (top / ".git").mkdir()  # where the search upwards ends
        root = top / folder
        if not root.resolve().is_relative_to(top.resolve()):
            raise RevisionError(f"the base has no folder {folder}")
        root.mkdir(parents=True, exist_ok=True)
        above = [str(parent) for parent in PurePosixPath(folder, "x").parents]
        paths = [named] if named else [posixpath.normpath(f"{one}/{name}") for one in above for name in NAMES]
        for path in paths:
            _write(whole, top, path, packs=True)
        for one in above:
            _write(whole, top, posixpath.normpath(f"{one}/{baselines.NAME}"), packs=False)
        for name in find.OWNERS:
            _write(whole, top, name, packs=False)
        if named and not (top / named).is_file():
            held = load.load(root)  # the base had no such file: what holds without one
            return Config(policies=held.policies, baseline=held.baseline, owners=held.owners)
        return load.load(root, top / named if named else None)


def _write(whole: GitTree, top: Path, path: str, *, packs: bool) -> None:
    data = whole.read_within(path, baselines.MAX_BYTES if path.endswith(".json") else MAX_BYTES + 1)
    if not isinstance(data, bytes):
        return
    target = top / path
    if not target.resolve().is_relative_to(top.resolve()):
        return
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    except OSError as error:
        # A name that this file system cannot hold, or a folder's: the loader then says that there is no such file. But
        # rules that are missing for want of room would let everything pass.
        if error.errno not in _NO_NAME:
            raise
    for name in _packs(path, data) if packs else ():
        pack = posixpath.normpath(posixpath.join(posixpath.dirname(path), name))
        if not pack.startswith(("../", "/")):
            _write(whole, top, pack, packs=False)


def _packs(path: str, data: bytes) -> list[str]:
    """Files that a configuration names: its packs, the lock for packs of other repositories, the baseline.

    What is wrong with it the loader says.
    """
    try:
        document = read_toml(data, path) if path.endswith(".toml") else read_yaml(data, path)
    except ConfigError:
        return []
    data_of = document.data if document is not None and isinstance(document.data, dict) else {}
    said, known = data_of.get("extends"), data_of.get(baselines.KEY)
    names = [name for name in said if isinstance(name, str)] if isinstance(said, list) else []
    locked = [locks.FILE] if any(name.startswith(locks.SCHEME) for name in names) else []
    baseline = [known] if isinstance(known, str) else []
    return [*(name for name in names if ":" not in name), *locked, *baseline]
