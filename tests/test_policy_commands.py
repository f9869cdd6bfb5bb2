"""`guard policy try|list|docs` and `guard test`, as a user runs them."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from guard.cli import main

CODE = """\
import os
from openai import OpenAI

client = OpenAI(max_retries=5)


def ask(question, fast=False):
    model = "gpt-4o-mini" if fast else "gpt-4o"
    messages = [{"role": "user", "content": question}]
    return client.chat.completions.create(model=model, messages=messages, max_tokens=400)


def other(question):
    messages = [{"role": "user", "content": question}]
    return client.chat.completions.create(model=os.getenv("M", "gpt-4o-mini"), messages=messages, max_tokens=400)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "ask.py").write_text(CODE)
    return tmp_path


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def test_a_condition_is_tried_on_all_requests(project: Path) -> None:
    done = run("policy", "try", 'request.model == "gpt-4o" && request.attempts.high > 3', project)
    assert done.exit_code == 0
    assert done.output == (
        "denied: 1 of 2 requests\n"
        "  app/ask.py:10: model is `gpt-4o` and attempts.high is 6\n"
        "undecided: 1 of 2 requests\n"
        "  app/ask.py:15: environment variable M decides it\n"
        "kept: 0 of 2 requests\n"
    )


def test_a_condition_about_workflows_is_tried_on_these(project: Path) -> None:
    done = run("policy", "try", 'workflow.name.endsWith("ask")', project)
    assert (
        done.output
        == "denied: 1 of 2 workflows\n  app/ask.py::ask: name is `app/ask.py::ask`\nkept: 1 of 2 workflows\n"
    )


def test_a_mistake_in_a_condition_is_located(project: Path) -> None:
    done = run("policy", "try", "request.priced &&\n request.usd.hihg > 1", project)
    assert done.exit_code == 2
    assert done.stdout == ""
    assert done.stderr == (
        "condition:2:14: an amount has no field 'hihg'; did you mean 'high'?\n"
        "  2 |  request.usd.hihg > 1\n"
        "    |              ^\n"
    )


GUARD = """\
version: 1
extends: []
budgets:
  - {name: one run, per_run: 0.50 USD, enforce: block}
  - {name: more, increase: 500 USD, increase_percent: 20%}
policies:
  - {id: output-limit, severity: low, owner: "@ai"}
  - id: no-storms
    deny: request.attempts.high > 3
    message: "{request.attempts.high} tries"
    block_from: 2099-01-01
    tests:
      deny: ["from openai import OpenAI\\nOpenAI(max_retries=9).responses.create(model='gpt-4o', input='hi')"]
      pass:
        - |
          from openai import OpenAI
          OpenAI(max_retries=1).responses.create(model='gpt-4o', input='hi')
      undecided:
        - |
          from openai import OpenAI
          def ask(tries):
              OpenAI(max_retries=tries).responses.create(model="gpt-4o", input="hi")
"""


def test_the_policies_that_hold_are_listed(project: Path) -> None:
    (project / "guard.yaml").write_text(GUARD)
    done = run("policy", "list", project)
    assert done.output == (
        "output-limit    warn   low     check output-limit               guard.yaml:7\n"
        "no-storms       warn   medium  deny request.attempts.high > 3  guard.yaml:8\n"
        "budget:one run  block  high    budget                          guard.yaml:4\n"
        "budget:more     warn   high    budget                          guard.yaml:5\n"
    ).replace("check output-limit  ", "check output-limit ")


def test_a_page_about_the_policies_is_written(project: Path) -> None:
    (project / "guard.yaml").write_text(GUARD)
    page = run("policy", "docs", project).output
    assert "## no-storms\n\nDenied:\n\n    request.attempts.high > 3\n\n" in page
    assert "a violation warns, and blocks from 2099-01-01 on; severity medium (guard.yaml:8)\n\n> {request" in page
    assert "An output limit is sent (check `output-limit`).\n\na violation warns; severity low; owner @ai" in page
    assert page.endswith(
        "- **one run**: $0.50 per run; a violation fails the build\n"
        "- **more**: $500 and 20% more than before; a violation warns\n"
    )
    assert run("policy", "docs", "--fields").output.startswith("# Conditions\n")


def test_a_policy_is_explained_by_its_id(project: Path) -> None:
    (project / "guard.yaml").write_text(GUARD)
    done = run("explain", "no-storms", project)
    assert (done.exit_code, done.output) == (
        0,
        "# no-storms\n\nDenied:\n\n    request.attempts.high > 3\n\n"
        "a violation warns, and blocks from 2099-01-01 on; severity medium (guard.yaml:8)\n\n"
        "> {request.attempts.high} tries\n",
    )
    done = run("explain", "no-such-policy", project)
    assert done.exit_code == 2 and "Policies here: " in done.output and "no-storms" in done.output


def test_policies_run_their_own_tests(project: Path) -> None:
    (project / "guard.yaml").write_text(GUARD)
    done = run("test", project)
    assert (done.exit_code, done.output) == (0, "3 passed, 0 failed\n")


def test_a_policy_whose_test_fails_says_what_it_was(project: Path) -> None:
    (project / "guard.yaml").write_text(GUARD.replace("max_retries=1)", "max_retries=7)").replace("=9).r", "=0).r"))
    done = run("test", project)
    assert done.exit_code == 1
    assert done.output == (
        "no-storms: tests.deny[0] should be violated, but is kept\n"
        "no-storms: tests.pass[0] should be kept, but is violated: 8 tries\n"
        "1 passed, 2 failed\n"
    )


def test_a_test_without_a_request_is_no_test(project: Path) -> None:
    broken = '"from openai import OpenAI\\nOpenAI("'
    policy = f"  - id: a\n    deny: request.priced\n    tests: {{pass: ['x = 1'], deny: [{broken}]}}\n"
    (project / "guard.yaml").write_text(f"version: 1\nextends: []\npolicies:\n{policy}")
    done = run("test", project)
    assert done.exit_code == 1
    assert "a: tests.pass[0] should be kept, but no request to a model was found in the code\n" in done.output
    assert "a: tests.deny[0] should be violated, but the code cannot be read: syntax error" in done.output


def test_without_tests_there_is_a_hint(project: Path) -> None:
    done = run("test", project)
    assert (done.exit_code, done.output.startswith("no policy has tests; add them")) == (0, True)
