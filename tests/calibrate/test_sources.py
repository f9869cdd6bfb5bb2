"""Every format of measured use: what a row of it says, and which of its rows are none."""

from __future__ import annotations

import gzip
import json
import os
import random
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from calibrate_shop import RECORDED, START, data, jsonl, row, run, shop

from guard.use.calibrate import sources
from guard.use.calibrate.measured import Key, Reading, Sums, Unreadable
from guard.use.calibrate.reading import read
from guard.use.calibrate.sources import plain
from guard.use.calibrate.sql import COLUMNS, select


def sums(file: Path, **options: Any) -> list[tuple[Key, Sums]]:
    return [(group.key, group.sums) for group in read([file], **options).groups]


def bad(reading: Reading) -> dict[str, tuple[int, tuple[int, ...]]]:
    return {one.why: (one.rows, one.first) for one in reading.files[0].bad}


# --- recorded from the real libraries ---------------------------------------------------------------------------


def test_spans_of_the_real_instrumentation() -> None:
    reading = read([RECORDED / "otlp.jsonl"])
    assert reading.files[0].source == "otlp"
    assert {group.key.model: group.sums for group in reading.groups} == {
        "gpt-4o-mini": Sums(3, 2, 1, 114, None, None, 18, None),
        "text-embedding-3-small": Sums(1, 1, 0, 11, None, None, None, None),
    }
    assert [(one.why, one.rows) for one in reading.files[0].skipped] == [("spans that are not of a model", 1)]
    assert not reading.files[0].bad


def test_a_span_as_the_console_exporter_prints_it() -> None:
    ((key, found),) = sums(RECORDED / "console.json")
    assert (key.model, found.input_tokens, found.output_tokens) == ("gpt-4o-mini", 57, 9)


def test_rows_that_the_real_litellm_makes() -> None:
    found = {(key.model, key.operation, key.tag): one for key, one in sums(RECORDED / "litellm.jsonl", names=["ask"])}
    chat = found["gpt-4o-mini", None, "ask"]
    # 57 tokens at $0.15 and 9 at $0.60 a million, twice.
    assert chat == Sums(2, 2, 0, 114, 0, None, 18, Decimal("0.0000279"))
    assert [one.input_tokens for (model, operation, _), one in found.items() if operation == "embedding"] == [11]


def test_recorded_rows_find_the_program_that_sent_them(tmp_path: Path) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "shop.py").write_text((RECORDED / "shop.py.txt").read_text())
    for file in ("otlp.jsonl", "litellm.jsonl"):
        places = data(RECORDED / file, "--path", tmp_path / "code")["places"]
        assert sorted((place["function"], place["http_requests"]) for place in places) == [("ask", 2), ("embed", 1)]
        assert all(place["figures"]["input_tokens"]["inside"] for place in places)


# --- formats ----------------------------------------------------------------------------------------------------

