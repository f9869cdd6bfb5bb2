"""What comment a job wants. In: the job's environment. Out: a `Wish`, for `integrations.sticky` to fulfil.

GUARD_COMMENT (`update`, `replace`, `off`), GUARD_COMMENT_KEY and GUARD_COMMENT_THRESHOLD are what users set;
GUARD_EXIT_CODE, GUARD_REPORT and GUARD_MARKDOWN (paths) come from the step that ran guard.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from integrations.outcome import read, threshold, worth_a_comment
from integrations.sticky import MODES, Mode, mark


@dataclass(frozen=True, slots=True)
class Wish:
    """A comment that is to stand at a change."""

    mode: Mode
    key: str
    text: str
    wanted: bool
    """False: only an earlier comment is to be brought up to date."""


def wish(environment: Mapping[str, str], commit: str | None, longest: int) -> Wish | str:
    """The comment for the run that `environment` tells of, at most `longest` characters, for `commit`; or in words why
    there is to be none. Raises ValueError where an option means nothing or a report cannot be read."""
    mode = environment.get("GUARD_COMMENT") or "update"
    if mode == "off":
        return "switched off"
    if mode not in MODES:
        raise ValueError(f"the mode of comments is update, replace or off, not `{mode}`")
    key = environment.get("GUARD_COMMENT_KEY") or "guard"
    first = mark(key)
    least = threshold(environment.get("GUARD_COMMENT_THRESHOLD") or "0")
    outcome = read(int(environment["GUARD_EXIT_CODE"]), Path(environment["GUARD_REPORT"]))
    if outcome.verdict == "error":
        return "guard itself failed"
    try:
        report = Path(environment["GUARD_MARKDOWN"]).read_text("utf-8")
    except OSError as error:
        raise ValueError(f"guard's report in Markdown cannot be read: {error.strerror}") from None
    foot = f"\n\n<sub>guard, for commit {commit}</sub>\n" if commit else "\n"
    if len(first) + 1 + len(report) + len(foot) > longest:
        report = "guard's report is too long for a comment; it stands in the output of the job."
    return Wish(MODES[mode], key, report.rstrip() + foot, worth_a_comment(outcome, least))
