"""The file of the cache under all that can happen to it: it gives back what was kept, or nothing, and never fails."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

import guard
from guard.cache import store as store_module
from guard.cache.store import NAME, Store

ROOT = str(Path(guard.__file__).parents[1])
WRITER = """\
import sys
sys.path.insert(0, {root!r})
from pathlib import Path
from guard.cache.store import Store
name, rounds = sys.argv[1], int(sys.argv[2])
store = Store(Path({folder!r}))
for number in range(rounds):
    key = store.key("test", name, str(number))
    store.put("test", key, key * 400)
    store.flush()
    other = store.get("test", store.key("test", "other", str(number)))
    assert other is None or other == store.key("test", "other", str(number)) * 400
    print(number, flush=True)
store.close()
"""


def filled(folder: Path, rows: int = 40, size: int = 3_000) -> dict[bytes, bytes]:
    """A cache with values that do not compress; what it holds by key."""
    values = {Store.key("test", str(number)): random.Random(number).randbytes(size) for number in range(rows)}
    store = Store(folder)
    for key, value in values.items():
        store.put("test", key, value)
    store.close()
    return values


def found(folder: Path, values: dict[bytes, bytes]) -> dict[bytes, bytes]:
    """What the cache gives for the keys; fails where it is anything but what was kept."""
    store = Store(folder)
    got = store.get_many("test", values)
    store.close()
    assert all(values[key] == value for key, value in got.items())
    return got


def test_what_is_put_is_got_in_this_run_and_in_the_next(tmp_path: Path) -> None:
    store = Store(tmp_path / "new" / "cache")
    key, long = store.key("test", "a"), b"word " * 10_000
    assert store.get("test", key) is None
    assert not store.folder.exists()  # reading alone makes nothing
    store.put("test", key, long)
    assert store.get("test", key) == long
    assert store.get("other", key) is None
    store.close()
    assert found(store.folder, {key: long}) == {key: long}


def test_keys_tell_their_parts_apart() -> None:
    keys = [("a", "b"), ("ab",), ("a", "", "b"), ("", "ab"), (b"a", "b\0"), ("a\0b",)]
    assert len({Store.key("test", *parts) for parts in keys}) == len(keys)
    assert Store.key("one", "a") != Store.key("two", "a")


def test_another_guard_s_values_are_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    values = filled(tmp_path)
    before = Store.key("test", "0")
    monkeypatch.setattr(store_module, "fingerprint", lambda: b"another")
    assert Store.key("test", "0") != before
    assert found(tmp_path, dict.fromkeys([Store.key("test", "0")], b"")) == {}
    monkeypatch.undo()
    assert found(tmp_path, values) == values


def test_the_folder_and_the_file_are_the_user_s_own(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        filled(tmp_path / "cache")
    finally:
        os.umask(old)
    assert (tmp_path / "cache").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "cache" / NAME).stat().st_mode & 0o777 == 0o600


def test_it_does_not_grow_beyond_its_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was used last stays."""
    clock = [1_700_000_000.0]
    monkeypatch.setattr(time, "time", lambda: clock[0])
    limit = 400_000
    first = Store.key("test", "first")
    for number in range(60):
        clock[0] += 86_400
        store = Store(tmp_path, limit)
        store.put("test", Store.key("test", str(number)), random.Random(number).randbytes(20_000))
        if number == 0:
            store.put("test", first, b"kept for being used")
        assert store.get("test", first) == b"kept for being used"
        store.close()
        assert (tmp_path / NAME).stat().st_size < limit + 60_000
    store = Store(tmp_path, limit)
    assert store.get("test", Store.key("test", "59")) is not None
    assert store.get("test", Store.key("test", "1")) is None
    store.close()


def test_a_value_that_is_too_large_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "LARGEST", 10_000)
    key = Store.key("test", "a")
    store = Store(tmp_path)
    store.put("test", key, b"x" * 10_001)
    store.close()
    assert found(tmp_path, {key: b""}) == {}


