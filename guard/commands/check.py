"""`guard check`: the findings of a folder, or of some of its files, and exit code 1 where one blocks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from guard.commands import shared
from guard.commands.errors import Refusal, Stage, debugging, escaped, message
from guard.commands.outputs import Look, Output, deliver, planned

if TYPE_CHECKING:
    from guard.model import Finding, Report, Severity


@click.command("check")
@shared.reporting
@shared.scanning
@click.option(
    "--fail-on",
    type=click.Choice(["low", "medium", "high"]),
    help="Also exit 1 for a violation of at least this severity.",
)
@click.option("--all", "everything", is_flag=True, help="Show every finding in full, also many that say the same.")
@click.argument("paths", metavar="[PATH] [FILE]...", nargs=-1, type=click.Path(exists=True, path_type=Path))
@debugging
def command(
    paths: tuple[Path, ...],
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
    """Check PATH (default: this folder) against the policies and budgets; exit 1 if one blocks.

    With FILEs, as a hook names them, the whole folder is read all the same, and only what these files have a part in is
    reported: a call, or a step of a value on its way there. A file that is the configuration brings back all of it.
    """
    path, files = _split(paths)
    plan = planned(form, outputs)
    loaded, report = shared.read_with(path, config, stage)
    if files:
        stage.name = "selecting what is about the files"
        report = _narrowed(report, path, files)
    stage.name = "deciding the exit code"
    from guard.policy.decide import exit_code

    def blocks(finding: Finding) -> bool:
        return exit_code((finding,), fail_on) != 0

    stage.name = "writing the report"
    shown = shared.view(path, loaded, report, explicit=config, show_prompts=show_prompts)
    deliver(plan, replace(shown, blocks=blocks, everything=everything), Look(color, width))
    raise click.exceptions.Exit(exit_code(report.findings, fail_on))


def _split(paths: tuple[Path, ...]) -> tuple[Path, tuple[Path, ...]]:
    """The folder to read, and the files that findings are limited to (none: no limit)."""
    first, *rest = paths or (Path("."),)
    folder, files = (first, tuple(rest)) if first.is_dir() else (Path("."), paths)
    for other in files:
        if other.is_dir():
            raise Refusal(f"{escaped(str(other))} is a folder; one folder can be read, and it stands before the files.")
    return folder, files


def _narrowed(report: Report, path: Path, files: tuple[Path, ...]) -> Report:
    """The report about `files`; what it leaves out is counted on standard error."""
    from guard.report.format import plural
    from guard.use.selection import about

    narrowed = about(report, shared.below(path, files))
    elsewhere = len(report.findings) - len(narrowed.findings)
    if elsewhere:
        message(f"guard: {plural(elsewhere, 'finding')} elsewhere, not about {plural(len(files), 'named file')}")
    return narrowed
