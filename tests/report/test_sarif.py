"""SARIF: valid against the schema of OASIS, and with what code scanning needs to show a finding where it was caused."""

from __future__ import annotations

import functools
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
from difference_samples import DIFFERENCE, UNTOUCHED
from report_samples import ALLOWED, EMPTY, FORGIVEN, REPORT, RULES, UNDECIDED, span

from guard.model import Forgiven, Label, Problem
from guard.report.formats.sarif import render
from guard.report.view import View

VIEW = View(REPORT, rules=lambda: RULES)
COMPARED = replace(VIEW, difference=DIFFERENCE, blocks=lambda finding: finding.id in DIFFERENCE.new_findings)


@functools.cache
def validator() -> jsonschema.Draft4Validator:
    schema = json.loads((Path(__file__).parent / "sarif/sarif-schema-2.1.0.json").read_text(encoding="utf-8"))
    return jsonschema.Draft4Validator(schema, format_checker=jsonschema.Draft4Validator.FORMAT_CHECKER)


def run_of(view: View) -> dict[str, Any]:
    """The one run of a log, which is valid."""
    text = render(view)
    assert text.isascii()
    log = json.loads(text)
    errors = [f"{error.json_path}: {error.message}" for error in validator().iter_errors(log)]
    assert errors == []
    (run,) = log["runs"]
    return dict(run)


def result(view: View, fingerprint: str) -> dict[str, Any]:
    found = [one for one in run_of(view)["results"] if one["partialFingerprints"] == {"guard/v1": fingerprint}]
    assert len(found) == 1
    return dict(found[0])


def at(location: dict[str, Any]) -> tuple[str, dict[str, int]]:
    physical = location["physicalLocation"]
    return physical["artifactLocation"]["uri"], physical["region"]


def test_a_report_is_valid_with_and_without_a_base() -> None:
    for view in (
        VIEW,
        COMPARED,
        replace(VIEW, difference=UNTOUCHED),
        View(EMPTY),
        replace(VIEW, folder="services/shop"),
    ):
        run_of(view)


def test_a_finding_has_its_place_its_words_and_the_way_of_the_value() -> None:
    found = result(VIEW, ALLOWED.id)
    assert (found["ruleId"], found["level"]) == ("approved-models", "error")
    assert found["message"]["text"] == "gpt-4o is not on the list of approved models\nhelp: gpt-4o-mini is approved"
    (location,) = found["locations"]
    assert at(location) == ("app/rank.py", {"startLine": 3, "startColumn": 12, "endLine": 3, "endColumn": 42})
    assert [one["message"]["text"] for one in found["relatedLocations"]] == ["model comes from here", "default value"]
    (flow,) = found["codeFlows"][0]["threadFlows"]
    assert [(at(step["location"])[0], step["location"]["message"]["text"]) for step in flow["locations"]] == [
        ("app/settings.py", "env default: RANK_MODEL"),
        ("app/rank.py", "attribute: settings.model"),
        ("app/rank.py", "client.chat.completions.create"),
    ]


