"""What the tests of the integrations share: tools from outside, and repositories to try them on.

The tools (`pip install -e '.[integrations]'`) take time to install, so a test that needs one which is missing is
skipped, except where GUARD_ALL_TOOLS is set, as `.ci/run` does: there it fails.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
Tool = Callable[[str], str]


@pytest.fixture(scope="session")
def tool() -> Tool:
    """The path of a tool: beside the running Python, else on the PATH."""

    def find(name: str) -> str:
        found = shutil.which(name, path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
        if found is not None:
            return found
        if os.environ.get("GUARD_ALL_TOOLS"):
            pytest.fail(f"{name} is not installed, and GUARD_ALL_TOOLS asks for all tools")
        pytest.skip(f"{name} is not installed: pip install -e '.[integrations]'")

    return find


class Repository:
    """A git repository in a folder, with nothing of the machine's own configuration."""

    def __init__(self, folder: Path, environment: dict[str, str] | None = None) -> None:
        self.folder = folder
        self.environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("GIT_")},
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            **{
                f"GIT_{who}_{what}": "tester@example.org"
                for who in ("AUTHOR", "COMMITTER")
                for what in ("NAME", "EMAIL")
            },
            **(environment or {}),
        }
        folder.mkdir(parents=True, exist_ok=True)
        self.git("init", "-q", "-b", "main")

    def git(self, *arguments: str, code: int | None = 0) -> subprocess.CompletedProcess[str]:
        """Runs git here; `code` None: whatever it exits with."""
        return self.run("git", *arguments, code=code)

    def run(self, *command: str, code: int | None = 0) -> subprocess.CompletedProcess[str]:
        """Runs a command here and fails unless it exits with `code`."""
        done = subprocess.run(
            command, check=False, cwd=self.folder, env=self.environment, capture_output=True, text=True,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        if code is not None and done.returncode != code:
            raise AssertionError(f"{' '.join(command)} exited with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done

    def write(self, files: dict[str, str]) -> None:
        """Writes files, and their folders."""
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")

    def commit(self, files: dict[str, str], words: str = "A change") -> str:
        """Writes and commits files past all hooks; the commit's full hash."""
        self.write(files)
        self.git("add", "--all")
        self.git("commit", "-q", "--no-verify", "--allow-empty", "-m", words)
        return self.git("rev-parse", "HEAD").stdout.strip()


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """guard as others get it: a repository of what git lists here, as it stands; its folder and commit."""
    repository = Repository(tmp_path_factory.mktemp("published") / "guard")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, check=True,
    ).stdout.decode()  # fmt: skip
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            target = repository.folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, target)
    return repository.folder, repository.commit({}, "guard")
