"""`docs/architecture.md` is the map of `facts/link`: a module that it does not name cannot be found there. And each of
them can be the first that is imported, though they need one another."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_every_module_of_link_has_its_line_and_every_line_its_module() -> None:
    section = (ROOT / "docs/architecture.md").read_text().split("## The modules of link")[1].split("\n## ")[0]
    named = [n for row in re.findall(r"^\| (`[^|]+) \|", section, re.M) for n in re.findall(r"`(\w+)`", row)]
    modules = {path.stem for path in (ROOT / "guard/facts/link").glob("*.py")} - {"__init__"}

    assert set(named) == modules
    assert len(named) == len(set(named))


def test_every_module_of_link_can_be_imported_first() -> None:
    """A command starts where it needs something: which of the modules comes first must not matter."""
    code = """
import importlib, pathlib, sys
for file in sorted(pathlib.Path("guard/facts/link").glob("*.py")):
    for name in [name for name in sys.modules if name.startswith("guard.facts.link")]:
        del sys.modules[name]
    try:
        importlib.import_module(f"guard.facts.link.{file.stem}")
    except ImportError as error:
        print(file.stem, error)
"""
    made = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert made.stdout == ""
