"""Judges budgets: what one call, one run of an entry point, or a month of a selection of requests may cost.

In: `Budget`s and priced requests. Out: `Finding`s whose policy is `budget:NAME`. Which requests a budget is about and
how they add up stands in `selection.py`, what `min_coverage` does in `coverage.py`; the judging in `per_call.py`,
`per_run.py` and `per_month.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from guard.config.types import Budget, Config
from guard.estimate import scenarios
from guard.estimate.prompt_sizes import PromptSize
from guard.model import Finding, Priced
from guard.policy import coverage
from guard.policy.increase import increase
from guard.policy.per_call import per_call
from guard.policy.per_month import per_month
from guard.policy.per_prompt import per_prompt
from guard.policy.per_run import per_run
from guard.policy.per_unit import of_units, per_unit
from guard.policy.selection import select
from guard.policy.verdict import Verdict, budget_label, finding_id, undecided_enforce
from guard.policy.workflows import workflows

Under = Callable[[str], tuple[Sequence[Priced], Sequence[Priced] | None]]
"""By the name of a scenario, the requests as estimated under it, and those of the base (None: they cannot be)."""

DOC = """A budget is kept.

## What it does

`per_call` holds each request against an amount, `per_run` one run of each entry point with all that it calls,
`per_month` the sum over the budget's selection (`feature`, `owner`, `model`, `stage`, `paths`). `increase` and
`increase_percent` hold what a change adds to that sum against an amount and a share of what it was before; where both
are given, both must be exceeded. They need something to compare with (`--base`, `--baseline`) and say nothing without.
`per_unit`, `per_customer` and `min_margin` hold what a feature costs for each unit that it declares, for each of its
customers a month, and the share of its revenue that is left (`features.NAME.unit`, `customers`, `revenue_per_unit`).
`per_prompt` holds the text of each prompt template in a file (of `paths`, where they are given) against a number of
tokens, each branch and loop of it once; `guard prompts` lists them.
With `scenario` all of that is judged as estimated under that scenario (a key of `scenarios`: ten times the runs, longer
input, more that is looked up) instead of use as it is.
`compare` says which figure counts: `low`, `typical` (unless said otherwise) or `high`. With `high`, a request without a
bound exceeds every budget, and one whose model may be another than those known makes the verdict `undecided`. So does a
selection without any request. Requests without a price, and for months those whose runs are not declared, make the
verdict `undecided`, unless the others alone exceed the amount; with `min_coverage` (a share of the selection) they are
let pass as long as enough have a figure, and too few violate the budget. From `warn_at` on (a share of the amount) a
warning is given, which neither blocks nor counts for `--fail-on`.

## Why

A budget that counts what it does not know as nothing is kept until the bill comes.

## Fix

