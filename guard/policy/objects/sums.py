"""The objects that stand for many requests: `workflow`, `feature` and `repo`.

In: priced requests and the configuration. Out: their fields, and `Group`, the value behind all three. Sums follow the
rules of totals: exclusive requests count once, tests do not count, and what has no price makes the sum only partly
known. Neighbours: `request`, `table`; `guard.policy.workflows` makes workflows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import field as remembered
from decimal import Decimal

from guard.estimate.money import Factor, times
from guard.estimate.totals import sum_of, totals
from guard.model import Money, Priced, Setting
from guard.policy import words
from guard.policy.expr.types import TEXT, Field, ListOf, Number, Object
from guard.policy.expr.values import INFINITE, Absent, Between, Unknown, Value, number
from guard.policy.objects.parts import AMOUNTS, Figures, field, figures, listed, table
from guard.policy.objects.request import REQUEST, asked
from guard.policy.objects.setting import SETTING
from guard.policy.selection import runs_expected
from guard.policy.workflows import Workflow, usd_per_run

_NO_RUNS = "no runs_per_month is declared in `usage`"


@dataclass(frozen=True)
class Group:
    """Requests that a condition speaks of together; `items` are those that count in totals."""

    name: str
    items: tuple[Priced, ...]
    owner: str | None = None
    workflow: Workflow | None = None
    runs: Decimal | None = None
    """Declared runs a month of the workflow."""
    incomplete: frozenset[str] = frozenset()
    """Ids of requests whose monthly figure leaves out entry points."""
    setting: Setting | None = None
    """Of a group that stands for a setting, which has no requests."""
    seen: dict[str, Value] = remembered(default_factory=dict, compare=False, repr=False)
    """Sums that were made already, since a condition about each request may ask for those of the repository."""


def _once(name: str, make: Callable[[Group], Value]) -> Callable[[Group], Value]:
    """A figure of a group that is made the first time it is asked for."""

    def get(group: Group) -> Value:
        if name not in group.seen:
            group.seen[name] = make(group)
        return group.seen[name]

    return get


def _sum(group: Group, money: Callable[[Priced], Money | None], missing: str) -> Value:
    """The sum over a group, partly known where requests lack the amount or cover only what is known."""
    return _told(group, sum_of(group.items, money), sum(money(item) is None for item in group.items), missing)


def _told(group: Group, whole: Money | None, lacking: int, missing: str) -> Value:
    if whole is None:
        return Unknown((missing,)) if group.items else Figures(Decimal(0), Decimal(0), Decimal(0))
    found = figures(whole)
    doubts = [f"{lacking:,} of {words.plural(len(group.items), 'request')}: {missing}"] if lacking else []
    only = [why for item in group.items for why in item.estimate.known_only[:1]]
    if not doubts and not only:
        return found
    # What lacks a figure makes the sum larger. What may be another value makes it larger or smaller.
    typical = Between(found.typical, INFINITE, doubts[0]) if doubts else found.typical
    why = (doubts or only)[0]
    low = Between(Decimal(0), found.low, only[0]) if only else found.low
    return Figures(
        Between(low.low if isinstance(low, Between) else found.low, INFINITE, why) if doubts else low,
        typical,
        found.high if found.high == INFINITE else Between(found.high, INFINITE, why),
    )


def _usd(group: Group) -> Value:
    return _sum(group, lambda item: item.estimate.usd, "no price")


def _usd_per_month(group: Group) -> Value:
    if group.workflow is not None:
        return _workflow_month(group)
    silent = [item for item in group.items if item.estimate.usd_per_month is None and runs_expected(item)]
    having = [item for item in group.items if item.estimate.usd_per_month is not None]
    if not having and silent:
        priced = any(item.estimate.usd is not None for item in silent)
        return Absent(_NO_RUNS) if priced else Unknown(("no price",))
    lacking = {item.request.id for item in silent} | {i.request.id for i in having if i.request.id in group.incomplete}
    whole = sum_of(having, lambda item: item.estimate.usd_per_month)
    return _told(group, whole, len(lacking), "no price, or no declared runs")


def _usd_per_run(group: Group) -> Value:
    assert group.workflow is not None
    lacking = sum(item.estimate.usd is None for item in group.items)
    return _told(group, usd_per_run(group.workflow), lacking, "no price")


def _workflow_month(group: Group) -> Value:
    assert group.workflow is not None
    if group.runs is None:
        return Absent(_NO_RUNS)
    run = usd_per_run(group.workflow)
    month = None if run is None else times(run, Factor.exactly(group.runs))
    return _told(group, month, sum(item.estimate.usd is None for item in group.items), "no price")


def _runs(group: Group) -> Value:
    return Absent(_NO_RUNS) if group.runs is None else group.runs


def _priced(group: Group) -> int:
    return sum(item.estimate.usd is not None for item in group.items)


def _priced_share(group: Group) -> Value:
    return Decimal(_priced(group)) / len(group.items) if group.items else Unknown(("there is no request",))


def _assumed(group: Group) -> Value:
    share = totals(group.items).assumed_share
    return Unknown(("the share of assumption",)) if share is None else number(share)


def _models(group: Group) -> Value:
    """All models by name, then an unknown one for each reason why there may be others."""
    known: dict[str, None] = {}
    whys: dict[str, None] = {}
    for item in group.items:
        model = item.request.model
        known.update(dict.fromkeys(str(c.price_id or c.value) for c in model.choices if c.value is not None))
        if model.open or not model.choices:
            whys[model.why or "a model is not known"] = None
    return (*known, *(Unknown((why,)) for why in list(whys)[:1]))


def _providers(group: Group) -> Value:
    named = dict.fromkeys(item.request.provider for item in group.items)
    return tuple(name if name is not None else Unknown(("a provider is not known",)) for name in named)


def _requests(group: Group) -> Value:
    """Each request under each of its variants: a list of requests is asked about as single ones are."""
    return tuple(one for item in group.items for one in asked(item, varying=True))


def _common(what: str) -> tuple[Field, ...]:
    return (
        field("requests", listed(REQUEST, walk=True), f"The requests of the {what}", _once("requests", _requests)),
        field("models", ListOf(TEXT, walk=True), "Their models, each once", _once("models", _models)),
        field("providers", ListOf(TEXT, walk=True), "Their providers, each once", _once("providers", _providers)),
        field("count", Number(), "How many they are", lambda group: Decimal(len(group.items))),
        field("priced_share", Number("share"), "Part of them that has a price", _once("priced", _priced_share)),
        field(
            "assumed_share", Number("share"), "Part of the typical sum that is assumption", _once("assumed", _assumed)
        ),
        field("usd", AMOUNTS, "One call of each", _once("usd", _usd)),
        field(
            "usd_per_month", AMOUNTS, "A month, where runs are declared", _once("month", _usd_per_month), optional=True
        ),
    )


def _owner(group: Group) -> Value:
    return Absent("it has no owner") if group.owner is None else group.owner


def _of_reach(name: str) -> Callable[[Group], Value]:
    def get(group: Group) -> Value:
        assert group.workflow is not None
        return getattr(group.workflow.reach, name)

    return get


WORKFLOW = table(
    "workflow",
    "An entry point (a route, a command, a task, ...) with all the requests that a run of it makes.",
    (
        field("name", TEXT, "`path::function`", lambda group: group.name),
        field("kind", TEXT, "`route`, `cli`, `task`, `main`, `notebook`, `function`, ...", _of_reach("kind")),
        field("aliases", ListOf(TEXT), "Other names: `module:function`, `POST /ask`", _of_reach("aliases")),
        field("path", TEXT, "The file of the entry point", lambda group: group.name.partition("::")[0]),
        field("usd_per_run", AMOUNTS, "The price of one run", _once("run", _usd_per_run)),
        field("runs_per_month", Number(), "Declared runs", _runs, optional=True),
        *_common("workflow"),
    ),
)
FEATURE = table(
    "feature",
    "A part of the product, as declared under `features`.",
    (
        field("name", TEXT, "Its name", lambda group: group.name),
        field("owner", TEXT, "Its owner", _owner, optional=True),
        *_common("feature"),
    ),
)
REPO = table("repo", "All requests of the repository that count in totals.", _common("repository"))

OBJECTS: dict[str, Object] = {
    "request": REQUEST, "workflow": WORKFLOW, "feature": FEATURE, "repo": REPO, "setting": SETTING,
}  # fmt: skip
"""What conditions can name."""
