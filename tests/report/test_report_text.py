"""What people see of `guard cost` and `guard check`."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

import pytest
from report_samples import ALLOWED, CHAT, EMPTY, RANKED, REPORT, SOURCES, UNDECIDED, WARNED

from guard.estimate.totals import totals
from guard.model import Count, Finding, Label, Money, Priced, Report, Span, Totals
from guard.report.format import columns, months_known
from guard.report.reasons import assumptions
from guard.report.text import render_check, render_cost

SECONDS = replace(CHAT.estimate, why=("the length of the audio is not known: declare `# guard: assume seconds=...`",))


def cost(report: Report, width: int = 100, color: bool = False, known: tuple[str, ...] = (), **more: bool) -> str:
    return render_cost(report, color=color, width=width, sources=SOURCES.get, known=known, **more)


def requests(*found: Priced) -> Report:
    return replace(REPORT, requests=found, problems=())


def check(report: Report, width: int = 100, color: bool = False) -> str:
    return render_check(report, color=color, width=width, sources=SOURCES.get)


def test_cost_shows_requests_by_file_with_sums_gaps_and_a_next_step() -> None:
    assert (
        cost(REPORT)
        == """\
Requests to models in shop, US dollars per call, prices of 2026-11-20

  line  in       model         typical  worst  repeats  tries  a month
app/chat.py
     8  answer   ?                  ?       ?      0-?
app/jobs.py
    40  nightly  gpt-4o or ?  $0.0025*  $0.96        3    1-3  $15,200

Assumed (*)
  1 request  hole `docs` taken as 400 tokens (usage.default)
  1 request  output taken as 50% of the limit

Not priced (?)
  app/chat.py:8  the model is read from a database

1 file could not be read in full
  app/old.py:3:7  not Python 3: calls in it are not seen (exclude it)

1 request not counted (never used, or in a branch that is not taken); `--all` shows it.
One call of each request: $0.0025 typical, $0.96 worst; 1 of 2 priced; 62% of typical is assumption.
A month: $15,200 typical, $5,770,000 worst; a month is known for 1 of 2; 1 has no price.
Next: `guard explain app/chat.py:8` says what is not known there; `assume:` in guard.yaml can
    declare it.
