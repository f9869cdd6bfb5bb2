"""Which file an import means, from the paths of the files alone.

In: the paths of all code files and the name of a module as code writes it. Out: a path, the path of a folder with a
slash at its end (a package without `__init__.py`), or None for what lies outside the repository. Neighbours: `project`,
which notes what was asked; `modules`, which evaluates what an import binds.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping

from guard.facts.registry import Catalog

_SOURCE_FOLDERS = frozenset({"src", "lib", "python"})
"""Folders beside tests and scripts in which the code of a project stands by convention."""


class ModulePaths:
    """Modules of a repository by the names that imports give them."""

    def __init__(self, bytes_of: Mapping[str, bytes], paths: Iterable[str], root: str, catalog: Catalog) -> None:
        """`bytes_of`: the code files that could be read; `paths`: all of them; `root`: name of the scanned folder."""
        self._bytes = bytes_of
        self._root = root
        self._catalog = catalog
        self._modules = _module_index(paths)
        self._folders = _folders(path for path in paths if path.endswith(".py"))
        """Folders with a module in them or below."""
        self._resolved: dict[tuple[str, str], str | None] = {}
        self._scripts: dict[str, bool] = {}
        """By folder, whether a script stands in it."""

    def find(self, dotted: str, importer: str) -> str | None:
        """Path of the module or package that an import means, or None when it lies outside the repository."""
        key = self.key(dotted, importer)
        if key not in self._resolved:
            self._resolved[key] = (
                self._relative(dotted, importer) if dotted.startswith(".") else self._absolute(dotted, importer)
            )
        return self._resolved[key]

    @staticmethod
    def key(dotted: str, importer: str) -> tuple[str, str]:
        """What the answer depends on besides the files: the importer's folder, or the importer where the name may be
        its own, which no import means."""
        folder, _, name = importer.rpartition("/")
        stem = folder.rpartition("/")[2] if name == "__init__.py" else name.removesuffix(".py")
        own = not dotted.startswith(".") and dotted.rpartition(".")[2] == stem
        return dotted, importer if own else f"{folder}/" if folder else ""

    def _relative(self, dotted: str, importer: str) -> str | None:
        rest = dotted.lstrip(".")
        folder = importer
        for _ in range(len(dotted) - len(rest)):
            folder = folder.rpartition("/")[0]
        inner = rest.replace(".", "/")
        return self._at(f"{folder}/{inner}" if folder and inner else folder or inner)

    def _at(self, base: str) -> str | None:
        for candidate in (f"{base}.py", f"{base}/__init__.py" if base else "__init__.py"):
            if candidate in self._bytes:
                return candidate
        prefix = f"{base}/" if base else ""
        return prefix if base in self._folders else None

    def _absolute(self, dotted: str, importer: str) -> str | None:
        top = dotted.split(".")[0]
        tail = dotted.replace(".", "/")
        candidates: list[tuple[str, str]] = []
        for path, base in self._modules.get(tail.rsplit("/", 1)[-1], ()):
            if (base == tail or base.endswith("/" + tail)) and path != importer:
                root = base[: len(base) - len(tail)].rstrip("/")
                if self._is_root(root, top, importer):
                    candidates.append((path, root))
        candidates = self._reachable(candidates, top, importer)
        if not candidates:
            return (None if self._is_library(dotted) else self._namespace(tail, importer)) or self._in_root(dotted)
        return min(candidates, key=lambda c: (-_shared(c[1], importer), len(c[1]), c[0]))[0]

    def _reachable(self, found: list[tuple[str, str]], top: str, importer: str) -> list[tuple[str, str]]:
        """Of modules with the roots that their imports start in, those that the importer can mean.

        A root above the importer is likely on its path. Next comes one beside a folder above it (`src`, `backend`), and
        any other where the project installs it: each taken only when it is the only one, and never under a name that a
        library of the catalogue has, too. Of several applications in one repository that all have a `config.py`, none
        means another's.
        """
        folder = importer.rpartition("/")[0]
        above = [one for one in found if _is_above(one[1], folder)]
        if above or top in self._catalog.common_roots:
            return above
        beside = [one for one in found if _is_above(one[1].rpartition("/")[0], folder)]
        usual = [one for one in beside if one[1].rpartition("/")[2] in _SOURCE_FOLDERS]
        return next((some for some in (usual, beside, found) if len({root for _, root in some}) == 1), [])

    def _is_root(self, root: str, top: str, importer: str) -> bool:
        """Whether imports can start in a folder: it is no package, or the importer is a script in it."""
        folder = importer.rpartition("/")[0]
        if top in self._catalog.import_roots and root not in ("", "src"):
            return False
        if f"{root}/__init__.py" not in self._bytes or not root:
            return True
        return folder == root and (f"{folder}/{top}.py" not in self._bytes or self._starts_in(folder, top))

    def _starts_in(self, folder: str, top: str) -> bool:
        """Whether a module beside the importer goes before others: a script in the folder is started as such, and no
        module of Python's own has that name."""
        if top in sys.stdlib_module_names:
            return False
        if folder not in self._scripts:
            beside = (path for path in self._bytes if path.endswith(".py") and path.rpartition("/")[0] == folder)
            self._scripts[folder] = any(b"__main__" in self._bytes.get(path, b"") for path in beside)
        return self._scripts[folder]

    def _namespace(self, tail: str, importer: str) -> str | None:
        """A folder without `__init__.py`, found from those of the folders above the importer, and `src`, that are no
        packages themselves."""
        top = tail.partition("/")[0]
        for folder in [*_above(importer), "src"]:
            base = f"{folder}/{tail}" if folder else tail
            regular = f"{base}/__init__.py" in self._bytes
            if base in self._folders and not regular and self._is_root(folder, top, importer):
                return base + "/"
        return None

    def _is_library(self, dotted: str) -> bool:
        """Whether a name is that of a library of the catalogue, a module in it, or a package above it: what is
        installed goes before a folder without `__init__.py`, wherever that stands on the path."""
        if dotted.partition(".")[0] in self._catalog.common_roots:
            return False
        return any(
            root == dotted or dotted.startswith(root + ".") or root.startswith(dotted + ".")
            for root in self._catalog.import_roots
        )

    def _in_root(self, dotted: str) -> str | None:
        """What code calls by the root's own name: `shop.settings`, where just the folder `shop` is scanned."""
        top, _, rest = dotted.partition(".")
        if top != self._root or top in self._catalog.import_roots:
            return None
        return self._at(rest.replace(".", "/"))


