"""The files of a commit or of the index, read from git's objects. In: entries that git listed. Out: a `tree.Tree`.

Nothing is checked out and no filter or text conversion runs: the bytes are those that git keeps. A link is followed
within the tree only; submodules are not entered; a file that Git LFS keeps elsewhere is a `Problem`, as it is in a
folder. Contents are fetched when they are asked for: code files in batches, others one by one. Neighbours: `revision`,
which makes these trees; `git`, which starts git.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence

from guard.model import Problem
from guard.sources import git, read, walk
from guard.sources.entries import Entry
from guard.sources.files import Listing, SourceFile, shown

FETCH_SECONDS = 120
"""Longest wait for the contents of one batch."""
BATCH = 16_000_000
"""Bytes of code files that are fetched at once, if each is of a size that is read."""
MOST_KEPT = 128_000_000
"""Bytes of contents that are remembered; beyond it the oldest are fetched again where they are asked for again."""
_HEAD = 200
"""Bytes that git writes of each object besides its content, at most."""
MAX_HOPS = 40
"""Links that are followed on the way to one file, as systems do."""
LONGEST_LINK = 4096
"""Bytes of a link's target."""
CODE = (".py", ".ipynb")
_FILE, _LINK, _SUBMODULE = "100", "120000", "160000"


