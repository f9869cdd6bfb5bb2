"""What `guard.yaml` says, as plain data. In: nothing. Out: `Config`, read by link, estimate and policy.

Made by `guard.config.load`; every figure that a user declares keeps the place where it stands (`source`), so that an
estimate can say where it came from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from guard.model import Enforce, Extent, Severity, Stage, VerdictWord

Compare = Literal["low", "typical", "high"]
OnUnknown = Literal["pass", "warn", "block"]


@dataclass(frozen=True, slots=True)
class Place:
    """A position in a configuration file, 1-based."""

    path: str
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a text that stands on one line of a file: from `offset` (0-based) on at `column` of `line`."""

    offset: int
    line: int
    column: int
    source: str
    """The whole line."""


@dataclass(frozen=True, slots=True)
class Written:
    """A text of a configuration file of which each character has a place, whatever way it is quoted or folded."""

    text: str
    path: str
    stretches: tuple[Stretch, ...]
    """In the order of their offsets; the first one begins at 0."""


@dataclass(frozen=True, slots=True)
class UsageRule:
    """`usage.rules[i]`: what is declared for the requests that it matches. None: the rule does not say."""

    source: str
    """`usage.rules[0]`."""
    place: Place
    paths: tuple[str, ...] = ()
    """Globs (gitignore style) for the entry point's file, else the outermost site's."""
    entry: str | None = None
    """Entry point: `path::qualname`, `module:function` or `METHOD /route`."""
    feature: str | None = None
    """A key of `features`."""
    request: str | None = None
    """Id of a request, or `path::qualname` of a function in which one of its calls stands."""
    runs_per_month: Decimal | None = None
    cache_hit_rate: Decimal | None = None
    """Share of static input tokens that is read from the prompt cache, 0 to 1."""
    error_rate: Decimal | None = None
    """Share of tries that fail, 0 to 1."""
    output_share: Decimal | None = None
    output_tokens: int | None = None
    hole_tokens: int | None = None
    holes: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scenario:
    """`scenarios.NAME`: use as it may become. Multipliers (1.3 for `+30%`) of what is typical; None: as it is."""

    name: str
    place: Place
    runs_per_month: Decimal | None = None
    input: Decimal | None = None
    """Of the whole input of a turn."""
    output: Decimal | None = None
    retrieval: Decimal | None = None
    """Of the parts of a prompt that a retriever fills."""
    turns: Decimal | None = None
    holes: Mapping[str, Decimal] = field(default_factory=dict)
    """By the names of parts of a prompt."""
    cache_hit_rate: Decimal | None = None
    """A share from 0 to 1, instead of what `usage` declares."""
    error_rate: Decimal | None = None
    """Likewise."""
    max_output: int | None = None
    """The output limit in tokens that is sent instead of the one in the code. No key of guard.yaml: `--what-if` asks.
    Answers do not get shorter or longer by it; what does not fit is cut off."""


@dataclass(frozen=True, slots=True)
class Usage:
    """`usage`. The defaults are stated assumptions and are marked as such wherever they enter a figure."""

    hole_tokens: int = 400
    """Tokens taken for a hole of unknown size, typical."""
    output_share: Decimal = Decimal("0.5")
    """Typical output as a share of the output limit."""
    hole_tokens_source: str = "default"
    """`default` (shipped) or `usage.default` (written by the user); each figure has its own."""
    output_share_source: str = "default"
    rules: tuple[UsageRule, ...] = ()
    profile: str | None = None
    """Name of a traffic profile (`guard.estimate.profiles`) for entry points without declared runs."""
    scenario: Scenario | None = None
    """Under which everything is estimated; None: use as it is. No key of guard.yaml: a budget or a command asks."""


@dataclass(frozen=True, slots=True)
class Assume:
    """`assume[i]`: values that the analysis could not know, declared for some paths."""

    source: str
    place: Place
    paths: tuple[str, ...] = ()
    model: str | None = None
    max_output: int | None = None
    repeats: int | None = None


@dataclass(frozen=True, slots=True)
class DeclaredCall:
    """`calls[i]`: a function of the user's own that asks a model. Its entry stays raw; `guard.facts.catalog_user` reads
    it as it reads the catalogue's entries."""

    source: str
    """`calls[0]`."""
    place: Place
    raw: Mapping[str, Any]
    places: Mapping[str, Place] = field(default_factory=dict)
    """Where each key and part of the entry stands: `model`, `model.arg`, `attempts[0].name`."""


@dataclass(frozen=True, slots=True)
class PriceRule:
    """`prices["anthropic/*"]`: a discount on the table, or rates of one's own in USD per million tokens."""

    source: str
    place: Place
    pattern: str
    """`provider/model` glob."""
    discount: Decimal | None = None
    """0 to 1."""
    input: Decimal | None = None
    output: Decimal | None = None
    cache_read: Decimal | None = None
    cache_write: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Feature:
    """`features.NAME`."""

    name: str
    place: Place
    paths: tuple[str, ...]
    owner: str | None = None
    unit: str | None = None
    """What is sold or done, in the singular: `query`."""
    units_per_month: Decimal | None = None
    units_per_run: Decimal | None = None
    """How many of these a run of its entry points makes; None: one, as an assumption."""
    revenue_per_unit: Decimal | None = None
    """US dollars."""
    customers: Decimal | None = None

    @property
    def has_economics(self) -> bool:
        """Whether something is declared that cost is held against."""
        return any(one is not None for one in (self.unit, self.units_per_month, self.revenue_per_unit, self.customers))


