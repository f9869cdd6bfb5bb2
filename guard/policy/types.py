"""The types of this room: what a check is, what it answers, what it may ask.

In: `guard.model`. Out: types used by `checks/`, `registry.py`, `load.py` and `decide.py`. A check is one file in
`checks/`; CONTRIBUTING.md says how to add one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

from guard.config.types import PolicySpec
from guard.model import Enforce, Fix, Label, Priced, Severity

if TYPE_CHECKING:
    from guard.policy.conditions import Asking
    from guard.policy.expr.condition import Mention

Confidence = Literal["certain", "likely", "assumed"]


@dataclass(frozen=True, slots=True)
class Hit:
    """A check's answer "violated". The first label is where a developer should act."""

    message: str
    labels: tuple[Label, ...]
    value: str | None = None
    """The offending value where it is a word and not a figure: part of the finding's identity."""
    help: str = ""
    """What to do; empty: the check's own help."""
    notes: tuple[str, ...] = ()
    confidence: Confidence = "certain"
    doubt: str = ""
    """Why `confidence` is not `certain`."""
    fixes: tuple[Fix, ...] = ()
    """Edits that would mend it, all of them or none; empty: a person must decide what to write."""


@dataclass(frozen=True, slots=True)
class Unsure:
    """A check's answer "undecided": what is not known, in words that can follow "undecided: "."""

    why: str
    labels: tuple[Label, ...] = ()
    help: str = ""


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What the price table says of a model, apart from its prices. Sizes in tokens; None: not listed."""

    id: str
    """The normalised name that prices it."""
    context_window: int | None = None
    """Input and output together."""
    max_input: int | None = None
    max_output: int | None = None
    retired: date | None = None
    """The day on which the provider stops (or stopped) serving it."""
    removed: bool = False
    """A price source lists it as no longer served, without a day."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a check may ask beyond the request itself. `guard.policy.judge.context` makes one from a price table."""

    today: date
    model: Callable[[str, str | None], ModelFacts | None]
    """(model name as written, provider) -> what is known of it; None: not in the price table."""
    suggest: Callable[[str, str | None], Sequence[str]]
    """(model name as written, provider) -> names of the price table that look like it, best first."""
    why_not: Callable[[str, str | None], str | None]
    """(model name as written, provider) -> why such a name cannot be in a price table (an ARN, a proxy alias); None:
    the table could list it, but does not."""
    names: Callable[[], Sequence[str]] = tuple
    """All names of the price table, `provider/model`."""


@dataclass(frozen=True, slots=True)
class Example:
    """A request with the parameters under which a check is tried on it; run by the tests."""

    title: str
    priced: Priced
    params: Any
    """An instance of the check's `Params`."""


@dataclass(frozen=True, slots=True)
class Check:
    """A check as the registry found it."""

    id: str
    """File name in kebab-case."""
    title: str
    """First line of the docstring, without the full stop."""
    doc: str
    """The docstring behind the title: `## What it does`, `## Why`, `## Fix`."""
    severity: Severity
    """Unless the policy says another one."""
    help: str
    params: type[Any]
    """A frozen dataclass; each field has a default and metadata `doc`, numbers also `min`."""
    run: Callable[[Priced, Any, Context], Iterator[Hit | Unsure]]
    bad: tuple[Example, ...]
    """Requests that violate it."""
    good: tuple[Example, ...]
    """Requests that keep it."""
    unsure: tuple[Example, ...]
    """Requests for which it cannot be decided."""


@dataclass(frozen=True, slots=True)
class NoParams:
    """The parameters of a condition: it has none."""


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy of the configuration with its check and typed parameters, or with its condition."""

    spec: PolicySpec
    check: Check
    """Of a policy with a condition a check of its own, which is never run."""
    params: Any
    asking: Asking | None = None
    """The condition, which is then asked instead of the check."""
    fields: Mapping[str, Mention] = field(default_factory=dict)
    """Fields that the policy's message names by path, `request.usd.high`."""

    def enforce(self, today: date) -> Enforce:
        """What a violation does on a day: with `block_from` it warns before that day and blocks from it on."""
        spec = self.spec
        if spec.block_from is None or spec.enforce == "off":
            return spec.enforce
        return "block" if spec.block_from <= today else "warn"

    @property
    def severity(self) -> Severity:
        """The policy's own severity, else the check's."""
        return self.spec.severity or self.check.severity
