"""The command `guard`: reads options, asks the other rooms, prints, and exits. The only module that does the last two.

In: command lines. Out: the report on standard output (and nothing else there), messages on standard error, and the exit
code: 0 nothing blocks, 1 a policy or budget blocks, 2 bad usage, bad configuration or an error inside guard. Everything
but click is imported inside the commands, so that `guard --version` and completion start at once.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from guard import __version__

if TYPE_CHECKING:
    from guard.config.types import Config
    from guard.model import Finding, Report, Severity

BAD = 2
"""Exit code for bad usage, bad configuration and errors inside guard."""
INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it; never 1, which would read as "a policy is violated"."""
WIDTH = 100
"""Columns where the output is no terminal."""
NARROWEST, WIDEST = 60, 160

Command = TypeVar("Command", bound=Callable[..., Any])

PATH = click.Path(exists=True, file_okay=False, path_type=Path)
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="guard", message="%(prog)s %(version)s")
def main() -> None:
    """Find every request to a language model that the code will make, say what it costs, and fail the build when a
    policy or budget is violated.

    Reads code and configuration; runs nothing, needs no network and no keys.

    Exit codes: 0 nothing blocks; 1 a policy or budget blocks; 2 bad usage, bad configuration or an internal error.
    """


# --- options and errors -----------------------------------------------------------------------------------------


class Refusal(click.ClickException):
    """What was asked for cannot be done; one line on standard error, without the usage text."""

    exit_code = BAD


class Stage:
    """What guard is doing, for the message of an internal error."""

    def __init__(self) -> None:
        self.name = "starting"


@contextmanager
def _errors(debug: bool) -> Iterator[Stage]:
    """Turns errors into one message on standard error and an exit code."""
    stage = Stage()
    try:
        yield stage
    except (click.ClickException, click.exceptions.Exit, click.Abort):
        raise
    except KeyboardInterrupt:
        _message("guard: interrupted")
        raise click.exceptions.Exit(INTERRUPTED) from None
    except Exception as error:
        if _is_configuration(error):
            _message(_escaped(str(error)))
        else:
            _message(_bug(error, stage.name, debug))
        raise click.exceptions.Exit(BAD) from error


def _bug(error: Exception, doing: str, debug: bool) -> str:
    """What is said of an error inside guard."""
    import traceback

    trace = _escaped("".join(traceback.format_exception(error))) if debug else ""
    advice = "" if debug else "; the same command with --debug shows where it happened"
    return (
        f"{trace}guard: internal error while {doing}: {type(error).__name__}: {_escaped(str(error))}\n"
        f"This is a bug in guard {__version__}. Please report it with this message{advice}."
    )


def _is_configuration(error: Exception) -> bool:
    """Whether the user's configuration is at fault; the room is imported only after an error."""
    from guard.config.issues import ConfigError

    return isinstance(error, ConfigError)


def _escaped(text: str) -> str:
    """Text of others line by line, without characters that could steer the terminal."""
    from guard.report.format import safe

    return "\n".join(map(safe, text.split("\n")))


def _message(text: str) -> None:
    click.echo(text, err=True)


def _message_if(text: str) -> None:
    """A remark that does not change the exit code; nothing where there is none."""
    if text:
        _message(_escaped(f"guard: {text}"))


def _debugging(command: Command) -> Command:
    """Adds `--debug` to a command and gives it a `stage` to keep up to date."""

    @click.option("--debug", is_flag=True, help="Show the traceback of an internal error.")
    @functools.wraps(command)
    def run(*args: Any, debug: bool, **options: Any) -> None:
        with _errors(debug) as stage:
            command(*args, stage=stage, **options)

    return run  # type: ignore[return-value]


def _scanning(command: Command) -> Command:
    """Adds the options of every command that reads a folder."""
    for option in (
        click.option("--config", type=FILE, help="Configuration file (default: the nearest guard.yaml)."),
        click.option("--width", type=click.IntRange(min=40, max=1000), help="Columns of the text output."),
        click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True),
    ):
        command = option(command)
    return command


def _reporting(command: Command) -> Command:
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


# --- commands ---------------------------------------------------------------------------------------------------


