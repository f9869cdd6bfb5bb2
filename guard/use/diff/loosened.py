"""Rules that let more pass than before. In: the configurations and comments of both sides. Out: `Loosening`s.

They are shown before everything else: a pull request that raises its own budget should not look like one that keeps
it. What is tightened is no loosening, and what is only written otherwise neither. Neighbours: `loosened_rules`, for
budgets and policies one by one; `build`, which asks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace

from guard.config.types import Baseline, BaselineEntry, Config, Exemption, Place, UsageRule
from guard.difference import Loosening
from guard.model import Span
from guard.policy.baseline import amount
from guard.policy.forgive import Directive
from guard.report.format import plural
from guard.use.diff.excuses import fresh
from guard.use.diff.loosened_rules import budgets, policies
from guard.use.diff.versions import Versions


def loosened(
    old: Config, new: Config, before: Iterable[Directive], after: Iterable[Directive], versions: Versions | None
) -> tuple[Loosening, ...]:
    """`old` and `new`: what the base and the head themselves say, whichever of them judges."""
    return (
        *budgets(old.budgets, new.budgets, _top(new)),
        *policies(old.policies, new.policies, _top(new)),
        *_exceptions(old, new),
        *_baseline(old.baseline, new.baseline),
        *_excluded(old, new),
        *_assumed(old, new),
        *_comments(before, after, versions),
    )


def _top(config: Config) -> Span | None:
    """The beginning of the configuration, for what is not there any more."""
    return None if config.path is None else Span(config.path, 1, 1, 1, 1)


def span_of(place: Place) -> Span:
    """A place of the configuration."""
    return Span(place.path, place.line, place.column, place.line, place.column)


def _exceptions(old: Config, new: Config) -> Iterator[Loosening]:
    known = Counter(map(_said, old.exceptions))
    for entry in new.exceptions:
        if known[_said(entry)]:
            known[_said(entry)] -= 1
            continue
        where = f" in {', '.join(entry.paths)}" if entry.paths else ""
        until = f" until {entry.until}" if entry.until else ""
        yield Loosening(f"exception from {entry.policy}{where}{until} is new or wider", span_of(entry.place))


def _said(entry: Exemption) -> tuple[object, ...]:
    return entry.policy, entry.paths, entry.until


SHOWN = 10
"""Entries of a baseline that are named one by one."""


def _baseline(old: Baseline | None, new: Baseline | None) -> Iterator[Loosening]:
    """A baseline that is new, and entries that were added to one or forgive more than they did."""
    if new is None or not new.entries:
        return
    if old is None or not old.found:
        number = plural(len(new.entries), "finding")
        yield Loosening(f"baseline {new.path} is new and forgives {number}", Span(new.path, 1, 1, 1, 1))
        return
    ids = {(one.id, one.verdict): one for one in old.entries}
    still = {(one.id, one.verdict) for one in new.entries}
    known = Counter(_words(one) for one in old.entries if (one.id, one.verdict) not in still)
    found: list[Loosening] = []
    for entry in new.entries:
        was = ids.get((entry.id, entry.verdict))
        if was is None and known[_words(entry)]:
            known[_words(entry)] -= 1
            continue
        said = _more(was, entry)
        if said:
            at = Span(new.path, entry.line, 5, entry.line, 5)
            found.append(Loosening(f"baseline: {entry.policy} in {entry.path or 'everything'} {said}", at))
    yield from found[:SHOWN]
    if len(found) > SHOWN:
        top = Span(new.path, 1, 1, 1, 1)
        yield Loosening(f"baseline: {plural(len(found) - SHOWN, 'more entry', 'more entries')} forgive more", top)


def _words(entry: BaselineEntry) -> tuple[object, ...]:
    """What tells an entry whose id changed, since a function was renamed."""
    return entry.policy, entry.verdict, entry.path, entry.message, entry.extent


def _more(was: BaselineEntry | None, entry: BaselineEntry) -> str:
    if was is None:
        return "is forgiven now"
    if entry.extent is None or was.extent == entry.extent:
        return ""
    if was.extent is None or entry.extent.quantity > was.extent.quantity:
        before = "no amount" if was.extent is None else amount(was.extent)
        return f"is forgiven up to {amount(entry.extent)} instead of {before}"
    return ""


def _excluded(old: Config, new: Config) -> Iterator[Loosening]:
    for pattern in new.exclude:
        if pattern not in old.exclude and not pattern.startswith("!"):
            yield Loosening(f"exclude: {pattern} is no longer read", _top(new))
    for pattern in old.exclude:
        if pattern not in new.exclude and pattern.startswith("!"):
            yield Loosening(f"exclude: {pattern} is gone, so less is read", _top(new))


def _assumed(old: Config, new: Config) -> Iterator[Loosening]:
    """Declarations that make figures smaller or fill in what the code leaves open."""
    known = [(entry.paths, entry.model, entry.max_output, entry.repeats) for entry in old.assume]
    for entry in new.assume:
        if (entry.paths, entry.model, entry.max_output, entry.repeats) not in known:
            said = {"model": entry.model, "max_output": entry.max_output, "repeats": entry.repeats}
            words = ", ".join(f"{name} {value}" for name, value in said.items() if value is not None)
            yield Loosening(f"assume: {words} is new or changed", span_of(entry.place))
    for number, rule in enumerate(new.usage.rules):
        was = next((r for r in old.usage.rules if _about(r) == _about(rule)), None)
        lower = was is not None and was.runs_per_month is not None and rule.runs_per_month is not None
        if was is not None and lower and (rule.runs_per_month or 0) < (was.runs_per_month or 0):
            yield Loosening(
                f"usage.rules[{number}]: runs_per_month fell from {was.runs_per_month} to {rule.runs_per_month}",
                span_of(rule.place),
            )
    kept = {_about(rule) for rule in new.usage.rules if rule.runs_per_month is not None}
    for rule in old.usage.rules:
        if rule.runs_per_month is not None and _about(rule) not in kept:
            about = rule.request or rule.entry or rule.feature or ", ".join(rule.paths) or "everything"
            yield Loosening(f"usage rule for {about} is gone ({_was(rule.place)})", _top(new))
    for scenario in old.scenarios:
        now = next((one for one in new.scenarios if one.name == scenario.name), None)
        if now is not None and replace(now, place=scenario.place) != scenario:
            yield Loosening(f"scenarios: {scenario.name} is changed", span_of(now.place))
    for price in new.prices:
        same = [p for p in old.prices if p.pattern == price.pattern]
        if not any(_rates(p) == _rates(price) for p in same):
            yield Loosening(f"prices: those of {price.pattern} are new or changed", span_of(price.place))
    for name, meant in new.aliases.items():
        if old.aliases.get(name) != meant:
            yield Loosening(f"aliases: {name} now means {meant}", _top(new))


def _about(rule: UsageRule) -> tuple[object, ...]:
    """What a usage rule selects."""
    return rule.paths, rule.entry, rule.feature, rule.request


def _was(place: Place) -> str:
    """Where something stood that is gone."""
    return f"{place.path}:{place.line} in the base"


def _rates(price: object) -> tuple[object, ...]:
    return tuple(getattr(price, name) for name in ("discount", "input", "output", "cache_read", "cache_write"))


def _comments(
    before: Iterable[Directive], after: Iterable[Directive], versions: Versions | None
) -> Iterator[Loosening]:
    """`# guard: ignore` and `# guard: assume` that the base lacks, each wherever it stands in its file."""
    for one in fresh(before, after, versions):
        end = one.column + len(one.raw)
        span = Span(one.path, one.line, one.column, one.line, end, one.cell, one.cell_line)
        what = f"ignore of {', '.join(one.ids) or 'nothing'}" if one.kind == "ignore" else "assumption beside the code"
        yield Loosening(f"{what} is new", span)
