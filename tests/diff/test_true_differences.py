"""What a pull request does to a small web service is told as it is: who calls a model more often, what is no longer
known, what only has another name. Each case is one edit of `SERVICE`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from repository import committed, guard, replaced, write

DOOR = """\
from openai import OpenAI

import settings

client = OpenAI(max_retries=0)


def ask(system, user, model=settings.MODEL):
    return client.chat.completions.create(
        model=model, max_tokens=300,
        messages=[{"role": "system", "content": system}, {"role": "user", "content": user}],
    )


def summarize(text):
    return client.responses.create(model="gpt-4o-mini", input=text[:8000], max_output_tokens=settings.LIMIT)
"""
ROUTES = """\
from fastapi import FastAPI

import door
import settings

app = FastAPI()


@app.post("/classify")
def classify(mail: str):
    for _ in range(settings.PASSES):
        door.ask("Classify this mail.", mail[:4000])


@app.post("/draft")
def draft(mail: str):
    return door.ask("Answer this mail.", mail, model="gpt-4o")


@app.post("/summary")
def summary(mail: str):
    return door.summarize(mail)
"""
RULES = """\
version: 1
extends: []
usage:
  rules:
    - {entry: "POST /classify", runs_per_month: 100_000}
    - {entry: "POST /draft", runs_per_month: 20_000}
    - {entry: "POST /summary", runs_per_month: 50_000}
    - {entry: "POST /digest", runs_per_month: 9_000_000}
budgets:
  - {name: one call, per_call: 0.0001 USD, enforce: block}
"""
SERVICE = {
    "settings.py": 'MODEL = "gpt-4o-mini"\nPASSES = 3\nLIMIT = 200\n',
    "door.py": DOOR,
    "routes.py": ROUTES,
    "guard.yaml": RULES,
}
DIGEST = """\


@app.post("/digest")
def digest(mail: str):
    return door.summarize(mail)
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    made = committed(tmp_path / "service", SERVICE)
    monkeypatch.chdir(made)
    return made


def difference() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(guard("diff", "main", "--format", "json").stdout)
    return found["difference"]  # type: ignore[no-any-return]


def kinds() -> list[str]:
    return [change["kind"] for change in difference()["changes"]]


def text() -> str:
    return guard("diff", "main", "--width", "200").stdout


def test_a_renamed_wrapper_is_no_new_request_and_no_new_finding(folder: Path) -> None:
    replaced(folder, "door.py", "def ask(", "def complete(")
    write(folder, {"routes.py": ROUTES.replace("door.ask", "door.complete")})
    found = difference()
    assert [change["kind"] for change in found["changes"]] == ["moved", "moved"]
    assert (found["unchanged"], found["new_findings"]) == (1, [])
    assert guard("check").exit_code == 1
    assert guard("check", "--base", "main").exit_code == 0
