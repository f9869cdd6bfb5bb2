"""`guard check`: the findings of a folder, and exit code 1 where one blocks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from guard.commands import shared
from guard.commands.errors import Stage, debugging

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
    report = shared.read(path, config, stage)
    stage.name = "deciding the exit code"
    from guard.policy.decide import exit_code

    def blocks(finding: Finding) -> bool:
        return exit_code((finding,), fail_on) != 0

    stage.name = "writing the report"
    if form == "json":
        text = shared.as_json(report, show_prompts)
    else:
        from guard.report.text import render_check

        text = render_check(
            report,
            color=shared.color(color),
            width=shared.width(width),
            sources=shared.sources(path, report, show_prompts),
            known=shared.known(report),
            blocks=blocks,
            everything=everything,
            again=shared.again(path, config),
        )
    shared.emit(text)
    raise click.exceptions.Exit(exit_code(report.findings, fail_on))
