"""The measures see what is wrong: each figure of a report that agrees is changed, and its measure must say so."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from referee import cases, compare, recordings
from referee.matching import match
from referee.measures import MEASURES

Report = dict[str, Any]
PROGRAM = "openai-chat"


def agreeing() -> Report:
    return copy.deepcopy(compare.report_of(PROGRAM))


def sentences(measure: str, report: Report) -> list[str]:
    case = cases.load(PROGRAM)
    return list(MEASURES[measure](case, match(report, recordings.load(case.recording))))


def without_requests(report: Report) -> None:
    report["requests"].clear()


def with_a_request_more(report: Report) -> None:
    more = copy.deepcopy(report["requests"][0])
    more["id"], more["sites"][-1]["line"], more["sites"][-1]["end_line"] = "another", 1, 1
    report["requests"].append(more)


def another_model(report: Report) -> None:
    report["requests"][0]["model"]["choices"][0]["value"] = "gpt-4o"


def another_default(report: Report) -> None:
    report["requests"][0]["variants"][0]["model"]["value"] = "gpt-4o"


def another_limit(report: Report) -> None:
    report["requests"][0]["max_output"]["choices"][0]["value"] = 221


def one_attempt_less(report: Report) -> None:
    report["requests"][0]["attempts"]["high"] -= 1


def one_attempt_more(report: Report) -> None:
    report["requests"][0]["attempts"]["high"] += 1


def no_bound_on_attempts(report: Report) -> None:
    report["requests"][0]["attempts"]["high"] = None


def another_number_of_calls(report: Report) -> None:
    for reach in report["requests"][0]["reached_from"]:
        reach["repeats"]["high"] += 1


def no_bound_on_calls(report: Report) -> None:
    for reach in report["requests"][0]["reached_from"]:
        reach["repeats"]["high"] = None


def a_turn_more(report: Report) -> None:
    report["requests"][0]["turns"]["high"] = 2


def a_narrow_interval(report: Report) -> None:
    report["requests"][0]["estimate"]["input_tokens"]["high"] = 50


def a_typical_off_by_a_twentieth(report: Report) -> None:
    report["requests"][0]["estimate"]["input_tokens"]["typical"] *= 1.05


def a_price_too_low(report: Report) -> None:
    report["requests"][0]["estimate"]["usd"]["high"] = "0.0000001"


def a_price_too_high(report: Report) -> None:
    report["requests"][0]["estimate"]["usd"]["high"] = "1"


def no_highest_price(report: Report) -> None:
    report["requests"][0]["estimate"]["usd"]["high"] = None


def no_price(report: Report) -> None:
    report["requests"][0]["estimate"]["usd"] = None


def a_typical_price_off_by_a_fifteenth(report: Report) -> None:
    usd = report["requests"][0]["estimate"]["usd"]
    usd["typical"] = str(float(usd["typical"]) * 1.07)


def a_low_price_above_what_was_spent(report: Report) -> None:
    usd = report["requests"][0]["estimate"]["usd"]
    usd["low"] = usd["high"]


def another_schema(report: Report) -> None:
    tools, _ = report["requests"][0]["rendered"]
    report["requests"][0]["rendered"] = (tools, {"type": "object"})


def test_a_description_that_the_sdk_does_not_send_is_a_difference() -> None:
    report = copy.deepcopy(compare.report_of("openai-tools-loop"))
    case = cases.load("openai-tools-loop")
    matched = match(report, recordings.load(case.recording))
    assert list(MEASURES["rendered"](case, matched)) == []

    next(request for request in report["requests"] if request["rendered"][0])["rendered"][0][0]["description"] += "!"

    assert len(list(MEASURES["rendered"](case, matched))) == 1


@pytest.mark.parametrize(
    ("measure", "change"),
    [
        ("found", without_requests), ("found", with_a_request_more),
        ("model", another_model), ("model", another_default),
        ("limit", another_limit), ("attempts", one_attempt_less), ("attempts", one_attempt_more),
        ("attempts", no_bound_on_attempts), ("requests", another_number_of_calls), ("requests", no_bound_on_calls),
        ("turns", a_turn_more), ("tokens", a_narrow_interval), ("typical", a_typical_off_by_a_twentieth),
        ("usd", a_price_too_low), ("usd", a_price_too_high), ("usd", no_highest_price), ("usd", no_price),
        ("priced", a_price_too_low), ("priced", a_typical_price_off_by_a_fifteenth),
        ("priced", a_low_price_above_what_was_spent), ("rendered", another_schema),
    ],
)  # fmt: skip
def test_a_wrong_figure_is_a_difference(measure: str, change: Callable[[Report], None]) -> None:
    report = agreeing()
    assert sentences(measure, report) == []

    change(report)

    assert sentences(measure, report)
