"""A call is looked at where code imports a library that has a method of its name; else it can be no request."""

from __future__ import annotations

from pathlib import Path

import pytest

from guard.facts.link.homes import Homes
from guard.facts.link.project import Project
from guard.facts.registry import load
from guard.sources.walk import listing

IMPORTED = {
    "a plain import": {"a.py": "import crewai\n"},
    "a submodule": {"a.py": "from crewai.flow.flow import Flow\n"},
    "where only types are checked": {"a.py": "if TYPE_CHECKING:\n    from crewai import Crew\n"},
    "in a function of another file": {"b/c.py": "def f():\n    import os, crewai\n"},
    "in a notebook": {"n.ipynb": '{"cells": [{"cell_type": "code", "source": ["import os\\n", "import crewai\\n"]}]}'},
    "by a text": {"a.py": "m = __import__('crewai')\n"},
    "by a text of another file": {"a.py": "importlib.import_module(NAME)\n", "b.py": "NAME = 'crewai.crew'\n"},
    "by a text of a notebook": {
        "a.py": "importlib.import_module(NAME)\n",
        "n.ipynb": '{"cells": [{"cell_type": "code", "source": ["NAME = \\"crewai\\"\\n"]}]}',
    },
    "it is built here": {"pyproject.toml": '[project]\nname = "crewai"\n', "crewai/crew.py": "class Crew: ...\n"},
}
NOT_IMPORTED = {
    "a comment": {"a.py": "# like crewai\n"},
    "a text that nothing imports by": {"a.py": "NAME = 'crewai'\n"},
    "a module whose name begins so": {"a.py": "import crewai2\n"},
    "a name among others of a text": {"a.py": "importlib.import_module('x')\nHELP = 'like crewai'\n"},
}


def _homes(root: Path, files: dict[str, str]) -> Homes:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return Project(root, listing(root), load()).homes


@pytest.mark.parametrize("case", IMPORTED)
def test_a_method_of_a_library_that_is_imported_may_be_a_request(case: str, tmp_path: Path) -> None:
    assert _homes(tmp_path, IMPORTED[case]).imported("kickoff")


@pytest.mark.parametrize("case", NOT_IMPORTED)
def test_a_method_of_a_library_that_nothing_imports_is_none(case: str, tmp_path: Path) -> None:
    assert not _homes(tmp_path, NOT_IMPORTED[case]).imported("kickoff")


def test_any_of_several_libraries_with_a_method_of_that_name_counts(tmp_path: Path) -> None:
    homes = _homes(tmp_path, {"a.py": "from langchain_core.runnables import Runnable\n"})

    assert homes.imported("ainvoke")
    assert not homes.imported("kickoff")


def test_a_path_that_is_particular_enough_counts_without_its_library(tmp_path: Path) -> None:
    assert _homes(tmp_path, {"a.py": "def f(client):\n    client.chat.completions.create()\n"}).imported("create")
