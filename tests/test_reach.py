"""Reach by name loses nothing: a scan that parses only what questions reach finds what one finds that parses all.

For the second, every file counts as naming an SDK and as holding each name that is asked for. Small trees show each way
on which a file without an SDK's name matters; the projects of other tests follow, and with `GUARD_REACH_TREES` set to
folders (separated as in PATH) any others.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import pytest

from guard.facts.link.project import Project
from guard.facts.link.requests import Linker
from guard.facts.link.searches import Searches
from guard.facts.registry import load
from guard.model import Request
from guard.sources.walk import listing

TESTS = Path(__file__).parent
PROJECTS = sorted(
    [
        *(path for path in (TESTS / "differential/programs").glob("*/project") if path.is_dir()),
        *(path for path in (TESTS / "projects").iterdir() if path.is_dir()),
    ]
)
OTHERS = [Path(folder) for folder in os.environ.get("GUARD_REACH_TREES", "").split(os.pathsep) if folder]
NOISE = "import os\n\n\ndef result(item):\n    return os.path.join(item, 'x')\n"

TREES: dict[str, dict[str, str]] = {
    "a crew is invoked where no word of its framework stands": {
        "crew.py": "from crewai import Agent, Crew, Task\n\nclass Game:\n    def crew(self):\n"
        "        coder = Agent(role='c', goal='g', backstory='b', llm='gpt-4o')\n"
        "        return Crew(agents=[coder], tasks=[Task(description='d', expected_output='e', agent=coder)])\n",
        "main.py": "from crew import Game\n\nGame().crew().kickoff()\n",
    },
    "a package passes a chain on": {
        "bot/chain.py": "from langchain_openai import ChatOpenAI\n\nchain = ChatOpenAI(model='gpt-4o-mini')\n",
        "bot/__init__.py": "from .chain import (  # what others use (all of it)\n    chain,\n)\n",
        "main.py": "from bot import chain\n\n\ndef ask(text):\n    return chain.invoke(text)\n",
    },
    "a client is made elsewhere": {
        "gateway.py": "import litellm\n\nrouter = litellm.Router(model_list=[{'model_name': 'm', "
        "'litellm_params': {'model': 'gpt-4o'}}])\n",
        "app.py": "from gateway import router as r\n\nr.completion(model='m', messages=[])\n",
    },
    "a class derives from one that derives from the framework's": {
        "base.py": "from dspy import Module\nimport dspy\n\n\nclass Base(Module):\n    def __init__(self):\n"
        "        self.ask = dspy.Predict('question -> answer')\n\n    def forward(self, q):\n"
        "        return self.ask(question=q)\n",
        "own.py": "from base import Base\n\n\nclass Own(Base):\n    pass\n",
        "start.py": "import dspy\nfrom own import Own\n\n"
        "dspy.configure(lm=dspy.LM('openai/gpt-4o'))\nprogram = Own()\n",
        "main.py": "from start import program\n\nprogram(q='why')\n",
    },
    "a helper imports the address": {
        "settings.py": "BASE = 'https://api.openai.com'\nURL = (\n    BASE\n    + '/v1/chat/completions'\n)\n",
        "post.py": "import requests\nfrom settings import URL\n\n\ndef ask(text):\n"
        "    return requests.post(URL, json={'model': 'gpt-4o', 'messages': [{'role': 'user', 'content': text}]})\n",
    },
    "a helper is given the address, through a package": {
        "web/__init__.py": "from .sender import send\n",
        "web/sender.py": "import httpx\n\n\ndef send(url, body):\n    return httpx.post(url, json=body)\n",
        "app.py": "from web import send as post\n\nURL = 'https://api.openai.com/v1/chat/completions'\n\n\ndef ask():\n"
        "    return post(URL, {'model': 'gpt-4o', 'messages': []})\n",
    },
    "a library is imported by a text that stands elsewhere": {
        "names.py": "CLIENT = 'mistralai'\n",
        "llm.py": "import importlib\nimport names\n\n# openai is not in use\n"
        "client = importlib.import_module(names.CLIENT).Mistral()\n"
        "client.chat.complete(model='mistral-large-latest', messages=[])\n",
    },
    "models and callers come from files that name no SDK": {
        "names.py": "MODEL = 'gpt-4o-mini'\n",
        "llm.py": "from openai import OpenAI\n\n\ndef ask(text, model, limit=100):\n"
        "    return OpenAI().responses.create(model=model, input=text, max_output_tokens=limit)\n",
        "jobs.py": "import names\nfrom llm import ask as question\n\n\ndef run(rows):\n"
        "    for row in rows:\n        question(row, names.MODEL, limit=7)\n",
        "handed.py": "from llm import ask\n\nTASKS = {'ask': ask}\n",
        "queue.py": "from handed import TASKS\n\n\ndef work(text):\n    return TASKS['ask'](text, 'gpt-4o')\n",
    },
}


@pytest.mark.parametrize("case", TREES)
def test_what_is_reached_by_name_is_all_there_is(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for path, text in {**TREES[case], "noise/unrelated.py": NOISE}.items():
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    found, parsed = _scanned(tmp_path)

    assert found, "the tree is there because a request is found in it"
    assert "noise/unrelated.py" not in parsed
    _reach_everything(monkeypatch)
    everything, all_parsed = _scanned(tmp_path)
    assert "noise/unrelated.py" in all_parsed
    assert found == everything


@pytest.mark.parametrize("folder", [*PROJECTS, *OTHERS], ids=lambda path: f"{path.parent.name}/{path.name}")
def test_no_request_of_a_project_is_lost(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found, _ = _scanned(folder)
    _reach_everything(monkeypatch)
    everything, _ = _scanned(folder)

    assert {_identity(r) for r in found} == {_identity(r) for r in everything}


def _scanned(folder: Path) -> tuple[tuple[Request, ...], set[str]]:
    project = Project(folder, listing(folder), load())
    requests = Linker(project).requests()
    return requests, {facts.path for facts in project.parsed()}


def _reach_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    def everything(searches: Searches, _: str | Iterable[str] | Iterable[bytes]) -> tuple[str, ...]:
        return tuple(searches._bytes)

    for search in ("mentioning", "naming", "importing"):
        monkeypatch.setattr(Searches, search, everything)
    monkeypatch.setattr(Searches, "imports_top", lambda self, top: True)


def _identity(request: Request) -> tuple[str, str, bool, str]:
    models = sorted(str(choice.value) for choice in request.model.choices)
    return request.id, request.api, request.counted, f"{models} {request.model.open}"
