"""`guard diff`: what changed since a revision or a saved report, what it costs, and the lines behind it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal

import click

from guard.commands import comparing, shared
from guard.commands.comparing import Against
from guard.commands.errors import Stage, debugging
from guard.commands.outputs import Look, Output, deliver, planned


@click.command("diff")
@click.argument("base", required=False)
@shared.reporting
@shared.folder
@comparing.options
@shared.scanning
@click.option("--all", "everything", is_flag=True, help="Show every change.")
@debugging
def command(
    base: str | None,
    path: Path,
    form: str | None,
    outputs: tuple[Output, ...],
    show_prompts: bool,
    baseline: Path | None,
    staged: bool,
    policy_from: Literal["base", "head"],
    config: Path | None,
    color: str,
    width: int | None,
    everything: bool,
    stage: Stage,
) -> None:
    """Show which requests in PATH (default: this folder) became dearer or cheaper since BASE, and why.

    BASE is a branch, tag or commit (default: the default branch; with --staged: HEAD); compared is with where HEAD and
    BASE parted. The folder is read as it stands, what is not committed included.
    """
    plan = planned(form, outputs)
    if staged and base is None and baseline is None:
        base = "HEAD"
    against = Against(base, baseline, staged, policy_from)
    comparing.check_together(against)
    found = comparing.compared(path, config, against, plan, show_prompts, stage)
    stage.name = "writing the report"
    if isinstance(found, str):
        shared.emit(found)
        return
    deliver(plan, replace(found, command="diff", everything=everything), Look(color, width))
