"""What a run of `guard check` came to. In: its exit code and JSON report. Out: an `Outcome`, and whether it is worth
a comment. As a program: prints the outcome as `name=value` lines, as later steps of a job read them.

Where the report has a `difference` (a base was given), the costs are those before and after; else there is one cost.

What is printed is one pair of typical costs. Whether that is worth a comment asks more, since the pair can stand still:
a month says nothing of requests without declared runs, a typical cost nothing of the worst one.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Literal

Verdict = Literal["passed", "blocked", "error"]
VERDICTS: Mapping[int, Verdict] = {0: "passed", 1: "blocked"}
Basis = Literal["month", "call"]


NEWS = frozenset({"new", "removed", "unpriced"})
"""Kinds of changes that are news at any cost."""


@dataclass(frozen=True, slots=True)
class Worst:
    """The worst case of a sum in US dollars; None: without a bound."""

    before: Decimal | None
    after: Decimal | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """A run in a few words. Costs are typical US dollars; None: not known, or nothing to compare with."""

    verdict: Verdict
    findings: int
    """Findings that nothing excuses, new or not."""
    new_findings: int
    """Those that the base lacks; all of them without a base."""
    compared: bool
    changes: int
    """Requests that are not as they were."""
    basis: Basis
    """What the costs are of: a month, where both sides have one, else one call of each request."""
    before: Decimal | None
    after: Decimal | None
    news: int = 0
    """Counted requests that are new, gone or have no price any more."""
    calls: tuple[Decimal, Decimal] | None = None
    """Typical US dollars of one call of each request, before and after, where `basis` is a month of some of them."""
    worst: tuple[Worst, ...] = ()
    """Worst cases of the sums that typical costs are compared of."""
    comparable: bool = True
    """Whether both costs are about the same requests: false where one lost its price, which is no saving."""

    @property
    def change(self) -> Decimal | None:
        """By how much the cost rose; None where that is not known."""
        if self.before is None or self.after is None or not self.comparable:
            return None
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class Threshold:
    """A change of cost that is worth a comment when it is exceeded, up or down."""

    amount: Decimal
    percent: bool
    """Whether `amount` is percent of the cost before, else US dollars."""

    def exceeded(self, outcome: Outcome) -> bool:
        """Whether the typical cost moves by more, the worst one rises by more, or either may: what is not known is not
        small."""
        if outcome.before is None or outcome.after is None or not outcome.comparable:
            if outcome.changes > 0:
                return True
        elif self._less_than(outcome.before, abs(outcome.after - outcome.before)):
            return True
        if outcome.calls is not None and self._less_than(outcome.calls[0], abs(outcome.calls[1] - outcome.calls[0])):
            return True
        return any(map(self._rises, outcome.worst))

    def _less_than(self, before: Decimal, change: Decimal) -> bool:
        return change * 100 > self.amount * before if self.percent else change > self.amount

    def _rises(self, worst: Worst) -> bool:
        if worst.before is None or worst.after is None:
            return worst.before is not None
        return self._less_than(worst.before, worst.after - worst.before)


def threshold(text: str) -> Threshold:
    """`0.5` or `$0.5`: US dollars; `5%`: of the cost before. Raises ValueError for anything else."""
    words = text.strip().removeprefix("$").removesuffix("USD").strip()
    try:
        amount = Decimal(words.removesuffix("%").strip())
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or amount < 0:
        raise ValueError(f"a threshold is an amount (`0.5`) or a share (`5%`), not `{text}`")
    return Threshold(amount, words.endswith("%"))


def worth_a_comment(outcome: Outcome, least: Threshold) -> bool:
    """Whether a comment says anything that its readers do not expect.

    A failure of guard itself is none: the job fails, and its output says why.
    """
    if outcome.verdict == "error":
        return False
    if not outcome.compared:
        return outcome.findings > 0
    return outcome.verdict == "blocked" or outcome.new_findings > 0 or outcome.news > 0 or least.exceeded(outcome)


def read(exit_code: int, report: Path) -> Outcome:
    """The outcome of a run. Raises ValueError where guard says that it worked and its report cannot be read."""
    verdict = VERDICTS.get(exit_code, "error")
    if verdict == "error":
        return Outcome("error", 0, 0, False, 0, "call", None, None)
    try:
        data = json.loads(report.read_text("utf-8"), parse_float=Decimal)
    except OSError as error:
        raise ValueError(f"guard's report cannot be read: {error.strerror}") from None
    active = [finding for finding in data["findings"] if finding["forgiven"] is None]
    compared = data.get("difference")
    if compared is None:
        basis: Basis = "call" if data["totals"]["usd_per_month"] is None else "month"
        return Outcome(verdict, len(active), len(active), False, 0, basis, None, _typical(data["totals"], basis))
    before, after = compared["before"], compared["after"]
    basis = "call" if before["usd_per_month"] is None or after["usd_per_month"] is None else "month"
    new = frozenset(compared["new_findings"])
    partly = basis == "month" and any(side["monthly_requests"] < side["counted"] for side in (before, after))
    calls = _typical(before, "call"), _typical(after, "call")
    bases: tuple[Basis, ...] = (basis, "call") if partly else (basis,)
    return Outcome(
        verdict=verdict,
        findings=len(active),
        new_findings=sum(finding["id"] in new for finding in active),
        compared=True,
        changes=len(compared["changes"]),
        basis=basis,
        before=_typical(before, basis),
        after=_typical(after, basis),
        news=sum(map(_is_news, compared["changes"])),
        calls=(calls[0], calls[1]) if partly and calls[0] is not None and calls[1] is not None else None,
        worst=tuple(_worst(before, after, basis) for basis in bases if before[_KEYS[basis]] and after[_KEYS[basis]]),
        comparable=compared.get("comparable", {}).get("usd_per_month" if basis == "month" else "usd", True),
    )


def _is_news(change: Mapping[str, Any]) -> bool:
    """Whether a change is to be told at any cost. What is not counted (a branch that is not taken) is none."""
    sides = (change["before"], change["after"])
    return change["kind"] in NEWS and any(side is not None and side["counted"] for side in sides)


_KEYS: Mapping[Basis, str] = {"month": "usd_per_month", "call": "usd"}


def _worst(before: Mapping[str, Any], after: Mapping[str, Any], basis: Basis) -> Worst:
    """The worst cases of sums that are known."""
    high = (side[_KEYS[basis]]["high"] for side in (before, after))
    return Worst(*(None if amount is None else Decimal(amount) for amount in high))


def _typical(totals: Mapping[str, Any], basis: Basis) -> Decimal | None:
    """Typical US dollars; 0 where there is nothing to pay for, None where nothing that there is has a price."""
    money = totals[_KEYS[basis]]
    if money is None:
        return Decimal(0) if totals["counted"] == 0 else None
    return Decimal(money["typical"])


def lines(outcome: Outcome) -> list[str]:
    """`name=value`, an empty value for what is not known."""

    def usd(amount: Decimal | None) -> str:
        return "" if amount is None else format(amount.normalize(), "f")

    return [
        f"verdict={outcome.verdict}",
        f"findings={outcome.findings}",
        f"new-findings={outcome.new_findings}",
        f"changes={outcome.changes}",
        f"cost-basis={outcome.basis}",
        f"usd-before={usd(outcome.before)}",
        f"usd-after={usd(outcome.after)}",
        f"usd-change={usd(outcome.change)}",
    ]


def main() -> None:
    """`python -m integrations.outcome EXIT_CODE REPORT`."""
    parser = argparse.ArgumentParser(description="Print the outcome of a run of guard as name=value lines.")
    parser.add_argument("exit_code", type=int)
    parser.add_argument("report", type=Path)
    wanted = parser.parse_args()
    print(*lines(read(wanted.exit_code, wanted.report)), sep="\n")


if __name__ == "__main__":
    main()
