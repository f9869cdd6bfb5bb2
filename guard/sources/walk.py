"""Which files there are. In: a root folder. Out: a `Listing` of regular files inside it, and what was left out why.

Git says what belongs to the project (`gitfiles`), else the folders are walked (`folders`). Either way each name is
looked at without following links: a link inside the root is not read twice, one that leaves it is never read, pipes
and devices are never opened. `read` and `read_text_within` (from `guard.sources.read`) give the bytes. Neighbours:
`tree`, which others read through; `revision_tree`, which lists a commit the same way.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Container
from pathlib import Path

from guard.model import Problem
from guard.sources.files import Listing, SourceFile, in_skipped_folder, shown
from guard.sources.folders import folder_names
from guard.sources.gitfiles import git_names
from guard.sources.read import inside, problem_outside, read, read_text_within

__all__ = ["Listing", "SourceFile", "listing", "read", "read_text_within"]


def listing(root: Path, exclude: tuple[str, ...] = (), prefix: str = "") -> Listing:
    """The files under `root`, without those that `exclude` (gitignore patterns) matches.

    The patterns are held against `prefix + path`; `prefix` is `""`, or where the root lies as seen from the folder that
    the patterns are relative to (`services/search/`).

    Installed packages, environments and caches are passed over, but for what git tracks: that is the project's own,
    wherever it stands, and no `pyvenv.cfg` beside it hides it.

    Submodules and nested repositories are not entered (one problem each). A link to a file inside the root is listed
    under its own name only where the file itself is not listed.

    Raises NotADirectoryError when `root` is not a folder.
    """
    base = os.path.realpath(root)
    if not os.path.isdir(base):
        raise NotADirectoryError(f"{root} is not a folder")
    from_git = git_names(base)
    problems: list[Problem] = []
    # Git lists nothing in a folder that it ignores as a whole; who points guard at it wants it scanned.
    if from_git is not None and from_git.every:
        names, tracked = from_git.every, from_git.tracked
    else:
        from_git, tracked = None, frozenset()
        names, problems = folder_names(base)
    names = kept(names, tracked, exclude, prefix)
    files, links = _classified(base, names, problems)
    files += _linked_files(base, links, tracked, {file.path for file in files}, problems)
    files.sort(key=lambda file: file.path)
    problems.sort(key=lambda problem: problem.path)
    return Listing(tuple(files), tuple(problems), from_git is not None)


def kept(names: list[str], tracked: Container[str], exclude: tuple[str, ...], prefix: str) -> list[str]:
    """`names` without what `exclude` matches and without installed packages and environments that are not tracked."""
    environments = tuple(name.removesuffix("pyvenv.cfg") for name in names if name.endswith("/pyvenv.cfg"))
    names = [n for n in names if n in tracked or not (in_skipped_folder(n) or n.startswith(environments))]
    if not exclude:
        return names
    from guard.sources.ignore import compiled

    patterns = compiled(exclude)
    return names if patterns is None else [name for name in names if not patterns.decides(prefix + name)]


def _classified(base: str, names: list[str], problems: list[Problem]) -> tuple[list[SourceFile], list[str]]:
    """Regular files and links among `names`; anything else goes to `problems` or, if it is gone, nowhere."""
    files: list[SourceFile] = []
    links: list[str] = []
    real_folders: dict[str, bool] = {"": True}
    for name in names:
        folder = name.rpartition("/")[0]
        if not _is_real_folder(base, folder, real_folders):
            # A tracked name below a folder that is a link by now; the link itself or its target is listed, too.
            if not inside(base, os.path.join(base, folder)):
                problems.append(problem_outside(shown(name)))
            continue
        try:
            found = os.lstat(os.path.join(base, name))
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            problems.append(_problem(name, "unreadable", f"could not be looked at ({error.strerror})"))
            continue
        if stat.S_ISDIR(found.st_mode):
            if os.path.lexists(os.path.join(base, name, ".git")):
                problems.append(nested_repository(name.rstrip("/")))
        elif not is_unicode(name):
            problems.append(bad_name(name))
        elif stat.S_ISREG(found.st_mode):
            files.append(SourceFile(name, found.st_size))
        elif stat.S_ISLNK(found.st_mode):
            links.append(name)
        else:
            problems.append(_problem(name, "not-a-file", "is a pipe, socket or device, not a file; it was not opened"))
    return files, links


def _linked_files(
    base: str, links: list[str], tracked: Container[str], listed: set[str], problems: list[Problem]
) -> list[SourceFile]:  # fmt: skip
    """Links that lead to files of the root which are not listed themselves; one per file."""
    files: list[SourceFile] = []
    for name in sorted(links):
        full = os.path.join(base, name)
        target = os.path.realpath(full)
        if not inside(base, target):
            problems.append(problem_outside(shown(name)))
            continue
        own_name = os.path.relpath(target, base).replace(os.sep, "/")
        if own_name in listed or (own_name not in tracked and in_skipped_folder(own_name)):
            continue
        try:
            found = os.lstat(target)
        except OSError:
            problems.append(broken_link(name))
            continue
        if stat.S_ISREG(found.st_mode):
            listed.add(own_name)
            files.append(SourceFile(name, found.st_size))
        elif stat.S_ISLNK(found.st_mode):
            problems.append(_problem(name, "broken-link", "is a symbolic link that leads back to itself"))
    return files


def _is_real_folder(base: str, folder: str, known: dict[str, bool]) -> bool:
    """Whether no part of `folder` (relative to `base`) is a link. `known` remembers answers, that of "" included."""
    unknown: list[str] = []
    above = folder
    while above not in known:
        unknown.append(above)
        above = above.rpartition("/")[0]
    answer = known[above]
    for part in reversed(unknown):
        answer = answer and not os.path.islink(os.path.join(base, part))
        known[part] = answer
    return answer


def is_unicode(name: str) -> bool:
    """Whether a name can stand in a report."""
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _problem(name: str, kind: str, message: str, hint: str = "") -> Problem:
    return Problem(shown(name), None, None, kind, message, hint)


def broken_link(name: str) -> Problem:
    """A link leads nowhere."""
    return _problem(name, "broken-link", "is a symbolic link to nothing, so there is nothing to read")


def bad_name(name: str) -> Problem:
    """A name cannot stand in a report."""
    message = "has a name that is not valid UTF-8 and can't stand in a report; it was not read"
    return _problem(name, "bad-name", message, "Rename the file.")


def impossible_name(name: str) -> Problem:
    """A tree of git has a path that no folder can have."""
    message = "has a path that no checkout can have (`..`, `.git`, below a file), so it was not read"
    return _problem(name, "bad-name", message, "Somebody made this tree by hand: look at its history.")


def nested_repository(name: str) -> Problem:
    """A folder belongs to another repository."""
    message = "is a repository of its own (a submodule or a clone) and was not entered"
    return _problem(name, "nested-repository", message, "Run guard in it.")
