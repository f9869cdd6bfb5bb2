"""Budgets and policies that let more pass than before, one by one. In: those of both sides. Out: `Loosening`s.

Names and ids tell which is which. Of two policies with one id the later one holds, as when they are judged. Neighbour:
`loosened`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from decimal import Decimal
from typing import Any

from guard.config.types import Budget, PolicySpec
from guard.difference import Loosening
from guard.model import Span
from guard.report.format import money_exact

_STRICTNESS: Mapping[str, Mapping[str, int]] = {
    "enforce": {"off": 0, "warn": 1, "block": 2},
    "on_unknown": {"pass": 0, "warn": 1, "block": 2},
    "severity": {"low": 0, "medium": 1, "high": 2},
    "compare": {"low": 0, "typical": 1, "high": 2},
}
"""Words of which a higher one lets less pass."""
_SELECTION = ("feature", "owner", "model", "stage", "scenario", "paths")
_AMOUNTS = ("per_call", "per_run", "per_month", "per_unit", "per_customer", "increase")
_TOKENS = ("per_prompt",)
_SHARES = ("increase_percent", "warn_at")
_WIDENING = ("allow", "ignore", "except", "skip", "exempt")
"""Lists of a check's parameters of which a longer one lets more pass."""
_NARROWING = ("deny", "forbid", "block", "require")


def budgets(old: Iterable[Budget], new: Iterable[Budget], top: Span | None) -> Iterator[Loosening]:
    """`top`: where to point for a budget that is gone."""
    now = {budget.name: budget for budget in new}
    for was in old:
        if was.enforce == "off":
            continue
        budget = now.get(was.name)
        if budget is None:
            yield Loosening(f"budget {was.name} is gone ({was.place.path}:{was.place.line} in the base)", top)
            continue
        place = Span(budget.place.path, budget.place.line, budget.place.column, budget.place.line, budget.place.column)
        yield from (Loosening(f"budget {was.name}: {what}", place) for what in _of_budget(was, budget))


def _of_budget(was: Budget, budget: Budget) -> Iterator[str]:
    for name in (*_AMOUNTS, *_TOKENS, *_SHARES):
        before, after = getattr(was, name, None), getattr(budget, name, None)
        if before is not None and (after is None or after > before):
            yield f"{name} {_rose(name, before, after)}"
    if was.min_margin is not None and (budget.min_margin is None or budget.min_margin < was.min_margin):
        now = "is gone" if budget.min_margin is None else f"fell from {was.min_margin:%} to {budget.min_margin:%}"
        yield f"min_margin {now}"
    yield from _words(was, budget, ("compare", "enforce", "on_unknown", "severity"))
    changed = [name for name in _SELECTION if getattr(was, name) != getattr(budget, name)]
    if changed:
        yield f"it is about other requests ({', '.join(changed)} changed)"


def _rose(name: str, before: Decimal, after: Decimal | None) -> str:
    if after is None:
        return "is gone"
    if name in _AMOUNTS:
        return f"rose from {money_exact(before)} to {money_exact(after)}"
    if name in _TOKENS:
        return f"rose from {before:,} to {after:,} tokens"
    return f"rose from {before:%} to {after:%}"


def policies(old: Iterable[PolicySpec], new: Iterable[PolicySpec], top: Span | None) -> Iterator[Loosening]:
    """`top`: where to point for a policy that is gone."""
    now = {policy.id: policy for policy in new}
    for was in {policy.id: policy for policy in old}.values():
        if was.enforce == "off":
            continue
        policy = now.get(was.id)
        if policy is None:
            yield Loosening(f"policy {was.id} is gone", top)
            continue
        at = policy.place
        place = Span(at.path, at.line, at.column, at.line, at.column)
        yield from (Loosening(f"policy {was.id}: {what}", place) for what in _of_policy(was, policy))


def _of_policy(was: PolicySpec, policy: PolicySpec) -> Iterator[str]:
    yield from _words(was, policy, ("enforce", "on_unknown", "severity"))
    if was.paths != policy.paths and policy.paths:
        yield f"it is about other files ({', '.join(policy.paths)})"
    more = [stage for stage in policy.skip_stages if stage not in was.skip_stages]
    if more:
        yield f"it now skips {', '.join(more)}"
    if was.check != policy.check:
        yield f"its check is {policy.check} instead of {was.check}"
    else:
        yield from _params(was.params, policy.params)
    for name in sorted(_TOLD - _COMPARED):
        if getattr(was, name) != getattr(policy, name):
            yield f"its {name} was rewritten"


_COMPARED = {
    "id", "place", "check", "params", "param_places", "enforce", "severity", "message", "docs", "owner", "on_unknown",
    "paths", "skip_stages", "check_place", "message_place",
}  # fmt: skip
_TOLD = {field.name for field in fields(PolicySpec) if not field.name.endswith(("place", "places"))}
"""Whatever else a policy may say (a condition): what is rewritten there may let more pass."""


def _params(was: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    for name in dict.fromkeys((*was, *now)):
        before, after = was.get(name), now.get(name)
        if before == after:
            continue
        if isinstance(before or after, (list, tuple)):
            yield from _lists(name, list(before or ()), list(after or ()), before is not None, after is not None)
        elif _is_number(before) and _is_number(after):
            lower = name.startswith("min")
            if before is not None and after is not None and ((after < before) if lower else (after > before)):
                yield f"{name} {'fell' if lower else 'rose'} from {before} to {after}"
        else:
            yield f"{name} is {after!r} instead of {before!r}" if after is not None else f"{name} is gone"


def _lists(name: str, before: list[Any], after: list[Any], was: bool, now: bool) -> Iterator[str]:
    added = [str(item) for item in after if item not in before]
    gone = [str(item) for item in before if item not in after]
    if any(word in name for word in _WIDENING):
        if was and not now:
            yield f"{name} is gone"
        elif was and added:
            yield f"{name} now has {', '.join(added)}"
    elif any(word in name for word in _NARROWING):
        if gone:
            yield f"{name} no longer has {', '.join(gone)}"
    else:
        yield f"{name} was changed"


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)


def _words(was: object, now: object, names: Iterable[str]) -> Iterator[str]:
    for name in names:
        before, after = getattr(was, name), getattr(now, name)
        if before != after and before is not None and after is not None:
            rank = _STRICTNESS[name]
            if rank.get(after, 0) < rank.get(before, 0):
                yield f"{name} fell from {before} to {after}"
