"""What the commands share: options, reading a folder, and writing to standard output.

In: values of options. Out: a `Report` with what a renderer needs besides; text on standard output. Neighbour:
`errors.py`. Commands call these functions through this module, so that a test can put another in place of one.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from guard.commands.errors import Command, Stage, escaped

if TYPE_CHECKING:
    from guard.config.types import Config
    from guard.model import Report

WIDTH = 100
"""Columns where the output is no terminal."""
NARROWEST, WIDEST = 60, 160

PATH = click.Path(exists=True, file_okay=False, path_type=Path)
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def scanning(command: Command) -> Command:
    """Adds the options of every command that reads a folder."""
    for option in (
        click.option("--config", type=FILE, help="Configuration file (default: the nearest guard.yaml)."),
        click.option("--width", type=click.IntRange(min=40, max=1000), help="Columns of the text output."),
        click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True),
    ):
        command = option(command)
    return command


def reporting(command: Command) -> Command:
    """Adds the options of `check` and `cost`."""
    for option in (
        click.option(
            "--show-prompts",
            is_flag=True,
            help="Show the text of prompts (dots in frames, left out of JSON otherwise).",
        ),
        click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True),
        click.argument("path", type=PATH, default="."),
    ):
        command = option(command)
    return command


def read(path: Path, config: Path | None, stage: Stage) -> Report:
    """The report of a folder under its configuration."""
    stage.name = "reading the configuration"
    loaded = configuration(path, config)
    stage.name = "scanning"
    return scan(path, loaded)


def configuration(root: Path, explicit: Path | None) -> Config:
    from guard.config.load import load

    return load(root, explicit)


def scan(root: Path, config: Config) -> Report:
    from guard.run import scan

    return scan(root, config)


def again(path: Path, config: Path | None) -> str:
    """What another command on the same folder needs behind it, as a shell takes it; nothing for this folder."""
    from shlex import quote

    folder = "" if path == Path(".") else quote(escaped(str(path)))
    options = "" if config is None else f"--config {quote(escaped(str(config)))}"
    return f"{folder} {options}".strip()


def sources(root: Path, report: Report, show_prompts: bool) -> Callable[[str], list[str] | None]:
    """Lines of files for frames, without secrets: those below `root`, and the configuration where it lies above."""
    from guard.facts.link.secrets import stretches
    from guard.report.withheld import without_prompts, without_secrets
    from guard.run import source_lines

    @functools.cache
    def lines(path: str) -> list[str] | None:
        if path == report.config_path and path.startswith("../"):
            file = (root.resolve() / path).resolve()
            return source_lines(file.parent, file.name)
        return source_lines(root, path)

    return without_secrets(lines if show_prompts else without_prompts(report, lines), stretches)


def as_json(report: Report, show_prompts: bool) -> str:
    from guard.report.json import render

    return render(report, show_prompts=show_prompts)


def within(target: str, root: Path) -> str:
    """`target` with its path relative to the scanned folder, where it was typed relative to the current one."""
    name, colon, rest = target.partition(":")
    for candidate in (root / name, Path(name)):
        if candidate.exists():
            relative = os.path.relpath(candidate, root)
            outside = relative.split(os.sep, 1)[0] == os.pardir
            return target if outside else relative.replace(os.sep, "/") + colon + rest
    return target


def known(report: Report) -> list[str]:
    """Packages whose requests guard knows, for a report that has none; asked for only then, since it takes time.

    `langchain*` stands for a package with its many partner packages.
    """
    if report.requests:
        return []
    from guard.facts.registry import load

    names = {root.split(".")[0] if root.endswith(".sdk") else root for root in load().import_roots}
    families = {name.partition("_")[0] for name in names if "_" in name} & names
    alone = {name for name in names if name.partition("_")[0] not in families}
    return sorted(alone | {f"{family}*" for family in families})


def json_text(data: Any) -> str:
    import json

    return json.dumps(data, indent=2) + "\n"


def color(wish: str) -> bool:
    """Whether to color: as wished, else on a terminal unless NO_COLOR is set (https://no-color.org)."""
    if wish != "auto":
        return wish == "always"
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def width(wish: int | None) -> int:
    """Columns of the text output: as wished, else the terminal's within reason."""
    if wish is not None:
        return wish
    if not sys.stdout.isatty():
        return WIDTH
    import shutil

    return min(max(shutil.get_terminal_size((WIDTH, 24)).columns, NARROWEST), WIDEST)


def emit(text: str) -> None:
    """Write the report. A closed pipe (`guard cost | head`) is no error and does not change the exit code."""
    encoding = sys.stdout.encoding or "utf-8"
    try:
        sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))
        sys.stdout.flush()
    except BrokenPipeError:
        # Python flushes again at exit; that must not fail a second time.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
