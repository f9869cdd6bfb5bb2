"""What the user declared for a request. In: `Request`, `Config`. Out: sizes, runs per month and where they stand.

Which rule holds: of all `usage.rules` that match, the most specific one that says something about the quantity. More
specific is, in this order: a rule with `entry`; then the path pattern with more literal characters (wildcards don't
count); then a rule with neither. Of two equals the later one holds. Every quantity is looked up on its own, so a rule
for one path may set the holes and a general one the runs.

Each entry point is sized by its own rules (`sizings`): a rule about one route says nothing about another that calls
the same wrapper. `paths` match the file of the entry point, else (nothing reaches the request) that of the outermost
site. A rule with both `entry` and `paths` must match in both. `# guard: assume` beside the code is more specific than
every rule.
Neighbours: `inputs`, `outputs`, `cost` ask; `declared` applies assumptions about the model, limit and repeats.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING

from guard.config.types import Config, UsageRule
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


def _rank(rule: UsageRule, reach: Reach | None, path: str, prefix: str) -> tuple[int, int] | None:
    """How specifically a rule matches an entry point in a file; None: it doesn't."""
    if rule.entry is not None and (reach is None or rule.entry.casefold() not in _entry_names(reach, prefix)):
        return None
    pattern = matches(path, rule.paths, prefix)
    if rule.paths and pattern is None:
        return None
    return (1 if rule.entry is not None else 0, literal(pattern) if pattern else -1)


def entry_path(reach: Reach) -> str:
    """The file of an entry point."""
    return reach.entry.split("::", 1)[0]


def outermost_path(request: Request) -> str:
    """The file of the outermost site; empty when a request has no site."""
    return request.sites[0].span.path if request.sites else ""


def rules_for_reach(reach: Reach, config: Config) -> tuple[UsageRule, ...]:
    """The rules that match an entry point, most specific first."""
    return _sorted(config, reach, entry_path(reach))


def rules_for(request: Request, config: Config) -> tuple[UsageRule, ...]:
    """The rules that match a request by the file of its outermost site, whatever reaches it, most specific first."""
    return _sorted(config, None, outermost_path(request))


def _sorted(config: Config, reach: Reach | None, path: str) -> tuple[UsageRule, ...]:
    found: list[tuple[tuple[int, int], int, UsageRule]] = []
    for position, rule in enumerate(config.usage.rules):
        rank = _rank(rule, reach, path, config.prefix)
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
        rules = _about_sizes(rules_for_reach(reach, config))
        found.setdefault(tuple(rule.source for rule in rules), (rules, []))[1].append(reach)
    return tuple(Sizing(rules, tuple(reaches)) for rules, reaches in found.values())


def _about_sizes(rules: tuple[UsageRule, ...]) -> tuple[UsageRule, ...]:
    return tuple(
        rule
        for rule in rules
        if rule.holes
        or any(x is not None for x in (rule.cache_hit_rate, rule.output_share, rule.output_tokens, rule.hole_tokens))
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
        for rule in self.rules:
            if rule.cache_hit_rate is not None:
                return rule.cache_hit_rate, rule.source
        return None


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
    return Declared(rules, inline, tuple(notes), default_hole, share, share_source)


@dataclass(frozen=True, slots=True)
class Runs:
    """Runs of an entry point per month, with the source."""

    per_month: Decimal
    source: str


def runs_of(reach: Reach, request: Request, config: Config) -> Runs | None:
    """Runs per month of an entry point; None: not declared.

    Tests, notebooks and examples count 0 once any rule declares runs at all; a rule without `entry` and `paths`
    doesn't reach them.
    """
    idle = reach.kind in NO_RUNS or request.stage == "test"
    for rule in rules_for_reach(reach, config):
        if rule.runs_per_month is not None and (not idle or rule.entry is not None or rule.paths):
            return Runs(rule.runs_per_month, rule.source)
    if idle and any(rule.runs_per_month is not None for rule in config.usage.rules):
        kind = reach.kind if reach.kind in NO_RUNS else "test"
        return Runs(Decimal(0), f"{kind}: 0 runs unless declared")
    return None if reach.runs_per_month is None else Runs(reach.runs_per_month, f"schedule of {reach.entry}")


def runs_of_request(request: Request, config: Config) -> Runs | None:
    """Runs per month of the outermost function of a request that no entry point reaches; None: not declared."""
    for rule in rules_for(request, config):
        if rule.runs_per_month is not None:
            return Runs(rule.runs_per_month, rule.source)
    return None
