"""What the user declared for a request. In: `Request`, `Config`. Out: sizes, runs per month and where they stand.

Which rule holds: of all `usage.rules` that match, the most specific one that says something about the quantity. More
specific is, in this order: a rule with `request`; with `entry`; the path pattern with more literal characters
(wildcards don't count); a rule with `feature`; one with none of them. Of two equals the later one holds. Every quantity
is looked up on its own, so a rule for one path may set the holes and a general one the runs.

Each entry point is sized by its own rules (`sizings`): a rule about one route says nothing about another that calls
the same wrapper. `paths` match the file of the entry point, else (nothing reaches the request) that of the outermost
site. A rule with several of these must match in all. `# guard: assume` beside the code is more specific than
every rule.
Neighbours: `inputs`, `outputs`, `cost` ask; `declared` applies assumptions about the model, limit and repeats.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING

from guard.config.types import Config, Feature, Scenario, UsageRule
from guard.estimate import profiles, scenarios
from guard.model import Reach, Request

if TYPE_CHECKING:
    from guard.sources.ignore import Patterns

_RESERVED = ("output", "repeats", "max_output", "model", "provider")
"""Keys of `# guard: assume` that are not names of holes."""

NO_RUNS = ("test", "notebook", "example")
"""Kinds of entry points that count 0 runs a month unless a rule with `entry` or `paths` declares some."""


@lru_cache(maxsize=1024)
def _spec(pattern: str) -> Patterns:
    from guard.sources.ignore import matcher

    return matcher([pattern])


def matches(path: str, patterns: Iterable[str], prefix: str = "") -> str | None:
    """The most literal of the patterns (gitignore style) that matches a path; None when none does.

    `prefix`: that of the configuration (`Config.prefix`), which the patterns are relative to.
    """
    hits = [pattern for pattern in patterns if _spec(pattern).match_file(prefix + path)]
    return max(hits, key=literal, default=None)


def literal(pattern: str) -> int:
    """How specific a pattern is: its number of characters without wildcards."""
    return sum(character not in "*?/[]!" for character in pattern)


def _entry_names(reach: Reach, prefix: str) -> set[str]:
    """All names of an entry point; its path also as seen from the folder of the configuration."""
    names = {reach.entry, prefix + reach.entry, *reach.aliases}
    return {name.casefold() for name in names}


Rank = tuple[int, int, int, int]


def _rank(rule: UsageRule, reach: Reach | None, path: str, request: Request, config: Config) -> Rank | None:
    """How specifically a rule matches an entry point in a file, for a request; None: it doesn't."""
    if rule.entry is not None and (reach is None or rule.entry.casefold() not in _entry_names(reach, config.prefix)):
        return None
    if rule.request is not None and rule.request not in request_names(request, config.prefix):
        return None
    pattern = matches(path, rule.paths, config.prefix)
    if rule.paths and pattern is None:
        return None
    if rule.feature is not None:
        feature = feature_of(request, config)
        if feature is None or feature.name != rule.feature:
            return None
    by_request, by_entry, by_feature = (int(name is not None) for name in (rule.request, rule.entry, rule.feature))
    return (by_request, by_entry, literal(pattern) if pattern else -1, by_feature)


def request_names(request: Request, prefix: str) -> set[str]:
    """By which rules and users name a request: its id, and the functions in which its calls stand, also as seen from
    the folder of the configuration (`prefix`)."""
    functions = {f"{site.span.path}::{site.qualname}" for site in request.sites}
    return {request.id, *functions, *(prefix + name for name in functions)}


def feature_of(request: Request, config: Config) -> Feature | None:
    """The feature of a request by the file of its outermost site: that with the most literal pattern that matches, the
    first of equals; None: it belongs to none."""
    path = outermost_path(request)
    best: tuple[int, Feature] | None = None
    for feature in config.features:
        hit = matches(path, feature.paths, config.prefix)
        if hit is not None and (best is None or literal(hit) > best[0]):
            best = (literal(hit), feature)
    return None if best is None else best[1]


def entry_path(reach: Reach) -> str:
    """The file of an entry point."""
    return reach.entry.split("::", 1)[0]