def test_what_swells_beyond_the_limit_is_not_given_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    values = {Store.key("test", "a"): b"x" * 1_000_000}
    store = Store(tmp_path)
    store.put("test", *next(iter(values.items())))
    store.close()
    assert found(tmp_path, values) == values
    monkeypatch.setattr(store_module, "LARGEST", 10_000)
    assert found(tmp_path, values) == {}


# Those from 81 on once left a file that nothing could be kept in: text that is no UTF-8, a format of the
# future, an index out of order.
@pytest.mark.parametrize("seed", [0, 1, 2, 3, 81, 103, 113, 195, 622, 777, 2190])
def test_flipped_bits_give_what_was_kept_or_nothing(tmp_path: Path, seed: int) -> None:
    values = filled(tmp_path)
    file = tmp_path / NAME
    whole = file.read_bytes()
    chance = random.Random(seed)
    lost = 0
    for _ in range(25):
        harmed = bytearray(whole)
        for _ in range(chance.choice((1, 3, 40))):
            harmed[chance.randrange(len(harmed))] ^= 1 << chance.randrange(8)
        file.write_bytes(harmed)
        lost += len(values) - len(found(tmp_path, values))
        assert used_again(tmp_path)
    assert lost


@pytest.mark.parametrize(
    "damage",
    [b"", b"not a database " * 500, b"SQLite format 3\0", b"SQLite format 3\0" + b"\xff" * 8192, None],
    ids=["empty", "text", "header alone", "header and noise", "half of it"],
)
def test_a_damaged_file_is_made_anew(tmp_path: Path, damage: bytes | None) -> None:
    values = filled(tmp_path)
    file = tmp_path / NAME
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2] if damage is None else damage)
    assert len(found(tmp_path, values)) < len(values)
    assert used_again(tmp_path)


def used_again(folder: Path) -> bool:
    """Whether a cache keeps values, at the latest in the run after the one that met the damage."""
    for _ in range(2):
        key = Store.key("test", "again")
        store = Store(folder)
        store.put("test", key, b"again")
        store.close()
        if found(folder, {key: b"again"}):
            return True
    return False


@pytest.mark.parametrize(
    "script",
    [
        "CREATE TABLE other (a)",
        "CREATE TRIGGER harm AFTER UPDATE ON kept BEGIN DELETE FROM kept; END",
        "CREATE INDEX harm ON kept (abs(used))",
        "DROP TABLE kept; CREATE VIEW kept AS SELECT 'a' AS kind, x'00' AS key, 1 AS used, x'' AS check_, x'' AS value",
        "DROP TABLE kept; CREATE TABLE kept (kind, key, used, check_, value, PRIMARY KEY (kind, key))",
        "DROP TABLE kept; CREATE TABLE elsewhere (a)",
    ],
)
def test_a_file_with_anything_but_our_table_is_made_anew(tmp_path: Path, script: str) -> None:
    values = filled(tmp_path)
    connection = sqlite3.connect(tmp_path / NAME)
    connection.executescript(script)
    connection.close()
    assert found(tmp_path, values) == {}
    assert used_again(tmp_path)


@pytest.mark.parametrize("value", [5, 1.5, "text", b"", b"zzz", b"r", b"q1"])
def test_rows_of_other_types_are_passed_over(tmp_path: Path, value: object) -> None:
    values = filled(tmp_path, rows=2)
    connection = sqlite3.connect(tmp_path / NAME)
    for column in ("used", "check_", "value"):
        connection.execute(f"UPDATE kept SET {column} = ?", (value,))
    connection.commit()
    connection.close()
    assert found(tmp_path, values) == {}


def test_values_are_not_taken_from_another_key(tmp_path: Path) -> None:
    values = filled(tmp_path, rows=2)
    one, two = values
    connection = sqlite3.connect(tmp_path / NAME)
    connection.execute(
        "UPDATE kept SET (check_, value) = (SELECT check_, value FROM kept WHERE key = ?) WHERE key = ?", (one, two)
    )
    connection.commit()
    connection.close()
    assert found(tmp_path, values) == {one: values[one]}


