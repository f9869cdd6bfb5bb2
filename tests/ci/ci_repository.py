"""Git repositories for tests: made in a folder, without anything of the machine's own configuration."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[2]
"""guard's own sources."""
Tool = Callable[[str], str]
"""From a tool's name to its path; the fixture `tool`."""


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
