"""Ignore comments and exceptions: what they excuse, what they say when they excuse nothing, when they run out."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.config.types import Budget, Config, Exemption, Place, PolicySpec
from guard.model import ONCE, Finding, Site
from guard.policy.decide import decide, exit_code
from guard.policy.examples import CONTEXT, NOT_SENT, priced, span
from guard.policy.forgive import Directive, directive, forgive
from guard.policy.judge import judge
from guard.policy.load import load

TODAY = date(2026, 11, 23)
PLACE = Place("guard.yaml", 40, 5)
SPEC = PolicySpec("limits", Place("guard.yaml", 12, 5), "output-limit", enforce="block")


def findings() -> tuple[Finding, ...]:
    """One blocking finding at app/answer.py:12."""
    return decide(load([SPEC]), [priced(max_output=NOT_SENT)], CONTEXT)


def ignore(comment: str, line: int = 12, path: str = "app/answer.py") -> Directive:
    found = directive(path, line, 30, comment)
    assert found is not None
    return found


def excused(*directives: Directive, exceptions: tuple[Exemption, ...] = ()) -> tuple[Finding, ...]:
    sites = {"example:1": (span(),)}
    checks = {"limits": "output-limit"}
    return forgive(findings(), directives, exceptions, today=TODAY, checks=checks, sites=sites)


# --- comments ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("comment", "ids", "reason", "until"),
    [
        ("# guard: ignore[output-limit] short answers", ("output-limit",), "short answers", None),
        ("# guard: ignore[a, b] why until=2027-01-31", ("a", "b"), "why", "2027-01-31"),
        ("# guard: ignore[a] until=2027-01-31 the rest", ("a",), "the rest", "2027-01-31"),
        ("x()  #guard: ignore[budget:one call]", ("budget:one call",), "", None),
        ("# guard: ignore everything", (), "everything", None),
        ("# guard: ignore[] nothing", (), "nothing", None),
        ("# noqa: E501 # guard: ignore[a] b", ("a",), "b", None),
    ],
)
def test_a_comment_is_read(comment: str, ids: tuple[str, ...], reason: str, until: str | None) -> None:
    found = directive("a.py", 3, 5, comment)
    assert found is not None
    assert (found.kind, found.ids, found.reason, found.until) == ("ignore", ids, reason, until)


def test_assume_comments_are_kept_apart_and_other_comments_are_none() -> None:
    found = directive("a.py", 3, 5, "# guard: assume model=gpt-4o docs=1200")
    assert found is not None
    assert found.kind == "assume"
    assert directive("a.py", 3, 5, "# guard against empty input") is None
    assert directive("a.py", 3, 5, "# guard: ignored") is None


@given(st.text())
def test_no_comment_breaks_the_reader(text: str) -> None:
    found = directive("a.py", 1, 1, "# guard: ignore[x]" + text)
    assert found is None or found.kind == "ignore"


# --- ignoring ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("line", [11, 12])
@pytest.mark.parametrize("name", ["limits", "output-limit"])
def test_an_ignore_beside_or_above_excuses_by_policy_or_check(line: int, name: str) -> None:
    (finding,) = excused(ignore(f"# guard: ignore[{name}] short answers", line))
    assert finding.forgiven is not None
    assert (finding.forgiven.by, finding.forgiven.reason) == ("inline", "short answers")
    assert finding.forgiven.span is not None
    assert finding.forgiven.span.line == line
    assert exit_code([finding]) == 0


@pytest.mark.parametrize(
    ("comment", "line", "path"),
    [
        ("# guard: ignore[output-limit] x", 10, "app/answer.py"),
        ("# guard: ignore[output-limit] x", 13, "app/answer.py"),
        ("# guard: ignore[output-limit] x", 12, "app/other.py"),
        ("# guard: ignore[model-known] x", 12, "app/answer.py"),
    ],
)
def test_an_ignore_elsewhere_excuses_nothing_and_is_a_finding(comment: str, line: int, path: str) -> None:
    kept, unused = excused(ignore(comment, line, path))
    assert kept.forgiven is None
    assert (unused.policy, unused.enforce) == ("unused-ignore", "warn")
    assert (unused.labels[0].span.path, unused.labels[0].span.line) == (path, line)
    assert "excuses nothing" in unused.message
    assert exit_code([kept, unused]) == 1


def test_a_huge_comment_is_not_echoed_whole() -> None:
    huge = directive("a.py", 3, 5, f"# guard: ignore[{'x' * 2_000_000}] {'y' * 2_000_000} until={'z' * 2_000_000}")
    plain = directive("a.py", 3, 5, f"# guard: ignore[{'x' * 2_000_000}] {'y' * 2_000_000}")
    assert huge is not None and plain is not None
    for found in forgive((), (huge, plain), (), today=date(2026, 1, 1)):
        assert len(found.message) < 300 and all(len(note) < 300 for note in found.notes)


def test_an_ignore_of_two_checks_is_used_when_one_of_them_is_found() -> None:
    (finding,) = excused(ignore("# guard: ignore[model-known, output-limit] x"))
    assert finding.forgiven is not None


def test_an_ignore_without_a_check_excuses_nothing() -> None:
    kept, unused = excused(ignore("# guard: ignore because"))
    assert kept.forgiven is None
    assert unused.message == "this ignore names no check"


def test_an_ignore_holds_on_its_last_day_and_not_after() -> None:
    (finding,) = excused(ignore("# guard: ignore[output-limit] x until=2026-11-23"))
    assert finding.forgiven is not None
    kept, expired = excused(ignore("# guard: ignore[output-limit] x until=2026-11-22"))
    assert kept.forgiven is None
    assert (expired.policy, expired.enforce) == ("expired-exception", "warn")
    assert expired.message == "this ignore ran out on 2026-11-22, so it excuses nothing any more"


def test_an_unreadable_date_excuses_nothing() -> None:
    kept, unused = excused(ignore("# guard: ignore[output-limit] x until=soon"))
    assert kept.forgiven is None
    assert unused.message == "`until=soon` is not a date, so this ignore excuses nothing"


# --- exceptions -------------------------------------------------------------------------------------------------


def exception(policy: str = "limits", paths: tuple[str, ...] = (), until: str | None = None) -> Exemption:
    return Exemption(PLACE, policy, "migration", paths, "@ana", until)


@pytest.mark.parametrize("paths", [(), ("app/**",), ("answer.py",)])
def test_an_exception_excuses_its_policy_in_its_paths(paths: tuple[str, ...]) -> None:
    (finding,) = excused(exceptions=(exception(paths=paths),))
    assert finding.forgiven is not None
    assert (finding.forgiven.by, finding.forgiven.reason) == ("exception", "migration")
    assert finding.forgiven.span is not None
    assert (finding.forgiven.span.path, finding.forgiven.span.line) == ("guard.yaml", 40)


@pytest.mark.parametrize("other", [exception("output-limit"), exception(paths=("legacy/**",))])
def test_an_exception_for_something_else_excuses_nothing(other: Exemption) -> None:
    finding, unused = excused(exceptions=(other,))
    assert unused.policy == "unused-exception" and unused.enforce == "warn"
    assert finding.forgiven is None


def test_an_expired_exception_is_a_finding_at_its_place() -> None:
    kept, expired = excused(exceptions=(exception(until="2026-11-22"),))
    assert kept.forgiven is None
    assert expired.policy == "expired-exception"
    assert (expired.labels[0].span.path, expired.labels[0].span.line) == ("guard.yaml", 40)
    assert expired.notes == ("reason given: migration", "owner: @ana")


# --- the whole road ---------------------------------------------------------------------------------------------


def test_an_ignore_at_one_caller_hides_nothing_at_another() -> None:
    inner = Site(span(), "send", ONCE, "answer", "client.chat.completions.create")
    items = [
        priced(id=path, max_output=NOT_SENT, sites=(Site(span(5, path), "wrapper", ONCE, "page", "answer"), inner))
        for path in ("a.py", "b.py", "c.py")
    ]
    found = judge(items, Config(policies=(SPEC,)), CONTEXT, [ignore("# guard: ignore[limits] ok", 5, "a.py")])
    assert [finding.forgiven is not None for finding in found] == [True, False]
    assert found[1].labels[1].span.path == "b.py"
    assert found[1].notes[-1] == "and 1 more caller: c.py:5"
    assert exit_code(found) == 1


@pytest.mark.parametrize(("paths", "forgiven"), [(("app/**",), False), (("app/**", "jobs/**"), True)])
def test_an_exception_excuses_a_month_where_its_paths_cover_every_request(
    paths: tuple[str, ...], forgiven: bool
) -> None:
    budget = Budget("month", PLACE, per_month=Decimal(1))
    sites = {name: (Site(span(3, f"{name}/a.py"), "send", ONCE, "f", "create"),) for name in ("app", "jobs")}
    items = [priced(id=name, sites=places) for name, places in sites.items()]
    exempt = Exemption(PLACE, "budget:month", "migration", paths, "@ana", None)
    found = judge(items, Config(budgets=(budget,), exceptions=(exempt,)), CONTEXT)
    (month,) = [finding for finding in found if finding.policy == "budget:month"]
    assert (month.forgiven is not None) is forgiven
    assert any(finding.policy == "unused-exception" for finding in found) is not forgiven
