"""Which ignore comments of the head still excuse when the rules of the base judge it. In: the comments and findings of
the base, the comments of the head. Out: a `policy.forgive.Holds`.

A pull request must not excuse itself: a comment that the base lacks excuses nothing, and one that it has excuses only
what it could have excused there, so that it can't be moved to another call. Neighbours: `against`, which asks;
`loosened`, which lists new comments.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from guard.model import Finding, Priced
from guard.policy.forgive import Directive, Holds
from guard.use.diff.versions import Versions


def fresh(
    before: Iterable[Directive], after: Iterable[Directive], versions: Versions | None
) -> Iterator[Directive]:  # fmt: skip
    """The comments of the head that the base lacks, each wherever it stands in its file."""
    known = Counter((versions.now(one.path) if versions else one.path, _said(one)) for one in before)
    for one in after:
        key = (one.path, _said(one))
        if known[key]:
            known[key] -= 1
        else:
            yield one


def _said(one: Directive) -> str:
    return " ".join(one.raw.split())


def of_base(
    before: tuple[Iterable[Directive], Iterable[Finding], Sequence[Priced]],
    after: tuple[Sequence[Directive], Sequence[Priced]],
    versions: Versions,
) -> Holds:
    """Whether a comment of the head may excuse a finding under the rules of the base.

    `before`: comments, judged findings and requests, with the head's ids; `after`: comments and requests. A finding is
    excused where the base excused one of the same policy at the same request, or at another that the same call in the
    same function sends: a new caller of an excused call is excused as the old ones are.
    """
    new = frozenset(fresh(before[0], after[0], versions))
    senders = [{item.request.id: _sender(item) for item in side} for side in (before[2], after[1])]
    excused: set[tuple[object, ...]] = set()
    for one in before[1]:
        if one.forgiven is not None and one.forgiven.by == "inline":
            excused.add((one.policy, one.request))
            sender = senders[0].get(one.request or "")
            if sender is not None:
                excused.add((one.policy, versions.now(sender[0]), *sender[1:]))

    def holds(finding: Finding, comment: Directive) -> bool:
        if comment in new:
            return False
        sender = senders[1].get(finding.request or "")
        return (finding.policy, finding.request) in excused or (
            sender is not None and (finding.policy, *sender) in excused
        )

    return holds


def _sender(item: Priced) -> tuple[str, str, str]:
    """File, function and name of the call that sends a request."""
    last = item.request.sites[-1]
    return last.span.path, last.qualname, last.callee
