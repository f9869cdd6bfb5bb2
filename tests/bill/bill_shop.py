"""A small shop in code: two routes and a nightly job over three models, read by guard as it is."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from click.testing import CliRunner, Result

from guard import cli
from guard.config.load import load
from guard.config.types import Config
from guard.model import Report
from guard.run import scan

FILES = {
    "app/web.py": """\
from fastapi import FastAPI
from openai import OpenAI

app = FastAPI()
client = OpenAI(max_retries=0)

@app.post("/ask")
def ask(question: str):
    return client.chat.completions.create(
        model="gpt-4o", max_tokens=800, messages=[{"role": "user", "content": question}]
    )

@app.post("/tag")
def tag(text: str):
    return [
        client.chat.completions.create(
            model="gpt-4o-mini", max_tokens=100, messages=[{"role": "user", "content": text}]
        )
        for _ in range(3)
    ]
""",
    "app/jobs/nightly.py": """\
import os

from anthropic import Anthropic

def nightly(document):
    return Anthropic(max_retries=0).messages.create(
        model="claude-3-5-haiku-20241022", max_tokens=400, messages=[{"role": "user", "content": document}]
    )

def unknown(document):
    return Anthropic(max_retries=0).messages.create(
        model=os.environ["MODEL"], max_tokens=400, messages=[{"role": "user", "content": document}]
    )
""",
}
RULES = """\
version: 1
extends: []
usage:
  rules:
    - {entry: "POST /ask", runs_per_month: 1000, holes: {question: 600}, output_tokens: 200}
    - {entry: "POST /tag", runs_per_month: 10000, holes: {text: 1000}, output_tokens: 10}
"""


def shop(folder: Path, rules: str | None = RULES, files: dict[str, str] | None = None) -> Path:
    """The shop in a folder, with `rules` as its guard.yaml."""
    for name, text in {**FILES, **(files or {})}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    (folder / ".git").mkdir(exist_ok=True)
    if rules is not None:
        (folder / "guard.yaml").write_text(rules, encoding="utf-8")
    return folder


def scanned(folder: Path) -> tuple[Config, Report]:
    """The configuration of a folder and the report under it."""
    config = load(folder)
    return config, scan(folder, config, date(2026, 11, 24))


def guard(*arguments: str) -> Result:
    """A run of the command without a cache; fails the test where it fails."""
    result = CliRunner().invoke(cli.main, [*arguments, "--no-cache"])
    assert result.exit_code == 0, result.output
    return result
