"""What is kept between runs, so that work on what did not change is not done again. Nothing here decides a result.

In: keys that name everything a value depends on, and bytes. Out: the same bytes in a later run, or None. A run with an
empty, damaged, locked or absent cache says what a run with a full one says, and takes longer.

`place` says in which folder, `version` which guard a value belongs to, `store` keeps bytes in one sqlite file, `plain`
turns frozen dataclasses into bytes and back. What is kept by whom: `guard.kept` (whole scans), `guard.cache.contents`
(hashes of files by their status), `guard.estimate.encodings` (token counts).

`current()` is the store of this process. It is off until a command turns it on (`opened`), so that whoever uses guard
as a library, and every test that does not ask for it, keeps nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from guard.cache.store import Store

_open: list[Store] = []


def current() -> Store | None:
    """The store of this process; None: nothing is kept."""
    return _open[-1] if _open else None


@contextmanager
def opened(folder: Path | None) -> Iterator[Store | None]:
    """Makes a store in `folder` the current one for as long as the block runs; None: nothing is kept inside it.

    Never raises: a folder that cannot be made or written to keeps nothing.
    """
    if folder is None:
        yield None
        return
    from guard.cache.store import Store

    store = Store(folder)
    _open.append(store)
    try:
        yield store
    finally:
        _open.remove(store)
        store.close()
