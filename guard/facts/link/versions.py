"""Which release of a package the repository runs with: lock files and requirements, the nearest ones first.

In: names of a package and the file with the call. Out: a `Pin`, the newest release that is admitted, with its place.
Only packages are looked for whose defaults changed (`Arg.older` of the catalogue), so most scans read none of these
files. Version numbers are compared by `releases.numbers`; markers and extras are left out: where an entry holds on
some platforms only, it is taken to hold.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from guard.facts.catalog_types import Arg
from guard.facts.expr import Pos
from guard.facts.link.things import Hop
from guard.facts.releases import Pin, numbers
from guard.model import Problem
from guard.parse.nodes import DataFile, Node

if TYPE_CHECKING:
    from guard.facts.link.project import Project

LOCKS = ("uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock")
"""In a folder these are asked first, then requirements, then pyproject.toml."""
MAX_INCLUDES = 20
"""Files that requirements may include with `-r` and `-c`."""
_SPECIFIER = re.compile(r"(===|==|~=|!=|<=|>=|<|>|\^|~)?\s*v?([0-9][0-9A-Za-z.*+!_-]*)")
_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*\(?([^;#)]*)")
_INCLUDE = re.compile(r"\s*(?:-r|-c|--requirement|--constraint)[\s=]+(\S+)")


def settled(project: Project, arg: Arg, path: str) -> tuple[Arg, Hop | None]:
    """An argument as it is in the release that holds for a file, and the place that says which one; None: no place does
    (today's defaults then hold)."""
    for packages in dict.fromkeys(older.packages for older in arg.older):
        found = pin(project, packages, path)
        if found is not None:
            place = Pos(found.line, 1, found.line, 1)
            return arg.at(packages, found), Hop(found.path, place, "catalog_default", f"{packages[0]} {found.text}")
    return arg, None


def pin(project: Project, packages: tuple[str, ...], path: str) -> Pin | None:
    """The release of the first of the packages that is named, in the folders above a file, the nearest first.

    A range in a nearer folder bounds the exact release of a lock file further up (a workspace has one lock for all).
    """
    range_: Pin | None = None
    for folder in PurePosixPath(path).parents:
        for found in _of_folder(project, str(folder), packages):
            if found.exact:
                return found if range_ is None or range_.admits(found) else range_
            range_ = range_ or found
    return range_


def _of_folder(project: Project, folder: str, packages: tuple[str, ...]) -> tuple[Pin, ...]:
    key = (folder, packages)
    return project.pins.once(key, lambda: tuple(_read(project, "" if folder == "." else f"{folder}/", packages)))


def _read(project: Project, folder: str, packages: tuple[str, ...]) -> Iterator[Pin]:
    for package in packages:
        for name in LOCKS:
            yield from _newest(_of_lock(project, folder + name, package))
        below = ((p, p[len(folder) :]) for p in project.requirement_files(folder))
        plain = [p for p, rest in below if "/" not in rest.removeprefix("requirements/")]
        yield from _newest(pin for p in plain for pin in _of_requirements(project, p, package, set()))
        yield from _newest(_of_pyproject(project, f"{folder}pyproject.toml", package))


def _newest(pins: Iterable[Pin]) -> Iterator[Pin]:
    """Of several entries of one package the newest, exact ones before ranges; of several releases none is exact."""
    every = sorted(set(pins), key=_order)
    found = [p for p in every if p.exact] or every
    if found:
        last = found[-1]
        yield last if len({p.ceiling for p in found}) == 1 else last._replace(exact=False)


def _order(pin: Pin) -> tuple[bool, tuple[int, ...], bool, str, int]:
    """The newest last; of equal ones by place, so that every run names the same."""
    return pin.ceiling is None, pin.ceiling or (), pin.inclusive, pin.path, pin.line


def _of_lock(project: Project, path: str, package: str) -> Iterator[Pin]:
    """Exact releases. TOML locks write the version on the line behind the name; they may be long, so no parser."""
    text = project.text(path) if project.lists(path) else None
    if text is None:
        return
    name = re.escape(package).replace(r"\-", "[-_.]")
    pattern = rf'(?mi)^name\s*=\s*"{name}"\s*\nversion\s*=\s*"([^"\n]+)"'
    if path.endswith("Pipfile.lock"):
        pattern = rf'(?i)"{name}"\s*:\s*\{{[^{{}}]*?"version"\s*:\s*"==([^"\n]+)"'
    for match in re.finditer(pattern, text):
        line = text.count("\n", 0, match.start(1)) + 1
        yield Pin(numbers(match[1]), True, True, match[1], path, line)


def _of_requirements(project: Project, path: str, package: str, seen: set[str]) -> Iterator[Pin]:
    """Lines of a requirements file and of those that it includes."""
    if path in seen or not project.lists(path) or len(seen) >= MAX_INCLUDES:
        return
    seen.add(path)
    for number, line in enumerate((project.text(path) or "").split("\n"), start=1):
        included = _INCLUDE.match(line)
        if included:
            inner = _joined(str(PurePosixPath(path).parent), included[1])
            yield from _of_requirements(project, inner, package, seen)
        elif found := requirement(line, package, path, number):
            yield found


def _joined(folder: str, name: str) -> str:
    parts: list[str] = [] if folder == "." else folder.split("/")
    for part in name.split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


def requirement(text: str, package: str, path: str, line: int) -> Pin | None:
    """`openai[datalib]>=1.2,<2; python_version > "3.9"` as what it admits; None where it is about another package."""
    match = _REQUIREMENT.match(text)
    if match is None or _normal(match[1]) != package or text.lstrip().startswith("-"):
        return None
    # `name @ https://...` names no release.
    return admitted("" if match[2].startswith("@") else match[2], path, line)


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def admitted(text: str, path: str, line: int) -> Pin:
    """The newest release that specifiers admit: those of pip, and Poetry's `^1.2` and `~1.2`; `*` admits all."""
    ceiling: tuple[int, ...] | None = None
    inclusive, exact = False, False
    for operator, version in _SPECIFIER.findall(text):
        top, with_top, only = _ceiling(operator, version)
        if top is not None and (ceiling is None or (top, with_top) < (ceiling, inclusive)):
            ceiling, inclusive, exact = top, with_top, only
    return Pin(
        ceiling, inclusive, exact, " ".join(text.split()).removeprefix("==").strip() or "any release", path, line
    )


def _ceiling(operator: str, version: str) -> tuple[tuple[int, ...] | None, bool, bool]:
    """Upper end of one specifier, whether it is admitted itself, and whether nothing else is."""
    parts = numbers(version)
    if operator in ("==", "===", "") and not version.endswith("*"):
        return parts, True, True
    written = len(re.findall(r"[0-9]+", re.split(r"[^0-9.]", version)[0]))
    if operator in ("<", "<="):
        return parts, operator == "<=", False
    kept = {"~=": written - 1, "==": written, "===": written, "": written, "~": min(written, 2)}.get(operator)
    if operator == "^":
        # The first number that is not zero stays as it is.
        kept = next((i + 1 for i, number in enumerate(parts[:written]) if number), written)
    if kept is None:
        return None, False, False
    head = parts[: max(kept, 1)]
    return numbers(".".join(map(str, (*head[:-1], head[-1] + 1)))), False, False


def _of_pyproject(project: Project, path: str, package: str) -> Iterator[Pin]:
    """`project.dependencies` and its optional groups, `dependency-groups`, and Poetry's tables."""
    text = project.text(path) if project.lists(path) else None
    if text is None or not re.search(re.escape(package).replace(r"\-", "[-_.]"), text, re.IGNORECASE):
        return
    root = _parsed(project, path, text)
    if root is None:
        return
    lists = [_at(root, "project", "dependencies"), *_values(_at(root, "project", "optional-dependencies")),
             *_values(_at(root, "dependency-groups"))]  # fmt: skip
    for node in lists:
        for item in node.items if node is not None else ():
            found = requirement(item.value, package, path, item.line) if isinstance(item.value, str) else None
            if found is not None:
                yield found
    poetry = _at(root, "tool", "poetry")
    groups = [_at(group, "dependencies") for group in _values(_at(poetry, "group"))]
    for table in (_at(poetry, "dependencies"), _at(poetry, "dev-dependencies"), *groups):
        for entry in table.entries if table is not None else ():
            if _normal(str(entry.key.value)) == package:
                version = entry.value.get("version") if entry.value.kind == "map" else entry.value
                if version is not None and isinstance(version.value, str):
                    yield admitted(version.value, path, version.line)


def _parsed(project: Project, path: str, text: str) -> Node | None:
    from guard.parse.data import parse_toml

    key = (path, "toml", hash(text))
    if key not in project.documents:
        data = parse_toml(path, text.encode())
        project.documents[key] = None if isinstance(data, Problem) else data
    document: DataFile | None = project.documents[key]
    return document.root if document is not None else None


def _at(node: Node | None, *keys: str) -> Node | None:
    for key in keys:
        node = node.get(key) if node is not None and node.kind == "map" else None
    return node


def _values(node: Node | None) -> list[Node]:
    return [entry.value for entry in node.entries] if node is not None else []
