"""`guard explain`: where the figures of a request come from, or what a check or policy is about."""

from __future__ import annotations

from pathlib import Path

import click

from guard.commands import shared
from guard.commands.errors import Refusal, Stage, debugging, escaped


@click.command("explain")
@click.argument("target")
@click.argument("path", type=shared.PATH, default=".")
@shared.scanning
@click.option("--all", "everything", is_flag=True, help="Explain every request, also where many stand at one place.")
@debugging
def command(
    target: str, path: Path, config: Path | None, color: str, width: int | None, everything: bool, stage: Stage
) -> None:
    """Say where every figure of a request comes from, or what a check or policy is about.

    TARGET is PATH:LINE as reports write it (NOTEBOOK:CELL:LINE in a notebook), a file, or the name of a check or a
    policy. PATH is the folder to read (default: this folder).
    """
    stage.name = "looking up the check"
    from guard.policy.registry import documentation, ids

    text = documentation(target)
    if text is not None:
        shared.emit(text)
        return
    if target.replace("-", "").isalnum() and not (path / target).exists() and not Path(target).exists():
        from guard.use.policies import about

        rules = shared.configuration(path, config)
        text = about(rules, target)
        if text is not None:
            shared.emit(text)
            return
        known = f"Checks: {', '.join(ids())}."
        if rules.policies:
            known += f" Policies here: {', '.join(dict.fromkeys(policy.id for policy in rules.policies))}."
        raise Refusal(f"'{target}' is neither PATH:LINE nor a check nor a policy. {escaped(known)}")
    loaded, report = shared.read_with(path, config, stage)
    stage.name = "explaining"
    from guard.use.explain import NotThere
    from guard.use.explain import explain as explained

    try:
        at = shared.within(target, path)
        shared.emit(explained(report, at, width=shared.width(width), everything=everything, config=loaded))
    except NotThere as nothing:
        raise Refusal(str(nothing)) from None
