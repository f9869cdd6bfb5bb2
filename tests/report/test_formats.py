"""Each format of a report as its readers take it: what stands in it, in which order; equal reports are equal."""

from __future__ import annotations

import importlib
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import junitparser
import pytest
from difference_samples import DIFFERENCE, UNTOUCHED
from report_samples import ALLOWED, EMPTY, REPORT, RULES, UNDECIDED, WARNED, span
from report_schema import assert_valid

from guard.commands.outputs import names
from guard.model import Finding, Label
from guard.report.schema import schema
from guard.report.view import View

VIEW = View(REPORT, rules=lambda: RULES)
COMPARED = replace(VIEW, difference=DIFFERENCE, blocks=lambda finding: finding.id in DIFFERENCE.new_findings)
MANY = replace(
    REPORT,
    findings=tuple(
        replace(
            ALLOWED,
            id=f"f{number}",
            enforce="warn" if number % 2 else "block",
            labels=(Label(span("a.py", number, 1, 5)),),
        )
        for number in range(1, 31)
    ),
)


def render(form: str, view: View) -> str:
    text: str = importlib.import_module(f"guard.report.formats.{form}").render(view)
    return text


@pytest.mark.parametrize("form", names())
@pytest.mark.parametrize("command", ["check", "cost"])
def test_equal_reports_are_equal_byte_for_byte(form: str, command: str) -> None:
    shuffled = replace(REPORT, requests=REPORT.requests[::-1], findings=REPORT.findings[::-1])
    one, other = (render(form, replace(VIEW, report=report, command=command)) for report in (REPORT, shuffled))
    assert one == other
    assert one.endswith("\n") and "\r" not in one


@pytest.mark.parametrize("form", names())
def test_a_report_without_anything_is_a_whole_document(form: str) -> None:
    text = render(form, View(EMPTY, known=lambda: ["openai"]))
    assert text.endswith("\n") or form in ("concise", "github")


@pytest.mark.parametrize("form", sorted(set(names()) - {"text"}))
def test_an_untouched_tree_is_a_whole_document(form: str) -> None:
    assert render(form, View(replace(REPORT, findings=()), difference=UNTOUCHED)) is not None


# concise


def test_concise_has_a_line_for_each_finding_worst_first() -> None:
    assert render("concise", VIEW).splitlines() == [
        "app/rank.py:3:12: error approved-models: gpt-4o is not on the list of approved models",
        "warning search budget: usage below 80% of the limit is not declared",
        "app/chat.py:8:5: undecided model-known: the model is read from a database",
    ]


def test_concise_paths_are_seen_from_the_current_folder() -> None:
    assert render("concise", replace(VIEW, here="../shop")).startswith("../shop/app/rank.py:3:12: error ")
    assert render("concise", replace(VIEW, here="shop")).startswith("shop/app/rank.py:3:12: error ")


def test_concise_says_nothing_where_there_is_nothing_to_say() -> None:
    assert render("concise", replace(VIEW, report=replace(REPORT, findings=()))) == ""


def test_concise_cost_has_a_line_for_each_request() -> None:
    lines = render("concise", replace(VIEW, command="cost")).splitlines()
    assert lines == ["app/chat.py:8:5: cost ?: ?", "app/jobs.py:40:9: cost gpt-4o or ?: $0.0025 typical, $0.96 worst"]


def test_concise_changes_come_before_findings_and_loosened_rules_before_all() -> None:
    lines = render("concise", COMPARED).splitlines()
    assert lines[0] == 'guard.yaml:3:5: loosened: budget "one call" rose from $0.05 to $0.50'
    assert lines[1] == (
        "app/jobs.py:40:9: dearer gpt-4o or ?: a month $911 -> $15,200 "
        "(model gpt-4o-mini -> gpt-4o: default of RANK_MODEL)"
    )
    assert lines[-1].startswith("app/chat.py:8:5: undecided")


# JSON lines


