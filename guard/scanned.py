"""What a scan finds before policies judge it. In: nothing. Out: `Scanned`, made by `guard.run.look`.

A module of its own, since `guard.kept` keeps it between runs and `guard.run` asks `guard.kept`.
"""

from __future__ import annotations

from dataclasses import dataclass

from guard.estimate.prompt_sizes import PromptSize
from guard.model import Report
from guard.policy.forgive import Directive


@dataclass(frozen=True, slots=True)
class Scanned:
    """What was found in a tree, before policies and budgets judge it."""

    report: Report
    """Without findings."""
    directives: tuple[Directive, ...]
    """The `guard:` comments of all code that was parsed and of the other files that values were traced to."""
    files: tuple[str, ...] = ()
    """All that were listed."""
    read: tuple[str, ...] = ()
    """All that were asked for, be they there or not, sorted."""
    prompts: tuple[PromptSize, ...] | None = None
    """The prompt templates in files; None: no budget of the configuration asks for them."""
