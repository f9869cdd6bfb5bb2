"""What a workflow's event says of the change that it is about. In: the event's JSON, as a runner leaves it. Out: an
`Event`. As a program: prints the commit that the checked-out change is compared with, or an empty line.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Event:
    """The change that a workflow runs for."""

    pull_request: int | None
    """Number of the pull request; None: the event is not about one."""
    base: str | None
    """Hash of the commit that the change is to be merged into; None: nothing to compare with."""
    head: str | None
    """Hash of the change's own last commit, for people (a runner checks out a merge of it)."""
    from_fork: bool
    """Whether the change comes from another repository, so that the token may not write here."""


def read(environment: Mapping[str, str]) -> Event:
    """The event of this run; one without a pull request where there is no event."""
    try:
        data = json.loads(Path(environment["GITHUB_EVENT_PATH"]).read_text("utf-8"))
    except (KeyError, OSError, ValueError):
        return Event(None, None, None, False)
    pull, group = _object(data, "pull_request"), _object(data, "merge_group")
    if pull:
        base, head = _object(pull, "base"), _object(pull, "head")
        number = pull.get("number")
        here, there = (_object(side, "repo").get("full_name") for side in (base, head))
        return Event(
            number if isinstance(number, int) else None,
            _commit(base.get("sha")),
            _commit(head.get("sha")),
            here != there,
        )
    return Event(None, _commit(group.get("base_sha")), _commit(group.get("head_sha")), False)


def _object(data: Any, key: str) -> Mapping[str, Any]:
    found = data.get(key) if isinstance(data, dict) else None
    return found if isinstance(found, dict) else {}


def _commit(text: Any) -> str | None:
    """A full hash, and nothing that git could take for an option."""
    return text if isinstance(text, str) and re.fullmatch(r"[0-9a-f]{40}([0-9a-f]{24})?", text) else None


def compared_with(found: Event, checkout: str) -> str | None:
    """The commit that the change in the folder `checkout` is compared with; None: everything is judged.

    A runner checks out a merge of the change by itself. What it is merged into may be ahead of what the event names,
    and others' changes are not this one's: so the merge's own first parent is taken, which a shallow checkout has, too.
    """
    if found.head is None:
        return found.base
    command = ["git", "-C", checkout, "rev-list", "--parents", "--max-count=1", "HEAD", "--"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    except OSError:
        return found.base
    commits = answer.split()
    return commits[1] if len(commits) == 3 and commits[2] == found.head else found.base


if __name__ == "__main__":
    print(compared_with(read(os.environ), os.environ.get("GITHUB_WORKSPACE", ".")) or "")
