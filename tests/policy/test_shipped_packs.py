"""The packs that come with guard: they load, only warn, and say what each of their policies is for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from guard.config.build import policies
from guard.config.load import load as load_config
from guard.config.packs import shipped, shipped_pack
from guard.policy.decide import decide
from guard.policy.examples import CONTEXT
from guard.policy.load import load
from guard.policy.registry import checks
from guard.run import scan

ROOT = Path(__file__).parents[2]
NAMES = ["guard:finops", "guard:recommended", "guard:reliability", "guard:strict"]
ITEMS = [case.priced for check in checks().values() for case in (*check.bad, *check.good, *check.unsure)]


def test_these_packs_are_shipped() -> None:
    assert sorted(shipped()) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_pack_warns_and_leaves_tests_alone(name: str) -> None:
    loaded = load(policies([shipped_pack(name)]))
    assert loaded
    for policy in loaded:
        assert policy.spec.enforce == "warn", policy.spec.id
        assert policy.asking is None or policy.spec.severity, policy.spec.id
        subject = "request" if policy.asking is None else policy.asking.subject
        assert "test" in policy.spec.skip_stages or subject != "request" or "stage" in str(policy.spec.deny), (
            policy.spec.id
        )


@pytest.mark.parametrize("name", NAMES)
def test_every_policy_of_a_pack_has_a_remark_before_it_or_is_a_check(name: str) -> None:
    text = shipped()[name].read_text("utf-8")
    for found in re.finditer(r"^  - id: (\S+)\n    (deny|check):", text, re.MULTILINE):
        before = text[: found.start()].rstrip("\n").split("\n")[-1].strip()
        assert found[2] == "check" or before.startswith("#") or "message:" in text[found.end() :].split("- id:")[0], (
            found[1]
        )


def test_all_packs_together_hold(tmp_path: Path) -> None:
    (tmp_path / "guard.yaml").write_text(f"version: 1\nextends: [{', '.join(reversed(NAMES))}]\n")
    config = load_config(tmp_path)
    found = decide(load(config.policies), ITEMS, CONTEXT, "", config)
    assert {finding.policy for finding in found} >= {"attempts-bounded", "retries-stop"}


def test_packs_are_described_for_users() -> None:
    guide = (ROOT / "docs" / "policies.md").read_text("utf-8")
    for name in NAMES:
        assert f"`{name}`" in guide
        for policy in load(policies([shipped_pack(name)])):
            assert f"`{policy.spec.id}`" in guide, (name, policy.spec.id)


def openai(arguments: str, client: str = "OpenAI(max_retries=1)", before: str = "", head: str = "def ask(q):") -> str:
    call = f"client.chat.completions.create(messages=[{{'role': 'user', 'content': 'hi'}}], {arguments})"
    return f"import os\nfrom openai import OpenAI\n{before}\nclient = {client}\n\n{head}\n    return {call}\n"


TENACITY = "from tenacity import retry, stop_after_attempt\n"
CLAUDE = """\
from anthropic import Anthropic
client = Anthropic()
SYSTEM = "You are a careful reader of contracts. " * 600

def ask(questions):
    for question in questions:
        client.messages.create(model="claude-sonnet-4-5", max_tokens=100, system=SYSTEM_,
                               messages=[{"role": "user", "content": question}])
"""
CACHED = '[{"type": "text", "text": SYSTEM, "cache_control": {"type": "ephemeral"}}]'
MINI = "model='gpt-4o-mini', max_tokens=100"
# Policy -> code that it denies, and code that it lets pass.
CASES = {
    "model-fixed": (openai("model=os.environ['M'], max_tokens=9"), openai(MINI)),
    "price-bounded": (
        openai(MINI, before=TENACITY, head="@retry\ndef ask(q):"),
        openai(MINI, before=TENACITY, head="@retry(stop=stop_after_attempt(2))\ndef ask(q):"),
    ),
    "attempts-of-a-dear-call": (
        openai("model='gpt-4', max_tokens=8000", "OpenAI(max_retries=9)"),
        openai("model='gpt-4', max_tokens=8000"),
    ),
    "dear-call": (openai("model='o1-pro', max_tokens=90000"), openai(MINI)),
    "dear-run": (
        openai("model='gpt-4', max_tokens=8000").replace("return", "for _ in range(900):\n       "),
        openai(MINI),
    ),
    "most-has-a-price": (openai("model='my-own-1', max_tokens=9"), openai(MINI)),
    "prompt-cached": (CLAUDE.replace("SYSTEM_", "SYSTEM"), CLAUDE.replace("SYSTEM_", CACHED)),
    "one-answer": (openai(f"{MINI}, n=4"), openai(MINI)),
    "retries-stop": (
        openai(MINI, before=TENACITY, head="@retry\ndef ask(q):"),
        openai(MINI, before=TENACITY, head="@retry(stop=stop_after_attempt(3))\ndef ask(q):"),
    ),
    "tries-again": (openai(MINI, "OpenAI(max_retries=0)"), openai(MINI)),
    "model-pinned": (openai("model='chatgpt-4o-latest', max_tokens=9"), openai(MINI)),
    "room-to-answer": (
        openai("model='o3-mini', max_completion_tokens=9, reasoning_effort='low'"),
        openai("model='o3-mini', max_completion_tokens=900, reasoning_effort='low'"),
    ),
}


def _denied(folder: Path, policy: str, code: str) -> bool:
    (folder / "ask.py").write_text(code)
    (folder / "guard.yaml").write_text(f"version: 1\nextends: [{', '.join(NAMES)}]\n")
    report = scan(folder, load_config(folder))
    assert report.requests
    return policy in {one.policy for one in report.findings if one.verdict == "violated"}


@pytest.mark.parametrize("policy", CASES)
def test_a_policy_of_a_pack_tells_bad_code_from_good(tmp_path: Path, policy: str) -> None:
    bad, good = CASES[policy]
    assert _denied(tmp_path, policy, bad)
    assert not _denied(tmp_path, policy, good)
