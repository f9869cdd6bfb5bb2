"""Which file holds the configuration, and its bytes. In: the folder that is scanned. Out: `Found`.

Upwards from that folder the nearest `guard.yaml`, `guard.yml` or pyproject.toml with `[tool.guard]` wins, never above
the folder that holds `.git`. Files are read only inside the project, so that a link in a scanned repository cannot
make guard print a line of a file elsewhere. Neighbours: `load` (the caller), `packs`.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from guard.config.document import MAX_BYTES
from guard.config.issues import ConfigError, ConfigIssue
from guard.config.types import Owners

_NAMES = ("guard.yaml", "guard.yml")
OWNERS = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS")
"""Where a CODEOWNERS may stand, seen from the top of the repository; the first one holds."""
MOST_OWNERS = 3_000_000
"""Bytes of a CODEOWNERS; GitHub takes none that is larger."""
_ENDINGS = (".yaml", ".yml", ".toml", ".json", ".lock")
"""Of the files that a repository may name as its configuration; a line of any other must not stand in a message."""


@dataclass(frozen=True, slots=True)
class Found:
    """A configuration file that was read."""

    file: Path
    shown: str
    """Path for people, relative to the root of the scan (`../guard.yaml` where it lies above)."""
    raw: bytes
    """At most one byte more than `MAX_BYTES`."""
    project: Path
    """The folder that packs may be read from: the one with `.git`, else that of the file."""


def candidates(root: Path) -> Iterator[Found]:
    """Files that may hold the configuration of a folder, nearest first; a pyproject.toml may turn out to have none.

    Raises `ConfigError` for one that cannot be read.
    """
    for folder in _upwards(root):
        names = [name for name in _NAMES if os.path.lexists(folder / name)]
        if len(names) > 1:
            message = f"{_NAMES[0]} stands beside it, and only one of them can hold"
            raise _error(relative(folder / _NAMES[1], root), message, "merge the two files into guard.yaml")
        if names:
            yield _found(folder / names[0], root)
        pyproject = folder / "pyproject.toml"
        if os.path.isfile(pyproject) and inside(pyproject, project_of(pyproject)):
            yield _found(pyproject, root)


def chosen(file: Path, root: Path) -> Found:
    """The file that the user named with `--config`. Raises `ConfigError` if it cannot be read."""
    # The user, not the repository, chose it: links may lead anywhere.
    file = Path(os.path.realpath(file))
    return _found(file, root, named=True)


def read_inside(file: Path, project: Path, shown: str, most: int = MAX_BYTES, *, named: bool = False) -> bytes:
    """The bytes of a regular file within the project, at most one more than `most`. Raises `ConfigError`.

    Nothing below `.git` is read (its files may hold credentials), and, unless the user `named` it, only what is a
    configuration by the name that it has where its links end.
    """
    if not inside(file, project):
        raise _error(shown, "this path leads out of the project, where guard reads nothing", "move the file inside")
    real = Path(os.path.realpath(file))
    if ".git" in (part.lower() for part in real.relative_to(os.path.realpath(project)).parts):
        raise _error(shown, "this path leads into .git, where guard reads no configuration", "move the file out of it")
    if not named and real.suffix.lower() not in _ENDINGS and os.path.isfile(real):
        raise _error(shown, "this is no configuration by its name", "give it a name that ends in .yaml or .toml")
    try:
        # Without O_NONBLOCK opening a named pipe would wait for ever.
        handle = os.open(file, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        with os.fdopen(handle, "rb") as stream:
            if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                raise _error(shown, "this is not a regular file")
            return stream.read(most + 1)
    except FileNotFoundError:
        raise _error(shown, "there is no such file") from None
    except IsADirectoryError:
        raise _error(shown, "this is a folder, not a file") from None
    except (OSError, ValueError) as error:
        raise _error(shown, f"the file cannot be read ({getattr(error, 'strerror', None) or error})") from None


def owners(root: Path) -> Owners | None:
    """The CODEOWNERS of the repository that a folder belongs to, from where GitHub and GitLab read it."""
    top = project_of(root / "CODEOWNERS")
    for name in OWNERS:
        file, shown = top / name, relative(top / name, root)
        if not os.path.lexists(file):
            continue
        try:
            raw = read_inside(file, top, shown, MOST_OWNERS, named=True)
        except ConfigError:  # it only labels: what cannot be read names nobody
            return None
        text = raw.decode("utf-8", "replace").removeprefix("\ufeff")
        return None if len(raw) > MOST_OWNERS else Owners(shown, text, prefix(top / "CODEOWNERS", root))
    return None


def relative(file: Path, root: Path) -> str:
    """`file` as seen from `root`, with `/`."""
    try:
        return Path(os.path.relpath(file, root)).as_posix()
    except ValueError:  # another drive on Windows
        return file.name


def prefix(file: Path, root: Path) -> str:
    """The scanned folder as seen from that of the configuration, `services/search/`; empty where they are one.

    Empty, too, for a file that does not lie above the folder (one named with `--config`): what it says is then about
    the scanned folder.
    """
    try:
        inside = Path(os.path.realpath(root)).relative_to(os.path.realpath(file.parent)).as_posix()
    except ValueError:
        return ""
    return "" if inside == "." else f"{inside}/"


def project_of(file: Path) -> Path:
    """The nearest folder above with `.git` in it, else the folder of the file."""
    for folder in _upwards(file.parent):
        if os.path.lexists(folder / ".git"):
            return folder
    return file.parent


def _found(file: Path, root: Path, named: bool = False) -> Found:
    shown, project = relative(file, root), project_of(file)
    return Found(file, shown, read_inside(file, project, shown, named=named), project)


def _upwards(folder: Path) -> Iterator[Path]:
    """The folder and those above it, ending with the first that holds `.git`."""
    for step in (folder, *folder.parents):
        yield step
        if os.path.lexists(step / ".git"):
            return


def inside(file: Path, project: Path) -> bool:
    """Whether a path, wherever its links lead, ends within the project."""
    return Path(os.path.realpath(file)).is_relative_to(os.path.realpath(project))


def _error(shown: str, message: str, hint: str = "") -> ConfigError:
    return ConfigError([ConfigIssue(shown, 1, 1, message, hint)])
