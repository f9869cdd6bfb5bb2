"""What the policies and budgets of guard.yaml say of requests as they would be.

In: requests before and after. Out: the policies that would be broken, the budgets before and after. Neighbours:
`what_if` asks for both, `cheapest` for policies; `guard.policy` judges.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from guard.bill import Held
from guard.config.types import Budget
from guard.estimate.scenarios import named
from guard.model import Finding, Priced
from guard.policy import budgets
from guard.policy.decide import decide
from guard.policy.judge import context
from guard.policy.load import load
from guard.policy.selection import incomplete
from guard.policy.types import Context, Policy
from guard.policy.verdict import is_near
from guard.use.bill.anew import Change, Known, anew

NOTHING_CHANGES = Change()


@dataclass(frozen=True, slots=True)
class Rules:
    """The policies that are on, and what they ask."""

    known: Known
    policies: tuple[Policy, ...]
    context: Context

    @classmethod
    def of(cls, known: Known, today: date) -> Rules:
        """Those of a configuration. Raises `guard.policy.load.PolicyError` when a policy cannot be used."""
        loaded = tuple(policy for policy in load(known.config.policies) if policy.spec.enforce != "off")
        return cls(known, loaded, context(known.prices, known.config.aliases, today))

    def broken(self, before: Sequence[Priced], after: Sequence[Priced]) -> list[Finding]:
        """What is violated after and was not before."""
        was = self._violated(before)
        return [found for key, found in self._violated(after).items() if key not in was]

    def _violated(self, items: Sequence[Priced]) -> dict[tuple[str, str | None], Finding]:
        """By policy and request; the value of a violation is another one after a change."""
        config = self.known.config
        # Conditions about more than a request need all of them; a budget says what a sum may be.
        policies = [one for one in self.policies if one.asking is None or one.asking.subject == "request"]
        found = decide(policies, items, self.context, config.prefix, config)
        return {(one.policy, one.request): one for one in found if one.verdict == "violated"}

    def budgets(self, before: Sequence[Priced], after: Sequence[Priced], change: Change) -> tuple[Held, ...]:
        """What each budget says of the requests before and after; those on increases and templates have no part."""
        config = self.known.config
        chosen = [
            one for one in config.budgets
            if one.enforce != "off" and one.per_prompt is None and one.increase is None and one.increase_percent is None
        ]  # fmt: skip
        if not chosen:
            return ()
        was = self._judged(chosen, before, before, NOTHING_CHANGES)
        now = self._judged(chosen, after, before, change)
        return tuple(Held(one.name, was.get(one.name, ()), now.get(one.name, ())) for one in chosen)

    def _judged(
        self, chosen: Sequence[Budget], items: Sequence[Priced], before: Sequence[Priced], change: Change
    ) -> dict[str, tuple[str, ...]]:
        config, known = self.known.config, self.known

        def under(name: str) -> tuple[Sequence[Priced], None]:
            return anew(before, change, known, named(config, name)), None

        found = budgets.judge(chosen, items, incomplete(items, config), config.prefix, under=under, config=config)
        said: dict[str, list[str]] = {}
        for one in found:
            word = "near" if one.verdict == "violated" and is_near(one) else one.verdict
            said.setdefault(one.policy.removeprefix("budget:"), []).append(f"{word}: {one.message}")
        return {name: tuple(dict.fromkeys(texts)) for name, texts in said.items()}
