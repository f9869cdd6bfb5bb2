"""`guard check FILE...`, as hooks call it: the whole folder is read, and what those files have a part in is said."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import click.testing
import pytest

sys.path.append(str(Path(__file__).parent / "report"))
from report_samples import ALLOWED, REPORT, UNDECIDED

from guard import cli
from guard.model import Message, Priced, Segment, Span
from guard.use.selection import about, paths

FILES = {
    "guard.yaml": """\
version: 1
extends: [rules/limits.yaml]
policies:
  - {id: listed, check: model-allowed, params: {allow: [gpt-4o-mini]}, enforce: block}
""",
    "rules/limits.yaml": "version: 1\npolicies: [{id: limit, check: output-limit, enforce: block}]\n",
    "shop/settings.py": 'MODEL = "gpt-4o"\n',
    "shop/models.yaml": "small: gpt-4o-mini\n",
    "shop/llm.py": """\
from openai import OpenAI

from shop.tries import TRIES

client = OpenAI(max_retries=TRIES)


def ask(model, text):
    return client.chat.completions.create(model=model, messages=[{"role": "user", "content": text}])
""",
    "shop/tries.py": "TRIES = 3\n",
    "shop/rounds.py": "ROUNDS = 20\n",
    "shop/rank.py": """\
from pathlib import Path

from shop.llm import ask
from shop.rounds import ROUNDS
from shop.settings import MODEL

PROMPT = Path("shop/rank.txt").read_text()


def rank():
    return [ask(MODEL, PROMPT) for _ in range(ROUNDS)]
""",
    "shop/rank.txt": "Rank the documents.\n",
    "shop/tag.py": """\
import yaml

from shop.llm import ask

MODELS = yaml.safe_load(open("shop/models.yaml"))


def tag():
    return ask(MODELS["small"], "Tag it.")
""",
    "shop/plain.py": "def add(a, b):\n    return a + b\n",
}


@pytest.fixture
def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs `guard check` in the project above; gives its result and the policies of its findings."""
    (tmp_path / ".git").mkdir()
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> tuple[click.testing.Result, list[str]]:
        done = click.testing.CliRunner().invoke(cli.main, ["check", "--format", "json", *arguments])
        return done, sorted(f["policy"] for f in json.loads(done.stdout)["findings"]) if done.stdout else []

    return run


@pytest.mark.parametrize(
    ("file", "wanted"),
    [
        ("shop/llm.py", ["limit", "listed"]),
        ("shop/rank.py", ["limit", "listed"]),
        ("shop/settings.py", ["limit", "listed"]),
        ("shop/rank.txt", ["limit", "listed"]),
        ("shop/rounds.py", ["limit", "listed"]),
        ("shop/tries.py", ["limit", "listed"]),
        ("shop/tag.py", ["limit"]),
        ("shop/models.yaml", ["limit"]),
        ("shop/plain.py", []),
        ("guard.yaml", ["limit", "listed"]),
        ("rules/limits.yaml", ["limit", "listed"]),
    ],
)
def test_a_finding_is_about_every_file_that_a_value_of_its_request_came_through(
    check: Any, file: str, wanted: list[str]
) -> None:
    done, policies = check(file)
    assert policies == wanted
    assert done.exit_code == (1 if wanted else 0)


def test_several_files_are_looked_at_together_and_the_rest_is_counted(check: Any) -> None:
    done, policies = check("shop/plain.py", "shop/tag.py")
    assert policies == ["limit"]
    assert done.stderr == "guard: 1 finding elsewhere, not about 2 named files\n"


def test_requests_and_sums_are_those_of_the_whole_folder(check: Any) -> None:
    whole, part = json.loads(check()[0].stdout), json.loads(check("shop/plain.py")[0].stdout)
    assert part["requests"] == whole["requests"] and part["totals"] == whole["totals"]
    assert whole["findings"] and not part["findings"]


def test_the_folder_may_stand_before_the_files(check: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert check(".", "shop/settings.py")[1] == ["limit", "listed"]
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert check("..", "../shop/settings.py")[1] == ["limit", "listed"]
    assert check("..", str(tmp_path / "shop/plain.py"))[1] == []


def test_a_folder_reached_by_a_link_is_the_same_folder(check: Any, tmp_path: Path) -> None:
    os.symlink(tmp_path, tmp_path / "link")
    assert check("link", "shop/settings.py")[1] == ["limit", "listed"]
    assert check(".", "link/shop/settings.py")[1] == ["limit", "listed"]


def test_a_file_outside_the_folder_has_no_finding(check: Any, tmp_path: Path) -> None:
    (tmp_path.parent / "settings.py").write_text("")
    done, policies = check("shop", "../settings.py")
    assert (done.exit_code, policies) == (0, [])
    assert done.stderr.startswith("guard: no named file lies in shop, so nothing in it is about them\n")


def test_the_configuration_above_the_folder_is_one_of_its_files(check: Any) -> None:
    for file in ("guard.yaml", "rules/limits.yaml"):
        done, policies = check("shop", file)
        assert policies and "no named file" not in done.stderr


def test_a_second_folder_and_a_file_that_is_not_there_are_refused(check: Any) -> None:
    done, _ = check("shop", "shop/rank.py", "shop")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "shop is a folder; one folder can be read, and it stands before the files" in done.stderr
    done, _ = check("shop/gone.py")
    assert (done.exit_code, done.stdout) == (2, "") and "'shop/gone.py' does not exist" in done.stderr


def test_one_cause_at_many_callers_is_about_each_of_them() -> None:
    """Findings with one cause are merged; the one that stays stands for the requests of the others."""
    other = replace(REPORT.requests[2], request=replace(REPORT.requests[2].request, id="guard/1:other"))
    merged = replace(UNDECIDED, also=("guard/1:rank",), labels=())
    report = replace(REPORT, requests=(*REPORT.requests, other), findings=(merged,))
    assert about(report, {"app/settings.py"}, ()).findings == (merged,)
    assert about(report, {"app/chat.py"}, ()).findings == (merged,)
    assert about(report, {"app/elsewhere.py"}, ()).findings == ()


def test_problems_are_those_of_the_files() -> None:
    assert about(REPORT, {"app/old.py"}, ()).problems == REPORT.problems
    assert about(REPORT, {"app/rank.py"}, ()).problems == ()
    assert about(REPORT, {"app/old.py"}, ()).findings == ()


def test_a_step_anywhere_counts() -> None:
    def with_prompt(item: Priced, path: str) -> Priced:
        piece = Segment("Be brief.", span=Span(path, 1, 1, 1, 9))
        prompt = replace(item.request.prompt, others=((Message("system", (piece,)),),))
        return replace(item, request=replace(item.request, prompt=prompt))

    ranked = next(item for item in REPORT.requests if item.request.id == ALLOWED.request)
    assert paths(ranked) == {"app/jobs.py", "app/rank.py", "app/settings.py"}
    assert "prompts/brief.txt" in paths(with_prompt(ranked, "prompts/brief.txt"))
