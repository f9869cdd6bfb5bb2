"""Code that may send one of several texts: low is the shortest, high the longest; open ones: the window."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from guard.cli import main

HEAD = """import os
from openai import OpenAI
client = OpenAI()
LONG = "hello world " * 50
PROMPTS = {"a": "Short.", "b": LONG}

def send(text, **more):
    return client.chat.completions.create(
        model="gpt-4o-mini", max_tokens=5, messages=[{"role": "user", "content": text}], **more
    )

"""
WINDOW = 128_000


def scanned(folder: Path, code: str) -> dict[str, Any]:
    (folder / "app.py").write_text(HEAD + code)
    result = CliRunner().invoke(main, ["cost", str(folder), "--format", "json"])
    found: dict[str, Any] = json.loads(result.stdout)["requests"][-1]
    return found


@pytest.mark.parametrize(
    "code",
    [
        "def run():\n    for text in ['Short.', LONG]:\n        send(text)\n",
        "def run(k):\n    send(LONG if k else 'Short.')\n",
        "def run(k):\n    send(PROMPTS[k])\n",
    ],
    ids=["loop", "conditional", "dict"],
)
def test_low_is_the_shortest_text_and_high_the_longest(tmp_path: Path, code: str) -> None:
    size = scanned(tmp_path, code)["estimate"]["input_tokens"]
    assert size["low"] == 9, "two tokens of text and seven of framing"
    assert size["high"] == 108, "101 tokens of text and seven of framing"


def test_where_a_loop_sends_every_text_typical_is_their_mean(tmp_path: Path) -> None:
    found = scanned(tmp_path, "def run():\n    for text in ['Short.', 'Short.', LONG]:\n        send(text)\n")
    assert found["estimate"]["input_tokens"]["typical"] == (9 + 9 + 108) / 3
    assert (
        "a loop or batch sends 2 prompts of 9 to 108 tokens: typical is their mean" in found["estimate"]["assumptions"]
    )


def test_where_a_condition_decides_typical_is_the_first(tmp_path: Path) -> None:
    size = scanned(tmp_path, "def run(k):\n    send(LONG if k else 'Short.')\n")["estimate"]["input_tokens"]
    assert size["typical"] == 108


def test_of_a_part_of_a_known_list_low_has_none_of_its_texts_and_high_all(tmp_path: Path) -> None:
    code = "def run(n):\n    client.embeddings.create(model='text-embedding-3-small', input=[LONG, 'Short.'][:n])"
    size = scanned(tmp_path, code)["estimate"]["input_tokens"]
    assert (size["low"], size["high"]) == (0, 103)


def test_a_text_that_the_environment_may_replace_is_bounded_by_the_window_alone(tmp_path: Path) -> None:
    size = scanned(tmp_path, "def run():\n    send(os.environ.get('TEXT', 'Short.'))\n")["estimate"]["input_tokens"]
    assert (size["typical"], size["high"]) == (9, WINDOW)


def test_an_unknown_schema_of_the_answer_is_a_hole(tmp_path: Path) -> None:
    found = scanned(tmp_path, "def run(schema):\n    send('Short.', response_format=schema)\n")
    assert found["estimate"]["input_tokens"]["high"] == WINDOW
    assert any(line.startswith("schema: 400 tokens") for line in found["estimate"]["assumptions"])


LANGCHAIN = "from langchain_openai import ChatOpenAI\nllm = ChatOpenAI(model='gpt-4o-mini', max_tokens=5)\n"
LITELLM = "import litellm\ndef user(text):\n    return [{'role': 'user', 'content': text}]\n"
ANTHROPIC = """import anthropic
def one(text):
    params = {"model": "claude-sonnet-4-5", "max_tokens": 5, "messages": [{"role": "user", "content": text}]}
    return {"custom_id": "a", "params": params}
