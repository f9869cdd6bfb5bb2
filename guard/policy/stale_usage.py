"""Findings about `usage.rules`: entry points and parts of prompts that no request has.

In: the configuration, the priced requests. Out: `Finding`s that warn, with the name that was probably meant. A misspelt
name declares nothing, so that a month is smaller than it should be, or a part of a prompt keeps its default size.
Neighbour: `stale.py` reports globs and names of models.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from guard.config.issues import nearest
from guard.config.types import Config, Place, UsageRule
from guard.estimate import usage
from guard.model import Priced, Request

ENTRY = "unmatched-entry"
HOLE = "unmatched-hole"

DOCS = {
    ENTRY: """An `entry` of a usage rule is an entry point of a request.

## What it does

Reports usage rules whose `entry` names no entry point from which a request to a model is reached. Where only a part of
the repository is scanned, nothing is reported.

## Why

A misspelt entry point declares no runs and no sizes: the month is smaller than it should be, and budgets pass.

## Fix

Correct the name: `path::function`, `module:function` or `METHOD /route`. `guard explain PATH:LINE` lists the entry
points of a request under "Reached from".
""",
    HOLE: """A name in `holes` of a usage rule is a part of a prompt.

## What it does

Reports names in `holes` of usage rules that no request has which the rule matches. Where only a part of the repository
is scanned, nothing is reported.

## Why

A misspelt name sizes nothing: the part of the prompt keeps its default size, and the estimate is wrong without a word.

## Fix

Correct the name. `guard explain PATH:LINE` lists the parts of a prompt under "Input of one turn".
""",
}
"""Documentation of the findings that are made here, for `guard explain` and docs/checks.md."""

QUANTITIES = frozenset({"tools", "tool_result", "image_tokens", "seconds", "minutes", "pages", "searches"})
"""Names of sizes that are declared like holes and stand in no prompt (`guard.estimate`)."""

Stale = tuple[str, str, Place, str, str]
"""Policy, message, place, help and the value that a finding is about."""


def judge(config: Config, items: Sequence[Priced]) -> Iterator[Stale]:
    """What is stale in the usage rules of a configuration; `items`: all requests of the repository."""
    rules = [rule for rule in config.usage.rules if rule.entry is not None or rule.holes]
    if not rules:
        return
    names = _entries(items)
    seen = {name.casefold() for name in names} | {(config.prefix + name).casefold() for name in names}
    matched = _matched(config, rules, items)
    for rule in rules:
        if rule.entry is not None and rule.entry.casefold() not in seen:
            yield (
                ENTRY,
                f"`{rule.entry}` of `{rule.source}` is no entry point from which a request is reached, so the rule "
                f"declares nothing{_meant(rule.entry, names)}",
                rule.place,
                "correct the name; `guard explain PATH:LINE` lists the entry points of a request",
                f"{rule.source} {rule.entry}",
            )
        elif rule.source in matched:
            yield from _holes(rule, matched[rule.source])


def _entries(items: Sequence[Priced]) -> frozenset[str]:
    """All names of the entry points of all requests."""
    return frozenset(
        name for item in items for reach in item.request.reached_from for name in (reach.entry, *reach.aliases)
    )


def _matched(config: Config, rules: Sequence[UsageRule], items: Sequence[Priced]) -> dict[str, set[str]]:
    """Names of the parts of all prompts that each rule with `holes` matches, by the rule's source."""
    wanted = {rule.source for rule in rules if rule.holes}
    found: dict[str, set[str]] = {}
    if not wanted:
        return found
    for item in items:
        mine = {
            rule.source
            for sizing in usage.sizings(item.request, config)
            for rule in sizing.rules
            if rule.source in wanted
        }
        names = _parts(item.request) | {hole.name for hole in item.estimate.holes} if mine else set()
        for source in mine:
            found.setdefault(source, set()).update(names)
    return found


def _parts(request: Request) -> set[str]:
    """Names of what is filled in at run time, in whatever list of messages."""
    prompt = request.prompt
    segments = (s for messages in (prompt.messages, *prompt.others) for m in messages for s in m.segments)
    names = {segment.name or "hole" for segment in segments if segment.text is None}
    return names | ({"messages"} if prompt.open else set())


def _holes(rule: UsageRule, names: set[str]) -> Iterator[Stale]:
    known = names | {name.rsplit(".", 1)[-1] for name in names} | QUANTITIES
    for hole in rule.holes:
        if hole not in known:
            yield (
                HOLE,
                f"`{hole}` in `holes` of `{rule.source}` is no part of a prompt that the rule is about, so it sizes "
                f"nothing{_meant(hole, names)}",
                rule.place,
                "correct the name; `guard explain PATH:LINE` lists the parts of a prompt",
                f"{rule.source} {hole}",
            )


def _meant(name: str, known: Iterable[str]) -> str:
    close = nearest(name, sorted(known))
    return f"; did you mean `{close}`?" if close else ""