BUCKET = {"start_time": START, "end_time": START + 86_400}
CASES: dict[str, tuple[str, str, Key, Sums]] = {
    "openai usage": (
        "openai_usage",
        json.dumps({"object": "page", "data": [{**BUCKET, "results": [{
            "object": "organization.usage.completions.result", "input_tokens": 1000, "output_tokens": 500,
            "input_cached_tokens": 800, "num_model_requests": 5, "model": "gpt-4o-2024-08-06",
        }]}]}, indent=1),
        Key("gpt-4o-2024-08-06", "openai"), Sums(1, 5, 0, 1000, 800, None, 500, None),
    ),
    "openai costs": (
        "openai_costs",
        json.dumps({"object": "page", "data": [{**BUCKET, "results": [{
            "object": "organization.costs.result", "amount": {"value": 0.06, "currency": "usd"},
            "line_item": "gpt-4o-2024-08-06, input",
        }]}]}),
        Key("gpt-4o-2024-08-06", "openai"), Sums(1, 0, 0, None, None, None, None, Decimal("0.06")),
    ),
    "anthropic usage: kinds of input add up": (
        "anthropic_usage",
        json.dumps({"data": [{"starting_at": "2026-10-01T00:00:00Z", "ending_at": "2026-10-02T00:00:00Z", "results": [{
            "uncached_input_tokens": 1500, "cache_read_input_tokens": 200, "output_tokens": 500,
            "cache_creation": {"ephemeral_1h_input_tokens": 1000, "ephemeral_5m_input_tokens": 500},
            "model": "claude-sonnet-4-5",
        }]}], "has_more": False}),
        Key("claude-sonnet-4-5", "anthropic"), Sums(1, 0, 0, 3200, 200, 1500, 500, None),
    ),
    "langfuse: kinds of input add up": (
        "langfuse",
        json.dumps([{
            "id": "a", "traceId": "t", "type": "GENERATION", "name": "rank", "startTime": "2026-10-01T00:00:00Z",
            "providedModelName": "claude-sonnet-4-5", "costDetails": {"total": 0.5},
            "usageDetails": {"input": 10, "cache_read_input_tokens": 5, "output": 3, "total": 18},
        }]),
        Key("claude-sonnet-4-5", tag="rank"), Sums(1, 1, 0, 15, 5, None, 3, Decimal("0.5")),
    ),
    "langfuse, exported to blob storage": (
        "langfuse",
        json.dumps({
            "id": "a", "trace_id": "t", "type": "GENERATION", "name": "rank", "provided_model_name": "gpt-4o",
            "start_time": "2026-10-01 13:46:19.963000", "usage_details": {"input": 10, "output": 3}, "total_cost": 0.25,
        }) + "\n",
        Key("gpt-4o", tag="rank"), Sums(1, 1, 0, 10, None, None, 3, Decimal("0.25")),
    ),
    "helicone: the whole input": (
        "helicone",
        json.dumps({
            "request_id": "1", "request_created_at": "2026-10-01T00:00:00Z", "request_model": "claude-sonnet-4-5",
            "prompt_tokens": 10, "prompt_cache_read_tokens": 90, "completion_tokens": 2, "total_tokens": 102,
            "response_status": 200, "costUSD": 0.1, "request_properties": {"Feature": "search"},
        }) + "\n",
        Key("claude-sonnet-4-5", tag="search"), Sums(1, 1, 0, 100, 90, None, 2, Decimal("0.1")),
    ),
    "focus, in thousands of tokens": (
        "focus",
        "BilledCost,EffectiveCost,BillingCurrency,ChargeCategory,ChargePeriodStart,ChargePeriodEnd,ConsumedQuantity,"
        "ConsumedUnit,ServiceCategory,SkuMeter,Tags\n"
        "2,1.5,USD,Usage,2026-10-01T00:00:00Z,2026-10-02T00:00:00Z,100,1K tokens,AI and Machine Learning,"
        'gpt-4o output,"{""app"": ""shop""}"\n',
        Key("gpt-4o output", tag="shop"), Sums(1, 0, 0, None, None, None, 100_000, Decimal("1.5")),
    ),
    "a table of one's own": (
        "plain",
        "model;input_tokens;output_tokens;cost;requests\ngpt-4o;1000;50;0.5;10\n",
        Key("gpt-4o"), Sums(1, 10, 0, 1000, None, None, 50, Decimal("0.5")),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_row_of_each_format(tmp_path: Path, case: str) -> None:
    source, text, key, expected = CASES[case]
    file = tmp_path / ("measured.csv" if source in ("focus", "plain") else "measured.json")
    file.write_text(text)
    reading = read([file])
    assert reading.files[0].source == source
    assert [(group.key, group.sums) for group in reading.groups] == [(key, expected)]
    assert not reading.files[0].bad


@pytest.mark.parametrize("name", sources.NAMES)
def test_a_format_says_what_it_is_and_has_no_unknown_column(name: str) -> None:
    found = sources.load(name)
    assert found.TITLE and found.DOCS
    assert all(f" AS {column}" in found.rows() for column in COLUMNS)
    with pytest.raises(KeyError):
        select(colour="1")


LEFT_OUT = {
    "litellm": (row(cache_hit="True"), "answers from the cache of LiteLLM"),
    "langfuse": (
        {"id": "a", "traceId": "t", "type": "SPAN", "startTime": "2026-10-01T00:00:00Z", "usageDetails": {}},
        "observations that are not of a model",
    ),
    "agents": (
        {"name": "x", "attributes": {"gen_ai.operation.name": "invoke_agent", "gen_ai.usage.input_tokens": 5}},
        "spans of agents, workflows and tools, whose requests have spans of their own",
    ),
    "tax": (
        {"BilledCost": 1, "ChargePeriodStart": "2026-10-01", "ChargeCategory": "Tax", "BillingCurrency": "USD"},
        "charges that are not for use",
    ),
    "compute": (
        {"BilledCost": 1, "ChargePeriodStart": "2026-10-01", "ChargeCategory": "Usage", "ServiceCategory": "Compute"},
        "charges of services that are not of AI",
    ),
}


@pytest.mark.parametrize("case", LEFT_OUT)
def test_rows_that_are_no_request_are_left_out_and_counted(tmp_path: Path, case: str) -> None:
    record, why = LEFT_OUT[case]
    (file,) = read([jsonl(tmp_path / "m.jsonl", [record])]).files
    assert [(one.why, one.rows) for one in file.skipped] == [(why, 1)]
    assert not file.bad


# --- rows that cannot be used -----------------------------------------------------------------------------------

BAD = {
    "text": ({"prompt_tokens": "many"}, "input tokens that are no count"),
    "negative": ({"completion_tokens": -1}, "output tokens that are no count"),
    "not a number": ({"prompt_tokens": "NaN"}, "input tokens that are no count"),
    "endless": ({"prompt_tokens": 1e300}, "input tokens that are no count"),
    "dollars as text": ({"spend": "cheap"}, "a cost that is no number"),
    "endless dollars": ({"spend": "inf"}, "a cost that is no number"),
    "negative dollars": ({"spend": -1}, "a cost below 0"),
    "no time": ({"startTime": "yesterday"}, "a time that cannot be read"),
    "too much cached": (
        {"metadata": {"usage_object": {"prompt_tokens_details": {"cached_tokens": 1001}}}},
        "more cached tokens than input tokens",
    ),
    "nothing": ({"prompt_tokens": None, "completion_tokens": None, "spend": None}, "neither tokens nor a cost"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_row_that_cannot_be_used_is_named(tmp_path: Path, case: str) -> None:
    said, why = BAD[case]
    reading = read([jsonl(tmp_path / "m.jsonl", [row(), row(**said), row()])])
    assert bad(reading) == {why: (1, (2,))}
    assert sum(group.sums.rows for group in reading.groups) == 2
    assert reading.files[0].rows == 3


def test_broken_lines_are_named_and_the_others_are_read(tmp_path: Path) -> None:
    file = jsonl(tmp_path / "m.jsonl", [row()])
    file.write_text(file.read_text() + '{"model": \n\nnonsense\n[1]\n' + json.dumps(row()) + "\n")
    reading = read([file])
    assert bad(reading) == {"lines that are no JSON object": (3, (2, 4, 5))}
    assert sum(group.sums.rows for group in reading.groups) == 2


def test_broken_lines_of_a_table_are_named(tmp_path: Path) -> None:
    file = tmp_path / "m.csv"
    file.write_text("model,input_tokens\ngpt-4o,10\ngpt-4o\ngpt-4o,20\n")
    reading = read([file])
    assert [(rows, first) for rows, first in bad(reading).values()] == [(1, (3,))]
    assert [group.sums.input_tokens for group in reading.groups] == [30]


def test_another_currency_is_no_dollar(tmp_path: Path) -> None:
    record = {
        "BilledCost": 3, "BillingCurrency": "EUR", "ChargeCategory": "Usage",
        "ChargePeriodStart": "2026-10-01T00:00:00Z",
        "ServiceCategory": "AI and Machine Learning",
    }  # fmt: skip
    assert list(bad(read([jsonl(tmp_path / "m.jsonl", [record])]))) == ["a cost in another currency than USD"]


def test_a_failed_request_is_no_mean(tmp_path: Path) -> None:
    failed = row(status="failure", prompt_tokens=0, completion_tokens=0, spend=0)
    (group,) = read([jsonl(tmp_path / "m.jsonl", [row(), failed])]).groups
    assert (group.sums.requests, group.sums.failed, group.sums.input_tokens) == (1, 1, 1000)


# --- files ------------------------------------------------------------------------------------------------------


def test_sums_are_those_of_a_loop_over_the_rows(tmp_path: Path) -> None:
    chance = random.Random(7)
    rows = [
        row(
            model=chance.choice(["gpt-4o", "gpt-4o-mini"]), spend=chance.random(),
            prompt_tokens=chance.randint(0, 10**6),
            completion_tokens=chance.randint(0, 9999), startTime=START + chance.randint(0, 10**6),
        )
        for _ in range(3000)
    ]  # fmt: skip
    reading = read([jsonl(tmp_path / "m.jsonl", rows)])
    for group in reading.groups:
        mine = [one for one in rows if one["model"] == group.key.model]
        assert group.sums.input_tokens == sum(one["prompt_tokens"] for one in mine)
        assert group.sums.output_tokens == sum(one["completion_tokens"] for one in mine)
        assert group.sums.usd is not None
        assert float(group.sums.usd) == pytest.approx(sum(one["spend"] for one in mine))
    assert reading.since == min(one["startTime"] for one in rows)
    assert reading.until == max(one["startTime"] for one in rows)


def test_a_compressed_file_and_a_name_with_pattern_characters(tmp_path: Path) -> None:
    plain_file = jsonl(tmp_path / "m.jsonl", [row()])
    packed = tmp_path / "may [1]*?.jsonl.gz"
    packed.write_bytes(gzip.compress(plain_file.read_bytes()))
    (tmp_path / "may 1x.jsonl.gz").write_bytes(gzip.compress(b'{"a": 1}\n'))
    assert sums(packed) == sums(plain_file)


@pytest.mark.parametrize("form", ["%Y", "iso", "seconds", "milliseconds", "nanoseconds"])
def test_times_are_read_in_every_form(tmp_path: Path, form: str) -> None:
    written: dict[str, Any] = {
        "%Y": "2026-10-01 00:00:00.000", "iso": "2026-10-01T02:00:00+02:00", "seconds": START,
        "milliseconds": START * 1000, "nanoseconds": str(START * 10**9),
    }  # fmt: skip
    assert read([jsonl(tmp_path / "m.jsonl", [row(startTime=written[form])])]).since == START


UNREADABLE: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "is empty"),
    "binary": (b"PAR1\0\0\0", "is no text in UTF-8"),
    "another format": (b'{"colour": "red"}\n', "is of no format that guard knows; name its columns with --map"),
    "a list of numbers": (b"[1, 2]", "has no rows that guard can read as a JSON array"),
    "half a document": (b'{\n"data": [1, ', "cannot be read as a JSON document"),
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_a_file_that_cannot_be_read_says_why(tmp_path: Path, case: str) -> None:
    content, why = UNREADABLE[case]
    file = tmp_path / "m.json"
    file.write_bytes(content)
    with pytest.raises(Unreadable, match=why) as caught:
        read([file])
    assert str(caught.value).startswith(str(file))
    done = run(file, "--path", shop(tmp_path))
    assert (done.exit_code, why in done.stderr, done.stdout) == (2, True, "")


def test_columns_of_ones_own_are_mapped(tmp_path: Path) -> None:
    file = jsonl(tmp_path / "m.jsonl", [{"llm": "gpt-4o", "use": {"in": 7}, "it's": 2}])
    mapping = {"model": "llm", "input_tokens": "$.use.in", "output_tokens": "it's"}
    assert sums(file, mapping=mapping) == [(Key("gpt-4o"), Sums(1, 1, 0, 7, None, None, 2, None))]


def test_a_column_that_is_not_there_is_said(tmp_path: Path) -> None:
    file = jsonl(tmp_path / "m.jsonl", [{"llm": "gpt-4o"}])
    with pytest.raises(Unreadable, match="has no field 'model' for --map model; it has 'llm'"):
        read([file], mapping={"model": "model"})
    done = run(file, "--map", "colour=llm", "--path", shop(tmp_path))
    assert (done.exit_code, "--map colour: no such field; there are started, model" in done.stderr) == (2, True)
    done = run(file, "--map", "colour", "--path", tmp_path)
    assert (done.exit_code, "is not of the form NAME=VALUE" in done.stderr) == (2, True)


HOSTILE = ["x') FROM raw; COPY (SELECT 1) TO '/tmp/x'; --", "$.a'); ATTACH 'x.db'; --", '"; DROP TABLE raw; --', "$.["]


@pytest.mark.parametrize("column", HOSTILE)
def test_a_mapping_is_text_and_never_sql(tmp_path: Path, column: str) -> None:
    file = jsonl(tmp_path / "m.jsonl", [{"input_tokens": 1, column: 2}])
    try:
        found = sums(file, mapping={"output_tokens": column})
    except Unreadable as error:
        assert "JSON path" in str(error) or "cannot be read" in str(error)
    else:
        assert [one.input_tokens for _, one in found] == [1]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m.jsonl"]


def test_all_fields_that_can_be_mapped_are_in_the_help_text() -> None:
    text = " ".join(run("--help").output.split())
    assert all(field in text for field in plain.FIELDS)


def test_only_the_named_file_is_read(tmp_path: Path) -> None:
    """A file that names others (as a table function would) is data: DuckDB is told to open nothing else."""
    secret = tmp_path / "secret.jsonl"
    jsonl(secret, [row(model="secret")])
    link = jsonl(tmp_path / "m.jsonl", [row(model=f"read_text('{secret}')")])
    assert [key.model for key, _ in sums(link)] == [f"read_text('{secret}')"]


def test_without_duckdb_the_command_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "duckdb", None)
    done = run(jsonl(tmp_path / "m.jsonl", [row()]), "--path", shop(tmp_path))
    assert (done.exit_code, "pip install 'guard-spend[calibrate]'" in done.stderr) == (2, True)


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "m.jsonl")
    with pytest.raises(Unreadable, match="is no regular file; write what it gives into one"):
        read([tmp_path / "m.jsonl"])
