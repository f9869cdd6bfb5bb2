"""What `guard diff` found, as results of SARIF: what may cost more than before, at the line that did it.

In: a `Difference` and the places of a report. Out: results of the rule `RULE`. They are told and not judged
(`informational`): what a change may cost is for policies and budgets to say. Neighbour: `formats/sarif.py`.
"""

from __future__ import annotations

import hashlib
from typing import Any

from guard.difference import Change, Difference
from guard.model import Span
from guard.report.changes import COSTLY, KINDS, cause_words, largest_first, moved, priced_now, says_more, widest
from guard.report.format import safe
from guard.report.sarif_places import Places
from guard.report.table import model_text
from guard.report.view import Rule

Json = dict[str, Any]
RULE = Rule(
    "cost-change",
    "A request costs no more than before",
    "## What it does\n\nNames each request that is new, dearer or without a price since the base, and the changed "
    "lines behind it. It blocks nothing.",
    "low",
)


def results(difference: Difference, places: Places, rule: int, fingerprint: str) -> list[Json]:
    """One result for each change after which more may be paid. `rule`: the number of `RULE` among those of the run."""
    costly = [change for change in largest_first(difference.changes) if change.kind in COSTLY]
    return [_result(change, places, rule, fingerprint) for change in costly]


def _result(change: Change, places: Places, rule: int, fingerprint: str) -> Json:
    request = priced_now(change).request
    title, pick = widest(change)
    words = [f"{KINDS[change.kind]}: {safe(request.sites[0].qualname)}, {model_text(request.model)}"]
    words.append(f"{title} {moved(change, pick)}")
    words += [safe(cause_words(cause)) for cause in change.causes if says_more(cause)]
    causes = [(cause.span, cause_words(cause)) for cause in change.causes if cause.span is not None]
    labels: list[tuple[Span, str]] = [*causes, (request.sites[0].span, "the request")]
    (first, _), *others = dict.fromkeys(labels)
    identity = hashlib.sha256(f"{change.kind}\x1f{request.id}".encode()).hexdigest()[:16]
    made: Json = {
        "ruleId": RULE.id,
        "ruleIndex": rule,
        "kind": "informational",
        "level": "none",
        "message": {"text": "; ".join(words).replace("](", "] (")},
        "locations": [places.location(first)],
        "partialFingerprints": {fingerprint: identity},
        "baselineState": "new" if change.kind == "new" else "updated",
        "properties": {"change": change.kind, "request": request.id},
    }
    if others:
        made["relatedLocations"] = [places.location(span, text, n) for n, (span, text) in enumerate(others, 1)]
    return made
