"""What goes wrong in a command: one message on standard error and an exit code, never a bare traceback.

In: exceptions. Out: text on standard error; `Refusal` and `click.exceptions.Exit`, which click turns into exit codes.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import click

from guard import __version__

BAD = 2
"""Exit code for bad usage, bad configuration and errors inside guard."""
INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it; never 1, which would read as "a policy is violated"."""

Command = TypeVar("Command", bound=Callable[..., Any])


class Refusal(click.ClickException):
    """What was asked for cannot be done; one line on standard error, without the usage text."""

    exit_code = BAD

    def format_message(self) -> str:
        """The message as one line, whatever text of others is in it."""
        return escaped(self.message)


class Stage:
    """What guard is doing, for the message of an internal error."""

    def __init__(self) -> None:
        self.name = "starting"


@contextmanager
def errors(debug: bool) -> Iterator[Stage]:
    """Turns errors into one message on standard error and an exit code."""
    stage = Stage()
    try:
        yield stage
    except (click.ClickException, click.exceptions.Exit, click.Abort):
        raise
    except KeyboardInterrupt:
        message("guard: interrupted")
        raise click.exceptions.Exit(INTERRUPTED) from None
    except MemoryError:
        # Nothing is imported or formatted here: there is no memory for it.
        message("guard: there is not enough memory for this; nothing was judged")
        raise click.exceptions.Exit(BAD) from None
    except Exception as error:
        if _is_configuration(error):
            message("\n".join(escaped(_masked(line)) for line in str(error).split("\n")))
        else:
            message(_bug(error, stage.name, debug))
        raise click.exceptions.Exit(BAD) from error


def _bug(error: Exception, doing: str, debug: bool) -> str:
    """What is said of an error inside guard."""
    import traceback

    lines = "".join(traceback.format_exception(error)).splitlines() if debug else []
    trace = "".join(f"{escaped(line)}\n" for line in lines)
    advice = "" if debug else "; the same command with --debug shows where it happened"
    return (
        f"{trace}guard: internal error while {doing}: {type(error).__name__}: {escaped(str(error))}\n"
        f"This is a bug in guard {__version__}. Please report it with this message{advice}."
    )


def _is_configuration(error: Exception) -> bool:
    """Whether the user's configuration is at fault; the room is imported only after an error."""
    from guard.config.issues import ConfigError

    return isinstance(error, ConfigError)


def _masked(line: str) -> str:
    """A line of a message about a configuration, with dots for what looks like a secret in a source line."""
    from guard.facts.link.secrets import stretches

    head, bar, source = line.partition(" | ")
    if not bar:
        head, source = "", line
    for start, end in sorted(stretches(source, False), reverse=True):
        source = source[:start] + "." * (end - start) + source[end:]
    return head + bar + source


def escaped(text: str) -> str:
    """Text of others as one line, without characters that could steer the terminal."""
    from guard.report.format import safe

    return safe(text)


def message(text: str) -> None:
    """A message of guard's own, in which text of others is `escaped`, on standard error.

    A CI reads that as its log, and would obey a line that begins with a command.
    """
    if "::" in text:
        from guard.report.format import without_commands

        text = without_commands(text)
    click.echo(text, err=True)


def message_if(text: str) -> None:
    """A remark that does not change the exit code; nothing where there is none."""
    if text:
        message(escaped(f"guard: {text}"))


def debugging(command: Command) -> Command:
    """Adds `--debug` to a command and gives it a `stage` to keep up to date."""

    @click.option("--debug", is_flag=True, help="Show the traceback of an internal error.")
    @functools.wraps(command)
    def run(*args: Any, debug: bool, **options: Any) -> None:
        with errors(debug) as stage:
            command(*args, stage=stage, **options)

    return run  # type: ignore[return-value]
