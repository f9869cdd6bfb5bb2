"""`guard calibrate` as a user runs it: what is bound, compared, proposed and written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from calibrate_shop import DAY, START, data, jsonl, row, run, shop
from click.testing import CliRunner

from guard.cli import main
from guard.use.calibrate.writing import BEGIN, END, NotEditable, new_toml, new_yaml
from guard.use.firm_text import Entry, Named


@pytest.fixture
def code(tmp_path: Path) -> Path:
    return shop(tmp_path)


def month(**said: Any) -> list[dict[str, Any]]:
    """A row at the beginning and one at the end of 30.4375 days, which are a month."""
    return [row(**said), row(startTime=START + 30.4375 * DAY, **said)]


def place(report: dict[str, Any], function: str) -> dict[str, Any]:
    (found,) = [one for one in report["places"] if one["function"] == function]
    assert isinstance(found, dict)
    return found


# --- binding ----------------------------------------------------------------------------------------------------

CHAT = {"gen_ai.operation.name": "chat", "gen_ai.usage.input_tokens": 10, "gen_ai.usage.output_tokens": 2}


def span(**attributes: Any) -> dict[str, Any]:
    named = {name.replace("__", "."): value for name, value in attributes.items()}
    return {"name": "chat", "start_time": "2026-10-01T00:00:00Z", "attributes": {**CHAT, **named}}


WAYS = {
    "the line, on another machine": (span(code__file__path="/srv/app/ask.py", code__line__number=26), "site", "rank"),
    "the line, older names": (span(code__filepath="C:\\x\\app\\ask.py", code__lineno=13), "site", "ask"),
    "the function with its module": (span(code__function__name="app.ask.rerank"), "function", "rerank"),
    "the function and the file": (span(code__function="embed", code__filepath="app/ask.py"), "function", "embed"),
    "a function": (row(request_tags=["app/ask.py::rank"], model="gpt-4.1"), "tag", "rank"),
    "a bare function": (row(request_tags=["nonsense", "RANK"], model="gpt-4.1"), "tag", "rank"),
    "an entry point": (row(request_tags=["POST /ask"]), "tag", "ask"),
    "the model": (row(request_tags=[], model="text-embedding-3-small"), "model", "embed"),
    "a dated model": (row(request_tags=[], model="gpt-4o-mini-2024-07-18"), "model", "ask"),
    "the model in a bill": (
        {
            "BilledCost": 1, "BillingCurrency": "USD", "ChargeCategory": "Usage",
            "ChargePeriodStart": "2026-10-01T00:00:00Z",
            "ServiceCategory": "AI and Machine Learning", "ChargeDescription": "GPT 4o mini Input Tokens, US East",
        },
        "model", "ask",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", WAYS)
def test_a_row_finds_its_request(tmp_path: Path, code: Path, case: str) -> None:
    record, way, function = WAYS[case]
    report = data(jsonl(tmp_path / "m.jsonl", [record]), "--path", code)
    assert [(one["function"], one["bound_by"]) for one in report["places"]] == [(function, [way])]
    assert report["not_bound"] == []


def test_a_name_gets_a_meaning(tmp_path: Path, code: Path) -> None:
    file = jsonl(tmp_path / "m.jsonl", [row(request_tags=["Ranker V2"], model="gpt-4.1")])
    report = data(file, "--path", code, "--bind", "ranker v2=app/ask.py::rank")
    assert place(report, "rank")["bound_by"] == ["tag"]
    done = run(file, "--path", code, "--bind", "ranker v2=nothing")
    assert (done.exit_code, "guard knows no request, function, entry point or feature 'nothing'" in done.stderr) == (
        2,
        True,
    )


def test_a_feature_binds_its_requests(tmp_path: Path, code: Path) -> None:
    (code / "guard.yaml").write_text("version: 1\nfeatures:\n  search: {paths: ['app/**']}\n")
    report = data(jsonl(tmp_path / "m.jsonl", [row(request_tags=["search"])]), "--path", code)
    assert [(one["function"], one["bound_by"]) for one in report["places"]] == [("ask", ["tag"])]


def test_rows_of_several_requests_are_compared_together_and_nothing_follows(tmp_path: Path, code: Path) -> None:
    file = jsonl(tmp_path / "m.jsonl", month(model="gpt-4.1", request_tags=[]))
    report = data(file, "--path", code)
    assert [len(one["requests"]) for one in report["places"]] == [2]
    assert report["proposed"] == {"usage": {"rules": []}}
    assert "2 requests together, so nothing follows for one of them" in report["not_proposed"][0]
    assert "2 requests that the rows do not tell apart" in run(file, "--path", code).output


NOT_BOUND = {
    "another model": (
        {"model": "claude-opus-4-1", "request_tags": []}, "no request of the code is known to ask this model"
    ),
    "another model at a known name": (
        {"model": "claude-opus-4-1"}, "the code at its tag asks another model"
    ),
    "nothing": ({"model": "", "request_tags": []}, "the rows name neither a place of the code nor a model"),
}  # fmt: skip


@pytest.mark.parametrize("case", NOT_BOUND)
def test_what_is_not_bound_says_why_and_counts_in_the_share(tmp_path: Path, code: Path, case: str) -> None:
    said, why = NOT_BOUND[case]
    report = data(jsonl(tmp_path / "m.jsonl", [row(spend=1), row(spend=3, **said)]), "--path", code)
    assert [(one["why"], one["usd"]) for one in report["not_bound"]] == [(why, "3.0")]
    assert report["spend"]["bound_share"] == 0.25


# --- figures ----------------------------------------------------------------------------------------------------


def test_measured_and_estimated_figures_stand_side_by_side(tmp_path: Path, code: Path) -> None:
    figures = place(data(jsonl(tmp_path / "m.jsonl", month()), "--path", code), "ask")["figures"]
    assert figures["input_tokens"]["measured"] == 1000
    assert figures["output_tokens"]["measured"] == 100
    assert figures["usd"]["measured"] == pytest.approx(0.00021)
    assert figures["requests_a_month"]["measured"] == pytest.approx(2)
    assert figures["usd_a_month"]["measured"] == pytest.approx(0.00042)
    # 50 % of the limit of 400 tokens is guard's assumption; 100 were written.
    assert (figures["output_tokens"]["typical"], figures["output_tokens"]["error"]) == (200, 1.0)
    assert figures["output_tokens"]["inside"] is True


def test_a_mean_outside_the_interval_is_marked(tmp_path: Path, code: Path) -> None:
    file = jsonl(tmp_path / "m.jsonl", [row(completion_tokens=900)])
    assert place(data(file, "--path", code), "ask")["figures"]["output_tokens"]["inside"] is False
    (line,) = [line for line in run(file, "--path", code).output.splitlines() if "output tokens" in line]
    assert line.endswith("-78%  outside")


def test_tokens_without_dollars_are_priced_by_hand(tmp_path: Path, code: Path) -> None:
    row = {"model": "gpt-4o-mini", "input_tokens": 10_000, "cache_read_tokens": 4_000, "output_tokens": 1_000}
    report = data(jsonl(tmp_path / "m.jsonl", [row]), "--path", code)
    # 6,000 x $0.15 + 4,000 x $0.075 + 1,000 x $0.60 a million
    assert float(report["spend"]["usd"]) == pytest.approx(0.0018)
    assert float(report["spend"]["priced_by_guard_usd"]) == pytest.approx(0.0018)


def test_a_model_without_a_price_is_no_zero(tmp_path: Path, code: Path) -> None:
    file = jsonl(tmp_path / "m.jsonl", [{"model": "our-own", "input_tokens": 10, "output_tokens": 1}])
    report = data(file, "--path", code)
    assert (report["spend"]["rows_without_price"], report["spend"]["bound_share"]) == (1, None)
    assert "1 row of models without a known price are not in the dollars" in run(file, "--path", code).output


def test_a_bill_beside_counted_tokens_is_the_spend(tmp_path: Path, code: Path) -> None:
    bucket = {"start_time": START, "end_time": START + DAY}
    usage = {
        "object": "organization.usage.completions.result", "input_tokens": 1_000_000, "output_tokens": 0,
        "num_model_requests": 100, "model": "gpt-4o-mini",
    }  # fmt: skip
    cost = {
        "object": "organization.costs.result", "amount": {"value": 0.1, "currency": "usd"},
        "line_item": "gpt-4o-mini, input",
    }  # fmt: skip
    files = [
        jsonl(tmp_path / f"{name}.json", [{"object": "page", "data": [{**bucket, "results": [result]}]}])
        for name, result in (("usage", usage), ("costs", cost))
    ]
    report = data(*files, "--path", code)
    assert (report["spend"]["usd"], report["spend"]["priced_by_guard_usd"]) == ("0.1", "0")
    figures = place(report, "ask")["figures"]
    assert (figures["input_tokens"]["measured"], figures["usd"]["measured"]) == (10_000, pytest.approx(0.001))


# --- proposals --------------------------------------------------------------------------------------------------


def rules(report: dict[str, Any]) -> list[dict[str, Any]]:
    found = report["proposed"]["usage"]["rules"]
    assert isinstance(found, list)
    return found


def test_rules_make_the_estimate_what_was_measured(tmp_path: Path, code: Path) -> None:
    file = jsonl(tmp_path / "m.jsonl", [*month(), row(status="failure", prompt_tokens=0, completion_tokens=0, spend=0)])
    first, second = rules(data(file, "--path", code, "--write"))
    assert (first["request"], first["output_tokens"], first["error_rate"]) == ("app/ask.py::ask", 100, "33.33%")
    assert second == {"entry": "app/ask.py::route", "runs_per_month": 3}
    figures = place(data(file, "--path", code), "ask")["figures"]
    for name in ("input_tokens", "output_tokens", "requests_a_month"):
        assert figures[name]["error"] == pytest.approx(0, abs=0.01), name


def test_a_short_period_says_nothing_of_a_month(tmp_path: Path, code: Path) -> None:
    file = jsonl(tmp_path / "m.jsonl", [row(), row(startTime=START + 60)])
    report = data(file, "--path", code)
    assert not any("runs_per_month" in rule for rule in rules(report))
    assert "--days says how long it is" in report["not_proposed"][0]
    report = data(file, "--path", code, "--days", "30.4375")
    assert rules(report)[-1] == {"entry": "app/ask.py::route", "runs_per_month": 2}


def test_less_input_than_the_code_fixes_is_said(tmp_path: Path, code: Path) -> None:
    report = data(jsonl(tmp_path / "m.jsonl", month(prompt_tokens=5)), "--path", code)
    assert not any("holes" in rule for rule in rules(report))
    assert any("are these rows of another version of the code?" in note for note in report["not_proposed"])


def test_several_entry_points_do_not_share_out_their_requests(tmp_path: Path, code: Path) -> None:
    more = '\n\n@app.post("/again")\ndef again(question: str):\n    return ask(question)\n'
    (code / "app" / "ask.py").write_text((code / "app" / "ask.py").read_text() + more)
    report = data(jsonl(tmp_path / "m.jsonl", month()), "--path", code)
    assert not any("runs_per_month" in rule for rule in rules(report))
    assert any("2 entry points reach it" in note for note in report["not_proposed"])


def test_read_from_the_cache(tmp_path: Path, code: Path) -> None:
    cached = {"metadata": {"usage_object": {"prompt_tokens_details": {"cached_tokens": 9}}}}
    (rule, *_) = rules(data(jsonl(tmp_path / "m.jsonl", month(**cached)), "--path", code))
    assert 0 < float(rule["cache_hit_rate"].rstrip("%")) <= 100


# --- writing ----------------------------------------------------------------------------------------------------

RULES = (Entry("request", "a.py::ask", (("output_tokens", 7, "mean of 3"),), (Named("docs", 9, "mean of 3"),)),)
BLOCK = """\
    # measured by guard calibrate: said
    - request: "a.py::ask"
      output_tokens: 7  # mean of 3
      holes:
        docs: 9  # mean of 3
    # end of what guard calibrate measured
