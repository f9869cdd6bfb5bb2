"""Which guard a kept value belongs to. In: guard's own files. Out: a hash that changes with any of them.

A value is made by all of guard: its code, the catalogue, prices and tokenizers, Python's grammar, and the packages that
it counts and reads with. Rather than number releases by hand and forget to, the contents of guard's own files are
hashed at every start of a cached command: 370 files, 6 MB, 11 ms. Neighbour: `store`, which puts it into every key.
"""

from __future__ import annotations

import functools
import os
import sys
from hashlib import blake2b
from importlib.machinery import PathFinder

import guard

PACKAGES = ("tiktoken", "regex", "yaml", "pathspec")
"""What values are made with besides guard and Python."""
_LEFT_OUT = ("__pycache__",)


@functools.cache
def fingerprint() -> bytes:
    """The hash, 20 bytes; made once per process."""
    made = blake2b(digest_size=20)
    made.update(repr((sys.implementation.name, sys.version_info[:3], sys.platform)).encode())
    for folder in sorted(guard.__path__):
        for path in _files(folder):
            made.update(b"\0" + os.fsencode(os.path.relpath(path, folder)) + b"\0")
            with open(path, "rb") as file:
                made.update(file.read())
    for name in PACKAGES:
        made.update(repr((name, _distribution(name))).encode())
    return made.digest()


def _files(folder: str) -> list[str]:
    found: list[str] = []
    for base, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in _LEFT_OUT]
        found += [os.path.join(base, name) for name in names if not name.endswith(".pyc")]
    return sorted(found)


def _distribution(package: str) -> list[tuple[str, int, int]]:
    """What tells one installed release of a package from another, without importing it: its files' names and sizes.

    Asking for the version takes ten times as long, since every folder of packages is then searched for its metadata.
    """
    spec = PathFinder.find_spec(package)
    found: list[tuple[str, int, int]] = []
    for place in (spec.submodule_search_locations or ()) if spec is not None else ():
        with os.scandir(place) as entries:
            for entry in entries:
                if not entry.is_dir():
                    status = entry.stat()
                    found.append((entry.name, status.st_size, status.st_mtime_ns))
    return sorted(found)