def test_json_lines_are_the_entries_of_the_json_report() -> None:
    whole = assert_valid(render("json", COMPARED))
    lines = [json.loads(line) for line in render("jsonl", COMPARED).splitlines()]
    assert lines[0]["type"] == "report" and lines[0]["totals"] == whole["totals"]
    for kind, key in (
        ("request", "requests"),
        ("finding", "findings"),
        ("problem", "problems"),
        ("setting", "settings"),
    ):
        assert [line for line in lines if line["type"] == kind] == [{"type": kind, **entry} for entry in whole[key]]
    changes = [{"type": "change", **change} for change in whole["difference"]["changes"]]
    assert [line for line in lines if line["type"] == "change"] == changes
    definitions = schema(closed=True)["$defs"]
    for line in lines[1:]:
        kind = line.pop("type")
        jsonschema.validate(line, {"$defs": definitions, "$ref": f"#/$defs/{kind}"})


def test_json_has_no_difference_without_a_base() -> None:
    assert assert_valid(render("json", VIEW))["difference"] is None


# GitHub


def annotations(text: str) -> list[tuple[str, dict[str, str], str]]:
    """What the runner reads of workflow commands: the command, its properties, the message."""
    found = []
    for line in text.splitlines():
        match = re.fullmatch(r"::(error|warning|notice) ([^:]*)::(.*)", line)
        if match is None:
            assert line.startswith("guard: ")
            continue
        pairs = dict(pair.split("=", 1) for pair in match[2].split(","))
        found.append((match[1], {name: decoded(value) for name, value in pairs.items()}, decoded(match[3])))
    return found


def decoded(text: str) -> str:
    for code, character in (("%3A", ":"), ("%2C", ","), ("%0D", "\r"), ("%0A", "\n"), ("%25", "%")):
        text = text.replace(code, character)
    return text


def test_github_annotates_the_worst_first_and_names_the_policy() -> None:
    first, second, third = annotations(render("github", VIEW))
    assert (first[0], second[0], third[0]) == ("error", "warning", "notice")
    assert first[1] == {
        "file": "app/rank.py", "line": "3", "col": "12", "endColumn": "42", "title": "guard: approved-models",
    }  # fmt: skip
    assert first[2].splitlines()[0] == "gpt-4o is not on the list of approved models"
    assert "help: gpt-4o-mini is approved" in first[2]
    assert "file" not in second[1]


def test_github_shows_ten_at_most_and_counts_the_others() -> None:
    text = render("github", replace(VIEW, report=MANY))
    assert [kind for kind, _, _ in annotations(text)] == ["error"] * 10
    assert text.splitlines()[-1] == "guard: 20 more findings without an annotation"


def test_github_with_a_base_marks_the_changed_line_of_new_findings_only() -> None:
    (only,) = annotations(render("github", COMPARED))
    assert (only[1]["file"], only[1]["line"]) == ("app/settings.py", "3")
    assert "changed: model gpt-4o-mini -> gpt-4o: default of RANK_MODEL" in only[2]
    assert "at app/rank.py:3:12" in only[2]


def test_machine_formats_count_paths_from_the_top_of_the_repository() -> None:
    view = replace(VIEW, folder="services/shop")
    assert annotations(render("github", view))[0][1]["file"] == "services/shop/app/rank.py"
    assert json.loads(render("gitlab", view))[0]["location"]["path"] == "services/shop/app/rank.py"
    location = json.loads(render("sarif", view))["runs"][0]["results"][0]["locations"][0]
    assert location["physicalLocation"]["artifactLocation"]["uri"] == "services/shop/app/rank.py"


def test_a_configuration_above_the_scanned_folder_is_found_in_the_repository() -> None:
    above = replace(ALLOWED, labels=(Label(span("../../guard.yaml", 2, 1, 9)),))
    view = replace(VIEW, report=replace(REPORT, findings=(above,)), folder="services/shop")
    assert annotations(render("github", view))[0][1]["file"] == "guard.yaml"
    assert "file" not in annotations(render("github", replace(view, folder="")))[0][1]


# GitLab

CODE_QUALITY = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "additionalProperties": False,
        "properties": {
            "description": {"type": "string"},
            "check_name": {"type": "string"},
            "fingerprint": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "lines"],
                "properties": {
                    "path": {"type": "string", "pattern": "^(?!\\.?/)"},
                    "lines": {"type": "object", "required": ["begin"], "properties": {"begin": {"minimum": 1}}},
                },
            },
        },
    },
}
"""The form that GitLab documents for `artifacts:reports:codequality`."""


