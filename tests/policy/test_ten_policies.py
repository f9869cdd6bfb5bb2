"""The ten policies of docs/policies.md do what the words above them ask, on code that breaks them and code that keeps
them."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from guard.config.load import load
from guard.model import Finding
from guard.policy.decide import exit_code
from guard.run import scan

GUIDE = (Path(__file__).parents[2] / "docs" / "policies.md").read_text("utf-8")
SECTION = GUIDE.split("## Ten policies")[1].split("\n## ")[0]
POLICIES = dict(re.findall(r"### \"(.+?)\"\n\n```yaml\n(.*?)```", SECTION, re.DOTALL))
LATER = date(2027, 3, 1)


def call(model: str = '"gpt-4o-mini"', limit: str = ", max_tokens=200", client: str = "OpenAI(max_retries=1)") -> str:
    name = client.partition("(")[0]
    return (
        f"from openai import {name}\n\nclient = {client}\n\n\ndef ask(question):\n"
        f'    messages = [{{"role": "user", "content": question[:2000]}}]\n'
        f"    return client.chat.completions.create(model={model}, messages=messages{limit})\n"
    )


def route(model: str) -> str:
    body = call(model).replace("def ask(question):", "def _ask(question):")
    return (
        f"from fastapi import FastAPI\n{body}\n\napp = FastAPI()\n\n\n@app.post('/ask')\n"
        "def ask(question: str):\n    return [_ask(question) for _ in range(20)]\n"
    )


def looped(head: str) -> str:
    body = call().replace("def ask(question):", "def ask(question, done):")
    return body.replace("    return client", f"    {head}\n        client")


AZURE = 'AzureOpenAI(azure_endpoint="https://x.openai.azure.com", api_version="2024-10-21")'
# Words of the request -> a file that breaks the policy, and one that keeps it (path, code).
CASES = {
    "Only models that we have approved.": [("app.py", call('"gpt-4o"')), ("app.py", call())],
    "No single call may ever cost more than 10 cents.": [
        ("app.py", call('"gpt-4o"', ", max_tokens=16000")),
        ("app.py", call()),
    ],
    "Search may cost 4,000 dollars a month. Tell me at 80 percent.": [
        ("src/search/rank.py", call('"gpt-4o"', ", max_tokens=2000")),
        ("src/search/rank.py", call()),
    ],
    "Nothing that a user triggers may cost more than 5 cents per click.": [
        ("app.py", route('"gpt-4"')),
        ("app.py", route('"gpt-4o-mini"')),
    ],
    "Every answer has a limit, and none may be longer than 4,000 tokens.": [
        ("app.py", call(limit="")),
        ("app.py", call()),
    ],
    "Don't try again and again what costs real money.": [
        ("app.py", call('"gpt-4o"', ", max_tokens=4000", "OpenAI(max_retries=9)")),
        ("app.py", call('"gpt-4o"', ", max_tokens=4000", "OpenAI(max_retries=1)")),
    ],
    "No loop without an end around a paid call.": [
        ("app.py", looped("while not done():")),
        ("app.py", looped("for _ in range(3):")),
    ],
    "From February on everything goes through our Azure contract.": [
        ("app.py", call()),
        ("app.py", call('"gpt-4o"', client=AZURE)),
    ],
    "Every call belongs to a team that pays for it.": [("src/other/rank.py", call()), ("src/search/rank.py", call())],
    "If we can't price nine calls out of ten, I don't trust the report.": [
        ("app.py", call('"my-model-1"')),
        ("app.py", call()),
    ],
}


def findings(folder: Path, yaml: str, file: tuple[str, str]) -> tuple[Finding, ...]:
    path = folder / file[0]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(file[1])
    # Globs of the policies that match no file would be findings of their own.
    (folder / "src" / "search").mkdir(parents=True, exist_ok=True)
    (folder / "src" / "search" / "__init__.py").touch()
    (folder / "guard.yaml").write_text(f"version: 1\nextends: []\n{yaml}")
    return scan(folder, load(folder), LATER).findings


def test_there_are_ten_of_less_than_ten_lines() -> None:
    assert POLICIES.keys() == CASES.keys()
    assert len(POLICIES) == 10
    for words, yaml in POLICIES.items():
        assert len(yaml.strip().split("\n")) < 10, words


@pytest.mark.parametrize("words", CASES)
def test_code_that_breaks_it_blocks_the_build(tmp_path: Path, words: str) -> None:
    found = findings(tmp_path, POLICIES[words], CASES[words][0])
    assert [finding.verdict for finding in found] == ["violated"]
    assert exit_code(found) == 1


@pytest.mark.parametrize("words", CASES)
def test_code_that_keeps_it_does_not(tmp_path: Path, words: str) -> None:
    assert findings(tmp_path, POLICIES[words], CASES[words][1]) == ()
