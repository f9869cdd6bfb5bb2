"""Whole scans between runs: a tree in which nothing changed that a scan reads is not analysed again.

In: a tree, its listing, the configuration. Out: the `Scanned` of an earlier run, or a tree that notes what is read of
it, and `keep` for what is then found. Neighbours: `guard.run`, which asks; `guard.cache`, where it lies.

A scan depends on the name of its root, on the configuration without rules that only judge, on the names of all files,
on the contents of all code files, and on every other file that was read. The first four are the key, with the sizes of
large files, since whether one is read may depend on that. The others (listed ones as configuration files; what code led
to as prompts and lock files, be it there or not) are kept beside the result with their contents, and compared before it
is used. This guard is part of the key, with its catalogue and its prices (see `guard.cache.version`). The date is not:
only policies know it, and they judge every time.

Contents are what the analysis was given: a file that changes while it is read is kept as it was read. A scan for which
a file could not be read is not kept, for that may pass without a change in any file.
"""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import replace

from guard.cache import current
from guard.cache.contents import Contents, content_hash
from guard.cache.plain import Plain
from guard.cache.store import Store
from guard.config.types import Budget, Config, Feature, Place
from guard.model import Problem
from guard.scanned import Scanned
from guard.sources.files import Listing, SourceFile
from guard.sources.revision_tree import GitTree
from guard.sources.tree import Folder, Tree

KIND = "scan"
CODE = (".py", ".ipynb")
LARGE_BYTES = 100_000
"""Size from which a file may be left out for its size: below all limits of `guard.facts.documents.read`."""
NOWHERE = Place("", 1, 1)
"""Where a part stands says nothing about what is found: lines that are added above it leave a scan what it was."""
_PASSING = "unreadable"
"""The kind of problem that may be gone without a change in any file."""


def for_analysis(config: Config) -> Config:
    """The configuration without what only judges or is only held against cost: rules and the economics of a feature can
    change, and a scan stays what it was. Whether a budget is about prompt templates stays, for they are read only then.
    """
    of_prompts = any(budget.per_prompt is not None for budget in config.budgets)
    budgets = (Budget("", NOWHERE, per_prompt=0),) if of_prompts else ()
    return replace(
        config, extends=(), scenarios=(), budgets=budgets, policies=(), exceptions=(), baseline=None, owners=None,
        features=tuple(Feature(one.name, NOWHERE, one.paths, one.owner) for one in config.features),
        usage=replace(config.usage, rules=tuple(replace(rule, place=NOWHERE) for rule in config.usage.rules)),
    )  # fmt: skip


