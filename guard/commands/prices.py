"""`guard prices`: what stands in the price table."""

from __future__ import annotations

import click

from guard.commands import shared
from guard.commands.errors import Refusal, Stage, debugging, escaped, message


@click.group("prices")
def command() -> None:
    """Show the prices that guard ships with."""


@command.command()
@click.argument("model")
@click.option("--provider", help="Provider, where the model's name does not tell.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@debugging
def show(model: str, provider: str | None, form: str, stage: Stage) -> None:
    """Show all rates and limits of MODEL, with their sources."""
    stage.name = "reading the price table"
    from guard.estimate import price_show
    from guard.estimate.prices import load

    table = load()
    row = table.find(model, provider)
    if row is None:
        from guard.use.model_names import not_listed

        raise Refusal(escaped(not_listed(model, provider)))
    if form == "json":
        shared.emit(shared.json_text(price_show.show(row, table.as_of)))
    else:
        shared.emit(price_show.show_text(row, table.as_of) + "\n")


@command.command(name="list")
@click.argument("filter", default="")
@click.option("--provider", help="Only this provider.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@debugging
def list_(filter: str, provider: str | None, form: str, stage: Stage) -> None:
    """List the models whose provider or name contains FILTER (default: all); USD per million tokens."""
    stage.name = "reading the price table"
    from guard.estimate import price_show
    from guard.estimate.prices import load

    rows = price_show.list_rows(load(), filter, provider)
    if form == "json":
        shared.emit(shared.json_text(rows))
    elif rows:
        shared.emit(price_show.list_text(rows) + "\n")
    else:
        message(f"no model of the price table contains '{escaped(filter)}'")
