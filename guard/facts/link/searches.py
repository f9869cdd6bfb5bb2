"""Searches of the bytes of all code files: in which of them does a word stand, which import a module of some name?

In: the bytes by path. Out: paths, in the order of the listing. Nothing is parsed here: this is how questions find the
few files that are worth parsing. Each module's words are taken once; all searches for words, and for what is made of
words, go through that index. Notebooks are searched as bytes: they are few, and pictures in them are no words.
Neighbours: `project`, which notes what was asked; `import_lines`, which reads imports.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from guard.facts.link.import_lines import Imported, imports_in

_WORD = re.compile(rb"[A-Za-z0-9_]+")
_WORDS_ONLY = bytes(c if (chr(c).isalnum() and c < 128) or c == ord("_") else ord(" ") for c in range(256))
"""Everything that stands between words becomes a space."""

_BY_NAME = (b"import_module", b"__import__")
"""What code imports modules with by a text."""
_QUOTE = rb"[\"']"
_PART_ENDS = rb"[\"'.:{%\\]"
"""What follows the first part of a module's name in a text; a quote in a notebook has a backslash before it."""


class Searches:
    """Where words stand in the code of a repository; answers are kept."""

    def __init__(self, bytes_of: Mapping[str, bytes]) -> None:
        """`bytes_of`: the code files that could be read; complete before the first question."""
        self._bytes = bytes_of
        self._naming: dict[str, tuple[str, ...]] = {}
        self._mentioning: dict[frozenset[bytes], tuple[str, ...]] = {}
        self._imports: dict[str, tuple[Imported, ...]] = {}
        self._paths: tuple[str, ...] = ()
        self._notebooks: tuple[int, ...] = ()
        """Numbers of paths."""
        self._words: dict[bytes, list[int]] = {}
        """By word, numbers of the modules in which it stands."""
        self._vocabulary = b""
        """All words, each between two spaces."""

    def mentioning(self, needles: Iterable[bytes]) -> tuple[str, ...]:
        """Code files whose bytes hold one of the needles."""
        wanted = frozenset(needles)
        if wanted not in self._mentioning:
            numbers = {number for needle in wanted for number in self._holding(needle)}
            self._mentioning[wanted] = tuple(self._paths[number] for number in sorted(numbers))
        return self._mentioning[wanted]

    def importing(self, stems: Iterable[str]) -> list[str]:
        """Code files in which one of these words stands that names of modules end in: they may import such a module."""
        self._index()
        numbers = {number for stem in stems for number in self._naming_numbers(stem.encode())}
        return [self._paths[number] for number in sorted(numbers)]

    def imports(self, path: str) -> tuple[Imported, ...]:
        """What a code file imports, as far as its bytes show."""
        if path not in self._imports:
            self._imports[path] = imports_in(self._bytes.get(path, b""), path.endswith(".ipynb"))
        return self._imports[path]

    def imports_top(self, top: str) -> bool:
        """Whether a code file imports a module whose first part is `top`, or begins with it where that ends in `*`.
        Where code imports modules by a text, a text that begins so counts, in whatever file it stands."""
        prefix, word = top.removesuffix("*"), top.encode()
        begins = prefix != top
        self._index()
        paths = [self._paths[n] for n in (self._holding(prefix.encode()) if begins else self._naming_numbers(word))]
        for path in paths:
            firsts = {module.partition(".")[0] for module, _ in self.imports(path)}
            if top in firsts or (begins and any(first.startswith(prefix) for first in firsts)):
                return True
        if not paths or not self.mentioning(_BY_NAME):
            return False
        text = re.compile(_QUOTE + re.escape(prefix.encode()) + (b"" if begins else _PART_ENDS))
        return any(text.search(self._bytes[path]) for path in paths)

    def naming(self, name: str) -> tuple[str, ...]:
        """Code files in which a name stands, as a word; a name that is no word, anywhere."""
        if name not in self._naming:
            self._index()
            word = name.encode()
            numbers = self._holding(word) if _WORD.fullmatch(word) is None else self._naming_numbers(word)
            self._naming[name] = tuple(self._paths[number] for number in numbers)
        return self._naming[name]

    def _index(self) -> None:
        if self._paths or not self._bytes:
            return
        self._paths = tuple(self._bytes)
        self._notebooks = tuple(n for n, path in enumerate(self._paths) if path.endswith(".ipynb"))
        words = self._words
        for number, (path, data) in enumerate(self._bytes.items()):
            if not path.endswith(".ipynb"):
                for word in set(data.translate(_WORDS_ONLY).split()):
                    words.setdefault(word, []).append(number)
        self._vocabulary = b" %s " % b" ".join(words)

    def _naming_numbers(self, word: bytes) -> list[int]:
        """Numbers of the files in which a word stands, ascending."""
        modules = self._words.get(word, [])
        notebooks = [n for n in self._notebooks if word in self._bytes[self._paths[n]]]
        return sorted([*modules, *notebooks]) if notebooks else modules

    def _holding(self, needle: bytes) -> list[int]:
        """Numbers of the files that hold some bytes, ascending: of those with all words of them."""
        self._index()
        parts = [(match.start() == 0, match.end() == len(needle), match[0]) for match in _WORD.finditer(needle)]
        if not parts:
            return [n for n, path in enumerate(self._paths) if needle in self._bytes[path]]
        found = set.intersection(*(self._with_part(word, begins, ends) for begins, ends, word in parts))
        if len(parts) > 1 or parts[0][2] != needle:
            found = {n for n in found if needle in self._bytes[self._paths[n]]}
        return sorted([*found, *(n for n in self._notebooks if needle in self._bytes[self._paths[n]])])

    def _with_part(self, part: bytes, begins: bool, ends: bool) -> set[int]:
        """Modules with a word that a part is, or ends (it `begins` the needle), or begins (it `ends` the needle)."""
        sought = (b"" if begins else b" ") + part + (b"" if ends else b" ")
        text, found = self._vocabulary, set()
        at = text.find(sought)
        while at >= 0:
            start = text.rfind(b" ", 0, at + 1) + 1 if begins else at + 1
            end = text.find(b" ", start)
            found.update(self._words[text[start:end]])
            at = text.find(sought, end)
        return found
