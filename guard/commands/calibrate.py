"""`guard calibrate`: measured use against the estimates, and the usage section that follows from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from guard.commands import shared
from guard.commands.errors import Refusal, Stage, debugging, escaped, message
from guard.commands.outputs import write_files

if TYPE_CHECKING:
    from guard.config.types import Config
    from guard.use.calibrate.result import Result


class Pair(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.2 only
    """`NAME=VALUE`."""

    name = "NAME=VALUE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        """Both sides, neither of them empty."""
        if isinstance(value, tuple):
            return value
        left, equals, right = str(value).partition("=")
        if not equals or not left.strip() or not right.strip():
            self.fail(f"{value!r} is not of the form {self.name}.", param, ctx)
        return left.strip(), right.strip()


def _sources(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """The name of a format, checked without loading any."""
    if value is None:
        return None
    from guard.use.calibrate.sources import NAMES

    name = value.replace("-", "_")
    if name not in NAMES:
        known = ", ".join(one.replace("_", "-") for one in NAMES)
        raise click.BadParameter(f"{value!r} is not one of {known}.", ctx, param)
    return name


@click.command("calibrate")
@click.argument("files", nargs=-1, required=True, type=shared.FILE, metavar="FILE...")
@click.option("--path", type=shared.PATH, default=".", help="The code that was measured (default: this folder).")
@click.option("--config", type=shared.FILE, help="Configuration file (default: the nearest guard.yaml).")
@click.option("--source", metavar="FORMAT", callback=_sources, help="Format of the files (default: recognised).")
@click.option(
    "--map", "mapping", type=Pair(), multiple=True, metavar="FIELD=COLUMN",
    help="A column of a CSV or JSONL file of your own: input_tokens, output_tokens, cache_read_tokens, "
    "cache_write_tokens, usd, model, provider, operation, started, requests, failed, path, line, function, tag.",
)  # fmt: skip
@click.option(
    "--bind", "binds", type=Pair(), multiple=True, metavar="TAG=REQUEST",
    help="What a tag, prompt or trace name stands for: a feature, `path::function`, an entry point or a request's id.",
)  # fmt: skip
@click.option(
    "--days",
    type=click.FloatRange(min=0, min_open=True),
    help="How many days the files cover (default: first to last row).",
)
@click.option("--write", is_flag=True, help="Write the proposed usage rules into guard.yaml, between two comments.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--width", type=click.IntRange(min=40, max=1000), help="Columns of the text output.")
@shared.cached
@debugging
def command(
    files: tuple[Path, ...], path: Path, config: Path | None, source: str | None, mapping: Sequence[tuple[str, str]],
    binds: Sequence[tuple[str, str]], days: float | None, write: bool, form: str, width: int | None, stage: Stage,
) -> None:  # fmt: skip
    """Hold what really happened against the estimates, and propose the usage section that follows.

    FILE is an export of OpenTelemetry GenAI spans (OTLP JSON), LiteLLM spend logs, Langfuse observations, Helicone
    requests, the usage and costs APIs of OpenAI and Anthropic, a FOCUS bill, or a CSV or JSONL file of your own
    (--map); gzip is read, too. Rows are bound to requests by line, function, name or model; guard says what share of
    the spend it could bind, the measured and the estimated figures of each place, and which rows it could not use.

    Needs DuckDB: pip install 'guard-spend[calibrate]'. Exit code 0, or 2 where a file cannot be read.
    """
    fields = _mapping(mapping, source)
    loaded, result = _result(files, path, config, source, fields, dict(binds), days, stage)
    stage.name = "writing the report"
    if form == "json":
        from guard.use.calibrate.as_json import data

        shared.emit(shared.json_text(data(result)))
    else:
        from guard.use.calibrate.text import render

        shared.emit(render(result, loaded, shared.width(width)))
    if write:
        stage.name = "writing the configuration"
        _write(path, config, loaded, result)


def _mapping(pairs: Sequence[tuple[str, str]], source: str | None) -> dict[str, str]:
    from guard.use.calibrate.sources.plain import FIELDS

    unknown = [field for field, _ in pairs if field not in FIELDS]
    if unknown:
        raise click.UsageError(f"--map {unknown[0]}: no such field; there are {', '.join(FIELDS)}.")
    if pairs and source not in (None, "plain"):
        raise click.UsageError(f"--map is for tables of your own; leave out --source {source.replace('_', '-')}.")
    return dict(pairs)


def _result(
    files: Sequence[Path], path: Path, explicit: Path | None, source: str | None, mapping: dict[str, str],
    binds: dict[str, str], days: float | None, stage: Stage,
) -> tuple[Config, Result]:  # fmt: skip
    from guard.use.calibrate.binding import names
    from guard.use.calibrate.measured import Unreadable
    from guard.use.calibrate.reading import read
    from guard.use.calibrate.result import calibrate

    loaded, report = shared.read_with(path, explicit, stage)
    stage.name = "reading what was measured"
    known = names(report, loaded)
    lowered = {name.lower() for name in known}
    for tag, target in binds.items():
        if target.lower() not in lowered:
            raise Refusal(f"--bind {tag}={target}: guard knows no request, function, entry point or feature {target!r}")
    try:
        reading = read(files, source=source, mapping=mapping, names=known, binds=binds, days=days)
    except Unreadable as error:
        raise Refusal(str(error)) from None
    stage.name = "comparing"
    return loaded, calibrate(reading, report, loaded)


def _write(path: Path, explicit: Path | None, config: Config, result: Result) -> None:
    """Puts the proposed rules into the configuration file, once guard has read the new text back."""
    from guard.use.calibrate.writing import NotEditable, new_toml, new_yaml

    rules = result.proposal.declared.rules
    if not rules:
        message("guard: nothing to write")
        return
    file = explicit or path / (config.path or "guard.yaml")
    text = file.read_bytes().decode("utf-8-sig") if file.exists() else None
    said = f"{result.reading.period()}, {sum(one.rows for one in result.reading.files):,} rows"
    try:
        new = new_toml(text or "", rules, said) if file.suffix == ".toml" else new_yaml(text, rules, said)
        _read_back(file, new, config, len(rules))
    except NotEditable as error:
        raise Refusal(f"{file} was not changed: {error}") from None
    write_files([(str(file), new.encode("utf-8"))])
    message(escaped(f"guard: wrote {len(rules)} usage rules to {file}"))


def _read_back(file: Path, text: str, before: Config, rules: int) -> None:
    """Raises `NotEditable` unless the new text is the old configuration with these rules behind its own."""
    import tempfile

    from guard.config.issues import ConfigError
    from guard.use.calibrate.writing import NotEditable

    with tempfile.TemporaryDirectory(prefix="guard-") as folder:
        copy = Path(folder) / file.name
        copy.write_bytes(text.encode("utf-8"))
        try:
            after = shared.configuration(Path(folder), copy)
        except ConfigError:
            raise NotEditable("the new lines do not fit into it; put them in by hand") from None
    if len(after.usage.rules) < rules or replace(after.usage, rules=()) != replace(before.usage, rules=()):
        raise NotEditable("the new lines would change what else it says; put them in by hand")
