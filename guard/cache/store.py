"""Bytes by key in one sqlite file, for several processes at once. In: kinds, keys, bytes. Out: the bytes, or None.

For who keeps something: ask `guard.cache.current()` for the store (None: keep nothing) and make a key of everything
that the value depends on (`store.key("link", ...)`; the guard that made it is part of every key). `get` and `get_many`
give back what `put` was given, in this process or an earlier one, or nothing: expect a miss for any key at any time.
`put` may forget. Values are written in batches, at the latest when the command ends; nothing waits for that.

No method raises for anything that is wrong with the file. One that is locked for long, that lies in a folder without
room or without the right to write, is passed over for the rest of the run. One that is damaged or holds anything but
the one table is deleted and made anew. Every row has a checksum over its kind, key and value; one that does not fit is
not given out. A checksum is no signature: whoever can write the file can keep values in it that are well-formed and
wrong. So nothing that could run is ever made of a value (`plain` makes known dataclasses of JSON and checks each
field), the folder is the user's own (mode 0700), and nobody should restore it from a build that others can write to.

Bounded: rows that were not used for longest go when the file grows beyond `LIMIT_BYTES`. Neighbours: `place`,
`version`.
"""

from __future__ import annotations

import os
import sqlite3
import stat
import time
import zlib
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import TypeVar

from guard.cache.version import fingerprint

NAME = "guard-1.sqlite"
"""The number is that of the table's form; files of other numbers are not looked at."""
LIMIT_BYTES = 256 * 1024 * 1024
"""Size of the file beyond which rows are dropped; it may grow beyond it by what one run adds."""
KEEP_SHARE = 0.75
"""How much of the limit is left after rows were dropped."""
LARGEST = 32 * 1024 * 1024
"""Bytes of a value, before and after compression; a larger one is not kept."""
WAIT_SECONDS = 0.5
"""Longest wait for another process that writes."""
BATCH_BYTES = 8 * 1024 * 1024
"""Size of the values that wait to be written."""
USED_STEP = 6 * 3600
"""Seconds by which the noted time of use may be late: else every look would write."""
_SMALL = 512
"""Bytes up to which compressing gains nothing."""

_TABLE = (
    "CREATE TABLE kept (kind TEXT NOT NULL, key BLOB NOT NULL, used INTEGER NOT NULL, check_ BLOB NOT NULL, "
    "value BLOB NOT NULL, PRIMARY KEY (kind, key))"
)
_BATCH = 400
"""Keys in one question; sqlite takes at least 999."""

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Holding:
    """What the store holds of one kind."""

    kind: str
    rows: int
    bytes: int
    """Of the values, as they are kept."""


