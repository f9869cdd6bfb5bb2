"""Which files differ between two trees. In: two trees with their listings. Out: `Changes`.

Contents are compared by the hash that git gives them, so that a file of the folder is read once and a file of a commit
not at all. Line ends that a checkout changed and files that Git LFS put in the place of their pointers are no
difference. A renamed file is one with the same content, else one that shares more than half of its lines, as git has
it. Neighbours: `changed_lines`, which compares lines; `revision`, which makes the trees; `guard.use.diff`, which asks.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from guard.model import Problem
from guard.sources import read
from guard.sources.files import Listing, SourceFile
from guard.sources.revision_tree import GitTree
from guard.sources.tree import Tree

MAX_RENAMES = 200
"""Removed and added files that are compared for renames; git's own limit is of this size."""
LARGEST_RENAMED = 1_000_000
"""Bytes of a file that is compared line by line."""
ALIKE = 0.5
"""Share of lines that makes two files one renamed file."""
MAX_COMPARED = 4_000_000
"""Lines that are looked up for it, of all pairs of files together."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What differs between a base and a head. Paths of the base are those that a file had there."""

    added: frozenset[str]
    removed: frozenset[str]
    modified: frozenset[str]
    renamed: Mapping[str, str] = field(default_factory=dict)
    """Path in the base -> path in the head; these stand neither in `added` nor in `removed`."""

    @property
    def files(self) -> int:
        """Files that differ; a renamed one counts once."""
        return len(self.added) + len(self.removed) + len(self.modified) + len(self.renamed)

    def now(self, path: str) -> str:
        """Where a file of the base is in the head."""
        return self.renamed.get(path, path)

    def then(self, path: str) -> str:
        """Where a file of the head was in the base."""
        return next((old for old, new in self.renamed.items() if new == path), path)


def compare(base: GitTree, head: Tree, before: Listing, after: Listing) -> Changes:
    """The files that differ between two listings."""
    old = {file.path: file for file in before.files}
    new = {file.path: file for file in after.files}
    modified = frozenset(path for path in old.keys() & new.keys() if not _same(base, path, head, new[path]))
    removed, added = set(old.keys() - new.keys()), set(new.keys() - old.keys())
    renamed = _renames(base, head, [old[path] for path in sorted(removed)], [new[path] for path in sorted(added)])
    return Changes(
        frozenset(added - set(renamed.values())), frozenset(removed - renamed.keys()), modified, renamed
    )  # fmt: skip


def _same(base: GitTree, path: str, head: Tree, file: SourceFile) -> bool:
    """Whether a file has the same content in both trees. One that cannot be read counts as changed."""
    old = base.entries[path]
    if isinstance(head, GitTree):
        new = head.entries[path]
        return (new.object, new.mode[:3]) == (old.object, old.mode[:3])
    if file.size > read.limit_of(path) and file.size == old.size:
        return True  # guard reads neither of them
    data = head.read(file)
    if isinstance(data, Problem):
        return False
    if old.size == len(data) and object_hash(data, len(old.object)) == old.object:
        return True
    if b"\r\n" in data and object_hash(data.replace(b"\r\n", b"\n"), len(old.object)) == old.object:
        return True
    kept = base.content(old) if old.size < len(data) and old.size < _POINTER else None
    return kept is not None and read.lfs_hash(kept) == hashlib.sha256(data).hexdigest()


_POINTER = 1024


def object_hash(data: bytes, length: int) -> str:
    """The name that git gives to a content; `length`: that of the repository's names (40 or 64)."""
    made = hashlib.sha1(usedforsecurity=False) if length == 40 else hashlib.sha256()
    made.update(b"blob %d\0" % len(data))
    made.update(data)
    return made.hexdigest()


def _renames(base: Tree, head: Tree, removed: list[SourceFile], added: list[SourceFile]) -> dict[str, str]:
    """Path in the base -> path in the head of files that only have another name."""
    if not removed or not added:
        return {}
    old = _texts(base, removed)
    new = _texts(head, added)
    found: dict[str, str] = {}
    by_text: dict[bytes, list[str]] = {}
    for path, data in new.items():
        by_text.setdefault(data, []).append(path)
    for path, data in old.items():
        same = by_text.get(data, [])
        if same and data:
            # Of several equal files the one whose name is kept.
            best = min(same, key=lambda other: (other.rpartition("/")[2] != path.rpartition("/")[2], other))
            same.remove(best)
            found[path] = best
    taken = set(found.values())
    rest = [path for path in old if path not in found]
    return found | _alike({p: old[p] for p in rest}, {p: new[p] for p in new if p not in taken})


def _texts(tree: Tree, files: Iterable[SourceFile]) -> dict[str, bytes]:
    small = [file for file in files if file.size <= LARGEST_RENAMED][:MAX_RENAMES]
    read_ = ((file.path, tree.read(file)) for file in small)
    return {path: data.replace(b"\r\n", b"\n") for path, data in read_ if isinstance(data, bytes)}


def _alike(old: Mapping[str, bytes], new: Mapping[str, bytes]) -> dict[str, str]:
    """Pairs of the largest share of common lines first, as far as `MAX_COMPARED` reaches; equal names come first."""
    lines = {path: Counter(line.strip() for line in data.splitlines()) for path, data in new.items()}
    owns = {path: Counter(line.strip() for line in data.splitlines()) for path, data in old.items()}
    totals = {id(count): count.total() for count in (*lines.values(), *owns.values())}
    scored: list[tuple[float, str, str]] = []
    work = 0
    for path, other in sorted(((a, b) for a in owns for b in lines), key=lambda pair: not _same_name(*pair)):
        own, theirs = owns[path], lines[other]
        longest = max(totals[id(own)], totals[id(theirs)])
        if other.rpartition(".")[2] != path.rpartition(".")[2] or not longest:
            continue
        if min(totals[id(own)], totals[id(theirs)]) / longest <= ALIKE:
            continue
        work += len(own)
        if work > MAX_COMPARED:
            break
        share = sum(min(times, theirs[line]) for line, times in own.items() if line in theirs) / longest
        if share > ALIKE:
            scored.append((-share, path, other))
    found: dict[str, str] = {}
    taken: set[str] = set()
    for _, path, other in sorted(scored):
        if path not in found and other not in taken:
            found[path] = other
            taken.add(other)
    return found


def _same_name(one: str, other: str) -> bool:
    return one.rpartition("/")[2] == other.rpartition("/")[2]
