"""What a user sees of many requests and findings: the dearest first, the others counted, nothing lost in silence."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from report_samples import RANKED, REPORT, SOURCES

from guard.model import Finding, Label, Money, Priced, Report, Span
from guard.report.reasons import reasons, why_partial
from guard.report.text import next_step, render_check, render_cost


def way(line: int, usd: str, model: str = "gpt-4o", outer: int = 40) -> Priced:
    """A request that begins at `app/jobs.py:OUTER` and goes through `app/steps.py:LINE`."""
    first, *_, send = RANKED.request.sites
    at = Span("app/jobs.py", outer, 9, outer, 30)
    between = replace(first, span=Span("app/steps.py", line, 5, line, 20), role="wrapper")
    known = replace(RANKED.request.model, choices=(replace(RANKED.request.model.choices[0], value=model),), open=False)
    request = replace(
        RANKED.request, id=f"{outer}-{line}-{usd}", model=known, sites=(replace(first, span=at), between, send)
    )
    return replace(
        RANKED, request=request, estimate=replace(RANKED.estimate, usd=Money(Decimal(0), Decimal(usd), Decimal(9)))
    )


def of(*found: Priced) -> Report:
    return replace(REPORT, requests=found, findings=(), problems=())


def cost(report: Report, **options: object) -> list[str]:
    return render_cost(report, color=False, width=120, sources=SOURCES.get, **options).split("\n")  # type: ignore[arg-type]


def test_ways_through_one_call_to_one_model_are_a_row_with_the_figures_of_the_dearest() -> None:
    lines = cost(of(way(7, "1"), way(7, "3"), way(7, "2"), way(8, "5")))
    head, first, second = lines[4:7]
    assert head.split() == ["40", "nightly", "4", "requests"]
    assert first.split()[:4] == ["steps.py:8", "gpt-4o", "$5.00*", "$9.00"], "one way needs no number"
    assert second.split()[:4] == ["steps.py:7", "gpt-4o", "3", "$3.00*"]
    assert "ways: requests that begin at this call; the figures are those of the dearest." in lines


def test_of_many_ways_the_dearest_have_rows_and_the_rest_is_counted() -> None:
    many = of(*(way(line, str(line)) for line in range(1, 8)))
    rows = cost(many)[4:10]
    assert [row.split()[0] for row in rows[1:4]] == ["steps.py:7", "steps.py:6", "steps.py:5"]
    assert rows[4].strip() == "and 4 more ways"
    everything = cost(many, everything=True)
    assert sum("steps.py:" in row for row in everything) == 7


def test_of_very_many_places_each_has_one_row() -> None:
    many = of(*(way(line, str(line), outer=outer) for outer in range(40, 80) for line in (1, 2, 3)))
    rows = [row.split() for row in cost(many) if row.strip()[:2].isdigit() and "nightly" in row]
    assert len(rows) == 40
    assert {tuple(row[1:5]) for row in rows} == {("nightly", "gpt-4o", "3", "$3.00*")}


def test_a_worst_case_of_what_is_known_has_a_plus_and_the_reason_and_no_total_hides_it() -> None:
    partly = replace(RANKED, estimate=replace(RANKED.estimate, known_only=("`foo` is not in the price table",)))
    text = "\n".join(cost(replace(of(partly), totals=replace(REPORT.totals, known_only=1))))
    (row,) = [line for line in text.split("\n") if line.startswith("    40")]
    assert "+" in row
    assert "Worst of what is known and priced only (+)\n  app/jobs.py:40  `foo` is not in the price table" in text
    assert "at least $" in text.split("One call of each request: ")[1]


def test_reasons_that_differ_in_the_seller_alone_are_one() -> None:
    missing = tuple(f"`gpt-4o` is not in the price table of {seller}" for seller in ("groq", "xai", "a", "b", "c"))
    partly = replace(RANKED, estimate=replace(RANKED.estimate, known_only=missing))
    assert reasons([partly], why_partial) == [
        ("app/jobs.py:40", "`gpt-4o` is not in the price table of groq, xai, a, b and 1 more")
    ]


def test_requests_without_a_price_that_one_with_a_price_stands_for_are_named_apart() -> None:
    totals = replace(REPORT.totals, counted=9, priced=3, stood_for=5)
    assert "3 of 9 priced, 5 others run instead of one that is" in " ".join(cost(replace(REPORT, totals=totals)))


def finding(line: int, message: str) -> Finding:
    at = Label(Span("app/rank.py", line, 1, line, 5))
    return Finding(f"{line}{message}", "loop-bounded", "violated", "medium", "warn", message, (at,))


def check(*found: Finding, **options: object) -> str:
    report = replace(REPORT, requests=(), findings=found, problems=())
    return render_check(report, color=False, width=100, sources=SOURCES.get, **options)  # type: ignore[arg-type]


def test_of_many_warnings_of_one_policy_the_first_have_frames_and_the_others_a_line() -> None:
    found = [finding(line, f"no bound for loop {line}") for line in range(1, 8)]
    text = check(*found)
    assert text.count(" --> ") == 3
    assert "warning[loop-bounded]: 4 more; `--all` shows them\n    app/rank.py:4: no bound for loop 4\n" in text
    assert check(*found, everything=True).count(" --> ") == 7
    assert "0 blocking, 7 warnings" in text, "what has no frame still counts"


def test_what_blocks_has_more_frames_and_then_a_line_each_before_all_that_only_warns() -> None:
    found = [replace(finding(line, f"no bound for loop {line}"), enforce="block") for line in range(1, 41)]
    warned = replace(finding(50, "no bound for loop 50"), severity="high")
    text = check(warned, *found)
    assert text.count("error[loop-bounded]: no bound") == 5
    assert "error[loop-bounded]: 35 more; `--all` shows them\n    app/rank.py:6: no bound for loop 6\n" in text
    assert "    app/rank.py:40: no bound for loop 40\n" in text, "each that makes the build fail is named"
    assert text.index("no bound for loop 40") < text.index("warning[loop-bounded]: no bound for loop 50")
    assert "40 blocking, 1 warning" in text
    assert check(*found, everything=True).count(" --> ") == 40


def test_very_many_that_block_are_counted() -> None:
    found = [replace(finding(line, f"no bound for loop {line}"), enforce="block") for line in range(1, 201)]
    text = check(*found)
    assert len(text.splitlines()) < 120
    assert "\n    and 155 more\n" in text and "200 blocking" in text


def test_the_next_step_is_a_command_that_a_shell_takes() -> None:
    blank = replace(RANKED.request.sites[0], span=Span("my app/jobs.py", 40, 9, 40, 20))
    report = of(replace(RANKED, request=replace(RANKED.request, sites=(blank, *RANKED.request.sites[1:]))))
    command, _ = next_step(report, "src --config rules.yaml")
    assert command == "guard explain 'my app/jobs.py:40' src --config rules.yaml"