"""


@pytest.mark.parametrize(
    ("head", "call"),
    [
        (LANGCHAIN, "llm.batch([{}])"),
        (LITELLM, "litellm.batch_completion(model='gpt-4o-mini', max_tokens=5, messages=[user({})])"),
        (ANTHROPIC, "anthropic.Anthropic().messages.batches.create(requests=[one({})])"),
    ],
    ids=["langchain", "litellm", "anthropic"],
)
def test_a_batch_sends_each_of_its_prompts_once(tmp_path: Path, head: str, call: str) -> None:
    """A run costs what the prompts cost one by one."""
    before, _, after = call.partition("[")
    element = after.removesuffix(")").removesuffix("]")

    def priced(*texts: str) -> dict[str, Any]:
        elements = ", ".join(element.replace("{}", text) for text in texts)
        (tmp_path / "app.py").write_text(head + f"LONG = 'hello world ' * 50\n{before}[{elements}])\n")
        result = CliRunner().invoke(main, ["cost", str(tmp_path), "--format", "json"])
        (found,) = json.loads(result.stdout)["requests"]
        return dict(found["estimate"], repeats=found["repeats"])

    short, long, both = priced("'Short.'"), priced("LONG"), priced("'Short.'", "LONG")
    assert (short["repeats"]["high"], both["repeats"]["high"]) == (1, 2), "a request for each prompt"
    for side, one in (("low", short), ("high", long)):
        assert both["input_tokens"][side] == one["input_tokens"][side]
    assert float(both["usd_per_run"]["typical"]) == pytest.approx(
        float(short["usd"]["typical"]) + float(long["usd"]["typical"]), rel=0.001
    )


def test_what_only_one_request_of_a_batch_sends_is_not_mixed_with_the_others(tmp_path: Path) -> None:
    """Two prompts: with a system text, and without."""
    code = """import anthropic
def one(text, **more):
    messages = [{"role": "user", "content": text}]
    return {"custom_id": "a", "params": {"model": "claude-sonnet-4-5", "max_tokens": 5, "messages": messages, **more}}
requests = [one("First."), one("Second, and longer than the first.", system="You are a teacher."), one("Third.")]
anthropic.Anthropic().messages.batches.create(requests=requests)
"""
    (tmp_path / "app.py").write_text(code)
    result = CliRunner().invoke(main, ["cost", str(tmp_path), "--format", "json"])
    (found,) = json.loads(result.stdout)["requests"]
    (note,) = [note for note in found["estimate"]["assumptions"] if "prompts" in note]
    assert note.startswith("a loop or batch sends 3 prompts of ")


def test_requests_of_a_batch_with_other_models_or_limits_are_priced_by_themselves(tmp_path: Path) -> None:
    """The sum is that of three calls: neither the first prompt nor the dearest model stands for the others."""
    each = [("claude-opus-4-5", 100, "'Short.'"), ("claude-haiku-4-5", 1000, "LONG"), ("claude-haiku-4-5", 1000, "'B'")]
    head = """import anthropic
LONG = "hello world " * 50
def one(model, limit, text):
    params = {"model": model, "max_tokens": limit, "messages": [{"role": "user", "content": text}]}
    return {"custom_id": "a", "params": params}
def send(requests):
    anthropic.Anthropic().messages.batches.create(requests=requests)
"""

    def run(*elements: tuple[str, int, str]) -> dict[str, float]:
        shown = ", ".join(f"one({model!r}, {limit}, {text})" for model, limit, text in elements)
        (tmp_path / "app.py").write_text(f"{head}send([{shown}])\n")
        result = CliRunner().invoke(main, ["cost", str(tmp_path), "--format", "json"])
        found = [request["estimate"]["usd_per_run"] for request in json.loads(result.stdout)["requests"]]
        return {side: sum(float(usd[side]) for usd in found) for side in ("low", "typical", "high")}

    alone = [run(one) for one in each]
    together = run(*each)
    assert together["typical"] == pytest.approx(sum(usd["typical"] for usd in alone), rel=0.001)
    assert together["low"] <= sum(usd["low"] for usd in alone)
    assert together["high"] >= sum(usd["high"] for usd in alone)
    assert run(*each[:2]) == pytest.approx({side: alone[0][side] + alone[1][side] for side in together}, rel=0.001)
