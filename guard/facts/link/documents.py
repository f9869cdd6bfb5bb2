"""Data and text files that code loads, as things. In: a path as the code builds it. Out: what its values are.

Paths are looked for below the root only: from the root, then from the folder of the code and the folders above it, as a
program started in one of them would find them.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from guard.facts.expr import Pos
from guard.facts.link.secrets import is_secret
from guard.facts.link.things import DictOf, Entry, FilePath, Hop, ListOf, Lit, Result, known, unknown
from guard.model import Problem
from guard.parse import data as formats
from guard.parse.nodes import DataFile, Node

if TYPE_CHECKING:
    from guard.facts.link.project import Project

PARSERS = {"json": formats.parse_json, "yaml": formats.parse_yaml, "toml": formats.parse_toml, "env": formats.parse_env}


def located(project: Project, file: FilePath) -> str | None:
    """Path of a file in the repository that the code means, or None."""
    if file.path.startswith(("/", "~")) or "\0" in file.path:
        return None
    folders = ["."] if file.anchored else [".", *(str(p) for p in PurePosixPath(file.source).parents)]
    for folder in folders:
        path = _normal(file.path if folder == "." else f"{folder}/{file.path}")
        if path is not None and project.lists(path):
            return path
    return None


def _normal(path: str) -> str | None:
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            if not parts:
                return None
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


def content(project: Project, file: FilePath) -> tuple[str | None, str]:
    """Text of a file and its path; None when there is none."""
    path = located(project, file)
    return (None, file.path) if path is None else (project.text(path), path)


def document(project: Project, file: FilePath, kind: str) -> Result:
    """The values of a data file."""
    path = located(project, file)
    text = None if path is None else project.text(path)
    if path is None or text is None:
        return unknown(f"file {file.path} was not found in the repository")
    return parsed(project, path, text, kind)


def document_text(project: Project, text: str, hop: Hop, kind: str) -> Result:
    """The values of a text in the code or read from a file; those of a text in the code stand where `hop` says."""
    return parsed(project, hop.path, text, kind) if hop.how == "config_file" else parsed(project, "", text, kind, hop)


def parsed(project: Project, path: str, text: str, kind: str, at: Hop | None = None) -> Result:
    """The values of a document. The first one of several counts. `at`: where all of them stand."""
    key = (path, kind, hash(text))
    if key not in project.documents:
        data = PARSERS[kind](path, text.encode("utf-8", "surrogatepass"))
        if isinstance(data, Problem) and path and data not in project.problems:
            project.problems.append(data)
        project.documents[key] = data if isinstance(data, DataFile) else None
    data_file = project.documents[key]
    if data_file is None or data_file.root is None:
        return unknown(f"{path or 'the text'} could not be read as {kind}")
    return _thing(path, data_file.root, at)


def _thing(path: str, node: Node, at: Hop | None) -> Result:
    if node.kind == "map":
        entries = tuple(
            Entry(entry.key.value, _thing(path, entry.value, at))
            for entry in node.entries
            if not is_secret(str(entry.key.value))
        )
        return known(DictOf(entries))
    if node.kind == "list":
        return known(ListOf(tuple(_thing(path, item, at) for item in node.items)))
    if node.tag is not None:
        return unknown(f"a value with the tag {node.tag}")
    if at is not None:
        return known(Lit(node.value), at)
    width = len(str(node.value))
    return known(Lit(node.value), Hop(path, Pos(node.line, node.column, node.line, node.column + width), "config_file"))


def env(project: Project, name: str, importer: str) -> list[tuple[str, str, int]]:
    """(path, value, line) of a variable in `.env` files in the folders above a code file, nearest first."""
    if is_secret(name):
        return []
    found = []
    for folder in PurePosixPath(importer).parents:
        for path in project.env_files(str(folder)):
            text = project.text(path)
            data = parsed(project, path, text, "env") if text is not None else None
            thing = data.alts[0].thing if data is not None and data.alts else None
            for entry in thing.entries if isinstance(thing, DictOf) else ():
                if entry.key == name and isinstance(entry.value, Result) and entry.value.alts:
                    alt = entry.value.alts[0]
                    value = alt.thing.value if isinstance(alt.thing, Lit) else None
                    if isinstance(value, str) and value and "${" not in value and not value.startswith("<"):
                        found.append((path, value, alt.trail[0].pos.line))
    return found