@main.command()
@_reporting
@_scanning
@click.option(
    "--fail-on",
    type=click.Choice(["low", "medium", "high"]),
    help="Also exit 1 for a violation of at least this severity.",
)
@click.option("--all", "everything", is_flag=True, help="Show every finding in full, also many that say the same.")
@_debugging
def check(
    path: Path,
    form: str,
    show_prompts: bool,
    config: Path | None,
    color: str,
    width: int | None,
    fail_on: Severity | None,
    everything: bool,
    stage: Stage,
) -> None:
    """Check PATH (default: this folder) against the policies and budgets; exit 1 if one blocks."""
    report = _read(path, config, stage)
    stage.name = "deciding the exit code"
    from guard.policy.decide import exit_code

    def blocks(finding: Finding) -> bool:
        return exit_code((finding,), fail_on) != 0

    stage.name = "writing the report"
    if form == "json":
        text = _as_json(report, show_prompts)
    else:
        from guard.report.text import render_check

        text = render_check(
            report,
            color=_color(color),
            width=_width(width),
            sources=_sources(path, report, show_prompts),
            known=_known(report),
            blocks=blocks,
            everything=everything,
            again=_again(path, config),
        )
    _emit(text)
    raise click.exceptions.Exit(exit_code(report.findings, fail_on))


@main.command()
@_reporting
@_scanning
@click.option("--all", "everything", is_flag=True, help="Also show requests in tests and those that are not counted.")
@_debugging
def cost(
    path: Path,
    form: str,
    show_prompts: bool,
    config: Path | None,
    color: str,
    width: int | None,
    everything: bool,
    stage: Stage,
) -> None:
    """Show what each request to a model in PATH (default: this folder) costs.

    Requests in tests are in no sum and, without --all, in no table; the JSON report always has them.
    """
    report = _read(path, config, stage)
    stage.name = "writing the report"
    if form == "json":
        _emit(_as_json(report, show_prompts))
        return
    from guard.report.text import render_cost

    _emit(
        render_cost(
            report,
            color=_color(color),
            width=_width(width),
            sources=_sources(path, report, show_prompts),
            known=_known(report),
            everything=everything,
            again=_again(path, config),
        )
    )


@main.command()
@click.argument("target")
@click.argument("path", type=PATH, default=".")
@_scanning
@click.option("--all", "everything", is_flag=True, help="Explain every request, also where many stand at one place.")
@_debugging
def explain(
    target: str, path: Path, config: Path | None, color: str, width: int | None, everything: bool, stage: Stage
) -> None:
    """Say where every figure of a request comes from, or what a check is about.

    TARGET is PATH:LINE as reports write it (NOTEBOOK:CELL:LINE in a notebook), a file, or the name of a check. PATH is
    the folder to read (default: this folder).
    """
    stage.name = "looking up the check"
    from guard.policy.registry import documentation, ids

    text = documentation(target)
    if text is not None:
        _emit(text)
        return
    if target.replace("-", "").isalnum() and not (path / target).exists() and not Path(target).exists():
        raise Refusal(f"'{target}' is neither PATH:LINE nor a check. Checks: {', '.join(ids())}.")
    report = _read(path, config, stage)
    stage.name = "explaining"
    from guard.use.explain import NotThere
    from guard.use.explain import explain as explained

    try:
        _emit(explained(report, _within(target, path), width=_width(width), everything=everything))
    except NotThere as nothing:
        raise Refusal(str(nothing)) from None


@main.command()
@click.option("--model", required=True, help="Model whose tokens are counted, as the code names it.")
@click.option("--provider", help="Provider, where the model's name does not tell.")
@click.argument("file", type=click.File("rb"))
@_debugging
def tokens(model: str, provider: str | None, file: Any, stage: Stage) -> None:
    """Count the tokens of FILE (`-`: standard input); says how where the count is not exact."""
    stage.name = "counting tokens"
    from guard.estimate.tokens import count_text
    from guard.use.model_names import doubt, unknown

    if refused := unknown(model, provider):
        raise Refusal(_escaped(refused))

    try:
        text = file.read().decode("utf-8")
    except UnicodeDecodeError as error:
        name = _escaped(str(getattr(file, "name", "standard input")))
        raise Refusal(f"{name} is not UTF-8 (byte {error.start}); only text can be counted.") from None
    counted, label = count_text(model, text, provider)
    _message_if(doubt(model, provider))
    if counted.low == counted.high:
        _emit(f"{counted.low}\n")
    else:
        _emit(f"{round(counted.typical)} ({counted.low} to {counted.high}), counted as {label}\n")


