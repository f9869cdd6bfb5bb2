"""The configuration files of a tree. In: a listing. Out: the facts of those that a collector knows.

A search of the bytes comes first: only a file that holds the words of a format is parsed, once, and then each format
whose words it holds is asked, the generic ones last. The first that takes a document has it. A file that one of the
specific formats would have had and that cannot be read is a problem; any other is passed over in silence.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache

from guard.facts.documents import document
from guard.facts.documents.document import Document
from guard.facts.documents.found import Found
from guard.facts.documents.types import Facts
from guard.model import Problem
from guard.sources.files import Listing
from guard.sources.tree import Tree

LIMITS = {"yaml": 1_000_000, "json": 500_000, "toml": 1_000_000, "env": 200_000, "front": 500_000, "text": 1_000_000,
          "lines": 5_000_000}  # fmt: skip
"""Bytes up to which a file is looked at; what is larger is data, no configuration."""
_TEMPLATE = (b"{{", b"{%")
_NOT_OURS = frozenset(
    {
        "package-lock.json", "package.json", "tsconfig.json", "pnpm-lock.yaml", "composer.lock",
        "guard.yaml", "guard.yml", ".guard-baseline.json",
    }
)  # fmt: skip
"""Of other programs, and guard's own, which say nothing of requests: a changed policy is no changed tree."""


@dataclass(frozen=True, slots=True)
class Format:
    """A collector."""

    name: str
    kinds: tuple[str, ...]
    """How its files are written (`document.kind_of`)."""
    words: tuple[tuple[bytes, ...], ...]
    """A file of it holds at least one word of each group."""
    takes: Callable[[Document], bool]
    """Whether a document is of this format, by its content."""
    collect: Callable[[Document, Found], None]
    generic: bool = False
    """Known by keys that many programs use: asked after all others, and silent about files that cannot be read."""
    silent: bool = False
    """Known by words that many files hold: silent about files that cannot be read, though asked before generic ones."""
    name_needed: Callable[[str], bool] | None = None
    """Where content alone does not tell: whether the file's path may be one of it."""

    def may_be(self, path: str, data: bytes) -> bool:
        """Whether the bytes hold what a file of this format must hold."""
        if self.name_needed is not None and not self.name_needed(path):
            return False
        return all(any(word in data for word in group) for group in self.words)


@lru_cache(maxsize=1)
def formats() -> tuple[Format, ...]:
    """All collectors: one for each module of `guard.facts.formats`, the generic ones last."""
    import guard.facts.formats as folder

    names = sorted(module.name for module in pkgutil.iter_modules(folder.__path__))
    found = [importlib.import_module(f"guard.facts.formats.{name}").FORMAT for name in names]
    return tuple(sorted(found, key=lambda one: (one.generic, one.name)))


def read(tree: Tree, listing: Listing) -> tuple[Facts, ...]:
    """The facts of all configuration files that a collector knows, by path."""
    found: list[Facts] = []
    for file in listing.files:
        kind = document.kind_of(file.path)
        if kind is None or file.size > LIMITS[kind] or file.path.rpartition("/")[2] in _NOT_OURS:
            continue
        data = tree.read(file)
        facts = None if isinstance(data, Problem) else collect(file.path, data)
        if facts is not None:
            found.append(facts)
    return tuple(found)


def collect(path: str, data: bytes) -> Facts | None:
    """What one file says; None where no collector knows it. Depends on path and bytes alone."""
    kind = document.kind_of(path)
    if kind is None or len(data) > LIMITS[kind]:
        return None
    asked = [one for one in formats() if kind in one.kinds and one.may_be(path, data)]
    if not asked:
        return None
    documents = document.documents(path, data, kind)
    if isinstance(documents, Problem):
        return _unread(path, data, documents, asked)
    merged: list[Facts] = []
    for one in documents:
        taker = next((taker for taker in asked if taker.takes(one)), None)
        if taker is not None:
            found = Found(path, taker.name)
            taker.collect(one, found)
            merged.append(found.facts())
    return _merged(path, merged)


def _unread(path: str, data: bytes, problem: Problem, asked: Iterable[Format]) -> Facts | None:
    names = [one.name for one in asked if not (one.generic or one.silent)]
    if not names:
        return None
    if problem.kind == "syntax" and any(mark in data for mark in _TEMPLATE):
        message = f"is a template, not YAML, so settings in it ({', '.join(names)}) are not seen"
        hint = "guard reads the files that it makes, and the values.yaml of a chart."
        problem = Problem(path, problem.line, problem.column, "template", message, hint)
    return Facts(path, problems=(problem,))


def _merged(path: str, parts: list[Facts]) -> Facts | None:
    if len(parts) <= 1:
        return parts[0] if parts else None
    return Facts(
        path,
        tuple(item for part in parts for item in part.settings),
        tuple(item for part in parts for item in part.gateways),
        tuple(item for part in parts for item in part.calls),
        tuple(item for part in parts for item in part.references),
        tuple(dict.fromkeys(item for part in parts for item in part.problems)),
        tuple(item for part in parts for item in part.served),
        tuple(item for part in parts for item in part.scalers),
    )