def test_two_guards_at_once_keep_what_both_found(tmp_path: Path) -> None:
    script = WRITER.format(root=ROOT, folder=str(tmp_path))
    runs = [
        subprocess.Popen([sys.executable, "-c", script, name, "60"], stdout=subprocess.DEVNULL)
        for name in ("one", "other", "third")
    ]
    assert [run.wait() for run in runs] == [0, 0, 0]
    keys = {Store.key("test", name, str(n)): b"" for name in ("one", "other", "third") for n in range(60)}
    assert found(tmp_path, {key: key * 400 for key in keys}).keys() == keys.keys()


def test_a_killed_guard_harms_nothing(tmp_path: Path) -> None:
    script = WRITER.format(root=ROOT, folder=str(tmp_path))
    written: set[int] = set()
    chance = random.Random(1)
    for _ in range(8):
        run = subprocess.Popen([sys.executable, "-c", script, "killed", "100000"], stdout=subprocess.PIPE)
        assert run.stdout is not None
        for _ in range(chance.randrange(1, 40)):
            written.add(int(run.stdout.readline()))
        run.send_signal(signal.SIGKILL)
        run.wait()
        run.stdout.close()
        keys = {Store.key("test", "killed", str(number)): number for number in written}
        assert found(tmp_path, {key: key * 400 for key in keys}).keys() == keys.keys()


def test_a_locked_file_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "WAIT_SECONDS", 0.05)
    values = filled(tmp_path)
    connection = sqlite3.connect(tmp_path / NAME, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    new = Store.key("test", "new")
    store = Store(tmp_path)
    store.put("test", new, b"new")
    store.flush()
    assert store.get("test", new) is None
    assert store.get_many("test", values) == values  # who writes does not keep others from reading
    store.close()
    connection.execute("ROLLBACK")
    connection.close()
    assert found(tmp_path, {**values, new: b"new"}) == values


def test_a_full_disk_is_passed_over(tmp_path: Path) -> None:
    """A limit on the size of files stands for the disk."""
    values = filled(tmp_path, rows=10)
    script = f"""\
import resource, signal, sys
sys.path.insert(0, {ROOT!r})
from pathlib import Path
from guard.cache.store import Store
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
store = Store(Path({str(tmp_path)!r}))
for number in range(40):
    store.put("test", store.key("test", "more", str(number)), __import__("os").urandom(20_000))
    store.flush()
store.close()
print("done")
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("done\n", "")
    assert found(tmp_path, values) == values


@pytest.mark.parametrize("kind", ["file", "pipe", "link", "folder"])
def test_what_is_no_cache_is_left_alone(tmp_path: Path, kind: str) -> None:
    """Where the folder or the file should be stands something else."""
    folder = tmp_path / "cache"
    target = tmp_path / "elsewhere"
    target.write_bytes(b"mine")
    if kind == "file":
        folder.write_bytes(b"mine")
    else:
        folder.mkdir()
        {
            "pipe": lambda: os.mkfifo(folder / NAME),
            "link": lambda: (folder / NAME).symlink_to(target),
            "folder": (folder / NAME).mkdir,
        }[kind]()
    store = Store(folder)
    key = store.key("test", "a")
    store.put("test", key, b"a")
    store.flush()
    assert store.get("test", key) is None
    store.close()
    assert target.read_bytes() == b"mine"


def test_a_folder_that_cannot_be_made_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", refuse)
    store = Store(tmp_path / "home" / "cache")
    store.put("test", store.key("test"), b"a")
    store.close()
    assert not store.folder.exists()


def test_the_child_of_a_fork_leaves_the_file_alone(tmp_path: Path) -> None:
    values = filled(tmp_path)
    store = Store(tmp_path)
    assert store.get_many("test", values) == values
    child = os.fork()
    if child == 0:
        store.put("test", Store.key("test", "child"), b"child")
        store.close()
        os._exit(0 if store.get_many("test", values) == {} else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert store.get_many("test", values) == values
    store.close()
