"""From policies and requests to findings: verdicts, notes, identity, merging, exit codes."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from guard.config.types import Place, PolicySpec
from guard.model import ONCE, Count, Finding, Label, Money, Priced, Site, Value
from guard.policy.decide import decide, exit_code, merge
from guard.policy.examples import CONTEXT, NOT_SENT, estimate, known, layers, looped, priced, span, unknown
from guard.policy.load import load

PLACE = Place("guard.yaml", 12, 5)


def run(items: list[Priced], check: str = "output-limit", **more: Any) -> tuple[Finding, ...]:
    params = more.pop("params", {})
    return decide(load([PolicySpec("mine", PLACE, check, params, **more)]), items, CONTEXT)


def through(path: str, line: int, **more: Any) -> Priced:
    """A request of the wrapper at app/answer.py:12, called from `path`."""
    outer = Site(span(line, path), "wrapper", ONCE, "main", "answer")
    inner = Site(span(), "send", ONCE, "answer", "client.chat.completions.create")
    return priced(id=f"{path}:{line}", sites=(outer, inner), **more)


# --- verdicts ---------------------------------------------------------------------------------------------------


def test_a_finding_says_what_it_costs_where_to_act_and_what_to_do() -> None:
    (finding,) = run([priced(max_output=NOT_SENT)])
    assert finding.verdict == "violated"
    assert finding.message == "no output limit is sent"
    assert finding.labels[0].span == span()
    assert finding.notes == ("cost: $0.0020 per call typical, $0.030 worst",)
    assert finding.help == "set `max_completion_tokens` a little above the longest answer that you use"
    assert (finding.severity, finding.enforce, finding.confidence) == ("medium", "warn", "certain")


@pytest.mark.parametrize(
    ("api", "provider", "argument"),
    [
        ("openai.chat.completions.create", "openai", "`max_completion_tokens`"),
        ("openai.chat.completions.create", "azure", "`max_completion_tokens`"),
        ("openai.chat.completions.create", "deepseek", "`max_tokens`"),
        ("openai.chat.completions.create", None, "`max_completion_tokens` (servers other than OpenAI's: `max_tokens`)"),
        ("openai.responses.create", "openai", "`max_output_tokens`"),
        ("openai.ChatCompletion.create", "openai", "`max_tokens`"),
        ("litellm.completion", "openai", "`max_tokens`"),
        ("google.genai.models.generate_content", "google", "`max_output_tokens` in `config`"),
        ("bedrock.converse", "bedrock", "`maxTokens` in `inferenceConfig`"),
        ("groq.chat.completions.create", "groq", "`max_completion_tokens`"),
        ("mistralai.chat.complete", "mistral", "`max_tokens`"),
    ],
)
def test_the_help_names_the_argument_of_the_api(api: str, provider: str | None, argument: str) -> None:
    (finding,) = run([priced(max_output=NOT_SENT, api=api, provider=provider)])
    assert finding.help == f"set {argument} a little above the longest answer that you use"


def test_a_default_of_nothing_that_callers_may_change_is_likely() -> None:
    item = priced(max_output=Value(NOT_SENT.choices, True, "`limit` is a parameter"))
    (finding,) = run([item])
    assert finding.message == "no output limit is sent unless one is given elsewhere"
    assert finding.confidence == "likely"
    assert finding.notes[-1] == "confidence: likely (`limit` is a parameter)"


def test_what_the_analysis_assumed_lowers_the_confidence() -> None:
    (finding,) = run([priced(max_output=NOT_SENT, assumed=("`client` looks like an OpenAI client",))])
    assert finding.confidence == "likely"
    assert "`client` looks like an OpenAI client" in finding.notes[-1]


def test_stacked_retries_name_each_layer_and_the_product() -> None:
    (finding,) = run([priced(**layers(3, 5))], "attempts-bounded")
    assert finding.message == "one call can send 15 requests (the policy allows 10): tenacity 5 x openai SDK 3"
    assert [label.text for label in finding.labels] == ["", "openai SDK: 3 tries", "tenacity: 5 tries"]


def test_retries_without_a_bound_name_the_layer() -> None:
    (finding,) = run([priced(**layers(3, None))], "attempts-bounded")
    assert finding.message == "retries have no bound in tenacity: tenacity has no stop"
    assert finding.notes[0] == "retry layers multiply: tenacity (no bound) x openai SDK 3"
    assert finding.help == "give tenacity a stop: `stop=stop_after_attempt(3)`"


def test_an_unbounded_loop_points_at_the_call_in_the_loop() -> None:
    endless = Count(0, 1, None, ("`while True`",))
    (finding,) = run([priced(sites=looped(endless), repeats=endless)], "loop-bounded")
    assert finding.message == "no bound was found for the loop around this call: `while True`"
    assert [label.span.path for label in finding.labels] == ["app/jobs.py", "app/answer.py"]


def test_a_mistyped_model_gets_a_suggestion_and_its_origin() -> None:
    (finding,) = run([priced(model=known("gtp-4o", how="env_default"))], "model-known")
    assert finding.message.startswith("`gtp-4o` is not in the price table of openai, so its cost is not known; did you")
    assert "`gpt-4o`" in finding.message
    assert finding.labels[1] == Label(span(3, "settings.py", 9, 10), "model: default of the environment variable")


def test_an_unknown_model_is_undecided_with_the_reason() -> None:
    (finding,) = run([priced(model=unknown("`row.model` is read at run time"))], "model-known", enforce="block")
    assert finding.verdict == "undecided"
    assert finding.message == "not known: which model this call uses: `row.model` is read at run time"
    assert finding.enforce == "warn"


@pytest.mark.parametrize(("on_unknown", "enforced"), [("pass", []), ("warn", ["warn"]), ("block", ["block"])])
def test_on_unknown_decides_what_undecided_does(on_unknown: str, enforced: list[str]) -> None:
    findings = run([priced(model=unknown("?"))], "model-known", on_unknown=on_unknown)
    assert [finding.enforce for finding in findings] == enforced


def test_a_sure_violation_settles_a_value_that_is_open_besides() -> None:
    model = Value(known("o1-pro").choices, True, "environment may override")
    findings = run([priced(model=model)], "model-allowed", params={"allow": ["gpt-4o*"]})
    assert [finding.verdict for finding in findings] == ["violated"]


def test_policies_that_are_off_and_requests_that_do_not_count_are_left_out() -> None:
    assert run([priced(max_output=NOT_SENT)], enforce="off") == ()
    assert run([priced(max_output=NOT_SENT, counted=False, why_not="nothing uses it")]) == ()


@pytest.mark.parametrize(
    ("paths", "found"),
    [(("app/**",), 1), (("jobs/",), 1), (("*.py", "!jobs/**", "!app/**"), 0), (("src/**",), 0), ((), 1)],
)
def test_paths_choose_requests_by_any_of_their_sites(paths: tuple[str, ...], found: int) -> None:
    assert len(run([through("jobs/nightly.py", 7, max_output=NOT_SENT)], paths=paths)) == found


def test_the_policys_own_message_is_filled_in_and_keeps_the_facts_as_a_note() -> None:
    findings = run(
        [priced(model=known("gpt-4o", "gpt-4o-mini"))],
        "model-allowed",
        params={"allow": ["gpt-4o-mini"]},
        message="{model} is not approved ({path}:{line}); ask #ai-platform",
        owner="@platform",
        docs="https://wiki.example/models",
    )
    (finding,) = findings
    assert finding.message == "gpt-4o is not approved (app/answer.py:12); ask #ai-platform"
    assert finding.notes[0] == "`gpt-4o` is not an allowed model: no glob of `allow` matches it"
    assert finding.notes[-2:] == ("policy owner: @platform", "see https://wiki.example/models")


def test_braces_in_scanned_code_are_not_filled_in() -> None:
    (finding,) = run([priced(model=known("{owner}"))], "model-known", message="{model}!", owner="@secret")
    assert finding.message == "{owner}!"


# --- identity and merging ---------------------------------------------------------------------------------------


def test_the_id_does_not_change_with_lines_and_figures() -> None:
    before = run([priced(max_output=NOT_SENT)])[0]
    dearer = estimate(usd=Money(Decimal(1), Decimal(2), None))
    moved = (Site(span(99), "send", ONCE, "answer", "client.chat.completions.create"),)
    after = run([replace(priced(dearer, max_output=NOT_SENT, sites=moved))])[0]
    assert before.id == after.id
    fewer, more = run([priced(**layers(3, 5))], "attempts-bounded"), run([priced(**layers(3, 9))], "attempts-bounded")
    assert fewer[0].message != more[0].message
    assert fewer[0].id == more[0].id


def test_the_id_changes_with_policy_request_and_offending_word() -> None:
    first = run([priced(model=known("gpt-5o"))], "model-known")[0].id
    other_word = run([priced(model=known("gpt-6o"))], "model-known")[0].id
    other_request = run([priced(model=known("gpt-5o"), id="other")], "model-known")[0].id
    assert len({first, other_word, other_request}) == 3


def test_two_loops_of_one_request_have_two_ids() -> None:
    endless = Count(0, 1, None, ("`while True`",))
    outer, inner = looped(endless)
    item = priced(sites=(outer, replace(outer, span=span(50, "app/jobs.py")), inner), repeats=endless)
    findings = run([item], "loop-bounded")
    assert len(findings) == len({finding.id for finding in findings}) == 2


def test_one_cause_in_a_wrapper_is_reported_once_and_names_the_callers() -> None:
    items = [through(f"app/page{i}.py", 5, max_output=NOT_SENT) for i in range(6)]
    (finding,) = merge(run(items))
    assert finding.labels[1].span.path == "app/page0.py"
    assert finding.notes[-1] == "and 5 more callers: app/page1.py:5, app/page2.py:5, app/page3.py:5 and 2 more"
    assert {finding.request, *finding.also} == {item.request.id for item in items}


def test_different_causes_at_one_call_stay_apart() -> None:
    items = [through("a.py", 1, model=known("nope-a")), through("b.py", 1, model=known("nope-b"))]
    assert len(merge(run(items, "model-known"))) == 2


# --- exit codes -------------------------------------------------------------------------------------------------


def test_only_unforgiven_blocking_findings_fail() -> None:
    warned = run([priced(max_output=NOT_SENT)])
    blocked = run([priced(max_output=NOT_SENT)], enforce="block")
    assert exit_code(()) == 0
    assert exit_code(warned) == 0
    assert exit_code((*warned, *blocked)) == 1


def test_undecided_fails_only_with_on_unknown_block() -> None:
    item = priced(model=unknown("?"))
    assert exit_code(run([item], "model-known", enforce="block")) == 0
    assert exit_code(run([item], "model-known", on_unknown="block")) == 1


@pytest.mark.parametrize(("fail_on", "code"), [("low", 1), ("medium", 1), ("high", 0), (None, 0)])
def test_fail_on_takes_violations_from_a_severity_up(fail_on: Any, code: int) -> None:
    assert exit_code(run([priced(max_output=NOT_SENT)]), fail_on) == code


def test_fail_on_leaves_undecided_findings_to_on_unknown() -> None:
    assert exit_code(run([priced(model=unknown("?"))], "model-known"), "low") == 0


def test_the_recommended_pack_leaves_tests_alone_and_says_how_to_change_that(tmp_path: Path) -> None:
    from guard.config.load import load as load_config

    in_test = priced(max_output=NOT_SENT, stage="test")

    def found(text: str) -> list[str]:
        (tmp_path / "guard.yaml").write_text(f"version: 1\n{text}")
        return [f.policy for f in decide(load(load_config(tmp_path).policies), [in_test], CONTEXT)]

    assert found("") == []
    assert found("policies: [{id: output-limit, skip_stages: []}]\n") == ["output-limit"]
    assert found("policies: [{id: own, check: output-limit}]\n") == ["own"]
    assert found("policies: [{id: own, check: output-limit, skip_stages: [test, ci]}]\n") == []


def test_paths_are_relative_to_the_folder_of_the_configuration() -> None:
    policies = load([PolicySpec("mine", PLACE, "output-limit", paths=("services/app/**",))])
    assert not decide(policies, [priced(max_output=NOT_SENT)], CONTEXT)
    assert decide(policies, [priced(max_output=NOT_SENT)], CONTEXT, "services/")
