"""`guard test`: runs the tests that policies bring along; exit code 1 where one fails."""

from __future__ import annotations

from pathlib import Path

import click

from guard.commands import shared
from guard.commands.errors import Stage, debugging, escaped


@click.command("test")
@click.argument("path", type=shared.PATH, default=".")
@click.option("--config", type=shared.FILE, help="Configuration file (default: the nearest guard.yaml).")
@debugging
def command(path: Path, config: Path | None, stage: Stage) -> None:
    """Run the tests of the policies that hold in PATH (default: this folder): code that each must deny or let pass."""
    stage.name = "reading the configuration"
    loaded = shared.configuration(path, config)
    stage.name = "running the tests of policies"
    from guard.use.policy_tests import EXPECTED, run

    lines: list[str] = []
    passed = failed = 0
    for result in run(loaded):
        passed += result.ok
        failed += not result.ok
        if not result.ok:
            expected = EXPECTED[result.name.partition("[")[0]]
            lines.append(escaped(f"{result.policy}: tests.{result.name} should be {expected}, but {result.told}"))
    if not passed and not failed:
        lines.append("no policy has tests; add them to one: `tests: {deny: [...code...], pass: [...code...]}`")
    else:
        lines.append(f"{passed} passed, {failed} failed")
    shared.emit("\n".join(lines) + "\n")
    raise click.exceptions.Exit(1 if failed else 0)
