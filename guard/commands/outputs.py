"""Where reports go: the options `--format` and `--output`, and writing all of them in one run.

In: the values of the options and a `View`. Out: files that are written whole or not at all, and one report on standard
output. The formats are the modules of `guard.report.formats`; they are found by their files and loaded when asked for.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import stat
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import click

from guard.commands.errors import Command, Refusal, escaped

if TYPE_CHECKING:
    from guard.report.view import View

DEFAULT = "text"
STANDARD = frozenset({"-", "/dev/stdout", "/dev/fd/1"})
"""Names of standard output."""


@dataclass(frozen=True, slots=True)
class Output:
    """One report of a run."""

    form: str
    target: str | None
    """File as the user named it; None: standard output."""


@dataclass(frozen=True, slots=True)
class Look:
    """`--color` and `--width` as they were typed."""

    color: str
    width: int | None


def names() -> list[str]:
    """The formats, sorted."""
    from guard.report import formats

    return sorted(module.name for module in pkgutil.iter_modules(formats.__path__))


class Format(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.2 only
    """The name of a format."""

    name = "format"

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """The names, as `--help` shows them."""
        return f"[{'|'.join(names())}]"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The name itself, where there is such a format."""
        if value not in names():
            self.fail(f"{value!r} is not one of {', '.join(map(repr, names()))}.", param, ctx)
        return str(value)


class Destination(click.ParamType):  # type: ignore[type-arg]
    """`FORMAT=FILE`."""

    name = "FORMAT=FILE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Output:
        """What is written, and where to. The folder must be there, so that no scan is in vain."""
        if isinstance(value, Output):
            return value
        form, equals, file = str(value).partition("=")
        if not equals or not file:
            self.fail(
                f"{value!r} is not FORMAT=FILE, for example sarif=guard.sarif (- is standard output).", param, ctx
            )
        form = Format().convert(form, param, ctx)
        if file in STANDARD:
            return Output(form, None)
        folder = os.path.dirname(file) or "."
        if not os.path.isdir(folder):
            self.fail(f"the folder {folder!r} does not exist.", param, ctx)
        if os.path.isdir(file):
            self.fail(f"{file!r} is a folder.", param, ctx)
        return Output(form, file)


def outputting(command: Command) -> Command:
    """Adds `--format` and `--output`."""
    for option in (
        click.option(
            "-o",
            "--output",
            "outputs",
            type=Destination(),
            multiple=True,
            help="Also write a report to FILE (- is standard output); may be given several times.",
        ),
        click.option("--format", "form", type=Format(), help="Format on standard output.  [default: text]"),
    ):
        command = option(command)
    return command


def planned(form: str | None, outputs: Sequence[Output]) -> list[Output]:
    """All reports of the run, the one on standard output last; raises `UsageError` where two go to one place."""
    printed = [output for output in outputs if output.target is None]
    if form is not None and printed:
        raise click.UsageError(
            f"--format {form} and --output {printed[0].form}=- both go to standard output; leave one out."
        )
    files: dict[str, Output] = {}
    for output in outputs:
        if output.target is None:
            continue
        same = files.setdefault(_path(output.target), output)
        if same is not output:
            raise click.UsageError(f"--output {same.form} and {output.form} both go to {escaped(output.target)}.")
    if len(printed) > 1:
        raise click.UsageError("only one --output can go to standard output (-).")
    return [*files.values(), *(printed or [Output(form or DEFAULT, None)])]


def rendered(output: Output, view: View) -> str:
    """The text of one report."""
    module = importlib.import_module(f"guard.report.formats.{output.form}")
    text: str = module.render(view)
    return text


def deliver(plan: Sequence[Output], view: View, look: Look) -> None:
    """Write all reports of a plan. All are made before the first is written.

    Raises `Refusal` where a file cannot be written; it is then as it was, and nothing is printed.
    """
    from guard.commands import shared

    printed = replace(view, color=shared.color(look.color), width=shared.width(look.width))
    filed = replace(view, color=look.color == "always", width=look.width or shared.WIDTH)
    texts = [(output, rendered(output, printed if output.target is None else filed)) for output in plan]
    files = [(output.target, text.encode("utf-8", "backslashreplace")) for output, text in texts if output.target]
    write_files(files)
    for output, text in texts:
        if output.target is None:
            shared.emit(text)


def write_files(files: Sequence[tuple[str, bytes]]) -> None:
    """Write whole files: first all beside their places, then each is put there. Raises `Refusal` where that fails."""
    waiting: list[tuple[str, str, str]] = []
    name = ""
    try:
        for name, data in files:
            if _is_stream(name):
                with open(name, "wb") as stream:
                    stream.write(data)
                continue
            path = _path(name)
            waiting.append((_beside(path, data), path, name))
        while waiting:
            made, path, name = waiting[0]
            os.replace(made, path)
            waiting.pop(0)
    except OSError as error:
        raise Refusal(f"{escaped(name)} could not be written: {error.strerror or error}") from None
    finally:
        for made, _, _ in waiting:
            with suppress(OSError):
                os.unlink(made)


def _path(name: str) -> str:
    """The file itself, by whatever way it is named. A link as the last part is not followed, but replaced: it may have
    come with the scanned repository, which must not say where on this machine is written."""
    return os.path.join(os.path.realpath(os.path.dirname(name) or os.curdir), os.path.basename(name))


def _is_stream(name: str) -> bool:
    """Whether `name` is a device or a pipe, which is written to, since no file can take its place."""
    if os.path.islink(name) and not os.path.abspath(name).startswith(("/dev/", "/proc/")):
        return False
    return os.path.exists(name) and not os.path.isfile(name)


def _beside(path: str, data: bytes) -> str:
    """The name of a new file in the folder of `path` that holds `data`, with the rights of `path`."""
    made = os.path.join(os.path.dirname(path), f".guard-{os.urandom(8).hex()}.tmp")
    descriptor = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        with open(descriptor, "wb") as stream:
            stream.write(data)
        with suppress(FileNotFoundError):
            if not os.path.islink(path):
                os.chmod(made, stat.S_IMODE(os.stat(path).st_mode))
    except OSError:
        with suppress(OSError):
            os.unlink(made)
        raise
    return made
