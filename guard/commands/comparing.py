"""What `check` and `diff` share: options on what to compare with, and the comparison itself.

In: values of options. Out: a `View` with its `Difference`, or one line where nothing differs. Neighbours: `shared.py`,
`guard.use.diff`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from guard.commands import progress, shared
from guard.commands.errors import Command, Refusal, Stage, escaped
from guard.commands.outputs import Output

if TYPE_CHECKING:
    from guard.config.types import Config
    from guard.report.view import View
    from guard.sources.tree import Tree


WITHOUT_STAGED = "Leave --staged out to read the folder itself."
"""What to do where nothing can be staged."""


@dataclass(frozen=True, slots=True)
class Against:
    """The options as they were typed."""

    base: str | None
    """A revision; None: the default one, where there is no baseline."""
    baseline: Path | None
    staged: bool
    policy_from: Literal["base", "head"]


def options(command: Command) -> Command:
    """Adds `--baseline`, `--staged` and `--policy-from`."""
    for option in (
        click.option(
            "--policy-from",
            type=click.Choice(["head", "base"]),
            default="head",
            show_default=True,
            help="Whose guard.yaml judges both sides; `base`: a change cannot loosen its own rules.",
        ),
        click.option("--staged", is_flag=True, help="Read what is staged for the next commit, not the folder."),
        click.option(
            "--baseline",
            type=shared.FILE,
            help="Compare with a saved JSON report instead of a revision (not the file of `guard baseline`).",
        ),
    ):
        command = option(command)
    return command


def check_together(against: Against) -> None:
    """Refuses options that contradict each other."""
    if against.baseline is not None and against.base is not None:
        raise click.UsageError("a revision and --baseline are two things to compare with; leave one out.")
    if against.baseline is not None and against.policy_from == "base":
        raise click.UsageError("a saved report holds no policies, so --policy-from base needs a revision.")


def compared(
    path: Path, config: Path | None, against: Against, plan: list[Output], show_prompts: bool, stage: Stage
) -> View | str:
    """The view of a comparison; text where nothing differs and nothing but text was asked for."""
    from guard.sources.revision import RevisionError
    from guard.use.diff.saved import SavedError

    stage.name = "reading the configuration"
    loaded = shared.configuration(path, config)
    try:
        if against.baseline is not None:
            return _with_saved(path, config, loaded, against, show_prompts, stage)
        return _with_revision(path, config, loaded, against, plan, show_prompts, stage)
    except (RevisionError, SavedError) as error:
        raise Refusal(escaped(str(error))) from None


def _with_revision(
    path: Path,
    config: Path | None,
    loaded: Config,
    against: Against,
    plan: list[Output],
    show_prompts: bool,
    stage: Stage,
) -> View | str:
    from guard.report.text_diff import nothing
    from guard.use.diff.against import Comparison, Wish

    stage.name = "looking for what changed"
    wish = Wish(against.base, against.staged, against.policy_from, config)
    comparison = Comparison(path, wish, loaded)
    if comparison.untouched and {output.form for output in plan} == {"text"}:
        why = "".join(f"note: {escaped(remark)}\n" for remark in comparison.remarks)
        return nothing(comparison.label.label) + why
    stage.name = "scanning"
    with progress.shown("comparing"):
        found = comparison.compared(date.today())
    shown = shared.view(
        path, found.rules, found.report, explicit=config, show_prompts=show_prompts, tree=comparison.head
    )
    return replace(shown, difference=found.difference)


def _with_saved(
    path: Path, config: Path | None, loaded: Config, against: Against, show_prompts: bool, stage: Stage
) -> View:
    from guard.use.diff.saved import with_saved

    assert against.baseline is not None
    stage.name = "comparing with the saved report"
    tree = head_tree(path, against.staged)
    with progress.shown("comparing"):
        report, difference = with_saved(tree, against.baseline, loaded, date.today())
    shown = shared.view(path, loaded, report, explicit=config, show_prompts=show_prompts, tree=tree)
    return replace(shown, difference=difference)


def alone(path: Path, config: Path | None, staged: bool, show_prompts: bool, stage: Stage) -> View:
    """The view of a folder, or of what is staged in it, with nothing to compare it with."""
    if not staged:
        loaded, report = shared.read_with(path, config, stage)
        return shared.view(path, loaded, report, explicit=config, show_prompts=show_prompts)
    from guard.run import judged, look
    from guard.sources.revision import RevisionError

    stage.name = "reading the configuration"
    loaded = shared.configuration(path, config)
    stage.name = "scanning"
    try:
        tree = head_tree(path, staged)
    except RevisionError as error:
        raise Refusal(escaped(str(error))) from None
    with progress.shown("looking for files"):
        report = judged(look(tree, loaded), loaded, date.today())
    return shared.view(path, loaded, report, explicit=config, show_prompts=show_prompts, tree=tree)


def head_tree(path: Path, staged: bool) -> Tree:
    """The folder, or what is staged in it. Raises `RevisionError` where that cannot be read."""
    from guard.sources.revision import Repository
    from guard.sources.tree import Folder

    return Repository(path, instead=WITHOUT_STAGED).index() if staged else Folder(path)