def test_rules_are_all_that_was_asked_with_help() -> None:
    rules = run_of(VIEW)["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["approved-models", "model-known", "output-limit", "search budget"]
    approved = rules[0]
    assert approved["defaultConfiguration"] == {"level": "error", "rank": 90.0}
    assert approved["fullDescription"]["text"] == "Holds models against a list."
    assert approved["help"]["markdown"].startswith("# approved-models\n\nThe model is on the list.\n\n## What it does")
    assert approved["name"] == "ApprovedModels" and approved["properties"]["tags"] == ["llm-cost"]
    assert rules[2]["helpUri"] == "https://intern.example/llm"
    assert "security-severity" not in json.dumps(rules)
    assert "`#ai-platform`" in rules[3]["help"]["markdown"]


def test_results_refer_to_their_rule_and_their_files_by_number() -> None:
    run = run_of(VIEW)
    for one in run["results"]:
        assert run["tool"]["driver"]["rules"][one["ruleIndex"]]["id"] == one["ruleId"]

    def files(data: Any) -> list[dict[str, Any]]:
        if isinstance(data, list):
            return [found for item in data for found in files(item)]
        if isinstance(data, dict):
            own = [data] if "uri" in data and "index" in data else []
            return own + [found for item in data.values() for found in files(item)]
        return []

    named = files(run["results"])
    assert named
    for file in named:
        assert run["artifacts"][file["index"]]["location"] == file


def test_an_undecided_finding_is_a_note_unless_it_blocks() -> None:
    found = result(VIEW, UNDECIDED.id)
    assert found["level"] == "note" and found["message"]["text"].startswith("undecided: the model is read")
    assert result(replace(VIEW, blocks=lambda _: True), UNDECIDED.id)["level"] == "error"


def test_a_forgiven_finding_is_suppressed_and_not_left_out() -> None:
    (suppression,) = result(VIEW, FORGIVEN.id)["suppressions"]
    assert (suppression["kind"], suppression["justification"]) == ("external", "migration")
    assert at(suppression["location"])[0] == "guard.yaml"
    inline = replace(ALLOWED, forgiven=Forgiven("inline", "three words"))
    found = result(replace(VIEW, report=replace(REPORT, findings=(inline,))), ALLOWED.id)
    assert found["suppressions"][0]["kind"] == "inSource"


def test_with_a_base_a_new_finding_stands_at_the_changed_line() -> None:
    found = result(COMPARED, ALLOWED.id)
    (location,) = found["locations"]
    assert at(location) == ("app/settings.py", {"startLine": 3, "startColumn": 33})
    assert "(changed: model gpt-4o-mini -> gpt-4o: default of RANK_MODEL)" in found["message"]["text"]
    assert at(found["relatedLocations"][0])[0] == "app/rank.py"
    assert found["baselineState"] == "new"
    old = result(COMPARED, UNDECIDED.id)
    assert old["baselineState"] == "unchanged" and at(old["locations"][0])[0] == "app/chat.py"


def test_of_several_causes_the_one_that_the_finding_names_counts() -> None:
    about_rounds = replace(ALLOWED, labels=(Label(span("app/jobs.py", 9, 3, 8)),))
    found = result(replace(COMPARED, report=replace(REPORT, findings=(about_rounds,))), ALLOWED.id)
    assert at(found["locations"][0])[0] == "app/jobs.py"


def test_a_finding_about_a_sum_stands_at_the_cause_of_the_largest_rise() -> None:
    budget = replace(ALLOWED, request=None, labels=(Label(span("guard.yaml", 3, 5, 5), "the budget"),))
    found = result(replace(COMPARED, report=replace(REPORT, findings=(budget,))), ALLOWED.id)
    assert at(found["locations"][0])[0] == "app/settings.py"
    assert found["relatedLocations"][0]["message"]["text"] == "the budget"


def test_a_cell_of_a_notebook_is_named_and_stands_on_a_line_of_its_file() -> None:
    cell = replace(ALLOWED, labels=(Label(span("eda.ipynb", 12, 1, 20, 3, 5)),))
    view = replace(VIEW, report=replace(REPORT, findings=(cell,)))
    found = result(view, ALLOWED.id)
    assert at(found["locations"][0]) == ("eda.ipynb", {"startLine": 1})
    assert "approved models (cell 3, line 5)" in found["message"]["text"]
    known = result(replace(view, file_line=lambda _: 214), ALLOWED.id)
    assert at(known["locations"][0]) == ("eda.ipynb", {"startLine": 214})


def test_paths_are_percent_encoded() -> None:
    odd = replace(ALLOWED, labels=(Label(span("a b/\u00e9#%\udcff.py", 1, 1, 2)),))
    found = result(replace(VIEW, report=replace(REPORT, findings=(odd,))), ALLOWED.id)
    assert at(found["locations"][0])[0] == "a%20b/%C3%A9%23%25%FF.py"


def test_what_lies_above_the_repository_is_named_without_a_file() -> None:
    above = replace(ALLOWED, labels=(Label(span("../guard.yaml", 2, 1, 9)),))
    (location,) = result(replace(VIEW, report=replace(REPORT, findings=(above,))), ALLOWED.id)["locations"]
    assert location == {"logicalLocations": [{"fullyQualifiedName": "../guard.yaml:2:1"}]}


def test_files_that_could_not_be_read_are_notifications() -> None:
    whole = Problem("app/big.py", None, None, "too-large", "is larger than 2 MB")
    (invocation,) = run_of(replace(VIEW, report=replace(REPORT, problems=(*REPORT.problems, whole))))["invocations"]
    assert invocation["executionSuccessful"] is True
    first, second = invocation["toolExecutionNotifications"]
    assert first["message"]["text"] == "app/old.py: not Python 3: calls in it are not seen (exclude it)"
    assert at(first["locations"][0]) == ("app/old.py", {"startLine": 3, "startColumn": 7})
    assert "region" not in second["locations"][0]["physicalLocation"]


def test_words_of_a_finding_are_no_link() -> None:
    linked = replace(ALLOWED, message="[approved](https://evil.example) model")
    found = result(replace(VIEW, report=replace(REPORT, findings=(linked,))), ALLOWED.id)
    assert "](" not in found["message"]["text"]


def test_the_log_says_no_time_and_no_path_of_the_machine() -> None:
    text = render(VIEW)
    assert "Time" not in text and str(Path.cwd()) not in text
