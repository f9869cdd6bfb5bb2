"""What form a file of measured use has, by its name and first bytes.

In: a file. Out: one of `SHAPES`, or what is wrong.

Neighbour: `reading`, which tells DuckDB.
"""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, cast

from guard.use.calibrate.measured import Unreadable

SHAPES = ("csv", "JSONL", "a JSON array", "a JSON document")
LONGEST_LINE = 64 * 1024 * 1024
"""Bytes of a line that are read to tell JSONL from a document."""
_TABLES = (".csv", ".tsv")


@contextmanager
def _opened(path: str) -> Iterator[BinaryIO]:
    with open(path, "rb") as file:
        yield cast(BinaryIO, gzip.GzipFile(fileobj=file)) if path.lower().endswith(".gz") else file


def of(path: str, name: str) -> str:
    """The form of a file. Raises `Unreadable` for one that is empty, not UTF-8 or no text."""
    plain = path.lower().removesuffix(".gz")
    if not os.path.isfile(path):
        # A pipe could be read once only, and the form of a file is looked at before its rows are.
        raise Unreadable(f"{name} is no regular file; write what it gives into one")
    try:
        with _opened(path) as file:
            line = _first_line(file)
    except (OSError, EOFError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise Unreadable(f"{name} cannot be read: {why}") from None
    if not line:
        raise Unreadable(f"{name} is empty")
    if b"\0" in line[:4096]:
        raise Unreadable(f"{name} is no text in UTF-8; export it as CSV or JSON (compressed with gzip if you like)")
    if plain.endswith(_TABLES) or line[:1] not in (b"{", b"["):
        return "csv"
    if line.startswith(b"["):
        return "a JSON array"
    return "JSONL" if _is_object(line) else "a JSON document"


def no_objects(path: str, most: int) -> tuple[int, ...]:
    """The numbers of the first lines of a JSONL file that are no JSON objects, 1-based."""
    found: list[int] = []
    with _opened(path) as file:
        for number, line in enumerate(file, 1):
            if line.strip() and not _is_object(line):
                found.append(number)
                if len(found) == most:
                    break
    return tuple(found)


def _first_line(file: BinaryIO) -> bytes:
    """The first line that is not empty, without a byte order mark."""
    while line := file.readline(LONGEST_LINE):
        stripped = line.removeprefix(b"\xef\xbb\xbf").strip()
        if stripped:
            return stripped
    return b""


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False
