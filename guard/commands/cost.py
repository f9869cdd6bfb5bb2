"""`guard cost`: what each request of a folder costs."""

from __future__ import annotations

from pathlib import Path

import click

from guard.commands import shared
from guard.commands.errors import Stage, debugging


@click.command("cost")
@shared.reporting
@shared.scanning
@click.option("--all", "everything", is_flag=True, help="Also show requests in tests and those that are not counted.")
@debugging
def command(
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
    report = shared.read(path, config, stage)
    stage.name = "writing the report"
    if form == "json":
        shared.emit(shared.as_json(report, show_prompts))
        return
    from guard.report.text import render_cost

    shared.emit(
        render_cost(
            report,
            color=shared.color(color),
            width=shared.width(width),
            sources=shared.sources(path, report, show_prompts),
            known=shared.known(report),
            everything=everything,
            again=shared.again(path, config),
        )
    )
