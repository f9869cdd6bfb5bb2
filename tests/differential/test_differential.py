"""guard's report of each program against what the program sent with its real SDKs (`recorded/`, see README.md).

One test per program and measure. A measure that a `case.toml` lists under `differs` must differ: when it agrees again,
the entry has to go.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from referee import asked, cases, compare, envs, recordings, sample
from referee.measures import MEASURES

NAMES = cases.names()


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("name", NAMES)
def test_the_report_says_what_the_sdk_sends(name: str, measure: str) -> None:
    expected = {one.measure: one.reason for one in cases.load(name).differs}
    sentences = compare.differences(name)[measure]

    if measure in expected:
        assert sentences, f"{name} agrees on {measure}: take the entry out of its case.toml ({expected[measure]})"
    else:
        assert not sentences, "\n".join((f"{name}, {measure}:", *sentences))


@pytest.mark.parametrize("name", NAMES)
def test_a_recording_belongs_to_its_program_and_its_family(name: str) -> None:
    case = cases.load(name)
    recording = recordings.load(case.recording)
    family = envs.families()[case.family]

    pins = [pin.split("==")[1] for pin in family.requires]
    assert recording.versions == dict(zip(family.packages, pins))
    assert recording.runs[0].name == "good"
    for run in recording.runs:
        for sent in run.sent:
            for frame in sent.stack:
                assert (case.root / frame.path).is_file(), f"{frame.path} is gone: record {name} again"


@pytest.mark.parametrize("name", NAMES)
def test_every_failing_run_failed(name: str) -> None:
    for run in recordings.load(cases.load(name).recording).runs:
        failed = [sent for sent in run.sent if sent.outcome in run.pattern]
        assert failed or " at " in run.name, f"{name}: nothing failed in run {run.name}"


def test_every_program_has_a_recording_and_every_recording_a_program() -> None:
    assert {path.stem for path in cases.RECORDED.glob("*.json")} == set(NAMES)


def test_measures_that_differ_are_measures() -> None:
    named = {one.measure for name in NAMES for one in cases.load(name).differs}

    assert named <= set(MEASURES)


def test_a_recording_survives_its_file(tmp_path: Path) -> None:
    recording = recordings.load(cases.load(NAMES[0]).recording)
    copy = tmp_path / "copy.json"
    copy.write_text(recordings.as_text(recording))

    assert recordings.load(copy) == recording
    assert recordings.differences(recording, recordings.load(copy)) == []


def test_a_changed_request_is_a_difference_between_recordings(tmp_path: Path) -> None:
    recording = recordings.load(cases.load("openai-chat").recording)
    copy = tmp_path / "copy.json"
    copy.write_text(recordings.as_text(recording).replace('"max_tokens": 220', '"max_tokens": 221'))

    assert any("221" in text for text in recordings.differences(recording, recordings.load(copy)))


def test_a_sample_fits_its_schema() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    schema = {
        "type": "object",
        "properties": {
            "kind": {"enum": ["a", "b"]},
            "many": {"type": "array", "minItems": 2, "items": {"$ref": "#/$defs/part"}},
            "number": {"type": "integer", "minimum": 5},
            "either": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        },
        "required": ["kind", "many", "number", "either"],
        "additionalProperties": False,
        "$defs": {"part": {"type": "object", "properties": {"on": {"type": "boolean"}}, "required": ["on"]}},
    }

    jsonschema.validate(sample.sample(schema), schema)


def test_an_unknown_path_asks_no_model() -> None:
    assert asked.asked("/v1/files", {}) is None
