"""The JSON report: its form, its figures, and what stays out of it."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_samples import EMPTY, NOTEBOOK, RANKED, REPORT
from report_schema import assert_valid

from guard.model import Message, Money, Prompt, Segment, Setting, Value
from guard.report.json import render
from guard.report.json_values import decimal_text
from guard.report.schema import schema

PUBLISHED = Path(__file__).parents[2] / "docs" / "report.schema.json"


def by_id(report: dict[str, object], name: str) -> dict[str, object]:
    requests = report["requests"]
    assert isinstance(requests, list)
    return next(request for request in requests if request["id"] == f"guard/1:{name}")


@pytest.mark.parametrize("report", [REPORT, EMPTY])
@pytest.mark.parametrize("show_prompts", [False, True])
def test_reports_fit_the_schema(report, show_prompts) -> None:
    assert_valid(render(report, show_prompts=show_prompts))


def test_the_helper_refuses_a_key_that_the_schema_does_not_name() -> None:
    report = json.loads(render(REPORT))
    report["requests"][0]["cost"] = "0"
    with pytest.raises(AssertionError, match="cost"):
        assert_valid(json.dumps(report))


def test_the_published_schema_is_fresh_valid_and_lets_later_keys_pass() -> None:
    made = subprocess.run([sys.executable, "-m", "guard.report.schema"], capture_output=True, text=True, check=True)
    assert PUBLISHED.read_text("utf-8") == made.stdout, "run: python -m guard.report.schema > docs/report.schema.json"
    jsonschema.Draft202012Validator.check_schema(schema())
    later = json.loads(render(REPORT)) | {"new_key": 1}
    jsonschema.Draft202012Validator(json.loads(made.stdout)).validate(later)


def test_a_request_says_model_limit_and_cost_with_their_trails() -> None:
    request = by_id(assert_valid(render(REPORT)), "rank")
    assert request["model"] == {
        "choices": [
            {
                "value": "gpt-4o",
                "price_id": "gpt-4o",
                "how": "env_default",
                "trail": [
                    {
                        "path": "app/settings.py",
                        "line": 3,
                        "column": 33,
                        "cell": None,
                        "cell_line": None,
                        "how": "env_default",
                        "note": "RANK_MODEL",
                    },
                    {
                        "path": "app/rank.py",
                        "line": 3,
                        "column": 43,
                        "cell": None,
                        "cell_line": None,
                        "how": "attribute",
                        "note": "settings.model",
                    },
                ],
            }
        ],
        "open": True,
        "why": "the environment may override it",
    }
    assert request["estimate"]["usd"] == {"low": "0.00004", "typical": "0.00253", "high": "0.9615"}
    tries = {"low": 1, "typical": 1, "high": 3, "why": ["openai SDK: 2 retries"], "trail": []}
    assert request["attempts"] == tries
    assert request["prompt"]["holes"] == [
        {"name": "docs", "tokens": 400, "low": 0, "high": 126988, "from": "usage.default"}
    ]


def test_what_is_not_known_is_null_and_what_is_not_sent_says_so() -> None:
    request = by_id(assert_valid(render(REPORT)), "chat")
    assert request["model"] == {"choices": [], "open": True, "why": "it is read from a database"}
    limit = request["max_output"]["choices"][0]
    assert (limit["value"], limit["how"]) == (None, "not_sent")
    estimate = request["estimate"]
    assert estimate["priced"] is False and estimate["usd"] is None
    assert estimate["why"] == ["the model is read from a database"]
    assert request["repeats"]["high"] is None


def test_runs_of_an_entry_point_are_said_where_it_is_the_only_one() -> None:
    report = assert_valid(render(REPORT))
    only = by_id(report, "rank")["reached_from"][0]
    assert (only["runs_per_month"], only["from"]) == ("2000000", "usage.rules[0]")
    assert [reach["runs_per_month"] for reach in by_id(report, "chat")["reached_from"]] == [None, None]


def test_a_notebook_has_cell_and_line_in_the_cell_but_no_line() -> None:
    site = by_id(assert_valid(render(REPORT)), "notebook")["sites"][0]
    assert {key: site[key] for key in ("line", "end_line", "cell", "cell_line", "cell_end_line", "column")} == {
        "line": None,
        "end_line": None,
        "cell": 3,
        "cell_line": 5,
        "cell_end_line": 5,
        "column": 1,
    }


def test_equal_reports_are_equal_byte_for_byte_whatever_the_order_they_were_found_in() -> None:
    turned = replace(
        REPORT,
        requests=REPORT.requests[::-1],
        findings=REPORT.findings[::-1],
        problems=REPORT.problems[::-1],
        settings=REPORT.settings[::-1],
    )
    assert render(turned) == render(REPORT)
    report = json.loads(render(REPORT))
    assert [r["sites"][0]["path"] for r in report["requests"]] == ["app/chat.py", "app/jobs.py", "eda.ipynb"]


def test_prompt_text_is_shown_only_when_asked_for() -> None:
    assert "Rank the documents." not in render(REPORT)
    shown = by_id(assert_valid(render(REPORT, show_prompts=True)), "rank")["prompt"]["segments"]
    assert [segment["text"] for segment in shown] == ["Rank the documents.", None]


@pytest.mark.parametrize("items", [None, ("Rank the leases.", "Now.")])
def test_a_prompt_of_a_configuration_file_is_shown_only_when_asked_for(items: tuple[str, ...] | None) -> None:
    value = "Rank the leases." if items is None else None
    found = Setting("a.yaml", 1, "promptfoo", "prompts", "prompt", value, items=items)
    report = replace(EMPTY, settings=(found,))
    assert "leases" not in render(report)
    assert assert_valid(render(report))["settings"][0]["value"] is None
    assert "Rank the leases." in render(report, show_prompts=True)


def test_changed_prompt_text_changes_its_hash() -> None:
    def hashes(text: str) -> list[str | None]:
        prompt = Prompt((Message("system", (Segment(text), Segment(None, "docs"))),))
        changed = replace(RANKED, request=replace(RANKED.request, prompt=prompt))
        segments = assert_valid(render(replace(REPORT, requests=(changed,))))["requests"][0]["prompt"]["segments"]
        return [segment["hash"] for segment in segments]

    assert hashes("Be brief.") == hashes("Be brief.")
    assert hashes("Be brief.") != hashes("Be short.")
    assert hashes("Be brief.")[1] is None


def test_hostile_text_stays_ascii_and_parses() -> None:
    request = replace(NOTEBOOK.request, api="x\x1b[2J\u202e\udc80\ufeff")
    text = render(replace(REPORT, requests=(replace(NOTEBOOK, request=request),)))
    assert text.isascii() and "\x1b" not in text
    assert assert_valid(text)["requests"][0]["api"] == request.api


@pytest.mark.parametrize(
    ("usd", "text"),
    [
        ("0", "0"),
        ("0E-9", "0"),
        ("0.0027", "0.0027"),
        ("0.00270000", "0.0027"),
        ("1E+3", "1000"),
        ("0.123456789", "0.12345679"),
        ("0.000000001234", "0.0000000012"),
        ("12.000", "12"),
        ("1E+30", "1" + "0" * 30),
    ],
)
def test_money_is_decimal_text_without_exponent(usd: str, text: str) -> None:
    assert decimal_text(Decimal(usd)) == text


@given(st.decimals(min_value="1e-18", max_value="1e18", allow_nan=False))
def test_money_keeps_its_value_and_never_becomes_zero(usd: Decimal) -> None:
    back = Decimal(decimal_text(usd))
    assert back > 0
    assert abs(back - usd) <= max(Decimal("5e-9"), 0) and abs(back - usd) <= usd / 2


@given(st.lists(st.decimals(min_value=0, max_value="1e12", allow_nan=False), min_size=3, max_size=3))
def test_rounding_never_turns_low_typical_and_high_around(amounts: list[Decimal]) -> None:
    low, typical, high = sorted(amounts)
    estimate = replace(RANKED.estimate, usd=Money(low, typical, high))
    report = replace(REPORT, requests=(replace(RANKED, estimate=estimate),))
    usd = json.loads(render(report))["requests"][0]["estimate"]["usd"]
    assert Decimal(usd["low"]) <= Decimal(usd["typical"]) <= Decimal(usd["high"])


def test_text_that_is_too_long_for_a_name_is_shown_by_its_beginning() -> None:
    """A prompt that was passed where the model belongs is still prompt text."""
    prompt = "You are a helpful assistant. " * 400
    choice = replace(RANKED.request.model.choices[0], value=prompt, price_id=None)
    request = replace(
        RANKED.request,
        model=Value((choice,), False),
        variants=(replace(RANKED.request.variants[0], model=choice),) if RANKED.request.variants else (),
    )
    text = render(replace(REPORT, requests=(replace(RANKED, request=request),)))
    assert "You are a helpful" in text and prompt[:300] not in text
