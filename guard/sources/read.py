"""Bytes of one file. In: the root and a path relative to it. Out: bytes, or a `Problem` that says why not.

The scanned tree is untrusted: nothing outside the root is opened, whichever way a path or a link points; pipes and
devices are not opened; a file is read up to a limit. Neighbours: `walk` makes the `SourceFile`s.
"""

from __future__ import annotations

import os
import posixpath
import re
import stat
from pathlib import Path

from guard.model import Problem
from guard.sources.files import SourceFile, shown

CODE_LIMIT = 5_000_000
"""Bytes. No hand-written source comes near; generated code and data beyond it would only cost time."""
NOTEBOOK_LIMIT = 50_000_000
"""Bytes. Notebooks carry their outputs, pictures included, beside little code."""

_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_BINARY", 0)
)

_LFS_POINTER = re.compile(rb"version https://git-lfs\.github\.com/spec/v1\n(?:.*\n)*?oid sha256:([0-9a-f]{64})\n")
_LFS_LONGEST = 1024
"""Bytes; pointers are always shorter (Git LFS's specification)."""


def read(root: Path, file: SourceFile, limit: int | None = None) -> bytes | Problem:
    """The bytes of a listed file, if it still is a regular file inside the root.

    `limit` in bytes; None: `NOTEBOOK_LIMIT` for `.ipynb`, else `CODE_LIMIT`.
    """
    found = _read(root, file.path, limit)
    if found is not None:
        return found
    return Problem(shown(file.path), None, None, "unreadable", "was gone when guard came to read it")


def read_text_within(root: Path, relative_path: str, limit: int | None = None) -> bytes | Problem | None:
    """The bytes of a file that scanned code or configuration names (a prompt, settings), relative to the root.

    None: there is no such file. A path that leaves the root (`..`, absolute, through a link) is a Problem.
    """
    if "\0" in relative_path or not relative_path:
        return None
    return _read(root, relative_path, limit)


def inside(base: str, target: str) -> bool:
    """Whether `target`, links resolved, lies in `base` (itself without links) and not in its `.git`."""
    real = os.path.realpath(target)
    if real != base and not real.startswith(base.rstrip(os.sep) + os.sep):
        return False
    return ".git" not in os.path.relpath(real, base).lower().split(os.sep)


def problem_outside(path: str) -> Problem:
    """`path` leads out of the root."""
    message = "leads out of the scanned folder (or into .git), so it was not read"
    return Problem(path, None, None, "outside-root", message, "Scan a folder that holds both, or copy the file in.")


def limit_of(path: str) -> int:
    """Bytes up to which a file is read."""
    return NOTEBOOK_LIMIT if path.endswith(".ipynb") else CODE_LIMIT


def lfs_problem(path: str, data: bytes) -> Problem | None:
    """What to say of a file whose content Git LFS keeps elsewhere; None for any other."""
    if lfs_hash(data) is None:
        return None
    message = "is kept in Git LFS and only its pointer is here, so what it says is not known"
    return Problem(encodable(path), None, None, "lfs-pointer", message, "Run `git lfs pull` before guard.")


def lfs_hash(data: bytes) -> str | None:
    """The SHA-256 of the content that a Git LFS pointer stands for; None where the bytes are no pointer."""
    found = _LFS_POINTER.match(data) if len(data) < _LFS_LONGEST else None
    return None if found is None else found[1].decode()


def _read(root: Path, path: str, limit: int | None) -> bytes | Problem | None:
    limit = limit_of(path) if limit is None else limit
    try:
        full = _located(root, path)
        if full is None:
            return problem_outside(encodable(path))
        # Looked at before it is opened: opening alone can already wake a device.
        if _is_folder_or_special(os.lstat(full).st_mode):
            return None if os.path.isdir(full) else _not_a_file(path)
        handle = os.open(full, _FLAGS)
        with os.fdopen(handle, "rb") as file:
            status = os.fstat(handle)
            if not stat.S_ISREG(status.st_mode):
                return _not_a_file(path)
            if status.st_size > limit:
                return too_large(path, status.st_size, limit)
            data = file.read(limit + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        message = f"could not be read ({reason}), so model calls in it are not seen"
        return Problem(encodable(path), None, None, "unreadable", message, "Give guard the right to read it.")
    return (lfs_problem(path, data) or data) if len(data) <= limit else too_large(path, len(data), limit)


def _located(root: Path, path: str) -> str | None:
    """The absolute path without links for `path` inside `root`; None if it lies or leads outside.

    Only parts below the root are looked at, and only if one is a link are all links resolved.
    """
    parts = path.split("/")
    normal = posixpath.normpath(path)
    if os.path.isabs(path) or normal == ".." or normal.startswith("../") or ".git" in path.lower().split("/"):
        return None
    if os.altsep is not None and any(os.sep in part or ":" in part for part in parts):
        return None
    full = str(root)
    for part in parts:
        full = os.path.join(full, part)
        if os.path.islink(full) or part == "..":
            base = os.path.realpath(root)
            target = os.path.realpath(os.path.join(base, path))
            return target if inside(base, target) else None
    return full


def _is_folder_or_special(mode: int) -> bool:
    return not stat.S_ISREG(mode) and not stat.S_ISLNK(mode)


def encodable(path: str) -> str:
    """`path` as text that can be written, whatever code made it of."""
    try:
        return shown(path)
    except UnicodeEncodeError:
        return path.encode("utf-8", "backslashreplace").decode("utf-8")


def _not_a_file(path: str) -> Problem:
    message = "is a pipe, socket or device, not a file; it was not opened"
    return Problem(encodable(path), None, None, "not-a-file", message)


def too_large(path: str, size: int, limit: int) -> Problem:
    """A file is beyond the limit; both in bytes."""
    message = (
        f"is {size / 1e6:.1f} MB large; guard reads such files up to {limit / 1e6:.1f} MB, "
        "so model calls in it are not seen"
    )
    return Problem(
        encodable(path), None, None, "too-large", message, "Exclude it in guard.yaml if it holds no model calls."
    )
