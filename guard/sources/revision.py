"""Which commit a tree is compared with, and its files. In: a folder and the name of a revision. Out: `GitTree`s.

The base of a comparison is the merge base of the named revision and HEAD, as a pull request's is, so that what others
merged since counts for neither side. The checkout is never touched. Neighbours: `revision_tree`, the files; `git`,
which starts git safely; `changes`, which compares two trees.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from guard.sources import entries, git, gitfolder
from guard.sources.entries import Entries
from guard.sources.revision_tree import GitTree

LIST_SECONDS = 120
"""Longest wait for the list of all files of a commit."""
SHORT = 7
"""Characters of a commit's hash that are shown."""


class RevisionError(Exception):
    """There is nothing to compare with. The text says why and what to do."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(f"{message}. {hint}" if hint else message)
        self.message, self.hint = message, hint


@dataclass(frozen=True, slots=True)
class Commit:
    """The commit that a tree is compared with."""

    hash: str
    label: str
    """For people: `main (1a2b3c4)`, `merge base of main and HEAD (1a2b3c4)`."""


class Repository:
    """The git repository that a folder belongs to. Raises `RevisionError` where there is none that git can read."""

    def __init__(self, root: Path, *, instead: str = "Compare with a saved report: `--baseline report.json`.") -> None:
        """`instead`: what to do where there is no repository."""
        self.base = os.path.realpath(root)
        program = git.program(self.base)
        if program is None:
            raise RevisionError("git was not found on PATH", instead)
        self._program = program
        if why := gitfolder.refusal(self.base):
            raise RevisionError(f"git is not asked about {root}, since {why}", instead)
        found = self._ask("rev-parse", "--show-prefix", "--is-inside-work-tree", "--is-shallow-repository")
        lines = os.fsdecode(found.out).split("\n") if found.good else []
        if len(lines) < 3 or lines[1] != "true":
            raise _no_repository(root, found.error, instead)
        self.prefix = lines[0]
        """The folder as seen from the repository's top, with a `/` behind it; empty at the top."""
        self.shallow = lines[2] == "true"

    def _ask(self, *arguments: str, given: bytes = b"", index: str | None = None) -> git.Answer:
        return git.ask(self._program, self.base, *arguments, given=given, index=index)

    # --- commits ------------------------------------------------------------------------------------------------------

    def commit(self, name: str) -> str | None:
        """The full hash of the commit that a name means; None where there is none."""
        if not name or name.startswith("-") or "\0" in name:
            return None
        found = self._ask("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
        lines = found.line.split("\n") if found.good else []
        return lines[-1] if lines and set(lines[-1]) <= set("0123456789abcdef") else None

    def merge_base(self, name: str) -> Commit:
        """The newest commit that HEAD and the named revision have in common.

        Raises `RevisionError` where a name is not known, HEAD has no commit or the clone does not reach back that far.
        """
        head = self.commit("HEAD")
        if head is None:
            raise RevisionError("this branch has no commit yet", "Commit once; until then there is nothing to compare.")
        other = self.commit(name)
        if other is None:
            raise self._unknown(name)
        found = self._ask("merge-base", other, head)
        if not found.good or not found.line:
            raise self._unrelated(name)
        best = found.line.split("\n")[0]
        shown = other[:SHORT] if len(name) > SHORT and other.startswith(name) else name
        what = shown if best == other else f"merge base of {shown} and HEAD"
        return Commit(best, what if what == best[:SHORT] else f"{what} ({best[:SHORT]})")

    def default(self) -> tuple[str, str]:
        """The revision to compare with where none is named, and how it was found: the default branch of `origin`, else
        a local `main` or `master`, else HEAD. On that very branch without a remote it is HEAD, too."""
        remote = self._ask("symbolic-ref", "--quiet", "--short", "refs/remotes/origin/HEAD")
        if remote.good and self.commit(f"refs/remotes/{remote.line}"):
            return remote.line, "the default branch of origin"
        for name in ("main", "master"):
            if self.commit(f"refs/remotes/origin/{name}"):
                return f"origin/{name}", "a branch of origin with a usual name"
        current = self._ask("symbolic-ref", "--quiet", "--short", "HEAD").line
        for name in ("main", "master"):
            if name != current and self.commit(f"refs/heads/{name}"):
                return name, "a local branch with a usual name"
        return "HEAD", "there is no other branch named main or master"

    def _unknown(self, name: str) -> RevisionError:
        if os.path.isdir(os.path.join(self.base, name)):
            return RevisionError(
                f"'{name}' is a folder, and git knows no revision of that name",
                f"A revision stands before the folder: `guard diff main {name}`, `guard check --base main {name}`.",
            )
        hint = "Fetch it first: `git fetch origin BRANCH`"
        hint += "; with actions/checkout set `fetch-depth: 0`." if self.shallow else "."
        return RevisionError(f"git knows no revision '{name}'", hint)

    def _unrelated(self, name: str) -> RevisionError:
        if self.shallow:
            message = f"this clone is shallow and does not reach back to where HEAD and '{name}' parted"
            return RevisionError(
                message, "Run `git fetch --unshallow` (or `--deepen=200`); with actions/checkout set `fetch-depth: 0`."
            )
        return RevisionError(f"HEAD and '{name}' have no commit in common", "Name a revision of this branch's history.")

    # --- trees --------------------------------------------------------------------------------------------------------

    def tree(self, commit: str, folder: str | None = None) -> GitTree | None:
        """The files of a commit below the scanned folder (or another one, as seen from the top); None: it has none.

        Raises `RevisionError` where git cannot list them.
        """
        inside = (self.prefix if folder is None else folder).rstrip("/")
        name = f"{commit}:{inside}" if inside else f"{commit}^{{tree}}"
        found = self._ask("rev-parse", "--verify", "--quiet", "--end-of-options", name)
        if not found.good or not found.line:
            return None
        listed = self._listed("ls-tree", "-r", "-z", "--full-tree", found.line)
        return self._tree(_within_limit(entries.of_tree, listed))

    def index(self) -> GitTree:
        """The files that the next commit would have below the scanned folder. Raises `RevisionError`.

        In a hook it is the index that git made for this commit (`git commit -a`, `git commit FILE`).
        """
        listed = self._listed("ls-files", "--stage", "-z", index=self._index_of_hook())
        return self._tree(_within_limit(entries.of_index, listed))

    def _tree(self, found: Entries) -> GitTree:
        sizes = self._sizes({entry.object for entry in found.files.values() if entry.mode != "160000"})
        sized = {path: replace(entry, size=sizes.get(entry.object, 0)) for path, entry in found.files.items()}
        return GitTree(self._program, self.base, os.path.basename(self.base), sized, found.refused)

    def not_checked_out(self) -> frozenset[str]:
        """Files below the folder that a sparse checkout leaves out: they are missing in the folder, not deleted."""
        found = self._ask("ls-files", "-t", "-z")
        return frozenset(os.fsdecode(row[2:]) for row in found.out.split(b"\0") if row.startswith(b"S "))

    def _listed(self, *arguments: str, index: str | None = None) -> bytes:
        found = git.ask(
            self._program, self.base, *arguments, index=index, seconds=LIST_SECONDS, most=entries.MAX_BYTES
        )  # fmt: skip
        if not found.good:
            raise RevisionError(f"git could not list the files ({found.error or 'no reason was given'})")
        return found.out

    def _sizes(self, names: set[str]) -> dict[str, int]:
        given = "".join(f"{name}\n" for name in sorted(names)).encode()
        check = "--batch-check=%(objectname) %(objectsize)"
        found = git.ask(self._program, self.base, "cat-file", check, given=given, seconds=LIST_SECONDS)
        rows = (row.split() for row in found.out.decode().splitlines())
        return {row[0]: int(row[1]) for row in rows if len(row) == 2 and row[1].isdigit()}

    def _index_of_hook(self) -> str | None:
        """The index that git names to its hooks, if it lies in this repository's own git folder."""
        named = os.environ.get("GIT_INDEX_FILE")
        if not named:
            return None
        path = os.path.realpath(named)
        own = os.path.realpath(self._ask("rev-parse", "--absolute-git-dir").line)
        return path if os.path.isfile(path) and path.startswith(own + os.sep) else None


def _within_limit(read: Callable[[bytes], Entries], listed: bytes) -> Entries:
    try:
        return read(listed)
    except entries.TooManyFiles:
        raise RevisionError(f"the tree has more than {entries.MAX_FILES:,} files, which guard does not read") from None


def _no_repository(root: Path, error: str, instead: str) -> RevisionError:
    """Why git cannot read the repository, in words that say what to do."""
    if "dubious ownership" in error:
        return RevisionError(
            f"git refuses to read the repository of {root}, since it belongs to another user",
            "Allow it: `git config --global --add safe.directory FOLDER`.",
        )
    if "bare repository" in error or ((root / "objects").is_dir() and (root / "HEAD").is_file()):
        return RevisionError(f"{root} is a bare repository, without files to compare", "Clone it and run guard there.")
    if error and "not a git repository" not in error:
        return RevisionError(f"git could not read the repository of {root} ({error.splitlines()[0]})")
    return RevisionError(f"{root} is in no git repository", instead)
