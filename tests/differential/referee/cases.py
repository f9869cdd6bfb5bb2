"""What is known of a program beside its code: `programs/NAME/case.toml`. In: a folder. Out: `Case`.

`programs/NAME/project/` is what guard scans and what runs. Neighbours: `record` runs it, `measures` compares.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from referee.server import PLAIN_TEXT, Script, When

HERE = Path(__file__).resolve().parents[1]
PROGRAMS = HERE / "programs"
RECORDED = HERE / "recorded"
FAILURES = ("500", "429", "timeout")


@dataclass(frozen=True)
class Difference:
    """A measure on which guard and the SDK do not agree today, with the reason. It must not agree."""

    measure: str
    reason: str


@dataclass(frozen=True)
class Case:
    """One program."""

    name: str
    family: str
    module: str
    arguments: tuple[str, ...]
    env: dict[str, str]
    failures: tuple[str, ...]
    """Patterns of answers of the failing runs; each is words with blanks between them."""
    static: bool
    """All prompts stand in the code: guard's typical input and its highest price are held against what was sent."""
    units: dict[str, str]
    """For a function that asks a model: the function whose activations count as one call of it, tries included. Not
    named: each call of the SDK is one. `=body`: the call sends several prompts at once, and those with equal bodies
    are the tries of one."""
    unbounded: dict[str, str]
    """For a function that asks a model: why the code does not say how often it runs."""
    approximate: float
    """Share by which guard's typical input may be off the referee's count."""
    script: Script
    differs: tuple[Difference, ...] = field(default=())

    @property
    def root(self) -> Path:
        """The folder that guard scans and in which the program runs."""
        return PROGRAMS / self.name / "project"

    @property
    def recording(self) -> Path:
        """The file with what was sent."""
        return RECORDED / f"{self.name}.json"


def names() -> list[str]:
    """All programs, in order."""
    return sorted(path.parent.name for path in PROGRAMS.glob("*/case.toml"))


def load(name: str) -> Case:
    """One program. Raises `ValueError` for a key that has no meaning."""
    data = tomllib.loads((PROGRAMS / name / "case.toml").read_text())
    answers: dict[str, Any] = data.pop("answers", {})
    whens = tuple(When(**when) for when in answers.get("when", ()))
    case = Case(
        name=name,
        family=data.pop("family"),
        module=data.pop("module", "app.main"),
        arguments=tuple(data.pop("arguments", ())),
        env=data.pop("env", {}),
        failures=tuple(data.pop("failures", FAILURES)),
        static=data.pop("static", False),
        units=data.pop("units", {}),
        unbounded=data.pop("unbounded", {}),
        approximate=data.pop("approximate", 0.03),
        script=Script(text=answers.get("text", PLAIN_TEXT), whens=whens),
        differs=tuple(Difference(**one) for one in data.pop("differs", ())),
    )
    if data:
        raise ValueError(f"{name}/case.toml: unknown keys {sorted(data)}")
    return case
