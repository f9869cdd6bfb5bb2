"""Who owns a file, by the repository's CODEOWNERS. In: the text of that file. Out: `CodeOwners`, asked for paths.

Both dialects are read. GitHub: `pattern @owner ...`, the last pattern that matches decides, one without owners leaves
the file to nobody. GitLab besides: `[Section]` heads (`^[Optional]`, `[Name][2]`, with owners that its patterns have
where they name none), `!pattern` takes files out of a section, and the owners of a file are those of all sections.
Patterns are those of .gitignore, but for `docs/*`, which means the files of the folder itself. Lines come from scanned
repositories: what is no owner by its form is passed over. Neighbours: `ignore` and `wildcards` read patterns,
`guard.config.find` finds the file, `guard.estimate.owners` asks.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from guard.sources.ignore import Patterns, compiled

MOST_RULES = 20_000
"""Lines with patterns that are read; GitHub takes no file above 3 MB."""
LONGEST_OWNER = 200
_SECTION = re.compile(r"^\^?\[(?P<name>[^\]]*)\](?:\[\d+\])?(?P<owners>.*)$")
_OWNER = re.compile(r"@{1,2}[\w./-]+|[^\s@]+@[^\s@]+\.[^\s@]+")


@dataclass(slots=True)
class _Rule:
    pattern: str
    owners: tuple[str, ...]
    excludes: bool = False
    direct: bool = False
    """Whether it means the files of a folder and not those below (`docs/*`)."""
    made: Patterns | None = None
    """The pattern, once it was asked."""

    def matches(self, path: str) -> bool:
        if self.made is None:
            self.made = compiled([self.pattern]) or compiled(["/"])
        if self.made is None or not self.made.match_file(path):
            return False
        return not self.direct or path.count("/") == self.pattern.strip("/").count("/")


@dataclass(slots=True)
class _Section:
    owners: tuple[str, ...] = ()
    rules: list[_Rule] = field(default_factory=list)

    def of(self, path: str) -> tuple[str, ...]:
        """The owners that the last matching line names; none where it takes the file out."""
        for rule in reversed(self.rules):
            if rule.matches(path):
                return () if rule.excludes else rule.owners
        return ()


class CodeOwners:
    """The rules of a CODEOWNERS file."""

    def __init__(self, text: str) -> None:
        """`text`: the whole file."""
        self._sections: dict[str, _Section] = {}
        self._known: dict[str, tuple[str, ...]] = {}
        section, read = self._sections.setdefault("", _Section()), 0
        for line in text.splitlines():
            line = line.strip()
            if not line or line.startswith("#"):
                continue
            head = _SECTION.match(line)
            if head is not None:
                section = self._sections.setdefault(head["name"].strip().casefold(), _Section())
                section.owners = _owners(head["owners"]) or section.owners
                continue
            read += 1
            if read > MOST_RULES:
                break
            section.rules.append(_rule(line, section.owners))

    def of(self, path: str) -> tuple[str, ...]:
        """The owners of a file, `path` as seen from the top of the repository; none where nobody owns it."""
        if path not in self._known:
            found = (owner for section in self._sections.values() for owner in section.of(path))
            self._known[path] = tuple(dict.fromkeys(found))
        return self._known[path]


def _rule(line: str, default: tuple[str, ...]) -> _Rule:
    pattern, rest = _split(line)
    excludes = pattern.startswith("!")
    pattern = pattern.removeprefix("!")
    body = pattern.rstrip("/")
    direct = body.endswith("/*") and not body.endswith("**/*")
    return _Rule(pattern, _owners(rest) or default, excludes, direct)


def _split(line: str) -> tuple[str, str]:
    """The pattern, which may hold spaces behind a backslash, and what follows it."""
    found = re.match(r"(?:\\.|[^\s\\])+", line)
    end = found.end() if found is not None else len(line)
    return line[:end].replace("\\ ", " ").replace("\\#", "#"), line[end:]


def _owners(text: str) -> tuple[str, ...]:
    """The words of a line that are owners, up to a comment."""
    words = text.split(" #")[0].split("\t#")[0].split()
    return tuple(word for word in words if len(word) <= LONGEST_OWNER and _OWNER.fullmatch(word))
