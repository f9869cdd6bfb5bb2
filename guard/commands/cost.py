"""`guard cost`: what each request of a folder costs, and who and what the cost is for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from guard.commands import progress, shared
from guard.commands.errors import Command, Refusal, Stage, debugging, escaped
from guard.commands.outputs import Look, Output, deliver, planned

if TYPE_CHECKING:
    from guard.bill import Bill, GroupBy, SortBy, WhatIf
    from guard.config.types import Config
    from guard.model import Report
    from guard.use.bill.anew import Known
    from guard.use.bill.wishes import Wish

PROFILES = ("small", "medium", "large")
"""Those of `guard.config.values`, which is not loaded for `--help`."""
OF_FINDINGS = ("github", "gitlab", "junit")
"""Formats that hold findings and nothing else, of which costs alone have none."""
GROUPS = ("model", "provider", "feature", "owner", "workflow", "stage", "file", "operation")
SORTS = ("usd", "worst", "requests", "name")
"""The words of `guard.bill`, which is not loaded for `--help`."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked of the bill, as it was typed."""

    group_by: GroupBy | None
    sort: SortBy
    top: int | None
    sensitivity: bool = False
    what_if: tuple[Wish, ...] = ()


def grouping(command: Command) -> Command:
    """Adds `--group-by`, `--sort` and `--top`, `--sensitivity` and `--what-if`."""
    for option in (
        click.option(
            "--what-if",
            "what_ifs",
            multiple=True,
            metavar="[WHICH:]KEY=VALUE",
            help="Estimate again as if something were otherwise: model=NAME (or cheapest), top_k=N, max_output=N, "
            "cache=RATE, retries=N, scenario=NAME; WHICH names a model, feature, owner, path or function. May be given "
            "several times.",
        ),
        click.option("--sensitivity", is_flag=True, help="What moves the bill, biggest first."),
        click.option("--top", type=click.IntRange(min=1), help="Only this many groups; the others are one line."),
        click.option(
            "--sort",
            type=click.Choice(SORTS),
            default="usd",
            show_default=True,
            help="Order of the groups: by typical cost (of a month, where runs are declared), worst case, number of "
            "requests, or name.",
        ),
        click.option("--group-by", type=click.Choice(GROUPS), help="Sums by what requests have in common."),
    ):
        command = option(command)
    return command


@click.command("cost")
@shared.reporting
@shared.folder
@shared.scanning
@grouping
@click.option("--all", "everything", is_flag=True, help="Also show requests in tests and those that are not counted.")
@click.option(
    "--profile",
    type=click.Choice(PROFILES),
    help="Assume traffic where no runs are declared: small has 100 active users, medium 10,000, large 1,000,000.",
)
@debugging
def command(
    path: Path,
    form: str | None,
    outputs: tuple[Output, ...],
    show_prompts: bool,
    config: Path | None,
    color: str,
    width: int | None,
    group_by: GroupBy | None,
    sort: SortBy,
    top: int | None,
    sensitivity: bool,
    what_ifs: tuple[str, ...],
    everything: bool,
    profile: str | None,
    stage: Stage,
) -> None:
    """Show what each request to a model in PATH (default: this folder) costs.

    Requests in tests are in no sum and, without --all, in no table; the JSON report always has them. With --group-by
    the table has groups, and with --all their requests below them.
    """
    plan = planned(form, outputs)
    for output in plan:
        if output.form in OF_FINDINGS:
            raise click.UsageError(f"{output.form} holds findings, which `guard check` makes; costs have none.")
    asked = Asked(group_by, sort, top, sensitivity, _wishes(what_ifs))
    if group_by is None and (top is not None or sort != "usd"):
        raise click.UsageError("--top and --sort are about groups; add --group-by.")
    loaded, report = shared.read_with(path, config, stage, profile)
    stage.name = "adding up"
    with progress.shown("adding up"):
        bill = _bill(asked, loaded, report)
    stage.name = "writing the report"
    shown = shared.view(path, loaded, report, explicit=config, show_prompts=show_prompts)
    deliver(plan, replace(shown, command="cost", everything=everything, bill=bill), Look(color, width))


def _bill(asked: Asked, config: Config, report: Report) -> Bill | None:
    """What was asked beyond the table of requests; None: nothing."""
    sold = any(feature.has_economics for feature in config.features)
    if asked.group_by is None and not sold and not asked.sensitivity and not asked.what_if:
        return None
    from guard.bill import Bill
    from guard.estimate.economics import unit_costs

    groups = moves = other = None
    if asked.group_by is not None:
        from guard.use.bill.views import breakdown

        groups = breakdown(report.requests, config, asked.group_by, asked.sort, asked.top)
    if asked.sensitivity or asked.what_if:
        from guard.estimate.prices import load as load_prices
        from guard.use.bill.anew import Known

        known = Known(load_prices().with_rules(config.prices), config)
        if asked.sensitivity:
            from guard.use.bill.moves import sensitivity

            moves = sensitivity(report.requests, known)
        if asked.what_if:
            other = _otherwise(report, asked.what_if, known)
    return Bill(groups, unit_costs(report.requests, config), moves, other)


def _wishes(texts: tuple[str, ...]) -> tuple[Wish, ...]:
    """What `--what-if` says; raises `UsageError` where it cannot be read."""
    if not texts:
        return ()
    from guard.use.bill.wishes import BadWish, parse

    try:
        return tuple(map(parse, texts))
    except BadWish as bad:
        raise click.UsageError(f"--what-if: {escaped(str(bad))}") from None


def _otherwise(report: Report, asked: tuple[Wish, ...], known: Known) -> WhatIf:
    """The bill with what was asked; raises `Refusal` where that names what is not there."""
    from datetime import date

    from guard.use.bill.what_if import what_if
    from guard.use.bill.wishes import BadWish

    try:
        return what_if(report.requests, asked, known, date.today())
    except BadWish as bad:
        raise Refusal(f"--what-if: {escaped(str(bad))}") from None
