"""`guard explain`: every figure with its trail, arithmetic that comes out, and help where nothing stands."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from report_samples import EMPTY, RANK_ESTIMATE, RANK_REQUEST, RANKED, REPORT

from guard.model import Count, Layer, Money, Report
from guard.use.explain import NotThere, explain


def test_every_figure_of_a_request_is_explained() -> None:
    assert (
        explain(REPORT, "app/jobs.py:40", width=110)
        == """\
app/jobs.py:40:9  openai.chat.completions.create (chat, openai)
  One call: $0.0025 typical, $0.96 worst.
  Feature: search; owner: @search.
  Id: guard/1:rank

Way
  app/jobs.py:40:9  wrapper  rank in nightly
  app/rank.py:3:12  send     client.chat.completions.create in rank

Model
  gpt-4o
    app/settings.py:3:33  default of an environment variable: RANK_MODEL
    app/rank.py:3:43  read from attribute: settings.model
  or another value: the environment may override it

Output limit
  300
    app/rank.py:3:80  written here

Tries
  openai SDK  3 tries, repeats perhaps billed, app/rank.py:3:12, max_retries is not set, its default is 2
  together: 1 typical, 3 at worst (openai SDK: 2 retries)

Repeats and turns
  repeats 3 per run of nightly
    app/jobs.py:40:9  for over 3 items

Input of one turn
  system    4 tokens, static text  app/rank.py:2:14
  user      hole `docs`: 400 (0 to 126,988) tokens from usage.default, parameter of rank  app/rank.py:2:21
  together: 412 (12 to 127,000) tokens with the framing of messages and tools

Price of one call
  prices of 2026-11-20
  typical with gpt-4o
    uncached input  412 tokens x  $2.50 a million = $0.00103
    output          150 tokens x $10.00 a million =  $0.0015
    one call = $0.00253
  worst with gpt-4o
    uncached input  127,000 tokens x  $2.50 a million = $0.3175
    output              300 tokens x $10.00 a million =  $0.003
    one try of one turn = $0.3205
    x 1 turn x 3 tries that may be billed = $0.9615
  low $0.00004

Runs and months
  a run      $0.00012 low, $0.0076 typical, $2.88 worst
  runs       2,000,000 a month (usage.rules[0])
  a month    $240 low, $15,200 typical, $5,770,000 worst

Reached from
  app/jobs.py::nightly  task (also app.jobs:nightly), 3 calls a run

Assumed
  hole `docs` taken as 400 tokens (usage.default)
  output taken as 50% of the limit
"""
    )


def test_any_site_of_a_request_leads_to_it() -> None:
    for target in ("app/rank.py:3", "app/rank.py:3:12", "./app/rank.py:3", "app/rank.py"):
        assert "guard/1:rank" in explain(REPORT, target)


@pytest.mark.parametrize("target", ["eda.ipynb:3:5", "eda.ipynb:cell3:5", "eda.ipynb:cell3:5:1", "eda.ipynb:3"])
def test_a_notebook_is_asked_by_cell_and_line(target: str) -> None:
    text = explain(REPORT, target)
    assert "Not counted: a notebook runs 0 times a month unless declared." in text


def test_an_unpriced_request_says_why_and_shows_no_price() -> None:
    text = explain(REPORT, "app/chat.py:8")
    assert "  One call: ?\n" in text
    assert "Model\n  ?: it is read from a database" in text
    assert "Price of one call\n  ?: the model is read from a database" in text
    assert "$" not in text


def test_layers_of_retries_multiply_and_free_ones_are_not_charged() -> None:
    request = replace(
        RANK_REQUEST,
        attempts=Count(1, 1, 12, ("2 x 3 x 2",)),
        layers=(
            Layer("loop", 2, "yes"),
            Layer("openai SDK", 3, "no"),
            Layer("tenacity", 2, "maybe", why="stop_after_attempt(2)"),
        ),
    )
    estimate = replace(RANK_ESTIMATE, usd=Money(Decimal("0.00004"), Decimal("0.00253"), Decimal("1.282")))
    text = explain(replace(REPORT, requests=(replace(RANKED, request=request, estimate=estimate),)), "app/jobs.py:40")
    assert "  openai SDK  3 tries, repeats not billed" in text
    assert "together: 1 typical, 12 at worst (2 x 3 x 2)" in text
    assert "x 1 turn x 4 tries that may be billed = $1.282" in text


def test_a_growing_history_is_not_shown_as_a_product() -> None:
    request = replace(RANK_REQUEST, turns=Count(1, 4, 10, ("max_turns=10",)))
    estimate = replace(RANK_ESTIMATE, usd=Money(Decimal("0.00004"), Decimal("0.02"), Decimal("60")))
    text = explain(replace(REPORT, requests=(replace(RANKED, request=request, estimate=estimate),)), "app/jobs.py:40")
    assert "with 4 turns, the history being sent again each turn, and 1 try: $0.02" in text
    assert "turns 1 to 10 per call\n    max_turns=10" in text


def test_a_worst_case_without_bound_says_why() -> None:
    request = replace(RANK_REQUEST, layers=(Layer("while True", None, "yes"),))
    estimate = replace(RANK_ESTIMATE, usd=Money(Decimal("0.1"), Decimal("0.00253"), None), why=("no limit on tries",))
    text = explain(replace(REPORT, requests=(replace(RANKED, request=request, estimate=estimate),)), "app/jobs.py:40")
    assert "with 1 turn, no bound on tries that may be billed: no bound" in text
    assert "no bound, since: no limit on tries" in text


@pytest.mark.parametrize(
    ("report", "target", "message"),
    [
        (REPORT, "app/jobs.py:4", "no request to a model stands at app/jobs.py:4. Near: app/jobs.py:40:9"),
        (
            REPORT,
            "x/jobs.py:3",
            "x/jobs.py:3 has no request to a model. Files of that name that have: app/jobs.py:40:9",
        ),
        (
            REPORT,
            "app/zz.py",
            "app/zz.py has no request to a model. Files that have: app/chat.py, app/jobs.py, app/rank.py, eda.ipynb",
        ),
        (REPORT, "eda.ipynb:1:2", "no request to a model stands at eda.ipynb:cell1:2. Near: eda.ipynb:cell3:5:1"),
        (EMPTY, "a.py:1", "no request to a model stands at a.py:1: none was found in this tree."),
    ],
)
def test_where_nothing_stands_it_says_what_is_near(report: Report, target: str, message: str) -> None:
    with pytest.raises(NotThere) as nothing:
        explain(report, target)
    assert str(nothing.value) == message


def test_of_many_requests_at_one_place_there_is_a_table_and_the_dearest_ones() -> None:
    alike = (replace(RANKED, request=replace(RANKED.request, id=f"r{number}")) for number in range(9))
    many = replace(REPORT, requests=tuple(alike))
    text = explain(many, "app/jobs.py:40")
    assert text.startswith("9 requests at app/jobs.py:40.\n\n  line  in ")
    assert "  ways  " in text and "the figures are those of the dearest" in text
    assert "The dearest 3 of them; `--all` explains each.\n" in text
    assert text.count("\nPrice of one call\n") == 3
    assert explain(many, "app/jobs.py:40", everything=True).count("\nPrice of one call\n") == 9
