"""The command `guard`: finds the command that was typed and hands over to it.

In: command lines. Out: the report on standard output (and nothing else there), messages on standard error, and the exit
code: 0 nothing blocks, 1 a policy or budget blocks, 2 bad usage, bad configuration or an error inside guard. Only this
module and `guard.commands` do the last two. A command's module is loaded when it is asked for, and what takes time to
load inside it only when it runs, so that `guard --version` and completion start at once.
"""

from __future__ import annotations

import importlib
import pkgutil

import click

from guard import __version__, commands


class Commands(click.Group):
    """A group whose commands are the modules of `guard.commands` that have a `command`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, sorted, as `--help` shows them."""
        return sorted(name for name in _modules() if self.get_command(ctx, name) is not None)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name; None where there is none."""
        if cmd_name not in _modules():
            return None
        found = getattr(importlib.import_module(f"{commands.__name__}.{cmd_name}"), "command", None)
        return found if isinstance(found, click.Command) else None


def _modules() -> set[str]:
    return {module.name for module in pkgutil.iter_modules(commands.__path__)}


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="guard", message="%(prog)s %(version)s")
def main() -> None:
    """Find every request to a language model that the code will make, say what it costs, and fail the build when a
    policy or budget is violated.

    Reads code and configuration; runs nothing, needs no network and no keys.

    Exit codes: 0 nothing blocks; 1 a policy or budget blocks; 2 bad usage, bad configuration or an internal error.
    """
