"""Configuration files to data with positions. In: bytes. Out: a `DataFile`, or a `Problem`; nothing is raised.

The door to this room's data formats; each lives in a file of its own and is imported when first asked for.
"""

from __future__ import annotations

from guard.model import Problem
from guard.parse.nodes import DataFile, Entry, Node, find, plain

__all__ = [
    "DataFile", "Entry", "Node",
    "find", "parse_env", "parse_ini", "parse_json", "parse_toml", "parse_yaml", "plain",
]  # fmt: skip


def parse_yaml(path: str, data: bytes) -> DataFile | Problem:
    """YAML, all documents, with the types that PyYAML's safe loader gives (YAML 1.1) and the text as written."""
    from guard.parse.yaml_file import parse

    return parse(path, data)


def parse_json(path: str, data: bytes) -> DataFile | Problem:
    """JSON, exactly what `json.loads` takes."""
    from guard.parse.json_file import parse

    return parse(path, data)


def parse_toml(path: str, data: bytes) -> DataFile | Problem:
    """TOML 1.0, exactly what `tomllib` takes; dates and times are text."""
    from guard.parse.toml_file import parse

    return parse(path, data)


def parse_env(path: str, data: bytes) -> DataFile | Problem:
    """A `.env` file as one map of text; `${VAR}` stays as written, a key without `=` has the value None."""
    from guard.parse.env_file import parse

    return parse(path, data)


def parse_ini(path: str, data: bytes) -> DataFile | Problem:
    """An ini file as a map of sections, read like `configparser` without interpolation."""
    from guard.parse.ini_file import parse

    return parse(path, data)
