"""The road through this room: policies and budgets are decided, excused, merged and sorted.

In: the priced requests, the configuration, the `# guard:` comments, a `Context`. Out: the findings of a report.
`guard.run` calls `judge`; each step stands in its own file and can be used alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from functools import cache
from typing import Protocol

from guard.config.types import Config
from guard.estimate.prompt_sizes import PromptSize
from guard.model import Finding, Priced, Setting
from guard.policy import baseline, budgets, places, stale
from guard.policy.decide import decide, merge
from guard.policy.forgive import Directive, Holds, forgive
from guard.policy.load import load
from guard.policy.selection import incomplete, select
from guard.policy.types import Context, ModelFacts

NOT_LISTED = "is not in the price table"
"""Part of the price table's reason where it could list a name but does not; a test holds this to the real table."""


class PriceRow(Protocol):
    """What is read of a row of the price table (`guard.estimate.price_rows.Row`)."""

    @property
    def price_id(self) -> str: ...
    @property
    def context_window(self) -> int | None: ...
    @property
    def max_input(self) -> int | None: ...
    @property
    def max_output(self) -> int | None: ...
    @property
    def deprecated(self) -> date | None: ...
    @property
    def status(self) -> str | None: ...


class PriceList(Protocol):
    """What is asked of the price table (`guard.estimate.prices.Prices`)."""

    def find(self, name: str, provider: str | None) -> PriceRow | None: ...
    def suggest(self, name: str, provider: str | None) -> Sequence[str]: ...
    def why_not(self, name: str, provider: str | None) -> str | None: ...
    def ids(self) -> Sequence[str]: ...


def context(prices: PriceList, aliases: Mapping[str, str], today: date) -> Context:
    """A `Context` over a price table. `aliases`: name as sent -> `provider/model`, as in `Config.aliases`.

    Answers are remembered, since many requests use few models and a suggestion is a search through all names.
    """

    @cache
    def model(name: str, provider: str | None) -> ModelFacts | None:
        row = prices.find(aliases[name], None) if name in aliases else prices.find(name, provider)
        if row is None:
            return None
        removed = row.deprecated is None and row.status == "removed"
        return ModelFacts(row.price_id, row.context_window, row.max_input, row.max_output, row.deprecated, removed)

    def why_not(name: str, provider: str | None) -> str | None:
        why = prices.why_not(aliases.get(name, name), None if name in aliases else provider)
        return why if why and NOT_LISTED not in why else None

    return Context(today, model, cache(prices.suggest), why_not, prices.ids)


def judge(
    items: Sequence[Priced],
    config: Config,
    context: Context,
    directives: Iterable[Directive] = (),
    files: Sequence[str] = (),
    *,
    merged: bool = True,
    before: Sequence[Priced] | None = None,
    unread: Collection[str] = (),
    holds: Holds | None = None,
    prompts: Sequence[PromptSize] | None = None,
    settings: Sequence[Setting] = (),
    under: budgets.Under | None = None,
) -> tuple[Finding, ...]:
    """All findings, forgiven ones included, in the order of their first places. `files`: those that were scanned.

    `merged`: whether findings with one cause are one; those of two trees are compared one by one. `before`: the
    requests of the base, for budgets on increases; None: there is none. `unread`: files that could not be read, of
    which the baseline does not expect the findings that it knows. `holds`: which comments excuse what; None: all do.
    `prompts`: the prompt templates in files; None: they were not looked for. `settings`: those of configuration files.
    `under`: the requests, and those of the base, as estimated under a scenario, for budgets that name one.

    Raises `guard.policy.load.PolicyError` when a policy of the configuration cannot be used.
    """
    policies = load(config.policies)
    held: tuple[Finding, ...] = ()
    if config.budgets:
        lacking = incomplete(items, config)
        held = budgets.judge(config.budgets, items, lacking, config.prefix, before, prompts, under, config)
    findings = (*decide(policies, items, context, config.prefix, config, settings), *held)
    marked = forgive(
        findings,
        directives,
        config.exceptions,
        today=context.today,
        checks={policy.spec.id: policy.check.id for policy in policies},
        sites={item.request.id: places.spans(item.request) for item in items},
        prefix=config.prefix,
        covered={
            f"budget:{budget.name}": tuple(places.spans(item.request) for item in select(budget, items, config.prefix))
            for budget in config.budgets
        },
        holds=holds,
    )
    known = baseline.hold(marked, config.baseline, config.prefix, unread)
    every = (*known, *stale.judge(config, policies, items, files, context))
    return merged_in_order(every) if merged else tuple(sorted(every, key=order))


def merged_in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """What `judge` makes of findings that it did not merge."""
    return tuple(sorted(merge(findings), key=order))


def order(finding: Finding) -> tuple[str, int, int, str, str]:
    """By first place, then by policy."""
    if not finding.labels:
        return ("", 0, 0, finding.policy, finding.id)
    span = finding.labels[0].span
    return (span.path, span.line, span.column, finding.policy, finding.id)
