"""Policy packs named in `extends` -> their documents. Neighbours: `find` (reading), `load` (the caller).

`guard:NAME` is a pack that ships with guard, `package:NAME` one of an installed package (`package_packs`),
`git+URL@COMMIT:FILE` one of a repository, kept in guard.lock (`locks`), anything else a file relative to the one that
names it. Shipped packs are held valid by a test, not again by every run, because importing the validator takes longer
than all the rest.
"""

from __future__ import annotations

import os
from pathlib import Path

from guard.config import locks
from guard.config.document import Document
from guard.config.find import Found, read_inside, relative
from guard.config.issues import ConfigError, ConfigIssue, listed, nearest, show
from guard.config.schema import PACK_SCHEMA
from guard.config.validate import problems
from guard.config.yaml_reader import read_yaml

_SCHEME = "guard:"
_PACKAGE = "package:"


def shipped() -> dict[str, Path]:
    """Packs that come with guard, `guard:recommended` -> file. In a source checkout they stand beside the package."""
    from importlib.resources import files

    package = Path(str(files("guard")))
    folder = package / "policies"
    if not folder.is_dir() and (package.parent / "pyproject.toml").is_file():
        folder = package.parent / "policies"
    return {f"{_SCHEME}{file.stem}": file for file in sorted(folder.glob("*.yaml"))}


def shipped_pack(name: str) -> Document:
    """A pack that comes with guard. Raises `ConfigError` if there is none of that name."""
    known = shipped()
    if name not in known:
        raise ConfigError([ConfigIssue(name, 1, 1, *_no_such_pack(name, list(known)))])
    return read_yaml(known[name].read_bytes(), name)


def extended(document: Document, found: Found, root: Path) -> tuple[list[Document], list[ConfigIssue]]:
    """The packs that a configuration extends, in order, and what is wrong with them.

    Without `extends` it is the recommended pack. Names of the wrong type are left to the validator.
    """
    data = document.data if isinstance(document.data, dict) else {}
    names = data.get("extends", ["guard:recommended"])
    packs: list[Document] = []
    issues: list[ConfigIssue] = []
    for i, name in enumerate(names if isinstance(names, list) else []):
        if not isinstance(name, str) or not name:
            continue
        if name in names[:i]:
            issues.append(document.issue(("extends", i), f"pack {show(name)} is named twice", "remove one of them"))
            continue
        try:
            pack = _pack(document, i, name, found, root)
        except ConfigError as error:
            issues.extend(error.errors)
            continue
        packs.append(pack)
        if not name.startswith(_SCHEME):
            issues.extend(problems(pack, PACK_SCHEMA))
    return packs, issues


def _pack(document: Document, i: int, name: str, found: Found, root: Path) -> Document:
    where = ("extends", i)
    if name.startswith(_SCHEME):
        known = shipped()
        if name not in known:
            raise ConfigError([document.issue(where, *_no_such_pack(name, list(known)))])
        return shipped_pack(name)
    if name.startswith(_PACKAGE):
        from guard.config import package_packs  # looks through all installed packages, which takes time

        try:
            raw = package_packs.read(name.removeprefix(_PACKAGE))
        except package_packs.NoPack as error:
            raise ConfigError([document.issue(where, error.message, error.hint)]) from None
        return read_yaml(raw, name)
    if name.startswith(locks.SCHEME):
        try:
            raw = locks.locked(name, _lock(found, root))
        except locks.Unlocked as error:
            raise ConfigError([document.issue(where, error.message, error.hint)]) from None
        return read_yaml(raw, name)
    if os.path.isabs(name) or "\0" in name:
        message = f"pack {show(name)} is not a relative path"
        raise ConfigError([document.issue(where, message, "write it as seen from this file")])
    file = found.file.parent / name
    shown = relative(file, root)
    try:
        raw = read_inside(file, found.project, shown)
    except ConfigError as error:
        message = f"pack {show(name)} cannot be used: {error.errors[0].message}"
        raise ConfigError([document.issue(where, message, "a path is relative to this file")]) from None
    return read_yaml(raw, shown)


def _lock(found: Found, root: Path) -> bytes | None:
    """The bytes of the lock beside the configuration; None: there is none."""
    file = locks.beside(found.file)
    return read_inside(file, found.project, relative(file, root)) if os.path.lexists(file) else None


def _no_such_pack(name: str, known: list[str]) -> tuple[str, str]:
    meant = nearest(name, known)
    hint = f"did you mean '{meant}'?" if meant else f"this version of guard ships {listed(known) or 'none'}"
    return f"guard has no pack {show(name)}", hint
