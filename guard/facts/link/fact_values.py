"""What a fact of a repository is now, as a short text that can be compared with what it was.

In: facts as `reads` notes them. Out: texts, equal where the fact is the same. Nothing is parsed and nothing is noted.
Neighbours: `project`, which answers the look-ups; `keeping`, which compares.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from hashlib import blake2b
from typing import TYPE_CHECKING

from guard.cache.contents import content_hash
from guard.facts.link.reads import Fact
from guard.facts.link.searches import Searches

if TYPE_CHECKING:
    from guard.facts.link.project import Project

SEARCHES = frozenset({"name", "mentioning", "importing"})
"""Kinds of facts that are lists of files, each of which is in the list for its own content alone."""


class FactValues:
    """The facts of one project. Each kind is a method of `Project`, which notes it."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._contents: dict[str, str] = {}

    def of(self, fact: Fact) -> str:
        """A text for what a fact is. Raises `LookupError` for a kind that is not known."""
        kind, *parts = fact
        project = self._project
        if kind in ("file", "bytes"):
            return self.content(parts[0])
        if kind == "text":
            return self._text(parts[0])
        if kind in ("circle", "cut"):
            return ""
        if kind in SEARCHES:
            return _short(self.files(fact))
        with project.recorder.nothing():
            if kind == "module":
                folder = parts[1]
                importer = folder + "*" if folder.endswith("/") or not folder else folder
                return project.module(parts[0], importer) or ""
            if kind in ("sdk", "has", "listed", "top"):
                asks = {"sdk": project.names_sdk, "has": project.has, "listed": project.lists}
                ask = {**asks, "top": project.imports_top}[kind]
                return "yes" if ask(parts[0]) else ""
            if kind in ("named", "env", "requirements"):
                find = {
                    "named": project.files_named,
                    "env": project.env_files,
                    "requirements": project.requirement_files,
                }[kind]
                return _short(find(parts[0]))
        raise LookupError(f"no fact is of the kind {kind}")

    def code(self) -> list[str]:
        """The code files that could be read, in the order of the listing."""
        return self._project.code()

    def files(self, fact: Fact) -> Sequence[str]:
        """The files that a search finds."""
        return _searched(self._project.searches, fact)

    def finding(self, path: str) -> Callable[[Fact], bool]:
        """Tells of searches whether they find a file."""
        data = self._project.content(path)
        alone = Searches({} if data is None else {path: data})
        return lambda fact: bool(_searched(alone, fact))

    def is_script(self, path: str) -> bool:
        """Whether a code file may be started as a script (see `module_paths`)."""
        return b"__main__" in (self._project.content(path) or b"")

    def content(self, path: str) -> str:
        """The hash of a code file's content; empty when it could not be read."""
        found = self._contents.get(path)
        if found is None:
            data = self._project.content(path)
            found = self._contents[path] = "" if data is None else content_hash(data)
        return found

    def _text(self, path: str) -> str:
        data = self._project.tree.read_within(path)
        return content_hash(data) if isinstance(data, bytes) else ""


def _searched(searches: Searches, fact: Fact) -> Sequence[str]:
    kind, *parts = fact
    if kind == "name":
        return searches.naming(parts[0])
    if kind == "mentioning":
        return searches.mentioning(needle.encode("latin-1") for needle in parts)
    return searches.importing(parts)


def _short(found: Iterable[str]) -> str:
    """A hash of a list of paths."""
    made = blake2b(digest_size=16)
    for path in found:
        made.update(path.encode("utf-8", "surrogatepass") + b"\0")
    return made.hexdigest()