@dataclass(frozen=True, slots=True)
class Budget:
    """`budgets[i]`. One of `per_call`, `per_run`, `per_month`, `per_unit`, `per_customer` (US dollars), `min_margin` (a
    share), `per_prompt` (tokens), or one or both of
    the increases are set."""

    name: str
    place: Place
    per_call: Decimal | None = None
    per_run: Decimal | None = None
    """Limit on one run of each entry point."""
    per_month: Decimal | None = None
    per_unit: Decimal | None = None
    """Limit on one unit of the feature."""
    per_customer: Decimal | None = None
    """Limit on a month of one customer of the feature."""
    min_margin: Decimal | None = None
    """The least margin of the feature, as a share of its revenue."""
    per_prompt: int | None = None
    """Limit on the tokens of the text of each prompt template that stands in a file."""
    increase: Decimal | None = None
    """The most that a change may add to a month."""
    increase_percent: Decimal | None = None
    """The same as a share of the month before. Together with `increase`: both must be exceeded."""
    feature: str | None = None
    owner: str | None = None
    model: str | None = None
    """Glob over price ids."""
    stage: str | None = None
    paths: tuple[str, ...] = ()
    scenario: str | None = None
    """A key of `scenarios`, under which it is judged; None: use as it is."""
    compare: Compare = "typical"
    enforce: Enforce = "warn"
    warn_at: Decimal | None = None
    """Share of the limit (0 to 1) from which a warning is given."""
    min_coverage: Decimal | None = None
    """Share of the selected requests (0 to 1) that must have a figure. With it, fewer violate the budget and enough let
    the others pass; None: one without a figure makes the budget undecided."""
    on_unknown: OnUnknown = "warn"
    severity: Severity = "high"


@dataclass(frozen=True, slots=True)
class PolicySpec:
    """`policies[i]` of a pack or of the user: a check with parameters, or a condition (`deny`). Both stay raw;
    `policy.load` types them."""

    id: str
    place: Place
    check: str
    params: Mapping[str, Any] = field(default_factory=dict)
    param_places: Mapping[str, Place] = field(default_factory=dict)
    enforce: Enforce = "warn"
    severity: Severity | None = None
    message: str | None = None
    docs: str | None = None
    owner: str | None = None
    on_unknown: OnUnknown = "warn"
    paths: tuple[str, ...] = ()
    skip_stages: tuple[Stage, ...] = ()
    """Requests of these stages are not judged; the recommended pack skips tests."""
    deny: Written | None = None
    """A condition that must not hold; None: `check` decides."""
    block_from: date | None = None
    """From this day on violations block, before it they warn (unless the policy is `off`); None: `enforce` holds."""
    tests: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Code that the policy must deny (`deny`), let pass (`pass`) or not be able to decide (`undecided`)."""
    check_place: Place | None = None
    """Where the name of the check is written; None: it is the policy's id."""
    message_place: Place | None = None


@dataclass(frozen=True, slots=True)
class Exemption:
    """`exceptions[i]`: findings that are forgiven for a reason, perhaps until a date (ISO 8601)."""

    place: Place
    policy: str
    reason: str
    paths: tuple[str, ...] = ()
    owner: str | None = None
    until: str | None = None


@dataclass(frozen=True, slots=True)
class BaselineEntry:
    """A finding that the baseline forgives."""

    id: str
    policy: str
    verdict: VerdictWord
    path: str
    """Of the finding's first place, relative to the folder that the baseline is about."""
    message: str
    """For people, and to find the finding again whose id is another one by now; without amounts of money."""
    extent: Extent | None = None
    """Of a budget: what it is forgiven up to."""
    line: int = 1
    """Of the baseline file."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """The file that `guard baseline` writes: findings of before, which `guard check` forgives."""

    path: str
    """Relative to the root, whether the file is there or not."""
    entries: tuple[BaselineEntry, ...] = ()
    found: bool = False
    """Whether there is a file."""


@dataclass(frozen=True, slots=True)
class Owners:
    """The repository's CODEOWNERS, which holds where a feature names no owner."""

    path: str
    """Relative to the root."""
    text: str
    prefix: str = ""
    """The scanned folder as seen from the top of the repository, with a `/` behind it: `services/search/`."""


@dataclass(frozen=True, slots=True)
class Config:
    """All of `guard.yaml` (or `[tool.guard]`). `Config()` is what holds without a file."""

    path: str | None = None
    """The file it was read from, relative to the root; None without one."""
    extends: tuple[str, ...] = ("guard:recommended",)
    exclude: tuple[str, ...] = ()
    """Globs (gitignore style) of files that are not scanned."""
    usage: Usage = Usage()
    assume: tuple[Assume, ...] = ()
    aliases: Mapping[str, str] = field(default_factory=dict)
    """Name as sent (a deployment, a proxy alias) -> `provider/model` that prices it."""
    calls: tuple[DeclaredCall, ...] = ()
    prices: tuple[PriceRule, ...] = ()
    features: tuple[Feature, ...] = ()
    stages: Mapping[Stage, tuple[str, ...]] = field(default_factory=dict)
    """Globs of files by the stage that they run in."""
    scenarios: tuple[Scenario, ...] = ()
    budgets: tuple[Budget, ...] = ()
    policies: tuple[PolicySpec, ...] = ()
    """Those of the packs first, then the user's; a later id replaces an earlier one."""
    exceptions: tuple[Exemption, ...] = ()
    baseline: Baseline | None = None
    """The baseline that holds, or where one would stand; None: not asked for."""
    owners: Owners | None = None
    """CODEOWNERS of the repository; None: there is none."""
    prefix: str = ""
    """The scanned folder as seen from that of the configuration, with a `/` behind it, where the configuration lies
    above: `services/search/`. Globs and entry points are written relative to the configuration's folder, so
    `prefix + path` is what they are held against."""