class GitTree:
    """Files below a folder of a commit, or of the index."""

    def __init__(
        self, program: str, base: str, name: str, entries: Mapping[str, Entry], refused: Sequence[str] = ()
    ) -> None:  # fmt: skip
        """`base`: a folder of the repository; `entries` by path, relative to the root of the tree; `refused`: paths
        that no checkout can have, which `entries` lack."""
        self.entries = entries
        self._refused = tuple(refused)
        self._program = program
        self._base = base
        self._name = name
        self._contents: dict[str, bytes | None] = {}
        """By hash, oldest first; None: git does not have it. At most `MOST_KEPT` bytes together."""
        self._kept = 0
        """Bytes in `_contents`."""
        self._ahead: Iterator[Entry] | None = None
        """Code that was not fetched yet, in the order of the listing."""
        self._folders: set[str] | None = None

    @property
    def name(self) -> str:
        """Name of the folder that the root is."""
        return self._name

    def below(self, folder: str) -> GitTree:
        """The files below a folder, which ends in `/`; all of them for an empty one."""
        if not folder:
            return self
        inner = {path.removeprefix(folder): entry for path, entry in self.entries.items() if path.startswith(folder)}
        outer = [path.removeprefix(folder) for path in self._refused if path.startswith(folder)]
        return GitTree(self._program, self._base, self._name, inner, outer)

    def listing(self, exclude: tuple[str, ...] = (), prefix: str = "") -> Listing:
        """The files, as `walk.listing` lists those of a folder."""
        problems = [walk.impossible_name(path) for path in self._refused]
        files: list[SourceFile] = []
        links: list[str] = []
        for path in walk.kept(sorted(self.entries), self.entries, exclude, prefix):
            entry = self.entries[path]
            if not walk.is_unicode(path):
                problems.append(walk.bad_name(path))
            elif entry.mode == _SUBMODULE:
                problems.append(walk.nested_repository(path))
            elif entry.mode == _LINK:
                links.append(path)
            else:
                files.append(SourceFile(path, entry.size))
        files += self._linked({file.path for file in files}, links, problems)
        files.sort(key=lambda file: file.path)
        problems.sort(key=lambda problem: problem.path)
        return Listing(tuple(files), tuple(problems), True)

    def read(self, file: SourceFile, limit: int | None = None) -> bytes | Problem:
        """The bytes of a listed file. With a code file those that follow it are fetched, as far as `BATCH` reaches."""
        entry = self.entries.get(file.path)
        if entry is not None and file.path.endswith(CODE) and entry.object not in self._contents:
            self._fetch([*([entry] if entry.size <= read.limit_of(file.path) else []), *self._next_code()])
        found = self.read_within(file.path, limit)
        if found is None:
            return Problem(shown(file.path), None, None, "unreadable", "is not in this tree any more")
        return found

    def read_within(self, path: str, limit: int | None = None) -> bytes | Problem | None:
        """The bytes of a file that code names; links are followed within the tree."""
        if "\0" in path or not path:
            return None
        real = self._resolved(path)
        if real is None:
            return read.problem_outside(read.encodable(path))
        entry = self.entries.get(real)
        if entry is None or not entry.mode.startswith(_FILE):
            return None
        most = read.limit_of(path) if limit is None else limit
        if entry.size > most:
            return read.too_large(path, entry.size, most)
        data = self.content(entry)
        if data is None:
            message = "is not among the objects of this clone, so it could not be read"
            return Problem(shown(path), None, None, "unreadable", message, "Fetch it: `git fetch --refetch`.")
        return read.lfs_problem(path, data) or data

    def identity(self, path: str) -> str:
        """What tells the file at a path from any other: it changes with what `read_within` gives. Nothing is read."""
        real = self._resolved(path) if path and "\0" not in path else ""
        if not real:
            return "outside" if real is None else ""
        entry = self.entries.get(real)
        return "" if entry is None else f"{entry.mode[:3]} {entry.object}"

    def content(self, entry: Entry) -> bytes | None:
        """The bytes of an entry as git keeps them; None: this clone does not have them."""
        if entry.object not in self._contents:
            self._fetch([entry])
        return self._contents.get(entry.object)

    def _next_code(self) -> list[Entry]:
        """The next code files that nobody asked for yet; each is fetched ahead once, so that no batch repeats."""
        if self._ahead is None:
            code = ((path, self.entries[path]) for path in sorted(self.entries) if path.endswith(CODE))
            self._ahead = (e for p, e in code if e.mode.startswith(_FILE) and e.size <= read.limit_of(p))
        batch: list[Entry] = []
        size = 0
        for entry in self._ahead:
            if entry.object not in self._contents:
                batch.append(entry)
                size += entry.size
            if size >= BATCH:
                break
        return batch

    def _fetch(self, wanted: Iterable[Entry]) -> None:
        sizes = {entry.object: entry.size for entry in wanted if entry.object not in self._contents}
        if not sizes:
            return
        given = "".join(f"{name}\n" for name in sizes).encode()
        most = sum(sizes.values()) + len(sizes) * _HEAD
        done = git.ask(
            self._program, self._base, "cat-file", "--batch", given=given, seconds=FETCH_SECONDS, most=most
        )  # fmt: skip
        found: dict[str, bytes | None] = dict.fromkeys(sizes)
        found.update(_contents(done.out))
        for name, data in found.items():
            self._contents[name] = data
            self._kept += len(data or b"")
        for name in list(self._contents):
            if self._kept <= MOST_KEPT or name in sizes:
                break
            self._kept -= len(self._contents.pop(name) or b"")

    def _resolved(self, path: str) -> str | None:
        """`path` without links, `.` and `..`; None where it leads out of the tree (or into a `.git`)."""
        if path.startswith("/"):
            return None
        done: list[str] = []
        todo = path.split("/")[::-1]
        hops = 0
        while todo:
            part = todo.pop()
            if part in ("", "."):
                continue
            if part == "..":
                if not done:
                    return None
                done.pop()
                continue
            if part.lower() == ".git":
                return None
            done.append(part)
            entry = self.entries.get("/".join(done))
            if entry is not None and entry.mode == _LINK:
                hops += 1
                target = self._target(entry) if hops <= MAX_HOPS else None
                if target is None or target.startswith("/"):
                    return None
                done.pop()
                todo += target.split("/")[::-1]
        return "/".join(done)

    def _target(self, link: Entry) -> str | None:
        data = self.content(link) if link.size <= LONGEST_LINK else None
        return None if data is None else os.fsdecode(data)

    def _linked(self, listed: set[str], links: list[str], problems: list[Problem]) -> list[SourceFile]:
        """Links that lead to files of the tree which are not listed themselves; one per file."""
        self._fetch(self.entries[name] for name in links if self.entries[name].size <= LONGEST_LINK)
        files: list[SourceFile] = []
        for name in links:
            real = self._resolved(name)
            if real is None:
                problems.append(read.problem_outside(shown(name)))
            elif real in self.entries and self.entries[real].mode.startswith(_FILE):
                if real not in listed:
                    listed.add(real)
                    files.append(SourceFile(name, self.entries[real].size))
            elif not self._is_folder(real):
                problems.append(walk.broken_link(name))
        return files

    def _is_folder(self, path: str) -> bool:
        if self._folders is None:
            self._folders = {""}
            for name in self.entries:
                folder = name.rpartition("/")[0]
                while folder not in self._folders:
                    self._folders.add(folder)
                    folder = folder.rpartition("/")[0]
        return path in self._folders


def _contents(out: bytes) -> dict[str, bytes]:
    """By hash the contents in what `git cat-file --batch` wrote."""
    found: dict[str, bytes] = {}
    at = 0
    while (end := out.find(b"\n", at)) >= 0:
        words = out[at:end].split()
        at = end + 1
        if len(words) == 3:  # else "<hash> missing"
            size = int(words[2])
            found[words[0].decode()] = out[at : at + size]
            at += size + 1
    return found
