"""One comment of our own at a change, kept up to date. In: a `Thread` of a service, the text. Out: what was done.

A comment is ours where its author is who we are and it carries our hidden mark; no other is ever touched.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal, Protocol

from integrations.api import ApiError

Mode = Literal["update", "replace"]
"""`update`: the same comment is written anew; `replace`: a new one comes below, and the old one goes."""
MODES: Mapping[str, Mode] = {"update": "update", "replace": "replace"}
Done = Literal["created", "updated", "replaced", "unchanged", "not needed"]
ROUNDS = 3
"""How often all is looked at again after an error that may pass."""


class Thread(Protocol):
    """The comments at one change, as a service has them."""

    def mine(self, mark: str) -> list[tuple[int, str]]:
        """Ids and texts of the comments that we wrote and that carry `mark`, oldest first."""
        ...

    def create(self, text: str) -> None: ...
    def update(self, number: int, text: str) -> None: ...
    def delete(self, number: int) -> None: ...


def mark(key: str) -> str:
    """The hidden first line of our comments; `key` tells several at one change apart. A bad one: ValueError."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", key):
        raise ValueError("the key of a comment is up to 64 letters, digits, dots, lines and underscores")
    return f"<!-- guard: comment {key} -->"


def keep(thread: Thread, mode: Mode, key: str, text: str, wanted: bool) -> Done:
    """Has `text` stand once in the thread. Where it is not `wanted`, an earlier comment is brought up to date, since it
    would be wrong by now, but no new one is made. Raises `ApiError` when the service refuses for good."""
    for left in reversed(range(ROUNDS)):
        try:
            return _keep(thread, mode, mark(key), f"{mark(key)}\n{text}", wanted)
        except ApiError as error:
            # Gone between the look and the change, or no answer: it may have been done, so look again.
            if left == 0 or not (error.passing or error.status == 404):
                raise
    raise AssertionError("unreachable")


def _keep(thread: Thread, mode: Mode, own: str, text: str, wanted: bool) -> Done:
    found = thread.mine(own)
    if not found:
        if not wanted:
            return "not needed"
        thread.create(text)
        return "created"
    *old, (last, before) = found
    done: Done = "unchanged"
    if before.strip() != text.strip():
        if mode == "replace" and wanted:
            thread.create(text)
            old.append((last, before))
            done = "replaced"
        else:
            thread.update(last, text)
            done = "updated"
    for number, _ in old:
        thread.delete(number)
    return done
