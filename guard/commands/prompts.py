"""`guard prompts`: the prompts of a folder with their tokens, what fills them, and the requests that send them."""

from __future__ import annotations

from pathlib import Path

import click

from guard.commands import shared
from guard.commands.errors import Stage, debugging


@click.command("prompts")
@shared.folder
@shared.scanning
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--show-prompts", is_flag=True, help="Show the text of the prompts.")
@debugging
def command(
    path: Path, config: Path | None, width: int | None, color: str, form: str, show_prompts: bool, stage: Stage
) -> None:
    """List the prompts of PATH (default: this folder): templates in files and texts in the code.

    Tokens are those of the text that stands there, each branch and loop once; what is filled in comes on top.
    """
    from guard.estimate.prompt_sizes import sent_files
    from guard.facts.prompt_texts import found
    from guard.sources.tree import Folder
    from guard.use import prompts

    loaded, report = shared.read_with(path, config, stage)
    stage.name = "reading prompts"
    tree = Folder(path)
    sent = sent_files(priced.request for priced in report.requests)
    texts = found(tree, tree.listing(loaded.exclude, loaded.prefix), sent)
    listed = prompts.listed(report, texts)
    stage.name = "writing the report"
    if form == "json":
        shared.emit(shared.json_text(prompts.as_data(listed, show_prompts=show_prompts)))
    else:
        shared.emit(prompts.shown(listed, width=shared.width(width), show_prompts=show_prompts))
