"""Requests for embeddings: each text of a list has the model's window to itself, a request the provider's limits."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from guard.cli import main

HEAD = "from openai import OpenAI\nclient = OpenAI()\n"
WINDOW = 8191
CALL = "client.embeddings.create(model='text-embedding-3-small', input="


def scanned(folder: Path, code: str, head: str = HEAD) -> dict[str, Any]:
    (folder / "app.py").write_text(head + code)
    result = CliRunner().invoke(main, ["cost", str(folder), "--format", "json"])
    found: dict[str, Any] = json.loads(result.stdout)["requests"][-1]
    return found


def size_of(folder: Path, code: str) -> tuple[int, float, int | None]:
    size = scanned(folder, code)["estimate"]["input_tokens"]
    return size["low"], size["typical"], size["high"]


@pytest.mark.parametrize(
    ("given", "size"),
    [
        ("text: str", (0, 400, WINDOW)),
        ("texts", (0, 400, 300_000)),
    ],
    ids=["one text: the window", "any number of texts: the limits of a request"],
)
def test_a_parameter(tmp_path: Path, given: str, size: tuple[int, float, int]) -> None:
    name = given.split(":")[0]
    assert size_of(tmp_path, f"def run({given}):\n    {CALL}{name})\n") == size


def test_every_text_of_a_known_list_has_the_window_to_itself(tmp_path: Path) -> None:
    """Two texts of 6,001 tokens: more than a window together, and each fits."""
    found = scanned(tmp_path, f"LONG = 'hello ' * 6000\n{CALL}[LONG, LONG])\n")
    assert found["estimate"]["input_tokens"] == {"low": 12_002, "typical": 12_002, "high": 12_002}
    assert not any("will fail" in note for note in found["estimate"]["assumptions"])


def test_a_text_above_the_window_fails_wherever_it_stands(tmp_path: Path) -> None:
    found = scanned(tmp_path, f"{CALL}['short', 'hello ' * 9000])\n")
    assert (
        "an input has at least 9001 tokens, the model takes 8191: requests will fail"
        in (found["estimate"]["assumptions"])
    )


def test_a_slice_is_a_full_batch_of_windows(tmp_path: Path) -> None:
    loop = "def run(texts):\n    for i in range(0, len(texts), 10):\n"
    assert size_of(tmp_path, f"{loop}        {CALL}texts[i : i + 10])\n") == (0, 4_000, 10 * WINDOW)


def test_a_declared_size_is_that_of_all_texts_of_the_hole(tmp_path: Path) -> None:
    code = f"def run(texts):\n    {CALL}texts)  # guard: assume texts=9000\n"
    assert size_of(tmp_path, code) == (0, 9_000, 300_000)


def test_texts_beside_unknown_ones_count_once(tmp_path: Path) -> None:
    assert size_of(tmp_path, f"def run(texts):\n    {CALL}['hello', *texts])\n") == (1, 401, 300_000)


def test_azure_has_a_limit_on_the_number_alone(tmp_path: Path) -> None:
    head = "from openai import AzureOpenAI\nclient = AzureOpenAI(azure_endpoint='x', api_version='y')\n"
    found = scanned(tmp_path, f"def run(texts):\n    {CALL}texts)\n", head)
    assert found["estimate"]["input_tokens"]["high"] == 2048 * 8192


@pytest.mark.parametrize(
    ("head", "call"),
    [
        (
            "from langchain_openai import OpenAIEmbeddings\n",
            "OpenAIEmbeddings(model=MODEL).embed_documents(texts)",
        ),
        (
            "from openai import OpenAI\nclient = OpenAI(base_url='https://llm.example.com/v1')\n",
            "client.embeddings.create(model=MODEL, input=texts)",
        ),
    ],
    ids=["a library that cuts the list itself", "a server whose limits nobody told"],
)
def test_without_a_limit_there_is_no_worst_case(tmp_path: Path, head: str, call: str) -> None:
    found = scanned(tmp_path, f"MODEL = 'text-embedding-3-small'\ndef run(texts):\n    {call}\n", head)
    assert found["prompt"]["batch"]["inputs"]["high"] is None
    assert "inputs" in [unknown["what"] for unknown in found["unknown"]]
    assert found["estimate"]["usd"]["high"] is None
    assert any("the number of texts is not known" in reason for reason in found["estimate"]["why"])


def test_explain_says_how_many_texts_a_hole_stands_for(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(HEAD + f"def run(texts):\n    {CALL}texts[:20])\n    {CALL}texts)\n")
    for line, said in ((4, "up to 20 texts"), (5, "any number of texts")):
        result = CliRunner().invoke(main, ["explain", f"app.py:{line}", str(tmp_path)])
        assert said in result.stdout, result.output
