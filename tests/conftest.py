"""Options of the tests, and what pytest must not take for tests: the projects in `projects/` are input."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

# Nothing of a test is kept between runs, nor in the user's own cache; tests/cache asks for a cache where it needs one.
os.environ["GUARD_NO_CACHE"] = "1"

# How long an example takes says more of the machine than of guard; speed is measured in bench/.
settings.register_profile("guard", deadline=None)
settings.load_profile("guard")

collect_ignore = ["projects"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--update` writes what guard prints today into tests/projects; read the diff before you commit it."""
    parser.addoption("--update", action="store_true", help="rewrite the expected output in tests/projects")