"""
    )


def test_what_is_not_known_is_a_question_mark_and_never_zero() -> None:
    nothing = Totals(1, 1, 0, None, None, 0, None, (("the model is read from a database", 1),))
    text = cost(replace(REPORT, requests=(CHAT,), totals=nothing, problems=()))
    assert "One call of each request: ?; 0 of 1 priced." in text
    assert "$" not in text


def test_a_worst_case_without_bound_says_why() -> None:
    endless = replace(
        RANKED.estimate, usd=Money(Decimal("0.1"), Decimal("0.2"), None), why=("`while True` retries for ever",)
    )
    totals = replace(REPORT.totals, usd=endless.usd)
    text = cost(replace(REPORT, requests=(replace(RANKED, estimate=endless),), totals=totals))
    assert "no bound" in text.split("\n")[4]
    assert "No bound on the worst case\n  app/jobs.py:40  `while True` retries for ever" in text
    assert "$0.20 typical, no bound on the worst case" in text


def test_columns_that_say_nothing_are_left_out() -> None:
    once = replace(RANKED.request, repeats=Count(), attempts=Count())
    text = cost(
        replace(
            REPORT, requests=(replace(RANKED, request=once, estimate=replace(RANKED.estimate, usd_per_month=None)),)
        )
    )
    assert text.split("\n")[2].split() == ["line", "in", "model", "typical", "worst"]


IN_TESTS = replace(RANKED, request=replace(RANKED.request, stage="test"), estimate=SECONDS)


def test_requests_in_tests_are_one_line_unless_all_are_asked_for() -> None:
    report = replace(requests(CHAT, IN_TESTS, IN_TESTS), totals=replace(REPORT.totals, tests=2))
    text = cost(report)
    assert "app/jobs.py" not in text and "seconds" not in text
    assert "\n2 requests in tests; `--all` shows them.\n" in text
    assert "62% of typical is assumption; without 2 in tests." in text.replace("\n    ", " ")
    everything = cost(report, everything=True)
    assert "app/jobs.py (test)" in everything and "`--all`" not in everything


def test_only_tests_found_is_not_a_total_of_nothing() -> None:
    nothing = replace(REPORT.totals, counted=0, priced=0, usd=None, usd_per_month=None, tests=1)
    text = cost(replace(requests(IN_TESTS), totals=nothing))
    assert text == "1 request in tests; `--all` shows it.\nNo request to a model is counted; without 1 in tests.\n"


def test_requests_that_are_not_counted_are_listed_with_all() -> None:
    assert "Not counted\n  eda.ipynb:cell3:5  a notebook runs 0 times" in cost(REPORT, everything=True)


def through(line: int, **changes: object) -> Priced:
    """RANKED by a call at `app/steps.py:LINE`."""
    outer, *_, send = RANKED.request.sites
    between = replace(outer, span=Span("app/steps.py", line, 5, line, 20), role="wrapper")
    return replace(RANKED, request=replace(RANKED.request, sites=(outer, between, send), **changes))


def test_requests_that_begin_at_one_call_stand_below_it_with_what_tells_them_apart() -> None:
    dear = replace(RANKED.estimate, usd=Money(Decimal(1), Decimal(2), Decimal(3)))
    rows = cost(requests(through(7), replace(through(3), estimate=dear))).split("\n")[4:7]
    assert [row.split()[:3] for row in rows] == [
        ["40", "nightly", "2"], ["steps.py:3", "gpt-4o", "or"], ["steps.py:7", "gpt-4o", "or"],
    ]  # fmt: skip
    assert rows[0].endswith("2 requests")


def test_requests_that_read_the_same_are_one_row() -> None:
    (row,) = [line for line in cost(requests(through(7), through(8))).split("\n") if line.startswith("    40")]
    assert row.split()[-6] == "2", "in the column of ways"


def test_assumptions_that_differ_in_a_figure_or_a_name_are_one_line() -> None:
    texts = [
        ("output: 50 tokens, 50 % of the limit (default)", "docs: 400 tokens (default)"),
        ("output: 9 tokens, 50 % of the limit (default)", "docs: 400 tokens (default)", "row: 400 tokens (default)"),
        ("output: 9 tokens, 20 % of the limit (usage.default)", "row: 90 tokens (usage.rules[0])"),
        ("no bound on docs, row: at most the rest of the model's window, 1200 tokens",),
    ]
    found = [replace(RANKED, estimate=replace(RANKED.estimate, assumptions=each)) for each in texts]
    assert assumptions(found) == [
        ("2 requests", "400 tokens for a part of the prompt (default): docs, row"),
        ("2 requests", "output: 50 % of the limit (default)"),
        (" 1 request", "90 tokens for a part of the prompt (usage.rules[0]): row"),
        (" 1 request", "no bound on a part of the prompt, so at worst the rest of the model's window: docs, row"),
        (" 1 request", "output: 20 % of the limit (usage.default)"),
    ]


def test_an_equal_reason_is_said_once_with_its_places() -> None:
    def at(line: int) -> object:
        span = replace(CHAT.request.sites[0].span, line=line, end_line=line)
        return replace(CHAT, request=replace(CHAT.request, sites=(replace(CHAT.request.sites[0], span=span),)))

    text = cost(replace(REPORT, requests=tuple(at(line) for line in (1, 2, 3, 4, 5))))
    assert "app/chat.py:1, app/chat.py:2, app/chat.py:3 and 2 more  the model is read from a database" in text


@pytest.mark.parametrize(
    ("report", "step"),
    [
        (replace(REPORT, requests=(RANKED,)), "`guard explain app/jobs.py:40` shows every figure of the dearest call"),
        (
            replace(REPORT, requests=(RANKED,), totals=replace(REPORT.totals, monthly_requests=0)),
            "declare `runs_per_month` below `usage: rules:` in guard.yaml",
        ),
        (
            replace(
                REPORT,
                requests=(
                    replace(
                        CHAT,
                        request=replace(CHAT.request, model=RANKED.request.model),
                        estimate=replace(CHAT.estimate, why=("`x-1` is not in the price table",)),
                    ),
                ),
            ),
            "`guard explain app/chat.py:8` says what is not known there; `prices:` or `aliases:` in guard.yaml",
        ),
        (
            replace(REPORT, requests=(CHAT, replace(CHAT, estimate=SECONDS), replace(CHAT, estimate=SECONDS))),
            "says what is not known there.",
        ),
    ],
    ids=["all priced", "no usage", "no price", "the most frequent reason says what to declare"],
)
def test_the_next_step_follows_from_the_report(report: Report, step: str) -> None:
    assert step in " ".join(cost(report).split())


def test_nothing_found_says_what_was_looked_at_and_what_guard_knows() -> None:
    text = " ".join(cost(EMPTY, known=("anthropic", "openai")).split())
    assert text == (
        "Looked at 120 files, parsed 14; no requests to a model were found. guard knows: anthropic, openai."
    )


@pytest.mark.parametrize("width", [60, 80, 100, 160])
def test_lines_keep_to_the_width(width: int) -> None:
    for text in (cost(REPORT, width), check(REPORT, width)):
        for line in text.split("\n"):
            assert columns(line) <= max(width, 72), line


def test_check_shows_findings_worst_first_as_frames_and_counts_them_all() -> None:
    assert (
        check(REPORT)
        == """\
error[approved-models]: gpt-4o is not on the list of approved models
 --> app/rank.py:3:12
  |
3 |     return client.chat.completions.create(model=settings.model, messages=msgs, max_tokens=300)
  |            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ -------------------- model comes from here
 ::: app/settings.py:3:33
  |
