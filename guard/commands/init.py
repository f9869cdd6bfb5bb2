"""`guard init`: writes a first guard.yaml from what a scan finds."""

from __future__ import annotations

from pathlib import Path

import click

from guard.commands import shared
from guard.commands.errors import Refusal, Stage, debugging, escaped


@click.command("init")
@click.argument("path", type=shared.PATH, default=".")
@click.option("--print", "only_print", is_flag=True, help="Print the text instead of writing the file.")
@shared.cached
@debugging
def command(path: Path, only_print: bool, stage: Stage) -> None:
    """Write PATH/guard.yaml from what is found in PATH (default: this folder).

    The models in use become the list of allowed ones, today's figures with headroom the budgets, the folders the
    features; each part has a remark. A configuration that holds already is never changed.
    """
    stage.name = "looking for a configuration"
    held = shared.configuration(path, None)
    if held.path is not None and not only_print:
        shared.emit(f"{escaped(held.path)} holds here already; nothing was changed\n")
        return
    stage.name = "scanning"
    from guard.config.types import Config
    from guard.use.init import draft

    text = draft(shared.scan(path, held if held.path is None else Config(policies=held.policies)))
    if only_print:
        shared.emit(text)
        return
    stage.name = "writing guard.yaml"
    file = path / "guard.yaml"
    try:
        with file.open("x", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
    except OSError as error:
        raise Refusal(f"{escaped(str(file))} cannot be written: {error.strerror}.") from None
    shared.emit(f"wrote {escaped(str(file))}; next: guard check\n")
