"""Every decorator, registration and base class of the catalogue makes an entry point of its kind.

Each has a program of its own, which is a file of one tree, so that one scan answers for all.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from entry_programs import imported

from guard.config.types import Config
from guard.facts.catalog_types import Arg
from guard.facts.entry_catalog import Entry
from guard.facts.registry import load
from guard.model import Reach
from guard.run import scan

SEND = 'OpenAI().chat.completions.create(model="gpt-4o", messages=[])'
PATH = "/probe"
Program = tuple[str, str, Entry]
"""The chain, the text of the file, and the entry of the catalogue."""


def programs() -> Iterator[Program]:
    entries = load().entries
    for chain, entry in entries.decorators.items():
        imports, made = _made(chain)
        given = _arguments(entry, None) if entry.path is not None or entry.methods is not None else None
        mark = f"@{made}({given})" if given is not None else f"@{made}"
        yield chain, "\n".join([*imports, mark, "def probe(a, b):", f"    {SEND}"]) + "\n", entry
    for chain, entry in entries.calls.items():
        imports, made = _made(chain)
        body = ["def probe(a, b):", f"    {SEND}"]
        name = "probe"
        if entry.class_methods and "*" not in entry.class_methods:
            body, name = (
                ["class Probe:", f"    def {next(iter(entry.class_methods))}(self, a):", f"        {SEND}"],
                "Probe",
            )
        yield chain, "\n".join([*imports, *body, f"{made}({_arguments(entry, name)})"]) + "\n", entry
    for chain, entry in entries.bases.items():
        imports, made = _made(chain)
        method = next(iter(entry.class_methods))
        yield (
            chain,
            "\n".join([*imports, f"class Probe({made}):", f"    def {method}(self, a):", f"        {SEND}"]) + "\n",
            entry,
        )
    for module, entry in entries.modules.items():
        yield module, "\n".join([f"import {module}", "from openai import OpenAI", SEND]) + "\n", entry


def _made(chain: str) -> tuple[list[str], str]:
    head, *rest = chain.split("()")
    imports, callee = imported(head)
    return ["from openai import OpenAI", *imports], "()".join([callee, *rest])


def _arguments(entry: Entry, function: str | None) -> str:
    """Path and function where the entry takes them, by position where it has one."""
    values: dict[int | str, str] = {}

    def put(arg: Arg | None, value: str) -> None:
        if arg is not None and arg.names:
            values[arg.pos if arg.pos is not None else arg.names[0]] = value

    put(entry.path, repr(PATH))
    if entry.methods is not None and entry.methods.pos is not None:
        put(entry.methods, "['POST']")
    if function is not None:
        put(entry.function, function)
    last = max((key for key in values if isinstance(key, int)), default=-1)
    positional = [values.get(n, "None") for n in range(last + 1)]
    return ", ".join([*positional, *(f"{k}={v}" for k, v in values.items() if isinstance(k, str))])


PROGRAMS = list(programs())


@pytest.fixture(scope="module")
def reached(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Reach, ...]]:
    root = tmp_path_factory.mktemp("entries")
    for number, (_, text, _) in enumerate(PROGRAMS):
        (root / f"p{number}.py").write_text(text, encoding="utf-8")
    report = scan(root, Config(), today=date(2026, 6, 1))
    assert not report.problems
    return {p.request.sites[-1].span.path: p.request.reached_from for p in report.requests}


@pytest.mark.parametrize("number", range(len(PROGRAMS)), ids=[chain for chain, _, _ in PROGRAMS])
def test_entry_point_is_found(number: int, reached: dict[str, tuple[Reach, ...]]) -> None:
    _, text, entry = PROGRAMS[number]
    (found,) = reached[f"p{number}.py"]
    assert found.kind == entry.kind, text
    if entry.path is not None and entry.path.names and entry.kind == "route" and not entry.class_methods:
        assert any(alias.endswith(PATH) for alias in found.aliases), text
