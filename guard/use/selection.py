"""What of a report is about certain files, for hooks that are given the names of changed files.

In: a `Report` of the whole folder, and paths as reports write them. Out: the report with fewer findings and problems.
The requests and the sums stay: what a call costs depends on all files, and only what is said of it is narrowed down.
Neighbours: `guard.policy` (made the findings), the command `check` (which takes the files).
"""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterator
from dataclasses import replace

from guard.config.types import Config
from guard.model import Count, Finding, Priced, Report, Request, Span, Value

SCHEME = "guard:"
"""Begins the names of the packs that ship with guard."""


def rules_of(config: Config) -> frozenset[str]:
    """The files that the rules are written in, as reports name them: the configuration, its packs, the baseline."""
    known = frozenset(() if config.baseline is None else (config.baseline.path,))
    if config.path is None:
        return known
    folder = posixpath.dirname(config.path)
    packs = [name for name in config.extends if not name.startswith(SCHEME)]
    return known | {config.path, *(posixpath.normpath(posixpath.join(folder, name)) for name in packs)}


def about(report: Report, files: Collection[str], rules: Collection[str]) -> Report:
    """`report` with only what `files` have a part in: findings that name a place in one of them, or whose request does
    (a call on the way to the model, or a step of a value, prompt or retry on its way there), and problems in them.

    All of it stays where a file with `rules` (`rules_of`) is among them: a rule that changed may be broken anywhere. A
    finding about a sum has no request; it stays where one of its places does.
    """
    wanted = frozenset(files)
    if not wanted.isdisjoint(rules):
        return report
    touched = {item.request.id for item in report.requests if not wanted.isdisjoint(paths(item))}
    return replace(
        report,
        findings=tuple(f for f in report.findings if _named(f, wanted) or not touched.isdisjoint(_requests(f))),
        problems=tuple(problem for problem in report.problems if problem.path in wanted),
    )


def paths(item: Priced) -> frozenset[str]:
    """The files that have a part in a request: its calls, and every step of what decides its cost."""
    return frozenset(span.path for span in _places(item.request))


def _named(finding: Finding, wanted: frozenset[str]) -> bool:
    ignored = finding.forgiven.span if finding.forgiven is not None else None
    spans = [label.span for label in finding.labels] + ([] if ignored is None else [ignored])
    return any(span.path in wanted for span in spans)


def _requests(finding: Finding) -> tuple[str, ...]:
    return finding.also if finding.request is None else (finding.request, *finding.also)


def _places(request: Request) -> Iterator[Span]:
    yield from (site.span for site in request.sites)
    yield from (step.span for count in _counts(request) for step in count.trail)
    yield from (span for chain in request.caller_examples for span in chain)
    for value in (request.model, request.max_output, request.size, request.quality):
        yield from _steps(value)
    for variant in request.variants:
        chosen = tuple(choice for choice in (variant.model, variant.max_output) if choice is not None)
        yield from _steps(Value(chosen))
    for layer in request.layers:
        yield from (step.span for step in layer.trail)
        yield from () if layer.span is None else (layer.span,)
    yield from (step.span for step in request.prompt.tools_trail)
    for messages in (request.prompt.messages, *request.prompt.others):
        yield from (piece.span for message in messages for piece in message.segments if piece.span is not None)
    yield from (unknown.span for unknown in request.unknown if unknown.span is not None)


def _counts(request: Request) -> Iterator[Count]:
    yield from (request.attempts, request.turns, request.repeats)
    yield from (reach.repeats for reach in request.reached_from)
    for site in request.sites:
        yield from (site.repeats, site.own)


def _steps(value: Value) -> Iterator[Span]:
    for choice in value.choices:
        yield from (step.span for step in choice.trail)