class Noting:
    """A tree that notes what is read of it, and reads a code file once."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.read_paths: set[str] = set()
        """Files that were asked for, be they there or not."""

    @property
    def name(self) -> str:
        """That of the tree."""
        return self.tree.name

    def listing(self, exclude: tuple[str, ...] = (), prefix: str = "") -> Listing:
        """That of the tree."""
        return self.tree.listing(exclude, prefix)

    def read(self, file: SourceFile, limit: int | None = None) -> bytes | Problem:
        """As the tree reads it."""
        self.read_paths.add(file.path)
        return self.tree.read(file, limit)

    def read_within(self, path: str, limit: int | None = None) -> bytes | Problem | None:
        """As the tree reads it."""
        self.read_paths.add(path)
        return self.tree.read_within(path, limit)


def noting(tree: Tree, listing: Listing, config: Config) -> Noting:
    """The tree for an analysis: with a cache a `Keeper`, which may know the outcome already."""
    store = current()
    if store is None or not isinstance(tree, (Folder, GitTree)):
        return Noting(tree)
    try:
        return Keeper(store, tree, listing, config)
    except TypeError:  # the report has a type that `Plain` does not know; tests/cache holds that there is none
        return Noting(tree)


def place(tree: Tree) -> str | None:
    """What tells a tree from all others whose analyses are kept: the folder; None: nothing is kept of such a tree."""
    inner = tree.tree if isinstance(tree, Noting) else tree
    if isinstance(inner, Folder):
        return os.path.realpath(inner.root)
    return None


class Keeper(Noting):
    """A tree of which a scan may be kept."""

    def __init__(self, store: Store, tree: Folder | GitTree, listing: Listing, config: Config) -> None:
        super().__init__(tree)
        self._plain = _plain()
        self._store = store
        self._listing = listing
        self._config = repr(config)
        self._code = [file for file in listing.files if file.path.endswith(CODE)]
        self._states: _OfFolder | _OfGit = _OfFolder(store, tree) if isinstance(tree, Folder) else _OfGit(tree)
        self._held: dict[str, bytes | Problem] = {}
        """Code files that were read for their hash and not yet for the analysis."""
        self._others: dict[str, str] = {}
        """States of what code or configuration led to."""
        self._listed: dict[str, str] = {}
        """States of the listed files that were read besides code."""
        self._given: dict[str, str] = {}
        """States of the code files as the analysis got them."""
        self._passing = False
        """Whether something could not be read that may be readable the next time."""

    def found(self) -> Scanned | None:
        """The scan of an earlier run that read what this one would read; None: there is none."""
        states = [self._states.known(file.path) or self._hashed(file) for file in self._code]
        data = self._store.get(KIND, self._key(states))
        if data is None:
            return None
        head, _, body = data.partition(b"\n")
        manifest = self._manifest(head)
        if manifest is None:
            return None
        others, listed, digest = manifest
        if any(self._states.now_within(path) != state for path, state in others.items()):
            return None
        now = [self._states.known(file.path) or self._states.learn(file.path, self.tree.read(file)) for file in listed]
        if _digest(now) != digest:
            return None
        scanned = self._plain.loads(body)
        if scanned is None:
            return None  # not as guard writes it
        self._states.keep(self._listing)
        read = sorted({*others, *(file.path for file in (*self._code, *listed))})
        return replace(scanned, files=tuple(file.path for file in self._listing.files), read=tuple(read))

    def keep(self, scanned: Scanned) -> None:
        """Keep what the analysis found in this tree."""
        self._states.keep(self._listing)
        self._held.clear()
        if self._passing or any(file.path not in self._given for file in self._code):
            return
        listed = [
            (at, self._listed[file.path]) for at, file in enumerate(self._listing.files) if file.path in self._listed
        ]
        head = json.dumps([self._others, [at for at, _ in listed], _digest(state for _, state in listed)]).encode()
        try:
            body = self._plain.dumps(replace(scanned, files=(), read=()))
        except TypeError:  # a value that is not as its annotation says: reported as it is, and not kept
            return
        self._store.put(KIND, self._key([self._given[file.path] for file in self._code]), head + b"\n" + body)

    def read(self, file: SourceFile, limit: int | None = None) -> bytes | Problem:
        """As the tree reads it; what was read for its hash is not read again."""
        if limit is not None or file.path in self._given:
            self._passing = True  # not how code is read today; what such a scan depends on is not known here
            return super().read(file, limit)
        self.read_paths.add(file.path)
        if not file.path.endswith(CODE):
            self._states.known(file.path)
            found = self.tree.read(file)
            self._passing = self._passing or file.path in self._listed or _is_passing(found)
            self._listed[file.path] = self._states.learn(file.path, found)
            return found
        if file.path not in self._held:
            self._hashed(file)
        found = self._held.pop(file.path)
        self._given[file.path] = self._states.of(file.path, found)
        return found

    def read_within(self, path: str, limit: int | None = None) -> bytes | Problem | None:
        """As the tree reads it. What differs between two reads in one run is kept as neither."""
        found = super().read_within(path, limit)
        state = self._states.within(path, found)
        changed = self._others.setdefault(path, state) != state
        self._passing = self._passing or changed or limit is not None or _is_passing(found)
        return found

    def _manifest(self, head: bytes) -> tuple[dict[str, str], list[SourceFile], str] | None:
        """What a kept scan depends on besides its key: states by path, listed files and the digest of their states.

        None where it is not as guard writes it.
        """
        try:
            others, numbers, digest = json.loads(head)
        except (ValueError, TypeError, RecursionError):
            return None
        if type(others) is not dict or not set(map(type, others.values())) <= {str} or type(numbers) is not list:
            return None
        if not set(map(type, numbers)) <= {int} or (
            numbers and not 0 <= min(numbers) <= max(numbers) < len(self._listing.files)
        ):
            return None
        return others, [self._listing.files[at] for at in numbers], str(digest)

    def _hashed(self, file: SourceFile) -> str:
        found = self._held[file.path] = self.tree.read(file)
        self._passing = self._passing or _is_passing(found)
        return self._states.learn(file.path, found)

    def _key(self, states: Iterable[str]) -> bytes:
        def parts() -> Iterator[str]:
            yield self.tree.name
            yield self._config
            yield repr((self._listing.from_git, self._listing.problems, len(self._listing.files)))
            yield "\0".join(file.path for file in self._listing.files)
            yield repr(
                [(f.path, f.size) for f in self._listing.files if f.size >= LARGE_BYTES and not f.path.endswith(CODE)]
            )
            yield "\0".join(states)

        return self._store.key(KIND, *parts())


class _OfFolder:
    """States of the files of a folder: hashes of what is read of them."""

    def __init__(self, store: Store, tree: Folder) -> None:
        self._tree = tree
        self._contents = Contents(store, os.path.realpath(tree.root))

    def known(self, path: str) -> str | None:
        """The state of a listed file, where it need not be read for that."""
        return self._contents.known(path)

    def learn(self, path: str, found: bytes | Problem) -> str:
        """The state of a listed file that was read, since it was not known."""
        return self._contents.learn(path, found) if isinstance(found, bytes) else _state(found)

    def of(self, path: str, found: bytes | Problem) -> str:
        """The state of a listed file as the analysis gets it."""
        return _state(found)

    def within(self, path: str, found: bytes | Problem | None) -> str:
        """The state of a file that something led to, as the analysis gets it."""
        return _state(found)

    def now_within(self, path: str) -> str:
        """The state of such a file now."""
        return _state(self._tree.read_within(path))

    def keep(self, listing: Listing) -> None:
        """Keep what was learnt."""
        self._contents.keep(frozenset(file.path for file in listing.files))


class _OfGit:
    """States of the files of a commit or of the index: the hashes that git gives them, so that none is read."""

    def __init__(self, tree: GitTree) -> None:
        self._tree = tree

    def known(self, path: str) -> str:
        return self._tree.identity(path)

    def learn(self, path: str, found: bytes | Problem) -> str:
        return self._tree.identity(path)

    def of(self, path: str, found: bytes | Problem) -> str:
        return self._tree.identity(path)

    def within(self, path: str, found: bytes | Problem | None) -> str:
        return self._tree.identity(path)

    def now_within(self, path: str) -> str:
        return self._tree.identity(path)

    def keep(self, listing: Listing) -> None:
        """Nothing: git keeps the hashes."""


def _state(found: bytes | Problem | None) -> str:
    """What tells an answer of a tree from any other."""
    if isinstance(found, bytes):
        return content_hash(found)
    return "" if found is None else f"{found.kind}: {found.message}"


def _is_passing(found: bytes | Problem | None) -> bool:
    return isinstance(found, Problem) and found.kind == _PASSING


def _digest(states: Iterable[str]) -> str:
    return content_hash("\0".join(states).encode("utf-8", "surrogatepass"))


@functools.cache
def _plain() -> Plain[Scanned]:
    return Plain(Scanned)
