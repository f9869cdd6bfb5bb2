"""A user's own calls: `calls` of guard.yaml in the form of the catalogue, and what is wrong with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from guard.config.call_schema import (
    BILLED,
    COUNTS,
    FORMS,
    HOWS,
    MEANINGS,
    OPERATIONS,
    argument_keys,
    user_call,
)
from guard.config.issues import ConfigError
from guard.config.load import load as load_config
from guard.facts.catalog_args import ARG_KEYS
from guard.facts.catalog_load import USER_CALL_KEYS
from guard.facts.catalog_types import ROLES, ArgHow, Form
from guard.facts.registry import Catalog, load
from guard.facts.releases import Counts
from guard.model import Billed, Operation
from guard.run import scan


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load()


def taught(folder: Path, entry: str) -> Catalog:
    """The shipped catalogue and one entry under `calls`, written at line 3."""
    (folder / "guard.yaml").write_text(f"version: 1\ncalls:\n  - {entry}\n", encoding="utf-8")
    config = load_config(folder)
    return load().with_calls(config.calls, config.prefix)


def test_the_words_of_the_schema_are_those_of_the_catalogue() -> None:
    from typing import get_args

    assert tuple(MEANINGS) == ROLES
    assert tuple(HOWS) == get_args(ArgHow)
    assert tuple(COUNTS) == get_args(Counts)
    assert tuple(FORMS) == get_args(Form)
    assert tuple(OPERATIONS) == get_args(Operation)
    assert tuple(BILLED) == get_args(Billed)
    assert argument_keys().keys() == ARG_KEYS
    assert user_call("")["properties"].keys() == USER_CALL_KEYS | set(ROLES) | {"prompt"}


def test_an_entry_is_one_of_the_catalogue(tmp_path: Path, catalog: Catalog) -> None:
    found = taught(tmp_path, "{call: acme.llm.ask, provider: openai, model: {arg: model, pos: 1}, input: text}")
    (resolved,) = found.resolve("acme.llm.ask")
    assert (resolved.call.provider, resolved.call.operation) == ("openai", "chat")
    assert resolved.call.roles["model"].pos == 1
    assert resolved.call.layers == (), "nothing is said of attempts"
    assert catalog.resolve("acme.llm.ask") == (), "the shipped catalogue stays as it is"


def test_prompt_means_input_and_takes_text_or_messages_unless_told(tmp_path: Path) -> None:
    for entry, form in (("prompt: text", "prompt"), ("prompt: {arg: text, form: messages}", "messages")):
        found = taught(tmp_path, f"{{call: [acme.ask, acme.aask], {entry}}}")
        for name in ("acme.ask", "acme.aask"):
            assert found.calls_by_name[name].roles["input"].form("text") == form


def test_an_own_call_replaces_a_shipped_one(tmp_path: Path) -> None:
    for name in ("litellm.completion", "ollama.chat"):
        found = taught(tmp_path, f"{{call: {name}, model: deployment}}")
        assert found.resolve(name)[0].call.roles["model"].names == ("deployment",)


def test_a_class_of_a_known_family_keeps_its_other_methods(tmp_path: Path) -> None:
    found = taught(tmp_path, "{call: langchain_acme.ChatAcme.ask, model: self.model}")
    assert found.resolve("langchain_acme.ChatAcme().ask")[0].call.api == "langchain_acme.ChatAcme.ask"
    assert found.resolve("langchain_acme.ChatAcme().invoke")


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("{}", "guard.yaml:3:5: calls[0] has no 'call'; add call: acme.llm.ask"),
        ("acme.ask", "guard.yaml:3:5: calls[0] must be a mapping, found 'acme.ask'"),
        ("{call: acme.ask, promt: text}", "guard.yaml:3:22: unknown key 'promt' in calls[0]; did you mean 'prompt'?"),
        ("{call: acme.ask, model: {args: a}}",
         "guard.yaml:3:30: unknown key 'args' in calls[0].model; did you mean 'arg'?"),
        ("{call: 3}", "guard.yaml:3:12: calls[0].call must be the full name of a function"),
        ("{call: ask}", "guard.yaml:3:12: calls[0].call must be the full name of a function"),
        ("{call: acme.ask, provider: 3}", "guard.yaml:3:32: calls[0].provider must be text, found 3"),
        ("{call: acme.ask, paths: [a]}", "guard.yaml:3:22: unknown key 'paths' in calls[0]"),
        ("{call: acme.ask, operation: caht}", "must be one of chat, "),
        ("{call: acme.ask, operation: caht}", "did you mean 'chat'?"),
        ("{call: acme.ask, model: {arg: a, how: needed}}", "guard.yaml:3:43: calls[0].model.how must be one of"),
        ("{call: acme.ask, attempts: [3]}", "guard.yaml:3:33: calls[0].attempts[0] must be a mapping, found 3"),
        ("{call: acme.ask, model: 3}", "guard.yaml:3:29: calls[0].model must be the name of an argument"),
        # What only the rules of the catalogue tell.
        ("{call: acme.ask, turns: import os}", "guard.yaml:3:22: calls[0].turns: `import os` is no formula"),
        ("{call: acme.ask, attempts: 1 + retries}", "guard.yaml:3:22: calls[0].attempts: `retries` is no role"),
        ("{call: acme.ask, model: {arg: a, how: default}}",
         "guard.yaml:3:22: calls[0].model: `default` and `how: default` belong together"),
        ("{call: acme.ask, max_retries: {arg: [a, b], counts: [retries]}}",
         "guard.yaml:3:49: calls[0].max_retries.counts: expected one of retries, attempts"),
        ("{call: acme.ask, prompt: a, input: b}",
         "guard.yaml:3:22: calls[0].prompt: `prompt` and `input` are the same"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, entry: str, expected: str) -> None:
    with pytest.raises(ConfigError) as raised:
        taught(tmp_path, entry)
    assert expected in str(raised.value)


def test_every_wrong_entry_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as raised:
        taught(tmp_path, "{call: acme.a, turns: 1 +}\n  - {call: acme.b, turns: x}")
    assert [(issue.line, issue.column) for issue in raised.value.errors] == [(3, 20), (4, 20)]


def test_a_call_that_no_code_makes_is_a_problem_with_a_place(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("import acme\nacme.ask('hi')\n")
    (tmp_path / "guard.yaml").write_text("version: 1\ncalls:\n  - {call: acme.aks}\n")
    (problem,) = scan(tmp_path, load_config(tmp_path)).problems
    assert (problem.path, problem.line, problem.kind) == ("guard.yaml", 3, "call-not-found")
    assert "`acme.aks` is declared, and no code that guard can see calls it" in problem.message


def test_below_the_configuration_unused_calls_and_other_folders_do_not_matter(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "gate.py").write_text("def ask(text): ...\n\n\nask('hi')\n")
    (tmp_path / "guard.yaml").write_text("version: 1\ncalls:\n  - {call: acme.ask}\n  - {call: 'a/gate.py::ask'}\n")
    report = scan(tmp_path / "a", load_config(tmp_path / "a"))
    assert report.problems == ()
    assert [(r.request.api, r.request.sites[0].span.line) for r in report.requests] == [("a/gate.py::ask", 4)]
