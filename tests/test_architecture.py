"""`docs/architecture.md` is the map of `facts/link`: a module that it does not name cannot be found there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_every_module_of_link_has_its_line_and_every_line_its_module() -> None:
    section = (ROOT / "docs/architecture.md").read_text().split("## The modules of link")[1].split("\n## ")[0]
    named = [n for row in re.findall(r"^\| (`[^|]+) \|", section, re.M) for n in re.findall(r"`(\w+)`", row)]
    modules = {path.stem for path in (ROOT / "guard/facts/link").glob("*.py")} - {"__init__"}

    assert set(named) == modules
    assert len(named) == len(set(named))
