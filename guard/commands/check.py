"""`guard check`: the findings of a folder, or of some of its files, and exit code 1 where one blocks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from guard.commands import comparing, shared
from guard.commands.comparing import Against
from guard.commands.errors import Refusal, Stage, debugging, escaped, message, message_if
from guard.commands.outputs import Look, Output, deliver, planned

if TYPE_CHECKING:
    from collections.abc import Sequence

    from guard.config.types import Config
    from guard.model import Finding, Problem, Severity
    from guard.report.view import View

NAMED = 5
"""Files that are named on standard error."""


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
    base: str | None,
    baseline: Path | None,
    staged: bool,
    policy_from: Literal["base", "head"],
    everything: bool,
    stage: Stage,
) -> None:
    """Check PATH (default: this folder) against the policies and budgets; exit 1 if one blocks.

    With --base or --baseline only findings that are not known from there block, and those of a budget only where its
    sum grew; rules that let more pass than before are said first. Files that could be read there and cannot be read
    any more are said, too, and with --policy-from base they block.

    With FILEs, as a hook names them, the whole folder is read all the same, and only what these files have a part in is
    reported: a call, or a step of a value on its way there. A file with rules (guard.yaml, a pack) brings back all.
    """
    path, files = _split(paths)
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
    if files:
        stage.name = "selecting what is about the files"
        shown = _narrowed(shown, path, files, shared.configuration(path, config))
    stage.name = "deciding the exit code"
    from guard.policy.decide import exit_code

    new = None if shown.difference is None else shown.difference.new_findings
    lost = () if shown.difference is None else shown.difference.lost
    unjudged = bool(lost) and policy_from == "base"

    def blocks(finding: Finding) -> bool:
        return (new is None or finding.id in new) and exit_code((finding,), fail_on) != 0

    stage.name = "writing the report"
    deliver(plan, replace(shown, blocks=blocks, lost_blocks=unjudged, everything=everything), Look(color, width))
    message_if(_not_judged(lost, unjudged))
    raise click.exceptions.Exit(int(unjudged or any(map(blocks, shown.report.findings))))


def _not_judged(lost: Sequence[Problem], blocks: bool) -> str:
    """What no format but those for people says of files that the change made unreadable."""
    if not lost:
        return ""
    from guard.report.format import plural

    paths = list(dict.fromkeys(problem.path for problem in lost))
    more = f" and {len(paths) - NAMED:,} more" if len(paths) > NAMED else ""
    end = "that blocks (--policy-from base)" if blocks else "with --policy-from base that would block"
    one = len(paths) == 1
    said = (
        f"{plural(len(paths), 'file')} that the base could read cannot be read now ({', '.join(paths[:NAMED])}{more})"
    )
    return f"{said}, so what {'it asks' if one else 'they ask'} for was not judged; {end}"


def _split(paths: tuple[Path, ...]) -> tuple[Path, tuple[Path, ...]]:
    """The folder to read, and the files that findings are limited to (none: no limit)."""
    first, *rest = paths or (Path("."),)
    folder, files = (first, tuple(rest)) if first.is_dir() else (Path("."), paths)
    for other in files:
        if other.is_dir():
            raise Refusal(f"{escaped(str(other))} is a folder; one folder can be read, and it stands before the files.")
    return folder, files


def _narrowed(shown: View, path: Path, files: tuple[Path, ...], config: Config) -> View:
    """What is about `files`; what is left out is counted on standard error."""
    from guard.report.format import plural
    from guard.use.selection import about, rules_of

    names, rules = shared.below(path, files), rules_of(config)
    if all(name.startswith("../") and name not in rules for name in names):
        message(f"guard: no named file lies in {escaped(str(path))}, so nothing in it is about them")
    report = about(shown.report, names, rules)
    elsewhere = len(shown.report.findings) - len(report.findings)
    if elsewhere:
        message(f"guard: {plural(elsewhere, 'finding')} elsewhere, not about {plural(len(files), 'named file')}")
    difference = shown.difference
    if difference is not None:
        left = difference.new_findings & {finding.id for finding in report.findings}
        difference = replace(difference, new_findings=left)
    return replace(shown, report=report, difference=difference)