3 | model = os.getenv("RANK_MODEL", "gpt-4o")
  |                                 -------- default value
  |
  = cost: $0.0025 per call typical, $0.96 worst; $15,200 per month
  = confidence: likely
  = help: gpt-4o-mini is approved

warning[search budget]: usage below 80% of the limit is not declared

undecided[model-known]: the model is read from a database
 --> app/chat.py:8:5

1 file could not be read in full
  app/old.py:3:7  not Python 3: calls in it are not seen (exclude it)

1 blocking, 1 warning, 1 undecided, 1 forgiven (1 by exception).
One call of each request: $0.0025 typical, $0.96 worst; 1 of 2 priced; 62% of typical is assumption.
A month: $15,200 typical, $5,770,000 worst; a month is known for 1 of 2; 1 has no price.
"""
    )


def test_fail_on_makes_warnings_errors_in_the_text_too() -> None:
    def blocks(finding: Finding) -> bool:
        return finding.verdict == "violated"

    text = render_check(REPORT, color=False, width=100, sources=SOURCES.get, blocks=blocks)
    assert "error[search budget]" in text
    assert "2 blocking, 0 warnings, 1 undecided, 1 forgiven" in text


def test_an_undecided_finding_that_blocks_is_an_error_that_says_undecided() -> None:
    text = check(replace(REPORT, findings=(replace(UNDECIDED, enforce="block"),)))
    assert "error[model-known]: undecided: the model is read from a database" in text
    assert "1 blocking, 0 warnings, 0 undecided, 0 forgiven." in text


def test_a_clean_check_ends_with_counts_cost_and_a_next_step() -> None:
    text = check(replace(REPORT, findings=(), problems=()))
    assert text.startswith("0 blocking, 0 warnings, 0 undecided, 0 forgiven.\nOne call of each request:")
    assert "Next:" in text


def test_hostile_names_cannot_steer_the_terminal() -> None:
    bad = "\x1b]0;owned\x07\u202e\r"
    site = replace(RANKED.request.sites[0], qualname=bad, span=replace(RANKED.request.sites[0].span, path=f"a{bad}.py"))
    choice = replace(RANKED.request.model.choices[0], value=bad)
    request = replace(
        RANKED.request, sites=(site,), model=replace(RANKED.request.model, choices=(choice,)), assumed=(bad,)
    )
    finding = replace(WARNED, message=bad, notes=(bad,), help=bad, policy=bad, labels=ALLOWED.labels)
    report = replace(REPORT, root=bad, requests=(replace(RANKED, request=request),), findings=(finding,))
    for text in (cost(report), check(report)):
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", text)


def test_color_changes_nothing_but_color() -> None:
    for render in (cost, check):
        painted = render(REPORT, color=True)
        assert "\x1b[" in painted
        assert re.sub(r"\x1b\[[0-9;]*m", "", painted) == render(REPORT)


def test_many_findings_of_one_kind_are_one_frame_and_a_list_of_places() -> None:
    def at(line: int) -> Finding:
        return replace(UNDECIDED, id=str(line), labels=(Label(Span("app/chat.py", line, 5, line, 60)),))

    report = replace(REPORT, findings=tuple(at(line) for line in range(1, 20)))
    text = check(report)
    assert text.count("undecided[model-known]: the model is read from a database\n") == 1
    assert (
        "undecided[model-known]: the same at 18 more places; `--all` shows them\n"
        "    app/chat.py:2, app/chat.py:3, " in text
    )
    assert "app/chat.py:13 and 6 more" in " ".join(text.split())
    assert "0 blocking, 0 warnings, 19 undecided, 0 forgiven." in text
    every = render_check(report, color=False, width=100, sources=SOURCES.get, everything=True)
    assert every.count("undecided[model-known]: the model is read from a database\n") == 19


def test_what_blocks_with_the_same_words_is_shown_once_and_named_by_place() -> None:
    many = tuple(
        replace(ALLOWED, id=str(line), labels=(Label(Span("app/jobs.py", line, 1, line, 5)),)) for line in range(1, 10)
    )
    text = check(replace(REPORT, findings=many))
    assert text.count("error[approved-models]: gpt-4o is not on the list") == 1
    assert "error[approved-models]: the same at 8 more places; `--all` shows them" in text
    assert "app/jobs.py:9" in text


@pytest.mark.parametrize(
    ("counted", "with_price", "monthly", "said"),
    [
        (4, 4, 4, "usage is declared for 4 of 4"),
        (4, 3, 3, "a month is known for 3 of 4; 1 has no price"),
        (4, 4, 2, "a month is known for 2 of 4; 2 have no declared runs"),
        (9, 5, 4, "a month is known for 4 of 9; 4 have no price, 1 has no declared runs"),
    ],
)
def test_a_month_says_what_the_others_lack(counted: int, with_price: int, monthly: int, said: str) -> None:
    """A request whose runs are declared and whose model is not known has no month for want of a price."""
    empty = totals(())
    assert months_known(replace(empty, counted=counted, priced=with_price, monthly_requests=monthly)) == said
