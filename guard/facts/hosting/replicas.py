"""Numbers of replicas with their places. In: nodes. Out: `Written`s; a default stands where the whole stands."""

from __future__ import annotations

from guard.facts.documents.document import At
from guard.facts.documents.found import Found
from guard.facts.documents.types import Written


def count(
    at: At | None, what: str, found: Found, default: int, whole: At
) -> tuple[Written | None, bool]:  # fmt: skip
    """A number of replicas, put into the settings as `what`, and whether the file says it. A key that is missing (or
    null) has the default; one that is no number (filled in later) is not known: None."""
    if at is None or (at.node.kind == "scalar" and at.value is None):
        return Written(default, whole.span, whole.path, default=True), False
    found.setting(at, what)
    number = at.number
    return (None if number is None else Written(number, at.span, at.path)), True
