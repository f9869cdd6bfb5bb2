"""What `guard prompts` shows: the templates of files and the texts in code, their length, and who sends them."""

# ruff: noqa: E501 - templates stand on one line each

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from guard.cli import main
from guard.estimate.encodings import count_exact

FILES = {
    "app.py": """
from pathlib import Path

from jinja2 import Environment, FileSystemLoader
from openai import OpenAI

env = Environment(loader=FileSystemLoader("prompts"))


def answer(question):
    text = env.get_template("answer.j2").render(question=question)
    return OpenAI().chat.completions.create(
        model="gpt-4o",
        messages=[
            {"role": "system", "content": "You answer in one short sentence, in the language of the question."},
            {"role": "user", "content": text},
        ],
    )


def summary(text):
    rules = Path("rules.txt").read_text()
    return OpenAI().responses.create(model="gpt-4o", instructions=rules, input=text)
""",
    "prompts/answer.j2": "{% include 'part.j2' %}\nQuestion: {{ question | trim }}\n{% for d in docs %}<{{ d.title }}>{% endfor %}",
    "prompts/part.j2": "Be kind and say where you know it from.\n",
    "prompts/unused.md": "---\nname: unused\n---\nSum up {{text}} in three points.\n",
    "prompts/many.yaml": "model: gpt-4o\nprompts:\n  system: |\n    You are a clerk who files {thing} away.\n  other: short\n",
    "prompts/chat.prompty": "---\nname: c\nmodel:\n  id: gpt-4o\n---\nsystem:\nSpeak plainly to {{name}}.\n",
    "rules.txt": "Write at most two sentences, please.",
    "README.md": "A prompt is a text.",
    "deploy/app.py.j2": "print('{{ name }}')",
}


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


def run(folder: Path, *options: str) -> str:
    found = CliRunner().invoke(main, ["prompts", str(folder), *options])
    assert found.exit_code == 0, found.output
    return found.output


def rows(folder: Path, *options: str) -> dict[str, dict[str, Any]]:
    data = json.loads(run(folder, "--format", "json", *options))
    return {f"{row['path']}:{row['line']}": row for row in data["prompts"]}


def test_templates_in_files_and_texts_in_code_are_listed_and_nothing_else(shop: Path) -> None:
    assert set(rows(shop)) == {
        "app.py:15", "prompts/answer.j2:1", "prompts/part.j2:1", "prompts/unused.md:4", "prompts/many.yaml:3",
        "prompts/chat.prompty:6", "rules.txt:1",
    }  # fmt: skip


def test_places_templates_and_languages(shop: Path) -> None:
    found = rows(shop)
    answer = found["prompts/answer.j2:1"]
    assert (answer["language"], answer["places"], answer["templates"]) == ("jinja", ["question", "docs"], ["part.j2"])
    assert found["prompts/unused.md:4"]["places"] == ["text"]
    many = found["prompts/many.yaml:3"]
    assert (many["language"], many["places"], many["key"]) == ("format", ["thing"], "prompts.system")
    assert found["app.py:15"]["language"] == "code"


def test_requests_that_send_a_template_are_named(shop: Path) -> None:
    found = rows(shop)
    lines = {name: [sender["line"] for sender in row["requests"]] for name, row in found.items()}
    assert lines["prompts/answer.j2:1"] == lines["prompts/part.j2:1"] == lines["app.py:15"] == [12]
    assert lines["rules.txt:1"] == [23]
    assert lines["prompts/unused.md:4"] == []


def test_tokens_are_those_of_the_text(shop: Path) -> None:
    found = rows(shop)["rules.txt:1"]["tokens"]
    assert found == {name: count_exact(FILES["rules.txt"], name) for name in ("o200k_base", "cl100k_base")}


def test_text_is_shown_only_when_asked_for(shop: Path) -> None:
    assert "two sentences" not in run(shop) + run(shop, "--format", "json")
    assert "two sentences" in run(shop, "--show-prompts")
    assert rows(shop, "--show-prompts")["rules.txt:1"]["text"] == FILES["rules.txt"]


def test_the_table_names_files_figures_and_what_nothing_sends(shop: Path) -> None:
    shown = run(shop, "--width", "120")
    assert "prompts/answer.j2\n" in shown
    assert "jinja; fills question, docs; with part.j2" in shown
    assert "are sent by no request that guard sees." in shown


def test_prompts_that_are_nearly_the_same_are_told(tmp_path: Path) -> None:
    words = [f"word{number}" for number in range(60)]
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts/a.md").write_text(" ".join(words))
    (tmp_path / "prompts/b.md").write_text(" ".join([*words[:58], "another", "end"]))
    (tmp_path / "prompts/c.md").write_text(" ".join(reversed(words)))
    found = rows(tmp_path)
    assert [like["path"] for like in found["prompts/a.md:1"]["like"]] == ["prompts/b.md"]
    assert found["prompts/c.md:1"]["like"] == []
    assert "prompts/a.md:1 and prompts/b.md:1 share" in run(tmp_path)


def test_a_folder_without_prompts(tmp_path: Path) -> None:
    assert run(tmp_path) == "No prompts were found: no template in a file, and no text that a request sends.\n"


def test_a_template_that_cannot_be_read_says_why_and_keeps_its_text(tmp_path: Path) -> None:
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts/bad.j2").write_text("{% if x %}never closed")
    row = rows(tmp_path)["prompts/bad.j2:1"]
    assert "line 1" in row["problem"]
    assert row["tokens"]["o200k_base"] > 0
