"""What guard.yaml declares otherwise: runs, sizes of holes, output, assumed values. In: both requests, both
configurations. Out: `Cause`s with their places in the configuration. Neighbour: `causes`, for what stands in the code.
"""

from __future__ import annotations

import re
from dataclasses import replace

from guard.config.types import Assume, Config, Place, UsageRule
from guard.difference import Cause
from guard.model import Priced, Span
from guard.report.format import number

_SOURCE = re.compile(r"(usage\.rules|assume)\[(\d+)\]")


def usage_causes(before: Priced, after: Priced, old: Config, new: Config) -> list[Cause]:
    """Nothing where both sides were estimated under the same declarations."""
    if old is new:
        return []
    found: list[Cause | None] = []
    first, second = before.estimate, after.estimate
    found += _runs(first.runs_source, second.runs_source, old, new)
    holes = {hole.name: hole for hole in first.holes}
    for hole in second.holes:
        was = holes.get(hole.name)
        if was is not None and was.tokens.typical != hole.tokens.typical and (was.source, hole.source) != ("", ""):
            sizes = [f"{number(one.tokens.typical)} tokens" for one in (was, hole)]
            found.append(_cause(f"size of {hole.name}", was.source, hole.source, old, new, sizes[0], sizes[1]))
    found += _assumed(before, after, old, new)
    return [cause for cause in found if cause is not None]


def _runs(was: str | None, now: str | None, old: Config, new: Config) -> list[Cause | None]:
    """Rules about runs that are not the same in both configurations; whatever else a request lost, a rule that stands
    in both is no cause. A rule is followed by the entry point and paths that it is about."""
    sides = _rules(was, old), _rules(now, new)
    gone = [rule for rule in sides[0] if _plain(rule) not in map(_plain, new.usage.rules)]
    come = [rule for rule in sides[1] if _plain(rule) not in map(_plain, old.usage.rules)]
    if not gone and not come:
        return []
    base = gone[0] if gone else _counterpart(come[0], old) or next(iter(sides[0]), None)
    head = come[0] if come else _counterpart(gone[0], new) or next(iter(sides[1]), None)
    if base is not None and head is not None and base.runs_per_month == head.runs_per_month:
        return []
    words = [
        None if one is None or one.runs_per_month is None else f"{number(float(one.runs_per_month))} runs"
        for one in (base, head)
    ]
    sources = [None if one is None else one.source for one in (base, head)]
    return [_cause("runs_per_month", sources[0], sources[1], old, new, words[0], words[1])]


def _rules(source: str | None, config: Config) -> list[UsageRule]:
    """The rules that a figure's source names."""
    numbers = [int(match[2]) for match in _SOURCE.finditer(source or "") if match[1] == "usage.rules"]
    return [config.usage.rules[number_] for number_ in numbers if number_ < len(config.usage.rules)]


def _counterpart(rule: UsageRule, config: Config) -> UsageRule | None:
    """The rule of the other configuration about the same."""
    about = rule.entry, rule.paths
    return next((one for one in config.usage.rules if (one.entry, one.paths) == about), None)


def _assumed(before: Priced, after: Priced, old: Config, new: Config) -> list[Cause | None]:
    """Values that `assume` fills in."""
    found: list[Cause | None] = []
    for what in ("model", "max_output"):
        values = [getattr(one.request, what).choices[:1] for one in (before, after)]
        said = [choices[0] if choices else None for choices in values]
        declared = [next((s.note for s in c.trail if s.how == "declared"), None) if c else None for c in said]
        texts = [None if c is None or c.value is None else str(c.value) for c in said]
        if any(declared) and texts[0] != texts[1]:
            found.append(_cause(what, declared[0], declared[1], old, new, texts[0], texts[1]))
    return found


def _cause(
    what: str, was: str | None, now: str | None, old: Config, new: Config, before: str | None, after: str | None
) -> Cause | None:
    base, head = _entry(was, old), _entry(now, new)
    if base is None and head is None:
        return None
    if base is not None and head is not None and _plain(base) == _plain(head):
        return None  # the same words; the difference comes from elsewhere
    return Cause(
        "usage", None if head is None else _span(head.place), None if base is None else _span(base.place), before,
        after, f"{what} in {(now if head is not None else was) or ''}",
    )  # fmt: skip


def _entry(source: str | None, config: Config) -> UsageRule | Assume | None:
    match = _SOURCE.search(source or "")
    entries: tuple[UsageRule, ...] | tuple[Assume, ...] = ()
    if match is not None:
        entries = config.usage.rules if match[1] == "usage.rules" else config.assume
    return entries[int(match[2])] if match is not None and int(match[2]) < len(entries) else None


def _plain(entry: UsageRule | Assume) -> UsageRule | Assume:
    return replace(entry, source="", place=Place("", 0, 0))


def _span(place: Place) -> Span:
    return Span(place.path, place.line, place.column, place.line, place.column)