def _is_above(folder: str, inner: str) -> bool:
    """Whether a folder is another one or holds it; the root of the repository holds all."""
    return not folder or inner == folder or inner.startswith(folder + "/")


def _above(path: str) -> list[str]:
    """The folders that a path lies in, innermost first; the last is the root, ""."""
    found = []
    while path:
        path = path.rpartition("/")[0]
        found.append(path)
    return found


def _shared(folder: str, importer: str) -> int:
    parts, other = folder.split("/") if folder else [], importer.split("/")
    count = 0
    for a, b in zip(parts, other):
        if a != b:
            break
        count += 1
    return count


def _module_index(paths: Iterable[str]) -> dict[str, list[tuple[str, str]]]:
    """Module files by the last part of their dotted name, each with its path as an import would spell it: no ending."""
    index: dict[str, list[tuple[str, str]]] = {}
    for path in paths:
        if path.endswith(".py"):
            base = path[:-3].removesuffix("/__init__")
            index.setdefault(base.rpartition("/")[2], []).append((path, base))
    return index


def _folders(paths: Iterable[str]) -> frozenset[str]:
    """The folders of paths and all above them, the root ("") included."""
    found: set[str] = set()
    for folder in {path.rpartition("/")[0] for path in paths}:
        while folder not in found:
            found.add(folder)
            folder = folder.rpartition("/")[0]
    return frozenset(found)
