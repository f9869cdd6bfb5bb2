"""`guard check`: the findings of a folder, and exit code 1 where one blocks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from guard.commands import shared
from guard.commands.errors import Stage, debugging
from guard.commands.outputs import Look, Output, deliver, planned

if TYPE_CHECKING:
    from guard.model import Finding, Severity


@click.command("check")
@shared.reporting
@shared.scanning
@click.option(
    "--fail-on",
    type=click.Choice(["low", "medium", "high"]),
    help="Also exit 1 for a violation of at least this severity.",
)
@click.option("--all", "everything", is_flag=True, help="Show every finding in full, also many that say the same.")
@debugging
def command(
    path: Path,
    form: str | None,
    outputs: tuple[Output, ...],
    show_prompts: bool,
    config: Path | None,
    color: str,
    width: int | None,
    fail_on: Severity | None,
    everything: bool,
    stage: Stage,
) -> None:
    """Check PATH (default: this folder) against the policies and budgets; exit 1 if one blocks."""
    plan = planned(form, outputs)
    loaded, report = shared.read_with(path, config, stage)
    stage.name = "deciding the exit code"
    from guard.policy.decide import exit_code

    def blocks(finding: Finding) -> bool:
        return exit_code((finding,), fail_on) != 0

    stage.name = "writing the report"
    shown = shared.view(path, loaded, report, explicit=config, show_prompts=show_prompts)
    deliver(plan, replace(shown, blocks=blocks, everything=everything), Look(color, width))
    raise click.exceptions.Exit(exit_code(report.findings, fail_on))
