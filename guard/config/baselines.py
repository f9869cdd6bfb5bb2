"""The baseline file: findings that were there when a team began, which `guard check` forgives.

In: the configuration that holds, the root of the scan. Out: a `Baseline`, with the line of every entry, or a located
`ConfigError`. `guard.use.baseline` writes the file, `guard.policy.baseline` holds findings against it. Neighbours:
`find` (reading), `load` (the caller).
"""

from __future__ import annotations

import json
import os
import re
from bisect import bisect_right
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from guard.config.document import Document
from guard.config.find import Found, inside, project_of, read_inside, relative
from guard.config.issues import ConfigError, ConfigIssue, show
from guard.config.types import Baseline, BaselineEntry
from guard.model import Extent

NAME = ".guard-baseline.json"
KEY = "baseline"
"""The key of guard.yaml that names another file."""
FORMAT = "guard-baseline"
VERSION = 1
MAX_BYTES = 20_000_000
"""Size of the largest baseline that is read; an entry has some 200."""

_LIST = re.compile(r'"findings"\s*:\s*\[')
_BETWEEN = re.compile(r"[\s,]*")
_USD = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,12})?")


def read(found: Found | None, document: Document | None, root: Path) -> Baseline:
    """The baseline of the configuration in `found` (None: there is none), or where one would stand.

    It stands in the folder of the configuration, or in the scanned one where the configuration does not lie above it;
    `baseline` names another file, relative to there. Raises `ConfigError` for a name that leads out of the project and
    for a file that is damaged or none of guard's. A link is not followed.
    """
    home = root
    if found is not None and Path(os.path.realpath(root)).is_relative_to(os.path.realpath(found.file.parent)):
        home = found.file.parent
    name = NAME if document is None else document.data.get(KEY, NAME)
    file = home / name
    project = project_of(home / NAME)
    shown = relative(file, root)
    if os.path.islink(file):
        raise _error(shown, "this is a link, and guard follows none to a baseline", "put the file itself here")
    if document is not None and ("\0" in name or os.path.isabs(name) or not inside(file, project)):
        message = f"baseline {show(name)} leads out of the project, where guard reads and writes nothing"
        raise ConfigError([document.issue((KEY,), message, "write a path relative to this file")])
    if not os.path.lexists(file):
        return Baseline(shown)
    return Baseline(shown, _entries(shown, read_inside(file, project, shown, MAX_BYTES)), True)


def _entries(shown: str, raw: bytes) -> tuple[BaselineEntry, ...]:
    if len(raw) > MAX_BYTES:
        raise _error(shown, f"the file is larger than {MAX_BYTES // 1_000_000} MB, so it is no baseline")
    text, data = _parsed(shown, raw)
    places = _Places(shown, text)
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        if isinstance(data, dict) and "schema_version" in data:
            hint = "compare with a saved report by `guard check --baseline FILE`, and name another file here"
            raise _error(shown, "this is a report of guard, not a baseline", hint)
        raise _error(shown, "this is no baseline of guard", "`guard baseline` writes one under another name")
    if data.get("version") != VERSION:
        said = show(data.get("version"))
        raise _error(shown, f"this is a baseline of version {said}, and this guard reads version {VERSION}")
    if not isinstance(data.get("findings"), list):
        raise _error(shown, "the list `findings` is missing", _AGAIN)
    lines = places.of_entries()
    return tuple(_entry(one, next(lines, 1), places) for one in data["findings"])


_AGAIN = "restore the file, or delete it and run `guard baseline`"


def _parsed(shown: str, raw: bytes) -> tuple[str, Any]:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _error(shown, "the file is not UTF-8", _AGAIN) from None
    try:
        return text, json.loads(text)
    except json.JSONDecodeError as error:
        lines = text.split("\n")
        source = lines[error.lineno - 1] if error.lineno <= len(lines) else ""
        hint = _AGAIN
        if source.startswith(("<<<<<<<", "=======", ">>>>>>>", "|||||||")):
            hint = "settle the merge: keep the entries that both sides have, then run `guard baseline`"
        issue = ConfigIssue(shown, error.lineno, error.colno, f"this is not JSON ({error.msg})", hint, source)
        raise ConfigError([issue]) from None
    except (ValueError, RecursionError):
        raise _error(shown, "this is not JSON that guard can read", _AGAIN) from None


class _Places:
    """Where the entries stand in the text of a file that is JSON."""

    def __init__(self, shown: str, text: str) -> None:
        self.shown, self.text = shown, text
        self.breaks = [found.start() for found in re.finditer("\n", text)]

    def of_entries(self) -> Iterator[int]:
        """The line of each item of `findings`."""
        start = _LIST.search(self.text)
        decoder, at = json.JSONDecoder(), 0 if start is None else start.end()
        while start is not None:
            skipped = _BETWEEN.match(self.text, at)
            at = at if skipped is None else skipped.end()
            if at >= len(self.text) or self.text[at] == "]":
                return
            yield bisect_right(self.breaks, at) + 1
            try:
                at = decoder.raw_decode(self.text, at)[1]
            except ValueError:
                return

    def error(self, line: int, message: str) -> ConfigError:
        """What is wrong with the entry on a line."""
        source = self.text.split("\n")[line - 1]
        column = len(source) - len(source.lstrip()) + 1
        return ConfigError([ConfigIssue(self.shown, line, column, message, _AGAIN, source)])


def _entry(raw: Any, line: int, places: _Places) -> BaselineEntry:
    if not isinstance(raw, dict):
        raise places.error(line, "an entry must be a mapping")
    for key in ("id", "policy", "path", "message"):
        if not isinstance(raw.get(key), str):
            raise places.error(line, f"`{key}` of this entry is missing or not text")
    verdict = raw.get("verdict", "violated")
    if verdict not in ("violated", "undecided"):
        raise places.error(line, f"`verdict` of this entry is {show(verdict)}, not 'violated' or 'undecided'")
    return BaselineEntry(
        raw["id"], raw["policy"], verdict, raw["path"], raw["message"], _extent(raw, line, places), line
    )


def _extent(raw: dict[str, Any], line: int, places: _Places) -> Extent | None:
    usd, requests, tokens = raw.get("usd"), raw.get("requests"), raw.get("tokens")
    if usd is not None:
        if not isinstance(usd, str) or not _USD.fullmatch(usd):
            raise places.error(line, f"`usd` of this entry is {show(usd)}, not an amount such as '4120.5'")
        return Extent(Decimal(usd), "usd")
    if requests is not None:
        if isinstance(requests, bool) or not isinstance(requests, int) or requests < 0:
            raise places.error(line, f"`requests` of this entry is {show(requests)}, not a number of requests")
        return Extent(Decimal(requests), "requests")
    if tokens is not None:
        if isinstance(tokens, bool) or not isinstance(tokens, int) or tokens < 0:
            raise places.error(line, f"`tokens` of this entry is {show(tokens)}, not a number of tokens")
        return Extent(Decimal(tokens), "tokens")
    return None


def _error(shown: str, message: str, hint: str = "") -> ConfigError:
    return ConfigError([ConfigIssue(shown, 1, 1, message, hint)])
