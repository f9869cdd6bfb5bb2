"""Which content a file of a folder has, by its status where that is safe. In: a folder. Out: hashes by path.

As in git's index, a file whose size, times and inode are those of when it was read last has the content that it had
then, and is not opened. The exception is git's, too: a file that was written in the moments before it was read may be
written again without a change in its status, so its hash is not noted, and it is read again in the next run.
Neighbours: `store`, which keeps the notes of a folder as one value; `guard.kept`, which asks.
"""

from __future__ import annotations

import json
import os
import stat
import time
from hashlib import blake2b
from typing import Any

from guard.cache.store import Store

KIND = "status"
RACY_SECONDS = 3.0
"""How long before a file is read its last change must be, so that the next one is sure to show in its status: the
coarsest clock of a file system in use has steps of 2 s (FAT)."""

Status = tuple[int, int, int, int, int]
"""Size, time of the last change of the content and of the file in ns, inode, device."""


class Contents:
    """The contents of one folder, as far as they are known. Paths are POSIX and relative to it."""

    def __init__(self, store: Store, base: str) -> None:
        """`base`: the folder, links resolved."""
        self._store = store
        self._base = base
        self._key = store.key(KIND, os.fsencode(base))
        self._noted = _read(store.get(KIND, self._key))
        self._before: dict[str, tuple[Status, float]] = {}
        """Of files that are to be read: their status before that, and when it was looked at."""
        self._changed = False

    def known(self, path: str) -> str | None:
        """The hash of a file's content; None: it has to be read (then tell `learn`)."""
        asked = time.time()
        status = self._status(path)
        if status is None:
            return None
        noted = self._noted.get(path)
        if noted is not None and noted[:5] == list(status):
            return str(noted[5])
        self._before[path] = (status, asked)
        return None

    def learn(self, path: str, data: bytes) -> str:
        """The hash of what was read of a file that `known` did not know; it is noted where that is safe."""
        made = content_hash(data)
        before = self._before.pop(path, None)
        if before is not None:
            status, asked = before
            settled = max(status[1], status[2]) / 1e9 + RACY_SECONDS < asked
            if settled and status[0] == len(data) and self._status(path) == status:
                self._noted[path] = [*status, made]
                self._changed = True
        return made

    def keep(self, listed: frozenset[str]) -> None:
        """Keep what was learnt for the next run, of files that are still there."""
        if self._changed:
            notes = {path: noted for path, noted in self._noted.items() if path in listed}
            self._store.put(KIND, self._key, json.dumps(notes, separators=(",", ":")).encode())
            self._changed = False

    def _status(self, path: str) -> Status | None:
        """None: no regular file, or none at all."""
        try:
            found = os.lstat(os.path.join(self._base, path))
        except (OSError, ValueError):
            return None
        if not stat.S_ISREG(found.st_mode):
            return None
        return found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino, found.st_dev


def content_hash(data: bytes) -> str:
    """The name of a content."""
    return blake2b(data, digest_size=20).hexdigest()


def _read(data: bytes | None) -> dict[str, list[Any]]:
    """Notes by path; none where they are not as guard writes them."""
    if data is None:
        return {}
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    if type(found) is not dict:
        return {}
    whole = [int, int, int, int, int, str]
    return {path: noted for path, noted in found.items() if type(noted) is list and list(map(type, noted)) == whole}
