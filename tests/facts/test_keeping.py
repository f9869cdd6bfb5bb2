"""Linking with what an earlier run kept says the same as linking anew, after every kind of edit; and does less."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from guard.cache.plain import Plain
from guard.facts.link.keeping import Kept
from guard.facts.link.project import Project
from guard.facts.link.requests import Linker
from guard.facts.registry import load
from guard.sources.walk import listing

FILES = {
    "settings.py": 'import os\nMODEL = os.getenv("MODEL", "gpt-4o")\nLIMIT = 300\n',
    "llm.py": (
        "from openai import OpenAI\nfrom settings import LIMIT, MODEL\nclient = OpenAI(max_retries=3)\n\n\n"
        "def ask(text, model=MODEL):\n"
        "    return client.chat.completions.create(\n"
        '        model=model, max_tokens=LIMIT, messages=[{"role": "user", "content": text}]\n    )\n'
    ),
    "jobs.py": (
        "from llm import ask\n\n\ndef nightly(rows):\n    for row in range(20):\n"
        '        try:\n            ask("Summarise.")\n'
        '        except ValueError:\n            ask("Again.", "gpt-4o-mini")\n'
    ),
    "web.py": 'from llm import ask\n\n\ndef handler(body):\n    return ask(open("prompt.txt").read())\n',
    "other.py": (
        "import anthropic\n\n\ndef other(deep):\n    client = anthropic.Anthropic()\n    if deep:\n"
        '        return client.messages.create(model="claude-opus-4-1", max_tokens=50, messages=[])\n'
        '    return client.messages.create(model="claude-haiku-4-5", max_tokens=50, messages=[])\n'
    ),
    "crew.py": (
        "from crewai import Agent, Crew, Task\n\n"
        'writer = Agent(role="writer", goal="write", backstory="", llm="gpt-4o")\n'
        'idle = Agent(role="idle", goal="wait", backstory="", llm="gpt-4o-mini")\n'
        'task = Task(description="Write.", expected_output="text", agent=writer)\n'
        "Crew(agents=[writer], tasks=[task]).kickoff()\n"
    ),
    "plain.py": "# guard: ignore[x] nothing here\ndef nothing():\n    return 1\n",
    "later.py": "writer = None\n",
    "waiting.py": 'import openai\nfrom later import writer\n\nwriter.run_sync("Write.")\n',
    "prompt.txt": "Answer in one sentence.\n",
    ".env": "MODEL=gpt-4.1\n",
    "requirements.txt": "openai==1.50.0\n",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def _linked(root: Path, kept: Kept | None = None) -> tuple[Linker, tuple[Any, ...]]:
    """A run, and all that a report takes from it."""
    project = Project(root, listing(root), load())
    linker = Linker(project, kept=kept)
    requests = linker.requests()
    looked = [(facts.path, facts.lines, facts.comments, facts.cells) for facts in project.parsed()]
    return linker, (requests, project.problems, looked)


def _kept(linker: Linker) -> Kept:
    """What a run keeps, as the next one reads it."""
    found = Plain(Kept).loads(Plain(Kept).dumps(linker.questions.to_keep()))
    assert found is not None
    return found


def _relinked(linker: Linker) -> set[str]:
    return {key.removeprefix("file ") for key in linker.questions.made if key.startswith("file ")}


def _edit(name: str, old: str, new: str) -> Callable[[Path], object]:
    def edit(root: Path) -> None:
        text = (root / name).read_text()
        assert old in text
        (root / name).write_text(text.replace(old, new, 1))

    return edit


EDITS: dict[str, Callable[[Path], object]] = {
    "a default in settings": _edit("settings.py", '"gpt-4o"', '"gpt-4o-mini"'),
    "a limit": _edit("settings.py", "300", "500"),
    "retries of the client": _edit("llm.py", "max_retries=3", "max_retries=9"),
    "turns of a loop": _edit("jobs.py", "range(20)", "range(30)"),
    "a handler becomes a plain block": _edit("jobs.py", "except ValueError", "finally"),
    "a line above all others": _edit("llm.py", "from openai", "# a comment\nfrom openai"),
    "a function is renamed": _edit("llm.py", "def ask", "def asks"),
    "the prompt's file": _edit("prompt.txt", "one", "two"),
    "the prompt's file is gone": lambda root: (root / "prompt.txt").unlink(),
    "a variable of .env": _edit(".env", "gpt-4.1", "gpt-4.1-mini"),
    "another release": _edit("requirements.txt", "1.50.0", "0.28.0"),
    "a branch loses its test": _edit("other.py", "if deep", "if True"),
    "an agent is used": _edit("crew.py", "agent=writer", "agent=idle"),
    "a syntax error": _edit("jobs.py", "def nightly", "def (nightly"),
    "a comment of guard": _edit("plain.py", "ignore[x]", "ignore[y]"),
    "a file is gone": lambda root: (root / "settings.py").unlink(),
    "a caller is gone": lambda root: (root / "jobs.py").unlink(),
    "a new caller": lambda root: (root / "more.py").write_text('from llm import ask\nask("More.", "gpt-4.1")\n'),
    "a library comes into use whose method a call names": lambda root: (root / "later.py").write_text(
        "from pydantic_ai import Agent\n\nwriter = Agent('openai:gpt-4.1-nano')\n"
    ),
    "a new module of the same name": lambda root: [
        (root / "pkg").mkdir(),
        (root / "pkg/settings.py").write_text('MODEL = "o3"\nLIMIT = 1\n'),
        (root / "pkg/llm.py").write_text((root / "llm.py").read_text()),
    ],
    "a file that changes a module's variable": lambda root: (root / "set.py").write_text(
        'import settings\nsettings.MODEL = "gpt-5"\n'
    ),
    "a file that makes a task of a function": lambda root: (root / "tasks.py").write_text(
        "from celery import shared_task\nfrom llm import ask\n\n\n@shared_task\ndef task():\n    ask('Task.')\n"
    ),
}


@pytest.mark.parametrize("name", EDITS)
def test_after_an_edit_the_same_is_found_as_without_what_was_kept(root: Path, name: str) -> None:
    kept = _kept(_linked(root)[0])
    EDITS[name](root)

    linker, found = _linked(root, kept)

    assert found == _linked(root)[1]
    assert _linked(root, _kept(linker))[1] == found


@pytest.mark.parametrize("seed", range(6))
def test_after_edit_upon_edit_the_same_is_found(root: Path, seed: int) -> None:
    edits = list(EDITS.values())
    random.Random(seed).shuffle(edits)
    kept = _kept(_linked(root)[0])
    for edit in edits[:8]:
        try:
            edit(root)
        except (AssertionError, OSError):  # what it changes is gone
            continue
        linker, found = _linked(root, kept)
        assert found == _linked(root)[1]
        kept = _kept(linker)


def test_a_call_is_looked_at_again_once_its_library_is_imported(root: Path) -> None:
    before, (found, *_) = _linked(root)
    assert not any(r.api.startswith("pydantic_ai") for r in found)
    EDITS["a library comes into use whose method a call names"](root)

    linker, (found, *_) = _linked(root, _kept(before))

    assert "waiting.py" in _relinked(linker)
    assert [r.model.choices[0].value for r in found if r.api.startswith("pydantic_ai")] == ["openai:gpt-4.1-nano"]


def test_where_nothing_changed_nothing_is_looked_at(root: Path) -> None:
    before, found = _linked(root)

    linker, again = _linked(root, _kept(before))

    assert again == found
    assert linker.questions.made == {}


def test_only_what_rests_on_a_changed_file_is_linked_again(root: Path) -> None:
    kept = _kept(_linked(root)[0])
    EDITS["a branch loses its test"](root)

    relinked = _relinked(_linked(root, kept)[0])
    assert "other.py" in relinked
    assert "crew.py" not in relinked


def test_what_another_folder_kept_is_not_used(root: Path) -> None:
    kept = _kept(_linked(root)[0])
    (root / "pyproject.toml").write_text('[project]\nname = "openai"\n')

    linker, found = _linked(root, kept)

    assert linker.questions.used == {}
    assert found == _linked(root)[1]