def test_gitlab_takes_the_form_that_is_documented() -> None:
    entries = json.loads(render("gitlab", VIEW))
    jsonschema.validate(entries, CODE_QUALITY)
    assert [(one["check_name"], one["severity"]) for one in entries] == [
        ("approved-models", "blocker"), ("search budget", "info"), ("model-known", "info"),
    ]  # fmt: skip
    assert entries[1]["location"] == {"path": "guard.yaml", "lines": {"begin": 1}}


def test_gitlab_fingerprints_are_unique_and_do_not_change_with_lines() -> None:
    twice = replace(REPORT, findings=(ALLOWED, replace(ALLOWED, labels=(Label(span("b.py", 9, 1, 5)),)), UNDECIDED))
    prints = [one["fingerprint"] for one in json.loads(render("gitlab", replace(VIEW, report=twice)))]
    assert len(set(prints)) == 3
    moved = replace(ALLOWED, labels=(Label(span("app/rank.py", 99, 1, 5)),))
    (again,) = json.loads(render("gitlab", replace(VIEW, report=replace(REPORT, findings=(moved,)))))
    assert again["fingerprint"] == prints[0]


# JUnit


def test_junit_has_a_suite_for_each_policy_and_fails_what_blocks(tmp_path: Path) -> None:
    file = tmp_path / "guard.xml"
    file.write_text(render("junit", VIEW), encoding="utf-8")
    suites = {suite.name: list(suite) for suite in junitparser.JUnitXml.fromfile(str(file))}
    failed, forgiven = suites["approved-models"]
    assert [type(result).__name__ for result in failed.result] == ["Failure"]
    assert failed.result[0].message == "gpt-4o is not on the list of approved models"
    assert forgiven.is_skipped and forgiven.result[0].message == "forgiven: migration"
    (undecided,) = suites["model-known"]
    assert undecided.result[0].message == "undecided: the model is read from a database"
    (kept,) = suites["output-limit"]
    assert kept.is_passed and kept.name == "no finding"


def test_names_of_junit_cases_have_no_line_and_are_told_apart() -> None:
    moved = replace(ALLOWED, id="f9", labels=(Label(span("app/rank.py", 99, 1, 5)),))
    root = ElementTree.fromstring(render("junit", replace(VIEW, report=replace(REPORT, findings=(ALLOWED, moved)))))
    names = [case.get("name") for case in root.iter("testcase")][:2]
    words = "app/rank.py: gpt-4o is not on the list of approved models"
    assert names == [words, f"{words} (2)"]


def test_junit_sums_add_up() -> None:
    root = ElementTree.fromstring(render("junit", VIEW))
    for element in (root, *root):
        cases = list(element.iter("testcase"))
        assert int(element.get("tests", "")) == len(cases)
        assert int(element.get("failures", "")) == len(list(element.iter("failure")))
        assert int(element.get("skipped", "0")) == (len(list(element.iter("skipped"))) if element is not root else 0)


def test_junit_has_only_attributes_that_strict_readers_know() -> None:
    known = {
        "testsuites": {"name", "tests", "failures", "errors"},
        "testsuite": {"name", "tests", "failures", "errors", "skipped"},
        "testcase": {"name", "classname"},
        "failure": {"type", "message"},
        "skipped": {"message"},
    }
    for element in ElementTree.fromstring(render("junit", VIEW)).iter():
        assert set(element.keys()) <= known[element.tag]


def finding(form: str, view: View) -> Any:
    return json.loads(render(form, view))


def test_what_blocks_is_said_by_the_command_and_not_by_the_policy_alone() -> None:
    view = replace(VIEW, report=replace(REPORT, findings=(WARNED,)), blocks=lambda one: isinstance(one, Finding))
    assert render("concise", view).startswith("error search budget")
    assert annotations(render("github", view))[0][0] == "error"
    assert finding("gitlab", view)[0]["severity"] == "critical"
    assert "<failure " in render("junit", view)
    assert finding("sarif", view)["runs"][0]["results"][0]["level"] == "error"
    assert "1 finding blocks" in render("markdown", view)
