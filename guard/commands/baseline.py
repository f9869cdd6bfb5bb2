"""`guard baseline`: writes today's findings into a file that `guard check` forgives, and takes out what is mended."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from guard.commands import shared
from guard.commands.errors import Refusal, Stage, debugging, escaped, message_if
from guard.commands.outputs import write_files

if TYPE_CHECKING:
    from guard.config.types import Baseline, BaselineEntry, Config
    from guard.use.baseline import Plan

SHOWN = 20
"""Entries that are listed of each kind."""


@click.command("baseline")
@click.argument("path", type=shared.PATH, default=".")
@click.option("--config", type=shared.FILE, help="Configuration file (default: the nearest guard.yaml).")
@click.option("--add", is_flag=True, help="Also take in findings that an existing file lacks, and amounts that grew.")
@click.option("--check", "only_check", is_flag=True, help="Write nothing; exit 1 where the file could shrink.")
@shared.cached
@debugging
def command(path: Path, config: Path | None, add: bool, only_check: bool, stage: Stage) -> None:
    """Write what `guard check` finds in PATH (default: this folder) into .guard-baseline.json, to be forgiven from then
    on: a team begins without mending everything first, and only new findings block.

    The file only shrinks: run again, guard takes out what is mended and lowers the amounts of budgets that fell.
    Findings that it lacks are named and not taken in, unless --add says so. `baseline: FILE` in guard.yaml names
    another file.
    """
    if add and only_check:
        raise click.UsageError("--check writes nothing, so --add has nothing to add; leave one out.")
    stage.name = "reading the configuration"
    loaded = shared.configuration(path, config)
    baseline = loaded.baseline
    assert baseline is not None
    if loaded.prefix:
        above = "/".join([".."] * loaded.prefix.count("/"))
        raise Refusal(
            f"the configuration {escaped(loaded.path or '')} is about a folder above this one, and so is its baseline; "
            f"run `guard baseline {shared.again(path / above, config)}`."
        )
    stage.name = "scanning"
    made = _planned(path, loaded, baseline)
    if only_check:
        shared.emit("".join(f"{line}\n" for line in _checked(made, baseline)))
        raise click.exceptions.Exit(int(made.shrinks))
    stage.name = "writing the baseline"
    lines = _written(path, made, baseline, add=add or not baseline.found)
    shared.emit("".join(f"{escaped(line)}\n" for line in lines))


def _planned(path: Path, config: Config, baseline: Baseline) -> Plan:
    from guard.run import judged, look
    from guard.sources.tree import Folder
    from guard.use.baseline import plan

    without = replace(config, baseline=None)
    report = judged(look(Folder(path), without), without, date.today(), merged=False)
    unread = {problem.path for problem in report.problems if problem.kind != "call-not-found"}
    if unread:
        from guard.report.format import plural

        message_if(f"{plural(len(unread), 'file')} could not be read (`guard check` names them); their entries stay")
    return plan(baseline, report.findings, unread)


def _checked(made: Plan, baseline: Baseline) -> Iterator[str]:
    """What `--check` says."""
    from guard.report.format import plural

    name = escaped(baseline.path)
    if not baseline.found:
        yield f"there is no {name}, so nothing in it can be out of date"
        return
    if not made.shrinks:
        yield f"{name} is up to date: {plural(len(made.kept), 'entry', 'entries')}"
        return
    yield from map(escaped, _shrinking(made))
    yield f"{name} could shrink; run `guard baseline` and commit it"


def _written(path: Path, made: Plan, baseline: Baseline, *, add: bool) -> Iterator[str]:
    """Writes the file where that changes something, and says what was done."""
    from guard.report.format import plural
    from guard.use.baseline import entries, text

    name, held = baseline.path, entries(made, add=add)
    if not baseline.found and not held:
        yield f"no findings; {name} was not written"
        return
    if made.shrinks or (add and made.unknown) or not baseline.found:
        file = str(path / name)
        write_files([(file, text(held).encode("ascii"))])
        yield f"wrote {file}: {plural(len(held), 'entry', 'entries')}"
    else:
        yield f"{name} is up to date: {plural(len(held), 'entry', 'entries')}"
    if not baseline.found:
        yield "`guard check` forgives them from now on; commit the file"
        return
    yield from _shrinking(made)
    if made.unknown:
        yield f"{'added' if add else 'not added (--add would)'}: {plural(len(made.unknown), 'finding')}"
        yield from _listed(
            [*map(_named, made.new), *(f"{_named(now)}, grew from {_amount(was)}" for was, now in made.grown)]
        )
    if not held:
        yield f"nothing is left in {name}; it can be deleted"


def _shrinking(made: Plan) -> Iterator[str]:
    from guard.report.format import plural

    if made.stale:
        yield f"mended: {plural(len(made.stale), 'entry', 'entries')}"
        yield from _listed(list(map(_named, made.stale)))
    if made.lowered:
        yield f"lower now: {plural(len(made.lowered), 'amount')}"
        yield from _listed([f"{_named(now)}, before {_amount(was)}" for was, now in made.lowered])


def _listed(lines: Sequence[str]) -> Iterator[str]:
    yield from (f"  {line}" for line in lines[:SHOWN])
    if len(lines) > SHOWN:
        yield f"  and {len(lines) - SHOWN:,} more"


def _named(one: BaselineEntry) -> str:
    what = f", {_amount(one)}" if one.extent is not None else f": {one.message}"
    return f"{one.path or 'everywhere'}: {one.policy}{what}"


def _amount(one: BaselineEntry) -> str:
    from guard.policy.baseline import amount

    return "" if one.extent is None else amount(one.extent)
