"""What the commands share: options, reading a folder, and writing to standard output.

In: values of options. Out: a `Report` with what a renderer needs besides; text on standard output. Neighbour:
`errors.py`. Commands call these functions through this module, so that a test can put another in place of one.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from guard.commands.errors import Command, Stage, escaped
from guard.commands.outputs import outputting

if TYPE_CHECKING:
    from guard.config.types import Config
    from guard.model import Report, Span
    from guard.report.view import Rule, View
    from guard.sources.tree import Tree

WIDTH = 100
"""Columns where the output is no terminal."""
NARROWEST, WIDEST = 60, 160

PATH = click.Path(exists=True, file_okay=False, path_type=Path)
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def scanning(command: Command) -> Command:
    """Adds the options of every command that reads a folder, and the cache."""
    for option in (
        cached,
        click.option("--config", type=FILE, help="Configuration file (default: the nearest guard.yaml)."),
        click.option("--width", type=click.IntRange(min=40, max=1000), help="Columns of the text output."),
        click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True),
    ):
        command = option(command)
    return command


def cached(command: Command) -> Command:
    """Adds `--no-cache`, and keeps the cache open for as long as the command runs."""

    @click.option("--no-cache", is_flag=True, help="Keep nothing between runs, and use nothing that was kept.")
    @functools.wraps(command)
    def run(*args: Any, no_cache: bool, **options: Any) -> None:
        from guard.cache import opened, place

        with opened(None if no_cache else place.folder()):
            command(*args, **options)

    return run  # type: ignore[return-value]


def reporting(command: Command) -> Command:
    """Adds the options of every command that makes a report."""
    for option in (
        click.option(
            "--show-prompts",
            is_flag=True,
            help="Show the text of prompts (dots in frames, left out of JSON otherwise).",
        ),
        outputting,
    ):
        command = option(command)
    return command


def folder(command: Command) -> Command:
    """Adds the folder to read."""
    return click.argument("path", type=PATH, default=".")(command)


def read(path: Path, config: Path | None, stage: Stage) -> Report:
    """The report of a folder under its configuration."""
    return read_with(path, config, stage)[1]


def read_with(path: Path, config: Path | None, stage: Stage, profile: str | None = None) -> tuple[Config, Report]:
    """The configuration of a folder, and the report under it; `profile`: the traffic profile that was asked for, else
    that of the configuration holds."""
    stage.name = "reading the configuration"
    loaded = configuration(path, config)
    if profile is not None:
        loaded = replace(loaded, usage=replace(loaded.usage, profile=profile))
    stage.name = "scanning"
    return loaded, scan(path, loaded)


def configuration(root: Path, explicit: Path | None) -> Config:
    from guard.config.load import load

    return load(root, explicit)


def scan(root: Path, config: Config) -> Report:
    from guard.commands import progress
    from guard.run import scan

    with progress.shown("looking for files"):
        return scan(root, config)


def again(path: Path, config: Path | None) -> str:
    """What another command on the same folder needs behind it, as a shell takes it; nothing for this folder."""
    from shlex import quote

    folder = "" if path == Path(".") else quote(escaped(str(path)))
    options = "" if config is None else f"--config {quote(escaped(str(config)))}"
    return f"{folder} {options}".strip()


def sources(
    root: Path, report: Report, show_prompts: bool, tree: Tree | None = None
) -> Callable[[str], list[str] | None]:
    """Lines of files for frames, without secrets: those below `root`, and the configuration where it lies above.

    `tree`: what was scanned, where that is not the folder itself.
    """
    from guard.facts.link.secrets import stretches
    from guard.report.withheld import without_prompts, without_secrets
    from guard.run import source_lines

    @functools.cache
    def lines(path: str) -> list[str] | None:
        if path == report.config_path and path.startswith("../"):
            file = (root.resolve() / path).resolve()
            return source_lines(file.parent, file.name)
        return source_lines(tree or root, path)

    return without_secrets(lines if show_prompts else without_prompts(report, lines), stretches)


def view(
    path: Path, config: Config, report: Report, *, explicit: Path | None, show_prompts: bool, tree: Tree | None = None
) -> View:
    """What formats ask of a report on the folder `path`; `explicit`: the configuration file that was named; `tree`:
    what was scanned, where that is not the folder itself."""
    from guard.report.view import View

    def rules() -> Sequence[Rule]:
        from guard.use.rules import rules

        return rules(config)

    return View(
        report,
        show_prompts=show_prompts,
        again=again(path, explicit),
        folder=_seen_from(path, _top(path)),
        here=_seen_from(path, os.curdir),
        sources=sources(path, report, show_prompts, tree),
        known=lambda: known(report),
        rules=rules,
        file_line=notebook_line(path, tree),
    )


def notebook_line(root: Path, tree: Tree | None = None) -> Callable[[Span], int | None]:
    """Finds the line of a notebook's file on which a line of a cell stands; None where it cannot be read."""

    @functools.cache
    def cells(path: str) -> dict[int, list[int]]:
        from guard.parse.notebook_lines import cell_lines
        from guard.parse.text import decoded
        from guard.sources.tree import Folder

        data = (tree or Folder(root)).read_within(path)
        text = decoded(path, data) if isinstance(data, bytes) else None
        return cell_lines(text) if isinstance(text, str) else {}

    def line(span: Span) -> int | None:
        lines = cells(span.path).get(span.cell, []) if span.cell is not None else []
        return lines[span.cell_line - 1] if span.cell_line is not None and span.cell_line <= len(lines) else None

    return line


def _top(path: Path) -> str:
    """The folder that machine formats count from: the top of the repository, else the current one where it is above."""
    folder = os.path.realpath(path)
    current = os.path.realpath(os.curdir)
    for above in (Path(folder), *Path(folder).parents):
        if (above / ".git").exists():
            return str(above)
    return current if (folder + os.sep).startswith(current.rstrip(os.sep) + os.sep) else folder


def _seen_from(path: Path, folder: str) -> str:
    """`path` relative to `folder`, with `/`; empty where they are the same."""
    relative = os.path.relpath(os.path.realpath(path), os.path.realpath(folder)).replace(os.sep, "/")
    return "" if relative == "." else relative


def below(root: Path, files: Iterable[Path]) -> frozenset[str]:
    """The files as reports of `root` name them; those that lie elsewhere have `..` in front and match nothing."""
    folder = os.path.realpath(root)
    return frozenset(os.path.relpath(_named(file), folder).replace(os.sep, "/") for file in files)


def _named(file: Path) -> str:
    """Where a file stands: links on the way to it are followed, and not one that it is itself."""
    return os.path.join(os.path.realpath(file.parent), file.name)


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
    """Whether to color: as wished, else on a terminal that can, and wherever FORCE_COLOR says so; never with NO_COLOR.

    See https://no-color.org and https://force-color.org; `FORCE_COLOR=0` forces nothing.
    """
    if wish != "auto":
        return wish == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "0") not in ("", "0"):
        return True
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


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
