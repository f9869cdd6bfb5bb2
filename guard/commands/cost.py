"""`guard cost`: what each request of a folder costs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from guard.commands import shared
from guard.commands.errors import Stage, debugging
from guard.commands.outputs import Look, Output, deliver, planned

OF_FINDINGS = ("github", "gitlab", "junit")
"""Formats that hold findings and nothing else, of which costs alone have none."""


@click.command("cost")
@shared.reporting
@shared.folder
@shared.scanning
@click.option("--all", "everything", is_flag=True, help="Also show requests in tests and those that are not counted.")
@debugging
def command(
    path: Path,
    form: str | None,
    outputs: tuple[Output, ...],
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
    plan = planned(form, outputs)
    for output in plan:
        if output.form in OF_FINDINGS:
            raise click.UsageError(f"{output.form} holds findings, which `guard check` makes; costs have none.")
    loaded, report = shared.read_with(path, config, stage)
    stage.name = "writing the report"
    shown = shared.view(path, loaded, report, explicit=config, show_prompts=show_prompts)
    deliver(plan, replace(shown, command="cost", everything=everything), Look(color, width))
