"""Trees of code to scan, made of pinned PyPI packages: downloaded, unpacked, never installed, imported or run.

In: a list of `pins/`, which pip reads as requirements with hashes. Out: one folder with a folder for each package, a
git repository with one commit, as a monorepo would be. pip holds every file to its SHA-256; only wheels are taken, so
that no `setup.py` runs. What is there already is kept.

Run it as `python bench/trees.py [NAME ...]`, names as in `pins/`. Neighbours: `scan`, `torture`.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

PINS = Path(__file__).parent / "pins"
NAMES = tuple(sorted(file.stem for file in PINS.glob("*.txt")))
DONE = ".complete"


def place() -> Path:
    """Where the bench keeps what it downloads and makes: `GUARD_BENCH_DIR`, else a folder in the user's cache."""
    chosen = os.environ.get("GUARD_BENCH_DIR")
    if chosen:
        return Path(chosen)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "guard-bench"


def wheels(name: str) -> list[Path]:
    """The wheels of a list, downloaded where they are not there yet; sorted by name."""
    folder = place() / "wheels" / name
    if not (folder / DONE).exists():
        folder.mkdir(parents=True, exist_ok=True)
        fetch = [sys.executable, "-m", "pip", "download", "--disable-pip-version-check", "-qq", "--no-deps"]
        fetch += ["--only-binary=:all:", "--ignore-requires-python", "--require-hashes", "--dest", str(folder)]
        subprocess.run([*fetch, "--requirement", str(PINS / f"{name}.txt")], check=True)
        (folder / DONE).touch()
    return sorted(folder.glob("*.whl"))


def unpacked(wheel: Path, target: Path) -> None:
    """A wheel's files below `target`; names that lead out of it are taken as names inside it."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(target)


def tree(name: str) -> Path:
    """The folder of a list, made where it is not there yet."""
    folder = place() / "trees" / name
    if (folder.parent / f"{name}{DONE}").exists():
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    for wheel in wheels(name):
        unpacked(wheel, folder / wheel.name.split("-")[0])
    committed(folder)
    (folder.parent / f"{name}{DONE}").touch()
    return folder


def committed(folder: Path) -> None:
    """Make a folder a git repository with all its files in one commit, without anything of the user's git."""
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    who = ["-c", "user.name=bench", "-c", "user.email=bench@example.invalid", "-c", "core.hooksPath=/dev/null"]
    for command in (["init", "--quiet"], ["add", "--all", "--force"], [*who, "commit", "--quiet", "--message=tree"]):
        subprocess.run(["git", "-C", str(folder), *command], check=True, env=environment, stdout=subprocess.DEVNULL)


def lines_of(folder: Path) -> tuple[int, int]:
    """Python files of a folder and their lines."""
    files = [path for path in folder.rglob("*.py") if path.is_file()]
    return len(files), sum(path.read_bytes().count(b"\n") for path in files)


def main() -> None:
    """Make the trees that are named, or all but the list for `torture`, which unpacks its own."""
    parser = argparse.ArgumentParser(description="Trees of pinned PyPI packages to scan.")
    parser.add_argument("names", nargs="*", choices=[*NAMES, []], help=f"{', '.join(NAMES)} (default: the trees)")
    for name in parser.parse_args().names or [name for name in NAMES if name.startswith("tree-")]:
        made = tree(name)
        files, lines = lines_of(made)
        print(f"{name}: {files:,} Python files, {lines:,} lines, in {made}")


if __name__ == "__main__":
    main()
