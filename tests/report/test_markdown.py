"""Markdown: the verdict first, then what changed and why; short enough for a comment."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from difference_samples import DIFFERENCE, UNTOUCHED
from markdown_it import MarkdownIt
from report_samples import ALLOWED, CHAT, EMPTY, RANKED, REPORT, RULES, WARNED, span

from guard.difference import Change
from guard.model import Label
from guard.report.formats.markdown import LIMIT, render
from guard.report.markdown import code, text
from guard.report.view import View

VIEW = View(REPORT, rules=lambda: RULES)
COMPARED = replace(VIEW, difference=DIFFERENCE, blocks=lambda finding: finding.id in DIFFERENCE.new_findings)


def test_the_verdict_comes_first() -> None:
    assert render(VIEW).splitlines()[0] == "### \u274c guard: 1 finding blocks"
    warned = replace(VIEW, report=replace(REPORT, findings=(WARNED,)))
    assert render(warned).splitlines()[:3] == ["### \u26a0 guard: nothing blocks", "", "1 warning."]
    assert render(View(EMPTY)).splitlines()[0] == "### \u2705 guard: nothing blocks"


def test_with_a_base_only_new_findings_count_and_loosened_rules_come_before_the_figures() -> None:
    lines = render(COMPARED).splitlines()
    assert lines[0] == "### \u274c guard: 1 new finding blocks"
    assert lines[2] == "1 forgiven, 2 that the base has, too."
    assert lines[4] == "**Rules were loosened**"
    assert lines[6] == '- budget `"one call"` rose from $0.05 to $0.50 (`guard.yaml:3`)'
    assert lines[8] == "Against `main (1a2b3c4)`, typical (worst):"


def test_what_changed_is_a_table_with_causes() -> None:
    (row,) = [line for line in render(COMPARED).splitlines() if line.startswith("| **dearer**")]
    assert "`nightly` `app/jobs.py:40`<br>`gpt-4o-mini` \u2192 `gpt-4o or ?`" in row
    assert "$0.00015 \u2192 $0.0025<br>+$0.0024" in row
    assert "$911 \u2192 $15,200<br>+$14,300" in row
    assert "model `gpt-4o-mini` \u2192 `gpt-4o`, default of `RANK_MODEL` (`app/settings.py:3`)" in row
    assert "repeats `20` \u2192 `2,000`, constant ROUNDS (`app/jobs.py:9`)" in row
    assert "output limit `300` (gone), `max_tokens` (`app/rank.py:3`)" in row


def test_what_costs_less_is_below_a_fold() -> None:
    shown = render(COMPARED)
    folded = shown[shown.index("<summary>3 other changes</summary>") :]
    assert "**cheaper**" in folded and "**removed**" in folded and "**moved**" in folded
    assert "**new**" in shown[: shown.index("<summary>3 other changes</summary>")]


def test_a_blocking_finding_names_the_changed_line_and_what_to_do() -> None:
    shown = render(COMPARED)
    assert "- \u274c **`approved-models`** `app/rank.py:3`: gpt-4o is not on the list of approved models" in shown
    assert "Changed: model `gpt-4o-mini` \u2192 `gpt-4o`, default of `RANK_MODEL` (`app/settings.py:3`)" in shown
    assert "Help: gpt-4o-mini is approved" in shown


def test_of_many_that_block_the_first_stand_in_full_and_the_others_below_a_fold() -> None:
    many = tuple(
        replace(ALLOWED, id=f"f{line}", labels=(Label(span("app/rank.py", line, 1, 5)),)) for line in range(1, 31)
    )
    shown = render(replace(VIEW, report=replace(REPORT, findings=many)))
    assert shown.startswith("### \u274c guard: 30 findings block")
    front, folded = shown.split("<details><summary>22 more that block</summary>")
    assert front.count("Help: ") == 8 and "`app/rank.py:8`" in front
    assert folded.count("- \u274c") == 22 and "`app/rank.py:30`" in folded and "Help: " not in folded


def test_an_untouched_tree_says_so_in_a_line() -> None:
    shown = render(replace(VIEW, report=replace(REPORT, findings=()), difference=UNTOUCHED))
    assert "No request to a model changed against `main (1a2b3c4)`; 3 requests as before." in shown
    assert "|" not in shown


def test_it_renders_as_headings_tables_lists_and_folds_only() -> None:
    tokens = MarkdownIt("gfm-like").parse(render(COMPARED))
    assert [token.tag for token in tokens if token.type == "heading_open"] == ["h3"]
    assert sum(token.type == "table_open" for token in tokens) == 3
    opened = [token.content for token in tokens if token.type == "html_block"]
    assert sum(html.count("<details>") for html in opened) == sum(html.count("</details>") for html in opened)


@pytest.mark.parametrize("compared", [False, True])
def test_it_is_short_enough_for_a_comment_and_says_what_is_left_out(compared: bool) -> None:
    long = "\u4e2d`|" * 2000
    findings = tuple(
        replace(
            ALLOWED, id=f"f{number}", message=f"{number} {long}", help=long, labels=(Label(span(long, number, 1, 2)),)
        )
        for number in range(2000)
    )
    requests = tuple(
        replace(
            CHAT, request=replace(CHAT.request, id=f"r{number}", sites=(replace(CHAT.request.sites[0], qualname=long),))
        )
        for number in range(2000)
    )
    changes = tuple(Change("new", None, priced) for priced in requests) + (Change("dearer", RANKED, RANKED),) * 2000
    report = replace(REPORT, findings=findings, requests=requests)
    view = replace(VIEW, report=report, difference=replace(DIFFERENCE, changes=changes) if compared else None)
    shown = render(view)
    assert len(shown.encode()) <= LIMIT
    assert re.search(r"and 1,9\d\d more; the JSON report has all", shown)
    assert shown.count("<details>") == shown.count("</details>")


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("no output limit is sent", "no output limit is sent"),
        ("`deepseek-chat` was retired, on 2026-07-24", "`deepseek-chat` was retired, on 2026-07-24"),
        ("ask @ops or see #12", "ask `@ops` or see `#12`"),
        ("(a) costs $0.0061, 1,200 tokens, 62%", "(a) costs $0.0061, 1,200 tokens, 62%"),
        ("www.evil.example evil.example", "`www.evil.example evil.example`"),
        ("a | b", "a `\\x7c` b"),
        ("2 x $3 = $6 (>99% of it), <$0.0001", "2 x $3 = $6 (\\>99% of it), \\<$0.0001"),
        ("text (slice [:20]), x", "text (slice `[:20]`), x"),
        ("text (of [:20])", "text (of `[:20]`)"),
        ("= x", "`=` x"),
        ("at app/x.py:19: $3", "at `app/x.py:19`: $3"),
        ("GH-12 deadbeef1", "`GH-12 deadbeef1`"),
        ("1. first", "`1.` first"),
        ("x ``` y", "x ```` ``` ```` y"),
        ("line\nline\x1b[0m", "`line\\x0aline\\x1b[0m`"),
        ("", ""),
    ],
)
def test_words_that_could_be_markup_stand_in_code(words: str, shown: str) -> None:
    assert text(words) == shown


def test_a_name_is_one_code_span() -> None:
    assert code("a|b") == "`a\\x7cb`"
    assert code("`") == "`` ` ``"
    assert code("") == "` `"
