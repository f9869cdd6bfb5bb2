"""What a user reads after a mistake in guard.yaml that leaves the file well-formed: the whole text of each message."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from guard.config.issues import ConfigError
from guard.config.load import load
from guard.model import Finding
from guard.run import scan

DAY = date(2027, 1, 1)
CODE = """\
from openai import OpenAI

client = OpenAI(max_retries=1)


def ask(question):
    messages = [{"role": "user", "content": question}]
    return client.chat.completions.create(model="gpt-4o-mini", messages=messages, max_tokens=200)
"""


def findings(folder: Path, yaml: str) -> tuple[Finding, ...]:
    (folder / "app").mkdir(exist_ok=True)
    (folder / "app" / "ask.py").write_text(CODE)
    (folder / "guard.yaml").write_text(f"version: 1\nextends: []\n{yaml}")
    return scan(folder, load(folder), DAY).findings


# Case -> (what stands in guard.yaml, the whole message).
REFUSED = {
    "misspelt key": (
        "policies: [{id: a, check: output-limit, enforced: block}]",
        "guard.yaml:3:41: unknown key 'enforced' in policies[0]; did you mean 'enforce'?\n"
        "  3 | policies: [{id: a, check: output-limit, enforced: block}]\n"
        "    |                                         ^",
    ),
    "wrong unit": (
        'policies: [{id: a, deny: "request.attempts.high > 0.05 USD"}]',
        "guard.yaml:3:49: `request.attempts.high` (a number) cannot be compared with `0.05 USD` (an amount in USD); "
        "write a number without unit\n"
        '  3 | policies: [{id: a, deny: "request.attempts.high > 0.05 USD"}]\n'
        "    |                                                 ^",
    ),
    "unknown check": (
        "policies: [{id: a, check: output-limits}]",
        "guard.yaml:3:27: policy 'a' uses an unknown check 'output-limits'; did you mean 'output-limit'?",
    ),
    "percent over 100": (
        "policies: [{id: a, deny: repo.priced_share < 120%}]",
        "guard.yaml:3:46: 120% is more than 100 %\n"
        "  3 | policies: [{id: a, deny: repo.priced_share < 120%}]\n"
        "    |                                              ^",
    ),
    "share of a budget over 100": (
        "budgets: [{name: a, per_call: 1 USD, min_coverage: 120%}]",
        "guard.yaml:3:52: budgets[0].min_coverage is 120%, which is more than 100 %; for example min_coverage: 90%\n"
        "  3 | budgets: [{name: a, per_call: 1 USD, min_coverage: 120%}]\n"
        "    |                                                    ^",
    ),
    "duplicate id": (
        "policies:\n  - {id: a, check: output-limit}\n  - {id: a, deny: request.priced}",
        "guard.yaml:5:10: policy 'a' is written twice; the first one is on line 4\n"
        "  5 |   - {id: a, deny: request.priced}\n"
        "    |          ^",
    ),
    "misspelt word": (
        "policies: [{id: a, deny: \"request.stage == 'prodution'\"}]",
        "guard.yaml:3:44: it is never 'prodution'; did you mean 'production'?\n"
        "  3 | policies: [{id: a, deny: \"request.stage == 'prodution'\"}]\n"
        "    |                                            ^",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_mistake_is_refused_with_the_whole_message(tmp_path: Path, case: str) -> None:
    yaml, message = REFUSED[case]
    with pytest.raises(ConfigError) as caught:
        findings(tmp_path, yaml)
    assert str(caught.value) == message


# Case -> (what stands in guard.yaml, line, message and help).
TOLD = {
    "unknown model in an allow list": (
        'policies:\n  - {id: a, check: model-allowed, params: {allow: ["gpt-4o-mni*", "gpt-4o-mini"]}}',
        4,
        "`gpt-4o-mni*` in `allow` of policy `a` matches no known model; did you mean `gpt-4o-mini`?",
    ),
    "unknown model in a deny list": (
        "policies:\n  - {id: a, check: model-allowed, params: {deny: [zzz-unheard-of]}}",
        4,
        "`zzz-unheard-of` in `deny` of policy `a` matches no known model",
    ),
    "glob of a policy that matches nothing": (
        'policies:\n  - {id: a, check: output-limit, paths: ["ap/**"]}',
        4,
        "`ap/**` matches no file, so policy `a` is not about what it should be",
    ),
    "glob of a feature that matches nothing": (
        'features: {search: {paths: ["app/**", "src/serch/**"]}}',
        3,
        "`src/serch/**` matches no file, so feature `search` is not about what it should be",
    ),
    "glob of a usage rule that matches nothing": (
        'usage: {rules: [{paths: ["serch/**"], runs_per_month: 3}]}',
        3,
        "`serch/**` matches no file, so `usage.rules[0]` is not about what it should be",
    ),
    "entry point of a usage rule that is misspelt": (
        'usage:\n  rules:\n    - {entry: "app/ask.py::aks", runs_per_month: 3, holes: {question: 5}}',
        5,
        "`app/ask.py::aks` of `usage.rules[0]` is no entry point from which a request is reached, so the rule declares "
        "nothing; did you mean `app/ask.py::ask`?",
    ),
    "hole of a usage rule that is misspelt": (
        "usage:\n  rules:\n    - {holes: {questoin: 5, question: 6, tool_result: 7}}",
        5,
        "`questoin` in `holes` of `usage.rules[0]` is no part of a prompt that the rule is about, so it sizes nothing; "
        "did you mean `question`?",
    ),
    "expired exception": (
        "policies: [{id: a, check: output-limit}]\n"
        "exceptions: [{policy: a, reason: migration, owner: '@ana', until: 2026-12-31}]",
        4,
        "the exception from `a` ran out on 2026-12-31, so it excuses nothing any more",
    ),
    "exception that excuses nothing": (
        "policies: [{id: a, check: output-limit}]\nexceptions: [{policy: a, reason: migration}]",
        4,
        "no finding of `a`: this exception excuses nothing",
    ),
    "budget that selects nothing": (
        "budgets: [{name: a, per_call: 1 USD, model: gpt-5o*}]",
        3,
        "the budget selects no request: model `gpt-5o*`",
    ),
}


@pytest.mark.parametrize("case", TOLD)
def test_a_mistake_is_told_as_a_finding(tmp_path: Path, case: str) -> None:
    yaml, line, message = TOLD[case]
    (finding,) = findings(tmp_path, yaml)
    assert (finding.labels[0].span.path, finding.labels[0].span.line) == ("guard.yaml", line)
    assert finding.enforce == "warn"
    assert finding.help
    if case == "unknown model in an allow list":
        assert finding.message.startswith(message[:-1])
    else:
        assert finding.message == message


def test_globs_that_match_are_not_told(tmp_path: Path) -> None:
    yaml = 'features: {a: {paths: ["app/**", "!app/x.py"]}}\npolicies: [{id: a, check: output-limit, paths: ["*.py"]}]'
    assert findings(tmp_path, yaml) == ()


def test_a_model_that_only_the_code_knows_may_be_listed(tmp_path: Path) -> None:
    yaml = "aliases: {prod-chat: azure/gpt-4o}\npolicies: [{id: a, check: model-allowed, params: {deny: [prod-chat]}}]"
    assert findings(tmp_path, yaml) == ()


def test_entry_points_and_holes_that_are_there_are_not_told(tmp_path: Path) -> None:
    rules = ", ".join(f'{{entry: "{name}", holes: {{question: 5}}}}' for name in ("app/ask.py::ask", "App.ask:ask"))
    assert findings(tmp_path, f"usage: {{rules: [{rules}]}}") == ()
