"""In which folder the cache lies. In: the environment. Out: a path, or None where nothing is to be kept.

`GUARD_CACHE_DIR` names it; else it is `guard` in the user's cache folder as the system has it (XDG_CACHE_HOME or
`~/.cache`, `~/Library/Caches`, `%LOCALAPPDATA%`), never a folder of the scanned repository. `GUARD_NO_CACHE` set to
anything but nothing and `0` turns it off. Neighbour: `store`, which makes the folder.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path


def folder(environment: Mapping[str, str] | None = None) -> Path | None:
    """Where the cache lies for this user; None: `GUARD_NO_CACHE` forbids it, or there is no such place."""
    values = os.environ if environment is None else environment
    return None if values.get("GUARD_NO_CACHE", "0") not in ("", "0") else named(values)


def named(values: Mapping[str, str]) -> Path | None:
    """The folder itself, whether or not the cache is in use; None: the user has no home that is known."""
    own = values.get("GUARD_CACHE_DIR")
    if own:
        return Path(os.path.abspath(own))
    base = values.get("XDG_CACHE_HOME", "")
    if os.path.isabs(base):  # the specification says to pass over a relative one
        return Path(base, "guard")
    if sys.platform == "win32":
        local = values.get("LOCALAPPDATA", "")
        return Path(local, "guard", "Cache") if os.path.isabs(local) else None
    home = os.path.expanduser("~")
    if not os.path.isabs(home) or home == "/":
        return None
    return Path(home, "Library", "Caches", "guard") if sys.platform == "darwin" else Path(home, ".cache", "guard")
