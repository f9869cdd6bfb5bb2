"""What a format is given: the report, what it is compared with, and how it shall look.

In: values from the commands. Out: `View`, the one argument of every `render` in `formats/`, and what several formats
ask of it: paths as the reader of a machine format knows them, the words for a verdict, the order of findings.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from guard.bill import Bill
from guard.difference import Difference
from guard.model import Enforce, Finding, Report, Severity, Span

Command = Literal["check", "cost", "diff"]
Level = Literal["error", "warning", "undecided"]
"""`error`: makes the command fail; `undecided`: what is needed for a verdict is not known."""

_LEVELS: dict[Level, int] = {"error": 0, "warning": 1, "undecided": 2}
_SEVERITY: dict[Severity, int] = {"high": 0, "medium": 1, "low": 2}


@dataclass(frozen=True, slots=True)
class Rule:
    """A policy or budget of the configuration, for formats that list what was asked and not only what was found."""

    id: str
    """As `Finding.policy` has it: `approved-models`, `budget:one call`."""
    title: str
    """What shall hold, in a few words without a full stop."""
    help: str = ""
    """What it does, why, and how to mend it: Markdown of guard's own, no text of the scanned repository."""
    severity: Severity = "medium"
    enforce: Enforce = "warn"
    message: str = ""
    """The user's own words, as the configuration has them."""
    docs: str = ""
    """Where the user's organisation explains it, as the configuration has it."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a file as a machine knows it: `path` from the top of the repository, lines of the file itself."""

    path: str
    line: int
    column: int | None = None
    """None: only the line is known (of a notebook, whose lines are lines of JSON)."""
    end_line: int | None = None
    end_column: int | None = None


def _blocks(finding: Finding) -> bool:
    return finding.forgiven is None and finding.enforce == "block"


def _no_lines(path: str) -> list[str] | None:
    return None


def _no_line(span: Span) -> int | None:
    return None


@dataclass(frozen=True, slots=True)
class View:
    """A report with everything that formats ask besides."""

    report: Report
    command: Command = "check"
    difference: Difference | None = None
    """What changed against a base; None where there is none."""
    bill: Bill | None = None
    """What was asked of the cost beyond the requests themselves; None: nothing."""
    blocks: Callable[[Finding], bool] = _blocks
    """Which findings make the command fail."""
    lost_blocks: bool = False
    """Whether files that the head lost (`Difference.lost`) make the command fail: nobody judged what they ask for."""
    color: bool = False
    width: int = 100
    """Columns of text for people."""
    everything: bool = False
    """Show all that is usually folded (`--all`)."""
    show_prompts: bool = False
    again: str = ""
    """What a further command on the same folder needs behind it: `src --config rules.yaml`."""
    folder: str = ""
    """The scanned folder as seen from the top of its repository; empty: it is the top."""
    here: str = ""
    """The scanned folder as seen from the current one; empty: it is the current one."""
    sources: Callable[[str], list[str] | None] = _no_lines
    """Lines of a file for frames; None where it cannot be read."""
    known: Callable[[], Sequence[str]] = tuple
    """Names of the SDKs that guard knows."""
    rules: Callable[[], Sequence[Rule]] = tuple
    """The policies and budgets that were asked."""
    file_line: Callable[[Span], int | None] = field(default=_no_line)
    """Line of a notebook's file on which a line of a cell stands; None where that is not known."""

    def active(self) -> list[Finding]:
        """The findings that are not forgiven, worst first; equal ones in the order of their places."""
        return sorted((one for one in self.report.findings if one.forgiven is None), key=self._worst_first)

    def level(self, finding: Finding) -> Level:
        """What a finding means for the run."""
        if self.blocks(finding):
            return "error"
        return "warning" if finding.verdict == "violated" else "undecided"

    def _worst_first(self, finding: Finding) -> tuple[int, int, str, int, int, str, str]:
        span = finding.labels[0].span if finding.labels else None
        at = ("", 0, 0) if span is None else (span.path, span.line, span.column)
        return _LEVELS[self.level(finding)], _SEVERITY[finding.severity], *at, finding.policy, finding.id

    def place(self, span: Span) -> Place | None:
        """`span` from the top of the repository; None for a file above it, which no machine format can name.

        In a notebook the line is that of the file where it is known, else the first one.
        """
        path = joined(self.folder, span.path)
        if path == ".." or path.startswith(("../", "/")):
            return None
        if span.cell is not None:
            return Place(path, self.file_line(span) or 1)
        return Place(path, span.line, span.column, span.end_line, span.end_column)


def joined(folder: str, path: str) -> str:
    """`path` below `folder`, without `.` and `..` where these can be resolved."""
    return posixpath.normpath(posixpath.join(folder, path)) if folder or ".." in path else path
