"""What the real loaders read in `loaders/sources` (recorded by `loaders/record.py`) is what guard reads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from guard.config.types import Config
from guard.facts.documents.read import collect
from guard.facts.documents.types import Facts
from guard.facts.link.gateways import DEFAULT_RETRIES, MAX_FALLBACKS
from guard.model import Request
from guard.run import scan

HERE = Path(__file__).parent / "loaders"
RECORDED: dict[str, Any] = json.loads((HERE / "recorded.json").read_text("utf-8"))


def facts(name: str) -> Facts:
    found = collect(name, (HERE / "sources" / name).read_bytes())
    assert found is not None
    return found


@pytest.fixture(scope="module")
def requests() -> list[Request]:
    return [priced.request for priced in scan(HERE / "sources", Config()).requests]


def test_a_router_has_the_groups_limits_and_fallbacks_that_guard_reads() -> None:
    real = RECORDED["litellm"]
    (gateway,) = facts("litellm.yaml").gateways
    groups: dict[str, list[list[Any]]] = {}
    for target in gateway.targets:
        limit = None if target.limit is None else target.limit.value
        groups.setdefault(target.alias, []).append([target.model.value, limit])
    assert groups == real["groups"]
    for ours, theirs in (("fallbacks", "fallbacks"), ("context_fallbacks", "context_window_fallbacks")):
        read = [{alias: [one.value for one in others]} for alias, others in getattr(gateway, ours)]
        assert read == real[theirs]


def test_a_router_without_settings_tries_as_often_as_guard_says() -> None:
    assert RECORDED["litellm"]["retries"] == DEFAULT_RETRIES
    assert RECORDED["litellm"]["max_fallbacks"] == MAX_FALLBACKS


@pytest.mark.parametrize("name", sorted(RECORDED["baml"]))
def test_a_baml_function_sends_what_guard_says(name: str, requests: list[Request]) -> None:
    real = RECORDED["baml"][name]
    (request,) = [r for r in requests if r.api == "baml.function" and r.sites[-1].qualname == name and r.after is None]
    assert [choice.value for choice in request.model.choices] == [real["model"]]
    assert [choice.value for choice in request.max_output.choices] == [real["max_tokens"]]
    assert [message.role for message in request.prompt.messages] == real["roles"]
    assert request.provider is not None
    assert request.provider in real["url"]


@pytest.mark.parametrize("name", sorted(RECORDED["prompty"]))
def test_a_prompty_file_is_what_guard_says(name: str, requests: list[Request]) -> None:
    real = RECORDED["prompty"][name]
    (request,) = [r for r in requests if r.sites[-1].span.path == f"prompts/{name}"]
    assert [choice.value for choice in request.model.choices] == [real["model"]]
    assert [choice.value for choice in request.max_output.choices] == [real["max_tokens"]]
    assert [message.role for message in request.prompt.messages] == real["roles"]
    temperatures = [s.value for s in facts(f"prompts/{name}").settings if s.what == "temperature"]
    assert temperatures == ([] if real["temperature"] is None else [real["temperature"]])
