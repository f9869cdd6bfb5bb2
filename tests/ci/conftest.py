"""What the tests of the integrations share: tools from outside, and guard as others get it.

The tools (`pip install -e '.[integrations]'`) take time to install, so a test that needs one which is missing is
skipped, except where GUARD_ALL_TOOLS is set, as `.ci/run` does: there it fails.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from ci_repository import ROOT, Repository, Tool

sys.path.append(str(ROOT))  # `integrations` is not installed with guard


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
