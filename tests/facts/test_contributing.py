"""CONTRIBUTING.md shows how to add an SDK: its example is a part of the real catalogue, and works by itself."""

from __future__ import annotations

import re
from pathlib import Path

from guard.facts.catalog_index import build, parse, read_documents
from guard.facts.link.project import Project
from guard.facts.link.requests import Linker
from guard.sources.walk import listing

REPOSITORY = Path(__file__).resolve().parents[2]
SECTION = re.search(
    r"^## Add an SDK in ten lines\n(.*?)^## ", (REPOSITORY / "CONTRIBUTING.md").read_text(), re.DOTALL | re.MULTILINE
)


def block(language: str) -> str:
    """The one block of a language in the section."""
    assert SECTION is not None
    (text,) = re.findall(rf"```{language}\n(.*?)```", SECTION[1], re.DOTALL)
    assert isinstance(text, str)
    return text


def test_the_example_is_a_part_of_the_catalogue() -> None:
    shown = parse(block("yaml").encode())
    (real,) = [document for name, document in read_documents() if name == "more.yaml"]
    assert shown["family"] == real["family"] and set(shown["packages"]) <= set(real["packages"])
    for part in ("clients", "calls"):
        for entry in shown[part]:
            assert entry in real[part], f"copy the entry as it stands in more.yaml: {entry}"


def test_the_example_alone_finds_the_request_of_the_program(tmp_path: Path) -> None:
    program = block("python")
    (tmp_path / "app.py").write_text(program, encoding="utf-8")
    catalog = build([("more.yaml", parse(block("yaml").encode()))])
    (request,) = Linker(Project(tmp_path, listing(tmp_path, ()), catalog)).requests()
    assert (request.api, request.provider, request.operation) == ("ollama.chat", "ollama", "chat")
    assert request.sites[-1].span.line == program.splitlines().index('client = Client(host="http://gpu-1:11434")') + 2
    assert [choice.value for choice in request.model.choices] == ["llama3.1"] and not request.model.open
    assert [choice.value for choice in request.max_output.choices] == [200]
    assert [segment.text for message in request.prompt.messages for segment in message.segments] == [
        "Name three rivers."
    ]
    assert request.attempts.high == 1
