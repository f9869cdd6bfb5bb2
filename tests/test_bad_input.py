"""Whole runs over input that is broken, hostile or empty: guard says what it left out, goes on, and ends.

Where a run could hang, it is a process of its own with a time limit. Every JSON report is held against the schema.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import click.testing
import pytest
from report_schema import assert_valid

from guard.cli import main
from guard.commands.errors import errors

LIMIT = 60
"""Seconds after which a run counts as hanging; a normal one takes less than one."""
GOOD = """
from openai import OpenAI


def ask(question):
    return OpenAI().chat.completions.create(
        model="gpt-4o", messages=[{"role": "user", "content": question}], max_tokens=100
    )
"""
CALL = b'\nimport openai\nopenai.OpenAI().chat.completions.create(model="gpt-4o", messages=[])\n'


def guard(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs guard as a user does."""
    command = [sys.executable, "-m", "guard", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=LIMIT, check=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one good call, below one that is not scanned."""
    made = tmp_path / "scanned"
    made.mkdir()
    (tmp_path / ".git").mkdir()
    (made / "good.py").write_text(GOOD)
    return made


def scanned(folder: Path) -> dict[str, Any]:
    """The report of a run that must go well and find the call in `good.py`, whatever lies beside it."""
    done = guard("cost", str(folder), "--format", "json")
    assert (done.returncode, done.stderr) == (0, "")
    report = assert_valid(done.stdout)
    found = [request["model"]["choices"][0]["value"] for request in report["requests"] if _in_good(request)]
    assert found == ["gpt-4o"]
    return report


def problems(report: dict[str, Any]) -> list[tuple[str, str]]:
    """Path and kind of every problem; each says in words what is wrong."""
    assert all(problem["message"] for problem in report["problems"])
    return [(problem["path"], problem["kind"]) for problem in report["problems"]]


def _in_good(request: dict[str, Any]) -> bool:
    return any(site["path"] == "good.py" for site in request["sites"])


# --- files that cannot be read ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("latin.py", b'NAME = "caf\xe9"' + CALL, "not-utf8"),
        ("half.py", b"def ask(:\n" + CALL, "syntax"),
        ("zero.py", b"x = 1\0\n" + CALL, "syntax"),
        ("nested.py", b"x = " + b"(" * 5000 + b")" * 5000 + CALL, "too-deep"),
        ("lists.py", b"x = " + b"[" * 5000 + b"]" * 5000 + CALL, "too-deep"),
        ("sum.py", b"x = " + b"+".join([b"y"] * 5000) + CALL, "too-deep"),
        ("chain.py", b"x = y" + b".f()" * 5000 + CALL, "too-deep"),
        ("cells.ipynb", b'{"cells": [{"cell_type": "code", "source": "import openai"', "not-a-notebook"),
        ("deep.ipynb", b'{"cells": ' + b"[" * 5000 + b'"openai"' + b"]" * 5000 + b"}", "too-deep"),
    ],
)
def test_a_file_that_cannot_be_read_is_a_problem(folder: Path, name: str, content: bytes, kind: str) -> None:
    (folder / name).write_bytes(content)
    assert problems(scanned(folder)) == [(name, kind)]


def test_a_file_of_50_mb_is_not_read(folder: Path) -> None:
    with (folder / "large.py").open("wb") as file:
        file.write(CALL)
        file.truncate(50_000_000)
    assert problems(scanned(folder)) == [("large.py", "too-large")]


def test_a_link_out_of_the_folder_is_not_followed(folder: Path) -> None:
    (folder.parent / "outside.py").write_bytes(CALL)
    (folder / "link.py").symlink_to(folder.parent / "outside.py")
    assert problems(scanned(folder)) == [("link.py", "outside-root")]


def test_a_path_in_code_that_leads_out_of_the_folder_is_not_followed(folder: Path) -> None:
    (folder.parent / "prompt.txt").write_text("SECRET PROMPT " * 50)
    for name in ("../prompt.txt", str(folder.parent / "prompt.txt")):
        (folder / "good.py").write_text(GOOD.replace('"content": question', f'"content": open({name!r}).read()'))
        done = guard("cost", str(folder), "--format", "json", "--show-prompts")
        assert done.returncode == 0
        (request,) = assert_valid(done.stdout)["requests"]
        assert "SECRET" not in done.stdout
        assert request["prompt"]["static_tokens"] < 50


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_named_pipe_is_not_opened(folder: Path) -> None:
    os.mkfifo(folder / "pipe.py")
    assert problems(scanned(folder)) == [("pipe.py", "not-a-file")]


def test_a_loop_of_folders_ends(folder: Path) -> None:
    (folder / "inner").mkdir()
    (folder / "inner" / "again").symlink_to(folder, target_is_directory=True)
    (folder / "self").symlink_to("self")
    assert problems(scanned(folder)) == [("self", "broken-link")]


# --- data that code loads ---------------------------------------------------------------------------------------

LOADS = """
import json
import yaml
from openai import OpenAI

SETTINGS = {load}


def ask_with_settings(question):
    return OpenAI().chat.completions.create(model=SETTINGS["model"], messages=[], max_tokens=9)
"""
BOMB = "a0: &a0 [lol, lol]\n" + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 40))


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("deep.json", '{"model": ' + "[" * 5000 + "]" * 5000 + "}", "too-deep"),
        ("deep.yaml", "model: " + "[" * 5000 + "]" * 5000, "too-deep"),
        ("block.yaml", "".join(" " * i + "a:\n" for i in range(1000)), "too-deep"),
        ("bomb.yaml", BOMB + "model: *a39\n", "alias-bomb"),
        ("self.yaml", "model: &m [*m]\n", "syntax"),
        ("broken.json", '{"model": ', "syntax"),
        ("tabs.yaml", "model:\n\t- a\n", "syntax"),
    ],
)
def test_data_that_cannot_be_used_leaves_the_model_unknown(folder: Path, name: str, content: str, kind: str) -> None:
    (folder / name).write_text(content)
    function = "json.load" if name.endswith("json") else "yaml.safe_load"
    (folder / "loads.py").write_text(LOADS.replace("{load}", f"{function}(open({name!r}))"))
    report = scanned(folder)
    assert problems(report) == [(name, kind)]
    (request,) = (r for r in report["requests"] if not _in_good(r))
    assert request["model"]["choices"] == [] and request["model"]["open"]
    assert name in request["model"]["why"]
    assert request["estimate"]["usd"] is None


# --- guard.yaml -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("version: 1\nbudget: []\n", "2:1", "did you mean 'budgets'"),
        ("version: 2\n", "1:10", "1"),
        ("version: 1\nbudgets:\n  - {name: x, per_cal: 1 USD}\n", "3:15", "did you mean 'per_call'"),
        ("version: 1\nbudgets:\n  - {name: x, per_call: 1 EUR}\n", "3:25", "USD"),
        ("version: 1\npolicies:\n  - {id: output-limit, enforce: blok}\n", "3:33", "did you mean 'block'"),
        ("version: 1\npolicies:\n  - {id: mine, check: output-limits}\n", "3:", "did you mean 'output-limit'"),
        (
            "version: 1\npolicies:\n  - {id: m, check: model-allowed, params: {alow: [x]}}\n",
            "3:44",
            "did you mean 'allow'",
        ),
        ("version: 1\nextends: [guard:recomended]\n", "2:11", "guard:recommended"),
        ("version: 1\n  usage: {}\n", "2:", ""),
        ("version: 1\nversion: 1\n", "2:1", ""),
        ("- version: 1\n", "1:1", ""),
        ("", "1:1", "version"),
        ("version: 1\nusage: {default: {output_share: 80}}\n", "2:", "80"),
    ],
)
def test_a_wrong_guard_yaml_ends_the_run_with_its_place(folder: Path, text: str, place: str, words: str) -> None:
    (folder / "guard.yaml").write_text(text)
    done = click.testing.CliRunner().invoke(main, ["check", str(folder)])
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith("guard.yaml:") and f"guard.yaml:{place}" in done.stderr
    assert words in done.stderr
    assert "Traceback" not in done.stderr and "internal error" not in done.stderr


@pytest.mark.parametrize("text", [BOMB, "a: " + "[" * 5000, "a:\n" * 2 + "\0"])
def test_a_hostile_guard_yaml_ends_the_run(folder: Path, text: str) -> None:
    (folder / "guard.yaml").write_text(text)
    done = guard("check", str(folder))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("guard.yaml:")
    assert "Traceback" not in done.stderr and "internal error" not in done.stderr


def test_every_mistake_is_told_at_once(folder: Path) -> None:
    (folder / "guard.yaml").write_text("version: 1\nbudget: []\nusages: {}\n")
    done = guard("check", str(folder))
    assert done.returncode == 2
    assert "guard.yaml:2:1: " in done.stderr and "guard.yaml:3:1: " in done.stderr


@pytest.mark.parametrize("kind", ["folder", "link", "pipe", "bytes"])
def test_a_guard_yaml_that_is_no_text_file(folder: Path, kind: str) -> None:
    path = folder / "guard.yaml"
    if kind == "folder":
        path.mkdir()
    elif kind == "link":
        path.symlink_to("/etc/hostname")
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.write_bytes(b"version: 1 # \xff\n")
    done = guard("check", str(folder))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("guard.yaml:1:")


# --- nothing there ----------------------------------------------------------------------------------------------


def _no_files(folder: Path) -> None:
    (folder / "good.py").unlink()


def _no_calls(folder: Path) -> None:
    (folder / "good.py").write_text("import openai\n\nprint(openai.__version__)\n")


def _broken_repository(folder: Path) -> None:
    _no_calls(folder)
    (folder / ".git").mkdir()


@pytest.mark.parametrize("prepare", [_no_files, _no_calls, _broken_repository])
@pytest.mark.parametrize("command", ["check", "cost"])
def test_nothing_found_says_what_was_looked_for(folder: Path, prepare: Callable[[Path], None], command: str) -> None:
    prepare(folder)
    done = click.testing.CliRunner().invoke(main, [command, str(folder)])
    assert (done.exit_code, done.stderr) == (0, "")
    text = " ".join(done.stdout.split())
    assert "no requests to a model were found. guard knows: " in text and "openai" in text
    assert "$" not in text
    assert_valid(click.testing.CliRunner().invoke(main, [command, str(folder), "--format", "json"]).stdout)


def test_too_little_memory_is_no_verdict(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(click.exceptions.Exit) as left, errors(debug=False):
        raise MemoryError
    assert left.value.exit_code == 2
    assert capsys.readouterr().err == "guard: there is not enough memory for this; nothing was judged\n"
