"""The way into this room: the folder that is scanned in, `Config` out, or every mistake with its place.

    find (which file) -> yaml_reader, toml_reader (Document) -> validate (schema) -> packs (extends) -> build (Config)

Parameters of policies stay raw; `guard.policy.load` types them.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from guard.config import baselines, build, find, packs
from guard.config.document import Document
from guard.config.issues import ConfigError, ConfigIssue
from guard.config.schema import SCHEMA
from guard.config.toml_reader import read_toml
from guard.config.types import Config
from guard.config.validate import problems
from guard.config.yaml_reader import read_yaml

__all__ = ["ConfigError", "ConfigIssue", "load"]


def load(root: Path, explicit: Path | None = None) -> Config:
    """The configuration that holds for `root`: the file `explicit`, else the nearest one upwards, else the defaults.

    Policies of packs come first, then the user's. Raises `ConfigError` with every mistake found in the file and in the
    packs that it extends, or with what is wrong with the baseline.
    """
    root = root.resolve()
    if root.is_file():
        root = root.parent
    held = _read(find.chosen(explicit, root), must=True) if explicit else _nearest(root)
    if held is None:
        defaults = Config()
        policies = build.policies([packs.shipped_pack(name) for name in defaults.extends])
        return replace(defaults, policies=policies, baseline=baselines.read(None, None, root), owners=find.owners(root))
    found, document = held
    issues = problems(document, SCHEMA)
    extended, pack_issues = packs.extended(document, found, root)
    if issues or pack_issues:
        both = [*issues, *pack_issues]
        raise ConfigError(sorted(both, key=lambda i: (i.path != document.path, i.path, i.line, i.column)))
    made = build.config(document, build.policies([*extended, document]), find.prefix(found.file, root))
    return replace(made, baseline=baselines.read(found, document, root), owners=find.owners(root))


def chosen(root: Path, explicit: Path | None = None) -> tuple[find.Found, Document]:
    """The file that holds for `root`, read but not validated. Raises `ConfigError` where there is none."""
    root = root.resolve()
    read = _read(find.chosen(explicit, root), must=True) if explicit else _nearest(root)
    if read is None:
        raise ConfigError([ConfigIssue("guard.yaml", 1, 1, "there is no configuration", "`guard init` writes one")])
    return read


def _nearest(root: Path) -> tuple[find.Found, Document] | None:
    return next(filter(None, map(_read, find.candidates(root))), None)


def _read(found: find.Found, *, must: bool = False) -> tuple[find.Found, Document] | None:
    """The document in a file; None for a TOML file without `[tool.guard]`, unless there must be one."""
    document = read_toml(found.raw, found.shown) if found.file.suffix == ".toml" else read_yaml(found.raw, found.shown)
    if document is None and must:
        issue = ConfigIssue(found.shown, 1, 1, "the file has no table [tool.guard]", "add it, or name another file")
        raise ConfigError([issue])
    return (found, document) if document else None