The finding shows the arithmetic: choose a cheaper model, a lower output limit, fewer retries or less input; or raise
the amount. For months, declare how often the code runs: `usage: {rules: [{paths: [...], runs_per_month: 20000}]}`.
"""


def judge(
    budgets: Sequence[Budget],
    items: Sequence[Priced],
    incomplete: frozenset[str] = frozenset(),
    prefix: str = "",
    before: Sequence[Priced] | None = None,
    prompts: Sequence[PromptSize] | None = None,
    under: Under | None = None,
    config: Config | None = None,
) -> tuple[Finding, ...]:
    """Findings of all budgets that are not `off`, in the budgets' order.

    `incomplete`: ids of requests whose monthly figure lacks some entry points (`selection.incomplete`). `prefix`: that
    of the configuration, which the budgets' paths are relative to. `before`: the requests of the base; without one,
    budgets on increases are not judged. `prompts`: the templates in files; None: they were not looked for.
    `under`: the requests under a scenario; a budget with one raises ValueError without it.
    `config`: features and runs, for budgets on units; without it these are not judged.
    """
    findings: list[Finding] = []
    sides: dict[str | None, tuple[Sequence[Priced], Sequence[Priced] | None]] = {None: (items, before)}
    compared = before is not None
    for budget in budgets:
        if budget.enforce == "off":
            continue
        if budget.per_prompt is not None:
            verdicts = per_prompt(budget, budget.per_prompt, prompts, prefix)
            findings += [_finding(budget, verdict) for verdict in verdicts]
            continue
        if budget.scenario not in sides:
            sides[budget.scenario] = _estimated(budget, under)
        items, before = sides[budget.scenario]
        selected = select(budget, items, prefix)
        if not selected and _chooses(budget):
            findings += [_finding(budget, verdict) for verdict in _nothing_selected(budget)]
            continue
        if before is not None and (budget.increase is not None or budget.increase_percent is not None):
            was = select(budget, before, prefix)
            findings += [_finding(budget, verdict) for verdict in increase(budget, was, selected, incomplete)]
        elif compared and before is None and (budget.increase is not None or budget.increase_percent is not None):
            findings += [_finding(budget, verdict) for verdict in _not_comparable(budget)]
        findings += [_finding(budget, verdict) for verdict in _verdicts(budget, selected, incomplete)]
        if config is not None and of_units(budget):
            used = scenarios.under(config, scenarios.named(config, budget.scenario or ""))
            findings += [_finding(budget, verdict) for verdict in per_unit(budget, selected, used)]
    return tuple(findings)


def _estimated(budget: Budget, under: Under | None) -> tuple[Sequence[Priced], Sequence[Priced] | None]:
    if under is None or budget.scenario is None:
        raise ValueError(f"budget {budget.name} names a scenario, and nothing estimates under it")
    return under(budget.scenario)


def _not_comparable(budget: Budget) -> Iterator[Verdict]:
    """What a change adds under a scenario to a saved report, which lacks the texts to estimate with."""
    if budget.on_unknown == "pass":
        return
    yield Verdict(
        f"what the change adds is not known: a saved report cannot be estimated under scenario `{budget.scenario}`",
        (budget_label(budget),),
        (),
        "compare with a commit (`--base`) instead of a saved report",
        verdict="undecided",
        enforce=undecided_enforce(budget.on_unknown),
        value="saved base",
    )


def _verdicts(budget: Budget, selected: Sequence[Priced], incomplete: frozenset[str]) -> Iterator[Verdict]:
    """What one budget says of its selection."""
    items, too_few = coverage.judged(budget, selected, incomplete)
    if too_few is not None:
        yield too_few
    if budget.per_call is not None:
        yield from per_call(budget, budget.per_call, items)
    if budget.per_run is not None:
        yield from per_run(budget, budget.per_run, workflows(items))
    if budget.per_month is not None:
        unfinished = incomplete if budget.min_coverage is None else frozenset()
        yield from per_month(budget, budget.per_month, items, unfinished)


def _chooses(budget: Budget) -> bool:
    """Whether a budget names a selection; one over everything is kept where there is nothing."""
    return bool(budget.feature or budget.owner or budget.model or budget.stage or budget.paths)


def _nothing_selected(budget: Budget) -> Iterator[Verdict]:
    """A selection that matches nothing is more likely misspelt than kept."""
    if budget.on_unknown == "pass":
        return
    named = {"feature": budget.feature, "owner": budget.owner, "model": budget.model, "stage": budget.stage}
    chosen = [f"{key} `{value}`" for key, value in named.items() if value]
    chosen += [f"paths {', '.join(f'`{path}`' for path in budget.paths)}"] if budget.paths else []
    yield Verdict(
        f"the budget selects no request: {', '.join(chosen)}",
        (budget_label(budget),),
        (),
        "correct the selection, or delete the budget",
        verdict="undecided",
        enforce=undecided_enforce(budget.on_unknown),
        value="selects nothing",
    )


def _finding(budget: Budget, verdict: Verdict) -> Finding:
    policy = f"budget:{budget.name}"
    return Finding(
        id=finding_id(policy, verdict.request.id if verdict.request else None, verdict.value),
        policy=policy,
        verdict=verdict.verdict,
        severity=verdict.severity or budget.severity,
        enforce=verdict.enforce or budget.enforce,
        message=verdict.message if budget.scenario is None else f"under `{budget.scenario}`: {verdict.message}",
        labels=verdict.labels,
        notes=verdict.notes,
        help=verdict.help,
        request=verdict.request.id if verdict.request else None,
        confidence="assumed" if verdict.assumed else "certain",
        extent=verdict.extent,
    )