def outermost_path(request: Request) -> str:
    """The file of the outermost site; empty when a request has no site."""
    return request.sites[0].span.path if request.sites else ""


def rules_for_reach(reach: Reach, request: Request, config: Config) -> tuple[UsageRule, ...]:
    """The rules that match an entry point of a request, most specific first."""
    return _sorted(config, reach, entry_path(reach), request)


def rules_for(request: Request, config: Config) -> tuple[UsageRule, ...]:
    """The rules that match a request by the file of its outermost site, whatever reaches it, most specific first."""
    return _sorted(config, None, outermost_path(request), request)


def _sorted(config: Config, reach: Reach | None, path: str, request: Request) -> tuple[UsageRule, ...]:
    found: list[tuple[Rank, int, UsageRule]] = []
    for position, rule in enumerate(config.usage.rules):
        rank = _rank(rule, reach, path, request, config)
        if rank is not None:
            found.append((rank, position, rule))
    return tuple(rule for _, _, rule in sorted(found, key=lambda item: item[:2], reverse=True))


@dataclass(frozen=True, slots=True)
class Sizing:
    """Rules about sizes with the entry points that they hold for, none where nothing reaches the request."""

    rules: tuple[UsageRule, ...]
    """Most specific first; those that say something about sizes."""
    reaches: tuple[Reach, ...] = ()


def sizings(request: Request, config: Config) -> tuple[Sizing, ...]:
    """The distinct sets of rules that size a request, in the order of the entry points; one where nothing reaches it.

    There are at most as many as rules allow, however many entry points there are.
    """
    if not request.reached_from:
        return (Sizing(_about_sizes(rules_for(request, config))),)
    found: dict[tuple[str, ...], tuple[tuple[UsageRule, ...], list[Reach]]] = {}
    for reach in request.reached_from:
        rules = _about_sizes(rules_for_reach(reach, request, config))
        found.setdefault(tuple(rule.source for rule in rules), (rules, []))[1].append(reach)
    return tuple(Sizing(rules, tuple(reaches)) for rules, reaches in found.values())


def _about_sizes(rules: tuple[UsageRule, ...]) -> tuple[UsageRule, ...]:
    return tuple(
        rule
        for rule in rules
        if rule.holes
        or any(
            figure is not None
            for figure in (
                rule.cache_hit_rate,
                rule.error_rate,
                rule.output_share,
                rule.output_tokens,
                rule.hole_tokens,
            )
        )
    )


@dataclass(frozen=True, slots=True)
class Sized:
    """A size in tokens with its source. `assumed`: nobody declared it for this quantity."""

    tokens: int
    source: str
    assumed: bool


@dataclass(frozen=True, slots=True)
class Declared:
    """All that is declared about the sizes of one request."""

    rules: tuple[UsageRule, ...]
    inline: dict[str, int]
    """Whole numbers of `# guard: assume`, by key."""
    notes: tuple[str, ...]
    """Remarks on inline values that could not be used."""
    default_hole: Sized
    output_share: Decimal
    output_share_source: str
    scenario: Scenario | None = None
    """Under which is estimated; None: use as it is."""

    def hole(self, name: str) -> Sized | None:
        """The declared size of a hole, by its name or (for `self.docs`, `state.docs`) the last part of it."""
        keys = (name, name.rsplit(".", 1)[-1])
        for key in keys:
            if key in self.inline and key not in _RESERVED:
                return Sized(self.inline[key], "inline", False)
        for rule in self.rules:
            for key in keys:
                if key in rule.holes:
                    return Sized(rule.holes[key], rule.source, False)
        return None

    def output_tokens(self) -> Sized | None:
        """Declared typical output of one turn in tokens."""
        if "output" in self.inline:
            return Sized(self.inline["output"], "inline", False)
        for rule in self.rules:
            if rule.output_tokens is not None:
                return Sized(rule.output_tokens, rule.source, False)
        return None

    def cache_hit_rate(self) -> tuple[Decimal, str] | None:
        """Declared share of static input tokens that is read from the prompt cache."""
        if self.scenario is not None and self.scenario.cache_hit_rate is not None:
            return self.scenario.cache_hit_rate, f"scenario {self.scenario.name}"
        return next(((r.cache_hit_rate, r.source) for r in self.rules if r.cache_hit_rate is not None), None)

    def error_rate(self) -> tuple[Decimal, str] | None:
        """Declared share of tries that fail."""
        if self.scenario is not None and self.scenario.error_rate is not None:
            return self.scenario.error_rate, f"scenario {self.scenario.name}"
        return next(((r.error_rate, r.source) for r in self.rules if r.error_rate is not None), None)


