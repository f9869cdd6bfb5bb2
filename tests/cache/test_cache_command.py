"""`guard cache`, where the cache lies, and comparisons that find their base in it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import guard
from guard.cache import place
from guard.cli import main


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def test_info_says_where_and_how_much_and_clean_deletes_it(cache: Path, shop: Path, analysed: list[str]) -> None:
    assert run("cache", "dir").output == f"{cache}\n"
    assert "It is empty." in run("cache", "info").output
    run("cost", shop)
    assert "whole scans: 1 row" in run("cache", "info").output
    assert run("cache", "clean").exit_code == 0
    assert "It is empty." in run("cache", "info").output
    run("cost", shop)
    assert len(analysed) == 2
    assert run("cache", "clean").exit_code == 0
    assert run("cache", "clean").exit_code == 0


def test_info_says_that_it_is_not_in_use(cache: Path, shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GUARD_NO_CACHE", "1")
    run("cost", shop)
    assert not cache.exists()
    assert "not in use" in run("cache", "info").output


def test_a_cache_that_cannot_be_deleted_is_said(cache: Path) -> None:
    from guard.cache.store import NAME

    (cache / NAME).mkdir(parents=True)
    done = run("cache", "clean")
    assert done.exit_code == 2
    assert "could not be deleted" in done.output


@pytest.mark.parametrize(
    ("environment", "folder"),
    [
        ({"GUARD_CACHE_DIR": "/a", "XDG_CACHE_HOME": "/b"}, "/a"),
        ({"XDG_CACHE_HOME": "/b"}, "/b/guard"),
        ({"GUARD_NO_CACHE": "0", "XDG_CACHE_HOME": "/b"}, "/b/guard"),
        ({"GUARD_NO_CACHE": "1", "XDG_CACHE_HOME": "/b"}, None),
        ({"GUARD_NO_CACHE": "", "GUARD_CACHE_DIR": "/a"}, "/a"),
    ],
)
def test_the_environment_says_where_the_cache_lies(environment: dict[str, str], folder: str | None) -> None:
    assert place.folder(environment) == (None if folder is None else Path(folder))


def test_a_relative_cache_home_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ana")
    monkeypatch.setattr(sys, "platform", "linux")
    assert place.folder({"XDG_CACHE_HOME": "caches"}) == Path("/home/ana/.cache/guard")


def test_help_of_the_command_loads_no_database() -> None:
    code = f"import sys; sys.path.insert(0, {str(Path(guard.__file__).parents[1])!r})\n"
    code += "from guard.cli import main\ntry:\n    main(['cache', '--help'])\nexcept SystemExit:\n    pass\n"
    code += "assert 'sqlite3' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)


@pytest.mark.usefixtures("settled")
def test_a_base_is_analysed_once(cache: Path, shop: Path, analysed: list[str]) -> None:
    git(shop, "init", "-q", "-b", "main")
    git(shop, "add", "-A")
    git(shop, "commit", "-q", "-m", "base")
    other = shop / "app/other.py"
    text = other.read_text()
    found = []
    for model in ("gpt-4o", "gpt-4.1", "gpt-4o"):
        other.write_text(text.replace("gpt-4o-mini", model))
        done = run("diff", "HEAD", shop, "--format", "json")
        assert done.output == run("diff", "HEAD", shop, "--format", "json", "--no-cache").output
        found.append(json.loads(done.output))
    cold = 3 * 2
    assert len(analysed) - cold == 1 + 2  # the base, and two heads
    assert found[0] == found[2] != found[1]


def test_what_was_staged_is_known_as_the_base_of_the_next_commit(cache: Path, shop: Path, analysed: list[str]) -> None:
    git(shop, "init", "-q", "-b", "main")
    git(shop, "add", "-A")
    git(shop, "commit", "-q", "-m", "base")
    other = shop / "app/other.py"
    other.write_text(other.read_text().replace("gpt-4o-mini", "gpt-4o"))
    git(shop, "add", "-A")
    run("check", "--base", "HEAD", "--staged", shop)
    assert len(analysed) == 2
    git(shop, "commit", "-q", "-m", "next")
    other.write_text(other.read_text().replace("gpt-4o", "gpt-4.1"))
    git(shop, "add", "-A")
    run("check", "--base", "HEAD", "--staged", shop)
    assert len(analysed) == 3


def git(folder: Path, *arguments: str) -> None:
    settings = ["-c", "user.name=Ana", "-c", "user.email=ana@example.com", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *settings, *arguments], cwd=folder, check=True, capture_output=True)
