"""Files that a configuration file names: rows of tests, texts of prompts. In: names as written. Out: counts, messages.

They are looked for beside the file that names them and below the root only. Neighbour: `configured`.
"""

from __future__ import annotations

import csv
import io
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from guard.facts.documents.texts import by_role, is_open
from guard.facts.documents.types import Declared, Rows
from guard.model import Count, Message, Problem
from guard.parse import data as formats

if TYPE_CHECKING:
    from guard.facts.link.project import Project

MAX_TEXT = 2_000_000
"""Characters of a file that is read for its rows or its prompt."""


def beside(path: str, name: str) -> str | None:
    """The path that a name means in the folder of a file; None where it leaves the root or has wildcards."""
    if not name or name.startswith(("/", "~")) or "\0" in name or any(mark in name for mark in "*?{$"):
        return None
    parts: list[str] = []
    for part in (*PurePosixPath(path).parent.parts, *name.split("/")):
        if part == "..":
            if not parts:
                return None
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


def _text(project: Project, path: str, name: str) -> str | None:
    found = beside(path, name)
    text = project.text(found) if found is not None and project.lists(found) else None
    return text if text is not None and len(text) <= MAX_TEXT else None


def multiplied(project: Project, path: str, declared: Declared) -> Count:
    """How often a declared request runs, the rows of the files that it names included."""
    total = declared.repeats
    for rows in declared.rows:
        key = (path, rows.path)
        if key not in project.row_counts:
            project.row_counts[key] = _rows(project, path, rows)
        number = project.row_counts[key]
        if number is None:
            why = f"the number of rows of {rows.path[:80]} is not known"
            return Count(total.low, max(1, total.typical), None, (*total.why, why), guessed=(why,))
        more = number * rows.times
        high = None if total.high is None else total.high + more
        why = f"{number} rows of {rows.path[:80]}" + (f" x {rows.times}" if rows.times > 1 else "")
        total = Count(total.low + more, total.typical + more, high, (*total.why, why), total.trail, total.guessed)
    return total


def _rows(project: Project, path: str, rows: Rows) -> int | None:
    text = _text(project, path, rows.path)
    if text is None:
        return None
    suffix = rows.path.rpartition(".")[2].lower()
    if suffix in ("csv", "tsv"):
        try:
            found = sum(1 for row in csv.reader(io.StringIO(text), delimiter="\t" if suffix == "tsv" else ",") if row)
        except csv.Error:
            return None
        return max(0, found - 1)
    if suffix == "jsonl":
        return sum(1 for line in text.split("\n") if line.strip())
    if suffix in ("yaml", "yml", "json"):
        parser = formats.parse_json if suffix == "json" else formats.parse_yaml
        data = parser(rows.path, text.encode("utf-8", "surrogatepass"))
        root = None if isinstance(data, Problem) else data.root
        return len(root.items) if root is not None and root.kind == "list" else None
    return None


def messages(project: Project, path: str, declared: Declared) -> tuple[tuple[Message, ...], str | None]:
    """The messages of a declared request, and why there may be others; those of a file that it names are read."""
    name = declared.prompt_file
    text = _text(project, path, name) if name is not None and name.endswith((".txt", ".md", ".j2", ".prompt")) else None
    if text is None or name is None:
        return declared.messages, declared.prompt_why
    why = "parts of the template may repeat or be left out" if is_open(text) else None
    return by_role(text, declared.span), why
