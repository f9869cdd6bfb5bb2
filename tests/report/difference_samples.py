"""What changed in the small shop of `report_samples`: one change of every kind, with and without a cause."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from report_samples import ALLOWED, CHAT, NOTEBOOK, RANK_ESTIMATE, RANKED, REPORT, UNDECIDED, UNPRICED, span

from guard.difference import Base, Cause, Change, Difference, Loosening
from guard.model import Choice, Estimate, Money, Priced, Value


def at_price(priced: Priced, times: str, identity: str | None = None) -> Priced:
    """The request at a multiple of the sample's price."""
    factor = Decimal(times)

    def scaled(usd: Money | None) -> Money | None:
        high = None if usd is None or usd.high is None else usd.high * factor
        return None if usd is None else Money(usd.low * factor, usd.typical * factor, high)

    estimate: Estimate = replace(
        RANK_ESTIMATE,
        usd=scaled(RANK_ESTIMATE.usd),
        usd_per_run=scaled(RANK_ESTIMATE.usd_per_run),
        usd_per_month=scaled(RANK_ESTIMATE.usd_per_month),
    )
    request = priced.request if identity is None else replace(priced.request, id=identity)
    return replace(priced, request=request, estimate=estimate)


MINI = Choice("gpt-4o-mini", (), "gpt-4o-mini")
CHEAP = at_price(replace(RANKED, request=replace(RANKED.request, model=Value((MINI,), False))), "0.06")
ROUNDS = Cause(
    "repeats", span("app/jobs.py", 9, 1, 12), span("app/jobs.py", 9, 1, 10), "20", "2,000", "constant ROUNDS"
)
MODEL = Cause(
    "model", span("app/settings.py", 3, 33, 41), span("app/settings.py", 3, 33, 46), "gpt-4o-mini", "gpt-4o",
    "default of RANK_MODEL",
)  # fmt: skip
GONE = Cause("max_output", None, span("app/rank.py", 3, 80, 94), "300", None, "max_tokens")

DIFFERENCE = Difference(
    base=Base("main (1a2b3c4)", "1a2b3c4" + "0" * 33),
    changes=(
        Change("dearer", CHEAP, RANKED, (MODEL, ROUNDS, GONE)),
        Change("new", None, CHAT),
        Change("unpriced", RANKED, replace(CHAT, estimate=UNPRICED)),
        Change("cheaper", RANKED, CHEAP, (MODEL,)),
        Change("moved", NOTEBOOK, NOTEBOOK),
        Change("removed", at_price(RANKED, "1", "guard/1:gone"), None, (GONE,)),
    ),
    unchanged=4,
    before=replace(REPORT.totals, usd=CHEAP.estimate.usd, usd_per_month=CHEAP.estimate.usd_per_month),
    after=REPORT.totals,
    new_findings=frozenset({ALLOWED.id}),
    fixed_findings=("no output limit is sent",),
    loosened=(Loosening('budget "one call" rose from $0.05 to $0.50', span("guard.yaml", 3, 5, 40)),),
    files=3,
)
OLD = UNDECIDED
"""A finding that the base has, too."""
UNTOUCHED = Difference(Base("main (1a2b3c4)"), (), 3, REPORT.totals, REPORT.totals, frozenset(), (), (), 0)
