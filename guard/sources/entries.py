"""What git lists in a tree or an index, as paths that a folder could have. In: git's lists. Out: `Entries`.

A tree object can hold names that no checkout can (`..`, `.git`, a file below a file): whoever made it by hand means to
lead a reader elsewhere. Such paths are left out here, once, so that nobody who joins paths has to think of them.
Neighbours: `revision` asks git, `revision_tree` reads the contents.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

MAX_FILES = 1_000_000
"""Files of one tree. A tree that holds itself over and over has more, in a few bytes."""
MAX_BYTES = 250_000_000
"""Bytes of git's list of them."""

_SIDE = frozenset({"0", "2"})
"""Stages of an index that stand for a path: of one in conflict it is our side."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What git lists at a path."""

    mode: str
    """As git writes it: `100644`, `100755`, `120000` for a link, `160000` for a submodule."""
    object: str
    """Hash of the content; of a submodule that of a commit elsewhere."""
    size: int
    """Bytes; 0 for a submodule."""


@dataclass(frozen=True, slots=True)
class Entries:
    """The files of a tree."""

    files: Mapping[str, Entry]
    """By path, relative to the root of the tree. No path has a part that is empty, `.`, `..` or `.git`, and none lies
    below a file or a link."""
    refused: tuple[str, ...] = ()
    """Paths that were left out, sorted."""


class TooManyFiles(Exception):
    """A tree has more than `MAX_FILES` files."""


def of_tree(listed: bytes) -> Entries:
    """The entries in the output of `git ls-tree -r -z --full-tree`, of size 0. Raises `TooManyFiles`."""
    return _sound({path: Entry(head[0], head[2], 0) for head, path in _rows(listed) if len(head) == 3})


def of_index(listed: bytes) -> Entries:
    """The entries in the output of `git ls-files --stage -z`, of size 0. Raises `TooManyFiles`."""
    staged = (row for row in _rows(listed) if len(row[0]) == 3 and row[0][2] in _SIDE)
    return _sound({path: Entry(head[0], head[1], 0) for head, path in staged})


def _rows(listed: bytes) -> Iterable[tuple[list[str], str]]:
    """The words before the tab and the path behind it, for each row."""
    if listed.count(b"\0") > MAX_FILES:
        raise TooManyFiles
    for row in listed.split(b"\0"):
        head, tab, path = row.partition(b"\t")
        if tab:
            yield head.decode("ascii", "replace").split(), os.fsdecode(path)


def _sound(found: dict[str, Entry]) -> Entries:
    folders: dict[str, bool] = {"": True}
    refused = [path for path in found if not (_is_name(path.rpartition("/")[2]) and _can_be(path, found, folders))]
    for path in refused:
        del found[path]
    return Entries(found, tuple(sorted(refused)))


def _can_be(path: str, found: Mapping[str, Entry], folders: dict[str, bool]) -> bool:
    """Whether the folder of `path` can be one. `folders` remembers answers, that of "" included."""
    unknown: list[str] = []
    above = _folder_of(path)
    while above not in folders:
        unknown.append(above)
        above = _folder_of(above)
    answer = folders[above]
    for folder in reversed(unknown):
        answer = answer and _is_name(folder.rpartition("/")[2]) and folder not in found
        folders[folder] = answer
    return answer


def _folder_of(path: str) -> str:
    """The folder that a path stands in; of `/x` it is one without a name, which is not the top."""
    folder, slash, _ = path.rpartition("/")
    return folder or "/" if slash and path != "/" else ""


def _is_name(part: str) -> bool:
    """Whether a file or folder of a checkout may have this name. Git takes none that a file system reads as `.git`."""
    if part in ("", ".", "..") or part.lower() == ".git" or "\0" in part:
        return False
    if os.altsep is None:
        return True
    return "\\" not in part and ":" not in part and part.rstrip(". ").lower() not in ("", ".git", "git~1")
