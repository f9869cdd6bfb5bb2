"""`guard check`: the findings of a folder, and exit code 1 where one blocks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from guard.commands import comparing, shared
from guard.commands.comparing import Against
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
@click.option("--base", help="Compare with a branch, tag or commit: only findings that it lacks block.")
@comparing.options
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
    base: str | None,
    baseline: Path | None,
    staged: bool,
    policy_from: Literal["base", "head"],
    everything: bool,
    stage: Stage,
) -> None:
    """Check PATH (default: this folder) against the policies and budgets; exit 1 if one blocks.

    With --base or --baseline only findings that are not known from there block, and those of a budget only where its
    sum grew; rules that let more pass than before are said first.
    """
    plan = planned(form, outputs)
    against = Against(base, baseline, staged, policy_from)
    comparing.check_together(against)
    if base is None and policy_from == "base":
        raise click.UsageError("--policy-from base needs a revision: --base REVISION.")
    if base is None and baseline is None:
        shown = comparing.alone(path, config, staged, show_prompts, stage)
    else:
        found = comparing.compared(path, config, against, plan, show_prompts, stage)
        if isinstance(found, str):
            shared.emit(found)
            return
        shown = found
    stage.name = "deciding the exit code"
    from guard.policy.decide import exit_code

    new = None if shown.difference is None else shown.difference.new_findings

    def blocks(finding: Finding) -> bool:
        return (new is None or finding.id in new) and exit_code((finding,), fail_on) != 0

    stage.name = "writing the report"
    deliver(plan, replace(shown, blocks=blocks, everything=everything), Look(color, width))
    raise click.exceptions.Exit(int(any(map(blocks, shown.report.findings))))
