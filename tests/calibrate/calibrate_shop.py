"""A small shop whose requests are measured, and how its tests run `guard calibrate`. Not a test itself."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from guard.cli import main

RECORDED = Path(__file__).parent / "recorded"

CODE = """\
from fastapi import FastAPI
from openai import OpenAI

app = FastAPI()
client = OpenAI(max_retries=1)


def ask(question: str) -> str:
    messages = [
        {"role": "system", "content": "You answer questions of customers of a shop in two sentences."},
        {"role": "user", "content": question},
    ]
    return client.chat.completions.create(model="gpt-4o-mini", max_tokens=400, messages=messages)


@app.post("/ask")
def route(question: str):
    return ask(question)


def embed(text: str):
    return client.embeddings.create(model="text-embedding-3-small", input=text)


def rank(question: str):
    return client.responses.create(model="gpt-4.1", input=question, max_output_tokens=50)


def rerank(question: str):
    return client.responses.create(model="gpt-4.1", input=question, max_output_tokens=60)
"""
"""`ask` sends on line 13, `embed` on 22, `rank` on 26, `rerank` on 30."""

DAY = 86_400
START = 1_790_812_800
"""2026-10-01 in UTC."""


def shop(folder: Path) -> Path:
    """The shop in a folder of its own."""
    (folder / "shop" / "app").mkdir(parents=True)
    (folder / "shop" / "app" / "ask.py").write_text(CODE)
    return folder / "shop"


def jsonl(file: Path, rows: Iterable[Any]) -> Path:
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return file


def row(**said: Any) -> dict[str, Any]:
    """A row of a LiteLLM log: one answered request of `ask`."""
    return {
        "request_id": "r", "call_type": "acompletion", "model": "gpt-4o-mini", "prompt_tokens": 1000,
        "completion_tokens": 100, "spend": 0.00021, "startTime": START, "request_tags": ["ask"], **said,
    }  # fmt: skip


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["calibrate", *map(str, arguments)])


def data(*arguments: str | Path) -> dict[str, Any]:
    """The JSON report of a run that succeeds."""
    done = run(*arguments, "--format", "json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found
