"""`guard tokens`: how many tokens a file has for a model."""

from __future__ import annotations

from typing import Any

import click

from guard.commands import shared
from guard.commands.errors import Refusal, Stage, debugging, escaped, message_if


@click.command("tokens")
@click.option("--model", required=True, help="Model whose tokens are counted, as the code names it.")
@click.option("--provider", help="Provider, where the model's name does not tell.")
@click.argument("file", type=click.File("rb"))
@debugging
def command(model: str, provider: str | None, file: Any, stage: Stage) -> None:
    """Count the tokens of FILE (`-`: standard input); says how where the count is not exact."""
    stage.name = "counting tokens"
    from guard.estimate.tokens import count_text
    from guard.use.model_names import doubt, unknown

    if refused := unknown(model, provider):
        raise Refusal(escaped(refused))

    try:
        text = file.read().decode("utf-8")
    except UnicodeDecodeError as error:
        name = escaped(str(getattr(file, "name", "standard input")))
        raise Refusal(f"{name} is not UTF-8 (byte {error.start}); only text can be counted.") from None
    counted, label = count_text(model, text, provider)
    message_if(doubt(model, provider))
    if counted.low == counted.high:
        shared.emit(f"{counted.low}\n")
    else:
        shared.emit(f"{round(counted.typical)} ({counted.low} to {counted.high}), counted as {label}\n")
