"""Every example of the README and of docs/ is run, or held against what it is an example of (`ci_documents.py`)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click.testing
import pytest
import yaml
from ci_documents import BadDocument, Example, examples, headings, links, printed
from ci_repository import ROOT, Repository, Tool
from ci_shop import OTHER, SHOP

from guard import cli

DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
EXAMPLES = {path: examples(path, ROOT) for path in DOCUMENTS}
COMMANDS = [path for path, found in EXAMPLES.items() if any(example.language == "sh" for example in found)]
SETTINGS = {"yaml": "guard.yaml", "toml": "pyproject.toml"}
AROUND = {
    "version": "1",
    "features": '{search: {paths: ["src/search/**"], owner: "@search", unit: question, revenue_per_unit: 1 USD, '
    "customers: 10}}",
}
"""Keys that parts of a `guard.yaml` need around them."""


@pytest.mark.parametrize("path", COMMANDS, ids=lambda path: path.name)
def test_commands(path: Path, tmp_path: Path, published: tuple[Path, str], tool: Tool) -> None:
    """In order, in one checkout of guard, with `guard` and `python3` being those of this run."""
    commands = tmp_path / "bin"
    commands.mkdir()
    (commands / "guard").write_text(f'#!/bin/sh\nexec "{sys.executable}" -I -m guard "$@"\n')
    (commands / "guard").chmod(0o755)
    environment = {"PATH": f"{commands}{os.pathsep}{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    checkout: Repository | None = None
    output, ran = "", 0
    for example in EXAMPLES[path]:
        if example.language == "text":
            assert printed(example.text, output), f"{example.place}: the commands before it print\n{output}"
        if example.language != "sh" or example.word("not run") is not None:
            continue
        if "installs" in example.words:
            tool("pre-commit")
        if "in a project" in example.words:
            folder = project(tmp_path / f"project{example.line}", environment)
        else:
            if checkout is None:
                checkout = Repository(tmp_path / "checkout", environment)
                checkout.git("pull", "-q", str(published[0]), "main")
            folder = checkout
        done = folder.run("bash", "-euo", "pipefail", "-c", example.text, code=None)
        output, ran = done.stdout, ran + 1
        assert done.returncode == example.exit_code, f"{example.place}\n{done.stdout}{done.stderr}"
    assert ran or all(e.word("not run") is not None for e in EXAMPLES[path] if e.language == "sh")


def project(folder: Path, environment: dict[str, str]) -> Repository:
    """A project on the branch `change`, with a change that is staged and breaks no rule."""
    made = Repository(folder, environment)
    made.commit(SHOP)
    made.git("checkout", "-q", "-b", "change")
    made.write({"shop/settings.py": OTHER})
    made.git("add", "--all")
    return made


SHOWN = [example for found in EXAMPLES.values() for example in found if example.language in ("yaml", "toml", "python")]


@pytest.mark.parametrize("example", SHOWN, ids=lambda example: example.place)
def test_files(example: Example, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings are taken by guard, YAML for others is YAML, copies are copies, and Python is Python."""
    if (other := example.word("same as ")) is not None:
        assert example.text == (ROOT / other).read_text("utf-8")
    elif example.word("file ") is not None:
        assert isinstance(yaml.safe_load(example.text), dict)
    elif example.language == "python":
        compile(example.text, example.place, "exec")
    else:
        (tmp_path / ".git").mkdir()
        (tmp_path / "policies").mkdir()
        (tmp_path / "policies/team.yaml").write_text("version: 1\npolicies: []\n")
        keys = yaml.safe_load(example.text) if example.language == "yaml" else AROUND
        missing = "".join(f"{key}: {value}\n" for key, value in AROUND.items() if key not in keys)
        (tmp_path / SETTINGS[example.language]).write_text(missing + example.text, "utf-8")
        monkeypatch.chdir(tmp_path)
        done = click.testing.CliRunner().invoke(cli.main, ["check"])
        assert done.exit_code != 2, done.stderr


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    """To a file that is there, and to a heading of it."""
    for target in links(path):
        name, _, heading = target.partition("#")
        file = (path.parent / name).resolve() if name else path
        assert file.exists(), f"{path.name} links to {target}, which is not there"
        if heading:
            assert heading in headings(file), f"{path.name} links to {target}, which has no such heading"


def test_every_document_is_looked_at() -> None:
    assert len(SHOWN) > 20
    assert sum(example.language == "sh" for found in EXAMPLES.values() for example in found) > 5


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ("<!-- example: exitt 1 -->\n```sh\ntrue\n```\n", r"a\.md:2: `exitt 1` means nothing above a block of `sh`"),
        ("<!-- example: exit 1 -->\n```yaml\na: 1\n```\n", "`exit 1` means nothing above a block of `yaml`"),
        ("<!-- example: exit 1 -->\n\n```sh\nfalse\n```\n", "1 comments .* not each is right above a block"),
        ("<!-- example: output -->\n```\nx\n```\n", "`output` means nothing above a block of `nothing`"),
    ],
)
def test_a_mark_that_means_nothing_is_an_error(tmp_path: Path, document: str, said: str) -> None:
    (tmp_path / "a.md").write_text(document)
    with pytest.raises(BadDocument, match=said):
        examples(tmp_path / "a.md", tmp_path)


def test_words_and_lines_are_read(tmp_path: Path) -> None:
    text = "# A\n\n<!-- example: not run (a, b), exit 3 -->\n```sh\nfalse\n```\n\n```text\nno example\n```\n"
    (tmp_path / "a.md").write_text(text)
    (example,) = examples(tmp_path / "a.md", tmp_path)
    assert (example.place, example.words, example.exit_code) == ("a.md:4", ("not run (a, b)", "exit 3"), 3)


@pytest.mark.parametrize(
    ("wanted", "output", "stands"),
    [
        ("b\n", "a\nb\nc\n", True),
        ("a\n...\nc\n", "a\nb\nb\nc\n", True),
        ("a\n...\nc\n", "a\nc\n", True),
        ("a\nc\n", "a\nb\nc\n", False),
        ("b\n", "ab\n", False),
        ("a.c\n", "abc\n", False),
    ],
)
def test_output_is_compared_line_by_line(wanted: str, output: str, stands: bool) -> None:
    assert printed(wanted, output) == stands


def test_the_program_that_runs_the_examples_is_this_one() -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-m", "guard", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("guard ")
