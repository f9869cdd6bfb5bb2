"""The examples of the documents: fenced blocks, and what is to be done with them.

In: a Markdown file. Out: `Example`s. What is done follows from the language, and from a comment right above the block
that readers of the rendered page do not see: `<!-- example: WORD, WORD -->`.

- `sh`: run in a fresh checkout of guard, as the blocks before it left that; must exit with 0. `exit N`: with N;
  `in a project`: run in a small project instead; `installs`: only where tools may be installed; `not run (WHY)`.
- `yaml`, `toml`: a `guard.yaml` or `pyproject.toml`, or a part of one, that guard takes. `file NAME`: some other file;
  `same as NAME`: a copy of a file of this repository.
- `python`: is Python.
- `text`: no example. `output`: stands so in what the `sh` block before it printed; a line `...` is any lines.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

FENCE = re.compile(r"^```(?P<language>\w*)[ \t]*\n(?P<text>.*?)^```[ \t]*$", re.MULTILINE | re.DOTALL)
ABOVE = re.compile(r"<!-- example: (?P<words>.+) -->\n\Z")
ALLOWED = {
    "sh": r"exit \d+|in a project|installs|not run \(.+\)",
    "yaml": r"file [\w./-]+|same as [\w./-]+",
    "toml": r"file [\w./-]+|same as [\w./-]+",
    "python": r"(?!)",
    "text": r"output",
}
"""Words that may stand above a block of each language that has examples."""


class BadDocument(AssertionError):
    """A block is marked in a way that means nothing. The message names file and line."""


@dataclass(frozen=True, slots=True)
class Example:
    """A fenced block that something is done with."""

    path: str
    line: int
    language: str
    text: str
    words: tuple[str, ...] = ()

    @property
    def place(self) -> str:
        return f"{self.path}:{self.line}"

    def word(self, beginning: str) -> str | None:
        """The rest of the word that begins so; None where there is none."""
        return next((w.removeprefix(beginning).strip() for w in self.words if w.startswith(beginning)), None)

    @property
    def exit_code(self) -> int:
        return int(self.word("exit ") or 0)


def examples(path: Path, root: Path) -> list[Example]:
    """All examples of a document in order. Raises `BadDocument`."""
    document, name = path.read_text("utf-8"), path.relative_to(root).as_posix()
    found = []
    for fence in FENCE.finditer(document):
        line = document.count("\n", 0, fence.start()) + 1
        above = ABOVE.search(document[: fence.start()])
        words = tuple(re.split(r", (?![^(]*\))", above["words"])) if above else ()
        language = fence["language"]
        for word in words:
            if not re.fullmatch(ALLOWED.get(language, "(?!)"), word):
                raise BadDocument(f"{name}:{line}: `{word}` means nothing above a block of `{language or 'nothing'}`")
        if language in ALLOWED and (language != "text" or words):
            found.append(Example(name, line, language, fence["text"], words))
    marks = document.count("<!-- example:")
    if marks != sum(bool(one.words) for one in found):
        raise BadDocument(f"{name}: {marks} comments `<!-- example: ... -->`, and not each is right above a block")
    return found


def printed(wanted: str, output: str) -> bool:
    """Whether `wanted` stands in `output`, line by line; a line `...` is any number of lines."""
    parts = [re.escape(part) for part in re.split(r"^\.\.\.\n", wanted, flags=re.MULTILINE)]
    return re.search(r"^" + r"(?:.*\n)*?".join(parts), output, re.MULTILINE) is not None


def links(path: Path) -> list[str]:
    """Where the links of a document lead, but for those to other sites."""
    text = re.sub(r"`[^`\n]*`", "", FENCE.sub("", path.read_text("utf-8")))
    found = re.findall(r"\]\(([^()\s]+)\)", text)
    return [target for target in found if not re.match(r"[a-z]+:", target)]


def headings(path: Path) -> set[str]:
    """The headings of a document as links name them."""
    lines = re.findall(r"^#+ (.+)$", FENCE.sub("", path.read_text("utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", line.lower()).replace(" ", "-") for line in lines}
