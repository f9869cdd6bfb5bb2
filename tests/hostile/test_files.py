"""Files that are not what they seem: links, pipes, devices, files that change or vanish, very many, hostile names."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from attack import CALL, guard

from guard.config.types import Config
from guard.model import Problem
from guard.run import scan
from guard.sources import read, walk
from guard.sources.files import SourceFile

OTHER = CALL.replace("gpt-4o", "gpt-4.1")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one good call, beside which others lie that nobody named."""
    made = tmp_path / "around" / "scanned"
    made.mkdir(parents=True)
    (tmp_path / "around" / ".git").mkdir()
    (tmp_path / "around" / "outside.py").write_text(OTHER)
    (made / "app.py").write_text(CALL)
    return made


def models(folder: Path) -> list[str]:
    """The models that guard sees; the call in `app.py` is always there."""
    done = guard(folder, "cost", "--format", "json")
    assert done.returncode == 0, done.stderr
    found = [one["model"]["choices"][0]["value"] for one in json.loads(done.stdout)["requests"]]
    assert "gpt-4o" in found
    return sorted(set(found) - {"gpt-4o"})


@pytest.mark.parametrize(
    "target",
    ["../outside.py", "{outside}", "../scanned/../outside.py", "/proc/self/environ", "/dev/zero", "loop.py", "."],
)
def test_links_out_of_the_folder_and_in_circles_are_not_followed(folder: Path, target: str) -> None:
    (folder / "loop.py").symlink_to(target.replace("{outside}", str(folder.parent / "outside.py")))
    (folder / "deep").mkdir()
    (folder / "deep" / "up").symlink_to("..", target_is_directory=True)
    (folder / "deep" / "out").symlink_to("../..", target_is_directory=True)
    assert models(folder) == []


def test_a_chain_of_links_that_ends_outside_is_not_followed(folder: Path) -> None:
    for number in range(30):
        (folder / f"l{number}.py").symlink_to(f"l{number + 1}.py")
    (folder / "l30.py").symlink_to("../outside.py")
    assert models(folder) == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
@pytest.mark.parametrize("name", ["pipe.py", "pipe.ipynb", ".env", "requirements.txt", "pyproject.toml", "pipe.yaml"])
def test_pipes_are_never_opened(folder: Path, name: str) -> None:
    os.mkfifo(folder / name)
    (folder / "loads.py").write_text("import yaml\nX = yaml.safe_load(open('pipe.yaml'))\n" + OTHER)
    assert models(folder) == ["gpt-4.1"]


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="this system has no such sockets")
def test_sockets_are_never_opened(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    with socket.socket(socket.AF_UNIX) as made:
        made.bind("socket.py")
        assert models(folder) == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_prompt_that_is_a_pipe_leaves_the_prompt_unknown(folder: Path) -> None:
    os.mkfifo(folder / "prompt.txt")
    (folder / "app.py").write_text(CALL.replace('"content": question', '"content": open("prompt.txt").read()'))
    assert models(folder) == []


def _vanish(file: Path) -> None:
    file.unlink()


def _become_a_link(file: Path) -> None:
    file.unlink()
    file.symlink_to("../outside.py")


def _become_a_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def _become_a_pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def _grow(file: Path) -> None:
    with file.open("r+b") as stream:
        stream.truncate(read.CODE_LIMIT + 1)


def _change(file: Path) -> None:
    file.write_text("import openai\nx = (\n")


@pytest.mark.parametrize("change", [_vanish, _become_a_link, _become_a_folder, _become_a_pipe, _grow, _change])
def test_a_file_that_changes_after_it_was_listed_is_a_problem(
    folder: Path, change: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "changing.py").write_text(OTHER.replace("gpt-4.1", "gpt-4.1-mini"))
    listed = walk.listing

    def changing(*arguments: object, **more: object) -> walk.Listing:
        found = listed(*arguments, **more)  # type: ignore[arg-type]
        change(folder / "changing.py")
        return found

    monkeypatch.setattr(walk, "listing", changing)
    report = scan(folder, Config())
    assert [one.request.model.choices[0].value for one in report.requests] == ["gpt-4o"]
    assert [problem.path for problem in report.problems] == ["changing.py"]


def test_a_folder_on_the_way_that_becomes_a_link_is_not_followed(folder: Path) -> None:
    (folder / "sub").symlink_to("..", target_is_directory=True)
    found = read.read(folder, SourceFile("sub/outside.py", 10))
    assert isinstance(found, Problem) and found.kind == "outside-root"


def test_looking_at_many_files_takes_work_in_their_number(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counts = []
    for size in (1_000, 4_000):
        for number in range(size):
            (folder / f"m{number}.py").touch()
        looked: list[object] = []

        def counted(path: str, seen: list[object] = looked, real: Callable[[str], os.stat_result] = os.lstat) -> object:
            seen.append(path)
            return real(path)

        with monkeypatch.context() as patch:
            patch.setattr(os, "lstat", counted)
            assert len(walk.listing(folder).files) == size + 1
        counts.append(len(looked))
    assert counts[1] <= 4 * counts[0] + 40


NAMES = (
    "new\nline.py", "\x1b[31mred.py", "::error::x.py", "\r\n::warning file=a::b.py", "\u202egnp.py", "a\tb.py",
    "`x`|<b>.py", "%0A::error::.py", "<img src=x>.py", "]]>.py", "-rf.py", "\u2028line.py", " .py", "@octocat #1.py",
    "[x](http:y).py",
)  # fmt: skip
FORMATS = ("text", "json", "jsonl", "markdown", "github", "gitlab", "junit", "concise", "sarif")


@pytest.mark.parametrize("form", FORMATS)
def test_names_of_files_neither_steer_a_terminal_nor_command_a_runner(folder: Path, form: str) -> None:
    for number, name in enumerate(NAMES):
        text = CALL.replace("gpt-4o", f"m{number}\\n::error::\\x1b[2J") if number % 2 else "def (:\nimport openai\n"
        (folder / name.replace("/", "_")).write_text(text)
    (folder / "guard.yaml").write_text(
        "version: 1\npolicies:\n  - {id: mine, check: model-allowed, params: {allow: [nothing]}, enforce: block}\n"
    )
    done = guard(folder, "check", "--format", form, "--all")
    assert done.returncode == 1
    for text in (done.stdout, done.stderr):
        assert not [one for one in text if (ord(one) < 32 and one != "\n") or one in "\x7f\u202e\u2028\u2029\x85\x9b"]
        lines = text.splitlines()
        commands = [line for line in lines if line.lstrip().startswith("::")]
        assert form == "github" or not commands
        assert all(line.startswith(("::error ", "::warning ", "::notice ")) for line in commands)
        assert not [line for line in lines if line.lstrip().startswith("##[")]


def test_messages_on_standard_error_are_lines_of_guard(folder: Path) -> None:
    name = "x\n::error::pwned\x1b[2J"
    (folder / name).mkdir()
    (folder / f"{name}.yaml").write_text("version: [\n")
    for arguments in (
        ("check", ".", name), ("check", "--config", f"{name}.yaml"), ("diff", name), ("explain", f"{name}:3"),
        ("check", "--baseline", f"{name}.yaml"), ("cost", name, "--staged"), ("tokens", "--model", name, "app.py"),
    ):  # fmt: skip
        done = guard(folder, *arguments)
        assert "\x1b" not in done.stdout + done.stderr
        assert not [line for line in (done.stdout + done.stderr).splitlines() if line.lstrip().startswith("::")]
