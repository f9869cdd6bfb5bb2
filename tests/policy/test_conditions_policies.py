"""Policies with a condition (`deny:`): whom they are about, what a finding says, and where a mistake in one stands."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from guard.config.load import load as load_config
from guard.config.types import Config
from guard.model import Count, Finding, Money, Priced, Reach, Unknown, Value
from guard.policy.decide import decide, exit_code
from guard.policy.examples import CONTEXT, NOT_SENT, estimate, known, layers, looped, priced, span, unknown
from guard.policy.load import PolicyError, load

HIGH = Money(Decimal("0.01"), Decimal("0.20"), Decimal("0.60"))
LOST = Unknown("attempts", "`max_retries` comes from a table")
OPEN = Value(known("gpt-4o-mini").choices, True, "environment variable M decides it")


def config(tmp_path: Path, policies: str, more: str = "") -> Config:
    indented = "\n".join(f"  {line}" for line in policies.strip("\n").split("\n"))
    (tmp_path / "guard.yaml").write_text(f"version: 1\nextends: []\npolicies:\n{indented}\n{more}")
    return load_config(tmp_path)


def judged(tmp_path: Path, policy: str, *items: Priced, more: str = "", today: date | None = None) -> list[Finding]:
    """Findings of one policy, written as in guard.yaml."""
    made = config(tmp_path, policy, more)
    context = CONTEXT if today is None else replace(CONTEXT, today=today)
    return list(decide(load(made.policies), items, context, made.prefix, made))


def deny(condition: str, **more: Any) -> str:
    lines = [f"- id: mine\n  deny: {condition}", *(f"  {key}: {value}" for key, value in more.items())]
    return "\n".join(lines)


def verdicts(tmp_path: Path, condition: str, *items: Priced, more: str = "") -> list[str]:
    return [finding.verdict for finding in judged(tmp_path, deny(condition), *items, more=more)]


STORM = "request.attempts.high > 3 && request.usd.high > 0.50 USD"


def test_a_finding_names_the_values_the_condition_and_where_they_come_from(tmp_path: Path) -> None:
    item = priced(estimate(usd=HIGH), **layers(3, 3))
    (finding,) = judged(tmp_path, deny(STORM, enforce="block", severity="high", owner='"@platform"'), item)
    assert finding.message == "not allowed: attempts.high is 9 and usd.high is $0.60"
    assert finding.notes == (
        f"denied: {STORM}",
        "cost: $0.20 per call typical, $0.60 worst",
        "policy owner: @platform",
    )
    assert (finding.verdict, finding.severity, finding.enforce, finding.policy) == ("violated", "high", "block", "mine")
    assert [(label.span.path, label.text) for label in finding.labels] == [
        ("app/answer.py", ""),
        ("app/retry.py", "openai SDK: 3 tries"),
        ("app/retry.py", "tenacity: 3 tries"),
    ]
    assert finding.help == "`guard explain app/answer.py:12` shows where each value comes from"
    assert exit_code((finding,)) == 1


def test_without_a_bound_is_more_than_any_number(tmp_path: Path) -> None:
    item = priced(estimate(usd=replace(HIGH, high=None)), **layers(3, None))
    (finding,) = judged(tmp_path, deny(STORM), item)
    assert finding.message == "not allowed: attempts.high is without bound and usd.high is without bound"
    assert verdicts(tmp_path, "'!request.attempts.bounded'", item) == ["violated"]


@pytest.mark.parametrize(
    ("condition", "item", "expected"),
    [
        # A model that may be used breaks the policy, whatever the others do.
        ('request.model.glob("gpt-4o")', priced(model=known("gpt-4o-mini", "gpt-4o")), ["violated"]),
        ('request.model == "gpt-4o"', priced(model=known("gpt-4o-mini")), []),
        ('request.model == "gpt-4o"', priced(model=OPEN), ["undecided"]),
        ('request.model == "gpt-4o-mini"', priced(model=OPEN), ["violated"]),
        ('request.model == "gpt-4o"', priced(model=unknown("`row.model` is read at run time")), ["undecided"]),
        # What belongs together stays together.
        (
            'request.model == "gpt-4o" && request.max_output > 4_000',
            priced(model=known("gpt-4o"), max_output=known(300, 8_000)),
            ["violated"],
        ),
        # Nothing sent is not a number.
        ("!has(request.max_output)", priced(max_output=NOT_SENT), ["violated"]),
        ("!has(request.max_output)", priced(), []),
        ("!has(request.max_output)", priced(max_output=unknown("`params` is built elsewhere")), ["undecided"]),
        ("request.max_output > 4_000", priced(max_output=NOT_SENT), ["undecided"]),
        ("!has(request.max_output) || request.max_output > 4_000", priced(max_output=NOT_SENT), ["violated"]),
        # A price that covers only what is known is a lower bound of the worst case.
        ("request.usd.high > 1 USD", priced(estimate(usd=HIGH), model=OPEN), ["undecided"]),
        ("request.usd.high > 0.5 USD", priced(estimate(usd=HIGH), model=OPEN), ["violated"]),
        ("request.usd.typical > 1 USD", priced(estimate(usd=HIGH), model=OPEN), []),
        ("request.usd.high > 1 USD", priced(estimate(usd=None, priced=False, why=("no price",))), ["undecided"]),
        ("!request.priced", priced(estimate(usd=None, priced=False, why=("no price",))), ["violated"]),
        ("request.usd_per_month.typical > 1 USD", priced(), ["undecided"]),
        ('request.stage == "test" || request.operation == "embedding"', priced(operation="embedding"), ["violated"]),
        ('request.sites.exists(s, s.path.startsWith("app/jobs"))', priced(sites=looped(Count(3, 3, 3))), ["violated"]),
        ('request.layers.exists(l, l.billed == "no")', priced(**layers(3)), []),
        ('!has(request.feature) && request.provider in ["openai", "azure"]', priced(), ["violated"]),
        ("request.repeats.high > 10 && request.repeats.bounded", priced(repeats=Count(1, 1, None)), []),
        # "Not known" is not "without a bound".
        ("request.attempts.high > 3", priced(**layers(None), unknown=(LOST,)), ["undecided"]),
        ("!request.attempts.bounded", priced(**layers(None), unknown=(LOST,)), ["undecided"]),
        ("request.layers.exists(l, l.attempts > 3)", priced(**layers(None), unknown=(LOST,)), ["undecided"]),
        ("request.attempts.low > 3", priced(**layers(None), unknown=(LOST,)), []),
        (
            "request.usd.high > 1 USD",
            priced(estimate(usd=replace(HIGH, high=None)), **layers(None), unknown=(LOST,)),
            ["undecided"],
        ),
        (
            "request.usd.high > 0.1 USD",
            priced(estimate(usd=replace(HIGH, high=None)), **layers(None), unknown=(LOST,)),
            ["violated"],
        ),
    ],
)
def test_what_a_condition_says_of_a_request(tmp_path: Path, condition: str, item: Priced, expected: list[str]) -> None:
    assert verdicts(tmp_path, f"'{condition}'", item) == expected


def test_the_reason_why_something_is_not_known_is_told(tmp_path: Path) -> None:
    (finding,) = judged(tmp_path, deny('request.model == "gpt-4o"'), priced(model=OPEN))
    assert (finding.verdict, finding.enforce) == ("undecided", "warn")
    assert finding.message == "not known: environment variable M decides it"
    assert judged(tmp_path, deny('request.model == "gpt-4o"', on_unknown="pass"), priced(model=OPEN)) == []
    (blocked,) = judged(tmp_path, deny('request.model == "gpt-4o"', on_unknown="block"), priced(model=OPEN))
    assert exit_code((blocked,)) == 1


def test_each_model_that_breaks_it_is_a_finding_of_its_own(tmp_path: Path) -> None:
    found = judged(tmp_path, deny('request.model.glob("gpt-4o*")'), priced(model=known("gpt-4o-mini", "gpt-4o", "o1")))
    assert [finding.message for finding in found] == [
        "not allowed: model is `gpt-4o-mini`",
        "not allowed: model is `gpt-4o`",
    ]
    assert len({finding.id for finding in found}) == 2


def test_the_price_of_one_choice_is_not_taken_for_that_of_another(tmp_path: Path) -> None:
    item = priced(estimate(usd=HIGH), model=known("gpt-4o-mini", "gpt-4o"))
    assert verdicts(tmp_path, "'request.model == \"gpt-4o-mini\" && request.usd.high > 0.5 USD'", item) == ["undecided"]
    assert verdicts(tmp_path, "'request.model == \"gpt-4o-mini\" && request.usd.high > 0.7 USD'", item) == []


def test_a_message_fills_in_fields(tmp_path: Path) -> None:
    message = '"{model}: {request.attempts.high} tries, {request.usd.high} each; {repo.usd.typical} in all, {owner}"'
    (finding,) = judged(tmp_path, deny(STORM, message=message), priced(estimate(usd=HIGH), **layers(3, 3)))
    assert finding.message == "gpt-4o-mini: 9 tries, $0.60 each; $0.20 in all, (no owner known)"
    assert finding.notes[0] == "not allowed: attempts.high is 9 and usd.high is $0.60"


def test_a_day_from_which_it_blocks(tmp_path: Path) -> None:
    policy = deny("request.attempts.high > 3", block_from="2027-02-01")
    item = priced(**layers(3, 3))
    (before,) = judged(tmp_path, policy, item, today=date(2027, 1, 31))
    assert before.enforce == "warn"
    assert before.notes[-1] == "blocks from 2027-02-01 on"
    (after,) = judged(tmp_path, policy, item, today=date(2027, 2, 1))
    assert after.enforce == "block"
    off = deny("request.attempts.high > 3", block_from="2027-02-01", enforce="off")
    assert judged(tmp_path, off, item, today=date(2027, 2, 1)) == []


def _reached(*entries: str, times: int = 1) -> tuple[Reach, ...]:
    return tuple(Reach(entry, "route", Count(times, times, times), (), (span(3, "app/web.py"),)) for entry in entries)


DEAR = priced(estimate(usd=HIGH), id="dear:1", reached_from=_reached("app/web.py::ask", times=4))
CHEAP = priced(id="cheap:1", reached_from=_reached("app/web.py::ask", "app/web.py::ping"))
NO_PRICE = priced(
    estimate(usd=None, priced=False, why=("no price",)), id="none:1", reached_from=_reached("app/web.py::ping")
)
SEARCH = 'features: {search: {paths: ["app/**"], owner: "@search"}, empty: {paths: ["none/**"]}}\n'


def test_a_condition_about_workflows_sums_what_a_run_costs(tmp_path: Path) -> None:
    found = judged(tmp_path, deny("workflow.usd_per_run.typical > 0.70 USD"), DEAR, CHEAP)
    assert [finding.message for finding in found] == [
        "not allowed for workflow `app/web.py::ask`: usd_per_run.typical is $0.80"
    ]
    assert [(label.span.path, label.text) for label in found[0].labels] == [
        ("app/web.py", "reached from here"),
        ("guard.yaml", "the policy"),
    ]
    assert found[0].request is None


def test_a_sum_without_all_prices_is_a_lower_bound(tmp_path: Path) -> None:
    items = (CHEAP, NO_PRICE)
    found = judged(tmp_path, deny("workflow.usd_per_run.typical > 0.70 USD"), *items)
    assert [(finding.verdict, finding.message) for finding in found] == [
        ("undecided", "not known: workflow `app/web.py::ping`: 1 of 2 requests: no price")
    ]
    assert verdicts(tmp_path, "workflow.usd_per_run.typical > 0.001 USD", *items) == ["violated", "violated"]


def test_requests_of_a_workflow_can_be_asked_about(tmp_path: Path) -> None:
    condition = "'workflow.kind == \"route\" && workflow.requests.exists(r, r.usd.high > 0.5 USD)'"
    (finding,) = judged(tmp_path, deny(condition), DEAR, CHEAP)
    assert finding.labels[0].span == DEAR.request.sites[0].span


def test_a_condition_about_features_is_asked_of_each(tmp_path: Path) -> None:
    item = replace(DEAR, feature="search", owner="@search")
    (finding,) = judged(tmp_path, deny("feature.usd.high > 0.5 USD && has(feature.owner)"), item, more=SEARCH)
    assert finding.message == "not allowed for feature `search`: usd.high is $0.60 and owner is `@search`"
    assert verdicts(tmp_path, "feature.count == 0", item, more=SEARCH) == ["violated"]
    both = "'request.usd.high > 0.5 USD && feature.name == \"search\"'"
    assert verdicts(tmp_path, both, item, CHEAP, more=SEARCH) == ["violated"]


def test_a_condition_about_the_repository(tmp_path: Path) -> None:
    assert verdicts(tmp_path, "repo.priced_share < 100%", DEAR, NO_PRICE) == ["violated"]
    assert verdicts(tmp_path, "repo.priced_share < 50%", DEAR, NO_PRICE) == []
    assert verdicts(tmp_path, "'\"gpt-4o\" in repo.models'", DEAR, priced(model=OPEN)) == ["undecided"]
    assert verdicts(tmp_path, "repo.usd_per_month.typical > 1 USD", DEAR) == ["undecided"]
    assert verdicts(tmp_path, "repo.count > 0", priced(stage="test")) == []


def test_paths_and_stages_choose_what_a_sum_is_about(tmp_path: Path) -> None:
    elsewhere = priced(estimate(usd=HIGH), id="other:1", sites=looped(Count(1, 1, 1)))
    policy = deny("repo.count > 1", paths="[app/jobs.py]")
    assert judged(tmp_path, policy, DEAR, elsewhere) == []
    assert len(judged(tmp_path, deny("repo.count > 1"), DEAR, elsewhere)) == 1
    batch = replace(DEAR, request=replace(DEAR.request, id="batch:1", stage="batch"))
    assert judged(tmp_path, deny("repo.count > 1", skip_stages="[batch]"), DEAR, batch) == []


# What stands behind `deny:` -> line and column of the mistake, and how the file goes on there.
PLACED = {
    "plain": ("request.atempts.high > 3", 5, 19, "atempts.high > 3"),
    "in quotes": ("'request.stage == \"prod\"'", 5, 29, "\"prod\"'"),
    "with quotes inside": (
        '"request.model == \\"a\\" && request.atempts.high > 3"',
        5,
        46,
        'atempts.high > 3"',
    ),
    "over two lines": ("request.attempts.high > 3\n      && request.usd.hihg > 1", 6, 22, "hihg > 1"),
    "folded": (">-\n      request.attempts.high > 3\n      && request.usd.hihg > 1", 7, 22, "hihg > 1"),
    "literal": (
        "|\n      request.attempts.high > 3 // tries\n      && request.usd.hihg > 1\n", 7, 22, "hihg > 1",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", PLACED)
def test_the_caret_stands_under_the_word_however_it_is_quoted(tmp_path: Path, case: str) -> None:
    condition, line, column, rest = PLACED[case]
    text = f"version: 1\nextends: []\npolicies:\n  - id: mine\n    deny: {condition}\n"
    (tmp_path / "guard.yaml").write_text(text)
    with pytest.raises(PolicyError) as caught:
        load(load_config(tmp_path).policies)
    (issue,) = caught.value.errors
    source = text.split("\n")[line - 1]
    assert (issue.line, issue.column, source[column - 1 :]) == (line, column, rest)
    assert str(issue).split("\n")[1:] == [f"  {line} | {source}", f"    | {' ' * (column - 1)}^"]


def test_a_condition_in_toml_has_a_place_too(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        'tool.guard = {version = 1, extends = [], policies = [{id = "a", deny = "request.atempts.high > 3"}]}\n'
    )
    with pytest.raises(PolicyError) as caught:
        load(load_config(tmp_path).policies)
    assert str(caught.value).startswith(
        "pyproject.toml:1:81: a request has no field 'atempts'; did you mean 'attempts'?"
    )


def test_wrong_together(tmp_path: Path) -> None:
    """What can be said of one object alone is refused with what to write instead."""
    wrong = {
        "request.usd.high > workflow.usd_per_run.high": "guard.yaml:5:30: a condition is about each request or "
        "about each workflow, not about both; ask about the requests of a workflow: `workflow.requests.exists(r, ...)`",
        "request.priced && repo.requests.exists(r, r.priced)": "guard.yaml:5:34: the requests of `repo` are not walked "
        "through for each request, which may take too long; write a condition about `repo` alone",
        "repo.requests.exists(a, repo.requests.exists(b, a.path == b.path))": "guard.yaml:5:40: 'requests' is walked "
        "through for each of all requests, which may take too long; ask about them in two policies",
        "size(repo.requests) > 3": "guard.yaml:5:11: this list grows with the repository; write `.count` for how many "
        "they are",
    }
    for condition, text in wrong.items():
        with pytest.raises(PolicyError) as caught:
            load(config(tmp_path, deny(condition)).policies)
        assert str(caught.value).split("\n")[0] == text


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ("{request.atempts}", "'{request.atempts}'; a request has no field 'atempts'; did you mean 'attempts'?"),
        (
            "{request.usd}",
            "'{request.usd}'; `request.usd` has several figures: low, typical, high and bounded; write "
            "`request.usd.high` for the worst case, `request.usd.typical` for the usual one",
        ),
        (
            "{workflow.name}",
            "'{workflow.name}'; there is nothing called 'workflow'; there are feature, repo and request; "
            "text needs quotes",
        ),
        ("{modle}", "'{modle}'; did you mean 'model'?"),
        ("{request.sites}", "'{request.sites}'; 'request.sites' is a list, which has no short text; "),
    ],
)  # fmt: skip
def test_a_message_can_only_name_fields_that_are_there(tmp_path: Path, message: str, text: str) -> None:
    with pytest.raises(PolicyError) as caught:
        load(config(tmp_path, deny("request.priced", message=f'"{message}"')).policies)
    assert str(caught.value) == f"guard.yaml:6:14: the message of policy 'mine' names an unknown field {text}"


def test_a_condition_of_a_pack_can_be_changed_in_one_field(tmp_path: Path) -> None:
    (tmp_path / "team.yaml").write_text("version: 1\npolicies: [{id: storms, deny: request.attempts.high > 3}]\n")
    (tmp_path / "guard.yaml").write_text("version: 1\nextends: [team.yaml]\npolicies: [{id: storms, enforce: block}]\n")
    (policy,) = load(load_config(tmp_path).policies)
    assert policy.asking is not None
    assert policy.spec.enforce == "block"
    (tmp_path / "guard.yaml").write_text(
        "version: 1\nextends: [team.yaml]\npolicies: [{id: storms, check: output-limit}]\n"
    )
    (policy,) = load(load_config(tmp_path).policies)
    assert (policy.asking, policy.check.id) == (None, "output-limit")


def test_a_check_of_the_pack_can_become_a_condition(tmp_path: Path) -> None:
    (tmp_path / "guard.yaml").write_text(
        "version: 1\npolicies: [{id: attempts-bounded, deny: request.attempts.high > 4}]\n"
    )
    policies = {policy.spec.id: policy for policy in load(load_config(tmp_path).policies)}
    assert policies["attempts-bounded"].asking is not None
    assert policies["attempts-bounded"].severity == "medium"