class Store:
    """The file `NAME` in a folder, which is made when something is first kept."""

    def __init__(self, folder: Path, limit: int = LIMIT_BYTES) -> None:
        self.folder = folder
        self.file = folder / NAME
        self.limit = limit
        """Bytes."""
        self._connection: sqlite3.Connection | None = None
        self._given_up = False
        self._read_only = False
        self._healed = False
        self._waiting: dict[tuple[str, bytes], bytes] = {}
        self._waiting_bytes = 0
        self._used: set[tuple[str, bytes]] = set()
        self._process = os.getpid()
        self._opened: tuple[int, int] | None = None

    @staticmethod
    def key(kind: str, *parts: str | bytes) -> bytes:
        """A key for all that a value depends on besides this guard: 20 bytes. The order of the parts counts."""
        made = blake2b(fingerprint(), digest_size=20)
        for part in (kind, *parts):
            data = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
            made.update(b"%d:" % len(data))
            made.update(data)
        return made.digest()

    def get(self, kind: str, key: bytes) -> bytes | None:
        """What was kept under a key; None: nothing, or nothing that can be trusted."""
        return self.get_many(kind, (key,)).get(key)

    def get_many(self, kind: str, keys: Iterable[bytes]) -> dict[bytes, bytes]:
        """By key what was kept; keys of which nothing is known are missing."""
        found: dict[bytes, bytes] = {}
        asked: list[bytes] = []
        for key in keys:
            waiting = self._waiting.get((kind, key))
            if waiting is None:
                asked.append(key)
            else:
                found[key] = waiting
        for at in range(0, len(asked), _BATCH):
            for key, used, check, value in self._rows(kind, asked[at : at + _BATCH]):
                plain = _opened(value) if _check(kind, key, value) == check else None
                if plain is not None:
                    found[key] = plain
                    if used + USED_STEP < time.time():
                        self._used.add((kind, key))
        return found

    def put(self, kind: str, key: bytes, value: bytes) -> None:
        """Keep a value, which replaces what was kept under the key. It is written later, or not at all."""
        if len(value) > LARGEST or self._off():
            return
        self._waiting[kind, key] = value
        self._waiting_bytes += len(value)
        if self._waiting_bytes > BATCH_BYTES:
            self.flush()

    def flush(self) -> None:
        """Write what waits. What cannot be written is forgotten."""
        waiting, used = self._waiting, self._used
        self._waiting, self._used, self._waiting_bytes = {}, set(), 0
        if not waiting and not used:
            return
        now = int(time.time())
        rows = [
            (kind, key, now, _check(kind, key, closed), closed)
            for (kind, key), value in waiting.items()
            for closed in (_closed(value),)
        ]

        held = "SELECT check_ FROM kept WHERE kind = ? AND key = ?"

        def write(connection: sqlite3.Connection) -> None:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany("INSERT OR REPLACE INTO kept VALUES (?, ?, ?, ?, ?)", rows)
            connection.executemany(
                "UPDATE kept SET used = ? WHERE kind = ? AND key = ?", [(now, kind, key) for kind, key in used]
            )
            dropped = self._trim(connection)
            connection.execute("COMMIT")
            if dropped:
                connection.executescript("PRAGMA incremental_vacuum")  # `execute` would free one page
            elif rows and connection.execute(held, rows[-1][:2]).fetchone() != (rows[-1][3],):
                raise _Damaged  # an index whose order is broken takes rows that nobody finds again

        self._trying(write, None, writes=True)

    def holdings(self) -> list[Holding]:
        """What the file holds, by kind, the largest first."""

        def ask(connection: sqlite3.Connection) -> list[Holding]:
            rows = connection.execute("SELECT kind, count(*), sum(length(value)) FROM kept GROUP BY kind").fetchall()
            return [Holding(str(kind), int(number), int(size)) for kind, number, size in rows]

        nothing: list[Holding] = []
        return sorted(self._trying(ask, nothing), key=lambda one: (-one.bytes, one.kind))

    def close(self) -> None:
        """Write what waits and let go of the file."""
        self.flush()
        self._disconnect()
        self._given_up = True

    def _off(self) -> bool:
        """Whether nothing can be read: given up, or this is the child of the process that opened the file."""
        return self._given_up or self._process != os.getpid()

    def _rows(self, kind: str, keys: list[bytes]) -> list[tuple[bytes, int, bytes, bytes]]:
        wanted = set(keys)
        asked = f"SELECT key, used, check_, value FROM kept WHERE kind = ? AND key IN ({','.join('?' * len(keys))})"

        def ask(connection: sqlite3.Connection) -> list[tuple[bytes, int, bytes, bytes]]:
            rows = connection.execute(asked, (kind, *keys))
            return [row for row in rows if _well_formed(row) and row[0] in wanted]  # a damaged index leads anywhere

        return self._trying(ask, [])

    def _trying(self, ask: Callable[[sqlite3.Connection], Found], otherwise: Found, writes: bool = False) -> Found:
        """The answer to a question, or `otherwise`; what goes wrong is dealt with here and ends there."""
        if self._off() or (writes and self._read_only):
            return otherwise
        try:
            connection = self._connected(writes)
            return otherwise if connection is None else ask(connection)
        except sqlite3.OperationalError as error:
            if _is_damage(error, self.file):
                self._heal()
            elif writes and self._connection is not None:
                with suppress(sqlite3.Error):
                    self._connection.execute("ROLLBACK")
                self._read_only = True  # locked, full or not ours to write: what is there can still be read
            else:
                self._give_up()
        except (sqlite3.DatabaseError, UnicodeDecodeError, _Damaged):
            self._heal()  # sqlite's words about a damaged table need not be text
        except (OSError, sqlite3.Error, OverflowError, TypeError, ValueError, MemoryError):
            self._give_up()
        return otherwise

    def _connected(self, writes: bool) -> sqlite3.Connection | None:
        """The open file; None: there is none yet and nothing is to be written."""
        if self._connection is None:
            if not writes and not os.path.lexists(self.file):
                return None
            _make_folder(self.folder)
            _make_file(self.file)
            self._opened = _identity(self.file)
            self._connection = _connect(self.file)
        return self._connection

    def _heal(self) -> None:
        """Delete a damaged file, once in a run; the next to write makes a new one."""
        self._disconnect()
        if self._healed:
            self._given_up = True
            return
        self._healed = True
        try:
            if _identity(self.file) == self._opened:  # else another process made it anew already
                remove(self.folder)
        except OSError:
            self._given_up = True

    def _give_up(self) -> None:
        self._disconnect()
        self._given_up = True

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None and self._process == os.getpid():
            with suppress(sqlite3.Error):
                connection.close()

    def _trim(self, connection: sqlite3.Connection) -> bool:
        """Drop the rows that were not used for longest, where the file has grown too large; whether it had."""
        if _pages(connection) <= self.limit:
            return False
        size = connection.execute("SELECT sum(length(value) + length(key) + 64) FROM kept").fetchone()[0] or 0
        over = size - int(self.limit * KEEP_SHARE)
        rows = connection.execute("SELECT rowid, length(value) + length(key) + 64 FROM kept ORDER BY used, rowid")
        dropped: list[tuple[int]] = []
        for row, length in rows:
            if over <= 0:
                break
            dropped.append((row,))
            over -= length
        connection.executemany("DELETE FROM kept WHERE rowid = ?", dropped)
        return True