def whole_number(text: str) -> int | None:
    """A whole number as people write it in a comment (`1200`, `1_200`, `8k`), else None."""
    cleaned = text.strip().replace("_", "").lower()
    factor = 1
    if cleaned.endswith("k"):
        cleaned, factor = cleaned[:-1], 1000
    return int(cleaned) * factor if cleaned.isascii() and cleaned.isdigit() and len(cleaned) < 12 else None


def declared(request: Request, config: Config, rules: tuple[UsageRule, ...]) -> Declared:
    """Collect what the code's comments and some `rules` of `usage` (see `sizings`) declare for a request."""
    inline: dict[str, int] = {}
    notes: list[str] = []
    for key, value in request.inline.items():
        number = whole_number(value)
        if number is not None:
            inline[key] = number
        elif key not in ("model", "provider"):
            notes.append(f"`# guard: assume {key}={value}` is not used: the value is not a whole number")
    usage = config.usage
    default_hole = next(
        (Sized(rule.hole_tokens, rule.source, True) for rule in rules if rule.hole_tokens is not None),
        Sized(usage.hole_tokens, usage.hole_tokens_source, True),
    )
    share, share_source = next(
        ((rule.output_share, rule.source) for rule in rules if rule.output_share is not None),
        (usage.output_share, usage.output_share_source),
    )
    return Declared(rules, inline, tuple(notes), default_hole, share, share_source, usage.scenario)


@dataclass(frozen=True, slots=True)
class Runs:
    """Runs of an entry point per month, with the source."""

    per_month: Decimal
    source: str
    assumed: bool = False
    """Whether a traffic profile says so and nobody declared it."""


def runs_of(reach: Reach, request: Request, config: Config) -> Runs | None:
    """Runs per month of an entry point; None: not declared, and no profile that was asked for says any.

    Tests, notebooks and examples count 0 once any rule or a profile declares runs at all; a rule without `entry`,
    `paths`, `feature` and `request` doesn't reach them.
    """
    idle = reach.kind in NO_RUNS or request.stage == "test"
    for rule in rules_for_reach(reach, request, config):
        if rule.runs_per_month is not None and (not idle or _chooses(rule)):
            return _multiplied(Runs(rule.runs_per_month, rule.source), config)
    profile = profiles.PROFILES.get(config.usage.profile or "")
    if idle and (profile is not None or any(rule.runs_per_month is not None for rule in config.usage.rules)):
        kind = reach.kind if reach.kind in NO_RUNS else "test"
        return Runs(Decimal(0), f"{kind}: 0 runs unless declared")
    if reach.runs_per_month is not None:
        return _multiplied(Runs(reach.runs_per_month, f"schedule of {reach.entry}"), config)
    assumed = None if profile is None else profile.runs(reach.kind)
    return None if assumed is None else _multiplied(Runs(*assumed, True), config)


def runs_of_request(request: Request, config: Config) -> Runs | None:
    """Runs per month of the outermost function of a request that no entry point reaches; None: not declared."""
    for rule in rules_for(request, config):
        if rule.runs_per_month is not None:
            return _multiplied(Runs(rule.runs_per_month, rule.source), config)
    return None


def _chooses(rule: UsageRule) -> bool:
    return bool(rule.paths) or any(name is not None for name in (rule.entry, rule.feature, rule.request))


def _multiplied(runs: Runs, config: Config) -> Runs:
    """The runs that the scenario makes of them."""
    scenario = config.usage.scenario
    if scenario is None or scenario.runs_per_month is None:
        return runs
    said = f"{runs.source}, {scenarios.said(scenario.runs_per_month)} by scenario {scenario.name}"
    return Runs(runs.per_month * scenario.runs_per_month, said, runs.assumed)
