"""Where a collector puts what it finds in one document. In: `At`s. Out: `Facts`.

What is a secret by its key or its shape is not kept. Neighbours: the collectors in `guard.facts.formats`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from guard.facts.documents.document import At
from guard.facts.documents.types import Declared, Facts, Gateway, Reference, Scaler, Served, Written
from guard.facts.link.secrets import looks_secret
from guard.model import Confidence, Problem, Scalar, Setting

MAX_SETTINGS = 5_000
"""Of a file. More is data, no configuration."""
_DEFAULT = re.compile(r"^\$\{(?:env:)?(?!env:|file:)[A-Za-z_][A-Za-z0-9_.]*(?::-|-|:)(?P<default>[^{}$]+)\}$")
_FILLED = re.compile(r"\$\{|\$\(|\{\{|^\$[A-Za-z_]|^os\.environ/|^env[.:]|<[a-z][\w .-]*>")
_PLACEHOLDER = re.compile(r"(?:^|[:/])(?:<[^<>]{1,80}>|your[-_][\w.-]{1,80})$", re.IGNORECASE)
"""What a sample has where its reader puts a name of their own."""


class Found:
    """The facts of one file, as they are found. `format` is the word for settings that name none of their own."""

    def __init__(self, path: str, format: str) -> None:
        self.path = path
        self.format = format
        self.settings: dict[tuple[int, int, str], Setting] = {}
        self.gateways: list[Gateway] = []
        self.calls: list[Declared] = []
        self.references: list[Reference] = []
        self.problems: list[Problem] = []
        self.served: list[Served] = []
        self.scalers: list[Scaler] = []

    def setting(
        self, at: At | None, what: str, *, format: str | None = None, value: Scalar | tuple[Scalar, ...] = None,
        place: tuple[int, int] | None = None, confidence: Confidence = "certain",
    ) -> bool:  # fmt: skip
        """A key that decides cost; `value`, `place`: where they are not those of the node. Nothing at all, a map and
        null are no settings. Returns whether it was kept."""
        if at is None or len(self.settings) >= MAX_SETTINGS:
            return False
        if value is None:
            value = plain_value(at)
        texts = value if isinstance(value, tuple) else (value,)
        if value is None or value == "" or any(isinstance(text, str) and looks_secret(text) for text in texts):
            return False
        line, column = place or (at.node.line, at.node.column)
        one, items = (None, value) if isinstance(value, tuple) else (value, None)
        made = Setting(self.path, line, format or self.format, at.path, what, one, column, confidence, items)
        return self.settings.setdefault((line, column, at.path), made) is made

    def keys(self, at: At | None, table: Mapping[str, str], format: str | None = None) -> None:
        """The keys of a map that `table` knows (key -> what)."""
        for key, value in at.pairs() if at is not None else ():
            if key in table:
                self.setting(value, table[key], format=format)

    def facts(self) -> Facts:
        """All of it."""
        return Facts(
            self.path, tuple(self.settings.values()), tuple(self.gateways), tuple(self.calls),
            tuple(self.references), tuple(self.problems), tuple(self.served), tuple(self.scalers),
        )  # fmt: skip


def plain_value(at: At) -> Scalar | tuple[Scalar, ...]:
    """A scalar, or a list of scalars; of `${MODEL:-gpt-4o}` the default; None for all else."""
    node = at.node
    if node.kind == "scalar":
        return defaulted(at.value)
    if node.kind == "list" and node.items and all(item.kind == "scalar" for item in node.items):
        return tuple(item.value for item in node.items)
    return None


def defaulted(value: Scalar) -> Scalar:
    """What stands behind `:-` in `${NAME:-value}` (`${NAME:value}`, `${NAME-value}`), else the value itself."""
    found = _DEFAULT.match(value) if isinstance(value, str) else None
    return found["default"] if found is not None else value


def has_default(value: Scalar) -> bool:
    """Whether a value is a variable with a default."""
    return isinstance(value, str) and _DEFAULT.match(value) is not None


def is_filled_later(text: str) -> bool:
    """Whether a text has a part that something or somebody fills in later: `${VAR}`, `{{ var }}`, `os.environ/VAR`,
    `<name>`, `YOUR_DEPLOYMENT`, `azure:chat:your-model`."""
    return _FILLED.search(text) is not None or _PLACEHOLDER.search(text) is not None


def written(at: At | None, accept: Callable[[Scalar], bool] = lambda value: True) -> Written | None:
    """A scalar with its place; None where there is none, or it is filled in later."""
    if at is None or at.node.kind != "scalar":
        return None
    value = defaulted(at.value)
    if value is None or (isinstance(value, str) and (not value or is_filled_later(value) or looks_secret(value))):
        return None
    return Written(value, at.span, at.path) if accept(value) else None


def limit_of(at: At | None) -> Written | None:
    """A number of tokens above 0 with its place; None for all else."""
    number = at.number if at is not None else None
    return Written(number, at.span, at.path) if at is not None and number is not None and number > 0 else None
