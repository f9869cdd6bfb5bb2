"""What a run came to: read from guard's exit code and JSON report, and whether that is worth a comment."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ci_repository import ROOT, Repository

from integrations.github.event import Event, compared_with
from integrations.github.event import read as read_event
from integrations.outcome import Outcome, lines, read, threshold, worth_a_comment


def totals(
    usd: str | None, month: str | None = None, counted: int = 1, declared: int = 1, high: str | None = "9"
) -> dict[str, Any]:
    """Sums as the report has them; `high`: the worst case of one call of each request."""

    def money(text: str | None, high: str | None) -> dict[str, str | None] | None:
        return None if text is None else {"low": "0", "typical": text, "high": high}

    sums = {"usd": money(usd, high), "usd_per_month": money(month, "9000")}
    return {**sums, "counted": counted, "monthly_requests": declared}


def change(kind: str, counted: bool = True) -> dict[str, Any]:
    """A change of one request as the report has it."""
    side = {"counted": counted}
    return {
        "kind": kind, "before": None if kind == "new" else side, "after": None if kind == "removed" else side,
    }  # fmt: skip


def report(
    folder: Path, before: Any = None, after: Any = None, new: tuple[str, ...] = (), changes: int = 0,
    kinds: tuple[dict[str, Any], ...] = (),
) -> Path:  # fmt: skip
    """A report with two findings and a forgiven one; `before` None: without a base."""
    findings = [{"id": name, "forgiven": None} for name in ("a", "b")] + [{"id": "c", "forgiven": {"by": "inline"}}]
    changed = [change("dearer")] * changes + [*kinds]
    compared = {"before": before, "after": after, "new_findings": new, "changes": changed}
    file = folder / "guard.json"
    whole = {"findings": findings, "totals": after, "difference": compared if before is not None else None}
    file.write_text(json.dumps(whole))
    return file


def test_costs_are_of_a_month_where_both_sides_have_one(tmp_path: Path) -> None:
    file = report(tmp_path, totals("0.1", "200"), totals("0.2", "500.50"), ("a", "c"), 3)
    assert lines(read(1, file)) == [
        "verdict=blocked", "findings=2", "new-findings=1", "changes=3", "cost-basis=month", "usd-before=200",
        "usd-after=500.5", "usd-change=300.5",
    ]  # fmt: skip


def test_costs_are_of_a_call_where_one_side_has_no_month(tmp_path: Path) -> None:
    file = report(tmp_path, totals("0.00000001"), totals("0.2", "500"))
    assert lines(read(0, file))[4:] == [
        "cost-basis=call", "usd-before=0.00000001", "usd-after=0.2", "usd-change=0.19999999",
    ]  # fmt: skip


def test_what_has_no_price_is_no_zero(tmp_path: Path) -> None:
    file = report(tmp_path, totals(None), totals("0.2"), changes=1)
    assert lines(read(0, file))[5:] == ["usd-before=", "usd-after=0.2", "usd-change="]
    file = report(tmp_path, totals(None, counted=0), totals("0.2"), changes=1)
    assert lines(read(0, file))[5:] == ["usd-before=0", "usd-after=0.2", "usd-change=0.2"]


def test_what_lost_its_price_is_no_saving(tmp_path: Path) -> None:
    file = report(tmp_path, totals("0.2", "80"), totals("0.1", "24"), changes=1)
    data = json.loads(file.read_text())
    data["difference"]["comparable"] = {"usd": True, "usd_per_month": False}
    file.write_text(json.dumps(data))
    outcome = read(0, file)
    assert lines(outcome)[5:] == ["usd-before=80", "usd-after=24", "usd-change="]
    assert worth_a_comment(outcome, threshold("1000"))


def test_without_a_base_there_is_one_cost(tmp_path: Path) -> None:
    outcome = read(0, report(tmp_path, after=totals("0.2")))
    assert lines(outcome)[1:] == [
        "findings=2", "new-findings=2", "changes=0", "cost-basis=call", "usd-before=", "usd-after=0.2", "usd-change=",
    ]  # fmt: skip
    assert worth_a_comment(outcome, threshold("0"))


@pytest.mark.parametrize("code", [2, 70, 130])
def test_a_failure_of_guard_is_neither_passed_nor_blocked(tmp_path: Path, code: int) -> None:
    outcome = read(code, tmp_path / "missing.json")
    assert lines(outcome)[0] == "verdict=error"
    assert not worth_a_comment(outcome, threshold("0"))


def test_a_report_that_is_missing_though_guard_worked_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="cannot be read"):
        read(0, tmp_path / "missing.json")


def test_as_a_program_it_prints_what_later_steps_read(tmp_path: Path) -> None:
    file = report(tmp_path, totals("1"), totals("2"))
    command = [sys.executable, "-m", "integrations.outcome", "0", str(file)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == lines(read(0, file))


@pytest.mark.parametrize(
    ("least", "before", "after", "wanted"),
    [
        ("0", "1", "1", False),
        ("0", "1", "1.0000001", True),
        ("0", "1", "0.9", True),
        ("0.5", "1", "1.5", False),
        ("0.5", "1", "1.51", True),
        ("$0.5", "2", "1", True),
        ("0.5 USD", "2", "1.6", False),
        ("10%", "2", "2.2", False),
        ("10%", "2", "2.21", True),
        ("10 %", "2", "1.7", True),
        ("10%", "0", "0.01", True),
        ("10%", "0", "0", False),
        ("1000", None, "0.01", True),
    ],
)
def test_a_comment_is_for_a_cost_that_changes_by_more_than_the_threshold(
    tmp_path: Path, least: str, before: str | None, after: str, wanted: bool
) -> None:
    outcome = read(0, report(tmp_path, totals(before), totals(after), changes=1))
    assert worth_a_comment(outcome, threshold(least)) == wanted


def test_something_new_is_worth_a_comment_at_any_cost(tmp_path: Path) -> None:
    same = totals("1"), totals("1")
    assert worth_a_comment(read(0, report(tmp_path, *same, new=("a",))), threshold("99"))
    assert worth_a_comment(read(1, report(tmp_path, *same)), threshold("99"))
    assert not worth_a_comment(read(0, report(tmp_path, *same)), threshold("99"))


@pytest.mark.parametrize("kind", ["new", "removed", "unpriced"])
def test_a_request_that_is_new_or_gone_is_worth_a_comment_at_any_cost(tmp_path: Path, kind: str) -> None:
    same = totals("1", "30"), totals("1", "30")
    assert worth_a_comment(read(0, report(tmp_path, *same, kinds=(change(kind),))), threshold("99"))
    assert not worth_a_comment(read(0, report(tmp_path, *same, kinds=(change(kind, counted=False),))), threshold("99"))
    assert not worth_a_comment(read(0, report(tmp_path, *same, kinds=(change("moved"),))), threshold("99"))


def test_a_request_without_declared_runs_is_worth_a_comment_where_others_have_a_month(tmp_path: Path) -> None:
    """The month stands still, since it does not cover the request that became dearer."""
    before, after = (totals(usd, "30", counted=2, declared=1) for usd in ("1", "1.2"))
    outcome = read(0, report(tmp_path, before, after, changes=1))
    assert lines(outcome)[4:] == ["cost-basis=month", "usd-before=30", "usd-after=30", "usd-change=0"]
    assert worth_a_comment(outcome, threshold("10%")) and not worth_a_comment(outcome, threshold("20%"))
    covered = (totals(usd, "30", counted=1, declared=1) for usd in ("1", "1.2"))
    assert not worth_a_comment(read(0, report(tmp_path, *covered, changes=1)), threshold("10%"))


@pytest.mark.parametrize(
    ("before", "after", "wanted"),
    [("9", "11", True), ("9", "9.5", False), ("11", "9", False), ("9", None, True), (None, "9", False),
     (None, None, False)],
)  # fmt: skip
def test_a_worst_case_that_rises_beyond_the_threshold_is_worth_a_comment(
    tmp_path: Path, before: str | None, after: str | None, wanted: bool
) -> None:
    sides = totals("1", high=before), totals("1", high=after)
    assert worth_a_comment(read(0, report(tmp_path, *sides, changes=1)), threshold("10%")) == wanted


def test_an_unknown_cost_is_no_news_where_nothing_changed(tmp_path: Path) -> None:
    outcome = read(0, report(tmp_path, totals(None), totals(None)))
    assert isinstance(outcome, Outcome) and not worth_a_comment(outcome, threshold("0"))


@pytest.mark.parametrize("text", ["", "%", "much", "-1", "nan", "inf", "1e999999999%x", "5 percent"])
def test_a_threshold_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="a threshold is"):
        threshold(text)


A, B, C = "a" * 40, "b" * 40, "c" * 64


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        (
            {"pull_request": {"number": 7, "base": {"sha": A, "repo": {"full_name": "acme/shop"}},
                              "head": {"sha": B, "repo": {"full_name": "acme/shop"}}}},
            Event(7, A, B, False),
        ),
        (
            {"pull_request": {"number": 7, "base": {"sha": A, "repo": {"full_name": "acme/shop"}},
                              "head": {"sha": B, "repo": {"full_name": "ana/shop"}}}},
            Event(7, A, B, True),
        ),
        (
            {"pull_request": {"number": 7, "base": {"sha": A, "repo": {"full_name": "acme/shop"}},
                              "head": {"sha": B, "repo": None}}},
            Event(7, A, B, True),
        ),
        ({"merge_group": {"base_sha": C, "head_sha": B}}, Event(None, C, B, False)),
        ({"before": A, "after": B}, Event(None, None, None, False)),
        ({"pull_request": {"number": 7, "base": {"sha": "--upload-pack=x"}, "head": {}}}, Event(7, None, None, False)),
        ([], Event(None, None, None, False)),
    ],
)  # fmt: skip
def test_an_event_says_what_a_run_is_about(tmp_path: Path, data: Any, wanted: Event) -> None:
    (tmp_path / "event.json").write_text(json.dumps(data))
    assert read_event({"GITHUB_EVENT_PATH": str(tmp_path / "event.json")}) == wanted


def test_without_an_event_there_is_nothing_to_compare_with(tmp_path: Path) -> None:
    assert read_event({}) == Event(None, None, None, False)
    assert read_event({"GITHUB_EVENT_PATH": str(tmp_path / "missing")}) == Event(None, None, None, False)


def test_a_checkout_of_a_merge_is_compared_with_what_it_is_merged_into(tmp_path: Path) -> None:
    """The target went on since the event: the difference is the change alone."""
    repository = Repository(tmp_path / "shop")
    old = repository.commit({"a": "1"})
    repository.git("checkout", "-q", "-b", "change")
    head = repository.commit({"b": "1"})
    repository.git("checkout", "-q", "main")
    new = repository.commit({"c": "1"})
    repository.git("merge", "-q", "--no-ff", "-m", "merge", "change")
    event = Event(7, old, head, False)
    assert compared_with(event, str(repository.folder)) == new
    repository.git("checkout", "-q", "change")
    assert compared_with(event, str(repository.folder)) == old
    assert compared_with(event, str(tmp_path / "nowhere")) == old
    assert compared_with(Event(None, None, None, False), str(repository.folder)) is None
