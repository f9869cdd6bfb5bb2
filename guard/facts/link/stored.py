"""Answers of `link` in the cache: one value for a folder and a configuration. In: a folder. Out: what was kept of it.

What is kept is checked as it is read (`guard.cache.plain`), and each answer is used only where all facts that it rests
on are what they were (`keeping`). Neighbours: `guard.run` asks; `guard.cache.store` keeps the bytes.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from guard.cache import current

if TYPE_CHECKING:
    from guard.cache.plain import Plain
    from guard.config.types import Config
    from guard.facts.link.keeping import Kept, Questions

KIND = "link"


class Links:
    """The answers of one folder."""

    def __init__(self, place: str | None, config: Config) -> None:
        """`place`: what tells the folder from all others; None: nothing is kept."""
        self._store = current() if place is not None else None
        self._key = b""
        if self._store is not None and place is not None:
            self._key = self._store.key(KIND, place, repr((config.calls, config.prefix, config.exclude)))

    def before(self) -> Kept | None:
        """What an earlier run kept; None: nothing, or nothing that can be read."""
        data = self._store.get(KIND, self._key) if self._store is not None else None
        return _plain().loads(data) if data is not None else None

    def keep(self, questions: Questions) -> None:
        """Keep the answers of this run, unless they are those that were kept already."""
        if self._store is not None and questions.made:
            self._store.put(KIND, self._key, _plain().dumps(questions.to_keep()))


@functools.cache
def _plain() -> Plain[Kept]:
    from guard.cache.plain import Plain
    from guard.facts.link.keeping import Kept

    return Plain(Kept)