"""
WRITTEN = {
    "no file": (None, "version: 1\nusage:\n  rules:\n" + BLOCK),
    "an empty file": ("", "version: 1\nusage:\n  rules:\n" + BLOCK),
    "no usage": ("version: 1  # ours\n", "version: 1  # ours\nusage:\n  rules:\n" + BLOCK),
    "no line break at the end": ("version: 1", "version: 1\nusage:\n  rules:\n" + BLOCK),
    "usage without rules": (
        "version: 1\nusage:\n    default: {hole_tokens: 5}  # few\n# about stages\nstages: {}\n",
        "version: 1\nusage:\n    default: {hole_tokens: 5}  # few\n    rules:\n"
        + BLOCK.replace("\n    ", "\n      ").replace("    #", "      #", 1)
        + "# about stages\nstages: {}\n",
    ),
    "rules of people": (
        "usage:\n  rules:\n  - entry: a\n    runs_per_month: 5   # said Ada\n\n# below\nversion: 1\n",
        "usage:\n  rules:\n  - entry: a\n    runs_per_month: 5   # said Ada\n"
        + BLOCK.replace("\n    ", "\n  ").replace("    #", "  #", 1)
        + "\n# below\nversion: 1\n",
    ),
}


@pytest.mark.parametrize("case", WRITTEN)
def test_rules_are_put_in_and_nothing_else_changes(case: str) -> None:
    text, expected = WRITTEN[case]
    assert new_yaml(text, RULES, "said") == expected
    # Measured again, they take the place of the former ones.
    assert new_yaml(expected, RULES, "said") == expected
    if text and "\n" in text:
        windows = text.replace("\n", "\r\n")
        assert new_yaml(windows, RULES, "said") == expected.replace("\n", "\r\n")


@pytest.mark.parametrize("text", ["{version: 1}", "usage: {default: {hole_tokens: 5}}\n", "usage:\n  rules: []\n"])
def test_what_is_written_in_one_line_is_left_alone(text: str) -> None:
    with pytest.raises(NotEditable, match="by hand"):
        new_yaml(text, RULES, "said")


def test_rules_are_put_into_pyproject_toml() -> None:
    text = '[project]\nname = "x"  # ours\n\n[tool.guard]\nversion = 1\n'
    once = new_toml(text, RULES, "said")
    assert once.startswith(text + "\n" + BEGIN) and once.endswith(END + "\n")
    assert new_toml(once, RULES, "said") == once


def test_a_file_that_guard_could_not_read_back_is_not_written(tmp_path: Path, code: Path) -> None:
    text = "version: 1\nusage:\n  rules: [{entry: a, runs_per_month: 5}]\n"
    (code / "guard.yaml").write_text(text)
    done = run(jsonl(tmp_path / "m.jsonl", month()), "--path", code, "--write")
    assert (done.exit_code, "was not changed: its `usage.rules` are written in one line" in done.stderr) == (2, True)
    assert (code / "guard.yaml").read_text() == text


def test_a_month_has_a_price_once_the_rules_are_written(tmp_path: Path, code: Path) -> None:
    file = jsonl(tmp_path / "m.jsonl", month())
    done = run(file, "--path", code, "--write")
    assert "guard: wrote 2 usage rules to" in done.stderr
    cost = CliRunner().invoke(main, ["cost", str(code), "--format", "json"])
    (ask,) = [one for one in json.loads(cost.stdout)["requests"] if one["sites"][-1]["line"] == 13]
    assert float(ask["estimate"]["usd_per_month"]["typical"]) == pytest.approx(0.00042, rel=0.01)
    again = run(file, "--path", code, "--write")
    assert again.exit_code == 0
    assert (code / "guard.yaml").read_text().count(BEGIN) == 1


def test_text_of_others_cannot_steer_the_terminal(tmp_path: Path, code: Path) -> None:
    evil = "\x1b[31mred\n::error::x"
    done = run(jsonl(tmp_path / "m.jsonl", [row(model=evil, request_tags=[evil])]), "--path", code)
    assert done.exit_code == 0
    assert "\x1b" not in done.output
    assert not any(line.startswith("::") for line in done.output.splitlines())
