"""One environment of Python packages per SDK family, since their pins conflict. In: `envs.toml`. Out: an interpreter.

Environments stand in the folder that GUARD_DIFFERENTIAL_ENVS names, else in the user's cache; never in the repository.
The folder's name holds a hash of the pins, so a new pin makes a new environment.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

from referee.cases import HERE


@dataclass(frozen=True)
class Family:
    """A family of SDKs that are installed together."""

    name: str
    requires: tuple[str, ...]
    """Pinned packages, `openai==3.54.0`."""
    preload: tuple[str, ...]
    """Modules that are imported once, before the runs."""
    quick: bool
    """Installed and recorded anew by `.ci/run`."""

    @property
    def packages(self) -> list[str]:
        """The names of the pinned packages, without extras."""
        return [pin.split("==")[0].split("[")[0] for pin in self.requires]

    @property
    def folder(self) -> Path:
        """Where its environment stands or will stand."""
        home = os.environ.get("GUARD_DIFFERENTIAL_ENVS")
        cache = Path(home) if home else Path.home() / ".cache" / "guard-differential"
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        pins = hashlib.sha256("\n".join((version, *self.requires)).encode()).hexdigest()[:10]
        return cache / f"{self.name}-{pins}"


def families() -> dict[str, Family]:
    """All families by name."""
    data = tomllib.loads((HERE / "envs.toml").read_text())
    return {
        name: Family(name, tuple(one["requires"]), tuple(one.get("preload", ())), one.get("quick", False))
        for name, one in data.items()
    }


def interpreter(family: Family) -> Path:
    """The Python of a family's environment, which is made when it is not there yet."""
    python = family.folder / "bin" / "python"
    done = family.folder / "complete"
    if done.exists():
        return python
    shutil.rmtree(family.folder, ignore_errors=True)
    family.folder.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run([sys.executable, "-m", "venv", str(family.folder)], check=True)
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, *family.requires], check=True)
    done.touch()
    return python