def remove(folder: Path) -> None:
    """Delete the cache file of a folder and sqlite's files beside it. Raises OSError where one cannot be deleted."""
    for suffix in ("", "-wal", "-shm"):
        (folder / (NAME + suffix)).unlink(missing_ok=True)


class _Damaged(Exception):
    """The file is sqlite's, but not ours."""


def _connect(file: Path) -> sqlite3.Connection:
    """Opens the file and makes sure that it holds our table and nothing that sqlite would do by itself."""
    connection = sqlite3.connect(file, timeout=WAIT_SECONDS, isolation_level=None, cached_statements=16)
    try:
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LARGEST + 4096)
        connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
        connection.execute("PRAGMA trusted_schema=OFF")
        connection.execute("PRAGMA cell_size_check=ON")
        connection.execute("PRAGMA mmap_size=0")
        # Not ours to wait for the disk: what a power cut takes is made again, and what it damages is noticed.
        connection.execute("PRAGMA synchronous=OFF")
        held = connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
        if held == []:
            connection.execute("PRAGMA auto_vacuum=INCREMENTAL")
            connection.execute("PRAGMA journal_mode=WAL")
            with suppress(sqlite3.OperationalError):  # another process was faster
                connection.execute(_TABLE)
            held = connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
        if held != [(_TABLE,)]:
            raise _Damaged
    except BaseException:
        connection.close()
        raise
    return connection


def _make_folder(folder: Path) -> None:
    """The folder, where it is new for this user alone.

    A new or empty one is marked as a cache for programs that back up, and for git, should it lie in a repository: else
    its own files would change what there is to scan.
    """
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
    if not os.listdir(folder):
        with suppress(OSError):
            (folder / ".gitignore").write_text("*\n")
            (folder / "CACHEDIR.TAG").write_text(
                "Signature: 8a477f597d28d172789f06886806bc55\n# Made by guard; safe to delete.\n"
            )


def _make_file(file: Path) -> None:
    """An empty file that only this user may read; sqlite gives its helpers the same mode. No link is followed."""
    with suppress(FileExistsError):
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    if not stat.S_ISREG(os.lstat(file).st_mode):
        raise OSError("the cache is no regular file")


def _identity(file: Path) -> tuple[int, int] | None:
    """What tells a file from one that was made later under its name; None: it is gone."""
    try:
        status = os.lstat(file)
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino


def _pages(connection: sqlite3.Connection) -> int:
    """Bytes of the file that are in use."""
    pages, free, size = (
        connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
    )
    return int((pages - free) * size)


_CIRCUMSTANCES = frozenset({
    sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_INTERRUPT,
    sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_NOLFS,
})  # fmt: skip
"""What sqlite says of the disk, the rights and other processes, which a new file would not mend. Our questions are
always the same and right, so that all else (`no such table`, `unsupported file format`, text that is no UTF-8) says
that the file is not as guard makes it."""


def _is_damage(error: sqlite3.OperationalError, file: Path) -> bool:
    """Whether an error says that the file is not as guard makes it."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    if code == sqlite3.SQLITE_READONLY:
        # One flipped byte of the header makes sqlite take a file for read-only that is not.
        return os.access(file, os.W_OK) and os.access(file.parent, os.W_OK)
    return code not in _CIRCUMSTANCES


def _well_formed(row: tuple[object, ...]) -> bool:
    """Whether a row holds the types that guard wrote: sqlite's columns take any."""
    key, used, check, value = row
    return isinstance(key, bytes) and type(used) is int and isinstance(check, bytes) and isinstance(value, bytes)


def _check(kind: str, key: bytes, value: bytes) -> bytes:
    made = blake2b(kind.encode(), digest_size=8, key=key[:64])
    made.update(value)
    return made.digest()


def _closed(value: bytes) -> bytes:
    """A value as it is kept: a letter, then the bytes as they are (`r`) or compressed (`z`)."""
    if len(value) > _SMALL:
        packed = zlib.compress(value, 1)
        if len(packed) < len(value):
            return b"z" + packed
    return b"r" + value


def _opened(kept: bytes) -> bytes | None:
    """The value of what `_closed` made; None: something else."""
    if kept[:1] == b"r":
        return kept[1:]
    if kept[:1] != b"z":
        return None
    unpacker = zlib.decompressobj()
    try:
        value = unpacker.decompress(kept[1:], LARGEST + 1)
    except zlib.error:
        return None
    return value if unpacker.eof and len(value) <= LARGEST else None
