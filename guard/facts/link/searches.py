"""Searches of the bytes of all code files: in which of them does a word stand, which import a module of some name?

In: the bytes by path. Out: paths, in the order of the listing. Nothing is parsed here: this is how questions find the
few files that are worth parsing. Neighbour: `project`, which notes what was asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

_WORD = re.compile(rb"[A-Za-z_][A-Za-z0-9_]*")


class Searches:
    """Where words stand in the code of a repository; answers are kept."""

    def __init__(self, bytes_of: Mapping[str, bytes]) -> None:
        """`bytes_of`: the code files that could be read; complete before the first question."""
        self._bytes = bytes_of
        self._naming: dict[str, tuple[str, ...]] = {}
        self._paths: tuple[str, ...] = ()
        self._words: dict[bytes, list[int]] | None = None
        """By word, numbers of the modules in which it stands."""
        self._mentioning: dict[frozenset[bytes], tuple[str, ...]] = {}

    def mentioning(self, needles: Iterable[bytes]) -> tuple[str, ...]:
        """Code files whose bytes hold one of the needles."""
        wanted = frozenset(needles)
        if wanted not in self._mentioning:
            self._mentioning[wanted] = tuple(
                path for path, data in self._bytes.items() if any(needle in data for needle in wanted)
            )
        return self._mentioning[wanted]

    def importing(self, stems: Iterable[str]) -> list[str]:
        """Code files of which a line that imports names one of these modules, by the last part of its name."""
        names = b"|".join(sorted(re.escape(stem.encode()) for stem in stems if stem))
        line = re.compile(rb"^[ \t]*(?:from|import)\b[^\n]*\b(?:%s)\b" % names, re.MULTILINE)
        return [path for path, data in self._bytes.items() if line.search(data)] if names else []

    def naming(self, name: str) -> tuple[str, ...]:
        """Code files in which a name stands."""
        if name not in self._naming:
            self._naming[name] = tuple(self._search(name.encode()))
        return self._naming[name]

    def _search(self, name: bytes) -> Iterable[str]:
        """By an index of words, made once; notebooks (pictures in them are no words) and other names by their bytes."""
        if _WORD.fullmatch(name) is None:
            return [path for path, data in self._bytes.items() if name in data]
        if self._words is None:
            self._words, self._paths = {}, tuple(self._bytes)
            for number, (path, data) in enumerate(self._bytes.items()):
                if path.endswith(".py"):
                    for word in set(_WORD.findall(data)):
                        self._words.setdefault(word, []).append(number)
        notebooks = [n for n, path in enumerate(self._paths) if path.endswith(".ipynb") and name in self._bytes[path]]
        return [self._paths[n] for n in sorted([*self._words.get(name, ()), *notebooks])]
