"""What a configuration asks: its policies and budgets as `Rule`s, for formats that list rules and not only findings.

In: a `Config`. Out: `guard.report.view.Rule`s in a fixed order, without those that are `off`. The findings about
ignores and exceptions, which no policy makes, are rules, too.
"""

from __future__ import annotations

from guard.config.types import Budget, Config
from guard.policy.load import load
from guard.policy.registry import DOCS
from guard.policy.types import Policy
from guard.report.view import Rule


def rules(config: Config) -> tuple[Rule, ...]:
    """Policies, budgets, then what guard says of ignores and exceptions."""
    policies = [_policy(policy) for policy in load(config.policies) if policy.spec.enforce != "off"]
    budgets = [_budget(budget) for budget in config.budgets if budget.enforce != "off"]
    others = [_other(name, text) for name, text in DOCS.items() if name != "budget"]
    return (*policies, *budgets, *others)


def _policy(policy: Policy) -> Rule:
    spec, check = policy.spec, policy.check
    return Rule(
        id=spec.id,
        title=check.title,
        help=check.doc,
        severity=policy.severity,
        enforce=spec.enforce,
        message=spec.message or "",
        docs=spec.docs or "",
    )


def _budget(budget: Budget) -> Rule:
    title, text = _parted(DOCS["budget"])
    return Rule(f"budget:{budget.name}", title, text, budget.severity, budget.enforce)


def _other(name: str, text: str) -> Rule:
    title, rest = _parted(text)
    return Rule(name, title, rest)


def _parted(text: str) -> tuple[str, str]:
    """The first line without its full stop, and what follows."""
    title, _, rest = text.strip().partition("\n")
    return title.rstrip("."), rest.strip()