@main.group()
def prices() -> None:
    """Show the prices that guard ships with."""


@prices.command()
@click.argument("model")
@click.option("--provider", help="Provider, where the model's name does not tell.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@_debugging
def show(model: str, provider: str | None, form: str, stage: Stage) -> None:
    """Show all rates and limits of MODEL, with their sources."""
    stage.name = "reading the price table"
    from guard.estimate import price_show
    from guard.estimate.prices import load

    table = load()
    row = table.find(model, provider)
    if row is None:
        from guard.use.model_names import not_listed

        raise Refusal(_escaped(not_listed(model, provider)))
    if form == "json":
        _emit(_json(price_show.show(row, table.as_of)))
    else:
        _emit(price_show.show_text(row, table.as_of) + "\n")


@prices.command(name="list")
@click.argument("filter", default="")
@click.option("--provider", help="Only this provider.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@_debugging
def list_(filter: str, provider: str | None, form: str, stage: Stage) -> None:
    """List the models whose provider or name contains FILTER (default: all); USD per million tokens."""
    stage.name = "reading the price table"
    from guard.estimate import price_show
    from guard.estimate.prices import load

    rows = price_show.list_rows(load(), filter, provider)
    if form == "json":
        _emit(_json(rows))
    elif rows:
        _emit(price_show.list_text(rows) + "\n")
    else:
        _message(f"no model of the price table contains '{_escaped(filter)}'")


# --- what commands share ----------------------------------------------------------------------------------------


def _read(path: Path, config: Path | None, stage: Stage) -> Report:
    """The report of a folder under its configuration."""
    stage.name = "reading the configuration"
    loaded = _configuration(path, config)
    stage.name = "scanning"
    return _scan(path, loaded)


def _configuration(root: Path, explicit: Path | None) -> Config:
    from guard.config.load import load

    return load(root, explicit)


def _scan(root: Path, config: Config) -> Report:
    from guard.run import scan

    return scan(root, config)


def _again(path: Path, config: Path | None) -> str:
    """What another command on the same folder needs behind it, as a shell takes it; nothing for this folder."""
    from shlex import quote

    folder = "" if path == Path(".") else quote(_escaped(str(path)))
    options = "" if config is None else f"--config {quote(_escaped(str(config)))}"
    return f"{folder} {options}".strip()


def _sources(root: Path, report: Report, show_prompts: bool) -> Callable[[str], list[str] | None]:
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


def _as_json(report: Report, show_prompts: bool) -> str:
    from guard.report.json import render

    return render(report, show_prompts=show_prompts)


def _within(target: str, root: Path) -> str:
    """`target` with its path relative to the scanned folder, where it was typed relative to the current one."""
    name, colon, rest = target.partition(":")
    for candidate in (root / name, Path(name)):
        if candidate.exists():
            relative = os.path.relpath(candidate, root)
            outside = relative.split(os.sep, 1)[0] == os.pardir
            return target if outside else relative.replace(os.sep, "/") + colon + rest
    return target


def _known(report: Report) -> list[str]:
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


def _json(data: Any) -> str:
    import json

    return json.dumps(data, indent=2) + "\n"


def _color(wish: str) -> bool:
    """Whether to color: as wished, else on a terminal unless NO_COLOR is set (https://no-color.org)."""
    if wish != "auto":
        return wish == "always"
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _width(wish: int | None) -> int:
    """Columns of the text output: as wished, else the terminal's within reason."""
    if wish is not None:
        return wish
    if not sys.stdout.isatty():
        return WIDTH
    import shutil

    return min(max(shutil.get_terminal_size((WIDTH, 24)).columns, NARROWEST), WIDEST)


def _emit(text: str) -> None:
    """Write the report. A closed pipe (`guard cost | head`) is no error and does not change the exit code."""
    encoding = sys.stdout.encoding or "utf-8"
    try:
        sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))
        sys.stdout.flush()
    except BrokenPipeError:
        # Python flushes again at exit; that must not fail a second time.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
