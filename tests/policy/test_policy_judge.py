"""The whole room over the shipped price table: context, order, and that nothing heavy is imported for it."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from decimal import Decimal

import pytest

from guard.config.types import Budget, Config, Place, PolicySpec, Usage, UsageRule
from guard.estimate import prices
from guard.estimate.cost import estimate_all
from guard.model import ONCE, Count, Reach
from guard.policy.examples import NOT_SENT, known, looped, priced, request
from guard.policy.judge import context, judge
from guard.policy.load import PolicyError
from guard.policy.types import Context

PLACE = Place("guard.yaml", 12, 5)


@pytest.fixture(scope="module")
def real() -> Context:
    return context(prices.load(), {"prod-chat": "azure/gpt-4o"}, date(2026, 11, 23))


def verdicts(real: Context, model: str, provider: str | None) -> list[tuple[str, str]]:
    config = Config(policies=(PolicySpec("model-known", PLACE, "model-known"),))
    found = judge([priced(model=known(model), provider=provider)], config, real)
    return [(finding.verdict, finding.message) for finding in found]


@pytest.mark.parametrize(
    ("model", "provider"),
    [("gpt-4o", "openai"), ("openai/gpt-4o", None), ("prod-chat", "azure"), ("llama3", "ollama"), ("vllm/x", None)],
)
def test_models_with_a_price_aliases_and_local_models_are_known(real: Context, model: str, provider: str) -> None:
    assert verdicts(real, model, provider) == []


def test_a_mistyped_model_is_violated_with_a_suggestion(real: Context) -> None:
    ((verdict, message),) = verdicts(real, "gtp-4o", "openai")
    assert verdict == "violated"
    assert message == "`gtp-4o` is not in the price table of openai, so its cost is not known; did you mean `gpt-4o`?"


def test_a_name_at_a_provider_that_does_not_list_it_is_violated(real: Context) -> None:
    ((verdict, _),) = verdicts(real, "my-model-of-2031", "anthropic")
    assert verdict == "violated"


@pytest.mark.parametrize(
    ("model", "provider", "words"),
    [
        ("prod-other", "azure", "the deployment `prod-other`"),
        ("arn:aws:bedrock:us-east-1:123:application-inference-profile/x", "bedrock", "does not say which model it is"),
        ("some-model", "no-such-provider", "no prices of the provider"),
    ],
)
def test_names_that_cannot_be_priced_are_undecided(real: Context, model: str, provider: str, words: str) -> None:
    ((verdict, message),) = verdicts(real, model, provider)
    assert verdict == "undecided"
    assert words in message


def test_findings_come_in_the_order_of_their_places(real: Context) -> None:
    config = Config(
        policies=(PolicySpec("b", PLACE, "output-limit"), PolicySpec("a", PLACE, "output-limit")),
        budgets=(Budget("mine", PLACE, per_call=Decimal("0.000001")),),
    )
    items = [priced(id="late", sites=looped(priced().request.repeats)[1:], max_output=NOT_SENT)]
    found = judge(items, config, real)
    assert [finding.policy for finding in found] == ["a", "b", "budget:mine"]
    assert judge(items, config, real) == found


def test_a_broken_policy_stops_the_run(real: Context) -> None:
    with pytest.raises(PolicyError, match="unknown check 'x'"):
        judge([], Config(policies=(PolicySpec("p", PLACE, "x"),)), real)


def test_policies_need_no_tokenizer_no_validator_and_no_code_editor() -> None:
    heavy = ("tiktoken", "jsonschema", "libcst", "yaml", "pathspec", "difflib")
    script = (
        "import sys\n"
        "from guard.config.types import Config\n"
        "from guard.policy.examples import CONTEXT, priced\n"
        "from guard.policy.judge import judge\n"
        "judge([priced()], Config(), CONTEXT)\n"
        f"print([name for name in {heavy!r} if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_month_counts_declared_entry_points_and_is_undecided_about_the_others(real: Context) -> None:
    reached = (
        Reach("app/jobs.py::nightly", "task", Count(2, 2, 2)),
        Reach("app/api.py::ask", "route", ONCE, aliases=("POST /ask",)),
    )
    table = prices.load()
    entries = {"app/jobs.py::nightly": 1000, "POST /ask": 500}

    def found(limit: str, *declared: str) -> list[tuple[str, str]]:
        rules = tuple(
            UsageRule(
                f"usage.rules[{i}]", PLACE, entry=entry, runs_per_month=Decimal(entries[entry]), output_tokens=100
            )
            for i, entry in enumerate(declared)
        )
        mine = Budget("mine", PLACE, per_month=Decimal(limit))
        config = Config(usage=Usage(rules=rules), budgets=(mine,))
        items = estimate_all((request(model=known("gpt-4o-mini"), reached_from=reached),), table, config)
        return [(finding.verdict, finding.message) for finding in judge(items, config, real)]

    assert found("1000", *entries) == []
    assert [verdict for verdict, _ in found("0.001", *entries)] == ["violated"]
    ((verdict, message),) = found("1000", "POST /ask")
    assert verdict == "undecided"
    assert "of 1 request, 1 with no declared runs ($" in message
    assert [verdict for verdict, _ in found("0.001", "POST /ask")] == ["violated"]
    ((verdict, message),) = found("1000")
    assert (verdict, "nothing is known of a month" in message) == ("undecided", True)
