"""Policy packs from git repositories: pinned to a commit in `extends`, kept word for word in `guard.lock`.

In: a name such as `git+https://github.com/acme/policies@<commit>:team.yaml` and the lock file beside the configuration.
Out: the bytes of the pack. guard itself never asks the network: `guard policy lock` (guard.use.lock) fetches packs once
and writes them into the lock, which is committed and reviewed like code. Neighbour: `packs` (the caller).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from guard.config.document import MAX_BYTES
from guard.config.issues import show

SCHEME = "git+"
FILE = "guard.lock"
VERSION = 1
_NAME = re.compile(
    r"git\+(?P<url>(?:https|ssh|file)://[^\s@:]+(?:@[^\s@:/]+)?(?::[0-9]{1,5})?(?:/[^\s@:]*)?)"
    r"@(?P<commit>[^:\s]*):(?P<path>[^\s:]+)"
)
_COMMIT = re.compile(r"[0-9a-f]{40}")
EXAMPLE = "git+https://github.com/acme/policies@<commit>:team.yaml"


class Unlocked(Exception):
    """A pack cannot be used: what is wrong, and what to do."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Source:
    """Where a pack comes from."""

    name: str
    """As it stands in `extends`."""
    url: str
    commit: str
    path: str


def source(name: str) -> Source:
    """The parts of a name. Raises `Unlocked` for one that names no repository, no full commit or no file in it."""
    match = _NAME.fullmatch(name)
    if match is None:
        raise Unlocked(f"pack {show(name)} does not name a file of a repository", f"write {EXAMPLE}")
    if not _COMMIT.fullmatch(match["commit"]):
        message = f"pack {show(name)} is not pinned to a commit"
        raise Unlocked(message, "write all 40 digits of the commit behind '@': a branch or tag may change")
    path = match["path"]
    if path.startswith(("/", "-")) or ".." in path.split("/"):
        raise Unlocked(f"the file of pack {show(name)} is no path within the repository", f"write {EXAMPLE}")
    return Source(name, match["url"], match["commit"], path)


def locked(name: str, lock: bytes | None) -> bytes:
    """The bytes of a pack from the text of the lock; None: there is no lock. Raises `Unlocked`."""
    source(name)
    again = "run `guard policy lock` and commit guard.lock"
    if lock is None:
        raise Unlocked(f"pack {show(name)} is not in {FILE}: there is no such file", again)
    entry = entries(lock).get(name)
    if entry is None:
        raise Unlocked(f"pack {show(name)} is not in {FILE}", again)
    text, digest = entry
    if hashlib.sha256(text.encode()).hexdigest() != digest:
        raise Unlocked(f"pack {show(name)} was changed in {FILE} after it was fetched", again)
    return text.encode()


def is_whole(name: str, lock: bytes) -> bool:
    """Whether a pack stands in a lock as it was fetched."""
    try:
        return bool(locked(name, lock))
    except Unlocked:
        return False


def entries(lock: bytes) -> dict[str, tuple[str, str]]:
    """Text and SHA-256 of each pack in a lock. Raises `Unlocked` for a file of another form."""
    broken = Unlocked(f"{FILE} cannot be read", "run `guard policy lock` to write it anew")
    try:
        data = json.loads(lock) if len(lock) <= MAX_BYTES else None
    except (ValueError, RecursionError):
        raise broken from None
    packs = data.get("packs") if isinstance(data, dict) and data.get("version") == VERSION else None
    if not isinstance(packs, dict):
        raise broken
    found: dict[str, tuple[str, str]] = {}
    for name, entry in packs.items():
        text, digest = (entry.get("text"), entry.get("sha256")) if isinstance(entry, dict) else (None, None)
        if not isinstance(text, str) or not isinstance(digest, str):
            raise broken
        found[name] = (text, digest)
    return found


def written(packs: Mapping[str, str]) -> str:
    """The text of a lock with these packs (name as in `extends` -> text)."""
    entries = {
        name: {"sha256": hashlib.sha256(text.encode()).hexdigest(), "text": text}
        for name, text in sorted(packs.items())
    }
    return json.dumps({"version": VERSION, "packs": entries}, indent=1, ensure_ascii=False) + "\n"


def beside(configuration: Path) -> Path:
    """The lock that belongs to a configuration file."""
    return configuration.parent / FILE
