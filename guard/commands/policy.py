"""`guard policy`: try a condition, list the policies that hold, write a page about them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from guard.commands import shared
from guard.commands.errors import Refusal, Stage, debugging, escaped

CONFIG = click.option("--config", type=shared.FILE, help="Configuration file (default: the nearest guard.yaml).")


@click.group("policy")
def command() -> None:
    """Try conditions and look at the policies that hold."""


@command.command("try")
@click.argument("condition")
@click.argument("path", type=shared.PATH, default=".")
@CONFIG
@click.option("--width", type=click.IntRange(min=40, max=1000), help="Columns of the output.")
@click.option("--all", "everything", is_flag=True, help="Show every row.")
@shared.cached
@debugging
def try_(condition: str, path: Path, config: Path | None, width: int | None, everything: bool, stage: Stage) -> None:
    """List what CONDITION denies in PATH (default: this folder), and what it cannot decide, with the reasons.

    CONDITION is written as in `deny` of a policy, for example 'request.attempts.high > 3'. `guard policy docs --fields`
    shows what it may name.
    """
    stage.name = "reading the condition"
    from guard.use.policies import attempt, compiled

    asking = compiled(condition)
    stage.name = "reading the configuration"
    loaded = shared.configuration(path, config)
    stage.name = "scanning"
    report = shared.scan(path, replace(loaded, policies=(), budgets=(), exceptions=()))
    stage.name = "asking the condition"
    columns = shared.width(width)
    found = attempt(
        asking, report.requests, loaded, everything=everything, width=columns, settings=report.settings
    )  # fmt: skip
    shared.emit(found)


@command.command("list")
@click.argument("path", type=shared.PATH, default=".")
@CONFIG
@debugging
def list_(path: Path, config: Path | None, stage: Stage) -> None:
    """List the policies and budgets that hold in PATH (default: this folder), and where each stands."""
    stage.name = "reading the policies"
    from guard.use.policies import listed

    shared.emit(listed(shared.configuration(path, config)))


@command.command("lock")
@click.argument("path", type=shared.PATH, default=".")
@CONFIG
@debugging
def lock_(path: Path, config: Path | None, stage: Stage) -> None:
    """Fetch the packs that the configuration takes from git repositories, and write guard.lock beside it.

    The only command that uses the network, through git. Checks read guard.lock alone; commit it.
    """
    stage.name = "fetching packs"
    from guard.use.lock import NotFetched, lock

    try:
        file, names = lock(path, config)
    except NotFetched as wrong:
        raise Refusal(escaped(str(wrong))) from None
    shared.emit("".join(f"{escaped(name)}\n" for name in names) + f"written to {escaped(str(file))}\n")


@command.command("docs")
@click.argument("path", type=shared.PATH, default=".")
@CONFIG
@click.option("--fields", is_flag=True, help="Instead, say what conditions may name, and how they are written.")
@debugging
def docs(path: Path, config: Path | None, fields: bool, stage: Stage) -> None:
    """Write a Markdown page about the policies and budgets that hold in PATH (default: this folder)."""
    stage.name = "reading the policies"
    if fields:
        from guard.policy.objects.page import page

        shared.emit(page())
        return
    from guard.use.policies import documentation

    shared.emit(documentation(shared.configuration(path, config)))
